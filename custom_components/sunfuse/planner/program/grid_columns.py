"""The columns of the grid connection: what is imported and exported in each step, and what is beyond its limits."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np

from ..problem import Problem, series
from .branching import Columns, Values
from .program import Program, Term
from .stores import Scale

# Import above the limit, as a multiple of the highest price (`Scale.dearest`).
_EXCESS = 10_000.0
# Export above its limit is curtailed, which earns nothing; in shares of the highest price of energy.
_CURTAILED = 0.001


@dataclass(frozen=True, slots=True, kw_only=True)
class GridColumns:
    """What a site imports and exports, in kilowatts."""

    imported: Columns
    exported: Columns
    excess_import: Columns | None  # None where import has no limit
    excess_export: Columns | None  # what the sun gives in vain
    dearer: (
        Values  # by how much a kilowatt of import is than one of export, in each step
    )

    @classmethod
    def add(cls, problem: Problem, program: Program, scale: Scale) -> Self:
        """Add the columns to a program."""
        hours = np.array(problem.steps_s) / 3600
        bought = np.array(problem.import_price)
        if problem.carbon_g:
            bought = bought + np.array(problem.carbon_g) / 1000 * problem.carbon_price
        sold = np.array(problem.export_price)
        limits_kw = [
            np.array(series(limit_w, problem.steps)) / 1000
            for limit_w in (problem.max_import_w, problem.max_export_w)
        ]
        return cls(
            imported=program.columns(
                problem.steps, upper=limits_kw[0], cost=bought * hours
            ),
            exported=program.columns(
                problem.steps, upper=limits_kw[1], cost=-sold * hours
            ),
            excess_import=_excess_import(problem, program, scale, hours),
            excess_export=_excess_export(problem, program, scale, hours),
            dearer=(bought - sold) * hours,
        )

    def net_import(self) -> Iterator[Term]:
        """Yield what is imported less what is exported."""
        yield self.imported, 1.0
        yield self.exported, -1.0
        if self.excess_import is not None:
            yield self.excess_import, 1.0
        if self.excess_export is not None:
            yield self.excess_export, -1.0


def _excess_import(
    problem: Problem, program: Program, scale: Scale, hours: Values
) -> Columns | None:
    """Add import above the limit, which also has its normal price. It is the household's alone: no store takes part in it."""
    if np.all(np.isinf(problem.max_import_w)):
        return None
    most_in = np.array(series(problem.max_import_w, problem.steps))
    beyond_w = np.array(problem.load_w) - np.array(problem.solar_w) - most_in
    price = _EXCESS * scale.dearest + np.array(problem.import_price)
    return program.columns(
        problem.steps, upper=np.maximum(beyond_w, 0.0) / 1000, cost=price * hours
    )


def _excess_export(
    problem: Problem, program: Program, scale: Scale, hours: Values
) -> Columns | None:
    """Add what the sun gives in vain: above the limit of export or, where it may give less, whenever that is cheaper.

    Without that right, curtailing is no way to avoid paying for export: its price says so, and `Directions` where a peak is paid.
    """
    least = _CURTAILED * scale.energy
    if problem.curtails:
        given = np.array(problem.solar_w) - np.minimum(problem.load_w, 0.0)
        return program.columns(
            problem.steps, upper=np.maximum(given, 0.0) / 1000, cost=least * hours
        )
    if np.all(np.isinf(problem.max_export_w)):
        return None
    paid = np.maximum(-np.array(problem.export_price), 0.0)
    return program.columns(problem.steps, cost=(least + paid) * hours)
