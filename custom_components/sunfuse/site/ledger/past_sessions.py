"""What the ledger knows of past sessions, for habits to be learned from."""

from datetime import timedelta

from homeassistant.util import dt as dt_util

from ...drivers.habits import PastSession
from ...drivers.session_history import EACH, SHORTEST_SESSION
from ...sessions import LatestStay
from ..outcome import ConnectorKey
from .ledger_answers import LedgerAnswers

# Habits go no further back.
SINCE = timedelta(days=365)


async def async_past_sessions(ledger: LedgerAnswers) -> list[PastSession]:
    """Return the sessions of the last year from which habits are learned, the oldest first."""
    since = dt_util.utcnow() - SINCE
    stays = await ledger.async_latest_stays(since, EACH, SHORTEST_SESSION)
    return [_past_session(stay) for stay in stays]


def _past_session(stay: LatestStay) -> PastSession:
    """Return a session as habits see it."""
    owner = stay.vehicle
    if owner is None:
        owner = ConnectorKey(identity=stay.station, connector=stay.connector).id
    return PastSession(
        owner=owner, came=stay.came, left=stay.left, energy_wh=stay.energy_wh
    )
