"""What is done to a ledger besides adding facts."""

from datetime import timedelta
from pathlib import Path
import shutil

import pytest

from custom_components.sunfuse.sessions import (
    Attribution,
    Plug,
    SessionFilter,
    SignedValue,
    TransactionFacts,
)

from .common import (
    EVERYTHING,
    NOON,
    QUARTER,
    finished,
    got,
    measured,
    only,
    opened,
    site,
)

ANNA = Attribution(at=NOON, value="anna")


def test_a_site_goes_on_where_it_was(path: Path) -> None:
    """After a restart: the transaction that runs, its quarter hours, the car that is plugged in."""
    plug = Plug(station="CP1", connector=1, plugged_at=NOON, last="1")
    running = TransactionFacts(station="CP1", transaction="1", heard_start_at=NOON)
    with opened(path) as ledger:
        ledger.plugged(plug)
        ledger.note(running, measured(0, 100), finished("0"), site(0, solar_wh=5.0))
    with opened(path) as ledger:
        start = got(ledger.start())
        assert [one.facts for one in start.running] == [running]
        assert start.running[0].quarters == (measured(0, 100),)
        assert start.plugs == (plug,)
        assert start.site == site(0, solar_wh=5.0)
        ledger.unplugged("CP1", 1)
        got(ledger.note(finished("1")))
        start = got(ledger.start())
        assert (start.running, start.plugs) == ((), ())


def test_the_clock_was_wrong(path: Path) -> None:
    """A machine without a clock of its own started in the past: what was noted then moves to when it was."""
    with opened(path) as ledger:
        facts = TransactionFacts(
            station="CP1", transaction="1", heard_start_at=NOON, plugged_at=NOON
        )
        got(ledger.note(facts, measured(0, 100), measured(1, 200)))
        got(ledger.move_clock([("CP1", "1")], timedelta(days=3, minutes=20)))
        row = only(ledger)
        quarters = got(ledger.intervals(row.number))
    assert row.started_at == row.plugged_at == NOON + timedelta(days=3, minutes=20)
    assert [(q.start - NOON) / QUARTER for q in quarters] == [3 * 96 + 1, 3 * 96 + 2]
    assert sum(q.energy_wh for q in quarters) == pytest.approx(300)


def test_a_person_is_deleted(path: Path) -> None:
    """Nothing of hers is left in the file, and the others' sessions are."""
    with opened(path) as ledger:
        ledger.named("person", {"anna": "Anna Secret", "ben": "Ben"})
        got(
            ledger.note(
                finished("1", card="CARD-OF-ANNA", person=ANNA),
                measured(0, 100),
                finished("2", person=Attribution(at=NOON, value="ben")),
            )
        )
        assert got(ledger.delete_person("anna")) == 1
        assert only(ledger).person == "ben"
        assert got(ledger.names("person")) == {"ben": "Ben"}
        got(ledger.checkpoint())
    assert b"CARD-OF-ANNA" not in path.read_bytes()
    assert b"Anna Secret" not in path.read_bytes()


def _signed(
    transaction: str, card: str, context: str = "Transaction.End"
) -> SignedValue:
    return SignedValue(
        station="CP1",
        transaction=transaction,
        at=NOON,
        context=context,
        encoding="OCMF",
        data=f'OCMF|{{"ID":"{card}"}}|{{}}',
    )


def test_signed_values_name_no_deleted_person(path: Path) -> None:
    """They hold the card's number: those of a session that goes on, and of one whose person nobody knew, go too."""
    running = TransactionFacts(
        station="CP1",
        transaction="2",
        stated_start_at=NOON,
        counted_wh=100.0,
        person=ANNA,
    )
    ben = Attribution(at=NOON, value="ben")
    with opened(path) as ledger:
        got(
            ledger.note(
                finished("1", card="card-of-anna"),
                _signed("1", "CARD-OF-ANNA"),
                running,
                _signed("2", "CARD-OF-ANNA", "Transaction.Begin"),
                finished("3", card="CARD-OF-BEN", person=ben),
                _signed("3", "CARD-OF-BEN"),
            )
        )
        got(ledger.delete_person("anna", ["CARD-OF-ANNA"]))
        got(ledger.note(_signed("2", "CARD-OF-ANNA")))
        left = {
            row.transaction: len(got(ledger.signed_values(row.number)))
            for row in got(ledger.sessions(EVERYTHING))
        }
        got(ledger.checkpoint())
    assert left == {"1": 0, "2": 0, "3": 1}
    assert b"CARD-OF-ANNA" not in path.read_bytes()


def test_old_sessions_age_out(path: Path) -> None:
    """Whose they were first, if the owner wants that; then they themselves."""
    with opened(path) as ledger:
        for days in (0, 10, 20):
            facts = finished(
                str(days), start=NOON + timedelta(days=days), card="A", person=ANNA
            )
            got(ledger.note(facts, _signed(str(days), "A")))
        assert got(ledger.forget_persons_before(NOON + timedelta(days=15))) == 2
        rows = got(ledger.sessions(EVERYTHING))
        # They hold the card's number.
        signed = [len(got(ledger.signed_values(row.number))) for row in rows]
        assert signed == [1, 0, 0]
        assert [(row.person, row.card) for row in rows] == [
            ("anna", "A"),
            (None, None),
            (None, None),
        ]
        assert got(ledger.delete_before(NOON + timedelta(days=5))) == 1
        [total] = got(ledger.sums(SessionFilter()))
        assert total.sessions == 2


def test_a_copy_of_the_files_is_whole_while_sessions_go_on(path: Path) -> None:
    """Home Assistant's backup copies one file after the other: what it gets is a whole ledger."""
    with opened(path) as ledger:
        got(ledger.note(finished("1")))
        got(ledger.hold_file(held=True))
        copied = path.with_name("copy.db")
        shutil.copy(path, copied)
        for number in range(2, 80):
            got(ledger.note(finished(str(number))))
        wal = path.with_name("ledger.db-wal").read_bytes()
        # A copy that was torn in the middle of a page.
        copied.with_name("copy.db-wal").write_bytes(wal[: len(wal) * 2 // 3 + 17])
        got(ledger.hold_file(held=False))
        assert len(got(ledger.sessions(EVERYTHING))) == 79
    with opened(copied) as ledger:
        rows = got(ledger.sessions(EVERYTHING, newest_first=False))
        assert 20 < len(rows) < 79
        assert [int(row.transaction) for row in rows] == list(range(1, len(rows) + 1))


def _steps_of_a_session(path: Path, before: int) -> int:
    """Return how many steps SQLite takes to write a session of a charger that has had so many."""
    steps = 0

    def count() -> int:
        nonlocal steps
        steps += 1
        return 0

    with opened(path) as ledger:
        got(
            ledger.note(
                *(
                    finished(str(number), start=NOON + timedelta(hours=2 * number))
                    for number in range(before)
                )
            )
        )
        got(ledger.alone(lambda db: db.set_progress_handler(count, 10)))
        start = NOON + timedelta(hours=2 * before)
        got(ledger.note(finished("new", start=start, energy_wh=100.0)))
    return steps


def test_a_session_is_written_as_fast_after_years(tmp_path: Path) -> None:
    """Ten times the sessions take no more work: each report once went through all transactions of its charger."""
    few = _steps_of_a_session(tmp_path / "few.db", 40)
    many = _steps_of_a_session(tmp_path / "many.db", 400)
    assert many < 1.5 * few
