"""The price lists of a site, as their sub-entries describe them, and who is billed by which."""

from collections.abc import Iterable, Mapping
from datetime import time
from typing import Any

from homeassistant.config_entries import ConfigEntry, ConfigSubentry

from ...const import (
    BASIS_COST,
    CONF_BASIS,
    CONF_GUESTS_AT,
    CONF_PER_HOUR,
    CONF_PER_KWH,
    CONF_PER_SESSION,
    CONF_SHARE_PERCENT,
    CONF_TIMES,
    CONF_VAT_INCLUDED,
    CONF_VAT_PERCENT,
    SUBENTRY_PRICE_LIST,
)
from ...sessions import Billed, PriceList, PriceLists, PriceTime
from ...sources.tariffs.table import WEEKDAYS
from ..subentries import usable
from .persons import Person


def price_list_of(subentry: ConfigSubentry, currency: str, time_zone: str) -> PriceList:
    """Return the price list that a sub-entry describes."""
    data: Mapping[str, Any] = subentry.data
    by_cost = data[CONF_BASIS] == BASIS_COST
    return PriceList(
        name=subentry.title,
        currency=currency,
        time_zone=time_zone,
        share_percent=data.get(CONF_SHARE_PERCENT, 0.0) if by_cost else None,
        per_kwh=data.get(CONF_PER_KWH),
        per_hour=data.get(CONF_PER_HOUR) or 0.0,
        per_session=data.get(CONF_PER_SESSION) or 0.0,
        times=tuple(price_time_of(row) for row in data.get(CONF_TIMES, ())),
        vat_percent=data.get(CONF_VAT_PERCENT),
        vat_included=data.get(CONF_VAT_INCLUDED, True),
    )


def price_time_of(row: Mapping[str, Any]) -> PriceTime:
    """Return a row of times.

    Raises:
        ValueError: a time or a weekday cannot be read.

    """
    return PriceTime(
        start=_minute(row.get("start")),
        end=_minute(row.get("end")),
        weekdays=tuple(sorted(WEEKDAYS.index(day) for day in row.get("weekdays", ()))),
        per_kwh=row.get(CONF_PER_KWH),
        per_hour=row.get(CONF_PER_HOUR),
    )


def _minute(text: str | None) -> int:
    """Return the minute of the day of a time as forms have it."""
    at = time.fromisoformat(text or "00:00")
    return at.hour * 60 + at.minute


def price_lists_of(
    entry: ConfigEntry, persons: Iterable[Person], currency: str, time_zone: str
) -> PriceLists:
    """Return who is billed by which price list: persons, and guests at chargers."""
    lists = {
        one.subentry_id: (one, price_list_of(one, currency, time_zone))
        for one in usable(entry, SUBENTRY_PRICE_LIST)
    }
    billed = {
        (Billed.PERSON, person.id): lists[person.price_list][1]
        for person in persons
        if person.price_list in lists
    }
    for subentry, prices in lists.values():
        for identity in subentry.data.get(CONF_GUESTS_AT, ()):
            billed.setdefault((Billed.STATION, identity), prices)
    return billed
