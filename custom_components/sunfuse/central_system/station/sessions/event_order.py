"""Puts the transaction events of OCPP 2.x, which may arrive in any order, into order."""

from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime, timedelta

from ....engine.clock_change import moved

_REMEMBERED = 100
# A night of values each minute, and more.
_HELD = 1000


class EventOrder:
    """Knows the newest event of each transaction, and holds what arrived before the start of its transaction."""

    def __init__(self) -> None:
        """Start with none."""
        self._newest: OrderedDict[str, tuple[int, datetime]] = OrderedDict()
        self._held: dict[str, list[tuple[datetime, datetime, Callable[[], None]]]] = {}

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
        self,
        transaction_id: str,
        at: datetime,
        until: datetime,
        report: Callable[[], None],
    ) -> None:
        """Hold what happened at a time in a transaction whose start may still arrive; `report` is called if it does not."""
        if sum(map(len, self._held.values())) >= _HELD:
            report()
        else:
            self._held.setdefault(transaction_id, []).append((at, until, report))

    def release(self, transaction_id: str) -> None:
        """Report what was held of a transaction whose start has arrived now, in the order of time."""
        held = self._held.pop(transaction_id, [])
        for _, _, report in sorted(held, key=lambda one: one[0]):
            report()

    def clock_was_set(self, by: timedelta) -> None:
        """Shift stored times of our clock. The times of the newest events are the station's."""
        self._held = moved(self._held, by)

    def report_overdue(self, now: datetime) -> None:
        """Report what belongs to transactions whose start has not arrived in time."""
        for transaction_id, held in tuple(self._held.items()):
            if any(now > until for _, until, _ in held):
                self.release(transaction_id)
