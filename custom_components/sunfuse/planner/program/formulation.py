"""From a problem to a linear program, and from its solution to a plan.

Internally, powers are kilowatts and energies kilowatt-hours: numbers near one keep the solver exact. What must be avoided
at any cost (overloading a fuse, missing a goal, an energy out of bounds) has a price that is a multiple of the highest
real price, so that every problem has a plan, and the plan shows what is missing.
"""

from collections.abc import Callable

import numpy as np

from ..plan_cost import priced
from ..problem import (
    Circuit,
    Peak,
    Plan,
    Problem,
    Status,
    Store,
    StorePlan,
    below,
    limits,
    needed_wh,
    series,
)
from ..room import Flags, attainable_kw, has_room, room_of
from .branching import Columns, Solution, Unsolved, Values
from .grid_columns import GridColumns
from .later_sun import pay_beyond_sun
from .one_direction import Directions
from .peak_rows import PeakRows
from .program import Program, Term
from .stores import Scale, StoreColumns, StoreRows

# The price of the largest share that one store lacks, as a multiple of the highest one (`Scale.dearest`).
_UNFAIR = 30.0
_LOWEST_PRICE = 0.01  # per kilowatt-hour: a multiple of zero would be zero
# Without a solution in time, the simple planner takes over. It takes about as long as building the program, of which
# nobody knows how long it takes before it is built: building stops when a quarter of the limit is used.
_SIMPLE = 1.5
_WHILE_BUILDING = 3.0
_SMALL = 1e-6  # kilowatts that count as zero


