"""What a store holds after each step of a program."""

from dataclasses import dataclass

import numpy as np

from .branching import Columns, Values
from .program import Term


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
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

    def series_wh(self, values: Values, steps: int) -> tuple[float, ...]:
        """Return what is held at the end of each step of a solution."""
        kwh = np.zeros(steps)
        for columns, factors in self.flows:
            kwh[: len(columns)] += values[columns] * factors
        kwh = self.now + np.cumsum(kwh) if self.energy is None else values[self.energy]
        return tuple(round(float(value) * 1000, 3) for value in kwh)
