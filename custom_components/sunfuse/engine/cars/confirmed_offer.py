"""The current that a connector may have by the last offer that its charger confirmed."""

from datetime import datetime

from ..model import Connector, ConnectorStatus, Snapshot


def lapsed(until: datetime | None, now: datetime) -> bool:
    """Whether an offer that holds until then is over."""
    return until is not None and until <= now


def held_a(connector: Connector, snapshot: Snapshot) -> float:
    """Return the most that a connector may take by its last command, in amperes.

    A charger whose offer was never confirmed, or has lapsed, is at its fail-safe current, or, if it is known
    not to fall back, at what it uses instead. Nothing is reserved for a connector that never had a session.
    """
    fall_back_a = connector.fail_safe_a
    if connector.fall_back_a is not None:
        fall_back_a = connector.fall_back_a
    if not connector.used:
        fall_back_a = 0.0
    if connector.offer_a is None or lapsed(connector.offer_until, snapshot.now):
        return fall_back_a
    if not connector.reachable:
        # While it is offline, it keeps its offer until that lapses.
        return max(connector.offer_a, fall_back_a)
    return connector.offer_a


# The accuracy of chargers and their meters.
_TOLERANCE_A = 1.0
_TOLERANCE = 0.05


def exceeds(drawn_a: float, offer_a: float) -> bool:
    """Whether a draw is more than an offer, beyond the accuracy of chargers and their meters."""
    return drawn_a > offer_a + max(_TOLERANCE_A, _TOLERANCE * offer_a)


def before_a(connector: Connector, snapshot: Snapshot) -> float:
    """Return the offer that is in force, 0 if there is none. A car that charges when it has lapsed has the fail-safe current."""
    if lapsed(connector.offer_until, snapshot.now):
        charges = connector.status is ConnectorStatus.CHARGING
        return connector.fail_safe_a if charges else 0.0
    return connector.offer_a or 0.0
