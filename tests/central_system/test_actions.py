"""What automations and users can have a charger do."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from custom_components.sunfuse.central_system import (
    CentralSystem,
    CommandError,
    ConfigurationResult,
    Firmware,
    InstalledCertificate,
    LogKind,
    NetworkProfile,
    Schedule,
    Station,
    StationConfig,
    TransactionStatus,
)

from .client import ANSWERS_2, Payload, RawStation
from .conftest import START, Connect

CP1 = StationConfig(identity="CP1")
type Do = Callable[[Station], Awaitable[Any]]

ACCEPTED = {"status": "Accepted"}
AT = "2026-06-01T12:00:00.000Z"
SIGNED = Firmware(
    location="https://x/y",
    retrieve_at=START,
    install_at=START,
    signing_certificate="C",
    signature="S",
)


def _variable(status: str, **extra: str) -> Callable[[Payload], Payload]:
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
        lambda s: s.get_configuration("HeartbeatInterval"),
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
        lambda s: s.get_configuration(),
        "GetConfiguration",
        {},
        {"configurationKey": [{"key": "A", "readonly": True}], "unknownKey": ["B"]},
        {"A": None, "B": None},
    ),
    (
        "2.0.1",
        lambda s: s.get_configuration("OCPPCommCtrlr.HeartbeatInterval"),
        "GetVariables",
        {
            "getVariableData": [
                {
                    "component": {"name": "OCPPCommCtrlr"},
                    "variable": {"name": "HeartbeatInterval"},
                }
            ]
        },
        _variable("Accepted", attributeValue="60"),
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
        _variable("Accepted"),
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
        lambda s: s.trigger("LogStatusNotification"),
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
        lambda s: s.set_availability(operative=False),
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
        lambda s: s.composite_schedule(1, 60),
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
        lambda s: s.send_log("ftp://x/y"),
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
        lambda s: s.send_log("ftp://x/y"),
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
        lambda s: s.transfer_data("Acme"),
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
        lambda s: s.transaction_status(),
        "GetTransactionStatus",
        {},
        {"messagesInQueue": True},
        TransactionStatus(ongoing=None, messages_wait=True),
    ),
    (
        "2.0.1",
        lambda s: s.tell_cost("tx1", 1.25),
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
NAMES = [f"{version}-{action}" for version, _, action, *_ in CASES]


async def _ready(connect: Connect, system: CentralSystem, version: str) -> RawStation:
    system.accept(CP1)
    station = await connect(protocols=(f"ocpp{version}",))
    if version == "1.6":
        await station.boot()
    else:
        station.answers |= ANSWERS_2
        await station.boot2()
    await station.wait_told("TriggerMessage")
    await station.call("Heartbeat", {})
    station.requests.clear()
    return station


@pytest.mark.parametrize(
    ("version", "do", "action", "request_", "answer", "result"), CASES, ids=NAMES
)
async def test_action(
    system: CentralSystem,
    connect: Connect,
    version: str,
    do: Do,
    action: str,
    request_: Payload,
    answer: Any,
    result: Any,
) -> None:
    """The charger is asked in its own words, and what it answers comes back in ours."""
    station = await _ready(connect, system, version)
    station.answers[action] = answer
    assert await do(system.stations["CP1"]) == result
    assert station.told(action)[-1] == request_


REFUSALS: dict[str, Any] = {
    "GetConfiguration": None,
    "GetVariables": None,
    "GetTransactionStatus": None,
    "CostUpdated": None,
    "SetMonitoringLevel": None,  # the answer is the caller's
    "Reset": None,
    "DeleteCertificate": {"status": "NotFound"},
    "UpdateFirmware": None,
    "GetDiagnostics": None,
    "SetVariables": _variable("Rejected"),
    "ChangeConfiguration": {"status": "Rejected"},
    "GetLog": {"status": "Rejected"},
    "DataTransfer": {"status": "UnknownVendorId"},
    "ReserveNow": {"status": "Occupied"},
    "SetDisplayMessage": {"status": "Rejected"},
    "ClearDisplayMessage": {"status": "Unknown"},
}


@pytest.mark.parametrize(
    ("version", "do", "action"),
    [case[:3] for case in CASES],
    ids=NAMES,
)
async def test_refusal(
    system: CentralSystem, connect: Connect, version: str, do: Do, action: str
) -> None:
    """What the charger refuses, or does not know, is told as such."""
    station = await _ready(connect, system, version)
    refusal = REFUSALS.get(action, {"status": "Rejected"})
    if refusal is not None:
        station.answers[action] = refusal
        with pytest.raises(CommandError) as err:
            await do(system.stations["CP1"])
        assert err.value.key == "refused"
    station.answers[action] = "unknown"  # answered with NotImplemented
    with pytest.raises(CommandError) as err:
        await do(system.stations["CP1"])
    assert err.value.key == "not_supported"
    await station.close()
    with pytest.raises(CommandError) as err:
        await do(system.stations["CP1"])
    assert err.value.key == "not_connected"


ONLY_2: dict[str, Do] = {
    "charging_profiles": lambda s: s.charging_profiles(),
    "clear_display": lambda s: s.clear_display(1),
    "customer_information": lambda s: s.customer_information("CARD"),
    "display": lambda s: s.display(1, "Hello"),
    "display_messages": lambda s: s.display_messages(),
    "monitors": lambda s: s.monitors(),
    "report": lambda s: s.report("EVSE"),
    "set_network_profile": lambda s: s.set_network_profile(NETWORK),
    "tell_cost": lambda s: s.tell_cost("1", 1.0),
    "transaction_status": lambda s: s.transaction_status(),
}


@pytest.mark.parametrize("do", ONLY_2.values(), ids=ONLY_2.keys())
async def test_what_1_6_does_not_have(
    system: CentralSystem, connect: Connect, do: Do
) -> None:
    """What only 2.x has is told as such by a charger of 1.6, and nothing is sent."""
    station = await _ready(connect, system, "1.6")
    with pytest.raises(CommandError, match="not_supported"):
        await do(system.stations["CP1"])
    assert not station.requests


async def test_variable_without_component(
    system: CentralSystem, connect: Connect
) -> None:
    """A variable of 2.x is named with its component."""
    await _ready(connect, system, "2.1")
    with pytest.raises(CommandError, match="Component.Variable"):
        await system.stations["CP1"].set_configuration("HeartbeatInterval", "1")


@pytest.mark.parametrize("version", ["1.6", "2.0.1"])
async def test_clear_profiles(
    system: CentralSystem, connect: Connect, version: str
) -> None:
    """What others left behind is cleared, but for the station's maximum; the fail-safe is set again."""
    station = await _ready(connect, system, version)
    station.answers["ClearChargingProfile"] = {"status": "Unknown"}
    await system.stations["CP1"].clear_profiles()
    told = [
        request.get("chargingProfileCriteria", request)["chargingProfilePurpose"]
        for request in station.told("ClearChargingProfile")
    ]
    assert told == ["TxProfile", "TxDefaultProfile"]
    assert len(station.told("SetChargingProfile")) == 1


