"""Pauses that a station refuses, both 0 A and to stop: they are tried again, less often each time, for as long as its car has to pause."""

from datetime import datetime, timedelta

from .connector_offer import OfferedConnector

_FIRST = timedelta(seconds=5)
_LONGEST = timedelta(minutes=5)


class RefusedPauses:
    """Knows when to try again to pause the transaction of a connector."""

    def __init__(self, connector: OfferedConnector) -> None:
        """Start with nothing refused."""
        self._connector = connector
        self._transaction_id: str | None = None
        self._wait = _FIRST
        self._refused_at: datetime | None = None

    def may_ask(self, transaction_id: str, now: datetime) -> bool:
        """Whether to tell the station to let nothing flow in a transaction."""
        if transaction_id != self._transaction_id or self._refused_at is None:
            return True
        return abs(now - self._refused_at) >= self._wait

    def refused(self, transaction_id: str, now: datetime) -> None:
        """Note that the station refused to pause a transaction."""
        again = transaction_id == self._transaction_id
        self._wait = min(2 * self._wait, _LONGEST) if again else _FIRST
        self._transaction_id, self._refused_at = transaction_id, now
        self._connector.change(refuses_to_stop=True)

    def forget(self) -> None:
        """Ask at once the next time: the station has accepted a limit since, or connects anew."""
        self._refused_at = self._transaction_id = None
        if self._connector.state.refuses_to_stop:
            self._connector.change(refuses_to_stop=False)
