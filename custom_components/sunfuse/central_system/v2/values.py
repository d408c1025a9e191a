"""OCPP 2.0.1 and 2.1: what messages carry."""

from datetime import datetime

from ..protocol.frames import Payload
from ..protocol.text import clean
from ..station.clock import parse_time
from ..station.meter import ENERGY, Reading, register_of


class Event:
    """A TransactionEvent, with the time by our clock and whether it is of the present."""

    def __init__(self, payload: Payload, at: datetime, live: bool) -> None:
        """Read what every event has."""
        self.payload = payload
        self.at = at
        self.live = live
        self.transaction_id: str = payload["transactionInfo"]["transactionId"]
        token = payload.get("idToken")
        self.id_token = clean(token["idToken"]) if token else None
        state = payload["transactionInfo"].get("chargingState")
        self.authorised = token is not None or state not in ("EVConnected", "Idle")


type Values = list[tuple[datetime, list[Reading]]]


def first_of(*values: float | None) -> float | None:
    """Return the first that is known."""
    return next((value for value in values if value is not None), None)


def first_energy(values: Values) -> tuple[datetime, float] | None:
    """Return when the first energy was read (by the station's clock) and what it was, in watt-hours."""
    for theirs, readings in values:
        if (energy_wh := register_of(readings)) is not None:
            return theirs, energy_wh
    return None


def sampled_values(meter_values: list[Payload]) -> Values:
    """Return the readings of a `meterValue` with their times by the station's clock, the oldest first."""
    return sorted(
        (
            (
                parse_time(meter_value["timestamp"]),
                [_reading(sampled) for sampled in meter_value["sampledValue"]],
            )
            for meter_value in meter_values
        ),
        key=lambda value: value[0],
    )


def _reading(sampled: Payload) -> Reading:
    unit = sampled.get("unitOfMeasure", {})
    return Reading(
        value=float(sampled["value"]),
        measurand=sampled.get("measurand", ENERGY),
        phase=sampled.get("phase"),
        unit=unit.get("unit"),
        multiplier=unit.get("multiplier", 0),
    )
