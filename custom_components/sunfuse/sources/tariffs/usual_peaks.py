"""What a month's peak will probably come to without any car: from the highest interval of each of many past days."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta, tzinfo
import math

from ..series import QUARTER, Series, by_quarter

# With fewer days, the highest of them says little of a month.
LEAST_DAYS = 7
# A day that is known for less than this may lack its peak.
_WHOLE_DAY = timedelta(hours=20)


def day_peaks(import_w: Series, interval_min: int, tz: tzinfo) -> tuple[float, ...]:
    """Return the highest interval of each local day, in watts; of hourly means no interval is shorter than an hour."""
    lasts = timedelta(minutes=interval_min)
    energy: dict[tuple[date, datetime], float] = {}
    known: dict[date, timedelta] = {}
    for slot in by_quarter(import_w):
        local = slot.start.astimezone(tz)
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
        # An hour that the clock shows twice is two of them.
        begun = slot.start - (local - midnight) % lasts
        interval = local.date(), begun
        energy[interval] = energy.get(interval, 0.0) + max(0.0, slot.value)
        known[local.date()] = known.get(local.date(), timedelta(0)) + QUARTER
    highest: dict[date, float] = {}
    for (day, _), sum_w in energy.items():
        highest[day] = max(highest.get(day, 0.0), sum_w * (QUARTER / lasts))
    return tuple(
        power_w for day, power_w in highest.items() if known[day] >= _WHOLE_DAY
    )


def peaks_of(
    known: Mapping[int, Sequence[float]], interval_min: int
) -> Sequence[float]:
    """Return the days of intervals of a length, or of the next longer ones, whose peaks are lower; none if too few are known."""
    for length_min in sorted(known):
        if length_min >= interval_min and len(known[length_min]) >= LEAST_DAYS:
            return known[length_min]
    return ()


def probable_peak_w(
    past_w: Sequence[float], reached_w: Iterable[float], *, top: int, days: float
) -> float:
    """Return what as many days as count will reach or exceed by the end of a month, with a probability of one half.

    `past_w` are the highest intervals of past days, as which each of the `days` that are left is drawn; `reached_w` those
    of the month so far.
    """
    reached = sorted(reached_w, reverse=True)
    for power_w in sorted({*past_w, *reached}, reverse=True):
        lacking = top - sum(each >= power_w for each in reached)
        share = sum(each >= power_w for each in past_w) / len(past_w)
        if lacking <= 0 or _at_least(lacking, round(days), share) >= 0.5:
            return power_w
    return 0.0


def _at_least(count: int, draws: int, share: float) -> float:
    """Return the probability that of some draws at least so many hit, each of which does with a probability."""
    return 1 - sum(
        math.comb(draws, hits) * share**hits * (1 - share) ** (draws - hits)
        for hits in range(min(count, draws + 1))
    )
