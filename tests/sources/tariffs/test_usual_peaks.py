"""What a month's peak will probably come to without any car, calculated by hand."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from custom_components.sunfuse.sources.series import Series, Slot
from custom_components.sunfuse.sources.tariffs.usual_peaks import (
    day_peaks,
    peaks_of,
    probable_peak_w,
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


@pytest.mark.parametrize(
    ("reached_w", "top", "days", "peak_w"),
    [
        # 1 day in 10 has 5 kW, 1 in 5 at least 4: that a week has none of those has the probability 0.9^7 = 0.478.
        ((), 1, 7, 5_000),
        ((), 1, 6, 4_000),  # 0.9^6 = 0.531, 0.8^6 = 0.262
        # Two days of 4 kW in a week: 1 - 0.8^7 - 7 x 0.2 x 0.8^6 = 0.423; of 3 kW: 1 - 0.7^7 - 7 x 0.3 x 0.7^6 = 0.671.
        ((), 2, 7, 3_000),
        # One of the two is there already: one day of 4 kW in a week is likely, one of 5 kW with 0.522 as well.
        ((6_000.0,), 2, 7, 5_000),
        ((6_000.0, 5_500.0), 2, 7, 5_500),
        ((6_000.0,), 1, 0, 6_000),
        ((), 1, 0, 0),
        ((2_000.0,), 3, 1, 0),  # one day is no third
    ],
)
def test_what_a_month_comes_to_by_its_past_days(
    reached_w: tuple[float, ...], top: int, days: float, peak_w: float
) -> None:
    """What is as likely reached as not, by days drawn from ten past ones."""
    past_w = (5_000.0, 4_000.0, 3_000.0, *(1_000.0,) * 7)
    assert probable_peak_w(past_w, reached_w, top=top, days=days) == peak_w
