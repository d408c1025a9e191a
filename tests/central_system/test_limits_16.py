"""Limits that hold: in the shape that the charger takes, verified, and lapsing to the fail-safe current."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from custom_components.sunfuse.central_system import (
    CentralSystem,
    CommandError,
    ConnectorState,
    FailSafe,
    OfferCheck,
    StationConfig,
    StationState,
)
from custom_components.sunfuse.central_system.station.timing import Timing

from .client import Payload, RawStation, get_configuration
from .conftest import Connect, SteppedClock, Watched

CP1 = StationConfig(identity="CP1", max_a=16, fail_safe_a=6)


def _period(request: Payload) -> Payload:
    schedule = request["csChargingProfiles"]["chargingSchedule"]
    period: Payload = schedule["chargingSchedulePeriod"][0]
    return period


async def _boot(
    connect: Connect,
    system: CentralSystem,
    config: StationConfig = CP1,
    variables: dict[str, str] | None = None,
    answers: dict[str, Any] | None = None,
    **info: str,
) -> RawStation:
    """Return a station that has booted and been set up."""

    def configuration(request: Payload) -> Payload:
        answer = get_configuration(request)
        key = request["key"][0]
        if variables and key in variables:
            entry = {"key": key, "readonly": False, "value": variables[key]}
            answer = {"configurationKey": [entry]}
        return answer

    system.accept(config)
    station = await connect()
    station.answers["GetConfiguration"] = configuration
    station.answers |= answers or {}
    await station.boot(**info)
    await station.wait_received("TriggerMessage")
    return station


async def _charge(
    station: RawStation, clock: SteppedClock, status: str = "Charging"
) -> int:
    await station.status(status, timestamp=clock.text())
    transaction_id = await station.start_transaction(clock.text())
    station.requests.clear()
    return transaction_id


async def _draws(station: RawStation, clock: SteppedClock, current_a: float) -> None:
    await station.call(
        "MeterValues",
        {
            "connectorId": 1,
            "meterValue": [
                {
                    "timestamp": clock.text(),
                    "sampledValue": [
                        {
                            "value": str(current_a),
                            "measurand": "Current.Import",
                            "phase": phase,
                        }
                        for phase in ("L1", "L2", "L3")
                    ],
                }
            ],
        },
    )


def _state(system: CentralSystem) -> StationState:
    return system.stations["CP1"].state


def _connector(system: CentralSystem) -> ConnectorState:
    return _state(system).connectors[0]


@pytest.mark.parametrize(
    ("allowed", "phases", "asked", "period"),
    [
        ("Current", 3, 3, {"startPeriod": 0, "limit": 10}),
        ("Current,Power", 3, 3, {"startPeriod": 0, "limit": 10}),
        # 10 A on three phases of 230 V
        ("Power", 3, 3, {"startPeriod": 0, "limit": 6900, "numberPhases": 3}),
        ("power", 3, 3, {"startPeriod": 0, "limit": 6900, "numberPhases": 3}),
        ("W", 1, 1, {"startPeriod": 0, "limit": 2300, "numberPhases": 1}),
        ("W", 3, 1, {"startPeriod": 0, "limit": 2300, "numberPhases": 1}),
        # A change of phases is asked only of a charger that can.
        ("A", 3, 1, {"startPeriod": 0, "limit": 10}),
    ],
)
async def test_unit(
    system: CentralSystem,
    connect: Connect,
    clock: SteppedClock,
    allowed: str,
    phases: int,
    asked: int,
    period: Payload,
) -> None:
    """A charger that knows only watts gets watts, and the others amperes."""
    station = await _boot(
        connect,
        system,
        replace(CP1, phases=phases),
        {"ChargingScheduleAllowedChargingRateUnit": allowed},
    )
    await _charge(station, clock)
    await system.stations["CP1"].offer(1, 10, asked)
    assert _period(station.received("SetChargingProfile")[0]) == period


async def test_every_limit_is_a_multiple_of_a_tenth_in_floating_point(
    system: CentralSystem, connect: Connect, clock: SteppedClock
) -> None:
    """Some chargers check the schema's multiple of 0.1 by division: for them, 11.6 is none (open-ocpp refuses it)."""
    station = await _boot(connect, system, replace(CP1, max_a=32, fail_safe_a=6.6))
    sent = station.received("SetChargingProfile")
    await _charge(station, clock)
    for offered_a in (6.0, 8.2, 11.6, 12.4, 16.4, 23.9, 32.0):
        await system.stations["CP1"].offer(1, offered_a, None)
    sent += station.received("SetChargingProfile")
    limits_a = [_period(request)["limit"] for request in sent]
    assert limits_a == [6.5, 6.0, 8.0, 11.5, 12.4, 16.3, 23.8, 32.0]
    assert all((limit_a / 0.1).is_integer() for limit_a in limits_a)


