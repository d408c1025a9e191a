"""The values that stations sample, as both versions of OCPP write them, and what they are in watts, watt-hours, amperes and volts."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
import math
from typing import Any

from ..clock import parse_time

type Phases = tuple[float | None, float | None, float | None]

ENERGY = "Energy.Active.Import.Register"
_BEGIN = "Transaction.Begin"  # the context of what a transaction started with
OUTLET = "Outlet"  # where a value was measured that does not say where
_PHASES = {
    **{f"L{n + 1}": n for n in range(3)},
    **{f"L{n + 1}-N": n for n in range(3)},
}
_SCALES = {"kW": 1e3, "kWh": 1e3, "kV": 1e3, "mA": 1e-3, "kVA": 1e3}
# More than this is no energy of a connector.
MOST_WH = 1e10
# Of so many times in one message each is counted: of a session, one each minute for four hours.
_MOST_TIMES = 240
_EDGE = 10  # times at either end, where the registers of start and end are


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One sampled value, as the station sent it."""

    value: float
    measurand: str = ENERGY
    phase: str | None = None
    unit: str | None = None
    multiplier: int = 0
    context: str | None = None
    location: str = OUTLET


# The readings of one time.
type ByMeasurand = Mapping[str, Sequence[Reading]]
# The readings of a message, each with its time, the oldest first.
type TimedReadings = list[tuple[datetime, list[Reading]]]


def by_time(
    meter_values: Iterable[Mapping[str, Any]],
) -> list[tuple[datetime, Mapping[str, Any]]]:
    """Return each `meterValue` with its time by the station's clock, the oldest first.

    Of thousands in one message, which would hold the event loop for long, those at both ends and as many evenly spaced between
    them are enough: registers count what was between.
    """
    values = [(parse_time(one["timestamp"]), one) for one in meter_values]
    values.sort(key=lambda value: value[0])
    step = math.ceil((len(values) - 2 * _EDGE) / (_MOST_TIMES - 2 * _EDGE))
    if step <= 1:
        return values
    return values[:_EDGE] + values[_EDGE:-_EDGE:step] + values[-_EDGE:]


def readable(text: str | float) -> float | None:
    """Return a value as a finite number, or None if it is not one (a signed value, a comma)."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def scaled(reading: Reading) -> float:
    """Return a reading in watts, watt-hours, amperes or volts."""
    scale = _SCALES.get(reading.unit or "", 1.0)
    return reading.value * scale * 10.0 ** max(-12, min(12, reading.multiplier))


def of_the_car(readings: Iterable[Reading]) -> list[Reading]:
    """Return what was measured of the car at the time of a message, given all that it contains for this time."""
    return _without_starts(_at_outlet(readings))


def _at_outlet(readings: Iterable[Reading]) -> list[Reading]:
    """Leave out what was measured elsewhere, such as at the inlet, unless nothing else was measured."""
    readings = list(readings)
    known = {one.measurand for one in readings if one.location == OUTLET}
    return [
        one for one in readings if one.location == OUTLET or one.measurand not in known
    ]


def _without_starts(readings: list[Reading]) -> list[Reading]:
    """Leave out what was measured at the start of the transaction, where the same was measured later, too.

    Some chargers repeat the register of the start in each message (Growatt THOR, evcc-io/evcc issue 33256; Project EV,
    evcc-io/evcc issue 15768).
    """
    later = {(one.measurand, one.phase) for one in readings if one.context != _BEGIN}
    return [
        one
        for one in readings
        if one.context != _BEGIN or (one.measurand, one.phase) not in later
    ]


def total_of(readings: Iterable[Reading], measurand: str, phases: int) -> float | None:
    """Return the sum of so many phases: reported as such, or added up if every phase was reported."""
    return total_at(by_measurand_of(readings), measurand, phases)


def total_at(readings: ByMeasurand, measurand: str, phases: int) -> float | None:
    """Return the sum of so many phases at one time: reported as such, or added up if every phase was reported."""
    total = newest_of(readings, measurand)
    if total is not None:
        return total
    by_phase = by_phase_of(readings, measurand)[:phases]
    values = [value for value in by_phase if value is not None]
    return sum(values) if values and len(values) == len(by_phase) else None


def newest_of(
    readings: ByMeasurand, measurand: str, phase: str | None = None
) -> float | None:
    """Return the last of the values of one phase, or of those without a phase."""
    value = None
    for reading in readings.get(measurand, ()):
        if reading.phase == phase:
            value = scaled(reading)
    return value


def by_phase_of(readings: ByMeasurand, measurand: str) -> Phases:
    """Return the value of each phase, None where it was not reported."""
    values: list[float | None] = [None, None, None]
    for reading in readings.get(measurand, ()):
        if reading.phase in _PHASES:
            values[_PHASES[reading.phase]] = scaled(reading)
    return phases_of(values)


def by_measurand_of(readings: Iterable[Reading]) -> ByMeasurand:
    """Return the readings of each measurand, in their order."""
    found: dict[str, list[Reading]] = {}
    for reading in readings:
        found.setdefault(reading.measurand, []).append(reading)
    return found


def phases_of(values: Iterable[float | None]) -> Phases:
    """Return three values as those of the phases."""
    first, second, third = values
    return (first, second, third)


def names_unit(readings: ByMeasurand) -> bool:
    """Whether the energy is reported with its unit."""
    return any(reading.unit for reading in readings.get(ENERGY, ()))
