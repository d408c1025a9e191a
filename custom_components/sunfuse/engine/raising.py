"""Who was to get more gets it calmly, and only of what the others have really let go."""

from collections.abc import Mapping
from datetime import datetime

from .calm import calm_a
from .filling import Resource, fill, overfull
from .sharing import Candidate, rank


def before_a(candidate: Candidate, now: datetime) -> float:
    """Return the offer that is in force, 0 where there is none."""
    connector = candidate.connector
    if connector.offer_until is not None and connector.offer_until <= now:
        return 0.0
    return connector.offer_a or 0.0


def raised(
    candidates: list[Candidate],
    targets: Mapping[str, float],
    free: list[Resource],
    now: datetime,
) -> dict[str, float]:
    """Return the offers of those whose target is above what they have, in amperes.

    `free` is what the others leave. Who cannot start yet gets nothing, and is asked again at the next tick.
    """
    base = {
        c.id: before if (before := before_a(c, now)) >= c.connector.min_a else 0.0
        for c in candidates
    }
    most = {
        c.id: calm_a(
            targets[c.id],
            before_a=base[c.id],
            min_a=c.connector.min_a,
            past=c.past,
            now=now,
        )
        for c in candidates
    }
    for candidate in sorted(candidates, key=lambda c: rank(c, now)):
        if base[candidate.id] > 0:
            continue
        started = base | {candidate.id: candidate.connector.min_a}
        if overfull(free, started) is None:
            base = started
        else:
            most[candidate.id] = 0.0
    return {c: given.current_a for c, given in fill(free, base, most).items()}
