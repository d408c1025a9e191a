"""OCPP 1.6J: what a station is told."""

from typing import override

from ..actions import ConfigurationResult
from ..adapter import Limit, Schedule
from ..model import CommandError
from ..onboarding.commissioner import Commissioner
from ..protocol.frames import Payload
from ..security.cards import OWN_TOKEN
from ..station.connectors import NUMBER_OF_CONNECTORS

# Asked for one at a time: some stations restart when asked for all, or for what they do not know.
_KEYS = (
    NUMBER_OF_CONNECTORS,
    "SupportedFeatureProfiles",
    "ChargingScheduleAllowedChargingRateUnit",
    "ChargeProfileMaxStackLevel",
    "ConnectorSwitch3to1PhaseSupported",
    "MeterValuesSampledData",
    "MeterValueSampleInterval",
)


class Commands16(Commissioner):
    """The requests to one connected station."""

    @override
    async def _learn(self) -> None:
        for key in _KEYS:
            if key in self.station.variables:
                continue
            if key in self.station.behaviour.do_not_ask:
                continue
            answer = await self._ask("GetConfiguration", {"key": [key]})
            found = {
                entry["key"]: entry.get("value", "")
                for entry in (answer or {}).get("configurationKey", [])
            }
            self.station.variables[key] = found.get(key)

    @override
    async def _try_set(self, key: str, value: str) -> bool:
        known = self.station.variables.get(key, "")
        if known is None or key in self.station.behaviour.do_not_ask:
            return True  # it knows no such key, and asking again would not help
        if known == value:
            return True
        answer = await self._ask("ChangeConfiguration", {"key": key, "value": value})
        status = answer["status"] if answer else "Rejected"
        if status == "NotSupported":
            self.station.variables[key] = None
            return True
        if status in ("Accepted", "RebootRequired"):
            self.station.variables[key] = value
            return True
        return False

    @override
    async def _try_trigger(self, message: str, connector: int | None = None) -> None:
        payload: Payload = {"requestedMessage": message}
        if connector is not None:
            payload["connectorId"] = connector
        await self._ask("TriggerMessage", payload)

    @override
    async def _set_profile(self, connector: int, profile: Payload) -> None:
        if "transactionId" in profile:
            profile["transactionId"] = int(profile["transactionId"])
        payload = {"connectorId": connector, "csChargingProfiles": profile}
        await self._command("SetChargingProfile", payload)

    @override
    async def remote_start(self, connector: int, limit: Limit | None) -> None:
        payload: Payload = {"connectorId": connector, "idTag": OWN_TOKEN}
        if limit is not None and self._sends_profile_with_start():
            payload["chargingProfile"] = self.station.shape.live(connector, limit, None)
        await self._command("RemoteStartTransaction", payload)

    @override
    async def remote_stop(self, transaction_id: str) -> None:
        payload = {"transactionId": int(transaction_id)}
        await self._command("RemoteStopTransaction", payload)

    @override
    async def schedule(self, connector: int, duration_s: int) -> Schedule:
        shape = self.station.shape
        answer = await self._call(
            "GetCompositeSchedule",
            {
                "connectorId": connector,
                "duration": duration_s,
                "chargingRateUnit": shape.unit,
            },
        )
        if answer["status"] != "Accepted" or "chargingSchedule" not in answer:
            raise CommandError("refused", "GetCompositeSchedule")
        return shape.read(answer["chargingSchedule"])

    @override
    async def change_password(self, password: str) -> ConfigurationResult:
        payload = {"key": "AuthorizationKey", "value": password}
        answer = await self._call("ChangeConfiguration", payload)
        return ConfigurationResult.of(answer["status"], "AuthorizationKey")

    @override
    async def reset(self, *, hard: bool) -> None:
        await self._command("Reset", {"type": "Hard" if hard else "Soft"})

    @override
    async def unlock(self, connector: int) -> None:
        await self._command("UnlockConnector", {"connectorId": connector})
