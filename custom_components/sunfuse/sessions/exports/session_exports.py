"""Sessions as tables for other programs: CSV and JSON. Energies are kWh, powers kW; money is rounded as bills are."""

from collections.abc import Iterable, Mapping, Sequence
import csv
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from decimal import ROUND_HALF_UP, Decimal
import io
import json
from typing import Any

from ..session_rows import SessionRow

type Cell = str | float | bool | datetime | None

# Languages that write a decimal comma (Unicode CLDR 46, symbols/decimal), without those of other scripts' digits.
_DECIMAL_COMMA = frozenset(
    [
        "af",
        "be",
        "bg",
        "bs",
        "ca",
        "cs",
        "da",
        "de",
        "el",
        "es",
        "et",
        "eu",
        "fi",
        "fr",
        "gl",
        "hr",
        "hu",
        "hy",
        "id",
        "is",
        "it",
        "ka",
        "lb",
        "lt",
        "lv",
        "mk",
        "nb",
        "nl",
        "nn",
        "no",
        "pl",
        "pt",
        "ro",
        "ru",
        "sk",
        "sl",
        "sq",
        "sr",
        "sv",
        "tr",
        "uk",
        "vi",
    ]
)
# Regions that differ from their language (the same table).
_DECIMAL_POINT = frozenset(("de-CH", "de-LI", "es-419", "es-MX"))
# A spreadsheet takes a cell that begins like this for a formula (OWASP, "CSV Injection").
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportContext:
    """What an export needs besides the sessions.

    Attributes:
        site: the site's name.
        currency: of sessions without a price of their own, and of `price`.
        tz: local time.
        language, decimal_sign: of the reader; None: the sign that the language has.
        price: what is reimbursed for a kWh; None: nothing is.
        persons, vehicles, chargers: names by id.
        heads: what columns are called in this language, by their names; tables for programs do not use them.

    """

    site: str
    currency: str
    tz: tzinfo
    language: str = "en"
    decimal_sign: str | None = None
    price: float | None = None
    persons: Mapping[str, str] = field(default_factory=dict)
    vehicles: Mapping[str, str] = field(default_factory=dict)
    chargers: Mapping[str, str] = field(default_factory=dict)
    heads: Mapping[str, str] = field(default_factory=dict)

    @property
    def decimal_comma(self) -> bool:
        """Whether the reader writes 1,5."""
        if self.decimal_sign is not None:
            return self.decimal_sign == ","
        return (
            self.language not in _DECIMAL_POINT
            and self.language.partition("-")[0] in _DECIMAL_COMMA
        )

    def reimbursement(self, row: SessionRow) -> Decimal | None:
        """Return what is reimbursed for a session: full Wh at the agreed price, rounded to cents.

        Each session is rounded, so that a statement's lines add up to its total.
        """
        if self.price is None:
            return None
        amount = Decimal(whole_wh(row.energy_wh)) / 1000 * Decimal(str(self.price))
        return amount.quantize(_CENT, ROUND_HALF_UP)

    def local(self, at: datetime | None) -> datetime | None:
        """Return a time as local time, in full seconds."""
        return None if at is None else at.astimezone(self.tz).replace(microsecond=0)


def whole_wh(energy_wh: float) -> int:
    """Return an energy as it is printed, exported and reimbursed."""
    return round(energy_wh)


def records(
    rows: Sequence[SessionRow], context: ExportContext
) -> list[dict[str, Cell]]:
    """Return what is exported of each session, under the names that `get_sessions` returns; never the card."""
    return [_record(row, context) for row in rows]


def columns(context: ExportContext) -> list[str]:
    """Return what the columns are called for a reader, also where there is no session."""
    names = _record(SessionRow(number=0, station="", transaction=""), context)
    return [context.heads.get(name, name) for name in names]


def to_json(rows: Sequence[SessionRow], context: ExportContext) -> str:
    """Return sessions as JSON; times are ISO 8601 with their offset."""
    site = json.dumps(context.site, ensure_ascii=False)
    return f'{{"site": {site}, "sessions": {json_list(records(rows, context))}}}'


def json_list(rows: Iterable[Mapping[str, Any]]) -> str:
    """Return rows as a list in JSON, encoded one by one: all at once would keep Python's other threads waiting."""
    encode = json.JSONEncoder(
        default=datetime.isoformat, ensure_ascii=False, indent=2
    ).encode
    return f"[{',\n'.join(map(encode, rows))}]"


def to_csv(rows: Sequence[SessionRow], context: ExportContext) -> str:
    """Return sessions as CSV that the reader's spreadsheet opens by itself.

    The mark in front says that it is UTF-8. With a decimal comma, semicolons separate the cells. Times are local and
    without offset, since spreadsheets read no offset.
    """
    comma = context.decimal_comma
    text = io.StringIO()
    text.write("\ufeff")
    writer = csv.writer(text, delimiter=";" if comma else ",")
    writer.writerow(columns(context))
    writer.writerows(
        [_csv_cell(cell, comma=comma) for cell in record.values()]
        for record in records(rows, context)
    )
    return text.getvalue()


def _csv_cell(cell: Cell, *, comma: bool) -> str:
    match cell:
        case None:
            return ""
        case bool():
            return "1" if cell else "0"
        case datetime():
            return f"{cell:%Y-%m-%d %H:%M:%S}"
        case str():
            return f"'{cell}" if cell.startswith(_FORMULA) else cell
    number = f"{cell:.12g}"
    return number.replace(".", ",") if comma else number


def _record(row: SessionRow, context: ExportContext) -> dict[str, Cell]:
    reimbursement = context.reimbursement(row)
    return {
        "charger": context.chargers.get(row.station, row.station),
        "identity": row.station,
        "connector": row.connector,
        "transaction": row.transaction,
        "person": _named(context.persons, row.person),
        "vehicle": _named(context.vehicles, row.vehicle),
        "plugged_in": context.local(row.plugged_at),
        "started": context.local(row.started_at),
        "stopped": context.local(row.stopped_at),
        "unplugged": context.local(row.unplugged_at),
        "duration_h": None
        if row.duration is None
        else round(row.duration.total_seconds() / 3600, 3),
        "meter_start_kwh": _thousandth(row.meter_start_wh),
        "meter_end_kwh": _thousandth(row.meter_end_wh),
        "energy_kwh": _thousandth(row.energy_wh),
        "sun_kwh": _thousandth(row.sun_wh),
        "battery_kwh": _thousandth(row.battery_wh),
        "grid_kwh": _thousandth(row.grid_wh),
        "estimated_kwh": _thousandth(row.estimated_wh),
        "peak_kw": _thousandth(row.peak_w),
        "cost": _money(row.cost),
        "grid_cost": _money(row.grid_cost),
        "feed_in_lost": _money(row.feed_in_lost),
        "cost_at_once": _money(row.at_once_cost),
        "billed": _money(row.billed),
        "billed_net": _money(row.billed_net),
        "billed_vat": _money(row.billed_vat),
        "vat_percent": row.vat_percent,
        "billed_currency": row.billed_currency,
        "price_list": row.price_list,
        "reimbursement": None if reimbursement is None else float(reimbursement),
        "currency": row.currency or row.billed_currency or context.currency,
        "end_reason": row.end_reason,
        "offline": row.offline,
        "corrected": context.local(row.corrected_at),
    }


def _named(names: Mapping[str, str], key: str | None) -> str | None:
    return None if key is None else names.get(key, key)


def _thousandth(value: float | None) -> float | None:
    return None if value is None else whole_wh(value) / 1000


def _money(amount: float | None) -> float | None:
    return None if amount is None else round(amount, 4)
