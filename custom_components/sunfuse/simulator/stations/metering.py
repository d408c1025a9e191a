"""What a station's meter shows, measurand by measurand."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from .behaviour import ChargerBehaviour
from .simulated_connector import SimulatedConnector, SimulatedTransaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A value with its measurand, phase and unit, in the terms of OCPP."""

    value: float
    measurand: str
    unit: str
    phase: str | None = None


_AMPERES = ("Current.Import", "Current.Offered", "Voltage")


def samples(
    connector: SimulatedConnector,
    measurands: Iterable[str],
    behaviour: ChargerBehaviour,
) -> tuple[Sample, ...]:
    """Return the values of these measurands; those that the meter lacks are left out."""
    return tuple(
        _in_kilo(sample) if behaviour.kilo else sample
        for name in measurands
        if not (behaviour.watts_only and name.strip() in _AMPERES)
        for sample in _samples(connector, name.strip(), behaviour)
    )


def register_wh(
    connector: SimulatedConnector,
    transaction: SimulatedTransaction | None,
    behaviour: ChargerBehaviour,
) -> float:
    """Return what the energy register shows."""
    energy_wh = connector.reading.energy_wh
    if transaction and behaviour.register_per_session:
        return energy_wh - transaction.meter_start_wh
    return energy_wh


def _in_kilo(sample: Sample) -> Sample:
    if sample.unit not in ("W", "Wh"):
        return sample
    return replace(sample, value=sample.value / 1000, unit=f"k{sample.unit}")


def _samples(
    connector: SimulatedConnector, measurand: str, behaviour: ChargerBehaviour
) -> list[Sample]:
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
            energy_wh = register_wh(connector, connector.transaction, behaviour)
            return [Sample(value=energy_wh, measurand=measurand, unit="Wh")]
        case "SoC":
            return [Sample(value=reading.soc, measurand=measurand, unit="Percent")]
        case "Current.Offered":
            return [Sample(value=connector.offered_a, measurand=measurand, unit="A")]
    return []
