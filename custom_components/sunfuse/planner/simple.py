"""A plan without a solver: each car takes the cheapest steps that are free, and other cars move if one would be late.

It respects every limit, and treats departures as carefully as the linear program: for a car that finds no free step before
its goal, others are moved to later or more expensive steps (an augmenting path), and only what is still impossible is
missing. It does not use home batteries, and it pays more than the linear program if prices would have to be weighed
against each other.
"""

from collections.abc import Iterable

import numpy as np

from .plan_cost import priced
from .problem import (
    Goal,
    Plan,
    Problem,
    Series,
    Status,
    Store,
    StorePlan,
    reachable_wh,
    series,
)
from .room import Room, Values

_SMALL_W = 1.0
_SMALL_WH = 0.5
_DEPTH = 3  # how many cars may be moved for one


def _in_any_case(goal: Goal) -> bool:
    return goal.in_any_case


def _promised(goal: Goal) -> bool:
    return goal.weight >= 1 and not goal.in_any_case


def _wished(goal: Goal) -> bool:
    return goal.weight < 1 and not goal.in_any_case


class SimplePlanner:
    """Plans one store after the other."""

    def __init__(self, problem: Problem) -> None:
        """Start with nothing planned."""
        self._problem = problem
        self._hours = np.array(problem.steps_s) / 3600
        self._room = Room(problem=problem)
        self._power = {store.id: np.zeros(problem.steps) for store in problem.stores}
        self._most = {
            store.id: np.array(series(store.max_charge_w, problem.steps))
            for store in problem.stores
        }
        self._surplus = np.maximum(
            np.array(problem.solar_w) - np.array(problem.load_w), 0.0
        )

    def plan(self) -> Plan:
        """Return a plan that respects all limits and misses only what is impossible."""
        stores = sorted(self._problem.stores, key=self._slack_h)
        for store in stores:
            self._fill(store, store.taken_w)
        for store in stores:
            self._fill(store, store.demand_w)
        for counts in (_in_any_case, _promised, _wished):
            for store in stores:
                self._reach_goals(store, filter(counts, store.goals))
        for store in stores:
            self._use_what_pays(store)
        for store in stores:
            self._empty_overfull(store)
        return self._result()

    def _reach_goals(self, store: Store, goals: Iterable[Goal]) -> None:
        for goal in sorted(goals, key=lambda goal: goal.step):
            self._reach(store, reachable_wh(store, goal.energy_wh), goal.step)

    def _slack_h(self, store: Store) -> float:
        """Return how long a store could wait and still reach its goals."""
        slack = float(self._hours.sum())
        for goal in store.goals:
            until = self._hours[: goal.step + 1]
            most_wh = float((until * self._most[store.id][: goal.step + 1]).sum())
            needed_wh = (goal.energy_wh - store.energy_wh) / store.charge_efficiency
            if most_wh > 0:
                slack = min(slack, float(until.sum()) * (1 - needed_wh / most_wh))
        return slack

    def _stored_wh(self, store: Store, until: int) -> float:
        """Return what a store holds at the end of a step."""
        power, hours = self._power[store.id][: until + 1], self._hours[: until + 1]
        net = power * store.charge_efficiency - store.standby_w * (power > _SMALL_W)
        return store.energy_wh + float((net * hours).sum())

    def _fill(self, store: Store, demand: Series) -> None:
        for step, demand_w in enumerate(demand):
            free_wh = store.max_wh - self._stored_wh(store, self._problem.steps - 1)
            if free_wh > 0:
                fills_w = self._wanted_w(store, step, free_wh)
                room_w = self._limit_w(store, step)
                lacks_w = demand_w - float(self._power[store.id][step])
                self._add(store, step, max(0.0, min(lacks_w, room_w, fills_w)))

    def _reach(self, store: Store, energy_wh: float, last: int) -> None:
        """Charge in the cheapest steps before the end of a step, until a store holds an energy."""
        while (lacks_wh := energy_wh - self._stored_wh(store, last)) > 0.5:
            if not self._add_cheapest(store, lacks_wh, last) and not self._make_room(
                store, lacks_wh, last
            ):
                return

    def _use_what_pays(self, store: Store) -> None:
        """Charge what is worth more in the store than it costs."""
        last = self._problem.steps - 1
        while (free_wh := store.max_wh - self._stored_wh(store, last)) > 0.5:
            if not self._add_cheapest(
                store, free_wh, last, store.end_value * store.charge_efficiency
            ):
                return

    def _add_cheapest(
        self, store: Store, lacks_wh: float, last: int, worth: float = np.inf
    ) -> bool:
        """Add power in the cheapest free step; returns whether there was one."""
        best: tuple[float, int, float] | None = None
        for step in range(last + 1):
            power_w = self._chunk_w(store, step, lacks_wh)
            if power_w <= _SMALL_W:
                continue
            price = self._price(step, power_w, only_sun=not store.from_grid)
            if store.charge_value:
                price -= store.charge_value[step]
            if price < worth and (best is None or (price, step) < best[:2]):
                best = (price, step, power_w)
        if best is None:
            return False
        self._add(store, best[1], best[2])
        return True

    def _chunk_w(self, store: Store, step: int, lacks_wh: float) -> float:
        """Return the power that is added in a step at a time: at one price, and not below the minimum."""
        room_w, least_w = self._limit_w(store, step), self._least_w(store, step)
        if room_w < max(least_w, _SMALL_W):
            return 0.0
        wanted_w = self._wanted_w(store, step, lacks_wh)
        sun_w = float(self._surplus[step])
        if not store.from_grid or sun_w > max(least_w, _SMALL_W):
            room_w = min(room_w, sun_w)
        return max(min(room_w, wanted_w), least_w) if room_w >= least_w else 0.0

    def _wanted_w(self, store: Store, step: int, energy_wh: float) -> float:
        """Return the power that stores an energy in a step, with what the car loses if it starts in it."""
        stored_w = energy_wh / float(self._hours[step])
        if self._power[store.id][step] <= _SMALL_W:
            stored_w += store.standby_w
        return stored_w / store.charge_efficiency

    def _empty_overfull(self, store: Store) -> None:
        """Take back, last step first, what a store would hold beyond full: a minimum power can be more than it still takes.

        In the step in which it becomes full, its mean may be below the minimum, as it stops within the step. The solver
        plans the same.
        """
        last = self._problem.steps - 1
        for step in reversed(range(self._problem.steps)):
            over_wh = self._stored_wh(store, last) - max(store.max_wh, store.energy_wh)
            if over_wh <= _SMALL_WH:
                return
            power_w = float(self._power[store.id][step])
            if power_w > _SMALL_W:
                back_w = over_wh / store.charge_efficiency / float(self._hours[step])
                lowest_w = store.standby_w / store.charge_efficiency
                if power_w - back_w <= max(lowest_w, _SMALL_W):
                    back_w = power_w  # nothing would be stored: the car does not start
                self._add(store, step, -back_w)

    def _limit_w(self, store: Store, step: int) -> float:
        own_w = float(self._most[store.id][step] - self._power[store.id][step])
        return max(0.0, min(own_w, self._room.left_w(store, step)))

    def _least_w(self, store: Store, step: int) -> float:
        """Return the least power that can be added in a step: the minimum of a store that does not charge in it yet."""
        if self._power[store.id][step] > _SMALL_W:
            return 0.0
        return min(store.min_charge_w, float(self._most[store.id][step]))

    def _price(self, step: int, power_w: float, *, only_sun: bool) -> float:
        """Return the price of a kilowatt-hour of this much additional power in a step."""
        problem = self._problem
        sun = min(1.0, float(self._surplus[step]) / power_w)
        if only_sun and sun < 1.0 - 1e-9:
            return np.inf
        grid = problem.import_price[step]
        if problem.carbon_g:
            grid += problem.carbon_g[step] / 1000 * problem.carbon_price
        return sun * problem.export_price[step] + (1 - sun) * grid

    def _add(self, store: Store, step: int, power_w: float) -> None:
        self._power[store.id][step] += power_w
        self._surplus[step] -= power_w  # negative: others would import
        self._room.take(store, step, power_w)

    # Cars that would be late

    def _make_room(self, store: Store, lacks_wh: float, last: int) -> bool:
        """Move others out of a step before the goal; returns whether that freed any power."""
        for step in range(last + 1):
            own_w = float(self._most[store.id][step] - self._power[store.id][step])
            wanted_w = min(
                own_w, lacks_wh / store.charge_efficiency / float(self._hours[step])
            )
            least_w = self._least_w(store, step)
            wanted_w = max(wanted_w, least_w)
            if own_w < max(least_w, _SMALL_W) or wanted_w > own_w + _SMALL_W:
                continue
            if self._vacate(step, wanted_w, store, {store.id}, _DEPTH):
                return True
        return False

    def _vacate(
        self, step: int, wanted_w: float, store: Store, moving: set[str], depth: int
    ) -> bool:
        """Move others until a store has more power in a step, and assign it."""
        for other in self._problem.stores:
            if other.id in moving or not self._shares(store, other, step):
                continue
            if self._move(other, step, wanted_w, moving | {other.id}, depth):
                power_w = min(wanted_w, self._limit_w(store, step))
                if power_w >= max(self._least_w(store, step), _SMALL_W):
                    self._add(store, step, power_w)
                    return True
        return False

    def _shares(self, store: Store, other: Store, step: int) -> bool:
        """Whether another store uses, in a step, a limit that is exhausted for this one."""
        if self._power[other.id][step] <= _SMALL_W:
            return False
        theirs = {row for row, _ in self._room.uses[other.id]}
        return any(
            row in theirs
            and self._room.rows[row][step] / per_w < max(store.min_charge_w, _SMALL_W)
            for row, per_w in self._room.uses[store.id]
        )

    def _move(
        self, other: Store, step: int, wanted_w: float, moving: set[str], depth: int
    ) -> bool:
        """Move power of another store out of a step, to one before its own goal."""
        power_w = float(self._power[other.id][step])
        leaves_w = power_w - wanted_w
        moved_w = wanted_w if leaves_w >= max(other.min_charge_w, _SMALL_W) else power_w
        taken_w = other.taken_w[step] if step < len(other.taken_w) else 0.0
        if taken_w > 0 and power_w - moved_w < taken_w:
            return False
        moved_wh = moved_w * float(self._hours[step])
        last = max((goal.step for goal in other.goals), default=self._problem.steps - 1)
        for target in range(last + 1):
            if target == step:
                continue
            needed_w = moved_wh / float(self._hours[target])
            idle = self._power[other.id][target] <= _SMALL_W
            own_w = float(self._most[other.id][target] - self._power[other.id][target])
            if needed_w > own_w + 1e-6 or (idle and needed_w < other.min_charge_w):
                continue
            if self._limit_w(other, target) < needed_w - 1e-6 and not (
                depth > 1 and self._clear(other, target, needed_w, moving, depth - 1)
            ):
                continue
            before = self._goals_kept(other)
            self._add(other, step, -moved_w)
            self._add(other, target, needed_w)
            if self._goals_kept(other) >= before:
                return True
            self._add(other, target, -needed_w)
            self._add(other, step, moved_w)
        return False

    def _clear(
        self, store: Store, step: int, wanted_w: float, moving: set[str], depth: int
    ) -> bool:
        """Move others until a step has room for a store, without assigning it."""
        for other in self._problem.stores:
            if other.id in moving or not self._shares(store, other, step):
                continue
            self._move(other, step, wanted_w, moving | {other.id}, depth)
            if self._limit_w(store, step) >= wanted_w - 1e-6:
                return True
        return False

    def _goals_kept(self, store: Store) -> int:
        return sum(
            self._stored_wh(store, goal.step)
            >= reachable_wh(store, goal.energy_wh) - 1.0
            for goal in store.goals
        )

    # The plan

    def _result(self) -> Plan:
        problem, none = self._problem, (0.0,) * self._problem.steps
        net = (
            np.array(problem.load_w)
            - np.array(problem.solar_w)
            + sum(self._power.values())
        )
        imported = np.maximum(net, 0.0)
        exported = np.maximum(-net, 0.0)
        most_in = np.array(series(problem.max_import_w, problem.steps))
        most_out = np.array(series(problem.max_export_w, problem.steps))
        return priced(
            problem,
            Plan(
                status=Status.SIMPLE,
                stores=tuple(
                    StorePlan(
                        id=store.id,
                        charge_w=_series(self._power[store.id]),
                        discharge_w=none,
                        energy_wh=tuple(
                            self._stored_wh(store, step)
                            for step in range(problem.steps)
                        ),
                        missing_wh=tuple(
                            max(
                                0.0,
                                reachable_wh(store, goal.energy_wh)
                                - self._stored_wh(store, goal.step),
                            )
                            for goal in store.goals
                        ),
                    )
                    for store in problem.stores
                ),
                import_w=_series(imported),
                export_w=_series(np.minimum(exported, most_out)),
                excess_import_w=_series(np.maximum(imported - most_in, 0.0)),
                excess_export_w=_series(np.maximum(exported - most_out, 0.0)),
            ),
        )


def _series(values: Values) -> tuple[float, ...]:
    return tuple(float(value) for value in values)
