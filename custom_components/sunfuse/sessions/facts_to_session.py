"""Derives a session's row from its facts. It depends on the facts alone, so the order in which they arrived does not matter."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from .energy_split import Split, split
from .session_facts import (
    FORGOTTEN,
    NOBODY,
    QUARTER,
    Attribution,
    MeasuredQuarter,
    SiteQuarter,
    TransactionFacts,
    quarter_of,
    quarters_between,
)

# Less than this is rounding.
_NOTHING_WH = 0.5
# Registers of start and end may be rounded to this.
_ROUNDING_WH = 100.0
# Meters and voltages differ from the assumed values by this much.
_TOLERANCE = 1.1
# A quarter hour of the site is used if most of it was observed.
MOST_OF_IT_S = 450.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FilledQuarter:
    """The energy of a transaction that belongs to a quarter hour besides what was measured there; it may be negative."""

    start: datetime
    energy_wh: float
    sun_wh: float
    battery_wh: float


def fill(
    facts: TransactionFacts,
    measured: Sequence[MeasuredQuarter],
    site: Mapping[datetime, SiteQuarter],
) -> list[FilledQuarter]:
    """Assign the unobserved energy of a finished transaction to quarter hours.

    That of an offline charger is spread over the time that was not observed; that of rounding over all of it.
    """
    if facts.stopped_at is None:
        return []
    seen_wh = sum(quarter.energy_wh for quarter in measured)
    missing_wh = facts.energy_wh - seen_wh
    if missing_wh < 0:
        return [_scaled(quarter, missing_wh / seen_wh) for quarter in measured]
    filled: dict[datetime, float] = {}
    unseen = _unseen(facts, measured)
    rest_wh = missing_wh
    if missing_wh > _NOTHING_WH and unseen:
        unseen_s = sum(unseen.values())
        spread_wh = min(missing_wh, _most_wh(facts, unseen_s))
        filled = {at: spread_wh * s / unseen_s for at, s in unseen.items()}
        rest_wh -= spread_wh
    found = [_of_site(at, wh, site.get(at)) for at, wh in filled.items()]
    if seen_wh > 0:
        found += [_scaled(quarter, rest_wh / seen_wh) for quarter in measured]
    elif rest_wh > 0:
        at = quarter_of(facts.stopped_at)
        found.append(_of_site(at, rest_wh, site.get(at)))
    return _summed(found)


def _unseen(
    facts: TransactionFacts, measured: Iterable[MeasuredQuarter]
) -> dict[datetime, float]:
    """Return for how many seconds of each quarter hour a transaction was not observed."""
    if facts.started_at is None or facts.stopped_at is None:
        return {}
    seen_s = {quarter.start: quarter.seconds for quarter in measured}
    stretch = quarters_between(facts.started_at, facts.stopped_at)
    unseen = {at: seconds - seen_s.get(at, 0.0) for at, seconds in stretch}
    return {at: seconds for at, seconds in unseen.items() if seconds > 1.0}


def _most_wh(facts: TransactionFacts, seconds: float) -> float:
    if facts.full_power_w is None:
        return float("inf")
    return facts.full_power_w * seconds / 3600 * _TOLERANCE


def _scaled(quarter: MeasuredQuarter, by: float) -> FilledQuarter:
    return FilledQuarter(
        start=quarter.start,
        energy_wh=quarter.energy_wh * by,
        sun_wh=quarter.sun_wh * by,
        battery_wh=quarter.battery_wh * by,
    )


def _of_site(at: datetime, energy_wh: float, site: SiteQuarter | None) -> FilledQuarter:
    """Return an energy split by what the site had in that quarter hour; all of it is grid if that is not known."""
    parts = unseen_split(energy_wh, site)
    return FilledQuarter(
        start=at, energy_wh=energy_wh, sun_wh=parts.sun, battery_wh=parts.battery
    )


def unseen_split(energy_wh: float, site: SiteQuarter | None) -> Split:
    """Return the parts of an energy that was taken unobserved: it is contained in what was counted as the house's."""
    if site is None or site.seconds < MOST_OF_IT_S or energy_wh <= 0:
        return Split(sun=0.0, battery=0.0, grid=energy_wh)
    whole = QUARTER.total_seconds() / site.seconds
    cars_wh = site.cars_wh * whole + energy_wh
    parts = split(
        taken=cars_wh,
        house=site.house_wh * whole - energy_wh,
        solar=site.solar_wh * whole,
        battery_out=site.battery_out_wh * whole,
    )
    share = energy_wh / cars_wh
    return Split(
        sun=parts.sun * share, battery=parts.battery * share, grid=parts.grid * share
    )


