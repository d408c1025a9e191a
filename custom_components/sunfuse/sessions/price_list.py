"""Price lists: what a session is billed by the kWh, by the hour plugged in, and by the session.

A price list is agreed on when a session begins, and stays as it was then. All of it is local time, by quarter hours: in
the night when clocks change, an hour that comes twice is billed twice, and one that does not come is not billed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
import json
from typing import Any, Self
from zoneinfo import ZoneInfo

from .session_facts import quarters_between

# The decimals of currencies that do not have two (ISO 4217:2015, table A.1, column "minor units").
_MINOR_UNITS: Mapping[str, int] = {
    **dict.fromkeys(
        [
            "BIF",
            "CLP",
            "DJF",
            "GNF",
            "ISK",
            "JPY",
            "KMF",
            "KRW",
            "PYG",
            "RWF",
            "UGX",
            "VND",
            "VUV",
            "XAF",
            "XOF",
            "XPF",
        ],
        0,
    ),
    **dict.fromkeys(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"], 3),
}
_WH_PER_KWH = 1000
_S_PER_H = 3600
# Energy without a known cost up to this is rounding.
_ROUNDING_WH = 1.0
# Costs are sums of binary fractions; what is behind these decimals is not money.
_COST_DIGITS = 6


def minor_unit(currency: str) -> Decimal:
    """Return the smallest amount that a currency can be paid in."""
    return Decimal(1).scaleb(-_MINOR_UNITS.get(currency.upper(), 2))


def rounded(amount: Decimal, currency: str) -> Decimal:
    """Return an amount as it can be paid; half of the smallest amount is rounded up."""
    return amount.quantize(minor_unit(currency), ROUND_HALF_UP)


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceTime:
    """A time of the week with prices of its own; what it does not name is as at other times.

    Minutes count from midnight; an end at or before the start is on the next day. The weekdays (0 is Monday) are those
    on which it begins; none means every day.
    """

    start: int = 0
    end: int = 0
    weekdays: tuple[int, ...] = ()
    per_kwh: float | None = None
    per_hour: float | None = None

    def holds(self, local: datetime) -> bool:
        """Return whether it applies at a local time."""
        minute = local.hour * 60 + local.minute
        if self.start < self.end:
            return self.start <= minute < self.end and self._on(local.weekday())
        if minute >= self.start:
            return self._on(local.weekday())
        return minute < self.end and self._on((local.weekday() - 1) % 7)

    def _on(self, weekday: int) -> bool:
        return not self.weekdays or weekday in self.weekdays


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceList:
    """What sessions are billed.

    Attributes:
        share_percent: what is added to the cost of the energy; None: energy is billed by the kWh.
        per_kwh: the price of a kWh; with a share that of energy whose cost is not known (None: it cannot be billed).
        per_hour: of each hour in which the car is plugged in.
        per_session: of each session with energy.
        times: the first that applies to a time counts.
        vat_percent: the rate of value-added tax; None: it is not separated.
        vat_included: whether all prices, and the cost, contain it; otherwise it comes on top.

    """

    name: str
    currency: str
    time_zone: str
    share_percent: float | None = None
    per_kwh: float | None = None
    per_hour: float = 0.0
    per_session: float = 0.0
    times: tuple[PriceTime, ...] = ()
    vat_percent: float | None = None
    vat_included: bool = True

    @property
    def bills_time(self) -> bool:
        """Return whether the time counts in which a car is plugged in."""
        return bool(self.per_hour or any(one.per_hour for one in self.times))

    def kwh_price(self, at: datetime) -> float | None:
        """Return the price of a kWh at a time."""
        return next(
            (one.per_kwh for one in self._times_at(at) if one.per_kwh is not None),
            self.per_kwh,
        )

    def hour_price(self, at: datetime) -> float:
        """Return the price of an hour at a time."""
        return next(
            (one.per_hour for one in self._times_at(at) if one.per_hour is not None),
            self.per_hour,
        )

    def _times_at(self, at: datetime) -> Iterable[PriceTime]:
        if not self.times:
            return ()
        local = at.astimezone(_zone(self.time_zone))
        return (one for one in self.times if one.holds(local))

    def to_json(self) -> str:
        """Return it as text; equal lists are equal texts."""
        terms = asdict(self)
        if self.vat_percent is None:
            # As lists were written before they had a rate: an update changes none.
            del terms["vat_percent"], terms["vat_included"]
        return json.dumps(terms, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Return what `to_json` wrote."""
        stored: dict[str, Any] = json.loads(text)
        times = tuple(
            PriceTime(**{**one, "weekdays": tuple(one["weekdays"])})
            for one in stored.pop("times")
        )
        return cls(**stored, times=times)


