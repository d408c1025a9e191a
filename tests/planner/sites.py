"""Outlooks to plan from: a house on three phases of 25 A, at a night with cheap hours."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from custom_components.sunfuse.planner import (
    CarGoal,
    CarOutlook,
    CircuitOutlook,
    Outlook,
    Quantiles,
    clock_steps,
)

EVENING = datetime(2026, 1, 12, 22, 0, tzinfo=UTC)
MORNING = datetime(2026, 1, 13, 7, 0, tzinfo=UTC)
QUARTER = timedelta(minutes=15)


def exactly(*values: float) -> Quantiles:
    """Return what is expected without any doubt."""
    return Quantiles(low=values, median=values, high=values)


def by_hour(
    now: datetime, steps_s: tuple[float, ...], prices: dict[int, float], usual: float
) -> tuple[float, ...]:
    """Return a value for each step: of its hour of the day (in UTC), else the usual one."""
    values, at = [], now
    for length_s in steps_s:
        values.append(prices.get(at.hour, usual))
        at += timedelta(seconds=length_s)
    return tuple(values)


def night(
    *cars: CarOutlook, cheap: dict[int, float] | None = None, **changes: object
) -> Outlook:
    """Return twelve hours from ten in the evening: 0.34, but 0.11 from two to four."""
    now = changes.pop("now", EVENING)
    assert isinstance(now, datetime)
    steps_s = clock_steps(now, now + timedelta(hours=12))
    steps = len(steps_s)
    plain = Outlook(
        now=now,
        steps_s=steps_s,
        circuits=(CircuitOutlook(id="main", limit_a=(25.0, 25.0, 25.0)),),
        house=exactly(*(400.0,) * steps),
        sun=exactly(*(0.0,) * steps),
        import_price=by_hour(now, steps_s, cheap or {2: 0.11, 3: 0.11}, 0.34),
        export_price=(0.08,) * steps,
        cars=cars,
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def car(
    name: str = "zoe", energy_wh: float | None = 10_000.0, **changes: object
) -> CarOutlook:
    """Return a car of 52 kWh on 11 kW that leaves at seven."""
    plain = CarOutlook(
        id=name,
        circuit="main",
        soc=50.0,
        capacity_wh=52_000.0,
        goals=(CarGoal(at=MORNING, energy_wh=energy_wh),),
    )
    return replace(plain, **changes)  # type: ignore[arg-type]
