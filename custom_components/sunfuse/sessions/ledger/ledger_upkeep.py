"""What is done to a ledger besides adding facts: plugs and names, the clock, and what is deleted."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
import sqlite3

from ..session_facts import (
    FORGOTTEN,
    MeasuredQuarter,
    PauseFact,
    SiteQuarter,
    TransactionFacts,
    quarter_of,
)
from .derived_sessions import measured_quarters
from .ledger_codec import at_ms, ms
from .ledger_tables import LedgerTables
from .part_rows import PART_TIMES, part_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Plug:
    """A car that is plugged in: since when, and its last transaction."""

    station: str
    connector: int
    plugged_at: datetime
    last: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningPart:
    """A transaction that was not reported to be over, with what is stored of it."""

    facts: TransactionFacts
    quarters: tuple[MeasuredQuarter, ...]
    pauses: tuple[PauseFact, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerStart:
    """What a site goes on from after a restart."""

    running: tuple[RunningPart, ...]
    plugs: tuple[Plug, ...]
    site: SiteQuarter | None  # the newest quarter hour


def put_plug(db: sqlite3.Connection, plug: Plug) -> None:
    """Note that a car is plugged in."""
    db.execute(
        "INSERT OR REPLACE INTO plug VALUES (?,?,?,?)",
        (plug.station, plug.connector, ms(plug.plugged_at), plug.last),
    )


def unplug(db: sqlite3.Connection, station: str, connector: int) -> None:
    """Note that no car is plugged in."""
    db.execute(
        "DELETE FROM plug WHERE station = ? AND connector = ?", (station, connector)
    )


def put_names(db: sqlite3.Connection, kind: str, names: Mapping[str, str]) -> None:
    """Note what persons, vehicles or chargers are called now."""
    db.executemany(
        "INSERT OR REPLACE INTO name VALUES (?,?,?)",
        [(kind, key, name) for key, name in names.items()],
    )


def load_start(db: sqlite3.Connection) -> LedgerStart:
    """Return what a site goes on from after a restart."""
    rows = db.execute(
        "SELECT * FROM part WHERE stated_stop_at IS NULL AND noticed_stop_at IS NULL"
        " ORDER BY station, id"
    ).fetchall()
    plugs = db.execute("SELECT * FROM plug ORDER BY station, connector")
    newest = db.execute(
        "SELECT * FROM site_quarter WHERE seconds > 0 ORDER BY start DESC LIMIT 1"
    ).fetchone()
    site = None
    if newest is not None:
        values = {name: newest[name] for name in newest.keys() if name != "start"}  # noqa: SIM118 (a row's own)
        site = SiteQuarter(start=at_ms(newest["start"]), **values)
    return LedgerStart(
        running=tuple(_running(db, part_of(row)) for row in rows),
        plugs=tuple(
            Plug(
                station=row["station"],
                connector=row["connector"],
                plugged_at=at_ms(row["plugged_at"]),
                last=row["last"],
            )
            for row in plugs
        ),
        site=site,
    )


def _running(db: sqlite3.Connection, facts: TransactionFacts) -> RunningPart:
    pauses = db.execute(
        "SELECT * FROM pause WHERE station = ? AND id = ?",
        (facts.station, facts.transaction),
    )
    return RunningPart(
        facts=facts,
        quarters=tuple(measured_quarters(db, facts)),
        pauses=tuple(
            PauseFact(
                station=facts.station,
                transaction=facts.transaction,
                reason=row["reason"],
                first_at=at_ms(row["first_at"]),
                last_at=at_ms(row["last_at"]),
                seconds=row["seconds"],
                times=row["times"],
            )
            for row in pauses
        ),
    )


def move_clock(
    tables: LedgerTables, keys: Iterable[tuple[str, str]], by: timedelta
) -> None:
    """Move all times of these transactions: they were noted by a clock that was set forward by so much."""
    step = ms(at_ms(0) + by)
    for key in keys:
        for name in PART_TIMES:
            tables.execute(
                f"UPDATE part SET {name} = {name} + ? WHERE station = ? AND id = ?",  # noqa: S608 (names of columns)
                (step, *key),
            )
        tables.execute(
            "UPDATE pause SET first_at = first_at + ?, last_at = last_at + ?"
            " WHERE station = ? AND id = ?",
            (step, step, *key),
        )
        quarters = measured_quarters(
            tables.connection, TransactionFacts(station=key[0], transaction=key[1])
        )
        tables.execute("DELETE FROM quarter WHERE station = ? AND id = ?", key)
        moved: dict[datetime, MeasuredQuarter] = {}
        for quarter in quarters:
            at = quarter_of(quarter.start + by)
            known = moved.get(at)
            moved[at] = MeasuredQuarter(
                station=key[0],
                transaction=key[1],
                start=at,
                energy_wh=quarter.energy_wh + (known.energy_wh if known else 0.0),
                sun_wh=quarter.sun_wh + (known.sun_wh if known else 0.0),
                battery_wh=quarter.battery_wh + (known.battery_wh if known else 0.0),
                seconds=quarter.seconds + (known.seconds if known else 0.0),
                peak_w=max(quarter.peak_w, known.peak_w if known else 0.0),
            )
        tables.add(moved.values())
        tables.again(*key)
    tables.derive()


# --- What is deleted -------------------------------------------------------------------------------------------

_CARRY = """
INSERT INTO carried (kind, id, energy_wh, cost)
SELECT '{kind}', {kind}, SUM(energy_wh), SUM(grid_cost + feed_in_lost)
FROM session WHERE {where} AND {kind} IS NOT NULL GROUP BY {kind}
ON CONFLICT (kind, id) DO UPDATE SET
    energy_wh = energy_wh + excluded.energy_wh, cost = cost + excluded.cost
