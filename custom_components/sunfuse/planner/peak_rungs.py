"""From which peak on a store can charge in a step at all: a limit that a mean of later steps would not see.

With 6 A a car on three phases takes 4.1 kW. Below a peak of 3 kW it cannot charge, however long it waits; a plan that spread
its energy thinly over all later steps would put it off, from run to run, until the peak has to be higher than it needed to be.
"""

from dataclasses import dataclass

import numpy as np

from .problem import GUARD_SPREAD, Peak, Problem, Store, series
from .program import Values

# Peaks that are this close to each other count as the higher one, and there are no more than so many of them.
_CLOSE_KW = 0.1
_MOST_RUNGS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Rungs:
    """The peaks that some store needs in some step, in ascending order, and which of them a store needs in each step."""

    kw: Values
    of_store: dict[str, Values]  # the number of a rung; -1: it needs none


def rungs_of(problem: Problem, peak: Peak, first: int) -> Rungs:
    """Return the rungs of a peak, for the steps from one on."""
    level = peak.level_w / 1000
    needed = {
        store.id: _needed_kw(problem, peak, store)
        for store in problem.stores
        if store.min_charge_w > 0
    }
    for values in needed.values():
        values[:first] = 0.0
    kw = _heights(
        np.unique(
            [each for values in needed.values() for each in values if each > level]
        )
    )
    return Rungs(
        kw=kw,
        of_store={
            store_id: np.where(values > level, np.searchsorted(kw, values - 1e-9), -1)
            for store_id, values in needed.items()
            if np.any(values > level)
        },
    )


def _heights(needed: Values) -> Values:
    """Return the highest of each group of close peaks."""
    if not len(needed):
        return needed
    width = max(_CLOSE_KW, float(needed[-1] - needed[0]) / _MOST_RUNGS)
    heights: list[float] = []
    lowest = -np.inf
    for each in needed:
        if each > lowest + width:
            heights.append(each)
            lowest = each
        else:
            heights[-1] = each
    return np.array(heights)


def _needed_kw(problem: Problem, peak: Peak, store: Store) -> Values:
    """Return the peak that a store needs in each step to charge with its minimum while no other does; 0 where none counts."""
    steps = problem.steps
    hours = np.array(problem.steps_s) / 3600
    given = sum(
        (np.array(series(each.max_discharge_w, steps)) for each in problem.stores),
        start=np.zeros(steps),
    )
    net = (np.array(problem.load_w) - np.array(problem.solar_w) - given) / 1000
    least = np.minimum(store.min_charge_w, np.array(series(store.max_charge_w, steps)))
    least = least / 1000
    level = peak.level_w / 1000
    windows = np.array(peak.windows)
    needed = np.zeros(steps)
    for window in set(peak.windows) - {-1}:
        inside = np.flatnonzero(windows == window)
        begun_h = used = 0.0
        if inside[0] == 0:
            begun_h, used = peak.used_s / 3600, peak.used_wh / 1000
        length_h = begun_h + hours[inside].sum()
        drawn = used + (np.maximum(net[inside], 0.0) * hours[inside]).sum()
        passed_h, before = begun_h, used
        for step in inside:
            other = drawn - max(net[step], 0.0) * hours[step]
            power = max(net[step] + least[step], 0.0)
            needed[step] = (other + power * hours[step]) / length_h
            if peak.guarded:
                power -= max(0.0, net[step] - level)
                over_h = max(length_h - passed_h, length_h * GUARD_SPREAD)
                for each_h in (length_h - passed_h, over_h):
                    allowed = (power + before / each_h) / (1 + passed_h / each_h)
                    needed[step] = max(needed[step], allowed)
            passed_h += hours[step]
            before += max(net[step], 0.0) * hours[step]
    needed[least <= 0] = 0.0
    return needed
