"""Sessions as tables, charge detail records and statements, with values calculated by hand."""

from base64 import b64decode
from collections.abc import Sequence
import csv
from dataclasses import replace
from datetime import UTC, datetime, timedelta
import io
import json
import re
from typing import Any
from xml.etree import ElementTree as ET
from zipfile import ZipFile
import zlib
from zoneinfo import ZoneInfo

import pytest

from custom_components.sunfuse.sessions import (
    ChargeDetails,
    ChargePlace,
    ExportContext,
    PriceList,
    PriceTime,
    SessionInterval,
    SessionRow,
    SignedValue,
    Statement,
    bill,
    billed_quarters,
    charge_record,
    statement_sheets,
    to_csv,
    to_json,
    to_statement_page,
    to_statement_pdf,
    to_xlsx,
)

# 18:00 in Brussels in summer.
START = datetime(2026, 6, 1, 16, 0, tzinfo=UTC)
ROW = SessionRow(
    number=1,
    station="CP1",
    transaction="7",
    connector=1,
    vehicle="van",
    person="anna",
    card="04A1B2C3",
    started_at=START,
    stopped_at=START + timedelta(hours=1, minutes=30),
    meter_start_wh=1_000_000.0,
    meter_end_wh=1_012_345.0,
    energy_wh=12_345.0,
    sun_wh=4938.0,
    grid_wh=7407.0,
    peak_w=11_040.0,
    grid_cost=2.2221,
    feed_in_lost=0.3457,
    priced_wh=12_345.0,
    currency="EUR",
    end_reason="EVDisconnected",
)
BRUSSELS = ZoneInfo("Europe/Brussels")
CONTEXT = ExportContext(
    site="Home",
    currency="EUR",
    tz=BRUSSELS,
    language="de",
    price=0.2741,
    persons={"anna": "Anna"},
    vehicles={"van": "Van; red"},
    chargers={"CP1": "Garage"},
)
PLACE = ChargePlace(site="site", country="BE", latitude=50.85, longitude=4.35, phases=3)


def read(text: str, delimiter: str) -> list[dict[str, str]]:
    """Read CSV as a spreadsheet does."""
    return list(csv.DictReader(io.StringIO(text[1:]), delimiter=delimiter))


def test_tables_have_heads_in_words() -> None:
    """A reader's words in CSV and in a workbook, and the fixed names for programs."""
    context = replace(CONTEXT, heads={"energy_kwh": "Energie (kWh)"})
    [row] = read(to_csv([ROW], context), ";")
    assert row["Energie (kWh)"] == "12,345"
    book = ZipFile(io.BytesIO(to_xlsx([ROW], context)))
    assert b"Energie (kWh)" in book.read("xl/worksheets/sheet1.xml")
    [program] = json.loads(to_json([ROW], context))["sessions"]
    assert program["energy_kwh"] == 12.345


@pytest.mark.parametrize(
    ("language", "delimiter", "energy", "reimbursement"),
    [("de", ";", "12,345", "3,38"), ("pt-BR", ";", "12,345", "3,38")]
    + [(one, ",", "12.345", "3.38") for one in ("en", "de-CH", "ja")],
)
def test_csv(language: str, delimiter: str, energy: str, reimbursement: str) -> None:
    """12.345 kWh at 0.2741 are 3.3837645, so 3.38; local time; a mark in front; no card."""
    text = to_csv([ROW], replace(CONTEXT, language=language))
    assert text.startswith("\ufeffcharger" + delimiter)
    [row] = read(text, delimiter)
    assert row["energy_kwh"] == energy
    assert row["reimbursement"] == reimbursement
    assert row["started"] == "2026-06-01 18:00:00"
    assert (row["person"], row["vehicle"]) == ("Anna", "Van; red")
    assert (row["plugged_in"], row["offline"], row["connector"]) == ("", "0", "1")
    assert "04A1" not in text


