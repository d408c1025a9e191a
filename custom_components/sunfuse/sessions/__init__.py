"""What happened: every charging session, in a ledger that survives a power cut. No Home Assistant in here."""

from .hourly_sums import HourlySum
from .ledger import Ledger
from .ledger_queries import GroupBy
from .ledger_schema import NewerLedgerError
from .ledger_thread import LedgerClosedError
from .ledger_upkeep import LedgerStart, Plug
from .live_session import LiveSession, Taken
from .session_facts import (
    Attribution,
    Fact,
    MeasuredQuarter,
    PauseFact,
    SignedValue,
    SiteQuarter,
    TransactionFacts,
)
from .session_rows import (
    SessionFilter,
    SessionInterval,
    SessionPause,
    SessionRow,
    SessionSums,
)

__all__ = [
    "Fact",
    "GroupBy",
    "HourlySum",
    "Ledger",
    "LedgerClosedError",
    "LedgerStart",
    "LiveSession",
    "MeasuredQuarter",
    "NewerLedgerError",
    "PauseFact",
    "Plug",
    "Attribution",
    "SessionFilter",
    "SessionInterval",
    "SessionPause",
    "SessionRow",
    "SessionSums",
    "SignedValue",
    "SiteQuarter",
    "Taken",
    "TransactionFacts",
]
