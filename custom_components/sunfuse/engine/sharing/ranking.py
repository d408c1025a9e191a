"""Who goes first, and who gets more: the site's policy and the priorities.

The policy decides who runs. Turns and waiting only limit it: a car that has just started runs for a
turn, because switching wears contactors and cars, and nobody waits longer than an hour (or the user's setting) while others
run. With `equal` there is no order, so taking turns is the policy itself: after a turn of 15 minutes the car that waited
longest is admitted, at once if it is new, after as long a wait if it had its turn before.
"""

from datetime import datetime
from enum import IntEnum
from math import inf

from ..cars.asking import Ask, idle, rests
from ..cars.wanted import is_met
from ..memory import ConnectorMemory
from ..model import Snapshot
from ..tuning import Policy, Tuning

# The middle of 1 to 10.
PRIORITY = 5
# A car with an unknown need counts as one that needs this much, in amperes.
UNKNOWN_NEED_A = 6.0
LEAST_WEIGHT = 0.05
# A car with an unknown departure is in no hurry.
UNKNOWN_LAXITY_S = 86_400.0
# In an order, the next one begins where the one before has its maximum, even at the lowest weight.
NEXT = 10_000.0
# A car that can wait no longer than this has no time left; one that can wait this long has, and yields even its
# minimum.
NO_TIME_S = 900.0
TIME_S = 3600.0
# A car that waits because it had time is admitted again while it still has this.
TIME_LEFT_S = 1800.0
# A car that has just started yields to nobody for this long, unless the user set another time.
MIN_ON_S = 180.0
# Policies that use departure times.
BY_TIME = frozenset((Policy.NEED, Policy.DEADLINE, Policy.LAXITY))
# A waiting car must need this much more than a running one to take its place, or be able to wait for so much less.
NEEDS_MORE = 1.25
AHEAD_S = 3600.0


class Turn(IntEnum):
    """The situation of a car, before the policy is applied."""

    PROMISED = 0  # and due: it must charge now to be ready
    HAS_TURN = 1
    WAITED_LONG = 2
    BY_POLICY = 3
    HAD_TURN = 4
    RESTS = 5


# The weight and the start of a user in a fill (see `filling`).
type Growth = tuple[float, float]
type Rank = tuple[int, Turn, tuple[float, ...], float, str]


def rank(asking: Ask, snapshot: Snapshot) -> Rank:
    """Return the order: boosts, those within their turn, those that waited too long, then by the policy.

    Promises come before wishes: a minimum that the grid may supply before one from solar power only. A car that has
    not used its offer for long comes last. Among equals the running ones stay, and the one that waited longest is next.
    """
    claim = 0 if asking.boosted else 2 if asking.solar else 1
    place = _place(asking, snapshot)
    key = policy_key(asking, snapshot)
    past = asking.past
    if past.on_since is not None:
        ran_s = (snapshot.now - past.on_since).total_seconds()
        return claim, place, (*key, 0.0), ran_s, asking.id
    waits_s = waited_s(asking, snapshot)
    if place is Turn.WAITED_LONG:
        waits_s *= asking.connector.priority / PRIORITY
        return claim, place, (-waits_s,), 0.0, asking.id
    return claim, place, (*key, 1.0), -waits_s, asking.id


def by_policy(asking: Ask, snapshot: Snapshot) -> tuple[int, Turn, tuple[float, ...]]:
    """Return the order without turns and waiting."""
    claim, turn, *_ = rank(asking, snapshot)
    if turn not in (Turn.PROMISED, Turn.RESTS):
        turn = Turn.BY_POLICY
    return claim, turn, policy_key(asking, snapshot)


def _place(asking: Ask, snapshot: Snapshot) -> Turn:
    past, tuning = asking.past, snapshot.tuning
    if idle(asking, snapshot) or rests(asking.past, snapshot):
        return Turn.RESTS
    if asking.promised_a >= asking.connector.min_a and not asking.boosted:
        return Turn.PROMISED
    if past.on_since is not None:
        ran_s = (snapshot.now - past.on_since).total_seconds()
        keeps = ran_s < turn_s(past, snapshot)
        return Turn.HAS_TURN if keeps else Turn.BY_POLICY
    if snapshot.policy is Policy.EQUAL:
        waits_s = waited_s(asking, snapshot) * asking.connector.priority / PRIORITY
        new = past.stopped_at is None or waits_s >= tuning.turn_s
        return Turn.WAITED_LONG if new else Turn.HAD_TURN
    return Turn.WAITED_LONG if asking.overdue else Turn.BY_POLICY


