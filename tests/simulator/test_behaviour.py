"""Simulated chargers that misbehave, each in its own way: what a central system must be ready for."""

import asyncio
from datetime import datetime, timedelta
import json
from typing import Any

import pytest

from custom_components.sunfuse.simulator.stations.behaviour import (
    AtZero,
    ChargerBehaviour,
)

from .central import Central, Payload, Refused, until
from .client16 import profile, set_profile, statuses
from .conftest import Bench, MakeBench


async def misbehaving(make_bench: MakeBench, **changes: Any) -> Bench:
    """Return a charger that does these things differently."""
    return await make_bench(behaviour=ChargerBehaviour(**changes))


# --- Messages --------------------------------------------------------------------------------------------------


async def test_it_loses_messages(make_bench: MakeBench, central: Central) -> None:
    """All of them: nothing arrives, although it is connected; none: it is back."""
    bench = await make_bench(
        wait=False, behaviour=ChargerBehaviour(drops=1.0, answer_timeout_s=0.05)
    )
    await until(lambda: bench.identity in central.sockets)
    await asyncio.sleep(0.2)
    assert not central.frames
    bench.station.character.change(drops=0.0)
    await central.sockets[bench.identity].close()
    await until(lambda: bench.station.uplink.registered)


async def test_messages_are_sent_twice(make_bench: MakeBench, central: Central) -> None:
    """With the same message id."""
    await misbehaving(make_bench, duplicates=1.0)
    await until(lambda: len(central.said("BootNotification")) == 2)
    first, second = central.frames[:2]
    assert first == second


async def test_it_lags(make_bench: MakeBench) -> None:
    """Answers come late, in their order."""
    bench = await misbehaving(make_bench, lag_s=0.2)
    loop = asyncio.get_running_loop()
    began = loop.time()
    await asyncio.gather(bench.ask("ClearCache"), bench.ask("ClearCache"))
    assert loop.time() - began >= 0.2


async def test_it_mixes_up_the_order(make_bench: MakeBench, central: Central) -> None:
    """An answer is overtaken by the next one."""
    bench = await misbehaving(make_bench, reorders=1.0, lag_s=0.5)
    await bench.settled()
    central.frames.clear()
    await asyncio.gather(
        bench.ask("GetLocalListVersion"), bench.ask("GetConfiguration", key=["x"])
    )
    payloads = [json.loads(frame)[2] for frame in central.frames]
    assert payloads[0] == {"configurationKey": [], "unknownKey": ["x"]}
    assert payloads[1] == {"listVersion": 0}


async def test_it_talks_rubbish(make_bench: MakeBench, central: Central) -> None:
    """After each message another one of its texts."""
    bench = await misbehaving(make_bench, rubbish=("{", "[2]", "Hello"))
    await bench.ask("ClearCache")
    await until(lambda: len(central.frames) == 8)
    assert central.frames[1::2] == ["{", "[2]", "Hello", "{"]


async def test_it_does_not_answer_or_does_not_know(make_bench: MakeBench) -> None:
    """Silent, unsupported, refused: three kinds of no."""
    bench = await misbehaving(
        make_bench,
        silent=frozenset({"ClearCache"}),
        unsupported=frozenset({"GetCompositeSchedule"}),
        refuses=frozenset({"SetChargingProfile", "ClearChargingProfile"}),
    )
    asked = asyncio.create_task(bench.ask("ClearCache"))
    with pytest.raises(Refused, match="NotSupported"):
        await bench.ask("GetCompositeSchedule", connectorId=1, duration=60)
    sent = profile(chargingProfilePurpose="TxDefaultProfile")
    assert await set_profile(bench, sent) == "Rejected"
    assert await bench.ask("ClearChargingProfile") == {"status": "Unknown"}
    assert not asked.done()
    asked.cancel()


async def test_it_hangs(bench: Bench, central: Central) -> None:
    """Half-open: the socket is there, and not even a ping is answered."""
    socket = central.sockets[bench.identity]
    bench.station.character.frozen = True
    asked = asyncio.create_task(bench.ask("ClearCache"))
    await socket.ping()
    await asyncio.sleep(0.2)
    assert not asked.done()
    asked.cancel()
    bench.station.character.frozen = False
    await socket.ping()
    assert await bench.ask("ClearCache") == {"status": "Accepted"}


