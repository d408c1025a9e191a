"""OCPP 2.0.1 and 2.1: the commands to a station, and the parts of its adapter."""

from datetime import datetime
import secrets
from typing import override

from ..adapter import Adapter
from ..onboarding.card_checks import CardChecks
from ..onboarding.commissioner import Commissioner
from ..onboarding.fail_safe_profile import FailSafeProfile
from ..onboarding.incoming_requests import IncomingRequests
from ..onboarding.live_profiles import LiveProfiles
from ..onboarding.signing import CertificateSigner
from ..protocol.frames import Payload
from ..protocol.link import Answer, Link
from ..protocol.requests import Requests
from ..security.card_policy import OWN_TOKEN
from ..security.installed_certificates import certificate_of, hash_data_of
from ..station.clock import format_time
from ..station.station_interface import StationInterface
from ..station_commands import (
    ConfigurationResult,
    Firmware,
    InstalledCertificate,
    Limit,
    LogKind,
    NetworkProfile,
    Schedule,
    TransactionStatus,
)
from ..station_state import CommandError
from .availability import Availability2
from .charging_profiles import Profiles2
from .evses import Evses2
from .handlers import Handlers2
from .reports import Reports2
from .setup_commands import SetupCommands2, trigger_of
from .smart_charging import SmartCharging2
from .tokens import token_of
from .variables import Variables2

_ID_TOKEN: Payload = {"idToken": OWN_TOKEN, "type": "Central"}
_PASSWORD = "BasicAuthPassword"


