"""How statements write numbers, times, amounts and price lists, in the language of their reader."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from ..price_list import PriceList, PriceTime, minor_unit, rounded
from .session_exports import ExportContext, whole_wh

UNKNOWN = "–"
# Between a number and its unit, which belong on one line.
_NO_BREAK = "\N{NO-BREAK SPACE}"
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
        """Return a number as the reader writes it."""
        return UNKNOWN if value is None else self._written(f"{value:.{decimals}f}")

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
            return UNKNOWN
        exact = rounded(Decimal(str(amount)), currency)
        return f"{self._written(f'{exact:f}')}{_NO_BREAK}{currency}"

    def kwh(self, energy_wh: float | None) -> str:
        """Return an energy in kWh, to the Wh."""
        return self.number(None if energy_wh is None else whole_wh(energy_wh) / 1000, 3)

    def percent(self, percent: float) -> str:
        """Return a percentage with as many decimals as it has."""
        return f"{self.plain(percent)}{_NO_BREAK}%"

    def share(self, part: float, whole: float) -> str:
        """Return a share in whole percents."""
        return self.percent(round(part / whole * 100)) if whole > 0 else UNKNOWN

    def time(self, at: datetime | None) -> str:
        """Return a local time, to the minute."""
        local = self.context.local(at)
        return UNKNOWN if local is None else f"{local:%Y-%m-%d %H:%M}"

    def _written(self, text: str) -> str:
        return text.replace(".", ",") if self.context.decimal_comma else text


def in_words(prices: PriceList, statement: Statement) -> str:
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
