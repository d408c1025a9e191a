"""Monthly statements of persons: what is on them, whether they become a page or a PDF.

Money and energy are rounded in each line, so the lines add up to the total. Who is billed does not see what the energy
cost.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import groupby

from ..price_list import rounded
from ..session_rows import SessionRow
from .session_exports import ExportContext, whole_wh
from .statement_words import UNKNOWN, Statement, in_words

_MISSING_PRICE_WH = 1.0
# Some chargers show tenths of a watt-hour at the end of a session only.
_ROUNDING_WH = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementTable:
    """A table: the first columns are texts, the others numbers. The first cell of the total spans what it leaves out."""

    heads: Sequence[str]
    texts: int
    lines: Sequence[Sequence[str]]
    total: Sequence[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """The statement of one person and month."""

    title: str
    facts: Sequence[tuple[str, str]]
    tables: Sequence[StatementTable]
    notes: Sequence[str]
    signature: str | None = None


def statement_sheets(rows: Sequence[SessionRow], statement: Statement) -> list[Sheet]:
    """Return the sheets. A session belongs to the month, in local time, in which it ended; running ones to none."""
    ended = sorted(
        (row for row in rows if row.stopped_at is not None),
        key=lambda row: (*_sheet_of(row, statement.context), _ended(row)),
    )
    return [
        _sheet(name, month, list(of), statement)
        for (name, _, month), of in groupby(
            ended, key=lambda row: _sheet_of(row, statement.context)
        )
    ]


def _ended(row: SessionRow) -> datetime:
    assert row.stopped_at is not None
    return row.stopped_at


def _month(at: datetime, context: ExportContext) -> str:
    return f"{at.astimezone(context.tz):%Y-%m}"


def _sheet_of(row: SessionRow, context: ExportContext) -> tuple[str, str, str]:
    """Return whose sheet, and of which month; two persons of one name have one each."""
    person = row.person or ""
    month = _month(_ended(row), context)
    return context.persons.get(person, person), person, month


def _sheet(
    name: str, month: str, rows: Sequence[SessionRow], statement: Statement
) -> Sheet:
    claim = statement.context.price is not None
    billed = not claim and any(row.price_list is not None for row in rows)
    tables = [_sessions(rows, statement, billed=billed)]
    if billed and _has_vat(rows):
        tables.append(_vat_by_rate(rows, statement))
    if claim:
        tables.append(_readings(rows, statement))
    return Sheet(
        title=statement.say("claim_title" if claim else "title"),
        facts=(
            *_issuer(statement),
            (statement.say("site"), statement.context.site),
            (statement.say("person"), name or statement.say("nobody")),
            (statement.say("month"), month),
        ),
        tables=tables,
        notes=list(_notes(rows, statement, billed=billed)),
        signature=statement.say("signature") if claim else None,
    )


def _issuer(statement: Statement) -> list[tuple[str, str]]:
    lines = [line.strip() for line in statement.issuer.splitlines() if line.strip()]
    return [(statement.say("issuer"), ", ".join(lines))] if lines else []


@dataclass(frozen=True, slots=True, kw_only=True)
class _Column:
    """A column of the sessions: its head, what it says of each, and its total; None: the first cell of the total spans it."""

    head: str
    cell: Callable[[SessionRow], str]
    total: str | None = None


def _sessions(
    rows: Sequence[SessionRow], statement: Statement, *, billed: bool
) -> StatementTable:
    texts = _text_columns(statement, billed=billed)
    numbers = [*_energy_columns(rows, statement)]
    numbers += _money_columns(rows, statement, billed=billed)
    columns = [*texts, *numbers]
    return StatementTable(
        heads=[statement.say(column.head) for column in columns],
        texts=len(texts),
        lines=[[column.cell(row) for column in columns] for row in rows],
        total=[
            statement.say("total", number=str(len(rows))),
            *(column.total for column in columns if column.total is not None),
        ],
    )


def _text_columns(statement: Statement, *, billed: bool) -> list[_Column]:
    def charger(row: SessionRow) -> str:
        return statement.context.chargers.get(row.station, row.station)

    def vehicle(row: SessionRow) -> str:
        known = row.vehicle or UNKNOWN
        return statement.context.vehicles.get(known, known)

    columns = [
        _Column(
            head="started",
            cell=lambda row: statement.time(row.started_at or row.plugged_at),
        ),
        _Column(head="ended", cell=lambda row: statement.time(row.stopped_at)),
        _Column(head="charger", cell=charger),
        _Column(head="vehicle", cell=vehicle),
    ]
    if billed:
        columns.append(
            _Column(head="price_list", cell=lambda row: row.price_list or UNKNOWN)
        )
    return columns


def _energy_columns(
    rows: Sequence[SessionRow], statement: Statement
) -> tuple[_Column, ...]:
    energy_wh = sum(whole_wh(row.energy_wh) for row in rows)
    sun_wh = sum(row.sun_wh for row in rows)
    return (
        _Column(head="meter_start", cell=lambda row: statement.kwh(row.meter_start_wh)),
        _Column(head="meter_end", cell=lambda row: statement.kwh(row.meter_end_wh)),
        _Column(
            head="energy",
            cell=lambda row: statement.kwh(row.energy_wh),
            total=statement.kwh(energy_wh),
        ),
        _Column(
            head="sun",
            cell=lambda row: statement.share(row.sun_wh, row.energy_wh),
            total=statement.share(sun_wh, energy_wh),
        ),
    )


type _Amount = tuple[float | None, str | None]  # and its currency, if it is known


def _cost(row: SessionRow) -> _Amount:
    return row.cost, row.currency


def _net(row: SessionRow) -> _Amount:
    return row.billed_net, row.billed_currency


def _vat(row: SessionRow) -> _Amount:
    return row.billed_vat, row.billed_currency


def _gross(row: SessionRow) -> _Amount:
    return row.billed, row.billed_currency


def _money_columns(
    rows: Sequence[SessionRow], statement: Statement, *, billed: bool
) -> Iterator[_Column]:
    context = statement.context

    def column(head: str, amount: Callable[[SessionRow], _Amount]) -> _Column:
        def cell(row: SessionRow) -> str:
            value, currency = amount(row)
            return statement.money(value, currency or context.currency)

        return _Column(head=head, cell=cell, total=_sum(map(amount, rows), statement))

    def agreed(row: SessionRow) -> _Amount:
        amount = context.reimbursement(row)
        return None if amount is None else float(amount), context.currency

    if not billed:
        yield column("cost", _cost)
    elif _has_vat(rows):
        yield from map(column, ("net", "vat", "gross"), (_net, _vat, _gross))
    else:
        yield column("billed", _gross)
    if context.price is not None:
        yield column("reimbursement", agreed)


def _has_vat(rows: Sequence[SessionRow]) -> bool:
    return any(row.billed_vat is not None for row in rows)


def _sum(amounts: Iterable[_Amount], statement: Statement) -> str:
    """Return a sum; amounts in different currencies have one each."""
    sums: dict[str, Decimal] = {}
    for amount, known in amounts:
        if amount is not None:
            currency = known or statement.context.currency
            line = rounded(Decimal(str(amount)), currency)
            sums[currency] = sums.get(currency, Decimal(0)) + line
    texts = [statement.money(float(sums[one]), one) for one in sums]
    return ", ".join(texts) or UNKNOWN


def _vat_by_rate(rows: Sequence[SessionRow], statement: Statement) -> StatementTable:
    """Return net, VAT and gross by rate, as a bill has to name them (Directive 2006/112/EC, article 226)."""
    rates = sorted({row.vat_percent for row in rows if row.vat_percent is not None})
    lines = []
    for rate in rates:
        of_rate = [row for row in rows if row.vat_percent == rate]
        amounts = (map(amount, of_rate) for amount in (_net, _vat, _gross))
        sums = [_sum(column, statement) for column in amounts]
        lines.append([statement.percent(rate), *sums])
    heads = ("vat_rate", "net", "vat", "gross")
    return StatementTable(
        heads=[statement.say(key) for key in heads], texts=1, lines=lines
    )


def _readings(rows: Sequence[SessionRow], statement: Statement) -> StatementTable:
    """Return the first and the last reading of each meter, which an employer can check."""
    lines = []
    meters = {_meter(row) for row in rows}
    for meter, of_meter in groupby(sorted(rows, key=_meter), key=_meter):
        station, connector = meter
        name = statement.context.chargers.get(station, station)
        if sum(one == station for one, _ in meters) > 1:
            name = f"{name} ({connector or UNKNOWN})"
        for stretch, first, last in _stretches(list(of_meter)):
            energy_wh = sum(whole_wh(row.energy_wh) for row in stretch)
            readings = (first, last, energy_wh)
            lines.append([name, *map(statement.kwh, readings)])
    heads = ("charger", "first_reading", "last_reading", "claimed")
    return StatementTable(
        heads=[statement.say(key) for key in heads], texts=1, lines=lines
    )


def _meter(row: SessionRow) -> tuple[str, int]:
    return row.station, row.connector or 0


def _stretches(
    rows: Sequence[SessionRow],
) -> list[tuple[list[SessionRow], float | None, float | None]]:
    """Return the sessions of a meter, and its first and last reading: apart where it was reset, or replaced.

    One that restarts with each session has none.
    """
    found: list[list[SessionRow]] = []
    stood_wh = 0.0
    for row in rows:
        start_wh = row.meter_start_wh
        if not found or (start_wh is not None and start_wh < stood_wh - _ROUNDING_WH):
            found.append([])
        found[-1].append(row)
        stood_wh = row.meter_end_wh or start_wh or stood_wh
    if len(found) > 1 and not any(row.meter_start_wh for row in rows):
        return [(list(rows), None, None)]
    return [
        (
            stretch,
            min(_known(row.meter_start_wh for row in stretch), default=None),
            max(_known(row.meter_end_wh for row in stretch), default=None),
        )
        for stretch in found
    ]


def _known(readings: Iterable[float | None]) -> Iterator[float]:
    return (reading for reading in readings if reading is not None)


def _notes(
    rows: Sequence[SessionRow], statement: Statement, *, billed: bool
) -> Iterator[str]:
    """Return what a reader has to know about the numbers."""
    context = statement.context
    if context.price is not None:
        price = statement.price(context.price, context.currency)
        yield statement.say("note_price", price=price)
    if billed:
        used = sorted({row.terms for row in rows if row.terms is not None})
        for number in used:
            if (prices := statement.price_lists.get(number)) is not None:
                yield in_words(prices, statement)
        yield statement.say("note_billed")
        if any(row.price_list is not None and row.billed is None for row in rows):
            yield statement.say("note_not_billed")
    yield statement.say("note_month")
    if not billed:
        yield statement.say("note_cost")
        if any(row.priced_wh < row.energy_wh - _MISSING_PRICE_WH for row in rows):
            yield statement.say("note_unknown")
    if any(row.estimated_wh > 0 for row in rows):
        yield statement.say("note_estimated")
    if (corrected_at := _corrected_later(rows, context)) is not None:
        yield statement.say("note_corrected", time=statement.time(corrected_at))


def _corrected_later(
    rows: Iterable[SessionRow], context: ExportContext
) -> datetime | None:
    """Return when a session was corrected last, if that was after its month: there may be a statement of before."""
    corrected = [
        row.corrected_at
        for row in rows
        if row.corrected_at is not None
        and _month(row.corrected_at, context) > _month(_ended(row), context)
    ]
    return max(corrected, default=None)