@pytest.mark.parametrize(
    "name", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", '=HYPERLINK("http://x";"y")']
)
def test_a_name_is_no_formula(name: str) -> None:
    """A spreadsheet shows it and computes nothing; a negative number stays one."""
    text = to_csv(
        [replace(ROW, grid_cost=-3.0)], replace(CONTEXT, persons={"anna": name})
    )
    [row] = read(text, ";")
    assert row["person"] == f"'{name}"
    assert row["cost"] == "-2,6543"


def test_csv_without_sessions_and_without_a_price() -> None:
    """The columns are there; where nothing was agreed nothing is reimbursed."""
    text = to_csv([], CONTEXT)
    assert len(text.splitlines()) == 1
    [row] = read(to_csv([ROW], replace(CONTEXT, price=None)), ";")
    assert row["reimbursement"] == ""


def test_json() -> None:
    """Numbers are numbers, and times have their offset."""
    answer = json.loads(to_json([ROW], CONTEXT))
    [session] = answer["sessions"]
    assert answer["site"] == "Home"
    assert session["started"] == "2026-06-01T18:00:00+02:00"
    assert session["duration_h"] == 1.5
    assert (session["cost"], session["reimbursement"]) == (2.5678, 3.38)
    assert session["offline"] is False


def test_xlsx() -> None:
    """Dates are days since 1899-12-30 (46174 for 2026-06-01), names are texts, whatever they contain."""
    content = to_xlsx(
        [ROW], replace(CONTEXT, persons={"anna": "=1 <b>\x00 & Co"}, language="en")
    )
    package = ZipFile(io.BytesIO(content))
    for name in package.namelist():
        ET.fromstring(package.read(name))  # noqa: S314 (our own)
    sheet = ET.fromstring(package.read("xl/worksheets/sheet1.xml"))  # noqa: S314
    space = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
    head, line = (
        ["".join(cell.itertext()) for cell in row] for row in sheet.iter(f"{space}row")
    )
    row = dict(zip(head, line, strict=True))
    assert float(row["started"]) == 46174.75
    assert row["energy_kwh"] == "12.345"
    assert row["person"] == "=1 <b> & Co"
    assert row["plugged_in"] == ""
    assert sheet.find(f".//{space}f") is None


# mod_cdrs of OCPI 2.2.1: properties of cardinality 1 or +.
CDR = [
    "country_code",
    "party_id",
    "id",
    "start_date_time",
    "end_date_time",
    "cdr_token",
    "auth_method",
    "cdr_location",
    "currency",
    "charging_periods",
    "total_cost",
    "total_energy",
    "total_time",
    "last_updated",
]
LOCATION = [
    "id",
    "address",
    "city",
    "country",
    "coordinates",
    "evse_uid",
    "evse_id",
    "connector_id",
    "connector_standard",
    "connector_format",
    "connector_power_type",
]


def test_charge_record() -> None:
    """Every required field; the agreed price; the periods are the quarter hours, the first from the start on."""
    quarter = SessionInterval(
        start=START - timedelta(minutes=5), energy_wh=2000, sun_wh=0, battery_wh=0
    )
    signed = SignedValue(
        station="CP1",
        transaction="7",
        at=START,
        context="Transaction.Begin",
        encoding="OCMF",
        data="OCMF|{}|{}",
        public_key="30",
    )
    later = replace(quarter, start=START + timedelta(minutes=10), peak_w=11_040)
    details = ChargeDetails(
        row=ROW, intervals=(quarter, later), signed_values=(signed,)
    )
    record = charge_record(details, PLACE, CONTEXT)
    assert record is not None
    assert set(CDR) <= record.keys()
    assert set(LOCATION) <= record["cdr_location"].keys()
    assert record["cdr_location"]["country"] == "BEL"
    assert record["cdr_location"]["coordinates"]["latitude"] == "50.85000"
    assert record["start_date_time"] == "2026-06-01T16:00:00Z"
    assert (record["total_energy"], record["total_time"]) == (12.345, 1.5)
    assert record["total_cost"] == {"excl_vat": 3.38}
    assert record["home_charging_compensation"] is True
    assert record["charging_periods"] == [
        {
            "start_date_time": "2026-06-01T16:00:00Z",
            "dimensions": [{"type": "ENERGY", "volume": 2.0}],
        },
        {
            "start_date_time": "2026-06-01T16:10:00Z",
            "dimensions": [
                {"type": "ENERGY", "volume": 2.0},
                {"type": "MAX_POWER", "volume": 11.04},
            ],
        },
    ]
    [value] = record["signed_data"]["signed_values"]
    assert value["nature"] == "Start"
    assert b64decode(value["signed_data"]).decode() == value["plain_data"]
    assert "04A1" not in str(record)
    assert len(record["id"]) == 36
    again = charge_record(ChargeDetails(row=ROW), PLACE, CONTEXT)
    assert again is not None and again["id"] == record["id"]
    assert again["charging_periods"][0]["dimensions"][0]["volume"] == 12.345


