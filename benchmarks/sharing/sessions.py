"""Charging sessions: real ones from a file, or made by chance from a seed."""

import csv
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
import random

VOLTAGE_V = 230.0
MOST_A = 16.0
DAY_S = 86_400
_TIME = "%d.%m.%Y %H:%M"
# A session of less than this is a card that was tried, or a plug that was moved.
_SHORTEST_S = 600
_LEAST_WH = 500.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One car on three phases: where and from when to when it is plugged in, in seconds, and what it wants."""

    id: str
    charger: str
    arrives_s: int
    leaves_s: int
    energy_wh: float
    max_a: float = MOST_A


def power_w(current_a: float) -> float:
    """Return the power of a current on three phases."""
    return 3 * VOLTAGE_V * current_a


def read_norway(path: Path, month: str) -> list[Session]:
    """Return the sessions that begin in a month (`2019-11`) of the garages' file.

    The file is that of Sørensen et al., "Analysis of residential EV energy flexibility potential", CC BY 4.0. A car
    that took more than 11 kW brings gets what it could take.
    """
    first = datetime.strptime(month, "%Y-%m")  # local, as in the file
    found = []
    with path.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            session = _session(row, month, first)
            if session is not None:
                found.append(session)
    return sorted(found, key=lambda s: (s.arrives_s, s.id))


def _session(row: dict[str, str], month: str, first: datetime) -> Session | None:
    if "NA" in (row["Start_plugin"], row["End_plugout"]) or not row["End_plugout"]:
        return None
    start = datetime.strptime(row["Start_plugin"], _TIME)
    if start.strftime("%Y-%m") != month:
        return None
    end = datetime.strptime(row["End_plugout"], _TIME)
    lasts_s = int((end - start).total_seconds())
    energy_wh = 1000 * float(row["El_kWh"].replace(",", "."))
    if lasts_s < _SHORTEST_S or energy_wh < _LEAST_WH:
        return None
    arrives_s = int((start - first).total_seconds())
    return Session(
        id=f"s{int(row['session_ID']):05}",
        charger=row["Shared_ID"] if row["Shared_ID"] != "NA" else row["User_ID"],
        arrives_s=arrives_s,
        leaves_s=arrives_s + lasts_s,
        energy_wh=min(energy_wh, power_w(MOST_A) * lasts_s / 3600),
    )


def made(seed: int, days: int, cars: int) -> list[Session]:
    """Return the sessions of a block of flats: home in the evening, away in the morning, some who come by at noon."""
    chance = random.Random(seed)
    found = []
    for day in range(days):
        for car in range(cars):
            if chance.random() < 0.3:
                continue
            at_noon = chance.random() < 0.2
            arrives_h = chance.gauss(11.0 if at_noon else 17.5, 1.8)
            lasts_h = (
                max(chance.gauss(2.5, 1.0), 0.5)
                if at_noon
                else max(chance.gauss(12.5, 2.5), 1.0)
            )
            arrives_s = max(int((24 * day + arrives_h) * 3600), 0) // 60 * 60
            lasts_s = int(lasts_h * 3600) // 60 * 60
            wanted_wh = min(chance.lognormvariate(9.5, 0.6), 60_000.0)
            found.append(_stay(day, car, arrives_s, lasts_s, wanted_wh))
    return sorted(found, key=lambda s: (s.arrives_s, s.id))


def _stay(
    day: int, car: int, arrives_s: int, lasts_s: int, wanted_wh: float
) -> Session:
    """Return a session in which a car can get what it wants at its full power."""
    return Session(
        id=f"d{day:02}c{car:03}",
        charger=f"c{car:03}",
        arrives_s=arrives_s,
        leaves_s=arrives_s + lasts_s,
        energy_wh=min(wanted_wh, power_w(MOST_A) * lasts_s / 3600),
    )


def office(seed: int, days: int, cars: int) -> list[Session]:
    """Return the sessions of an office: all come in the morning, and want more than its fuse brings until they leave."""
    chance = random.Random(seed)
    found = []
    for day in range(days):
        for car in range(cars):
            arrives_s = int((24 * day + chance.uniform(7, 10)) * 3600) // 60 * 60
            lasts_s = int(chance.uniform(4, 9) * 3600) // 60 * 60
            wanted_wh = chance.uniform(5, 40) * 1000
            found.append(_stay(day, car, arrives_s, lasts_s, wanted_wh))
    return sorted(found, key=lambda s: (s.arrives_s, s.id))
