"""What cars take that are not planned for a departure: a plan that ignores it promises others what they never get."""

from dataclasses import replace
from datetime import timedelta

import pytest

from custom_components.sunfuse import planner
from custom_components.sunfuse.planner import (
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
    """25 A less 0.6 A of the house less 6 A: 18.4 A are left for two cars that could use 32 A, and they share that."""
    if not solver:
        monkeypatch.setattr(planner, "SOLVER", False)
    needy = [
        car(name, energy_wh=80_000.0, capacity_wh=99_000.0, soc=0.0) for name in "ab"
    ]
    intention = intend(night(*needy, _other(mode)))
    assert min(_planned(intention, "other")) >= LEAST_W - 200
    reached = [found.energy_wh for found in intention.cars if found.id != "other"]
    if solver:
        # 12.7 kW for nine hours, of which 92 % less 450 W are stored.
        assert sum(reached) == pytest.approx(101_000, rel=0.04)
        assert reached[0] == pytest.approx(reached[1], rel=0.02)


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
