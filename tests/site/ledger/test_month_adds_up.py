"""A month in a real Home Assistant: meters, ledger, statistics, sensors, tables and statements say the same.

A month of a family and a small business are told to the ledger as chargers report them: half of it, shuffled and partly
twice, then a reload, then what came late.
"""

from collections.abc import Callable
import csv
from datetime import datetime, timedelta
import io
from itertools import pairwise
import random
import re
from typing import Any

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
)

from custom_components.sunfuse.const import DOMAIN
from custom_components.sunfuse.sessions import (
    Fact,
    GroupBy,
    SessionFilter,
    SessionRow,
    SiteQuarter,
    TransactionFacts,
)
from custom_components.sunfuse.site.ledger.session_statistics import statistic_id
from development.half_year import HalfYear, Ids, half_year
from development.half_year_drivers import DRIVERS
from homeassistant.components.recorder import get_instance
from homeassistant.components.recorder.statistics import statistics_during_period
from homeassistant.config_entries import ConfigSubentryData
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from ...site_fixtures import Home
from .test_ledger import ledger_of, rows as rows_of

pytestmark = pytest.mark.usefixtures("recorder_mock", "socket_enabled")

DAYS, LATE_DAYS = 31, 3
STATIONS = ("SIM-GARAGE", "SIM-CARPORT", "SIM-STREET")
PERSONS = {driver.name: driver.name.upper() for driver in DRIVERS}
CLOSE = 0.005


def price_at(at: datetime) -> tuple[float, float]:
    """Return a tariff with a cheap night."""
    return (0.15 if at.hour < 5 else 0.30), 0.06


def _person(name: str, key: str, staff: str) -> Any:
    return {
        "data": {"price_list": staff},
        "subentry_id": key,
        "subentry_type": "person",
        "title": name,
        "unique_id": None,
    }


STAFF: Any = {
    "data": {"basis": "fixed", "per_kwh": 0.32, "vat_percent": 19.0},
    "subentry_id": "STAFF",
    "subentry_type": "price_list",
    "title": "Staff",
    "unique_id": None,
}


ZOE: ConfigSubentryData = {
    "data": {"capacity_kwh": 50.0},
    "subentry_type": "vehicle",
    "title": "Zoe",
    "unique_id": None,
}


def _told(home: Home, facts: list[Fact]) -> None:
    """Note facts; the clock of the test, which jumps while it waits, stands still."""
    ledger = ledger_of(home).ledger
    for first in range(0, len(facts), 500):
        ledger.note(*facts[first : first + 500]).result(timeout=60)


async def _statistics(
    hass: HomeAssistant, home: Home, by: GroupBy, quantity: str
) -> dict[str, list[float]]:
    """Return the sums by hour of everybody."""
    await async_wait_recording_done(hass)
    keys = await ledger_of(home).async_hourly_sums(
        by, dt_util.utcnow() - timedelta(hours=1), dt_util.utcnow()
    )
    ids = {statistic_id(home.entry.entry_id, by, key, quantity): key for key in keys}
    found = await get_instance(hass).async_add_executor_job(
        statistics_during_period,
        hass,
        dt_util.utcnow() - timedelta(days=DAYS + 5),
        None,
        set(ids),
        "hour",
        None,
        {"sum"},
    )
    return {
        ids[one]: [row["sum"] or 0.0 for row in hours] for one, hours in found.items()
    }


async def _exported(home: Home, **asked: Any) -> str:
    answer: Any = await home.hass.services.async_call(
        DOMAIN,
        "export_sessions",
        {"config_entry_id": home.entry.entry_id, **asked},
        blocking=True,
        return_response=True,
    )
    content: str = answer["content"]
    return content


def _metered_wh(past: HalfYear) -> float:
    """Return what the registers of all chargers rose by."""
    parts = [fact for fact in past.facts if isinstance(fact, TransactionFacts)]
    total = 0.0
    for station in STATIONS:
        own = [fact for fact in parts if fact.station == station]
        starts = [one.meter_start_wh for one in own if one.meter_start_wh is not None]
        ends = [one.meter_end_wh for one in own if one.meter_end_wh is not None]
        total += max(ends) - min(starts)
    return total


