"""OCPP 2.0.1 and 2.1: what automations and users can have a station do."""

from datetime import datetime
from typing import override

from ..actions import (
    ConfigurationResult,
    Firmware,
    InstalledCertificate,
    LogKind,
    NetworkProfile,
    TransactionStatus,
)
from ..model import CommandError
from ..onboarding.commissioner import certificate_of
from ..protocol.frames import Payload
from ..security.cards import LOCAL_LIST_CHUNK, Card, local_list_updates
from ..station.clock import format_time
from .reports import Reports2

# What lets drivers in from the list while we are away.
_LOCAL_LISTS = (
    ("LocalAuthListCtrlr", "Enabled"),
    ("AuthCtrlr", "LocalAuthorizeOffline"),
)


def _named(key: str) -> Payload:
    """Return the component and variable of `Component.Variable`.

    Raises:
        CommandError: there is no such thing.

    """
    component, dot, variable = key.partition(".")
    if not dot or not component or not variable:
        raise CommandError("refused", f"Not of the form Component.Variable: {key}")
    return {"component": {"name": component}, "variable": {"name": variable}}


class Actions2(Reports2):
    """The actions on one connected station."""

    @override
    async def get_configuration(self, keys: tuple[str, ...]) -> dict[str, str | None]:
        if not keys:
            return await self._full_report()
        result: dict[str, str | None] = {}
        for key in keys:
            payload = {"getVariableData": [_named(key)]}
            answer = await self._call("GetVariables", payload)
            told = answer["getVariableResult"][0]
            accepted = told["attributeStatus"] == "Accepted"
            result[key] = told.get("attributeValue", "") if accepted else None
        return result

    @override
    async def set_configuration(self, key: str, value: str) -> ConfigurationResult:
        data = {**_named(key), "attributeValue": value}
        answer = await self._call("SetVariables", {"setVariableData": [data]})
        status = answer["setVariableResult"][0]["attributeStatus"]
        return ConfigurationResult.of(status, key)

    @override
    async def trigger(self, message: str, connector: int | None) -> None:
        payload: Payload = {"requestedMessage": message}
        if connector is not None:
            evse, number = self.evse_of(connector)
            payload["evse"] = {"id": evse}
            if message == "StatusNotification":
                payload["evse"]["connectorId"] = number
        await self._command("TriggerMessage", payload)

    @override
    async def set_availability(self, connector: int, *, operative: bool) -> None:
        status = "Operative" if operative else "Inoperative"
        payload: Payload = {"operationalStatus": status}
        if connector:
            evse, number = self.evse_of(connector)
            payload["evse"] = {"id": evse, "connectorId": number}
        await self._command("ChangeAvailability", payload)

    @override
    async def clear_cache(self) -> None:
        await self._command("ClearCache", {})

    @override
    async def send_log(self, location: str, kind: LogKind) -> str | None:
        payload: Payload = {
            "log": {"remoteLocation": location},
            "logType": "SecurityLog" if kind is LogKind.SECURITY else "DiagnosticsLog",
            "requestId": self.next_request_id(),
        }
        answer = await self._call("GetLog", payload)
        if answer["status"] == "Rejected":
            raise CommandError("refused", "GetLog")
        name: str | None = answer.get("filename")
        return name

    @override
    async def update_firmware(self, firmware: Firmware) -> None:
        image: Payload = {
            "location": firmware.location,
            "retrieveDateTime": format_time(firmware.retrieve_at),
        }
        if firmware.install_at is not None:
            image["installDateTime"] = format_time(firmware.install_at)
        if firmware.signing_certificate is not None:
            image["signingCertificate"] = firmware.signing_certificate
        if firmware.signature is not None:
            image["signature"] = firmware.signature
        payload = {"requestId": self.next_request_id(), "firmware": image}
        await self._command("UpdateFirmware", payload)

    @override
    async def reserve(
        self, reservation_id: int, connector: int, id_token: str, until: datetime
    ) -> None:
        payload: Payload = {
            "id": reservation_id,
            "idToken": self.token_of(id_token),
            "expiryDateTime": format_time(self.station.clock.theirs(until)),
        }
        if connector:
            payload["evseId"] = self.evse_of(connector)[0]
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
        result = answer.get("data")
        return None if result is None else str(result)

    @override
    async def display(self, message_id: int, text: str, language: str | None) -> None:
        content: Payload = {"format": "UTF8", "content": text}
        if language is not None:
            content["language"] = language
        message = {"id": message_id, "priority": "NormalCycle", "message": content}
        await self._command("SetDisplayMessage", {"message": message})

    @override
    async def clear_display(self, message_id: int) -> None:
        await self._command("ClearDisplayMessage", {"id": message_id})

    @override
    async def install_certificate(self, kind: str, certificate: str) -> None:
        payload = {"certificateType": kind, "certificate": certificate}
        await self._command("InstallCertificate", payload)

    @override
    async def installed_certificates(self) -> list[InstalledCertificate]:
        answer = await self._call("GetInstalledCertificateIds", {})
        return [
            certificate_of(chain["certificateType"], data)
            for chain in answer.get("certificateHashDataChain", [])
            for data in (
                chain["certificateHashData"],
                *chain.get("childCertificateHashData", ()),
            )
        ]

    @override
    async def renew_certificate(self) -> None:
        await self.trigger("SignChargingStationCertificate", None)

    @override
    async def certificate_signed(self, chain: str, request: Payload) -> None:
        payload: Payload = {"certificateChain": chain}
        for key in ("certificateType", "requestId"):
            if key in request:
                payload[key] = request[key]
        await self._command("CertificateSigned", payload)

    @override
    async def transaction_status(self, transaction_id: str | None) -> TransactionStatus:
        payload = {} if transaction_id is None else {"transactionId": transaction_id}
        answer = await self._call("GetTransactionStatus", payload)
        return TransactionStatus(
            ongoing=answer.get("ongoingIndicator"),
            messages_wait=answer["messagesInQueue"],
        )

    @override
    async def tell_cost(self, transaction_id: str, cost: float) -> None:
        payload = {"transactionId": transaction_id, "totalCost": cost}
        await self._call("CostUpdated", payload)

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
        await self._command("SetNetworkProfile", payload)

    @override
    async def _clear(self, purpose: str) -> None:
        criteria = {"chargingProfilePurpose": purpose}
        payload = {"chargingProfileCriteria": criteria}
        await self._call("ClearChargingProfile", payload)

    @override
    async def send_local_list(self, version: int, cards: tuple[Card, ...]) -> None:
        answer = await self._call("GetLocalListVersion", {})
        if answer["versionNumber"] == version:
            return
        entries = [
            {
                "idToken": {"idToken": card.id, "type": card.kind},
                "idTokenInfo": {"status": "Blocked" if card.blocked else "Accepted"},
            }
            for card in cards
        ]
        for component, variable in _LOCAL_LISTS:
            key = f"{component}.{variable}"
            if key not in self.station.variables:
                taken = await self._try_set_variable(component, variable, "true")
                self.station.variables[key] = "true" if taken else None
        updates = local_list_updates(version, entries, LOCAL_LIST_CHUNK)
        for number, kind, chunk in updates:
            payload: Payload = {"versionNumber": number, "updateType": kind}
            if chunk:
                payload["localAuthorizationList"] = chunk
            await self._command("SendLocalList", payload)
