"""The simulated OCPP 1.6J charge point: what the central system may ask besides."""

import asyncio
from datetime import timedelta
import json
from typing import Any

import pytest

from custom_components.sunfuse.simulator.car import CarSpec
from custom_components.sunfuse.simulator.stations.simulated_connector import OcppStatus

from .central import Central, Payload, Refused, until
from .client16 import profile, set_profile, statuses
from .conftest import Bench, MakeBench


@pytest.mark.parametrize(
    ("key", "value", "status"),
    [
        ("HeartbeatInterval", "60", "Accepted"),
        ("HeartbeatInterval", "often", "Rejected"),
        ("HeartbeatInterval", "-1", "Rejected"),
        ("NumberOfConnectors", "2", "Rejected"),
        ("NoSuchKey", "1", "NotSupported"),
        ("LocalPreAuthorize", "TRUE", "Accepted"),
        ("LocalPreAuthorize", "1", "Rejected"),
        ("MeterValuesSampledData", "SoC,Voltage", "Accepted"),
        ("MeterValuesSampledData", "Temperature", "Rejected"),
        ("MeterValuesSampledData", "", "Accepted"),
    ],
)
async def test_change_configuration(
    bench: Bench, key: str, value: str, status: str
) -> None:
    """What is written can be read."""
    answer = await bench.ask("ChangeConfiguration", key=key, value=value)
    assert answer == {"status": status}
    read = await bench.ask("GetConfiguration", key=[key])
    if status == "Accepted":
        assert read["configurationKey"][0]["value"] == value.lower() or value
    if status == "NotSupported":
        assert read == {"configurationKey": [], "unknownKey": [key]}


async def test_get_configuration(bench: Bench) -> None:
    """All keys when none is named; the password is never reported."""
    answer = await bench.ask("GetConfiguration")
    entries = {entry["key"]: entry for entry in answer["configurationKey"]}
    assert entries["NumberOfConnectors"] == {
        "key": "NumberOfConnectors",
        "value": "1",
        "readonly": True,
    }
    assert "SmartCharging" in entries["SupportedFeatureProfiles"]["value"]
    assert "value" not in entries["AuthorizationKey"]


async def test_availability(bench: Bench) -> None:
    """Out of service when idle at once, when charging after the transaction."""
    operative = {"connectorId": 1, "type": "Operative"}
    inoperative = {"connectorId": 0, "type": "Inoperative"}
    assert await bench.ask("ChangeAvailability", **inoperative) == {
        "status": "Accepted"
    }
    await bench.advance(1)
    assert statuses(bench)[-1] == "Unavailable"
    bench.charger.plug_in(soc=0.3)
    await bench.advance(5)
    assert bench.draw_a() == (0, 0, 0)
    assert await bench.ask("ChangeAvailability", **operative) == {"status": "Accepted"}
    await bench.charge()
    answer = await bench.ask("ChangeAvailability", **inoperative)
    assert answer == {"status": "Scheduled"}
    await bench.advance(1)
    assert statuses(bench)[-1] == "Charging"
    bench.charger.unplug()
    await bench.advance(1)
    assert statuses(bench)[-1] == "Unavailable"
    answer = await bench.ask("ChangeAvailability", connectorId=5, type="Operative")
    assert answer == {"status": "Rejected"}


async def test_unlock(bench: Bench, central: Central) -> None:
    """Ends the transaction."""
    await bench.charge(5)
    assert await bench.ask("UnlockConnector", connectorId=1) == {"status": "Unlocked"}
    await bench.advance(1)
    assert central.said("StopTransaction")[0]["reason"] == "UnlockCommand"
    answer = await bench.ask("UnlockConnector", connectorId=2)
    assert answer == {"status": "NotSupported"}