def _summed(found: Iterable[FilledQuarter]) -> list[FilledQuarter]:
    by_start: dict[datetime, FilledQuarter] = {}
    for one in found:
        if (other := by_start.get(one.start)) is not None:
            one = FilledQuarter(
                start=one.start,
                energy_wh=one.energy_wh + other.energy_wh,
                sun_wh=one.sun_wh + other.sun_wh,
                battery_wh=one.battery_wh + other.battery_wh,
            )
        by_start[one.start] = one
    return [by_start[start] for start in sorted(by_start)]


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionTimes:
    """What the transactions of one session result in together, besides energies by quarter hour."""

    station: str
    connector: int | None
    vehicle: str | None
    person: str | None
    card: str | None
    plugged_at: datetime | None
    started_at: datetime | None
    stopped_at: datetime | None
    unplugged_at: datetime | None
    meter_start_wh: float | None
    meter_end_wh: float | None
    energy_wh: float
    peak_w: float | None
    full_power_w: float | None
    end_reason: str | None
    offline: bool
    parts: int
    # Somebody's, of whom nothing is kept: what was billed stays.
    forgotten: bool = False


def times(parts: Sequence[TransactionFacts]) -> SessionTimes:
    """Return what the transactions of a session result in together; they may come in any order."""
    running = any(
        part.stopped_at is None and part.started_at is not None for part in parts
    )
    whose = _newest(part.person for part in parts)
    last = max(parts, key=_end_of)
    first = min(parts, key=_start_of)
    energy_wh = sum(part.energy_wh for part in parts)
    start_wh, end_wh = first.meter_start_wh, last.meter_end_wh
    if not start_wh and end_wh and abs(end_wh - energy_wh) > _ROUNDING_WH:
        start_wh = None  # a charger that does not know it says 0
    return SessionTimes(
        station=first.station,
        connector=_least(part.connector for part in parts),
        vehicle=_newest(part.vehicle for part in parts),
        person=None if whose in (NOBODY, FORGOTTEN) else whose,
        card=_least(part.card for part in parts),
        plugged_at=_least(part.known_time(part.plugged_at) for part in parts),
        started_at=_least(part.started_at for part in parts),
        stopped_at=None if running else last.stopped_at,
        unplugged_at=_least(part.unplugged_at for part in parts),
        meter_start_wh=start_wh,
        meter_end_wh=None if running else end_wh,
        energy_wh=energy_wh,
        peak_w=_most(part.peak_w for part in parts),
        full_power_w=_most(part.full_power_w for part in parts),
        end_reason=None if running else last.end_reason,
        offline=any(part.offline for part in parts),
        parts=len(parts),
        forgotten=whose == FORGOTTEN,
    )


_LONG_AGO = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
_NEVER = _LONG_AGO + timedelta(days=400_000)


def _start_of(part: TransactionFacts) -> tuple[datetime, str]:
    return (part.started_at or part.stopped_at or _NEVER, part.transaction)


def _end_of(part: TransactionFacts) -> tuple[datetime, str]:
    return (part.stopped_at or _LONG_AGO, part.transaction)


def _least[T: (int, str, datetime)](values: Iterable[T | None]) -> T | None:
    return min((value for value in values if value is not None), default=None)


def _most(values: Iterable[float | None]) -> float | None:
    return max((value for value in values if value is not None), default=None)


def _newest(said: Iterable[Attribution | None]) -> str | None:
    newest = max((one for one in said if one is not None), default=None)
    return None if newest is None else newest.value