def is_promised(asking: Ask, snapshot: Snapshot) -> bool:
    """Whether a car has to charge now for what was promised to it."""
    return _place(asking, snapshot) is Turn.PROMISED


def yields(asking: Ask, snapshot: Snapshot) -> bool:
    """Whether a car does without its minimum while a promise to another one is due.

    Not one that was promised something itself, is boosted, can hardly wait any longer to be ready when it leaves, or has its turn
    because it had waited too long.
    """
    if asking.boosted or is_promised(asking, snapshot):
        return False
    if laxity_s(asking, snapshot) <= TIME_LEFT_S or asking.overdue:
        return False
    return not (asking.past.waited_long and keeps_on(asking, snapshot))


def waited_long(asking: Ask, snapshot: Snapshot) -> bool:
    """Whether a waiting car is admitted because it has waited too long, whatever the policy."""
    return asking.past.on_since is None and (
        _place(asking, snapshot) is Turn.WAITED_LONG
    )


def waited_s(asking: Ask, snapshot: Snapshot) -> float:
    """Return for how long a car has been waiting."""
    since = asking.past.off_since
    return (snapshot.now - since).total_seconds() if since else 0.0


def has_time(asking: Ask, snapshot: Snapshot) -> bool:
    """Whether a car that the policy admits can do without even its minimum for a while, and still be ready."""
    past = asking.past
    if snapshot.policy not in BY_TIME or asking.boosted or asking.promised_a > 0:
        return False
    if past.on_since is None:
        waits = not waited_long(asking, snapshot)
        return waits and laxity_s(asking, snapshot) > TIME_LEFT_S
    return not keeps_on(asking, snapshot) and laxity_s(asking, snapshot) > TIME_S


def keeps_on(asking: Ask, snapshot: Snapshot) -> bool:
    """Whether a car has started so recently that it does not yield to any other."""
    past = asking.past
    if past.on_since is None:
        return False
    return (snapshot.now - past.on_since).total_seconds() < _keeps_s(past, snapshot)


def turn_s(past: ConnectorMemory, snapshot: Snapshot) -> float:
    """Return how long the turn of a running car is."""
    if snapshot.policy is Policy.DEADLINE:
        return _keeps_s(past, snapshot)
    return snapshot.tuning.turn_s


def _keeps_s(past: ConnectorMemory, snapshot: Snapshot) -> float:
    keeps_s = snapshot.tuning.min_on_s
    if keeps_s is None:
        keeps_s = MIN_ON_S
    if past.waited_long:
        keeps_s = max(keeps_s, snapshot.tuning.turn_s)
    return keeps_s


def has_no_time(asking: Ask, snapshot: Snapshot) -> bool:
    """Whether a car must charge now, at its maximum, to be ready."""
    known = asking.connector.departure is not None and not is_met(asking.connector)
    return (
        snapshot.policy in BY_TIME
        and known
        and asking.connector.energy_needed_wh is not None
        and laxity_s(asking, snapshot) < NO_TIME_S
    )


def matters(asking: Ask, snapshot: Snapshot) -> bool:
    """Whether waiting could matter to a car: it lacks energy, and may not be ready when it leaves.

    A policy without departure times cannot know. Under the others a car goes first when it can wait no longer: until then it loses
    nothing.
    """
    connector = asking.connector
    if is_met(connector):
        return False
    unknown = connector.departure is None or connector.energy_needed_wh is None
    if unknown or snapshot.policy not in BY_TIME:
        return True
    if snapshot.policy is Policy.DEADLINE:
        return not asking.ready
    return laxity_s(asking, snapshot) < NO_TIME_S


def policy_key(asking: Ask, snapshot: Snapshot) -> tuple[float, ...]:
    """Return a connector's place in the order of the site's policy: the lowest goes first."""
    connector, past = asking.connector, asking.past
    runs = past.on_since is not None
    first = -float(connector.priority)
    policy = snapshot.policy
    if policy is Policy.EQUAL:
        return (first,)
    if policy is Policy.NEED:
        return first, -need_a(asking, snapshot) * (NEEDS_MORE if runs else 1.0)
    if policy is Policy.FIRST_COME:
        return first, _seconds(connector.connected_at or past.asked_at, snapshot)
    if policy is Policy.DEADLINE:
        return (
            first,
            float(is_met(connector)),
            float(asking.hurry),
            _seconds(connector.departure, snapshot),
        )
    return first, _place_by_laxity_s(asking, snapshot)


