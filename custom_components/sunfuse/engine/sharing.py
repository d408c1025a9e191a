"""Who runs, and with how much: lexicographic in promises and wishes, max-min fair inside each.

IEC 61851-1 knows no current below 6 A, so not everyone can always have a share. Those who run are first lowered to
their minimum to make room; only then does somebody wait. Where a charger can switch, one phase is tried before. What
is tested against is the sum of the minimums, not what is measured: so the last to arrive is not let in and thrown
out again.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from .asking import Ask
from .calm import round_down
from .filling import Share, User, Uses, fill
from .model import Snapshot
from .order import growth, rank
from .phases import may_switch
from .resources import Resources, blocked_by, take

# What is free of each resource, by its number.
type Capacities = list[float]


@dataclass(slots=True, kw_only=True)
class Shares:
    """The outcome: who runs with how much, who waits for which resource, and who lost its other phases.

    `held_up` are those that are to run and cannot start yet, with the resource that is not free, or not steadily.
    """

    running: dict[str, Share] = field(default_factory=dict)
    waiting: dict[str, int] = field(default_factory=dict)
    one_phase: set[str] = field(default_factory=set)
    held_up: dict[str, int] = field(default_factory=dict)
    # What those who live from the sun leave of it; negative where the grid helps.
    sun_left_w: float = 0.0


def share(
    asks: list[Ask], resources: Resources, free: Capacities, snapshot: Snapshot
) -> Shares:
    """Return the shares of everyone who asks, of what is free of each resource (the sun included)."""
    shares = Shares()
    ranked = sorted(asks, key=lambda a: rank(a, snapshot))
    solar = [a for a in ranked if a.solar]
    left = list(free)
    admitted = _admit(
        [a for a in ranked if not a.solar], resources, left, shares, snapshot
    )
    level = {a.id: Share(current_a=a.connector.min_a) for a in admitted}
    grown = growth(asks, snapshot)
    promised = {
        a.id: a.promised_a for a in admitted if a.promised_a > a.connector.min_a
    }
    if promised:
        level = _fill(admitted, level, promised, resources, free, grown)
    promises = {name: share_.limited_by for name, share_ in level.items()}
    if solar:
        left = list(free)
        for asking in admitted:
            take(
                left,
                resources.uses(asking.connector, asking.phases),
                level[asking.id].current_a,
            )
        late = _admit(solar, resources, left, shares, snapshot)
        admitted = sorted([*admitted, *late], key=lambda a: a.id)
        level |= {a.id: Share(current_a=a.connector.min_a) for a in late}
    grid = {a.id: a.most_a for a in admitted if not a.sunny}
    if grid:
        level = _fill(admitted, level, grid, resources, free, grown)
    sunny = {a.id: a.most_a for a in admitted if a.sunny}
    if sunny:
        level = _fill(admitted, level, sunny, resources, free, grown, sun=True)
    for asking in admitted:
        # What kept a promise from more is what kept it from more later on.
        if asking.boosted and promises[asking.id] is not None:
            level[asking.id] = Share(
                current_a=level[asking.id].current_a, limited_by=promises[asking.id]
            )
    shares.running = level
    shares.sun_left_w = free[resources.sun] - sum(
        level[a.id].current_a * resources.watts(a.phases) * a.takes
        for a in admitted
        if a.sunny
    )
    return shares


def _admit(
    ranked: list[Ask],
    resources: Resources,
    left: Capacities,
    shares: Shares,
    snapshot: Snapshot,
) -> list[Ask]:
    """Return who can have the minimum, in their order, and take it; note who waits, and for what."""
    admitted = []
    for asking in ranked:
        min_a = asking.connector.min_a
        uses = resources.uses(asking.connector, asking.phases)
        blocked = blocked_by(left, uses, min_a)
        if blocked is not None and _can_use_one(asking, snapshot):
            one = asking.connector.phases[:1]
            uses = resources.uses(asking.connector, one)
            if blocked_by(left, uses, min_a) is None:
                asking.phases = one
                shares.one_phase.add(asking.id)
                blocked = None
        if blocked is not None:
            shares.waiting[asking.id] = blocked
            continue
        take(left, uses, min_a)
        admitted.append(asking)
    return admitted


def _can_use_one(asking: Ask, snapshot: Snapshot) -> bool:
    """Whether one phase is left to try: a car that charges needs a switch for it, and an hour has only so many."""
    if not asking.connector.switches_phases or len(asking.phases) == 1:
        return False
    return asking.past.on_since is None or may_switch(asking.past, snapshot)


def _fill(
    admitted: list[Ask],
    level: Mapping[str, Share],
    most: Mapping[str, float],
    resources: Resources,
    free: Capacities,
    grown: Mapping[str, tuple[float, float]],
    *,
    sun: bool = False,
) -> dict[str, Share]:
    """Raise some from the level that all have, and leave the others there."""
    users = {}
    for asking in admitted:
        uses = resources.uses(asking.connector, asking.phases)
        if sun and asking.sunny:
            uses = resources.with_sun(uses, asking.phases, asking.takes)
        base = level[asking.id].current_a
        weight, start = grown[asking.id]
        users[asking.id] = User(
            uses=uses,
            base=base,
            most=max(most.get(asking.id, base), base),
            weight=weight,
            start=start,
        )
    filled = fill(users, free)
    return {
        name: share_ if name in most else level[name] for name, share_ in filled.items()
    }


def round_down_all(
    asks: list[Ask],
    shares: Shares,
    resources: Resources,
    free: Capacities,
) -> dict[str, float]:
    """Return the shares in steps that the chargers know, downwards; what that leaves is given to the next."""
    left = list(free)
    rounded: dict[str, float] = {}
    short: list[Ask] = []
    for asking in asks:
        if (given := shares.running.get(asking.id)) is None:
            continue
        current_a = round_down(given.current_a, asking.connector.step_a)
        rounded[asking.id] = current_a
        take(left, _all_uses(asking, resources), current_a)
        if given.limited_by is not None:
            short.append(asking)
    for asking in sorted(short, key=lambda a: (-a.connector.priority, a.id)):
        step_a = asking.connector.step_a
        more_a = round_down(rounded[asking.id] + step_a, step_a)
        uses = _all_uses(asking, resources)
        if more_a <= asking.most_a and blocked_by(left, uses, step_a) is None:
            rounded[asking.id] = more_a
            take(left, uses, step_a)
    return rounded


def _all_uses(asking: Ask, resources: Resources) -> Uses:
    uses = resources.uses(asking.connector, asking.phases)
    if not asking.sunny:
        return uses
    return resources.with_sun(uses, asking.phases, asking.takes)
