"""Time-of-use tables: seasons, weekdays, holidays and hours, over nights and New Year."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given, strategies as st
import pytest

from custom_components.sunfuse.sources.tariffs.table import (
    TableError,
    table_from_dict,
    table_to_dict,
)

PARIS = ZoneInfo("Europe/Paris")
CHRISTMAS = frozenset({date(2026, 12, 25)})
TABLE: dict[str, Any] = {
    "value": 0.25,
    "periods": [
        {
            "value": 0.40,
            "name": "winter peak",
            "start": "17:00",
            "end": "20:00",
            "weekdays": ["mon", "tue", "wed", "thu", "fri"],
            "season": ["11-01", "03-31"],
            "holidays": "never",
        },
        {"value": 0.15, "start": "23:00", "end": "07:00"},
        {"value": 0.20, "weekdays": ["sat", "sun"], "holidays": "also"},
    ],
}


@pytest.mark.parametrize(
    ("local", "value"),
    [
        ("2026-11-25T17:00", 0.40),  # Wednesday
        ("2026-11-25T16:59", 0.25),
        ("2026-11-25T20:00", 0.25),
        ("2026-07-01T18:00", 0.25),  # summer
        ("2027-03-31T18:00", 0.40),  # over New Year
        ("2027-04-01T18:00", 0.25),
        ("2026-11-25T23:00", 0.15),
        ("2026-11-26T06:45", 0.15),
        ("2026-11-26T07:00", 0.25),
        ("2026-11-28T12:00", 0.20),  # Saturday
        ("2026-11-28T02:00", 0.15),
        ("2026-12-25T18:00", 0.20),  # a Friday, but Christmas
        ("2026-12-24T18:00", 0.40),
    ],
)
def test_which_period_holds(local: str, value: float) -> None:
    """The first period that holds counts, then the table's own value."""
    at = datetime.fromisoformat(local).replace(tzinfo=PARIS)
    assert table_from_dict(TABLE).at(at, CHRISTMAS) == value


def test_a_night_belongs_to_the_day_on_which_it_begins() -> None:
    """Friday night goes on until Saturday morning; Sunday's does not exist."""
    night = {"value": 1, "start": "22:00", "end": "06:00", "weekdays": ["fri"]}
    table = table_from_dict({"periods": [night]})
    at = datetime(2026, 11, 27, 22, tzinfo=PARIS)  # Friday
    assert table.at(at) == 1
    assert table.at(at + timedelta(hours=7)) == 1
    assert table.at(at - timedelta(hours=17)) == 0  # Friday 05:00 is Thursday's night
    assert table.at(at + timedelta(hours=24)) == 0


def test_only_on_holidays() -> None:
    """The fourth rule."""
    table = table_from_dict({"periods": [{"value": 1, "holidays": "only"}]})
    assert table.at(datetime(2026, 12, 25, 9, tzinfo=PARIS), CHRISTMAS) == 1
    assert table.at(datetime(2026, 12, 26, 9, tzinfo=PARIS), CHRISTMAS) == 0


@pytest.mark.parametrize(
    ("day", "night_hours"),
    [(date(2026, 3, 29), 7), (date(2026, 10, 25), 9), (date(2026, 11, 25), 8)],
)
def test_the_night_of_the_clock_change(day: date, night_hours: int) -> None:
    """From 23:00 to 07:00 local: seven, eight or nine hours."""
    table = table_from_dict(TABLE)
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    series = table.series(noon - timedelta(hours=16), noon, PARIS)
    assert sum(slot.value == 0.15 for slot in series) == night_hours * 4


def test_it_comes_back_from_the_store() -> None:
    """What was stored is what is read."""
    table = table_from_dict(TABLE)
    assert table_from_dict(table_to_dict(table)) == table


@pytest.mark.parametrize(
    ("data", "key", "period"),
    [
        ({"value": "x"}, "bad_value", None),
        ({"periods": "x"}, "bad_periods", None),
        ({"periods": ["x"]}, "bad_periods", 0),
        ({"periods": [{"value": 1}, {"value": None}]}, "bad_value", 1),
        ({"periods": [{"value": 1, "start": "25:00"}]}, "bad_time", 0),
        ({"periods": [{"value": 1, "start": "7:07"}]}, "bad_time", 0),
        ({"periods": [{"value": 1, "end": "07:10"}]}, "not_a_quarter", 0),
        ({"periods": [{"value": 1, "weekdays": ["mo"]}]}, "bad_weekday", 0),
        ({"periods": [{"value": 1, "season": ["02-30", "03-01"]}]}, "bad_season", 0),
        ({"periods": [{"value": 1, "season": ["02-01"]}]}, "bad_season", 0),
        ({"periods": [{"value": 1, "season": "x"}]}, "bad_season", 0),
        ({"periods": [{"value": 1, "holidays": "maybe"}]}, "bad_holidays", 0),
    ],
)
def test_a_wrong_field_is_named(
    data: dict[str, Any], key: str, period: int | None
) -> None:
    """So that the UI shows the error at its field."""
    with pytest.raises(TableError, match=key) as caught:
        table_from_dict(data)
    assert (caught.value.key, caught.value.period) == (key, period)


def test_midnight_may_be_written_24() -> None:
    """The end of the day."""
    table = table_from_dict(
        {"periods": [{"value": 1, "start": "20:00", "end": "24:00"}]}
    )
    assert table.at(datetime(2026, 1, 1, 23, 45, tzinfo=PARIS)) == 1
    assert table.at(datetime(2026, 1, 1, 0, tzinfo=PARIS)) == 0


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)),
    st.integers(0, 95),
    st.integers(0, 95),
)
def test_a_period_and_its_rest_cover_the_day(at: datetime, one: int, two: int) -> None:
    """Start to end and end to start share out every instant, unless they are equal."""

    def table(start: int, end: int) -> float:
        period = {
            "value": 1,
            "start": f"{start // 4:02}:{start % 4 * 15:02}",
            "end": f"{end // 4:02}:{end % 4 * 15:02}",
        }
        return table_from_dict({"periods": [period]}).at(at.replace(tzinfo=PARIS))

    assert table(one, two) + table(two, one) == (2 if one == two else 1)
