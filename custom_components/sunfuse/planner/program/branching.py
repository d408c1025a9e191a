"""The search for whole numbers: a linear program, solved again from where it was with one column more that is whole.

It is bounded by counted work, so that the same problem has the same plan on a fast machine and on a slow or busy one. The time
limit is the last resort.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import highspy
from highspy._core import _Highs
import numpy as np

type Columns = np.ndarray[Any, np.dtype[np.int64]]
type Values = np.ndarray[Any, np.dtype[np.float64]]

# So many programs are solved one from the other, and so many iterations of the simplex method made from one to the next. What is not
# decided by then needs cuts and heuristics: HiGHS goes on from the best that was found, for so many nodes.
_PROGRAMS = 400
_ITERATIONS = 1_000
_NODES = 1_000
# HiGHS prepares its cuts without a look at the time. That took four to five times as long as the first program.
_CUTS = 5.0
# The accepted gap starts at zero, and reaches the one that was asked for after this many programs times whole columns times
# whole columns: a hard search is cut short, an easy one is carried on. With the whole gap from the start, each run could
# choose the one of two nearly equal plans that waits longer.
_CLOSELY = 80_000
# A column is tried above its value first unless it is nearly below: a car that may charge now does not wait.
_NEARLY_BELOW = 0.25
# The gap to the best solution is absolute: a shortage may cost more than everything else that is to be decided.
_NO_GAP = 1e-12
_WHOLE = 1e-6
_FEASIBLE = 2  # kSolutionStatusFeasible
# What the solver says of a part in which there is nothing: the program as a whole has an optimum, so no part is unbounded.
_NOTHING_BETTER = (
    highspy.HighsModelStatus.kInfeasible,
    highspy.HighsModelStatus.kUnboundedOrInfeasible,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Solution:
    """The value of each column, whether it is proven to be optimal, and how long the search took."""

    values: Values
    optimal: bool
    seconds: float


class Unsolved(Exception):
    """There is no solution, or none was found in time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """A part of what is to be searched: bounds of the whole columns, and what a solution in it costs at least."""

    least: float
    lower: Values
    upper: Values

    def below(self, column: int, value: float) -> _Part:
        """Return the part in which a column is no more than a value."""
        upper = self.upper.copy()
        upper[column] = np.floor(value)
        return _Part(least=self.least, lower=self.lower, upper=upper)

    def above(self, column: int, value: float) -> _Part:
        """Return the part in which a column is more than a value."""
        lower = self.lower.copy()
        lower[column] = np.ceil(value)
        return _Part(least=self.least, lower=lower, upper=self.upper)


@dataclass(slots=True)
class _Work:
    """What a search has done."""

    programs: int = 0
    iterations: int = 0

    @property
    def done(self) -> bool:
        """Whether it is as much as a search may do."""
        return self.programs >= _PROGRAMS or self.iterations >= _ITERATIONS


