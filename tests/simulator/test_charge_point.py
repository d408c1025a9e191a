"""The simulated OCPP 1.6J charge point, over real WebSockets, against a central system of a few lines."""

from base64 import b64encode
from datetime import datetime, timedelta

import pytest

from custom_components.sunfuse.simulator.car import CarSpec
from custom_components.sunfuse.simulator.stations.behaviour import ChargerBehaviour
from custom_components.sunfuse.simulator.stations.configuration import MEASURANDS
from custom_components.sunfuse.simulator.stations.simulated_connector import OcppStatus

from .central import Central, until
from .client16 import profile, set_profile, statuses
from .conftest import Bench, MakeBench


async def test_it_introduces_itself(bench: Bench, central: Central) -> None:
    """Sub-protocol, boot, status; the identity is escaped in the address."""
    assert central.headers[0]["Sec-WebSocket-Protocol"] == "ocpp1.6"
    assert "Authorization" not in central.headers[0]
    assert [action for _, action, _ in central.heard] == [
        "BootNotification",
        "StatusNotification",
        "StatusNotification",
    ]
    first = central.said("StatusNotification")[0]
    assert (first["connectorId"], first["status"]) == (0, "Available")
    assert central.said("BootNotification", "CP 1")[0]["chargePointVendor"] == "Sunfuse"
    assert statuses(bench) == ["Available"]


async def test_it_shows_its_password(make_bench: MakeBench, central: Central) -> None:
    """By HTTP basic authentication, with the identity as the user."""
    await make_bench(identity="CP2", password="secret")
    expected = "Basic " + b64encode(b"CP2:secret").decode()
    assert central.headers[0]["Authorization"] == expected


async def test_it_waits_until_it_is_accepted(
    make_bench: MakeBench, central: Central
) -> None:
    """Pending: it asks again after the interval, charges nobody, and follows commands meanwhile."""
    accepted = central.answers["BootNotification"]
    central.answers["BootNotification"] = lambda payload: {
        **accepted(payload),
        "status": "Pending",
        "interval": 1,
    }
    bench = await make_bench(wait=False)
    await until(lambda: central.said("BootNotification"))
    bench.charger.plug_in()
    await bench.advance(5)
    assert not central.said("StartTransaction")
    assert not central.said("StatusNotification")
    answer = await bench.ask("GetConfiguration", key=["HeartbeatInterval"])
    assert answer["configurationKey"][0]["value"] == "300"
    assert await bench.ask(
        "TriggerMessage", requestedMessage="StatusNotification", connectorId=1
    ) == {"status": "Accepted"}
    await until(lambda: central.said("StatusNotification"))
    central.answers["BootNotification"] = accepted
    await bench.registered()
    assert len(central.said("BootNotification")) > 1
    await bench.advance(2)
    assert len(central.said("StartTransaction")) == 1


async def test_it_comes_back(bench: Bench, central: Central) -> None:
    """When the central system closes the connection, and when it was gone for a while."""
    await central.sockets[bench.identity].close()
    await until(lambda: len(central.said("BootNotification")) == 2)
    port = central.port
    await central.stop()
    await until(lambda: not bench.station.uplink.connected)
    await central.start(port)
    await until(lambda: len(central.said("BootNotification")) == 3)


async def test_it_may_come_back_without_a_boot(
    make_bench: MakeBench, central: Central
) -> None:
    """As the specification has it: a boot is for a restart only; the status is reported again."""
    bench = await make_bench(behaviour=ChargerBehaviour(boots_on_reconnect=False))
    await central.sockets[bench.identity].close()
    await until(lambda: len(central.said("StatusNotification")) == 4)
    assert len(central.said("BootNotification")) == 1


async def test_its_address_may_come_late_and_change(
    make_bench: MakeBench, central: Central
) -> None:
    """Without one it waits."""
    bench = await make_bench()
    bench.simulation.set_url(None)
    await central.sockets[bench.identity].close()
    await until(lambda: not bench.station.uplink.connected)
    other = Central()
    await other.start()
    bench.simulation.set_url(other.url)
    await until(lambda: other.said("BootNotification"))
    await other.stop()


