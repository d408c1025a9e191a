"""Where waiting saves nothing, no car waits."""

from dataclasses import replace
from datetime import timedelta

import pytest

from custom_components.sunfuse.planner import (
    CarOutlook,
    CircuitOutlook,
    Goal,
    Outlook,
    Problem,
    Store,
    Strategy,
    intend,
    solve,
)

from .sites import EVENING, QUARTER, car, night

FLAT = {0: 0.34}


def flat(*cars: CarOutlook, passed_s: float = 0.0) -> Outlook:
    """Return a night at one price, of whose first quarter hour some seconds have passed."""
    return night(*cars, cheap=FLAT, now=EVENING + timedelta(seconds=passed_s))


def begins_at_once(outlook: Outlook) -> list[bool]:
    """Return for each car whether it charges now."""
    return [each.slots[0].charges for each in intend(outlook).cars]


@pytest.mark.parametrize("passed_s", [0, 60, 240, 500, 700, 860])
@pytest.mark.parametrize("energy_wh", [1_000, 2_300, 2_600, 5_000, 9_130, 10_000])
@pytest.mark.parametrize("min_a", [6.0, 16.0], ids=["6 A and more", "16 A or nothing"])
def test_at_one_price_a_car_begins_at_once(
    passed_s: float, energy_wh: float, min_a: float
) -> None:
    """It charges until it has enough, not until the end of that quarter hour: 11.04 kW store 92 % less 225 W."""
    (zoe,) = intend(flat(car(energy_wh=energy_wh, min_a=min_a), passed_s=passed_s)).cars
    assert zoe.slots[0].charges
    stored_w = 0.92 * 11_040 - 225
    if (
        min_a == 16 and energy_wh > stored_w / 4
    ):  # more than it stores in a quarter hour
        assert zoe.drawn_wh == pytest.approx(energy_wh * 11_040 / stored_w, rel=0.01)
    assert zoe.energy_wh == pytest.approx(energy_wh, abs=1)


@pytest.mark.parametrize("passed_s", [0, 240, 700])
@pytest.mark.parametrize("strategy", [Strategy.EARLY, Strategy.SPREAD])
def test_who_has_one_power_begins_at_once_whatever_the_strategy(
    strategy: Strategy, passed_s: float
) -> None:
    """Spread or not, 16 A are 16 A: only who wants to be late waits."""
    zoe = car(energy_wh=5_000.0, min_a=16.0, strategy=strategy)
    assert begins_at_once(flat(zoe, passed_s=passed_s)) == [True]
    late = replace(zoe, strategy=Strategy.LATE)
    assert begins_at_once(flat(late, passed_s=passed_s)) == [False]


@pytest.mark.parametrize("passed_s", [0, 240, 700])
def test_two_cars_with_room_for_both_begin_at_once(passed_s: float) -> None:
    """Each has a phase of its own."""
    cars = [
        car(name, energy_wh=energy_wh, min_a=16.0, phases=(phase,), car_phases=1)
        for phase, (name, energy_wh) in enumerate((("zoe", 5_000.0), ("leaf", 3_000.0)))
    ]
    assert begins_at_once(flat(*cars, passed_s=passed_s)) == [True, True]


@pytest.mark.parametrize("passed_s", [0, 332, 635, 800])
def test_three_cars_with_room_for_all_begin_at_once(passed_s: float) -> None:
    """Each begins at 16 A, and 63 A are enough for all: the search ended before it had seen that none need wait."""
    cars = [
        car("zoe", energy_wh=1_660.0, phases=(0,), car_phases=1),
        car("leaf", energy_wh=1_510.0, min_a=10.0, phases=(1,), car_phases=1),
        car("van", energy_wh=2_580.0, min_a=16.0, car_phases=2),
    ]
    wide = (CircuitOutlook(id="main", limit_a=(63.0, 63.0, 63.0)),)
    outlook = replace(flat(*cars, passed_s=passed_s), circuits=wide)
    assert begins_at_once(outlook) == [True, True, True]


@pytest.mark.parametrize("dearer_from", [2, 3, 5, 20])
def test_a_price_that_stays_until_it_rises_is_not_waited_for(dearer_from: int) -> None:
    """The running quarter hour costs the same as the next ones, and later ones are dearer."""
    outlook = flat(car(energy_wh=5_000.0, min_a=16.0), passed_s=240)
    prices = tuple(
        0.34 if step < dearer_from else 0.44 for step in range(len(outlook.steps_s))
    )
    assert begins_at_once(replace(outlook, import_price=prices)) == [True]


def test_hours_that_are_equally_clean_are_not_waited_for() -> None:
    """Carbon counts as much as money, and every hour has 300 g."""
    outlook = flat(car(energy_wh=5_000.0, min_a=16.0), passed_s=240)
    grams = (300.0,) * len(outlook.steps_s)
    clean = replace(outlook, carbon_g=grams, carbon_weight=0.5)
    assert begins_at_once(clean) == [True]


def test_what_a_cheaper_hour_saves_is_waited_for() -> None:
    """Half a cent for each kilowatt-hour is more than nothing."""
    outlook = flat(car(energy_wh=5_000.0, min_a=16.0), passed_s=240)
    prices = tuple(0.335 if step >= 4 else 0.34 for step in range(len(outlook.steps_s)))
    (zoe,) = intend(replace(outlook, import_price=prices)).cars
    assert zoe.next_start == EVENING + 4 * QUARTER


def test_who_has_a_goal_still_becomes_full_where_that_pays() -> None:
    """It takes 1 kWh, less than a quarter hour at its least power; its goal of 90 Wh in 37 s cannot be had, and later power is paid for."""
    store = Store(
        id="zoe",
        energy_wh=0.0,
        max_wh=1_000.0,
        max_charge_w=(0.0, 11_040.0),
        min_charge_w=4_140.0,
        stops_itself=True,
        goals=(Goal(step=0, energy_wh=90.0),),
    )
    plan = solve(
        Problem(
            steps_s=(37.0, 900.0),
            load_w=(0.0, 0.0),
            solar_w=(0.0, 0.0),
            import_price=(0.0, -0.02),
            export_price=(0.0, 0.0),
            stores=(store,),
        )
    )
    assert plan.cost == pytest.approx(-0.02, abs=1e-6)
