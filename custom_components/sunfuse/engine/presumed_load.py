"""What a circuit is presumed to carry besides its cars while its meter cannot tell.

It is the highest load, as a mean of a minute, that the meter has shown in the last day or two while it was believed, with
what panels and battery supplied of it. A meter
that has never shown the draw of a car may never have been right (dead from the start, another unit, the wrong sign): then
nothing is known of the house, and one car at a time has its minimum.

Nothing is presumed within the first minute after a meter stopped reporting: the last known load counts, so that a short
interruption stops no car, and a fuse carries for longer what may come in between (see `fuse_curve`).
"""

from dataclasses import replace
from datetime import timedelta
import math

from .learning import NOTHING_A
from .load import GENERATED, generated_w
from .memory import CircuitMemory, LoadHistory
from .model import Connector, ConnectorStatus, MeterQuality, PerPhase, Snapshot
from .wanted import NO_CAR

DAY = timedelta(days=1)
MEAN_S = 60.0
# So long a meter may be silent before anything is presumed.
INTERRUPTION = timedelta(seconds=60)
# A car that has taken nothing of its offer for so long does not begin with the next one.
UNUSED = timedelta(seconds=60)
# These have been observed for long before they are known.
_PROVEN_WRONG = frozenset((MeterQuality.CONTRADICTED, MeterQuality.FROZEN))


def remember_load(
    past: CircuitMemory,
    load_a: PerPhase,
    still: tuple[bool, ...],
    connectors: list[Connector],
    snapshot: Snapshot,
) -> CircuitMemory:
    """Note a load that was measured, with the generation that covered a part of it: that may be gone when it counts.

    A meter that stands still may have failed: what it showed before is not forgotten then.
    """
    if not all(one.reachable or one.status in NO_CAR for one in connectors):
        return past  # what an unreachable car draws looks like a load
    history, now = past.history, snapshot.now
    mean_a = _mean(history, _before_generation(load_a, snapshot), snapshot)
    if history.day_at is None:
        return replace(
            past,
            history=LoadHistory(
                mean_a=mean_a,
                mean_at=now,
                day_at=now,
                highest_a=mean_a,
                highest_before_a=mean_a,
            ),
        )
    highest_a = tuple(map(max, history.highest_a, mean_a))
    before_a, day_at = history.highest_before_a, history.day_at
    if now - day_at >= DAY:
        day_at = now
        before_a = tuple(
            max(before, highest) if kept else highest
            for before, highest, kept in zip(before_a, highest_a, still, strict=True)
        )
        highest_a = mean_a
    return replace(
        past,
        history=LoadHistory(
            mean_a=mean_a,
            mean_at=now,
            day_at=day_at,
            highest_a=highest_a,
            highest_before_a=before_a,
        ),
    )


def _before_generation(load_a: PerPhase, snapshot: Snapshot) -> PerPhase:
    """Return a load without what panels and battery supply, which is assumed to be the same on each phase."""
    each_a = generated_w(snapshot, since=snapshot.now - GENERATED) / (
        snapshot.site.voltage_v * snapshot.site.phases
    )
    return tuple(a + each_a for a in load_a)


def _mean(history: LoadHistory, load_a: PerPhase, snapshot: Snapshot) -> PerPhase:
    if history.mean_at is None or len(history.mean_a) != len(load_a):
        return load_a
    elapsed_s = max((snapshot.now - history.mean_at).total_seconds(), 0.0)
    weight = 1 - math.exp(-elapsed_s / MEAN_S)
    return tuple(
        before + (now - before) * weight
        for now, before in zip(load_a, history.mean_a, strict=True)
    )


def presumes(past: CircuitMemory, quality: MeterQuality, snapshot: Snapshot) -> bool:
    """Whether a lost meter has been lost for so long that a load has to be presumed."""
    if quality in _PROVEN_WRONG:
        return True
    since = past.lost_since
    return since is not None and snapshot.now - since >= INTERRUPTION


def presumed_a(
    past: CircuitMemory, most_a: PerPhase, connectors: list[Connector]
) -> PerPhase:
    """Return the load to presume on each phase of a circuit that may carry `most_a`, cars included."""
    known_a = (0.0,) * len(most_a)
    if past.history.day_at is not None:
        highest = zip(
            past.history.highest_a, past.history.highest_before_a, strict=True
        )
        known_a = tuple(max(*pair, 0.0) for pair in highest)
    if past.doubt.shows_cars:
        return known_a
    return tuple(map(max, known_a, _all_but_one(most_a, connectors)))


def _all_but_one(most_a: PerPhase, connectors: list[Connector]) -> PerPhase:
    """Return the load that leaves one car its minimum."""
    one_a = min((connector.min_a for connector in connectors), default=0.0)
    return tuple(max(most - one_a, 0.0) for most in most_a)


def beside_first(
    past: CircuitMemory,
    most_a: PerPhase,
    connectors: list[Connector],
    snapshot: Snapshot,
) -> PerPhase:
    """Return the load to presume before a car starts, lowered so far that one can: it shows whether the meter works.

    Cars that do not use their offers show nothing, and keep no other car from starting.
    """
    unused_a = [0.0] * len(most_a)
    for connector in connectors:
        if _is_unused(connector, snapshot):
            for phase in connector.phases:
                unused_a[phase] += connector.offer_a or 0.0
    leaves_one = _all_but_one(most_a, connectors)
    return tuple(
        min(presumed, max(a - unused, 0.0))
        for presumed, a, unused in zip(
            presumed_a(past, most_a, connectors), leaves_one, unused_a, strict=True
        )
    )


def _is_unused(connector: Connector, snapshot: Snapshot) -> bool:
    """Whether a car has taken nothing of its offer for a while."""
    if connector.status is ConnectorStatus.SUSPENDED_EV:
        return True
    if connector.offered_at is None or snapshot.now - connector.offered_at < UNUSED:
        return False
    return max(connector.draw_a or (math.inf,)) < NOTHING_A
