"""How much a circuit's load varies: a car that just fits at a quiet moment would be stopped at the next one."""

from dataclasses import replace
from datetime import timedelta
import math

from .memory import CircuitMemory
from .model import PerPhase, Snapshot

MINUTE = timedelta(minutes=1)
MEAN_S = 10.0
# A load that varies by more than this was switched, and does not fluctuate: its highest value is enough to know.
TREMBLES_A = 1.0


def watch_load(
    past: CircuitMemory, load_a: PerPhase, snapshot: Snapshot
) -> CircuitMemory:
    """Note the highest and the lowest load of this minute; those of the one before are kept as well.

    The mean of ten seconds counts: nobody needs to make room for the inrush of a motor.
    """
    mean_a = _mean(past, load_a, snapshot)
    if past.minute_at is None or snapshot.now - past.minute_at >= 2 * MINUTE:
        before_a = mean_a, mean_a
    elif snapshot.now - past.minute_at >= MINUTE:
        before_a = past.highest_a, past.lowest_a
    else:
        return replace(
            past,
            mean_a=mean_a,
            mean_at=snapshot.now,
            highest_a=tuple(map(max, past.highest_a, mean_a)),
            lowest_a=tuple(map(min, past.lowest_a, mean_a)),
        )
    return replace(
        past,
        mean_a=mean_a,
        mean_at=snapshot.now,
        minute_at=snapshot.now,
        highest_a=mean_a,
        lowest_a=mean_a,
        highest_before_a=before_a[0],
        lowest_before_a=before_a[1],
    )


def _mean(past: CircuitMemory, load_a: PerPhase, snapshot: Snapshot) -> PerPhase:
    if past.mean_at is None or snapshot.now - past.mean_at >= 2 * MINUTE:
        return load_a
    elapsed_s = max((snapshot.now - past.mean_at).total_seconds(), 0.0)
    weight = 1 - math.exp(-elapsed_s / MEAN_S)
    return tuple(
        before + (now - before) * weight
        for now, before in zip(load_a, past.mean_a, strict=True)
    )


def unsteady_a(past: CircuitMemory, load_a: PerPhase) -> PerPhase:
    """Return what is to stay free above a load: up to its highest of the last minutes, and its fluctuation once more."""
    found = []
    for phase, now_a in enumerate(load_a):
        highest_a = max(past.highest_a[phase], past.highest_before_a[phase])
        lowest_a = min(past.lowest_a[phase], past.lowest_before_a[phase])
        trembles_a = min(highest_a - lowest_a, TREMBLES_A)
        found.append(max(highest_a + trembles_a - max(now_a, 0.0), 0.0))
    return tuple(found)
