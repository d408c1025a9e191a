"""What is learned later of a session corrects it, upwards and downwards, whatever comes first and however often."""

from dataclasses import replace
from datetime import timedelta
from itertools import permutations
from pathlib import Path
import sqlite3
from typing import Any

import pytest

from custom_components.sunfuse.sessions import (
    Attribution,
    Billed,
    Fact,
    GroupBy,
    PriceList,
    TransactionFacts,
)
from custom_components.sunfuse.sessions.ledger.ledger_codec import ms
from custom_components.sunfuse.sessions.ledger.ledger_schema import MIGRATIONS

from .common import EVERYTHING, NOON, finished, got, measured, only, opened, site

BEN = Attribution(at=NOON, value="ben")
PRICES = PriceList(name="Staff", currency="EUR", time_zone="UTC", per_kwh=0.50)


def _correction(number: int, energy_wh: float) -> TransactionFacts:
    at = NOON + timedelta(days=1, milliseconds=number)
    return replace(finished(energy_wh=energy_wh), corrected_at=at)


@pytest.mark.parametrize(
    "later", list(permutations([(1, 9_000.0), (2, 2_000.0), (3, 3_000.0)]))
)
def test_the_last_correction_counts(
    path: Path, later: tuple[tuple[int, float], ...]
) -> None:
    """12 kWh, corrected to 9, 2 and then 3: it took 3, in its quarter hours too, in whatever order that is written."""
    facts: list[Fact] = [finished(energy_wh=12_000.0), measured(0, 5_000.0)]
    facts += [_correction(*one) for one in later]
    with opened(path) as ledger:
        for fact in (*facts, *reversed(facts)):
            got(ledger.note(fact))
        assert only(ledger).energy_wh == 3_000
        assert only(ledger).corrected_at == _correction(*max(later)).corrected_at
        quarters = got(ledger.intervals(only(ledger).number))
        assert sum(one.energy_wh for one in quarters) == pytest.approx(3_000)
        hour = timedelta(hours=1)
        sums = got(ledger.hourly_sums(GroupBy.STATION, NOON - hour, NOON + 3 * hour))
    assert sums["CP1"][-1].energy_wh == pytest.approx(3_000)


def test_of_an_end_that_is_reported_twice_the_more_counts(path: Path) -> None:
    """After a power cut the charger repeats it, and what was measured since the last save is not known any more."""
    with opened(path) as ledger:
        got(ledger.note(finished(energy_wh=5_000.0)))
        got(ledger.note(finished(energy_wh=4_900.0)))
        assert only(ledger).energy_wh == 5_000


@pytest.mark.parametrize(
    ("start_wh", "end_wh", "shown_wh"),
    [(0.0, 43_000.0, None), (0.0, 3_000.4, 0.0), (40_000.0, 43_000.0, 40_000.0)],
)
def test_a_start_of_0_that_means_nothing(
    path: Path, start_wh: float, end_wh: float, shown_wh: float | None
) -> None:
    """It is not shown beside an end and an energy that contradict it."""
    registers: dict[str, Any] = {"meter_start_wh": start_wh, "meter_end_wh": end_wh}
    with opened(path) as ledger:
        got(ledger.note(replace(finished(energy_wh=end_wh), **registers)))
        got(ledger.note(replace(_correction(1, 3_000.0), **registers)))
        row = only(ledger)
    assert (row.meter_start_wh, row.meter_end_wh) == (shown_wh, end_wh)


@pytest.mark.parametrize("whose", ["ben", "forgotten", "joined"])
def test_a_bill_follows(path: Path, whose: str) -> None:
    """10 kWh at 0.50 were 4 kWh: 5.00 becomes 2.00, also where it is no longer known, or was another one's."""
    with opened(path) as ledger:
        got(ledger.agree({(Billed.PERSON, "ben"): PRICES}, NOON - timedelta(days=1)))
        got(ledger.note(finished(energy_wh=10_000.0, person=BEN), site(0)))
        assert only(ledger).billed == 5.00
        if whose == "forgotten":
            got(ledger.forget_persons_before(NOON + timedelta(days=1)))
        if whose == "joined":
            got(ledger.join_persons("ben", "anna"))
        got(ledger.note(_correction(1, 4_000.0)))
        assert (only(ledger).billed, only(ledger).price_list) == (2.00, "Staff")


def test_a_session_that_was_deleted_does_not_come_back(path: Path) -> None:
    """Its energy is kept in the sums, which a correction would count again."""
    with opened(path) as ledger:
        got(ledger.note(finished(energy_wh=10_000.0)))
        assert got(ledger.delete_before(NOON + timedelta(days=1))) == 1
        got(ledger.note(_correction(1, 4_000.0)))
        assert got(ledger.sessions(EVERYTHING)) == []
        later = NOON + timedelta(hours=1)
        sums = got(ledger.hourly_sums(GroupBy.STATION, NOON, later))
    assert [one.energy_wh for one in sums["CP1"]] == [10_000]


def test_a_ledger_of_before_there_were_corrections(path: Path) -> None:
    """What is in it stays as it is, and can be corrected."""
    database = sqlite3.connect(path)
    for script in MIGRATIONS[:4]:
        database.executescript(script)
    database.executescript(
        "PRAGMA user_version = 4;"
        "INSERT INTO session (number, station, id, energy_wh) VALUES (1, 'CP1', '1', 34000)"
    )
    hour = timedelta(hours=1)
    database.execute(
        "INSERT INTO part (station, id, session, stated_start_at, stated_stop_at, stated_wh)"
        " VALUES ('CP1', '1', 1, ?, ?, 34000)",
        (ms(NOON), ms(NOON + hour)),
    )
    database.commit()
    database.close()
    with opened(path) as ledger:
        got(ledger.note(finished(energy_wh=34_000.0)))
        assert only(ledger).energy_wh == 34_000
        got(ledger.note(_correction(1, 10_000.0)))
        assert only(ledger).energy_wh == 10_000


@pytest.mark.parametrize("ahead", [timedelta(), timedelta(milliseconds=-1)])
def test_a_start_that_is_reported_again_under_another_id(
    path: Path, ahead: timedelta
) -> None:
    """The first report was never answered: it is forgotten, unless something was measured of it."""

    def start(name: str, **more: Any) -> TransactionFacts:
        facts = TransactionFacts(
            station="CP1",
            transaction=name,
            connector=1,
            heard_start_at=NOON,
            meter_start_wh=5_000.0,
        )
        return replace(facts, **more)

    hour = timedelta(hours=1)
    with opened(path) as ledger:
        got(ledger.note(start("1")))
        got(
            ledger.note(
                start("other", connector=2), start("later", meter_start_wh=5e3 + 1)
            )
        )
        got(ledger.note(start("2", heard_start_at=NOON + ahead)))
        names = {row.transaction for row in got(ledger.sessions(EVERYTHING))}
        assert names == {"2", "other", "later"}
        got(ledger.note(replace(measured(4, 100.0), transaction="2")))
        got(ledger.note(start("3", heard_start_at=NOON + hour)))
        names = {row.transaction for row in got(ledger.sessions(EVERYTHING))}
        assert names == {"2", "3", "other", "later"}
