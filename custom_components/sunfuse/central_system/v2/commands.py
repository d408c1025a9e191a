"""OCPP 2.0.1 and 2.1: what a station is told."""

import logging
import secrets
from typing import override

from ..actions import ConfigurationResult
from ..adapter import Limit, Schedule
from ..model import CommandError
from ..onboarding.commissioner import OFFLINE_UNKNOWN, Commissioner
from ..protocol.frames import Payload
from ..protocol.link import Link
from ..security.cards import OWN_TOKEN
from ..station.connectors import NUMBER_OF_CONNECTORS
from ..station.face import StationFace

_LOGGER = logging.getLogger(__name__)

# Component and variable, and the configuration key of OCPP 1.6 that says the same (OCPP 2.0.1 part 2 appendix 3).
_VARIABLES = (
    (
        "SmartChargingCtrlr",
        "RateUnit",
        "ChargingScheduleAllowedChargingRateUnit",
    ),
    ("SmartChargingCtrlr", "ProfileStackLevel", "ChargeProfileMaxStackLevel"),
    (
        "SmartChargingCtrlr",
        "Phases3to1",
        "ConnectorSwitch3to1PhaseSupported",
    ),
    (
        "SmartChargingCtrlr",
        "ACPhaseSwitchingSupported",
        "ACPhaseSwitchingSupported",
    ),
    ("SmartChargingCtrlr", "SupportsDynamicProfiles", "SupportsDynamicProfiles"),
    ("SmartChargingCtrlr", "SupportsMaxOfflineDuration", "SupportsMaxOfflineDuration"),
    ("SampledDataCtrlr", "TxUpdatedMeasurands", "MeterValuesSampledData"),
    ("SampledDataCtrlr", "TxUpdatedInterval", "MeterValueSampleInterval"),
)
# What is set and not asked for.
_SETTINGS = (("AuthCtrlr", "OfflineTxForUnknownIdEnabled", OFFLINE_UNKNOWN),)
_ONLY_2_1 = frozenset(("SupportsDynamicProfiles", "SupportsMaxOfflineDuration"))
_ENDS = "Energy.Active.Import.Register"
ID_TOKEN: Payload = {"idToken": OWN_TOKEN, "type": "Central"}


