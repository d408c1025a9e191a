"""The peaks of the months: what was reached, what counts, what may still be drawn.

Pure functions over a frozen state, which is stored and restored. Energy is import only:
feed-in does not lower a quarter hour's peak below zero, and capacity tariffs ignore it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta, tzinfo
import math

from ..series import Series, floor
from .capacity_rules import CapacityTariff, PriceRule
from .sliding_windows import MINUTE, Minutes, energy_wh as window_wh, since, with_energy


@dataclass(frozen=True, slots=True, kw_only=True)
class PeakInterval:
    """A finished interval: its start, and the mean power that counts."""

    start: datetime
    power_w: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PeakState:
    """The state of a capacity tariff.

    `peaks` are the highest intervals of `month`, the highest first; `past` are the
    measures of finished months. `used_wh` is what the running interval has imported.
    """

    month: str = ""  # "2026-11"
    peaks: tuple[PeakInterval, ...] = ()
    past: tuple[tuple[str, float], ...] = ()
    interval: datetime | None = None
    used_wh: float = 0.0
    minutes: Minutes = ()  # of the last interval, where that may begin in any minute


def local_month(at: datetime, tz: tzinfo) -> str:
    """Return the local month of an instant as `2026-11`."""
    return at.astimezone(tz).strftime("%Y-%m")


def interval_start(at: datetime, tariff: CapacityTariff, tz: tzinfo) -> datetime:
    """Return the start of the interval, aligned to the local clock, in UTC.

    An hour of India's clock begins at half past in UTC.
    """
    offset = at.astimezone(tz).utcoffset() or timedelta(0)
    return floor(at + offset, timedelta(minutes=tariff.interval_min)) - offset


def add_energy(
    state: PeakState,
    tariff: CapacityTariff,
    start: datetime,
    end: datetime,
    energy_wh: float,
    *,
    tz: tzinfo,
    holidays: frozenset[date] = frozenset(),
) -> PeakState:
    """Add energy imported evenly from start to end, finishing the intervals between.

    Energy is distributed over intervals by time, so none is lost at a boundary. A period of
    no length, or one before the running interval, changes nothing.
    """
    lasts = end - start
    if lasts <= timedelta(0):
        return state
    state = advance(state, tariff, start, tz=tz, holidays=holidays)
    if tariff.sliding:
        minutes = with_energy(state.minutes, start, end, max(0.0, energy_wh))
        state = replace(state, minutes=minutes)
        return advance(state, tariff, end, tz=tz, holidays=holidays)
    at = start
    while at < end:
        interval = interval_start(at, tariff, tz)
        until = min(end, interval + timedelta(minutes=tariff.interval_min))
        if interval == state.interval:
            share = max(0.0, energy_wh) * ((until - at) / lasts)
            state = replace(state, used_wh=state.used_wh + share)
        at = until
        state = advance(state, tariff, at, tz=tz, holidays=holidays)
    return state


def advance(
    state: PeakState,
    tariff: CapacityTariff,
    now: datetime,
    *,
    tz: tzinfo,
    holidays: frozenset[date] = frozenset(),
) -> PeakState:
    """Advance to a time: close the interval and the month that are over. Never goes back."""
    if tariff.sliding:
        return _slide(state, tariff, now, tz, holidays)
    interval = interval_start(now, tariff, tz)
    if state.interval is not None and interval <= state.interval:
        return state
    if state.interval is not None:
        power = mean_power_w(state, tariff)
        weighted = power * tariff.weight.at(state.interval.astimezone(tz), holidays)
        state = _with_peak(state, tariff, state.interval, weighted, tz)
    state = replace(state, interval=interval, used_wh=0.0)
    return _in_month(state, tariff, local_month(interval, tz))


def _slide(
    state: PeakState,
    tariff: CapacityTariff,
    now: datetime,
    tz: tzinfo,
    holidays: frozenset[date],
) -> PeakState:
    """Let time pass where an interval may begin in any minute: enter each window that has ended."""
    lasts = timedelta(minutes=tariff.interval_min)
    end = floor(now, MINUTE)
    if state.interval is not None and end <= state.interval + lasts:
        used_wh = window_wh(state.minutes, now - lasts, now)
        return replace(state, used_wh=used_wh)
    # Once all that was drawn is out of the window, there is nothing more to enter.
    last = max((at for at, _ in state.minutes), default=end)
    until = min(end, last + lasts + MINUTE)
    at = until if state.interval is None else state.interval + lasts + MINUTE
    while at <= until:
        start = at - lasts
        power_w = window_wh(state.minutes, start, at) * 60 / tariff.interval_min
        weight = tariff.weight.at(start.astimezone(tz), holidays)
        apart = tuple(
            peak
            for peak in state.peaks
            if abs(peak.start - start) >= lasts or peak.power_w >= power_w * weight
        )
        if all(abs(peak.start - start) >= lasts for peak in apart):
            state = replace(state, peaks=apart)
            state = _with_peak(state, tariff, start, power_w * weight, tz)
        at += MINUTE
    state = replace(
        state,
        interval=end - lasts,
        minutes=since(state.minutes, end - lasts),
        used_wh=window_wh(state.minutes, now - lasts, now),
    )
    return _in_month(state, tariff, local_month(end, tz))


def _with_peak(
    state: PeakState, tariff: CapacityTariff, start: datetime, power: float, tz: tzinfo
) -> PeakState:
    """Add a finished interval, keeping as many as the rule may need."""
    state = _in_month(state, tariff, local_month(start, tz))
    if power <= 0:
        return state
    peaks = [*state.peaks, PeakInterval(start=start, power_w=power)]
    return replace(state, peaks=_highest(peaks, tariff, tz))


def _highest(
    peaks: list[PeakInterval], tariff: CapacityTariff, tz: tzinfo
) -> tuple[PeakInterval, ...]:
    """Return the peaks that count, the highest first, the earlier of equals."""
    days: set[date] = set()
    chosen: list[PeakInterval] = []
    for peak in sorted(peaks, key=lambda peak: (-peak.power_w, peak.start)):
        day = peak.start.astimezone(tz).date()
        if tariff.different_days and day in days:
            continue
        days.add(day)
        chosen.append(peak)
    return tuple(chosen[: tariff.top])


def _in_month(state: PeakState, tariff: CapacityTariff, month: str) -> PeakState:
    """Open a month: the previous one becomes past."""
    if month == state.month:
        return state
    past = state.past
    if state.month:
        past = (*past, (state.month, measure_w(state, tariff)))
    return replace(state, month=month, peaks=(), past=past[-24:])


def from_history(
    tariff: CapacityTariff,
    grid_w: Series,
    *,
    tz: tzinfo,
    holidays: frozenset[date] = frozenset(),
) -> PeakState:
    """Start from the recorder: the grid's mean powers, positive on import.

    Five-minute statistics give quarter hours exactly; hourly ones only their mean, which
    is lower than the peak within: the user can correct it.
    """
    state = PeakState()
    for slot in grid_w:
        energy_wh = slot.value * slot.seconds / 3600
        state = add_energy(
            state, tariff, slot.start, slot.end, energy_wh, tz=tz, holidays=holidays
        )
    return state


def mean_power_w(state: PeakState, tariff: CapacityTariff) -> float:
    """Return the running interval's energy as power over its whole length."""
    return state.used_wh * 60 / tariff.interval_min


