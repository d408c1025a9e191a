"""The peaks of the months: what was reached, what counts, what may still be drawn.

Pure functions over a frozen state, which is stored and restored. Energy is import only:
feed-in does not lower a quarter hour's peak below zero, and capacity tariffs ignore it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta, tzinfo
import math
from typing import Any

from ...engine.stored import Stored
from ..series import Series, floor
from ..time_rows import parse_number, parse_time
from .capacity_rules import CapacityTariff, PriceRule

# What is saved of an interval is not spent in a burst at its end, which the next one would begin with: it is spread over
# this part of an interval, and lost where that ends before.
_SPREAD = 1 / 3
# In the last seconds a watt-hour would be a kilowatt.
LEAST_LEFT = timedelta(seconds=10)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """What the running interval may still draw. A power of None means no limit."""

    interval_end: datetime
    used_wh: float
    mean_w: float  # of the interval so far, over its whole length
    target_w: float | None
    power_w: float | None


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
    interval = interval_start(now, tariff, tz)
    if state.interval is not None and interval <= state.interval:
        return state
    if state.interval is not None:
        power = mean_power_w(state, tariff)
        weighted = power * tariff.weight.at(state.interval.astimezone(tz), holidays)
        state = _with_peak(state, tariff, state.interval, weighted, tz)
    state = replace(state, interval=interval, used_wh=0.0)
    return _in_month(state, tariff, local_month(interval, tz))


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


def allowance(
    state: PeakState,
    tariff: CapacityTariff,
    now: datetime,
    *,
    tz: tzinfo,
    target_w: float | None = None,
    holidays: frozenset[date] = frozenset(),
) -> Allowance:
    """Return what may be drawn for the rest of the interval.

    power = (target x interval - used) / time left, with the target the highest mean that
    is wanted, or what is free if that is more. Near its end, what was saved is not spent in a burst. Where the hour does not count, there is no
    limit; where it counts half, there is twice the room. Never below zero.
    """
    state = advance(state, tariff, now, tz=tz, holidays=holidays)
    start = interval_start(now, tariff, tz)
    end = start + timedelta(minutes=tariff.interval_min)
    weight = tariff.weight.at(start.astimezone(tz), holidays)
    target: float | None = None
    power: float | None = None
    free = free_w(state, tariff, now, tz)
    if weight > 0 and math.isfinite(free):
        target = max(target_w or 0.0, free) / weight
        room_wh = target * tariff.interval_min / 60 - state.used_wh
        power = _evenly(room_wh, target, end - now, tariff.interval_min / 60)
    return Allowance(
        interval_end=end,
        used_wh=state.used_wh,
        mean_w=mean_power_w(state, tariff),
        target_w=target,
        power_w=power,
    )


def _evenly(
    room_wh: float, target_w: float, left: timedelta, interval_h: float
) -> float:
    """Return the power that leaves no more than the target, without a burst at the end."""
    left_h = max(left, LEAST_LEFT) / timedelta(hours=1)
    saved_wh = room_wh - target_w * left_h
    if saved_wh <= 0:
        return max(0.0, room_wh / left_h)
    return target_w + saved_wh / max(left_h, interval_h * _SPREAD)


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


def with_past(state: PeakState, months: Mapping[str, float]) -> PeakState:
    """Set the measures of past months to the user's values (`{"2026-10": 4100.0}`)."""
    merged = {**dict(state.past), **months}
    merged.pop(state.month, None)
    return replace(state, past=tuple(sorted(merged.items()))[-24:])


def state_to_dict(state: PeakState) -> dict[str, Any]:
    """Return the state as plain JSON for storage."""
    return {
        "month": state.month,
        "peaks": [[peak.start.isoformat(), peak.power_w] for peak in state.peaks],
        "past": [list(month) for month in state.past],
        "interval": state.interval.isoformat() if state.interval else None,
        "used_wh": state.used_wh,
    }


def state_from_dict(data: Mapping[str, Any] | Stored) -> PeakState:
    """Read the state from storage; what cannot be read is noted and left out."""
    stored = Stored.of(data)
    return PeakState(
        month=stored.read("month", _month, ""),
        peaks=tuple(stored.rows("peaks", _peak_from_row)),
        past=tuple(stored.rows("past", _month_from_row)),
        interval=stored.read("interval", _interval, None),
        used_wh=stored.read("used_wh", _figure, 0.0),
    )


def _month(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"A month expected, not {type(value)}")
    return value


def _instant(value: Any) -> datetime:
    at = parse_time(value)
    if at is None:
        raise ValueError("A time expected")
    return at.astimezone(UTC)


def _interval(value: Any) -> datetime | None:
    return None if value is None else _instant(value)


def _figure(value: Any) -> float:
    number = parse_number(value)
    if number is None:
        raise ValueError("A number expected")
    return number


def _peak_from_row(row: list[Any]) -> PeakInterval:
    return PeakInterval(start=_instant(row[0]), power_w=_figure(row[1]))


def _month_from_row(row: list[Any]) -> tuple[str, float]:
    return _month(row[0]), _figure(row[1])
