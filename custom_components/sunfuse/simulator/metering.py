"""What a station's meter shows, measurand by measurand."""

from collections.abc import Iterable
from dataclasses import dataclass

from .connector import Connector


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A value with its measurand, phase and unit, in the words of OCPP."""

    value: float
    measurand: str
    unit: str
    phase: str | None = None


def samples(connector: Connector, measurands: Iterable[str]) -> tuple[Sample, ...]:
    """Return the values of these measurands; unknown ones are left out."""
    return tuple(s for name in measurands for s in _samples(connector, name.strip()))


def _samples(connector: Connector, measurand: str) -> list[Sample]:
    reading = connector.reading
    match measurand:
        case "Current.Import":
            return [
                Sample(value=a, measurand=measurand, unit="A", phase=f"L{phase}")
                for phase, a in enumerate(reading.current_a, start=1)
            ]
        case "Voltage":
            return [
                Sample(
                    value=reading.voltage_v,
                    measurand=measurand,
                    unit="V",
                    phase=f"L{phase}-N",
                )
                for phase in range(1, len(reading.current_a) + 1)
            ]
        case "Power.Active.Import":
            return [Sample(value=reading.power_w, measurand=measurand, unit="W")]
        case "Energy.Active.Import.Register":
            return [Sample(value=reading.energy_wh, measurand=measurand, unit="Wh")]
        case "SoC":
            return [Sample(value=reading.soc, measurand=measurand, unit="Percent")]
        case "Current.Offered":
            return [Sample(value=connector.offered_a, measurand=measurand, unit="A")]
    return []