def _place_by_laxity_s(asking: Ask, snapshot: Snapshot) -> float:
    """Return a car's place under `laxity`: a waiting one takes that of a running one if it could wait for so much less.

    One that was admitted because it had waited too long goes on until another has: one long turn is one start. So does one
    that is soon full: those that are in no hurry can wait for that.
    """
    past, could_wait_s = asking.past, laxity_s(asking, snapshot)
    if past.on_since is None:
        return could_wait_s
    ran_s = (snapshot.now - past.on_since).total_seconds()
    if past.waited_long and ran_s < snapshot.tuning.longest_wait_s:
        return -inf
    place_s = could_wait_s - AHEAD_S
    soon_full = 0 < (charging_s(asking, snapshot) or 0.0) <= NO_TIME_S
    return min(place_s, NO_TIME_S) if soon_full else place_s


def _seconds(time: datetime | None, snapshot: Snapshot) -> float:
    """Return how far ahead a time is; unknown times are last."""
    return float("inf") if time is None else (time - snapshot.now).total_seconds()


def need_a(asking: Ask, snapshot: Snapshot) -> float:
    """Return the current that would supply the missing energy by the departure, in amperes."""
    connector = asking.connector
    needed_wh, departure = connector.energy_needed_wh, connector.departure
    if needed_wh is None or departure is None:
        return UNKNOWN_NEED_A
    # A departure that has passed is now: give what can be given.
    left_h = max((departure - snapshot.now).total_seconds(), 900.0) / 3600
    volts = snapshot.site.voltage_v * len(asking.likely_phases)
    return max(needed_wh, 0.0) / left_h / volts


def laxity_s(asking: Ask, snapshot: Snapshot) -> float:
    """Return for how long a car could wait and still be ready at its maximum current, in seconds."""
    departure, needs_s = asking.connector.departure, charging_s(asking, snapshot)
    if not needs_s or departure is None:
        return UNKNOWN_LAXITY_S
    left_s = (departure - snapshot.now).total_seconds()
    return max(min(left_s - needs_s, UNKNOWN_LAXITY_S), -UNKNOWN_LAXITY_S)


def charging_s(asking: Ask, snapshot: Snapshot) -> float | None:
    """Return how long a car needs at its maximum current, in seconds; None if nobody knows its need."""
    needed_wh = asking.connector.energy_needed_wh
    if needed_wh is None:
        return None
    most_w = takes_a(asking) * snapshot.site.voltage_v * len(asking.likely_phases)
    return max(needed_wh, 0.0) / most_w * 3600


def takes_a(asking: Ask) -> float:
    """Return the most that charger and car take together, as reported and as learned."""
    connector, takes_a = asking.connector, asking.past.takes_a
    known = (
        connector.max_a,
        connector.charger_limit_a,
        connector.car_max_a,
        None if takes_a is None else max(takes_a, connector.min_a),
    )
    return min(a for a in known if a is not None)


def growth(asks: list[Ask], snapshot: Snapshot) -> dict[str, Growth]:
    """Return how each user grows in a fill."""
    if snapshot.policy in (Policy.FIRST_COME, Policy.DEADLINE):
        keys = {a.id: policy_key(a, snapshot) for a in asks}
        places = {key: place for place, key in enumerate(sorted(set(keys.values())))}
        return {name: (1.0, places[key] * NEXT) for name, key in keys.items()}
    grown = {}
    for asking in asks:
        weight = asking.connector.priority / PRIORITY
        start = 0.0
        if snapshot.policy is Policy.NEED:
            weight *= max(need_a(asking, snapshot), LEAST_WEIGHT)
        elif snapshot.policy is Policy.LAXITY:
            weight, start = _smoothed(asking, weight, snapshot.tuning, snapshot)
        grown[asking.id] = (weight, start)
    return grown


def _smoothed(asking: Ask, weight: float, tuning: Tuning, snapshot: Snapshot) -> Growth:
    """Return the growth of smoothed least laxity (arXiv 2102.08610).

    All get what makes the least laxity after the next window as large as possible: near ties share, where
    plain least laxity would alternate between them.
    """
    window_s = tuning.laxity_window_s
    per_second = takes_a(asking) / window_s * weight
    return per_second, laxity_s(asking, snapshot) - window_s / weight
