"""What tests of OCPP 2.x charging stations share."""

from typing import Any

from custom_components.sunfuse.simulator.stations.configuration import MEASURANDS

from .central import Payload
from .conftest import Bench

ALL = ",".join(MEASURANDS)


async def charge(bench: Bench, seconds: float = 15) -> str:
    """Plug the car in and let it reach its current; returns the transaction's id."""
    bench.charger.plug_in(soc=0.3)
    await bench.advance(seconds)
    transaction = bench.station.connectors[0].transaction
    assert transaction
    assert transaction.id
    return transaction.id


def events(bench: Bench, kind: str | None = None) -> list[Payload]:
    """Return the transaction events, of one kind or all."""
    said = bench.central.said("TransactionEvent", bench.identity)
    return [event for event in said if kind in (None, event["eventType"])]


async def get_variable(bench: Bench, component: str, variable: str) -> Payload:
    """Ask for one variable."""
    asked = {"component": {"name": component}, "variable": {"name": variable}}
    answer = await bench.ask("GetVariables", getVariableData=[asked])
    result: Payload = answer["getVariableResult"][0]
    return result


async def set_variable(
    bench: Bench, component: str, variable: str, value: str, **named: Any
) -> str:
    """Write one variable; returns the status."""
    asked = {
        "component": {"name": component},
        "variable": {"name": variable, **named},
        "attributeValue": value,
    }
    answer = await bench.ask("SetVariables", setVariableData=[asked])
    return str(answer["setVariableResult"][0]["attributeStatus"])


def profile(limit: float = 10, **changes: Any) -> Payload:
    """Return a default profile."""
    schedule: Payload = {
        "id": 1,
        "chargingRateUnit": "A",
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": limit}],
    }
    schedule |= changes.pop("schedule", {})
    return {
        "id": 1,
        "stackLevel": 0,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Relative",
        "chargingSchedule": [schedule],
    } | changes


async def set_profile(bench: Bench, sent: Payload, evse: int = 1) -> str:
    """Send a profile; returns the status or the reason why it was refused."""
    answer = await bench.ask("SetChargingProfile", evseId=evse, chargingProfile=sent)
    if answer["status"] == "Rejected":
        return str(answer["statusInfo"]["reasonCode"])
    return str(answer["status"])
