"""Sessions as tables: CSV, JSON and a workbook."""

from dataclasses import replace
import io
import json
from xml.etree import ElementTree as ET
from zipfile import ZipFile

import pytest

from custom_components.sunfuse.sessions import to_csv, to_json, to_xlsx

from .exported import CONTEXT, ROW, read


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
