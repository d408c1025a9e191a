"""One direction at a time: no import while exporting, no charging while discharging, and what keeps off the grid.

Sun that may not give less than it could is curtailed only while export is at its limit.
"""

from dataclasses import dataclass, field

import numpy as np

from ..problem import Problem, series
from .branching import Columns, Values
from .program import Program
from .stores import StoreColumns, most_kw, most_out_kw

_SMALL = 1e-6  # kilowatts that count as zero


@dataclass(slots=True, kw_only=True)
class Directions:
    """Whether a step imports and exports: never both, and neither where it is balanced."""

    problem: Problem
    program: Program
    stores: tuple[StoreColumns, ...]
    imported: Columns
    exported: Columns
    curtailed: Columns | None  # what is exported in vain
    imports: Columns = field(init=False)
    exports: Columns = field(init=False)
    full: Columns = field(init=False)  # whether export is at its limit

    def __post_init__(self) -> None:
        """Let import and export exclude each other, as far as `imports` and `exports` are whole numbers."""
        problem, program = self.problem, self.program
        self.imports = program.columns(problem.steps, upper=1.0)
        self.exports = program.columns(problem.steps, upper=1.0)
        charge = sum(most_kw(s, problem.steps) for s in problem.stores)
        discharge = sum(most_out_kw(s, problem.steps) for s in problem.stores)
        load = np.array(problem.load_w) / 1000
        net = load - np.array(problem.solar_w) / 1000
        most_in = np.maximum(load if problem.curtails else net, 0.0) + charge
        most_out = np.maximum(-net, 0.0) + discharge
        program.rows((self.imports, 1.0), (self.exports, 1.0), upper=1.0)
        program.rows((self.imported, 1.0), (self.imports, -most_in), upper=0.0)
        program.rows((self.exported, 1.0), (self.exports, -most_out), upper=0.0)
        limit = self._limit_kw
        self.full = program.columns(problem.steps, upper=np.isfinite(limit) * 1.0)
        if self.curtailed is not None:
            at_limit = np.where(np.isfinite(limit), limit, 0.0)
            program.rows((self.curtailed, 1.0), (self.exports, -most_out), upper=0.0)
            program.rows((self.curtailed, 1.0), (self.full, -most_out), upper=0.0)
            program.rows((self.exported, 1.0), (self.full, -at_limit), lower=0.0)
        for columns in self.stores:
            store = columns.store
            if not store.from_grid:
                most = most_kw(store, problem.steps)
                program.rows((columns.charge, 1.0), (self.imports, most), upper=most)
            if columns.discharge is not None and not store.to_grid:
                most = most_out_kw(store, problem.steps)
                program.rows((columns.discharge, 1.0), (self.exports, most), upper=most)

    @property
    def _limit_kw(self) -> Values:
        return np.array(series(self.problem.max_export_w, self.problem.steps)) / 1000

    def forbid(self, values: Values, *, everywhere: bool) -> bool:
        """Forbid what a solution does in both directions at once, there or in all steps; returns whether it did."""
        imports = values[self.imported] > _SMALL
        exports = values[self.exported] > _SMALL
        again = False
        if self.curtailed is not None:
            curtails = values[self.curtailed] > _SMALL
            exports |= curtails
            below = values[self.exported] < self._limit_kw - _SMALL
            again |= self.program.whole(self.full[curtails & below])
        both = imports & exports
        apart: list[Columns] = []
        for columns in self.stores:
            store = columns.store
            charges = values[columns.charge] > _SMALL
            if not store.from_grid:
                both |= charges & imports
            if columns.discharge is None or columns.apart is None:
                continue
            discharges = values[columns.discharge] > _SMALL
            if not store.to_grid:
                both |= discharges & exports
            apart.append(columns.apart)
            again |= self.program.whole(columns.apart[charges & discharges])
        for flags in (self.imports, self.exports):
            again |= self.program.whole(flags[both])
        if again and everywhere:
            for flags in (self.imports, self.exports, self.full, *apart):
                self.program.whole(flags)
        return again

    def one_way(self, values: Values) -> Values:
        """Return a solution whose directions are those of its net powers."""
        values = values.copy()
        net = values[self.imported] - values[self.exported]
        values[self.imports] = net > _SMALL
        values[self.exports] = net < -_SMALL
        if self.curtailed is not None:
            sent = values[self.exported] + values[self.curtailed]
            values[self.full] = sent > self._limit_kw - _SMALL
        for columns in self.stores:
            if columns.discharge is not None and columns.apart is not None:
                charges = values[columns.charge] > values[columns.discharge]
                values[columns.apart] = charges
        return values
