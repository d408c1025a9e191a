"""What stores hold with the powers that are planned for them so far."""

from dataclasses import dataclass

import numpy as np

from ..problem import Problem, Store, series
from ..room import Values

SMALL_W = 1.0  # a store that takes less does not charge


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargedStores:
    """The powers of all stores, step by step, which change while a plan is made, and what follows from them."""

    problem: Problem
    hours: Values
    power: dict[str, Values]

    def stored_wh(self, store: Store, until: int) -> float:
        """Return what a store holds at the end of a step."""
        if store.loss_per_hour:
            return float(self.energy_wh(store)[until])
        hours = self.hours[: until + 1]
        return float(store.energy_wh + self.stored_w(store)[: until + 1] @ hours)

    def energy_wh(self, store: Store) -> Values:
        """Return what a store holds at the end of each step."""
        gains = self.stored_w(store) * self.hours
        if not store.loss_per_hour:
            return np.asarray(store.energy_wh + np.cumsum(gains))
        held, after = store.energy_wh, np.zeros(self.problem.steps)
        for step, kept in enumerate((1 - store.loss_per_hour) ** self.hours):
            held = after[step] = held * kept + gains[step]
        return after

    def stored_w(self, store: Store) -> Values:
        """Return what a store gains in each step."""
        power = self.power[store.id]
        gains = power * store.charge_efficiency
        if store.standby_w:
            gains = gains - store.standby_w * (power > SMALL_W)
        if store.consumed_w:
            gains = gains - np.array(store.consumed_w)
        return np.asarray(gains)

    def free_w(self, store: Store) -> Values:
        """Return how much more a store can take in each step without holding too much in that or a later one."""
        if not (
            store.consumed_w or store.loss_per_hour or isinstance(store.max_wh, tuple)
        ):
            return np.full(self.problem.steps, np.inf)
        most = np.array(series(store.max_wh, self.problem.steps))
        free_wh = np.minimum.accumulate((most - self.energy_wh(store))[::-1])[::-1]
        idle = self.power[store.id] <= SMALL_W
        stored_w = free_wh / self.hours + np.where(idle, store.standby_w, 0.0)
        return np.asarray(np.maximum(stored_w / store.charge_efficiency, 0.0))

    def wanted_w(self, store: Store, energy_wh: float) -> Values:
        """Return the power that stores an energy in each step, with what the car loses if it starts in it."""
        idle = self.power[store.id] <= SMALL_W
        stored_w = energy_wh / self.hours + np.where(idle, store.standby_w, 0.0)
        return np.asarray(stored_w / store.charge_efficiency)
