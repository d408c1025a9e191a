"""What a circuit is presumed to carry besides its cars while its meter cannot tell.

It is the highest load, as a mean of a minute, that the meter has shown in the last day or two while it was believed, with
what panels and battery supplied of it. A meter
that has never shown the draw of a car may never have been right (dead from the start, another unit, the wrong sign): then
nothing is known of the house, and one car at a time has its minimum.

Nothing is presumed within the first minute after a meter stopped reporting: the last known load counts, so that a short
interruption stops no car, and a fuse carries for longer what may come in between (see `fuse_curve`).
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from ..cars.confirmed_offer import held_a
from ..cars.learning import NOTHING_A
from ..cars.wanted import NO_CAR, why_not_wanted
from ..memory import CircuitMemory, LoadHistory
from ..model import (
    Circuit,
    Connector,
    ConnectorStatus,
    MeterQuality,
    PerPhase,
    Snapshot,
)
from .generation import GENERATED, generated_w
from .standstill import is_unmoved
from .steadiness import moving_mean

DAY = timedelta(days=1)
MEAN_S = 60.0
# A phase that shows this much export has panels behind its meter.
FEEDS_IN_A = 1.0
# So long a meter may be silent before anything is presumed.
INTERRUPTION = timedelta(seconds=60)
# A car that has taken nothing of its offer for so long does not begin with the next one.
UNUSED = timedelta(seconds=60)
# What a charger out of reach takes for longer than this is a load like any other.
OUT_OF_REACH = timedelta(hours=1)
# These have been observed for long before they are known.
_PROVEN_WRONG = frozenset((MeterQuality.CONTRADICTED, MeterQuality.FROZEN))


def remember_load(
    circuit: Circuit,
    past: CircuitMemory,
    load_a: PerPhase,
    still: tuple[bool, ...],
    connectors: list[Connector],
    snapshot: Snapshot,
) -> CircuitMemory:
    """Note a load that was measured, with the generation that covered a part of it: that may be gone when it counts.

    Generation is that of the site, and covers a part of what its main circuit carries. A circuit below may have none of it,
    unless it has fed in: then all of it may be there.
    A meter that stands still may have failed: what it showed before is not forgotten then.
    """
    if any(_may_draw(one, snapshot) for one in connectors):
        return past  # what an unreachable car draws looks like a load
    history, now = past.history, snapshot.now
    fed_in = history.fed_in or (False,) * len(load_a)
    fed_in = tuple(
        fed or a < -FEEDS_IN_A for fed, a in zip(fed_in, load_a, strict=True)
    )
    behind = (True,) * len(load_a) if circuit.parent is None else fed_in
    load_a = _before_generation(load_a, behind, snapshot)
    mean_a = _mean(history, load_a, snapshot)
    if history.day_at is None:
        history = LoadHistory(
            day_at=now, first_day=True, highest_a=mean_a, highest_before_a=mean_a
        )
    else:
        is_over = now - history.day_at >= DAY
        highest_a = tuple(map(max, history.highest_a, mean_a))
        history = replace(history, highest_a=highest_a)
        if is_over:
            history = _next_day(history, mean_a, still, now)
    history = replace(history, mean_a=mean_a, mean_at=now, fed_in=fed_in)
    return replace(past, history=history)


def _next_day(
    history: LoadHistory, mean_a: PerPhase, still: tuple[bool, ...], now: datetime
) -> LoadHistory:
    """Begin another day; the highest load of the one that ends is kept for it."""
    before_a = tuple(
        max(before, highest) if kept else highest
        for before, highest, kept in zip(
            history.highest_before_a, history.highest_a, still, strict=True
        )
    )
    return replace(
        history,
        day_at=now,
        first_day=False,
        highest_a=mean_a,
        highest_before_a=before_a,
    )


def _may_draw(connector: Connector, snapshot: Snapshot) -> bool:
    """Whether a car draws unseen, as far as anybody knows: its charger was lost a moment ago. One that never reported has none."""
    if connector.reachable or connector.status in NO_CAR or connector.draw_at is None:
        return False
    return snapshot.now - connector.draw_at < OUT_OF_REACH


def _before_generation(
    load_a: PerPhase, behind: tuple[bool, ...], snapshot: Snapshot
) -> PerPhase:
    """Return a load without what panels and battery supply `behind` a meter, which is assumed to be the same on each such phase."""
    if not any(behind):
        return load_a
    each_a = generated_w(snapshot, since=snapshot.now - GENERATED) / (
        snapshot.site.voltage_v * sum(behind)
    )
    return tuple(
        a + each_a if fed else a for a, fed in zip(load_a, behind, strict=True)
    )


def _mean(history: LoadHistory, load_a: PerPhase, snapshot: Snapshot) -> PerPhase:
    if history.mean_at is None or len(history.mean_a) != len(load_a):
        return load_a
    return moving_mean(history.mean_a, load_a, snapshot.now - history.mean_at, MEAN_S)


def presumes(past: CircuitMemory, quality: MeterQuality, snapshot: Snapshot) -> bool:
    """Whether a lost meter has been lost for so long that a load has to be presumed."""
    if quality in _PROVEN_WRONG:
        return True
    since = past.lost_since
    return since is not None and snapshot.now - since >= INTERRUPTION


def presumed_a(
    past: CircuitMemory,
    most_a: PerPhase,
    connectors: list[Connector],
    snapshot: Snapshot,
) -> PerPhase:
    """Return the load to presume on each phase of a circuit that may carry `most_a`, cars included.

    What is reserved for a charger out of reach of whose car nobody knows is a part of a load of which nothing is known.
    """
    highest_a = seen_a(past, most_a)
    if past.doubt.shows_cars:
        return highest_a
    least_a = _all_but_one(most_a, connectors, _is_away, snapshot)
    return tuple(map(max, highest_a, least_a))


def seen_a(past: CircuitMemory, most_a: PerPhase) -> PerPhase:
    """Return the highest load of the last day or two."""
    if past.history.day_at is None:
        return (0.0,) * len(most_a)
    highest = zip(past.history.highest_a, past.history.highest_before_a, strict=True)
    return tuple(max(*pair, 0.0) for pair in highest)


def _all_but_one(
    most_a: PerPhase,
    connectors: list[Connector],
    beside: Callable[[Connector, Snapshot], bool],
    snapshot: Snapshot,
) -> PerPhase:
    """Return the load that leaves one car its minimum, whichever of those that want to charge it is, `beside` the offers of some."""
    wanting = [one for one in connectors if why_not_wanted(one, 0.0) is None]
    one_a = max((one.min_a for one in wanting or connectors), default=0.0)
    left_a = [most - one_a for most in most_a]
    for connector in connectors:
        if beside(connector, snapshot):
            for phase in connector.phases:
                left_a[phase] -= held_a(connector, snapshot)
    return tuple(max(a, 0.0) for a in left_a)


def beside_first(
    past: CircuitMemory,
    most_a: PerPhase,
    connectors: list[Connector],
    snapshot: Snapshot,
) -> PerPhase:
    """Return the load to presume before a car starts, lowered so far that one can: it shows whether the meter works.

    Cars that do not use their offers show nothing, and keep no other car from starting. Nor does what is reserved for chargers
    out of reach. Nobody knows whether a car uses its offer whose charger does not measure: it keeps no other car from starting
    where a load that was never seen would be presumed, unless the meter shows the same as before, and the charger says that
    the car charges.
    """

    def may_be_unused(connector: Connector, snapshot: Snapshot) -> bool:
        charges = connector.status is ConnectorStatus.CHARGING
        return _may_be_unused(connector, snapshot) and not (
            charges and is_unmoved(past, connector.offered_at)
        )

    presumed = map(
        min,
        presumed_a(past, most_a, connectors, snapshot),
        _all_but_one(most_a, connectors, may_be_unused, snapshot),
    )
    seen = map(
        min,
        seen_a(past, most_a),
        _all_but_one(most_a, connectors, _is_unused, snapshot),
    )
    return tuple(map(max, presumed, seen))


def _is_away(connector: Connector, snapshot: Snapshot) -> bool:
    """Whether a charger is out of reach, and nobody knows of a car that it charges."""
    return not connector.reachable and not _may_draw(connector, snapshot)


def _is_unused(connector: Connector, snapshot: Snapshot) -> bool:
    """Whether a car has taken nothing of its offer for a while, or its charger is out of reach."""
    if not connector.reachable or connector.status is ConnectorStatus.SUSPENDED_EV:
        return True
    drawn_a = _drawn_a(connector, snapshot)
    return (
        drawn_a is not None and drawn_a < NOTHING_A and _had_time(connector, snapshot)
    )


def _may_be_unused(connector: Connector, snapshot: Snapshot) -> bool:
    """Whether a car has not shown for a while that it takes anything of its offer."""
    unknown = _drawn_a(connector, snapshot) is None
    return _is_unused(connector, snapshot) or (
        unknown and _had_time(connector, snapshot)
    )


def _drawn_a(connector: Connector, snapshot: Snapshot) -> float | None:
    """Return what a car draws on one phase, at most; None if its charger does not measure."""
    if connector.draw_a is not None:
        return max(connector.draw_a)
    if connector.draw_w is None:
        return None
    return connector.draw_w / snapshot.site.voltage_v


def _had_time(connector: Connector, snapshot: Snapshot) -> bool:
    """Whether a car had the time to begin with its offer."""
    since = connector.offered_at
    return since is not None and snapshot.now - since >= UNUSED