def test_the_periods_of_a_record_add_up() -> None:
    """A car that took little all night: its quarter hours together are what it was charged, to the watt-hour."""
    intervals = [
        SessionInterval(
            start=START + timedelta(minutes=15 * n),
            energy_wh=91.6,
            sun_wh=0.0,
            battery_wh=0.0,
        )
        for n in range(95)
    ]
    row = replace(ROW, energy_wh=95 * 91.6)
    record = charge_record(ChargeDetails(row=row, intervals=intervals), PLACE, CONTEXT)
    assert record is not None
    volumes = [one["dimensions"][0]["volume"] for one in record["charging_periods"]]
    assert sum(volumes) == pytest.approx(record["total_energy"], abs=1e-9)
    assert set(volumes) == {0.091, 0.092}


@pytest.mark.parametrize(
    ("row", "cost"),
    [
        (ROW, 2.5678),
        (replace(ROW, billed=5.5), 5.5),
        (replace(ROW, priced_wh=6000.0), None),
        (replace(ROW, priced_wh=0.0), None),
        (replace(ROW, stopped_at=None), None),
        (replace(ROW, started_at=None), None),
    ],
)
def test_a_record_is_of_a_known_cost(row: SessionRow, cost: float | None) -> None:
    """A bill over a part of the energy, or of a session without an end, would be wrong for good."""
    record = charge_record(ChargeDetails(row=row), PLACE, replace(CONTEXT, price=None))
    assert (record and record["total_cost"]["excl_vat"]) == cost


def price_of(
    elements: list[dict[str, Any]], kind: str, local: datetime
) -> float | None:
    """Return the price that an eMSP finds: of the first element with this dimension that applies."""
    for element in elements:
        when = element.get("restrictions", {})
        clock, day = f"{local:%H:%M}", f"{local:%Y-%m-%d}"
        if (
            when.get("start_time", "00:00") <= clock < when.get("end_time", "24:00")
            and when.get("start_date", "0") <= day < when.get("end_date", "9")
            and f"{local:%A}".upper()
            in when.get("day_of_week", [f"{local:%A}".upper()])
        ):
            for component in element["price_components"]:
                if component["type"] == kind:
                    price: float = component["price"]
                    return price
    return None


