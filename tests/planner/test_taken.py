"""What cars take that are not planned for a departure: a plan that ignores it promises others what they never get."""

from dataclasses import replace
from datetime import timedelta

import pytest

from custom_components.sunfuse import planner
from custom_components.sunfuse.planner import (
    CarGoal,
    CarMode,
    CarOutlook,
    CircuitOutlook,
    Intention,
    intend,
)

from .sites import EVENING, MORNING, car, night

# Six amperes on three phases of 230 V.
LEAST_W = 4_140.0


def _planned(intention: Intention, name: str) -> list[float]:
    found = intention.car(name)
    assert found
    return [slot.power_w for slot in found.slots if slot.start < MORNING]


def _other(mode: CarMode) -> CarOutlook:
    return car("other", mode=mode, goals=(), capacity_wh=90_000.0, soc=0.0)


@pytest.mark.parametrize("solver", [True, False])
@pytest.mark.parametrize("mode", [CarMode.SOLAR_MIN, CarMode.FAST])
def test_a_minimum_that_is_given_in_any_case_is_planned(
    mode: CarMode, solver: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """25 A less 0.6 A of the house less 6 A: 18.4 A are left for two cars that can be ready with that."""
    if not solver:
        monkeypatch.setattr(planner, "SOLVER", False)
    # The simple planner gives one of them all that it can take, and cannot use the 2.4 A beside that.
    each_wh = 45_000.0 if solver else 35_000.0
    needy = [
        car(name, energy_wh=each_wh, capacity_wh=99_000.0, soc=0.0) for name in "ab"
    ]
    intention = intend(night(*needy, _other(mode)))
    assert min(_planned(intention, "other")) >= LEAST_W - 200
    for found in intention.cars:
        assert not found.shortfalls
        assert not found.comes_first


@pytest.mark.parametrize("solver", [True, False])
@pytest.mark.parametrize("mode", [CarMode.SOLAR_MIN, CarMode.FAST])
def test_a_minimum_that_would_make_others_late_waits(
    mode: CarMode, solver: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With 18.4 A two cars would store 101 kWh until seven. They need 120 kWh, which 24.4 A give: 16.8 kW, of which 92 % less 450 W are stored."""
    if not solver:
        monkeypatch.setattr(planner, "SOLVER", False)
    needy = [
        car(name, energy_wh=60_000.0, capacity_wh=99_000.0, soc=0.0) for name in "ab"
    ]
    intention = intend(night(*needy, _other(mode)))
    for name in "ab":
        found = intention.car(name)
        assert found
        assert found.comes_first
        assert found.energy_wh >= 60_000 * (0.99 if solver else 0.95)
    # What is left is the other car's.
    other = intention.car("other")
    assert other
    assert sum(_planned(intention, "other")) / 4 > 10_000
    assert not other.comes_first


@pytest.mark.parametrize(
    ("changes", "comes_first"),
    [
        ({}, True),
        ({"reserved": True}, True),
        ({"guessed": True}, False),
        # As much as possible, while its driver is late: that is no promise.
        ({"overdue": True}, False),
    ],
)
def test_only_what_was_said_comes_before_minimums(
    changes: dict[str, bool], comes_first: bool
) -> None:
    """18.4 A are left beside a minimum, 16 A of which one car can take; with two minimums it would be late."""
    goal = CarGoal(at=MORNING, energy_wh=75_000.0, **changes)
    needy = replace(car(goals=(goal,), energy_wh=None), capacity_wh=99_000.0, soc=0.0)
    others = [replace(_other(CarMode.FAST), id=name) for name in ("b", "c")]
    found = intend(night(needy, *others)).car("zoe")
    assert found
    assert found.comes_first is comes_first


@pytest.mark.parametrize(
    "changes",
    [
        {"connected": False},
        {"mode": CarMode.OFF},
        {"mode": CarMode.SOLAR},
        {"full_wh": 0.0},
    ],
)
def test_nobody_comes_first_once_nobody_waits(changes: dict[str, object]) -> None:
    """The guests leave, are full or were stopped: nothing is charged evenly through dear hours any more."""
    needy = replace(car(energy_wh=75_000.0), capacity_wh=99_000.0, soc=0.0)
    guests = [replace(_other(CarMode.FAST), id=name) for name in ("b", "c")]
    before = intend(night(needy, *guests))
    # One guest alone still waits: it did not fit beside the other one.
    still = intend(night(needy, guests[0]), before)
    gone = [replace(guest, **changes) for guest in guests]  # type: ignore[arg-type]
    after = intend(night(needy, *gone), before)
    told = [plan.car("zoe") for plan in (before, still, after)]
    assert [found and found.comes_first for found in told] == [True, True, False]


@pytest.mark.parametrize(("reserved", "comes_first"), [(True, True), (False, False)])
def test_in_other_modes_only_a_reservation_is_a_promise(
    reserved: bool, comes_first: bool
) -> None:
    """Who charges fast and says when it leaves has no promise of the engine."""
    goal = CarGoal(at=MORNING, energy_wh=75_000.0, reserved=reserved)
    needy = replace(
        car(goals=(goal,), energy_wh=None, mode=CarMode.FAST),
        capacity_wh=99_000.0,
        soc=0.0,
    )
    others = [replace(_other(CarMode.FAST), id=name) for name in ("b", "c")]
    found = intend(night(needy, *others)).car("zoe")
    assert found
    assert found.comes_first is comes_first


def test_a_car_that_is_slow_itself_makes_nobody_wait() -> None:
    """It needs more than its charger can give until seven: 16 A are free for it beside the other car's minimum."""
    needy = replace(car(energy_wh=98_000.0), capacity_wh=99_000.0, soc=0.0)
    intention = intend(night(needy, _other(CarMode.FAST)))
    assert min(_planned(intention, "other")) >= LEAST_W - 200
    found = intention.car("zoe")
    assert found
    assert not found.comes_first
    assert found.shortfalls


def test_a_boost_comes_before_the_departures_of_others() -> None:
    """Until eleven it has its 16 A; the other car has what is left."""
    eleven = EVENING + timedelta(hours=1)
    boosted = car("boosted", goals=(), energy_wh=None, boost_until=eleven)
    boosted = replace(boosted, capacity_wh=90_000.0, soc=0.0)
    needy = car("needy", energy_wh=95_000.0, capacity_wh=99_000.0, soc=0.0)
    intention = intend(night(boosted, needy))
    assert _planned(intention, "boosted")[:4] == pytest.approx([11_040] * 4, abs=300)
    # 25 A less 0.6 A less 16 A.
    assert _planned(intention, "needy")[:4] == pytest.approx([5_800] * 4, abs=300)


def test_a_minimum_that_does_not_fit_beside_a_departure_waits() -> None:
    """With 11 A there is no place for two minimums: the car that must be ready has everything."""
    needy = car("needy", energy_wh=90_000.0, capacity_wh=99_000.0, soc=0.0)
    outlook = night(
        needy,
        _other(CarMode.SOLAR_MIN),
        circuits=(CircuitOutlook(id="main", limit_a=(11.0, 11.0, 11.0)),),
    )
    intention = intend(outlook)
    assert max(_planned(intention, "other")) == 0
    assert min(_planned(intention, "needy")) == pytest.approx(7_190, abs=50)


def test_all_that_is_free_helps_a_car_that_would_be_late() -> None:
    """The plan is cautious, so a car whose departure it misses may take more than planned; who is ready takes no more."""
    late = intend(night(car(energy_wh=110_000.0, capacity_wh=200_000.0, soc=0.0)))
    calm = intend(night(car()))
    for intention, helps in ((late, True), (calm, False)):
        advice = intention.slot("zoe", EVENING)
        assert advice
        assert advice.makes_up is helps
