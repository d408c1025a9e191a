"""A month with restarts, offline chargers and daylight saving: ledger, meters and statistics agree."""

import csv
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
import random
from zoneinfo import ZoneInfo

import pytest

from custom_components.sunfuse.sessions import (
    Attribution,
    Billed,
    ExportContext,
    Fact,
    GroupBy,
    Ledger,
    LiveSession,
    PriceList,
    PriceTime,
    SessionFilter,
    SiteQuarter,
    Taken,
    TransactionFacts,
    to_csv,
)

from .common import EVERYTHING, QUARTER, got

BERLIN = ZoneInfo("Europe/Berlin")
# Clocks go forward on 29 March.
START = datetime(2026, 3, 1, tzinfo=BERLIN).astimezone(UTC)
END = datetime(2026, 4, 1, tzinfo=BERLIN).astimezone(UTC)
STEP = timedelta(minutes=2)
PERSONS = ("anna", "ben", "cleo")


@dataclass
class Visit:
    """A car that charges: how it really is, whatever is reported."""

    station: str
    transaction: str
    person: str
    start: datetime
    power_w: float
    register_wh: float
    wanted_wh: float
    taken_wh: float = 0.0


# By day, and half of that by night: whatever the clocks do, a kWh has one price.
PRICES = PriceList(
    name="Staff",
    currency="EUR",
    time_zone="Europe/Berlin",
    per_kwh=0.40,
    times=(PriceTime(start=22 * 60, end=6 * 60, per_kwh=0.20),),
)


class Month:
    """Chargers with meters, and a Home Assistant that restarts."""

    def __init__(self, path: Path) -> None:
        """Begin with an empty ledger."""
        self.chance = random.Random(2026)
        self.path = path
        self.ledger = Ledger(path)
        self.live: dict[str, LiveSession] = {}
        self.visits: dict[str, Visit] = {}
        self.meters = {f"CP{n}": 1000.0 * n for n in range(1, 4)}
        self.offline_until: dict[str, datetime] = {}
        self.stored: list[Fact] = []  # what an offline charger reports later
        self.number = 0

    def restart(self) -> None:
        """Lose what was not written, and go on from the file."""
        self.ledger.close()
        self.ledger = Ledger(self.path)
        self.live = {
            one.facts.station: LiveSession(
                one.facts.station,
                one.facts.transaction,
                full_power_w=11_000,
                quarters=one.quarters,
                pauses=one.pauses,
            )
            for one in got(self.ledger.start()).running
        }

    def step(self, now: datetime) -> None:
        """Let everything happen that happens in one step."""
        for station in self.meters:
            visit = self.visits.get(station)
            online = now >= self.offline_until.get(station, START)
            if visit is None:
                if self.chance.random() < 0.004:
                    self._arrive(station, now, online=online)
                continue
            taken_wh = min(
                visit.power_w * STEP.total_seconds() / 3600,
                visit.wanted_wh - visit.taken_wh,
            )
            visit.taken_wh += taken_wh
            self.meters[station] += taken_wh
            live = self.live.get(station)
            if online and live is not None:
                live.went(now, now + STEP, Taken(power_w=visit.power_w, sun_share=0.3))
                live.counted(round(self.meters[station] - visit.register_wh, -1))
            if visit.wanted_wh - visit.taken_wh < 1:
                self._leave(visit, now + STEP, online=online)
            if online and self.chance.random() < 0.001:
                hours = self.chance.uniform(0.2, 6)
                self.offline_until[station] = now + timedelta(hours=hours)

    def flush(self) -> None:
        """Write what is new, as each minute does."""
        for live in self.live.values():
            self.ledger.note(*live.facts())

    def reconnect(self) -> None:
        """Let stored reports come in, in any order, and some of them twice."""
        again = [fact for fact in self.stored if self.chance.random() < 0.3]
        reports = [*self.stored, *again]
        self.chance.shuffle(reports)
        for fact in reports:
            self.ledger.note(fact)
        self.stored = []

    def _arrive(self, station: str, now: datetime, *, online: bool) -> None:
        self.number += 1
        visit = Visit(
            station=station,
            transaction=str(self.number),
            person=self.chance.choice(PERSONS),
            start=now,
            power_w=self.chance.choice((3700.0, 7400.0, 11_000.0)),
            register_wh=self.meters[station],
            wanted_wh=self.chance.uniform(2000, 40_000),
        )
        self.visits[station] = visit
        started = TransactionFacts(
            station=station,
            transaction=visit.transaction,
            connector=1,
            heard_start_at=now,
            meter_start_wh=visit.register_wh,
            person=Attribution(at=now, value=visit.person),
            full_power_w=11_000.0,
        )
        if online:
            self.ledger.note(started)
            self.live[station] = LiveSession(
                station, visit.transaction, full_power_w=11_000
            )
        else:
            self.stored.append(started)

    def _leave(self, visit: Visit, now: datetime, *, online: bool) -> None:
        del self.visits[visit.station]
        live = self.live.pop(visit.station, None)
        over = TransactionFacts(
            station=visit.station,
            transaction=visit.transaction,
            stated_start_at=visit.start,
            stated_stop_at=now,
            meter_end_wh=self.meters[visit.station],
            stated_wh=visit.taken_wh,
            offline=None if online else True,
        )
        if live is not None:
            self.ledger.note(*live.facts())
        if online:
            self.ledger.note(over)
        else:
            self.stored.append(over)