@pytest.mark.parametrize("share", [None, 10.0])
def test_a_record_of_a_price_list(share: float | None) -> None:
    """An eMSP that evaluates the tariff over the periods gets the same amount; the totals add up to it."""
    prices = PriceList(
        name="Staff",
        currency="EUR",
        time_zone="Europe/Brussels",
        share_percent=share,
        per_kwh=None if share else 0.50,
        per_hour=1.0,
        per_session=2.0,
        times=(
            # The nights from Monday on, so the morning of Tuesday too.
            PriceTime(start=22 * 60, end=6 * 60, weekdays=(0,), per_kwh=0.20),
            PriceTime(weekdays=(5, 6), per_hour=9.0),
        ),
    )
    # Monday, 19:30 in Brussels, to Tuesday, 07:30; nothing after 02:00.
    start = datetime(2026, 6, 1, 17, 30, tzinfo=UTC)
    intervals = [
        SessionInterval(
            start=start + n * timedelta(minutes=15),
            energy_wh=500.0,
            sun_wh=0.0,
            battery_wh=0.0,
            import_price=0.25 + n // 4 / 100,
        )
        for n in range(26)
    ]
    until = start + timedelta(hours=12)
    outcome = bill(
        prices,
        billed_quarters(
            prices,
            ((one.start, one.energy_wh, one.cost) for one in intervals),
            start,
            until,
        ),
    )
    assert outcome is not None
    row = replace(
        ROW,
        started_at=start,
        stopped_at=start + timedelta(hours=7),
        unplugged_at=until,
        plugged_at=start,
        energy_wh=13_000.0,
        billed=float(outcome.total),
        billed_currency="EUR",
        terms=1,
    )
    details = ChargeDetails(row=row, intervals=intervals, prices=prices)
    record = charge_record(details, PLACE, replace(CONTEXT, price=None))
    assert record is not None
    [tariff] = record["tariffs"]
    total = 2.0
    for period in record["charging_periods"]:
        assert period["tariff_id"] == tariff["id"]
        at = datetime.fromisoformat(period["start_date_time"]).astimezone(BRUSSELS)
        for dimension in period["dimensions"]:
            price = price_of(tariff["elements"], dimension["type"], at)
            total += (price or 0.0) * dimension["volume"]
    assert total == pytest.approx(row.billed, abs=0.01)
    assert record["total_cost"] == {"excl_vat": row.billed}
    parts = ("energy", "fixed", "time", "parking")
    assert sum(record[f"total_{part}_cost"]["excl_vat"] for part in parts) == (
        pytest.approx(row.billed)
    )
    assert (record["total_time"], record["total_parking_time"]) == (12.0, 5.5)
    assert record["total_parking_cost"] == {"excl_vat": 5.5}
    assert record["end_date_time"] == "2026-06-02T05:30:00Z"
    flat = [c for e in tariff["elements"] for c in e["price_components"]][-1]
    assert flat == {"type": "FLAT", "price": 2.0, "step_size": 1}
    # Nobody can say what it costs: it is left out, and the cost is not billed in its place.
    unknown = replace(details, row=replace(row, billed=None))
    assert charge_record(unknown, PLACE, replace(CONTEXT, price=None)) is None


class Keys(dict[str, str]):
    """Texts that are their keys."""

    def __missing__(self, key: str) -> str:
        """Return the key; some have a value."""
        values = {"total": "number"}
        values |= dict.fromkeys(("by_cost", "with_vat", "plus_vat"), "percent")
        values |= dict.fromkeys(("note_price", "per_kwh", "per_hour"), "price")
        values["note_corrected"] = "time"
        return f"{key} {{{values[key]}}}" if key in values else key


def page_of(rows: Sequence[SessionRow], made: Statement) -> str:
    """Return a page, with spaces where it must not break a line."""
    return to_statement_page(statement_sheets(rows, made), made).replace("\xa0", " ")


def statement(*rows: SessionRow, context: ExportContext = CONTEXT) -> str:
    """Return a page whose texts are keys."""
    return page_of(rows, Statement(context=context, texts=Keys()))


def test_a_statement_adds_up() -> None:
    """Two sessions of 12.345 kWh at 0.2741: twice 3.38 is 6.76, and not 6.77; meter readings; 40 % sun."""
    second = replace(
        ROW,
        transaction="8",
        meter_start_wh=1_012_345.0,
        meter_end_wh=1_024_690.0,
        stopped_at=START + timedelta(days=1),
    )
    page = statement(ROW, second)
    assert page.count("<section>") == 1
    for text in (
        "2026-06-01 18:00",
        "1000,000",
        "1012,345",
        "1024,690",
        "<td>40 %</td>",
        "<td>3,38 EUR</td>",
        "total 2</td><td>24,690</td><td>40 %</td><td>5,14 EUR</td><td>6,76 EUR</td>",
        "note_price 0,2741 EUR",
    ):
        assert text in page
    assert "note_unknown" not in page


def test_a_statement_is_of_a_month_and_a_person() -> None:
    """A session that ended at 00:30 on the first of July, in local time, is on July's sheet; who runs still on none."""
    july = replace(ROW, stopped_at=datetime(2026, 6, 30, 22, 30, tzinfo=UTC))
    other = replace(ROW, person=None)
    page = statement(ROW, july, other, replace(ROW, stopped_at=None))
    assert page.count("<section>") == 3
    assert page.count("<strong>2026-06</strong>") == 2
    assert page.count("<strong>2026-07</strong>") == 1
    assert page.count("<strong>nobody</strong>") == 1
    assert "<section>" not in statement()
    assert "empty" in statement()


