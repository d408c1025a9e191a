"""From a problem to a linear program, and from its solution to a plan.

Inside, powers are kilowatts and energies kilowatt-hours: numbers near one keep the solver exact. What is dearer than
anything (a fuse, an unmet goal, an energy out of bounds) has a price that is a multiple of the dearest real price, so
that every problem has a plan, and the plan says what is missing.
"""

from dataclasses import dataclass

import numpy as np

from .model import (
    Circuit,
    Peak,
    Plan,
    Problem,
    Status,
    Store,
    StorePlan,
    Strategy,
    limits,
    series,
)
from .pricing import priced
from .program import Columns, Program, Solution, Term, Values

# Multiples of the dearest real price per kilowatt-hour. The order is that of importance.
_EXCESS = 10_000.0  # above the limit of the grid connection
_OUT_OF_BOUNDS = 1_000.0
_MISSING = 100.0  # energy that a goal or a demand lacks
_UNFAIR = 30.0  # the largest share that one store lacks
_CURTAILED = (
    0.001  # export above its limit: it is lost, which costs nothing but its price
)
# Preferences between plans that cost the same, as shares of the dearest price.
_ORDER = 1e-4
_SPREAD = 1e-3
_LOWEST_PRICE = 0.01  # per kilowatt-hour: a multiple of nothing would be nothing
_SMALL = 1e-6  # kilowatts that count as none


