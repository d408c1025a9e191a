"""The ledger of a site: what happened, in a file of its own."""

from collections.abc import Iterable, Mapping
from concurrent.futures import Future
from datetime import datetime, timedelta
from pathlib import Path
import sqlite3

from ..price_list import PriceList
from ..session_facts import Fact, SignedValue, SiteQuarter
from ..session_rows import (
    LatestStay,
    SessionFilter,
    SessionInterval,
    SessionPause,
    SessionRow,
    SessionSums,
)
from . import agreed_prices, ledger_queries, ledger_upkeep
from .agreed_prices import PriceLists
from .hourly_sums import HourlySum, hourly_sums
from .ledger_codec import site_between
from .ledger_thread import CHECKPOINT_PAGES, Job, LedgerThread
from .ledger_upkeep import LedgerStart, Plug


class Ledger:
    """Every session of a site. All that it does happens in threads of its own: each call returns a future at once."""

    def __init__(self, path: Path) -> None:
        """Open the file, or make it; to be called where a file may be waited for, like `close`.

        Raises:
            sqlite3.Error: the file cannot be opened, or is no ledger.
            NewerLedgerError: a later version wrote it.

        """
        self.path = path
        self._thread = LedgerThread(path)

    def close(self) -> None:
        """Write what waits, and close the file."""
        self._thread.close()

    # --- What happens ------------------------------------------------------------------------------------------

    def note(self, *facts: Fact) -> Future[None]:
        """Note facts, in any order and any number of times; done when they are on the disk."""
        return self._thread.write(facts)

    def compare(self, most: int = 100) -> Future[int]:
        """Compare so many finished sessions with charging at once, where that is out of date; returns how many."""
        return self._thread.change(lambda tables: tables.compare(most))

    def plugged(self, plug: Plug) -> Future[None]:
        """Note that a car is plugged in."""
        return self._thread.change(
            lambda tables: ledger_upkeep.put_plug(tables.connection, plug)
        )

    def unplugged(self, station: str, connector: int) -> Future[None]:
        """Note that no car is plugged in."""
        return self._thread.change(
            lambda tables: ledger_upkeep.unplug(tables.connection, station, connector)
        )

    def named(self, kind: str, names: Mapping[str, str]) -> Future[None]:
        """Note the names of persons, vehicles or chargers (`station`)."""
        return self._thread.change(
            lambda tables: ledger_upkeep.put_names(tables.connection, kind, names)
        )

    def move_clock(
        self, keys: Iterable[tuple[str, str]], by: timedelta
    ) -> Future[None]:
        """Move the times of these transactions, which were noted before the clock was set forward by this much."""
        keys = tuple(keys)
        return self._thread.change(
            lambda tables: ledger_upkeep.move_clock(tables, keys, by)
        )

    def agree(self, lists: PriceLists, since: datetime) -> Future[None]:
        """Note all price lists that are valid from now on; sessions that began before keep what they have."""
        return self._thread.change(
            lambda tables: agreed_prices.agree(tables.connection, lists, since)
        )

    def bill_again(self, lists: PriceLists, since: datetime) -> Future[int]:
        """Bill the sessions that began from a time on by these price lists; returns how many."""
        return self._thread.change(lambda tables: tables.bill_again(lists, since))

    # --- What is deleted ---------------------------------------------------------------------------------------

    def delete_person(self, person: str, cards: Iterable[str] = ()) -> Future[int]:
        """Delete all that is known of a person, and their cards; returns how many sessions that were."""
        cards = tuple(cards)
        return self._thread.change(
            lambda tables: ledger_upkeep.delete_person(tables.connection, person, cards)
        )

    def join_persons(self, person: str, into: str) -> Future[datetime | None]:
        """Make all that is known of a person another one's; returns since when sums change by that."""
        return self._thread.change(
            lambda tables: ledger_upkeep.join_persons(tables, person, into)
        )

    def delete_before(self, before: datetime) -> Future[int]:
        """Delete what is older; returns how many sessions that were."""
        return self._thread.change(
            lambda tables: ledger_upkeep.delete_before(tables.connection, before)
        )

    def forget_persons_before(self, before: datetime) -> Future[int]:
        """Delete the persons of older sessions; returns how many sessions that were."""
        return self._thread.change(
            lambda tables: ledger_upkeep.forget_persons_before(
                tables.connection, before
            )
        )

    # --- What happened -----------------------------------------------------------------------------------------

    def sessions(
        self,
        wanted: SessionFilter,
        *,
        limit: int = -1,
        offset: int = 0,
        newest_first: bool = True,
    ) -> Future[list[SessionRow]]:
        """Return sessions; those that run count as the newest."""
        return self._thread.read(
            lambda db: ledger_queries.sessions(
                db, wanted, limit=limit, offset=offset, newest_first=newest_first
            )
        )

    def session(self, station: str, transaction: str) -> Future[SessionRow | None]:
        """Return the session that a transaction is a part of."""
        return self._thread.read(
            lambda db: ledger_queries.session(db, station, transaction)
        )

    def latest_stays(
        self, since: datetime, each: int, shortest: timedelta
    ) -> Future[list[LatestStay]]:
        """Return the last stays of each vehicle, and of the guests of each connector: so many of each weekday, the oldest first."""
        return self._thread.read(
            lambda db: ledger_queries.latest_stays(db, since, each, shortest)
        )

    def intervals(self, number: int) -> Future[list[SessionInterval]]:
        """Return the quarter hours of a session."""
        return self._thread.read(lambda db: ledger_queries.intervals(db, number))

    def pauses(self, number: int) -> Future[list[SessionPause]]:
        """Return why and for how long a session was paused."""
        return self._thread.read(lambda db: ledger_queries.pauses(db, number))

    def price_lists(self) -> Future[dict[int, PriceList]]:
        """Return the price lists of sessions, as they were agreed on, by their numbers."""
        return self._thread.read(agreed_prices.price_lists)

    def signed_values(self, number: int) -> Future[list[SignedValue]]:
        """Return the signed meter values of a session."""
        return self._thread.read(lambda db: ledger_queries.signed_values(db, number))

    def sums(
        self, wanted: SessionFilter, by: ledger_queries.GroupBy | None = None
    ) -> Future[list[SessionSums]]:
        """Return the sum of all these sessions, or one for each person, vehicle or charger."""
        return self._thread.read(lambda db: ledger_queries.sums(db, wanted, by))

    def hourly_sums(
        self, by: ledger_queries.GroupBy, since: datetime, until: datetime
    ) -> Future[dict[str, list[HourlySum]]]:
        """Return the rising sums of each charger, person or vehicle, for each full hour between two times."""
        return self._thread.read(lambda db: hourly_sums(db, by, since, until))

    def first_start(self) -> Future[datetime | None]:
        """Return when the first session began."""
        return self._thread.read(ledger_queries.first_start)

    def names(self, kind: str) -> Future[dict[str, str]]:
        """Return what persons, vehicles or chargers are called, also those that are gone."""
        return self._thread.read(lambda db: ledger_queries.names(db, kind))

    def start(self) -> Future[LedgerStart]:
        """Return the state to continue from after a restart."""
        return self._thread.read(ledger_upkeep.load_start)

    def site_quarters(
        self, start: datetime, end: datetime
    ) -> Future[dict[datetime, SiteQuarter]]:
        """Return the site's quarter hours that begin between two times, both included."""
        return self._thread.read(lambda db: site_between(db, start, end))

    # --- The file ----------------------------------------------------------------------------------------------

    def checkpoint(self) -> Future[None]:
        """Bring all that was written into the one file."""

        def empty(db: sqlite3.Connection) -> None:
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

        return self._thread.alone(empty)

    def hold_file(self, *, held: bool) -> Future[None]:
        """Leave the main file unchanged from now on, so that it can be copied; or no longer.

        What is written in the meantime goes into the file beside it, of which any copy holds whole transactions only.
        """

        def hold(db: sqlite3.Connection) -> None:
            if held:
                db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            pages = 0 if held else CHECKPOINT_PAGES
            db.execute(f"PRAGMA wal_autocheckpoint = {pages}")

        return self._thread.alone(hold)

    def alone[T](self, job: Job[T]) -> Future[T]:
        """Do something with the file while nothing is written."""
        return self._thread.alone(job)