def test_a_statement_says_what_was_corrected_after_it() -> None:
    """A correction of June is on June's statement in any case; one of July, in local time, may differ from it."""
    june, july = (
        replace(ROW, corrected_at=datetime(2026, 6, 30, hour, 30, tzinfo=UTC))
        for hour in (21, 22)
    )
    assert "note_corrected" not in statement(ROW, june)
    assert "note_corrected 2026-07-01 00:30" in statement(june, july, ROW)
    cells = [row["corrected"] for row in read(to_csv([ROW, july], CONTEXT), ";")]
    assert cells == ["", "2026-07-01 00:30:00"]


def test_a_statement_is_safe_and_honest() -> None:
    """Names are text, never markup; what is not known is not zero."""
    evil = "<script>alert(1)</script>"
    page = statement(
        replace(ROW, priced_wh=0.0, meter_end_wh=None, vehicle=evil),
        context=replace(
            CONTEXT, site=evil, persons={"anna": evil}, chargers={"CP1": evil}
        ),
    )
    assert "<script" not in page
    assert page.count("&lt;script&gt;") == 6
    assert "note_unknown" in page
    assert "<td>–</td>" in page
    assert "reimbursement" not in statement(ROW, context=replace(CONTEXT, price=None))


# --- Bills -----------------------------------------------------------------------------------------------------

STAFF = PriceList(
    name="Staff",
    currency="EUR",
    time_zone="Europe/Brussels",
    per_kwh=0.30,
    per_hour=1.0,
    times=(PriceTime(start=22 * 60, end=6 * 60, weekdays=(0,), per_kwh=0.2),),
)
SOLD = replace(ROW, price_list="Staff", billed=3.70, billed_currency="EUR", terms=1)


def test_lines_of_costs_and_energies_add_up_as_they_are_printed() -> None:
    """Three sessions of 1000.4 Wh for 1.004: who adds 1.000 kWh and 1.00 up three times finds the total."""
    row = replace(
        ROW, energy_wh=1000.4, priced_wh=1000.4, grid_cost=1.004, feed_in_lost=0.0
    )
    rows = [replace(row, number=n, transaction=str(n)) for n in range(3)]
    page = page_of(rows, bill_of())
    assert page.count("<td>1,000</td>") == 3
    assert page.count("<td>1,00 EUR</td>") == 3
    assert "<td>3,000</td>" in page
    assert "<td>3,00 EUR</td></tr></tfoot>" in page


def test_a_claim_has_one_energy_everywhere() -> None:
    """Three sessions of 1000.4 Wh are 3.000 kWh in both tables; half a watt-hour is rounded alike in all that is exported."""
    row = replace(ROW, energy_wh=1000.4, meter_start_wh=None, meter_end_wh=None)
    rows = [replace(row, number=n, transaction=str(n)) for n in range(3)]
    assert statement(*rows).count("<td>3,000</td>") == 2
    for wh, kwh in ((12_346.5, "12,346"), (1003.5, "1,004")):
        half = replace(ROW, energy_wh=wh)
        assert f"<td>{kwh}</td>" in statement(half)
        [line] = read(to_csv([half], CONTEXT), ";")
        assert line["energy_kwh"] == kwh


def test_a_claim_adds_up_in_a_currency_without_cents() -> None:
    """Three sessions of 1.000 kWh at 30.4 yen: three lines of 30 yen are 90, not 91."""
    row = replace(ROW, energy_wh=1000.0)
    rows = [replace(row, number=n, transaction=str(n)) for n in range(3)]
    page = statement(*rows, context=replace(CONTEXT, price=30.4, currency="JPY"))
    assert page.count("<td>30 JPY</td>") == 3
    assert "<td>90 JPY</td></tr></tfoot>" in page


def bill_of() -> Statement:
    """Return what a bill is made with."""
    return Statement(
        context=replace(CONTEXT, price=None), texts=Keys(), price_lists={1: STAFF}
    )