class Formulation:
    """The linear program of a problem."""

    def __init__(
        self, problem: Problem, clock: Callable[[], float] | None = None
    ) -> None:
        """Create all columns and rows; by a clock, the time limit begins here, else with the search.

        Raises:
            Unsolved: building alone takes so long that the limit cannot be kept.

        """
        self._clock = clock
        self._began_s = clock() if clock else 0.0
        self._built_s: float | None = None
        self._searched_s = 0.0
        self._problem = problem
        self._program = Program()
        self._scale = _scale(problem)
        self._grid = GridColumns.add(problem, self._program, self._scale)
        attainable = attainable_kw(problem)
        fits = has_room(
            problem, {store.id: store.min_charge_w for store in problem.stores}
        )
        self._stores = [
            self._add_store(store, attainable[store.id], fits[store.id])
            for store in problem.stores
        ]
        self._share_fairly()
        self._balance()
        given = [each.discharge for each in self._stores if each.discharge is not None]
        pay_beyond_sun(
            problem,
            self._program,
            [each.later_sun for each in self._stores if each.later_sun is not None],
            (self._grid.imported, *given),
            self._grid.dearer,
        )
        self._directions = Directions(
            problem=problem,
            program=self._program,
            stores=tuple(self._stores),
            imported=self._grid.imported,
            exported=self._grid.exported,
            curtailed=None if problem.curtails else self._grid.excess_export,
        )
        for circuit in problem.circuits:
            self._limit_circuit(circuit)
        peaks = PeakRows(
            problem=problem,
            program=self._program,
            stores=tuple(self._stores),
            grid=self._grid,
        )
        for peak in problem.peaks:
            peaks.add(peak)
        self._built_s = self._took_s()

    def solve(self) -> Plan:
        """Return the best plan found in time.

        Importing while exporting, and charging while discharging, are hardly ever cheap: the steps in which they turn
        out to be get a column that forbids it, and the program is solved once more. Where that moves them to other
        steps, all get one. If the time ends in between, the directions of the last solution are kept.

        Raises:
            Unsolved: there was not enough time for any plan.

        """
        problem = self._problem
        gap = problem.gap_kwh * self._scale.energy
        gap += problem.gap_kw * sum(peak.price_per_kw for peak in problem.peaks)
        solution = self._program.solve(self._left_s, gap)
        everywhere = False
        while self._directions.forbid(solution.values, everywhere=everywhere):
            self._searched_s += solution.seconds
            everywhere = True
            try:
                solution = self._program.solve(self._left_s, gap)
            except Unsolved:
                kept = self._directions.one_way(solution.values)
                solution = self._program.solve_with(kept)
        best = solution.optimal
        return self._plan(solution, Status.OPTIMAL if best else Status.TIME_LIMIT)

    def _took_s(self) -> float:
        return self._clock() - self._began_s if self._clock else self._searched_s

    def _left_s(self) -> float:
        """Return how much of the time limit is left for the search, beside what the simple planner would need."""
        took_s, limit_s = self._took_s(), self._problem.time_limit_s
        if self._built_s is None:
            return limit_s - took_s * (1 + _WHILE_BUILDING)
        return limit_s - took_s - _SIMPLE * self._built_s

    def _add_store(self, store: Store, attainable: Values, fits: Flags) -> StoreColumns:
        if self._clock and self._left_s() <= 0:
            raise Unsolved("Building the program takes too long")
        rows = StoreRows(
            self._problem, self._program, store, self._scale, attainable, fits
        )
        return rows.write()

    def _balance(self) -> None:
        """Solar power, import and discharge are load, export and charge."""
        terms: list[Term] = [*self._grid.net_import()]
        for store in self._stores:
            terms.append((store.charge, -1.0))
            if store.discharge is not None:
                terms.append((store.discharge, 1.0))
        net = (np.array(self._problem.load_w) - np.array(self._problem.solar_w)) / 1000
        self._program.rows(*terms, lower=net, upper=net)

    def _share_fairly(self) -> None:
        """Share a shortage so that all lack the same share of what they need."""
        program = self._program
        needs = [
            (column, needed_wh(columns.store, goal) / 1000)
            for columns in self._stores
            for goal, column in zip(columns.store.goals, columns.missing, strict=True)
            if goal.is_promised
        ]
        needs = [(column, need) for column, need in needs if need > _SMALL]
        if len(needs) < 2:
            return
        least = min(need for _, need in needs)
        worst = program.columns(1, cost=_UNFAIR * self._scale.dearest * least)
        for column, need in needs:
            program.row((np.array([column]), 1.0), (worst, -need), upper=0.0)

    # Limits

    def _limit_circuit(self, circuit: Circuit) -> None:
        """On each phase, the current of the stores below a circuit and its other load stay within the limit."""
        problem = self._problem
        inside = below(problem.circuits, circuit.id)
        limit = np.array(limits(circuit, problem.steps))
        load = np.array(circuit.load_a or ((0.0,) * problem.phases,) * problem.steps)
        taken, given = room_of(circuit, limit, load)
        for phase in range(problem.phases):
            into, out = self._currents(inside, phase)
            if circuit.nets:
                both = [*into, *((columns, -per_kw) for columns, per_kw in out)]
                self._bound(both, -given[:, phase], taken[:, phase])
            else:
                nothing = np.full(problem.steps, -np.inf)
                self._bound(into, nothing, taken[:, phase])
                self._bound(out, nothing, given[:, phase])

    def _bound(self, terms: list[Term], lower: Values, upper: Values) -> None:
        if terms and (np.any(np.isfinite(lower)) or np.any(np.isfinite(upper))):
            self._program.rows(*terms, lower=lower, upper=upper)

    def _currents(self, inside: set[str], phase: int) -> tuple[list[Term], list[Term]]:
        """Return the currents that the stores of circuits take from a phase, and that they return to it."""
        into: list[Term] = []
        out: list[Term] = []
        for columns in self._stores:
            phases = columns.store.phases or tuple(range(self._problem.phases))
            if columns.store.circuit in inside and phase in phases:
                amperes_per_kw = 1000 / (self._problem.voltage_v * len(phases))
                into.append((columns.charge, amperes_per_kw))
                if columns.discharge is not None:
                    out.append((columns.discharge, amperes_per_kw))
        return into, out

    # The plan

    def _plan(self, solution: Solution, status: Status) -> Plan:
        values, none = solution.values, (0.0,) * self._problem.steps

        def watts(columns: Columns | None) -> tuple[float, ...]:
            if columns is None:
                return none
            return tuple(
                round(max(float(value), 0.0) * 1000, 3) for value in values[columns]
            )

        excess_import = watts(self._grid.excess_import)
        imported = zip(watts(self._grid.imported), excess_import, strict=True)
        return priced(
            self._problem,
            Plan(
                status=status,
                stores=tuple(
                    StorePlan(
                        id=columns.store.id,
                        charge_w=watts(columns.charge),
                        discharge_w=watts(columns.discharge),
                        energy_wh=columns.held.series_wh(values, self._problem.steps),
                        missing_wh=watts(columns.missing),
                    )
                    for columns in self._stores
                ),
                import_w=tuple(within + beyond for within, beyond in imported),
                export_w=watts(self._grid.exported),
                excess_import_w=excess_import,
                excess_export_w=watts(self._grid.excess_export),
            ),
        )


def _scale(problem: Problem) -> Scale:
    energy = max(
        _LOWEST_PRICE,
        *map(abs, problem.import_price),
        *map(abs, problem.export_price),
        *(abs(store.end_value) for store in problem.stores),
        *(
            max(map(abs, series(store.charge_cost, 1)))
            + max(map(abs, series(store.discharge_cost, 1)))
            for store in problem.stores
        ),
        *(grams / 1000 * abs(problem.carbon_price) for grams in problem.carbon_g),
    )
    peaks = (peak.highest_price / _shortest_h(problem, peak) for peak in problem.peaks)
    missing = (goal.price or 0.0 for store in problem.stores for goal in store.goals)
    return Scale(energy=energy, dearest=max([energy, *peaks, *missing]))


def _shortest_h(problem: Problem, peak: Peak) -> float:
    """Return the length of the shortest window of a peak: a kilowatt-hour in it costs most."""
    lengths: dict[int, float] = {}
    for window, length_s in zip(peak.windows, problem.steps_s, strict=True):
        lengths[window] = (
            lengths.get(window, peak.used_s if not lengths else 0.0) + length_s
        )
    return min(lengths.values()) / 3600
