"""Commanded against measured: a charger above its offer gets the offer again, a reservation, a stop, a repair issue.

One below it gives the rest away (see `learning`).
"""

from datetime import datetime, timedelta
from enum import IntEnum

from ..memory import ConnectorMemory, Draw, Offered
from ..model import Connector, Snapshot
from .confirmed_offer import exceeds, held_a, lapsed

# A car that had to be stopped is not trusted again before this.
DISTRUST = timedelta(minutes=15)
# This many offers are remembered: more than are sent while a draw settles.
OFFERS = 12


class ComplianceStep(IntEnum):
    """How far the escalation has come with a connector."""

    COMPLIES = 0
    ASK_AGAIN = 1
    RESERVE = 2
    STOP = 3
    REPORT = 4


def check_compliance(
    connector: Connector, past: ConnectorMemory, snapshot: Snapshot
) -> ComplianceStep:
    """Note the compliance of the newest draw, and return how far the escalation has come.

    The last steps need a second measurement: a single old one proves nothing.
    """
    _note_offer(connector, past, snapshot)
    if not past.draws or not connector.reachable:
        return ComplianceStep.COMPLIES
    draw, now, tuning = past.draws[-1], snapshot.now, snapshot.tuning
    drawn_a = max([draw.current_a[phase] for phase in connector.phases])
    allowed_a = _allowed_a(past, draw, snapshot)
    if allowed_a is None:
        return ComplianceStep.COMPLIES
    if not exceeds(drawn_a, allowed_a):
        past.above_since = past.asked_again_at = None
        return _distrusted(past, now)
    past.above_since = since = past.above_since or draw.at
    above_s = (now - since).total_seconds()
    proven_s = (draw.at - since).total_seconds()
    if proven_s >= tuning.stop_s:
        past.forced_stop_at = now
        return (
            ComplianceStep.REPORT
            if proven_s >= tuning.report_s
            else ComplianceStep.STOP
        )
    if above_s >= tuning.reserve_s:
        return ComplianceStep.RESERVE
    if above_s >= tuning.ask_again_s:
        return ComplianceStep.ASK_AGAIN
    return ComplianceStep.COMPLIES


def _note_offer(
    connector: Connector, past: ConnectorMemory, snapshot: Snapshot
) -> None:
    offer_a = held_a(connector, snapshot)
    if past.offers and past.offers[-1].current_a == offer_a:
        return
    since = connector.offered_at
    if lapsed(connector.offer_until, snapshot.now):
        since = connector.offer_until  # the offer has lapsed
    at = min(since or snapshot.now, snapshot.now)
    if past.offers:
        at = max(at, past.offers[-1].at)
    offered = Offered(at=at, current_a=offer_a, confirmed_at=snapshot.now)
    past.offers = (*past.offers[1 - OFFERS :], offered)


def _allowed_a(past: ConnectorMemory, draw: Draw, snapshot: Snapshot) -> float | None:
    """Return the highest offer that a draw may still respond to; None if it has not been known for long enough."""
    since = draw.at - timedelta(seconds=snapshot.tuning.settling_s)
    if past.offers[-1].at <= since:
        return past.offers[-1].current_a
    if past.offers[0].at > since:
        return None
    ends = [offered.at for offered in past.offers[1:]]
    return max(
        offered.current_a
        for offered, end in zip(past.offers, [*ends, None], strict=True)
        if offered.at <= draw.at and (end is None or end > since)
    )


def _distrusted(past: ConnectorMemory, now: datetime) -> ComplianceStep:
    """Return STOP for a while after a forced stop: otherwise it starts and is stopped forever."""
    if past.forced_stop_at is not None and now - past.forced_stop_at < DISTRUST:
        return ComplianceStep.STOP
    return ComplianceStep.COMPLIES
