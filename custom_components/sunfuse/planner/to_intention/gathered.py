"""In which steps a car will charge: far steps are planned without its minimum."""

from collections.abc import Iterable
from itertools import groupby

from ..problem import Series, series
from ..to_problem.car_terms import HALF, SMALL_W, CarTerms

# A power so close to the highest one is that.
_NEARLY = 0.99


def gathered(terms: CarTerms, planned_w: Series, could_w: Series) -> tuple[bool, ...]:
    """Return in which steps a car charges with these powers; `could_w` is what it could take in each without costing anybody more.

    What is planned thinly right before or after steps with more is charged beside these at the highest power: to go on costs
    nothing, and another start does.
    """
    charges = list(terms.charges(planned_w))
    most = series(terms.store.max_charge_w, len(planned_w))
    least = tuple(min(terms.store.min_charge_w, most_w) for most_w in most)
    thin = tuple(
        SMALL_W < power_w < _NEARLY * max(enough_w)
        for power_w, *enough_w in zip(planned_w, least, could_w, strict=True)
    )
    full = tuple(on and not below for on, below in zip(charges, thin, strict=True))
    for first, end in _runs(thin):
        before = first > 0 and full[first - 1]
        if not before and not (end < len(full) and full[end]):
            continue
        left_w = sum(planned_w[first:end])
        for step in range(first, end) if before else range(end - 1, first - 1, -1):
            charges[step] = left_w > HALF * least[step]
            left_w -= most[step]
    return tuple(charges)


def _runs(flags: Iterable[bool]) -> Iterable[tuple[int, int]]:
    """Yield the first step of each run of True, and the one after its last."""
    for flag, steps in groupby(enumerate(flags), key=lambda one: one[1]):
        numbers = [step for step, _ in steps]
        if flag:
            yield numbers[0], numbers[-1] + 1
