"""The ledger with many sessions: how long a monthly report takes, and a start. `python -m benchmarks.sessions [count]`."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
import random
import sys
import tempfile
import time
from zoneinfo import ZoneInfo

from custom_components.sunfuse.sessions import (
    Attribution,
    Billed,
    ExportContext,
    Fact,
    GroupBy,
    Ledger,
    MeasuredQuarter,
    PriceList,
    PriceTime,
    SessionFilter,
    SessionRow,
    SiteQuarter,
    Statement,
    TransactionFacts,
    statement_sheets,
    to_csv,
    to_statement_page,
    to_statement_pdf,
)

YEARS = 5
END = datetime(2026, 11, 1, tzinfo=UTC)
START = END - timedelta(days=365 * YEARS)
QUARTER = timedelta(minutes=15)
CHARGERS = 20
PERSONS = 40
TOGETHER = 500


def _facts(count: int) -> Iterator[list[Fact]]:
    """Yield the facts of one session after the other, each of two hours."""
    chance = random.Random(5)
    step = (END - START) / count
    for number in range(count):
        start = START + number * step
        start = start.replace(minute=start.minute // 15 * 15, second=0, microsecond=0)
        station, transaction = f"CP{number % CHARGERS}", str(number)
        energies = [chance.uniform(0, 2750) for _ in range(8)]
        yield [
            TransactionFacts(
                station=station,
                transaction=transaction,
                connector=1,
                plugged_at=start,
                stated_start_at=start,
                stated_stop_at=start + timedelta(hours=2),
                stated_wh=sum(energies),
                peak_w=11_000.0,
                full_power_w=11_000.0,
                person=Attribution(at=start, value=f"person {number % PERSONS}"),
            ),
            *(
                MeasuredQuarter(
                    station=station,
                    transaction=transaction,
                    start=start + index * QUARTER,
                    energy_wh=energy_wh,
                    sun_wh=energy_wh / 3,
                    seconds=900.0,
                )
                for index, energy_wh in enumerate(energies)
            ),
        ]


def _site() -> Iterator[SiteQuarter]:
    at = START
    while at < END:
        yield SiteQuarter(
            start=at, seconds=900.0, solar_wh=500.0, import_price=0.3, export_price=0.1
        )
        at += QUARTER


def _timed(what: str, started: float) -> None:
    print(f"{what:<50} {time.perf_counter() - started:8.3f} s")


class _Keys(dict[str, str]):
    """Texts that are their keys."""

    def __missing__(self, key: str) -> str:
        return key


def _exported(ledger: Ledger, rows: list[SessionRow]) -> None:
    """Print how long the files of a month take."""
    context = ExportContext(site="Site", currency="EUR", tz=ZoneInfo("Europe/Berlin"))
    statement = Statement(
        context=context, texts=_Keys(), price_lists=ledger.price_lists().result()
    )
    for what, export in (
        ("CSV", lambda: to_csv(rows, context)),
        (
            "statement as a page",
            lambda: to_statement_page(statement_sheets(rows, statement), statement),
        ),
        (
            "statement as PDF",
            lambda: to_statement_pdf(statement_sheets(rows, statement), statement),
        ),
    ):
        started = time.perf_counter()
        export()
        _timed(f"a month as {what}", started)


def main(count: int) -> None:
    """Print how long things take."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.db"
        ledger = Ledger(path)
        started = time.perf_counter()
        prices = PriceList(
            name="Staff",
            currency="EUR",
            time_zone="Europe/Berlin",
            per_kwh=0.4,
            per_hour=0.1,
            times=(PriceTime(start=22 * 60, end=6 * 60, per_kwh=0.2),),
        )
        staff = {(Billed.PERSON, f"person {n}"): prices for n in range(PERSONS)}
        ledger.agree(staff, START).result()
        ledger.note(*_site()).result()
        waiting: list[Fact] = []
        for number, facts in enumerate(_facts(count), start=1):
            waiting += facts
            if number % TOGETHER == 0:
                ledger.note(*waiting).result()
                waiting = []
        ledger.note(*waiting).result()
        _timed(f"writing {count} sessions", started)
        ledger.close()
        size = path.stat().st_size / 1e6
        print(f"{'the file':<50} {size:8.1f} MB")
        started = time.perf_counter()
        ledger = Ledger(path)
        ledger.start().result()
        _timed("start", started)
        month = SessionFilter(start=END - timedelta(days=31), end=END, running=False)
        started = time.perf_counter()
        rows = ledger.sessions(month).result()
        quarters = [ledger.intervals(row.number).result() for row in rows]
        for by in GroupBy:
            ledger.sums(month, by).result()
        _timed(f"a month: {len(rows)} sessions, quarter hours, sums", started)
        _exported(ledger, rows)
        started = time.perf_counter()
        year = SessionFilter(start=END - timedelta(days=365), running=False)
        ledger.sums(year).result()
        _timed("savings of 365 days", started)
        started = time.perf_counter()
        ledger.hourly_sums(GroupBy.PERSON, END - timedelta(hours=2), END).result()
        _timed("statistics of an hour, by person", started)
        started = time.perf_counter()
        ledger.compare(100).result()
        _timed("comparing 100 sessions with charging at once", started)
        assert quarters
        ledger.close()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
