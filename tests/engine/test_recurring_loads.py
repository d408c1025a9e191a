"""A load that comes again and again, beside which no car has its minimum: it waits each time, and no longer than that."""

from collections.abc import Callable
from itertools import pairwise
import random

import pytest

from custom_components.sunfuse.engine.model import PerPhase, ReasonKey
from custom_components.sunfuse.engine.tuning import Characteristic

from .plant import Car, Plant, charger, main

HOUR_S = 3600


def site(
    house: Callable[[float], PerPhase], kind: Characteristic, noise_a: float = 0.5
) -> Plant:
    """Return a house behind 20 A, of which 1 A is kept free, with one car."""
    return Plant(
        cars=[Car(connector=charger("k"))],
        circuits=(main(20, characteristic=kind),),
        loads={"main": house},
        noise_a=noise_a,
    )


def comes_again(
    each_s: int, lasts_s: int, level_a: float
) -> Callable[[float], PerPhase]:
    """Return a house of 3 A with a load on L1 that comes each so many seconds."""
    return lambda at_s: (
        3.0 + (level_a if at_s % each_s < lasts_s else 0.0),
        3.0,
        3.0,
    )


@pytest.mark.parametrize("kind", list(Characteristic))
def test_a_heat_pump_that_runs_each_twenty_minutes(kind: Characteristic) -> None:
    """12 A for eight minutes beside 3 A leave 4 A: a car has twelve minutes of twenty, less the one or two that it waits to be sure.

    It had seven of them while each pause was twice as long as the one before, and no fewer starts.
    """
    plant = site(comes_again(1200, 480, 12.0), kind)
    plant.run(4 * HOUR_S)
    charges_s = sum(decision.connectors[0].offer_a > 0 for decision in plant.decisions)
    assert charges_s / len(plant.decisions) >= 10 / 20
    assert plant.cars[0].starts <= 4 * 3 + 1


def test_a_boiler_each_ten_minutes() -> None:
    """12 A for two minutes: eight of ten are the car's, less two. A strict circuit let it charge for three."""
    plant = site(comes_again(600, 120, 12.0), Characteristic.STRICT)
    plant.run(4 * HOUR_S)
    charges_s = sum(decision.connectors[0].offer_a > 0 for decision in plant.decisions)
    assert charges_s / len(plant.decisions) >= 6 / 10
    assert plant.cars[0].starts <= 4 * 6 + 1


def test_a_kettle_that_wavers() -> None:
    """8 A for two minutes beside 4 A that waver by 2 A: the minimum fits at times, and is stopped once for each kettle."""

    def house(at_s: float) -> PerPhase:
        wavers_a = random.Random(int(at_s) // 7).uniform(-2, 2)
        kettle_a = 8.0 if at_s % 600 < 120 else 0.0
        return (4.0 + wavers_a + kettle_a, 3.0, 3.0)

    plant = site(house, Characteristic.STRICT, noise_a=1.0)
    plant.run(3 * HOUR_S)
    charges_s = sum(decision.connectors[0].offer_a > 0 for decision in plant.decisions)
    assert charges_s / len(plant.decisions) >= 6 / 10
    assert plant.cars[0].starts <= 3 * 6 + 3


@pytest.mark.parametrize("seed", range(3))
def test_a_wait_for_a_boiler_has_one_reason(seed: int) -> None:
    """A car that is stopped for a load of 12 A waits for capacity until it starts, or until it is to wait for more than a minute after it."""
    plant = site(comes_again(600, 120, 12.0), Characteristic.STRICT, noise_a=1.0)
    plant.seed = seed
    plant.run(2 * HOUR_S)
    told = [
        decision.connectors[0].reason.key
        for decision in plant.decisions
        if decision.connectors[0].offer_a == 0
    ]
    assert set(told) <= {ReasonKey.WAITING_FOR_CAPACITY, ReasonKey.LOAD_PEAKED}
    changes = sum(one is not other for one, other in pairwise(told))
    assert changes <= 2 * 2 * 6


def test_a_load_that_lets_a_car_charge_for_seconds_only() -> None:
    """40 s of each two minutes: each start would be in vain, and the pauses grow to a quarter of an hour."""
    plant = site(comes_again(120, 40, 11.0), Characteristic.STRICT, noise_a=1.0)
    plant.run(2 * HOUR_S)
    assert plant.cars[0].starts <= 12
