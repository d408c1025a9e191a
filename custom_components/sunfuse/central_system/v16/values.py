"""OCPP 1.6: what messages carry."""

from datetime import datetime

from ..protocol.frames import Payload
from ..security.cards import Verdict
from ..station.clock import parse_time
from ..station.meter import ENERGY, Reading, readable, register_of

type Values = list[tuple[datetime, list[Reading]]]


def tag_info(verdict: Verdict) -> Payload:
    """Return whether a card may charge, as an answer."""
    return {"idTagInfo": {"status": verdict.value}}


def first_energy(values: Values) -> tuple[datetime, float] | None:
    """Return when the first energy was read and what it was, in watt-hours."""
    for at, readings in values:
        if (energy_wh := register_of(readings)) is not None:
            return at, energy_wh
    return None


def sampled_values(meter_values: list[Payload]) -> Values:
    """Return the readings of a `meterValue` with their times by the station's clock, the oldest first."""
    return sorted(
        (
            (
                parse_time(meter_value["timestamp"]),
                [
                    Reading(
                        value=value,
                        measurand=entry.get("measurand", ENERGY),
                        phase=entry.get("phase"),
                        unit=entry.get("unit"),
                    )
                    for entry in meter_value["sampledValue"]
                    if entry.get("format", "Raw") == "Raw"
                    and (value := readable(entry["value"])) is not None
                ],
            )
            for meter_value in meter_values
        ),
        key=lambda value: value[0],
    )
