"""Limits of OCPP 1.6: in the shape that the charger takes, never above what it may have, and refused ones."""

from dataclasses import replace

import pytest

from custom_components.sunfuse.central_system import (
    CentralSystem,
    CommandError,
    OfferCheck,
)

from .charging import CP1, connector, period_of
from .client import Payload
from .conftest import Connect, SteppedClock, Watched
from .station_16 import charge, draws, set_up


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
    station = await set_up(
        connect,
        system,
        replace(CP1, phases=phases),
        {"ChargingScheduleAllowedChargingRateUnit": allowed},
    )
    await charge(station, clock)
    await system.stations["CP1"].offer(1, 10, asked)
    assert period_of(station.received("SetChargingProfile")[0]) == period


async def test_every_limit_is_a_multiple_of_a_tenth_in_floating_point(
    system: CentralSystem, connect: Connect, clock: SteppedClock
) -> None:
    """Some chargers check the schema's multiple of 0.1 by division: for them, 11.6 is none (open-ocpp refuses it)."""
    station = await set_up(connect, system, replace(CP1, max_a=32, fail_safe_a=6.6))
    sent = station.received("SetChargingProfile")
    await charge(station, clock)
    for offered_a in (6.0, 8.2, 11.6, 12.4, 16.4, 23.9, 32.0):
        await system.stations["CP1"].offer(1, offered_a, None)
    sent += station.received("SetChargingProfile")
    limits_a = [period_of(request)["limit"] for request in sent]
    assert limits_a == [6.5, 6.0, 8.0, 11.5, 12.4, 16.3, 23.8, 32.0]
    assert all((limit_a / 0.1).is_integer() for limit_a in limits_a)


async def test_phase_switching(
    system: CentralSystem, connect: Connect, clock: SteppedClock
) -> None:
    """A charger that can switch to one phase is sent the number of phases."""
    station = await set_up(
        connect, system, variables={"ConnectorSwitch3to1PhaseSupported": "true"}
    )
    await charge(station, clock)
    await system.stations["CP1"].offer(1, 10, 1)
    assert period_of(station.received("SetChargingProfile")[0])["numberPhases"] == 1


async def test_no_current_is_told_once_whatever_the_phases(
    system: CentralSystem, connect: Connect, clock: SteppedClock
) -> None:
    """A car that waits for the sun: whether it would start on one phase or three may change with each value of the meter."""
    station = await set_up(
        connect, system, variables={"ConnectorSwitch3to1PhaseSupported": "true"}
    )
    await charge(station, clock)
    for phases in (3, 1, 3):
        await system.stations["CP1"].offer(1, 0, phases)
    assert len(station.received("SetChargingProfile")) == 1
    await system.stations["CP1"].offer(1, 6, 1)
    told = station.received("SetChargingProfile")[-1]
    assert period_of(told) == {"startPeriod": 0, "limit": 6, "numberPhases": 1}


async def test_limits_never_exceed(
    system: CentralSystem, connect: Connect, clock: SteppedClock
) -> None:
    """No offer goes above what the user allowed; one below 6 A means 0; rounding goes down."""
    station = await set_up(connect, system)
    await charge(station, clock)
    for offered in (99, 5.9, 9.99, 0):
        await system.stations["CP1"].offer(1, offered)
    limits = [
        period_of(told)["limit"] for told in station.received("SetChargingProfile")
    ]
    assert limits == [16, 0, 9.9, 0]
    for nonsense in (-1, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="Not a current"):
            await system.stations["CP1"].offer(1, nonsense)


async def test_a_refused_stop_is_tried_at_once_after_an_accepted_limit(
    watched: Watched, connect: Connect, clock: SteppedClock
) -> None:
    """What it refused before does not delay the next overload of the fuse."""

    def limit(request: Payload) -> Payload:
        accepted = period_of(request)["limit"] > 0
        return {"status": "Accepted" if accepted else "Rejected"}

    station = await set_up(
        connect,
        watched.system,
        answers={
            "SetChargingProfile": limit,
            "RemoteStopTransaction": {"status": "Rejected"},
        },
    )
    await charge(station, clock)
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
    pauses = [one for one in profiles if period_of(one)["limit"] == 0]
    assert len(pauses) == 5 * 3  # with each of them, as a profile of each purpose


async def test_a_refused_stop_does_not_delay_a_pause(
    watched: Watched, connect: Connect, clock: SteppedClock
) -> None:
    """A charger that refuses to stop, as a user asked for, takes 0 A when the fuse needs that in the same second."""
    station = await set_up(
        connect,
        watched.system,
        answers={"RemoteStopTransaction": {"status": "Rejected"}},
    )
    await charge(station, clock)
    cp1 = watched.system.stations["CP1"]
    await cp1.offer(1, 10)
    with pytest.raises(CommandError, match="refused"):
        await cp1.stop(1)
    await cp1.offer(1, 0)
    assert period_of(station.received("SetChargingProfile")[-1])["limit"] == 0


async def test_draw_is_compared(
    system: CentralSystem, connect: Connect, clock: SteppedClock
) -> None:
    """Above all the car must draw no more than was offered, once it had the time to follow."""
    station = await set_up(connect, system)
    await charge(station, clock)
    await system.stations["CP1"].offer(1, 10)
    await draws(station, clock, 16)
    assert connector(system).offer_check is OfferCheck.ANSWERED
    clock.step(20)
    await draws(station, clock, 9.8)
    assert connector(system).offer_check is OfferCheck.OBEYED
    await draws(station, clock, 12)
    assert connector(system).offer_check is OfferCheck.EXCEEDED
    await system.stations["CP1"].offer(1, 8)
    assert connector(system).offer_check is OfferCheck.ANSWERED


async def test_autostart_begins_at_fail_safe(
    system: CentralSystem, connect: Connect, clock: SteppedClock
) -> None:
    """A session that began without us is at the fail-safe current until it gets its limit."""
    station = await set_up(connect, system)
    await station.status("Preparing")
    await charge(station, clock)
    state = connector(system)
    assert (state.offer_a, state.offer_until) == (6, None)


async def test_first_limit_follows_the_start(
    system: CentralSystem, connect: Connect, clock: SteppedClock
) -> None:
    """What was offered before a charger started by itself becomes the limit of its transaction at once."""
    station = await set_up(connect, system)
    await station.status("Preparing")
    await system.stations["CP1"].offer(1, 14)
    station.requests.clear()
    transaction_id = await station.start_transaction(clock.text())
    request = await station.wait_received("SetChargingProfile")
    assert request["csChargingProfiles"]["transactionId"] == transaction_id
    assert period_of(request)["limit"] == 14
    assert not station.received("RemoteStartTransaction")
