"""OCPP 1.6: what automations and users can have a station do."""

from datetime import datetime
from typing import override

from ..actions import ConfigurationResult, Firmware, InstalledCertificate, LogKind
from ..model import CommandError
from ..onboarding.commissioner import certificate_of
from ..protocol.frames import Payload
from ..security.cards import LOCAL_LIST_CHUNK, Card, local_list_updates
from ..station.clock import format_time
from .commands import Commands16

_EXTENDED = frozenset(("LogStatusNotification", "SignChargePointCertificate"))
# The words of 2.x for what certificates are for, and those of 1.6.
_CERTIFICATES = {
    "CSMSRootCertificate": "CentralSystemRootCertificate",
    "ManufacturerRootCertificate": "ManufacturerRootCertificate",
}


class Actions16(Commands16):
    """The actions on one connected station."""

    @override
    async def get_configuration(self, keys: tuple[str, ...]) -> dict[str, str | None]:
        result: dict[str, str | None] = {}
        for payload in [{"key": [key]} for key in keys] or [{}]:
            answer = await self._call("GetConfiguration", payload)
            for entry in answer.get("configurationKey", []):
                result[entry["key"]] = entry.get("value")
            for key in answer.get("unknownKey", []):
                result.setdefault(key, None)
        return result

    @override
    async def set_configuration(self, key: str, value: str) -> ConfigurationResult:
        payload = {"key": key, "value": value}
        answer = await self._call("ChangeConfiguration", payload)
        result = ConfigurationResult.of(answer["status"], key)
        self.station.variables[key] = value
        return result

    @override
    async def trigger(self, message: str, connector: int | None) -> None:
        payload: Payload = {"requestedMessage": message}
        if connector is not None:
            payload["connectorId"] = connector
        extended = message in _EXTENDED
        await self._command(
            "ExtendedTriggerMessage" if extended else "TriggerMessage", payload
        )

    @override
    async def set_availability(self, connector: int, *, operative: bool) -> None:
        kind = "Operative" if operative else "Inoperative"
        payload = {"connectorId": connector, "type": kind}
        await self._command("ChangeAvailability", payload)

    @override
    async def clear_cache(self) -> None:
        await self._command("ClearCache", {})

    @override
    async def send_log(self, location: str, kind: LogKind) -> str | None:
        if kind is LogKind.SECURITY:
            payload: Payload = {
                "log": {"remoteLocation": location},
                "logType": "SecurityLog",
                "requestId": self.next_request_id(),
            }
            answer = await self._call("GetLog", payload)
            if answer["status"] == "Rejected":
                raise CommandError("refused", "GetLog")
            name: str | None = answer.get("filename")
            return name
        answer = await self._call("GetDiagnostics", {"location": location})
        file_name: str | None = answer.get("fileName")
        return file_name

    @override
    async def update_firmware(self, firmware: Firmware) -> None:
        at = format_time(firmware.retrieve_at)
        if firmware.signature is None or firmware.signing_certificate is None:
            payload: Payload = {"location": firmware.location, "retrieveDate": at}
            await self._call("UpdateFirmware", payload)
            return
        image: Payload = {
            "location": firmware.location,
            "retrieveDateTime": at,
            "signingCertificate": firmware.signing_certificate,
            "signature": firmware.signature,
        }
        if firmware.install_at is not None:
            image["installDateTime"] = format_time(firmware.install_at)
        payload = {"requestId": self.next_request_id(), "firmware": image}
        await self._command("SignedUpdateFirmware", payload)

    @override
    async def reserve(
        self, reservation_id: int, connector: int, id_token: str, until: datetime
    ) -> None:
        payload = {
            "reservationId": reservation_id,
            "connectorId": connector,
            "idTag": id_token,
            "expiryDate": format_time(self.station.clock.theirs(until)),
        }
        await self._command("ReserveNow", payload)

    @override
    async def cancel_reservation(self, reservation_id: int) -> None:
        await self._command("CancelReservation", {"reservationId": reservation_id})

    @override
    async def transfer_data(
        self, vendor: str, message: str | None, data: str | None
    ) -> str | None:
        payload: Payload = {"vendorId": vendor}
        if message is not None:
            payload["messageId"] = message
        if data is not None:
            payload["data"] = data
        answer = await self._call("DataTransfer", payload)
        if answer["status"] != "Accepted":
            raise CommandError("refused", f"DataTransfer: {answer['status']}")
        result: str | None = answer.get("data")
        return result

    @override
    async def install_certificate(self, kind: str, certificate: str) -> None:
        payload = {
            "certificateType": _CERTIFICATES.get(kind, kind),
            "certificate": certificate,
        }
        await self._command("InstallCertificate", payload)

    @override
    async def installed_certificates(self) -> list[InstalledCertificate]:
        found: list[InstalledCertificate] = []
        for kind, word in _CERTIFICATES.items():
            payload = {"certificateType": word}
            answer = await self._call("GetInstalledCertificateIds", payload)
            found += [
                certificate_of(kind, data)
                for data in answer.get("certificateHashData", [])
            ]
        return found

    @override
    async def renew_certificate(self) -> None:
        await self.trigger("SignChargePointCertificate", None)

    @override
    async def certificate_signed(self, chain: str, request: Payload) -> None:
        await self._command("CertificateSigned", {"certificateChain": chain})

    @override
    async def _clear(self, purpose: str) -> None:
        payload = {"chargingProfilePurpose": purpose}
        await self._call("ClearChargingProfile", payload)

    @override
    async def send_local_list(self, version: int, cards: tuple[Card, ...]) -> None:
        answer = await self._call("GetLocalListVersion", {})
        if answer["listVersion"] < 0:
            raise CommandError("not_supported", "GetLocalListVersion")
        if answer["listVersion"] == version:
            return
        for key in ("LocalAuthListEnabled", "LocalAuthorizeOffline"):
            await self._try_set(key, "true")
        entries = [
            {
                "idTag": card.id,
                "idTagInfo": {"status": "Blocked" if card.blocked else "Accepted"},
            }
            for card in cards
            if len(card.id) <= 20
        ]
        most = await self._number("SendLocalListMaxLength", LOCAL_LIST_CHUNK)
        for number, kind, chunk in local_list_updates(version, entries, most):
            payload = {
                "listVersion": number,
                "updateType": kind,
                "localAuthorizationList": chunk,
            }
            await self._command("SendLocalList", payload)

    async def _number(self, key: str, highest: int) -> int:
        """Return the value of a key, at most so much, and that where the station does not tell."""
        answer = await self._ask("GetConfiguration", {"key": [key]})
        for entry in (answer or {}).get("configurationKey", []):
            value = entry.get("value", "")
            if entry["key"] == key and value.isdecimal() and int(value):
                return min(int(value), highest)
        return highest