async def test_heartbeats(make_bench: MakeBench, central: Central) -> None:
    """At the interval that the central system names."""
    accepted = central.answers["BootNotification"]
    central.answers["BootNotification"] = lambda payload: {
        **accepted(payload),
        "interval": 1,
    }
    await make_bench()
    await until(lambda: len(central.said("Heartbeat")) == 2)


async def test_a_session_from_plug_to_unplug(bench: Bench, central: Central) -> None:
    """Statuses, start, meter values, stop, with meters that agree."""
    transaction = await bench.charge()
    assert statuses(bench) == ["Available", "Preparing", "Charging"]
    (start,) = central.said("StartTransaction")
    assert (start["connectorId"], start["idTag"], start["meterStart"]) == (1, "FREE", 0)
    await bench.advance(60)
    values = central.said("MeterValues")
    assert all(value["transactionId"] == transaction for value in values)
    bench.charger.unplug()
    await bench.advance(1)
    (stop,) = central.said("StopTransaction")
    energy_wh = bench.charger.values.energy_wh
    assert stop["transactionId"] == transaction
    assert stop["reason"] == "EVDisconnected"
    assert stop["meterStop"] == pytest.approx(energy_wh, abs=0.5)
    # A good minute at 16 A on three phases.
    assert energy_wh == pytest.approx(3 * 230 * 16 * 71 / 3600, rel=0.05)
    assert statuses(bench)[-1] == "Available"
    elapsed = datetime.fromisoformat(stop["timestamp"]) - datetime.fromisoformat(
        start["timestamp"]
    )
    assert elapsed == timedelta(seconds=74)  # from 1.5 s, when it started, to 75.5 s


