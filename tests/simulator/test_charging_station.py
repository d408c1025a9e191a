"""The simulated OCPP 2.0.1 and 2.1 charging stations, over real WebSockets."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from custom_components.sunfuse.simulator.behaviour import Behaviour
from custom_components.sunfuse.simulator.car import CarSpec
from custom_components.sunfuse.simulator.configuration import MEASURANDS
from custom_components.sunfuse.simulator.connector import Status

from .central import Central, Payload, Refused, until
from .conftest import Bench, MakeBench

ALL = ",".join(MEASURANDS)


@pytest.fixture(params=["ocpp2.0.1", "ocpp2.1"])
async def bench(request: pytest.FixtureRequest, make_bench: MakeBench) -> Bench:
    """Return a station of each version that keeps to the book."""
    return await make_bench(protocol=request.param)


async def charge(bench: Bench, seconds: float = 15) -> str:
    """Plug the car in and let it reach its current; returns the transaction's id."""
    bench.charger.plug_in(soc=0.3)
    await bench.advance(seconds)
    transaction = bench.station.connectors[0].transaction
    assert transaction
    assert transaction.id
    return transaction.id


def events(bench: Bench, kind: str | None = None) -> list[Payload]:
    """Return the transaction events, of one kind or all."""
    said = bench.central.said("TransactionEvent", bench.identity)
    return [event for event in said if kind in (None, event["eventType"])]


async def get_variable(bench: Bench, component: str, variable: str) -> Payload:
    """Ask for one variable."""
    asked = {"component": {"name": component}, "variable": {"name": variable}}
    answer = await bench.ask("GetVariables", getVariableData=[asked])
    result: Payload = answer["getVariableResult"][0]
    return result


async def set_variable(
    bench: Bench, component: str, variable: str, value: str, **named: Any
) -> str:
    """Write one variable; returns the status."""
    asked = {
        "component": {"name": component},
        "variable": {"name": variable, **named},
        "attributeValue": value,
    }
    answer = await bench.ask("SetVariables", setVariableData=[asked])
    return str(answer["setVariableResult"][0]["attributeStatus"])


def profile(limit: float = 10, **changes: Any) -> Payload:
    """Return a default profile."""
    schedule: Payload = {
        "id": 1,
        "chargingRateUnit": "A",
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": limit}],
    }
    schedule |= changes.pop("schedule", {})
    return {
        "id": 1,
        "stackLevel": 0,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Relative",
        "chargingSchedule": [schedule],
    } | changes


async def set_profile(bench: Bench, sent: Payload, evse: int = 1) -> str:
    """Send a profile; returns the status or the reason why it was refused."""
    answer = await bench.ask("SetChargingProfile", evseId=evse, chargingProfile=sent)
    if answer["status"] == "Rejected":
        return str(answer["statusInfo"]["reasonCode"])
    return str(answer["status"])


# --- Life ------------------------------------------------------------------------------------------------------


async def test_it_introduces_itself(bench: Bench, central: Central) -> None:
    """Sub-protocol, boot with its reason, status of each connector."""
    assert central.headers[0]["Sec-WebSocket-Protocol"] == bench.station.subprotocol
    (boot,) = central.said("BootNotification")
    assert boot["reason"] == "PowerUp"
    assert boot["chargingStation"]["vendorName"] == "Sunfuse"
    statuses = central.said("StatusNotification")
    assert statuses[-1]["connectorStatus"] == "Available"
    assert (statuses[-1]["evseId"], statuses[-1]["connectorId"]) == (1, 1)


async def test_a_session_from_plug_to_unplug(bench: Bench, central: Central) -> None:
    """Started, updated, ended: numbered without gaps, with an id of its own, and meters that agree."""
    transaction = await charge(bench)
    await bench.advance(60)
    bench.charger.unplug()
    await bench.advance(1)
    said = events(bench)
    assert [event["seqNo"] for event in said] == list(range(len(said)))
    assert {e["transactionInfo"]["transactionId"] for e in said} == {transaction}
    assert not any("offline" in event for event in said)
    started, ended = said[0], said[-1]
    assert started["eventType"] == "Started"
    assert started["triggerReason"] == "CablePluggedIn"
    assert started["idToken"] == {"idToken": "", "type": "NoAuthorization"}
    assert started["evse"] == {"id": 1, "connectorId": 1}
    assert ended["eventType"] == "Ended"
    assert ended["triggerReason"] == "EVDeparted"
    assert ended["transactionInfo"]["stoppedReason"] == "EVDisconnected"
    states = [
        e["transactionInfo"]["chargingState"]
        for e in said
        if e["triggerReason"] == "ChargingStateChanged"
    ]
    assert states[-1] == "Charging"
    value = ended["meterValue"][0]["sampledValue"][0]
    assert value["context"] == "Transaction.End"
    assert value["value"] == pytest.approx(bench.charger.values.energy_wh, abs=0.01)
    statuses = [p["connectorStatus"] for p in central.said("StatusNotification")]
    assert [s for n, s in enumerate(statuses) if not n or s != statuses[n - 1]] == [
        "Available",
        "Occupied",
        "Available",
    ]


