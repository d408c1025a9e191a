"""OCPP 1.6J: what a station is told."""

import asyncio
import itertools
import logging
from typing import TYPE_CHECKING, override

from .adapter import Adapter, Limit
from .clock import format_time
from .frames import Payload
from .link import Link
from .model import CommandError

if TYPE_CHECKING:
    from .station import Station

_LOGGER = logging.getLogger(__name__)

ID_TAG = "SUNFUSE"
# Profile ids: one for good, and one for the live limit of each connector.
_FAIL_SAFE_PROFILE = 100
_LIVE_PROFILE = 200

# Asked for one at a time: some stations restart when asked for all, or for what they do not know.
_KEYS = (
    "SupportedFeatureProfiles",
    "ChargingScheduleAllowedChargingRateUnit",
    "ChargeProfileMaxStackLevel",
    "ConnectorSwitch3to1PhaseSupported",
    "MeterValuesSampledData",
    "MeterValueSampleInterval",
)
# What Sunfuse needs, and step by step less for stations that refuse.
_MEASURANDS = (
    "Current.Import,Voltage,Power.Active.Import,Energy.Active.Import.Register,SoC",
    "Current.Import,Voltage,Power.Active.Import,Energy.Active.Import.Register",
    "Current.Import,Power.Active.Import,Energy.Active.Import.Register",
    "Current.Import,Energy.Active.Import.Register",
    "Power.Active.Import,Energy.Active.Import.Register",
)


