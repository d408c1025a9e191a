"""Monthly statements: claims and bills that add up as they are printed, as a page and as PDF."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
import re
from typing import Any
import zlib

import pytest

from custom_components.sunfuse.sessions import (
    ExportContext,
    PriceList,
    PriceTime,
    SessionRow,
    Statement,
    statement_sheets,
    to_csv,
    to_statement_page,
    to_statement_pdf,
)

from .exported import CONTEXT, ROW, START, read


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
