"""Half a year in the ledger of the simulated site, so that sessions, statistics, savings and habits have something to show."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from hashlib import sha256
from itertools import batched
from threading import Event
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

# Home Assistant has loaded the integration before it imports this module: see `site.py`.
from custom_components.sunfuse.const import (
    BASIS_FIXED,
    CARD_RFID,
    CONF_BASIS,
    CONF_BLOCKED,
    CONF_CARD_KIND,
    CONF_CARD_NUMBER,
    CONF_GUESTS_AT,
    CONF_PER_KWH,
    CONF_PERSON,
    CONF_PRICE_LIST,
    CONF_USUAL_CONNECTOR,
    SUBENTRY_CARD,
    SUBENTRY_PERSON,
    SUBENTRY_PRICE_LIST,
    SUBENTRY_TARIFF,
    SUBENTRY_VEHICLE,
)
from custom_components.sunfuse.sessions import (
    LedgerClosedError,
    SessionFilter,
    SiteQuarter,
)
from custom_components.sunfuse.site.ledger.past_sessions import async_past_sessions
from custom_components.sunfuse.sources.tariffs.price_reader import config_from_dict
from homeassistant.config_entries import ConfigEntry, ConfigSubentry
from homeassistant.const import EVENT_HOMEASSISTANT_STOP
from homeassistant.core import HomeAssistant, callback
from homeassistant.util import dt as dt_util

from .half_year import HalfYear, Ids, PriceAt, half_year
from .half_year_drivers import DRIVERS, STREET

# So few that a charger that reports something meanwhile gets its answer soon.
_TOGETHER, _COMPARED = 500, 20
# Half a year has about five hundred sessions; with fewer than this, a run was stopped before it had all of them.
_MANY = 450


async def ensure_people(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Add the family and the people of the business, with their cards and what the business is paid for a kilowatt-hour."""
    if entry.get_subentries_of_type(SUBENTRY_PERSON):
        return

    def add(kind: str, title: str, data: dict[str, object], unique: str = "") -> str:
        subentry = ConfigSubentry(
            data=MappingProxyType(data),
            subentry_type=kind,
            title=title,
            unique_id=sha256(unique.encode()).hexdigest()[:32] if unique else None,
        )
        hass.config_entries.async_add_subentry(entry, subentry)
        return subentry.subentry_id

    staff = add(
        SUBENTRY_PRICE_LIST,
        "Staff",
        {
            CONF_BASIS: BASIS_FIXED,
            CONF_PER_KWH: 0.32,
            CONF_GUESTS_AT: [STREET],
        },
    )
    for driver in DRIVERS:
        if driver.card is None:
            continue
        own = {CONF_PRICE_LIST: staff} if driver.by_hand else {}
        person = add(SUBENTRY_PERSON, driver.name, dict(own))
        card = {
            CONF_CARD_NUMBER: driver.card,
            CONF_CARD_KIND: CARD_RFID,
            CONF_BLOCKED: False,
            CONF_PERSON: person,
        }
        add(SUBENTRY_CARD, driver.name, card, driver.card)
    # A changed entry sets itself up anew.
    await hass.async_block_till_done()


async def ensure(hass: HomeAssistant, entry: ConfigEntry) -> Sequence[SiteQuarter]:
    """Let the ledger take in half a year, unless it has it; returns the site's quarter hours."""
    site = entry.runtime_data
    now = dt_util.utcnow()
    [known] = await site.ledger.async_sums(SessionFilter())
    if known.sessions >= _MANY:
        return ()
    stop = Event()
    forget = hass.bus.async_listen_once(
        EVENT_HOMEASSISTANT_STOP, callback(lambda _event: stop.set())
    )
    past = await hass.async_add_executor_job(
        partial(
            half_year,
            now,
            ZoneInfo(hass.config.time_zone),
            _prices(hass, entry),
            _ids(entry),
            stopping=stop.is_set,
        )
    )
    if past is None:
        return ()
    forget()
    try:
        await _take_in(site, past)
    except LedgerClosedError:  # stopped already: the next run goes on with it
        return ()
    site.car_sessions.history.learn(await async_past_sessions(site.ledger))
    site.ledger.tell()
    await site.statistics.async_write(now, past.quarters[0].start)
    return past.quarters


async def _take_in(site: Any, past: HalfYear) -> None:
    ledger = site.ledger.ledger
    # What is agreed today has been agreed all the time.
    await asyncio.wrap_future(
        ledger.bill_again(
            site.ledger.configuration.price_lists(), past.quarters[0].start
        )
    )
    for few in batched(past.facts, _TOGETHER, strict=False):
        await asyncio.wrap_future(ledger.note(*few))
    while await asyncio.wrap_future(ledger.compare(_COMPARED)):
        pass


def _ids(entry: ConfigEntry) -> Ids:
    """Return the ids under which the forms stored who and what there is."""

    def titles(kind: str) -> Mapping[str, str]:
        return {
            one.title: one.subentry_id for one in entry.get_subentries_of_type(kind)
        }

    return Ids(
        persons=titles(SUBENTRY_PERSON),
        vehicles={
            one.data[CONF_USUAL_CONNECTOR].partition("/")[0]: one.subentry_id
            for one in entry.get_subentries_of_type(SUBENTRY_VEHICLE)
            if one.data.get(CONF_USUAL_CONNECTOR)
        },
    )


def _prices(hass: HomeAssistant, entry: ConfigEntry) -> PriceAt:
    """Return what a kWh cost and earned at a time, by the site's tariff."""
    [tariff] = entry.get_subentries_of_type(SUBENTRY_TARIFF)
    config = config_from_dict(tariff.data)
    parts = config.components
    tz = ZoneInfo(hass.config.time_zone)

    def price_at(at: datetime) -> tuple[float, float]:
        local = at.astimezone(tz)
        source = config.source.table.at(local)
        bought = parts.import_price(source, parts.grid_fee.at(local))
        sold = parts.export_price(source, bought, parts.export_table.at(local), None)
        return bought, sold

    return price_at
