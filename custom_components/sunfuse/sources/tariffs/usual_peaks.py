"""What a month's peak comes to without any car: from the highest interval of each of many past days."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta, tzinfo
import math

from ..series import QUARTER, Series, by_quarter

# With fewer days, the highest of them says little of a month.
LEAST_DAYS = 7
# Powers whose probability differs by less are one.
_APART = 0.1
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


def likely_peaks(
    past_w: Sequence[float], reached_w: Iterable[float], *, top: int, days: float
) -> tuple[tuple[float, float], ...]:
    """Return powers that as many days as count will reach or exceed by the end of a month, each with its probability.

    They ascend, by a tenth of probability or more. `past_w` are the highest intervals of past days, as which each of the
    `days` that are left is drawn; `reached_w` those of the month so far.
    """
    reached = sorted(reached_w, reverse=True)
    found: list[tuple[float, float]] = []
    for power_w in sorted({*past_w, *reached}, reverse=True):
        lacking = top - sum(each >= power_w for each in reached)
        share = sum(each >= power_w for each in past_w) / len(past_w)
        likely = 1.0 if lacking <= 0 else _at_least(lacking, round(days), share)
        if likely >= min(1 - _APART / 2, found[-1][1] + _APART if found else _APART):
            found.append((power_w, likely))
        if likely >= 1 - _APART / 2:
            break
    return tuple(reversed(found))


def _at_least(count: int, draws: int, share: float) -> float:
    """Return the probability that of some draws at least so many hit, each of which does with a probability."""
    return 1 - sum(
        math.comb(draws, hits) * share**hits * (1 - share) ** (draws - hits)
        for hits in range(min(count, draws + 1))
    )
