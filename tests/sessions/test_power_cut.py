"""A power cut at any moment: nothing that was stored is lost, and nothing is counted twice."""

from pathlib import Path
import random
import signal
import sqlite3
import subprocess
import sys

import pytest

from custom_components.sunfuse.sessions import Ledger

from .busy_ledger import MINUTES
from .common import EVERYTHING, got, opened

_SCRIPT = Path(__file__).with_name("busy_ledger.py")


def _killed(path: Path, first: int, lines: int) -> tuple[int, tuple[int, int]]:
    """Run the process until it said so many lines, and a bit; returns what it said to be stored."""
    process = subprocess.Popen(
        [sys.executable, str(_SCRIPT), str(path), str(first)],
        stdout=subprocess.PIPE,
        text=True,
    )
    stored, minute = first - 1, (0, 0)
    assert process.stdout is not None
    for index, line in enumerate(process.stdout):
        if index == lines:
            process.send_signal(signal.SIGKILL)
        match line.split():
            case ["stored", number]:
                stored = max(stored, int(number))
            case ["minute", number, index_]:
                minute = (int(number), int(index_))
    assert process.wait() == -signal.SIGKILL
    return stored, minute


def test_a_process_that_is_killed_loses_nothing_that_it_said_to_be_stored(
    tmp_path: Path,
) -> None:
    """Kill it at random points of its work; the next one goes on, and sends again what may be lost."""
    path = tmp_path / "ledger.db"
    chance = random.Random(13)
    stored = 0
    for _ in range(5):
        before = stored
        stored, (running, minute) = _killed(path, stored + 1, chance.randint(1, 60))
        assert stored >= before
        with opened(path) as ledger:
            rows = {
                int(row.transaction): row for row in got(ledger.sessions(EVERYTHING))
            }
            # Finished sessions: all, once, with their energy.
            for number in range(1, stored + 1):
                assert rows[number].energy_wh == pytest.approx(number)
                assert rows[number].stopped_at is not None
                # Whose it is and what it costs, by the price list of when it began.
                row = rows[number]
                assert row.person == f"person {number % 2}"
                assert (row.billed, row.vat_percent) == (number / 100, 19.0)
                assert row.billed_vat == pytest.approx(number * 0.19 / 119, abs=0.0051)
            whole = got(ledger.alone(lambda db: list(db.execute("PRAGMA quick_check"))))
            assert [tuple(one) for one in whole] == [("ok",)]
            names = got(ledger.names("person"))
            assert set(names.items()) <= {
                ("person 0", "Name 0"),
                ("person 1", "Name 1"),
            }
            [sums] = got(ledger.sums(EVERYTHING))
            assert sums.billed == pytest.approx(
                sum(row.billed or 0.0 for row in rows.values())
            ) or (sums.billed is None and not rows)
            assert set(rows) <= set(range(1, stored + 3))
            quarters = {
                number: sum(q.energy_wh for q in got(ledger.intervals(row.number)))
                for number, row in rows.items()
            }
        for number in range(1, stored + 1):
            assert quarters[number] == pytest.approx(number)
        # The running one: at most what came after the last minute that was stored.
        if running > stored:
            assert quarters[running] >= running * minute / MINUTES - 1e-6
    assert stored > 4


def test_what_is_committed_is_on_the_disk(tmp_path: Path) -> None:
    """SQLite waits for the disk with each commit: a power cut is no different from a killed process."""
    ledger = Ledger(tmp_path / "ledger.db")

    def pragmas(db: sqlite3.Connection) -> tuple[int, str]:
        [synchronous] = db.execute("PRAGMA synchronous").fetchone()
        [journal] = db.execute("PRAGMA journal_mode").fetchone()
        return synchronous, journal

    assert got(ledger.alone(pragmas)) == (2, "wal")
    ledger.close()