def _of_days(rows: list[SessionRow], days: int) -> list[SessionRow]:
    since = dt_util.utcnow() - timedelta(days=days)
    return [row for row in rows if row.stopped_at and row.stopped_at >= since]


def _late(past: HalfYear, chance: random.Random) -> set[str]:
    """Return the transactions that are told late: all of the last days, and some of the days before."""
    recent = dt_util.utcnow() - timedelta(days=LATE_DAYS)
    return {
        fact.transaction
        for fact in past.facts
        if isinstance(fact, TransactionFacts)
        and fact.stated_start_at is not None
        and (
            fact.stated_start_at > recent + timedelta(days=1)
            or (fact.stated_start_at > recent and chance.random() < 0.5)
        )
    }


async def _tell_month(hass: HomeAssistant, home: Home, past: HalfYear) -> None:
    """Tell the ledger a month, shuffled and partly twice, with a reload before what came late."""
    now = dt_util.utcnow()
    long_ago = now - timedelta(days=DAYS + 1)
    prices = ledger_of(home).configuration.price_lists()
    ledger_of(home).ledger.bill_again(prices, long_ago).result(timeout=60)
    chance = random.Random(11)
    late = _late(past, chance)
    facts: list[Fact] = [*past.facts, *chance.sample(past.facts, len(past.facts) // 5)]
    chance.shuffle(facts)
    # Prices and the site are known last of all.
    facts.sort(key=lambda fact: isinstance(fact, SiteQuarter))
    _told(
        home, [fact for fact in facts if getattr(fact, "transaction", None) not in late]
    )
    await home.entry.runtime_data.statistics.async_write(now, long_ago)
    assert await hass.config_entries.async_reload(home.entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    _told(home, [fact for fact in facts if getattr(fact, "transaction", None) in late])
    ledger_of(home).ledger.compare(10_000).result(timeout=60)
    recent = now - timedelta(days=LATE_DAYS)
    await home.entry.runtime_data.statistics.async_write(now, recent)
    await home.entry.runtime_data.figures.async_refresh()
    await hass.async_block_till_done()


async def _check_statistics(
    hass: HomeAssistant, home: Home, rows: list[SessionRow], metered_kwh: float
) -> None:
    """Check long-term statistics: of chargers all of it, and no sum ever falls."""
    for by in GroupBy:
        energies = await _statistics(hass, home, by, "energy")
        costs = await _statistics(hass, home, by, "cost")
        for key, sums in energies.items():
            own = [row for row in rows if getattr(row, by.value) == key]
            assert all(after >= before - 1e-9 for before, after in pairwise(sums))
            kwh = sum(row.energy_wh for row in own) / 1000
            assert sums[-1] == pytest.approx(kwh, rel=CLOSE)
            cost = sum(row.cost or 0.0 for row in own)
            assert costs[key][-1] == pytest.approx(cost, rel=CLOSE)
        if by is GroupBy.STATION:
            total_kwh = sum(sums[-1] for sums in energies.values())
            assert total_kwh == pytest.approx(metered_kwh, rel=CLOSE)


def _check_this_month(home: Home, rows: list[SessionRow], vehicle: str) -> None:
    """Check the sensors of this month: chargers, persons, the vehicle, by the local calendar."""
    local = dt_util.as_local(dt_util.utcnow())
    month = dt_util.start_of_local_day(local.date().replace(day=1))
    of_month = [row for row in rows if row.stopped_at and row.stopped_at >= month]
    for key, name in (
        *((station, "station") for station in STATIONS),
        *((key, "person") for key in PERSONS.values()),
        (vehicle, "vehicle"),
    ):
        own = [row for row in of_month if getattr(row, name) == key]
        shown = float(home.state("sensor", f"{key}_month_energy"))
        kwh = sum(row.energy_wh for row in own) / 1000
        assert shown == pytest.approx(kwh, rel=CLOSE, abs=0.06), key
        if name == "person":
            billed = float(home.state("sensor", f"{key}_month_billed"))
            assert billed == pytest.approx(sum(row.billed or 0.0 for row in own))


def _check_last_days(home: Home, rows: list[SessionRow], days: int) -> None:
    """Check the figures of the last days: against uncontrolled charging, by the rows."""
    of_days = _of_days(rows, days)
    energy_wh = sum(row.energy_wh for row in of_days)
    sun = 100 * sum(row.sun_wh for row in of_days) / energy_wh
    shown = float(home.state("sensor", f"sun_share_{days}"))
    assert shown == pytest.approx(sun, abs=0.06)
    mean = sum(row.cost or 0 for row in of_days) / energy_wh * 1000
    shown = float(home.state("sensor", f"mean_price_{days}"))
    assert shown == pytest.approx(mean, rel=CLOSE)
    saved = sum(row.savings or 0.0 for row in of_days)
    assert saved > 0
    shown = float(home.state("sensor", f"savings_{days}"))
    assert shown == pytest.approx(saved, abs=0.006)


def _check_last_session(home: Home, rows: list[SessionRow]) -> None:
    own = [row for row in rows if row.station == STATIONS[0] and row.stopped_at]
    newest = max(own, key=lambda row: row.stopped_at or dt_util.utcnow())
    shown = float(home.state("sensor", f"{STATIONS[0]}/1_last_session_energy"))
    assert shown == pytest.approx(newest.energy_wh / 1000, abs=0.006)


async def _check_tables(home: Home, rows: list[SessionRow], metered_kwh: float) -> None:
    """Check tables and statements: every cent of every line, net and VAT, in the sums."""
    billed = round(sum(row.billed or 0.0 for row in rows), 2)
    table = await _exported(home, format="csv", language="de")
    lines = list(csv.DictReader(io.StringIO(table[1:]), delimiter=";"))

    def column(name: str) -> float:
        return sum(float(line[name].replace(",", ".") or 0) for line in lines)

    assert column("Energie (kWh)") == pytest.approx(metered_kwh, rel=CLOSE)
    assert column("Betrag") == pytest.approx(billed)
    net_and_vat = column("Betrag netto") + column("Umsatzsteuer im Betrag")
    assert net_and_vat == pytest.approx(billed)
    page = await _exported(home, format="statement", language="de")
    totals = re.findall(r"<tfoot>.*?([\d,]+)\sEUR</td></tr></tfoot>", page)
    assert len(totals) == page.count("<section>") > len(PERSONS)
    # Guests have no price list: their sheet shows the cost.
    guests = sum(
        round(row.cost or 0.0, 2)
        for row in rows
        if row.person is None and row.stopped_at is not None
    )
    shown_total = sum(float(total.replace(",", ".")) for total in totals)
    assert shown_total == pytest.approx(billed + guests, abs=0.05)
    [everything] = await ledger_of(home).async_sums(SessionFilter())
    assert everything.billed == pytest.approx(billed)


@pytest.mark.parametrize(
    "today", ["2026-11-14 10:00", "2026-04-18 10:00"], ids=["autumn", "spring"]
)
async def test_all_of_it_adds_up(
    hass: HomeAssistant,
    start: Callable[..., Any],
    freezer: FrozenDateTimeFactory,
    today: str,
) -> None:
    """Within half a percent, and to the cent where it is money that somebody pays: in months whose clocks change."""
    freezer.move_to(today)
    await hass.config.async_set_time_zone("Europe/Berlin")
    persons = [_person(name, key, "STAFF") for name, key in PERSONS.items()]
    home: Home = await start(*STATIONS, STAFF, ZOE, *persons)
    await hass.async_block_till_done(wait_background_tasks=True)
    [zoe] = home.entry.get_subentries_of_type("vehicle")
    ids = Ids(persons=PERSONS, vehicles={STATIONS[0]: zoe.subentry_id})
    zone = dt_util.get_default_time_zone()
    past = half_year(dt_util.utcnow(), zone, price_at, ids, DAYS)
    assert past is not None
    await _tell_month(hass, home, past)
    metered_kwh = _metered_wh(past) / 1000
    rows = await rows_of(home)
    assert len(rows) > 60
    charged_kwh = sum(row.energy_wh for row in rows) / 1000
    assert charged_kwh == pytest.approx(metered_kwh, rel=CLOSE)
    assert sum(row.cost or 0.0 for row in rows) > 0
    await _check_statistics(hass, home, rows, metered_kwh)
    _check_this_month(home, rows, zoe.subentry_id)
    for days in (30, 365):
        _check_last_days(home, rows, days)
    _check_last_session(home, rows)
    await _check_tables(home, rows, metered_kwh)
