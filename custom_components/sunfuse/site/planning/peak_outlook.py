"""Capacity tariffs as the planner counts them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ...planner import PeakTariff, Quantiles
from ...sources.tariffs.capacity_rules import PriceRule
from ...sources.tariffs.month_peaks import expected_w, interval_start
from ...sources.tariffs.usual_peaks import likely_peaks, peaks_of
from .running_peak import RunningPeak


@dataclass(frozen=True, slots=True, kw_only=True)
class HouseAlone:
    """What is known of a house without its cars: the forecast, and the highest interval of past days, by its minutes."""

    house: Quantiles | None = None
    sun: Quantiles | None = None
    day_peaks_w: Mapping[int, Sequence[float]] = field(default_factory=dict)


def peak_tariffs(
    peaks: Iterable[RunningPeak],
    now: datetime,
    starts: tuple[datetime, ...],
    alone: HouseAlone,
    period: tuple[datetime, datetime] | None = None,
) -> tuple[PeakTariff, ...]:
    """Return the tariffs that have a price, or that the fast loop keeps below a target.

    A `period` that is replayed takes the place of the running month.
    """
    return tuple(
        peak_tariff(peak, now, starts, alone, period)
        for peak in peaks
        if peak.rule.tariff.has_price or peak.rule.cap
    )


def peak_tariff(
    peak: RunningPeak,
    now: datetime,
    starts: tuple[datetime, ...],
    alone: HouseAlone,
    period: tuple[datetime, datetime] | None = None,
) -> PeakTariff:
    """Return a capacity tariff: its intervals numbered, those that do not count left out."""
    tariff, state, tz = peak.rule.tariff, peak.state, peak.tz
    windows = _windows(peak, starts)
    running = interval_start(now, tariff, tz)
    local = now.astimezone(tz)
    first = local.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    start, end = period or (first, (first + timedelta(days=32)).replace(day=1))
    by_day = tariff.different_days and tariff.top > 1
    ordinals = tuple(start.astimezone(tz).toordinal() for start in starts[:-1])
    of_today = [
        by_day and one.start.astimezone(tz).date() == local.date()
        for one in state.peaks
    ]
    target_w = peak.rule.target_w if peak.rule.cap else None
    if target_w is None and not tariff.has_price:
        target_w = expected_w(state, tariff)
    return PeakTariff(
        name=peak.rule.id,
        windows=windows,
        price_per_kw=tariff.price_per_kw,
        top=tariff.top,
        days=ordinals if by_day else (),
        counted_w=tuple(
            one.power_w
            for one, today in zip(state.peaks, of_today, strict=True)
            if not today
        ),
        today_w=max(
            (
                one.power_w
                for one, today in zip(state.peaks, of_today, strict=True)
                if today
            ),
            default=0.0,
        ),
        floor_w=tariff.floor_w,
        anyway_w=_anyway_w(peak, alone, now, end, windows, starts),
        used_wh=state.used_wh if state.interval == running else 0.0,
        used_s=(now - running).total_seconds(),
        guarded=peak.rule.cap,
        # What a user wants to stay below is kept without counting on a forecast.
        reserves=not tariff.sliding and target_w is None,
        target_w=target_w,
        step_limits_w=tariff.step_limits_w if tariff.rule is PriceRule.STEPS else (),
        step_prices=tariff.step_prices if tariff.rule is PriceRule.STEPS else (),
        period_start=start,
        period_end=end,
    )


def _windows(peak: RunningPeak, starts: tuple[datetime, ...]) -> tuple[int, ...]:
    """Return the number of the interval of each step, -1 where it does not count."""
    numbers: dict[datetime, int] = {}
    windows = []
    for start in starts[:-1]:
        interval = interval_start(start, peak.rule.tariff, peak.tz)
        counts = peak.counts(interval)
        windows.append(numbers.setdefault(interval, len(numbers)) if counts else -1)
    return tuple(windows)


def _anyway_w(
    peak: RunningPeak,
    alone: HouseAlone,
    now: datetime,
    end: datetime,
    windows: tuple[int, ...],
    starts: tuple[datetime, ...],
) -> tuple[tuple[float, float], ...]:
    """Return what the month's peak comes to without any car, by its past days or its forecast: powers with their probability."""
    tariff = peak.rule.tariff
    past_w = peaks_of(alone.day_peaks_w, tariff.interval_min)
    # Of those days, all hours count alike.
    if not past_w or tariff.weight.periods or tariff.weight.value != 1:
        return ((_forecast_w(alone, windows, starts), 1.0),)
    reached_w = (one.power_w for one in peak.state.peaks)
    days = (end - now) / timedelta(days=1)
    return likely_peaks(past_w, reached_w, top=tariff.top, days=days)


def _forecast_w(
    alone: HouseAlone, windows: tuple[int, ...], starts: tuple[datetime, ...]
) -> float:
    """Return what the house exceeds in one hour of ten: it does so on some day of every month, whatever the cars do."""
    house, sun = alone.house, alone.sun
    if house is None:
        return 0.0
    given_w = sun.low if sun is not None else (0.0,) * len(house.high)
    energy_ws: dict[int, float] = {}
    seconds: dict[int, float] = {}
    for window, drawn_w, sun_w, start, end in zip(
        windows, house.high, given_w, starts, starts[1:], strict=False
    ):
        if window >= 0:
            length_s = (end - start).total_seconds()
            energy_ws[window] = (
                energy_ws.get(window, 0.0) + max(0.0, drawn_w - sun_w) * length_s
            )
            seconds[window] = seconds.get(window, 0.0) + length_s
    return max((energy_ws[each] / seconds[each] for each in energy_ws), default=0.0)
