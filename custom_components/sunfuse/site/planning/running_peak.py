"""A capacity tariff with what was reached so far, and what that still allows."""

from dataclasses import dataclass
from datetime import date, datetime, tzinfo

from ...planner import TargetPeak
from ...sources.tariffs.month_peaks import PeakState, expected_w
from ...sources.tariffs.peak_allowance import Allowance, allowance
from .peak_rules import CapacityRule


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningPeak:
    """A capacity tariff with what was reached so far."""

    rule: CapacityRule
    state: PeakState
    tz: tzinfo
    holidays: frozenset[date] = frozenset()

    def counts(self, interval: datetime) -> bool:
        """Whether an interval counts at all."""
        local = interval.astimezone(self.tz)
        return self.rule.tariff.weight.at(local, self.holidays) > 0

    def allowance(
        self, now: datetime, aim: TargetPeak | None, house_w: float | None
    ) -> Allowance:
        """Return what the running interval may still draw, beside a house, by what a plan aims at."""
        return allowance(
            self.state,
            self.rule.tariff,
            now,
            tz=self.tz,
            target_w=self._target_w(aim.power_at(now) if aim else None),
            reserved=aim.reserved if aim else (),
            planned=aim.planned if aim else (),
            house_w=house_w,
            holidays=self.holidays,
        )

    def _target_w(self, planned_w: float | None) -> float:
        """Return what the interval is to stay below: what the user says, else the plan, else what is usual."""
        rule = self.rule
        return rule.target_w or planned_w or expected_w(self.state, rule.tariff)