class Commands16(Adapter):
    """The requests to one connected station."""

    def __init__(self, link: Link, station: Station) -> None:
        """Speak with this station on this link."""
        super().__init__(link)
        self.station = station
        self._boots = itertools.count(1)
        self._boot_count = 0

    def booted(self) -> None:
        """Note that the station booted; set it up when it has settled."""
        self._boot_count = next(self._boots)
        self.station.in_service()
        self.link.spawn(self._settle(self._boot_count, self.station.timing.settle_s))

    def came_back(self) -> None:
        """Note a sign that the station is in service although it did not boot on this link."""
        if self.station.in_service():
            self._boot_count = next(self._boots)
            self.link.spawn(
                self._settle(self._boot_count, self.station.timing.settle_s)
            )

    async def wait_for_boot(self) -> None:
        """Take a station that stays silent after connecting as one that booted long ago."""
        await asyncio.sleep(self.station.timing.return_s)
        if self.station.state.accepted:
            self.came_back()

    async def _settle(self, boot: int, seconds: float) -> None:
        await asyncio.sleep(seconds)
        if boot == self._boot_count:
            await self.commission()

    @override
    async def commission(self) -> None:
        try:
            if not self.station.state.info.vendor:
                await self._try_trigger("BootNotification")
            await self._learn()
            await self._set_fail_safe()
            await self._set_up_meter()
            for connector in self.station.state.connectors:
                if connector.status is None:
                    await self._try_trigger("StatusNotification", connector.id)
                if connector.transaction is None:
                    await self._try_trigger("MeterValues", connector.id)
        except CommandError as err:
            _LOGGER.debug("%s: setting up: %s", self.station.identity, err)

    async def _learn(self) -> None:
        for key in _KEYS:
            if key in self.station.variables:
                continue
            answer = await self._ask("GetConfiguration", {"key": [key]})
            found = {
                entry["key"]: entry.get("value", "")
                for entry in (answer or {}).get("configurationKey", [])
            }
            self.station.variables[key] = found.get(key)

    async def _ask(self, action: str, payload: Payload) -> Payload | None:
        """Return the answer; None where the station refuses or is too slow."""
        try:
            return await self._call(action, payload)
        except CommandError as err:
            if err.key == "not_connected":
                raise
            _LOGGER.debug("%s: %s", self.station.identity, err)
            return None

    async def _call(self, action: str, payload: Payload) -> Payload:
        return await self.link.call(action, payload, self.station.timing.response_s)

    async def _command(self, action: str, payload: Payload) -> None:
        """Send a request whose answer is a status.

        Raises:
            CommandError: the status is not one of success.

        """
        answer = await self._call(action, payload)
        status: str = answer["status"]
        if status in ("NotSupported", "NotImplemented"):
            raise CommandError("not_supported", f"{action}: {status}")
        if status not in ("Accepted", "Unlocked", "Scheduled", "RebootRequired"):
            raise CommandError("refused", f"{action}: {status}")

    async def _set_fail_safe(self) -> None:
        """Lay down the current at which transactions begin and to which they fall back."""
        stack_level = self._max_stack_level()
        limit = Limit(current_a=self.station.config.fail_safe_a)
        profile = self._profile(
            _FAIL_SAFE_PROFILE, "TxDefaultProfile", stack_level, limit, None
        )
        payload = {"connectorId": 0, "csChargingProfiles": profile}
        try:
            await self._command("SetChargingProfile", payload)
        except CommandError as err:
            if err.key == "not_connected":
                raise
            _LOGGER.warning(
                "Charger %s did not take its fail-safe current: %s",
                self.station.identity,
                err,
            )

    def _max_stack_level(self) -> int:
        level = self.station.variables.get("ChargeProfileMaxStackLevel")
        return int(level) if level and level.isdecimal() else 0

    async def _set_up_meter(self) -> None:
        if "MeterValuesSampledData" in self.station.variables:
            await self._set_measurands()
        interval = str(self.station.timing.sample_s)
        await self._try_configure("MeterValueSampleInterval", interval)

    async def _set_measurands(self) -> None:
        for measurands in _MEASURANDS:
            if await self._try_configure("MeterValuesSampledData", measurands):
                return

    async def _try_configure(self, key: str, value: str) -> bool:
        """Set a configuration key if it differs; returns whether the station has the value now."""
        known = self.station.variables.get(key, "")
        if known is None:
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

    async def _try_trigger(self, message: str, connector: int | None = None) -> None:
        payload: Payload = {"requestedMessage": message}
        if connector is not None:
            payload["connectorId"] = connector
        await self._ask("TriggerMessage", payload)

    @override
    async def ask_to_boot(self) -> None:
        try:
            await self._try_trigger("BootNotification")
        except CommandError as err:
            _LOGGER.debug("%s: asking to boot: %s", self.station.identity, err)

    def _profile(
        self,
        profile_id: int,
        purpose: str,
        stack_level: int,
        limit: Limit,
        transaction_id: str | None,
    ) -> Payload:
        """Return a charging profile; one without a start is relative to the transaction's, for good."""
        unit = self._unit()
        phases = limit.phases or self.station.config.phases
        value = limit.current_a
        if unit == "W":
            value = float(int(value * self.station.config.voltage_v * phases))
        period: Payload = {"startPeriod": 0, "limit": value}
        if phases < self.station.config.phases or unit == "W":
            period["numberPhases"] = phases
        schedule: Payload = {
            "chargingRateUnit": unit,
            "chargingSchedulePeriod": [period],
        }
        if limit.duration_s is not None:
            schedule["duration"] = limit.duration_s
        if limit.start is not None:
            schedule["startSchedule"] = format_time(limit.start)
        profile: Payload = {
            "chargingProfileId": profile_id,
            "stackLevel": stack_level,
            "chargingProfilePurpose": purpose,
            "chargingProfileKind": "Absolute" if limit.start else "Relative",
            "chargingSchedule": schedule,
        }
        if transaction_id is not None:
            profile["transactionId"] = int(transaction_id)
        return profile

    def _unit(self) -> str:
        """Return the unit that the station takes limits in: amperes, unless it knows only watts."""
        allowed = self.station.variables.get("ChargingScheduleAllowedChargingRateUnit")
        words = {word.strip().lower() for word in (allowed or "").split(",")}
        amperes = {"current", "a"} & words
        return "W" if {"power", "w"} & words and not amperes else "A"

    def _live_profile(
        self, connector: int, limit: Limit, transaction_id: str | None
    ) -> Payload:
        stack_level = min(1, self._max_stack_level())
        return self._profile(
            _LIVE_PROFILE + connector, "TxProfile", stack_level, limit, transaction_id
        )

    @override
    async def limit_transaction(
        self, connector: int, transaction_id: str | None, limit: Limit
    ) -> None:
        profile = self._live_profile(connector, limit, transaction_id)
        payload = {"connectorId": connector, "csChargingProfiles": profile}
        await self._command("SetChargingProfile", payload)

    @override
    async def remote_start(self, connector: int, limit: Limit | None) -> None:
        payload: Payload = {"connectorId": connector, "idTag": ID_TAG}
        if limit is not None and self._smart():
            payload["chargingProfile"] = self._live_profile(connector, limit, None)
        await self._command("RemoteStartTransaction", payload)

    def _smart(self) -> bool:
        profiles = self.station.variables.get("SupportedFeatureProfiles")
        return profiles is None or "SmartCharging" in profiles.replace(" ", "")

    @override
    async def reset(self, *, hard: bool) -> None:
        await self._command("Reset", {"type": "Hard" if hard else "Soft"})

    @override
    async def unlock(self, connector: int) -> None:
        await self._command("UnlockConnector", {"connectorId": connector})
