"""The sun that is exported although cars could use it, by why they do not."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from benchmarks.sun.table import Row, run
from custom_components.sunfuse.engine.model import (
    BatteryReading,
    ConnectorStatus,
    Decision,
    Mode,
    Reason,
    ReasonKey,
)
from custom_components.sunfuse.engine.sun.unused_sun import Unused, unused_w

from .common import NOW, car, decided, site
from .plant import VOLTAGE_V, Plant


def as_decided(offer_a: float, key: ReasonKey, phases: int = 3) -> Decision:
    """Return a decision for one charger."""
    decision = decided(site(car("a")))
    (only,) = decision.connectors
    told = replace(only, offer_a=offer_a, phases=phases, reason=Reason(key=key))
    return replace(decision, connectors=(told,))


@pytest.mark.parametrize(
    ("offer_a", "phases", "drawn_a", "key", "changes", "expected"),
    [
        (0, 3, 0, ReasonKey.STARTING_ON_SUN, {}, {Unused.DELAY: 5000}),
        (0, 3, 0, ReasonKey.WAITING_FOR_SUN, {}, {Unused.MINIMUM: 5000}),
        (0, 3, 0, ReasonKey.WAITING_FOR_CAPACITY, {}, {Unused.FUSE: 5000}),
        (0, 3, 0, ReasonKey.SWITCHING_PHASES, {}, {Unused.SWITCH: 5000}),
        # No more than it could take: 16 A less 14 A.
        (14, 3, 14, ReasonKey.LIMITED_BY_SUN, {}, {Unused.DELAY: 1380}),
        (14, 3, 14, ReasonKey.SUN_WAVERS, {}, {Unused.DELAY: 1380}),
        # It does not take what it is offered.
        (14, 3, 12, ReasonKey.LIMITED_BY_SUN, {}, {Unused.CAR: 1380}),
        (16, 3, 15, ReasonKey.FULL_POWER, {}, {Unused.CAR: 690}),
        # It was offered that a moment ago, or long ago.
        (
            14,
            3,
            0,
            ReasonKey.RAMPING,
            {"offered_at": NOW - timedelta(seconds=5), "draw_at": NOW},
            {Unused.DELAY: 5000},
        ),
        (
            14,
            3,
            0,
            ReasonKey.RAMPING,
            {"offered_at": NOW - timedelta(seconds=9), "draw_at": NOW},
            {Unused.CAR: 5000},
        ),
        # Nobody knows whether it was reported before it could follow.
        (14, 3, 0, ReasonKey.RAMPING, {"offered_at": None}, {Unused.CAR: 5000}),
        # On one of three phases.
        (
            16,
            1,
            16,
            ReasonKey.FULL_POWER,
            {"switches_phases": True},
            {Unused.SWITCH: 5000},
        ),
        # Enough for one phase, but no switch to it.
        (
            0,
            3,
            0,
            ReasonKey.WAITING_FOR_SUN,
            {"switches_phases": True},
            {Unused.SWITCH: 5000},
        ),
        # A car takes no more.
        (10, 3, 10, ReasonKey.LIMITED_BY_CIRCUIT, {"car_max_a": 10}, {}),
        (0, 3, 0, ReasonKey.LOAD_PEAKED, {}, {Unused.FUSE: 5000}),
        (0, 3, 0, ReasonKey.RESERVED_FOR_OFFLINE, {}, {Unused.FUSE: 5000}),
        # Nobody wants it: a car that is full least of all.
        (
            14,
            3,
            0,
            ReasonKey.LIMITED_BY_SUN,
            {"status": ConnectorStatus.SUSPENDED_EV},
            {},
        ),
        (0, 3, 0, ReasonKey.MODE_OFF, {}, {}),
        (0, 3, 0, ReasonKey.NO_CAR, {"draw_a": None}, {}),
    ],
)
def test_why(
    offer_a: float,
    phases: int,
    drawn_a: float,
    key: ReasonKey,
    changes: dict[str, Any],
    expected: dict[Unused, float],
) -> None:
    """5 kW are exported."""
    drawn = tuple(drawn_a if phase < phases else 0.0 for phase in range(3))
    connector = car("a", mode=Mode.SOLAR, **{"draw_a": drawn, **changes})
    found = unused_w(site(connector), as_decided(offer_a, key, phases), -5000)
    assert found == pytest.approx(expected)


@pytest.mark.parametrize(
    ("offer_a", "drawn_a", "key", "expected"),
    [
        # All that it can take: 16 A on its phase.
        (16, 16, ReasonKey.FULL_POWER, {}),
        # It follows the sun up to there, and takes less than it is offered.
        (10, 10, ReasonKey.LIMITED_BY_SUN, {Unused.DELAY: 1380}),
        (16, 10, ReasonKey.FULL_POWER, {Unused.CAR: 1380}),
        # While it waits nobody knows that it has one phase.
        (0, 0, ReasonKey.STARTING_ON_SUN, {Unused.DELAY: 5000}),
    ],
)
def test_a_car_with_one_phase_could_use_no_more(
    offer_a: float, drawn_a: float, key: ReasonKey, expected: dict[Unused, float]
) -> None:
    """At a charger with three, which cannot switch: 5 kW are exported all day."""
    connector = car("a", mode=Mode.SOLAR, draw_a=(drawn_a, 0.0, 0.0))
    found = unused_w(site(connector), as_decided(offer_a, key), -5000)
    assert found == pytest.approx(expected)


def test_nothing_is_exported() -> None:
    """Then nothing is left to use, and two cars do not miss the same sun."""
    waits = as_decided(0, ReasonKey.STARTING_ON_SUN)
    one = car("a", status=ConnectorStatus.PREPARING, draw_a=(0.0, 0.0, 0.0))
    assert unused_w(site(one), waits, 300) == {}
    both = site(one, replace(one, id="b"))
    twice = replace(waits, connectors=waits.connectors * 2, now=NOW)
    assert unused_w(both, twice, -5000) == {Unused.DELAY: 5000}


@pytest.mark.parametrize(
    ("battery_w", "unused"),
    [
        (-2000, {Unused.DELAY: 5000}),  # it charges, and so much is left all the same
        (2000, {Unused.DELAY: 3000}),
        (6000, {}),  # sold in the evening: no sun was left
    ],
)
def test_what_a_battery_feeds_in_is_no_unused_sun(
    battery_w: float, unused: dict[Unused, float]
) -> None:
    """5 kW are exported."""
    one = car("a", status=ConnectorStatus.PREPARING, draw_a=(0.0, 0.0, 0.0))
    battery = BatteryReading(at=NOW, power_w=battery_w)
    told = as_decided(0, ReasonKey.STARTING_ON_SUN)
    assert unused_w(site(one, battery=battery), told, -5000) == unused


def test_the_sum_is_what_the_plant_exports() -> None:
    """Half an hour of broken clouds: what the plant exports second by second although the car could use it."""
    found_wh = exported_wh = 0.0

    def watch(at_s: float, plant: Plant) -> None:
        nonlocal found_wh, exported_wh
        exported_wh = plant.measures.unused_wh
        if at_s % 5 or plant.last is None or not plant.last.meters:
            return
        current_a = plant.last.meters[0][1].current_a or ()
        by_cause = unused_w(plant.last, plant.decisions[-1], sum(current_a) * VOLTAGE_V)
        found_wh += sum(by_cause.values()) * 5 / 3600

    run(Row(sky="broken clouds", phases="1/3"), True, 7, 0.5, also=watch)
    assert exported_wh > 100
    assert found_wh == pytest.approx(exported_wh, rel=0.1)
