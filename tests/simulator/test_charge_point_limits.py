"""The simulated OCPP 1.6J charge point: charging profiles, and a bad network."""

from datetime import datetime, timedelta

import pytest

from .central import Central, Payload, Refused, until
from .client16 import DEFAULT, profile, set_profile
from .conftest import Bench, MakeBench


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
    await until(lambda: not bench.station.uplink.connected)
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


async def test_what_happened_offline_is_reported_later(
    bench: Bench, central: Central
) -> None:
    """A session from beginning to end without a central system, in its order, with the times of then."""
    port = central.port
    await central.stop()
    await until(lambda: not bench.station.uplink.connected)
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
    """The connection broke before the answer came: the car charges, and the start is sent again."""
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
    """After a few tries; the rest is sent, and nothing of an unknown transaction."""

    def refuse(_payload: Payload) -> Payload:
        raise Refused("InternalError")

    central.answers["StartTransaction"] = refuse
    bench = await make_bench()
    bench.station.uplink.retry_interval_s = 0
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
