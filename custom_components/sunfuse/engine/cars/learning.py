"""Learns what a car really takes of its offer: its own maximum, and whether it takes anything at all.

A car reports its limit to nobody, but shows it by drawing less than it may: much less for half a minute, or a little less for
as long as no meter's noise lasts. That draw is remembered, with some headroom. Whenever the car uses the headroom it gets a little
more, and now and then all of it.
"""

from datetime import datetime, timedelta

from ..memory import ConnectorMemory, Draw
from ..model import Connector, ConnectorStatus, ReasonKey, Snapshot
from .confirmed_offer import before_a
from .wanted import is_full

# A car has settled on an offer after this.
SETTLED = timedelta(seconds=30)
# And takes almost as much after this.
SETTLES = timedelta(seconds=15)
# A car that stays this close below its offer uses all of it: cars take whole amperes, or 97 %.
ALL_A = 0.5
ALL = 0.06
# What is less by only a little may be the noise of its charger's meter, an ampere or two, unless no report says more for so long.
LASTS = timedelta(minutes=3)
CLEARLY = 0.75
# The headroom above its draw must be more than that, or it would always seem to want more.
ROOM_A = 1.0
ROOM = 0.1
# Where others lack current, a car that has not used its headroom for this long keeps only so much: cars take 97 or 98 % of an
# offer. Now and then it is offered all of it.
UNUSED = timedelta(minutes=5)
LEAN_A = 0.3
LEAN = 0.03
# A car takes more than before if it is more than the noise of its charger's meter.
MORE_A = 0.15
# Nothing flows, whatever was reported before.
RESTS = frozenset((ConnectorStatus.AVAILABLE, ConnectorStatus.SUSPENDED_EV))
# Without an offer: the car wants to charge, or is new.
WANTS = frozenset(
    (
        ConnectorStatus.CHARGING,
        ConnectorStatus.PREPARING,
        ConnectorStatus.SUSPENDED_EVSE,
    )
)
# What a charger reports that soon after an offer was withdrawn is what that made of its state, and no word of the car.
FOLLOWS_WITHDRAWAL = timedelta(minutes=1)
# Who needs so much more than before asks for it: no car loses that while it stands.
MORE_WH = 1000.0
# How much a fast confirmation compensates for earlier slow ones.
FASTER_WEIGHT = 0.2
# A charging car takes more than its electronics, or than this part of a minimum that is as small as that. One that draws less has
# not started, and may use all its phases when it does.
NOTHING_A = 1.0
CHARGES = 0.7


def learn(connector: Connector, past: ConnectorMemory, snapshot: Snapshot) -> None:
    """Learn from the newest draw of the car, and from what its charger reports."""
    now, offer_a = snapshot.now, before_a(connector, snapshot)
    past.rests_since = (past.rests_since or now) if connector.status in RESTS else None
    if past.said is ReasonKey.WAITING_FOR_CARD and not connector.needs_card:
        # What it did not use before says nothing of a car that its driver starts only now.
        past.idle_since = past.settled_at = None
    if past.idle_since is not None and not offer_a:
        _hear(connector, past, snapshot)
    if offer_a >= connector.min_a:
        _note_status(connector, past, snapshot)
    _note_unsettled(connector, past)
    if offer_a != past.offered_a or past.settled_at is None:
        past.offered_a, past.settled_at = offer_a, now
    elif (
        past.draws
        and offer_a >= connector.min_a
        and past.draws[-1].at - past.settled_at >= SETTLED
    ):
        _learn_settled(connector, past, past.settled_at, offer_a, now)


def _note_status(
    connector: Connector, past: ConnectorMemory, snapshot: Snapshot
) -> None:
    """Note what a charger's status says of a car that has an offer: all that is known of it where the charger reports no draw."""
    if is_full(connector):
        past.idle_since = past.idle_since or snapshot.now
    elif not past.draws and past.on_since is not None:
        past.idle_since = _suspended_since(connector, past, past.on_since, snapshot)


def _suspended_since(
    connector: Connector,
    past: ConnectorMemory,
    on_since: datetime,
    snapshot: Snapshot,
) -> datetime | None:
    """Return since when a car takes nothing of its offer as its charger says, if not only for a moment: it would wait for an hour."""
    if connector.status is not ConnectorStatus.SUSPENDED_EV:
        return None
    since = max(past.rests_since or snapshot.now, on_since)
    lasts = (snapshot.now - since).total_seconds() >= snapshot.tuning.idle_s
    return since if lasts else None


def _note_unsettled(connector: Connector, past: ConnectorMemory) -> None:
    """Note what counts also where offers change too fast for a car to settle: that it takes more than is known of it."""
    if not past.draws:
        return
    draw = past.draws[-1]
    if past.less_since is not None:
        past.less_a = max(past.less_a, most_drawn_a(connector, draw))
    if past.takes_a is not None:
        seen_a = max([draw.lowest_a[phase] for phase in connector.phases])
        if seen_a > past.takes_a + MORE_A:
            past.leaves_since = None


def _learn_settled(
    connector: Connector,
    past: ConnectorMemory,
    settled_at: datetime,
    offer_a: float,
    now: datetime,
) -> None:
    """Learn from what a car draws that has settled on an offer: nothing, less than that, or more than is known of it."""
    drawn_a = most_drawn_a(connector, past.draws[-1])
    if drawn_a < min(NOTHING_A, CHARGES * connector.min_a):
        past.idle_since = past.idle_since or now
        return
    if past.idle_since is not None:
        # It has just begun, and may still be rising.
        past.idle_since, past.settled_at = None, now
        return
    if connector.status is not ConnectorStatus.CHARGING:
        return
    if drawn_a < _almost_a(offer_a) and offer_a > (past.takes_a or 0.0) + ALL_A:
        past.leaves_since = past.leaves_since or past.draws[-1].at
    if _takes_less(connector, past, settled_at, offer_a, drawn_a):
        past.takes_since, past.takes_a = now, past.less_a
        past.probed_at = past.probed_at or now
    elif past.takes_a is not None and drawn_a > past.takes_a:
        _takes_more(connector, past, past.takes_a, drawn_a, now)


