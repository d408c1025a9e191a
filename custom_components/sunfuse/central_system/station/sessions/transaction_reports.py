"""Reports the beginning and the end of transactions to whoever listens, each once."""

from collections.abc import Callable
from datetime import datetime

from ...station_state import FinishedTransaction, SessionNews
from .transactions import Record, finished, stranger


class TransactionReports:
    """Reports what happened to the transactions of one station."""

    def __init__(
        self,
        identity: str,
        finished: Callable[[FinishedTransaction], None],
        news: Callable[[SessionNews], None],
    ) -> None:
        """Call `finished` with each transaction that has ended, and `news` with each start and end of a session."""
        self._identity = identity
        self._finished = finished
        self._news = news

    def started(self, record: Record, *, late: bool) -> None:
        """Report a start."""
        self._news(
            SessionNews(
                identity=self._identity,
                connector=record.connector,
                id=record.transaction.id,
                started=True,
                at=record.transaction.started_at,
                late=late,
                id_token=record.transaction.id_token,
                meter_start_wh=record.transaction.meter_start_wh,
            )
        )

    def ended(
        self, record: Record, at: datetime, energy_wh: float | None, *, late: bool
    ) -> None:
        """Report an end, when it is known first."""
        self._news(
            SessionNews(
                identity=self._identity,
                connector=record.connector,
                id=record.transaction.id,
                started=False,
                at=at,
                late=late,
                id_token=record.transaction.id_token,
                energy_wh=energy_wh,
            )
        )

    def finished(
        self,
        record: Record,
        started_at: datetime,
        meter_stop_wh: float | None,
        reason: str | None,
    ) -> None:
        """Report the outcome of a transaction that began at `started_at`, by what is known of the station's clock now."""
        self._finished(
            finished(self._identity, record, started_at, meter_stop_wh, reason)
        )

    def outcome(self, record: Record, started_at: datetime) -> FinishedTransaction:
        """Return what is remembered of the outcome of such a transaction."""
        return finished(self._identity, record, started_at, None, None)

    def stranger(
        self,
        transaction_id: str,
        at: datetime,
        meter_stop_wh: float | None,
        reason: str | None,
        first: tuple[datetime, float] | None,
    ) -> None:
        """Report the outcome of a transaction of which only the end was reported."""
        self._finished(
            stranger(self._identity, transaction_id, at, meter_stop_wh, reason, first)
        )
