"""What the planner without a solver has planned so far."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from ..problem import Problem, Store, series
from ..room import Room, Values
from .charged_stores import SMALL_W, ChargedStores

SMALL_WH = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """The powers of all stores so far, and what they leave of every limit."""

    problem: Problem
    hours: Values
    power: dict[str, Values]
    most: dict[str, Values]
    held: ChargedStores
    net: Values  # what the site takes in all
    room: Room

    @classmethod
    def of(cls, problem: Problem) -> Self:
        """Return a draft in which nothing is planned."""
        hours = np.array(problem.steps_s) / 3600
        power = {store.id: np.zeros(problem.steps) for store in problem.stores}
        return cls(
            problem=problem,
            hours=hours,
            power=power,
            most={
                store.id: np.array(series(store.max_charge_w, problem.steps))
                for store in problem.stores
            },
            held=ChargedStores(problem=problem, hours=hours, power=power),
            net=np.array(problem.load_w) - np.array(problem.solar_w),
            room=Room(problem=problem),
        )

    def limit_w(self, store: Store, step: int) -> float:
        """Return how much more power a store could take in a step."""
        own_w = float(self.most[store.id][step] - self.power[store.id][step])
        if not store.from_grid:
            own_w = min(own_w, -float(self.net[step]))
        return max(0.0, min(own_w, self.room.left_w(store, step)))

    def least_w(self, store: Store, step: int) -> float:
        """Return the least power that can be added in a step: the minimum of a store that does not charge in it yet."""
        if self.power[store.id][step] > SMALL_W:
            return 0.0
        return min(store.min_charge_w, float(self.most[store.id][step]))

    def add(self, store: Store, step: int, power_w: float) -> None:
        """Give a store more power in a step; a negative power takes it back."""
        self.power[store.id][step] += power_w
        self.net[step] += power_w
        self.room.take(store, step, power_w)
