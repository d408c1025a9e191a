"""Increases offers gradually, and only into what the others have really released."""

from collections.abc import Mapping
from dataclasses import dataclass
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
from ..meters.standstill import is_unmoved
from ..meters.steadiness import trembles_a
from ..model import Snapshot
from ..sharing.filling import User, Uses, fill
from ..sharing.ranking import growth, rank
from ..sharing.resources import Amounts, Lack, Resources, blocked_by, take

# The cars have this long to contradict a meter that has failed (see `contradiction`).
FIRST_MINUTE = timedelta(seconds=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rise:
    """The cars whose target is above what they have, and what they may get."""

    asks: list[Ask]
    resources: Resources
    snapshot: Snapshot
    base: dict[str, float]  # what each has; nothing if it does not run
    most: dict[str, float]  # what each may have now
    free: Amounts  # what the other cars leave
    left: Amounts  # the same beside what these have and hold

    def uses(self, asking: Ask) -> Uses:
        """Return what an ampere of a car takes."""
        return self.resources.uses(asking.connector, asking.phases)


def raised(
    asks: list[Ask],
    targets: Mapping[str, float],
    resources: Resources,
    free: Amounts,
    snapshot: Snapshot,
) -> tuple[dict[str, float], dict[str, Lack], dict[str, int]]:
    """Return the offers of those whose target is above what they have, in amperes, and what prevents connectors from starting, and from rising.

    `free` is what the others leave. A connector that cannot start yet gets nothing, and is considered again at the next tick. One
    that already runs keeps its place, even if the others have not released its current yet.
    """
    base = {asking.id: _base_a(asking, snapshot) for asking in asks}
    rise = _Rise(
        asks=asks,
        resources=resources,
        snapshot=snapshot,
        base=base,
        most=_most_now(asks, targets, base, snapshot),
        free=free,
        left=list(free),
    )
    for asking in asks:
        held = held_a(asking.connector, snapshot)
        take(rise.left, rise.uses(asking), max(base[asking.id], held))
    _wait_for_the_meter(rise)
    held_up = _start(rise)
    filled = fill(_users(rise), free)
    given = {a.id: round_down(filled[a.id].current_a, a.connector.step_a) for a in asks}
    _one_after_the_other(rise, given)
    kept_back = {
        name: share.limited_by
        for name, share in filled.items()
        if share.limited_by is not None
    }
    return given, held_up, kept_back


def _base_a(asking: Ask, snapshot: Snapshot) -> float:
    """Return what a car has: nothing if that is too little to run."""
    before = before_a(asking.connector, snapshot)
    return before if before >= asking.connector.min_a else 0.0


def _most_now(
    asks: list[Ask],
    targets: Mapping[str, float],
    base: Mapping[str, float],
    snapshot: Snapshot,
) -> dict[str, float]:
    """Return what each car may have now: it rises gradually, and seldom where the sun would make it rise often."""
    most = {}
    for asking in asks:
        has_a = base[asking.id]
        most_a = calm_a(
            targets[asking.id],
            before_a=has_a,
            min_a=asking.connector.min_a,
            most_a=asking.most_a,
            past=asking.past,
            snapshot=snapshot,
            sunny=asking.sunny,
        )
        if asking.sunny and (
            is_slow(asking.connector, asking.past, snapshot)
            or too_soon(asking.connector, asking.past, snapshot)
        ):
            most_a = min(most_a, has_a)
        most[asking.id] = most_a
    return most


def _wait_for_the_meter(rise: _Rise) -> None:
    """Give a car that has just started no more than its minimum until a meter that stands still has shown it."""
    still = rise.resources.still()
    for asking in rise.asks:
        if still and _is_unseen(asking, rise.resources, still, rise.snapshot):
            lowest = max(rise.base[asking.id], asking.connector.min_a)
            rise.most[asking.id] = min(rise.most[asking.id], lowest)


def _start(rise: _Rise) -> dict[str, Lack]:
    """Start those whose minimum is free, and return what prevents the others."""
    unsteady = rise.resources.unsteady()
    held_up: dict[str, Lack] = {}
    for asking in sorted(rise.asks, key=lambda a: rank(a, rise.snapshot)):
        if rise.base[asking.id] > 0:
            continue
        # Its offer is not known, or has lapsed: it may be at its fail-safe current, and starts with that.
        held, min_a = held_a(asking.connector, rise.snapshot), asking.connector.min_a
        uses = rise.uses(asking)
        take(rise.left, uses, -held)
        back = was_paused(asking.past, rise.snapshot.now)
        kept = trembles_a(unsteady) if back else unsteady
        blocked = blocked_by(rise.left, uses, min_a, kept)
        if blocked is None:
            rise.base[asking.id] = min_a
            take(rise.left, uses, max(min_a, held))
            take(rise.free, uses, max(held - min_a, 0.0))
        else:
            held_up[asking.id] = blocked
            rise.most[asking.id] = 0.0
            take(rise.left, uses, held)
            take(rise.free, uses, held)
    return held_up


def _users(rise: _Rise) -> dict[str, User]:
    """Return the cars as users of what is free, each from what it has to what it may have."""
    grown = growth(rise.asks, rise.snapshot)
    return {
        a.id: User(
            uses=rise.uses(a),
            base=rise.base[a.id],
            most=max(rise.most[a.id], rise.base[a.id]),
            weight=grown[a.id][0],
            start=grown[a.id][1],
        )
        for a in rise.asks
    }


def _one_after_the_other(rise: _Rise, given: dict[str, float]) -> None:
    """Where too little is free yet for all that rise, let some rise by what is worth a message, and not all by less."""
    base, most = rise.base, rise.most
    left, little = list(rise.free), []
    for asking in rise.asks:
        band_a = late_band_a(
            base[asking.id], asking.past, rise.snapshot, sunny=asking.sunny
        )
        more_a = given[asking.id] - base[asking.id]
        if base[asking.id] and given[asking.id] < most[asking.id] and more_a < band_a:
            little.append((asking, band_a))
            given[asking.id] = base[asking.id]
        take(left, rise.uses(asking), given[asking.id])
    for asking, band_a in little:
        worth_a = min(base[asking.id] + band_a, most[asking.id])
        worth_a = round_up(worth_a, asking.connector.step_a)
        uses = rise.uses(asking)
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
