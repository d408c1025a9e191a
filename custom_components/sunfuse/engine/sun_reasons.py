"""What the sun gives to a car, or what it waits for of the sun."""

from datetime import datetime, timedelta

from .cars.asking import Ask
from .memory import ConnectorMemory
from .meters.steadiness import MINUTE
from .model import Connector, Reason, ReasonKey, lost_meter
from .sharing.filling import EPSILON
from .sharing.sharing import Shares
from .sun.sun_starts import start_w
from .tick import Tick

# Smaller differences are within the accuracy of meters.
OTHERS_TAKE_W = 100.0
# What the sun leaves at times, where it gave just enough a moment ago.
SUN_WAVERS_W = 500.0
# What houses take at once now and then: a sun that leaves more than that limits no car.
HOUSE_WAVERS_W = 1500.0
# A sun that became too little twice within this time will do so again.
WAVERS = timedelta(minutes=15)
_TOO_LITTLE = (ReasonKey.AT_MINIMUM, ReasonKey.STOPPING_ON_SUN)


def why_waiting_for_sun(asking: Ask, shares: Shares, tick: Tick) -> Reason:
    """Return what sun a car lacks that has a place on its circuits: there is too little, or it goes to others first.

    Without a meter nobody knows how much there is.
    """
    root = tick.capacities[tick.tree.root]
    if root.power_lost:
        return lost_meter(root.circuit.name, root.quality, root.sensors)
    needed_w = ("needed_w", start_w(asking, tick.snapshot))
    all_w = tick.sun.surplus_w
    said = asking.past.said is ReasonKey.SUN_TAKEN
    if all_w < start_w(asking, tick.snapshot) and not _others_charge(asking, shares):
        # What is kept for others that wait is not used by them, and would not be enough either.
        return Reason(
            key=ReasonKey.WAITING_FOR_SUN, values=(("surplus_w", all_w), needed_w)
        )
    if all_w - asking.sun_free_w > _wavering_w(OTHERS_TAKE_W, said=said):
        taken_w = ("taken_w", all_w - asking.sun_free_w)
        return Reason(
            key=ReasonKey.SUN_TAKEN, values=(("surplus_w", all_w), taken_w, needed_w)
        )
    return Reason(
        key=ReasonKey.WAITING_FOR_SUN,
        values=(("surplus_w", asking.sun_free_w), needed_w),
    )


def _others_charge(asking: Ask, shares: Shares) -> bool:
    return any(name != asking.id for name in shares.running)


def still_follows_sun(asking: Ask, shares: Shares, tick: Tick) -> bool:
    """Whether the sun has just given a car all that it can take for less than a minute: it may waver."""
    past = asking.past
    if not asking.sunny or past.said is ReasonKey.FULL_POWER:
        return False
    if shares.sun_left_w >= HOUSE_WAVERS_W:
        return False
    return past.settled_at is None or tick.snapshot.now - past.settled_at < MINUTE


def wants_sun(asking: Ask, shares: Shares, tick: Tick) -> bool:
    """Whether solar power would not have given more either, had the circuit carried it."""
    left_w = asking.connector.step_a * tick.resources.watts(asking.phases)
    if asking.past.said is ReasonKey.LIMITED_BY_SUN:
        left_w = max(left_w, SUN_WAVERS_W)
    return asking.sunny and shares.sun_left_w < left_w


def why_too_little_sun(
    asking: Ask, target_a: float, shares: Shares, tick: Tick
) -> Reason:
    """Return the part of solar power: it is followed, or it is too little for the minimum."""
    surplus_w = ("surplus_w", tick.sun.surplus_w)
    min_a = asking.connector.min_a
    follows = Reason(key=ReasonKey.LIMITED_BY_SUN, values=(surplus_w,))
    said = asking.past.said in (ReasonKey.AT_MINIMUM, ReasonKey.STOPPING_ON_SUN)
    missing_w = -shares.sun_left_w
    if target_a > min_a + EPSILON or (
        missing_w < _wavering_w(OTHERS_TAKE_W, said=said)
    ):
        return follows
    if asking.solar and asking.past.dull_since is None:
        return follows
    stops_at = asking.sun_changes_at
    if not asking.solar or stops_at is None:
        return Reason(key=ReasonKey.AT_MINIMUM, values=(("min_a", min_a), surplus_w))
    return Reason(
        key=ReasonKey.STOPPING_ON_SUN,
        values=(surplus_w, ("min_a", min_a), ("until", stops_at.isoformat())),
    )


def dulled(
    reason: Reason, past: ConnectorMemory, now: datetime
) -> tuple[datetime, ...]:
    """Return when the sun that a car followed became too little for its minimum, the last two times."""
    falls = reason.key in _TOO_LITTLE and past.said is ReasonKey.LIMITED_BY_SUN
    return (*past.dulled[-1:], now) if falls else past.dulled


def sun_wavers(reason: Reason, past: ConnectorMemory, now: datetime) -> bool:
    """Whether a car has what the sun gives, and its minimum, in turn: nobody can read which it is just now.

    The time of its stop moves with each cloud, so a stop is shown only in its last minute.
    """
    often = len(past.dulled) > 1 and now - past.dulled[0] < WAVERS
    if reason.key is ReasonKey.STOPPING_ON_SUN:
        stops_at = datetime.fromisoformat(str(dict(reason.values)["until"]))
        return often and stops_at - now > MINUTE
    return often and reason.key in (ReasonKey.LIMITED_BY_SUN, ReasonKey.AT_MINIMUM)


def why_sun_wavers(connector: Connector) -> Reason:
    """Return what holds in the sun and in the shade."""
    return Reason(key=ReasonKey.SUN_WAVERS, values=(("min_a", connector.min_a),))


def _wavering_w(least_w: float, *, said: bool) -> float:
    """Return from which power on something is said: half of it keeps it so, and twice as much begins it."""
    return least_w / 2 if said else least_w * 2