async def test_what_it_stored_comes_in_any_order(
    make_bench: MakeBench, central: Central
) -> None:
    """Stops after starts, without an id, otherwise in any order, and all of it twice under new message ids."""
    bench = await misbehaving(make_bench, shuffles_stored=True, repeats_stored=1.0)
    port = central.port
    await central.stop()
    await until(lambda: not bench.station.uplink.connected)
    for _ in range(3):
        bench.charger.plug_in(soc=0.3)
        await bench.advance(20)
        bench.charger.unplug()
        await bench.advance(5)
    central.heard.clear()
    await central.start(port)
    await bench.registered()
    stored = [
        (action, payload.get("timestamp"))
        for _, action, payload in central.heard
        if action in ("StartTransaction", "StopTransaction")
    ]
    assert len(stored) == 12
    assert stored != sorted(stored, key=lambda entry: str(entry[1]))
    assert [action for action, _ in stored] == sorted(action for action, _ in stored)
    stops = central.said("StopTransaction")
    assert [stop["transactionId"] for stop in stops] == [-1] * 6


# --- Life ------------------------------------------------------------------------------------------------------


async def test_its_clock_is_wrong(make_bench: MakeBench, central: Central) -> None:
    """By an hour, and it is never set: times in its messages are its own, and so are those of its limits."""
    hour = timedelta(hours=1)
    bench = await misbehaving(make_bench, clock_skew=hour)
    began = bench.now
    transaction = await bench.charge()
    told = central.said("StartTransaction")[0]["timestamp"]
    assert datetime.fromisoformat(told) - began == hour + timedelta(seconds=1.5)
    # A limit for two minutes from now by our clock is long over by its own.
    live = profile(
        8,
        chargingProfileKind="Absolute",
        transactionId=transaction,
        schedule={"startSchedule": bench.now.isoformat(), "duration": 120},
    )
    await set_profile(bench, live)
    await bench.advance(2)
    assert bench.draw_a() == (16, 16, 16)
    live["chargingSchedule"]["startSchedule"] = (bench.now + hour).isoformat()
    await set_profile(bench, live)
    await bench.advance(2)
    assert bench.draw_a() == (8, 8, 8)


async def test_it_restarts_when_it_is_asked_too_early(
    make_bench: MakeBench, central: Central
) -> None:
    """For its configuration, around its boot; later it answers as others do."""
    bench = await misbehaving(make_bench, restarts_when_asked_within_s=10)
    await bench.ask("GetConfiguration")
    await until(lambda: len(central.said("BootNotification")) == 2)
    await bench.registered()
    bench.now += timedelta(seconds=11)
    await bench.ask("GetConfiguration")
    await bench.advance(1)
    assert len(central.said("BootNotification")) == 2


async def test_it_hangs_up(make_bench: MakeBench, central: Central) -> None:
    """Every connection ends soon, and it comes back each time."""
    await make_bench(wait=False, behaviour=ChargerBehaviour(hangs_up_after_s=0.1))
    await until(lambda: len(central.headers) == 3)


async def test_it_mixes_up_stored_events(
    make_bench: MakeBench, central: Central
) -> None:
    """OCPP 2.x: events of an offline session in any order, some twice; their numbers tell."""
    bench = await make_bench(
        protocol="ocpp2.0.1",
        behaviour=ChargerBehaviour(
            shuffles_stored=True,
            repeats_stored=1.0,
            kilo=True,
            register_per_session=True,
        ),
    )
    bench.charger.plug_in(soc=0.3)
    await bench.advance(30)
    bench.charger.unplug()
    await bench.advance(1)
    port = central.port
    await central.stop()
    await until(lambda: not bench.station.uplink.connected)
    bench.charger.plug_in(soc=0.3)
    await bench.advance(120)
    bench.charger.unplug()
    await bench.advance(1)
    central.heard.clear()
    await central.start(port)
    await bench.registered()
    numbers = [event["seqNo"] for event in central.said("TransactionEvent")]
    assert numbers != sorted(numbers)
    assert sorted(numbers) == sorted([*range(max(numbers) + 1)] * 2)
    (ended, _) = [
        event
        for event in central.said("TransactionEvent")
        if event["eventType"] == "Ended"
    ]
    value = ended["meterValue"][0]["sampledValue"][0]
    assert value["unitOfMeasure"] == {"unit": "kWh"}
    # Two minutes at 16 A on three phases, from 0 on.
    assert value["value"] == pytest.approx(3 * 0.23 * 16 / 30, rel=0.05)


async def test_it_forgets_its_limits(make_bench: MakeBench, central: Central) -> None:
    """A restart leaves it without its fail-safe current."""
    bench = await misbehaving(make_bench, forgets_profiles=True)
    await set_profile(bench, profile(6, chargingProfilePurpose="TxDefaultProfile"))
    await bench.ask("Reset", type="Soft")
    await until(lambda: len(central.said("BootNotification")) == 2)
    assert bench.station.profiles.profiles == ()


