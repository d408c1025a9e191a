"""Chargers that refuse what they are asked each time are not asked for ever."""

from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from custom_components.sunfuse.central_system import CentralSystem, CommandError

from ..common import wait_until
from .charger import Charger
from .charging import ACCEPTED, CP1, REJECTED, charging, period_of, periods
from .client import Answer, Payload, RawStation
from .conftest import Connect, SteppedClock, Watched

HOUR_S = 3600


async def _offers(
    station: RawStation, system: CentralSystem, clock: SteppedClock, times: int
) -> None:
    """Offer a current so many times, each time as if it were due."""
    for _ in range(times):
        clock.step(50)
        with suppress(CommandError):
            await system.stations["CP1"].offer(1, 10)


def _takes_limits(system: CentralSystem) -> bool:
    return system.stations["CP1"].state.takes_limits


@pytest.mark.parametrize("version", ["1.6", "2.0.1", "2.1"])
@pytest.mark.parametrize("answer", [REJECTED, "unknown", {"status": "NotSupported"}])
async def test_limits_are_refused(
    watched: Watched,
    connect: Connect,
    clock: SteppedClock,
    version: str,
    answer: dict[str, str] | str,
) -> None:
    """After three refusals of all kinds of profile it is asked once an hour, until it takes one."""
    if version != "1.6" and answer == {"status": "NotSupported"}:
        pytest.skip("2.x knows no such answer")
    system = watched.system
    station = await charging(connect, system, clock, version)
    cp1 = system.stations["CP1"]
    station.answers["SetChargingProfile"] = answer
    await _offers(station, system, clock, 2)
    assert _takes_limits(system)
    await _offers(station, system, clock, 1)
    assert not _takes_limits(system)
    # It allows its car all that it has, and there is nothing more to send.
    station.requests.clear()
    await _offers(station, system, clock, 20)
    assert not station.received("SetChargingProfile")
    assert cp1.connector(1).offer_a == CP1.max_a
    # What it is known for outlives a restart of ours.
    other = CentralSystem(now=clock)
    other.accept(CP1, cp1.memory())
    assert not other.stations["CP1"].state.takes_limits
    # An hour later it is asked once more.
    clock.step(HOUR_S)
    await _offers(station, system, clock, 3)
    # By each kind of profile, in 2.1 with and without what a station may not know.
    kinds = 6 if version == "2.1" else 3
    # A charger that answers Rejected is asked for the least current, too.
    currents = 2 if answer == REJECTED else 1
    assert 1 <= len(station.received("SetChargingProfile")) <= kinds * currents
    assert not _takes_limits(system)
    station.answers["SetChargingProfile"] = {"status": "Accepted"}
    clock.step(HOUR_S)
    await _offers(station, system, clock, 1)
    assert _takes_limits(system)
    await watched.until(lambda: cp1.state.fail_safe_set)


async def test_other_firmware_is_asked_again(
    system: CentralSystem, connect: Connect, clock: SteppedClock
) -> None:
    """What the firmware refused before its update it may take now."""
    station = await charging(connect, system, clock, "1.6")
    station.answers["SetChargingProfile"] = REJECTED
    await _offers(station, system, clock, 3)
    assert not _takes_limits(system)
    await station.boot(firmwareVersion="2")
    assert _takes_limits(system)


@pytest.mark.parametrize("restarts", [True, False])
async def test_it_is_stopped_and_started(
    system: CentralSystem, connect: Connect, clock: SteppedClock, restarts: bool
) -> None:
    """0 A stop its transaction; a charger that does not start another one is not stopped."""
    config = replace(CP1, quirks=(("restarts", str(restarts).lower()),))
    station = await charging(connect, system, clock, "1.6", config=config)
    station.answers["SetChargingProfile"] = REJECTED
    await _offers(station, system, clock, 3)
    station.requests.clear()
    if restarts:
        await system.stations["CP1"].offer(1, 0)
    else:
        with pytest.raises(CommandError, match="not_supported"):
            await system.stations["CP1"].offer(1, 0)
    assert len(station.received("RemoteStopTransaction")) == restarts
    assert not station.received("SetChargingProfile")


async def test_a_charger_that_refuses_only_0_a_can_be_limited(
    system: CentralSystem, connect: Connect, clock: SteppedClock
) -> None:
    """That it is stopped for a pause says nothing of its limits."""
    station = await charging(connect, system, clock, "1.6")
    cp1 = system.stations["CP1"]

    def answer(request: dict[str, object]) -> dict[str, str]:
        return REJECTED if '"limit": 0' in str(request).replace("'", '"') else ACCEPTED

    station.answers["SetChargingProfile"] = answer
    for _ in range(4):
        await cp1.offer(1, 0)
        await cp1.offer(1, 10)
    assert _takes_limits(system)


def _refuses_above(most_a: float) -> Answer:
    """Answer SetChargingProfile as a charger that takes no limit above its own highest current."""

    def answer(request: Payload) -> Payload:
        return REJECTED if period_of(request)["limit"] > most_a else ACCEPTED

    return answer


async def _as_the_engine_offers(
    system: CentralSystem, clock: SteppedClock, times: int, most_a: float = 32.0
) -> list[float]:
    """Offer what it may have and the charger is known to take at most; return the offers that it is known to have."""
    cp1 = system.stations["CP1"]
    had: list[float] = []
    for _ in range(times):
        clock.step(5)
        limit_a = cp1.connector(1).charger_limit_a
        with suppress(CommandError):
            await cp1.offer(1, min(most_a, limit_a or most_a))
        had.append(cp1.connector(1).offer_a or 0.0)
    return had