def measure_w(state: PeakState, tariff: CapacityTariff) -> float:
    """Return this month's measure: the mean of the peaks that count, at least the floor.

    Until as many days have passed as the rule requires, the mean of those available.
    """
    total = sum(peak.power_w for peak in state.peaks)
    return max(tariff.floor_w, total / max(1, len(state.peaks)))


def billed_w(state: PeakState, tariff: CapacityTariff) -> float:
    """Return what is billed: the mean of the measures of the rule's months.

    Unknown months are left out, as for a new connection.
    """
    this = _month_number(state.month)
    past = [
        value
        for month, value in state.past
        if 0 < this - _month_number(month) < tariff.months
    ]
    months = [*past, measure_w(state, tariff)]
    return sum(months) / len(months)


def _month_number(month: str) -> int:
    """Count months, so that they can be subtracted."""
    year, _, number = month.partition("-")
    return int(year or 0) * 12 + int(number or 0)


def cost(state: PeakState, tariff: CapacityTariff) -> float | None:
    """Return the month's cost; None if the price of a kilowatt or a step is unknown."""
    if not tariff.has_price:
        return None
    power = billed_w(state, tariff)
    if tariff.rule is PriceRule.STEPS:
        return tariff.step_prices[step_of(power, tariff)]
    return power / 1000 * tariff.price_per_kw


