"""The ledger: sessions from facts, in any order and any number of times."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
import sqlite3
import tempfile
import threading

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.sunfuse.sessions import (
    Attribution,
    Fact,
    GroupBy,
    Ledger,
    NewerLedgerError,
    PauseFact,
    SessionFilter,
    SignedValue,
    SiteQuarter,
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


@pytest.mark.parametrize("stated", [False, True])
@pytest.mark.parametrize(
    "unset", [datetime(1970, 1, 1, tzinfo=UTC), NOON - timedelta(days=365)]
)
def test_a_start_before_the_clock_was_set(
    path: Path, unset: datetime, stated: bool
) -> None:
    """It is not known: the session did not take 56 years, or one since the firmware was made, and is not spread over them."""
    facts = replace(
        finished(),
        plugged_at=unset,
        heard_start_at=unset,
        stated_start_at=unset if stated else None,
    )
    with opened(path) as ledger:
        got(ledger.note(facts))
        row = only(ledger)
        intervals = got(ledger.intervals(row.number))
    assert (row.plugged_at, row.started_at) == (None, None)
    assert row.stopped_at == facts.stopped_at
    assert [interval.energy_wh for interval in intervals] == [row.energy_wh]


def test_a_session_is_its_meter_split_by_quarter_hours(path: Path) -> None:
    """4 kWh in an hour at 30 ct: the sun's 1 kWh would have brought 8 ct, so 3 x 30 + 8 ct."""
    with opened(path) as ledger:
        got(
            ledger.note(
                *(site(index) for index in range(4)),
                *(measured(index, 1000, sun_wh=250) for index in range(4)),
                finished(meter_start_wh=10_000.0, meter_end_wh=14_000.0),
            )
        )
        row = only(ledger)
        quarters = got(ledger.intervals(row.number))
    assert (row.meter_start_wh, row.meter_end_wh) == (10_000, 14_000)
    assert row.energy_wh == pytest.approx(4000)
    assert row.sun_wh == pytest.approx(1000)
    assert row.grid_wh == pytest.approx(3000)
    assert row.grid_cost == pytest.approx(0.90)
    assert row.feed_in_lost == pytest.approx(0.08)
    assert row.cost == pytest.approx(0.98)
    assert row.sun_share == pytest.approx(0.25)
    assert row.duration == timedelta(hours=1)
    assert [quarter.energy_wh for quarter in quarters] == [1000] * 4
    assert [quarter.start for quarter in quarters] == [
        NOON + index * QUARTER for index in range(4)
    ]


def test_what_an_offline_charger_took_is_spread_and_marked(path: Path) -> None:
    """Two hours of 2 kWh each that nobody saw: by what the site had, and at the prices of then."""
    with opened(path) as ledger:
        # Until 13:00 3 kW of sun and 2 kW of use, of which the unseen car is all; then no sun.
        got(
            ledger.note(
                *(site(i, solar_wh=750, house_wh=500) for i in range(4)),
                *(site(i, house_wh=500, import_price=0.40) for i in range(4, 8)),
                finished(hours=2.0, offline=True),
            )
        )
        row = only(ledger)
    assert row.offline
    assert row.estimated_wh == pytest.approx(4000)
    assert row.sun_wh == pytest.approx(2000)
    assert row.cost == pytest.approx(2 * 0.08 + 2 * 0.40)


def test_a_lost_minute_is_put_where_it_was_lost(path: Path) -> None:
    """Three quarters were seen, the fourth was not: the missing energy belongs there."""
    with opened(path) as ledger:
        got(
            ledger.note(
                *(measured(index, 1000) for index in (0, 1, 3)),
                finished(energy_wh=3900.0, full_power_w=11_000.0),
            )
        )
        quarters = got(ledger.intervals(only(ledger).number))
    assert [quarter.energy_wh for quarter in quarters] == pytest.approx(
        [1000, 1000, 900, 1000]
    )
    assert [quarter.estimated_wh for quarter in quarters] == pytest.approx(
        [0, 0, 900, 0]
    )