@pytest.mark.parametrize(
    "message",
    [
        "BootNotification",
        "Heartbeat",
        "StatusNotification",
        "MeterValues",
        "FirmwareStatusNotification",
        "DiagnosticsStatusNotification",
    ],
)
async def test_trigger_message(bench: Bench, central: Central, message: str) -> None:
    """Sends what is asked for."""
    central.heard.clear()
    answer = await bench.ask("TriggerMessage", requestedMessage=message)
    assert answer == {"status": "Accepted"}
    await until(lambda: central.said(message))


async def test_trigger_for_a_connector_that_is_not_there(bench: Bench) -> None:
    """Is rejected."""
    answer = await bench.ask(
        "TriggerMessage", requestedMessage="MeterValues", connectorId=9
    )
    assert answer == {"status": "Rejected"}


async def test_reservation(bench: Bench, central: Central) -> None:
    """Kept for one driver until it expires or is cancelled; nobody else starts."""

    async def reserve(number: int = 1, **changes: Any) -> str:
        answer = await bench.ask(
            "ReserveNow",
            **{
                "connectorId": 1,
                "expiryDate": (bench.now + timedelta(seconds=60)).isoformat(),
                "idTag": "me",
                "reservationId": number,
            }
            | changes,
        )
        return str(answer["status"])

    assert await reserve() == "Accepted"
    await bench.advance(1)
    assert statuses(bench)[-1] == "Reserved"
    assert await reserve(2) == "Occupied"
    assert await reserve(1) == "Accepted"  # the same one, changed
    assert await reserve(connectorId=3) == "Rejected"
    bench.charger.plug_in(soc=0.3)
    await bench.advance(3)
    assert not central.said("StartTransaction")
    refused = await bench.ask("RemoteStartTransaction", idTag="you", connectorId=1)
    assert refused == {"status": "Rejected"}
    await bench.ask("RemoteStartTransaction", idTag="me", connectorId=1)
    await bench.advance(3)
    assert central.said("StartTransaction")[0]["idTag"] == "me"
    assert await reserve(3) == "Occupied"
    bench.charger.unplug()
    await bench.advance(1)
    assert await reserve(4) == "Accepted"
    assert await bench.ask("CancelReservation", reservationId=9) == {
        "status": "Rejected"
    }
    assert await bench.ask("CancelReservation", reservationId=4) == {
        "status": "Accepted"
    }
    assert await reserve(5) == "Accepted"
    await bench.advance(61)
    assert statuses(bench)[-1] == "Available"
    await bench.ask("ChangeAvailability", connectorId=1, type="Inoperative")
    assert await reserve(6) == "Unavailable"


async def test_local_list(bench: Bench, central: Central) -> None:
    """Full and differential updates; drivers on the list may charge while the station is offline."""

    def entry(tag: str, status: str = "Accepted") -> Payload:
        return {"idTag": tag, "idTagInfo": {"status": status}}

    async def send(kind: str, version: int, *entries: Payload) -> str:
        answer = await bench.ask(
            "SendLocalList",
            listVersion=version,
            updateType=kind,
            localAuthorizationList=list(entries),
        )
        return str(answer["status"])

    assert await send("Full", 3, entry("me"), entry("you")) == "Accepted"
    assert await bench.ask("GetLocalListVersion") == {"listVersion": 3}
    assert await send("Differential", 3) == "VersionMismatch"
    assert await send("Differential", 4, {"idTag": "you"}, entry("it", "Blocked")) == (
        "Accepted"
    )
    assert await send("Full", 5, *[entry(str(n)) for n in range(51)]) == "Failed"
    await bench.ask("ChangeConfiguration", key="FreeModeActive", value="false")
    await central.stop()
    await until(lambda: not bench.station.uplink.connected)
    bench.charger.plug_in(soc=0.3)
    for tag in ("you", "it"):
        bench.station.swipe(1, tag)
        await bench.advance(3)
        assert bench.charger.values.status is OcppStatus.PREPARING
    bench.station.swipe(1, "me")
    await bench.advance(5)
    assert bench.charger.values.status is OcppStatus.CHARGING


