"""The simulated OCPP 1.6J charge point, over real WebSockets, against a central system of a few lines."""

import asyncio
from base64 import b64encode
from datetime import datetime, timedelta
import json
from typing import Any

import pytest

from custom_components.sunfuse.simulator.behaviour import Behaviour
from custom_components.sunfuse.simulator.car import CarSpec
from custom_components.sunfuse.simulator.configuration import MEASURANDS
from custom_components.sunfuse.simulator.connector import Status

from .central import Central, Payload, Refused, until
from .conftest import Bench, MakeBench


def profile(limit: float = 10, **changes: Any) -> Payload:
    """Return a transaction profile."""
    schedule: Payload = {
        "chargingRateUnit": "A",
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": limit}],
    }
    schedule |= changes.pop("schedule", {})
    return {
        "chargingProfileId": 1,
        "stackLevel": 0,
        "chargingProfilePurpose": "TxProfile",
        "chargingProfileKind": "Relative",
        "chargingSchedule": schedule,
    } | changes


DEFAULT: dict[str, Any] = {
    "chargingProfilePurpose": "TxDefaultProfile",
    "chargingProfileId": 2,
}


async def set_profile(bench: Bench, sent: Payload, connector: int = 1) -> str:
    """Send a profile; returns the status."""
    answer = await bench.ask(
        "SetChargingProfile", connectorId=connector, csChargingProfiles=sent
    )
    return str(answer["status"])


def statuses(bench: Bench) -> list[str]:
    """Return what connector 1 reported, in order."""
    said = bench.central.said("StatusNotification")
    return [payload["status"] for payload in said if payload["connectorId"] == 1]


# --- Connecting ------------------------------------------------------------------------------------------------


async def test_it_introduces_itself(bench: Bench, central: Central) -> None:
    """Sub-protocol, boot, status; the identity is escaped in the address."""
    assert central.headers[0]["Sec-WebSocket-Protocol"] == "ocpp1.6"
    assert "Authorization" not in central.headers[0]
    assert [action for _, action, _ in central.heard] == [
        "BootNotification",
        "StatusNotification",
    ]
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
    """Pending: it asks again after the interval, charges nobody, and does what it is told meanwhile."""
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
    await until(lambda: not bench.station.connected)
    await central.start(port)
    await until(lambda: len(central.said("BootNotification")) == 3)


async def test_it_may_come_back_without_a_boot(
    make_bench: MakeBench, central: Central
) -> None:
    """As the specification has it: a boot is for a restart only; the status is told again."""
    bench = await make_bench(behaviour=Behaviour(boots_on_reconnect=False))
    await central.sockets[bench.identity].close()
    await until(lambda: len(central.said("StatusNotification")) == 2)
    assert len(central.said("BootNotification")) == 1


async def test_its_address_may_come_late_and_change(
    make_bench: MakeBench, central: Central
) -> None:
    """Without one it waits."""
    bench = await make_bench()
    bench.simulation.set_url(None)
    await central.sockets[bench.identity].close()
    await until(lambda: not bench.station.connected)
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


# --- Charging --------------------------------------------------------------------------------------------------


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
    assert bench.charger.values.status is Status.FINISHING


# --- Limits ----------------------------------------------------------------------------------------------------


async def test_a_limit_is_followed_within_seconds(bench: Bench) -> None:
    """The car's current sinks at once, and rises with its ramp."""
    await bench.charge()
    assert bench.draw_a() == (16, 16, 16)
    assert await set_profile(bench, profile(7)) == "Accepted"
    await bench.advance(1)
    assert bench.draw_a() == (7, 7, 7)
    assert await set_profile(bench, profile(12)) == "Accepted"
    await bench.advance(3)
    assert bench.draw_a() == (12, 12, 12)


