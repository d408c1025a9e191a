"""The simulated OCPP 2.x charging stations: remote control and the rest."""

from datetime import timedelta
from typing import Any

import pytest

from custom_components.sunfuse.simulator.car import CarSpec
from custom_components.sunfuse.simulator.stations.behaviour import ChargerBehaviour
from custom_components.sunfuse.simulator.stations.simulated_connector import OcppStatus

from .central import Central, Payload, Refused, until
from .client2 import charge, events, get_variable, profile, set_profile, set_variable
from .conftest import Bench, MakeBench


@pytest.fixture(params=["ocpp2.0.1", "ocpp2.1"])
async def bench(request: pytest.FixtureRequest, make_bench: MakeBench) -> Bench:
    """Return a station of each version that follows the specification."""
    return await make_bench(protocol=request.param)


async def test_remote_start_and_stop(bench: Bench, central: Central) -> None:
    """With a card, and a profile for the transaction that begins."""
    await set_variable(bench, "AuthCtrlr", "Enabled", "true")
    bench.charger.plug_in(soc=0.3)
    await bench.advance(3)
    assert not events(bench)
    me = {"idToken": "me", "type": "ISO14443"}
    start: dict[str, Any] = {"idToken": me, "remoteStartId": 77}
    live = profile(9, chargingProfilePurpose="TxProfile")
    rejected = await bench.ask(
        "RequestStartTransaction", **start, chargingProfile=profile(9)
    )
    assert rejected["status"] == "Rejected"
    accepted = await bench.ask("RequestStartTransaction", **start, chargingProfile=live)
    assert accepted["status"] == "Accepted"
    await bench.advance(10)
    started = events(bench, "Started")[0]
    assert started["triggerReason"] == "RemoteStart"
    assert started["transactionInfo"]["remoteStartId"] == 77
    assert started["idToken"] == me
    assert bench.draw_a() == (9, 9, 9)
    rejected = await bench.ask("RequestStartTransaction", **start, evseId=1)
    assert rejected["status"] == "Rejected"
    number = started["transactionInfo"]["transactionId"]
    status = await bench.ask("GetTransactionStatus", transactionId=number)
    assert status == {"ongoingIndicator": True, "messagesInQueue": False}
    assert await bench.ask("RequestStopTransaction", transactionId="?") == {
        "status": "Rejected"
    }
    assert await bench.ask("RequestStopTransaction", transactionId=number) == {
        "status": "Accepted"
    }
    await bench.advance(1)
    assert events(bench, "Ended")[0]["transactionInfo"]["stoppedReason"] == "Remote"
    assert bench.charger.values.status is OcppStatus.FINISHING
    assert await bench.ask("GetTransactionStatus") == {"messagesInQueue": False}


async def test_cards(bench: Bench, central: Central) -> None:
    """Authorize first; contracts are sent as such; a driver who is not accepted is stopped."""
    await set_variable(bench, "AuthCtrlr", "Enabled", "true")
    central.answers["Authorize"] = lambda payload: {
        "idTokenInfo": {
            "status": "Invalid"
            if payload["idToken"]["idToken"] == "thief"
            else "Accepted"
        }
    }
    bench.charger.plug_in(soc=0.3)
    await bench.advance(2)
    bench.station.swipe(1, "thief")
    await bench.advance(2)
    assert not events(bench)
    bench.station.swipe(1, "DE8AA1A2B3C4D5")
    await bench.advance(3)
    assert events(bench, "Started")[0]["idToken"]["type"] == "eMAID"
    assert events(bench, "Started")[0]["triggerReason"] == "Authorized"
    bench.station.swipe(1, "DE8AA1A2B3C4D5")
    await bench.advance(1)
    assert events(bench, "Ended")[0]["transactionInfo"]["stoppedReason"] == "Local"
    central.answers["TransactionEvent"] = lambda _: {
        "idTokenInfo": {"status": "Blocked"}
    }
    await set_variable(bench, "AuthCtrlr", "AuthorizeRemoteStart", "true")
    me = {"idToken": "me", "type": "ISO14443"}
    await bench.ask("RequestStartTransaction", idToken=me, remoteStartId=1)
    await bench.advance(5)
    ended = events(bench, "Ended")[1]["transactionInfo"]
    assert ended["stoppedReason"] == "DeAuthorized"


