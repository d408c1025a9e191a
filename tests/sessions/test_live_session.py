"""A transaction while it runs, by hand: the register says how much, the powers say when."""

from datetime import timedelta
from typing import Any

import pytest

from custom_components.sunfuse.sessions import MeasuredQuarter, PauseFact
from custom_components.sunfuse.sessions.live_session import LiveSession, Taken

from .common import NOON, QUARTER

MINUTE = timedelta(minutes=1)


def _live() -> LiveSession:
    return LiveSession("CP1", "1", full_power_w=11_000)


def _energies(live: LiveSession) -> dict[int, tuple[Any, Any]]:
    return {
        round((fact.start - NOON) / QUARTER): (fact.energy_wh, fact.sun_wh)
        for fact in live.facts()
        if isinstance(fact, MeasuredQuarter)
    }


def test_a_register_that_is_told_each_half_hour_is_spread_as_the_powers_were() -> None:
    """6 kW in the first quarter, half of it sun, then 2 kW: 2.1 kWh by the register are 1575 and 525 Wh."""
    live = _live()
    live.went(NOON, NOON + QUARTER, Taken(power_w=6000, sun_share=0.5))
    live.went(NOON + QUARTER, NOON + 2 * QUARTER, Taken(power_w=2000))
    live.counted(2100)
    assert _energies(live) == {
        0: (pytest.approx(1575), pytest.approx(787.5)),
        1: (pytest.approx(525), 0),
    }


def test_without_powers_it_is_spread_over_time() -> None:
    """A charger that tells its register only."""
    live = _live()
    live.went(NOON + 5 * MINUTE, NOON + 20 * MINUTE, Taken(power_w=None))
    live.counted(1500)
    assert _energies(live) == {
        0: (pytest.approx(1000), 0),
        1: (pytest.approx(500), 0),
    }


def test_without_a_register_powers_are_added_up() -> None:
    """A charger that tells its power only; a register that comes later counts nothing twice."""
    live = _live()
    live.went(NOON, NOON + 6 * MINUTE, Taken(power_w=10_000))
    live.counted(None)
    assert _energies(live) == {0: (pytest.approx(1000), 0)}
    live.went(NOON + 6 * MINUTE, NOON + 12 * MINUTE, Taken(power_w=10_000))
    live.counted(2050)
    assert _energies(live) == {0: (pytest.approx(2050), 0)}


def test_what_flowed_while_nobody_looked_is_not_put_into_the_present() -> None:
    """After a restart the register is 5 kWh further: the end of the session finds their place."""
    stored = MeasuredQuarter(
        station="CP1", transaction="1", start=NOON, energy_wh=1000, seconds=900
    )
    live = LiveSession("CP1", "1", full_power_w=11_000, quarters=[stored])
    later = NOON + 8 * QUARTER
    live.went(later, later + MINUTE, Taken(power_w=6000))
    live.counted(6100)
    assert _energies(live) == {8: (pytest.approx(150), 0)}  # 100 Wh by power, and slack
    live.went(later + MINUTE, later + 2 * MINUTE, Taken(power_w=6000))
    live.counted(6200)
    assert _energies(live) == {8: (pytest.approx(250), 0)}


def test_pauses_are_added_up_by_reason() -> None:
    """Two waits for the sun of three minutes in all, and one of a minute for another reason."""
    live = _live()
    reasons = [
        "waiting_for_sun",
        "waiting_for_sun",
        "mode_off",
        "waiting_for_sun",
        None,
    ]
    for index, reason in enumerate(reasons):
        start = NOON + index * MINUTE
        live.went(start, start + MINUTE, Taken(power_w=0, paused=reason))
    pauses = {
        fact.reason: (fact.seconds, fact.times)
        for fact in live.facts()
        if isinstance(fact, PauseFact)
    }
    assert pauses == {"waiting_for_sun": (180, 2), "mode_off": (60, 1)}


def test_the_clock_is_set_while_it_runs() -> None:
    """Five minutes before it is set forward by a day, five after: all of it is of the right day."""
    live = _live()
    live.went(NOON, NOON + 5 * MINUTE, Taken(power_w=6000))
    live.counted(500)
    live.facts()
    live.clock_was_set(timedelta(days=1))
    start = NOON + timedelta(days=1, minutes=5)
    live.went(start, start + 5 * MINUTE, Taken(power_w=6000))
    live.counted(1000)
    assert _energies(live) == {96: (pytest.approx(1000), 0)}