async def test_meter_values(bench: Bench, central: Central) -> None:
    """Numbers with their units, per phase, at the interval that was set."""
    for variable, value in [
        ("TxUpdatedMeasurands", ALL),
        ("TxUpdatedInterval", "10"),
    ]:
        status = await set_variable(bench, "SampledDataCtrlr", variable, value)
        assert status == "Accepted"
    await charge(bench, 20)
    metered = [e for e in events(bench) if e["triggerReason"] == "MeterValuePeriodic"]
    sampled = metered[-1]["meterValue"][0]["sampledValue"]
    assert {
        (v["measurand"], v.get("phase"), v["unitOfMeasure"]["unit"]): v["value"]
        for v in sampled
        if not v["measurand"].startswith(("Energy", "SoC"))
    } == {
        ("Current.Import", "L1", "A"): 16,
        ("Current.Import", "L2", "A"): 16,
        ("Current.Import", "L3", "A"): 16,
        ("Voltage", "L1-N", "V"): 230,
        ("Voltage", "L2-N", "V"): 230,
        ("Voltage", "L3-N", "V"): 230,
        ("Power.Active.Import", None, "W"): 11040,
        ("Current.Offered", None, "A"): 16,
    }
    before = len(metered)
    await bench.advance(30)
    metered = [e for e in events(bench) if e["triggerReason"] == "MeterValuePeriodic"]
    assert len(metered) == before + 3


async def test_what_happened_offline_is_marked(bench: Bench, central: Central) -> None:
    """Told later, in order, with `offline`."""
    port = central.port
    await central.stop()
    await until(lambda: not bench.station.connected)
    bench.charger.plug_in(soc=0.3)
    await bench.advance(60)
    assert bench.draw_a() == (16, 16, 16)
    bench.charger.unplug()
    await bench.advance(2)
    central.heard.clear()
    await central.start(port)
    await bench.registered()
    said = events(bench)
    assert [event["seqNo"] for event in said] == list(range(len(said)))
    assert all(event["offline"] for event in said)
    assert (said[0]["eventType"], said[-1]["eventType"]) == ("Started", "Ended")


async def test_reset(bench: Bench, central: Central) -> None:
    """Immediately, or when nobody charges any more; never one EVSE alone."""
    await charge(bench, 5)
    assert await bench.ask("Reset", type="OnIdle", evseId=1) == {"status": "Rejected"}
    assert await bench.ask("Reset", type="OnIdle") == {"status": "Scheduled"}
    await bench.advance(5)
    assert len(central.said("BootNotification")) == 1
    bench.charger.unplug()
    await bench.advance(1)
    await until(lambda: len(central.said("BootNotification")) == 2)
    assert central.said("BootNotification")[1]["reason"] == "RemoteReset"
    await bench.registered()
    await charge(bench, 5)
    assert await bench.ask("Reset", type="Immediate") == {"status": "Accepted"}
    await until(lambda: len(central.said("BootNotification")) == 3)
    ended = events(bench, "Ended")[-1]
    assert ended["transactionInfo"]["stoppedReason"] == "ImmediateReset"
    assert ended["triggerReason"] == "ResetCommand"


# --- The device model ------------------------------------------------------------------------------------------


async def test_variables(bench: Bench) -> None:
    """Read and written without regard to case; what is missing is named."""
    found = await get_variable(bench, "smartchargingctrlr", "RATEUNIT")
    assert (found["attributeStatus"], found["attributeValue"]) == ("Accepted", "A,W")
    found = await get_variable(bench, "SmartChargingCtrlr", "Colour")
    assert found["attributeStatus"] == "UnknownVariable"
    found = await get_variable(bench, "Toaster", "Colour")
    assert found["attributeStatus"] == "UnknownComponent"
    found = await get_variable(bench, "SecurityCtrlr", "BasicAuthPassword")
    assert found["attributeStatus"] == "Rejected"


