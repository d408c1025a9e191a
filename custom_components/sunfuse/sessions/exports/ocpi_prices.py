"""What a session is billed, as OCPI 2.2.1 writes it (mod_tariffs: Tariff; mod_cdrs: ChargingPeriod and the totals).

A price list is a tariff with an element for each of its times, and one without restrictions at the end: of each dimension
the first element that applies counts, as in a price list. A time over midnight is two elements, because `day_of_week` is
that of each instant. *Cost price plus a share* has an element for each stretch with one price. Where clocks go back, the
prices of the hour that comes twice may differ; an element has the first. Time plugged in is TIME in the quarter hours in
which the car took energy, and PARKING_TIME in the others.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from ..price_list import (
    Bill,
    BilledQuarter,
    PriceList,
    PriceTime,
    bill,
    billed_quarters,
    rounded,
)
from ..session_rows import SessionInterval, SessionRow

_DAYS = (
    "MONDAY",
    "TUESDAY",
    "WEDNESDAY",
    "THURSDAY",
    "FRIDAY",
    "SATURDAY",
    "SUNDAY",
)
_STEP = 1  # a Wh, or a second
_A_DAY_MIN = 24 * 60
# OCPI's number has at most four decimals (types: number).
_DECIMALS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class OcpiBill:
    """What is billed of a session: from when until when, in which periods, by which elements, and the totals."""

    start: datetime
    end: datetime
    elements: list[dict[str, Any]]
    periods: list[dict[str, Any]]
    totals: dict[str, Any]


def ocpi_time(at: datetime) -> str:
    """Return a time as OCPI has it: UTC, in seconds."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def ocpi_bill(
    row: SessionRow,
    prices: PriceList,
    intervals: Sequence[SessionInterval],
    tariff_id: str,
) -> OcpiBill | None:
    """Return the bill of a session of which start and end are known; None where nothing can be billed."""
    if row.billed is None or row.started_at is None or row.stopped_at is None:
        return None
    since, until = row.started_at, row.stopped_at
    if prices.bills_time:
        since = min(row.plugged_at or since, since)
        until = max(row.unplugged_at or until, until)
    quarters = billed_quarters(
        prices,
        ((one.start, one.energy_wh, one.cost) for one in intervals),
        since,
        until,
    )
    found = bill(prices, quarters)
    if found is None:
        return None
    peaks_w = {one.start: one.peak_w for one in intervals}
    return OcpiBill(
        start=since,
        end=until,
        elements=list(_elements(prices, quarters)),
        periods=[
            _period(quarter, max(quarter.start, since), peaks_w, tariff_id)
            for quarter in quarters or [BilledQuarter(start=since)]
        ],
        totals=_totals(row, found, prices, quarters),
    )


def _totals(
    row: SessionRow,
    found: Bill,
    prices: PriceList,
    quarters: Sequence[BilledQuarter],
) -> dict[str, Any]:
    """Return the totals; what was billed is the sum of its parts."""
    parking_s = sum(one.seconds for one in quarters if one.energy_wh <= 0)
    parking = sum(
        (
            Decimal(str(prices.hour_price(one.start))) * Decimal(str(one.seconds))
            for one in quarters
            if one.energy_wh <= 0
        ),
        Decimal(0),
    )
    parked = min(rounded(parking / 3600, prices.currency), found.time)
    parts = {"total_fixed_cost": found.session}
    if prices.bills_time:
        parts |= {"total_time_cost": found.time - parked, "total_parking_cost": parked}
    totals: dict[str, Any] = _in_prices(row, found, parts)
    if prices.bills_time:
        totals["total_parking_time"] = round(parking_s / 3600, _DECIMALS)
    return totals


def _in_prices(
    row: SessionRow, found: Bill, parts: Mapping[str, Decimal]
) -> dict[str, dict[str, float]]:
    """Return parts of a bill, and all of it, without and with VAT; the energy's part takes the difference.

    Where VAT is not separated, an amount is in the required field `excl_vat`.
    """
    total = Decimal(str(row.billed))
    if row.billed_vat is None or found.vat_percent is None:
        energy = total - sum(parts.values())
        amounts = {"total_cost": total, **parts, "total_energy_cost": energy}
        return {key: {"excl_vat": float(amount)} for key, amount in amounts.items()}
    rate = 1 + found.vat_percent / 100
    both = {
        key: (rounded(amount / rate, found.currency), amount)
        if found.vat_included
        else (amount, rounded(amount * rate, found.currency))
        for key, amount in parts.items()
    }
    net = total - Decimal(str(row.billed_vat))
    energy_net = net - sum(excl for excl, _ in both.values())
    energy = total - sum(incl for _, incl in both.values())
    both |= {"total_cost": (net, total), "total_energy_cost": (energy_net, energy)}
    return {
        key: {"excl_vat": float(excl), "incl_vat": float(incl)}
        for key, (excl, incl) in both.items()
    }