async def test_phase_switching(
    system: CentralSystem, connect: Connect, clock: SteppedClock
) -> None:
    """A charger that can switch to one phase is sent the number of phases."""
    station = await _boot(
        connect, system, variables={"ConnectorSwitch3to1PhaseSupported": "true"}
    )
    await _charge(station, clock)
    await system.stations["CP1"].offer(1, 10, 1)
    assert _period(station.received("SetChargingProfile")[0])["numberPhases"] == 1


async def test_no_current_is_told_once_whatever_the_phases(
    system: CentralSystem, connect: Connect, clock: SteppedClock
) -> None:
    """A car that waits for the sun: whether it would start on one phase or three may change with each value of the meter."""
    station = await _boot(
        connect, system, variables={"ConnectorSwitch3to1PhaseSupported": "true"}
    )
    await _charge(station, clock)
    for phases in (3, 1, 3):
        await system.stations["CP1"].offer(1, 0, phases)
    assert len(station.received("SetChargingProfile")) == 1
    await system.stations["CP1"].offer(1, 6, 1)
    told = station.received("SetChargingProfile")[-1]
    assert _period(told) == {"startPeriod": 0, "limit": 6, "numberPhases": 1}


async def test_limits_never_exceed(
    system: CentralSystem, connect: Connect, clock: SteppedClock
) -> None:
    """No offer goes above what the user allowed; one below 6 A means 0; rounding goes down."""
    station = await _boot(connect, system)
    await _charge(station, clock)
    for offered in (99, 5.9, 9.99, 0):
        await system.stations["CP1"].offer(1, offered)
    limits = [_period(told)["limit"] for told in station.received("SetChargingProfile")]
    assert limits == [16, 0, 9.9, 0]
    for nonsense in (-1, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="Not a current"):
            await system.stations["CP1"].offer(1, nonsense)


def _takes(**wanted: Any) -> Any:
    """Accept profiles that have these values, refuse others."""

    def answer(request: Payload) -> Payload:
        profile = request["csChargingProfiles"]
        told = {"connector": request["connectorId"], **profile}
        takes = all(told[key] == value for key, value in wanted.items())
        return {"status": "Accepted" if takes else "Rejected"}

    return answer


@pytest.mark.parametrize(
    "wanted",
    [
        {},
        {"chargingProfileKind": "Absolute"},
        {"stackLevel": 0},
        {"connector": 1, "stackLevel": 0, "chargingProfileKind": "Absolute"},
    ],
)
async def test_fail_safe_is_laid_down(
    watched: Watched, connect: Connect, wanted: dict[str, Any]
) -> None:
    """The fail-safe current is laid down in the shape that the charger takes, for good."""
    station = await _boot(
        connect, watched.system, answers={"SetChargingProfile": _takes(**wanted)}
    )
    told = station.received("SetChargingProfile")[-1]
    profile = told["csChargingProfiles"]
    assert profile["chargingProfilePurpose"] == "TxDefaultProfile"
    assert "duration" not in profile["chargingSchedule"]
    assert "validTo" not in profile
    assert _period(told)["limit"] == 6
    assert _state(watched.system).fail_safe_set is True


