"""From what a user varies to what a replay needs: prices, peaks, a battery."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, tzinfo
from typing import Any

from homeassistant.core import HomeAssistant

from ...const import WH_PER_KWH
from ...sources.history import async_statistics
from ...sources.series import Series, by_quarter
from ...sources.tariffs.capacity_rules import capacity_from_dict
from ...sources.tariffs.table import Table, table_from_dict
from ...what_if import ChargingPolicy, PastWeek, Variation, WeekPeaks, WeekPrices
from ..planning.peak_rules import CapacityRule
from .what_if_setup import guarded, storage_of, week_peaks

# What a user varies; each of them is a field of the action and an option of scripts/what_if.
POLICY = "policy"
IMPORT_PRICE, EXPORT_PRICE, PRICE_TABLE = "import_price", "export_price", "price_table"
PRICE_ENTITY, PRICE_SURCHARGE = "price_entity", "price_surcharge"
CAPACITY_TARIFF, CAPACITY_PRICE = "capacity_tariff", "capacity_price"
FUSE, CHARGERS, SOLAR_PERCENT = "fuse", "chargers", "solar_percent"
BATTERY_KWH, BATTERY_KW = "battery_capacity", "battery_power"
BATTERY_CONTROLLED = "battery_controlled"
NO_TARIFF = "none"
VARIED = (
    POLICY,
    IMPORT_PRICE,
    EXPORT_PRICE,
    PRICE_TABLE,
    PRICE_ENTITY,
    CAPACITY_TARIFF,
    FUSE,
    CHARGERS,
    SOLAR_PERCENT,
    BATTERY_KWH,
)
# Any of these says what energy costs.
PRICED = (IMPORT_PRICE, PRICE_TABLE, PRICE_ENTITY)


def variation_of(
    asked: Mapping[str, Any], tz: tzinfo, recorded: Series = ()
) -> Variation:
    """Return what is varied; `recorded` are the prices of an entity.

    Raises:
        TableError: the table of prices, or what a capacity tariff costs, cannot be used.

    """
    return Variation(
        policy=ChargingPolicy(asked[POLICY]) if POLICY in asked else None,
        fuse_a=asked.get(FUSE),
        storage=storage_of(
            asked[BATTERY_KWH] * WH_PER_KWH,
            asked[BATTERY_KW] * 1000 if BATTERY_KW in asked else None,
            controlled=asked.get(BATTERY_CONTROLLED, False),
        )
        if BATTERY_KWH in asked
        else None,
        solar_factor=asked.get(SOLAR_PERCENT, 100.0) / 100,
        chargers=asked.get(CHARGERS),
        prices=_prices(asked, tz, recorded),
        peaks=_peaks(asked, tz),
    )


async def async_recorded_prices(
    hass: HomeAssistant, entity: str, start: datetime, end: datetime
) -> Series:
    """Return what a price entity was by the recorder's hours; empty if that is not known."""
    found = await async_statistics(hass, [entity], start, end)
    return by_quarter(found[entity].mean) if entity in found else ()


def _prices(
    asked: Mapping[str, Any], tz: tzinfo, recorded: Series
) -> Callable[[PastWeek], WeekPrices] | None:
    if not any(name in asked for name in (*PRICED, EXPORT_PRICE)):
        return None
    table = table_from_dict(asked[PRICE_TABLE]) if PRICE_TABLE in asked else None
    by_start = {slot.start: slot.value for slot in recorded}
    surcharge: float = asked.get(PRICE_SURCHARGE, 0.0)

    def bought(start: datetime, before: float) -> float:
        if IMPORT_PRICE in asked:
            return float(asked[IMPORT_PRICE])
        if table is not None:
            return _at(table, start, tz)
        if PRICE_ENTITY in asked:
            return _near(by_start, start) + surcharge
        return before

    def prices(week: PastWeek) -> WeekPrices:
        return {
            start: (bought(start, before), asked.get(EXPORT_PRICE, sold))
            for start, before, sold in zip(
                week.starts, week.import_price, week.export_price, strict=True
            )
        }

    return prices


def _at(table: Table, start: datetime, tz: tzinfo) -> float:
    return table.at(start.astimezone(tz))


def _near(prices: Mapping[datetime, float], start: datetime) -> float:
    """Return a price; in a gap that of the same time on the nearest day before, else after."""
    for days in (*range(15), *range(-1, -15, -1)):
        price = prices.get(start - timedelta(days=days))
        if price is not None:
            return price
    return sum(prices.values()) / len(prices)


def _peaks(
    asked: Mapping[str, Any], tz: tzinfo
) -> Callable[[PastWeek], WeekPeaks] | None:
    if CAPACITY_TARIFF not in asked:
        return None
    rules: tuple[CapacityRule, ...] = ()
    if asked[CAPACITY_TARIFF] != NO_TARIFF:
        rule = {
            "key": asked[CAPACITY_TARIFF],
            "price_per_kw": asked.get(CAPACITY_PRICE, 0.0),
        }
        rules = (guarded(capacity_from_dict(rule)),)
    return lambda week: week_peaks(rules, week, tz)