@pytest.mark.parametrize("version", ["1.6", "2.0.1", "2.1"])
@pytest.mark.parametrize("most_a", [6, 10, 13, 16, 20, 31])
async def test_only_high_limits_are_refused(
    system: CentralSystem,
    connect: Connect,
    clock: SteppedClock,
    version: str,
    most_a: float,
) -> None:
    """A charger for 16 A that was configured for 32 A is limited to the highest current that it takes."""
    config = replace(CP1, max_a=32)
    station = await charging(connect, system, clock, version, config=config)
    station.answers["SetChargingProfile"] = _refuses_above(most_a)
    had = await _as_the_engine_offers(system, clock, 12)
    assert _takes_limits(system)
    assert had[-1] == most_a
    assert max(had) == most_a
    # It is not asked for more again before an hour has passed.
    station.requests.clear()
    await _as_the_engine_offers(system, clock, 100)
    assert {period["limit"] for period in periods(station)} == {most_a}
    # A limit below it is taken as it is.
    assert await _as_the_engine_offers(system, clock, 1, 6) == [6]
    assert (await _as_the_engine_offers(system, clock, 2))[-1] == most_a
    # Its highest current may have been raised meanwhile.
    station.answers["SetChargingProfile"] = ACCEPTED
    clock.step(HOUR_S)
    await station.call("Heartbeat", {})
    assert (await _as_the_engine_offers(system, clock, 2))[-1] == 32


async def test_one_refusal_is_no_limit_of_the_charger(
    system: CentralSystem, connect: Connect, clock: SteppedClock
) -> None:
    """The charger was only busy: it is asked for less at once, and later accepts as much as before."""
    config = replace(CP1, max_a=32)
    station = await charging(connect, system, clock, "1.6", config=config)
    assert (await _as_the_engine_offers(system, clock, 1)) == [32]
    station.answers["SetChargingProfile"] = _refuses_above(7)
    assert (await _as_the_engine_offers(system, clock, 1, 8)) == [6]
    station.answers["SetChargingProfile"] = ACCEPTED
    assert (await _as_the_engine_offers(system, clock, 1, 8)) == [8]
    assert (await _as_the_engine_offers(system, clock, 1)) == [32]


async def test_what_it_took_before_it_refuses(
    system: CentralSystem, connect: Connect, clock: SteppedClock
) -> None:
    """A charger that gets hot takes less than before, and then nothing: all that it has is reserved."""
    config = replace(CP1, max_a=32)
    station = await charging(connect, system, clock, "1.6", config=config)
    cp1 = system.stations["CP1"]
    assert (await _as_the_engine_offers(system, clock, 1)) == [32]
    station.answers["SetChargingProfile"] = _refuses_above(13)
    clock.step(40)
    had = await _as_the_engine_offers(system, clock, 12)
    assert had[-1] == 13
    station.answers["SetChargingProfile"] = REJECTED
    clock.step(40)
    await _as_the_engine_offers(system, clock, 4)
    assert not _takes_limits(system)
    assert cp1.connector(1).charger_limit_a is None
    assert cp1.connector(1).offer_a == 32


@pytest.mark.parametrize("version", ["1.6", "2.0.1"])
async def test_the_schedule_is_refused(
    system: CentralSystem, connect: Connect, clock: SteppedClock, version: str
) -> None:
    """A charger that rejects the question what it intends is asked it three times, then once an hour."""
    station = await charging(
        connect, system, clock, version, GetCompositeSchedule=REJECTED
    )
    for _ in range(20):
        clock.step(150)
        await system.stations["CP1"].offer(1, 10)
        await station.call("Heartbeat", {})
    assert len(station.received("GetCompositeSchedule")) == 3
    clock.step(HOUR_S)
    await system.stations["CP1"].offer(1, 10)
    await station.call("Heartbeat", {})
    assert len(station.received("GetCompositeSchedule")) == 4


@pytest.mark.parametrize("version", ["1.6", "2.0.1", "2.1"])
@pytest.mark.parametrize("answer", [REJECTED, "unknown"])
@pytest.mark.parametrize(("fail_safe_a", "begins_a"), [(6, 8), (10, 10)])
async def test_a_start_with_a_limit_is_refused(
    system: CentralSystem,
    connect: Connect,
    clock: SteppedClock,
    version: str,
    answer: dict[str, str] | str,
    fail_safe_a: float,
    begins_a: float,
) -> None:
    """The car starts without, at its fail-safe current, and has its limit at once (goecharger/go-eCharger-API-v2 issue 243)."""
    start = "RemoteStartTransaction" if version == "1.6" else "RequestStartTransaction"
    system.accept(replace(CP1, fail_safe_a=fail_safe_a))
    charger = await Charger.connect(connect, version)
    station = charger.station

    def only_without_a_limit(request: Payload) -> Any:
        return answer if "chargingProfile" in request else ACCEPTED

    station.answers[start] = only_without_a_limit
    await charger.boot()
    await charger.set_up()
    await charger.status("Preparing", clock.text())
    clock.step(60)
    cp1 = system.stations["CP1"]
    await cp1.offer(1, 8)
    assert ["chargingProfile" in told for told in station.received(start)] == [
        True,
        False,
    ]
    assert cp1.connector(1).offer_a == begins_a
    await charger.start(clock.text())
    await wait_until(lambda: cp1.connector(1).offer_a == 8, "the limit")
    assert periods(station)[-1]["limit"] == 8