def test_a_meter_that_counted_less_is_right(path: Path) -> None:
    """What was added up from powers is scaled to what the charger's meter says in the end."""
    with opened(path) as ledger:
        got(
            ledger.note(
                *(measured(i, 1000, sun_wh=500) for i in range(4)),
                finished(energy_wh=3800.0),
            )
        )
        row = only(ledger)
        quarters = got(ledger.intervals(row.number))
    assert sum(quarter.energy_wh for quarter in quarters) == pytest.approx(3800)
    assert row.sun_wh == pytest.approx(1900)


def test_a_pause_that_stopped_the_transaction_is_one_session(path: Path) -> None:
    """Where a charger can only be stopped, the next transaction is on nobody's card: it is the same car's session."""
    first = finished(
        "a", energy_wh=2000.0, card="04A1", person=Attribution(at=NOON, value="p")
    )
    second = finished("b", start=NOON + timedelta(hours=3), energy_wh=1000.0)
    later = TransactionFacts(station="CP1", transaction="c", continues="b")
    with opened(path) as ledger:
        got(
            ledger.note(finished("c", start=NOON + timedelta(hours=6), energy_wh=500.0))
        )
        got(ledger.note(later))
        got(ledger.note(replace(second, continues="a")))
        got(ledger.note(first))
        row = only(ledger)
        assert got(ledger.session("CP1", "c")) == row
    assert (row.transaction, row.parts, row.person) == ("a", 3, "p")
    assert row.energy_wh == pytest.approx(3500)
    assert row.stopped_at == NOON + timedelta(hours=7)


_STOP = NOON + timedelta(hours=1)
_FACTS: tuple[Fact, ...] = (
    TransactionFacts(
        station="CP1",
        transaction="1",
        connector=1,
        heard_start_at=NOON + timedelta(seconds=7),
        plugged_at=NOON - timedelta(minutes=4),
        meter_start_wh=1000.0,
        card="04A1B2C3",
        person=Attribution(at=NOON, value="anna"),
    ),
    TransactionFacts(station="CP1", transaction="1", counted_wh=800.0, peak_w=3600.0),
    TransactionFacts(station="CP1", transaction="1", counted_wh=2100.0, peak_w=7200.0),
    measured(0, 300, sun_wh=100, seconds=300),
    measured(0, 900, sun_wh=300),
    measured(1, 1100, sun_wh=1000),
    TransactionFacts(
        station="CP1",
        transaction="1",
        noticed_stop_at=_STOP + timedelta(seconds=20),
        vehicle=Attribution(at=_STOP, value="zoe"),
    ),
    TransactionFacts(
        station="CP1", transaction="1", vehicle=Attribution(at=NOON, value="guess")
    ),
    finished(energy_wh=3000.0, meter_end_wh=4000.0, end_reason="EVDisconnected"),
    TransactionFacts(
        station="CP1", transaction="1", unplugged_at=_STOP + timedelta(hours=2)
    ),
    PauseFact(
        station="CP1",
        transaction="1",
        reason="waiting_for_sun",
        first_at=NOON,
        last_at=NOON + timedelta(minutes=3),
        seconds=180.0,
    ),
    PauseFact(
        station="CP1",
        transaction="1",
        reason="waiting_for_sun",
        first_at=NOON,
        last_at=NOON + timedelta(minutes=9),
        seconds=400.0,
        times=2,
    ),
    SignedValue(
        station="CP1",
        transaction="1",
        at=_STOP,
        context="Transaction.End",
        encoding="OCMF",
        data="OCMF|{}|{}",
    ),
    # Of the same charger, told by a transaction that was stored while it was offline; and its second part.
    finished("0", start=NOON - timedelta(days=1), energy_wh=500.0, offline=True),
    finished("2", start=_STOP + timedelta(minutes=5), energy_wh=700.0, continues="1"),
    finished("1", station="CP2", energy_wh=9000.0),
    # The site, whose prices may come late; one quarter hour was seen in two parts.
    *(site(index, solar_wh=400) for index in range(-2, 2)),
    *(SiteQuarter(start=NOON + n * QUARTER, seconds=900, solar_wh=400) for n in (2, 3)),
    *(site(index, seconds=0.0) for index in (2, 3)),
    site(4, seconds=300.0, solar_wh=150),
    site(4, seconds=800.0, solar_wh=390),
    *(site(index, solar_wh=400) for index in range(5, 9)),
)


