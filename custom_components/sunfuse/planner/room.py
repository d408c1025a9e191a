"""What is left of every limit, step by step, while one store after the other takes its part."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .problem import Circuit, Problem, Series, Store, below, limits, series

_ROUNDING_W = 1e-3

type Values = np.ndarray[Any, np.dtype[np.float64]]
type Flags = np.ndarray[Any, np.dtype[np.bool_]]


def room_of(circuit: Circuit, limit: Values, load: Values) -> tuple[Values, Values]:
    """Return how much the stores of a circuit may take beside its other load, and how much they may return."""
    if circuit.nets:
        taken, given = limit - load, limit + load
    else:
        taken, given = limit - np.maximum(load, 0.0), limit + np.minimum(load, 0.0)
    return np.maximum(taken, 0.0), np.maximum(given, 0.0)


@dataclass(slots=True, kw_only=True)
class Room:
    """What is left of every limit, step by step."""

    problem: Problem
    rows: list[Values] = field(default_factory=list)  # amperes or watts by step
    uses: dict[str, list[tuple[int, float]]] = field(default_factory=dict)  # per watt
    # The rows of limits of what all take together, less what is returned.
    netted: set[int] = field(default_factory=lambda: {0})

    def __post_init__(self) -> None:
        """Start with nothing used."""
        problem, steps = self.problem, self.problem.steps
        net_w = np.array(problem.load_w) - np.array(problem.solar_w)
        # Where the house alone is above it, what stores return covers that first.
        self.rows.append(np.array(series(problem.max_import_w, steps)) - net_w)
        self.uses = {store.id: [(0, 1.0)] for store in problem.stores}
        for circuit in problem.circuits:
            inside = below(problem.circuits, circuit.id)
            limit = np.array(limits(circuit, steps))
            load = np.array(circuit.load_a or ((0.0,) * problem.phases,) * steps)
            taken, _ = room_of(circuit, limit, load)
            for phase in range(problem.phases):
                if circuit.nets:
                    self.netted.add(len(self.rows))
                self.rows.append(taken[:, phase])
                for store in problem.stores:
                    phases = store.phases or tuple(range(problem.phases))
                    if phase in phases and store.circuit in inside:
                        per_w = 1 / (problem.voltage_v * len(phases))
                        self.uses[store.id].append((len(self.rows) - 1, per_w))

    def left_w(self, store: Store, step: int) -> float:
        """Return how much more power the limits leave to a store in a step."""
        return max(
            0.0,
            min(
                float(self.rows[row][step]) / per_w
                for row, per_w in self.uses[store.id]
            ),
        )

    def left_all_w(self, store: Store) -> Values:
        """Return how much more power the limits leave to a store in each step."""
        left = [self.rows[row] / per_w for row, per_w in self.uses[store.id]]
        least: Values = np.maximum(np.min(left, axis=0), 0.0)
        return least

    def take_all(self, store: Store, power_w: Series) -> None:
        """Use power in every step."""
        for row, per_w in self.uses[store.id]:
            self.rows[row] -= np.array(power_w) * per_w

    def take(self, store: Store, step: int, power_w: float) -> None:
        """Use power in a step; a negative power returns it."""
        for row, per_w in self.uses[store.id]:
            self.rows[row][step] -= power_w * per_w


def has_room(problem: Problem, least_w: dict[str, float]) -> dict[str, Flags]:
    """Return for stores in which steps the limits leave them a power, whatever other stores take.

    What others return makes room where only the sum of all counts.
    """
    room = Room(problem=problem)
    for store in problem.stores:
        _give_back(room, store, 1.0)
    found = {}
    for store in problem.stores:
        if store.id in least_w:
            _give_back(room, store, -1.0)
            left_w = room.left_all_w(store)
            _give_back(room, store, 1.0)
            found[store.id] = left_w >= least_w[store.id] - _ROUNDING_W
    return found


def _give_back(room: Room, store: Store, times: float) -> None:
    given_w = np.array(series(store.max_discharge_w, room.problem.steps))
    for row, per_w in room.uses[store.id]:
        if row in room.netted:
            room.rows[row] = room.rows[row] + times * given_w * per_w


def attainable_kw(problem: Problem) -> dict[str, Values]:
    """Return the power that each store can have in each step beside house, sun and what others take in any case.

    Above the level of a peak it is not free. No store charges below its minimum.
    """
    room = Room(problem=problem)
    net_w = np.array(problem.load_w) - np.array(problem.solar_w)
    for peak in problem.peaks:
        if peak.of_export:
            continue
        counts = np.array(peak.windows) >= 0
        below_w = np.where(counts, np.maximum(peak.level_w - net_w, 0.0), np.inf)
        room.rows[0] = np.minimum(room.rows[0], below_w)
    taken = {
        store.id: np.pad(
            np.array(store.taken_w, dtype=float),
            (0, problem.steps - len(store.taken_w)),
        )
        for store in problem.stores
    }
    for store in problem.stores:
        room.take_all(store, tuple(taken[store.id]))
    return {
        store.id: np.clip(
            room.left_all_w(store) + taken[store.id],
            store.min_charge_w,
            np.array(series(store.max_charge_w, problem.steps)),
        )
        / 1000
        for store in problem.stores
    }
