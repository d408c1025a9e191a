"""Reads sessions from the ledger's tables."""

from datetime import datetime, timedelta
from enum import StrEnum
import sqlite3
from typing import Any

from ..session_facts import NO_CLOCK_BEFORE, NO_TRANSACTION, QUARTER, SignedValue
from ..session_rows import (
    LatestStay,
    SessionFilter,
    SessionInterval,
    SessionPause,
    SessionRow,
    SessionSums,
)
from .ledger_codec import at_ms, maybe_at, ms


class GroupBy(StrEnum):
    """Whose sums."""

    STATION = "station"
    PERSON = "person"
    VEHICLE = "vehicle"


_HEARD = (
    "(stopped_at IS NOT NULL OR started_at >= ? OR EXISTS (SELECT 1 FROM part p JOIN quarter q"
    " ON q.station = p.station AND q.id = p.id"
    " WHERE p.session = session.number AND q.start >= ?))"
)


_CORRECTED = "SELECT MAX(p.corrected_at) FROM part p WHERE p.session = session.number"


def _where(wanted: SessionFilter) -> tuple[str, list[Any]]:
    """Return the condition of a filter, and its values."""
    conditions = ["(stopped_at IS NOT NULL OR started_at IS NOT NULL)"]
    values: list[Any] = []
    if not wanted.unused:
        conditions.append("end_reason IS NOT ?")
        values.append(NO_TRANSACTION)
    if not wanted.running:
        conditions.append("stopped_at IS NOT NULL")
    for text, at in (("stopped_at >= ?", wanted.start), ("stopped_at < ?", wanted.end)):
        if at is None:
            continue
        running = " OR stopped_at IS NULL" if wanted.running else ""
        conditions.append(f"({text}{running})")
        values.append(ms(at))
    if wanted.running and wanted.end is not None:
        conditions.append("(stopped_at IS NOT NULL OR started_at < ?)")
        values.append(ms(wanted.end))
    if wanted.running and wanted.heard_since is not None:
        conditions.append(_HEARD)
        values += [ms(wanted.heard_since), ms(wanted.heard_since - QUARTER)]
    for name in ("station", "connector", "person", "vehicle"):
        if (value := getattr(wanted, name)) is not None:
            conditions.append(f"{name} = ?")
            values.append(value)
    return " AND ".join(conditions), values


def _session(row: sqlite3.Row) -> SessionRow:
    names = set(row.keys()) - {"id", "compare", "billed_parts"}
    values: dict[str, Any] = {name: row[name] for name in names}
    for name in ("plugged_at", "started_at", "stopped_at", "unplugged_at"):
        values[name] = maybe_at(values[name])
    values["offline"] = bool(values["offline"])
    values["corrected_at"] = maybe_at(values.get("corrected_at"))
    return SessionRow(transaction=row["id"], **values)


def sessions(
    connection: sqlite3.Connection,
    wanted: SessionFilter,
    *,
    limit: int = -1,
    offset: int = 0,
    newest_first: bool = True,
) -> list[SessionRow]:
    """Return sessions; those that run count as the newest."""
    where, values = _where(wanted)
    order = "DESC" if newest_first else "ASC"
    rows = connection.execute(
        f"SELECT *, ({_CORRECTED}) corrected_at"  # noqa: S608 (names of columns)
        f" FROM session WHERE {where}"
        f" ORDER BY COALESCE(stopped_at, 9e15) {order}, number {order}"
        " LIMIT ? OFFSET ?",
        [*values, limit, offset],
    )
    return [_session(row) for row in rows]


# Of a vehicle; of guests, those of one connector.
_STAYS = (
    "SELECT station, COALESCE(connector, 1) connector, vehicle, energy_wh,"
    " COALESCE(plugged_at, started_at) came,"
    " COALESCE(unplugged_at, stopped_at) gone, stopped_at FROM session"
    " WHERE stopped_at >= ?"
    " AND COALESCE(unplugged_at, stopped_at) - COALESCE(plugged_at, started_at) >= ?"
)
_WEEKDAY = "strftime('%w', gone / 1000, 'unixepoch')"


def latest_stays(
    connection: sqlite3.Connection, since: datetime, each: int, shortest: timedelta
) -> list[LatestStay]:
    """Return the last stays of each vehicle, and of the guests of each connector: so many of each weekday, the oldest first.

    None is shorter than `shortest`.
    """
    rows = connection.execute(
        "SELECT * FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY vehicle,"  # noqa: S608 (fixed conditions)
        " CASE WHEN vehicle IS NULL THEN station END,"
        " CASE WHEN vehicle IS NULL THEN connector END,"
        f" {_WEEKDAY} ORDER BY gone DESC) place FROM ({_STAYS}))"
        " WHERE place <= ? ORDER BY gone",
        (ms(since), round(shortest / timedelta(milliseconds=1)), each),
    )
    return [
        LatestStay(
            station=row["station"],
            connector=row["connector"],
            vehicle=row["vehicle"],
            came=at_ms(row["came"]),
            left=at_ms(row["gone"]),
            energy_wh=row["energy_wh"],
        )
        for row in rows
    ]