async def test_fail_safe_is_refused(
    watched: Watched, connect: Connect, caplog: pytest.LogCaptureFixture
) -> None:
    """A charger that takes no fail-safe current cannot fall back to it: its maximum is what it may draw."""
    await _boot(
        connect, watched.system, answers={"SetChargingProfile": {"status": "Rejected"}}
    )
    state = _state(watched.system)
    assert state.fail_safe_set is False
    assert state.fail_safe is FailSafe.DOES_NOT_FALL_BACK
    assert state.fall_back_a == 16
    warnings = [r.getMessage() for r in caplog.records if r.levelname == "WARNING"]
    assert len(warnings) == 1
    assert "did not take its fail-safe current" in warnings[0]


async def test_fail_safe_is_taken_later(
    watched: Watched, connect: Connect, clock: SteppedClock
) -> None:
    """A charger that takes its fail-safe current after all may fall back; that is to be verified."""
    answers = {"SetChargingProfile": {"status": "Rejected"}}
    station = await _boot(connect, watched.system, answers=answers)
    clock.step(600)
    station.answers["SetChargingProfile"] = {"status": "Accepted"}
    await station.boot()
    await watched.until(lambda: _state(watched.system).fail_safe_set)
    state = _state(watched.system)
    assert state.fail_safe is FailSafe.NOT_VERIFIED
    assert (state.fail_safe_set, state.fall_back_a) == (True, 6)


async def test_fail_safe_is_changed(system: CentralSystem, connect: Connect) -> None:
    """Another fail-safe current in the configuration reaches a connected charger."""
    station = await _boot(connect, system)
    station.requests.clear()
    system.accept(replace(CP1, fail_safe_a=8))
    assert _period(await station.wait_received("SetChargingProfile"))["limit"] == 8
    assert _state(system).fall_back_a == 8


def _schedule(*steps: tuple[int, float], unit: str = "A") -> Payload:
    return {
        "status": "Accepted",
        "connectorId": 1,
        "chargingSchedule": {
            "duration": 300,
            "chargingRateUnit": unit,
            "chargingSchedulePeriod": [
                {"startPeriod": start, "limit": limit} for start, limit in steps
            ],
        },
    }


@pytest.mark.parametrize(
    ("answer", "fail_safe", "check", "fall_back_a"),
    [
        (_schedule((0, 10), (120, 6)), FailSafe.VERIFIED, OfferCheck.SCHEDULED, 6),
        # 10 A and 6 A on three phases of 230 V
        (
            _schedule((0, 6900), (120, 4140), unit="W"),
            FailSafe.VERIFIED,
            OfferCheck.SCHEDULED,
            6,
        ),
        (
            _schedule((0, 10)),
            FailSafe.DOES_NOT_FALL_BACK,
            OfferCheck.SCHEDULED,
            16,
        ),
        (
            _schedule((0, 16), (120, 6)),
            FailSafe.VERIFIED,
            OfferCheck.ANSWERED,
            6,
        ),
        (
            {"status": "Rejected"},
            FailSafe.NOT_VERIFIED,
            OfferCheck.ANSWERED,
            6,
        ),
        # MicroOcpp writes -1 where nothing limits it.
        (
            _schedule((0, 10), (120, -1)),
            FailSafe.DOES_NOT_FALL_BACK,
            OfferCheck.SCHEDULED,
            16,
        ),
        (
            _schedule((0, -1), unit="W"),
            FailSafe.DOES_NOT_FALL_BACK,
            OfferCheck.ANSWERED,
            16,
        ),
        # Nobody means 0.1 A, and 0 A is not the 6 A that it took.
        (
            _schedule((0, 10), (120, 0.1)),
            FailSafe.NOT_VERIFIED,
            OfferCheck.SCHEDULED,
            6,
        ),
        (
            _schedule((0, 10), (120, 0)),
            FailSafe.NOT_VERIFIED,
            OfferCheck.SCHEDULED,
            6,
        ),
    ],
)
async def test_limits_are_verified(
    watched: Watched,
    connect: Connect,
    clock: SteppedClock,
    answer: Payload,
    fail_safe: FailSafe,
    check: OfferCheck,
    fall_back_a: float,
) -> None:
    """The charger is asked what it makes of a limit, now and after it has lapsed."""
    station = await _boot(
        connect, watched.system, answers={"GetCompositeSchedule": answer}
    )
    await _charge(station, clock)
    await watched.system.stations["CP1"].offer(1, 10)
    await station.wait_received("GetCompositeSchedule")
    await station.call("Heartbeat", {})  # the answer has been taken in
    state = _state(watched.system)
    assert state.fail_safe is fail_safe
    assert state.fall_back_a == fall_back_a
    assert _connector(watched.system).offer_check is check