async def test_its_keys_are_others(make_bench: MakeBench) -> None:
    """Another value, another key, and one that is not there."""
    bench = await misbehaving(
        make_bench,
        configuration=(
            ("ChargeProfileMaxStackLevel", "0"),
            ("Vendor.Key", "7"),
            ("ConnectorSwitch3to1PhaseSupported", None),
        ),
    )
    names = [
        "ChargeProfileMaxStackLevel",
        "Vendor.Key",
        "ConnectorSwitch3to1PhaseSupported",
    ]
    answer = await bench.ask("GetConfiguration", key=names)
    assert [e["value"] for e in answer["configurationKey"]] == ["0", "7"]
    assert answer["unknownKey"] == ["ConnectorSwitch3to1PhaseSupported"]
    sent = profile(chargingProfilePurpose="TxDefaultProfile", stackLevel=1)
    assert await set_profile(bench, sent) == "Rejected"
    bench.charger.plug_in(soc=0.3)
    await bench.advance(5)
    assert bench.charger.values.offered_a == 16


async def test_it_breaks(bench: Bench, central: Central) -> None:
    """A fault is reported with its code; no current flows until it is resolved."""
    await bench.charge()
    connector = bench.station.connectors[0]
    connector.fault = "GroundFailure"
    await bench.advance(2)
    told = central.said("StatusNotification")[-1]
    assert (told["status"], told["errorCode"]) == ("Faulted", "GroundFailure")
    assert bench.draw_a() == (0, 0, 0)
    connector.fault = None
    await bench.advance(8)
    assert statuses(bench)[-1] == "Charging"
    assert bench.draw_a() == (16, 16, 16)


# --- Limits ----------------------------------------------------------------------------------------------------


async def test_it_lies_about_limits(make_bench: MakeBench) -> None:
    """It confirms a limit, reports it as in force, and does not follow it."""
    bench = await misbehaving(make_bench, obeys=False)
    await bench.charge()
    assert await set_profile(bench, profile(7)) == "Accepted"
    answer = await bench.ask("GetCompositeSchedule", connectorId=1, duration=60)
    periods = answer["chargingSchedule"]["chargingSchedulePeriod"]
    assert periods[0]["limit"] == 7
    await bench.advance(10)
    assert bench.draw_a() == (16, 16, 16)


async def test_limits_take_effect_late(make_bench: MakeBench) -> None:
    """Ten seconds after the command, and no earlier."""
    bench = await misbehaving(make_bench, applies_after_s=10)
    await bench.charge()
    await set_profile(bench, profile(7))
    await bench.advance(9)
    assert bench.draw_a() == (16, 16, 16)
    await bench.advance(3)
    assert bench.draw_a() == (7, 7, 7)


async def test_its_limits_never_lapse(make_bench: MakeBench) -> None:
    """A live limit holds on although its time is over: it does not fall back."""
    bench = await misbehaving(make_bench, honours_expiry=False)
    await set_profile(bench, profile(6, chargingProfilePurpose="TxDefaultProfile"))
    transaction = await bench.charge()
    live = profile(
        12,
        chargingProfileId=9,
        transactionId=transaction,
        chargingProfileKind="Absolute",
        schedule={"startSchedule": bench.now.isoformat(), "duration": 20},
    )
    await set_profile(bench, live)
    await bench.advance(60)
    assert bench.draw_a() == (12, 12, 12)


@pytest.mark.parametrize(
    ("at_zero", "expected_a", "status"),
    [
        (AtZero.PAUSES, 0, "SuspendedEVSE"),
        (AtZero.MINIMUM, 6, "Charging"),
        (AtZero.STOPS, 0, "Finishing"),
    ],
)
async def test_what_it_makes_of_zero(
    make_bench: MakeBench,
    central: Central,
    at_zero: AtZero,
    expected_a: float,
    status: str,
) -> None:
    """It pauses, goes on with 6 A, or ends the transaction."""
    bench = await misbehaving(make_bench, at_zero=at_zero)
    await bench.charge()
    await set_profile(bench, profile(0))
    await bench.advance(5)
    assert bench.draw_a() == (expected_a,) * 3
    assert statuses(bench)[-1] == status
    assert bool(central.said("StopTransaction")) == (at_zero is AtZero.STOPS)


async def test_it_takes_no_transaction_profiles(make_bench: MakeBench) -> None:
    """Only default ones."""
    bench = await misbehaving(make_bench, refuses_purposes=frozenset({"TxProfile"}))
    await bench.charge(5)
    assert await set_profile(bench, profile(7)) == "Rejected"
    sent = profile(7, chargingProfilePurpose="TxDefaultProfile")
    assert await set_profile(bench, sent) == "Accepted"


