"""Reports of transactions are answered when they are stored; signed meter values are handed on as they were received."""

import asyncio
import json

import pytest

from custom_components.sunfuse.central_system import CentralSystem, CommandError, Timing
from custom_components.sunfuse.central_system.station_state import SignedReading

from .charging import CP1, EVSE, periods
from .client import ANSWERS_2, RawStation
from .conftest import Connect, SteppedClock

OCMF = 'OCMF|{"PG":"T12","RD":[{"RV":"1.0"}]}|{"SD":"3045"}'


async def test_a_report_is_answered_when_it_is_stored(
    connect: Connect, system: CentralSystem, clock: SteppedClock
) -> None:
    """A charger may forget a transaction only when it cannot be lost here; other messages do not wait."""
    system.accept(CP1)
    on_disk = asyncio.Event()

    async def stored() -> None:
        await on_disk.wait()

    system.session_reports.answer_when(stored)
    station = await connect()
    await station.boot()
    start = asyncio.create_task(
        station.call(
            "StartTransaction",
            {
                "connectorId": 1,
                "idTag": "A",
                "meterStart": 0,
                "timestamp": clock.text(),
            },
        )
    )
    await station.status("Charging")
    assert not start.done()
    assert system.stations["CP1"].connector(1).transaction is not None
    on_disk.set()
    assert (await start)["idTagInfo"] == {"status": "Accepted"}


async def _started_unanswered(
    connect: Connect, system: CentralSystem, clock: SteppedClock
) -> tuple[RawStation, asyncio.Event]:
    """Return a charger that waits for the answer to its StartTransaction, and what it waits for."""
    system.accept(CP1)
    on_disk = asyncio.Event()

    async def stored() -> None:
        await on_disk.wait()

    system.session_reports.answer_when(stored)
    station = await connect()
    await station.boot()
    await station.wait_received("TriggerMessage")
    station.requests.clear()
    started = {
        "connectorId": 1,
        "idTag": "A",
        "meterStart": 0,
        "timestamp": clock.text(),
    }
    await station.send([2, "start", "StartTransaction", started])
    await station.status("Charging")
    station.frames.clear()
    return station, on_disk


async def _answered_before(
    station: RawStation, on_disk: asyncio.Event, command: str
) -> int:
    """Let the start be answered; return the id that it had before a command that did not come earlier."""
    await station.call("Heartbeat", {})
    assert not station.received(command)
    on_disk.set()
    await station.wait_received(command)
    started = await station.answer_to("start")
    order = [frame[2] if frame[0] == 2 else frame[1] for frame in station.frames]
    assert order.index("start") < order.index(command)
    transaction_id: int = started["transactionId"]
    return transaction_id


@pytest.mark.parametrize("newer", [False, True])
async def test_a_limit_waits_until_the_charger_knows_its_transaction(
    connect: Connect, system: CentralSystem, clock: SteppedClock, newer: bool
) -> None:
    """A charger refuses a limit of a transaction whose id it was not told; until then it is at its fail-safe current."""
    station, on_disk = await _started_unanswered(connect, system, clock)
    cp1 = system.stations["CP1"]
    await cp1.offer(1, 16 if newer else 8)
    if newer:
        await cp1.offer(1, 8)  # only this one is sent
    assert cp1.connector(1).offer_a == CP1.fail_safe_a
    transaction_id = await _answered_before(station, on_disk, "SetChargingProfile")
    (request,) = station.received("SetChargingProfile")
    assert request["csChargingProfiles"]["transactionId"] == transaction_id
    assert periods(station)[0]["limit"] == 8


async def test_a_stop_waits_until_the_charger_knows_its_transaction(
    connect: Connect, system: CentralSystem, clock: SteppedClock
) -> None:
    """It is sent after the answer, and does not fail."""
    station, on_disk = await _started_unanswered(connect, system, clock)
    stop = asyncio.create_task(system.stations["CP1"].stop(1))
    transaction_id = await _answered_before(station, on_disk, "RemoteStopTransaction")
    assert station.received("RemoteStopTransaction") == [
        {"transactionId": transaction_id}
    ]
    await stop


async def test_a_stop_does_not_wait_for_a_charger_that_left(
    connect: Connect, system: CentralSystem, clock: SteppedClock
) -> None:
    """A start that cannot be answered any more holds nothing back."""
    station, _ = await _started_unanswered(connect, system, clock)
    stop = asyncio.create_task(system.stations["CP1"].stop(1))
    await station.call("Heartbeat", {})
    await station.close()
    with pytest.raises(CommandError, match="not_connected"):
        await stop


async def _lost_answer(
    connect: Connect, system: CentralSystem, clock: SteppedClock
) -> tuple[RawStation, asyncio.Event]:
    """Return a charger whose connection broke before it got the answer to its StartTransaction, and what the answer waits for."""
    station, on_disk = await _started_unanswered(connect, system, clock)
    await station.close()
    again = await connect()
    await again.status("Charging")
    await again.call("Heartbeat", {})
    await system.stations["CP1"].offer(1, 8)
    assert not again.received("SetChargingProfile")
    return again, on_disk


async def test_a_start_that_is_sent_again_after_its_answer_was_lost(
    connect: Connect, system: CentralSystem, clock: SteppedClock
) -> None:
    """The charger is not limited before it knows the id, and then at once."""
    station, on_disk = await _lost_answer(connect, system, clock)
    on_disk.set()
    transaction_id = await station.start_transaction(clock.text(), meter=0, card="A")
    await system.stations["CP1"].offer(1, 8)
    (request,) = station.received("SetChargingProfile")
    assert request["csChargingProfiles"]["transactionId"] == transaction_id


