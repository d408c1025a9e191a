"""OCPP 1.6: the commands to a station, and the parts of its adapter."""

from datetime import datetime
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
    Schedule,
)
from ..station_state import CommandError
from .handlers import Handlers16
from .setup_commands import SetupCommands16
from .unanswered_starts import UnansweredStarts

_EXTENDED = frozenset(("LogStatusNotification", "SignChargePointCertificate"))
# The certificate types of 2.x, and those of 1.6.
_CERTIFICATES = {
    "CSMSRootCertificate": "CentralSystemRootCertificate",
    "ManufacturerRootCertificate": "ManufacturerRootCertificate",
}


class Adapter16(Adapter):
    """Speaks OCPP 1.6J with one connected station."""

    def __init__(self, link: Link, station: StationInterface) -> None:
        """Speak with this station on this link."""
        requests = Requests(
            link, station.identity, response_s=station.timing.response_s
        )
        super().__init__(link, requests)
        self._station = station
        self._setup = SetupCommands16(requests, station)
        self._fail_safe = FailSafeProfile(
            station, self._setup, lambda: station.fail_safe.present_a(self)
        )
        self._live = LiveProfiles(station, self._setup, self._fail_safe)
        self.onboarding = commissioner = Commissioner(
            link, station, self._setup, self._fail_safe
        )
        self._unanswered = UnansweredStarts(link, station)
        handlers = Handlers16(
            station,
            commissioner,
            CardChecks(link, station, self.remote_stop),
            CertificateSigner(link, station, self._send_certificate),
            self._unanswered,
        )
        self._incoming = IncomingRequests(
            station, handlers.by_action, commissioner.came_back
        )

    # Incoming

    @override
    def handle(self, action: str, payload: Payload) -> Answer:
        self._unanswered.next_request()
        return self._incoming.handle(action, payload)

    # Charging

    @override
    def knows(self, transaction_id: str) -> bool:
        return not self._unanswered.has(transaction_id)

    @override
    async def until_known(self, transaction_id: str) -> None:
        await self._unanswered.wait(transaction_id)

    @override
    async def limit_transaction(
        self, connector: int, transaction_id: str | None, limit: Limit
    ) -> None:
        await self._live.limit(connector, transaction_id, limit)

    @override
    async def clear_profiles(self) -> None:
        await self._live.clear(self)

    @override
    async def schedule(self, connector: int, duration_s: int) -> Schedule:
        shape = self._station.shape
        payload = {
            "connectorId": connector,
            "duration": duration_s,
            "chargingRateUnit": shape.unit,
        }
        answer = await self._requests.call("GetCompositeSchedule", payload)
        if answer["status"] != "Accepted" or "chargingSchedule" not in answer:
            raise CommandError("refused", "GetCompositeSchedule")
        return shape.read(answer["chargingSchedule"])

    @override
    async def remote_start(self, connector: int, limit: Limit) -> bool:
        async def send(profile: Payload | None) -> None:
            payload: Payload = {"connectorId": connector, "idTag": OWN_TOKEN}
            if profile is not None:
                payload["chargingProfile"] = profile
            await self._requests.command("RemoteStartTransaction", payload)

        return await self._live.start(connector, limit, send)

    @override
    async def remote_stop(self, transaction_id: str) -> None:
        await self.until_known(transaction_id)
        payload = {"transactionId": int(transaction_id)}
        await self._requests.command("RemoteStopTransaction", payload)

    @override
    async def unlock(self, connector: int) -> None:
        await self._requests.command("UnlockConnector", {"connectorId": connector})

    @override
    async def reserve(
        self, reservation_id: int, connector: int, id_token: str, until: datetime
    ) -> None:
        payload = {
            "reservationId": reservation_id,
            "connectorId": connector,
            "idTag": id_token,
            "expiryDate": format_time(self._station.clock.theirs(until)),
        }
        await self._requests.command("ReserveNow", payload)

    @override
    async def set_availability(self, connector: int, *, operative: bool) -> None:
        kind = "Operative" if operative else "Inoperative"
        payload = {"connectorId": connector, "type": kind}
        await self._requests.command("ChangeAvailability", payload)

    # Settings

    @override
    async def get_configuration(self, keys: tuple[str, ...]) -> dict[str, str | None]:
        result: dict[str, str | None] = {}
        for payload in [{"key": [key]} for key in keys] or [{}]:
            answer = await self._requests.call("GetConfiguration", payload)
            for entry in answer.get("configurationKey", []):
                result[entry["key"]] = entry.get("value")
            for key in answer.get("unknownKey", []):
                result.setdefault(key, None)
        return result

    @override
    async def set_configuration(self, key: str, value: str) -> ConfigurationResult:
        result = await self._change(key, value)
        self._station.variables[key] = value
        return result

    @override
    async def change_password(self, password: str) -> ConfigurationResult:
        return await self._change("AuthorizationKey", password)

    async def _change(self, key: str, value: str) -> ConfigurationResult:
        payload = {"key": key, "value": value}
        answer = await self._requests.call("ChangeConfiguration", payload)
        return ConfigurationResult.of(answer["status"], key)

    # Maintenance

    @override
    async def reset(self, *, hard: bool) -> None:
        await self._requests.command("Reset", {"type": "Hard" if hard else "Soft"})

    @override
    async def trigger(self, message: str, connector: int | None) -> None:
        payload: Payload = {"requestedMessage": message}
        if connector is not None:
            payload["connectorId"] = connector
        extended = message in _EXTENDED
        await self._requests.command(
            "ExtendedTriggerMessage" if extended else "TriggerMessage", payload
        )

    @override
    async def send_log(self, location: str, kind: LogKind) -> str | None:
        if kind is LogKind.SECURITY:
            return await self._requests.log("SecurityLog", location)
        answer = await self._requests.call("GetDiagnostics", {"location": location})
        name: str | None = answer.get("fileName")
        return name

    @override
    async def update_firmware(self, firmware: Firmware) -> None:
        theirs = self._station.clock.theirs
        at = format_time(theirs(firmware.retrieve_at))
        if firmware.signature is None or firmware.signing_certificate is None:
            payload: Payload = {"location": firmware.location, "retrieveDate": at}
            await self._requests.call("UpdateFirmware", payload)
            return
        image: Payload = {
            "location": firmware.location,
            "retrieveDateTime": at,
            "signingCertificate": firmware.signing_certificate,
            "signature": firmware.signature,
        }
        if firmware.install_at is not None:
            image["installDateTime"] = format_time(theirs(firmware.install_at))
        payload = {"requestId": self._requests.next_id(), "firmware": image}
        await self._requests.command("SignedUpdateFirmware", payload)

    # Certificates

    @override
    async def install_certificate(self, kind: str, certificate: str) -> None:
        payload = {
            "certificateType": _CERTIFICATES.get(kind, kind),
            "certificate": certificate,
        }
        await self._requests.command("InstallCertificate", payload)

    @override
    async def installed_certificates(self) -> list[InstalledCertificate]:
        found: list[InstalledCertificate] = []
        for kind, word in _CERTIFICATES.items():
            payload = {"certificateType": word}
            answer = await self._requests.call("GetInstalledCertificateIds", payload)
            found += [
                certificate_of(kind, hash_data)
                for hash_data in answer.get("certificateHashData", [])
            ]
        return found

    @override
    async def delete_certificate(self, certificate: InstalledCertificate) -> None:
        payload = {"certificateHashData": hash_data_of(certificate)}
        await self._requests.command("DeleteCertificate", payload)

    @override
    async def renew_certificate(self) -> None:
        await self.trigger("SignChargePointCertificate", None)

    async def _send_certificate(self, chain: str, request: Payload) -> None:
        """Send the station the certificate (PEM) that it asked for with this request."""
        payload = {"certificateChain": chain}
        await self._requests.command("CertificateSigned", payload)
