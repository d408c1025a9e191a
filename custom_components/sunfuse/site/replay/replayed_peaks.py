"""The capacity tariffs of a site that is replayed: counted, planned and guarded by the rules of one that runs."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from typing import Self

from ...engine.model import ExternalLimit, LimitKind
from ...planner import PeakTariff, Quantiles, TargetPeak
from ...sources.tariffs.month_peaks import PeakState, add_energy
from ..planning.peak_outlook import HouseAlone, peak_tariffs
from ..planning.peak_rules import CapacityRule
from ..planning.running_peak import RunningPeak


@dataclass(kw_only=True)
class ReplayedPeaks:
    """Counts what a replayed site draws, from nothing on. The period that is replayed stands for a month."""

    peaks: tuple[RunningPeak, ...]
    start: datetime
    end: datetime

    @classmethod
    def of(
        cls, rules: Iterable[CapacityRule], tz: tzinfo, start: datetime, end: datetime
    ) -> Self:
        """Begin a period."""
        peaks = (RunningPeak(rule=rule, state=PeakState(), tz=tz) for rule in rules)
        return cls(peaks=tuple(peaks), start=start, end=end)

    def draw(self, start: datetime, end: datetime, power_w: float) -> None:
        """Count what is drawn from the grid; a negative power is export."""
        energy_wh = power_w * (end - start).total_seconds() / 3600
        self.peaks = tuple(
            replace(
                peak,
                state=add_energy(
                    peak.state, peak.rule.tariff, start, end, energy_wh, tz=peak.tz
                ),
            )
            for peak in self.peaks
        )

    def tariffs(
        self,
        now: datetime,
        starts: tuple[datetime, ...],
        house: Quantiles,
        day_peaks_w: Mapping[int, Sequence[float]],
    ) -> tuple[PeakTariff, ...]:
        """Return the tariffs as the planner counts them; the house as it usually is without cars."""
        alone = HouseAlone(house=house, day_peaks_w=day_peaks_w)
        return peak_tariffs(self.peaks, now, starts, alone, (self.start, self.end))

    def limits(
        self, now: datetime, planned: Mapping[str, TargetPeak], house_w: float
    ) -> tuple[ExternalLimit, ...]:
        """Return what the running intervals still allow beside a house, where the site keeps to that."""
        limits = []
        for peak in self.peaks:
            rule = peak.rule
            if not rule.cap:
                continue
            allowed = peak.allowance(now, planned.get(rule.id), house_w)
            if allowed.power_w is not None:
                limits.append(
                    ExternalLimit(
                        name=rule.name, kind=LimitKind.PEAK, power_w=allowed.power_w
                    )
                )
        return tuple(limits)
