"""Reports of transactions are answered when they are stored; signed meter values are handed on as they were received."""

import asyncio

from custom_components.sunfuse.central_system import CentralSystem
from custom_components.sunfuse.central_system.station_state import SignedReading

from .charging import CP1
from .client import ANSWERS_2
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
