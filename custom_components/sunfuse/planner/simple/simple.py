"""A plan without a solver: each car takes the cheapest steps that are free, and other cars move if one would be late.

It respects every limit, and treats departures as carefully as the linear program: for a car that finds no free step before
its goal, others are moved to later or more expensive steps (an augmenting path), and only what is still impossible is
missing. Rarely, a few watt-hours are that would be possible: a car for which others are moved does not move itself.

It does not use home batteries, and it pays more than the linear program if prices would have to be weighed
against each other: the price of a peak only decides between steps, and where the grid is cheaper than the sun a goal may be
reached in a step that is dearer in the end.
"""

from collections.abc import Iterable
import math

import numpy as np

from ..problem import (
    Goal,
    Plan,
    Problem,
    Series,
    Store,
    needed_wh,
    reachable_wh,
    series,
)
from ..room import Values
from .charged_stores import SMALL_W
from .goal_order import goals_in_order, with_bounds
from .simple_draft import SMALL_WH, Draft
from .simple_exchange import Exchange
from .simple_moves import Moves
from .simple_plan import simple_plan


class SimplePlanner:
    """Plans one store after the other."""

    def __init__(self, problem: Problem, *, share: float = 0.0) -> None:
        """Start with nothing planned; this share of what all need comes before the rest."""
        self._problem = problem
        self._share = share
        self._draft = Draft.of(problem)
        self._moves = Moves(self._draft)
        grams = np.array(problem.carbon_g or (0.0,) * problem.steps)
        self._import_price = (
            np.array(problem.import_price) + grams / 1000 * problem.carbon_price
        )
        self._export_price = np.array(problem.export_price)
        self._most_out = np.array(series(problem.max_export_w, problem.steps))
        if problem.curtails:
            self._most_out[self._export_price < 0] = 0.0
            self._export_price = np.maximum(self._export_price, 0.0)

    def plan(self) -> Plan:
        """Return a plan that respects all limits and misses hardly more than what is impossible."""
        stores = sorted(self._problem.stores, key=self._slack_h)
        for store in stores:
            self._fill(store, store.taken_w, store.capacity_wh)
        for store in stores:
            enough_wh = store.demand_until_wh
            self._fill(
                store,
                store.demand_w,
                min(math.inf if enough_wh is None else enough_wh, store.capacity_wh),
            )
        for counts, share in goals_in_order(self._share):
            for store in stores:
                bounded = with_bounds(store, self._problem.steps)
                self._reach_goals(store, filter(counts, bounded.goals), share)
        for store in stores:
            self._use_what_pays(store)
        for store in stores:
            self._empty_overfull(store)
        for store in stores:
            self._exchange(store)
        for store in stores:
            if not store.from_grid:
                self._keep_off_the_grid(store)
        return simple_plan(
            self._problem, self._draft.held, self._draft.net, most_out_w=self._most_out
        )

    def _reach_goals(self, store: Store, goals: Iterable[Goal], share: float) -> None:
        for goal in sorted(goals, key=lambda goal: goal.step):
            worth = math.inf
            if goal.price is not None:
                worth = goal.price * store.charge_efficiency
            energy_wh = reachable_wh(store, goal.energy_wh)
            energy_wh -= (1 - share) * needed_wh(store, goal)
            self._reach(store, energy_wh, goal.step, worth)

    def _slack_h(self, store: Store) -> float:
        """Return how long a store could wait and still reach its goals."""
        slack = float(self._draft.hours.sum())
        for goal in store.goals:
            until = self._draft.hours[: goal.step + 1]
            most_wh = float((until * self._draft.most[store.id][: goal.step + 1]).sum())
            needed_wh = (goal.energy_wh - store.energy_wh) / store.charge_efficiency
            if most_wh > 0:
                slack = min(slack, float(until.sum()) * (1 - needed_wh / most_wh))
        return slack

    def _fill(self, store: Store, demand: Series, enough_wh: float) -> None:
        for step, demand_w in enumerate(demand):
            free_wh = enough_wh - self._draft.held.stored_wh(
                store, self._problem.steps - 1
            )
            if free_wh > 0:
                fills_w = float(self._draft.held.wanted_w(store, free_wh)[step])
                room_w = min(
                    self._draft.limit_w(store, step),
                    self._draft.held.free_w(store)[step],
                )
                lacks_w = demand_w - float(self._draft.power[store.id][step])
                self._draft.add(store, step, max(0.0, min(lacks_w, room_w, fills_w)))

    def _reach(
        self, store: Store, energy_wh: float, last: int, worth: float = math.inf
    ) -> None:
        """Charge in the cheapest steps before the end of a step, until a store holds an energy or it is not worth it."""
        while (
            lacks_wh := energy_wh - self._draft.held.stored_wh(store, last)
        ) > SMALL_WH:
            if self._add_cheapest(store, lacks_wh, last, worth):
                continue
            if worth < math.inf or not self._moves.make_room(store, lacks_wh, last):
                return

    def _use_what_pays(self, store: Store) -> None:
        """Charge what is worth more in the store than it costs."""
        last = self._problem.steps - 1
        most_wh = series(store.max_wh, last + 1)[last]
        while (free_wh := most_wh - self._draft.held.stored_wh(store, last)) > SMALL_WH:
            worth = store.end_value * store.charge_efficiency
            if not self._add_cheapest(store, free_wh, last, worth):
                return

    def _add_cheapest(
        self, store: Store, lacks_wh: float, last: int, worth: float = np.inf
    ) -> bool:
        """Add power in the cheapest free step; returns whether there was one."""
        power_w = self._chunks_w(store, lacks_wh)[: last + 1]
        price = self._prices(power_w, only_sun=not store.from_grid)
        if store.charge_value:
            price -= np.array(store.charge_value)[: last + 1]
        price += np.array(series(store.charge_cost, self._problem.steps))[: last + 1]
        price += self._change_cost(store)[: last + 1]
        if store.loss_per_hour:  # what is stored sooner is less by then
            passed_h = (
                self._draft.hours[: last + 1][::-1].cumsum()[::-1]
                - self._draft.hours[: last + 1]
            )
            price /= (1 - store.loss_per_hour) ** passed_h
        price[power_w <= SMALL_W] = np.inf
        step = int(np.argmin(price))
        if not price[step] < worth:
            return False
        self._draft.add(store, step, float(power_w[step]))
        return True

    def _exchange(self, store: Store) -> None:
        """Move power to other steps while that is cheaper, for a store whose steps differ by their price alone."""
        if (
            self._problem.peaks
            or not store.from_grid
            or (store.standby_w or store.loss_per_hour or store.consumed_w)
            or (store.charge_value or store.planned_w)
            or isinstance(store.max_wh, tuple)
        ):
            return
        steps, power = self._problem.steps, self._draft.power[store.id]
        least = np.zeros(steps)
        for needs in (store.taken_w, store.demand_w):
            least[: len(needs)] = np.maximum(least[: len(needs)], needs[:steps])
        wear = np.array(series(store.charge_cost, steps))
        for _ in range(2 * steps):
            room = np.minimum(
                self._draft.most[store.id] - power, self._draft.room.left_all_w(store)
            )
            move = Exchange(
                hours=self._draft.hours,
                import_price=self._import_price + wear,
                export_price=self._export_price + wear,
                most_out_w=self._most_out,
                net_w=self._draft.net,
                power_w=power,
                least_w=np.minimum(least, power),
                room_w=np.maximum(room, 0.0),
            ).best(store, self._slack_wh(store))
            if move is None:
                return
            self._draft.add(
                store, move.source, -move.energy_wh / self._draft.hours[move.source]
            )
            self._draft.add(
                store, move.target, move.energy_wh / self._draft.hours[move.target]
            )

    def _slack_wh(self, store: Store) -> Values:
        """Return what a store may lack at the end of each step without missing a goal, or more of it."""
        slack = np.full(self._problem.steps, np.inf)
        held = self._draft.held.energy_wh(store)
        for goal in store.goals:
            over_wh = held[goal.step] - reachable_wh(store, goal.energy_wh)
            slack[goal.step] = min(slack[goal.step], max(0.0, float(over_wh)))
        return slack

    def _change_cost(self, store: Store) -> Values:
        """Return what a kilowatt-hour more costs for being, or saves for not being, another plan than before."""
        cost = np.zeros(self._problem.steps)
        if store.planned_w and store.change_cost:
            planned = np.array(store.planned_w)[: self._problem.steps]
            fits = self._draft.power[store.id][: len(planned)] < planned - SMALL_W
            cost[: len(planned)] = np.where(fits, -store.change_cost, store.change_cost)
        return cost

    def _chunks_w(self, store: Store, lacks_wh: float) -> Values:
        """Return the power that is added in each step at a time: at one price, and not below the minimum."""
        power, most = self._draft.power[store.id], self._draft.most[store.id]
        idle = power <= SMALL_W
        room = np.minimum(most - power, self._draft.room.left_all_w(store))
        room = np.maximum(np.minimum(room, self._draft.held.free_w(store)), 0.0)
        least = np.where(idle, np.minimum(store.min_charge_w, most), 0.0)
        enough = np.maximum(least, SMALL_W)
        fits = room >= enough
        wanted = self._draft.held.wanted_w(store, lacks_wh)
        sun = np.maximum(-self._draft.net, 0.0)
        # Where the grid is cheaper than sun, what is beyond the sun may pay although the sun does not.
        first = (sun > enough) & (self._export_price <= self._import_price)
        room = np.where(first | (not store.from_grid), np.minimum(room, sun), room)
        chunks = np.maximum(np.minimum(room, wanted), least)
        return np.where(fits & (room >= least), chunks, 0.0)

    def _prices(self, power_w: Values, *, only_sun: bool) -> Values:
        """Return the price of a kilowatt-hour of this much additional power in each of the first steps."""
        count = len(power_w)
        power_w = np.maximum(power_w, SMALL_W)
        sun = np.clip(-self._draft.net[:count] / power_w, 0.0, 1.0)
        price = (
            sun * self._export_price[:count] + (1 - sun) * self._import_price[:count]
        )
        kwh = power_w / 1000 * self._draft.hours[:count]
        price += self._peak_cost(power_w) / kwh
        return np.where(only_sun & (sun < 1.0 - 1e-9), np.inf, price)

    def _peak_cost(self, power_w: Values) -> Values:
        """Return what additional power in a step costs above the levels and the steps that are as high already.

        A step stands for its window: more in one and less in another step of an hour is not weighed.
        """
        cost = np.zeros(len(power_w))
        for peak in self._problem.peaks:
            if peak.of_export:
                continue
            counts = np.array(peak.windows) >= 0
            reached_w = np.max(self._draft.net, initial=peak.level_w, where=counts)
            drawn_w = self._draft.net[: len(power_w)] + power_w
            for level_w, more in peak.levels:
                above_w = np.maximum(drawn_w - max(reached_w, level_w), 0.0)
                above_w[~counts[: len(power_w)]] = 0.0
                cost += more * above_w / 1000
        return cost

    def _empty_overfull(self, store: Store) -> None:
        """Take back, last step first, what a store would hold beyond full: a minimum power can be more than it still takes.

        In the step in which it becomes full, its mean may be below the minimum, as it stops within the step. The solver
        plans that of stores that stop by themselves.
        """
        last = self._problem.steps - 1
        for step in reversed(np.flatnonzero(self._draft.power[store.id] > SMALL_W)):
            most_wh = max(store.capacity_wh, store.energy_wh)
            over_wh = self._draft.held.stored_wh(store, last) - most_wh
            if over_wh <= SMALL_WH:
                return
            power_w = float(self._draft.power[store.id][step])
            back_w = over_wh / store.charge_efficiency / float(self._draft.hours[step])
            lowest_w = store.standby_w / store.charge_efficiency
            if power_w - back_w <= max(lowest_w, SMALL_W):
                back_w = power_w  # nothing would be stored: the car does not start
            self._draft.add(store, int(step), -back_w)

    def _keep_off_the_grid(self, store: Store) -> None:
        """Take back what a store would import, as others had more of its sun after it was planned."""
        power = self._draft.power[store.id]
        for step in np.flatnonzero((power > 0) & (self._draft.net > 0)):
            stays_w = float(power[step] - self._draft.net[step])
            if stays_w < max(store.min_charge_w, SMALL_W):
                stays_w = 0.0
            self._draft.add(store, int(step), stays_w - float(power[step]))
