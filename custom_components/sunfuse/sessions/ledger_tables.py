"""Writes facts into the ledger's tables, and makes the sessions anew that they change. All of it within a transaction."""

from collections.abc import Iterable, Mapping
from dataclasses import astuple, fields
from datetime import datetime, timedelta
import sqlite3
from typing import Any

from . import at_once
from .facts_to_session import FilledQuarter, costs, fill, times
from .ledger_codec import at_ms, maybe_ms, ms, site_between
from .reused_ids import told_apart
from .session_facts import (
    Attribution,
    Fact,
    MeasuredQuarter,
    PauseFact,
    SignedValue,
    SiteQuarter,
    TransactionFacts,
)

_TIMES = frozenset(
    (
        "plugged_at",
        "heard_start_at",
        "stated_start_at",
        "noticed_stop_at",
        "stated_stop_at",
        "unplugged_at",
    )
)
_SAID = frozenset(("person", "vehicle"))
_FACTS = tuple(
    one.name
    for one in fields(TransactionFacts)
    if one.name not in {"station", "transaction"}
)
_COLUMNS = (
    "station",
    "id",
    "session",
    *(
        column
        for name in _FACTS
        for column in ((name, f"{name}_at") if name in _SAID else (name,))
    ),
)
_PUT_PART = (
    f"INSERT OR REPLACE INTO part ({', '.join(_COLUMNS)})"  # noqa: S608 (names of fields)
    f" VALUES ({', '.join('?' * len(_COLUMNS))})"
)


def _part_values(facts: TransactionFacts, session: int) -> list[Any]:
    values: list[Any] = [facts.station, facts.transaction, session]
    for name in _FACTS:
        value = getattr(facts, name)
        if name in _SAID:
            values += [value.value, ms(value.at)] if value else [None, None]
        else:
            values.append(ms(value) if name in _TIMES and value else value)
    return values


def part_of(row: sqlite3.Row) -> TransactionFacts:
    """Return what is known of a transaction."""
    values: dict[str, Any] = {}
    for name in _FACTS:
        value = row[name]
        if value is None:
            continue
        if name in _SAID:
            value = Attribution(at=at_ms(row[f"{name}_at"]), value=value)
        elif name in _TIMES:
            value = at_ms(value)
        elif name == "offline":
            value = bool(value)
        values[name] = value
    return TransactionFacts(station=row["station"], transaction=row["id"], **values)


