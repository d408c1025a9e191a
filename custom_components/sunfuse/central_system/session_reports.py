"""The messages of either version that report sessions, and the signed meter values in them."""

from collections.abc import Awaitable, Callable, Iterable, Iterator
from datetime import datetime
import logging

from .protocol.fault import Listeners
from .protocol.frames import Payload
from .protocol.link import Answer
from .station.clock import parse_time
from .station.station import Station
from .station_state import SignedReading

_LOGGER = logging.getLogger(__name__)

# A charger repeats a report that is not answered, and deletes one that is.
_REPORTS = frozenset(("StartTransaction", "StopTransaction"))
# How a text in the Open Charge Metering Format begins.
_OCMF = "OCMF|"


class SessionReports:
    """Forwards signed meter values, and delays answers until what they answer is stored."""

    def __init__(self) -> None:
        """Start without anything to wait for."""
        self._signed = Listeners[SignedReading](
            _LOGGER, "A listener to signed meter values"
        )
        self._stored: list[Callable[[], Awaitable[None]]] = []

    def subscribe_signed(
        self, listener: Callable[[SignedReading], None]
    ) -> Callable[[], None]:
        """Call `listener` with each signed meter value of a transaction; returns a function that ends that."""
        return self._signed.add(listener)

    def answer_when(self, stored: Callable[[], Awaitable[None]]) -> Callable[[], None]:
        """Answer reports of the start and the end of transactions when `stored` is done, too; returns a function that ends that.

        It is called after those of before are done.

        A charger deletes what was answered, and repeats what was not: so a power cut loses nothing.
        """
        self._stored.append(stored)
        return lambda: self._stored.remove(stored)

    def taken(
        self, station: Station, action: str, payload: Payload, answer: Answer
    ) -> Answer:
        """Return the answer to a message that was handled, as it is to be given."""
        for signed in signed_readings(station.identity, action, payload, station.ours):
            self._signed.call(signed)
        if not self._stored or not reports_session(action, payload):
            return answer
        return _when_stored(tuple(self._stored), answer)


async def _when_stored(
    stored: Iterable[Callable[[], Awaitable[None]]], answer: Answer
) -> Payload:
    for one in stored:
        await one()
    return answer if isinstance(answer, dict) else await answer


def reports_session(action: str, payload: Payload) -> bool:
    """Return whether a message reports that a transaction begins or ends."""
    if action == "TransactionEvent":
        return bool(payload["eventType"] != "Updated")
    return action in _REPORTS


def signed_readings(
    identity: str, action: str, payload: Payload, ours: Callable[[datetime], datetime]
) -> Iterator[SignedReading]:
    """Yield the signed meter values of a message. `ours` turns a time of the station into one of our clock."""
    match action:
        case "MeterValues" if 0 < payload.get("transactionId", 0) < 2**31:
            transaction, values = payload["transactionId"], payload["meterValue"]
        case "StopTransaction":
            transaction = payload["transactionId"]
            values = payload.get("transactionData", [])
        case "TransactionEvent":
            transaction = payload["transactionInfo"]["transactionId"]
            values = payload.get("meterValue", [])
        case _:
            return
    for value in values:
        for sampled in value["sampledValue"]:
            signed = _signed(sampled)
            if signed is None:
                continue
            data, encoding, method, public_key = signed
            yield SignedReading(
                identity=identity,
                transaction_id=str(transaction),
                at=ours(parse_time(value["timestamp"])),
                context=sampled.get("context", "Sample.Periodic"),
                encoding=encoding or ("OCMF" if data.startswith(_OCMF) else ""),
                data=data,
                method=method,
                public_key=public_key,
            )


def _signed(sampled: Payload) -> tuple[str, str, str, str] | None:
    """Return data, encoding, method and public key of a sampled value that is signed."""
    if sampled.get("format") == "SignedData":  # OCPP 1.6
        return str(sampled["value"]), "", "", ""
    if (signed := sampled.get("signedMeterValue")) is not None:  # OCPP 2.x
        return (
            signed["signedMeterData"],
            signed.get("encodingMethod", ""),
            signed.get("signingMethod", ""),
            signed.get("publicKey", ""),
        )
    return None
