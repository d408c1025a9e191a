"""What sun is worth in later steps, in which a mean stands for more power during a part of the step.

A car that needs 4.1 kW takes 3 of them from the grid beside 1.1 kW of sun, and one that follows 1.5 kW of sun loses more than at full
power. A mean of a later step would show neither: it would look cheaper than any of the next steps, which are planned exactly, and
the car would wait for it from plan to plan. So a column says for which part of such a step a store charges: what it loses
is counted by it, and the sun of the rest is exported.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from ..problem import Problem, Store
from .branching import Columns, Values
from .program import Program


@dataclass(frozen=True, slots=True, kw_only=True)
class LaterSun:
    """The sunny later steps of a store, and the columns of all steps: its power, and the part for which it charges."""

    steps: Columns
    charge: Columns
    part: Columns


def surplus_kw(problem: Problem) -> Values:
    """Return what the sun gives beyond the household's load."""
    net = np.array(problem.solar_w) - np.array(problem.load_w)
    return np.asarray(np.maximum(net, 0.0) / 1000)


def add_parts(
    problem: Problem,
    program: Program,
    store: Store,
    charge: Columns,
    first: int,
    attainable: Values,
) -> LaterSun | None:
    """Add for which part of each sunny step from one on a store charges; None where there is no such step.

    With less sun than it can take, it charges with its minimum or more, up to what is attainable.
    """
    sun = surplus_kw(problem)
    steps = np.flatnonzero((sun > 0) & (sun < attainable))
    steps = steps[steps >= first]
    if not len(steps):
        return None
    upper = np.zeros(problem.steps)
    upper[steps] = np.inf  # more than attainable raises a peak
    part = program.columns(problem.steps, upper=upper)
    program.rows((charge[steps], 1.0), (part[steps], -attainable[steps]), upper=0.0)
    # It takes what it loses meanwhile at least: else a part without power would empty it.
    lost_w = store.standby_w / store.charge_efficiency
    least = np.minimum(max(store.min_charge_w, lost_w) / 1000, attainable[steps])
    program.rows((charge[steps], 1.0), (part[steps], -least), lower=0.0)
    return LaterSun(steps=steps, charge=charge, part=part)


def pay_beyond_sun(
    problem: Problem,
    program: Program,
    stores: Iterable[LaterSun],
    sources: Iterable[Columns],
    dearer: Values,
) -> None:
    """Let stores pay for what they take beyond the sun of the part for which they charge.

    `sources` are what else supplies it: import and home batteries. `dearer` is by how much import is, by step.
    """
    sun, sources = surplus_kw(problem), tuple(sources)
    for store in stores:
        steps = store.steps[dearer[store.steps] > 0]
        if not len(steps):
            continue
        more = program.columns(len(steps), cost=dearer[steps])
        program.rows(
            (more, 1.0),
            (store.charge[steps], -1.0),
            (store.part[steps], sun[steps]),
            *((source[steps], 1.0) for source in sources),
            lower=0.0,
        )
