"""Who goes first, and who gets more: the site's policy and everyone's priority.

Who runs keeps running for a turn of 15 minutes, as contactors and cars wear by switching; then who has waited longest
is let in: at once if it is new, after as long a wait if it had its turn before. So nobody starves, whatever the
policy: that says who is first among those who wait alike, and how what is left above the minimum is shared.
"""

from datetime import datetime

from .asking import Ask, idle
from .memory import ConnectorMemory
from .model import Connector, Snapshot
from .tuning import Policy, Tuning

# The middle of 1 to 10.
PRIORITY = 5
# Who tells nothing of its need counts as one that needs this much, in amperes.
UNKNOWN_NEED_A = 6.0
LEAST_WEIGHT = 0.05
# Who tells nothing of its departure is in no hurry.
UNKNOWN_LAXITY_S = 86_400.0
# In an order, the next begins where the one before has all that anyone can have, even at the lowest weight.
NEXT = 10_000.0

type Rank = tuple[int, int, float, tuple[float, ...], str]


def rank(asking: Ask, snapshot: Snapshot) -> Rank:
    """Return who goes first: a boost, those within their turn, then by waiting time, then those whose turn is over.

    Promises come before wishes: a minimum that the grid may give before one that only the sun may. A car that has
    long left its offer untouched comes last.
    """
    past, now = asking.past, snapshot.now
    claim = 0 if asking.boosted else 2 if asking.solar else 1
    key = policy_key(asking.connector, past, snapshot)
    if idle(asking, snapshot):
        return claim, 4, 0.0, key, asking.id
    if past.on_since is not None:
        ran_s = (now - past.on_since).total_seconds()
        if ran_s < snapshot.tuning.turn_s:
            return claim, 0, 0.0, (*key, ran_s), asking.id
        return claim, 2, 0.0, (*key, ran_s), asking.id
    waited_s = (now - past.off_since).total_seconds() if past.off_since else 0.0
    waited_s *= asking.connector.priority / PRIORITY
    new = past.stopped_at is None or waited_s >= snapshot.tuning.turn_s
    return claim, 1 if new else 3, -waited_s, key, asking.id


def policy_key(
    connector: Connector, past: ConnectorMemory, snapshot: Snapshot
) -> tuple[float, ...]:
    """Return a connector's place in the order of the site's policy: the lowest goes first."""
    first = -float(connector.priority)
    policy = snapshot.policy
    if policy is Policy.EQUAL:
        return (first,)
    if policy is Policy.NEED:
        return first, -need_a(connector, snapshot)
    if policy is Policy.FIRST_COME:
        return first, _seconds(connector.connected_at or past.asked_at, snapshot)
    if policy is Policy.DEADLINE:
        return first, _seconds(connector.departure, snapshot)
    return first, laxity_s(connector, snapshot)


def _seconds(time: datetime | None, snapshot: Snapshot) -> float:
    """Return how far ahead a time is; one that is not known is last."""
    return float("inf") if time is None else (time - snapshot.now).total_seconds()


def need_a(connector: Connector, snapshot: Snapshot) -> float:
    """Return the current that would bring the missing energy by the departure, in amperes."""
    needed_wh, departure = connector.energy_needed_wh, connector.departure
    if needed_wh is None or departure is None:
        return UNKNOWN_NEED_A
    # A departure that has passed is now: give what can be given.
    left_h = max((departure - snapshot.now).total_seconds(), 900.0) / 3600
    volts = snapshot.site.voltage_v * len(connector.phases)
    return max(needed_wh, 0.0) / left_h / volts


def laxity_s(connector: Connector, snapshot: Snapshot) -> float:
    """Return for how long a car could wait and still be ready at full current, in seconds."""
    needed_wh, departure = connector.energy_needed_wh, connector.departure
    if needed_wh is None or departure is None:
        return UNKNOWN_LAXITY_S
    most_w = connector.max_a * snapshot.site.voltage_v * len(connector.phases)
    charging_s = max(needed_wh, 0.0) / most_w * 3600
    left_s = (departure - snapshot.now).total_seconds()
    return max(min(left_s - charging_s, UNKNOWN_LAXITY_S), -UNKNOWN_LAXITY_S)


def growth(asks: list[Ask], snapshot: Snapshot) -> dict[str, tuple[float, float]]:
    """Return weight and start of each in a fill (see `filling`)."""
    if snapshot.policy in (Policy.FIRST_COME, Policy.DEADLINE):
        keys = {a.id: policy_key(a.connector, a.past, snapshot) for a in asks}
        places = {key: place for place, key in enumerate(sorted(set(keys.values())))}
        return {name: (1.0, places[key] * NEXT) for name, key in keys.items()}
    grown = {}
    for asking in asks:
        weight = asking.connector.priority / PRIORITY
        start = 0.0
        if snapshot.policy is Policy.NEED:
            weight *= max(need_a(asking.connector, snapshot), LEAST_WEIGHT)
        elif snapshot.policy is Policy.LAXITY:
            weight, start = _smoothed(
                asking.connector, weight, snapshot.tuning, snapshot
            )
        grown[asking.id] = (weight, start)
    return grown


def _smoothed(
    connector: Connector, weight: float, tuning: Tuning, snapshot: Snapshot
) -> tuple[float, float]:
    """Return the growth of smoothed least laxity (arXiv 2102.08610).

    All get as much as makes the least laxity after the next window as large as can be: near ties share, where
    plain least laxity would turn from one to the other and back.
    """
    window_s = tuning.laxity_window_s
    per_second = connector.max_a / window_s * weight
    return per_second, laxity_s(connector, snapshot) - window_s / weight
