"""Intervals that may begin in any minute, by hand."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from custom_components.sunfuse.sources.tariffs.capacity_rules import CapacityTariff
from custom_components.sunfuse.sources.tariffs.month_peaks import (
    PeakState,
    add_energy,
    advance,
    measure_w,
)
from custom_components.sunfuse.sources.tariffs.peak_allowance import allowance
from custom_components.sunfuse.sources.tariffs.stored_peaks import (
    state_from_dict,
    state_to_dict,
)

TZ = ZoneInfo("America/New_York")
NOON = datetime(2026, 11, 25, 17, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
SLIDING = CapacityTariff(key="own", interval_min=15, sliding=True)


def draw(
    state: PeakState, start: datetime, power_w: float, minutes: float
) -> PeakState:
    """Draw a power for some minutes, told every half minute."""
    half = MINUTE / 2
    for step in range(round(minutes * 2)):
        at = start + step * half
        state = add_energy(state, SLIDING, at, at + half, power_w / 120, tz=TZ)
    return state


def test_a_window_on_no_quarter_hour_is_the_peak() -> None:
    """6 kW from 12:07 to 12:22: two quarter hours of the clock hold about 3 kW each, the sliding one 6 kW."""
    state = draw(PeakState(), NOON, 0.0, 7)
    state = draw(state, NOON + 7 * MINUTE, 6000, 15)
    state = draw(state, NOON + 22 * MINUTE, 0.0, 30)
    assert measure_w(state, SLIDING) == pytest.approx(6000)
    (peak,) = state.peaks
    assert peak.start == NOON + 7 * MINUTE
    # What is out of the window is forgotten, and a silence enters nothing new.
    later = advance(state, SLIDING, NOON + timedelta(hours=20), tz=TZ)
    assert sum(taken for _, taken in later.minutes) == 0
    assert later.peaks == state.peaks
    assert state_from_dict(state_to_dict(state)) == state


def test_what_may_still_be_drawn() -> None:
    """4 kW are 1 kWh in 15 minutes. 500 Wh went in the last five: 500 Wh are left for the next ten, at 3 kW."""
    state = draw(PeakState(), NOON, 6000, 5)
    now = NOON + 5 * MINUTE
    allowed = allowance(state, SLIDING, now, tz=TZ, target_w=4000)
    assert allowed.power_w == pytest.approx(3000)
    assert allowed.used_wh == pytest.approx(500)
    # Who keeps to what is allowed never goes above: no window of the next half hour does.
    for _ in range(60):
        allowed = allowance(state, SLIDING, now, tz=TZ, target_w=4000)
        assert allowed.power_w is not None
        state = draw(state, now, allowed.power_w, 0.5)
        now += MINUTE / 2
    assert measure_w(state, SLIDING) == pytest.approx(4000, rel=0.02)
    assert measure_w(state, SLIDING) <= 4001
    # After a window without any power all of it is free, and no burst of more than the target lasts.
    idle = draw(replace(state, peaks=()), now, 0.0, 16)
    allowed = allowance(idle, SLIDING, now + 16 * MINUTE, tz=TZ, target_w=4000)
    assert allowed.power_w == pytest.approx(4000)
