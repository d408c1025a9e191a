"""What an OCPP 1.6J charge point answers to the requests of the Security White Paper, in simple form."""

from collections.abc import Callable

from .message_schemas import Payload
from .simulated_station import SimulatedStation

_ACCEPTED: Payload = {"status": "Accepted"}


class SecurityRequests16:
    """The handlers, by action."""

    def __init__(
        self, point: SimulatedStation, trigger: Callable[[Payload], Payload]
    ) -> None:
        """Answer for this charge point, which has no certificate yet; `trigger` answers a TriggerMessage."""
        self._point = point
        self._trigger = trigger
        self._certificates: dict[str, Payload] = {}
        self.handlers: dict[str, Callable[[Payload], Payload]] = {
            "CertificateSigned": self._certificate_signed,
            "DeleteCertificate": self._delete_certificate,
            "ExtendedTriggerMessage": self._extended_trigger_message,
            "GetInstalledCertificateIds": self._get_installed_certificate_ids,
            "GetLog": self._get_log,
            "InstallCertificate": self._install_certificate,
            "SignedUpdateFirmware": self._signed_update_firmware,
        }

    def _extended_trigger_message(self, payload: Payload) -> Payload:
        wanted = payload["requestedMessage"]
        if wanted == "LogStatusNotification":
            self._send(wanted, {"status": "Idle"})
            return _ACCEPTED
        if wanted == "SignChargePointCertificate":
            self._send(
                "SignCertificate", {"csr": "-----BEGIN CERTIFICATE REQUEST-----"}
            )
            return _ACCEPTED
        return self._trigger(payload)

    def _get_log(self, payload: Payload) -> Payload:
        for status in ("Uploading", "Uploaded"):
            self._send(
                "LogStatusNotification",
                {"status": status, "requestId": payload["requestId"]},
            )
        return {"status": "Accepted", "filename": "log.txt"}

    def _signed_update_firmware(self, payload: Payload) -> Payload:
        for status in (
            "Downloading",
            "Downloaded",
            "SignatureVerified",
            "Installing",
            "Installed",
        ):
            self._send(
                "SignedFirmwareStatusNotification",
                {"status": status, "requestId": payload["requestId"]},
            )
        self._send(
            "SecurityEventNotification",
            {"type": "FirmwareUpdated", "timestamp": self._point.now().isoformat()},
        )
        return _ACCEPTED

    def _install_certificate(self, payload: Payload) -> Payload:
        serial = f"{len(self._certificates) + 1:X}"
        self._certificates[serial] = {
            "hashAlgorithm": "SHA256",
            "issuerNameHash": "0" * 64,
            "issuerKeyHash": f"{hash(payload['certificate']) & 0xFFFF:064x}",
            "serialNumber": serial,
        }
        return _ACCEPTED

    def _get_installed_certificate_ids(self, _payload: Payload) -> Payload:
        if not self._certificates:
            return {"status": "NotFound"}
        held = list(self._certificates.values())
        return {"status": "Accepted", "certificateHashData": held}

    def _delete_certificate(self, payload: Payload) -> Payload:
        serial = payload["certificateHashData"]["serialNumber"]
        found = self._certificates.pop(serial, None)
        return {"status": "Accepted" if found else "NotFound"}

    def _certificate_signed(self, payload: Payload) -> Payload:
        readable = payload["certificateChain"].startswith("-----BEGIN CERTIFICATE-----")
        return {"status": "Accepted" if readable else "Rejected"}

    def _send(self, action: str, payload: Payload) -> None:
        self._point.uplink.say(action, lambda: payload)