async def test_a_charger_that_answers_slowly_is_seldom_asked(
    watched: Watched, connect: Connect, clock: SteppedClock
) -> None:
    """Its next limit would wait until it has answered: with 25 s for each answer it came after 50 s."""
    station = await _boot(
        connect, watched.system, answers={"GetCompositeSchedule": None}
    )
    await _charge(station, clock)
    offer = watched.system.stations["CP1"].offer
    await offer(1, 10)
    await station.wait_received("GetCompositeSchedule")
    asked = station.frames[-1][1]
    await asyncio.sleep(1.2)  # that is what it is about
    await station.send([3, asked, _schedule((0, 10), (120, 0))])
    for current_a, checks in ((8, 1), (9, 2)):
        clock.step(31)
        await offer(1, current_a)
        await station.call("Heartbeat", {})
        assert len(station.received("GetCompositeSchedule")) == checks


async def test_a_refused_stop_is_tried_at_once_after_an_accepted_limit(
    watched: Watched, connect: Connect, clock: SteppedClock
) -> None:
    """What it refused before does not delay the next overload of the fuse."""

    def limit(request: Payload) -> Payload:
        accepted = _period(request)["limit"] > 0
        return {"status": "Accepted" if accepted else "Rejected"}

    station = await _boot(
        connect,
        watched.system,
        answers={
            "SetChargingProfile": limit,
            "RemoteStopTransaction": {"status": "Rejected"},
        },
    )
    await _charge(station, clock)
    offer = watched.system.stations["CP1"].offer

    async def stops(seconds: int) -> int:
        """Return how often the station was told to stop in an overload that lasts so long."""
        before = len(station.received("RemoteStopTransaction"))
        for _ in range(seconds):
            with pytest.raises(CommandError):
                await offer(1, 0)
            clock.step(1)
        return len(station.received("RemoteStopTransaction")) - before

    assert await stops(60) == 4  # after 5, 15 and 35 seconds again
    await offer(1, 10)
    assert await stops(1) == 1
    profiles = station.received("SetChargingProfile")
    pauses = [one for one in profiles if _period(one)["limit"] == 0]
    assert len(pauses) == 5 * 3  # with each of them, as a profile of each purpose


async def test_a_refused_stop_does_not_delay_a_pause(
    watched: Watched, connect: Connect, clock: SteppedClock
) -> None:
    """A charger that refuses to stop, as a user asked for, takes 0 A when the fuse needs that in the same second."""
    station = await _boot(
        connect,
        watched.system,
        answers={"RemoteStopTransaction": {"status": "Rejected"}},
    )
    await _charge(station, clock)
    cp1 = watched.system.stations["CP1"]
    await cp1.offer(1, 10)
    with pytest.raises(CommandError, match="refused"):
        await cp1.stop(1)
    await cp1.offer(1, 0)
    assert _period(station.received("SetChargingProfile")[-1])["limit"] == 0


@pytest.mark.parametrize("timing", [Timing(settle_s=600, return_s=600, ping_s=600)])
async def test_no_fall_back_is_missed_before_it_was_asked_for(
    watched: Watched, connect: Connect, clock: SteppedClock
) -> None:
    """A car that charges while its charger still settles shows nothing of what it falls back to."""
    watched.system.accept(CP1)
    station = await connect()
    station.answers["GetCompositeSchedule"] = _schedule((0, 10), (120, 16))
    await station.boot()
    await _charge(station, clock)
    await watched.system.stations["CP1"].offer(1, 10)
    await station.wait_received("GetCompositeSchedule")
    await station.call("Heartbeat", {})  # the answer has been taken in
    assert not station.received("TriggerMessage")
    assert _connector(watched.system).offer_check is OfferCheck.SCHEDULED
    assert _state(watched.system).fail_safe is FailSafe.NOT_VERIFIED
    assert _state(watched.system).fall_back_a == CP1.fail_safe_a


