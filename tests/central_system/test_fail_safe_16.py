"""The fail-safe current of a charger of 1.6: laid down, and verified that it falls back to it."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from custom_components.sunfuse.central_system import (
    CentralSystem,
    CommandError,
    FailSafe,
    OfferCheck,
)
from custom_components.sunfuse.central_system.station.timing import Timing

from .charging import CP1, connector, period_of
from .client import Payload
from .conftest import Connect, SteppedClock, Watched
from .station_16 import charge, draws, set_up, state_of


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
    station = await set_up(
        connect, watched.system, answers={"SetChargingProfile": _takes(**wanted)}
    )
    told = station.received("SetChargingProfile")[-1]
    profile = told["csChargingProfiles"]
    assert profile["chargingProfilePurpose"] == "TxDefaultProfile"
    assert "duration" not in profile["chargingSchedule"]
    assert "validTo" not in profile
    assert period_of(told)["limit"] == 6
    assert state_of(watched.system).fail_safe_set is True


async def test_fail_safe_is_refused(
    watched: Watched, connect: Connect, caplog: pytest.LogCaptureFixture
) -> None:
    """A charger that takes no fail-safe current cannot fall back to it: its maximum is what it may draw."""
    await set_up(
        connect, watched.system, answers={"SetChargingProfile": {"status": "Rejected"}}
    )
    state = state_of(watched.system)
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
    station = await set_up(connect, watched.system, answers=answers)
    clock.step(600)
    station.answers["SetChargingProfile"] = {"status": "Accepted"}
    await station.boot()
    await watched.until(lambda: state_of(watched.system).fail_safe_set)
    state = state_of(watched.system)
    assert state.fail_safe is FailSafe.NOT_VERIFIED
    assert (state.fail_safe_set, state.fall_back_a) == (True, 6)


async def test_fail_safe_is_changed(system: CentralSystem, connect: Connect) -> None:
    """Another fail-safe current in the configuration reaches a connected charger."""
    station = await set_up(connect, system)
    station.requests.clear()
    system.accept(replace(CP1, fail_safe_a=8))
    assert period_of(await station.wait_received("SetChargingProfile"))["limit"] == 8
    assert state_of(system).fall_back_a == 8


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
    station = await set_up(
        connect, watched.system, answers={"GetCompositeSchedule": answer}
    )
    await charge(station, clock)
    await watched.system.stations["CP1"].offer(1, 10)
    await station.wait_received("GetCompositeSchedule")
    await station.call("Heartbeat", {})  # the answer has been taken in
    state = state_of(watched.system)
    assert state.fail_safe is fail_safe
    assert state.fall_back_a == fall_back_a
    assert connector(watched.system).offer_check is check


async def test_a_charger_that_answers_slowly_is_seldom_asked(
    watched: Watched, connect: Connect, clock: SteppedClock
) -> None:
    """Its next limit would wait until it has answered: with 25 s for each answer it came after 50 s."""
    station = await set_up(
        connect, watched.system, answers={"GetCompositeSchedule": None}
    )
    await charge(station, clock)
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


@pytest.mark.parametrize("timing", [Timing(settle_s=600, return_s=600, ping_s=600)])
async def test_no_fall_back_is_missed_before_it_was_asked_for(
    watched: Watched, connect: Connect, clock: SteppedClock
) -> None:
    """A car that charges while its charger still settles shows nothing of what it falls back to."""
    watched.system.accept(CP1)
    station = await connect()
    station.answers["GetCompositeSchedule"] = _schedule((0, 10), (120, 16))
    await station.boot()
    await charge(station, clock)
    await watched.system.stations["CP1"].offer(1, 10)
    await station.wait_received("GetCompositeSchedule")
    await station.call("Heartbeat", {})  # the answer has been taken in
    assert not station.received("TriggerMessage")
    assert connector(watched.system).offer_check is OfferCheck.SCHEDULED
    assert state_of(watched.system).fail_safe is FailSafe.NOT_VERIFIED
    assert state_of(watched.system).fall_back_a == CP1.fail_safe_a


async def test_firmware_update_voids_what_was_verified(
    watched: Watched, connect: Connect, clock: SteppedClock
) -> None:
    """After a firmware update the fall back is to be verified again, and the charger asked again."""
    station = await set_up(
        connect,
        watched.system,
        answers={"GetCompositeSchedule": _schedule((0, 10), (120, 6))},
        firmwareVersion="1",
    )
    await charge(station, clock)
    await watched.system.stations["CP1"].offer(1, 10)
    await watched.until(lambda: state_of(watched.system).fail_safe is FailSafe.VERIFIED)
    await station.boot(firmwareVersion="1")
    assert state_of(watched.system).fail_safe is FailSafe.VERIFIED
    station.requests.clear()
    await station.boot(firmwareVersion="2")
    assert state_of(watched.system).fail_safe is FailSafe.NOT_VERIFIED
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
    station = await set_up(connect, system)
    await charge(station, clock)
    await system.stations["CP1"].offer(1, 12)
    with pytest.raises(CommandError, match="too little"):
        system.stations["CP1"].test_fail_safe(1)
    await draws(station, clock, 12)
    system.stations["CP1"].test_fail_safe(1)
    for _ in range(12):
        clock.step(10)
        await draws(station, clock, 12)
        await system.stations["CP1"].offer(1, 12)
    assert len(station.received("SetChargingProfile")) == 1  # not renewed
    clock.step(20)
    await draws(station, clock, later_a)
    assert state_of(system).fail_safe is result
    await system.stations["CP1"].offer(1, 12)
    assert len(station.received("SetChargingProfile")) == 2


async def test_guided_test_gives_way(
    system: CentralSystem, connect: Connect, clock: SteppedClock
) -> None:
    """A reduction goes out at once although the guided test is on."""
    station = await set_up(connect, system)
    await charge(station, clock)
    await system.stations["CP1"].offer(1, 12)
    await draws(station, clock, 12)
    system.stations["CP1"].test_fail_safe(1)
    await system.stations["CP1"].offer(1, 9)
    assert connector(system).offer_a == 9
    assert state_of(system).fail_safe is FailSafe.NOT_VERIFIED


async def test_a_steady_session_is_verified(
    watched: Watched, connect: Connect, clock: SteppedClock
) -> None:
    """A charger that cannot report it at first is asked again while it charges, though its limit never changes."""
    station = await set_up(
        connect,
        watched.system,
        answers={"GetCompositeSchedule": {"status": "Rejected"}},
    )
    await charge(station, clock)
    for _ in range(2):
        await watched.system.stations["CP1"].offer(1, 16)
        clock.step(45)
    await station.wait_received("GetCompositeSchedule")
    assert state_of(watched.system).fail_safe is FailSafe.NOT_VERIFIED
    station.answers["GetCompositeSchedule"] = _schedule((0, 16), (120, 6))
    for _ in range(3):
        await watched.system.stations["CP1"].offer(1, 16)
        clock.step(45)
    await watched.until(lambda: state_of(watched.system).fail_safe is FailSafe.VERIFIED)


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
    station = await set_up(connect, watched.system)
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
    assert state_of(watched.system).fail_safe is fail_safe
    # What a limit seems to fall back to while we are there does not outweigh that; what it keeps another time does.
    watched.system.stations["CP1"].fail_safe.conclude(FailSafe.VERIFIED)
    if not kept:
        assert state_of(watched.system).fail_safe is FailSafe.DOES_NOT_FALL_BACK
        kept = True
        station.requests.clear()
        await station.boot()
        await station.wait_received("TriggerMessage")
        assert state_of(watched.system).fail_safe is FailSafe.NOT_VERIFIED


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
    station = await set_up(connect, system)
    transaction_id = await charge(station, clock)
    await system.stations["CP1"].offer(1, 16)
    await station.close()
    await watched.until(lambda: not state_of(system).connected)
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
    assert state_of(system).fail_safe is fail_safe