def step_of(power_w: float, tariff: CapacityTariff) -> int:
    """Return the index of the step that contains a power; 2.0 kW is still "0 to 2"."""
    return sum(power_w > limit for limit in tariff.step_limits_w)


def free_w(
    state: PeakState, tariff: CapacityTariff, now: datetime, tz: tzinfo
) -> float:
    """Return the mean power up to which the running interval costs nothing more.

    A peak that was reached is paid: up to it power is free. With the mean of several, an
    interval is free while it does not replace the lowest that counts, or, on a day that
    has one already, while it stays below that. With steps it may fill its step.
    """
    today = now.astimezone(tz).date()
    same_day: list[float] = []
    others: list[float] = []
    for peak in state.peaks:
        same = tariff.different_days and peak.start.astimezone(tz).date() == today
        (same_day if same else others).append(peak.power_w)
    if same_day:
        sunk = same_day[0]
    else:
        sunk = min(others) if len(others) == tariff.top else 0.0
    if tariff.rule is PriceRule.STEPS:
        step = step_of(measure_w(state, tariff), tariff)
        if step == len(tariff.step_limits_w):
            return math.inf  # above the last step nothing costs more
        limit = tariff.step_limits_w[step]
        kept = sorted(others, reverse=True)[: tariff.top - 1]
        # The days to come are expected to fill the step as well.
        return max(sunk, limit * (len(kept) + 1) - sum(kept))
    # A floor applies to each month's measure; a single interval may use all of it.
    return max(sunk, tariff.floor_w)


def expected_w(state: PeakState, tariff: CapacityTariff) -> float:
    """Return a default target: the highest of this and the last month.

    A site that peaked at 6 kW in October will do so in November; a lower target only
    makes cars wait. The user's own target, or the planner's, is better.
    """
    # A future month was left behind by a wrong clock or a mistyped correction.
    past = [value for month, value in state.past if month < state.month]
    return max(past[-1] if past else 0.0, measure_w(state, tariff))


def corrected(
    state: PeakState, tariff: CapacityTariff, power_w: float, now: datetime, tz: tzinfo
) -> PeakState:
    """Set this month's measure to the user's value (from the meter or the grid company's page).

    It replaces all that was measured this month, as that many equal days as count, before
    today; the running interval continues.
    """
    days = range(1, tariff.top + 1) if power_w > 0 else ()
    at = now.astimezone(UTC)
    peaks = [
        PeakInterval(start=at - timedelta(days=day), power_w=power_w) for day in days
    ]
    return replace(state, month=local_month(at, tz), peaks=tuple(peaks))


def raised(
    state: PeakState, tariff: CapacityTariff, power_w: float, now: datetime, tz: tzinfo
) -> PeakState:
    """Take over what the meter itself says of this month, where that is more; it knows the highest interval only."""
    if tariff.top > 1 or power_w <= measure_w(state, tariff):
        return state
    return corrected(state, tariff, power_w, now, tz)


def with_past(state: PeakState, months: Mapping[str, float]) -> PeakState:
    """Set the measures of past months to the user's values (`{"2026-10": 4100.0}`)."""
    merged = {**dict(state.past), **months}
    merged.pop(state.month, None)
    return replace(state, past=tuple(sorted(merged.items()))[-24:])
