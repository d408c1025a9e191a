"""OCPP 1.6: the commands that set up a station."""

from typing import override

from ..onboarding.setup_interface import SetupCommands
from ..protocol.frames import Payload
from ..protocol.requests import Requests
from ..security.card_policy import (
    LOCAL_LIST_CHUNK,
    LOCAL_LIST_MOST,
    LOCAL_LIST_USUAL,
    Card,
    fitting,
    local_list_updates,
)
from ..station.clock import format_time
from ..station.connector_count import NUMBER_OF_CONNECTORS
from ..station.station_interface import StationInterface
from ..station_state import CommandError

# Asked for one at a time: some stations restart when asked for all, or for unknown keys.
_KEYS = (
    NUMBER_OF_CONNECTORS,
    "SupportedFeatureProfiles",
    "ChargingScheduleAllowedChargingRateUnit",
    "ChargeProfileMaxStackLevel",
    "ConnectorSwitch3to1PhaseSupported",
    "MeterValuesSampledData",
    "MeterValueSampleInterval",
)
# What allows the cards of the list to charge while we are offline.
_LOCAL_LISTS = ("LocalAuthListEnabled", "LocalAuthorizeOffline")
_LONGEST_ID_TAG = 20  # IdToken is CiString20Type (section 7.28)


class SetupCommands16(SetupCommands):
    """Asks and configures one connected station."""

    def __init__(self, requests: Requests, station: StationInterface) -> None:
        """Remember answers in the station's `variables`."""
        self._requests = requests
        self._station = station

    @override
    async def learn(self) -> None:
        for key in _KEYS:
            if key in self._station.variables:
                continue
            if key in self._station.behaviour.do_not_ask:
                continue
            self._station.variables[key] = (await self._ask(key)).get(key)

    async def _ask(self, key: str) -> dict[str, str]:
        """Return what the station answers about a key; nothing if it does not."""
        answer = await self._requests.ask("GetConfiguration", {"key": [key]})
        return {
            entry["key"]: entry.get("value", "")
            for entry in (answer or {}).get("configurationKey", [])
        }

    @override
    async def try_set(self, key: str, value: str) -> bool:
        variables = self._station.variables
        known = variables.get(key, "")
        if known is None or key in self._station.behaviour.do_not_ask:
            return True  # it has no such key, and asking again would not help
        if known == value:
            return True
        payload = {"key": key, "value": value}
        answer = await self._requests.ask("ChangeConfiguration", payload)
        status = answer["status"] if answer else "Rejected"
        if status == "NotSupported":
            variables[key] = None
            return True
        if status == "RebootRequired":
            self._station.settings_restart.needed(key, value)
        if status in ("Accepted", "RebootRequired"):
            variables[key] = value
            return True
        return False

    @override
    async def try_set_begin_and_end(self) -> None:
        """Do nothing: StartTransaction and StopTransaction contain the register."""

    @override
    async def try_trigger(self, message: str, connector: int | None = None) -> None:
        payload: Payload = {"requestedMessage": message}
        if connector is not None:
            payload["connectorId"] = connector
        await self._requests.ask("TriggerMessage", payload)

    @override
    async def set_profile(self, connector: int, profile: Payload) -> None:
        if "transactionId" in profile:
            profile["transactionId"] = int(profile["transactionId"])
        payload = {"connectorId": connector, "csChargingProfiles": profile}
        await self._requests.command("SetChargingProfile", payload)

    @override
    async def clear_profiles(self, purpose: str) -> None:
        payload = {"chargingProfilePurpose": purpose}
        await self._requests.call("ClearChargingProfile", payload)

    @override
    async def send_local_list(self, version: int, cards: tuple[Card, ...]) -> None:
        answer = await self._requests.call("GetLocalListVersion", {})
        if answer["listVersion"] < 0:
            raise CommandError("not_supported", "GetLocalListVersion")
        if answer["listVersion"] == version:
            return
        for key in _LOCAL_LISTS:
            await self.try_set(key, "true")
        cards = tuple(card for card in cards if len(card.id) <= _LONGEST_ID_TAG)
        room = await self._number("LocalAuthListMaxLength", LOCAL_LIST_USUAL)
        cards = fitting(cards, min(room, LOCAL_LIST_MOST))
        entries = [{"idTag": card.id, "idTagInfo": _info(card)} for card in cards]
        most = await self._number("SendLocalListMaxLength", LOCAL_LIST_CHUNK)
        most = min(most, LOCAL_LIST_CHUNK)
        for number, kind, chunk in local_list_updates(version, entries, most):
            payload = {
                "listVersion": number,
                "updateType": kind,
                "localAuthorizationList": chunk,
            }
            await self._requests.command("SendLocalList", payload)

    async def _number(self, key: str, otherwise: int) -> int:
        """Return the value of a key; `otherwise` if the station does not report it."""
        value = (await self._ask(key)).get(key, "")
        return int(value) if value.isdecimal() and int(value) else otherwise


def _info(card: Card) -> Payload:
    """Return whether a card may charge, and until when, for a station that cannot ask."""
    info: Payload = {"status": card.verdict.value}
    if card.until is not None:
        info["expiryDate"] = format_time(card.until)
    return info
