"""A linear program with some integer columns, and HiGHS to solve it."""

from collections.abc import Callable
from typing import Any

import highspy
import numpy as np

from .branching import Branching, Columns, Solution, Unsolved, Values

type Term = tuple[Columns, Values | float]


class Program:
    """Columns with bounds and costs, rows between them: minimise the cost."""

    def __init__(self) -> None:
        """Start with an empty program."""
        self._lower: list[Values] = []
        self._upper: list[Values] = []
        self._cost: list[Values] = []
        self._more_cost: list[tuple[Columns, Values]] = []
        self._width = 0
        # Rows of equal width, together: their columns and factors, and their bounds.
        self._rows: list[tuple[Columns, Values]] = []
        self._row_lower: list[Values] = []
        self._row_upper: list[Values] = []
        self._whole: set[int] = set()
        self._together: list[Columns] = []

    def columns(
        self,
        count: int,
        *,
        lower: float | Values = 0.0,
        upper: float | Values = np.inf,
        cost: float | Values = 0.0,
    ) -> Columns:
        """Add columns; returns their numbers."""
        for kept, value in (
            (self._lower, lower),
            (self._upper, upper),
            (self._cost, cost),
        ):
            kept.append(_spread(value, count))
        first, self._width = self._width, self._width + count
        return np.arange(first, self._width)

    def add_cost(self, columns: Columns, cost: Values) -> None:
        """Add to the cost of columns."""
        self._more_cost.append((columns, cost))

    def rows(
        self,
        *terms: Term,
        lower: float | Values = -np.inf,
        upper: float | Values = np.inf,
    ) -> None:
        """Add one row for each place of the terms' columns: lower <= sum of coefficient x column <= upper."""
        count = len(terms[0][0])
        columns = np.stack([term[0] for term in terms], axis=1)
        factors = np.stack(
            [_spread(term[1], count) for term in terms],
            axis=1,
        )
        self._add(columns, factors, lower, upper)

    def row(self, *terms: Term, lower: float = -np.inf, upper: float = np.inf) -> None:
        """Add one row over all columns of all terms."""
        columns = np.concatenate([term[0] for term in terms])
        factors = np.concatenate([_spread(term[1], len(term[0])) for term in terms])
        self._add(columns[np.newaxis], factors[np.newaxis], lower, upper)

    def _add(
        self,
        columns: Columns,
        factors: Values,
        lower: float | Values,
        upper: float | Values,
    ) -> None:
        self._rows.append((columns, factors))
        self._row_lower.append(_spread(lower, len(columns)))
        self._row_upper.append(_spread(upper, len(columns)))

    def whole(self, columns: Columns) -> bool:
        """Require integers in columns; returns whether that is new."""
        asked = {int(column) for column in columns}
        news = asked - self._whole
        self._whole |= asked
        return bool(news)

    def whole_together(self, columns: Columns) -> None:
        """Require integers in the columns of one store; the first says whether it charges at once."""
        if len(columns):
            self.whole(columns)
            self._together.append(columns)

    def solve(self, left: Callable[[], float], gap: float) -> Solution:
        """Minimise the cost to within a gap, within the seconds that are left once the program is built.

        Raises:
            Unsolved: nothing feasible was found in time, or there is nothing feasible.

        """
        branching = self._branching(gap, left)
        if left() <= 0:
            raise Unsolved("The program was not ready in time")
        return branching.solve()

    def solve_with(self, values: Values) -> Solution:
        """Return the best solution with the integers of these values, without a search.

        Raises:
            Unsolved: there is none.

        """
        return self._branching(0.0, lambda: np.inf).solve_with(values)

    def _branching(self, gap: float, left: Callable[[], float]) -> Branching:
        whole = np.array(sorted(self._whole), dtype=np.int64)
        return Branching(self._model(), whole, self._together, gap, left)

    def _model(self) -> Any:
        model = highspy.HighsLp()
        row_lower = np.concatenate(self._row_lower)
        model.num_col_, model.num_row_ = self._width, len(row_lower)
        model.col_lower_ = np.concatenate(self._lower)
        model.col_upper_ = np.concatenate(self._upper)
        cost = np.concatenate(self._cost)
        for columns, more in self._more_cost:
            cost[columns] += more
        model.col_cost_ = cost
        model.row_lower_ = row_lower
        model.row_upper_ = np.concatenate(self._row_upper)
        widths = [np.full(len(columns), columns.shape[1]) for columns, _ in self._rows]
        model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        model.a_matrix_.start_ = np.concatenate(
            [[0], np.cumsum(np.concatenate(widths))]
        )
        model.a_matrix_.index_ = np.concatenate([row[0].ravel() for row in self._rows])
        model.a_matrix_.value_ = np.concatenate([row[1].ravel() for row in self._rows])
        return model


def _spread(value: float | Values, count: int) -> Values:
    """Return a value for each of so many places; `np.broadcast_to` would take a quarter of the time of a program."""
    if isinstance(value, np.ndarray) and value.shape == (count,):
        return value
    return np.full(count, value, dtype=float)
