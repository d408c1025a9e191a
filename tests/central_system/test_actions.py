"""What automations and users can have a charger do."""

from typing import Any

import pytest

from custom_components.sunfuse.central_system import CentralSystem, CommandError

from .action_cases import CASES, NETWORK, Do, variable_answer
from .charging import CP1
from .client import ANSWERS_2, Payload, RawStation
from .conftest import Connect

NAMES = [f"{version}-{action}" for version, _, action, *_ in CASES]


async def _ready(connect: Connect, system: CentralSystem, version: str) -> RawStation:
    system.accept(CP1)
    station = await connect(protocols=(f"ocpp{version}",))
    if version == "1.6":
        await station.boot()
    else:
        station.answers |= ANSWERS_2
        await station.boot2()
    await station.wait_received("TriggerMessage")
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
    assert await do(await system.stations["CP1"].in_service()) == result
    assert station.received(action)[-1] == request_


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
    "SetVariables": variable_answer("Rejected"),
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
    """What the charger refuses, or does not know, is reported as such."""
    station = await _ready(connect, system, version)
    refusal = REFUSALS.get(action, {"status": "Rejected"})
    if refusal is not None:
        station.answers[action] = refusal
        with pytest.raises(CommandError) as err:
            await do(await system.stations["CP1"].in_service())
        assert err.value.key == "refused"
    station.answers[action] = "unknown"  # answered with NotImplemented
    with pytest.raises(CommandError) as err:
        await do(await system.stations["CP1"].in_service())
    assert err.value.key == "not_supported"
    await station.close()
    with pytest.raises(CommandError) as err:
        await do(await system.stations["CP1"].in_service())
    assert err.value.key == "not_connected"


ONLY_2: dict[str, Do] = {
    "charging_profiles": lambda s: s.charging_profiles(),
    "clear_display": lambda s: s.clear_display(1),
    "customer_information": lambda s: s.customer_information("CARD", clear=False),
    "display": lambda s: s.display(1, "Hello", None),
    "display_messages": lambda s: s.display_messages(),
    "monitors": lambda s: s.monitors(),
    "report": lambda s: s.report("EVSE"),
    "set_network_profile": lambda s: s.set_network_profile(NETWORK),
    "send_cost": lambda s: s.send_cost("1", 1.0),
    "transaction_status": lambda s: s.transaction_status(None),
}


@pytest.mark.parametrize("do", ONLY_2.values(), ids=ONLY_2.keys())
async def test_what_1_6_does_not_have(
    system: CentralSystem, connect: Connect, do: Do
) -> None:
    """What only 2.x has is reported as such for a charger of 1.6, and nothing is sent."""
    station = await _ready(connect, system, "1.6")
    with pytest.raises(CommandError, match="not_supported"):
        await do(await system.stations["CP1"].in_service())
    assert not station.requests


async def test_variable_without_component(
    system: CentralSystem, connect: Connect
) -> None:
    """A variable of 2.x is named with its component."""
    await _ready(connect, system, "2.1")
    with pytest.raises(
        CommandError, match="impossible: Not of the form Component.Variable"
    ):
        await (await system.stations["CP1"].in_service()).set_configuration(
            "HeartbeatInterval", "1"
        )


@pytest.mark.parametrize("version", ["1.6", "2.0.1"])
async def test_clear_profiles(
    system: CentralSystem, connect: Connect, version: str
) -> None:
    """What others left behind is cleared, but for the station's maximum; the fail-safe is set again."""
    station = await _ready(connect, system, version)
    station.answers["ClearChargingProfile"] = {"status": "Unknown"}
    await (await system.stations["CP1"].in_service()).clear_profiles()
    told = [
        request.get("chargingProfileCriteria", request)["chargingProfilePurpose"]
        for request in station.received("ClearChargingProfile")
    ]
    assert told == ["TxProfile", "TxDefaultProfile"]
    assert len(station.received("SetChargingProfile")) == 1


async def test_request_that_is_none(system: CentralSystem, connect: Connect) -> None:
    """What is no message of the version is not sent."""
    station = await _ready(connect, system, "1.6")
    for action, payload in (("SetMonitoringLevel", {}), ("Reset", {"type": "Cold"})):
        with pytest.raises(CommandError, match="impossible"):
            await (await system.stations["CP1"].in_service()).request(action, payload)
        assert not station.received(action)


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
