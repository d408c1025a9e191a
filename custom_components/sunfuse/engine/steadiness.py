"""How much a circuit's load moves: a car that just fits beside a calm moment would be shed by the next one."""

from dataclasses import replace
from datetime import timedelta

from .memory import CircuitMemory
from .model import PerPhase, Snapshot

MINUTE = timedelta(minutes=1)
# A load that moves by more than this is one that was switched, not one that trembles: its highest is enough to know.
TREMBLES_A = 1.0


def watch_load(
    past: CircuitMemory, load_a: PerPhase, snapshot: Snapshot
) -> CircuitMemory:
    """Note the highest and the lowest load of this minute; those of the one before are kept as well."""
    if past.minute_at is None or snapshot.now - past.minute_at >= 2 * MINUTE:
        before_a = load_a, load_a
    elif snapshot.now - past.minute_at >= MINUTE:
        before_a = past.highest_a, past.lowest_a
    else:
        return replace(
            past,
            highest_a=tuple(map(max, past.highest_a, load_a)),
            lowest_a=tuple(map(min, past.lowest_a, load_a)),
        )
    return replace(
        past,
        minute_at=snapshot.now,
        highest_a=load_a,
        lowest_a=load_a,
        highest_before_a=before_a[0],
        lowest_before_a=before_a[1],
    )


def unsteady_a(past: CircuitMemory, load_a: PerPhase) -> PerPhase:
    """Return what is to stay free above a load: up to its highest of the last minutes, and as much again as it trembled."""
    found = []
    for phase, now_a in enumerate(load_a):
        highest_a = max(past.highest_a[phase], past.highest_before_a[phase])
        lowest_a = min(past.lowest_a[phase], past.lowest_before_a[phase])
        trembles_a = min(highest_a - lowest_a, TREMBLES_A)
        found.append(max(highest_a + trembles_a - max(now_a, 0.0), 0.0))
    return tuple(found)