class Adapter2(Adapter):
    """Speaks OCPP 2.0.1 or 2.1 with one connected station."""

    def __init__(self, link: Link, station: StationInterface) -> None:
        """Speak with this station on this link."""
        requests = Requests(
            link, station.identity, response_s=station.timing.response_s
        )
        super().__init__(link, requests)
        version = link.version
        self._station = station
        self._evses = evses = Evses2(station)
        self._variables = Variables2(requests)
        availability = Availability2(station, evses, self._found_connector)
        self._reports = Reports2(requests, station, availability)
        self._profiles = Profiles2(requests, station, evses, version=version)
        self._setup = SetupCommands2(
            requests,
            station,
            evses,
            self._variables,
            self._profiles,
            availability,
            version=version,
        )
        self._fail_safe = FailSafeProfile(
            station, self._setup, lambda: station.fail_safe.present_a(self)
        )
        self._live = LiveProfiles(station, self._setup, self._fail_safe)
        self.onboarding = commissioner = Commissioner(
            link, station, self._setup, self._fail_safe
        )
        handlers = Handlers2(
            station,
            evses,
            availability,
            commissioner,
            CardChecks(link, station, self.remote_stop),
            CertificateSigner(link, station, self._send_certificate),
            version=version,
        )
        smart_charging = SmartCharging2(station, evses, self._profiles)
        self._incoming = IncomingRequests(
            station,
            {
                **handlers.by_action,
                **smart_charging.by_action,
                **self._reports.by_action,
            },
            commissioner.came_back,
        )

    def _found_connector(self) -> None:
        self.onboarding.set_up_again()

    # Incoming

    @override
    def handle(self, action: str, payload: Payload) -> Answer:
        return self._incoming.handle(action, payload)

    # Charging

    @override
    async def limit_transaction(
        self, connector: int, transaction_id: str | None, limit: Limit
    ) -> None:
        if not await self._profiles.limit_dynamically(connector, transaction_id, limit):
            await self._live.limit(connector, transaction_id, limit)

    @override
    async def clear_profiles(self) -> None:
        await self._live.clear(self)

    @override
    async def charging_profiles(self) -> list[Payload]:
        return await self._reports.charging_profiles()

    @override
    async def schedule(self, connector: int, duration_s: int) -> Schedule:
        evse, _ = self._evses.place_of(connector)
        payload = {
            "evseId": evse,
            "duration": duration_s,
            "chargingRateUnit": self._station.shape.unit,
        }
        answer = await self._requests.call("GetCompositeSchedule", payload)
        if answer["status"] != "Accepted" or "schedule" not in answer:
            raise CommandError("refused", "GetCompositeSchedule")
        return self._station.shape.read(answer["schedule"])

    @override
    async def remote_start(self, connector: int, limit: Limit) -> bool:
        evse, _ = self._evses.place_of(connector)

        async def send(profile: Payload | None) -> None:
            payload: Payload = {
                "evseId": evse,
                "idToken": _ID_TOKEN,
                "remoteStartId": secrets.randbelow(2**31 - 1) + 1,
            }
            if profile is not None:
                payload["chargingProfile"] = self._profiles.translated(profile)
            await self._requests.command("RequestStartTransaction", payload)

        return await self._live.start(connector, limit, send)

    @override
    async def remote_stop(self, transaction_id: str) -> None:
        payload = {"transactionId": transaction_id}
        await self._requests.command("RequestStopTransaction", payload)

    @override
    async def transaction_status(self, transaction_id: str | None) -> TransactionStatus:
        payload = {} if transaction_id is None else {"transactionId": transaction_id}
        answer = await self._requests.call("GetTransactionStatus", payload)
        return TransactionStatus(
            ongoing=answer.get("ongoingIndicator"),
            messages_wait=answer["messagesInQueue"],
        )

    @override
    async def send_cost(self, transaction_id: str, cost: float) -> None:
        payload = {"transactionId": transaction_id, "totalCost": cost}
        await self._requests.call("CostUpdated", payload)

    @override
    async def unlock(self, connector: int) -> None:
        evse, number = self._evses.place_of(connector)
        payload = {"evseId": evse, "connectorId": number}
        await self._requests.command("UnlockConnector", payload)

    @override
    async def reserve(
        self, reservation_id: int, connector: int, id_token: str, until: datetime
    ) -> None:
        payload: Payload = {
            "id": reservation_id,
            "idToken": token_of(id_token, self._station.cards.find(id_token)),
            "expiryDateTime": format_time(self._station.clock.theirs(until)),
        }
        if connector:
            payload["evseId"] = self._evses.place_of(connector)[0]
        await self._requests.command("ReserveNow", payload)

    @override
    async def set_availability(self, connector: int, *, operative: bool) -> None:
        status = "Operative" if operative else "Inoperative"
        payload: Payload = {"operationalStatus": status}
        if connector:
            evse, number = self._evses.place_of(connector)
            payload["evse"] = {"id": evse, "connectorId": number}
        await self._requests.command("ChangeAvailability", payload)

    # Cards

    @override
    async def customer_information(self, id_token: str, *, clear: bool) -> str:
        token = token_of(id_token, self._station.cards.find(id_token))
        return await self._reports.customer_information(token, clear=clear)

    # Settings

    @override
    async def get_configuration(self, keys: tuple[str, ...]) -> dict[str, str | None]:
        if not keys:
            return await self._reports.device_model()
        return {key: await self._variables.get(key) for key in keys}

    @override
    async def set_configuration(self, key: str, value: str) -> ConfigurationResult:
        return ConfigurationResult.of(await self._variables.set(key, value), key)

    @override
    async def change_password(self, password: str) -> ConfigurationResult:
        status = await self._variables.set(f"SecurityCtrlr.{_PASSWORD}", password)
        return ConfigurationResult.of(status, _PASSWORD)

    @override
    async def set_network_profile(self, profile: NetworkProfile) -> None:
        version = {"2.0.1": "OCPP20", "2.1": "OCPP21"}[self.link.version]
        data = {
            "ocppVersion": version,
            "ocppTransport": "JSON",
            "ocppCsmsUrl": profile.url,
            "messageTimeout": profile.timeout_s,
            "securityProfile": profile.security_profile,
            "ocppInterface": profile.interface,
        }
        payload = {"configurationSlot": profile.slot, "connectionData": data}
        await self._requests.command("SetNetworkProfile", payload)

    # Display

    @override
    async def display(self, message_id: int, text: str, language: str | None) -> None:
        content: Payload = {"format": "UTF8", "content": text}
        if language is not None:
            content["language"] = language
        message = {"id": message_id, "priority": "NormalCycle", "message": content}
        await self._requests.command("SetDisplayMessage", {"message": message})

    @override
    async def clear_display(self, message_id: int) -> None:
        await self._requests.command("ClearDisplayMessage", {"id": message_id})

    @override
    async def display_messages(self) -> list[Payload]:
        return await self._reports.display_messages()

    # Maintenance

    @override
    async def reset(self, *, hard: bool) -> None:
        kind = "Immediate" if hard else "OnIdle"
        await self._requests.command("Reset", {"type": kind})

    @override
    async def trigger(self, message: str, connector: int | None) -> None:
        wanted: list[int | None] = [connector]
        if message == "StatusNotification" and connector is None:
            # Stations refuse it for all connectors at once (OCPP 2.0.1 part 2, F06.FR.12).
            wanted = [state.id for state in self._station.state.connectors]
        for one in wanted:
            payload = trigger_of(message, one, self._evses)
            await self._requests.command("TriggerMessage", payload)

    @override
    async def report(self, component: str) -> dict[str, str | None]:
        return await self._reports.component(component)

    @override
    async def monitors(self) -> list[Payload]:
        return await self._reports.monitors()

    @override
    async def send_log(self, location: str, kind: LogKind) -> str | None:
        security = kind is LogKind.SECURITY
        return await self._requests.log(
            "SecurityLog" if security else "DiagnosticsLog", location
        )

    @override
    async def update_firmware(self, firmware: Firmware) -> None:
        theirs = self._station.clock.theirs
        image: Payload = {
            "location": firmware.location,
            "retrieveDateTime": format_time(theirs(firmware.retrieve_at)),
        }
        if firmware.install_at is not None:
            image["installDateTime"] = format_time(theirs(firmware.install_at))
        if firmware.signing_certificate is not None:
            image["signingCertificate"] = firmware.signing_certificate
        if firmware.signature is not None:
            image["signature"] = firmware.signature
        payload = {"requestId": self._requests.next_id(), "firmware": image}
        await self._requests.command("UpdateFirmware", payload)

    # Certificates

    @override
    async def install_certificate(self, kind: str, certificate: str) -> None:
        payload = {"certificateType": kind, "certificate": certificate}
        await self._requests.command("InstallCertificate", payload)

    @override
    async def installed_certificates(self) -> list[InstalledCertificate]:
        answer = await self._requests.call("GetInstalledCertificateIds", {})
        return [
            certificate_of(chain["certificateType"], hash_data)
            for chain in answer.get("certificateHashDataChain", [])
            for hash_data in (
                chain["certificateHashData"],
                *chain.get("childCertificateHashData", ()),
            )
        ]

    @override
    async def delete_certificate(self, certificate: InstalledCertificate) -> None:
        payload = {"certificateHashData": hash_data_of(certificate)}
        await self._requests.command("DeleteCertificate", payload)

    @override
    async def renew_certificate(self) -> None:
        await self.trigger("SignChargingStationCertificate", None)

    async def _send_certificate(self, chain: str, request: Payload) -> None:
        """Send the station the certificate (PEM) that it asked for with this request."""
        payload: Payload = {"certificateChain": chain}
        for key in ("certificateType", "requestId"):
            if key in request:
                payload[key] = request[key]
        await self._requests.command("CertificateSigned", payload)
