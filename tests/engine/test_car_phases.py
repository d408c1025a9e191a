"""How many phases a car will use, before it charges: what its owner told, or what the last car there used. It says how long the car needs, and lends no phase to others."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from custom_components.sunfuse.engine import Memory, decide
from custom_components.sunfuse.engine.memory import ConnectorMemory
from custom_components.sunfuse.engine.model import Connector, ConnectorStatus, Mode
from custom_components.sunfuse.engine.tuning import Policy

from .common import HOUR, NOW, car, later, offers, on
from .plant import Car, Plant, charger, main

NEEDS_WH = 8280.0  # 45 min at 16 A on three phases, 135 min on one


def waiting(name: str, hours: float, **changes: Any) -> Connector:
    """Return a car that leaves in so many hours and has not charged here."""
    return car(
        name,
        offer_a=0.0,
        status=ConnectorStatus.SUSPENDED_EVSE,
        departure=NOW + hours * HOUR,
        energy_needed_wh=NEEDS_WH,
        **changes,
    )


def past(**changes: Any) -> ConnectorMemory:
    """Return the past of a car that has just come."""
    return replace(
        ConnectorMemory(asked_at=NOW, off_since=NOW - timedelta(minutes=1)), **changes
    )


@pytest.mark.parametrize(
    ("told", "last", "first"),
    [
        # a can wait for 3 h 15 min, b for 2 h 15 min.
        (None, None, "b"),
        # a can wait for 1 h 45 min.
        (1, None, "a"),
        (None, 1, "a"),
        (3, 1, "b"),  # what is told of the car counts before what the last one did
        (2, None, "b"),  # 2 h 52 min
    ],
)
def test_laxity_reckons_with_the_phases_of_the_car(
    told: int | None, last: int | None, first: str
) -> None:
    """One place: it goes to the car that can wait for less."""
    cars = waiting("a", 4, car_phases=told), waiting("b", 3)
    known = Memory(connectors={"a": past(last_car_phases=last), "b": past()})
    decision, _ = decide(on(7, *cars, policy=Policy.LAXITY), known)
    assert offers(decision)[first] >= 6
    # It may use all phases that it is wired to, whatever was told.
    assert decision.given_a == pytest.approx((6, 6, 6))


@pytest.mark.parametrize(
    ("told", "uses", "sun_w", "starts"),
    [
        (None, 1, 2000.0, 0),  # 4,140 W are needed for all that is known
        (1, 1, 2000.0, 1),
        (1, 1, 1300.0, 0),  # 1,380 W for one phase
        (3, 1, 2000.0, 0),
        # It was said to use one phase, and uses three: that is seen when it charges, and it is started no more.
        (1, 3, 2000.0, 1),
    ],
)
def test_a_one_phase_car_starts_on_the_sun_of_one_phase(
    told: int | None, uses: int, sun_w: float, starts: int
) -> None:
    """Its charger has three phases, and does not switch them."""
    one = charger("a", mode=Mode.SOLAR, car_phases=told)
    plant = Plant(
        cars=[Car(connector=one, phases=uses)],
        circuits=(main(25.0),),
        loads={"main": lambda _: (0.0,) * 3},
        solar_w=lambda _: sun_w,
    )
    assert plant.run(900).starts == starts
    assert (plant.cars[0].current_a > 0) is (starts > 0 and uses == 1)


def test_the_second_start_of_a_one_phase_car() -> None:
    """Nobody told its phases. It charged under a sun of 5 kW, stopped in a shadow, and starts again under one of 2 kW."""
    plant = Plant(
        cars=[Car(connector=charger("a", mode=Mode.SOLAR), phases=1)],
        circuits=(main(25.0),),
        loads={"main": lambda _: (0.0,) * 3},
        solar_w=lambda at_s: (5000.0, 0.0, 2000.0)[min(int(at_s) // 600, 2)],
    )
    assert plant.run(2400).starts == 2
    assert plant.cars[0].current_a > 6


@pytest.mark.parametrize(("switched", "known"), [(False, 1), (True, None)])
def test_the_phases_of_the_last_car_are_remembered(
    switched: bool, known: int | None
) -> None:
    """A car charged on one phase and left. That its charger was switched to one says nothing of the car."""
    one = car("a", draw_a=(16.0, 0.0, 0.0), switches_phases=switched)
    began = ConnectorMemory(
        asked_at=NOW - HOUR, on_since=NOW - HOUR, phases=1 if switched else None
    )
    snapshot = on(24, one)
    decision, memory = decide(snapshot, Memory(connectors={"a": began}))
    gone = replace(
        one, status=ConnectorStatus.AVAILABLE, offer_a=0.0, draw_a=(0.0,) * 3
    )
    snapshot = replace(later(snapshot, 5, decision), connectors=(gone,))
    _, memory = decide(snapshot, memory)
    assert memory.connectors["a"].car_phases is None
    assert memory.connectors["a"].last_car_phases == known