async def test_a_live_limit_lapses_by_itself(bench: Bench, central: Central) -> None:
    """The central system is gone: the car goes on, at the fail-safe current once the live limit has lapsed."""
    await set_profile(bench, profile(6, **DEFAULT, chargingProfileKind="Absolute"))
    transaction = await bench.charge()
    assert bench.draw_a() == (6, 6, 6)
    start = (bench.now - timedelta(seconds=5)).isoformat()
    live = profile(
        14,
        chargingProfileKind="Absolute",
        transactionId=transaction,
        schedule={"startSchedule": start, "duration": 120},
    )
    assert await set_profile(bench, live) == "Accepted"
    await bench.advance(5)
    assert bench.draw_a() == (14, 14, 14)
    await central.stop()
    await until(lambda: not bench.station.connected)
    await bench.advance(109)
    assert bench.draw_a() == (14, 14, 14)
    await bench.advance(3)
    assert bench.draw_a() == (6, 6, 6)


@pytest.mark.parametrize(
    ("sent", "connector"),
    [
        (profile(), 1),  # a transaction profile without a transaction
        (profile(), 0),
        (profile(**DEFAULT), 3),  # no such connector
        (profile(**DEFAULT, stackLevel=11), 1),
        (profile(chargingProfilePurpose="ChargePointMaxProfile"), 1),
        (profile(**DEFAULT, schedule={"chargingSchedulePeriod": []}), 1),
        (
            profile(
                **DEFAULT,
                schedule={
                    "chargingSchedulePeriod": [{"startPeriod": 5, "limit": 10.0}]
                },
            ),
            1,
        ),
        (
            profile(
                **DEFAULT,
                schedule={
                    "chargingSchedulePeriod": [
                        {"startPeriod": n, "limit": 10.0} for n in range(25)
                    ]
                },
            ),
            1,
        ),
    ],
)
async def test_profiles_that_are_refused(
    bench: Bench, sent: Payload, connector: int
) -> None:
    """By the rules of the specification, and what it can do."""
    assert await set_profile(bench, sent, connector) == "Rejected"
    assert bench.station.profiles.profiles == ()


async def test_a_profile_of_another_transaction_is_refused(bench: Bench) -> None:
    """A transaction profile names its transaction."""
    transaction = await bench.charge(5)
    assert (
        await set_profile(bench, profile(transactionId=transaction + 1)) == "Rejected"
    )
    assert await set_profile(bench, profile(transactionId=transaction)) == "Accepted"


async def test_the_default_profile_survives_a_restart(
    bench: Bench, central: Central
) -> None:
    """What the fail-safe relies on; the transaction's profile does not."""
    await set_profile(bench, profile(9, **DEFAULT))
    await bench.charge()
    await set_profile(bench, profile(12))
    await bench.ask("Reset", type="Hard")
    await until(lambda: len(central.said("BootNotification")) == 2)
    assert central.said("StopTransaction")[0]["reason"] == "HardReset"
    await bench.registered()
    await bench.advance(10)
    assert len(central.said("StartTransaction")) == 2
    assert bench.draw_a() == (9, 9, 9)


async def test_clear_and_composite(bench: Bench) -> None:
    """What is asked about is what holds, in the unit that is asked for."""
    await set_profile(bench, profile(10, **DEFAULT), connector=0)
    answer = await bench.ask("GetCompositeSchedule", connectorId=1, duration=60)
    schedule = answer["chargingSchedule"]
    assert schedule["chargingRateUnit"] == "A"
    assert schedule["chargingSchedulePeriod"] == [
        {"startPeriod": 0, "limit": 10.0, "numberPhases": 3}
    ]
    answer = await bench.ask(
        "GetCompositeSchedule", connectorId=0, duration=60, chargingRateUnit="W"
    )
    periods = answer["chargingSchedule"]["chargingSchedulePeriod"]
    assert periods[0]["limit"] == 6900
    answer = await bench.ask("GetCompositeSchedule", connectorId=4, duration=60)
    assert answer == {"status": "Rejected"}
    assert await bench.ask("ClearChargingProfile", id=77) == {"status": "Unknown"}
    cleared = await bench.ask(
        "ClearChargingProfile", chargingProfilePurpose="TxDefaultProfile"
    )
    assert cleared == {"status": "Accepted"}
    answer = await bench.ask("GetCompositeSchedule", connectorId=1, duration=60)
    periods = answer["chargingSchedule"]["chargingSchedulePeriod"]
    assert periods[0]["limit"] == 16


