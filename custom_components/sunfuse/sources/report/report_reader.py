"""Reads the recorder for the site report."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from homeassistant.core import HomeAssistant

from ...engine.meters.meter_quality import is_possible
from ..forecasts.forecast_config import MeterStatistic
from ..history import Statistic, async_statistics
from ..series import Series, Slot, at_time, is_turned, layered, scaled
from .site_report import (
    GridConnection,
    PhaseFigures,
    PhaseHistory,
    SiteReport,
    phase_figures,
    site_report,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseMeter:
    """The meter of a phase: a current or a power sensor, two if directions are separate.

    Attributes:
        consumption: statistic of a signed sensor, or of import alone.
        production: statistic of export, if it is measured separately.
        power: whether these are watts (or energies), to be divided by the voltage.
        inverted: whether a signed sensor is positive on export.

    """

    consumption: str
    production: str | None = None
    power: bool = False
    inverted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CarMeter:
    """A charger's own meter, whose draw is not part of the house's.

    `currents` names the statistic of each phase of the site (0 is L1) that it is on. A
    charger without currents is assumed to draw its `power` evenly on these phases.
    """

    currents: tuple[tuple[int, str], ...]
    power: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportConfig:
    """The sources of the report.

    `phases` has one meter per phase; or one for all of `shared_by` phases, if only the
    total is measured. `generation` is the output of solar panels and battery, which hid some
    of the load from the grid meter.
    """

    connection: GridConnection
    phases: tuple[PhaseMeter, ...]
    shared_by: int = 1
    generation: tuple[MeterStatistic, ...] = ()
    cars: tuple[CarMeter, ...] = ()


async def async_site_report(
    hass: HomeAssistant, config: ReportConfig, now: datetime, *, days: int = 14
) -> SiteReport:
    """Read the recorder and make the report.

    Five minutes if the recorder still has them (ten days, usually), otherwise hours.

    Raises:
        NoHistoryError: the recorder has no data of these sensors.

    """
    fine, coarse, tz = await _async_history(hass, config, now, days)
    return await hass.async_add_executor_job(_report, config, fine, coarse, tz)


async def async_usual_loads(
    hass: HomeAssistant, config: ReportConfig, now: datetime, *, days: int = 14
) -> tuple[PhaseFigures, ...]:
    """Read the recorder and return the figures of each phase without the cars; none if nothing is recorded of one."""
    fine, coarse, _ = await _async_history(hass, config, now, days)

    def figures() -> tuple[PhaseFigures, ...]:
        histories = _histories(config, _known(fine, coarse))
        if not all(history.mean_a for history in histories):
            return ()
        return tuple(map(phase_figures, histories))

    return await hass.async_add_executor_job(figures)


type _Statistics = Mapping[str, Statistic]


async def _async_history(
    hass: HomeAssistant, config: ReportConfig, now: datetime, days: int
) -> tuple[_Statistics, _Statistics, ZoneInfo]:
    """Return the statistics of five minutes and of hours, and the time zone of their days."""
    ids = {meter.consumption for meter in config.phases}
    ids |= {meter.production for meter in config.phases if meter.production}
    ids |= {statistic for car in config.cars for _, statistic in car.currents}
    ids |= {car.power for car in config.cars if car.power}
    ids |= {meter.statistic_id for meter in config.generation}
    start = now - timedelta(days=days)
    fine = await async_statistics(hass, ids, start, now, "5minute")
    coarse = await async_statistics(hass, ids, start, now, "hour")
    return fine, coarse, ZoneInfo(hass.config.time_zone)


def _report(
    config: ReportConfig,
    fine: Mapping[str, Statistic],
    coarse: Mapping[str, Statistic],
    tz: ZoneInfo,
) -> SiteReport:
    """Make the report; runs in the executor."""
    known = _known(fine, coarse)
    phases = _histories(config, known)
    given_a = _given(config, len(phases), known)
    return site_report(config.connection, phases, tz, given_a=given_a)


def _known(fine: _Statistics, coarse: _Statistics) -> _Statistics:
    return {
        statistic_id: _layered(fine.get(statistic_id), coarse.get(statistic_id))
        for statistic_id in {*fine, *coarse}
    }


def _histories(config: ReportConfig, known: _Statistics) -> list[PhaseHistory]:
    """Return the currents of each phase without the cars."""
    phases = [_phase(config, meter, known) for meter in config.phases]
    if config.shared_by > 1:
        phases *= config.shared_by
    return [
        _without(phase, _cars(config, index, known))
        for index, phase in enumerate(phases)
    ]


def _given(config: ReportConfig, phases: int, known: Mapping[str, Statistic]) -> Series:
    """Return the output of solar panels and battery on each phase, in amperes.

    Solar power that charged the battery fed nothing else. Grid power that charged it is load.
    """
    factor = 1 / (config.connection.voltage_v * phases) if phases else 0.0
    sums: dict[datetime, float] = {}
    ends: dict[datetime, datetime] = {}
    for meter in config.generation:
        sign = -1 if meter.inverted else 1
        for slot in known.get(meter.statistic_id, Statistic()).mean:
            amps = slot.value * meter.factor * sign * factor
            sums[slot.start] = sums.get(slot.start, 0.0) + amps
            ends[slot.start] = max(slot.end, ends.get(slot.start, slot.end))
    return layered(
        Slot(start=start, end=ends[start], value=max(0.0, sums[start]))
        for start in sorted(sums)
    )


def _layered(fine: Statistic | None, coarse: Statistic | None) -> Statistic:
    """Take five minutes if available, otherwise hours."""
    layers = [one for one in (fine, coarse) if one is not None]
    return Statistic(
        mean=layered(*(one.mean for one in layers)),
        highest=layered(*(one.highest for one in layers)),
    )


def _phase(
    config: ReportConfig, meter: PhaseMeter, known: Mapping[str, Statistic]
) -> PhaseHistory:
    """Return a phase's currents, positive on import."""
    factor = 1 / config.connection.voltage_v if meter.power else 1.0
    factor /= config.shared_by
    drawn = known.get(meter.consumption, Statistic())
    mean = drawn.mean
    if meter.production is not None:
        fed_in = known.get(meter.production, Statistic())
        mean = _subtracted(mean, [fed_in.mean])
    fuse_a = config.connection.fuse_a
    if is_turned(mean, inverted=meter.inverted, current=not meter.power):
        # The highest value of an inverted sensor is its highest export.
        return PhaseHistory(mean_a=_believable(scaled(mean, -factor), fuse_a))
    return PhaseHistory(
        mean_a=_believable(scaled(mean, factor), fuse_a),
        highest_a=_believable(scaled(drawn.highest, factor), fuse_a),
    )