async def test_diagnostics_firmware_and_the_rest(
    bench: Bench, central: Central
) -> None:
    """In simple form: the related statuses are reported."""
    answer = await bench.ask("GetDiagnostics", location="ftp://127.0.0.1/")
    assert "fileName" in answer
    await bench.ask(
        "UpdateFirmware",
        location="ftp://127.0.0.1/",
        retrieveDate=bench.now.isoformat(),
    )
    assert await bench.ask("ClearCache") == {"status": "Accepted"}
    answer = await bench.ask("DataTransfer", vendorId="somebody")
    assert answer == {"status": "UnknownVendorId"}
    await bench.settled()
    assert [p["status"] for p in central.said("DiagnosticsStatusNotification")] == [
        "Uploading",
        "Uploaded",
    ]
    assert [p["status"] for p in central.said("FirmwareStatusNotification")][-1] == (
        "Installed"
    )


@pytest.mark.parametrize(
    ("action", "payload", "code"),
    [
        ("MakeCoffee", {}, "NotImplemented"),
        ("Reset", {}, "ProtocolError"),
        ("Reset", {"type": "Gentle"}, "PropertyConstraintViolation"),
        ("Reset", {"type": 1}, "TypeConstraintViolation"),
        ("Reset", {"type": "Soft", "really": True}, "FormationViolation"),
        ("Heartbeat", {}, "NotSupported"),
    ],
)
async def test_wrong_requests_are_refused(
    bench: Bench, action: str, payload: Payload, code: str
) -> None:
    """With the error that the specification has for it; the connection stays."""
    with pytest.raises(Refused, match=code):
        await bench.ask(action, **payload)
    assert await bench.ask("ClearCache") == {"status": "Accepted"}


async def test_rubbish_is_survived(bench: Bench, central: Central) -> None:
    """Neither what is not JSON nor what is not OCPP ends the connection."""
    socket = central.sockets[bench.identity]
    for text in ("", "{", "[]", "null", '[9,"x",{}]', '[3,"nobody asked",{}]'):
        await socket.send_str(text)
    await socket.send_bytes(b"\x00")
    assert await bench.ask("ClearCache") == {"status": "Accepted"}


async def test_every_frame_is_ocpp(bench: Bench, central: Central) -> None:
    """Arrays with a number, an id of at most 36 characters, and no id used twice."""
    await bench.charge(5)
    frames = [json.loads(text) for text in central.frames]
    ids = [frame[1] for frame in frames if frame[0] == 2]
    assert len(ids) == len(set(ids)) > 4
    assert all(len(message_id) <= 36 for message_id in ids)


async def test_several_connectors(make_bench: MakeBench, central: Central) -> None:
    """Each with a car, a status and a transaction of its own; the car nearest to a start is taken."""
    bench = await make_bench(more_cars=(CarSpec(name="Other", takes=1.0),))
    assert [p["connectorId"] for p in central.said("StatusNotification")] == [0, 1, 2]
    bench.charger.unplug(connector=2)
    await bench.ask("ChangeConfiguration", key="FreeModeActive", value="false")
    bench.charger.plug_in(connector=2, soc=0.2)
    await bench.advance(1)
    await bench.ask("RemoteStartTransaction", idTag="me")
    await bench.advance(5)
    assert central.said("StartTransaction")[0]["connectorId"] == 2
    assert bench.station.connectors[0].transaction is None
    await set_profile(bench, profile(7), connector=2)
    bench.charger.plug_in(connector=1, soc=0.2)
    await bench.ask("RemoteStartTransaction", idTag="you")
    await bench.advance(15)
    assert bench.draw_a() == pytest.approx((23, 23, 23))


async def test_it_ends_without_leaving_anything(bench: Bench, central: Central) -> None:
    """No task of it lives on."""
    await bench.charge(5)
    await bench.stop()
    await until(lambda: not central.sockets)
    names = {task.get_name() for task in asyncio.all_tasks()}
    assert not any(bench.identity in name for name in names)
