"""Everything that is shared, as numbers: phases of circuits and of chargers' cables in amperes; powers, and solar power, in watts."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from ..cars.wanted import NO_CAR
from ..limits.limits import PowerLimit
from ..limits.tree import Tree
from ..model import Connector, Mode, PerPhase, Reason, ReasonKey, Snapshot
from .capacity import Capacity
from .filling import EPSILON, Uses

# An amount of each resource, by its number: what is free of it, or is to stay free.
type Amounts = list[float]


class Lack(NamedTuple):
    """What is not free enough, and how much of it is missing."""

    resource: int
    missing: float


class Resources:
    """The resources of a site, by number. What connectors hold is kept apart from what is free."""

    def __init__(
        self,
        snapshot: Snapshot,
        tree: Tree,
        capacities: Mapping[str, Capacity],
        powers: list[PowerLimit],
        sun_w: float,
    ) -> None:
        """Give each resource its number."""
        self._snapshot = snapshot
        self._tree = tree
        self._powers = powers
        self._phases = snapshot.site.phases
        self._capacities = list(capacities.values())
        self._first = {
            name: index * self._phases for index, name in enumerate(capacities)
        }
        self._powers_at = len(self._capacities) * self._phases
        self._imbalance_at = self._powers_at + len(powers)
        self._chargers = {
            c.charger: c.charger_max_a
            for c in snapshot.connectors
            if c.charger is not None and c.charger_max_a is not None
        }
        self._cable_at = {
            name: self._imbalance_at + self._phases * (place + 1)
            for place, name in enumerate(self._chargers)
        }
        self.sun = self._imbalance_at + self._phases * (len(self._chargers) + 1)
        self._uses: dict[tuple[str, str | None, tuple[int, ...]], Uses] = {}
        self._sun_w = sun_w
        self.imbalance_a: PerPhase | None = None
        if snapshot.site.imbalance_a is not None and self._phases > 1:
            self.imbalance_a = (snapshot.site.imbalance_a,) * self._phases

    def capacity(self, *, calm: bool) -> Amounts:
        """Return the capacity of each resource; with `calm`, what may be given as an increase."""
        found: Amounts = []
        for capacity in self._capacities:
            found.extend(capacity.calm_a if calm else capacity.available_a)
        found.extend(power.power_w for power in self._powers)
        found.extend(self.imbalance_a or (float("inf"),) * self._phases)
        for most_a in self._chargers.values():
            found.extend((most_a,) * self._phases)
        found.append(self._sun_w)
        return found

    def expected(self, free: Amounts) -> Amounts:
        """Return what will be free of each resource on average, from what is free now."""
        found = [
            max(free[place] + expected - available, 0.0)
            for place, (expected, available) in enumerate(
                (expected, available)
                for capacity in self._capacities
                for expected, available in zip(
                    capacity.expected_a, capacity.available_a, strict=True
                )
            )
        ]
        return found + free[len(found) :]

    def calmest(self, free: Amounts) -> Amounts:
        """Return what would be free of each resource at the lowest load of the last minutes, from what is free now."""
        less = [a for capacity in self._capacities for a in capacity.lately_less_a]
        found = [a + more for a, more in zip(free, less, strict=False)]
        return found + free[len(found) :]

    def unsteady(self) -> Amounts:
        """Return what of each resource must stay free before a car starts."""
        found = [a for capacity in self._capacities for a in capacity.unsteady_a]
        return found + [0.0] * (self.sun + 1 - len(found))

    def unsteady_now(self) -> Amounts:
        """Return the same relative to the present load instead of its average, on which `unsteady` is based."""
        found = [
            available - calm + kept
            for capacity in self._capacities
            for available, calm, kept in zip(
                capacity.available_a,
                capacity.calm_a,
                capacity.unsteady_a,
                strict=True,
            )
        ]
        return found + [0.0] * (self.sun + 1 - len(found))

    def for_empty(self, connectors: Iterable[Connector]) -> Amounts:
        """Return what cars that may still come could take of each resource: as much as chargers without a car can give."""
        found = [0.0] * (self.sun + 1)
        for connector in connectors:
            if _is_empty(connector):
                for index, used in self.uses(connector, connector.phases):
                    found[index] += used * connector.max_a
        return found

    def bears(self) -> frozenset[int]:
        """Return the phases of circuits that carry more than their limit for now, as their fuse allows it."""
        return self._where(capacity.bears for capacity in self._capacities)

    def over(self) -> frozenset[int]:
        """Return the resources that are measured as overdrawn: no increases for their users."""
        return self._where(capacity.over for capacity in self._capacities)

    def still(self) -> frozenset[int]:
        """Return the resources on which a meter stands still, as one does that has failed."""
        return self._where(capacity.still for capacity in self._capacities)

    def _where(self, phases: Iterable[tuple[bool, ...]]) -> frozenset[int]:
        """Return the resources, of phases of circuits, for which a condition holds."""
        return frozenset(
            index * self._phases + phase
            for index, holds in enumerate(phases)
            for phase, one in enumerate(holds)
            if one
        )

    def uses(self, connector: Connector, phases: tuple[int, ...]) -> Uses:
        """Return what an ampere on these phases of a connector takes, without solar power."""
        key = (connector.circuit, connector.charger, phases)
        if key not in self._uses:
            self._uses[key] = self._find(connector, phases)
        return self._uses[key]

    def _find(self, connector: Connector, phases: tuple[int, ...]) -> Uses:
        path = self._tree.path(connector)
        uses = [(self._first[name] + phase, 1.0) for name in path for phase in phases]
        watts = self.watts(phases)
        uses.extend(
            (self._powers_at + index, watts)
            for index, power in enumerate(self._powers)
            if power.circuit in path
        )
        if self.imbalance_a is not None and len(phases) < self._phases:
            uses.extend((self._imbalance_at + phase, 1.0) for phase in phases)
        if connector.charger in self._cable_at:
            cable_at = self._cable_at[connector.charger]
            uses.extend((cable_at + phase, 1.0) for phase in phases)
        return tuple(uses)

    def watts(self, phases: tuple[int, ...]) -> float:
        """Return the power of an ampere on these phases."""
        return self._snapshot.site.voltage_v * len(phases)

    def with_sun(self, uses: Uses, phases: tuple[int, ...], takes: float = 1.0) -> Uses:
        """Return what an ampere takes, including solar power, of which a car takes a part of its offer."""
        return (*uses, (self.sun, self.watts(phases) * takes))

    def is_phase(self, index: int) -> bool:
        """Whether a resource is a phase of a circuit."""
        return index < self._powers_at

    def place(self, index: int) -> tuple[Capacity, int]:
        """Return the circuit whose phase a resource is, and that phase."""
        return self._capacities[index // self._phases], index % self._phases

    def reason(self, index: int, *, waiting: bool = False) -> Reason:
        """Return why a connector gets no more that is limited by a resource, without solar power."""
        if index >= self._imbalance_at + self._phases:
            place = (index - self._imbalance_at) // self._phases - 1
            most_a = list(self._chargers.values())[place]
            return Reason(key=ReasonKey.LIMITED_BY_CHARGER, values=(("max_a", most_a),))
        if index >= self._imbalance_at:
            phase = f"L{index - self._imbalance_at + 1}"
            return Reason(
                key=ReasonKey.LIMITED_BY_IMBALANCE,
                values=(
                    ("phase", phase),
                    ("limit_a", self._snapshot.site.imbalance_a or 0.0),
                ),
            )
        if index >= self._powers_at:
            return self._powers[index - self._powers_at].reason
        capacity = self._capacities[index // self._phases]
        where = (
            ("circuit", capacity.circuit.name),
            ("phase", f"L{index % self._phases + 1}"),
        )
        lowered = capacity.budget.lowered_by
        if lowered is not None:
            return Reason(
                key=lowered.key,
                values=(*where, *(v for v in lowered.values if v[0] != "circuit")),
            )
        key = (
            ReasonKey.WAITING_FOR_CAPACITY if waiting else ReasonKey.LIMITED_BY_CIRCUIT
        )
        return Reason(key=key, values=where)


def _is_empty(connector: Connector) -> bool:
    """Whether a car may come to a charger and charge there."""
    is_on = connector.reachable and connector.mode is not Mode.OFF
    return is_on and connector.status in NO_CAR


def take(left: Amounts, uses: Uses, current_a: float) -> None:
    """Take a current from what is left of the resources."""
    for index, coefficient in uses:
        left[index] -= coefficient * current_a


def blocked_by(
    left: Amounts, uses: Uses, current_a: float, kept: Amounts | None = None
) -> Lack | None:
    """Return the first resource that cannot carry a current beside what must stay free, None if all can."""
    for index, coefficient in uses:
        free = left[index] if kept is None else left[index] - kept[index]
        if free < coefficient * current_a - EPSILON:
            return Lack(index, coefficient * current_a - free)
    return None


def sum_a(currents: Iterable[tuple[tuple[int, ...], float]], phases: int) -> PerPhase:
    """Return the sum of currents on the phases that each flows on."""
    total = [0.0] * phases
    for used, current_a in currents:
        for phase in used:
            total[phase] += current_a
    return tuple(total)
