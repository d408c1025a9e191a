"""When a car that waits has its turn: others then make room for it."""

from datetime import datetime, timedelta

from .cars.asking import Ask
from .sharing.ranking import PRIORITY, matters, policy_key, turn_s
from .sharing.resources import blocked_by
from .sharing.sharing import Shares
from .tick import Tick
from .tuning import Policy


def next_turn(
    asking: Ask, resource: int, shares: Shares, tick: Tick
) -> datetime | None:
    """Return when a waiting car may take the place of one with equal rights, None if no turn gives it one.

    These times stand still. When they are over, and nobody has made room, it has no turn that anybody could name.
    """
    places = _places(resource, shares, tick, solar=asking.solar)
    if not places or not _fits_alone(asking, tick):
        return None
    snapshot, past = tick.snapshot, asking.past
    tuning, now = snapshot.tuning, snapshot.now
    since = past.off_since or now  # it is stopped for another one just now
    first = min(end for _, end in places)
    if snapshot.policy is Policy.EQUAL:
        new = past.stopped_at is None and past.on_since is None
        waits_s = 0 if new else tuning.turn_s * PRIORITY / asking.connector.priority
        found = [max(first, since + timedelta(seconds=waits_s))]
    else:
        key = policy_key(asking, snapshot)
        found = [end for behind, end in places if key < behind]
        if matters(asking, snapshot):
            longest = timedelta(seconds=tuning.longest_wait_s)
            found.append(max(first, since + longest))
    return min((at for at in found if at > now), default=None)


def _fits_alone(asking: Ask, tick: Tick) -> bool:
    """Whether a car could have its minimum if all others made room: one that cannot be limited may need more than the house leaves."""
    uses = tick.resources.uses(asking.connector, asking.phases)
    alone = tick.resources.calmest(tick.resources.capacity(calm=False))
    return blocked_by(alone, uses, asking.connector.min_a) is None


def takes(asking: Ask, resource: int, tick: Tick) -> bool:
    """Whether a car uses a resource."""
    uses = tick.resources.uses(asking.connector, asking.phases)
    return any(index == resource for index, _ in uses)


def _places(
    resource: int, shares: Shares, tick: Tick, *, solar: bool
) -> list[tuple[tuple[float, ...], datetime]]:
    """Return the users of a resource that may be asked to make room: their place in the policy's order, and when their turn ends."""
    key = resource, solar
    if key not in tick.places:
        tick.places[key] = [
            (
                policy_key(other, tick.snapshot),
                other.past.on_since
                + timedelta(seconds=turn_s(other.past, tick.snapshot)),
            )
            for other in tick.asks
            if other.past.on_since is not None
            and other.id in shares.running
            and other.solar == solar
            and not other.boosted
            and takes(other, resource, tick)
        ]
    return tick.places[key]
