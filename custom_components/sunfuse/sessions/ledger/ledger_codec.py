"""How times and the site's quarter hours are stored."""

from dataclasses import fields
from datetime import UTC, datetime, timedelta
import sqlite3

from ..session_facts import SiteQuarter

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def ms(at: datetime) -> int:
    """Return a time as it is stored."""
    return (at - _EPOCH) // _MILLISECOND


def at_ms(stored: int) -> datetime:
    """Return a time that was stored."""
    return _EPOCH + stored * _MILLISECOND


def maybe_ms(at: datetime | None) -> int | None:
    """Return a time as it is stored, None where there is none."""
    return None if at is None else ms(at)


def maybe_at(stored: int | None) -> datetime | None:
    """Return a time that was stored, None where there is none."""
    return None if stored is None else at_ms(stored)


def site_between(
    connection: sqlite3.Connection, start: datetime, end: datetime
) -> dict[datetime, SiteQuarter]:
    """Return the site's quarter hours that begin between two times, both included."""
    rows = connection.execute(
        "SELECT * FROM site_quarter WHERE start BETWEEN ? AND ? ORDER BY start",
        (ms(start), ms(end)),
    )
    names = [one.name for one in fields(SiteQuarter)][1:]
    return {
        (at := at_ms(row["start"])): SiteQuarter(
            start=at, **{name: row[name] for name in names}
        )
        for row in rows
    }
