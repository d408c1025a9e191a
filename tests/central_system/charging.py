"""Chargers whose cars charge, in every version, and the limits that they are sent."""

from typing import Any

from custom_components.sunfuse.central_system import (
    CentralSystem,
    ConnectorState,
    StationConfig,
)

from .client import ANSWERS_2, Payload, RawStation
from .conftest import Connect, SteppedClock

CP1 = StationConfig(identity="CP1", max_a=16, fail_safe_a=6)


VERSIONS = ("1.6", "2.0.1", "2.1")


EVSE: Payload = {"id": 1, "connectorId": 1}
ACCEPTED = {"status": "Accepted"}
REJECTED = {"status": "Rejected"}
KNOWS_OFFLINE = {"SupportsMaxOfflineDuration": "true"}


def variables_of(known: dict[str, str]) -> Any:
    """Answer GetVariables with the variables that are known, by name."""

    def answer(request: Payload) -> Payload:
        (data,) = request["getVariableData"]
        result = {key: data[key] for key in ("component", "variable")}
        value = known.get(data["variable"]["name"])
        if value is None:
            result["attributeStatus"] = "UnknownVariable"
        else:
            result |= {"attributeStatus": "Accepted", "attributeValue": value}
        return {"getVariableResult": [result]}

    return answer


def configuration_of(known: dict[str, str]) -> Any:
    """Answer GetConfiguration with the keys that are known."""

    def answer(request: Payload) -> Payload:
        (key,) = request["key"]
        if key not in known:
            return {"unknownKey": [key]}
        entry = {"key": key, "readonly": True, "value": known[key]}
        return {"configurationKey": [entry]}

    return answer


async def charging(
    connect: Connect,
    system: CentralSystem,
    clock: SteppedClock,
    version: str,
    known: dict[str, str] | None = None,
    config: StationConfig = CP1,
    **answers: Any,
) -> RawStation:
    """Return a charger with a car that charges."""
    system.accept(config)
    station = await connect(protocols=(f"ocpp{version}",))
    if version == "1.6":
        if known is not None:
            station.answers["GetConfiguration"] = configuration_of(known)
        station.answers |= answers
        await station.boot()
    else:
        station.answers |= ANSWERS_2
        if known is not None:
            station.answers["GetVariables"] = variables_of(known)
        station.answers |= answers
        await station.boot2()
    await station.wait_received("TriggerMessage")
    if version == "1.6":
        await station.status("Charging")
        await station.start_transaction(clock.text())
    else:
        await station.status2("Occupied", clock.text())
        await station.event(
            "Started", clock.text(), 0, state="Charging", energy_wh=1000, evse=EVSE
        )
    station.requests.clear()
    return station


def periods(station: RawStation) -> list[Payload]:
    """Return the first period of each limit that the charger was sent."""
    return [period_of(request) for request in station.received("SetChargingProfile")]


def period_of(request: Payload) -> Payload:
    """Return the first period of a limit."""
    profile = request.get("csChargingProfiles") or request["chargingProfile"]
    schedule = profile["chargingSchedule"]
    schedule = schedule if isinstance(schedule, dict) else schedule[0]
    period: Payload = schedule["chargingSchedulePeriod"][0]
    return period


def connector(system: CentralSystem, number: int = 1) -> ConnectorState:
    """Return the state of a connector."""
    return system.stations["CP1"].connector(number)


def kinds(station: RawStation) -> list[str]:
    """Return the kind of each profile that a charger of 2.x was sent."""
    told = station.received("SetChargingProfile")
    return [request["chargingProfile"]["chargingProfileKind"] for request in told]