def _told(facts: list[Fact], restart_after: int) -> list[object]:
    """Return what a ledger says that heard these facts, with a restart on the way."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.db"
        with opened(path) as ledger:
            for fact in facts[:restart_after]:
                ledger.note(fact)
        with opened(path) as ledger:
            for fact in facts[restart_after:]:
                ledger.note(fact)
            ledger.checkpoint().result(timeout=30)
            rows = got(ledger.sessions(EVERYTHING))
            return [
                (
                    replace(row, number=0),
                    got(ledger.intervals(row.number)),
                    got(ledger.pauses(row.number)),
                    got(ledger.signed_values(row.number)),
                )
                for row in sorted(rows, key=lambda row: (row.station, row.transaction))
            ]


_IN_ORDER = _told(list(_FACTS), len(_FACTS))


@settings(max_examples=30)
@given(
    order=st.permutations(_FACTS),
    again=st.lists(st.sampled_from(_FACTS), max_size=8),
    restart_after=st.integers(0, len(_FACTS)),
)
def test_any_order_and_any_repetition_gives_the_same(
    order: list[Fact], again: list[Fact], restart_after: int
) -> None:
    """A charger that was offline, a repeated report, a restart in between: the ledger says the same."""
    assert _told([*again, *order, *again], restart_after) == _IN_ORDER


def test_what_the_facts_say_together() -> None:
    """By hand: the stated end counts more than what was noticed, the newest word of the vehicle, all parts' energy."""
    first, whole, other = (told[0] for told in _IN_ORDER)  # type: ignore[index]
    assert (first.energy_wh, other.energy_wh) == (500, 9000)
    assert whole.energy_wh == pytest.approx(3700)
    assert whole.started_at == NOON
    assert whole.stopped_at == _STOP + timedelta(hours=1, minutes=5)
    assert (whole.vehicle, whole.person, whole.parts) == ("zoe", "anna", 2)
    assert whole.peak_w == 7200
    [pause] = _IN_ORDER[1][2]  # type: ignore[index]
    assert (pause.seconds, pause.times) == (400, 2)


@pytest.mark.parametrize("apart", [timedelta(days=7), timedelta(hours=2)])
def test_a_charger_whose_ids_begin_anew(path: Path, apart: timedelta) -> None:
    """The transaction 1 of another week, or of two hours later, is another session, and all that belongs to it goes there."""
    with opened(path) as ledger:
        for number in range(3):
            start = NOON + number * apart
            begun = TransactionFacts(
                station="CP1", transaction="1", connector=1, heard_start_at=start
            )
            counted = TransactionFacts(station="CP1", transaction="1", counted_wh=500.0)
            got(ledger.note(begun))
            got(
                ledger.note(
                    replace(measured(0, 500.0), start=start),
                    counted,
                    finished(start=start, energy_wh=1000.0 * (number + 1)),
                )
            )
            # Reported again, as it was.
            got(ledger.note(finished(start=start, energy_wh=1000.0 * (number + 1))))
        again = finished(energy_wh=1000.0, end_reason="Local")
        got(ledger.note(again))
        rows = got(ledger.sessions(EVERYTHING, newest_first=False))
        quarters = [got(ledger.intervals(row.number)) for row in rows]
    assert [row.energy_wh for row in rows] == [1000, 2000, 3000]
    assert [row.started_at for row in rows] == [NOON + n * apart for n in range(3)]
    assert [row.end_reason for row in rows] == ["Local", None, None]
    assert [sum(q.energy_wh for q in one) for one in quarters] == pytest.approx(
        [1000, 2000, 3000]
    )


def test_sums_and_filters(path: Path) -> None:
    """A session belongs to the period in which it stopped, and to whoever it was."""
    with opened(path) as ledger:
        for day, person in enumerate(("anna", "ben", "anna")):
            got(
                ledger.note(
                    finished(
                        str(day),
                        start=NOON + timedelta(days=day),
                        person=Attribution(at=NOON, value=person),
                    )
                )
            )
        running = TransactionFacts(
            station="CP1", transaction="r", heard_start_at=NOON + timedelta(days=5)
        )
        got(ledger.note(running))
        assert len(got(ledger.sessions(EVERYTHING))) == 4
        [total] = got(ledger.sums(SessionFilter(running=False)))
        by_person = got(ledger.sums(SessionFilter(running=False), GroupBy.PERSON))
        second = SessionFilter(
            start=NOON + timedelta(days=1),
            end=NOON + timedelta(days=2),
            running=False,
        )
        assert [row.person for row in got(ledger.sessions(second))] == ["ben"]
        assert got(ledger.sums(SessionFilter(person="nobody")))[0].sessions == 0
    assert (total.sessions, total.energy_wh) == (3, 12_000)
    assert {one.key: one.energy_wh for one in by_person} == {"anna": 8000, "ben": 4000}


