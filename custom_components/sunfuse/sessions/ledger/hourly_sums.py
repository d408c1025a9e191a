"""Energy and cost by hour as sums that only rise, for long-term statistics.

A sum is of all that the ledger ever had, deleted sessions included; so it is the same however often and from which hour
on it is asked, and goes on where it was after a restart.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
import sqlite3

from .ledger_codec import ms
from .ledger_queries import GroupBy

HOUR = timedelta(hours=1)
_HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True, kw_only=True)
class HourlySum:
    """What had been taken, and what that had cost, when an hour was over."""

    start: datetime
    energy_wh: float
    cost: float


def hourly_sums(
    db: sqlite3.Connection, by: GroupBy, since: datetime, until: datetime
) -> dict[str, list[HourlySum]]:
    """Return the sums of each charger, person or vehicle, for each full hour between two times.

    Whoever took nothing before the end is left out.
    """
    sums = _before(db, by, since)
    added: dict[str, dict[int, tuple[float, float]]] = defaultdict(dict)
    for key, hour, energy_wh, cost in _hours(db, by, since, until):
        if hour < ms(since):
            known = sums.get(key, (0.0, 0.0))
            sums[key] = (known[0] + energy_wh, known[1] + cost)
        else:
            added[key][hour] = (energy_wh, cost)
    return {
        key: _rising(sums.get(key, (0.0, 0.0)), added[key], since, until)
        for key in sorted({*sums, *added})
    }


def _before(
    db: sqlite3.Connection, by: GroupBy, since: datetime
) -> dict[str, tuple[float, float]]:
    """Return the sums of the sessions that were over before a time, and of those that were deleted."""
    rows = db.execute(
        f"SELECT {by.value} key, SUM(energy_wh) energy, SUM(grid_cost + feed_in_lost) cost"  # noqa: S608 (names of columns)
        f" FROM session WHERE stopped_at < ? AND {by.value} IS NOT NULL"
        f" GROUP BY {by.value}"
        " UNION ALL SELECT id, energy_wh, cost FROM carried WHERE kind = ?",
        (ms(since), by.value),
    )
    sums: dict[str, tuple[float, float]] = {}
    for row in rows:
        known = sums.get(row["key"], (0.0, 0.0))
        sums[row["key"]] = (known[0] + row["energy"], known[1] + row["cost"])
    return {key: taken for key, taken in sums.items() if any(taken)}


def _hours(
    db: sqlite3.Connection, by: GroupBy, since: datetime, until: datetime
) -> list[tuple[str, int, float, float]]:
    """Return what was taken by hour, of the sessions that were not over before `since`."""
    return [
        (row["key"], row["hour"], row["energy"], row["cost"])
        for row in db.execute(
            f"SELECT n.{by.value} key, q.start / {_HOUR_MS} * {_HOUR_MS} hour,"  # noqa: S608 (names of columns)
            " SUM(q.energy_wh + q.filled_wh) energy, SUM("
            "(q.energy_wh + q.filled_wh - q.sun_wh - q.filled_sun_wh - q.battery_wh"
            " - q.filled_battery_wh) / 1000 * COALESCE(s.import_price, 0)"
            " + (q.sun_wh + q.filled_sun_wh + q.battery_wh + q.filled_battery_wh) / 1000"
            " * COALESCE(s.export_price, 0)) cost"
            # In this order: few sessions are as new.
            " FROM session n CROSS JOIN part p ON p.session = n.number"
            " CROSS JOIN quarter q ON q.station = p.station AND q.id = p.id"
            " LEFT JOIN site_quarter s ON s.start = q.start"
            " WHERE (n.stopped_at >= ? OR n.stopped_at IS NULL)"
            f" AND n.{by.value} IS NOT NULL AND q.start < ? GROUP BY 1, 2 ORDER BY 2",
            (ms(since), ms(until)),
        )
    ]


def _rising(
    base: tuple[float, float],
    added: dict[int, tuple[float, float]],
    since: datetime,
    until: datetime,
) -> list[HourlySum]:
    energy_wh, cost = base
    found = []
    at = since
    while at + HOUR <= until:
        more = added.get(ms(at), (0.0, 0.0))
        energy_wh, cost = energy_wh + more[0], cost + more[1]
        found.append(HourlySum(start=at, energy_wh=energy_wh, cost=cost))
        at += HOUR
    return found
