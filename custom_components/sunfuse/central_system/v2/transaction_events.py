"""OCPP 2.x: what a station reports of transactions."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from ...engine.model import ConnectorStatus
from ..onboarding.card_checks import CardChecks
from ..protocol.frames import Payload
from ..protocol.link import Answer
from ..protocol.text import clean
from ..station.clock import parse_time
from ..station.metering.sampled_values import TimedReadings
from ..station.metering.transaction_registers import (
    first_register,
    register_at_end,
    register_at_start,
    within,
)
from ..station.sessions.event_order import HeldEvent
from ..station.sessions.transactions import Record
from ..station.station_interface import StationInterface
from ..station_state import CHARGES, Transaction
from .evses import Evses2
from .meter_values import sampled_values
from .tokens import decide

# What happens with a card in the driver's hand, or that came with a command.
_PRESENTED = frozenset(
    ("Authorized", "Deauthorized", "StopAuthorized", "RemoteStart", "RemoteStop")
)
# What ends a session that neither the driver nor the car wanted to end.
_CUT_SHORT = frozenset(("PowerLoss", "Reboot"))
_OF_THE_SESSION = CHARGES | {ConnectorStatus.FINISHING}
_CHARGING_STATE = {
    "Charging": ConnectorStatus.CHARGING,
    "EVConnected": ConnectorStatus.PREPARING,
    "SuspendedEV": ConnectorStatus.SUSPENDED_EV,
    "SuspendedEVSE": ConnectorStatus.SUSPENDED_EVSE,
    "Idle": ConnectorStatus.PREPARING,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionEvent:
    """The common part of all events, with the time by our clock and whether it is live."""

    payload: Payload
    at: datetime
    live: bool
    transaction_id: str
    id_token: str | None
    authorised: bool

    @classmethod
    def of(cls, payload: Payload, at: datetime, *, live: bool) -> Self:
        """Read an event."""
        info, token = payload["transactionInfo"], payload.get("idToken")
        return cls(
            payload=payload,
            at=at,
            live=live,
            transaction_id=info["transactionId"],
            id_token=clean(token["idToken"]) if token else None,
            authorised=token is not None
            or info.get("chargingState") not in ("EVConnected", "Idle"),
        )

    @property
    def is_update(self) -> bool:
        """Whether the transaction goes on."""
        return bool(self.payload["eventType"] == "Updated")

    def presents(self, known: str | None) -> bool:
        """Whether a card was presented: many stations name the card of a transaction, which is known, with each event."""
        return self.id_token != known or self.payload["triggerReason"] in _PRESENTED


class TransactionEvents2:
    """Processes the transaction events of one connected station, which may arrive late and in any order."""

    def __init__(
        self,
        station: StationInterface,
        evses: Evses2,
        doorkeeper: CardChecks,
        ended_away: Callable[[int], None],
    ) -> None:
        """Report to the station; `doorkeeper` decides about cards.

        `ended_away` is called with a connector whose session ended while the station was away, and whose car did not leave then.
        """
        self._ended_away = ended_away
        self._station = station
        self._evses = evses
        self._cards = doorkeeper
        station.sessions.events.process = self.take_held

    def take(self, payload: Payload) -> Answer:
        """Process an event; returns the answer, about the card that it contains."""
        station = self._station
        theirs = parse_time(payload["timestamp"])
        values = sampled_values(payload.get("meterValue", []))
        if not payload.get("offline", False):
            station.clock.heard(theirs, station.now())
        at = station.ours(theirs)
        event = TransactionEvent.of(
            payload, at, live=self._is_live(payload, theirs, at)
        )
        known = station.sessions.transactions.get(event.transaction_id)
        presented = event.presents(known.transaction.id_token if known else None)
        # First, because the card counts for this session, and not for the next one.
        answer = self._about_card(event, presented=presented)
        match payload["eventType"]:
            case "Started":
                self._started(event, values)
            case "Updated":
                self._updated(event, values)
            case _:
                self._ended(event, values)
        return answer

    def _about_card(self, event: TransactionEvent, *, presented: bool) -> Answer:
        if (card := event.payload.get("idToken")) is None:
            return {}
        ended = event.payload["eventType"] == "Ended"
        running = None if ended else event.transaction_id
        return decide(self._cards, card, running=running, presented=presented)

    def take_held(self, held: HeldEvent) -> None:
        """Process an event that was held, and answered then."""
        event = TransactionEvent.of(held.payload, held.at, live=False)
        values = sampled_values(held.payload.get("meterValue", []))
        process = self._updated if event.is_update else self._ended
        process(event, values, waits=False)

    def _is_live(self, payload: Payload, theirs: datetime, at: datetime) -> bool:
        """Whether an event describes the present: stored ones and ones out of order do not."""
        station = self._station
        age = station.now() - at
        transaction_id = payload["transactionInfo"]["transactionId"]
        newest = station.sessions.events.is_newest(
            transaction_id, payload["seqNo"], theirs
        )
        fresh = age <= timedelta(seconds=station.timing.live_s)
        return newest and fresh and not payload.get("offline", False)

    def _started(self, event: TransactionEvent, values: TimedReadings) -> None:
        station = self._station
        known = station.sessions.transactions.get(event.transaction_id)
        if known is not None and known.reported and not _is_over(known, event.at):
            return
        number = self._number(event)
        if not number:
            return
        start_wh = first_register(values, station.config.phases)
        started = Record(
            connector=number,
            transaction=Transaction(
                id=event.transaction_id,
                started_at=event.at,
                meter_start_wh=start_wh[1] if start_wh else None,
                id_token=event.id_token,
                authorised=event.authorised,
            ),
            reported=("Started",),
        )
        station.sessions.started(started)
        self._take(number, event, within(values))

    def _updated(
        self, event: TransactionEvent, values: TimedReadings, *, waits: bool = True
    ) -> None:
        station = self._station
        known = station.sessions.transactions.get(event.transaction_id)
        if waits and known is None and not event.live:
            # Only its start, which is still to be reported, has to name the connector, and the register may count from there.
            self._hold(event)
            return
        number = known.connector if known else self._number(event)
        if not number:
            return
        if event.live:
            station.sessions.recognised(number, event.transaction_id)
        if event.authorised:
            station.sessions.authorised(number, event.transaction_id, event.id_token)
        self._take(number, event, values)

    def _hold(self, event: TransactionEvent) -> None:
        station = self._station
        station.sessions.events.hold(
            HeldEvent(
                transaction_id=event.transaction_id,
                at=event.at,
                until=station.now() + timedelta(seconds=station.timing.hold_s),
                payload=event.payload,
            )
        )

    def _number(self, event: TransactionEvent) -> int:
        """Return the connector of an event, 0 if it is not reported and cannot be known."""
        evse = event.payload.get("evse")
        if evse is not None:
            return self._evses.connector_of(evse["id"], evse.get("connectorId"))
        return self._evses.only_connector()

    def _take(
        self, number: int, event: TransactionEvent, values: TimedReadings
    ) -> None:
        station = self._station
        for theirs, readings in values:
            station.connectors.measured(
                number,
                readings,
                station.ours(theirs),
                transaction_id=event.transaction_id,
            )
        running = station.connector(number).transaction
        if not event.live or running is None or running.id != event.transaction_id:
            return
        if state := event.payload["transactionInfo"].get("chargingState"):
            station.connectors.reported_status(number, _CHARGING_STATE[state], None)

    def _ended(
        self, event: TransactionEvent, values: TimedReadings, *, waits: bool = True
    ) -> None:
        station = self._station
        info = event.payload["transactionInfo"]
        known = station.sessions.transactions.get(event.transaction_id)
        ours = [(station.ours(theirs), readings) for theirs, readings in values]
        phases = station.config.phases
        first = register_at_start(ours, event.at, phases)
        stop_wh = register_at_end(ours, event.at, phases)
        if known is None and stop_wh is None:
            last = first_register(ours[::-1], phases)
            stop_wh = last and last[1]

        def report() -> None:
            station.sessions.stopped(
                event.transaction_id,
                event.at,
                stop_wh,
                info.get("stoppedReason", "Local"),
                first=first,
                by_card=event.payload["triggerReason"] == "StopAuthorized",
            )

        if known is None:
            # At once, because it is answered: it may have begun before we were killed, or we are before its start arrives.
            report()
            if waits:
                self._hold(event)
            return
        running = station.connector(known.connector).transaction
        was_running = running is not None and running.id == event.transaction_id
        if known.stopped_at is None:
            for theirs, readings in within(values):
                station.connectors.measured(
                    known.connector, readings, station.ours(theirs)
                )
        report()
        if was_running and event.live:
            station.connectors.reported_status(
                known.connector, ConnectorStatus.FINISHING, None
            )
        elif was_running and info.get("stoppedReason") in _CUT_SHORT:
            self._waits_again(known.connector)
        elif was_running and info.get("stoppedReason") != "EVDisconnected":
            self._ended_away(known.connector)

    def _waits_again(self, connector: int) -> None:
        """Note that the car of a session that was cut short wants to go on, unless the station says otherwise.

        That it occupies the connector may have been reported before, and said nothing while its transaction was running.
        """
        connectors = self._station.connectors
        if self._station.connector(connector).status in _OF_THE_SESSION:
            connectors.reported_status(connector, ConnectorStatus.PREPARING, None)


def _is_over(known: Record, at: datetime) -> bool:
    """Return whether a transaction ended before `at`: some stations begin their ids anew when they boot."""
    return known.stopped_at is not None and known.stopped_at < at
