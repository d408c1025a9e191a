"""A charger ends its transaction at 0 A instead of pausing: its car goes on later, but not against the will of its driver."""

import asyncio

import pytest

from custom_components.sunfuse.central_system import Card, CardPolicy, CentralSystem

from .charger import Charger
from .charging import ACCEPTED, CP1, VERSIONS
from .conftest import Connect, SteppedClock

STARTS = {
    "1.6": "RemoteStartTransaction",
    "2.0.1": "RequestStartTransaction",
    "2.1": "RequestStartTransaction",
}
STILL_THERE = {"1.6": "Finishing", "2.0.1": "Occupied", "2.1": "Occupied"}


async def _charging(
    connect: Connect, system: CentralSystem, clock: SteppedClock, version: str
) -> tuple[Charger, str]:
    """Return a charger whose car charges, and its transaction."""
    system.accept(CP1)
    charger = await Charger.connect(connect, version)
    await charger.boot()
    await charger.set_up()
    await charger.status("Charging", clock.text())
    return charger, await charger.start(clock.text())


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("reason", "after_s", "starts"),
    [
        ("Other", 600, 1),
        ("Local", 5, 1),
        ("Local", 600, 0),
        ("EVDisconnected", 5, 0),
        ("DeAuthorized", 5, 0),
    ],
)
async def test_a_charger_that_ends_its_transaction_at_0_a(
    system: CentralSystem,
    connect: Connect,
    clock: SteppedClock,
    version: str,
    reason: str,
    after_s: float,
    starts: int,
) -> None:
    """Its car charges again with the next offer (evcc pull request 33020); one whose driver stopped it does not."""
    charger, transaction = await _charging(connect, system, clock, version)
    cp1 = system.stations["CP1"]
    await cp1.offer(1, 10)
    await cp1.offer(1, 0)
    for _ in range(0, int(after_s), 5):
        clock.step(5)
        await cp1.offer(1, 0)
    await charger.stop(transaction, clock.text(), 1500, reason)
    await charger.status(STILL_THERE[version], clock.text())
    clock.step(60)
    await cp1.offer(1, 0)
    assert not charger.station.received(STARTS[version])
    await cp1.offer(1, 10)
    assert len(charger.station.received(STARTS[version])) == starts


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("reason", ["Local", "Other"])
async def test_an_end_that_is_older_than_the_pause(
    system: CentralSystem,
    connect: Connect,
    clock: SteppedClock,
    version: str,
    reason: str,
) -> None:
    """A session that ended while Home Assistant or the charger was offline, and is reported just after 0 A, stays ended."""
    charger, transaction = await _charging(connect, system, clock, version)
    cp1 = system.stations["CP1"]
    await cp1.offer(1, 10)
    clock.step(300)
    await cp1.offer(1, 0)
    clock.step(1)
    await charger.status(STILL_THERE[version], clock.text())
    await charger.stop(transaction, clock.text(-200), 1500, reason)
    clock.step(60)
    await cp1.offer(1, 10)
    assert not charger.station.received(STARTS[version])


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(("card", "starts"), [("TAG", 0), (None, 1)])
async def test_a_card_ends_a_transaction_at_0_a(
    system: CentralSystem,
    connect: Connect,
    clock: SteppedClock,
    version: str,
    card: str | None,
    starts: int,
) -> None:
    """A driver who sees that the car does not charge, and presents the card again, wants no other session."""
    system.set_cards(CardPolicy(free=False, cards=(Card(id="TAG"),)))
    charger, transaction = await _charging(connect, system, clock, version)
    cp1 = system.stations["CP1"]
    await cp1.offer(1, 0)
    clock.step(5)
    await charger.stop(transaction, clock.text(), 1000, "Local", card)
    await charger.status(STILL_THERE[version], clock.text())
    clock.step(60)
    await cp1.offer(1, 10)
    assert len(charger.station.received(STARTS[version])) == starts


@pytest.mark.parametrize("version", ["2.0.1", "2.1"])
async def test_a_session_with_the_id_of_the_one_before_ends_for_good(
    system: CentralSystem, connect: Connect, clock: SteppedClock, version: str
) -> None:
    """A charger whose ids begin anew when it boots says nothing else of the second session: its car does not wait for one."""
    system.accept(CP1)
    charger = await Charger.connect(connect, version)
    for _ in range(2):
        charger.sequence = 0
        await charger.boot()
        await charger.status("Available", clock.text())
        await charger.status("Preparing", clock.text())
        clock.step(5)
        transaction = await charger.start(clock.text())
        clock.step(600)
        await charger.stop(transaction, clock.text(), 2500)
        await charger.status("Preparing", clock.text())
        clock.step(60)
        await system.stations["CP1"].offer(1, 10)
        assert not charger.station.received("RequestStartTransaction")


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_charger_that_ends_its_transaction_before_it_answers(
    system: CentralSystem, connect: Connect, clock: SteppedClock, version: str
) -> None:
    """The end that a limit of 0 A causes may arrive before the limit is answered."""
    charger, transaction = await _charging(connect, system, clock, version)
    station = charger.station
    cp1 = system.stations["CP1"]
    await cp1.offer(1, 10)
    station.answers["SetChargingProfile"] = None
    station.requests.clear()
    pause = asyncio.create_task(cp1.offer(1, 0))
    await station.wait_received("SetChargingProfile")
    await charger.stop(transaction, clock.text(), 1500, "Other")
    await station.send([3, station.frames[-2][1], ACCEPTED])
    await pause
    station.answers["SetChargingProfile"] = ACCEPTED
    clock.step(60)
    await cp1.offer(1, 10)
    assert len(station.received(STARTS[version])) == 1
