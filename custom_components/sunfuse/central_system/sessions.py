"""The transactions of a station as its state tells them: which runs where, and which is over."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import override

from ..engine.model import ConnectorStatus
from .book import IDLE, MAX_CONNECTORS, StationBook
from .model import CHARGES, FinishedTransaction, Transaction
from .transactions import Record, stranger

# Of a connector on which a transaction starts these are over.
_BEFORE = frozenset(
    (
        ConnectorStatus.AVAILABLE,
        ConnectorStatus.RESERVED,
        ConnectorStatus.FINISHING,
    )
)


class SessionBook(StationBook):
    """What is known of a station, its transactions included."""

    def started(self, record: Record) -> None:
        """Note that a transaction started. One of long ago runs still only if the connector says so."""
        transaction = record.transaction
        self._resumable.pop(record.connector, None)
        age = self.now() - transaction.started_at
        live = abs(age) <= timedelta(seconds=self.timing.live_s)
        if not live:
            record = replace(record, skew=self.clock.skew)
        self.transactions.add(record)
        self.events.release(transaction.id)
        if self.transactions[transaction.id].stopped_at is not None:
            return  # its end was told before its start
        status = self.connector(record.connector).status
        if not live and status not in CHARGES:
            return
        if status in _BEFORE:
            # Some stations tell the transaction before the car that it is for.
            self.change(record.connector, status=ConnectorStatus.PREPARING)
        self._run(record)

    def authorised(self, connector: int) -> None:
        """Note that the running transaction of a connector may charge."""
        transaction = self.connector(connector).transaction
        if transaction is not None and not transaction.authorised:
            self.change(connector, transaction=replace(transaction, authorised=True))
            self._limiter(connector).started(self._adapter)

    def _run(self, record: Record, *, resumed: bool = False) -> None:
        self._resumable.pop(record.connector, None)
        self.change(
            record.connector, transaction=self._dated(record), session_energy_wh=0.0
        )
        self._limiter(record.connector).started(self._adapter, resumed=resumed)

    def _dated(self, record: Record) -> Transaction:
        """Return a transaction with its start by what is known now of the station's clock.

        That a clock is far behind shows only after some messages, and the start may be the first of them.
        """
        transaction = record.transaction
        if record.skew is None:
            return transaction
        started_at = self.clock.again(transaction.started_at, record.skew)
        return replace(transaction, started_at=started_at)

    @override
    def told_status(
        self, connector: int, status: ConnectorStatus, error_code: str | None
    ) -> None:
        super().told_status(connector, status, error_code)
        if status in IDLE:
            self._resumable.pop(connector, None)
        elif status in CHARGES and connector in self._resumable:
            # Not every station names the transaction in its meter values.
            record = self.transactions.get(self._resumable.pop(connector))
            if record is not None and record.stopped_at is None:
                self._run(record, resumed=True)

    def recognised(self, connector: int, transaction_id: str) -> None:
        """Note that a transaction runs whose start we have not seen, or not in this life."""
        if not 1 <= connector <= MAX_CONNECTORS:
            return
        record = self.transactions.get(transaction_id)
        if record is None:
            record = self.transactions.add(
                Record(
                    connector=connector,
                    transaction=Transaction(id=transaction_id, started_at=self.now()),
                )
            )
        running = self.connector(connector).transaction
        if record.stopped_at is not None or record.connector != connector:
            return
        if running is None or running.id != transaction_id:
            self._run(record)
        elif running.started_at != (dated := self._dated(record)).started_at:
            dated = replace(running, started_at=dated.started_at)
            self.change(connector, transaction=dated)

    def stopped(
        self,
        transaction_id: str,
        at: datetime,
        meter_stop_wh: float | None,
        reason: str | None,
        *,
        first: tuple[datetime, float] | None = None,
    ) -> None:
        """Note that a transaction is over, at `at` by our clock.

        `first` is when it began and where the meter stood, as its end tells, for one whose start was never told.
        """
        record = self.transactions.get(transaction_id)
        if record is None:
            words = (transaction_id, at.isoformat(), str(meter_stop_wh))
            if self.transactions.is_new(words):
                self.counters["unknown_transactions"] += 1
                self._finished(
                    stranger(
                        self.identity, transaction_id, at, meter_stop_wh, reason, first
                    )
                )
            return
        start_wh = record.transaction.meter_start_wh
        started_at = self._dated(record).started_at
        energy = None
        if start_wh is not None and meter_stop_wh is not None:
            energy = self.meter(record.connector).delivered(
                start_wh, meter_stop_wh, at - started_at
            )
        state = self.connector(record.connector)
        running = state.transaction is not None and (
            state.transaction.id == transaction_id
        )
        if energy is None and running:
            energy = state.session_energy_wh
        stopped = self.transactions.stop(transaction_id, at, energy)
        if stopped is None:
            return  # told before
        if running:
            self.change(
                record.connector,
                transaction=None,
                priority=False,
                meter=self.meter(record.connector).stopped(self.now()),
                session_energy_wh=energy,
            )
            self._limiter(record.connector).stopped()
        self._finished(
            FinishedTransaction(
                identity=self.identity,
                id=transaction_id,
                connector=record.connector,
                started_at=started_at,
                stopped_at=at,
                meter_start_wh=start_wh,
                meter_stop_wh=meter_stop_wh,
                energy_wh=energy,
                id_token=record.transaction.id_token,
                reason=reason,
            )
        )
