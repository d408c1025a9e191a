"""What may still be drawn in the running interval of a capacity tariff."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from itertools import pairwise
import math

from ..series import QUARTER, floor
from .capacity_rules import CapacityTariff
from .month_peaks import PeakState, advance, free_w, interval_start, mean_power_w
from .sliding_windows import MINUTE, allowed_w

# What is saved of an interval is not spent in a burst at its end, which the next one would begin with: it is spread over
# this part of an interval, and lost where that ends before.
SPREAD = 1 / 3
# Nor is that of a part of an interval, in less than this.
_STEP_SPREAD = timedelta(minutes=5)
# In the last seconds a watt-hour would be a kilowatt.
LEAST_LEFT = timedelta(seconds=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """What the running interval may still draw. A power of None means no limit."""

    interval_end: datetime
    used_wh: float
    mean_w: float  # of the interval so far, over its whole length
    target_w: float | None
    power_w: float | None


def allowance(
    state: PeakState,
    tariff: CapacityTariff,
    now: datetime,
    *,
    tz: tzinfo,
    target_w: float | None = None,
    reserved: Sequence[tuple[datetime, float]] = (),
    planned: Sequence[tuple[datetime, float]] = (),
    house_w: float | None = None,
    holidays: frozenset[date] = frozenset(),
) -> Allowance:
    """Return what may be drawn for the rest of the interval.

    power = (target x interval - used) / time left, with the target the highest mean that
    is wanted, or what is free if that is more. Near its end, what was saved is not spent in a burst. Where the hour does not
    count, there is no limit; where it counts half, there is twice the room. Never below zero.

    With what is `reserved` for the household until some times of the interval, the time until the first of them that is
    to come may have all but what is reserved after it, which is no less than what the household takes now (`house_w`). Until
    its end, that is no burst up to what is `planned` until then; nor is it in the last quarter of an hour, which otherwise has
    its even share.
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
        lasts = timedelta(minutes=tariff.interval_min)
        if tariff.sliding:
            end = floor(now, MINUTE) + MINUTE
            power = allowed_w(state.minutes, now, lasts, target)
        else:
            power = _evenly(room_wh, target, end - now, tariff.interval_min / 60)
            here = [each for each in reserved if now < each[0] <= end]
            if house_w is not None and here and here[-1][0] == end:
                later = [(at, max(house_w, power_w)) for at, power_w in here]
                power = max(power, _but_reserved(room_wh, target, now, later, planned))
    return Allowance(
        interval_end=end,
        used_wh=state.used_wh,
        mean_w=mean_power_w(state, tariff),
        target_w=target,
        power_w=power,
    )


def _but_reserved(
    room_wh: float,
    target_w: float,
    now: datetime,
    reserved: Sequence[tuple[datetime, float]],
    planned: Sequence[tuple[datetime, float]],
) -> float:
    """Return the power until the next time that leaves what is reserved later: no more than an even share.

    Near that time it falls with what is left. A car that was to go on would be stopped for the last minutes, and what it
    was to have in them would come later: so it does not fall below what is planned, as far as that is left. Where the plan
    has less in a later part of that time, because a car will be ready by then, it may have more before. What is reserved
    for the household in that later part is left, too: perhaps no car is there that could make room for it.
    """
    for (start, _), (end, power_w) in pairwise(reserved):
        room_wh -= min(power_w, target_w) * ((end - start) / timedelta(hours=1))
    left = reserved[0][0] - now
    spread_w = 0.0
    if reserved[-1][0] - reserved[0][0] >= QUARTER:  # else there is none after it
        spread_w = room_wh / (max(left, _STEP_SPREAD) / timedelta(hours=1))
    parts = [each for each in planned if now < each[0] <= reserved[0][0]]
    if not parts:
        return max(0.0, spread_w)
    part_end, planned_w = parts[0]
    house_w = reserved[0][1]
    for (start, _), (end, power_w) in pairwise(parts):
        room_wh -= max(power_w, house_w) * ((end - start) / timedelta(hours=1))
    even_w = room_wh / (max(part_end - now, LEAST_LEFT) / timedelta(hours=1))
    return max(0.0, spread_w, min(even_w, planned_w))


def _evenly(
    room_wh: float, target_w: float, left: timedelta, interval_h: float
) -> float:
    """Return the power that leaves no more than the target, without a burst at the end."""
    left_h = max(left, LEAST_LEFT) / timedelta(hours=1)
    saved_wh = room_wh - target_w * left_h
    if saved_wh <= 0:
        return max(0.0, room_wh / left_h)
    return target_w + saved_wh / max(left_h, interval_h * SPREAD)