@dataclass(frozen=True, slots=True, kw_only=True)
class _Held:
    """What a store holds: a column for each step, or what it holds now and the sum of what flows in."""

    now: float
    flows: tuple[tuple[Columns, Values], ...] = ()
    energy: Columns | None = None

    def after(self, step: int) -> tuple[Term, ...]:
        """Return the terms of what is held at the end of a step, beside `now`."""
        if self.energy is not None:
            return ((self.energy[step : step + 1], 1.0),)
        return tuple(
            (columns[: step + 1], factors[: step + 1])
            for columns, factors in self.flows
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _StoreColumns:
    store: Store
    charge: Columns
    discharge: Columns | None
    apart: Columns | None  # whether it charges (1) or discharges (0) in a step
    missing: Columns  # one for each goal
    held: _Held


class Formulation:
    """The linear program of a problem."""

    def __init__(self, problem: Problem) -> None:
        """Write down all columns and rows."""
        self._problem = problem
        self._program = Program()
        self._hours = np.array(problem.steps_s) / 3600
        self._dearest = _dearest(problem)
        self._import = self._grid_columns(problem.import_price, +1)
        self._export = self._grid_columns(problem.export_price, -1)
        self._excess_import = self._excess(problem.max_import_w, _EXCESS)
        self._excess_export = self._excess(problem.max_export_w, _CURTAILED)
        # 1: the step exports or is balanced, 0: it imports.
        self._exports = self._program.columns(problem.steps, upper=1.0)
        self._stores = [self._add_store(store) for store in problem.stores]
        self._share_fairly()
        self._balance()
        self._one_direction()
        for circuit in problem.circuits:
            self._limit_circuit(circuit)
        self._peaks = [self._add_peak(number) for number in range(len(problem.peaks))]

    def solve(self) -> Plan:
        """Return the best plan that is found in time.

        Import beside export, and charging beside discharging, are hardly ever cheap: only the steps in which they turn
        out to be get a column that forbids it, and the program is solved once more.

        Raises:
            Unsolved: the time was too short for any.

        """
        left_s = self._problem.time_limit_s
        gap = self._problem.gap_kwh * self._dearest
        solution = self._program.solve(left_s, gap)
        best = solution.optimal
        while self._forbid(solution):
            left_s -= solution.seconds
            solution = self._program.solve(left_s, gap)
            best = solution.optimal
        return self._plan(solution, Status.OPTIMAL if best else Status.TIME_LIMIT)

    # The grid

    def _grid_columns(self, price: tuple[float, ...], sign: int) -> Columns:
        problem = self._problem
        cost = sign * np.array(price)
        if sign > 0 and problem.carbon_g:
            cost = cost + np.array(problem.carbon_g) / 1000 * problem.carbon_price
        limit = problem.max_import_w if sign > 0 else problem.max_export_w
        return self._program.columns(
            problem.steps,
            upper=np.array(series(limit, problem.steps)) / 1000,
            cost=cost * self._hours,
        )

    def _excess(self, limit: float | tuple[float, ...], price: float) -> Columns | None:
        if np.all(np.isinf(limit)):
            return None
        energy_price = np.zeros(self._problem.steps)
        if price == _EXCESS:  # what is imported above the limit has its price besides
            energy_price = np.array(self._problem.import_price)
        return self._program.columns(
            self._problem.steps,
            cost=(price * self._dearest + energy_price) * self._hours,
        )

    def _balance(self) -> None:
        """Solar power, import and discharge are load, export and charge."""
        ones = 1.0
        terms = [(self._import, ones), (self._export, -ones)]
        if self._excess_import is not None:
            terms.append((self._excess_import, ones))
        if self._excess_export is not None:
            terms.append((self._excess_export, -ones))
        for store in self._stores:
            terms.append((store.charge, -ones))
            if store.discharge is not None:
                terms.append((store.discharge, ones))
        net = (np.array(self._problem.load_w) - np.array(self._problem.solar_w)) / 1000
        self._program.rows(*terms, lower=net, upper=net)

    def _one_direction(self) -> None:
        """Import and export exclude each other, as far as `_exports` is a whole number."""
        problem, program = self._problem, self._program
        charge = sum(self._most(s, "max_charge_w") for s in problem.stores)
        discharge = sum(self._most(s, "max_discharge_w") for s in problem.stores)
        imported = np.array(problem.load_w) / 1000 + charge
        exported = np.array(problem.solar_w) / 1000 + discharge
        program.rows((self._import, 1.0), (self._exports, imported), upper=imported)
        program.rows((self._export, 1.0), (self._exports, -exported), upper=0.0)
        if self._excess_export is not None:
            program.rows(
                (self._excess_export, 1.0), (self._exports, -exported), upper=0.0
            )
        for columns in self._stores:
            store = columns.store
            if not store.from_grid:
                most = self._most(store, "max_charge_w")
                program.rows((columns.charge, 1.0), (self._exports, -most), upper=0.0)
            if columns.discharge is not None and not store.to_grid:
                most = self._most(store, "max_discharge_w")
                program.rows(
                    (columns.discharge, 1.0), (self._exports, most), upper=most
                )

    def _most(self, store: Store, field: str) -> Values:
        return np.array(series(getattr(store, field), self._problem.steps)) / 1000

    def _forbid(self, solution: Solution) -> bool:
        """Forbid what this solution does in both directions at once; returns whether it did."""
        values = solution.values
        imports = values[self._import] > _SMALL
        exports = values[self._export] > _SMALL
        both = imports & exports
        again = False
        for columns in self._stores:
            store = columns.store
            charges = values[columns.charge] > _SMALL
            if not store.from_grid:
                both |= charges & imports
            if columns.discharge is None or columns.apart is None:
                continue
            discharges = values[columns.discharge] > _SMALL
            if not store.to_grid:
                both |= discharges & exports
            again |= self._program.whole(columns.apart[charges & discharges])
        return self._program.whole(self._exports[both]) or again

    # Stores

    def _add_store(self, store: Store) -> _StoreColumns:
        problem, program, steps = self._problem, self._program, self._problem.steps
        most = self._most(store, "max_charge_w")
        out = self._most(store, "max_discharge_w")
        charge = program.columns(steps, upper=most, cost=self._order(store))
        discharge = apart = None
        if np.any(out > 0):
            discharge = program.columns(
                steps, upper=out, cost=_ORDER / 10 * self._dearest * self._hours
            )
            apart = program.columns(steps, upper=1.0)
            program.rows((charge, 1.0), (apart, -most), upper=0.0)
            program.rows((discharge, 1.0), (apart, out), upper=out)
        # In which steps the store charges at all is a column of its own where that is to be exact.
        on = None
        if store.min_charge_w or store.standby_w or store.start_cost:
            exact = steps if problem.exact_steps is None else problem.exact_steps
            on = program.columns(min(exact, steps), upper=(most > 0)[:exact] * 1.0)
        held = self._add_energy(store, charge, discharge, on, most)
        demand = np.minimum(np.array(store.demand_w or (0.0,) * steps) / 1000, most)
        full = self._add_demand(store, charge, held, demand)
        if on is not None:
            self._add_on(store, charge, on, full)
        if store.strategy is Strategy.SPREAD:
            peak = program.columns(1, cost=_SPREAD * self._dearest)
            program.rows((charge, 1.0), (np.repeat(peak, steps), -1.0), upper=0.0)
        if store.planned_w and store.change_cost:
            self._add_habit(store, charge)
        return _StoreColumns(
            store=store,
            charge=charge,
            discharge=discharge,
            apart=apart,
            missing=self._add_goals(store, held),
            held=held,
        )

    def _order(self, store: Store) -> Values:
        """Return the small cost that puts charging of the same price in the order that the store wants."""
        steps = self._problem.steps
        place = np.arange(steps) / steps
        if store.strategy is Strategy.LATE:
            place = 1 - place
        favour = place - store.priority
        return _ORDER * self._dearest * self._hours * favour

    def _add_energy(
        self,
        store: Store,
        charge: Columns,
        discharge: Columns | None,
        on: Columns | None,
        most: Values,
    ) -> _Held:
        """Add what a store holds after each step, and its bounds.

        A store that only charges holds the sum of what went in, and needs no column for it. In a step without a column
        that tells whether it charges, it is taken to charge with its highest power, for a part of the step.
        """
        hours, program = self._hours, self._program
        steps, exact = len(hours), 0 if on is None else len(on)
        standby = store.standby_w / 1000
        share = np.divide(standby, most, out=np.zeros(steps), where=most > 0)
        share[:exact] = 0.0
        flows = [(charge, np.maximum(store.charge_efficiency - share, 0.0) * hours)]
        if on is not None and standby:
            flows.append((on, -standby * hours[:exact]))
        if discharge is not None:
            flows.append((discharge, -hours / store.discharge_efficiency))
        now, most_kwh = store.energy_wh / 1000, store.max_wh / 1000
        if discharge is None and store.energy_wh >= store.min_wh:
            held = _Held(now=now, flows=tuple(flows))
            program.row(*held.after(steps - 1), upper=max(most_kwh, now) - now)
            for columns, factors in flows:
                program.add_cost(columns, -store.end_value * factors)
            return held
        end_value = np.zeros(steps)
        end_value[-1] = -store.end_value
        energy = program.columns(steps, cost=end_value)
        for step in range(steps):
            terms = [
                (columns[step : step + 1], -factors[step : step + 1])
                for columns, factors in flows
                if step < len(columns)
            ]
            before = now if step == 0 else 0.0
            if step:
                terms.append((energy[step - 1 : step], np.array([-1.0])))
            program.row(
                (energy[step : step + 1], 1.0), *terms, lower=before, upper=before
            )
        dear = _OUT_OF_BOUNDS * self._dearest
        above = program.columns(steps, cost=dear)
        program.rows((energy, 1.0), (above, -1.0), upper=most_kwh)
        below = program.columns(steps, cost=dear)
        program.rows((energy, 1.0), (below, 1.0), lower=store.min_wh / 1000)
        return _Held(now=0.0, energy=energy)

    def _add_on(
        self, store: Store, charge: Columns, on: Columns, full: dict[int, int]
    ) -> None:
        """A store charges with its minimum at least, or not at all.

        In a step in which it becomes full, it need not reach the minimum on average.
        """
        program = self._program
        most = self._most(store, "max_charge_w")
        least = np.minimum(store.min_charge_w / 1000, most)
        program.rows((charge[: len(on)], 1.0), (on, -most[: len(on)]), upper=0.0)
        for step in range(len(on)):
            terms = [
                (charge[step : step + 1], 1.0),
                (on[step : step + 1], -least[step]),
            ]
            if step in full:
                terms.append((np.array([full[step]]), least[step]))
            program.row(*terms, lower=0.0)
        program.whole(on[most[: len(on)] > 0])
        if store.start_cost and len(on):
            start = program.columns(len(on), cost=store.start_cost)
            going = float(store.charging)
            program.row((start[:1], 1.0), (on[:1], -1.0), lower=-going)
            if len(on) > 1:
                program.rows(
                    (start[1:], 1.0), (on[1:], -1.0), (on[:-1], 1.0), lower=0.0
                )

    def _add_goals(self, store: Store, held: _Held) -> Columns:
        missing = self._program.columns(len(store.goals), cost=_MISSING * self._dearest)
        for goal, column in zip(store.goals, missing, strict=True):
            wanted = min(goal.energy_wh, max(store.max_wh, store.energy_wh)) / 1000
            self._program.row(
                *held.after(goal.step),
                (np.array([column]), 1.0),
                lower=wanted - held.now,
            )
        return missing

    def _add_demand(
        self, store: Store, charge: Columns, held: _Held, demand: Values
    ) -> dict[int, int]:
        """What is demanded in a step is charged, sooner rather than later, until the store is full.

        Returns for each step with a demand the column that tells whether the store is full at its end.
        """
        program = self._program
        steps = np.flatnonzero(demand > 0)
        if not len(steps):
            return {}
        full = program.columns(len(steps), upper=1.0)
        program.whole(full)
        for step, column in zip(steps, full, strict=True):
            terms = (*held.after(int(step)), (np.array([column]), -store.max_wh / 1000))
            program.row(*terms, lower=-held.now)
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

    def _add_habit(self, store: Store, charge: Columns) -> None:
        """What was planned before stays unless another plan is worth it."""
        program, planned = self._program, np.array(store.planned_w) / 1000
        change = program.columns(len(charge), cost=store.change_cost * self._hours)
        program.rows((change, 1.0), (charge, -1.0), lower=-planned)
        program.rows((change, 1.0), (charge, 1.0), lower=planned)

    def _share_fairly(self) -> None:
        """What cannot be had is missing in the same share from all who need something."""
        program = self._program
        needs = [
            (column, max(goal.energy_wh - columns.store.energy_wh, 0.0) / 1000)
            for columns in self._stores
            for goal, column in zip(columns.store.goals, columns.missing, strict=True)
        ]
        needs = [(column, need) for column, need in needs if need > _SMALL]
        if len(needs) < 2:
            return
        least = min(need for _, need in needs)
        worst = program.columns(1, cost=_UNFAIR * self._dearest * least)
        for column, need in needs:
            program.row((np.array([column]), 1.0), (worst, -need), upper=0.0)

    # Limits

    def _limit_circuit(self, circuit: Circuit) -> None:
        """On each phase, what the stores below a circuit take fits beside what else flows there."""
        problem = self._problem
        below = _below(problem, circuit.id)
        limit = np.array(limits(circuit, problem.steps))
        if circuit.load_a:
            limit = np.minimum(limit, limit - np.array(circuit.load_a))
        limit = np.maximum(limit, 0.0)
        for phase in range(problem.phases):
            terms = []
            for columns in self._stores:
                phases = columns.store.phases or tuple(range(problem.phases))
                if columns.store.circuit in below and phase in phases:
                    amperes_per_kw = 1000 / (problem.voltage_v * len(phases))
                    terms.append((columns.charge, amperes_per_kw))
            if terms and np.any(np.isfinite(limit[:, phase])):
                self._program.rows(*terms, upper=limit[:, phase])

    def _add_peak(self, number: int) -> Columns:
        """The mean import of each window is at most the peak; what is above the level is paid."""
        peak, program = self._problem.peaks[number], self._program
        paid = program.columns(1, cost=peak.price_per_kw)
        windows = np.array(peak.windows)
        counted = [int(window) for window in dict.fromkeys(peak.windows) if window >= 0]
        for window in counted:
            steps = np.flatnonzero(windows == window)
            hours, used = self._hours[steps].sum(), 0.0
            if window == counted[0] and steps[0] == 0:
                hours, used = hours + peak.used_s / 3600, peak.used_wh / 1000
            terms = [(self._import[steps], self._hours[steps] / hours), (paid, -1.0)]
            if self._excess_import is not None:
                terms.append((self._excess_import[steps], self._hours[steps] / hours))
            program.row(*terms, upper=peak.level_w / 1000 - used / hours)
        return paid

    # The plan

    def _plan(self, solution: Solution, status: Status) -> Plan:
        values, none = solution.values, (0.0,) * self._problem.steps

        def watts(columns: Columns | None) -> tuple[float, ...]:
            if columns is None:
                return none
            return tuple(
                round(max(float(value), 0.0) * 1000, 3) for value in values[columns]
            )

        excess_import = watts(self._excess_import)
        imported = zip(watts(self._import), excess_import, strict=True)
        return priced(
            self._problem,
            Plan(
                status=status,
                stores=tuple(
                    StorePlan(
                        id=columns.store.id,
                        charge_w=watts(columns.charge),
                        discharge_w=watts(columns.discharge),
                        energy_wh=self._energy_wh(columns, values),
                        missing_wh=watts(columns.missing),
                    )
                    for columns in self._stores
                ),
                import_w=tuple(within + beyond for within, beyond in imported),
                export_w=watts(self._export),
                excess_import_w=excess_import,
                excess_export_w=watts(self._excess_export),
            ),
        )

    def _energy_wh(self, columns: _StoreColumns, values: Values) -> tuple[float, ...]:
        held, kwh = columns.held, np.zeros(self._problem.steps)
        if held.energy is not None:
            kwh = values[held.energy]
        for flow, factors in held.flows:
            kwh[: len(flow)] += values[flow] * factors
        if held.flows:
            kwh = held.now + np.cumsum(kwh)
        return tuple(round(float(value) * 1000, 3) for value in kwh)


def _below(problem: Problem, circuit: str) -> set[str]:
    """Return a circuit and all that hang from it."""
    found, more = {circuit}, True
    while more:
        new = {each.id for each in problem.circuits if each.parent in found} - found
        found |= new
        more = bool(new)
    return found


def _dearest(problem: Problem) -> float:
    """Return the most that a kilowatt-hour can be worth, by which the prices of what must not happen are set."""
    return max(
        _LOWEST_PRICE,
        *map(abs, problem.import_price),
        *map(abs, problem.export_price),
        *(store.end_value for store in problem.stores),
        *(peak.price_per_kw / _shortest_h(problem, peak) for peak in problem.peaks),
        *(g / 1000 * problem.carbon_price for g in problem.carbon_g),
    )


def _shortest_h(problem: Problem, peak: Peak) -> float:
    """Return the length of the shortest window of a peak: a kilowatt-hour in it costs most."""
    lengths: dict[int, float] = {}
    for window, length_s in zip(peak.windows, problem.steps_s, strict=True):
        lengths[window] = (
            lengths.get(window, peak.used_s if not lengths else 0.0) + length_s
        )
    return min(lengths.values()) / 3600
