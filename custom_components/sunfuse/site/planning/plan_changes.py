"""What somebody may change at any time that a plan is made of; what only passes by, such as energy, is no news."""

from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from hashlib import blake2b
import math
from operator import attrgetter
from typing import Any

from ...drivers.demand import Demand
from ...engine.cars.wanted import NO_CAR
from ...engine.model import (
    Connector,
    ConnectorStatus,
    ExternalLimit,
    LimitKind,
    Snapshot,
)
from ...planner.outlook import QUARTER

# What only passes by while a car charges; whether it is known at all counts by itself.
_PASSES = frozenset(
    ("energy_wh", "full_wh", "soc", "minimum_wh", "limit_wh", "charged_wh")
)
_WHAT_PASSES = attrgetter("energy_wh", "full_wh", "limit_wh")
# No charger supplies so much between two looks: the car says something else, or its driver.
_JUMP_WH = 1000.0
# What concerns all cars is noted under no car's name.
_SITE = ""
_said = attrgetter(*(one.name for one in fields(Demand) if one.name not in _PASSES))


def has_car(connector: Connector) -> bool:
    """Return whether a car is at a connector."""
    return connector.reachable and connector.status not in NO_CAR


def is_silent(connector: Connector) -> bool:
    """Return whether nothing is heard of a connector: out of reach, or back without having said how it is."""
    if not connector.reachable:
        return True
    unknown = connector.status is ConnectorStatus.UNAVAILABLE
    return unknown and not connector.status_reported


def silent_of(snapshot: Snapshot) -> frozenset[str]:
    """Return the connectors of which nothing is heard."""
    return frozenset(one.id for one in snapshot.connectors if is_silent(one))


class AskedBefore:
    """Notices who asks for something else than when it was last planned, over restarts too."""

    def __init__(self, speed: float = 1.0) -> None:
        """Begin with nothing known, where time passes so much faster than on the wall."""
        self._jump_wh = _JUMP_WH * speed
        self._now: dict[str, Any] = {}
        self._energies: dict[str, tuple[float | None, ...]] = {}
        # As fingerprints, of all that were heard of; who is silent for a while has not changed its mind.
        self._heard: dict[str, str] = {}
        self.changed: set[str] = set()

    @property
    def fingerprints(self) -> Mapping[str, str]:
        """Return what each car asked for when it was last heard of."""
        return self._heard

    def take_back(self, fingerprints: Mapping[str, str]) -> None:
        """Take over what cars asked for before a restart."""
        self._heard = dict(fingerprints)

    def all_changed(self) -> None:
        """Hold no car to what was planned for it."""
        self.changed |= self._now.keys()

    def follow(self, snapshot: Snapshot, demand_of: Callable[[str], Demand]) -> bool:
        """Note what each car asks for now; returns whether a new plan is needed."""
        asked = asked_of(snapshot, demand_of)
        silent = silent_of(snapshot)
        jumped = self._jumped(
            {
                one.id: _WHAT_PASSES(demand_of(one.id))
                for one in snapshot.connectors
                if one.id not in silent
            }
        )
        self.changed |= jumped
        if asked == self._now:
            return bool(jumped)
        heard = {
            car: _fingerprint(asks)
            if asks != self._now.get(car) or car not in self._heard
            else self._heard[car]
            for car, asks in asked.items()
            if car not in silent
        }
        self.changed |= {
            car for car, prints in heard.items() if prints != self._heard.get(car)
        }
        if _SITE in self.changed:  # what was planned within other limits holds nobody
            self.changed |= asked.keys()
        self._heard = {
            car: prints for car, prints in self._heard.items() if car in asked
        } | heard
        self._now = asked
        return True

    def _jumped(self, energies: dict[str, tuple[float | None, ...]]) -> set[str]:
        """Return the cars that need much more or less than a moment ago, which no charging explains."""
        before, self._energies = self._energies, energies
        return {
            car
            for car, now in energies.items()
            if any(
                old is not None and new is not None and abs(new - old) > self._jump_wh
                for old, new in zip(before.get(car, ()), now, strict=False)
            )
        }


def _fingerprint(asks: Any) -> str:
    """Return a short hash of a request; it is the same after a restart."""
    return blake2b(repr(asks).encode(), digest_size=8).hexdigest()


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
    asked[_SITE] = (
        snapshot.policy,
        *(
            _as_planned(limit)
            for limit in snapshot.limits
            if limit.kind is not LimitKind.PEAK
        ),
    )
    return asked


def _as_planned(limit: ExternalLimit) -> tuple[ExternalLimit, float | None]:
    """Return a limit without its end, and the quarter hour in which it ends: one that is renewed each minute is no news."""
    if limit.until is None:
        return limit, None
    quarters = limit.until.timestamp() / QUARTER.total_seconds()
    return replace(limit, until=None), math.ceil(quarters)