def local(at: datetime) -> datetime:
    """Return what the clock on the wall says."""
    return at.astimezone(BERLIN)


def test_a_month_adds_up(path: Path) -> None:
    """Within 0.5 %: meters, sessions, quarter hours, persons, months by the local calendar, and statistics."""
    month = Month(path)
    before = sum(month.meters.values())
    at = START
    prices = []
    while at < END:
        prices.append(
            SiteQuarter(
                start=at,
                seconds=900.0,
                solar_wh=400.0,
                import_price=0.3,
                export_price=0.1,
            )
        )
        at += QUARTER
    month.ledger.note(*prices)
    month.ledger.agree(
        {(Billed.PERSON, person): PRICES for person in PERSONS},
        START - timedelta(days=1),
    )
    now = START
    while now < END:
        month.step(now)
        minutes = (now - START) // timedelta(minutes=1)
        if minutes % 10 == 0:
            month.flush()
        if minutes % (60 * 7) == 0:
            month.reconnect()
        if minutes % (60 * 31) == 0:
            month.restart()
        now += STEP
    for visit in tuple(month.visits.values()):
        month._leave(visit, now, online=True)  # noqa: SLF001
    month.reconnect()
    ledger = month.ledger
    got(ledger.note())
    metered = sum(month.meters.values()) - before
    rows = got(ledger.sessions(EVERYTHING))
    assert len(rows) > 150
    assert sum(row.offline for row in rows) > 10
    assert all(row.stopped_at for row in rows)
    assert sum(row.energy_wh for row in rows) == pytest.approx(metered, rel=0.005)
    quarters = [q for row in rows for q in got(ledger.intervals(row.number))]
    assert sum(q.energy_wh for q in quarters) == pytest.approx(metered, rel=0.005)
    assert all(q.energy_wh >= 0 and q.sun_wh >= -1e-9 for q in quarters)
    by_person = got(ledger.sums(SessionFilter(), GroupBy.PERSON))
    assert sum(one.energy_wh for one in by_person) == pytest.approx(metered, rel=0.005)
    # Bills: lines add up to sums, and to what the energy of each quarter hour costs by the clock on the wall.
    billed = round(sum(row.billed or 0.0 for row in rows), 2)
    assert billed == pytest.approx(sum(one.billed or 0.0 for one in by_person))
    by_the_clock = sum(
        q.energy_wh / 1000 * (0.20 if not 6 <= local(q.start).hour < 22 else 0.40)
        for q in quarters
    )
    assert billed == pytest.approx(by_the_clock, rel=0.005)
    context = ExportContext(site="Home", currency="EUR", tz=BERLIN)
    lines = list(
        csv.DictReader(to_csv(rows, context).removeprefix("\ufeff").splitlines())
    )
    assert sum(float(line["billed"]) for line in lines) == pytest.approx(billed)
    # By the local calendar: the day of 23 hours is a day.
    days = []
    day = START.astimezone(BERLIN)
    while day < END.astimezone(BERLIN) + timedelta(days=1):
        wanted = SessionFilter(start=day, end=day + timedelta(days=1))
        days.append(got(ledger.sums(wanted))[0].energy_wh)
        day += timedelta(days=1)
    assert sum(days) == pytest.approx(metered, rel=0.005)
    # Statistics: asked in one go, or again from the middle; they never fall.
    whole = got(ledger.hourly_sums(GroupBy.STATION, START, END + timedelta(hours=2)))
    later = START + timedelta(days=15)
    again = got(ledger.hourly_sums(GroupBy.STATION, later, END + timedelta(hours=2)))
    assert sum(sums[-1].energy_wh for sums in whole.values()) == pytest.approx(
        metered, rel=0.005
    )
    for station, sums in whole.items():
        assert all(
            b.energy_wh >= a.energy_wh - 1e-6
            for a, b in zip(sums, sums[1:], strict=False)
        )
        tail = [one for one in sums if one.start >= later]
        assert [one.energy_wh for one in tail] == pytest.approx(
            [one.energy_wh for one in again[station]]
        )
        assert [one.cost for one in tail] == pytest.approx(
            [one.cost for one in again[station]]
        )
    costs = sum(sums[-1].cost for sums in whole.values())
    assert costs == pytest.approx(sum(row.cost or 0.0 for row in rows), rel=0.005)
    ledger.close()