def test_a_bill_says_what_is_paid_and_by_which_prices() -> None:
    """And not what the energy cost the owner; a session that cannot be billed is named."""
    other = replace(SOLD, transaction="8", billed=None)
    page = page_of([SOLD, other], bill_of())
    for text in (
        "<td class=text>Staff</td><td>1000,000</td>",
        " %</td><td>3,70 EUR</td></tr>",
        " %</td><td>–</td></tr>",
        " %</td><td>3,70 EUR</td></tr></tfoot>",
        "Staff: per_kwh 0,30 EUR; per_hour 1,00 EUR; weekday_monday 22:00–06:00: per_kwh 0,20 EUR.",
        "note_not_billed",
    ):
        assert text in page
    assert "2,57" not in page
    assert "note_cost" not in page


def test_a_bill_with_vat_shows_net_vat_and_gross() -> None:
    """3.70 with 19 % are 3.11 and 0.59; twice that, and 1.00 + 0.07 of another rate, each rate by itself; who bills."""
    taxed = replace(SOLD, billed_vat=0.59, vat_percent=19.0)
    other = replace(SOLD, transaction="9", billed=1.07, billed_vat=0.07)
    rows = [taxed, replace(taxed, transaction="8"), replace(other, vat_percent=7.0)]
    made = replace(
        bill_of(),
        price_lists={1: replace(STAFF, vat_percent=19.0, vat_included=False)},
        issuer="Hof GmbH\n\n Weg 1 \nDE 123",
    )
    page = page_of(rows, made)
    for text in (
        " %</td><td>3,11 EUR</td><td>0,59 EUR</td><td>3,70 EUR</td></tr>",
        " %</td><td>7,22 EUR</td><td>1,25 EUR</td><td>8,47 EUR</td></tr></tfoot>",
        "<td class=text>7 %</td><td>1,00 EUR</td><td>0,07 EUR</td><td>1,07 EUR</td>",
        "<td class=text>19 %</td><td>6,22 EUR</td><td>1,18 EUR</td><td>7,40 EUR</td>",
        "; plus_vat 19.",
        "<p>issuer: <strong>Hof GmbH, Weg 1, DE 123</strong></p>",
    ):
        assert text in page
    # Without a rate there is nothing to separate.
    plain = page_of([SOLD], bill_of())
    assert "vat" not in plain and "net" not in plain


def test_a_claim_has_the_readings_of_each_meter() -> None:
    """First and last of the month, and a line to sign on."""
    later = replace(ROW, transaction="8", meter_start_wh=None, meter_end_wh=1_030_000.0)
    page = statement(ROW, later)
    assert "claim_title" in page
    assert "<td class=text>Garage</td><td>1000,000</td><td>1030,000</td>" in page
    assert "signature" in page


def _session(
    start_wh: float | None, end_wh: float | None, **changes: Any
) -> SessionRow:
    """Return a session of 1 kWh, the later the higher its number."""
    number: int = changes.pop("number", 1)
    return replace(
        ROW,
        number=number,
        stopped_at=START + timedelta(hours=number),
        meter_start_wh=start_wh,
        meter_end_wh=end_wh,
        energy_wh=1_000.0,
        **changes,
    )


@pytest.mark.parametrize(
    ("readings", "lines"),
    [
        # The charger was replaced: each meter has its own line.
        (
            [(40e3, 41e3), (41e3, 42e3), (0.0, 1e3), (1e3, 2e3)],
            ["Garage 40,000 42,000 2,000", "Garage 0,000 2,000 2,000"],
        ),
        (
            [(40e3, 41e3), (7e3, None)],
            ["Garage 40,000 41,000 1,000", "Garage 7,000 – 1,000"],
        ),
        # Whole watt-hours at the start, tenths at the end.
        ([(40e3, 41_000.4), (41e3, 42e3)], ["Garage 40,000 42,000 2,000"]),
        # Registers that restart with each session show nothing of what was between the first and the last.
        ([(0.0, 1e3), (0.0, 1e3), (0.0, 1e3)], ["Garage – – 3,000"]),
        ([(0.0, 1e3)], ["Garage 0,000 1,000 1,000"]),
        ([(None, None)], ["Garage – – 1,000"]),
    ],
)
def test_a_claim_has_readings_of_one_meter_in_a_line(
    readings: list[tuple[float, float | None]], lines: list[str]
) -> None:
    """An employer checks them: of two meters they would show what nobody charged."""
    rows = [_session(*one, number=number) for number, one in enumerate(readings, 1)]
    assert _readings_of(*rows) == lines