@pytest.mark.parametrize(
    ("component", "variable", "value", "status"),
    [
        ("OCPPCommCtrlr", "HeartbeatInterval", "60", "Accepted"),
        ("OCPPCommCtrlr", "HeartbeatInterval", "often", "Rejected"),
        ("AuthCtrlr", "Enabled", "true", "Accepted"),
        ("AuthCtrlr", "Enabled", "1", "Rejected"),
        ("SmartChargingCtrlr", "RateUnit", "W", "Rejected"),
        ("SampledDataCtrlr", "TxUpdatedMeasurands", "Temperature", "Rejected"),
        ("SecurityCtrlr", "BasicAuthPassword", "new", "Accepted"),
        ("Toaster", "Colour", "red", "UnknownComponent"),
    ],
)
async def test_set_variables(
    bench: Bench, component: str, variable: str, value: str, status: str
) -> None:
    """What is written can be read; what may not be written is not."""
    assert await set_variable(bench, component, variable, value) == status
    if status == "Accepted" and variable != "BasicAuthPassword":
        found = await get_variable(bench, component, variable)
        assert found["attributeValue"] == value


async def test_only_actual_values(bench: Bench) -> None:
    """It knows no minimum, maximum or target of a variable."""
    asked = {
        "component": {"name": "OCPPCommCtrlr"},
        "variable": {"name": "HeartbeatInterval"},
        "attributeType": "MaxSet",
    }
    answer = await bench.ask("GetVariables", getVariableData=[asked])
    status = answer["getVariableResult"][0]["attributeStatus"]
    assert status == "NotSupportedAttributeType"
    answer = await bench.ask(
        "SetVariables", setVariableData=[asked | {"attributeValue": "1"}]
    )
    status = answer["setVariableResult"][0]["attributeStatus"]
    assert status == "NotSupportedAttributeType"


async def test_a_new_password_is_used_from_the_next_connection_on(
    bench: Bench, central: Central
) -> None:
    """Set by the central system."""
    await set_variable(bench, "SecurityCtrlr", "BasicAuthPassword", "secret")
    await central.sockets[bench.identity].close()
    await until(lambda: len(central.headers) == 2)
    assert central.headers[1]["Authorization"].startswith("Basic ")


async def test_the_report_comes_in_parts(bench: Bench, central: Central) -> None:
    """Numbered, the last one without `tbc`, every variable once."""
    answer = await bench.ask("GetBaseReport", requestId=5, reportBase="FullInventory")
    assert answer == {"status": "Accepted"}
    await bench.settled()
    parts = central.said("NotifyReport")
    assert len(parts) > 2
    assert [part["seqNo"] for part in parts] == list(range(len(parts)))
    assert [part["tbc"] for part in parts] == [True] * (len(parts) - 1) + [False]
    assert {part["requestId"] for part in parts} == {5}
    names = [
        (str(entry["component"]), str(entry["variable"]))
        for part in parts
        for entry in part["reportData"]
    ]
    assert len(names) == len(set(names)) > 30


async def test_part_of_the_report(bench: Bench, central: Central) -> None:
    """What can be written; what is named; nothing."""
    await bench.ask("GetBaseReport", requestId=1, reportBase="ConfigurationInventory")
    await bench.settled()
    attributes = [
        entry["variableAttribute"][0]
        for part in central.said("NotifyReport")
        for entry in part["reportData"]
    ]
    assert all(a["mutability"] != "ReadOnly" for a in attributes)
    central.heard.clear()
    wanted = [
        {"component": {"name": "EVSE", "evse": {"id": 1}}},
        {
            "component": {"name": "SmartChargingCtrlr"},
            "variable": {"name": "RateUnit"},
        },
        {"component": {"name": "Toaster"}, "variable": {"name": "Colour"}},
    ]
    await bench.ask("GetReport", requestId=2, componentVariable=wanted)
    await bench.settled()
    (part,) = central.said("NotifyReport")
    assert [entry["variable"]["name"] for entry in part["reportData"]] == [
        "Power",
        "SupplyPhases",
        "RateUnit",
    ]
    answer = await bench.ask("GetReport", requestId=3, componentVariable=wanted[2:])
    assert answer == {"status": "EmptyResultSet"}


# --- Smart charging --------------------------------------------------------------------------------------------


