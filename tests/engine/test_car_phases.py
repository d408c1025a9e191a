"""How many phases a car will use, before it charges: what its owner told, or what the last car there used. It says how long the car needs, and lends no phase to others."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from custom_components.sunfuse.engine import Memory, decide
from custom_components.sunfuse.engine.memory import ConnectorMemory
from custom_components.sunfuse.engine.model import Connector, ConnectorStatus
from custom_components.sunfuse.engine.tuning import Policy

from .common import HOUR, NOW, car, later, offers, on

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
    known = Memory(connectors={"a": past(car_phases=last), "b": past()})
    decision, _ = decide(on(7, *cars, policy=Policy.LAXITY), known)
    assert offers(decision)[first] >= 6
    # It may use all phases that it is wired to, whatever was told.
    assert decision.given_a == pytest.approx((6, 6, 6))


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
    assert memory.connectors["a"].car_phases == known