async def test_a_charger_that_names_the_id_knows_it(
    connect: Connect, system: CentralSystem, clock: SteppedClock
) -> None:
    """The answer came just before the connection broke: the charger names the id in its meter values."""
    station, on_disk = await _lost_answer(connect, system, clock)
    running = system.stations["CP1"].connector(1).transaction
    assert running is not None
    await station.call(
        "MeterValues",
        {
            "connectorId": 1,
            "transactionId": int(running.id),
            "meterValue": [
                {"timestamp": clock.text(), "sampledValue": [{"value": "0"}]}
            ],
        },
    )
    await system.stations["CP1"].offer(1, 8)
    assert len(station.received("SetChargingProfile")) == 1


async def test_a_start_that_is_not_sent_again_was_answered(
    connect: Connect, system: CentralSystem, clock: SteppedClock
) -> None:
    """A charger that got the answer after all, and never names an id, is limited after two minutes."""
    station, _ = await _lost_answer(connect, system, clock)
    clock.step(121)
    await system.stations["CP1"].offer(1, 8)
    assert len(station.received("SetChargingProfile")) == 1


@pytest.mark.parametrize("received", [False, True])
async def test_an_answer_counts_as_received_with_the_next_request(
    connect: Connect,
    system: CentralSystem,
    clock: SteppedClock,
    timing: Timing,
    received: bool,
) -> None:
    """What was sent just before the connection broke may be lost, what came before another request is not; also over our restart."""
    system.accept(CP1)
    station = await connect()
    await station.boot()
    await station.start_transaction(clock.text())
    if received:
        await station.status("Charging")
    memory = json.loads(json.dumps(system.stations["CP1"].memory()))
    await station.close()
    again = await connect()
    await again.status("Charging")
    await system.stations["CP1"].offer(1, 8)
    assert bool(again.received("SetChargingProfile")) is received
    other = CentralSystem(now=clock, timing=timing)
    other.accept(CP1, memory)
    await other.start("127.0.0.1", 0)
    third = await RawStation.connect(station.session, other.port)
    await third.status("Charging")
    await other.stations["CP1"].offer(1, 8)
    assert bool(third.received("SetChargingProfile")) is received
    await third.close()
    await other.stop()


async def test_a_charger_of_ocpp_2_gave_its_transaction_its_id(
    connect: Connect, system: CentralSystem, clock: SteppedClock
) -> None:
    """So it is limited although the answer to its event waits."""
    system.accept(CP1)
    on_disk = asyncio.Event()

    async def stored() -> None:
        await on_disk.wait()

    system.session_reports.answer_when(stored)
    station = await connect(protocols=("ocpp2.0.1",))
    await station.boot2()
    await station.wait_received("TriggerMessage")
    await station.status2("Occupied", clock.text())
    start = asyncio.create_task(
        station.event("Started", clock.text(), 0, state="Charging", evse=EVSE)
    )
    await station.call("Heartbeat", {})
    station.requests.clear()
    await system.stations["CP1"].offer(1, 8)
    assert not start.done()
    assert periods(station)[0]["limit"] == 8
    on_disk.set()
    await start


async def test_signed_values_are_handed_on(
    connect: Connect, system: CentralSystem, clock: SteppedClock
) -> None:
    """Of both versions, to the letter."""
    system.accept(CP1)
    heard: list[SignedReading] = []
    system.session_reports.subscribe_signed(heard.append)
    old = await connect()
    await old.boot()
    transaction_id = await old.start_transaction(clock.text())
    await old.call(
        "StopTransaction",
        {
            "transactionId": transaction_id,
            "meterStop": 1000,
            "timestamp": clock.text(),
            "transactionData": [
                {
                    "timestamp": clock.text(),
                    "sampledValue": [
                        {
                            "value": OCMF,
                            "format": "SignedData",
                            "context": "Transaction.End",
                        },
                        {"value": "1000"},
                    ],
                }
            ],
        },
    )
    await old.close()
    new = await connect(protocols=("ocpp2.0.1",))
    new.answers |= ANSWERS_2
    await new.boot2()
    await new.call(
        "TransactionEvent",
        {
            "eventType": "Ended",
            "timestamp": clock.text(),
            "triggerReason": "StopAuthorized",
            "seqNo": 3,
            "transactionInfo": {"transactionId": "t"},
            "meterValue": [
                {
                    "timestamp": clock.text(),
                    "sampledValue": [
                        {
                            "value": 1.0,
                            "context": "Transaction.End",
                            "signedMeterValue": {
                                "signedMeterData": "QUJD",
                                "signingMethod": "ECDSA-secp256r1-SHA256",
                                "encodingMethod": "DLMS Message",
                                "publicKey": "key",
                            },
                        }
                    ],
                }
            ],
        },
    )
    assert heard == [
        SignedReading(
            identity="CP1",
            transaction_id=str(transaction_id),
            at=clock(),
            context="Transaction.End",
            encoding="OCMF",
            data=OCMF,
        ),
        SignedReading(
            identity="CP1",
            transaction_id="t",
            at=clock(),
            context="Transaction.End",
            encoding="DLMS Message",
            data="QUJD",
            method="ECDSA-secp256r1-SHA256",
            public_key="key",
        ),
    ]
