"""A charger of OCPP 1.6 that is set up, and what it reports while a car charges."""

from typing import Any

from custom_components.sunfuse.central_system import (
    CentralSystem,
    StationConfig,
    StationState,
)

from .charging import CP1
from .client import Payload, RawStation, get_configuration
from .conftest import Connect, SteppedClock


async def set_up(
    connect: Connect,
    system: CentralSystem,
    config: StationConfig = CP1,
    variables: dict[str, str] | None = None,
    answers: dict[str, Any] | None = None,
    **info: str,
) -> RawStation:
    """Return a station that has booted and been set up."""

    def configuration(request: Payload) -> Payload:
        answer = get_configuration(request)
        key = request["key"][0]
        if variables and key in variables:
            entry = {"key": key, "readonly": False, "value": variables[key]}
            answer = {"configurationKey": [entry]}
        return answer

    system.accept(config)
    station = await connect()
    station.answers["GetConfiguration"] = configuration
    station.answers |= answers or {}
    await station.boot(**info)
    await station.wait_received("TriggerMessage")
    return station


async def charge(
    station: RawStation, clock: SteppedClock, status: str = "Charging"
) -> int:
    """Begin a transaction; returns its id."""
    await station.status(status, timestamp=clock.text())
    transaction_id = await station.start_transaction(clock.text())
    station.requests.clear()
    return transaction_id


async def draws(station: RawStation, clock: SteppedClock, current_a: float) -> None:
    """Report what the car draws on each phase."""
    await station.call(
        "MeterValues",
        {
            "connectorId": 1,
            "meterValue": [
                {
                    "timestamp": clock.text(),
                    "sampledValue": [
                        {
                            "value": str(current_a),
                            "measurand": "Current.Import",
                            "phase": phase,
                        }
                        for phase in ("L1", "L2", "L3")
                    ],
                }
            ],
        },
    )


def state_of(system: CentralSystem) -> StationState:
    """Return the state of the charger."""
    return system.stations["CP1"].state
