"""Puts the transaction events of OCPP 2.x, which may arrive in any order, into order."""

from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime, timedelta

from ...engine.clock_change import moved

_REMEMBERED = 100


class EventOrder:
    """Knows the newest event of each transaction, and holds ends that arrived before their start."""

    def __init__(self) -> None:
        """Start with none."""
        self._newest: OrderedDict[str, tuple[int, datetime]] = OrderedDict()
        self._held: dict[str, tuple[datetime, Callable[[], None]]] = {}

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

    def hold(
        self, transaction_id: str, until: datetime, report: Callable[[], None]
    ) -> None:
        """Hold the end of a transaction whose start may still arrive; `report` is called if it does not."""
        if len(self._held) >= _REMEMBERED:
            report()
        else:
            self._held.setdefault(transaction_id, (until, report))

    def release(self, transaction_id: str) -> None:
        """Report the end of a transaction whose start has arrived now."""
        held = self._held.pop(transaction_id, None)
        if held is not None:
            held[1]()

    def clock_was_set(self, by: timedelta) -> None:
        """Shift stored times of our clock. The times of events are the station's."""
        self._held = moved(self._held, by)

    def report_overdue(self, now: datetime) -> None:
        """Report the ends whose start has not arrived in time."""
        for transaction_id, (until, _) in tuple(self._held.items()):
            if now > until:
                self.release(transaction_id)