async def test_limits(bench: Bench, central: Central) -> None:
    """A default, above it one for the transaction, which must be named; both can be cleared."""
    assert await set_profile(bench, profile(8)) == "Accepted"
    transaction = await charge(bench)
    assert bench.draw_a() == (8, 8, 8)
    live = profile(12, id=2, chargingProfilePurpose="TxProfile")
    assert await set_profile(bench, live) == "TxNotFound"
    assert await set_profile(bench, live | {"transactionId": "?"}) == "TxNotFound"
    live["transactionId"] = transaction
    assert await set_profile(bench, live) == "Accepted"
    await bench.advance(3)
    assert bench.draw_a() == (12, 12, 12)
    answer = await bench.ask("GetCompositeSchedule", evseId=1, duration=60)
    assert answer["schedule"]["chargingSchedulePeriod"][0]["limit"] == 12
    answer = await bench.ask(
        "GetCompositeSchedule", evseId=1, duration=60, chargingRateUnit="W"
    )
    assert answer["schedule"]["chargingSchedulePeriod"][0]["limit"] == 8280
    answer = await bench.ask("GetCompositeSchedule", evseId=9, duration=60)
    assert answer["status"] == "Rejected"
    cleared = await bench.ask("ClearChargingProfile", chargingProfileId=2)
    assert cleared == {"status": "Accepted"}
    cleared = await bench.ask("ClearChargingProfile", chargingProfileId=2)
    assert cleared == {"status": "Unknown"}
    await bench.advance(2)
    assert bench.draw_a() == (8, 8, 8)
    cleared = await bench.ask(
        "ClearChargingProfile",
        chargingProfileCriteria={"chargingProfilePurpose": "TxDefaultProfile"},
    )
    assert cleared == {"status": "Accepted"}
    await bench.advance(4)
    assert bench.draw_a() == (16, 16, 16)


async def test_a_live_limit_lapses_by_itself(bench: Bench, central: Central) -> None:
    """The central system is gone; after its duration the default holds."""
    await set_profile(bench, profile(6))
    transaction = await charge(bench)
    live = profile(
        14,
        id=2,
        chargingProfilePurpose="TxProfile",
        chargingProfileKind="Absolute",
        transactionId=transaction,
        schedule={"startSchedule": bench.now.isoformat(), "duration": 60},
    )
    assert await set_profile(bench, live) == "Accepted"
    await central.stop()
    await until(lambda: not bench.station.connected)
    await bench.advance(58)
    assert bench.draw_a() == (14, 14, 14)
    await bench.advance(4)
    assert bench.draw_a() == (6, 6, 6)


@pytest.mark.parametrize(
    ("sent", "evse", "reason"),
    [
        (profile(), 3, "UnknownEvse"),
        (profile(stackLevel=11), 1, "InvalidStackLevel"),
        (
            profile(chargingProfilePurpose="ChargingStationMaxProfile"),
            1,
            "InvalidValue",
        ),
        (
            profile(
                schedule={"chargingSchedulePeriod": [{"startPeriod": 5, "limit": 9}]}
            ),
            1,
            "InvalidSchedule",
        ),
    ],
)
async def test_profiles_that_are_refused(
    bench: Bench, sent: Payload, evse: int, reason: str
) -> None:
    """With the reason."""
    assert await set_profile(bench, sent, evse) == reason


async def test_it_knows_watts_only(make_bench: MakeBench) -> None:
    """Says so in its device model, and refuses amperes."""
    bench = await make_bench(
        protocol="ocpp2.0.1",
        behaviour=Behaviour(
            watts_only=True, refuses_purposes=frozenset({"ChargingStationMaxProfile"})
        ),
    )
    found = await get_variable(bench, "SmartChargingCtrlr", "RateUnit")
    assert found["attributeValue"] == "W"
    assert await set_profile(bench, profile()) == "UnsupportedRateUnit"
    station_max = profile(chargingProfilePurpose="ChargingStationMaxProfile")
    assert await set_profile(bench, station_max, 0) == "UnsupportedPurpose"
    watts = profile(6900, schedule={"chargingRateUnit": "W"})
    assert await set_profile(bench, watts) == "Accepted"
    await charge(bench)
    assert bench.draw_a() == (10, 10, 10)


async def test_profiles_are_reported(bench: Bench, central: Central) -> None:
    """As they came, EVSE by EVSE."""
    station_max = profile(
        20,
        id=7,
        chargingProfilePurpose="ChargingStationMaxProfile",
        chargingProfileKind="Absolute",
    )
    await set_profile(bench, station_max, 0)
    await set_profile(bench, profile(8))
    answer = await bench.ask("GetChargingProfiles", requestId=1, chargingProfile={})
    assert answer == {"status": "Accepted"}
    await bench.settled()
    first, second = central.said("ReportChargingProfiles")
    assert (first["tbc"], second["tbc"]) == (True, False)
    assert (first["evseId"], first["chargingProfile"]) == (0, [station_max])
    assert (second["evseId"], second["chargingProfile"]) == (1, [profile(8)])
    for criteria in (
        {"chargingProfileId": [99]},
        {"stackLevel": 5},
        {"chargingProfilePurpose": "TxProfile"},
    ):
        answer = await bench.ask(
            "GetChargingProfiles", requestId=2, chargingProfile=criteria
        )
        assert answer == {"status": "NoProfiles"}