async def test_firmware_update_voids_what_was_verified(
    watched: Watched, connect: Connect, clock: SteppedClock
) -> None:
    """After a firmware update the fall back is to be verified again, and the charger asked again."""
    station = await _boot(
        connect,
        watched.system,
        answers={"GetCompositeSchedule": _schedule((0, 10), (120, 6))},
        firmwareVersion="1",
    )
    await _charge(station, clock)
    await watched.system.stations["CP1"].offer(1, 10)
    await watched.until(lambda: _state(watched.system).fail_safe is FailSafe.VERIFIED)
    await station.boot(firmwareVersion="1")
    assert _state(watched.system).fail_safe is FailSafe.VERIFIED
    station.requests.clear()
    await station.boot(firmwareVersion="2")
    assert _state(watched.system).fail_safe is FailSafe.NOT_VERIFIED
    await station.wait_received("GetConfiguration")


@pytest.mark.parametrize(
    ("later_a", "result"),
    [(6.2, FailSafe.VERIFIED), (10.0, FailSafe.DOES_NOT_FALL_BACK)],
)
async def test_guided_test(
    system: CentralSystem,
    connect: Connect,
    clock: SteppedClock,
    later_a: float,
    result: FailSafe,
) -> None:
    """A limit can be let lapse while a car charges, to see what happens then."""
    station = await _boot(connect, system)
    await _charge(station, clock)
    await system.stations["CP1"].offer(1, 12)
    with pytest.raises(CommandError, match="too little"):
        system.stations["CP1"].test_fail_safe(1)
    await _draws(station, clock, 12)
    system.stations["CP1"].test_fail_safe(1)
    for _ in range(12):
        clock.step(10)
        await _draws(station, clock, 12)
        await system.stations["CP1"].offer(1, 12)
    assert len(station.received("SetChargingProfile")) == 1  # not renewed
    clock.step(20)
    await _draws(station, clock, later_a)
    assert _state(system).fail_safe is result
    await system.stations["CP1"].offer(1, 12)
    assert len(station.received("SetChargingProfile")) == 2


async def test_guided_test_gives_way(
    system: CentralSystem, connect: Connect, clock: SteppedClock
) -> None:
    """A reduction goes out at once although the guided test is on."""
    station = await _boot(connect, system)
    await _charge(station, clock)
    await system.stations["CP1"].offer(1, 12)
    await _draws(station, clock, 12)
    system.stations["CP1"].test_fail_safe(1)
    await system.stations["CP1"].offer(1, 9)
    assert _connector(system).offer_a == 9
    assert _state(system).fail_safe is FailSafe.NOT_VERIFIED


async def test_draw_is_compared(
    system: CentralSystem, connect: Connect, clock: SteppedClock
) -> None:
    """Above all the car must draw no more than was offered, once it had the time to follow."""
    station = await _boot(connect, system)
    await _charge(station, clock)
    await system.stations["CP1"].offer(1, 10)
    await _draws(station, clock, 16)
    assert _connector(system).offer_check is OfferCheck.ANSWERED
    clock.step(20)
    await _draws(station, clock, 9.8)
    assert _connector(system).offer_check is OfferCheck.OBEYED
    await _draws(station, clock, 12)
    assert _connector(system).offer_check is OfferCheck.EXCEEDED
    await system.stations["CP1"].offer(1, 8)
    assert _connector(system).offer_check is OfferCheck.ANSWERED


async def test_autostart_begins_at_fail_safe(
    system: CentralSystem, connect: Connect, clock: SteppedClock
) -> None:
    """A session that began without us is at the fail-safe current until it gets its limit."""
    station = await _boot(connect, system)
    await station.status("Preparing")
    await _charge(station, clock)
    state = _connector(system)
    assert (state.offer_a, state.offer_until) == (6, None)


async def test_first_limit_follows_the_start(
    system: CentralSystem, connect: Connect, clock: SteppedClock
) -> None:
    """What was offered before a charger started by itself becomes the limit of its transaction at once."""
    station = await _boot(connect, system)
    await station.status("Preparing")
    await system.stations["CP1"].offer(1, 14)
    station.requests.clear()
    transaction_id = await station.start_transaction(clock.text())
    request = await station.wait_received("SetChargingProfile")
    assert request["csChargingProfiles"]["transactionId"] == transaction_id
    assert _period(request)["limit"] == 14
    assert not station.received("RemoteStartTransaction")


