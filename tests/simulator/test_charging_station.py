"""The simulated OCPP 2.0.1 and 2.1 charging stations, over real WebSockets."""

import pytest

from .central import Central, until
from .client2 import ALL, charge, events, get_variable, set_variable
from .conftest import Bench, MakeBench


@pytest.fixture(params=["ocpp2.0.1", "ocpp2.1"])
async def bench(request: pytest.FixtureRequest, make_bench: MakeBench) -> Bench:
    """Return a station of each version that follows the specification."""
    return await make_bench(protocol=request.param)


async def test_it_introduces_itself(bench: Bench, central: Central) -> None:
    """Sub-protocol, boot with its reason, status of each connector."""
    assert central.headers[0]["Sec-WebSocket-Protocol"] == bench.station.spec.protocol
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
    await until(lambda: not bench.station.uplink.connected)
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