class Branching:
    """Minimises the cost of a model, some columns of which are whole, to within a gap."""

    def __init__(
        self,
        model: Any,
        whole: Columns,
        together: list[Columns],
        gap: float,
        left: Callable[[], float],
    ) -> None:
        """Take a model without whole columns, which ones are to be whole, and the seconds that are left.

        `together` are those that one store owns: the first says whether it begins at once.
        """
        # `highspy.Highs` prints a banner before it can be told not to, for callbacks that nobody needs here.
        self._solver = _Highs()
        for option, value in (
            ("output_flag", False),
            ("threads", 1),
            ("mip_rel_gap", _NO_GAP),
            ("mip_abs_gap", gap),
            ("mip_max_nodes", _NODES),
            # Searches in the neighbourhood of a good solution, a root that is solved once more and a search for symmetries
            # take most of the time and find next to nothing here.
            ("mip_allow_restart", False),
            ("mip_detect_symmetry", False),
            ("mip_heuristic_run_rens", False),
            ("mip_heuristic_run_rins", False),
            ("mip_heuristic_run_root_reduced_cost", False),
        ):
            self._solver.setOptionValue(option, value)
        self._solver.passModel(model)
        self._whole = whole.astype(np.int32)
        self._together = together
        self._gap = gap
        self._left = left
        self._limit_s = left()
        self._first_s = 0.0
        self._lower = np.array(model.col_lower_)[whole]
        self._upper = np.array(model.col_upper_)[whole]
        self._is = self._lower, self._upper
        self._best: Values = np.empty(0)
        self._cost = np.inf  # until anything is found

    def solve(self) -> Solution:
        """Return the best solution.

        Raises:
            Unsolved: nothing feasible was found in time, or there is nothing feasible.

        """
        status = self._run()
        if status != highspy.HighsModelStatus.kOptimal:
            raise Unsolved(self._solver.modelStatusToString(status))
        self._first_s = self._solver.getRunTime()
        optimal = self._branch()
        if not optimal:
            optimal = self._cut()
        if np.isinf(self._cost):
            raise Unsolved("Nothing was found in time")
        self._hasten()
        return Solution(
            values=self._best, optimal=optimal, seconds=self._solver.getRunTime()
        )

    def solve_with(self, values: Values) -> Solution:
        """Return the best solution with the whole columns of these values, without a search.

        Raises:
            Unsolved: there is none.

        """
        kept = np.round(values[self._whole])
        self._bound(kept, kept)
        status = self._run()
        if status != highspy.HighsModelStatus.kOptimal:
            raise Unsolved(self._solver.modelStatusToString(status))
        best = np.array(self._solver.getSolution().col_value)
        return Solution(values=best, optimal=False, seconds=self._solver.getRunTime())

    def _left_s(self) -> float:
        return min(self._left(), self._limit_s - self._solver.getRunTime())

    def _run(self) -> Any:
        solver = self._solver
        solver.setOptionValue(
            "time_limit", solver.getRunTime() + max(self._left_s(), 0.0)
        )
        solver.run()
        return solver.getModelStatus()

    def _branch(self) -> bool:
        """Search from the relaxation that was just solved; returns whether nothing is left to be searched."""
        everything = _Part(least=-np.inf, lower=self._lower, upper=self._upper)
        return self._search([everything], _Work(), self._gap)

    def _hasten(self) -> None:
        """Let who waits begin at once where that is cheaper, while all others keep what was decided.

        What waiting costs is far less than the gap: the search may end before it has seen that.
        """
        work, cost = _Work(), np.inf
        while self._cost < cost:
            cost = self._cost
            for own in self._together:
                free = np.isin(self._whole, own)
                first = int(np.argmax(free))
                kept = np.round(self._best[self._whole])
                if kept[first] or not kept[free].any():
                    continue
                lower = np.where(free, self._lower, kept)
                upper = np.where(free, self._upper, kept)
                lower[first] = 1.0
                part = _Part(least=-np.inf, lower=lower, upper=upper)
                self._search([part], work, 0.0)

    def _search(self, parts: list[_Part], work: _Work, gap: float) -> bool:
        """Search parts, depth first; returns whether nothing is left to be searched."""
        solver, whole = self._solver, len(self._whole)
        solver.setOptionValue("presolve", "off")  # it would forget where it was
        while parts:
            if work.done:
                return min(each.least for each in parts) >= self._cost - gap
            closer = gap * min(1.0, work.programs * whole**2 / _CLOSELY) ** 4
            part = parts.pop()
            if part.least >= self._cost - closer:
                continue
            if not self._solved(part, work):
                if solver.getModelStatus() in _NOTHING_BETTER:
                    continue
                return (
                    False  # no time is left, or it is too hard for the simplex method
                )
            cost = solver.getInfo().objective_function_value
            if cost >= self._cost - closer:
                continue
            values = np.array(solver.getSolution().col_value)
            found = values[self._whole]
            apart = np.abs(found - np.round(found))
            column = int(np.argmax(apart)) if len(apart) else -1
            if column < 0 or apart[column] <= _WHOLE:
                self._best, self._cost = values, cost
                continue
            value = float(found[column])
            bounded = _Part(least=cost, lower=part.lower, upper=part.upper)
            both = [bounded.below(column, value), bounded.above(column, value)]
            above_first = value - np.floor(value) > _NEARLY_BELOW
            parts.extend(both if above_first else reversed(both))
        return True

    def _solved(self, part: _Part, work: _Work) -> bool:
        """Solve the program of a part; returns whether that has a solution."""
        self._bound(part.lower, part.upper)
        solved = bool(self._run() == highspy.HighsModelStatus.kOptimal)
        work.programs += 1
        work.iterations += self._solver.getInfo().simplex_iteration_count
        return solved

    def _bound(self, lower: Values, upper: Values) -> None:
        changed = (lower != self._is[0]) | (upper != self._is[1])
        self._solver.changeColsBounds(
            int(changed.sum()), self._whole[changed], lower[changed], upper[changed]
        )
        self._is = lower, upper

    def _cut(self) -> bool:
        """Go on with cuts and heuristics, if time is left for them; returns whether the best solution is found."""
        solver = self._solver
        if self._left_s() <= _CUTS * self._first_s:
            return False
        self._bound(self._lower, self._upper)
        self._make(highspy.HighsVarType.kInteger)
        solver.setOptionValue("presolve", "on")
        if np.isfinite(self._cost):
            start = highspy.HighsSolution()
            start.col_value = self._best.tolist()
            solver.setSolution(start)
        optimal = bool(self._run() == highspy.HighsModelStatus.kOptimal)
        info = solver.getInfo()
        feasible = int(info.primal_solution_status) == _FEASIBLE
        if feasible and info.objective_function_value < self._cost:
            self._cost = info.objective_function_value
            self._best = np.array(solver.getSolution().col_value)
            # A search that ends within its gap leaves what is not whole as it was.
            kept = np.round(self._best[self._whole])
            self._make(highspy.HighsVarType.kContinuous)
            self._bound(kept, kept)
            if self._run() == highspy.HighsModelStatus.kOptimal:
                self._cost = solver.getInfo().objective_function_value
                self._best = np.array(solver.getSolution().col_value)
        self._make(highspy.HighsVarType.kContinuous)
        return optimal

    def _make(self, kind: Any) -> None:
        count = len(self._whole)
        self._solver.changeColsIntegrality(count, self._whole, np.full(count, kind))
