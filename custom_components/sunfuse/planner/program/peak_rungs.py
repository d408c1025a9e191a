"""From which peak on a store can charge in a step at all: a limit that a mean of later steps would not see.

With 6 A a car on three phases takes 4.1 kW. Below a peak of 3 kW it cannot charge, however long it waits; a plan that spread
its energy thinly over all later steps would put it off, from run to run, until the peak has to be higher than it needed to be.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..problem import GUARD_SPREAD, Peak, Problem, Store, reachable_wh, series
from .branching import Columns, Values

# Peaks that are this close to each other count as the higher one, and there are no more than so many of them.
_CLOSE_KW = 0.1
_MOST_RUNGS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Rungs:
    """The peaks that some store needs in some step, in ascending order, and which of them a store needs in each step."""

    kw: Values
    of_store: dict[str, Values]  # the number of a rung; -1: it needs none
    # So many of them are needed in any case: without them a goal would be missed.
    certain: int = 0


def rungs_of(problem: Problem, peak: Peak, first: int) -> Rungs:
    """Return the rungs of a peak, for the steps from one on."""
    level = peak.level_w / 1000
    windows = _windows(problem, peak)
    needed = {
        store.id: windows.needed_kw(problem, store)
        for store in problem.stores
        if store.min_charge_w > 0
    }
    later = np.array([each for values in needed.values() for each in values[first:]])
    kw = _heights(np.unique(later[later > level]))
    heights = np.concatenate([[level], kw])
    certain = [
        _certain(problem, store, heights, needed[store.id])
        for store in problem.stores
        if store.id in needed
    ]
    for values in needed.values():
        values[:first] = 0.0
    return Rungs(
        kw=kw,
        certain=max(certain, default=0),
        of_store={
            store_id: np.where(values > level, np.searchsorted(kw, values - 1e-9), -1)
            for store_id, values in needed.items()
            if np.any(values > level)
        },
    )


def _certain(problem: Problem, store: Store, heights: Values, needed: Values) -> int:
    """Return how many rungs a store cannot do without: below them it would miss a goal, however it charged."""
    most = np.array(series(store.max_charge_w, problem.steps)) / 1000
    hours = np.array(problem.steps_s) / 3600
    stored = most * hours * store.charge_efficiency
    # What it takes in its last step may be less than the minimum.
    bit = store.min_charge_w / 1000 * hours.max() * store.charge_efficiency
    certain = 0
    for goal in store.goals:
        if goal.weight < 1:
            continue
        lacks = (reachable_wh(store, goal.energy_wh) - store.energy_wh) / 1000
        lacks = min(lacks, float(stored[: goal.step + 1].sum()))
        lacks -= bit if store.stops_itself else 0.0
        for number, height in enumerate(heights[:-1]):
            usable = needed[: goal.step + 1] <= height + 1e-9
            if float(stored[: goal.step + 1][usable].sum()) >= lacks - 1e-9:
                break
            certain = max(certain, number + 1)
    return certain


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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Windows:
    """What each step finds in its window without any store: by it, the peak that a power in this step makes."""

    counted: NDArray[np.bool_]
    net: Values
    length_h: Values
    other: Values  # what the window draws in its other steps
    before: Values  # what it drew before the step
    passed_h: Values
    guarded: bool
    level: float

    def needed_kw(self, problem: Problem, store: Store) -> Values:
        """Return the peak that a store needs in each step to charge with its minimum while no other does; 0 where none counts."""
        hours = np.array(problem.steps_s) / 3600
        most = np.array(series(store.max_charge_w, problem.steps))
        least = np.minimum(store.min_charge_w, most) / 1000
        power = np.maximum(self.net + least, 0.0)
        needed = (self.other + power * hours) / self.length_h
        if self.guarded:
            power = power - np.maximum(0.0, self.net - self.level)
            left_h = self.length_h - self.passed_h
            # Until the end of the step: while it goes on, what is saved is used, and what is allowed falls.
            spread_h = hours + self.length_h * GUARD_SPREAD
            for over_h in (left_h, np.maximum(left_h, spread_h)):
                allowed = (power + self.before / over_h) / (1 + self.passed_h / over_h)
                needed = np.maximum(needed, allowed)
        return np.where(self.counted & (least > 0), needed, 0.0)


def _windows(problem: Problem, peak: Peak) -> _Windows:
    steps = problem.steps
    hours = np.array(problem.steps_s) / 3600
    given = sum(
        (np.array(series(each.max_discharge_w, steps)) for each in problem.stores),
        start=np.zeros(steps),
    )
    net = (np.array(problem.load_w) - np.array(problem.solar_w) - given) / 1000
    numbers = np.array(peak.windows)
    _, window = np.unique(numbers, return_inverse=True)
    drawn = np.maximum(net, 0.0) * hours
    level = peak.level_w / 1000
    later = drawn
    if peak.reserved_w:
        reserved = np.minimum(np.array(peak.reserved_w) / 1000, level) * hours
        later = np.maximum(drawn, reserved)
    # The first window has begun before.
    first = window == window[0]
    used = np.where(first, peak.used_wh / 1000, 0.0)
    begun_h = np.where(first, peak.used_s / 3600, 0.0)
    starts = np.flatnonzero(np.diff(numbers, prepend=numbers[0] - 1))
    opened = np.repeat(starts, np.diff(np.append(starts, steps)))
    before = _before(drawn, opened)
    after = np.bincount(window, weights=later)[window] - _before(later, opened) - later
    return _Windows(
        counted=numbers >= 0,
        net=net,
        length_h=begun_h + np.bincount(window, weights=hours)[window],
        other=used + before + after,
        before=used + before,
        passed_h=begun_h + _before(hours, opened),
        guarded=peak.guarded and not peak.reserved_w,
        level=level,
    )


def _before(values: Values, opened: Columns) -> Values:
    """Return the sum of the values in a window before each step."""
    sums = np.concatenate([[0.0], np.cumsum(values)])
    before: Values = sums[:-1] - sums[opened]
    return before