async def test_drivers_on_the_local_list(bench: Bench, central: Central) -> None:
    """While the central system is away; updates are numbered."""

    async def send(kind: str, version: int, *entries: Payload) -> str:
        answer = await bench.ask(
            "SendLocalList",
            versionNumber=version,
            updateType=kind,
            **({"localAuthorizationList": list(entries)} if entries else {}),
        )
        return str(answer["status"])

    me = {"idToken": {"idToken": "me", "type": "ISO14443"}}
    you = {"idToken": {"idToken": "you", "type": "ISO14443"}}
    info = {"idTokenInfo": {"status": "Accepted"}}
    assert await send("Full", 2, me | info, you | info) == "Accepted"
    assert await bench.ask("GetLocalListVersion") == {"versionNumber": 2}
    assert await send("Differential", 2) == "VersionMismatch"
    assert await send("Differential", 3, you) == "Accepted"
    await set_variable(bench, "AuthCtrlr", "Enabled", "true")
    await central.stop()
    await until(lambda: not bench.station.uplink.connected)
    bench.charger.plug_in(soc=0.3)
    bench.station.swipe(1, "you")
    await bench.advance(3)
    assert not events(bench)
    bench.station.swipe(1, "me")
    await bench.advance(5)
    assert bench.charger.values.status is OcppStatus.CHARGING


async def test_availability_and_unlock(bench: Bench, central: Central) -> None:
    """One EVSE or the whole station, at once or after the transaction."""
    evse = {"id": 1}
    out = {"operationalStatus": "Inoperative"}
    assert await bench.ask("ChangeAvailability", **out) == {"status": "Accepted"}
    await bench.advance(1)
    assert central.said("StatusNotification")[-1]["connectorStatus"] == "Unavailable"
    answer = await bench.ask(
        "ChangeAvailability", operationalStatus="Operative", evse=evse
    )
    assert answer == {"status": "Accepted"}
    answer = await bench.ask("ChangeAvailability", **out, evse={"id": 9})
    assert answer == {"status": "Rejected"}
    unlock = {"evseId": 1, "connectorId": 1}
    assert await bench.ask("UnlockConnector", **unlock) == {"status": "Unlocked"}
    await charge(bench, 5)
    answer = await bench.ask("UnlockConnector", **unlock)
    assert answer == {"status": "OngoingAuthorizedTransaction"}
    answer = await bench.ask("UnlockConnector", evseId=1, connectorId=2)
    assert answer == {"status": "UnknownConnector"}
    answer = await bench.ask("ChangeAvailability", **out)
    assert answer == {"status": "Scheduled"}
    bench.charger.unplug()
    await bench.advance(1)
    assert central.said("StatusNotification")[-1]["connectorStatus"] == "Unavailable"


async def test_reservation(bench: Bench, central: Central) -> None:
    """Kept for one driver, until it is cancelled or over."""
    asked: dict[str, Any] = {
        "id": 4,
        "expiryDateTime": (bench.now + timedelta(seconds=60)).isoformat(),
        "idToken": {"idToken": "me", "type": "ISO14443"},
        "evseId": 1,
    }
    assert await bench.ask("ReserveNow", **asked) == {"status": "Accepted"}
    await bench.advance(1)
    assert central.said("StatusNotification")[-1]["connectorStatus"] == "Reserved"
    assert await bench.ask("ReserveNow", **(asked | {"id": 5})) == {
        "status": "Occupied"
    }
    assert await bench.ask("ReserveNow", **(asked | {"evseId": 5})) == {
        "status": "Rejected"
    }
    assert await bench.ask("CancelReservation", reservationId=8) == {
        "status": "Rejected"
    }
    assert await bench.ask("CancelReservation", reservationId=4) == {
        "status": "Accepted"
    }
    await bench.ask("ChangeAvailability", operationalStatus="Inoperative")
    assert await bench.ask("ReserveNow", **asked) == {"status": "Unavailable"}
    bench.station.connectors[0].fault = "GroundFailure"
    assert await bench.ask("ReserveNow", **asked) == {"status": "Faulted"}


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("BootNotification", "BootNotification"),
        ("Heartbeat", "Heartbeat"),
        ("StatusNotification", "StatusNotification"),
        ("MeterValues", "MeterValues"),
        ("LogStatusNotification", "LogStatusNotification"),
        ("FirmwareStatusNotification", "FirmwareStatusNotification"),
    ],
)
async def test_trigger_message(
    bench: Bench, central: Central, message: str, said: str
) -> None:
    """Sends what is asked for."""
    central.heard.clear()
    answer = await bench.ask("TriggerMessage", requestedMessage=message)
    assert answer == {"status": "Accepted"}
    await until(lambda: central.said(said))


async def test_triggers_that_lead_to_other_things(bench: Bench) -> None:
    """A transaction's event; a message it does not know; an EVSE that is not there."""
    await charge(bench, 5)
    before = len(events(bench))
    await bench.ask("TriggerMessage", requestedMessage="TransactionEvent")
    await until(lambda: len(events(bench)) > before)
    assert events(bench)[-1]["triggerReason"] == "Trigger"
    answer = await bench.ask(
        "TriggerMessage", requestedMessage="PublishFirmwareStatusNotification"
    )
    assert answer["status"] == "NotImplemented"
    answer = await bench.ask(
        "TriggerMessage", requestedMessage="MeterValues", evse={"id": 8}
    )
    assert answer["status"] == "Rejected"


