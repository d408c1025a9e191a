"""Times and numbers in the forms that integrations publish."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from custom_components.sunfuse.sources.time_rows import (
    Row,
    parse_number,
    parse_time,
    read_pairs,
    read_rows,
    to_series,
)

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
PARIS = ZoneInfo("Europe/Paris")


@pytest.mark.parametrize(
    "value",
    [
        NOON,
        "2026-11-25T12:00:00+00:00",
        "2026-11-25 13:00:00+01:00",
        "2026-11-25T12:00Z",
        "2026-11-25T12:00:00.0000000Z",
        NOON.timestamp(),
        int(NOON.timestamp() * 1000),
    ],
)
def test_times(value: object) -> None:
    """ISO 8601 in its varieties, seconds and milliseconds."""
    assert parse_time(value) == NOON


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        7,
        2026,
        1e30,
        10**400,
        float("nan"),
        "2026-11-25",
        "12:00",
        "soon" * 4,
    ],
)
def test_what_is_no_time(value: object) -> None:
    """Hours, dates and prices are not taken for one."""
    assert parse_time(value) is None


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (1, 1),
        ("0,21", 0.21),
        (" -3.5 ", -3.5),
        ("nan", None),
        (1e308, None),
        (True, None),
        ([], None),
    ],
)
def test_numbers(value: object, number: float | None) -> None:
    """Numbers that can be measured or paid, and so are read again after a restart, as such or as text."""
    assert parse_number(value) == number


def test_seconds_one_and_fifty_nine_are_mended() -> None:
    """Amber begins at second 1, others end at second 59."""
    rows = [{"start": "2026-11-25T12:00:01Z", "end": "2026-11-25T12:29:59Z"}]
    row = read_rows(rows, lambda _: 1.0, PARIS)[0]
    assert (row.start, row.end) == (NOON, NOON + timedelta(minutes=30))


def test_a_duration_stands_for_an_end() -> None:
    """Minutes; and rows whose start is no time are left out."""
    rows = [{"start": NOON, "duration": 5}, {"start": "x", "duration": 5}, {}]
    read = read_rows(rows, lambda _: 1.0, PARIS)
    assert [row.end for row in read] == [NOON + timedelta(minutes=5)]


@pytest.mark.parametrize("minutes", [-5, 0, 1e9, 1e300, 10**400, "soon"])
def test_a_duration_of_nothing_or_of_years_is_none(minutes: object) -> None:
    """What an integration says wrongly fails nothing: the row ends as one that does not tell."""
    rows = [{"start": NOON, "duration": minutes}]
    assert [row.end for row in read_rows(rows, lambda _: 1.0, PARIS)] == [None]


def test_an_end_before_the_start_is_none() -> None:
    """The row then holds for the usual hour."""
    rows = [{"start": NOON, "end": NOON - timedelta(hours=1)}]
    assert read_rows(rows, lambda _: 1.0, PARIS)[0].end is None


def test_local_times_of_the_hour_that_comes_twice() -> None:
    """02:30 twice in one list is 00:30 and 01:30 UTC."""
    pairs = [("2026-10-25T02:30:00", 1), ("2026-10-25T02:30:00", 2), ("x", 3)]
    read = read_pairs(pairs, PARIS)
    assert [row.start.hour for row in read] == [0, 1]


def test_a_local_end_in_the_hour_that_comes_twice() -> None:
    """From the second 02:45 to 02:00... is no end; from 01:45 to 02:00 is the first."""
    rows = [
        {"start": "2026-10-25T01:45:00+00:00", "end": "2026-10-25T02:00:00"},
        {"start": "2026-10-25T00:45:00+00:00", "end": "2026-10-25T02:00:00"},
    ]
    ends = [row.end for row in read_rows(rows, lambda _: 1.0, PARIS)]
    assert ends == [None, datetime(2026, 10, 25, 1, tzinfo=UTC)]


def test_the_last_row_lasts_as_long_as_most() -> None:
    """Three quarters give a quarter; a single row gives an hour; none gives nothing."""
    quarter = timedelta(minutes=15)
    rows = [Row(start=NOON + i * quarter, end=None, value=1.0) for i in range(3)]
    assert to_series(rows)[-1].end == NOON + 3 * quarter
    assert to_series(rows[:1])[0].end == NOON + timedelta(hours=1)
    assert to_series([]) == ()
