"""The records of a station's transactions: each counted once, however often and late it is reported."""

from collections import OrderedDict, deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
import secrets

from ...security.card_policy import folded
from ...station_state import FinishedTransaction, Transaction
from ..clock import JITTER

_REMEMBERED = 200
# Sums of the same numbers differ by rounding.
_SAME_WH = 0.001
# The ledger tells times by the millisecond.
_LATER = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A transaction and its outcome."""

    connector: int
    transaction: Transaction
    stopped_at: datetime | None = None
    energy_wh: float | None = None
    corrected_at: datetime | None = None  # when its energy was corrected last
    # What identifies a start when it is reported again: the station's own values.
    reported: tuple[str, ...] = ()
    # The skew of the station's clock when the start was reported; None: the start was live.
    skew: timedelta | None = None
    # Its end was inferred from what the connector reported, before it was reported itself.
    noticed: bool = False
    # OCPP 1.6: whether the station has received the id that we gave the transaction.
    id_known: bool = True

    @property
    def started_at(self) -> datetime:
        """When it started, as it was reported."""
        return self.transaction.started_at

    def took(self, energy_wh: float) -> bool:
        """Whether this energy was reported of it."""
        known_wh = self.energy_wh
        return known_wh is not None and abs(energy_wh - known_wh) < _SAME_WH

    def ended_at(self, at: datetime) -> bool:
        """Whether its end was reported, at this time."""
        return self.stopped_at is not None and abs(self.stopped_at - at) <= JITTER

    def corrected(self, energy_wh: float, now: datetime) -> Record:
        """Return it with another energy. Each correction is later than the one before, whatever the clock says."""
        before = self.corrected_at
        at = now if before is None else max(now, before + _LATER)
        return replace(self, energy_wh=energy_wh, corrected_at=at)


class Transactions:
    """The known transactions of a station, the newest last.

    Ids are random, not counted and not derived from the clock: they stay unique over restarts, restored backups
    and several systems, without anything to store.
    """

    def __init__(self) -> None:
        """Start with none."""
        self._records: OrderedDict[str, Record] = OrderedDict()
        self._strangers: deque[tuple[str, ...]] = deque(maxlen=_REMEMBERED)

    def __iter__(self) -> Iterator[Record]:
        """Iterate over the transactions, the oldest first."""
        return iter(self._records.values())

    def is_new(self, stranger: tuple[str, ...]) -> bool:
        """Whether the end of an unknown transaction is reported with these values, its id first, for the first time."""
        if stranger in self._strangers:
            return False
        self._strangers.append(stranger)
        return True

    def is_over(self, transaction_id: str) -> bool:
        """Whether the end of a transaction was reported of which nothing else is known."""
        return any(known_id == transaction_id for known_id, *_ in self._strangers)

    def __getitem__(self, transaction_id: str) -> Record:
        """Return a transaction that is known."""
        return self._records[transaction_id]

    def get(self, transaction_id: str) -> Record | None:
        """Return a transaction, None if it is not known."""
        return self._records.get(transaction_id)

    def new_id(self) -> int:
        """Return an id for a transaction of OCPP 1.6: a positive 31-bit number."""
        while True:
            number = secrets.randbelow(2**31 - 2) + 1
            if str(number) not in self._records:
                return number

    def reported_before(self, reported: tuple[str, ...]) -> Record | None:
        """Return the transaction whose start was reported with these values before."""
        for record in reversed(self._records.values()):
            if record.reported == reported:
                return record
        return None

    def ended_at(self, at: datetime) -> str | None:
        """Return which transaction ended at a time, if its station does not name it: None if several can have, or none.

        On each connector only the last that had begun by then can have, unless it ended at another time.
        """
        last = {one.connector: one for one in self if one.started_at <= at + JITTER}
        ended = [one for one in last.values() if one.ended_at(at)]
        can = ended or [one for one in last.values() if one.stopped_at is None]
        return can[0].transaction.id if len(can) == 1 else None

    def add(self, record: Record) -> Record:
        """Remember a transaction, or what is new about it."""
        self._records[record.transaction.id] = record
        while len(self._records) > _REMEMBERED:
            self._records.popitem(last=False)
        return record

    def forget_cards(self, cards: frozenset[str]) -> None:
        """Forget that these cards (folded) were held to the station; what their transactions are stays."""
        for name, record in self._records.items():
            token = record.transaction.id_token
            if token is not None and folded(token) in cards:
                self._records[name] = replace(
                    record,
                    transaction=replace(record.transaction, id_token=None),
                    reported=tuple(
                        word for word in record.reported if folded(word) not in cards
                    ),
                )

    def note_id_known(self, transaction_id: str) -> None:
        """Note that the station has received the id of a transaction."""
        record = self._records.get(transaction_id)
        if record is not None and not record.id_known:
            self._records[transaction_id] = replace(record, id_known=True)


def finished(
    identity: str,
    record: Record,
    started_at: datetime,
    meter_stop_wh: float | None,
    reason: str | None,
) -> FinishedTransaction:
    """Return a transaction that has ended; it began at `started_at` by what is known of the station's clock now."""
    assert record.stopped_at is not None
    return FinishedTransaction(
        identity=identity,
        id=record.transaction.id,
        connector=record.connector,
        started_at=started_at,
        stopped_at=record.stopped_at,
        meter_start_wh=record.transaction.meter_start_wh,
        meter_stop_wh=meter_stop_wh,
        energy_wh=record.energy_wh,
        corrected_at=record.corrected_at,
        id_token=record.transaction.id_token,
        reason=reason,
    )


def stranger(
    identity: str,
    transaction_id: str,
    at: datetime,
    meter_stop_wh: float | None,
    reason: str | None,
    first: tuple[datetime, float] | None,
) -> FinishedTransaction:
    """Return a transaction of which only the end was reported; it is not assigned to a connector."""
    started_at, start_wh = first or (None, None)
    energy = None
    if meter_stop_wh is not None and start_wh is not None:
        energy = max(meter_stop_wh - start_wh, 0.0)
    return FinishedTransaction(
        identity=identity,
        id=transaction_id,
        connector=None,
        started_at=started_at,
        stopped_at=at,
        meter_start_wh=start_wh,
        meter_stop_wh=meter_stop_wh,
        energy_wh=energy,
        reason=reason,
    )
