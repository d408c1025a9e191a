"""OCPP 2.x: the commands that set up a station."""

from typing import override

from ..onboarding.commissioner import OFFLINE_UNKNOWN
from ..onboarding.setup_interface import SetupCommands
from ..protocol.frames import Payload
from ..protocol.requests import Requests
from ..security.card_policy import (
    LOCAL_LIST_CHUNK,
    LOCAL_LIST_USUAL,
    Card,
    fitting,
    local_list_updates,
)
from ..station.clock import format_time
from ..station.connector_count import NUMBER_OF_CONNECTORS
from ..station.station_interface import StationInterface
from ..station_commands import ConfigurationResult
from .availability import AVAILABILITY, Availability2
from .charging_profiles import Profiles2
from .evses import Evses2
from .variables import Variables2, variable_of

# Component and variable, and the equivalent configuration key of OCPP 1.6 (OCPP 2.0.1 part 2 appendix 3).
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
# What is set without asking first.
_SETTINGS = (("AuthCtrlr", "OfflineTxForUnknownIdEnabled", OFFLINE_UNKNOWN),)
_ONLY_2_1 = frozenset(("SupportsDynamicProfiles", "SupportsMaxOfflineDuration"))
# What is set once, and stored among the station's variables by its own name.
_BEGIN_AND_END = (
    ("SampledDataCtrlr", "TxStartedMeasurands"),
    ("SampledDataCtrlr", "TxEndedMeasurands"),
)
_REGISTER = "Energy.Active.Import.Register"
# What allows the cards of the list to charge while we are offline.
_LOCAL_LISTS = (
    ("LocalAuthListCtrlr", "Enabled"),
    ("AuthCtrlr", "LocalAuthorizeOffline"),
)


class SetupCommands2(SetupCommands):
    """Asks and configures one connected station."""

    def __init__(
        self,
        requests: Requests,
        station: StationInterface,
        evses: Evses2,
        variables: Variables2,
        profiles: Profiles2,
        availability: Availability2,
        *,
        version: str,
    ) -> None:
        """Remember answers in the station's `variables`."""
        self._requests = requests
        self._station = station
        self._evses = evses
        self._variables = variables
        self._profiles = profiles
        self._availability = availability
        self._version = version

    @override
    async def learn(self) -> None:
        known = self._station.variables
        for component, variable, key in _VARIABLES:
            if key in known or key in self._station.behaviour.do_not_ask:
                continue
            if key in _ONLY_2_1 and self._version != "2.1":
                continue
            known[key] = await self._variables.ask(variable_of(component, variable))
        several = len(self._station.connectors.evses) > 1
        if several and NUMBER_OF_CONNECTORS not in known:
            known[NUMBER_OF_CONNECTORS] = await self._count_connectors()

    async def _count_connectors(self) -> str | None:
        """Return how many of the connectors with a reported status are in the device model; None: it has none."""
        known = None
        for number, place in sorted(
            (n, place) for place, n in self._station.connectors.evses.items()
        ):
            if not await self._has_connector(*place):
                break
            known = str(number)
        return known

    async def _has_connector(self, evse: int, connector: int) -> bool:
        # Available is required of each connector (OCPP 2.0.1 part 2 section 3.1.5, component Connector).
        variable = _of_connector("Available", evse, connector)
        return await self._variables.ask(variable) is not None

    @override
    async def try_set(self, key: str, value: str) -> bool:
        known = self._station.variables.get(key, "")
        do_not_ask = self._station.behaviour.do_not_ask
        if known is None or known == value or key in do_not_ask:
            return True
        known_as = (*_VARIABLES, *_SETTINGS)
        component, variable = next((c, v) for c, v, k in known_as if k == key)
        result = await self._variables.try_set(component, variable, value)
        if result is None:
            return False
        if result is ConfigurationResult.REBOOT_REQUIRED:
            self._station.settings_restart.needed(key, value)
        self._station.variables[key] = value
        return True

    @override
    async def try_set_begin_and_end(self) -> None:
        for component, variable in _BEGIN_AND_END:
            await self._try_set_once(component, variable, _REGISTER)

    async def _try_set_once(self, component: str, variable: str, value: str) -> None:
        key = f"{component}.{variable}"
        if key not in self._station.variables:
            result = await self._variables.try_set(component, variable, value)
            self._station.variables[key] = None if result is None else value

    @override
    async def try_trigger(self, message: str, connector: int | None = None) -> None:
        payload = trigger_of(message, connector, self._evses)
        answer = await self._requests.ask("TriggerMessage", payload)
        done = answer is not None and answer["status"] == "Accepted"
        if message == "StatusNotification" and connector is not None and not done:
            await self._ask_status(connector)

    async def _ask_status(self, connector: int) -> None:
        """Ask for the status of a connector of a station that does not report it on request."""
        place = self._evses.place_of(connector)
        status = await self._variables.ask(_of_connector(AVAILABILITY, *place))
        self._availability.asked(connector, status, self._station.now())

    @override
    async def set_profile(self, connector: int, profile: Payload) -> None:
        await self._profiles.set(connector, profile)

    @override
    async def clear_profiles(self, purpose: str) -> None:
        await self._profiles.clear(purpose)

    @override
    async def send_local_list(self, version: int, cards: tuple[Card, ...]) -> None:
        answer = await self._requests.call("GetLocalListVersion", {})
        if answer["versionNumber"] == version:
            return
        entries = [
            {
                "idToken": {"idToken": card.id, "type": card.kind},
                "idTokenInfo": _info(card),
            }
            for card in fitting(cards, LOCAL_LIST_USUAL)
        ]
        for component, variable in _LOCAL_LISTS:
            await self._try_set_once(component, variable, "true")
        updates = local_list_updates(version, entries, await self._in_one_message())
        for number, kind, chunk in updates:
            payload: Payload = {"versionNumber": number, "updateType": kind}
            if chunk:
                payload["localAuthorizationList"] = chunk
            await self._requests.command("SendLocalList", payload)

    async def _in_one_message(self) -> int:
        """Return how many cards the station takes in one message (OCPP 2.0.1 part 2, D01)."""
        variable = variable_of("LocalAuthListCtrlr", "ItemsPerMessage")
        value = await self._variables.ask(variable) or ""
        if value.isdecimal() and int(value):
            return min(int(value), LOCAL_LIST_CHUNK)
        return LOCAL_LIST_CHUNK


def _of_connector(name: str, evse: int, connector: int) -> Payload:
    """Return how messages name a variable of a connector."""
    variable = variable_of("Connector", name)
    variable["component"]["evse"] = {"id": evse, "connectorId": connector}
    return variable


def trigger_of(message: str, connector: int | None, evses: Evses2) -> Payload:
    """Return a TriggerMessage; a StatusNotification is requested from a connector, everything else from its EVSE."""
    payload: Payload = {"requestedMessage": message}
    if connector is not None:
        evse, number = evses.place_of(connector)
        payload["evse"] = {"id": evse}
        if message == "StatusNotification":
            payload["evse"]["connectorId"] = number
    return payload


def _info(card: Card) -> Payload:
    """Return whether a card may charge, and until when, for a station that cannot ask."""
    info: Payload = {"status": card.verdict.value}
    if card.until is not None:
        info["cacheExpiryDateTime"] = format_time(card.until)
    return info
