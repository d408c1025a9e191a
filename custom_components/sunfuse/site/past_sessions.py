"""What the ledger knows of past sessions, for habits to be learned from on the first day."""

from datetime import timedelta

from homeassistant.util import dt as dt_util

from ..drivers.habits import PastSession
from ..sessions import SessionFilter, SessionRow
from .ledger_answers import LedgerAnswers
from .outcome import ConnectorKey

# Habits go no further back.
SINCE = timedelta(days=365)
MOST = 800


async def async_past_sessions(ledger: LedgerAnswers) -> list[PastSession]:
    """Return the sessions of the last year, the oldest first."""
    wanted = SessionFilter(start=dt_util.utcnow() - SINCE, running=False)
    rows = await ledger.async_sessions(wanted, limit=MOST)
    return [past for row in reversed(rows) if (past := past_session(row)) is not None]


def past_session(row: SessionRow) -> PastSession | None:
    """Return a session as habits see it: when its car came and left, or charged, where that is all that is known."""
    came = row.plugged_at or row.started_at
    left = row.unplugged_at or row.stopped_at
    if came is None or left is None or left <= came:
        return None
    owner = row.vehicle
    if owner is None:
        owner = ConnectorKey(identity=row.station, connector=row.connector or 1).id
    return PastSession(owner=owner, came=came, left=left, energy_wh=row.energy_wh)
