"""Cars that follow the sun beside a home battery, which follows it as well."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from custom_components.sunfuse.engine import Memory, decide
from custom_components.sunfuse.engine.model import Mode

from .common import decided, later, offers
from .plant import Battery, Car, Plant, charger, main, steady
from .sun_days import AUTOMATIC, FIRST, balance, waiting


def test_a_battery_whose_reading_is_late_goes_on_as_it_was() -> None:
    """At 79 of 80 percent it goes first, and a reading that is missing once does not put it last."""
    snapshot = balance(-6000, waiting(), battery_w=-2000, soc=79, battery_rules=FIRST)
    _, memory = decide(snapshot, Memory())
    _, memory = decide(later(replace(snapshot, battery=None), 5), memory)
    _, memory = decide(later(snapshot, 10), memory)
    assert memory.battery_first


@pytest.mark.parametrize(
    ("step_a", "more_w", "offer_a"), [(0.1, 68, 10.1), (1.0, 640, 10.0)]
)
def test_beside_a_home_battery_only_a_fine_step_is_mostly_sun(
    step_a: float, more_w: float, offer_a: float
) -> None:
    """The battery stores what a coarse step leaves, and would supply 50 W of it all day; of a fine one it is a watt."""
    running = waiting(offer_a=10.0, step_a=step_a)
    snapshot = balance(-6900 - more_w, running, battery_w=0, soc=50, tuning=AUTOMATIC)
    assert offers(decided(snapshot)) == {"a": offer_a}


def rising(before_w: float, after_w: float, at_s: float) -> Callable[[float], float]:
    """Return a sun that rises at once."""
    return lambda now_s: after_w if now_s >= at_s else before_w


def beside_a_battery(solar_w: Callable[[float], float], **changes: Any) -> Plant:
    """Return a car beside a home battery that comes last, and keeps the grid near zero."""
    return Plant(
        cars=[Car(connector=charger("a", mode=Mode.SOLAR))],
        circuits=(main(limit_a=40.0),),
        loads={"main": steady(1.0, 1.0, 1.0)},
        solar_w=solar_w,
        battery=Battery(capacity_wh=10_000, held_wh=5_000),
        **changes,
    )


def test_what_a_battery_has_answered_is_not_counted_twice() -> None:
    """The sun rises by 3 kW. The meter is read while it flows to the grid, the battery when it takes most of it."""
    most_w = []

    def watch(at_s: float, plant: Plant) -> None:
        assert plant.solar_w is not None
        own_w = plant.solar_w(at_s) - 690
        if at_s >= 120:
            most_w.append((plant.memory.own_w or 0.0) - own_w)

    for rises_s in range(120, 130):
        beside_a_battery(rising(5000.0, 8000.0, rises_s), watch=watch).run(160)
    assert max(most_w) < 600.0


def test_a_battery_that_keeps_the_grid_at_zero_does_not_make_the_meter_look_dead() -> (
    None
):
    """Nothing flows, before a car charges and after: the meter trembled around it all the time, so it has not failed."""
    plant = beside_a_battery(lambda _: 6000.0, noise_a=0.05)
    plant.run(45)
    assert plant.decisions[-1].connectors[0].offer_a == pytest.approx(7.8, abs=0.2)
