"""What cars drew when the meter measured, as closely as their offers and reports show it: to follow solar power without lag.

A fuse is protected by bounds that cannot be wrong (see `load`), and these are wide while offers change. Cars that follow
solar power get new offers all the time, and wide bounds would make them late. So solar power is calculated with narrow
bounds: a car moves from its last report to its offer, no earlier than the offer was sent and no later than it was
confirmed, at the pace of cars. A small error for some seconds costs some solar power and trips nothing.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from math import inf

from ..memory import ConnectorMemory, Draw, Offered
from ..model import Connector, ConnectorStatus, Snapshot
from .learning import RESTS

# The slowest cars follow a higher limit at this pace, and a lower one at that.
RISES_A_S = 1.0
FALLS_A_S = 4.0
# A car follows its offer to within this part; one that takes less has a limit of its own.
FOLLOWS_LEAST = 0.9
# Until it is known, a car takes between this part and all of its offer.
FOLLOWS_UNKNOWN = 0.95
# A car has followed an offer after this, and offers that differ by no more are the same to it.
FOLLOWED = timedelta(seconds=8)
SAME_A = 0.35
# The weight of one report in learning how closely a car follows, and the least current to learn from.
LEARNS = 0.3
LEAST_A = 5.0
# A meter's value may be of so long before its time.
METERED = timedelta(seconds=2)
# A car whose reports differ by less has not moved meanwhile.
MOVED_A = 0.05
# An older report of a draw says nothing about now.
CURRENT_FOR = timedelta(seconds=60)


def drawn_w(
    cars: Iterable[tuple[Connector, ConnectorMemory]], at: datetime, snapshot: Snapshot
) -> tuple[float, float] | None:
    """Return the least and the most that all cars drew at a time, in watts; None if that is not known closely."""
    least_w = most_w = 0.0
    for connector, past in cars:
        bounds = _drawn_w(connector, past, at, snapshot)
        if bounds is None:
            return None
        least_w, most_w = least_w + bounds[0], most_w + bounds[1]
    return least_w, most_w


def _drawn_w(
    connector: Connector, past: ConnectorMemory, at: datetime, snapshot: Snapshot
) -> tuple[float, float] | None:
    """Return the least and the most that one connector drew, in watts."""
    if connector.status in RESTS:
        return 0.0, 0.0
    if not connector.reachable or not past.draws:
        return None
    draw = _last(past.draws, at)
    if snapshot.now - draw.at > CURRENT_FOR:
        return None
    least_w, most_w = _since(draw, connector, past, at, snapshot)
    earlier = _last(past.draws, at - METERED)
    if earlier.at < draw.at and snapshot.now - earlier.at <= CURRENT_FOR:
        # While a car changes what it takes, a report of the same time as the meter's value may be a second ahead of it.
        low_w, high_w = _since(earlier, connector, past, at, snapshot)
        least_w, most_w = min(least_w, low_w), max(most_w, high_w)
    return least_w, most_w


def _last(draws: tuple[Draw, ...], at: datetime) -> Draw:
    """Return the last draw that was reported by then, or the first one."""
    for draw in reversed(draws):
        if draw.at <= at:
            return draw
    return draws[0]


def _since(
    draw: Draw,
    connector: Connector,
    past: ConnectorMemory,
    at: datetime,
    snapshot: Snapshot,
) -> tuple[float, float]:
    """Return the least and the most that one connector drew, by one of its reports, in watts."""
    volts = snapshot.site.voltage_v
    all_phases_w = volts * len(connector.phases)
    if past.above_since is not None or draw.at > at:
        # Its offer makes no difference to it, or nothing older is known.
        return draw.watts(volts), draw.watts(volts)
    level_a = max(draw.current_a)
    # The watts of an ampere, by its report: its own meter knows its voltage.
    ampere_w = draw.watts(volts) / level_a if level_a > 0 else all_phases_w
    highest_a = _followed_a(draw, past, at, past.follows or 1.0, early=True)
    # It is not known when a car begins.
    lowest_a = (
        _followed_a(draw, past, at, past.follows or FOLLOWS_UNKNOWN, early=False)
        if level_a > 0
        else 0.0
    )
    return min(lowest_a, highest_a) * ampere_w, highest_a * ampere_w


def _followed_a(
    draw: Draw, past: ConnectorMemory, at: datetime, follows: float, *, early: bool
) -> float:
    """Return what a car draws that follows its offers since it reported: with `early` the most, otherwise the least."""
    level_a = max(draw.current_a)
    most_a = inf if early or past.takes_a is None else past.takes_a
    stretches: Iterable[tuple[float, datetime, datetime]]
    if past.offers and past.offers[-1].since <= draw.at:
        # Those before it were over when it reported.
        stretches = ((past.offers[-1].current_a, draw.at, at),)
    else:
        stretches = _stretches(past.offers, at, early=early)
    for offered_a, begin, end in stretches:
        seconds = (end - max(begin, draw.at)).total_seconds()
        if seconds <= 0:
            continue
        target_a = min(offered_a * follows, max(most_a, level_a))
        if target_a > level_a:
            level_a = (
                target_a if early else min(target_a, level_a + RISES_A_S * seconds)
            )
        else:
            level_a = (
                max(target_a, level_a - FALLS_A_S * seconds) if early else target_a
            )
    return level_a


def _stretches(
    offers: tuple[Offered, ...], until: datetime, *, early: bool
) -> Iterator[tuple[float, datetime, datetime]]:
    """Yield each offer with the start and end of its validity: if `early`, increases count from sending and decreases from confirmation."""
    begins: list[datetime] = []
    before_a = 0.0
    for offered in offers:
        rises = offered.current_a > before_a
        begin = offered.at if rises is early else offered.since
        begins.append(max(begin, *begins[-1:]) if begins else begin)
        before_a = offered.current_a
    for offered, begin, end in zip(offers, begins, [*begins[1:], until], strict=False):
        yield offered.current_a, begin, min(end, until)


def learn_following(
    connector: Connector, past: ConnectorMemory, decided_at: datetime | None
) -> None:
    """Note which part of its offer a car takes: many take 97 or 98 %, and the rest would be lost all day."""
    if decided_at is None or not past.draws or past.draws[-1].at <= decided_at:
        return
    draw = past.draws[-1]
    drawn_a = max([draw.current_a[phase] for phase in connector.phases])
    if connector.status is not ConnectorStatus.CHARGING or drawn_a < LEAST_A:
        return
    since = draw.at - FOLLOWED
    offered = [o.current_a for o in past.offers if o.since > since]
    before = [o.current_a for o in past.offers if o.since <= since]
    offered += before[-1:]
    if not before or min(offered) < LEAST_A or max(offered) - min(offered) > SAME_A:
        return
    part = drawn_a * len(offered) / sum(offered)
    if part >= FOLLOWS_LEAST:
        known = past.follows or min(part, 1.0)
        past.follows = known + (min(part, 1.0) - known) * LEARNS
