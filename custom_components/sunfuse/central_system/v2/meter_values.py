"""OCPP 2.x: meter values as messages write them."""

from ..protocol.frames import Payload
from ..station.metering.sampled_values import (
    ENERGY,
    OUTLET,
    Reading,
    TimedReadings,
    by_time,
    of_the_car,
)


def sampled_values(meter_values: list[Payload]) -> TimedReadings:
    """Return the readings of a `meterValue` with their times by the station's clock, the oldest first."""
    return [
        (at, of_the_car(map(_reading, meter_value["sampledValue"])))
        for at, meter_value in by_time(meter_values)
    ]


def _reading(sampled: Payload) -> Reading:
    unit = sampled.get("unitOfMeasure", {})
    return Reading(
        value=float(sampled["value"]),
        measurand=sampled.get("measurand", ENERGY),
        phase=sampled.get("phase"),
        unit=unit.get("unit"),
        multiplier=unit.get("multiplier", 0),
        context=sampled.get("context"),
        location=sampled.get("location", OUTLET),
    )
