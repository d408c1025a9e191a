"""Monthly statements of persons: what is on them, whether they become a page or a PDF.

Money and energy are rounded in each line, so the lines add up to the total. Who is billed does not see what the energy
cost.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from itertools import groupby

from ..price_list import PriceList, PriceTime, minor_unit, rounded
from ..session_rows import SessionRow
from .session_exports import ExportContext, has_decimal_comma, whole_wh

_UNKNOWN = "–"
# Between a number and its unit, which belong on one line.
_NO_BREAK = "\N{NO-BREAK SPACE}"
_MISSING_PRICE_WH = 1.0
# Some chargers show tenths of a watt-hour at the end of a session only.
_ROUNDING_WH = 10.0
_DAYS = (
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What statements need besides the sessions: their texts by key, in the context's language, and the price lists.

    `issuer` is who bills: name, address and VAT number, in lines.
    """

    context: ExportContext
    texts: Mapping[str, str]
    price_lists: Mapping[int, PriceList] = field(default_factory=dict)
    issuer: str = ""

    def say(self, key: str, **values: str) -> str:
        """Return a text with its values."""
        return self.texts[key].format(**values)

    def number(self, value: float | None, decimals: int) -> str:
        """Return a number as this language writes it."""
        return _UNKNOWN if value is None else self._written(f"{value:.{decimals}f}")

    def plain(self, value: float) -> str:
        """Return a number with as many decimals as it has."""
        return self._written(f"{value:g}")

    def price(self, price: float, currency: str) -> str:
        """Return a price with as many decimals as it has, and no fewer than money has."""
        least = max(-int(minor_unit(currency).as_tuple().exponent), 0)
        text = f"{Decimal(str(price)):f}"
        if len(text.partition(".")[2]) < least:
            text = f"{price:.{least}f}"
        return f"{self._written(text)}{_NO_BREAK}{currency}"

    def money(self, amount: float | None, currency: str) -> str:
        """Return an amount in the decimals of its currency."""
        if amount is None:
            return _UNKNOWN
        exact = rounded(Decimal(str(amount)), currency)
        return f"{self._written(f'{exact:f}')}{_NO_BREAK}{currency}"

    def time(self, at: datetime | None) -> str:
        """Return a local time, to the minute."""
        local = self.context.local(at)
        return _UNKNOWN if local is None else f"{local:%Y-%m-%d %H:%M}"

    def _written(self, text: str) -> str:
        comma = has_decimal_comma(self.context.language)
        return text.replace(".", ",") if comma else text


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
        tables.append(_vat(rows, statement))
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


def _sessions(
    rows: Sequence[SessionRow], statement: Statement, *, billed: bool
) -> StatementTable:
    texts = ["started", "ended", "charger", "vehicle"]
    if billed:
        texts.append("price_list")
    heads = [*texts, "meter_start", "meter_end", "energy", "sun"]
    if not billed:
        heads.append("cost")
    elif _has_vat(rows):
        heads += ["net", "vat", "gross"]
    else:
        heads.append("billed")
    if statement.context.price is not None:
        heads.append("reimbursement")
    return StatementTable(
        heads=[statement.say(key) for key in heads],
        texts=len(texts),
        lines=[
            _line(row, statement, billed=billed, vat=_has_vat(rows)) for row in rows
        ],
        total=_total(rows, statement, billed=billed),
    )


def _has_vat(rows: Sequence[SessionRow]) -> bool:
    return any(row.billed_vat is not None for row in rows)


def _line(
    row: SessionRow, statement: Statement, *, billed: bool, vat: bool
) -> list[str]:
    context = statement.context
    vehicle = context.vehicles.get(row.vehicle or "", row.vehicle or _UNKNOWN)
    cells = [
        statement.time(row.started_at or row.plugged_at),
        statement.time(row.stopped_at),
        context.chargers.get(row.station, row.station),
        vehicle,
        *([row.price_list or _UNKNOWN] if billed else ()),
        *(
            _thousandths(wh, statement)
            for wh in (row.meter_start_wh, row.meter_end_wh, row.energy_wh)
        ),
        _percent(row.sun_wh, row.energy_wh),
    ]
    if billed:
        currency = row.billed_currency or context.currency
        if vat:
            parts = (row.billed_net, row.billed_vat)
            cells += [statement.money(amount, currency) for amount in parts]
        cells.append(statement.money(row.billed, currency))
    else:
        cells.append(statement.money(row.cost, row.currency or context.currency))
    amount = context.reimbursement(row)
    if amount is not None:
        cells.append(statement.money(float(amount), context.currency))
    return cells


