"""The load of the house without cars, learned by weekday and hour.

Each coming hour is compared with past hours: the same hour of the same weekday counts
most, that of another day of the same kind (working day, weekend) less, any other day a
little, and all of them less the older they are. On the first day a typical household's
day is used; it counts as much as one day does, so each day makes the forecast better.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from operator import attrgetter
from typing import Any

from ...engine.codec import read_number
from ..series import (
    QUARTER,
    Series,
    Slot,
    at_time,
    by_quarter,
    mean,
    percentile,
    quarters,
    weighted_quantile,
)
from .clear_sky import Place, clear_sky_mean
from .power_forecast import Forecast, with_spread

# Shape of a European household's day, in watts: that of the standard load profile H0 of the German BDEW in broad
# strokes, for 3500 kWh a year (400 W on average).
_USUAL_DAY_W = (
    *(260, 220, 200, 190, 200, 240, 330, 420, 450, 440, 430, 450),
    *(500, 480, 430, 400, 410, 480, 580, 640, 610, 530, 430, 330),
)
_USUAL_MEAN_W = sum(_USUAL_DAY_W) / 24
# Below and above which share of the usual load 1 hour in 10 is.
_USUAL_SPREAD = (0.45, 1.0, 2.2)
_SAME_DAY, _SAME_KIND, _ANY = 1.0, 0.1, 0.02
_HALF_LIFE = timedelta(days=28)
_CHARGING_W = 100.0
_LONGEST_CHARGE = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadModel:
    """Quantiles in watts by weekday (0 is Monday) and hour: 168 cells, Monday 0:00 first."""

    cells: tuple[tuple[float, float, float], ...]
    days: float  # how many days of history it has learned from


def learn_load(history: Iterable[Slot], now: datetime, tz: tzinfo) -> LoadModel:
    """Learn from the house's power without cars: hourly means in watts."""
    slots = [slot for slot in history if slot.end <= now]
    days = sum(slot.seconds for slot in slots) / 86400
    # A larger house has a larger typical day, as soon as one of its days is known.
    known = _usual_mean(slots) if days >= 1 else None
    scale = max(0.0, known) / _USUAL_MEAN_W if known is not None else 1.0
    by_hour: dict[int, list[tuple[int, float, float]]] = {}
    for slot in slots:
        local = slot.start.astimezone(tz)
        weight = 0.5 ** ((now - slot.start) / _HALF_LIFE) * slot.seconds / 3600
        sample = (local.weekday(), max(0.0, slot.value), weight)
        by_hour.setdefault(local.hour, []).append(sample)
    cells = tuple(
        _cell(weekday, by_hour.get(hour, []), scale * _USUAL_DAY_W[hour])
        for weekday in range(7)
        for hour in range(24)
    )
    return LoadModel(cells=cells, days=days)


def _usual_mean(slots: Sequence[Slot]) -> float | None:
    """Return the mean without outliers far above the usual: errors of a meter."""
    most = 5 * max(1.0, percentile((slot.value for slot in slots), 90))
    return mean(slot for slot in slots if slot.value <= most)


def _cell(
    weekday: int, samples: Iterable[tuple[int, float, float]], usual_w: float
) -> tuple[float, float, float]:
    """Return the quantiles of one weekday's hour."""
    weighted = [(usual_w * share, 1 / 3) for share in _USUAL_SPREAD]
    for day, power, weight in samples:
        same_kind = (day >= 5) == (weekday >= 5)
        near = _SAME_DAY if day == weekday else _SAME_KIND if same_kind else _ANY
        weighted.append((power, weight * near))
    low, middle, high = (weighted_quantile(weighted, q) for q in (0.1, 0.5, 0.9))
    return low, middle, high


def load_to_dict(model: LoadModel) -> dict[str, Any]:
    """Return what was learned as plain JSON for storage."""
    return {
        "days": round(model.days, 2),
        "cells": [[round(power) for power in cell] for cell in model.cells],
    }


def load_from_dict(data: Mapping[str, Any]) -> LoadModel:
    """Read what was learned from storage.

    Raises:
        LookupError, TypeError, ValueError: it is not what `load_to_dict` returned.

    """
    cells = tuple(
        (read_number(low), read_number(middle), read_number(high))
        for low, middle, high in data["cells"]
    )
    if len(cells) != 7 * 24:
        raise ValueError(f"No model of a week's load: {len(cells)} hours")
    return LoadModel(cells=cells, days=read_number(data["days"]))


def expect_load(
    model: LoadModel, start: datetime, end: datetime, tz: tzinfo
) -> Forecast:
    """Return the expected load by quarter hour."""

    def powers(slot: Slot) -> tuple[float, float, float]:
        local = slot.start.astimezone(tz)
        return model.cells[local.weekday() * 24 + local.hour]

    slots = tuple(
        Slot(start=at, end=at + QUARTER, value=0.0) for at in quarters(start, end)
    )
    return with_spread(slots, powers)


def with_nights(solar_w: Series, times: Series, place: Place) -> Series:
    """Fill the nights of a solar series, when many inverters sleep and report nothing.

    They are filled at the times that another series has.
    """
    known = {slot.start: slot for slot in by_quarter(solar_w)}
    for slot in by_quarter(times):
        if slot.start not in known and not clear_sky_mean(slot.start, slot.end, place):
            known[slot.start] = Slot(start=slot.start, end=slot.end, value=0.0)
    return tuple(known[start] for start in sorted(known))


def _may_charge(cars_w: Series, at: datetime) -> bool:
    """Return whether chargers that report nothing now were charging when they last reported."""
    index = bisect_right(cars_w, at, key=attrgetter("start")) - 1
    if index < 0:
        return False
    last = cars_w[index]
    return last.value > _CHARGING_W and at - last.end < _LONGEST_CHARGE


def house_load(
    grid_w: Series,
    solar_w: Series = (),
    battery_w: Series = (),
    cars_w: Series = (),
) -> Series:
    """Return the house's own power: grid + solar + battery - cars.

    Grid is positive on import, battery on discharge. Only periods for which every given
    series has a value are used: a gap in the solar data is not a dark house, and a
    charger's gap after charging is not a quiet one. Chargers that did not exist yet, or that
    report nothing without a car, draw nothing. Negative values (clocks that differ) become zero.
    """
    others = [by_quarter(series) for series in (solar_w, battery_w) if series]
    cars = by_quarter(cars_w)
    slots = []
    for slot in by_quarter(grid_w):
        found = [at_time(series, slot.start) for series in others]
        drawn = at_time(cars, slot.start)
        if any(one is None for one in found):
            continue
        if drawn is None and _may_charge(cars, slot.start):
            continue
        total = slot.value + sum(one.value for one in found if one is not None)
        total -= drawn.value if drawn is not None else 0.0
        slots.append(Slot(start=slot.start, end=slot.end, value=max(0.0, total)))
    return tuple(slots)


def alone_w(grid_w: Series, cars_w: Series, battery_w: Series) -> Series:
    """Return what a site would have imported without cars, and without a battery that charges: a plan decides when that does."""
    charged = tuple(
        Slot(start=slot.start, end=slot.end, value=max(0.0, -slot.value))
        for slot in battery_w
    )
    return house_load(house_load(grid_w, cars_w=cars_w), cars_w=charged)