def _takes_more(
    connector: Connector,
    past: ConnectorMemory,
    known_a: float,
    drawn_a: float,
    now: datetime,
) -> None:
    """Note that a car takes more than is known of it. Only what is clearly more ends that, otherwise it would come and go with the noise."""
    if drawn_a > known_a + MORE_A:
        past.takes_since = now
    enough = drawn_a > known_a + ALL_A and with_room_a(drawn_a) >= connector.max_a
    past.takes_a = None if enough else drawn_a
    past.probed_at = None if enough else past.probed_at


def _hear(connector: Connector, past: ConnectorMemory, snapshot: Snapshot) -> None:
    """Note when a car that took nothing is to charge again: its charger reports that it wants to, or its driver asks for more.

    Some chargers report that as soon as the offer is withdrawn, and for ever: only a change later on is the car's.
    """
    needed_wh = connector.energy_needed_wh or 0.0
    before, past.without_offer = past.without_offer, connector.status
    if past.offered_a or past.settled_at is None:
        past.needed_wh = needed_wh
        return  # its charger has just confirmed the withdrawal
    past.needed_wh = min(past.needed_wh, needed_wh)
    lasts = snapshot.now - past.settled_at >= FOLLOWS_WITHDRAWAL
    wants = connector.status in WANTS and before not in (None, connector.status)
    if (lasts and wants) or needed_wh > past.needed_wh + MORE_WH:
        past.idle_since = None


def _takes_less(
    connector: Connector,
    past: ConnectorMemory,
    settled_at: datetime,
    offer_a: float,
    drawn_a: float,
) -> bool:
    """Return whether a car takes less than it may and than is known of it, rather than a meter's noise says so now and then."""
    known_a = past.takes_a
    less_a = _almost_a(offer_a)
    if known_a is not None:
        less_a = min(less_a, known_a - ALL_A)
    at = past.draws[-1].at
    if drawn_a >= less_a:
        past.less_since = None
        return False
    if past.less_since is None:
        past.less_since = at
        past.less_a = max(
            [
                most_drawn_a(connector, draw)
                for draw in past.draws
                if draw.at >= settled_at + SETTLES
            ]
        )
    if past.less_a >= less_a:
        return False  # of other offers it took as much as all of this one
    most_a = offer_a if known_a is None else min(offer_a, known_a)
    if past.less_a >= CLEARLY * most_a and at - past.less_since < LASTS:
        return False
    past.less_since = None
    return True


def _almost_a(offer_a: float) -> float:
    """Return from which draw on a car uses all of an offer."""
    return offer_a - max(ALL_A, ALL * offer_a)


def leaves_some(past: ConnectorMemory, offer_a: float) -> bool:
    """Return whether a car leaves some of its offer, rather than that its charger's meter tells too little now and then."""
    if past.takes_a is None or past.leaves_since is None or not past.draws:
        return False
    lasts = past.draws[-1].at - past.leaves_since >= LASTS
    return lasts or past.takes_a < CLEARLY * offer_a


def most_drawn_a(connector: Connector, draw: Draw) -> float:
    """Return the most that a draw may be on any phase of its charger."""
    return max([draw.highest_a[phase] for phase in connector.phases])


def learn_confirming(
    connector: Connector, past: ConnectorMemory, snapshot: Snapshot
) -> None:
    """Note how long the charger takes to confirm a lower offer. Slow confirmations are forgotten gradually."""
    if past.lowered_at is None or past.commanded_a is None:
        return
    took_s = max((snapshot.now - past.lowered_at).total_seconds(), 0.0)
    known_s = past.confirms_s or 0.0
    if before_a(connector, snapshot) > past.commanded_a:
        past.confirms_s = max(known_s, took_s)
        return
    past.lowered_at = None
    past.confirms_s = max(took_s, known_s + (took_s - known_s) * FASTER_WEIGHT)


def with_room_a(takes_a: float) -> float:
    """Return the offer, with headroom, for a car that takes this much."""
    return takes_a + max(ROOM_A, ROOM * takes_a)


def uses_a(
    connector: Connector, past: ConnectorMemory, snapshot: Snapshot
) -> float | None:
    """Return the offer that a car uses, without the headroom that it has not used for long; None: it may use all."""
    if (
        past.takes_a is None
        or past.takes_since is None
        or snapshot.now - past.takes_since < UNUSED
        or expected_a(connector, past, snapshot) is None
    ):
        return None
    return max(past.takes_a + max(LEAN_A, LEAN * past.takes_a), connector.min_a)


def expected_a(
    connector: Connector, past: ConnectorMemory, snapshot: Snapshot
) -> float | None:
    """Return the most that the car is expected to take; None: not known, or it is being tried out."""
    if past.takes_a is None or past.probed_at is None:
        return None
    tuning = snapshot.tuning
    if (snapshot.now - past.probed_at).total_seconds() >= tuning.probe_s:
        return None
    return max(with_room_a(past.takes_a), connector.min_a)


def probe(past: ConnectorMemory, snapshot: Snapshot) -> None:
    """End a trial whose time is over."""
    tuning = snapshot.tuning
    over_s = tuning.probe_s + tuning.probe_for_s
    if (
        past.probed_at is not None
        and (snapshot.now - past.probed_at).total_seconds() >= over_s
    ):
        past.probed_at = snapshot.now