async def test_a_car_says_what_it_needs(
    make_bench: MakeBench, central: Central
) -> None:
    """ISO 15118: energy and departure, and the schedule that it was given."""
    car = CarSpec(
        iso15118=True, departs_in_h=6, battery_wh=50_000, target_soc=0.8, takes=1
    )
    bench = await make_bench(protocol="ocpp2.0.1", car=car)
    central.answers["NotifyEVChargingNeeds"] = lambda _: {"status": "Accepted"}
    began = bench.now
    transaction = await charge(bench, 5)
    (told,) = central.said("NotifyEVChargingNeeds")
    needs = told["chargingNeeds"]
    assert needs["requestedEnergyTransfer"] == "AC_three_phase"
    departure = datetime.fromisoformat(needs["departureTime"])
    assert departure - began == timedelta(hours=6, seconds=1.5)
    # From 30 % to 80 % of 50 kWh.
    assert needs["acChargingParameters"]["energyAmount"] == pytest.approx(25_000, abs=1)
    live = profile(9, chargingProfilePurpose="TxProfile", transactionId=transaction)
    await set_profile(bench, live)
    await bench.settled()
    (schedule,) = central.said("NotifyEVChargingSchedule")
    assert schedule["chargingSchedule"] == live["chargingSchedule"][0]


async def test_2_1_limits_that_end_with_the_connection(
    make_bench: MakeBench, central: Central
) -> None:
    """MaxOfflineDuration: after it the lower profile holds; back online the limit is back, or gone for good."""
    bench = await make_bench(protocol="ocpp2.1")
    await set_profile(bench, profile(6))
    for invalid in (False, True):
        live = profile(
            14,
            id=2,
            stackLevel=1,
            maxOfflineDuration=30,
            invalidAfterOfflineDuration=invalid,
        )
        assert await set_profile(bench, live) == "Accepted"
        await charge(bench)
        assert bench.draw_a() == (14, 14, 14)
        port = central.port
        await central.stop()
        await until(lambda: not bench.station.connected)
        await bench.advance(29)
        assert bench.draw_a() == (14, 14, 14)
        await bench.advance(3)
        assert bench.draw_a() == (6, 6, 6)
        await central.start(port)
        await bench.registered()
        await bench.advance(5)
        assert bench.draw_a() == ((6, 6, 6) if invalid else (14, 14, 14))


async def test_2_1_dynamic_limits(make_bench: MakeBench) -> None:
    """UpdateDynamicSchedule changes a dynamic profile, and no other."""
    bench = await make_bench(protocol="ocpp2.1")
    await set_profile(bench, profile(8, chargingProfileKind="Dynamic"))
    await set_profile(bench, profile(20, id=5, stackLevel=0), 0)
    await charge(bench)
    assert bench.draw_a() == (8, 8, 8)

    async def update(number: int, **changes: Any) -> str:
        answer = await bench.ask(
            "UpdateDynamicSchedule", chargingProfileId=number, scheduleUpdate=changes
        )
        return str(answer["status"])

    assert await update(1, limit=11) == "Accepted"
    await bench.advance(3)
    assert bench.draw_a() == (11, 11, 11)
    assert await update(1, setpoint=11) == "Rejected"
    assert await update(5, limit=11) == "Rejected"
    assert await update(9, limit=11) == "Rejected"


# --- Remote control --------------------------------------------------------------------------------------------


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
    assert bench.charger.values.status is Status.FINISHING
    assert await bench.ask("GetTransactionStatus") == {"messagesInQueue": False}


async def test_cards(bench: Bench, central: Central) -> None:
    """Authorize first; contracts are told as such; a driver who is not welcome is stopped."""
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


async def test_the_local_list_lets_drivers_in(bench: Bench, central: Central) -> None:
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
    await until(lambda: not bench.station.connected)
    bench.charger.plug_in(soc=0.3)
    bench.station.swipe(1, "you")
    await bench.advance(3)
    assert not events(bench)
    bench.station.swipe(1, "me")
    await bench.advance(5)
    assert bench.charger.values.status is Status.CHARGING


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
    bench = await make_bench(protocol="ocpp2.0.1", behaviour=Behaviour(refuses=refused))
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
        behaviour=Behaviour(
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