"""


def _delete(db: sqlite3.Connection, where: str, values: tuple[object, ...]) -> int:
    """Delete finished sessions with all that belongs to them; returns how many."""
    for kind in ("station", "person", "vehicle"):
        # Sums that only rise go on from what was deleted.
        db.execute(_CARRY.format(kind=kind, where=where), values)
    parts = (
        f"(station, id) IN (SELECT station, id FROM part WHERE session IN"  # noqa: S608 (fixed conditions)
        f" (SELECT number FROM session WHERE {where}))"
    )
    for table in ("quarter", "pause", "signed_value"):
        db.execute(f"DELETE FROM {table} WHERE {parts}", values)  # noqa: S608 (fixed names)
    db.execute(
        f"DELETE FROM part WHERE session IN (SELECT number FROM session WHERE {where})",  # noqa: S608
        values,
    )
    return db.execute(f"DELETE FROM session WHERE {where}", values).rowcount  # noqa: S608


# They hold the number of the card, and the signature is of all of it.
_DELETE_SIGNED = """
DELETE FROM signed_value WHERE (station, id) IN (
    SELECT p.station, p.id FROM part p JOIN session n ON n.number = p.session
    WHERE p.{whose} OR n.{whose})
"""


def delete_person(
    db: sqlite3.Connection, person: str, cards: Iterable[str] = ()
) -> int:
    """Delete all that is known of a person: sessions, name, and what sums were carried; returns how many sessions.

    Their cards are forgotten also where they were held before it was known whose they are.
    """
    where = "person = ? AND stopped_at IS NOT NULL"
    deleted = _delete(db, where, (person,))
    # Running sessions continue, without a person.
    db.execute(_DELETE_SIGNED.format(whose="person = ?1"), (person,))
    db.execute(
        "UPDATE part SET person = ?, card = NULL WHERE person = ?",
        (FORGOTTEN, person),
    )
    db.execute(
        "UPDATE session SET person = NULL, card = NULL WHERE person = ?", (person,)
    )
    for card in cards:
        db.execute(_DELETE_SIGNED.format(whose="card = ?1 COLLATE NOCASE"), (card,))
        for table in ("part", "session"):
            db.execute(
                f"UPDATE {table} SET card = NULL WHERE card = ? COLLATE NOCASE",  # noqa: S608 (fixed names)
                (card,),
            )
    for table in ("name", "carried", "billing"):
        db.execute(f"DELETE FROM {table} WHERE kind = 'person' AND id = ?", (person,))  # noqa: S608
    return deleted


def join_persons(tables: LedgerTables, person: str, into: str) -> datetime | None:
    """Make all that is known of a person another one's; returns since when that changes sums, None where nothing does.

    What was billed stays: each of both had a price list of their own.
    """
    db = tables.connection
    [first] = db.execute(
        "SELECT MIN(q.start) FROM session n JOIN part p ON p.session = n.number"
        " JOIN quarter q ON q.station = p.station AND q.id = p.id WHERE n.person = ?",
        (person,),
    ).fetchone()
    db.execute(
        "UPDATE session SET billed_parts = parts"
        " WHERE person = ? AND stopped_at IS NOT NULL",
        (person,),
    )
    for table in ("part", "session"):
        db.execute(
            f"UPDATE {table} SET person = ? WHERE person = ?",  # noqa: S608 (fixed names)
            (into, person),
        )
    db.execute(
        "INSERT INTO carried (kind, id, energy_wh, cost)"
        " SELECT kind, ?, energy_wh, cost FROM carried WHERE kind = 'person' AND id = ?"
        " ON CONFLICT (kind, id) DO UPDATE SET energy_wh = energy_wh + excluded.energy_wh,"
        " cost = cost + excluded.cost",
        (into, person),
    )
    for table in ("name", "carried", "billing"):
        db.execute(f"DELETE FROM {table} WHERE kind = 'person' AND id = ?", (person,))  # noqa: S608
    return None if first is None else at_ms(first)


def delete_before(db: sqlite3.Connection, before: datetime) -> int:
    """Delete the sessions that stopped before a time, and the site's quarter hours; returns how many sessions."""
    db.execute("DELETE FROM site_quarter WHERE start < ?", (ms(before),))
    return _delete(db, "stopped_at < ?", (ms(before),))


def forget_persons_before(db: sqlite3.Connection, before: datetime) -> int:
    """Forget whose sessions they were that stopped before a time; energies and costs stay. Returns how many."""
    # The sums of the person go on from them.
    db.execute(_CARRY.format(kind="person", where="stopped_at < ?"), (ms(before),))
    of_then = "session IN (SELECT number FROM session WHERE stopped_at < ?)"
    db.execute(
        f"DELETE FROM signed_value WHERE (station, id) IN (SELECT station, id FROM part WHERE {of_then})",  # noqa: S608
        (ms(before),),
    )
    db.execute(f"UPDATE part SET card = NULL WHERE {of_then}", (ms(before),))  # noqa: S608 (fixed conditions)
    db.execute(
        f"UPDATE part SET person = ? WHERE person IS NOT NULL AND {of_then}",  # noqa: S608
        (FORGOTTEN, ms(before)),
    )
    return db.execute(
        "UPDATE session SET person = NULL, card = NULL"
        " WHERE stopped_at < ? AND (person IS NOT NULL OR card IS NOT NULL)",
        (ms(before),),
    ).rowcount