def test_a_claim_has_the_readings_of_each_connector() -> None:
    """Each may have a meter of its own."""
    rows = [
        _session(start_wh, start_wh + 1e3, connector=connector, number=number)
        for number, (connector, start_wh) in enumerate(
            ((1, 40e3), (2, 7e3), (1, 41e3)), 1
        )
    ]
    lines = ["Garage (1) 40,000 42,000 2,000", "Garage (2) 7,000 8,000 1,000"]
    assert _readings_of(*rows) == lines


def _readings_of(*rows: SessionRow) -> list[str]:
    made = Statement(context=CONTEXT, texts=Keys())
    [sheet] = statement_sheets(rows, made)
    return [" ".join(line) for line in sheet.tables[-1].lines]


def text_of(pdf: bytes) -> list[str]:
    """Return what is written in a PDF, page by page, as a reader finds it."""
    start = int(pdf.rpartition(b"startxref")[2].split()[0])
    assert pdf[start:].startswith(b"xref")
    [_, count] = pdf[start:].splitlines()[1].split()
    places = [int(line[:10]) for line in pdf[start:].splitlines()[3 : 2 + int(count)]]
    for number, place in enumerate(places, start=1):
        assert pdf[place:].startswith(f"{number} 0 obj".encode())
    pages = []
    for place in places:
        one = pdf[place:].partition(b"endobj")[0]
        if b"stream" in one:
            drawn = zlib.decompress(one.partition(b"stream\n")[2])
            lines = re.findall(rb"\((.*?)\) Tj", drawn)
            unescaped = re.sub(
                rb"\\(\d{3}|.)",
                lambda hit: bytes([int(hit[1], 8)]) if len(hit[1]) == 3 else hit[1],
                b"\n".join(lines),
            )
            pages.append(unescaped.decode("cp1252").replace("\xa0", " "))
    return pages


def test_a_statement_as_pdf() -> None:
    """The same texts and numbers; letters of the fonts, on as many pages as they need, each with its number."""
    rows = [replace(SOLD, number=n, transaction=str(n), billed=0.10) for n in range(70)]
    context = replace(
        bill_of().context,
        persons={"anna": "Zoë Łukasz (née Ångström) \\ 李"},
        chargers={"CP1": "A charger whose name is far too long for its column"},
    )
    made = replace(bill_of(), context=context)
    pages = text_of(to_statement_pdf(statement_sheets(rows, made), made))
    assert len(pages) == 3
    assert "Zoë Lukasz (née Ångström) \\ ?" in pages[0]
    assert all(page.endswith(f"{n} / 3") for n, page in enumerate(pages, start=1))
    assert all("meter_start" in page for page in pages)
    assert sum(page.count("0,10 EUR") for page in pages) == 70
    assert "7,00 EUR" in pages[-1]
    assert "empty" in text_of(to_statement_pdf([], made))[0]


def test_an_amount_and_its_currency_are_on_one_line() -> None:
    """A bill with VAT has twelve columns, whose texts are too long for one line."""
    long = "A long name in many short words that fit in no column"
    taxed = replace(SOLD, billed_vat=0.59, vat_percent=19.0, price_list=long)
    context = replace(bill_of().context, chargers={"CP1": long}, vehicles={"van": long})
    made = replace(bill_of(), context=context)
    [page] = text_of(to_statement_pdf(statement_sheets([taxed], made), made))
    lines = page.splitlines()
    for amount in ("3,11 EUR", "0,59 EUR", "3,70 EUR", "40 %", "19 %"):
        assert amount in lines
    assert not {"EUR", "%"} & set(lines)