@lru_cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


@dataclass(frozen=True, slots=True, kw_only=True)
class BilledQuarter:
    """A quarter hour of a session. `cost` is that of its energy, None where it is not known."""

    start: datetime
    energy_wh: float = 0.0
    cost: float | None = None
    seconds: float = 0.0  # plugged in


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """What a session is billed. Each part is rounded, and the parts add up; they contain VAT where the prices do."""

    currency: str
    energy: Decimal = Decimal(0)
    time: Decimal = Decimal(0)
    session: Decimal = Decimal(0)
    vat_percent: Decimal | None = None
    vat_included: bool = True

    @property
    def _parts(self) -> Decimal:
        return self.energy + self.time + self.session

    @property
    def vat(self) -> Decimal | None:
        """Return the value-added tax in the total; None where it is not separated.

        It is rounded once for each session, so that the lines of a statement add up to its totals.
        """
        if self.vat_percent is None:
            return None
        rate = self.vat_percent / 100
        if self.vat_included:
            return self._parts - rounded(self._parts / (1 + rate), self.currency)
        return rounded(self._parts * rate, self.currency)

    @property
    def total(self) -> Decimal:
        """Return all of it, with VAT."""
        return self._parts if self.vat_included else self._parts + (self.vat or 0)


def bill(prices: PriceList, quarters: Iterable[BilledQuarter]) -> Bill | None:
    """Return what a session is billed; None where the cost that it depends on is not known.

    The energy at each price is rounded to the Wh, as statements show it, so that a reader can calculate it again.
    """
    quarters = sorted(quarters, key=lambda one: one.start)
    by_cost = 0.0
    energies_wh: dict[float, float] = {}
    unknown_wh = 0.0
    seconds: dict[float, float] = {}
    for quarter in quarters:
        if quarter.seconds > 0 and (price := prices.hour_price(quarter.start)):
            seconds[price] = seconds.get(price, 0.0) + quarter.seconds
        if quarter.energy_wh == 0:
            continue
        if prices.share_percent is not None and quarter.cost is not None:
            by_cost += quarter.cost
        elif (kwh_price := prices.kwh_price(quarter.start)) is not None:
            known_wh = energies_wh.get(kwh_price, 0.0)
            energies_wh[kwh_price] = known_wh + quarter.energy_wh
        elif prices.share_percent is not None:
            unknown_wh += quarter.energy_wh
    if unknown_wh > _ROUNDING_WH:
        return None
    share = Decimal(1) + _decimal(prices.share_percent or 0.0) / 100
    energy = _decimal(round(by_cost, _COST_DIGITS)) * share + sum(
        (
            _decimal(price) * Decimal(round(wh)) / _WH_PER_KWH
            for price, wh in energies_wh.items()
        ),
        Decimal(0),
    )
    time = sum(
        (
            _decimal(price) * Decimal(round(s)) / _S_PER_H
            for price, s in seconds.items()
        ),
        Decimal(0),
    )
    charged = round(sum(quarter.energy_wh for quarter in quarters)) > 0
    session = _decimal(prices.per_session) if charged else Decimal(0)
    return _in_parts(prices, energy, time, session)


def _in_parts(
    prices: PriceList, energy: Decimal, time: Decimal, session: Decimal
) -> Bill:
    """Return a bill whose sum is rounded once; the energy's part, or else the time's, takes the difference."""
    total = rounded(energy + time + session, prices.currency)
    fee = rounded(session, prices.currency)
    hours = rounded(time, prices.currency) if energy else total - fee
    percent = prices.vat_percent
    return Bill(
        currency=prices.currency,
        energy=total - hours - fee,
        time=hours,
        session=fee,
        vat_percent=None if percent is None else _decimal(percent),
        vat_included=percent is None or prices.vat_included,
    )


def _decimal(value: float) -> Decimal:
    """Return a number as it was typed: 0.1 is a tenth."""
    return Decimal(str(value))


def billed_quarters(
    prices: PriceList,
    quarters: Iterable[tuple[datetime, float, float | None]],
    since: datetime | None,
    until: datetime | None,
) -> list[BilledQuarter]:
    """Return quarter hours, of which the energy and its cost is known, with how long the car was plugged in."""
    seconds: dict[datetime, float] = {}
    if prices.bills_time and since is not None and until is not None:
        seconds = dict(quarters_between(since, until))
    energies = {start: (energy_wh, cost) for start, energy_wh, cost in quarters}
    return [
        BilledQuarter(
            start=start,
            energy_wh=energies[start][0] if start in energies else 0.0,
            cost=energies[start][1] if start in energies else None,
            seconds=seconds.get(start, 0.0),
        )
        for start in sorted({*energies, *seconds})
    ]
