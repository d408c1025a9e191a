"""Statements as a page that prints well: a sheet of paper for each person and month, without scripts."""

from collections.abc import Iterable, Sequence
from html import escape

from .session_statement import Sheet, StatementTable
from .statement_words import Statement

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
.signature{margin-top:4rem;border-top:1px solid #111;width:20rem;padding-top:.3rem}
@media print{body{padding:0;max-width:none;font-size:10pt}}
"""


def to_statement_page(sheets: Sequence[Sheet], statement: Statement) -> str:
    """Return the page."""
    body = "".join(map(_sheet, sheets)) or f"<p>{_said(statement, 'empty')}</p>"
    return (
        f'<!doctype html><html lang="{escape(statement.context.language)}"><head>'
        '<meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{_said(statement, 'title')}: {escape(statement.context.site)}</title>"
        f"<style>{_STYLE}</style></head><body>{body}</body></html>"
    )


def _said(statement: Statement, key: str) -> str:
    return escape(statement.say(key))


def _sheet(sheet: Sheet) -> str:
    facts = "".join(
        f"<p>{escape(label)}: <strong>{escape(value)}</strong></p>"
        for label, value in sheet.facts
    )
    tables = "".join(map(_table, sheet.tables))
    notes = "".join(f'<p class="small">{escape(note)}</p>' for note in sheet.notes)
    signature = (
        f'<p class="signature">{escape(sheet.signature)}</p>' if sheet.signature else ""
    )
    return (
        f"<section><h1>{escape(sheet.title)}</h1>{facts}{tables}{notes}{signature}"
        "</section>"
    )


def _table(table: StatementTable) -> str:
    head = "".join(
        f"<th{' class=text' if index < table.texts else ''}>{escape(text)}</th>"
        for index, text in enumerate(table.heads)
    )
    lines = "".join(f"<tr>{_cells(line, table.texts)}</tr>" for line in table.lines)
    foot = ""
    if table.total is not None:
        span = len(table.heads) - len(table.total) + 1
        foot = (
            f"<tfoot><tr><td class=text colspan={span}>{escape(table.total[0])}</td>"
            f"{_cells(table.total[1:], 0)}</tr></tfoot>"
        )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{lines}</tbody>{foot}</table>"


def _cells(texts: Iterable[str], left: int) -> str:
    return "".join(
        f"<td{' class=text' if index < left else ''}>{escape(text)}</td>"
        for index, text in enumerate(texts)
    )
