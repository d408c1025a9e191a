"""The rows of a peak: what its windows import, what a guard of them allows, and which minimums need more than is free."""

from dataclasses import dataclass
from functools import cached_property
import math

import numpy as np

from ..problem import GUARD_SPREAD, Peak, Problem
from .branching import Columns, Values
from .grid_columns import GridColumns
from .peak_rungs import rungs_of
from .program import Program, Term
from .stores import StoreColumns, most_kw

# For so many stores it is decided which of the peaks that their minimums need are worth paying.
_FEW = 2


@dataclass(frozen=True, kw_only=True)
class PeakRows:
    """Writes peaks into a program."""

    problem: Problem
    program: Program
    stores: tuple[StoreColumns, ...]
    grid: GridColumns

    @cached_property
    def _hours(self) -> Values:
        return np.array(self.problem.steps_s) / 3600

    def add(self, peak: Peak) -> None:
        """Keep the mean import of each window at or below the peak; the part of the peak above the level is paid."""
        program = self.program
        paid = program.columns(1, cost=peak.price_per_kw)
        for above_w, more in peak.dearer_above:
            dearer = program.columns(1, cost=more)
            above_kw = (above_w - peak.level_w) / 1000
            program.row((dearer, 1.0), (paid, -1.0), lower=-above_kw)
        windows = np.array(peak.windows)
        counted = [int(window) for window in dict.fromkeys(peak.windows) if window >= 0]
        for window in counted:
            steps = np.flatnonzero(windows == window)
            begun_h, used = 0.0, 0.0
            if window == counted[0] and steps[0] == 0:
                begun_h, used = peak.used_s / 3600, peak.used_wh / 1000
            hours = begun_h + self._hours[steps].sum()
            counted_here = self._exported if peak.of_export else self._imported
            program.row(
                *counted_here(steps, 1 / hours),
                (paid, -1.0),
                upper=peak.level_w / 1000 - used / hours,
            )
            if not peak.guarded or (len(steps) == 1 and not begun_h):
                continue
            if peak.reserved_w:
                self._reserve(peak, paid, steps, hours, used)
            else:
                self._guard(peak, paid, steps, begun_h, used)
        self._add_rungs(peak, paid)

    def _add_rungs(self, peak: Peak, paid: Columns) -> None:
        """Let a store charge in a later step only if what is paid for is as high as its minimum needs."""
        program, exact = self.program, self.problem.exact_steps
        if exact is None or not peak.price_per_kw or peak.of_export:
            return
        rungs = rungs_of(self.problem, peak, exact)
        if not len(rungs.kw):
            return
        if len(rungs.of_store) > _FEW:  # the search would take seconds
            if rungs.certain:
                least = float(rungs.kw[rungs.certain - 1]) - peak.level_w / 1000
                program.row((paid, 1.0), lower=least)
            return
        certain = np.arange(len(rungs.kw)) < rungs.certain
        reached = program.columns(
            len(rungs.kw), lower=np.where(certain, 1.0, 0.0), upper=1.0
        )
        program.whole(reached)
        more = rungs.kw - peak.level_w / 1000
        program.rows((reached, -more), (np.repeat(paid, len(reached)), 1.0), lower=0.0)
        program.rows((reached[:-1], 1.0), (reached[1:], -1.0), lower=0.0)
        for columns in self.stores:
            needed = rungs.of_store.get(columns.store.id)
            if needed is None:
                continue
            steps = np.flatnonzero(needed >= 0)
            most = most_kw(columns.store, self.problem.steps)[steps]
            program.rows(
                (columns.charge[steps], 1.0),
                (reached[needed[steps]], -most),
                upper=0.0,
            )

    def _reserve(
        self, peak: Peak, paid: Columns, steps: Columns, length_h: float, used: float
    ) -> None:
        """Leave to the later steps of a window what is reserved there, whatever the stores take before.

        What the household takes meanwhile is none of the guard's business.
        """
        hours, level = self._hours[steps], peak.level_w / 1000
        reserved = np.minimum(np.array(peak.reserved_w)[steps] / 1000, level) * hours
        problem = self.problem
        net = np.array(problem.load_w)[steps] - np.array(problem.solar_w)[steps]
        alone = np.cumsum(np.maximum(net, 0.0) / 1000 * hours)
        for last in range(len(steps) - 1):
            left = level * length_h - used - reserved[last + 1 :].sum()
            self.program.row(
                *self._imported(steps[: last + 1], 1.0),
                (paid, -length_h),
                upper=max(left, float(alone[last])),
            )

    def _guard(
        self, peak: Peak, paid: Columns, steps: Columns, begun_h: float, used: float
    ) -> None:
        """Allow in each step of a window what its guard does: what is left of the window, spread evenly.

        Load above the level is none of the guard's business: it stops the cars, and the house goes on.
        """
        length_h = begun_h + self._hours[steps].sum()
        level = peak.level_w / 1000
        for place, step in enumerate(steps):
            before = steps[:place]
            passed_h = begun_h + self._hours[before].sum()
            net = (self.problem.load_w[step] - self.problem.solar_w[step]) / 1000
            left_h = length_h - passed_h
            for over_h in {left_h, spread_h(left_h, self._hours[step], length_h)}:
                grows = 1 + passed_h / over_h
                self.program.row(
                    *self._imported(before, 1 / over_h),
                    (self.grid.imported[step : step + 1], 1.0),
                    (paid, -grows),
                    upper=level * grows - used / over_h + max(0.0, net - level),
                )

    def _imported(self, steps: Columns, per_kwh: float) -> list[Term]:
        """Return the terms of what is imported in some steps."""
        factors = self._hours[steps] * per_kwh
        terms: list[Term] = [(self.grid.imported[steps], factors)]
        if self.grid.excess_import is not None:
            terms.append((self.grid.excess_import[steps], factors))
        return terms

    def _exported(self, steps: Columns, per_kwh: float) -> list[Term]:
        """Return the terms of what is exported in some steps."""
        return [(self.grid.exported[steps], self._hours[steps] * per_kwh)]


def spread_h(left_h: float, step_h: float, length_h: float) -> float:
    """Return over how much time a guard spreads what was saved of a window, in the mean of a step that follows it.

    Until a third of the window is left, it is what is left, and the power stays the same. From then on what is allowed falls
    with what is still saved, by e to the power of the time over a third of the window.
    """
    third_h = length_h * GUARD_SPREAD
    even_h = min(max(left_h - third_h, 0.0), step_h)
    falls = third_h * (1 - math.exp(-(step_h - even_h) / third_h))
    spent = (even_h + falls) / max(left_h, third_h)
    return step_h / spent
