"""Makes a session's row of its facts, in the ledger's tables."""

from collections.abc import Iterable, Mapping
from dataclasses import astuple, dataclass, fields
from datetime import datetime, timedelta
import sqlite3

from ..facts_to_session import FilledQuarter, SessionTimes, fill, times
from ..price_list import bill, billed_quarters
from ..session_costs import CostedQuarter, SessionCosts, costed, costs
from ..session_facts import MeasuredQuarter, SiteQuarter, TransactionFacts
from . import at_once
from .agreed_prices import agreed_prices, price_lists
from .ledger_codec import at_ms, maybe_ms, ms, site_between
from .part_rows import part_of


def derive_session(db: sqlite3.Connection, session: int) -> None:
    """Make a session anew from its facts; without any it is deleted."""
    rows = db.execute(
        "SELECT * FROM part WHERE session = ? ORDER BY id", (session,)
    ).fetchall()
    if not rows:
        db.execute("DELETE FROM session WHERE number = ?", (session,))
        return
    parts = [part_of(row) for row in rows]
    measured: list[MeasuredQuarter] = []
    filled: list[FilledQuarter] = []
    for part in parts:
        seen = measured_quarters(db, part)
        site = _site_during(db, part, seen)
        missing = fill(part, seen, site)
        _put_filled(db, part, missing)
        measured += seen
        filled += missing
    starts = [*(one.start for one in measured), *(one.start for one in filled)]
    site = site_quarters_at(db, starts)
    quarters = costed(measured, filled, site)
    sums, state = costs(quarters), times(parts)
    billed = _billed(db, session, state, quarters, _plugged_until(state, measured))
    root = min(parts, key=lambda part: (part.continues is not None, part.transaction))
    _put_session(db, session, root.transaction, state, sums, billed)
    since = state.plugged_at or state.started_at
    if state.stopped_at is not None and since is not None:
        at_once.mark(db, since, state.stopped_at)


def _put_session(
    db: sqlite3.Connection,
    session: int,
    transaction: str,
    state: SessionTimes,
    sums: SessionCosts,
    billed: _Billed,
) -> None:
    db.execute(
        "UPDATE session SET id = ?, connector = ?, vehicle = ?, person = ?, card = ?,"
        " plugged_at = ?, started_at = ?, stopped_at = ?, unplugged_at = ?,"
        " meter_start_wh = ?, meter_end_wh = ?, energy_wh = ?, sun_wh = ?,"
        " battery_wh = ?, grid_wh = ?, estimated_wh = ?, peak_w = ?,"
        " full_power_w = ?, grid_cost = ?, feed_in_lost = ?, priced_wh = ?,"
        " currency = ?, billed = ?, billed_vat = ?, vat_percent = ?,"
        " billed_currency = ?, price_list = ?, terms = ?,"
        " end_reason = ?, offline = ?, parts = ?, compare = 1"
        " WHERE number = ?",
        (
            transaction,
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
            *astuple(billed),
            state.end_reason,
            state.offline,
            state.parts,
            session,
        ),
    )


def measured_quarters(
    db: sqlite3.Connection, part: TransactionFacts
) -> list[MeasuredQuarter]:
    """Return the quarter hours in which a transaction was measured."""
    rows = db.execute(
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
    db: sqlite3.Connection, part: TransactionFacts, measured: Iterable[MeasuredQuarter]
) -> Mapping[datetime, SiteQuarter]:
    if part.stopped_at is None:
        return {}
    starts = [quarter.start for quarter in measured]
    since = min([part.started_at or part.stopped_at, *starts])
    until = max([part.stopped_at, *starts])
    return site_between(db, since - timedelta(minutes=15), until)


def site_quarters_at(
    db: sqlite3.Connection, starts: Iterable[datetime]
) -> Mapping[datetime, SiteQuarter]:
    """Return the site's quarter hours that begin at these times."""
    starts = set(starts)
    if not starts:
        return {}
    found = site_between(db, min(starts), max(starts))
    return {start: found[start] for start in starts if start in found}