async def test_logs_firmware_and_displays(bench: Bench, central: Central) -> None:
    """In simple form."""
    await bench.ask(
        "GetLog", logType="SecurityLog", requestId=1, log={"remoteLocation": "ftp:x"}
    )
    await bench.ask(
        "UpdateFirmware",
        requestId=2,
        firmware={"location": "ftp:x", "retrieveDateTime": bench.now.isoformat()},
    )
    message = {
        "id": 3,
        "priority": "NormalCycle",
        "message": {"format": "UTF8", "content": "Sunshine"},
    }
    assert await bench.ask("SetDisplayMessage", message=message) == {
        "status": "Accepted"
    }
    assert await bench.ask("GetDisplayMessages", requestId=4, id=[3]) == {
        "status": "Accepted"
    }
    for status in ("Accepted", "Unknown"):
        assert await bench.ask("ClearDisplayMessage", id=3) == {"status": status}
    assert await bench.ask("GetDisplayMessages", requestId=5) == {"status": "Unknown"}
    simple: list[tuple[str, Payload, Payload]] = [
        ("ClearCache", {}, {"status": "Accepted"}),
        ("DataTransfer", {"vendorId": "x"}, {"status": "UnknownVendorId"}),
        ("GetMonitoringReport", {"requestId": 6}, {"status": "EmptyResultSet"}),
        ("CostUpdated", {"totalCost": 1.5, "transactionId": "x"}, {}),
    ]
    for action, payload, answer in simple:
        assert await bench.ask(action, **payload) == answer
    await bench.settled()
    assert central.said("LogStatusNotification")[-1]["status"] == "Uploaded"
    assert central.said("FirmwareStatusNotification")[-1]["status"] == "Installed"
    shown = central.said("NotifyDisplayMessages")[0]["messageInfo"]
    assert shown == [message]


@pytest.mark.parametrize(
    ("action", "payload", "code"),
    [
        ("MakeCoffee", {}, "NotImplemented"),
        ("Heartbeat", {}, "NotSupported"),
        ("Reset", {}, "OccurrenceConstraintViolation"),
        ("Reset", {"type": "Gentle"}, "PropertyConstraintViolation"),
        ("Reset", {"type": "OnIdle", "really": True}, "FormatViolation"),
    ],
)
async def test_wrong_requests_are_refused(
    bench: Bench, action: str, payload: Payload, code: str
) -> None:
    """With the error that the specification has for it."""
    with pytest.raises(Refused, match=code):
        await bench.ask(action, **payload)


async def test_it_refuses(make_bench: MakeBench) -> None:
    """Each request in the way that it can be refused."""
    refused = frozenset({"GetVariables", "SetVariables", "Reset", "UnlockConnector"})
    bench = await make_bench(
        protocol="ocpp2.0.1", behaviour=ChargerBehaviour(refuses=refused)
    )
    found = await get_variable(bench, "SmartChargingCtrlr", "RateUnit")
    assert found["attributeStatus"] == "Rejected"
    assert await set_variable(bench, "AuthCtrlr", "Enabled", "true") == "Rejected"
    assert await bench.ask("Reset", type="Immediate") == {"status": "Rejected"}
    answer = await bench.ask("UnlockConnector", evseId=1, connectorId=1)
    assert answer == {"status": "UnlockFailed"}


async def test_its_variables_are_others(make_bench: MakeBench) -> None:
    """Another value, another variable, and one that is not there."""
    bench = await make_bench(
        protocol="ocpp2.1",
        behaviour=ChargerBehaviour(
            configuration=(
                ("SmartChargingCtrlr.ProfileStackLevel", "0"),
                ("VendorCtrlr.Colour", "red"),
                ("SmartChargingCtrlr.Phases3to1", None),
            ),
            switches_phases=True,
        ),
    )
    assert await set_profile(bench, profile(stackLevel=1)) == "InvalidStackLevel"
    found = await get_variable(bench, "VendorCtrlr", "Colour")
    assert found["attributeValue"] == "red"
    found = await get_variable(bench, "SmartChargingCtrlr", "Phases3to1")
    assert found["attributeStatus"] == "UnknownVariable"


async def test_several_evses(make_bench: MakeBench, central: Central) -> None:
    """Each with its own status and transaction."""
    bench = await make_bench(
        protocol="ocpp2.0.1", more_cars=(CarSpec(name="Other", takes=1.0),)
    )
    assert {p["evseId"] for p in central.said("StatusNotification")} == {1, 2}
    bench.charger.unplug(connector=2)
    bench.charger.plug_in(connector=2, soc=0.3)
    await bench.advance(3)
    assert events(bench, "Started")[0]["evse"]["id"] == 2
