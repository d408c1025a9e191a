"""The site report: how much a connection can carry, from a week or more of its own history.

"How many chargers can my connection carry?" answered before anyone buys one. A pure
function over currents per phase; amperes are positive on import. Each figure's meaning is
in the docstring of its field.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, tzinfo
from enum import StrEnum
from typing import Any

from ..series import Series, at_time, weighted_quantile
from .report_carry import Carried, Charger, Minute, outlooks


class Caution(StrEnum):
    """A reason to read a report with care."""

    SHORT_HISTORY = "short_history"  # less than a week
    GAPS = "gaps"  # more than a tenth of the time is missing
    HOURLY_ONLY = "hourly_only"  # peaks of minutes are not in hourly means
    EVEN_SPLIT_ASSUMED = "even_split_assumed"  # only the total is measured
    UNBALANCED = "unbalanced"  # one phase carries half more than the mean of all
    OVER_FUSE = "over_fuse"  # the main fuse was exceeded already
    SLOW_METER = "slow_meter"  # a reading a minute, or less often, protects no fuse
    SUN_IN_IT = "sun_in_it"  # solar power hid some of the draw of the house


@dataclass(frozen=True, slots=True, kw_only=True)
class GridConnection:
    """The site as far as the report needs it.

    `meter_interval_s` is how often the grid meter reports, if known.
    """

    fuse_a: float
    voltage_v: float = 230.0
    meter_interval_s: float | None = None
    charger: Charger = Charger()
    even_split: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseHistory:
    """A phase: mean currents without the cars, and the highest of each period if known."""

    mean_a: Series
    highest_a: Series = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseFigures:
    """A phase's figures in amperes. `peak_a` is the highest of any period or moment."""

    peak_a: float
    p95_a: float
    mean_a: float
    export_peak_a: float