def _put_filled(
    db: sqlite3.Connection, part: TransactionFacts, filled: Iterable[FilledQuarter]
) -> None:
    key = (part.station, part.transaction)
    db.execute(
        "UPDATE quarter SET filled_wh = 0, filled_sun_wh = 0, filled_battery_wh = 0"
        " WHERE station = ? AND id = ? AND filled_wh != 0",
        key,
    )
    db.executemany(
        "INSERT INTO quarter"
        " (station, id, start, filled_wh, filled_sun_wh, filled_battery_wh)"
        " VALUES (?,?,?,?,?,?) ON CONFLICT (station, id, start) DO UPDATE SET"
        " filled_wh = excluded.filled_wh, filled_sun_wh = excluded.filled_sun_wh,"
        " filled_battery_wh = excluded.filled_battery_wh",
        [
            (*key, ms(one.start), one.energy_wh, one.sun_wh, one.battery_wh)
            for one in filled
        ],
    )
    db.execute(
        "DELETE FROM quarter WHERE station = ? AND id = ?"
        " AND filled_wh = 0 AND energy_wh = 0 AND seconds = 0",
        key,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Billed:
    """What a session is billed, in the order in which it is stored; `terms` is the number of the price list."""

    billed: float | None = None
    billed_vat: float | None = None
    vat_percent: float | None = None
    billed_currency: str | None = None
    price_list: str | None = None
    terms: int | None = None


_BILLED = tuple(one.name for one in fields(_Billed))


def _price_list_stays(
    db: sqlite3.Connection, session: int, state: SessionTimes
) -> bool:
    """Whether a session was billed as another person's, and nothing was added to it since then."""
    known = db.execute(
        "SELECT billed_parts, person FROM session WHERE number = ?", (session,)
    ).fetchone()
    return tuple(known) == (state.parts, state.person)


def _as_it_was(db: sqlite3.Connection, session: int) -> _Billed:
    """Return what a session was billed before it was forgotten whose it was, or became another person's."""
    row = db.execute(
        f"SELECT {', '.join(_BILLED)} FROM session WHERE number = ?",  # noqa: S608 (names of columns)
        (session,),
    ).fetchone()
    return _Billed(**{name: row[name] for name in _BILLED})


def _plugged_until(
    state: SessionTimes, measured: Iterable[MeasuredQuarter]
) -> datetime | None:
    """Return until when a car was plugged in; of one that still is, until when that is known."""
    if state.unplugged_at is not None:
        return state.unplugged_at
    if state.stopped_at is not None:
        return state.stopped_at
    newest = max(measured, key=lambda quarter: quarter.start, default=None)
    if newest is None:
        return None
    return newest.start + timedelta(seconds=min(newest.seconds, 900.0))


def _billed(
    db: sqlite3.Connection,
    session: int,
    state: SessionTimes,
    quarters: Iterable[CostedQuarter],
    until: datetime | None,
) -> _Billed:
    """Return what a session is billed, and by which price list."""
    at = state.started_at or state.stopped_at
    if at is None or (state.started_at is None and state.energy_wh <= 0):
        return _Billed()  # nobody used the charger
    agreed = agreed_prices(db, state.person, state.station, at)
    if state.forgotten or _price_list_stays(db, session, state):
        known = _as_it_was(db, session)
        if known.terms is None:
            return known
        agreed = known.terms, price_lists(db)[known.terms]
    if agreed is None:
        return _Billed()
    number, prices = agreed
    outcome = bill(
        prices,
        billed_quarters(
            prices,
            ((one.start, one.energy_wh, one.cost) for one in quarters),
            state.plugged_at or state.started_at,
            until,
        ),
    )
    vat = None if outcome is None else outcome.vat
    return _Billed(
        billed=None if outcome is None else float(outcome.total),
        billed_vat=None if vat is None else float(vat),
        vat_percent=prices.vat_percent,
        billed_currency=prices.currency,
        price_list=prices.name,
        terms=number,
    )