def _total(
    rows: Sequence[SessionRow], statement: Statement, *, billed: bool
) -> list[str]:
    """Return the last line."""
    context = statement.context
    energy_wh = sum(whole_wh(row.energy_wh) for row in rows)
    cells = [
        statement.say("total", number=str(len(rows))),
        statement.number(energy_wh / 1000, 3),
        _percent(sum(row.sun_wh for row in rows), energy_wh),
    ]
    if not billed:
        cells.append(_sum(((row.cost, row.currency) for row in rows), statement))
    else:
        if _has_vat(rows):
            nets = ((row.billed_net, row.billed_currency) for row in rows)
            taxes = ((row.billed_vat, row.billed_currency) for row in rows)
            cells += [_sum(nets, statement), _sum(taxes, statement)]
        bills = ((row.billed, row.billed_currency) for row in rows)
        cells.append(_sum(bills, statement))
    agreed = [context.reimbursement(row) for row in rows]
    known_ones = [amount for amount in agreed if amount is not None]
    if known_ones:
        cells.append(statement.money(float(sum(known_ones)), context.currency))
    return cells


def _sum(
    amounts: Iterable[tuple[float | None, str | None]], statement: Statement
) -> str:
    """Return a sum; amounts in different currencies have one each."""
    sums: dict[str, Decimal] = {}
    for amount, known in amounts:
        if amount is not None:
            currency = known or statement.context.currency
            line = rounded(Decimal(str(amount)), currency)
            sums[currency] = sums.get(currency, Decimal(0)) + line
    texts = [statement.money(float(sums[one]), one) for one in sums]
    return ", ".join(texts) or _UNKNOWN


def _vat(rows: Sequence[SessionRow], statement: Statement) -> StatementTable:
    """Return net, VAT and gross by rate, as a bill has to name them (Directive 2006/112/EC, article 226)."""
    rates = sorted({row.vat_percent for row in rows if row.vat_percent is not None})
    lines = []
    for rate in rates:
        of_rate = [row for row in rows if row.vat_percent == rate]
        columns = (
            ((row.billed_net, row.billed_currency) for row in of_rate),
            ((row.billed_vat, row.billed_currency) for row in of_rate),
            ((row.billed, row.billed_currency) for row in of_rate),
        )
        amounts = [_sum(column, statement) for column in columns]
        lines.append([f"{statement.plain(rate)}{_NO_BREAK}%", *amounts])
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
            name = f"{name} ({connector or _UNKNOWN})"
        for stretch, first, last in _stretches(list(of_meter)):
            energy_wh = sum(whole_wh(row.energy_wh) for row in stretch)
            numbers = (first, last, energy_wh)
            lines.append([name, *(_thousandths(one, statement) for one in numbers)])
    heads = ("charger", "first_reading", "last_reading", "claimed")
    return StatementTable(
        heads=[statement.say(key) for key in heads], texts=1, lines=lines
    )


def _meter(row: SessionRow) -> tuple[str, int]:
    return row.station, row.connector or 0


def _thousandths(wh: float | None, statement: Statement) -> str:
    return statement.number(None if wh is None else whole_wh(wh) / 1000, 3)


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
                yield _described(prices, statement)
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


def _described(prices: PriceList, statement: Statement) -> str:
    """Return what a price list bills, in words."""
    parts = []
    if prices.share_percent is not None:
        percent = statement.number(prices.share_percent, 2)
        parts.append(statement.say("by_cost", percent=percent))
    elif prices.per_kwh is not None:
        parts.append(_per("per_kwh", prices.per_kwh, prices, statement))
    if prices.per_hour:
        parts.append(_per("per_hour", prices.per_hour, prices, statement))
    if prices.per_session:
        parts.append(_per("per_session", prices.per_session, prices, statement))
    parts += [_described_time(one, prices, statement) for one in prices.times]
    if prices.vat_percent is not None:
        key = "with_vat" if prices.vat_included else "plus_vat"
        parts.append(statement.say(key, percent=statement.plain(prices.vat_percent)))
    return f"{prices.name}: {'; '.join(parts)}."


def _described_time(one: PriceTime, prices: PriceList, statement: Statement) -> str:
    found = []
    if one.per_kwh is not None and prices.share_percent is None:
        found.append(_per("per_kwh", one.per_kwh, prices, statement))
    if one.per_hour is not None:
        found.append(_per("per_hour", one.per_hour, prices, statement))
    days = ", ".join(statement.say(f"weekday_{_DAYS[day]}") for day in one.weekdays)
    start, end = (f"{at // 60:02}:{at % 60:02}" for at in (one.start, one.end))
    when = f"{days} {start}–{end}".strip()
    return f"{when}: {', '.join(found)}"


def _per(key: str, price: float, prices: PriceList, statement: Statement) -> str:
    return statement.say(key, price=statement.price(price, prices.currency))


def _percent(part: float, whole: float) -> str:
    return f"{part / whole * 100:.0f}{_NO_BREAK}%" if whole > 0 else _UNKNOWN
