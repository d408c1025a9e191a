"""OCPP 1.6: meter values as messages write them."""

from ..protocol.frames import Payload
from ..station.metering.sampled_values import (
    ENERGY,
    OUTLET,
    Reading,
    TimedReadings,
    by_time,
    of_the_car,
    readable,
)


def sampled_values(meter_values: list[Payload]) -> TimedReadings:
    """Return the readings of a `meterValue` with their times by the station's clock, the oldest first."""
    return [
        (
            at,
            of_the_car(
                Reading(
                    value=value,
                    measurand=entry.get("measurand", ENERGY),
                    phase=entry.get("phase"),
                    unit=entry.get("unit"),
                    context=entry.get("context"),
                    location=entry.get("location", OUTLET),
                )
                for entry in meter_value["sampledValue"]
                if entry.get("format", "Raw") == "Raw"
                and (value := readable(entry["value"])) is not None
            ),
        )
        for at, meter_value in by_time(meter_values)
    ]
