"""The threads that use a ledger's file: one that writes, and one that reads, so that a long report delays no write."""

from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
import queue
import sqlite3
import threading
from typing import Any

from ..session_facts import Fact
from .ledger_schema import migrate_ledger
from .ledger_tables import LedgerTables

type Job[T] = Callable[[sqlite3.Connection], T]

# A report and a backup do not wait for each other for longer.
_BUSY_S = 30.0
# The file beside the database is emptied into it after so many pages (of 4 KiB).
CHECKPOINT_PAGES = 500


class LedgerClosedError(Exception):
    """The ledger was closed: its site was unloaded."""


def connect(path: Path, *, read_only: bool = False) -> sqlite3.Connection:
    """Open a ledger's file.

    `synchronous = FULL`: what was committed is on the disk, so a power cut loses nothing that was confirmed
    to a charger as stored.
    """
    connection = sqlite3.connect(
        path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False
    )
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    # What is deleted of a person is nowhere in the file.
    connection.execute("PRAGMA secure_delete = ON")
    connection.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
    if read_only:
        connection.execute("PRAGMA query_only = ON")
    return connection


class LedgerThread:
    """Writes what it is handed, in order; what waits together is committed together."""

    def __init__(self, path: Path) -> None:
        """Open the file, and bring it up to date; to be called where a file may be waited for.

        Raises:
            sqlite3.Error: the file cannot be opened, or is no ledger.
            NewerLedgerError: a later version wrote it.

        """
        self._db = connect(path)
        try:
            migrate_ledger(self._db)
            self._reading = connect(path, read_only=True)
        except BaseException:
            self._db.close()
            raise
        self._tables = LedgerTables(self._db)
        self._closed = False
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._readers = ThreadPoolExecutor(1, thread_name_prefix="Sunfuse reads")
        self._thread = threading.Thread(
            target=self._run, name="Sunfuse writes", daemon=True
        )
        self._thread.start()

    def write(self, facts: Iterable[Fact]) -> Future[None]:
        """Write facts; done when they are on the disk."""
        facts = tuple(facts)
        return self.change(lambda tables: tables.add(facts))

    def change[T](self, change: Callable[[LedgerTables], T]) -> Future[T]:
        """Change the tables; done when that is on the disk."""
        future: Future[T] = _begun()
        outcome: list[T] = []

        def apply() -> None:
            outcome[:] = [change(self._tables)]

        self._put(
            _Job(apply, lambda: future.set_result(outcome[0]), future.set_exception)
        )
        return future

    def alone[T](self, job: Job[T]) -> Future[T]:
        """Do something between two transactions of the thread that writes: a backup, a checkpoint."""
        future: Future[T] = _begun()
        outcome: list[T] = []

        def apply() -> None:
            outcome[:] = [job(self._db)]

        self._put(
            _Job(
                apply,
                lambda: future.set_result(outcome[0]),
                future.set_exception,
                alone=True,
            )
        )
        return future

    def read[T](self, job: Job[T]) -> Future[T]:
        """Read from the tables."""
        if self._closed:
            closed: Future[T] = Future()
            closed.set_exception(LedgerClosedError())
            return closed
        return self._readers.submit(lambda: job(self._reading))

    def _put(self, job: _Job) -> None:
        if self._closed:
            job.fail(LedgerClosedError())
        else:
            self._jobs.put(job)

    def close(self) -> None:
        """Write what waits, and close the file; to be called where that may be waited for."""
        self._closed = True
        self._jobs.put(None)
        self._thread.join()
        self._readers.shutdown()
        self._reading.close()
        self._db.close()

    def _run(self) -> None:
        ended = False
        while not ended:
            jobs, ended = self._waiting()
            together = [job for job in jobs if not job.alone]
            if together:
                self._commit(together)
            for job in jobs:
                if job.alone:
                    self._try(job)

    def _waiting(self) -> tuple[list[_Job], bool]:
        """Return what waits, and whether that was the last."""
        jobs: list[_Job] = []
        job = self._jobs.get()
        while job is not None:
            jobs.append(job)
            if job.alone or self._jobs.empty():
                return jobs, False
            job = self._jobs.get()
        return jobs, True

    def _commit(self, jobs: list[_Job]) -> None:
        """Commit jobs together; where one of them fails, each by itself, so that it fails alone."""
        try:
            self._db.execute("BEGIN IMMEDIATE")
            for job in jobs:
                job.apply()
            self._db.execute("COMMIT")
        except Exception as error:  # noqa: BLE001 (whoever handed it over gets it)
            self._roll_back()
            if len(jobs) == 1:
                jobs[0].fail(error)
                return
            for job in jobs:
                self._commit([job])
            return
        for job in jobs:
            job.done()

    def _try(self, job: _Job) -> None:
        try:
            job.apply()
        except Exception as error:  # noqa: BLE001 (whoever handed it over gets it)
            self._roll_back()
            job.fail(error)
            return
        job.done()

    def _roll_back(self) -> None:
        self._tables.forget_changes()
        if self._db.in_transaction:
            self._db.execute("ROLLBACK")


def _begun() -> Future[Any]:
    """Return a future that cannot be cancelled: what was handed over is written, whoever still waits for it."""
    future: Future[Any] = Future()
    future.set_running_or_notify_cancel()
    return future


class _Job:
    """Something to do in the thread that writes, and who hears how it ended."""

    def __init__(
        self,
        apply: Callable[[], None],
        done: Callable[[], None],
        fail: Callable[[BaseException], None],
        *,
        alone: bool = False,
    ) -> None:
        self.apply = apply
        self.done = done
        self.fail = fail
        self.alone = alone
