"""The transactions of a station: which are running, and which have ended."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from ....engine.clock_change import move_attributes
from ....engine.model import ConnectorStatus
from ...security.card_policy import folded
from ...station_state import (
    CHARGES,
    IDLE,
    FinishedTransaction,
    SessionNews,
    Transaction,
)
from ..clock import JITTER
from ..connector_count import MAX_CONNECTORS
from ..limits.station_limits import Limits
from ..metering.meters import Meters
from ..presence import Presence
from ..shared_state import SharedState
from .event_order import EventOrder
from .plug_events import PlugEvents
from .transaction_reports import TransactionReports
from .transactions import Record, Transactions

# A transaction that starts on a connector ends those in these states.
_BEFORE = frozenset(
    (
        ConnectorStatus.AVAILABLE,
        ConnectorStatus.RESERVED,
        ConnectorStatus.FINISHING,
    )
)


class Sessions:
    """Takes in what a station reports of transactions."""

    def __init__(
        self,
        shared: SharedState,
        meters: Meters,
        limits: Limits,
        presence: Presence,
        plug_events: PlugEvents,
        *,
        finished: Callable[[FinishedTransaction], None],
        session_news: Callable[[SessionNews], None],
    ) -> None:
        """Start with none.

        `finished` is called with each transaction that has ended, and `session_news` with each start and end of a
        session, once.
        """
        self._shared = shared
        self._meters = meters
        self._limits = limits
        self._presence = presence
        self._plug_events = plug_events
        self._reports = TransactionReports(shared.identity, finished, session_news)
        self.transactions = Transactions()
        self.events = EventOrder()
        # Transactions from before our restart that may still be running, by connector.
        self._resumable: dict[int, str] = {}

    def started(self, record: Record) -> None:
        """Note the start of a transaction. One of long ago is still running only if the connector reports so."""
        transaction = record.transaction
        self._resumable.pop(record.connector, None)
        age = self._shared.now() - transaction.started_at
        live = abs(age) <= timedelta(seconds=self._shared.timing.live_s)
        if not live:
            record = replace(record, skew=self._shared.clock.skew)
        known = self.transactions.get(transaction.id)
        news = known is None or known.stopped_at is not None
        record = self._counted(record)
        self._shared.change(record.connector, used=True)
        if news:
            self._announce(record, late=not live)
        self.events.release(transaction.id)
        record = self.transactions[transaction.id]
        if record.stopped_at is not None:
            return  # its end was reported before its start
        status = self._shared.connector(record.connector).status
        if not live and status not in CHARGES:
            return
        if status in _BEFORE:
            # Some stations report the transaction before the car.
            self._shared.change(record.connector, status=ConnectorStatus.PREPARING)
        self._run(record)

    def authorised(
        self, connector: int, transaction_id: str, id_token: str | None
    ) -> None:
        """Note that the running transaction of a connector may charge, and by which card: it may have begun with the cable."""
        if id_token:
            self._named(connector, transaction_id, id_token)
        transaction = self._shared.connector(connector).transaction
        if transaction is None or transaction.id != transaction_id:
            return
        if not transaction.authorised:
            self._shared.change(
                connector, transaction=replace(transaction, authorised=True)
            )
            self._limits.of(connector).started(self._presence.adapter)

    def _named(self, connector: int, transaction_id: str, id_token: str) -> None:
        """Note the card of a transaction that began without one."""
        record = self.transactions.get(transaction_id)
        if record is None or record.transaction.id_token is not None:
            return
        named = replace(record.transaction, id_token=id_token)
        self.transactions.add(replace(record, transaction=named))
        running = self._shared.connector(connector).transaction
        if running is not None and running.id == transaction_id:
            running = replace(running, id_token=id_token)
            self._shared.change(connector, transaction=running)

    def _counted(self, record: Record) -> Record:
        """Return a transaction after its start was counted."""
        transaction = record.transaction
        meter = self._meters.of(record.connector)
        meter.session_starts(
            transaction.id,
            transaction.meter_start_wh,
            transaction.started_at,
            known=bool(record.reported),
        )
        self.transactions.add(record)
        self._shared.change(record.connector, meter=meter.sample)
        self._correct(record.connector)
        return record

    def _correct(self, connector: int) -> None:
        """Report transactions again that took more or less than was said, by what was reported since."""
        meter = self._meters.of(connector)
        for record in tuple(self.transactions):
            if record.connector != connector or record.stopped_at is None:
                continue
            energy_wh = meter.taken_wh(record.transaction.id)
            if energy_wh is None or record.took(energy_wh):
                continue
            record = record.corrected(energy_wh, self._shared.now())
            self._report_finished(self.transactions.add(record))

    def _run(self, record: Record, *, resumed: bool = False) -> None:
        self._resumable.pop(record.connector, None)
        self._notice_end(record.connector, but=record.transaction.id)
        session_wh = self._meters.of(record.connector).session_wh
        self._shared.change(
            record.connector,
            transaction=self._dated(record),
            session_energy_wh=session_wh if resumed else session_wh or 0.0,
            session_id=record.transaction.id,
        )
        self._limits.of(record.connector).started(
            self._presence.adapter, resumed=resumed
        )

    def _dated(self, record: Record) -> Transaction:
        """Return a transaction with its start corrected by what is known now of the station's clock.

        Only after some messages is it clear that a clock is far behind, and the start may be the first of them.
        """
        transaction = record.transaction
        if record.skew is None:
            return transaction
        started_at = self._shared.clock.again(transaction.started_at, record.skew)
        return replace(transaction, started_at=started_at)

    def car_gone(self, connector: int) -> None:
        """Note that no car is at a connector: its transaction has ended."""
        self._notice_end(connector)

    def status_changed(self, connector: int, status: ConnectorStatus) -> None:
        """Resume the transaction from before our restart if the connector is charging; end it if it is idle."""
        if status in IDLE:
            self._resumable.pop(connector, None)
        elif status in CHARGES and connector in self._resumable:
            # Not every station names the transaction in its meter values.
            record = self.transactions.get(self._resumable.pop(connector))
            if record is not None and record.stopped_at is None:
                self._run(record, resumed=True)

    def recognised(self, connector: int, transaction_id: str) -> None:
        """Note that a transaction is running whose start we have not seen, or not since our restart."""
        if not 1 <= connector <= MAX_CONNECTORS:
            return
        record = self.transactions.get(transaction_id)
        known = record is not None
        if record is None and self.transactions.is_over(transaction_id):
            return
        if record is None and self._is_ours(connector):
            self._shared.counters["foreign_transactions"] += 1
            return
        if record is None:
            transaction = Transaction(id=transaction_id, started_at=self._shared.now())
            record = Record(connector=connector, transaction=transaction)
            record = self._counted(record)
            self._announce(record, late=True)
        running = self._shared.connector(connector).transaction
        if record.stopped_at is not None or record.connector != connector:
            return
        if running is None or running.id != transaction_id:
            self._run(record, resumed=known)
            return
        started_at = self._dated(record).started_at
        if abs(started_at - running.started_at) > JITTER:
            dated = replace(running, started_at=started_at)
            self._shared.change(connector, transaction=dated)

    def _announce(self, record: Record, *, late: bool) -> None:
        started_at = record.transaction.started_at
        self._plug_events.started(record.connector, started_at, late=late)
        self._reports.started(record, late=late)

    def _notice_end(self, connector: int, but: str | None = None) -> None:
        """Report the end of the running transaction of a connector, given what it reports now: no car, or another session."""
        state = self._shared.connector(connector)
        if state.transaction is None or state.transaction.id == but:
            return
        record = self.transactions.get(state.transaction.id)
        if record is not None and record.stopped_at is None and not record.noticed:
            self.transactions.add(
                replace(record, noticed=True, energy_wh=state.session_energy_wh)
            )
            self._reports.ended(
                record, self._shared.now(), state.session_energy_wh, late=False
            )

    def _is_ours(self, connector: int) -> bool:
        """Whether a transaction is running at a connector whose start we have answered ourselves."""
        running = self._shared.connector(connector).transaction
        record = self.transactions.get(running.id) if running is not None else None
        return record is not None and bool(record.reported)

    def stopped(
        self,
        transaction_id: str,
        at: datetime,
        meter_stop_wh: float | None,
        reason: str | None,
        *,
        first: tuple[datetime, float] | None = None,
        by_card: bool = False,
    ) -> None:
        """Note the end of a transaction, at `at` by our clock; `by_card`: its driver presented one for that.

        `first` is when it began and where the meter stood, as its end reports, for one whose start was never reported.
        """
        record = self.transactions.get(transaction_id)
        if record is None:
            values = (transaction_id, at.isoformat(), str(meter_stop_wh))
            if self.transactions.is_new(values):
                self._shared.counters["unknown_transactions"] += 1
                self._reports.stranger(transaction_id, at, meter_stop_wh, reason, first)
            return
        if record.stopped_at is not None:
            return  # reported before
        if not meter_stop_wh and record.transaction.meter_start_wh:
            meter_stop_wh = None  # a charger that does not know it says 0
        before = self._shared.connector(record.connector)
        record = self._ended(record, at, meter_stop_wh)
        assert record.stopped_at is not None
        at = record.stopped_at
        late = self._shared.now() - at > timedelta(seconds=self._shared.timing.live_s)
        if not record.noticed:
            self._reports.ended(record, at, record.energy_wh, late=late)
            self._plug_events.stopped(record.connector, at, reason, late=late)
        if self._resumable.get(record.connector) == transaction_id:
            # It was running while we were offline, and ended before the charger reported it.
            del self._resumable[record.connector]
        if before.session_id == transaction_id:
            session_wh = _most(before.session_energy_wh, record.energy_wh)
            self._shared.change(record.connector, session_energy_wh=session_wh)
        if before.transaction is not None and before.transaction.id == transaction_id:
            self._leave(record.connector, before.status, late=late)
            limits = self._limits.of(record.connector)
            limits.ended(reason or "Local", at, by_card=by_card)
        self._report_finished(record, meter_stop_wh, reason)

    def _ended(
        self, record: Record, at: datetime, meter_stop_wh: float | None
    ) -> Record:
        """Return a transaction after its end was counted."""
        transaction, started_at = record.transaction, self._dated(record).started_at
        # One time of another zone in between makes the charger's clock look wrong, and the end too early.
        at = max(at, started_at)
        meter = self._meters.of(record.connector)
        energy_wh = meter.session_stops(
            transaction.id, meter_stop_wh, started_at, at, transaction.meter_start_wh
        )
        if energy_wh is None:
            energy_wh = record.energy_wh
        record = replace(record, stopped_at=at, energy_wh=energy_wh)
        self.transactions.add(record)
        self._shared.change(record.connector, meter=meter.sample)
        self._correct(record.connector)
        return record

    def _leave(
        self, connector: int, status: ConnectorStatus | None, *, late: bool
    ) -> None:
        """Show a connector without its transaction, which has ended."""
        if status in CHARGES and not late:
            # Until it reports its next one: there is nothing left to limit.
            status = ConnectorStatus.FINISHING
        self._shared.change(
            connector,
            transaction=None,
            status=status,
            priority=False,
            meter=self._meters.of(connector).stopped(self._shared.now()),
        )

    def _report_finished(
        self,
        record: Record,
        meter_stop_wh: float | None = None,
        reason: str | None = None,
    ) -> None:
        started_at = self._dated(record).started_at
        self._reports.finished(record, started_at, meter_stop_wh, reason)

    def showed(self, transaction_id: str) -> None:
        """Note that meter values named a transaction, which may be over."""
        record = self.transactions.get(transaction_id)
        if record is not None and record.stopped_at is not None:
            self._correct(record.connector)

    def forget_cards(self, cards: frozenset[str]) -> None:
        """Forget that these cards (folded) were held to the station."""
        self.transactions.forget_cards(cards)
        self.events.forget_cards(cards)
        for state in self._shared.state.connectors:
            running = state.transaction
            if running is None or running.id_token is None:
                continue
            if folded(running.id_token) in cards:
                nobody = replace(running, id_token=None)
                self._shared.change(state.id, transaction=nobody)

    # What is stored over a restart

    def finished(self) -> Iterator[FinishedTransaction]:
        """Yield what is remembered of the transactions that have ended."""
        for record in self.transactions:
            if record.stopped_at is not None:
                yield self._reports.outcome(record, self._dated(record).started_at)

    def resumable(self, connector: int) -> str | None:
        """Return the transaction that may still be running since before our restart."""
        return self._resumable.get(connector)

    def restore(self, record: Record) -> None:
        """Continue from a stored transaction; it may still be running."""
        known = self.transactions.get(record.transaction.id)
        if known is not None and known.stopped_at is not None:
            return  # its end was stored, but not yet that it no longer runs
        record = self._not_ahead(record)
        self.transactions.add(record)
        self._resumable.pop(record.connector, None)
        if record.stopped_at is None:
            self._resumable[record.connector] = record.transaction.id

    def _not_ahead(self, record: Record) -> Record:
        """Return a record that a clock which was ahead may have written, dated now at the latest."""
        now, transaction = self._shared.now(), record.transaction
        started_at = min(transaction.started_at, now)
        stopped_at = record.stopped_at and min(record.stopped_at, now)
        return replace(
            record,
            transaction=replace(transaction, started_at=started_at),
            stopped_at=stopped_at,
        )

    def clock_was_set(self, by: timedelta) -> None:
        """Shift stored times by the amount by which our clock was set forward."""
        move_attributes(self.transactions, by)
        self.events.clock_was_set(by)


def _most(*values: float | None) -> float | None:
    return max((value for value in values if value is not None), default=None)
