"""The columns and rows of one store: what it takes, returns and holds, its goals and its preferences."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..problem import Problem, Store, Strategy, reachable_wh, series
from ..room import Flags
from .branching import Columns, Values
from .held import Held
from .later_sun import LaterSun, add_parts
from .program import Program, Term
from .store_runs import StoreRuns

# Multiples of the highest price (`Scale.dearest`): what must be avoided costs more than anything that can be bought.
_OUT_OF_BOUNDS = 1_000.0
_MISSING = 100.0  # energy that is missing for a goal or a required power
_IN_ANY_CASE = 5.0  # times that, for what a store takes whatever is planned for others
# Preferences between plans with the same cost, as shares of the highest price of energy. Waiting for all of a plan is worth
# enough to be seen between two quarter hours: the solver takes less than a ten-millionth for nothing.
_ORDER = 1e-4
_WAITING = 1e-3
_SPREAD = 1e-3


def most_kw(store: Store, steps: int) -> Values:
    """Return the most that a store takes in each step."""
    return np.array(series(store.max_charge_w, steps)) / 1000


def most_out_kw(store: Store, steps: int) -> Values:
    """Return the highest power that a store returns in each step."""
    return np.array(series(store.max_discharge_w, steps)) / 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """The highest prices of a kilowatt-hour: what must be avoided, and what is only preferred, is measured by them.

    A kilowatt of a month's peak can cost more than a hundred kilowatt-hours: `dearest` counts it, `energy` does not.
    """

    energy: float
    dearest: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreColumns:
    """The columns of a store."""

    store: Store
    charge: Columns
    discharge: Columns | None
    apart: Columns | None  # whether it charges (1) or discharges (0) in a step
    missing: Columns  # one for each goal
    held: Held
    later_sun: LaterSun | None


class StoreRows:
    """Writes one store into a program."""

    def __init__(
        self,
        problem: Problem,
        program: Program,
        store: Store,
        scale: Scale,
        attainable: Values,
        has_room: Flags,
    ) -> None:
        """Use prices that are multiples of the highest real ones, the power that others leave in each step, and whether its minimum fits."""
        self._problem = problem
        self._program = program
        self._store = store
        self._dearest = scale.dearest
        self._usual = scale.energy
        self._hours = np.array(problem.steps_s) / 3600
        self._most = most_kw(store, problem.steps)
        self._attainable = attainable
        self._has_room = has_room
        exact = problem.steps if problem.exact_steps is None else problem.exact_steps
        self._near = min(exact, problem.steps)
        self._exact = self._near if self._has_minimum else 0

    @cached_property
    def _has_minimum(self) -> bool:
        store = self._store
        return bool(store.min_charge_w or store.standby_w or store.start_cost)

    def write(self) -> StoreColumns:
        """Add all columns and rows; returns the columns."""
        store, program, steps = self._store, self._program, self._problem.steps
        charge = program.columns(
            steps,
            upper=self._most,
            cost=self._order() - self._worth() + self._wear(store.charge_cost),
        )
        discharge, apart = self._add_discharge(charge)
        on = None
        if self._exact:
            on = program.columns(
                self._exact, upper=np.where(self._most[: self._exact] > 0, 1.0, 0.0)
            )
        later_sun = None
        if self._has_minimum and store.strategy is not Strategy.SPREAD:
            later_sun = add_parts(
                self._problem, program, store, charge, self._near, self._attainable
            )
        runs = StoreRuns(
            problem=self._problem,
            program=program,
            store=store,
            hours=self._hours,
            most=self._most,
            attainable=self._attainable,
            has_room=self._has_room,
        )
        stop = None if on is None else runs.add_stop(charge, on)
        losing = [] if on is None else [(on, 1.0)]
        if stop is not None:
            losing.append((stop.part, -1.0))
        held = self._add_energy(charge, discharge, losing, later_sun)
        if stop is not None:
            runs.hold_enough(held, stop)
        self._add_taken(charge)
        full = self._add_demand(charge, held)
        if on is not None:
            runs.add_minimum(charge, on, stop, full)
            runs.add_starts(charge, on)
        if store.strategy is Strategy.SPREAD:
            self._spread(charge)
        self._add_habit(charge)
        return StoreColumns(
            store=store,
            charge=charge,
            discharge=discharge,
            apart=apart,
            missing=self._add_goals(held),
            held=held,
            later_sun=later_sun,
        )

    def _add_discharge(self, charge: Columns) -> tuple[Columns | None, Columns | None]:
        """Add what the store returns, and what keeps that apart from charging; nothing where it returns nothing."""
        store, program, steps = self._store, self._program, self._problem.steps
        out = most_out_kw(store, steps)
        if not np.any(out > 0):
            return None, None
        least = _ORDER / 10 * self._usual * self._hours
        discharge = program.columns(
            steps, upper=out, cost=least + self._wear(store.discharge_cost)
        )
        apart = program.columns(steps, upper=1.0)
        program.rows((charge, 1.0), (apart, -self._most), upper=0.0)
        program.rows((discharge, 1.0), (apart, out), upper=out)
        self._add_least_discharge(discharge, out)
        return discharge, apart

    def _spread(self, charge: Columns) -> None:
        """Let the highest power cost a little, so that the store charges evenly."""
        program, steps = self._program, self._problem.steps
        least = self._store.min_charge_w / 1000
        highest = program.columns(1, lower=least, cost=_SPREAD * self._usual)
        program.rows((charge, 1.0), (np.repeat(highest, steps), -1.0), upper=0.0)

    def _order(self) -> Values:
        """Return the small cost that orders charging at the same price as the store prefers."""
        store = self._store
        ends = np.cumsum(self._hours)
        late = (ends - self._hours) / ends[-1]
        if store.strategy is Strategy.LATE:
            late = 1 - late
        waiting = _WAITING * late
        if store.strategy is Strategy.SPREAD:  # a low power is worth more than an hour
            waiting = _SPREAD / ends[-1] * late
        cost: Values = self._usual * (waiting - _ORDER * store.priority) * self._hours
        return cost

    def _wear(self, price: float | tuple[float, ...]) -> Values:
        return np.array(series(price, self._problem.steps)) * self._hours

    def _worth(self) -> Values:
        """Return the additional value of charging in each step."""
        if not self._store.charge_value:
            return np.zeros(self._problem.steps)
        return np.array(self._store.charge_value) * self._hours

    def _add_energy(
        self,
        charge: Columns,
        discharge: Columns | None,
        losing: list[tuple[Columns, float]],
        later_sun: LaterSun | None,
    ) -> Held:
        """Add what the store holds after each step, and its bounds.

        A store that only charges holds the sum of what went in, and needs no column for it. `losing` are the columns of
        the exact steps that say for which part of a step it loses power: those with 1 less those with -1. In a step without a column
        for whether it charges, it is assumed to charge for a part of the step with all that others leave it. With more
        than that, later steps would lose less than the next ones, and the car would wait for them at each plan anew.
        """
        store, hours, steps = self._store, self._hours, self._problem.steps
        lost = store.standby_w / 1000
        power = self._attainable
        share = np.divide(lost, power, out=np.zeros(steps), where=power > 0)
        # A low power costs more losses, which a store that is to spread accepts.
        spreads = store.strategy is Strategy.SPREAD
        if not spreads:
            share[: self._exact] = 0.0
        if later_sun is not None:
            share[later_sun.steps] = 0.0
        flows = [(charge, np.maximum(store.charge_efficiency - share, 0.0) * hours)]
        if later_sun is not None and lost:
            flows.append((later_sun.part, -lost * hours))
        if lost and not spreads:
            flows.extend(
                (columns, -sign * lost * hours[: self._exact])
                for columns, sign in losing
            )
        if discharge is not None:
            flows.append((discharge, -hours / store.discharge_efficiency))
        if discharge is not None or self._changes_by_itself:
            return self._add_energy_columns(flows)
        held = Held(now=store.energy_wh / 1000, flows=tuple(flows))
        room = max(0.0, store.capacity_wh - store.energy_wh) / 1000
        self._program.row(*held.after(steps - 1), upper=room)
        for columns, factors in flows:
            self._program.add_cost(columns, -store.end_value * factors)
        return held

    @property
    def _changes_by_itself(self) -> bool:
        """Whether a store that only charges may leave its bounds all the same, or starts outside of them."""
        store = self._store
        return bool(
            store.loss_per_hour
            or store.consumed_w
            or isinstance(store.max_wh, tuple)
            or isinstance(store.min_wh, tuple)
            or store.energy_wh < store.min_wh
        )

    def _add_energy_columns(self, flows: list[tuple[Columns, Values]]) -> Held:
        store, program, steps = self._store, self._program, self._problem.steps
        end_value = np.zeros(steps)
        end_value[-1] = -store.end_value
        # Consumption goes on when a store is empty: what it lacks then is below its lowest energy.
        lowest = -np.inf if store.consumed_w else 0.0
        energy = program.columns(steps, lower=lowest, cost=end_value)
        consumed = np.array(store.consumed_w or (0.0,) * steps) / 1000 * self._hours
        kept = (1 - store.loss_per_hour) ** self._hours
        for step in range(steps):
            terms: list[Term] = [
                (columns[step : step + 1], -factors[step : step + 1])
                for columns, factors in flows
                if step < len(columns)
            ]
            before = -consumed[step]
            if step:
                terms.append((energy[step - 1 : step], -kept[step]))
            else:
                before += kept[0] * store.energy_wh / 1000
            program.row(
                (energy[step : step + 1], 1.0), *terms, lower=before, upper=before
            )
        dear = _OUT_OF_BOUNDS * self._dearest
        above = program.columns(steps, cost=dear)
        most = np.array(series(store.max_wh, steps)) / 1000
        program.rows((energy, 1.0), (above, -1.0), upper=most)
        below = program.columns(steps, cost=dear)
        least = np.array(series(store.min_wh, steps)) / 1000
        program.rows((energy, 1.0), (below, 1.0), lower=least)
        return Held(now=0.0, energy=energy)

    def _add_least_discharge(self, discharge: Columns, out: Values) -> None:
        """Require at least the minimum power while the store discharges, in the steps in which minimums are exact."""
        store, program, near = self._store, self._program, self._near
        if not store.min_discharge_w:
            return
        least = np.minimum(store.min_discharge_w / 1000, out[:near])
        gives = program.columns(near, upper=1.0)
        program.whole(gives)
        program.rows((discharge[:near], 1.0), (gives, -out[:near]), upper=0.0)
        program.rows((discharge[:near], 1.0), (gives, -least), lower=0.0)

    def _add_goals(self, held: Held) -> Columns:
        """Require the energy of each goal; what is missing is expensive."""
        store = self._store
        dear = _MISSING * self._dearest
        prices = [
            dear * goal.weight * (_IN_ANY_CASE if goal.in_any_case else 1.0)
            if goal.price is None
            else goal.price
            for goal in store.goals
        ]
        missing = self._program.columns(len(store.goals), cost=np.array(prices))
        for goal, column in zip(store.goals, missing, strict=True):
            self._program.row(
                *held.after(goal.step),
                (np.array([column]), 1.0),
                lower=reachable_wh(store, goal.energy_wh) / 1000 - held.now,
            )
        return missing

    def _add_taken(self, charge: Columns) -> None:
        """Charge in a step at least what the store takes whatever is planned for others."""
        program = self._program
        taken = np.minimum(
            np.array(self._store.taken_w) / 1000, self._most[: len(self._store.taken_w)]
        )
        steps = np.flatnonzero(taken > 0)
        if not len(steps):
            return
        dear = _IN_ANY_CASE * _MISSING * self._dearest
        lacks = program.columns(len(steps), cost=dear * self._hours[steps])
        program.rows((charge[steps], 1.0), (lacks, 1.0), lower=taken[steps])

    def _add_demand(self, charge: Columns, held: Held) -> dict[int, int]:
        """Charge the required power in a step, sooner rather than later, until the store holds enough.

        Returns the column of each step with a required power that says whether it does at its end.
        """
        program, store = self._program, self._store
        if not store.demand_w:
            return {}
        demand = np.minimum(np.array(store.demand_w) / 1000, self._most)
        steps = np.flatnonzero(demand > 0)
        enough_wh = store.capacity_wh
        if store.demand_until_wh is not None:
            enough_wh = min(enough_wh, store.demand_until_wh)
        full = program.columns(len(steps), upper=1.0)
        program.whole(full)
        # Where consumption goes on when it is empty, it holds less than nothing, but no less than this.
        consumed = np.maximum(np.array(store.consumed_w or (0.0,)), 0.0)
        debt = float((consumed * self._hours).sum()) / 1000
        for step, column in zip(steps, full, strict=True):
            program.row(
                *held.after(int(step)),
                (np.array([column]), -enough_wh / 1000 - debt),
                lower=-held.now - debt,
            )
        urgency = 2 - steps / self._problem.steps
        lacks = program.columns(
            len(steps), cost=_MISSING * self._dearest * self._hours[steps] * urgency
        )
        program.rows(
            (charge[steps], 1.0),
            (lacks, 1.0),
            (full, demand[steps]),
            lower=demand[steps],
        )
        return {
            int(step): int(column) for step, column in zip(steps, full, strict=True)
        }

    def _add_habit(self, charge: Columns) -> None:
        """Keep what was planned before unless a different plan is clearly better."""
        program, store = self._program, self._store
        if not (store.planned_w and store.change_cost):
            return
        planned = np.array(store.planned_w) / 1000
        charge, hours = charge[: len(planned)], self._hours[: len(planned)]
        change = program.columns(len(charge), cost=store.change_cost * hours)
        program.rows((change, 1.0), (charge, -1.0), lower=-planned)
        program.rows((change, 1.0), (charge, 1.0), lower=planned)
