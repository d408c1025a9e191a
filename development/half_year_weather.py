"""The sun and the house of the half year, by quarter hour."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
import math
import random

from custom_components.sunfuse.simulator.house import FAMILY_HOUSE, house_power_w
from custom_components.sunfuse.simulator.sun import SolarSpec, clear_sky_w

QUARTER = timedelta(minutes=15)
QUARTERS = 96
SEED = 13
# A clear sky changes little in a week.
_SKY_EVERY = 7
_SUN = SolarSpec()


class Sky:
    """The sun: a clear sky, the clouds of a day, and those that pass."""

    def __init__(self, first: date, days: int, chance: random.Random) -> None:
        """Draw how clear each day is."""
        self._first = first
        self._clear: dict[int, tuple[float, ...]] = {}
        self._days = [chance.betavariate(1.6, 1.1) for _ in range(days + 2)]
        self._chance = chance
        self._cloud = 0.0

    def power_w(self, at: datetime) -> float:
        """Return the mean power of the next quarter hour, to be asked in order."""
        day = (at.date() - self._first).days + 1
        part = max(0.08, self._days[min(max(day, 0), len(self._days) - 1)])
        self._cloud = 0.75 * self._cloud + self._chance.gauss(0, 0.2)
        wobble = 2 * self._cloud * math.sqrt(part * (1.05 - part))
        clear_w = self._clear_day(day)[at.hour * 4 + at.minute // 15]
        return clear_w * min(max(part + wobble, 0.03), 1.0)

    def _clear_day(self, day: int) -> tuple[float, ...]:
        week = day // _SKY_EVERY * _SKY_EVERY
        if week not in self._clear:
            midnight = datetime.combine(
                self._first + timedelta(days=week), time(0), UTC
            )
            self._clear[week] = tuple(
                clear_sky_w(midnight + (step + 0.5) * QUARTER, _SUN)
                for step in range(QUARTERS)
            )
        return self._clear[week]


def house_day(first: date, day: int) -> tuple[float, ...]:
    """Return a day of the house by quarter hour, by its own clock."""
    spec = replace(FAMILY_HOUSE, utc_offset_h=0.0)
    midnight = datetime.combine(first, time(0), UTC)
    return tuple(
        sum(
            sum(house_power_w(midnight + (step + part) * QUARTER, spec, SEED))
            for part in (0.17, 0.5, 0.83)
        )
        / 3
        for step in range(day * QUARTERS, (day + 1) * QUARTERS)
    )
