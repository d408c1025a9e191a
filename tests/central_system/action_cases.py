"""What a charger can be asked to do, by version: its words, its answers, and what comes of them."""

from collections.abc import Awaitable, Callable
from typing import Any

from custom_components.sunfuse.central_system import (
    Adapter,
    ConfigurationResult,
    Firmware,
    InstalledCertificate,
    LogKind,
    NetworkProfile,
    Schedule,
    TransactionStatus,
)

from .client import Payload
from .conftest import START

type Do = Callable[[Adapter], Awaitable[Any]]

ACCEPTED = {"status": "Accepted"}
AT = "2026-06-01T12:00:00.000Z"
SIGNED = Firmware(
    location="https://x/y",
    retrieve_at=START,
    install_at=START,
    signing_certificate="C",
    signature="S",
)


def variable_answer(status: str, **extra: str) -> Callable[[Payload], Payload]:
    """Answer a request for one variable with this status."""

    def answer(request: Payload) -> Payload:
        ((key, data),) = request.items()
        name = "getVariableResult" if key == "getVariableData" else "setVariableResult"
        result = {
            "attributeStatus": status,
            "component": data[0]["component"],
            "variable": data[0]["variable"],
            **extra,
        }
        return {name: [result]}

    return answer


# What is done, by version: what the charger is asked, what it answers, and what comes of it.
CASES: list[tuple[str, Do, str, Payload, Any, Any]] = [
    (
        "1.6",
        lambda s: s.get_configuration(("HeartbeatInterval",)),
        "GetConfiguration",
        {"key": ["HeartbeatInterval"]},
        {
            "configurationKey": [
                {"key": "HeartbeatInterval", "readonly": False, "value": "60"}
            ]
        },
        {"HeartbeatInterval": "60"},
    ),
    (
        "1.6",
        lambda s: s.get_configuration(()),
        "GetConfiguration",
        {},
        {"configurationKey": [{"key": "A", "readonly": True}], "unknownKey": ["B"]},
        {"A": None, "B": None},
    ),
    (
        "2.0.1",
        lambda s: s.get_configuration(("OCPPCommCtrlr.HeartbeatInterval",)),
        "GetVariables",
        {
            "getVariableData": [
                {
                    "component": {"name": "OCPPCommCtrlr"},
                    "variable": {"name": "HeartbeatInterval"},
                }
            ]
        },
        variable_answer("Accepted", attributeValue="60"),
        {"OCPPCommCtrlr.HeartbeatInterval": "60"},
    ),
    (
        "1.6",
        lambda s: s.set_configuration("A", "1"),
        "ChangeConfiguration",
        {"key": "A", "value": "1"},
        {"status": "RebootRequired"},
        ConfigurationResult.REBOOT_REQUIRED,
    ),
    (
        "2.0.1",
        lambda s: s.set_configuration("A.B", "1"),
        "SetVariables",
        {
            "setVariableData": [
                {
                    "component": {"name": "A"},
                    "variable": {"name": "B"},
                    "attributeValue": "1",
                }
            ]
        },
        variable_answer("Accepted"),
        ConfigurationResult.ACCEPTED,
    ),
    (
        "1.6",
        lambda s: s.trigger("StatusNotification", 1),
        "TriggerMessage",
        {"requestedMessage": "StatusNotification", "connectorId": 1},
        ACCEPTED,
        None,
    ),
    (
        "1.6",
        lambda s: s.trigger("LogStatusNotification", None),
        "ExtendedTriggerMessage",
        {"requestedMessage": "LogStatusNotification"},
        ACCEPTED,
        None,
    ),
    (
        "2.0.1",
        lambda s: s.trigger("StatusNotification", 1),
        "TriggerMessage",
        {
            "requestedMessage": "StatusNotification",
            "evse": {"id": 1, "connectorId": 1},
        },
        ACCEPTED,
        None,
    ),
    (
        "1.6",
        lambda s: s.set_availability(0, operative=False),
        "ChangeAvailability",
        {"connectorId": 0, "type": "Inoperative"},
        {"status": "Scheduled"},
        None,
    ),
    (
        "2.0.1",
        lambda s: s.set_availability(1, operative=True),
        "ChangeAvailability",
        {"operationalStatus": "Operative", "evse": {"id": 1, "connectorId": 1}},
        ACCEPTED,
        None,
    ),
    ("1.6", lambda s: s.clear_cache(), "ClearCache", {}, ACCEPTED, None),
    ("2.0.1", lambda s: s.clear_cache(), "ClearCache", {}, ACCEPTED, None),
    (
        "1.6",
        lambda s: s.schedule(1, 60),
        "GetCompositeSchedule",
        {"connectorId": 1, "duration": 60, "chargingRateUnit": "A"},
        {
            "status": "Accepted",
            "chargingSchedule": {
                "duration": 60,
                "chargingRateUnit": "A",
                "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 8}],
            },
        },
        Schedule(steps=((0, 8),), duration_s=60),
    ),
    (
        "1.6",
        lambda s: s.send_log("ftp://x/y", LogKind.DIAGNOSTICS),
        "GetDiagnostics",
        {"location": "ftp://x/y"},
        {"fileName": "log"},
        "log",
    ),
    (
        "1.6",
        lambda s: s.send_log("ftp://x/y", LogKind.SECURITY),
        "GetLog",
        {
            "log": {"remoteLocation": "ftp://x/y"},
            "logType": "SecurityLog",
            "requestId": 1,
        },
        {"status": "Accepted", "filename": "log"},
        "log",
    ),
    (
        "2.0.1",
        lambda s: s.send_log("ftp://x/y", LogKind.DIAGNOSTICS),
        "GetLog",
        {
            "log": {"remoteLocation": "ftp://x/y"},
            "logType": "DiagnosticsLog",
            "requestId": 1,
        },
        {"status": "Accepted", "filename": "log"},
        "log",
    ),
    (
        "1.6",
        lambda s: s.update_firmware(Firmware(location="ftp://x/y", retrieve_at=START)),
        "UpdateFirmware",
        {"location": "ftp://x/y", "retrieveDate": AT},
        {},
        None,
    ),
    (
        "1.6",
        lambda s: s.update_firmware(SIGNED),
        "SignedUpdateFirmware",
        {
            "requestId": 1,
            "firmware": {
                "location": "https://x/y",
                "retrieveDateTime": AT,
                "installDateTime": AT,
                "signingCertificate": "C",
                "signature": "S",
            },
        },
        ACCEPTED,
        None,
    ),
    (
        "2.0.1",
        lambda s: s.update_firmware(SIGNED),
        "UpdateFirmware",
        {
            "requestId": 1,
            "firmware": {
                "location": "https://x/y",
                "retrieveDateTime": AT,
                "installDateTime": AT,
                "signingCertificate": "C",
                "signature": "S",
            },
        },
        ACCEPTED,
        None,
    ),
    (
        "1.6",
        lambda s: s.reserve(7, 1, "CARD", START),
        "ReserveNow",
        {"reservationId": 7, "connectorId": 1, "idTag": "CARD", "expiryDate": AT},
        ACCEPTED,
        None,
    ),
    (
        "2.0.1",
        lambda s: s.reserve(7, 1, "CARD", START),
        "ReserveNow",
        {
            "id": 7,
            "evseId": 1,
            "idToken": {"idToken": "CARD", "type": "ISO14443"},
            "expiryDateTime": AT,
        },
        ACCEPTED,
        None,
    ),
    (
        "1.6",
        lambda s: s.cancel_reservation(7),
        "CancelReservation",
        {"reservationId": 7},
        ACCEPTED,
        None,
    ),
    (
        "2.0.1",
        lambda s: s.cancel_reservation(7),
        "CancelReservation",
        {"reservationId": 7},
        ACCEPTED,
        None,
    ),
    (
        "1.6",
        lambda s: s.transfer_data("Acme", "Hello", "x"),
        "DataTransfer",
        {"vendorId": "Acme", "messageId": "Hello", "data": "x"},
        {"status": "Accepted", "data": "y"},
        "y",
    ),
    (
        "2.0.1",
        lambda s: s.transfer_data("Acme", None, None),
        "DataTransfer",
        {"vendorId": "Acme"},
        ACCEPTED,
        None,
    ),
    (
        "2.0.1",
        lambda s: s.display(1, "Hello", "en"),
        "SetDisplayMessage",
        {
            "message": {
                "id": 1,
                "priority": "NormalCycle",
                "message": {"format": "UTF8", "content": "Hello", "language": "en"},
            }
        },
        ACCEPTED,
        None,
    ),
    (
        "2.0.1",
        lambda s: s.clear_display(1),
        "ClearDisplayMessage",
        {"id": 1},
        ACCEPTED,
        None,
    ),
    (
        "1.6",
        lambda s: s.install_certificate("CSMSRootCertificate", "PEM"),
        "InstallCertificate",
        {"certificateType": "CentralSystemRootCertificate", "certificate": "PEM"},
        ACCEPTED,
        None,
    ),
    (
        "2.0.1",
        lambda s: s.install_certificate("CSMSRootCertificate", "PEM"),
        "InstallCertificate",
        {"certificateType": "CSMSRootCertificate", "certificate": "PEM"},
        ACCEPTED,
        None,
    ),
]
CERTIFICATE = InstalledCertificate(
    kind="CSMSRootCertificate",
    hash_algorithm="SHA256",
    issuer_name_hash="a",
    issuer_key_hash="b",
    serial_number="7",
)
HASH = {
    "hashAlgorithm": "SHA256",
    "issuerNameHash": "a",
    "issuerKeyHash": "b",
    "serialNumber": "7",
}
NETWORK = NetworkProfile(slot=1, url="wss://x/y", security_profile=3)
CASES += [
    *(
        (
            version,
            lambda s: s.delete_certificate(CERTIFICATE),
            "DeleteCertificate",
            {"certificateHashData": HASH},
            ACCEPTED,
            None,
        )
        for version in ("1.6", "2.0.1", "2.1")
    ),
    (
        "1.6",
        lambda s: s.renew_certificate(),
        "ExtendedTriggerMessage",
        {"requestedMessage": "SignChargePointCertificate"},
        ACCEPTED,
        None,
    ),
    (
        "2.0.1",
        lambda s: s.renew_certificate(),
        "TriggerMessage",
        {"requestedMessage": "SignChargingStationCertificate"},
        ACCEPTED,
        None,
    ),
    (
        "2.0.1",
        lambda s: s.set_network_profile(NETWORK),
        "SetNetworkProfile",
        {
            "configurationSlot": 1,
            "connectionData": {
                "ocppVersion": "OCPP20",
                "ocppTransport": "JSON",
                "ocppCsmsUrl": "wss://x/y",
                "messageTimeout": 30,
                "securityProfile": 3,
                "ocppInterface": "Wired0",
            },
        },
        ACCEPTED,
        None,
    ),
    (
        "2.0.1",
        lambda s: s.transaction_status("tx1"),
        "GetTransactionStatus",
        {"transactionId": "tx1"},
        {"ongoingIndicator": True, "messagesInQueue": False},
        TransactionStatus(ongoing=True, messages_wait=False),
    ),
    (
        "2.1",
        lambda s: s.transaction_status(None),
        "GetTransactionStatus",
        {},
        {"messagesInQueue": True},
        TransactionStatus(ongoing=None, messages_wait=True),
    ),
    (
        "2.0.1",
        lambda s: s.send_cost("tx1", 1.25),
        "CostUpdated",
        {"transactionId": "tx1", "totalCost": 1.25},
        {},
        None,
    ),
    (
        "2.0.1",
        lambda s: s.request("SetMonitoringLevel", {"severity": 5}),
        "SetMonitoringLevel",
        {"severity": 5},
        ACCEPTED,
        ACCEPTED,
    ),
    (
        "1.6",
        lambda s: s.request("Reset", {"type": "Soft"}),
        "Reset",
        {"type": "Soft"},
        ACCEPTED,
        ACCEPTED,
    ),
]
