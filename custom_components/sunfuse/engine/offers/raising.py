"""Increases offers gradually, and only into what the others have really released."""

from collections.abc import Mapping
from datetime import timedelta

from ..cars.asking import Ask
from ..cars.confirmed_offer import before_a, held_a
from ..cars.ramp import (
    calm_a,
    is_slow,
    late_band_a,
    round_down,
    round_up,
    too_soon,
    was_paused,
)
from ..meters.meter_quality import is_unmoved
from ..meters.steadiness import trembles_a
from ..model import Snapshot
from ..sharing.filling import User, fill
from ..sharing.ranking import growth, rank
from ..sharing.resources import Lack, Resources, blocked_by, take

# The cars have this long to contradict a meter that has failed (see `contradiction`).
FIRST_MINUTE = timedelta(seconds=60)


def raised(
    asks: list[Ask],
    targets: Mapping[str, float],
    resources: Resources,
    free: list[float],
    snapshot: Snapshot,
) -> tuple[dict[str, float], dict[str, Lack], dict[str, int]]:
    """Return the offers of those whose target is above what they have, in amperes, and what prevents connectors from starting, and from rising.

    `free` is what the others leave. A connector that cannot start yet gets nothing, and is considered again at the next tick. One
    that already runs keeps its place, even if the others have not released its current yet.
    """
    left = list(free)
    base = {}
    for asking in asks:
        before = before_a(asking.connector, snapshot)
        base[asking.id] = before if before >= asking.connector.min_a else 0.0
        take(
            left,
            resources.uses(asking.connector, asking.phases),
            max(base[asking.id], held_a(asking.connector, snapshot)),
        )
    most = {
        a.id: calm_a(
            targets[a.id],
            before_a=base[a.id],
            min_a=a.connector.min_a,
            most_a=a.most_a,
            past=a.past,
            snapshot=snapshot,
            sunny=a.sunny,
        )
        for a in asks
    }
    still = resources.still()
    for asking in asks:
        if asking.sunny and (
            is_slow(asking.connector, asking.past, snapshot)
            or too_soon(asking.connector, asking.past, snapshot)
        ):
            most[asking.id] = min(most[asking.id], base[asking.id])
        if still and _is_unseen(asking, resources, still, snapshot):
            lowest = max(base[asking.id], asking.connector.min_a)
            most[asking.id] = min(most[asking.id], lowest)
    unsteady = resources.unsteady()
    held_up: dict[str, Lack] = {}
    for asking in sorted(asks, key=lambda a: rank(a, snapshot)):
        if base[asking.id] > 0:
            continue
        # Its offer is not known, or has lapsed: it may be at its fail-safe current, and starts with that.
        held = held_a(asking.connector, snapshot)
        uses = resources.uses(asking.connector, asking.phases)
        take(left, uses, -held)
        back = was_paused(asking.past, snapshot.now)
        kept = trembles_a(unsteady) if back else unsteady
        blocked = blocked_by(left, uses, asking.connector.min_a, kept)
        if blocked is None:
            base[asking.id] = asking.connector.min_a
            take(left, uses, max(asking.connector.min_a, held))
            take(free, uses, max(held - asking.connector.min_a, 0.0))
        else:
            held_up[asking.id] = blocked
            most[asking.id] = 0.0
            take(left, uses, held)
            take(free, uses, held)
    grown = growth(asks, snapshot)
    users = {
        a.id: User(
            uses=resources.uses(a.connector, a.phases),
            base=base[a.id],
            most=max(most[a.id], base[a.id]),
            weight=grown[a.id][0],
            start=grown[a.id][1],
        )
        for a in asks
    }
    filled = fill(users, free)
    given = {a.id: round_down(filled[a.id].current_a, a.connector.step_a) for a in asks}
    _one_after_the_other(asks, given, base, most, resources, free, snapshot)
    kept_back = {
        name: share.limited_by
        for name, share in filled.items()
        if share.limited_by is not None
    }
    return given, held_up, kept_back


def _one_after_the_other(
    asks: list[Ask],
    given: dict[str, float],
    base: Mapping[str, float],
    most: Mapping[str, float],
    resources: Resources,
    free: list[float],
    snapshot: Snapshot,
) -> None:
    """Where too little is free yet for all that rise, let some rise by what is worth a message, and not all by less."""
    left, little = list(free), []
    for asking in asks:
        band_a = late_band_a(base[asking.id], asking.past, snapshot, sunny=asking.sunny)
        more_a = given[asking.id] - base[asking.id]
        if base[asking.id] and given[asking.id] < most[asking.id] and more_a < band_a:
            little.append((asking, band_a))
            given[asking.id] = base[asking.id]
        uses = resources.uses(asking.connector, asking.phases)
        take(left, uses, given[asking.id])
    for asking, band_a in little:
        worth_a = min(base[asking.id] + band_a, most[asking.id])
        worth_a = round_up(worth_a, asking.connector.step_a)
        uses = resources.uses(asking.connector, asking.phases)
        more_a = worth_a - base[asking.id]
        if worth_a <= most[asking.id] and blocked_by(left, uses, more_a) is None:
            given[asking.id] = worth_a
            take(left, uses, more_a)


def _is_unseen(
    asking: Ask, resources: Resources, still: frozenset[int], snapshot: Snapshot
) -> bool:
    """Whether a car has just started, and a meter above it has not shown it yet.

    A meter that has failed looks like a quiet house. Waiting for the next reading shows whether it has. A car whose charger
    does not measure contradicts no meter: only another value shows that the meter lives.
    """
    uses = resources.uses(asking.connector, asking.phases)
    above = [index for index, _ in uses if index in still]
    since = asking.past.on_since
    if since is None or snapshot.now - since < FIRST_MINUTE:
        return bool(above)
    draws = asking.past.draws
    if draws and draws[-1].at >= since:
        return False
    return any(is_unmoved(resources.place(index)[0].past, since) for index in above)
