"""Puts the transaction events of OCPP 2.x, which may arrive in any order, into order."""

from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import chain

from ....engine.clock_change import moved
from ...protocol.frames import Payload
from ...security.card_policy import folded

_REMEMBERED = 100
# A night of values each minute, and more.
_HELD = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldEvent:
    """An event whose transaction is not known: when it happened, and until when the start may still arrive."""

    transaction_id: str
    at: datetime
    until: datetime
    payload: Payload

    def without_cards(self, cards: frozenset[str]) -> HeldEvent:
        """Return it without the card that was held to the station, if it is one of these (folded)."""
        token = self.payload.get("idToken")
        if token is None or folded(token["idToken"]) not in cards:
            return self
        payload = {
            key: value for key, value in self.payload.items() if key != "idToken"
        }
        return replace(self, payload=payload)


class EventOrder:
    """Knows the newest event of each transaction, and holds what arrived before the start of its transaction."""

    def __init__(self) -> None:
        """Start with none."""
        self._newest: OrderedDict[str, tuple[int, datetime]] = OrderedDict()
        self._held: dict[str, list[HeldEvent]] = {}  # by transaction
        # Processes what was held; None until a station of OCPP 2.x connects.
        self.process: Callable[[HeldEvent], None] | None = None

    def is_newest(self, transaction_id: str, sequence: int, at: datetime) -> bool:
        """Whether an event is the newest of its transaction so far; notes that it arrived.

        Either its number (seqNo) or its time decides: some stations number all events alike, or restart the numbers when they
        boot, and clocks are set back.
        """
        last = self._newest.get(transaction_id)
        newest = last is None or sequence > last[0] or at > last[1]
        newest = newest or (sequence, at) == last
        if newest:
            self._newest[transaction_id] = (sequence, at)
            self._newest.move_to_end(transaction_id)
        while len(self._newest) > _REMEMBERED:
            self._newest.popitem(last=False)
        return newest

    def hold(self, event: HeldEvent) -> None:
        """Hold an event of a transaction whose start may still arrive; it is processed if that does not."""
        if len(self.held) >= _HELD:
            self._process([event])
        else:
            self._held.setdefault(event.transaction_id, []).append(event)

    def release(self, transaction_id: str) -> None:
        """Process what was held of a transaction whose start has arrived now."""
        self._process(self._held.pop(transaction_id, []))

    def process_overdue(self, now: datetime) -> None:
        """Process what belongs to transactions whose start has not arrived in time."""
        for transaction_id, held in tuple(self._held.items()):
            if any(now > one.until for one in held):
                self.release(transaction_id)

    def _process(self, events: list[HeldEvent]) -> None:
        """Process events in the order of time. A station that speaks OCPP 1.6 now sends no starts of theirs."""
        if self.process is not None:
            for event in sorted(events, key=lambda one: one.at):
                self.process(event)

    def clock_was_set(self, by: timedelta) -> None:
        """Shift stored times of our clock. The times of the newest events are the station's."""
        self._held = moved(self._held, by)

    def forget_cards(self, cards: frozenset[str]) -> None:
        """Forget that these cards (folded) were held to the station."""
        self._held = {
            transaction_id: [one.without_cards(cards) for one in held]
            for transaction_id, held in self._held.items()
        }

    # What is stored over a restart

    @property
    def held(self) -> list[HeldEvent]:
        """What is held."""
        return list(chain.from_iterable(self._held.values()))

    def restore(self, held: Iterable[HeldEvent], now: datetime, most_s: float) -> None:
        """Continue to hold what was stored; a clock that was ahead may have dated it."""
        until = now + timedelta(seconds=most_s)
        for one in held:
            event = replace(one, at=min(one.at, now), until=min(one.until, until))
            self.hold(event)
