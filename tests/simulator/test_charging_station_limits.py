"""The simulated OCPP 2.x charging stations: smart charging."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from custom_components.sunfuse.simulator.car import CarSpec
from custom_components.sunfuse.simulator.stations.behaviour import ChargerBehaviour

from .central import Central, Payload, until
from .client2 import charge, get_variable, profile, set_profile
from .conftest import Bench, MakeBench


@pytest.fixture(params=["ocpp2.0.1", "ocpp2.1"])
async def bench(request: pytest.FixtureRequest, make_bench: MakeBench) -> Bench:
    """Return a station of each version that follows the specification."""
    return await make_bench(protocol=request.param)


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
    await until(lambda: not bench.station.uplink.connected)
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
        behaviour=ChargerBehaviour(
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


async def test_the_needs_of_a_car(make_bench: MakeBench, central: Central) -> None:
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
        await until(lambda: not bench.station.uplink.connected)
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
