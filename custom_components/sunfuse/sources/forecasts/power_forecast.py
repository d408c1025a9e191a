"""A forecast: power by quarter hour, with its uncertainty."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from ..series import Series, Slot, by_quarter


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastSlot:
    """Mean power from start to end, UTC: the likely value, and those that 1 in 10 is beyond."""

    start: datetime
    end: datetime
    p10_w: float
    p50_w: float
    p90_w: float

    @property
    def energy_wh(self) -> float:
        """Return the likely energy."""
        return self.p50_w * (self.end - self.start).total_seconds() / 3600


type Forecast = tuple[ForecastSlot, ...]


def mean_w(forecast: Forecast, start: datetime, end: datetime) -> float | None:
    """Return the likely mean power from start to end; None if the forecast does not cover all of it."""
    energy_ws = covered_s = 0.0
    for slot in forecast:
        seconds = (min(slot.end, end) - max(slot.start, start)).total_seconds()
        if seconds > 0:
            covered_s += seconds
            energy_ws += slot.p50_w * seconds
    if covered_s < (end - start).total_seconds():
        return None
    return energy_ws / covered_s


@dataclass(frozen=True, slots=True, kw_only=True)
class RawForecast:
    """A source's forecast in watts; `low` and `high` if it has its own quantiles."""

    likely: Series = ()
    low: Series = ()
    high: Series = ()


def added(series: Iterable[Series]) -> Series:
    """Add series by quarter hour, as of several roofs; a gap in one counts as zero."""
    total: dict[datetime, float] = {}
    ends: dict[datetime, datetime] = {}
    for one in series:
        for slot in by_quarter(one):
            total[slot.start] = total.get(slot.start, 0.0) + slot.value
            ends[slot.start] = slot.end
    return tuple(
        Slot(start=start, end=ends[start], value=total[start])
        for start in sorted(total)
    )


def added_forecasts(forecasts: Iterable[RawForecast]) -> RawForecast:
    """Add forecasts of several roofs.

    Their quantiles add up as well: the same cloud shades all roofs of a house. If only
    some of them have quantiles, those of the sum are unknown.
    """
    all_ = [one for one in forecasts if one.likely]
    has_quantiles = all(one.low and one.high for one in all_)
    return RawForecast(
        likely=added(one.likely for one in all_),
        low=added(one.low for one in all_) if has_quantiles else (),
        high=added(one.high for one in all_) if has_quantiles else (),
    )


def energy_wh(series: Series) -> float:
    """Return the energy of a series of watts."""
    return sum(slot.value * slot.seconds for slot in series) / 3600


def with_spread(
    series: Series, spread: Callable[[Slot], tuple[float, float, float]]
) -> Forecast:
    """Turn a series into a forecast; `spread` returns a slot's three powers, which are put in order."""
    slots = []
    for slot in series:
        p10, p50, p90 = sorted(max(0.0, power) for power in spread(slot))
        slots.append(
            ForecastSlot(
                start=slot.start, end=slot.end, p10_w=p10, p50_w=p50, p90_w=p90
            )
        )
    return tuple(slots)