def session(
    connection: sqlite3.Connection, station: str, transaction: str
) -> SessionRow | None:
    """Return the session that a transaction is a part of."""
    row = connection.execute(
        "SELECT * FROM session WHERE number ="
        " (SELECT session FROM part WHERE station = ? AND id = ?)",
        (station, transaction),
    ).fetchone()
    return None if row is None else _session(row)


def intervals(connection: sqlite3.Connection, number: int) -> list[SessionInterval]:
    """Return the quarter hours of a session, with the prices of then."""
    rows = connection.execute(
        "SELECT q.start, SUM(q.energy_wh) measured, SUM(q.filled_wh) filled,"
        " SUM(q.sun_wh + q.filled_sun_wh) sun,"
        " SUM(q.battery_wh + q.filled_battery_wh) battery, MAX(q.peak_w) peak_w,"
        " s.import_price, s.export_price"
        " FROM part p JOIN quarter q ON q.station = p.station AND q.id = p.id"
        " LEFT JOIN site_quarter s ON s.start = q.start"
        " WHERE p.session = ? GROUP BY q.start ORDER BY q.start",
        (number,),
    )
    return [
        SessionInterval(
            start=at_ms(row["start"]),
            energy_wh=row["measured"] + row["filled"],
            sun_wh=row["sun"],
            battery_wh=row["battery"],
            estimated_wh=max(row["filled"], 0.0),
            peak_w=row["peak_w"],
            import_price=row["import_price"],
            export_price=row["export_price"],
        )
        for row in rows
    ]


def pauses(connection: sqlite3.Connection, number: int) -> list[SessionPause]:
    """Return why and for how long a session was paused, the longest first."""
    rows = connection.execute(
        "SELECT reason, SUM(seconds) seconds, SUM(times) times,"
        " MIN(first_at) first_at, MAX(last_at) last_at"
        " FROM part p JOIN pause u ON u.station = p.station AND u.id = p.id"
        " WHERE p.session = ? GROUP BY reason ORDER BY 2 DESC, 1",
        (number,),
    )
    return [
        SessionPause(
            reason=row["reason"],
            seconds=row["seconds"],
            times=row["times"],
            first_at=at_ms(row["first_at"]),
            last_at=at_ms(row["last_at"]),
        )
        for row in rows
    ]


def signed_values(connection: sqlite3.Connection, number: int) -> list[SignedValue]:
    """Return the signed meter values of a session, exactly as they were received."""
    rows = connection.execute(
        "SELECT v.* FROM part p"
        " JOIN signed_value v ON v.station = p.station AND v.id = p.id"
        " WHERE p.session = ? ORDER BY v.at, v.context, v.data",
        (number,),
    )
    return [
        SignedValue(
            station=row["station"],
            transaction=row["id"],
            at=at_ms(row["at"]),
            context=row["context"],
            encoding=row["encoding"],
            data=row["data"],
            method=row["method"],
            public_key=row["public_key"],
        )
        for row in rows
    ]


_SUMS = (
    "COUNT(*) sessions, SUM(energy_wh) energy_wh, SUM(sun_wh) sun_wh,"
    " SUM(battery_wh) battery_wh, SUM(grid_wh) grid_wh, SUM(grid_cost) grid_cost,"
    " SUM(feed_in_lost) feed_in_lost, SUM(priced_wh) priced_wh, SUM(billed) billed,"
    " SUM(CASE WHEN at_once_cost IS NOT NULL AND priced_wh > 0"
    " THEN at_once_cost - grid_cost - feed_in_lost END) savings,"
    " SUM(CASE WHEN at_once_cost IS NOT NULL AND priced_wh > 0"
    " THEN energy_wh ELSE 0 END) compared_wh"
)


def sums(
    connection: sqlite3.Connection, wanted: SessionFilter, by: GroupBy | None = None
) -> list[SessionSums]:
    """Return the sum of all sessions, or one for each person, vehicle or charger (None: of those without)."""
    where, values = _where(wanted)
    key = by.value if by else "NULL"
    rows = connection.execute(
        f"SELECT {key} key, {_SUMS} FROM session WHERE {where}"  # noqa: S608 (names of columns)
        + (f" GROUP BY {key} ORDER BY {key}" if by else ""),
        values,
    )
    return [
        SessionSums(**{name: row[name] for name in row.keys()})  # noqa: SIM118 (values without it)
        if row["sessions"]
        else SessionSums()
        for row in rows
    ]


def first_start(connection: sqlite3.Connection) -> datetime | None:
    """Return when the first session began; those of 1970 are of a charger whose clock was not set."""
    [first] = connection.execute(
        "SELECT MIN(COALESCE(started_at, stopped_at)) FROM session"
        " WHERE COALESCE(started_at, stopped_at) >= ?",
        (ms(NO_CLOCK_BEFORE),),
    ).fetchone()
    return maybe_at(first)


def names(connection: sqlite3.Connection, kind: str) -> dict[str, str]:
    """Return what persons, vehicles or chargers are called, also those that are gone."""
    rows = connection.execute("SELECT id, name FROM name WHERE kind = ?", (kind,))
    return {row["id"]: row["name"] for row in rows}
