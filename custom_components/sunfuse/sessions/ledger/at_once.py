"""What the same energy would have cost without control: each car with full power from the moment it is plugged in.

The house, the sun, the prices and the home battery are as they really were, and all cars of that time charge this way
together. A car that was plugged in at noon on a sunny day would have used solar power too, and is credited with it. What
the battery would have done is not known; it is assumed to do what it did.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
import sqlite3

from ..energy_split import split
from ..facts_to_session import MOST_OF_IT_S
from ..session_facts import QUARTER, SiteQuarter, quarter_of
from .ledger_codec import at_ms, maybe_at, ms, site_between

# If less of the energy than this has a price, nothing is compared.
_PRICED = 0.95
# Cars that are related only through a chain of other cars hardly affect each other.
_CONTEXT = timedelta(days=1)
_LONGEST_STAY = timedelta(days=14)
_LEAST_W = 1000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PluggedCar:
    """A car that was there: since when, how much it took, and with how much power it could have."""

    number: int
    since: datetime
    energy_wh: float
    power_w: float


@dataclass(frozen=True, slots=True, kw_only=True)
class AtOnce:
    """What the energy of one session would have cost at once; None where prices are not known."""

    cost: float | None
    sun_wh: float


def charge_at_once(
    cars: Sequence[PluggedCar],
    site: Mapping[datetime, SiteQuarter],
    unseen_wh: Mapping[datetime, float] | None = None,
) -> dict[int, AtOnce]:
    """Let all cars charge immediately; returns what each would have cost.

    `unseen_wh` is the energy by quarter hour that cars took unobserved: it was counted as the house's.
    """
    hidden = unseen_wh or {}
    left = {car.number: car.energy_wh for car in cars}
    costs = dict.fromkeys(left, 0.0)
    suns = dict.fromkeys(left, 0.0)
    priced = dict.fromkeys(left, 0.0)
    start = min((quarter_of(car.since) for car in cars), default=None)
    while start is not None and any(wh > 0 for wh in left.values()):
        taken = {
            car.number: wh
            for car in cars
            if (wh := min(left[car.number], _could_take(car, start))) > 0
        }
        total = sum(taken.values())
        quarter = site.get(start)
        if quarter is not None and total > 0:
            sun, battery = _shares(total, quarter, hidden.get(start, 0.0))
            for number, wh in taken.items():
                suns[number] += wh * sun
                if quarter.import_price is None:
                    continue
                priced[number] += wh
                own = sun + battery
                costs[number] += wh / 1000 * (1 - own) * quarter.import_price
                costs[number] += wh / 1000 * own * (quarter.export_price or 0.0)
        for number, wh in taken.items():
            left[number] -= wh
            if left[number] < 0.01:
                left[number] = 0.0
        start = _next(start, cars, left)
    return {
        car.number: AtOnce(
            cost=costs[car.number]
            if priced[car.number] >= _PRICED * car.energy_wh
            else None,
            sun_wh=suns[car.number],
        )
        for car in cars
    }


def _next(
    start: datetime, cars: Sequence[PluggedCar], left: Mapping[int, float]
) -> datetime | None:
    """Return the next quarter hour in which a car charges; nothing happens between two visits."""
    waiting = [quarter_of(car.since) for car in cars if left[car.number] > 0]
    return max(start + QUARTER, min(waiting)) if waiting else None


def _could_take(car: PluggedCar, start: datetime) -> float:
    seconds = (start + QUARTER - max(start, car.since)).total_seconds()
    return car.power_w * max(seconds, 0.0) / 3600


def _shares(
    taken_wh: float, quarter: SiteQuarter, unseen_wh: float
) -> tuple[float, float]:
    """Return the shares of sun and battery in what all cars take in a quarter hour."""
    if quarter.seconds < MOST_OF_IT_S:
        return 0.0, 0.0
    whole = QUARTER.total_seconds() / quarter.seconds
    parts = split(
        taken=taken_wh,
        house=quarter.house_wh * whole - unseen_wh,
        solar=quarter.solar_wh * whole,
        battery_out=quarter.battery_out_wh * whole,
    )
    return parts.sun / taken_wh, parts.battery / taken_wh


# --- In the ledger's tables ------------------------------------------------------------------------------------


def compare(db: sqlite3.Connection, most: int) -> int:
    """Compare so many of the finished sessions whose comparison is out of date; returns how many were."""
    rows = db.execute(
        "SELECT number, plugged_at, started_at, stopped_at, energy_wh FROM session"
        " WHERE compare = 1 AND stopped_at IS NOT NULL LIMIT ?",
        (most,),
    ).fetchall()
    for row in rows:
        result = _compared(db, row)
        db.execute(
            "UPDATE session SET compare = 0, at_once_cost = ?, at_once_sun_wh = ?"
            " WHERE number = ?",
            (result.cost, result.sun_wh, row["number"])
            if result
            else (None, None, row["number"]),
        )
    return len(rows)


def mark(db: sqlite3.Connection, since: datetime, until: datetime) -> None:
    """Note that a car was there in a period: what others could have had in it changes."""
    db.execute(
        "UPDATE session SET compare = 1 WHERE stopped_at BETWEEN ? AND ?"
        " AND COALESCE(plugged_at, started_at, stopped_at) < ?",
        (ms(since), ms(until + _LONGEST_STAY), ms(until)),
    )


def _compared(db: sqlite3.Connection, row: sqlite3.Row) -> AtOnce | None:
    since = maybe_at(row["plugged_at"]) or maybe_at(row["started_at"])
    if since is None:
        return None
    until = at_ms(row["stopped_at"])
    cars = _cars(db, since - _CONTEXT, until)
    if not cars:
        return None  # it ended in the instant in which it began
    first = min(car.since for car in cars)
    site = site_between(db, quarter_of(first), until + _CONTEXT)
    unseen = db.execute(
        "SELECT start, SUM(filled_wh) wh FROM quarter"
        " WHERE start BETWEEN ? AND ? AND filled_wh > 0 GROUP BY start",
        (ms(quarter_of(first)), ms(until + _CONTEXT)),
    )
    return charge_at_once(
        cars, site, {at_ms(one["start"]): one["wh"] for one in unseen}
    ).get(row["number"])


def _cars(db: sqlite3.Connection, since: datetime, until: datetime) -> list[PluggedCar]:
    """Return the cars that were there in a time."""
    rows = db.execute(
        "SELECT number, COALESCE(plugged_at, started_at) since, started_at, stopped_at,"
        " energy_wh, peak_w, full_power_w FROM session WHERE stopped_at BETWEEN ? AND ?"
        " AND since < ? ORDER BY number",
        (ms(since), ms(until + _LONGEST_STAY), ms(until)),
    )
    return [
        PluggedCar(
            number=row["number"],
            since=at_ms(row["since"]),
            energy_wh=row["energy_wh"],
            power_w=_power_w(row),
        )
        for row in rows
    ]


def _power_w(row: sqlite3.Row) -> float:
    """Return the power with which a car could have charged; never less than its real one."""
    known = [row["peak_w"] or 0.0, row["full_power_w"] or 0.0]
    if row["started_at"] is not None:
        hours = (row["stopped_at"] - row["started_at"]) / 3_600_000
        if hours > 0:
            known.append(row["energy_wh"] / hours)
    return max(*known, _LEAST_W)