def _period(
    quarter: BilledQuarter,
    start: datetime,
    peaks_w: Mapping[datetime, float],
    tariff_id: str,
) -> dict[str, Any]:
    dimensions = [{"type": "ENERGY", "volume": round(quarter.energy_wh / 1000, 3)}]
    if quarter.seconds > 0:
        kind = "TIME" if quarter.energy_wh > 0 else "PARKING_TIME"
        hours = round(quarter.seconds / 3600, _DECIMALS)
        dimensions.append({"type": kind, "volume": hours})
    if (peak_w := peaks_w.get(quarter.start, 0.0)) > 0:
        dimensions.append({"type": "MAX_POWER", "volume": round(peak_w / 1000, 3)})
    return {
        "start_date_time": ocpi_time(start),
        "dimensions": dimensions,
        "tariff_id": tariff_id,
    }


# --- The tariff ------------------------------------------------------------------------------------------------


def _elements(
    prices: PriceList, quarters: Sequence[BilledQuarter]
) -> Iterator[dict[str, Any]]:
    if prices.share_percent is not None:
        yield from _cost_elements(prices, quarters)
    for one in prices.times:
        by_cost = prices.share_percent is not None
        components = _components(prices, None if by_cost else one.per_kwh, one.per_hour)
        if components:
            for restrictions in _restrictions(one):
                yield {"price_components": components, "restrictions": restrictions}
    energy = None if prices.share_percent is not None else prices.per_kwh
    others = _components(prices, energy, prices.per_hour or None)
    if prices.per_session:
        others.append(_component(prices, "FLAT", prices.per_session))
    # Where nothing else has a price, a tariff says that it is free.
    yield {"price_components": others or [_component(prices, "FLAT", 0.0)]}


def _cost_elements(
    prices: PriceList, quarters: Sequence[BilledQuarter]
) -> Iterator[dict[str, Any]]:
    """Return an element for each stretch of time in which a kWh has one price."""
    share = 1 + (prices.share_percent or 0.0) / 100
    stretch: tuple[datetime, datetime, float] | None = None
    for one in quarters:
        if one.energy_wh <= 0:
            continue
        price = prices.kwh_price(one.start) or 0.0
        if one.cost is not None:
            price = one.cost / one.energy_wh * 1000 * share
        price = round(price, _DECIMALS)
        end = one.start + timedelta(minutes=15)
        if stretch is not None and stretch[1:] == (one.start, price):
            stretch = (stretch[0], end, price)
            continue
        if stretch is not None:
            yield from _of_stretch(prices, *stretch)
        stretch = (one.start, end, price)
    if stretch is not None:
        yield from _of_stretch(prices, *stretch)


def _of_stretch(
    prices: PriceList, start: datetime, end: datetime, price: float
) -> Iterator[dict[str, Any]]:
    """Return the elements of a stretch: one for each day of which it has a part."""
    zone = ZoneInfo(prices.time_zone)
    first, last = start.astimezone(zone), end.astimezone(zone)
    while first < last:
        tomorrow = (first + timedelta(days=1)).replace(hour=0, minute=0)
        until = min(last, tomorrow)
        restrictions = {
            "start_time": f"{first:%H:%M}",
            "start_date": f"{first:%Y-%m-%d}",
            "end_date": f"{tomorrow:%Y-%m-%d}",
        }
        if until < tomorrow:
            restrictions["end_time"] = f"{until:%H:%M}"
        yield {
            "price_components": [_component(prices, "ENERGY", price)],
            "restrictions": restrictions,
        }
        first = until


def _restrictions(one: PriceTime) -> Iterator[dict[str, Any]]:
    """Return when a time applies; one over midnight in two parts."""
    if one.start < one.end:
        yield _times(one.start, one.end, one.weekdays)
        return
    yield _times(one.start, _A_DAY_MIN, one.weekdays)
    if one.end > 0:
        yield _times(0, one.end, tuple((day + 1) % 7 for day in one.weekdays))


def _times(start: int, end: int, weekdays: Sequence[int]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if start > 0:
        found["start_time"] = f"{start // 60:02}:{start % 60:02}"
    if end < _A_DAY_MIN:
        found["end_time"] = f"{end // 60:02}:{end % 60:02}"
    if weekdays:
        found["day_of_week"] = [_DAYS[day] for day in sorted(weekdays)]
    return found


def _components(
    prices: PriceList, per_kwh: float | None, per_hour: float | None
) -> list[dict[str, Any]]:
    found = [] if per_kwh is None else [_component(prices, "ENERGY", per_kwh)]
    if per_hour is not None:
        found += [
            _component(prices, kind, per_hour) for kind in ("TIME", "PARKING_TIME")
        ]
    return found


def _component(prices: PriceList, kind: str, price: float) -> dict[str, Any]:
    """Return a price, which OCPI has without VAT. No rate says that no VAT applies, or that it is not separated."""
    found: dict[str, Any] = {"type": kind, "step_size": _STEP}
    percent = prices.vat_percent
    if percent is not None:
        found["vat"] = percent
        if prices.vat_included:
            price /= 1 + percent / 100
    return {**found, "price": round(price, _DECIMALS)}
