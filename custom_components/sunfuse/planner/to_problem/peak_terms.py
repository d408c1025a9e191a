"""A capacity tariff in terms of the program: up to which level power is free, and what a kilowatt above it costs.

What a month's peak costs is known when the month is over. A plan sees a day or two of it, and counts the part of the
price that will probably fall on them.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import pairwise
import math

from ..outlook import Outlook, PeakTariff
from ..plan_cost import peak_of
from ..problem import Peak, Plan, Problem, Series

_DAY_S = 86_400.0
# Above what the user wants to stay below, a kilowatt costs this multiple of the highest price of a kilowatt-hour: more
# than moving a car's energy can save, and less than a missed departure.
_KEPT = 5.0
# What the household reaches with these probabilities, it reaches; and where there is only one level.
_CERTAINLY = 0.95
_PROBABLY = 0.5
# By less a peak is not raised.
_SMALL_W = 50.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PeakTerm:
    """A peak of the program, and one with what it really costs: the user may want another level."""

    tariff: PeakTariff
    peak: Peak
    real: Peak
    today: bool  # whether the running interval belongs to it
    first_step: int  # of its day

    def cost(self, peak_w: float) -> float:
        """Return what a peak costs beyond what is paid in any case."""
        return self.real.cost(peak_w)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedPeaks:
    """The peaks that a plan comes to, and what would raise them."""

    problem: Problem
    terms: tuple[PeakTerm, ...]
    plan: Plan

    def kept_w(self, step: int, until: int, more_w: float) -> float | None:
        """Return the peak that a car would raise which takes so much more power from a step on; None where it raises none.

        It goes on until another step, at most to the end of the next interval: the rest of the running one alone may have room.
        """
        kept: list[float] = []
        for term, highest_w in zip(self.terms, self.plan.peak_w, strict=True):
            windows, instead_w = term.peak.windows, list(self.plan.import_w)
            if windows[step] < 0:
                continue
            soon = tuple(dict.fromkeys(windows[step:until]))[:2]
            for each in range(step, until):
                if windows[each] in soon:
                    net_w = self.plan.import_w[each] - self.plan.export_w[each]
                    instead_w[each] = max(0.0, net_w + more_w)
            kept_w = max(term.peak.level_w, highest_w)
            raised_w = peak_of(self.problem, term.peak, tuple(instead_w))
            if raised_w > kept_w + _SMALL_W:
                kept.append(kept_w)
        return min(kept, default=None)


def peak_terms(outlook: Outlook, import_price: Series) -> tuple[PeakTerm, ...]:
    """Return the peaks of all tariffs: one of each, or one of each day where the highest intervals of different days count."""
    dearest = max(map(abs, import_price))
    return tuple(
        term
        for tariff in outlook.peaks
        for term in _terms(tariff, outlook, _KEPT * dearest)
    )


def _terms(
    tariff: PeakTariff, outlook: Outlook, kept_price: float
) -> Iterable[PeakTerm]:
    price = _price(tariff) * _share(tariff, outlook)
    for day, windows in _by_day(tariff):
        first_step = tariff.days.index(day) if tariff.days else 0
        today = first_step == 0
        level_w = peak_level(tariff, today=today)
        above_price, dearer = _by_chance(tariff, level_w, price)
        peak = Peak(
            price_per_kw=above_price,
            windows=windows,
            level_w=level_w,
            dearer_above=dearer,
            used_wh=tariff.used_wh,
            used_s=tariff.used_s,
            guarded=tariff.guarded,
            reserved_w=_reserved_w(tariff, outlook),
        )
        real = peak
        if tariff.target_w is not None:
            peak = replace(
                peak,
                price_per_kw=max(price, kept_price),
                level_w=max(level_w, tariff.target_w),
                dearer_above=(),
            )
        yield PeakTerm(
            tariff=tariff, peak=peak, real=real, today=today, first_step=first_step
        )


def _reserved_w(tariff: PeakTariff, outlook: Outlook) -> Series:
    """Return what the household may take in each step, by its cautious forecast; nothing where it is not known."""
    if not (tariff.guarded and tariff.reserves) or outlook.house is None:
        return ()
    sun = outlook.sun.low if outlook.sun is not None else ()
    sun = (*sun, *(0.0,) * len(outlook.steps_s))
    if len(outlook.house.high) < len(outlook.steps_s):
        return ()
    return tuple(
        max(0.0, house_w - sun_w)
        for house_w, sun_w in zip(outlook.house.high, sun, strict=False)
    )[: len(outlook.steps_s)]


def _by_day(tariff: PeakTariff) -> Iterable[tuple[int, tuple[int, ...]]]:
    """Yield the windows of each day, -1 in all other steps; of all days at once where several of one day can count."""
    if not tariff.days:
        yield 0, tariff.windows
    for day in dict.fromkeys(tariff.days):
        yield (
            day,
            tuple(
                window if each == day else -1
                for window, each in zip(tariff.windows, tariff.days, strict=True)
            ),
        )


def _share(tariff: PeakTariff, outlook: Outlook) -> float:
    """Return the part of the month's price that a peak of the outlook costs, or a peak of one of its days.

    What is paid above the level is paid for by all the days of the month that want as much. Today wants more than any of
    the days that have passed; if days are alike, each later one wants still more with a probability of one to their number
    and two. At first half of the month shares a peak, in its last week hardly another day. Where the mean of several days
    is billed, none bears more than its part of the mean.
    """
    most = 1 / tariff.top if tariff.days else 1.0
    if tariff.period_end is None:
        return most
    left_s = (tariff.period_end - outlook.now).total_seconds()
    seen_s = _DAY_S if tariff.days else sum(outlook.steps_s)
    passed_s = 0.0
    if tariff.period_start is not None:
        passed_s = max(0.0, (outlook.now - tariff.period_start).total_seconds())
    sharing = 1 + max(0.0, left_s - seen_s) / (passed_s + 2 * _DAY_S)
    return min(most, 1 / sharing)


def peak_level(tariff: PeakTariff, *, today: bool = True) -> float:
    """Return how high an interval can be without costing more than what is paid in any case.

    If the mean of several intervals is billed, one of them can rise to the lowest of those that count. If steps are
    priced, it can rise as long as the mean stays in its step. On a day that has its highest interval already, another one
    can be as high.
    """
    counted = list(tariff.counted_w)
    if not today:
        counted.append(tariff.today_w)
    counted = sorted(counted, reverse=True)[: tariff.top]
    probability = _PROBABLY if _has_one_level(tariff) else _CERTAINLY
    today_w = tariff.today_w if today else 0.0
    anyway_w = max(tariff.floor_w, today_w, _likely_w(tariff, probability))
    if tariff.step_limits_w:
        return max(anyway_w, _level_of_step(tariff, counted))
    reached_w = counted[-1] if len(counted) == tariff.top else 0.0
    return max(reached_w, anyway_w)


def _by_chance(
    tariff: PeakTariff, level_w: float, price: float
) -> tuple[float, tuple[tuple[float, float], ...]]:
    """Return what a kilowatt above the level costs, and how much more above powers that the household may reach alone.

    It costs nothing if the month comes to that power anyway: so it bears the price times the probability that it does not.
    """
    anyway_w = () if _has_one_level(tariff) else tariff.anyway_w
    above = [(power_w, reached) for power_w, reached in anyway_w if power_w > level_w]
    powers_w = [power_w for power_w, _ in above]
    prices = [price * (1 - reached) for _, reached in above] + [price]
    more = [dearer - paid for paid, dearer in pairwise(prices)]
    return prices[0], tuple(zip(powers_w, more, strict=True))


def _has_one_level(tariff: PeakTariff) -> bool:
    """Whether the household reaches what it probably does, and no more: where prices know only steps, or several days count.

    Where several days count, other days with cars come to as much: to keep one of them lower saves less than its part.
    """
    return bool(tariff.step_limits_w or tariff.days)


def _likely_w(tariff: PeakTariff, probability: float) -> float:
    """Return the highest power that the month reaches without any car with a probability."""
    likely = (power_w for power_w, reached in tariff.anyway_w if reached >= probability)
    return max(likely, default=0.0)


def _level_of_step(tariff: PeakTariff, counted: list[float]) -> float:
    mean_w = _mean_w(tariff, counted)
    free_w = next(
        (limit for limit in tariff.step_limits_w if limit >= mean_w), math.inf
    )
    if math.isinf(free_w):
        return mean_w
    # The coming days are assumed to be as high as this one.
    others = counted[: tariff.top - 1]
    return max(0.0, (free_w * tariff.top - sum(others)) / (tariff.top - len(others)))


def _price(tariff: PeakTariff) -> float:
    """Return the month's price of a kilowatt; with steps, the mean price of a kilowatt in the next one."""
    if not tariff.step_limits_w:
        return tariff.price_per_kw
    mean_w = _mean_w(tariff, sorted(tariff.counted_w, reverse=True)[: tariff.top])
    ends = tariff.step_limits_w
    now = next((step for step, end in enumerate(ends) if end >= mean_w), len(ends))
    if now + 1 >= len(tariff.step_prices):
        return 0.0
    start_w = ends[now]
    end_w = ends[now + 1] if now + 1 < len(ends) else 2 * start_w
    more = tariff.step_prices[now + 1] - tariff.step_prices[now]
    return max(0.0, more / ((end_w - start_w) / 1000))


def _mean_w(tariff: PeakTariff, counted: list[float]) -> float:
    probable_w = _likely_w(tariff, _PROBABLY)
    return max(sum(counted) / tariff.top, tariff.floor_w, probable_w)
