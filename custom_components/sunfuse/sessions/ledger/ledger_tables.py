"""Writes facts into the ledger's tables, and makes the sessions anew that they change. All of it within a transaction."""

from collections.abc import Iterable
from dataclasses import fields
from datetime import datetime, timedelta
import sqlite3
from typing import Any

from ..session_facts import (
    FORGOTTEN,
    QUARTER,
    Fact,
    MeasuredQuarter,
    PauseFact,
    SignedValue,
    SiteQuarter,
    TransactionFacts,
)
from . import at_once
from .agreed_prices import PriceLists, agree_again
from .derived_sessions import derive_session
from .ledger_codec import at_ms, ms
from .part_rows import PUT_PART, part_of, part_values
from .reused_ids import with_unique_id

# What is known of a charger's clock, by which its times are corrected, may differ by this much over a restart.
_SAME_START = timedelta(seconds=10)


class LedgerTables:
    """The tables of one ledger. It belongs to the thread that writes."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        """Write through this connection."""
        self._db = connection
        self._changed: set[int] = set()

    def add(self, facts: Iterable[Fact]) -> None:
        """Join facts with what is known, and make their sessions anew."""
        for reported in facts:
            fact = with_unique_id(self._db, reported)
            match fact:
                case TransactionFacts():
                    self._add_part(fact)
                case MeasuredQuarter():
                    self._add_quarter(fact)
                case PauseFact():
                    self._add_pause(fact)
                case SignedValue():
                    self._add_signed(fact)
                case SiteQuarter():
                    self._add_site(fact)
        self.derive()

    def derive(self) -> None:
        """Make the sessions anew whose facts changed."""
        changed, self._changed = self._changed, set()
        for session in sorted(changed):
            derive_session(self._db, session)

    @property
    def connection(self) -> sqlite3.Connection:
        """The connection that writes."""
        return self._db

    def execute(self, statement: str, values: tuple[object, ...]) -> None:
        """Change something by hand."""
        self._db.execute(statement, values)

    def again(self, station: str, transaction: str) -> None:
        """Make the session of a transaction anew with the next `derive`."""
        self._changed.add(self._session_of(station, transaction))

    def compare(self, most: int) -> int:
        """Compare so many finished sessions with charging at once, where that is out of date; returns how many."""
        return at_once.compare(self._db, most)

    def bill_again(self, lists: PriceLists, since: datetime) -> int:
        """Bill the sessions that began from a time on by these price lists; returns how many."""
        agree_again(self._db, lists, since)
        self._db.execute(
            "UPDATE session SET billed_parts = NULL"
            " WHERE COALESCE(started_at, stopped_at) >= ?",
            (ms(since),),
        )
        rows = self._db.execute(
            "SELECT number FROM session WHERE COALESCE(started_at, stopped_at) >= ?",
            (ms(since),),
        ).fetchall()
        self._changed.update(row["number"] for row in rows)
        self.derive()
        return len(rows)

    def forget_changes(self) -> None:
        """Forget which sessions changed: what changed them was rolled back."""
        self._changed.clear()

    # --- Facts -------------------------------------------------------------------------------------------------

    def _add_part(self, facts: TransactionFacts) -> None:
        row = self._part_row(facts.station, facts.transaction)
        if row is None and facts.corrected_at is not None:
            return  # it was deleted since, and its energy is kept in the sums
        if row is None and facts.heard_start_at is not None:
            self._forget_unanswered(facts, facts.heard_start_at)
        session = row["session"] if row else None
        known = part_of(row) if row else None
        joined = facts if known is None else known.joined(facts)
        if joined == known:
            return  # it was reported before
        if session is None:
            root = joined.continues or facts.transaction
            session = self._session_of(facts.station, root, facts.transaction)
        elif joined.continues is not None:
            session = self._move(joined, session)
        self._db.execute(PUT_PART, part_values(joined, session))
        self._changed.add(session)

    def _forget_unanswered(self, facts: TransactionFacts, start: datetime) -> None:
        """Forget a transaction whose start is reported again under another id.

        The power failed before the first report was answered, so the charger of OCPP 1.6 never knew the id that it got.
        """
        rows = self._db.execute(
            "SELECT id, session FROM part p WHERE station = ? AND id != ? AND connector IS ?"
            " AND heard_start_at BETWEEN ? AND ? AND meter_start_wh IS ? AND card IS ?"
            " AND noticed_stop_at IS NULL AND stated_stop_at IS NULL"
            " AND NOT EXISTS (SELECT 1 FROM quarter q"
            " WHERE q.station = p.station AND q.id = p.id AND q.energy_wh > 0)",
            (
                facts.station,
                facts.transaction,
                facts.connector,
                ms(start - _SAME_START),
                ms(start + _SAME_START),
                facts.meter_start_wh,
                facts.card,
            ),
        ).fetchall()
        for row in rows:
            key = (facts.station, row["id"])
            self._db.execute("DELETE FROM part WHERE station = ? AND id = ?", key)
            for table in ("quarter", "pause"):
                self._db.execute(
                    f"DELETE FROM {table} WHERE station = ? AND id = ?",  # noqa: S608 (fixed names)
                    key,
                )
            self._changed.add(row["session"])

    def _part_row(self, station: str, transaction: str) -> sqlite3.Row | None:
        found: sqlite3.Row | None = self._db.execute(
            "SELECT * FROM part WHERE station = ? AND id = ?", (station, transaction)
        ).fetchone()
        return found

    def _session_of(
        self, station: str, transaction: str, newcomer: str | None = None
    ) -> int:
        """Return the session that a transaction is a part of; both are made where they are not known.

        `newcomer` is a transaction that is about to be added to it.
        """
        row = self._part_row(station, transaction)
        if row is not None:
            return int(row["session"])
        cursor = self._db.execute(
            "INSERT INTO session (station, id) VALUES (?, ?)", (station, transaction)
        )
        session = cursor.lastrowid
        assert session is not None
        if transaction != newcomer:
            facts = TransactionFacts(station=station, transaction=transaction)
            self._db.execute(PUT_PART, part_values(facts, session))
            self._changed.add(session)
        return session

    def _move(self, facts: TransactionFacts, session: int) -> int:
        """Return the session of the transaction that another one continues; all that follows it moves along."""
        assert facts.continues is not None
        target = self._session_of(facts.station, facts.continues)
        if target == session:
            return session
        self._db.execute(
            "UPDATE part SET session = ? WHERE session = ?", (target, session)
        )
        self._db.execute("DELETE FROM session WHERE number = ?", (session,))
        self._changed.discard(session)
        return target

    def _add_quarter(self, fact: MeasuredQuarter) -> None:
        self._changed.add(self._session_of(fact.station, fact.transaction))
        known = self._db.execute(
            "SELECT energy_wh, seconds, sun_wh, battery_wh, peak_w FROM quarter"
            " WHERE station = ? AND id = ? AND start = ?",
            (fact.station, fact.transaction, ms(fact.start)),
        ).fetchone()
        if known is not None and tuple(known) >= fact.rank:
            return
        self._db.execute(
            "INSERT INTO quarter"
            " (station, id, start, energy_wh, sun_wh, battery_wh, seconds, peak_w)"
            " VALUES (?,?,?,?,?,?,?,?) ON CONFLICT (station, id, start) DO UPDATE SET"
            " energy_wh = excluded.energy_wh, sun_wh = excluded.sun_wh,"
            " battery_wh = excluded.battery_wh, seconds = excluded.seconds,"
            " peak_w = excluded.peak_w",
            (
                fact.station,
                fact.transaction,
                ms(fact.start),
                fact.energy_wh,
                fact.sun_wh,
                fact.battery_wh,
                fact.seconds,
                fact.peak_w,
            ),
        )

    def _add_pause(self, fact: PauseFact) -> None:
        self._session_of(fact.station, fact.transaction)
        key = (fact.station, fact.transaction, fact.reason)
        row = self._db.execute(
            "SELECT first_at, last_at, seconds, times FROM pause"
            " WHERE station = ? AND id = ? AND reason = ?",
            key,
        ).fetchone()
        first_at = fact.first_at
        if row is not None:
            first_at = min(first_at, at_ms(row["first_at"]))
            known = PauseFact(
                station=fact.station,
                transaction=fact.transaction,
                reason=fact.reason,
                first_at=first_at,
                last_at=at_ms(row["last_at"]),
                seconds=row["seconds"],
                times=row["times"],
            )
            fact = max(known, fact, key=lambda one: one.rank)
        self._db.execute(
            "INSERT OR REPLACE INTO pause VALUES (?,?,?,?,?,?,?)",
            (*key, ms(first_at), ms(fact.last_at), fact.seconds, fact.times),
        )

    def _add_signed(self, fact: SignedValue) -> None:
        self._session_of(fact.station, fact.transaction)
        row = self._part_row(fact.station, fact.transaction)
        if row is not None and row["person"] == FORGOTTEN:
            return  # it holds the number of the card
        self._db.execute(
            "INSERT OR IGNORE INTO signed_value VALUES (?,?,?,?,?,?,?,?)",
            (
                fact.station,
                fact.transaction,
                ms(fact.at),
                fact.context,
                fact.encoding,
                fact.data,
                fact.method,
                fact.public_key,
            ),
        )

    def _add_site(self, fact: SiteQuarter) -> None:
        """Note a quarter hour of the site; sessions that it concerns are made anew, whatever came first."""
        start = ms(fact.start)
        row = self._db.execute(
            "SELECT * FROM site_quarter WHERE start = ?", (start,)
        ).fetchone()
        known = _UNKNOWN_SITE if row is None else tuple(row)[1:]
        values = _joined_site(known, tuple(getattr(fact, name) for name in _SITE))
        if row is not None and values == known:
            return
        self._db.execute(
            "INSERT OR REPLACE INTO site_quarter VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)",
            (start, *values),
        )
        # What was measured is split already; what was filled in is split by the site's energies.
        filled = " AND q.filled_wh != 0" if values[8:] == known[8:] else ""
        rows = self._db.execute(
            "SELECT DISTINCT p.session FROM quarter q JOIN part p"  # noqa: S608 (a fixed condition)
            f" ON p.station = q.station AND p.id = q.id WHERE q.start = ?{filled}",
            (start,),
        )
        self._changed.update(row["session"] for row in rows)
        at_once.mark(self._db, fact.start, fact.start + QUARTER)


_SITE = tuple(one.name for one in fields(SiteQuarter))[1:]
_UNKNOWN_SITE = (-1.0, *(None for _ in _SITE[1:]))


def _joined_site(known: tuple[Any, ...], new: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return the energies of the longer observed; prices that one of both does not know are the other's."""
    more, less = (new, known) if new[:8] > known[:8] else (known, new)
    prices = (
        one if one is not None else other
        for one, other in zip(more[8:], less[8:], strict=True)
    )
    return (*more[:8], *prices)
