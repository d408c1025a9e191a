"""Limits as OCPP 2.1 has them: updated while they hold, pulled, beyond a lost connection, and for cars that take DC."""

import pytest

from custom_components.sunfuse.central_system import CentralSystem

from .charging import ACCEPTED, REJECTED, charging, connector, kinds, periods
from .client import Payload
from .conftest import Connect, SteppedClock

DYNAMIC = {"SupportsDynamicProfiles": "true", "SupportsMaxOfflineDuration": "true"}


async def test_dynamic_profile(
    system: CentralSystem, connect: Connect, clock: SteppedClock
) -> None:
    """A charger of 2.1 that knows dynamic profiles gets one, and then only its new limits."""
    station = await charging(
        connect, system, clock, "2.1", DYNAMIC, UpdateDynamicSchedule=ACCEPTED
    )
    cp1 = system.stations["CP1"]
    await cp1.offer(1, 10)
    profile = station.received("SetChargingProfile")[0]["chargingProfile"]
    assert profile["chargingProfileKind"] == "Dynamic"
    assert profile["transactionId"] == "tx1"
    assert profile["maxOfflineDuration"] == 120
    schedule = profile["chargingSchedule"][0]
    # It lapses two minutes after it was changed last.
    assert schedule["duration"] == 120
    assert "startSchedule" not in schedule
    await cp1.offer(1, 8)
    clock.step(45)
    await cp1.offer(1, 8)  # due for renewal
    told = station.received("UpdateDynamicSchedule")
    update = {
        "chargingProfileId": profile["id"],
        "scheduleUpdate": {"limit": 8},
    }
    assert told == [update, update]
    assert len(station.received("SetChargingProfile")) == 1
    # The number of phases cannot be updated.
    await cp1.offer(1, 8, 1)
    assert len(station.received("SetChargingProfile")) == 2


@pytest.mark.parametrize("version", ["2.0.1", "2.1"])
async def test_dynamic_profile_only_where_it_is_known(
    system: CentralSystem, connect: Connect, clock: SteppedClock, version: str
) -> None:
    """2.0.1 has no dynamic profiles, and a charger of 2.1 may have none."""
    known = DYNAMIC if version == "2.0.1" else {"SupportsDynamicProfiles": "false"}
    station = await charging(connect, system, clock, version, known)
    await system.stations["CP1"].offer(1, 10)
    assert kinds(station) == ["Absolute"]


async def test_dynamic_profile_is_refused(
    system: CentralSystem, connect: Connect, clock: SteppedClock
) -> None:
    """A charger that boasts of dynamic profiles and takes none gets the usual ones from then on."""

    def answer(request: Payload) -> Payload:
        dynamic = request["chargingProfile"]["chargingProfileKind"] == "Dynamic"
        return REJECTED if dynamic else ACCEPTED

    station = await charging(
        connect, system, clock, "2.1", DYNAMIC, SetChargingProfile=answer
    )
    for limit in (10, 8):
        await system.stations["CP1"].offer(1, limit)
    assert kinds(station) == ["Dynamic", "Absolute", "Absolute"]
    assert connector(system).offer_a == 8


async def test_dynamic_update_is_refused(
    system: CentralSystem, connect: Connect, clock: SteppedClock
) -> None:
    """A charger that lost its dynamic profile gets it again."""
    station = await charging(
        connect, system, clock, "2.1", DYNAMIC, UpdateDynamicSchedule=REJECTED
    )
    for limit in (10, 8):
        await system.stations["CP1"].offer(1, limit)
    assert kinds(station) == ["Dynamic", "Dynamic"]
    assert [period["limit"] for period in periods(station)] == [10, 8]


async def test_dynamic_update_is_pulled(
    system: CentralSystem, connect: Connect, clock: SteppedClock
) -> None:
    """A charger that asks for the limit of its dynamic profile gets the present offer, while that is fresh."""
    station = await charging(
        connect, system, clock, "2.1", DYNAMIC, UpdateDynamicSchedule=ACCEPTED
    )
    await system.stations["CP1"].offer(1, 9)
    profile_id = station.received("SetChargingProfile")[0]["chargingProfile"]["id"]
    answers = []
    for number in (profile_id, 77, profile_id):
        pull = {"chargingProfileId": number}
        answers.append(await station.call("PullDynamicScheduleUpdate", pull))
        if number == 77:
            clock.step(100)
    update = {"status": "Accepted", "scheduleUpdate": {"limit": 9}}
    assert answers == [update, {"status": "Rejected"}, {"status": "Rejected"}]


@pytest.mark.parametrize(
    ("known", "first"),
    [({}, True), ({"SupportsMaxOfflineDuration": "false"}, False)],
)
async def test_offline_duration_is_refused(
    system: CentralSystem,
    connect: Connect,
    clock: SteppedClock,
    known: dict[str, str],
    first: bool,
) -> None:
    """A charger that does not know `maxOfflineDuration` gets its limits without it."""

    def answer(request: Payload) -> Payload:
        knows_not = "maxOfflineDuration" in request["chargingProfile"]
        return REJECTED if knows_not else ACCEPTED

    station = await charging(
        connect, system, clock, "2.1", known, SetChargingProfile=answer
    )
    for limit in (10, 8):
        await system.stations["CP1"].offer(1, limit)
    told = station.received("SetChargingProfile")
    tried = ["maxOfflineDuration" in request["chargingProfile"] for request in told]
    assert tried == ([True, False, False] if first else [False, False])
    assert connector(system).offer_a == 8


@pytest.mark.parametrize("version", ["2.0.1", "2.1"])
async def test_needs_of_a_dc_car(
    system: CentralSystem, connect: Connect, clock: SteppedClock, version: str
) -> None:
    """The current of a direct current car is not the grid's: its power gives what it takes per phase."""
    station = await charging(connect, system, clock, version)
    parameters = {
        "evMaxCurrent": 125,
        "evMaxVoltage": 400,
        "evMaxPower": 13800,
        "energyAmount": 30000,
        "stateOfCharge": 40,
        "evEnergyCapacity": 60000,
    }
    needs = {"requestedEnergyTransfer": "DC", "dcChargingParameters": parameters}
    payload = {"evseId": 1, "chargingNeeds": needs}
    await station.call("NotifyEVChargingNeeds", payload)
    told = connector(system).needs
    assert told is not None
    # 13800 W on three phases of 230 V
    assert (told.max_a, told.energy_wh, told.soc) == (20, 30000, 40)