async def test_a_steady_session_is_verified(
    watched: Watched, connect: Connect, clock: SteppedClock
) -> None:
    """A charger that cannot report it at first is asked again while it charges, though its limit never changes."""
    station = await _boot(
        connect,
        watched.system,
        answers={"GetCompositeSchedule": {"status": "Rejected"}},
    )
    await _charge(station, clock)
    for _ in range(2):
        await watched.system.stations["CP1"].offer(1, 16)
        clock.step(45)
    await station.wait_received("GetCompositeSchedule")
    assert _state(watched.system).fail_safe is FailSafe.NOT_VERIFIED
    station.answers["GetCompositeSchedule"] = _schedule((0, 16), (120, 6))
    for _ in range(3):
        await watched.system.stations["CP1"].offer(1, 16)
        clock.step(45)
    await watched.until(lambda: _state(watched.system).fail_safe is FailSafe.VERIFIED)


@pytest.mark.parametrize(
    ("kept", "fail_safe"),
    [(True, FailSafe.NOT_VERIFIED), (False, FailSafe.DOES_NOT_FALL_BACK)],
)
@pytest.mark.parametrize("away", [True, False])
async def test_a_power_cut_while_away(
    watched: Watched,
    connect: Connect,
    clock: SteppedClock,
    kept: bool,
    fail_safe: FailSafe,
    away: bool,
) -> None:
    """A charger that boots without its fail-safe current is detected: it intends it only when it is sent again."""
    station = await _boot(connect, watched.system)
    await station.close()
    if away:  # we, too, were restarted
        memory = watched.system.stations["CP1"].memory()
        watched.system.forget("CP1")
        watched.system.accept(CP1, memory)
    station = await connect()

    def composite(request: Payload) -> Payload:
        holds = kept or station.received("SetChargingProfile")
        return _schedule((0, 6 if holds else -1))

    station.answers["GetCompositeSchedule"] = composite
    await station.boot()
    await station.wait_received("TriggerMessage")
    assert len(station.received("GetCompositeSchedule")) == 2
    assert _state(watched.system).fail_safe is fail_safe
    # What a limit seems to fall back to while we are there does not outweigh that; what it keeps another time does.
    watched.system.stations["CP1"].fail_safe.conclude(FailSafe.VERIFIED)
    if not kept:
        assert _state(watched.system).fail_safe is FailSafe.DOES_NOT_FALL_BACK
        kept = True
        station.requests.clear()
        await station.boot()
        await station.wait_received("TriggerMessage")
        assert _state(watched.system).fail_safe is FailSafe.NOT_VERIFIED


@pytest.mark.parametrize(
    ("after_s", "drawn_a", "fail_safe"),
    [
        (100, 16, FailSafe.NOT_VERIFIED),  # its limit still held
        (200, 6, FailSafe.NOT_VERIFIED),
        (200, 16, FailSafe.DOES_NOT_FALL_BACK),
    ],
)
async def test_what_it_drew_while_out_of_reach(
    watched: Watched,
    connect: Connect,
    clock: SteppedClock,
    after_s: int,
    drawn_a: float,
    fail_safe: FailSafe,
) -> None:
    """Stored meter values of a charger show whether it fell back when its limit had expired."""
    system = watched.system
    station = await _boot(connect, system)
    transaction_id = await _charge(station, clock)
    await system.stations["CP1"].offer(1, 16)
    await station.close()
    await watched.until(lambda: not _state(system).connected)
    clock.step(after_s)
    measured_at = clock.text()
    clock.step(300)
    station = await connect()
    power = {"measurand": "Power.Active.Import", "value": str(drawn_a * 690)}
    await station.call(
        "MeterValues",
        {
            "connectorId": 1,
            "transactionId": transaction_id,
            "meterValue": [{"timestamp": measured_at, "sampledValue": [power]}],
        },
    )
    assert _state(system).fail_safe is fail_safe
