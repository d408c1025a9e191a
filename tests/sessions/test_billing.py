"""What sessions are billed: by hand calculation, by the clock on the wall, and by the prices of when they began."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
import sqlite3
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given, strategies as st
import pytest

from custom_components.sunfuse.sessions import (
    Attribution,
    Billed,
    PriceList,
    PriceTime,
    SessionFilter,
    TransactionFacts,
    bill,
    billed_quarters,
)
from custom_components.sunfuse.sessions.ledger.ledger_schema import MIGRATIONS
from custom_components.sunfuse.sessions.price_list import BilledQuarter, rounded

from .common import NOON, QUARTER, finished, got, measured, only, opened, site

BERLIN = ZoneInfo("Europe/Berlin")
FLAT = PriceList(name="Guests", currency="EUR", time_zone="Europe/Berlin", per_kwh=0.49)
ANNA = (Billed.PERSON, "anna")
GUESTS = (Billed.STATION, "CP1")
LONG_AGO = NOON - timedelta(days=1)


def by_anna(**more: Any) -> TransactionFacts:
    """Return a finished session of Anna of 4 kWh in an hour."""
    return finished(person=Attribution(at=NOON, value="anna"), **more)


def test_every_part_of_a_price_list() -> None:
    """12.345 kWh at 0.49, two hours and a half at 0.60, and 1.00 for the session: 6.05 + 1.50 + 1.00."""
    prices = replace(FLAT, per_hour=0.60, per_session=1.0)
    quarters = billed_quarters(
        prices, [(NOON, 12_345.0, None)], NOON, NOON + timedelta(hours=2.5)
    )
    found = bill(prices, quarters)
    assert found is not None
    assert (found.energy, found.time, found.session) == (
        Decimal("6.05"),
        Decimal("1.50"),
        Decimal("1.00"),
    )
    assert found.total == Decimal("8.55")


def test_no_energy_is_no_session() -> None:
    """A car that took nothing costs the time that it was there, and no more."""
    prices = replace(FLAT, per_hour=1.2, per_session=5.0)
    quarters = billed_quarters(prices, [], NOON, NOON + timedelta(minutes=30))
    found = bill(prices, quarters)
    assert found is not None and found.total == Decimal("0.60")


@pytest.mark.parametrize(
    ("at", "price"),
    [
        ("2026-06-01T06:59", 0.2),  # a Monday; the night belongs to Sunday
        ("2026-06-01T07:00", 0.5),
        ("2026-06-01T22:45", 0.5),
        ("2026-06-01T23:00", 0.2),
        ("2026-06-06T12:00", 0.3),  # Saturday
        ("2026-06-06T23:00", 0.2),
    ],
)
def test_prices_by_the_clock_on_the_wall(at: str, price: float) -> None:
    """Nights of every day from 23:00 to 07:00, weekends, and the rest."""
    prices = replace(
        FLAT,
        per_kwh=0.5,
        times=(
            PriceTime(start=23 * 60, end=7 * 60, per_kwh=0.2),
            PriceTime(weekdays=(5, 6), per_kwh=0.3),
        ),
    )
    local = datetime.fromisoformat(at).replace(tzinfo=BERLIN)
    assert prices.kwh_price(local.astimezone(UTC)) == price


@pytest.mark.parametrize(
    ("night", "hours"), [("2026-03-28", 7), ("2026-06-01", 8), ("2026-10-24", 9)]
)
def test_the_nights_in_which_clocks_change(night: str, hours: int) -> None:
    """From 23:00 to 07:00 are seven hours, eight, or nine; each quarter hour is billed once."""
    prices = replace(
        FLAT, per_hour=0.0, times=(PriceTime(start=23 * 60, end=7 * 60, per_hour=1.0),)
    )
    since = datetime.fromisoformat(night).replace(hour=20, tzinfo=BERLIN)
    until = (since + timedelta(days=1)).replace(hour=12)
    quarters = billed_quarters(prices, [], since.astimezone(UTC), until.astimezone(UTC))
    found = bill(prices, quarters)
    assert found is not None and found.total == hours


def test_cost_price_plus_a_share() -> None:
    """What the energy cost, and a tenth; where that is not known the price of a kWh, or no bill at all."""
    prices = replace(FLAT, share_percent=10.0, per_kwh=None)
    known = BilledQuarter(start=NOON, energy_wh=2000.0, cost=0.50)
    unknown = BilledQuarter(start=NOON + QUARTER, energy_wh=1000.0)
    found = bill(prices, [known])
    assert found is not None and found.total == Decimal("0.55")
    assert bill(prices, [known, unknown]) is None
    found = bill(replace(prices, per_kwh=0.40), [known, unknown])
    assert found is not None and found.total == Decimal("0.95")


@pytest.mark.parametrize(
    ("currency", "amount"), [("EUR", "1.24"), ("JPY", "1"), ("KWD", "1.235")]
)
def test_the_smallest_coin(currency: str, amount: str) -> None:
    """Amounts are rounded to what can be paid, half of it up."""
    assert rounded(Decimal("1.235"), currency) == Decimal(amount)


@given(
    energies=st.lists(st.floats(0, 5000), max_size=8),
    per_kwh=st.floats(0, 1).map(lambda value: round(value, 4)),
    per_hour=st.floats(0, 5).map(lambda value: round(value, 2)),
    per_session=st.floats(0, 3).map(lambda value: round(value, 3)),
)
def test_parts_add_up(
    energies: list[float], per_kwh: float, per_hour: float, per_session: float
) -> None:
    """Whatever is billed: whole cents in each part, and the total within half a cent of the exact amount."""
    prices = replace(FLAT, per_kwh=per_kwh, per_hour=per_hour, per_session=per_session)
    given_ = [(NOON + n * QUARTER, wh, None) for n, wh in enumerate(energies)]
    until = NOON + len(energies) * QUARTER
    found = bill(prices, billed_quarters(prices, given_, NOON, until))
    assert found is not None
    exact = round(sum(energies)) / 1000 * per_kwh + len(energies) / 4 * per_hour
    exact += per_session if round(sum(energies)) > 0 else 0
    assert float(found.total) == pytest.approx(exact, abs=0.0050001)
    assert all(
        part == part.quantize(Decimal("0.01"))
        for part in (found.energy, found.time, found.session)
    )


@pytest.mark.parametrize(
    ("percent", "included", "net", "vat", "gross"),
    [
        (19.0, True, "5.08", "0.97", "6.05"),  # 6.05 / 1.19 = 5.0840
        (19.0, False, "6.05", "1.15", "7.20"),  # 6.05 * 0.19 = 1.1495
        (25.5, False, "6.05", "1.54", "7.59"),  # Finland: 1.54275
        (
            0.0,
            True,
            "6.05",
            "0.00",
            "6.05",
        ),  # a rate of zero is not the same as no rate
        (None, True, None, None, "6.05"),
        (None, False, None, None, "6.05"),
    ],
)
def test_vat(
    percent: float | None, included: bool, net: str | None, vat: str | None, gross: str
) -> None:
    """12.345 kWh at 0.49 are 6.05, with VAT in it or without; net and VAT add up to the total."""
    prices = replace(FLAT, vat_percent=percent, vat_included=included)
    found = bill(prices, billed_quarters(prices, [(NOON, 12_345.0, None)], NOON, NOON))
    assert found is not None
    assert found.total == Decimal(gross)
    if net is None or vat is None:
        assert found.vat is None
    else:
        assert (found.total - (found.vat or 0), found.vat) == (
            Decimal(net),
            Decimal(vat),
        )


def test_a_price_list_is_the_same_after_it_was_stored() -> None:
    """With its times, and its VAT; one without a rate is stored as before there were rates."""
    prices = replace(
        FLAT, times=(PriceTime(start=60, end=120, weekdays=(0, 6), per_kwh=0.1),)
    )
    assert PriceList.from_json(prices.to_json()) == prices
    assert "vat" not in prices.to_json()
    taxed = replace(prices, vat_percent=19.0, vat_included=False)
    assert PriceList.from_json(taxed.to_json()) == taxed


# --- In the ledger ---------------------------------------------------------------------------------------------


def test_who_pays_what(path: Path) -> None:
    """A person their own price list, guests that of the charger; a person without one is not billed."""
    with opened(path) as ledger:
        mine = replace(FLAT, name="Staff", per_kwh=0.25)
        got(ledger.agree({ANNA: mine, GUESTS: FLAT}, LONG_AGO))
        ledger.note(by_anna())
        ledger.note(finished("2"))
        ledger.note(finished("3", person=Attribution(at=NOON, value="ben")))
        got(ledger.note(finished("4", station="CP2")))
        found = {
            row.transaction: (row.billed, row.price_list)
            for row in got(ledger.sessions(SessionFilter()))
        }
        assert found == {
            "1": (1.00, "Staff"),
            "2": (1.96, "Guests"),
            "3": (None, None),
            "4": (None, None),
        }
        [sums] = got(ledger.sums(SessionFilter()))
        assert sums.billed == pytest.approx(2.96)


def test_prices_change(path: Path) -> None:
    """A session keeps the price list of when it began, also if it ends later, is reported later, or made anew."""
    change = NOON + timedelta(minutes=30)
    with opened(path) as ledger:
        got(ledger.agree({ANNA: FLAT}, LONG_AGO))
        got(ledger.note(by_anna()))
        got(ledger.agree({ANNA: replace(FLAT, per_kwh=0.99)}, change))
        late = by_anna(transaction="late", offline=True)
        got(ledger.note(late, measured(0, 900.0), by_anna(end_reason="Local")))
        after = by_anna(transaction="after", start=change)
        got(ledger.note(after))
        got(ledger.agree({}, change + timedelta(minutes=1)))
        none = by_anna(transaction="none", start=NOON + timedelta(hours=1))
        got(ledger.note(none))
        found = {
            row.transaction: row.billed for row in got(ledger.sessions(SessionFilter()))
        }
        assert found == {"1": 1.96, "late": 1.96, "after": 3.96, "none": None}
        lists = got(ledger.price_lists())
        assert {one.per_kwh for one in lists.values()} == {0.49, 0.99}


def test_a_clock_that_was_wrong_changes_no_past_price(path: Path) -> None:
    """A machine that starts in 1970 says what is valid now, and not what was."""
    with opened(path) as ledger:
        got(ledger.agree({ANNA: FLAT}, LONG_AGO))
        got(ledger.note(by_anna()))
        long_ago = datetime(1970, 1, 1, tzinfo=UTC)
        got(ledger.agree({ANNA: replace(FLAT, per_kwh=0.99)}, long_ago))
        got(ledger.note(by_anna(transaction="2", start=LONG_AGO)))
        got(ledger.note(by_anna(transaction="3")))
        found = {
            row.transaction: row.billed for row in got(ledger.sessions(SessionFilter()))
        }
        assert found == {"1": 1.96, "2": 1.96, "3": 3.96}


def test_billing_again_is_asked_for(path: Path) -> None:
    """A wrong price is corrected from a time on."""
    with opened(path) as ledger:
        got(ledger.agree({ANNA: replace(FLAT, per_kwh=4.9)}, LONG_AGO))
        got(ledger.note(by_anna(start=LONG_AGO + QUARTER), measured(0, 0.0)))
        got(ledger.note(by_anna(transaction="2")))
        assert got(ledger.bill_again({ANNA: FLAT}, NOON)) == 1
        found = [row.billed for row in got(ledger.sessions(SessionFilter()))]
        assert found == [1.96, 19.6]


def test_a_session_that_still_runs_is_billed_again(path: Path) -> None:
    """Its price is corrected at once, and for all that it takes from then on: 0.49, 0.98 and in the end 4 kWh."""
    whole = by_anna()
    running = replace(whole, stated_stop_at=None, stated_wh=None)
    with opened(path) as ledger:
        got(ledger.agree({ANNA: replace(FLAT, per_kwh=4.9)}, LONG_AGO))
        got(ledger.note(running, measured(0, 1000.0)))
        assert only(ledger).billed == 4.9
        assert got(ledger.bill_again({ANNA: FLAT}, NOON)) == 1
        assert only(ledger).billed == 0.49
        got(ledger.note(measured(1, 1000.0)))
        assert only(ledger).billed == 0.98
        got(ledger.note(whole))
        assert only(ledger).billed == 1.96


def test_plugged_in_without_charging(path: Path) -> None:
    """Time counts from plug to unplug, and ends with the session where nobody saw the car leave."""
    prices = replace(FLAT, per_kwh=0.0, per_hour=2.0)
    with opened(path) as ledger:
        got(ledger.agree({ANNA: prices}, LONG_AGO))
        early = by_anna(plugged_at=NOON - timedelta(hours=1))
        got(ledger.note(early))
        assert only(ledger).billed == 4.0
        left = TransactionFacts(
            station="CP1", transaction="1", unplugged_at=NOON + timedelta(hours=3)
        )
        got(ledger.note(left))
        assert only(ledger).billed == 8.0


def test_the_cost_plus_a_share_in_the_ledger(path: Path) -> None:
    """1 kWh of the sun and 3 kWh of the grid: 0.08 + 0.90, and a quarter more."""
    prices = replace(FLAT, share_percent=25.0, per_kwh=None)
    with opened(path) as ledger:
        got(ledger.agree({ANNA: prices}, LONG_AGO))
        ledger.note(*(site(n) for n in range(4)))
        ledger.note(*(measured(n, 1000.0, 250.0) for n in range(4)))
        got(ledger.note(by_anna()))
        row = only(ledger)
        assert row.cost == pytest.approx(0.98)
        assert row.billed == 1.23
        [sums] = got(ledger.sums(SessionFilter()))
        assert sums.billed == 1.23


def test_a_deleted_person_takes_their_prices_along(path: Path) -> None:
    """Nothing of them is left, and nothing fails."""
    with opened(path) as ledger:
        got(ledger.agree({ANNA: FLAT}, LONG_AGO))
        got(ledger.note(by_anna()))
        assert got(ledger.delete_person("anna")) == 1
        got(ledger.note(by_anna()))
        assert only(ledger).billed is None


def test_what_was_billed_outlives_the_person(path: Path) -> None:
    """Whose it was is forgotten, and the amount is not, also if the charger reports it again or prices are corrected."""
    with opened(path) as ledger:
        got(ledger.agree({ANNA: FLAT, GUESTS: replace(FLAT, per_kwh=9)}, LONG_AGO))
        got(ledger.note(by_anna(card="04")))
        assert got(ledger.forget_persons_before(NOON + timedelta(days=1))) == 1
        got(ledger.note(by_anna()))
        assert (only(ledger).person, only(ledger).billed) == (None, 1.96)
        got(ledger.bill_again({GUESTS: replace(FLAT, per_kwh=9)}, LONG_AGO))
        assert (only(ledger).person, only(ledger).billed) == (None, 1.96)


def test_what_was_billed_outlives_joining_persons(path: Path) -> None:
    """Each had a price list: what comes late changes no bill, unless the session goes on or billing again is asked for."""
    prices = {ANNA: FLAT, (Billed.PERSON, "ben"): replace(FLAT, per_kwh=9.0)}
    running = TransactionFacts(
        station="CP1",
        transaction="2",
        connector=1,
        stated_start_at=NOON + timedelta(hours=2),
        counted_wh=1000.0,
        person=Attribution(at=NOON, value="anna"),
    )
    stop = TransactionFacts(
        station="CP1",
        transaction="2",
        stated_stop_at=NOON + timedelta(hours=3),
        stated_wh=1000.0,
    )

    def billed() -> dict[str, float | None]:
        rows = got(ledger.sessions(SessionFilter()))
        assert {row.person for row in rows} == {"ben"}
        return {row.transaction: row.billed for row in rows}

    with opened(path) as ledger:
        got(ledger.agree(prices, LONG_AGO))
        got(ledger.note(by_anna(), measured(0, 4000.0), running))
        got(ledger.join_persons("anna", "ben"))
        got(ledger.note(site(0), by_anna(end_reason="Local"), stop))
        assert billed() == {"1": 1.96, "2": 9.0}
        got(ledger.note(finished("3", energy_wh=1000.0, continues="1")))
        assert billed() == {"1": 45.0, "2": 9.0}
        got(ledger.join_persons("ben", "anna"))
        got(ledger.join_persons("anna", "ben"))
        half = {(Billed.PERSON, "ben"): replace(FLAT, per_kwh=4.5)}
        got(ledger.bill_again(half, LONG_AGO))
        assert billed() == {"1": 22.5, "2": 4.5}


def test_the_ledger_keeps_the_vat_of_each_session(path: Path) -> None:
    """4 kWh at 0.49 and 19 %: 1.96, of which 0.31; another rate from the second session on; both stay when forgotten."""
    old, new = replace(FLAT, vat_percent=19.0), replace(FLAT, vat_percent=7.0)
    with opened(path) as ledger:
        got(ledger.agree({ANNA: old}, LONG_AGO))
        got(ledger.note(by_anna()))
        got(ledger.agree({ANNA: new}, NOON + timedelta(hours=2)))
        later = NOON + timedelta(hours=3)
        got(ledger.note(by_anna(transaction="2", start=later)))
        expected = [(1.96, 0.31, 1.65, 19.0), (1.96, 0.13, 1.83, 7.0)]
        for _ in range(2):
            rows = got(ledger.sessions(SessionFilter(), newest_first=False))
            assert expected == [
                (row.billed, row.billed_vat, row.billed_net, row.vat_percent)
                for row in rows
            ]
            got(ledger.forget_persons_before(NOON + timedelta(days=1)))
            got(ledger.note(by_anna()))


def test_a_ledger_of_before_there_was_vat(path: Path) -> None:
    """What was billed then stays as it was, and what comes is billed with VAT."""
    database = sqlite3.connect(path)
    for script in MIGRATIONS[:2]:
        database.executescript(script)
    database.executescript(
        "PRAGMA user_version = 2;"
        "INSERT INTO session (number, station, id, started_at, stopped_at, energy_wh, billed, billed_currency)"
        " VALUES (1, 'CP9', 'old', 1000, 2000, 1000, 0.49, 'EUR')"
    )
    database.close()
    with opened(path) as ledger:
        got(ledger.agree({ANNA: replace(FLAT, vat_percent=19.0)}, LONG_AGO))
        got(ledger.note(by_anna()))
        new, old = got(ledger.sessions(SessionFilter()))
    assert (old.billed, old.billed_vat, old.billed_net) == (0.49, None, None)
    assert new.billed_vat == 0.31
