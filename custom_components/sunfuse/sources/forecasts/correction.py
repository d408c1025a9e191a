"""Corrects a forecast by what the roof produced in the last days.

Forecasts know neither the neighbour's tree nor a wrong tilt in their configuration. Forecast
and production are stored by the hour; their ratio, by hour of the day, corrects the present
forecast, and its spread shows how certain that is. Little data changes little.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from ...engine.codec import read_number, read_time
from ...engine.stored_items import Stored
from ..series import Series, Slot, at_time, by_quarter, floor, percentile
from .power_forecast import Forecast, RawForecast, with_spread

KEEP = timedelta(days=14)
_HOUR = timedelta(hours=1)
# The forecast that counts is the one from six hours ahead: recent enough for the day, early enough to matter for a
# plan.
_BINDING = timedelta(hours=6)
# Without history: a day ahead, production is between half and four thirds of the forecast.
_PRIOR_LOW, _PRIOR_HIGH, _PRIOR_HOURS = 0.5, 1.33, 30
_LEAST, _MOST = 0.2, 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Hour:
    """Forecast and production of an hour, in Wh; None: not known (yet)."""

    start: datetime
    forecast_wh: float | None = None
    actual_wh: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastLog:
    """The last two weeks, and the hours ahead."""

    hours: tuple[Hour, ...] = ()


def log_forecast(log: ForecastLog, series: Series, now: datetime) -> ForecastLog:
    """Note the forecast of the hours ahead; near hours keep theirs."""
    wh: dict[datetime, float] = {}
    for slot in by_quarter(series):
        start = floor(slot.start, _HOUR)
        wh[start] = wh.get(start, 0.0) + slot.value / 4
    hours = {hour.start: hour for hour in log.hours}
    for start, energy in wh.items():
        hour = hours.get(start, Hour(start=start))
        binding = start - _BINDING <= now and hour.forecast_wh is not None
        # Hours that are over get no forecast any more.
        if not binding and start + _HOUR > now:
            hours[start] = replace(hour, forecast_wh=energy)
    return _tidy(hours, now)


def log_actual(
    log: ForecastLog, hourly_w: Iterable[Slot], now: datetime
) -> ForecastLog:
    """Note the production: mean power of whole hours, as statistics have it."""
    hours = {hour.start: hour for hour in log.hours}
    for slot in hourly_w:
        start = floor(slot.start, _HOUR)
        if slot.end <= now:
            hour = hours.get(start, Hour(start=start))
            wh = max(0.0, slot.value) * slot.seconds / 3600
            hours[start] = replace(hour, actual_wh=wh)
    return _tidy(hours, now)


def _tidy(hours: Mapping[datetime, Hour], now: datetime) -> ForecastLog:
    """Drop old hours."""
    kept = [hours[start] for start in sorted(hours) if start > now - KEEP]
    return ForecastLog(hours=tuple(kept))


def correction(log: ForecastLog, tz: tzinfo) -> dict[int, float]:
    """Return by which factor to multiply the forecast, by hour of the local day.

    The ratio of the sums, drawn towards the ratio of all hours, and that towards 1: one
    average day counts as forecast correctly, two for each single hour.
    """
    pairs = _pairs(log)
    days = {start.astimezone(tz).date() for start, _, _ in pairs}
    if not days or (total := sum(foretold for _, foretold, _ in pairs)) <= 0:
        return {}
    one_day = total / len(days)
    overall = (sum(came for _, _, came in pairs) + one_day) / (total + one_day)
    factors = {}
    for hour in range(24):
        mine = [pair for pair in pairs if pair[0].astimezone(tz).hour == hour]
        if (foretold := sum(pair[1] for pair in mine)) > 0:
            prior = 2 * foretold / len(mine)
            came = sum(pair[2] for pair in mine)
            factor = (came + overall * prior) / (foretold + prior)
            factors[hour] = min(_MOST, max(_LEAST, factor))
        else:
            factors[hour] = min(_MOST, max(_LEAST, overall))
    return factors


def _pairs(log: ForecastLog) -> list[tuple[datetime, float, float]]:
    """Return start, forecast and production of the hours that have both."""
    return [
        (hour.start, hour.forecast_wh, hour.actual_wh)
        for hour in log.hours
        if hour.forecast_wh is not None and hour.actual_wh is not None
    ]


def spread(
    log: ForecastLog, factors: Mapping[int, float], tz: tzinfo
) -> tuple[float, float]:
    """Return below and above which share of the corrected forecast 1 hour in 10 is.

    From the hours that matter (above a twentieth of the highest), mixed with the usual
    spread until there are enough of them.
    """
    pairs = [
        (came / (foretold * factors.get(start.astimezone(tz).hour, 1.0)), foretold)
        for start, foretold, came in _pairs(log)
        if foretold > 0
    ]
    highest = max((foretold for _, foretold in pairs), default=0.0)
    ratios = [ratio for ratio, foretold in pairs if foretold > highest / 20]
    if not ratios:
        return _PRIOR_LOW, _PRIOR_HIGH
    share = len(ratios) / (len(ratios) + _PRIOR_HOURS)
    low = share * percentile(ratios, 10) + (1 - share) * _PRIOR_LOW
    high = share * percentile(ratios, 90) + (1 - share) * _PRIOR_HIGH
    return min(low, 1.0), max(high, 1.0)


def corrected(log: ForecastLog, raw: RawForecast, tz: tzinfo) -> Forecast:
    """Correct a forecast; its own quantiles, if it has any, are corrected in the same way."""
    factors = correction(log, tz)
    low, high = spread(log, factors, tz)

    def powers(slot: Slot) -> tuple[float, float, float]:
        factor = factors.get(slot.start.astimezone(tz).hour, 1.0)
        likely = slot.value * factor
        own_low, own_high = at_time(raw.low, slot.start), at_time(raw.high, slot.start)
        return (
            own_low.value * factor if own_low else likely * low,
            likely,
            own_high.value * factor if own_high else likely * high,
        )

    return with_spread(raw.likely, powers)


def log_to_dict(log: ForecastLog) -> dict[str, Any]:
    """Return the log as plain JSON for storage."""
    return {
        "hours": [
            [hour.start.isoformat(), hour.forecast_wh, hour.actual_wh]
            for hour in log.hours
        ]
    }


def log_from_dict(data: Mapping[str, Any] | Stored) -> ForecastLog:
    """Read the log from storage; what cannot be read is left out."""
    rows = Stored.of(data).rows("hours", _hour_from_row)
    return ForecastLog(hours=tuple(rows))


def _hour_from_row(row: list[Any]) -> Hour:
    at, foretold, came = row
    return Hour(
        start=read_time(at).astimezone(UTC),
        forecast_wh=None if foretold is None else read_number(foretold),
        actual_wh=None if came is None else read_number(came),
    )