class LedgerTables:
    """The tables of one ledger. It belongs to the thread that writes."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        """Write through this connection."""
        self._db = connection
        self._changed: set[int] = set()

    def add(self, facts: Iterable[Fact]) -> None:
        """Join facts with what is known, and make their sessions anew."""
        for reported in facts:
            fact = told_apart(self._db, reported)
            match fact:
                case TransactionFacts():
                    self._add_part(fact)
                case MeasuredQuarter():
                    self._add_quarter(fact)
                case PauseFact():
                    self._add_pause(fact)
                case SignedValue():
                    self._session_of(fact.station, fact.transaction)
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
                case SiteQuarter():
                    self._add_site(fact)
        self.derive()

    def derive(self) -> None:
        """Make the sessions anew whose facts changed."""
        changed, self._changed = self._changed, set()
        for session in sorted(changed):
            self._derive(session)

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

    def forget_changes(self) -> None:
        """Forget which sessions changed: what changed them was rolled back."""
        self._changed.clear()

    # --- Facts -------------------------------------------------------------------------------------------------

    def _add_part(self, facts: TransactionFacts) -> None:
        row = self._part_row(facts.station, facts.transaction)
        session = row["session"] if row else None
        joined = facts if row is None else part_of(row).joined(facts)
        if session is None:
            root = joined.continues or facts.transaction
            session = self._session_of(facts.station, root, facts.transaction)
        elif joined.continues is not None:
            session = self._move(joined, session)
        self._db.execute(_PUT_PART, _part_values(joined, session))
        self._changed.add(session)

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
            self._db.execute(_PUT_PART, _part_values(facts, session))
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

    def _add_site(self, fact: SiteQuarter) -> None:
        row = self._db.execute(
            "SELECT * FROM site_quarter WHERE start = ?", (ms(fact.start),)
        ).fetchone()
        values = astuple(fact)[1:]
        if row is not None:
            values = _joined_site(tuple(row)[1:], values)
        self._db.execute(
            "INSERT OR REPLACE INTO site_quarter VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)",
            (ms(fact.start), *values),
        )

    # --- What is made of them ----------------------------------------------------------------------------------

    def _derive(self, session: int) -> None:
        rows = self._db.execute(
            "SELECT * FROM part WHERE session = ? ORDER BY id", (session,)
        ).fetchall()
        if not rows:
            self._db.execute("DELETE FROM session WHERE number = ?", (session,))
            return
        parts = [part_of(row) for row in rows]
        measured: list[MeasuredQuarter] = []
        filled: list[FilledQuarter] = []
        for part in parts:
            seen = self.measured(part)
            site = self._site_during(part, seen)
            missing = fill(part, seen, site)
            self._put_filled(part, [astuple(one) for one in missing])
            measured += seen
            filled += missing
        starts = [*(one.start for one in measured), *(one.start for one in filled)]
        site = self.site_quarters(starts)
        sums, state = costs(measured, filled, site), times(parts)
        root = min(
            parts, key=lambda part: (part.continues is not None, part.transaction)
        )
        self._db.execute(
            "UPDATE session SET id = ?, connector = ?, vehicle = ?, person = ?, card = ?,"
            " plugged_at = ?, started_at = ?, stopped_at = ?, unplugged_at = ?,"
            " meter_start_wh = ?, meter_end_wh = ?, energy_wh = ?, sun_wh = ?,"
            " battery_wh = ?, grid_wh = ?, estimated_wh = ?, peak_w = ?,"
            " full_power_w = ?, grid_cost = ?, feed_in_lost = ?, priced_wh = ?,"
            " currency = ?, end_reason = ?, offline = ?, parts = ?, compare = 1"
            " WHERE number = ?",
            (
                root.transaction,
                state.connector,
                state.vehicle,
                state.person,
                state.card,
                maybe_ms(state.plugged_at),
                maybe_ms(state.started_at),
                maybe_ms(state.stopped_at),
                maybe_ms(state.unplugged_at),
                state.meter_start_wh,
                state.meter_end_wh,
                state.energy_wh,
                sums.sun_wh,
                sums.battery_wh,
                max(state.energy_wh - sums.sun_wh - sums.battery_wh, 0.0),
                sums.estimated_wh,
                state.peak_w,
                state.full_power_w,
                sums.grid_cost,
                sums.feed_in_lost,
                sums.priced_wh,
                sums.currency,
                state.end_reason,
                state.offline,
                state.parts,
                session,
            ),
        )
        since = state.plugged_at or state.started_at
        if state.stopped_at is not None and since is not None:
            at_once.mark(self._db, since, state.stopped_at)

    def measured(self, part: TransactionFacts) -> list[MeasuredQuarter]:
        """Return the quarter hours in which a transaction was measured."""
        rows = self._db.execute(
            "SELECT * FROM quarter WHERE station = ? AND id = ? AND (energy_wh > 0 OR seconds > 0)"
            " ORDER BY start",
            (part.station, part.transaction),
        )
        return [
            MeasuredQuarter(
                station=part.station,
                transaction=part.transaction,
                start=at_ms(row["start"]),
                energy_wh=row["energy_wh"],
                sun_wh=row["sun_wh"],
                battery_wh=row["battery_wh"],
                seconds=row["seconds"],
                peak_w=row["peak_w"],
            )
            for row in rows
        ]

    def _site_during(
        self, part: TransactionFacts, measured: Iterable[MeasuredQuarter]
    ) -> Mapping[datetime, SiteQuarter]:
        if part.stopped_at is None:
            return {}
        starts = [quarter.start for quarter in measured]
        since = min([part.started_at or part.stopped_at, *starts])
        until = max([part.stopped_at, *starts])
        return site_between(self._db, since - timedelta(minutes=15), until)

    def site_quarters(
        self, starts: Iterable[datetime]
    ) -> Mapping[datetime, SiteQuarter]:
        """Return the site's quarter hours that begin at these times."""
        starts = set(starts)
        if not starts:
            return {}
        found = site_between(self._db, min(starts), max(starts))
        return {start: found[start] for start in starts if start in found}

    def _put_filled(
        self, part: TransactionFacts, filled: list[tuple[Any, ...]]
    ) -> None:
        key = (part.station, part.transaction)
        self._db.execute(
            "UPDATE quarter SET filled_wh = 0, filled_sun_wh = 0, filled_battery_wh = 0"
            " WHERE station = ? AND id = ? AND filled_wh != 0",
            key,
        )
        self._db.executemany(
            "INSERT INTO quarter"
            " (station, id, start, filled_wh, filled_sun_wh, filled_battery_wh)"
            " VALUES (?,?,?,?,?,?) ON CONFLICT (station, id, start) DO UPDATE SET"
            " filled_wh = excluded.filled_wh, filled_sun_wh = excluded.filled_sun_wh,"
            " filled_battery_wh = excluded.filled_battery_wh",
            [(*key, ms(start), *energies) for start, *energies in filled],
        )
        self._db.execute(
            "DELETE FROM quarter WHERE station = ? AND id = ?"
            " AND filled_wh = 0 AND energy_wh = 0 AND seconds = 0",
            key,
        )


def _joined_site(known: tuple[Any, ...], new: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return the energies of the longer observed; prices that one of both does not know are the other's."""
    more, less = (new, known) if new[:8] > known[:8] else (known, new)
    prices = (
        one if one is not None else other
        for one, other in zip(more[8:], less[8:], strict=True)
    )
    return (*more[:8], *prices)
