"""Chargers whose transaction ids begin anew: a transaction that starts after the one of that id was over is another."""

from dataclasses import replace
from datetime import datetime, timedelta
import sqlite3

from ..session_facts import (
    Fact,
    MeasuredQuarter,
    PauseFact,
    SignedValue,
    SiteQuarter,
    TransactionFacts,
)
from .ledger_codec import at_ms, ms

# Clocks of chargers may be off by hours until they are corrected, and an end that was only noticed may be none.
_LONG_AFTER = timedelta(hours=12)
# What the end of a transaction states of it, its start included, is by one clock.
_AFTER = timedelta(minutes=1)


def with_unique_id(db: sqlite3.Connection, fact: Fact) -> Fact:
    """Return a fact with the id by which the ledger knows its transaction: `7`, and `7#2` for the second one of that id."""
    if isinstance(fact, SiteQuarter):
        return fact
    known = db.execute(
        "SELECT id, COALESCE(stated_start_at, heard_start_at) start,"
        " COALESCE(stated_stop_at, noticed_stop_at) stop, stated_stop_at FROM part"
        # One range of the key ("$" comes after "#"): a charger has tens of thousands of transactions.
        " WHERE station = ?1 AND id >= ?2 AND id < ?4 AND (id = ?2 OR id > ?3)"
        " ORDER BY start DESC",
        (
            fact.station,
            fact.transaction,
            f"{fact.transaction}#",
            f"{fact.transaction}$",
        ),
    ).fetchall()
    if not known:
        return fact
    at = _time_of(fact)
    if at is not None and _starts(fact):
        row = min(known, key=lambda row: abs(ms(at) - (row["start"] or 0)))
        if _was_over(row, at):
            return replace(fact, transaction=f"{fact.transaction}#{len(known) + 1}")
    else:
        row = next(
            (
                row
                for row in known
                if at is None
                or row["start"] is None
                or ms(at) >= row["start"] - _slack()
            ),
            known[-1],
        )
    if row["id"] == fact.transaction:
        return fact
    return replace(fact, transaction=row["id"])


def _was_over(row: sqlite3.Row, at: datetime) -> bool:
    """Return whether a transaction was over before another one of its id started."""
    stop, stated = row["stop"], row["stated_stop_at"]
    if stated is not None and at - at_ms(stated) > _AFTER:
        return True
    return stop is not None and at - at_ms(stop) > _LONG_AFTER


def _slack() -> int:
    return _LONG_AFTER // timedelta(milliseconds=1)


def _starts(fact: Fact) -> bool:
    return isinstance(fact, TransactionFacts) and bool(fact.started_at)


def _time_of(fact: Fact) -> datetime | None:
    """Return when a fact is of; None where it does not say."""
    match fact:
        case TransactionFacts():
            said = fact.vehicle or fact.person
            return fact.started_at or fact.stopped_at or (said.at if said else None)
        case MeasuredQuarter() | SiteQuarter():
            return fact.start
        case PauseFact():
            return fact.first_at
        case SignedValue():
            return fact.at