async def test_meter_values(bench: Bench, central: Central) -> None:
    """All measurands that were asked for, per phase, and a noticeable change at once."""
    for key, value in [
        ("MeterValuesSampledData", ",".join(MEASURANDS)),
        ("MeterValueSampleInterval", "10"),
    ]:
        answer = await bench.ask("ChangeConfiguration", key=key, value=value)
        assert answer == {"status": "Accepted"}
    await bench.charge(20)
    sampled = central.said("MeterValues")[-1]["meterValue"][0]["sampledValue"]
    assert {
        (entry["measurand"], entry.get("phase"), entry["unit"]): float(entry["value"])
        for entry in sampled
        if not entry["measurand"].startswith(("Energy", "SoC"))
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
    assert {entry["measurand"] for entry in sampled} == set(MEASURANDS)
    steady = len(central.said("MeterValues"))
    await bench.advance(30)
    assert len(central.said("MeterValues")) == steady + 3
    steady = len(central.said("MeterValues"))
    await set_profile(bench, profile(8))
    await bench.advance(2)
    assert len(central.said("MeterValues")) > steady


async def test_a_single_phase_charger(make_bench: MakeBench, central: Central) -> None:
    """Measures its own L1 only, wherever on the site that is."""
    bench = await make_bench(phases=1, l1=2, max_a=20.0, car=CarSpec(max_a=32, takes=1))
    await bench.charge(20)
    assert bench.draw_a() == (0, 0, 20)
    sampled = central.said("MeterValues")[-1]["meterValue"][0]["sampledValue"]
    currents = [e for e in sampled if e["measurand"] == "Current.Import"]
    assert [(e["phase"], e["value"]) for e in currents] == [("L1", "20.000")]


async def test_a_full_car_suspends(bench: Bench) -> None:
    """SuspendedEV when it has enough, SuspendedEVSE when it is offered less than 6 A."""
    await bench.charge()
    await set_profile(bench, profile(5))
    await bench.advance(2)
    assert statuses(bench)[-1] == "SuspendedEVSE"
    assert bench.draw_a() == (0, 0, 0)
    await set_profile(bench, profile(6))
    await bench.advance(8)
    assert statuses(bench)[-1] == "Charging"
    assert bench.draw_a() == pytest.approx((6, 6, 6))
    bench.charger.plug_in(soc=0.95)
    await bench.advance(2)
    assert statuses(bench)[-1] == "SuspendedEV"


async def test_without_free_charging_it_waits_for_a_start(
    bench: Bench, central: Central
) -> None:
    """Remote start, with a profile for the transaction; remote stop; the car stays connected."""
    await bench.ask("ChangeConfiguration", key="FreeModeActive", value="false")
    bench.charger.plug_in(soc=0.3)
    await bench.advance(5)
    assert statuses(bench)[-1] == "Preparing"
    assert not central.said("StartTransaction")
    answer = await bench.ask(
        "RemoteStartTransaction", idTag="me", chargingProfile=profile(9)
    )
    assert answer == {"status": "Accepted"}
    await bench.advance(10)
    assert central.said("StartTransaction")[0]["idTag"] == "me"
    assert bench.draw_a() == pytest.approx((9, 9, 9))
    unknown = await bench.ask("RemoteStopTransaction", transactionId=99)
    assert unknown == {"status": "Rejected"}
    answer = await bench.ask("RemoteStopTransaction", transactionId=1)
    assert answer == {"status": "Accepted"}
    await bench.advance(2)
    assert central.said("StopTransaction")[0]["reason"] == "Remote"
    assert statuses(bench)[-1] == "Finishing"
    await bench.advance(30)
    assert len(central.said("StartTransaction")) == 1
    assert bench.station.profiles.profiles == ()


async def test_a_remote_start_waits_for_the_car(bench: Bench, central: Central) -> None:
    """For as long as ConnectionTimeOut says; and not at all where a connector is busy or unknown."""
    await bench.ask("ChangeConfiguration", key="FreeModeActive", value="false")
    rejected = await bench.ask("RemoteStartTransaction", idTag="me", connectorId=7)
    assert rejected == {"status": "Rejected"}
    await bench.ask("RemoteStartTransaction", idTag="me", connectorId=1)
    await bench.advance(2)
    assert statuses(bench)[-1] == "Preparing"
    await bench.advance(60)
    assert statuses(bench)[-1] == "Available"
    await bench.ask("RemoteStartTransaction", idTag="me", connectorId=1)
    await bench.charge(5)
    assert central.said("StartTransaction")[0]["idTag"] == "me"
    rejected = await bench.ask("RemoteStartTransaction", idTag="me", connectorId=1)
    assert rejected == {"status": "Rejected"}


async def test_cards(bench: Bench, central: Central) -> None:
    """Authorize before a start; the same card stops; a card that is refused starts nothing."""
    await bench.ask("ChangeConfiguration", key="FreeModeActive", value="false")
    bench.charger.plug_in(soc=0.3)
    await bench.advance(2)
    central.answers["Authorize"] = lambda payload: {
        "idTagInfo": {"status": "Accepted" if payload["idTag"] == "me" else "Invalid"}
    }
    bench.station.swipe(1, "thief")
    await bench.advance(3)
    assert not central.said("StartTransaction")
    bench.station.swipe(1, "me")
    await bench.advance(3)
    assert central.said("StartTransaction")[0]["idTag"] == "me"
    bench.station.swipe(1, "me")
    await bench.advance(1)
    assert central.said("StopTransaction")[0]["reason"] == "Local"


async def test_remote_starts_may_need_authorisation(
    bench: Bench, central: Central
) -> None:
    """AuthorizeRemoteTxRequests."""
    for key, value in [
        ("FreeModeActive", "false"),
        ("AuthorizeRemoteTxRequests", "true"),
    ]:
        await bench.ask("ChangeConfiguration", key=key, value=value)
    await bench.ask("RemoteStartTransaction", idTag="me")
    await bench.charge(5)
    assert central.said("Authorize") == [{"idTag": "me"}]
    assert central.said("StartTransaction")[0]["idTag"] == "me"


async def test_a_driver_who_is_not_welcome(bench: Bench, central: Central) -> None:
    """The transaction is stopped at once, and no current flows."""
    central.answers["StartTransaction"] = lambda _: {
        "transactionId": 5,
        "idTagInfo": {"status": "Invalid"},
    }
    bench.charger.plug_in(soc=0.3)
    await bench.advance(10)
    assert central.said("StopTransaction")[0]["reason"] == "DeAuthorized"
    assert bench.charger.values.energy_wh == 0
    assert bench.charger.values.status is OcppStatus.FINISHING
