"""Sessions as tables, charge detail records and statements, with values calculated by hand."""

from base64 import b64decode
import csv
from dataclasses import replace
from datetime import UTC, datetime, timedelta
import io
import json
from xml.etree import ElementTree as ET
from zipfile import ZipFile
from zoneinfo import ZoneInfo

import pytest

from custom_components.sunfuse.sessions import (
    ChargeDetails,
    ChargePlace,
    ExportContext,
    SessionInterval,
    SessionRow,
    SignedValue,
    Statement,
    charge_record,
    to_csv,
    to_json,
    to_statement,
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
CONTEXT = ExportContext(
    site="Home",
    currency="EUR",
    tz=ZoneInfo("Europe/Brussels"),
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


class Keys(dict[str, str]):
    """Texts that are their keys."""

    def __missing__(self, key: str) -> str:
        """Return the key; some have a value."""
        return key + {"total": " {number}", "note_price": " {price}"}.get(key, "")


def statement(*rows: SessionRow, context: ExportContext = CONTEXT) -> str:
    """Return a page whose texts are keys."""
    return to_statement(rows, Statement(context=context, texts=Keys()))


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
    assert page.count("&lt;script&gt;") == 5
    assert "note_unknown" in page
    assert "<td>–</td>" in page
    assert "reimbursement" not in statement(ROW, context=replace(CONTEXT, price=None))