def test_a_card_is_in_no_log() -> None:
    """Facts and rows are shown in logs and tracebacks: without the number of the card."""
    assert "04A1" not in repr(finished(card="04A1"))


def test_one_bad_write_fails_alone(path: Path) -> None:
    """What is handed over together with something impossible is written all the same."""
    with opened(path) as ledger:
        bad = ledger.note(replace(finished(), connector=object()))  # type: ignore[arg-type]
        good = ledger.note(finished("2"))
        with pytest.raises(sqlite3.Error):
            got(bad)
        got(good)
        assert only(ledger).transaction == "2"


async def test_who_no_longer_waits_stops_nobody(path: Path) -> None:
    """A task that waits is cancelled, as when a site is unloaded: what it handed over is written, and all that follows."""
    ledger = Ledger(path)
    started, gone_on = threading.Event(), threading.Event()

    def slow(_db: sqlite3.Connection) -> None:
        started.set()
        gone_on.wait(30)

    ledger.alone(slow)
    assert started.wait(30)
    waiting = asyncio.wrap_future(ledger.note(finished("1")))
    waiting.cancel()
    await asyncio.sleep(0)
    gone_on.set()
    await asyncio.wrap_future(ledger.note(finished("2")))
    rows = await asyncio.wrap_future(ledger.sessions(EVERYTHING))
    assert len(rows) == 2
    ledger.close()


def test_a_file_of_a_later_version_is_left_as_it_is(path: Path) -> None:
    """Whoever goes back to an earlier version is told, and loses nothing."""
    with opened(path) as ledger:
        got(ledger.note(finished()))
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(NewerLedgerError):
        Ledger(path)


def test_the_last_stays_of_each_weekday(path: Path) -> None:
    """Of each vehicle, wherever it charged, and of the guests of each connector: a busy one displaces nobody's."""
    day = timedelta(days=1)

    def stay(number: int, vehicle: str | None, connector: int, ago: int) -> Fact:
        came = NOON - ago * day
        return TransactionFacts(
            station="CP1",
            transaction=f"{vehicle} {connector} {number}",
            connector=connector,
            vehicle=Attribution(value=vehicle, at=came) if vehicle else None,
            plugged_at=came - timedelta(hours=1),
            stated_start_at=came,
            stated_stop_at=came + timedelta(hours=2),
            unplugged_at=came + timedelta(hours=3),
            stated_wh=1000.0 * number,
        )

    facts = [stay(number, "zoe", 1 + number % 2, 7 * number) for number in range(5)]
    facts += [stay(number, None, 1, number) for number in range(30)]
    facts += [stay(number, None, 2, 7 * number) for number in range(2)]
    running = TransactionFacts(
        station="CP1", transaction="now", stated_start_at=NOON - timedelta(hours=1)
    )
    moved = TransactionFacts(  # the plug, to another connector
        station="CP1",
        transaction="moved",
        connector=2,
        stated_start_at=NOON,
        stated_stop_at=NOON + timedelta(minutes=9),
    )
    with opened(path) as ledger:
        got(ledger.note(*facts, moved, running))
        stays = got(ledger.latest_stays(NOON - 27 * day, 2, timedelta(minutes=10)))
    zoe = [one for one in stays if one.vehicle == "zoe"]
    assert [one.energy_wh for one in zoe] == [1000.0, 0.0]
    assert [one.connector for one in zoe] == [2, 1]
    assert zoe[-1].came == NOON - timedelta(hours=1)
    assert zoe[-1].left == NOON + timedelta(hours=3)
    guests = [one for one in stays if one.vehicle is None]
    assert sum(one.connector == 1 for one in guests) == 14
    assert sum(one.connector == 2 for one in guests) == 2
    assert stays == sorted(stays, key=lambda one: one.left)
