"""What a month's peak comes to without any car, calculated by hand."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from custom_components.sunfuse.sources.series import Series, Slot
from custom_components.sunfuse.sources.tariffs.usual_peaks import (
    day_peaks,
    likely_peaks,
    peaks_of,
)

MIDNIGHT = datetime(2026, 1, 5, tzinfo=UTC)
BRUSSELS = ZoneInfo("Europe/Brussels")


def _slots(minutes: int, *powers_w: float) -> Series:
    """Return powers from midnight on, each for so many minutes."""
    lasts = timedelta(minutes=minutes)
    return tuple(
        Slot(
            start=MIDNIGHT + number * lasts,
            end=MIDNIGHT + (number + 1) * lasts,
            value=power_w,
        )
        for number, power_w in enumerate(powers_w)
    )


def test_the_highest_interval_of_each_day() -> None:
    """Two days of hours, of which the second lacks five: a day that is known in part may lack its peak."""
    hours = _slots(60, *(300.0,) * 18, 2_000.0, *(300.0,) * 5, *(4_000.0,) * 19)
    assert day_peaks(hours, 60, UTC) == (2_000,)
    # 3 kW for ten minutes are 2 kW of a quarter hour with nothing else, and 500 W of an hour. Export is no import.
    fine = _slots(5, *(0.0,) * 216, 3_000.0, 3_000.0, -500.0, *(0.0,) * 69)
    assert day_peaks(fine, 15, UTC) == pytest.approx([5_500 / 3])
    assert day_peaks(fine, 60, UTC) == pytest.approx([5_500 / 12])


@pytest.mark.parametrize(("day", "hours"), [((2026, 10, 25), 25), ((2026, 3, 29), 23)])
def test_days_on_which_clocks_are_set(day: tuple[int, int, int], hours: int) -> None:
    """The hour that the clock shows twice is no hour of twice the power."""
    later = datetime(*day, tzinfo=BRUSSELS) - MIDNIGHT
    steady = tuple(
        replace(slot, start=slot.start + later, end=slot.end + later)
        for slot in _slots(60, *(500.0,) * hours)
    )
    for minutes in (15, 30, 60):
        assert day_peaks(steady, minutes, BRUSSELS) == pytest.approx([500])


def test_days_of_longer_intervals_stand_for_shorter_ones() -> None:
    """An hour is no higher than its highest quarter; with few days nothing is known."""
    hours, quarters = (2_000.0,) * 30, (3_000.0,) * 7
    assert peaks_of({15: quarters, 60: hours}, 15) == quarters
    assert peaks_of({15: quarters[:6], 60: hours}, 15) == hours
    assert peaks_of({15: quarters}, 60) == ()
    assert peaks_of({}, 15) == ()


# 1 day in 10 has 5 kW, 1 in 5 at least 4, 3 in 10 at least 3: that none of a week has them, or only one.
NONE = {5_000.0: 0.9**7, 4_000.0: 0.8**7, 3_000.0: 0.7**7}
ONE = {
    5_000.0: 7 * 0.1 * 0.9**6,
    4_000.0: 7 * 0.2 * 0.8**6,
    3_000.0: 7 * 0.3 * 0.7**6,
}


@pytest.mark.parametrize(
    ("reached_w", "top", "days", "peaks"),
    [
        ((), 1, 7, {1_000.0: 1.0} | {w: 1 - none for w, none in NONE.items()}),
        ((), 2, 7, {1_000.0: 1.0} | {w: 1 - NONE[w] - one for w, one in ONE.items()}),
        # One of the two is there already.
        ((6_000.0,), 2, 7, {1_000.0: 1.0} | {w: 1 - none for w, none in NONE.items()}),
        ((6_000.0, 5_500.0), 2, 7, {5_500.0: 1.0}),
        ((6_000.0,), 1, 0, {6_000.0: 1.0}),
        ((), 1, 0, {}),
        ((2_000.0,), 3, 1, {}),  # one day is no third
    ],
)
def test_what_a_month_comes_to_by_its_past_days(
    reached_w: tuple[float, ...], top: int, days: float, peaks: dict[float, float]
) -> None:
    """How likely each power is reached, by days drawn from ten past ones."""
    past_w = (5_000.0, 4_000.0, 3_000.0, *(1_000.0,) * 7)
    found = dict(likely_peaks(past_w, reached_w, top=top, days=days))
    assert found == pytest.approx(peaks)
    assert list(found) == sorted(found)


def test_powers_of_nearly_the_same_probability_are_one() -> None:
    """One day in twenty has 5 kW: of two days one has it with 0.0975, which is too rare; 1 - 0.9^2 have 4.9."""
    past_w = (5_000.0, 4_900.0, *(3_000.0,) * 18)
    found = dict(likely_peaks(past_w, (), top=1, days=2))
    assert found == pytest.approx({3_000.0: 1.0, 4_900.0: 0.19})
