"""Monthly statements of persons as a page that prints well: one sheet for each person and month, without scripts.

Money is that of `ExportContext.reimbursement`: each line is rounded, so the lines add up to the total.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from itertools import groupby

from .session_exports import ExportContext, has_decimal_comma
from .session_rows import SessionRow

_STYLE = """
@page{size:A4 landscape;margin:15mm}
body{font:14px/1.4 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;color:#111;background:#fff;
margin:0 auto;max-width:72rem;padding:1rem;font-variant-numeric:tabular-nums}
section{break-after:page;margin-bottom:3rem}section:last-child{break-after:auto}
h1{font-size:1.5rem;margin:0}p{margin:.3rem 0}
table{border-collapse:collapse;width:100%;margin:1rem 0}
thead{display:table-header-group}tr{break-inside:avoid}
th,td{text-align:right;padding:.3rem .5rem;border-bottom:1px solid #bbb}
th{vertical-align:bottom}th.text,td.text{text-align:left}
tfoot td{font-weight:700;border-top:2px solid #111;border-bottom:0}tfoot{display:table-row-group}
.small{font-size:.85rem;color:#444}
@media print{body{padding:0;max-width:none;font-size:10pt}}
"""
_UNKNOWN = "–"
_MISSING_PRICE_WH = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What a page needs besides the sessions: its texts by key, in the context's language."""

    context: ExportContext
    texts: Mapping[str, str]

    def say(self, key: str, **values: str) -> str:
        """Return a text with its values, safe for HTML."""
        return escape(self.texts[key].format(**values))

    def number(self, value: float | None, decimals: int) -> str:
        """Return a number as this language writes it."""
        if value is None:
            return _UNKNOWN
        text = f"{value:.{decimals}f}"
        comma = has_decimal_comma(self.context.language)
        return text.replace(".", ",") if comma else text

    def time(self, at: datetime | None) -> str:
        """Return a local time, to the minute."""
        local = self.context.local(at)
        return _UNKNOWN if local is None else f"{local:%Y-%m-%d %H:%M}"


def to_statement(rows: Sequence[SessionRow], statement: Statement) -> str:
    """Return the page. A session belongs to the month, in local time, in which it ended; running ones to none."""
    ended = sorted(
        (row for row in rows if row.stopped_at is not None),
        key=lambda row: (*_sheet_of(row, statement.context), _ended(row)),
    )
    sheets = [
        _sheet(name, month, list(of), statement)
        for (name, _, month), of in groupby(
            ended, key=lambda row: _sheet_of(row, statement.context)
        )
    ]
    body = "".join(sheets) or f"<p>{statement.say('empty')}</p>"
    return (
        f'<!doctype html><html lang="{escape(statement.context.language)}"><head>'
        '<meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{statement.say('title')}: {escape(statement.context.site)}</title>"
        f"<style>{_STYLE}</style></head><body>{body}</body></html>"
    )


def _ended(row: SessionRow) -> datetime:
    assert row.stopped_at is not None
    return row.stopped_at


def _sheet_of(row: SessionRow, context: ExportContext) -> tuple[str, str, str]:
    """Return whose sheet, and of which month; two persons of one name have one each."""
    person = row.person or ""
    month = f"{_ended(row).astimezone(context.tz):%Y-%m}"
    return context.persons.get(person, person), person, month


def _sheet(
    name: str, month: str, rows: Sequence[SessionRow], statement: Statement
) -> str:
    context = statement.context
    reimbursed = context.price is not None
    heads = ["started", "ended", "charger", "vehicle", "meter_start", "meter_end"]
    heads += ["energy", "sun", "cost", *(["reimbursement"] if reimbursed else [])]
    head = "".join(
        f"<th{' class=text' if index < 4 else ''}>{statement.say(key)}</th>"
        for index, key in enumerate(heads)
    )
    lines = "".join(
        f"<tr>{''.join(_line(row, statement))}</tr>" for row in sorted(rows, key=_ended)
    )
    whose = escape(name) if name else statement.say("nobody")
    return (
        f"<section><h1>{statement.say('title')}</h1>"
        f"<p>{statement.say('site')}: {escape(context.site)}</p>"
        f"<p>{statement.say('person')}: <strong>{whose}</strong></p>"
        f"<p>{statement.say('month')}: <strong>{month}</strong></p>"
        f"<table><thead><tr>{head}</tr></thead><tbody>{lines}</tbody>"
        f"<tfoot><tr>{_totals(rows, statement)}</tr></tfoot></table>"
        f"{_notes(rows, statement)}</section>"
    )


def _line(row: SessionRow, statement: Statement) -> list[str]:
    context = statement.context
    vehicle = context.vehicles.get(row.vehicle or "", row.vehicle or _UNKNOWN)
    texts = [
        statement.time(row.started_at),
        statement.time(row.stopped_at),
        context.chargers.get(row.station, row.station),
        vehicle,
    ]
    readings = [
        statement.number(None if reading is None else reading / 1000, 3)
        for reading in (row.meter_start_wh, row.meter_end_wh)
    ]
    currency = row.currency or context.currency
    numbers = [
        *readings,
        statement.number(row.energy_wh / 1000, 3),
        _percent(row.sun_wh, row.energy_wh),
        _UNKNOWN if row.cost is None else f"{statement.number(row.cost, 2)} {currency}",
    ]
    amount = context.reimbursement(row)
    if amount is not None:
        numbers.append(f"{statement.number(float(amount), 2)} {context.currency}")
    return [
        *(f"<td class=text>{escape(text)}</td>" for text in texts),
        *(f"<td>{escape(text)}</td>" for text in numbers),
    ]


def _totals(rows: Sequence[SessionRow], statement: Statement) -> str:
    """Return the last line. Costs in different currencies have a sum each."""
    context = statement.context
    energy_wh = sum(row.energy_wh for row in rows)
    costs: dict[str, float] = {}
    for row in rows:
        if row.cost is not None:
            currency = row.currency or context.currency
            costs[currency] = costs.get(currency, 0.0) + row.cost
    cells = [
        statement.number(energy_wh / 1000, 3),
        _percent(sum(row.sun_wh for row in rows), energy_wh),
        ", ".join(
            f"{statement.number(cost, 2)} {currency}"
            for currency, cost in costs.items()
        )
        or _UNKNOWN,
    ]
    amounts = [context.reimbursement(row) for row in rows]
    known = [amount for amount in amounts if amount is not None]
    if known:
        cells.append(f"{statement.number(float(sum(known)), 2)} {context.currency}")
    total = statement.say("total", number=str(len(rows)))
    return f"<td class=text colspan=6>{total}</td>" + "".join(
        f"<td>{escape(cell)}</td>" for cell in cells
    )


def _notes(rows: Sequence[SessionRow], statement: Statement) -> str:
    """Return what a reader has to know about the numbers."""
    context = statement.context
    notes = [statement.say("note_month"), statement.say("note_cost")]
    if context.price is not None:
        price = f"{context.price:.6g}"
        if has_decimal_comma(context.language):
            price = price.replace(".", ",")
        notes.insert(
            0, statement.say("note_price", price=f"{price} {context.currency}")
        )
    if any(row.priced_wh < row.energy_wh - _MISSING_PRICE_WH for row in rows):
        notes.append(statement.say("note_unknown"))
    if any(row.estimated_wh > 0 for row in rows):
        notes.append(statement.say("note_estimated"))
    return "".join(f'<p class="small">{note}</p>' for note in notes)


def _percent(part: float, whole: float) -> str:
    return f"{part / whole * 100:.0f} %" if whole > 0 else _UNKNOWN