class Commands2(Commissioner):
    """The requests to one connected station."""

    def __init__(self, link: Link, station: StationFace) -> None:
        """Speak with this station on this link."""
        super().__init__(link, station)
        # Of which transaction, on how many phases, each connector has a dynamic profile.
        self._dynamic: dict[int, tuple[str | None, int | None]] = {}

    def evse_of(self, connector: int) -> tuple[int, int]:
        """Return the EVSE and its connector that have a number; the same number where it is not known."""
        for evse, number in self.station.connectors.evses.items():
            if number == connector:
                return evse
        return connector, 1

    def token_of(self, card: str) -> Payload:
        """Return a card as 2.x writes it: what kind of card it is, only the list of cards knows."""
        known = self.station.cards.find(card)
        return {"idToken": card, "type": known.kind if known else "ISO14443"}

    @override
    async def _learn(self) -> None:
        variables = self.station.variables
        for component, variable, key in _VARIABLES:
            if key in variables or key in self.station.behaviour.do_not_ask:
                continue
            if key in _ONLY_2_1 and self.link.version != "2.1":
                continue
            data = {"component": {"name": component}, "variable": {"name": variable}}
            answer = await self._ask("GetVariables", {"getVariableData": [data]})
            result = (answer or {}).get("getVariableResult", [{}])[0]
            accepted = result.get("attributeStatus") == "Accepted"
            variables[key] = result.get("attributeValue", "") if accepted else None
        if (
            len(self.station.connectors.evses) > 1
            and NUMBER_OF_CONNECTORS not in variables
        ):
            variables[NUMBER_OF_CONNECTORS] = await self._count_connectors()

    async def _count_connectors(self) -> str | None:
        """Return how many of the connectors that told a status are in the device model; None where it has none."""
        known = None
        for number, place in sorted(
            (n, place) for place, n in self.station.connectors.evses.items()
        ):
            if not await self._has_connector(*place):
                break
            known = str(number)
        return known

    async def _has_connector(self, evse: int, connector: int) -> bool:
        # Available is required of each connector (OCPP 2.0.1 part 2 section 3.1.5, component Connector).
        component = {
            "name": "Connector",
            "evse": {"id": evse, "connectorId": connector},
        }
        data = {"component": component, "variable": {"name": "Available"}}
        answer = await self._ask("GetVariables", {"getVariableData": [data]})
        result = (answer or {}).get("getVariableResult", [{}])[0]
        return bool(result.get("attributeStatus") == "Accepted")

    @override
    async def _set_up_meter(self) -> None:
        await super()._set_up_meter()
        for moment in ("TxStartedMeasurands", "TxEndedMeasurands"):
            key = f"SampledDataCtrlr.{moment}"
            if key not in self.station.variables:
                taken = await self._try_set_variable("SampledDataCtrlr", moment, _ENDS)
                self.station.variables[key] = _ENDS if taken else None

    @override
    async def _try_set(self, key: str, value: str) -> bool:
        known = self.station.variables.get(key, "")
        if known is None or known == value or key in self.station.behaviour.do_not_ask:
            return True
        known_as = (*_VARIABLES, *_SETTINGS)
        component, variable = next((c, v) for c, v, k in known_as if k == key)
        if not await self._try_set_variable(component, variable, value):
            return False
        self.station.variables[key] = value
        return True

    async def _try_set_variable(
        self, component: str, variable: str, value: str
    ) -> bool:
        data = {
            "component": {"name": component},
            "variable": {"name": variable},
            "attributeValue": value,
        }
        answer = await self._ask("SetVariables", {"setVariableData": [data]})
        result = (answer or {}).get("setVariableResult", [{}])[0]
        return result.get("attributeStatus") in ("Accepted", "RebootRequired")

    @override
    async def _try_trigger(self, message: str, connector: int | None = None) -> None:
        payload: Payload = {"requestedMessage": message}
        if connector is not None:
            evse, number = self.evse_of(connector)
            payload["evse"] = {"id": evse}
            if message == "StatusNotification":
                payload["evse"]["connectorId"] = number
        await self._ask("TriggerMessage", payload)

    @override
    async def _set_profile(self, connector: int, profile: Payload) -> None:
        evse = self.evse_of(connector)[0] if connector else 0
        profile = self._in_2(profile)
        payload = {"evseId": evse, "chargingProfile": profile}
        unsure = (
            "maxOfflineDuration" in profile and not self.station.shape.lapses_offline
        )
        try:
            await self._command("SetChargingProfile", payload)
        except CommandError as err:
            if err.key != "refused" or not unsure:
                raise
            # A station that does not know these fields may refuse all of the profile for them.
            del profile["maxOfflineDuration"], profile["invalidAfterOfflineDuration"]
            await self._command("SetChargingProfile", payload)
            self.station.variables["SupportsMaxOfflineDuration"] = "false"

    @override
    async def limit_transaction(
        self, connector: int, transaction_id: str | None, limit: Limit
    ) -> None:
        if transaction_id is not None and self.station.shape.dynamic:
            try:
                await self._limit_dynamically(connector, transaction_id, limit)
            except CommandError as err:
                if err.key == "not_connected":
                    raise
                _LOGGER.debug("%s: dynamic profile: %s", self.station.identity, err)
                self.station.variables["SupportsDynamicProfiles"] = "false"
            else:
                return
        await super().limit_transaction(connector, transaction_id, limit)

    async def _limit_dynamically(
        self, connector: int, transaction_id: str, limit: Limit
    ) -> None:
        """Set a dynamic profile, or change its limit: it lapses by itself after its last change (OCPP 2.1 K28)."""
        shape = self.station.shape
        held = (transaction_id, limit.phases)
        if self._dynamic.get(connector) == held:
            update = {"limit": shape.value(limit)}
            profile_id = shape.live_id(connector)
            payload = {"chargingProfileId": profile_id, "scheduleUpdate": update}
            try:
                await self._command("UpdateDynamicSchedule", payload)
            except CommandError as err:
                if err.key == "not_connected":
                    raise
                _LOGGER.debug("%s: %s", self.station.identity, err)
            else:
                return
        self._dynamic.pop(connector, None)
        profile = shape.live(connector, limit, transaction_id)
        profile["chargingProfileKind"] = "Dynamic"
        # It counts from when it was taken or changed last, whatever the station's clock shows.
        del profile["chargingSchedule"]["startSchedule"]
        profile["chargingSchedule"]["duration"] = self.station.config.expiry_s
        await self._set_profile(connector, profile)
        self._dynamic[connector] = held

    def set_anew(self, connector: int) -> None:
        """Have the next limit of a connector set as a whole profile."""
        self._dynamic.pop(connector, None)

    def _in_2(self, profile: Payload) -> Payload:
        """Return a profile of OCPP 1.6 in the words of 2.x."""
        profile = dict(profile)
        schedule = {"id": profile["chargingProfileId"], **profile["chargingSchedule"]}
        if self.station.shape.selects_phase:
            # The one phase that is reckoned with is the station's first.
            schedule["chargingSchedulePeriod"] = [
                {**period, "phaseToUse": 1}
                if period.get("numberPhases") == 1
                else period
                for period in schedule["chargingSchedulePeriod"]
            ]
        profile["id"] = profile.pop("chargingProfileId")
        if profile["chargingProfilePurpose"] == "ChargePointMaxProfile":
            profile["chargingProfilePurpose"] = "ChargingStationMaxProfile"
        profile["chargingSchedule"] = [schedule]
        lapses = "duration" in schedule
        says = self.station.shape.lapses_offline
        if self.link.version == "2.1" and lapses and says is not False:
            # The station is to drop it by itself when it does not hear from us (OCPP 2.1 K01).
            profile["maxOfflineDuration"] = self.station.config.expiry_s
            profile["invalidAfterOfflineDuration"] = True
        return profile

    @override
    async def remote_start(self, connector: int, limit: Limit | None) -> None:
        evse, _ = self.evse_of(connector)
        payload: Payload = {
            "evseId": evse,
            "idToken": ID_TOKEN,
            "remoteStartId": secrets.randbelow(2**31 - 1) + 1,
        }
        if limit is not None and self._sends_profile_with_start():
            profile = self.station.shape.live(connector, limit, None)
            payload["chargingProfile"] = self._in_2(profile)
        await self._command("RequestStartTransaction", payload)

    @override
    async def remote_stop(self, transaction_id: str) -> None:
        payload = {"transactionId": transaction_id}
        await self._command("RequestStopTransaction", payload)

    @override
    async def schedule(self, connector: int, duration_s: int) -> Schedule:
        evse, _ = self.evse_of(connector)
        payload = {
            "evseId": evse,
            "duration": duration_s,
            "chargingRateUnit": self.station.shape.unit,
        }
        answer = await self._call("GetCompositeSchedule", payload)
        if answer["status"] != "Accepted" or "schedule" not in answer:
            raise CommandError("refused", "GetCompositeSchedule")
        return self.station.shape.read(answer["schedule"])

    @override
    async def change_password(self, password: str) -> ConfigurationResult:
        data = {
            "component": {"name": "SecurityCtrlr"},
            "variable": {"name": "BasicAuthPassword"},
            "attributeValue": password,
        }
        answer = await self._call("SetVariables", {"setVariableData": [data]})
        (result,) = answer["setVariableResult"]
        return ConfigurationResult.of(result["attributeStatus"], "BasicAuthPassword")

    @override
    async def reset(self, *, hard: bool) -> None:
        await self._command("Reset", {"type": "Immediate" if hard else "OnIdle"})

    @override
    async def unlock(self, connector: int) -> None:
        evse, number = self.evse_of(connector)
        payload = {"evseId": evse, "connectorId": number}
        await self._command("UnlockConnector", payload)
