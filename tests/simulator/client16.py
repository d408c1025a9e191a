"""What tests of OCPP 1.6 charge points share."""

from typing import Any

from .central import Payload
from .conftest import Bench


def profile(limit: float = 10, **changes: Any) -> Payload:
    """Return a transaction profile."""
    schedule: Payload = {
        "chargingRateUnit": "A",
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": limit}],
    }
    schedule |= changes.pop("schedule", {})
    return {
        "chargingProfileId": 1,
        "stackLevel": 0,
        "chargingProfilePurpose": "TxProfile",
        "chargingProfileKind": "Relative",
        "chargingSchedule": schedule,
    } | changes


DEFAULT: dict[str, Any] = {
    "chargingProfilePurpose": "TxDefaultProfile",
    "chargingProfileId": 2,
}


async def set_profile(bench: Bench, sent: Payload, connector: int = 1) -> str:
    """Send a profile; returns the status."""
    answer = await bench.ask(
        "SetChargingProfile", connectorId=connector, csChargingProfiles=sent
    )
    return str(answer["status"])


def statuses(bench: Bench) -> list[str]:
    """Return what connector 1 reported, in order."""
    said = bench.central.said("StatusNotification")
    return [payload["status"] for payload in said if payload["connectorId"] == 1]