@dataclass(frozen=True, slots=True, kw_only=True)
class HourFigures:
    """An hour of the local day, per phase, and what is left for charging.

    `headroom_a` is limit less margin less the 95th percentile: at that hour, 19 days in 20
    have it. `charging_a` is what a charger on all phases can use of it: the least, and
    nothing below its minimum.
    """

    hour: int
    mean_a: tuple[float, ...]
    p95_a: tuple[float, ...]
    headroom_a: tuple[float, ...]
    charging_a: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposals:
    """The proposed settings. `fail_safe_a` is for each charger, by how many there are (from one).

    A fail-safe current of 0 means that the chargers must not charge when they lose their connection. They share `unwatched_a`
    then: what limit less margin leaves on each phase beside the 95th percentile of the house, and nothing if the
    house alone was above the fuse.
    """

    limit_a: float
    margin_a: float
    unwatched_a: tuple[float, ...]
    fail_safe_a: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteReport:
    """The report.

    `carries` is the number of chargers that each get a day's driving while they share;
    `carries_unshared` how many could draw their maximum, whatever the house draws.
    """

    start: datetime
    end: datetime
    days: float
    coverage: float
    phases: tuple[PhaseFigures, ...]
    hours: tuple[HourFigures, ...]
    chargers: tuple[Carried, ...]
    carries: int
    carries_unshared: int
    proposals: Proposals
    cautions: tuple[Caution, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the report as plain JSON, for an action's response, rounded to thousandths."""
        data = asdict(self, dict_factory=_rounded)
        data["start"], data["end"] = self.start.isoformat(), self.end.isoformat()
        data["cautions"] = [caution.value for caution in self.cautions]
        return data


def _rounded(items: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    def value(raw: Any) -> Any:
        if isinstance(raw, tuple):
            return tuple(map(value, raw))
        return round(raw, 3) if isinstance(raw, float) else raw

    return {name: value(raw) for name, raw in items}


class NoHistoryError(ValueError):
    """There is nothing to report on."""


def site_report(
    connection: GridConnection,
    phases: Sequence[PhaseHistory],
    tz: tzinfo,
    *,
    given_a: Series = (),
) -> SiteReport:
    """Make the report from the phases' history.

    `given_a` is the output of solar panels and battery on each phase. The fuse did not carry
    it, but it must when there is neither.

    Raises:
        NoHistoryError: no period is known of all phases.

    """
    minutes = _joined(phases, given_a)
    if not minutes:
        raise NoHistoryError
    start, end = minutes[0].start, minutes[-1].end
    days = (end - start).total_seconds() / 86400
    known_s = sum(minute.seconds for minute in minutes)
    figures = tuple(phase_figures(phase) for phase in phases)
    highest = [
        max(one.peak_a, *(minute.load_a[phase] for minute in minutes))
        for phase, one in enumerate(figures)
    ]
    margin = proposed_margin_a(connection)
    limit = connection.fuse_a - margin
    unwatched = tuple(
        limit - max(0.0, _load_p95_a(minutes, phase))
        if highest[phase] <= connection.fuse_a
        else 0.0
        for phase in range(len(phases))
    )
    found = outlooks(minutes, limit, connection.voltage_v, connection.charger, tz)
    coverage = known_s / (end - start).total_seconds()
    return SiteReport(
        start=start,
        end=end,
        days=days,
        coverage=coverage,
        phases=figures,
        hours=_hours(minutes, limit, connection.charger, tz),
        chargers=found,
        carries=max((one.chargers for one in found if one.enough), default=0),
        carries_unshared=_unshared(limit, highest, connection.charger),
        proposals=Proposals(
            limit_a=connection.fuse_a,
            margin_a=margin,
            unwatched_a=unwatched,
            fail_safe_a=tuple(
                _fail_safe(unwatched, one.chargers, connection.charger) for one in found
            ),
        ),
        cautions=tuple(
            _cautions(connection, phases, figures, days, coverage, hidden=not given_a)
        ),
    )


def _joined(phases: Sequence[PhaseHistory], given_a: Series) -> list[Minute]:
    """Join the phases: the periods of the first that all of them know.

    If solar power is unknown, it is night, or the fuse carried all of the load.
    """
    minutes = []
    for slot in phases[0].mean_a if phases else ():
        found = [at_time(phase.mean_a, slot.start) for phase in phases]
        given = at_time(given_a, slot.start)
        more = given.value if given is not None else 0.0
        amps = tuple(one.value + more for one in found if one is not None)
        if len(amps) == len(phases):
            minutes.append(Minute(start=slot.start, end=slot.end, load_a=amps))
    return minutes


def phase_figures(phase: PhaseHistory) -> PhaseFigures:
    """Return a phase's figures."""
    weighted = [(slot.value, slot.seconds) for slot in phase.mean_a]
    everything = [slot.value for slot in (*phase.mean_a, *phase.highest_a)]
    total_s = sum(seconds for _, seconds in weighted)
    return PhaseFigures(
        peak_a=max(0.0, *everything),
        p95_a=weighted_quantile(weighted, 0.95),
        mean_a=sum(amps * seconds for amps, seconds in weighted) / total_s,
        export_peak_a=max(0.0, -min(amps for amps, _ in weighted)),
    )


def _hours(
    minutes: Sequence[Minute], limit_a: float, charger: Charger, tz: tzinfo
) -> tuple[HourFigures, ...]:
    """Return the profile of the day; hours without data are left out."""
    by_hour: dict[int, list[Minute]] = {}
    for minute in minutes:
        by_hour.setdefault(minute.start.astimezone(tz).hour, []).append(minute)
    hours = []
    for hour, some in sorted(by_hour.items()):
        total_s = sum(minute.seconds for minute in some)
        mean, p95 = [], []
        for phase in range(len(some[0].load_a)):
            weighted = [(minute.load_a[phase], minute.seconds) for minute in some]
            mean.append(sum(amps * s for amps, s in weighted) / total_s)
            p95.append(weighted_quantile(weighted, 0.95))
        # Feed-in never raises a limit: a cloud removes it too quickly.
        headroom = tuple(max(0.0, limit_a - max(0.0, amps)) for amps in p95)
        least = min(*headroom, charger.max_a)
        hours.append(
            HourFigures(
                hour=hour,
                mean_a=tuple(mean),
                p95_a=tuple(p95),
                headroom_a=headroom,
                charging_a=least if least >= charger.min_a else 0.0,
            )
        )
    return tuple(hours)


def proposed_margin_a(connection: GridConnection) -> float:
    """Return a margin below the fuse, in whole amperes, at least one.

    It covers the errors of a meter and a charger (class B meters to EN 50470-3 1 %, a
    charger's measurement and a car's step some more: 5 %) and changes between two
    readings: half as much again for each ten seconds, to a fifth of the fuse. A gG fuse
    carries 1.25 times its current for an hour (IEC 60269-1, table 2), which is a reserve
    and not to be planned with.
    """
    interval = connection.meter_interval_s or 0.0
    share = min(0.20, 0.05 * (1 + interval / 20))
    return float(max(1, -int(-connection.fuse_a * share // 1)))


def _load_p95_a(minutes: Sequence[Minute], phase: int) -> float:
    """Return what the house draws on a phase in 19 of 20 hours at most, without solar power."""
    return weighted_quantile(
        [(minute.load_a[phase], minute.seconds) for minute in minutes], 0.95
    )


def _fail_safe(unwatched_a: Sequence[float], chargers: int, charger: Charger) -> float:
    """Return what each charger may draw uncontrolled beside the house."""
    if charger.phases == 1:
        # They are spread over the phases; the fullest phase has this many.
        rooms = sorted(unwatched_a, reverse=True)
        each = -(-chargers // len(rooms))
        room = min(rooms[: min(chargers, len(rooms))]) / each
    else:
        room = min(unwatched_a) / chargers
    whole = float(int(min(room, charger.max_a))) if room > 0 else 0.0
    return whole if whole >= charger.min_a else 0.0


def _unshared(limit_a: float, highest_a: Sequence[float], charger: Charger) -> int:
    """Return how many chargers fit at full power beside the house's highest load."""
    fits = [max(0, int((limit_a - amps) / charger.max_a + 1e-9)) for amps in highest_a]
    return sum(fits) if charger.phases == 1 else min(fits)


def _cautions(
    connection: GridConnection,
    phases: Sequence[PhaseHistory],
    figures: Sequence[PhaseFigures],
    days: float,
    coverage: float,
    *,
    hidden: bool,
) -> Iterable[Caution]:
    """Return the reasons to read the report with care."""
    if days < 6.9:
        yield Caution.SHORT_HISTORY
    if coverage < 0.9:
        yield Caution.GAPS
    longest = max(slot.seconds for phase in phases for slot in phase.mean_a)
    if longest > 900 and not any(phase.highest_a for phase in phases):
        yield Caution.HOURLY_ONLY
    if connection.even_split:
        yield Caution.EVEN_SPLIT_ASSUMED
    usual = sum(abs(one.mean_a) for one in figures) / len(figures)
    if usual > 1 and max(abs(one.mean_a) for one in figures) > 1.5 * usual:
        yield Caution.UNBALANCED
    if any(one.peak_a > connection.fuse_a for one in figures):
        yield Caution.OVER_FUSE
    if hidden and any(one.export_peak_a > 1 for one in figures):
        yield Caution.SUN_IN_IT
    if (connection.meter_interval_s or 0) >= 60:
        yield Caution.SLOW_METER
