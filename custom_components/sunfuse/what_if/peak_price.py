"""What the peak of a month costs, for a time that is replayed, and how a site counts and guards it meanwhile."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from ..engine.model import ExternalLimit
from ..planner import PeakTariff, Quantiles, TargetPeak


class PeakCounter(Protocol):
    """The capacity tariffs of a site, with the rules by which a site that runs counts, plans and guards."""

    def draw(self, start: datetime, end: datetime, power_w: float) -> None:
        """Count what is drawn from the grid; a negative power is export."""
        ...

    def tariffs(
        self,
        now: datetime,
        starts: tuple[datetime, ...],
        house: Quantiles,
        day_peaks_w: Mapping[int, Sequence[float]],
    ) -> tuple[PeakTariff, ...]:
        """Return the tariffs as the planner counts them; the house as it usually is, and the highest intervals of its days."""
        ...

    def limits(
        self, now: datetime, planned: Mapping[str, TargetPeak], house_w: float
    ) -> tuple[ExternalLimit, ...]:
        """Return what the running intervals still allow, by the peaks that the plan found worth paying and what a house takes now."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PeakPrice:
    """The price of the mean of the `top` highest windows of so many quarter hours: per kilowatt, or by steps.

    With `by_day`, each day gives no more than one of them. `counts` says which quarter hours count (none: all), `days`
    which day each is on (none: 96 quarter hours make one).
    """

    price: float = 0.0
    quarters: int = 1
    top: int = 1
    by_day: bool = False
    floor_w: float = 0.0
    step_limits_w: tuple[float, ...] = ()
    step_prices: tuple[float, ...] = ()
    counts: tuple[bool, ...] = ()
    days: tuple[int, ...] = ()

    def day(self, quarter: int) -> int:
        """Return the day of a quarter hour."""
        return self.days[quarter] if quarter < len(self.days) else quarter // 96

    def counted(self, quarter: int) -> bool:
        """Return whether a quarter hour counts."""
        return self.counts[quarter] if quarter < len(self.counts) else True

    def highest_w(self, grid_wh: Sequence[float]) -> tuple[float, ...]:
        """Return the highest windows, no more than count."""
        whole = len(grid_wh) // self.quarters * self.quarters
        windows: dict[int, float] = {}
        for first in range(0, whole, self.quarters):
            if not self.counted(first):
                continue
            drawn_wh = sum(
                max(0.0, wh) for wh in grid_wh[first : first + self.quarters]
            )
            power_w = drawn_wh * 4 / self.quarters
            group = self.day(first) if self.by_day else first
            windows[group] = max(windows.get(group, 0.0), power_w)
        return tuple(sorted(windows.values(), reverse=True)[: self.top])

    def billed_w(self, grid_wh: Sequence[float]) -> float:
        """Return what is billed: the mean of the highest windows, or the floor."""
        highest = self.highest_w(grid_wh)
        mean_w = sum(highest) / self.top if highest else 0.0
        return max(self.floor_w, mean_w)

    def cost(self, grid_wh: Sequence[float]) -> float:
        """Return what a month with this peak costs."""
        power_w = self.billed_w(grid_wh)
        if self.step_prices:
            step = sum(power_w > limit for limit in self.step_limits_w)
            return self.step_prices[min(step, len(self.step_prices) - 1)]
        return self.price * power_w / 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekPeaks:
    """What peaks cost in a week, and how they are counted in it."""

    prices: tuple[PeakPrice, ...] = ()
    counter: PeakCounter | None = None