def _believable(series: Series, fuse_a: float) -> Series:
    """Leave out what the fuse would not have allowed: errors of a meter are not load."""
    return tuple(slot for slot in series if is_possible(slot.value, fuse_a))


def _cars(
    config: ReportConfig, phase: int, known: Mapping[str, Statistic]
) -> list[Series]:
    """Return the mean currents of the chargers on a phase of the site."""
    found = []
    for car in config.cars:
        for site_phase, statistic in car.currents:
            if site_phase != phase:
                continue
            mean = known.get(statistic, Statistic()).mean
            if not mean and car.power:
                factor = 1 / (config.connection.voltage_v * len(car.currents))
                mean = scaled(known.get(car.power, Statistic()).mean, factor)
            found.append(mean)
    return found


def _without(phase: PhaseHistory, cars: list[Series]) -> PhaseHistory:
    """Subtract the chargers' currents from a phase.

    A phase's highest moment may have been a car's: of hours with one, only means are used.
    """
    quiet = tuple(
        slot
        for slot in phase.highest_a
        if not any(
            (one := at_time(mean, slot.start)) and one.value > 1 for mean in cars
        )
    )
    return PhaseHistory(mean_a=_subtracted(phase.mean_a, cars), highest_a=quiet)


def _subtracted(series: Series, others: list[Series]) -> Series:
    """Subtract series; unknown values count as zero."""
    slots = []
    for slot in series:
        found = [at_time(other, slot.start) for other in others]
        less = sum(one.value for one in found if one is not None)
        slots.append(Slot(start=slot.start, end=slot.end, value=slot.value - less))
    return tuple(slots)