async def test_request_that_is_none(system: CentralSystem, connect: Connect) -> None:
    """What is no message of the version is not sent."""
    station = await _ready(connect, system, "1.6")
    for action, payload in (("SetMonitoringLevel", {}), ("Reset", {"type": "Cold"})):
        with pytest.raises(CommandError, match="refused"):
            await system.stations["CP1"].request(action, payload)
        assert not station.told(action)


@pytest.mark.parametrize("version", ["1.6", "2.0.1", "2.1"])
async def test_progress(system: CentralSystem, connect: Connect, version: str) -> None:
    """How far an update or an upload is can be followed."""
    station = await _ready(connect, system, version)
    state = system.stations["CP1"].state
    assert (state.firmware_status, state.log_status) == (None, None)
    await station.call("FirmwareStatusNotification", {"status": "Downloading"})
    await station.call("LogStatusNotification", {"status": "Uploading", "requestId": 1})
    state = system.stations["CP1"].state
    assert (state.firmware_status, state.log_status) == ("Downloading", "Uploading")
    if version == "1.6":
        signed = {"status": "InvalidSignature", "requestId": 1}
        await station.call("SignedFirmwareStatusNotification", signed)
        await station.call("DiagnosticsStatusNotification", {"status": "Uploaded"})
        state = system.stations["CP1"].state
        told = (state.firmware_status, state.log_status)
        assert told == ("InvalidSignature", "Uploaded")
