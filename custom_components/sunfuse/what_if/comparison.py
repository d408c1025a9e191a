"""Side by side: a site as it is, and as it would be; what that saves a year, and after how many years it has paid itself."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from .outcome_of_weeks import ReplayedWeek, replay_week
from .past_weeks import PastStay, PastWeek, usual_days
from .peak_price import WeekPeaks
from .variation import SiteSetup, Variation, varied_setup, varied_week

WEEKS_A_YEAR = 365 / 7
MONTHS = 12
# How far energy prices and use may move.
_QUARTER = 0.25


class WhatChanges(StrEnum):
    """What might become different, up or down by a quarter."""

    PRICES_UP = "prices_up"
    PRICES_DOWN = "prices_down"
    USE_UP = "use_up"
    USE_DOWN = "use_down"


@dataclass(frozen=True, slots=True, kw_only=True)
class WeeksResult:
    """What some weeks came to, at one site. Costs are of these weeks, a year's are in `year_cost`."""

    weeks: int
    energy_cost: float
    peak_cost: float  # a month, on average
    peak_w: float
    import_wh: float
    export_wh: float
    cars_wh: float
    sun_wh: float
    stays: int
    missed: int
    missing_wh: float
    overload_min: float
    grid_w: tuple[float, ...]
    cars_w: tuple[float, ...]

    @property
    def year_cost(self) -> float:
        """Return what a year of such weeks costs, peaks included."""
        return self.energy_cost / self.weeks * WEEKS_A_YEAR + self.peak_cost * MONTHS

    @property
    def sun_share(self) -> float | None:
        """Return how much of what the cars took was sun; None without cars."""
        return self.sun_wh / self.cars_wh if self.cars_wh > 0 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Money:
    """What a change saves in a year, and when it has paid what it cost: None if never, or if that is not known."""

    saving: float
    payback_years: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Today's site and the other one, in the same weeks."""

    today: WeeksResult
    what_if: WeeksResult
    money: Money
    # How it would be if something became different: in so many of the weeks as there was time for.
    doubts: dict[WhatChanges, Money]
    doubts_weeks: int
    paid: float  # what the site really paid in these weeks
    charged_wh: float  # what its cars really took


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A site, its past, and what would be different. `before` are the stays of the week before each week."""

    setup: SiteSetup
    weeks: tuple[PastWeek, ...]
    before: tuple[tuple[PastStay, ...], ...]
    variation: Variation
    # What peaks cost at the site, of each week.
    peaks: Callable[[PastWeek], WeekPeaks]
    investment: float | None = None


def compare(question: Question, in_time: Callable[[], bool]) -> Comparison:
    """Replay week by week, as long as there is time: at least one week, and then the doubts of as many weeks."""
    today, what_if = Variation(), question.variation
    pairs = list(_pairs(question, today, what_if, in_time))
    here, there = (_sum([pair[side] for pair in pairs]) for side in (0, 1))
    doubts = {
        WhatChanges.PRICES_UP: _with_prices(here, there, 1 + _QUARTER),
        WhatChanges.PRICES_DOWN: _with_prices(here, there, 1 - _QUARTER),
    }
    money = {
        doubt: _money(*results, question.investment)
        for doubt, results in doubts.items()
    }
    used = _use(question, in_time)
    for doubt, few in used.items():
        if few:
            less, more = (_sum([pair[side] for pair in few]) for side in (0, 1))
            money[doubt] = _money(less, more, question.investment)
    weeks = question.weeks[: len(pairs)]
    return Comparison(
        today=here,
        what_if=there,
        money=_money(here, there, question.investment),
        doubts=money,
        doubts_weeks=min(len(few) for few in used.values()),
        paid=sum(week.paid for week in weeks),
        charged_wh=sum(week.charged_wh for week in weeks),
    )


def _use(
    question: Question, in_time: Callable[[], bool]
) -> dict[WhatChanges, list[tuple[ReplayedWeek, ReplayedWeek]]]:
    """Replay weeks with more and with less use, in turn, as long as there is time."""
    factors = {WhatChanges.USE_UP: 1 + _QUARTER, WhatChanges.USE_DOWN: 1 - _QUARTER}
    found: dict[WhatChanges, list[tuple[ReplayedWeek, ReplayedWeek]]] = {
        doubt: [] for doubt in factors
    }
    runs = {
        doubt: _pairs(
            question,
            Variation(use_factor=factor),
            replace(question.variation, use_factor=factor),
            in_time,
            least=0,
        )
        for doubt, factor in factors.items()
    }
    for _ in question.weeks:
        for doubt, run in runs.items():
            found[doubt] += [pair for pair in [next(run, None)] if pair is not None]
    return found


def _pairs(
    question: Question,
    today: Variation,
    what_if: Variation,
    in_time: Callable[[], bool],
    least: int = 1,
) -> Iterator[tuple[ReplayedWeek, ReplayedWeek]]:
    """Yield weeks at both sites, one after the other."""
    usual = usual_days(question.weeks)
    for number, week in enumerate(question.weeks):
        if number >= least and not in_time():
            return
        both = []
        for variation in (today, what_if):
            changed = varied_week(
                week, question.setup, variation, question.before[number]
            )
            peaks = (variation.peaks or question.peaks)(week)
            setup = varied_setup(question.setup, variation)
            factor = variation.use_factor
            both.append(replay_week(changed, setup, usual.times(factor), peaks))
        yield both[0], both[1]


def _sum(weeks: Sequence[ReplayedWeek]) -> WeeksResult:
    count = len(weeks)
    return WeeksResult(
        weeks=count,
        energy_cost=sum(week.energy_cost for week in weeks),
        peak_cost=sum(sum(week.peak_costs) for week in weeks) / count,
        peak_w=max(week.peak_w for week in weeks),
        import_wh=sum(week.import_wh for week in weeks),
        export_wh=sum(week.export_wh for week in weeks),
        cars_wh=sum(week.cars_wh for week in weeks),
        sun_wh=sum(week.sun_wh for week in weeks),
        stays=sum(week.stays for week in weeks),
        missed=sum(week.missed for week in weeks),
        missing_wh=sum(week.missing_wh for week in weeks),
        overload_min=sum(week.overload_min for week in weeks),
        grid_w=_mean([week.grid_w for week in weeks]),
        cars_w=_mean([week.cars_w for week in weeks]),
    )


def _mean(days: Sequence[Sequence[float]]) -> tuple[float, ...]:
    return tuple(sum(values) / len(days) for values in zip(*days, strict=True))


def _with_prices(
    here: WeeksResult, there: WeeksResult, factor: float
) -> tuple[WeeksResult, WeeksResult]:
    """Return both if all energy prices were others. Cheap hours stay the cheap ones, so cars charge as they do."""
    return (
        replace(here, energy_cost=here.energy_cost * factor),
        replace(there, energy_cost=there.energy_cost * factor),
    )


def _money(here: WeeksResult, there: WeeksResult, investment: float | None) -> Money:
    saving = here.year_cost - there.year_cost
    if investment is None or saving <= 0:
        return Money(saving=saving, payback_years=None)
    return Money(saving=saving, payback_years=investment / saving)
