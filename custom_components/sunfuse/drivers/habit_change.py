"""Notices that a habit changed: another job, or summer after a winter.

A car that leaves earlier, or needs more, is nearly followed within days: guesses are cautious, and the earliest of the
last departures counts. One that leaves later, or needs less, would wait for half a year until the old weeks are
forgotten. So what was before a change does not count any more. A change is one that lasts for three weeks of working days: a
fortnight of holidays at home is none, and after a longer one the first early departure brings caution back at once, as it
is one of few.
"""

from collections.abc import Sequence

# How many of the newest may be what has changed, compared with at most as many before them.
_LEAST, _MOST, _STEP = 15, 60, 5


def alike_count(values: Sequence[float], least: float) -> int:
    """Return how many of the newest values are since the last change upwards; all of them if there was none.

    Values are in order of time. It has changed if nine in ten of the new ones are above three quarters of the old ones,
    by at least this much; where means differ most is the change.
    """
    splits = range(_LEAST, min(_MOST, len(values) - _LEAST) + 1)
    if not any(_differs(values, count, least) for count in splits[::_STEP]):
        return len(values)
    return max(splits, key=lambda count: _rise(values, count))


def _parts(
    values: Sequence[float], count: int
) -> tuple[Sequence[float], Sequence[float]]:
    """Return what came before so many of the newest, and these."""
    return values[max(len(values) - count - _MOST, 0) : -count], values[-count:]


def _differs(values: Sequence[float], count: int, least: float) -> bool:
    old, new = map(sorted, _parts(values, count))
    return new[count // 10] > old[len(old) * 3 // 4] + least


def _rise(values: Sequence[float], count: int) -> float:
    old, new = _parts(values, count)
    return sum(new) / len(new) - sum(old) / len(old)
