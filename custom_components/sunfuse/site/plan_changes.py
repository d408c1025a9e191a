"""What somebody may change at any time that a plan is made of; what only passes by, such as energy, is no news."""

from collections.abc import Callable
from dataclasses import fields
from operator import attrgetter
from typing import Any

from ..drivers.demand import Demand
from ..engine.model import Connector, LimitKind, Snapshot
from ..engine.wanted import NO_CAR

# What only passes by while a car charges; whether it is known at all counts by itself.
_PASSES = frozenset(("energy_wh", "full_wh", "soc", "minimum_wh", "limit_wh"))
_said = attrgetter(*(one.name for one in fields(Demand) if one.name not in _PASSES))


def has_car(connector: Connector) -> bool:
    """Return whether a car is at a connector."""
    return connector.reachable and connector.status not in NO_CAR


def asked_of(snapshot: Snapshot, demand_of: Callable[[str], Demand]) -> dict[str, Any]:
    """Return what a plan is made of that somebody may change at any time, by car."""
    asked: dict[str, Any] = {}
    for one in snapshot.connectors:
        demand = demand_of(one.id)
        asked[one.id] = (
            one.mode,
            one.allowed,
            has_car(one),
            one.max_a,
            one.priority,
            one.boost,
            _said(demand),
            demand.minimum_wh > 0,
            demand.energy_wh is None,
            demand.limit_wh is None,
            demand.soc is None,
        )
    asked[""] = (
        snapshot.policy,
        *(limit for limit in snapshot.limits if limit.kind is not LimitKind.PEAK),
    )
    return asked