async def test_it_switches_phases(make_bench: MakeBench) -> None:
    """To one of its three, where a limit says so; others ignore that."""
    single: Payload = {
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 10.0, "numberPhases": 1}]
    }
    bench = await misbehaving(make_bench, switches_phases=True)
    await bench.charge()
    await set_profile(bench, profile(schedule=single))
    await bench.advance(4)
    assert bench.draw_a() == (0, 0, 0)  # the contactor is open meanwhile
    await bench.advance(10)
    assert bench.draw_a() == (10, 0, 0)
    plain = await make_bench(identity="CP 2")
    await plain.charge()
    await set_profile(plain, profile(schedule=single))
    await plain.advance(5)
    assert plain.draw_a() == (10, 10, 10)


# --- Meter -----------------------------------------------------------------------------------------------------


def last_values(central: Central) -> list[Payload]:
    """Return the newest of the meter's values."""
    sampled: list[Payload] = central.said("MeterValues")[-1]["meterValue"][0][
        "sampledValue"
    ]
    return sampled


async def test_it_knows_watts_only(make_bench: MakeBench, central: Central) -> None:
    """Amperes are neither accepted nor reported."""
    bench = await misbehaving(make_bench, watts_only=True)
    await bench.charge()
    assert await set_profile(bench, profile(10)) == "Rejected"
    watts: Payload = {
        "chargingRateUnit": "W",
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 6900.0}],
    }
    assert await set_profile(bench, profile(schedule=watts)) == "Accepted"
    await bench.advance(5)
    assert bench.draw_a() == (10, 10, 10)
    assert {value["unit"] for value in last_values(central)} == {"W", "Wh"}


async def test_it_measures_in_kilo(make_bench: MakeBench, central: Central) -> None:
    """KW and kWh."""
    bench = await misbehaving(make_bench, kilo=True)
    await bench.charge(20)
    values = {value["unit"]: float(value["value"]) for value in last_values(central)}
    assert values["kW"] == pytest.approx(3 * 0.23 * 16)
    assert "kWh" in values
    assert "W" not in values


async def test_it_leaves_out_what_is_the_default(
    make_bench: MakeBench, central: Central
) -> None:
    """A value without a measurand is the energy register, one without a unit is in Wh."""
    bench = await misbehaving(make_bench, default_measurand=True)
    await bench.charge()
    bare = [value for value in last_values(central) if "measurand" not in value]
    assert len(bare) == 1
    assert "unit" not in bare[0]


async def test_its_register_begins_anew(
    make_bench: MakeBench, central: Central
) -> None:
    """Every session at 0, as if it were the first."""
    bench = await misbehaving(make_bench, register_per_session=True)
    for _ in range(2):
        await bench.charge(60)
        bench.charger.unplug()
        await bench.advance(2)
    assert [start["meterStart"] for start in central.said("StartTransaction")] == [0, 0]
    first, second = [stop["meterStop"] for stop in central.said("StopTransaction")]
    assert first == pytest.approx(second, abs=2)


# --- Security White Paper ----------------------------------------------------------------------------------


async def test_the_security_messages(bench: Bench, central: Central) -> None:
    """Logs, signed firmware, certificates and extended triggers, in simple form."""
    await bench.ask(
        "GetLog", logType="DiagnosticsLog", requestId=7, log={"remoteLocation": "ftp:x"}
    )
    await bench.ask(
        "SignedUpdateFirmware",
        requestId=8,
        firmware={
            "location": "ftp:x",
            "retrieveDateTime": bench.now.isoformat(),
            "signingCertificate": "x",
            "signature": "x",
        },
    )
    for message in ("LogStatusNotification", "SignChargePointCertificate", "Heartbeat"):
        answer = await bench.ask("ExtendedTriggerMessage", requestedMessage=message)
        assert answer == {"status": "Accepted"}
    await bench.settled()
    logs = central.said("LogStatusNotification")
    assert [log["status"] for log in logs] == ["Uploading", "Uploaded", "Idle"]
    firmware = central.said("SignedFirmwareStatusNotification")
    assert firmware[-1] == {"status": "Installed", "requestId": 8}
    assert central.said("SecurityEventNotification")[0]["type"] == "FirmwareUpdated"
    assert central.said("SignCertificate")
    assert central.said("Heartbeat")
    kind = {"certificateType": "CentralSystemRootCertificate"}
    assert await bench.ask("GetInstalledCertificateIds", **kind) == {
        "status": "NotFound"
    }
    await bench.ask("InstallCertificate", certificate="x", **kind)
    held = await bench.ask("GetInstalledCertificateIds", **kind)
    (hashed,) = held["certificateHashData"]
    for status in ("Accepted", "NotFound"):
        answer = await bench.ask("DeleteCertificate", certificateHashData=hashed)
        assert answer == {"status": status}
    for chain, status in [
        ("-----BEGIN CERTIFICATE-----", "Accepted"),
        ("?", "Rejected"),
    ]:
        answer = await bench.ask("CertificateSigned", certificateChain=chain)
        assert answer == {"status": status}
