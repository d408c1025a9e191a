"""Limits beyond the common case: sent again, stopped, on one phase, beside other limits."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from custom_components.sunfuse.central_system import CentralSystem, CommandError

from .charging import (
    ACCEPTED,
    CP1,
    KNOWS_OFFLINE,
    REJECTED,
    VERSIONS,
    charging,
    connector,
    periods,
)
from .client import Payload, RawStation
from .conftest import START, Connect, SteppedClock, Watched


@pytest.mark.parametrize("version", VERSIONS)
async def test_again(
    system: CentralSystem, connect: Connect, clock: SteppedClock, version: str
) -> None:
    """A limit that did not change is sent again where that is asked for."""
    station = await charging(connect, system, clock, version)
    for again in (False, False, True, False):
        await system.stations["CP1"].offer(1, 10, again=again)
    assert [period["limit"] for period in periods(station)] == [10, 10]


@pytest.mark.parametrize("version", VERSIONS)
async def test_stop(
    system: CentralSystem, connect: Connect, clock: SteppedClock, version: str
) -> None:
    """A transaction can be stopped; the car gets another one when it is offered a current again."""
    old = version == "1.6"
    stop = "RemoteStopTransaction" if old else "RequestStopTransaction"
    start = "RemoteStartTransaction" if old else "RequestStartTransaction"
    station = await charging(connect, system, clock, version)
    cp1 = system.stations["CP1"]
    await cp1.offer(1, 10)
    running = connector(system).transaction
    assert running is not None
    await cp1.stop(1)
    assert str(station.received(stop)[0]["transactionId"]) == running.id
    if old:
        await station.call(
            "StopTransaction",
            {
                "transactionId": int(running.id),
                "meterStop": 2000,
                "timestamp": clock.text(),
            },
        )
        await station.status("Finishing")
    else:
        await station.event("Ended", clock.text(), 1, energy_wh=2000)
    assert connector(system).transaction is None
    with pytest.raises(CommandError, match="impossible: There is no transaction"):
        await cp1.stop(1)
    clock.step(60)
    await cp1.offer(1, 0)
    await station.call("Heartbeat", {})
    assert not station.received(start)
    await cp1.offer(1, 10)
    assert len(station.received(start)) == 1


@pytest.mark.parametrize("version", VERSIONS)
async def test_stop_is_refused(
    system: CentralSystem, connect: Connect, clock: SteppedClock, version: str
) -> None:
    """A charger that does not stop is reported, and keeps its limits."""
    refused = {"status": "Rejected"}
    station = await charging(
        connect,
        system,
        clock,
        version,
        RemoteStopTransaction=refused,
        RequestStopTransaction=refused,
    )
    with pytest.raises(CommandError, match="refused"):
        await system.stations["CP1"].stop(1)
    await system.stations["CP1"].offer(1, 9)
    assert [period["limit"] for period in periods(station)] == [9]


@pytest.mark.parametrize(
    ("version", "known", "switches", "one", "three"),
    [
        ("1.6", {}, False, {}, {}),
        (
            "1.6",
            {"ConnectorSwitch3to1PhaseSupported": "True"},
            True,
            {"numberPhases": 1},
            {"numberPhases": 3},
        ),
        ("2.0.1", {"Phases3to1": "false"}, False, {}, {}),
        (
            "2.0.1",
            {"Phases3to1": "true"},
            True,
            {"numberPhases": 1},
            {"numberPhases": 3},
        ),
        # Which phase may be named only where the station says so; it is the first, which we reckon with.
        (
            "2.1",
            {"ACPhaseSwitchingSupported": "true"},
            True,
            {"numberPhases": 1, "phaseToUse": 1},
            {"numberPhases": 3},
        ),
    ],
)
async def test_number_of_phases(
    system: CentralSystem,
    connect: Connect,
    clock: SteppedClock,
    version: str,
    known: dict[str, str],
    switches: bool,
    one: Payload,
    three: Payload,
) -> None:
    """A charger that can switch reports that, and is sent one phase and three."""
    station = await charging(connect, system, clock, version, known)
    cp1 = system.stations["CP1"]
    assert cp1.state.switches_phases is switches
    await cp1.offer(1, 10, 1)
    clock.step(60)
    await cp1.offer(1, 10, 3)
    told = [{"startPeriod": 0, "limit": 10, **phases} for phases in (one, three)]
    assert periods(station) == told
    # Remembered over a restart of ours.
    other = CentralSystem(now=clock)
    other.accept(CP1, cp1.memory())
    assert other.stations["CP1"].state.switches_phases is switches


@pytest.mark.parametrize("version", VERSIONS)
async def test_switching_is_set_by_the_user(
    system: CentralSystem, connect: Connect, clock: SteppedClock, version: str
) -> None:
    """Whatever a charger says of itself, the user may know better."""
    config = replace(CP1, quirks=(("switches_phases", "true"),))
    station = await charging(connect, system, clock, version, config=config)
    assert system.stations["CP1"].state.switches_phases
    await system.stations["CP1"].offer(1, 10, 1)
    assert periods(station)[0]["numberPhases"] == 1
    known = {"ConnectorSwitch3to1PhaseSupported": "true", "Phases3to1": "true"}
    system.stations["CP1"].variables.update(known)
    system.accept(replace(CP1, quirks=(("switches_phases", "false"),)))
    assert not system.stations["CP1"].state.switches_phases


def _limit(source: str, *schedules: Payload, **more: Any) -> Payload:
    payload = {"chargingLimit": {"chargingLimitSource": source}, **more}
    return payload | ({"chargingSchedule": list(schedules)} if schedules else {})


def _schedule(*steps: tuple[int, float], unit: str = "A", **more: Any) -> Payload:
    return {
        "id": 1,
        "chargingRateUnit": unit,
        "chargingSchedulePeriod": [
            {"startPeriod": start, "limit": limit} for start, limit in steps
        ],
        **more,
    }


@pytest.mark.parametrize("version", ["2.0.1", "2.1"])
async def test_limit_of_the_charger(
    watched: Watched, connect: Connect, clock: SteppedClock, version: str
) -> None:
    """What somebody else limits the charger to is known for as long as it holds."""
    system = watched.system
    station = await charging(connect, system, clock, version)
    assert connector(system).charger_limit_a is None
    # 6900 W on three phases of 230 V is 10 A.
    watts = _schedule((0, 6900), (600, 4140), unit="W", startSchedule=clock.text())
    await station.call("NotifyChargingLimit", _limit("EMS", watts))
    await station.call("NotifyChargingLimit", _limit("SO", _schedule((0, 8)), evseId=1))
    assert connector(system).charger_limit_a == 8
    await station.call("ClearedChargingLimit", {"chargingLimitSource": "SO"})
    assert connector(system).charger_limit_a == 10
    clock.step(700)
    await station.call("Heartbeat", {})
    assert connector(system).charger_limit_a == 6
    await station.call("ClearedChargingLimit", {"chargingLimitSource": "EMS"})
    assert connector(system).charger_limit_a is None


async def test_limit_of_the_charger_lapses(
    system: CentralSystem, connect: Connect, clock: SteppedClock
) -> None:
    """A limit with an end, or for later, counts when it is in force; one without a schedule says nothing."""
    station = await charging(connect, system, clock, "2.0.1")
    later = (START + timedelta(seconds=60)).isoformat()
    schedule = _schedule((0, 7), startSchedule=later, duration=60)
    await station.call("NotifyChargingLimit", _limit("Other", schedule))
    await station.call("NotifyChargingLimit", _limit("CSO"))
    limits = []
    for _ in range(3):
        limits.append(connector(system).charger_limit_a)
        clock.step(61)
        await station.call("Heartbeat", {})
    assert limits == [None, 7, None]


async def test_limit_of_one_evse(
    system: CentralSystem, connect: Connect, clock: SteppedClock
) -> None:
    """A limit of one EVSE is not one of its neighbour; what limits the station limits both."""
    config = replace(CP1, connectors=2)
    station = await charging(connect, system, clock, "2.1", config=config)
    await station.status2("Available", clock.text(), 2)
    await station.call("NotifyChargingLimit", _limit("SO", _schedule((0, 9)), evseId=2))
    assert [connector(system, n).charger_limit_a for n in (1, 2)] == [None, 9]
    await station.call("NotifyChargingLimit", _limit("EMS", _schedule((0, 12))))
    assert [connector(system, n).charger_limit_a for n in (1, 2)] == [12, 9]
    cleared = {"chargingLimitSource": "SO", "evseId": 2}
    await station.call("ClearedChargingLimit", cleared)
    assert [connector(system, n).charger_limit_a for n in (1, 2)] == [12, 12]


async def test_priority(
    system: CentralSystem, connect: Connect, clock: SteppedClock
) -> None:
    """A driver who asks the charger for priority is known to have it until his transaction ends."""
    station = await charging(connect, system, clock, "2.1")
    for transaction, activated, expected in (
        ("other", True, False),
        ("tx1", True, True),
        ("tx1", False, False),
        ("tx1", True, True),
    ):
        payload = {"transactionId": transaction, "activated": activated}
        await station.call("NotifyPriorityCharging", payload)
        assert connector(system).priority is expected
    await station.event("Ended", clock.text(), 1, energy_wh=2000)
    assert not connector(system).priority


def _purposes(station: RawStation) -> list[str]:
    told = station.received("SetChargingProfile")
    profiles = [r.get("csChargingProfiles") or r["chargingProfile"] for r in told]
    words = {"ChargingStationMaxProfile": "ChargePointMaxProfile"}
    purposes = [profile["chargingProfilePurpose"] for profile in profiles]
    return [words.get(purpose, purpose) for purpose in purposes]


def _refuses(*purposes: str) -> Any:
    """Accept profiles of all purposes but these."""

    def answer(request: Payload) -> Payload:
        profile = request.get("csChargingProfiles") or request["chargingProfile"]
        return REJECTED if profile["chargingProfilePurpose"] in purposes else ACCEPTED

    return answer


@pytest.mark.parametrize("version", VERSIONS)
async def test_kind_of_profile_is_found_out(
    system: CentralSystem, connect: Connect, clock: SteppedClock, version: str
) -> None:
    """A charger that takes no TxProfile is limited by the next kind at once, and soon not asked for it again."""
    answer = _refuses("TxProfile")
    station = await charging(
        connect, system, clock, version, KNOWS_OFFLINE, SetChargingProfile=answer
    )
    for limit in (8, 9, 10, 11):
        await system.stations["CP1"].offer(1, limit)
        assert connector(system).offer_a == limit
    both = ["TxProfile", "TxDefaultProfile"]
    # After the third time the fail-safe current is laid down anew, below the live limits.
    assert _purposes(station) == [*both, *both, *both, *["TxDefaultProfile"] * 2]
    assert [p["limit"] for p in periods(station)] == [8, 8, 9, 9, 10, 10, 6, 11]


@pytest.mark.parametrize("version", VERSIONS)
async def test_maximum_of_the_station(
    system: CentralSystem, connect: Connect, clock: SteppedClock, version: str
) -> None:
    """A charger that limits nothing but all of itself is limited so, and falls back the same way."""
    answer = _refuses("TxProfile", "TxDefaultProfile")
    station = await charging(
        connect, system, clock, version, {}, SetChargingProfile=answer
    )
    assert system.stations["CP1"].state.fail_safe_set is False
    for limit in (8, 9, 10, 11):
        await system.stations["CP1"].offer(1, limit)
    told = station.received("SetChargingProfile")[-2:]
    wanted = [request.get("connectorId", request.get("evseId")) for request in told]
    assert wanted == [0, 0]
    assert _purposes(station)[-2:] == ["ChargePointMaxProfile"] * 2
    assert [period["limit"] for period in periods(station)[-2:]] == [6, 11]
    assert system.stations["CP1"].state.fail_safe_set is True


async def test_maximum_of_the_station_is_for_all(
    system: CentralSystem, connect: Connect, clock: SteppedClock
) -> None:
    """What a station as a whole may draw is the sum of what its connectors are offered."""
    config = replace(CP1, connectors=2, quirks=(("live_purpose", "station_max"),))
    station = await charging(connect, system, clock, "1.6", {}, config=config)
    await station.status("Charging", 2)
    await station.start_transaction(clock.text(), 2)
    for number, limit in ((1, 8), (2, 7), (1, 10)):
        await system.stations["CP1"].offer(number, limit)
    told = [period["limit"] for period in periods(station)]
    # The other one is at the fail-safe current until it is offered something.
    assert told == [14, 15, 17]


@pytest.mark.parametrize("version", VERSIONS)
async def test_refused_limit_is_not_taken(
    system: CentralSystem, connect: Connect, clock: SteppedClock, version: str
) -> None:
    """A limit that the charger takes in no way does not look as if it had been taken."""
    station = await charging(connect, system, clock, version, {})
    await system.stations["CP1"].offer(1, 12)
    station.answers["SetChargingProfile"] = REJECTED
    with pytest.raises(CommandError, match="refused"):
        await system.stations["CP1"].offer(1, 8)
    assert connector(system).offer_a == 12


@pytest.mark.parametrize("version", VERSIONS)
async def test_limit_without_an_answer(
    system: CentralSystem, connect: Connect, clock: SteppedClock, version: str
) -> None:
    """A higher limit whose answer never came may have been taken, a lower one may not: the higher counts."""
    station = await charging(connect, system, clock, version, {})
    await system.stations["CP1"].offer(1, 8)
    station.answers["SetChargingProfile"] = None
    for limit in (12, 7):
        with pytest.raises(CommandError, match="timeout"):
            await system.stations["CP1"].offer(1, limit)
        assert connector(system).offer_a == 12
    assert connector(system).offer_until == clock.time + timedelta(seconds=120)
    station.answers["SetChargingProfile"] = ACCEPTED
    await system.stations["CP1"].offer(1, 7)
    assert connector(system).offer_a == 7


async def _draws(station: RawStation, clock: SteppedClock, *current_a: float) -> None:
    values = [
        {"value": str(a), "measurand": "Current.Import", "phase": f"L{number}"}
        for number, a in enumerate(current_a, 1)
    ]
    sampled = [{"timestamp": clock.text(), "sampledValue": values}]
    payload = {"connectorId": 1, "meterValue": sampled}
    await station.call("MeterValues", payload)


async def test_watts_of_the_phases_in_use(
    system: CentralSystem, connect: Connect, clock: SteppedClock
) -> None:
    """A charger that allows a single-phase car the watts of three phases is sent those of one."""
    known = {"ChargingScheduleAllowedChargingRateUnit": "Power"}
    station = await charging(connect, system, clock, "1.6", known)
    cp1 = system.stations["CP1"]
    await cp1.offer(1, 8, 3)
    await _draws(station, clock, 8, 0, 0)
    clock.step(20)
    # 5520 W are 8 A on three phases of 230 V, and 24 A on one.
    await _draws(station, clock, 24, 0, 0)
    await cp1.offer(1, 8, 3)
    assert [period["limit"] for period in periods(station)] == [5520, 1840]
    clock.step(20)
    await _draws(station, clock, 8, 0, 0)
    await cp1.offer(1, 10, 3)
    # For a three-phase car it is sent the watts of three.
    clock.step(20)
    await _draws(station, clock, 3.3, 3.3, 3.3)
    await cp1.offer(1, 9, 3)
    assert [period["limit"] for period in periods(station)][2:] == [2300, 6210]