# --- A bad network ---------------------------------------------------------------------------------------------


async def test_what_happened_offline_is_told_later(
    bench: Bench, central: Central
) -> None:
    """A session from beginning to end without a central system, in its order, with the times of then."""
    port = central.port
    await central.stop()
    await until(lambda: not bench.station.connected)
    began = bench.now
    bench.charger.plug_in(soc=0.3)
    await bench.advance(60)
    assert bench.draw_a() == (16, 16, 16)
    bench.charger.unplug()
    await bench.advance(60)
    central.heard.clear()
    await central.start(port)
    await bench.registered()
    told = [action for _, action, _ in central.heard if action != "StatusNotification"]
    assert told[:2] == ["BootNotification", "StartTransaction"]
    assert told[-1] == "StopTransaction"
    assert "MeterValues" in told
    (start,), (stop,) = (
        central.said("StartTransaction"),
        central.said("StopTransaction"),
    )
    assert stop["transactionId"] == 1
    assert datetime.fromisoformat(start["timestamp"]) - began == timedelta(seconds=1.5)
    assert datetime.fromisoformat(stop["timestamp"]) - began == timedelta(seconds=60.5)


async def test_a_start_that_was_not_answered_is_sent_again(
    bench: Bench, central: Central
) -> None:
    """The connection broke before the answer came: the car charges, and the start is told again."""
    central.silent.add("StartTransaction")
    bench.charger.plug_in(soc=0.3)
    for _ in range(4):
        bench.now += timedelta(seconds=0.5)
        bench.simulation.advance(0.5)
    await until(lambda: central.said("StartTransaction"))
    central.silent.clear()
    await central.sockets[bench.identity].close()
    await until(lambda: len(central.said("StartTransaction")) == 2)
    await bench.registered()
    first, second = central.said("StartTransaction")
    assert first == second
    await bench.advance(10)
    assert bench.draw_a() == (16, 16, 16)


async def test_it_gives_up_on_what_is_refused_for_good(
    make_bench: MakeBench, central: Central
) -> None:
    """After a few tries; the rest is told, and nothing of a transaction that nobody knows."""

    def refuse(_payload: Payload) -> Payload:
        raise Refused("InternalError")

    central.answers["StartTransaction"] = refuse
    bench = await make_bench()
    bench.station.retry_interval_s = 0
    bench.charger.plug_in(soc=0.3)
    await bench.advance(5)
    bench.charger.unplug()
    await bench.advance(1)
    assert len(central.said("StartTransaction")) == 3
    assert not central.said("StopTransaction")
    assert not central.said("MeterValues")


async def test_soft_reset(bench: Bench, central: Central) -> None:
    """The transaction is ended in good order before the restart, and the car starts another."""
    await bench.charge(5)
    assert await bench.ask("Reset", type="Soft") == {"status": "Accepted"}
    await until(lambda: len(central.said("BootNotification")) == 2)
    actions = [action for _, action, _ in central.heard]
    assert actions.index("StopTransaction") < len(actions) - actions[::-1].index(
        "BootNotification"
    )
    assert central.said("StopTransaction")[0]["reason"] == "SoftReset"


# --- The other requests ----------------------------------------------------------------------------------------


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
    """All keys when none is named; the password is never told."""
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
    """Full and differential updates; the list lets drivers in while the central system is away."""

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
    await until(lambda: not bench.station.connected)
    bench.charger.plug_in(soc=0.3)
    for tag in ("you", "it"):
        bench.station.swipe(1, tag)
        await bench.advance(3)
        assert bench.charger.values.status is Status.PREPARING
    bench.station.swipe(1, "me")
    await bench.advance(5)
    assert bench.charger.values.status is Status.CHARGING


async def test_diagnostics_firmware_and_the_rest(
    bench: Bench, central: Central
) -> None:
    """In simple form: the statuses that go with them are told."""
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
    assert [p["connectorId"] for p in central.said("StatusNotification")] == [1, 2]
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
