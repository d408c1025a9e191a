"""Prices from the response actions of Home Assistant's own integrations.

Each row of the table describes how to call the action and what the numbers mean, as read from the
integrations' `services.py` in Home Assistant 2026.10.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
import logging
from typing import Any
from zoneinfo import ZoneInfo

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError

from ..series import layered
from .price_slots import IssueKey, PriceIssue, PriceReading
from .reading import read_prices

_LOGGER = logging.getLogger(__name__)

type ActionData = dict[str, Any]

# Delivery days of Europe's day-ahead market are days of this zone, also in Finland.
_MARKET_ZONE = ZoneInfo("Europe/Oslo")
LONGEST_ANSWER_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceAction:
    """An action that returns prices.

    `data` builds the calls (one a day if an unpublished day fails the whole call) from
    config entry, now and the site's time zone. `part` is the key in the response under
    which the rows are; None if they are under an area or a home. `asks_out` means that
    a call goes to a remote server, which must not be asked every quarter hour.
    """

    domain: str
    action: str
    data: Callable[[str, datetime, ZoneInfo], list[ActionData]]
    part: str | None = None
    by_name: bool = False  # rows are under the name of an area or home
    unit: str | None = None
    currency: str | None = None
    asks_out: bool = True


def _days(now: datetime, tz: ZoneInfo) -> list[str]:
    """Return the local dates of today and tomorrow."""
    today = now.astimezone(tz).date()
    return [today.isoformat(), (today + timedelta(days=1)).isoformat()]


def _nordpool(entry_id: str, now: datetime, _tz: ZoneInfo) -> list[ActionData]:
    """Ask for the market's present day and the next."""
    return [{"config_entry": entry_id, "date": day} for day in _days(now, _MARKET_ZONE)]


def _tibber(_entry_id: str, now: datetime, tz: ZoneInfo) -> list[ActionData]:
    """Ask for two days of all homes."""
    midnight = now.astimezone(tz).replace(hour=0, minute=0, second=0, microsecond=0)
    end = midnight + timedelta(days=2)
    return [{"start": midnight.isoformat(), "end": end.isoformat()}]


def _omie(_entry_id: str, now: datetime, _tz: ZoneInfo) -> list[ActionData]:
    """Ask for the market's present day and the next, of both countries."""
    return [{"date": day} for day in _days(now, _MARKET_ZONE)]


def _green_planet(entry_id: str, _now: datetime, _tz: ZoneInfo) -> list[ActionData]:
    """Ask for as many hours ahead as the action supports."""
    return [{"config_entry_id": entry_id, "hours": 24}]


def _daily(more: ActionData) -> Callable[[str, datetime, ZoneInfo], list[ActionData]]:
    """Ask for each day separately."""

    def data(entry_id: str, now: datetime, tz: ZoneInfo) -> list[ActionData]:
        return [
            {"config_entry": entry_id, "start": day, "end": day, **more}
            for day in _days(now, tz)
        ]

    return data


def _amber(channel: str) -> Callable[[str, datetime, ZoneInfo], list[ActionData]]:
    """Ask for a channel's forecasts, which the integration holds."""

    def data(entry_id: str, _now: datetime, _tz: ZoneInfo) -> list[ActionData]:
        return [{"config_entry_id": entry_id, "channel_type": channel}]

    return data


ACTIONS: dict[str, PriceAction] = {
    # Currency per MWh, without VAT; the currency is the config entry's.
    "nordpool": PriceAction(
        domain="nordpool",
        action="get_prices_for_date",
        data=_nordpool,
        by_name=True,
        unit="/MWh",
    ),
    # Without VAT; by country: `es`, `pt`.
    "omie": PriceAction(
        domain="omie",
        action="get_prices_for_date",
        data=_omie,
        by_name=True,
        unit="EUR/kWh",
        currency="EUR",
    ),
    # With all taxes; what the integration holds.
    "green_planet_energy": PriceAction(
        domain="green_planet_energy",
        action="get_prices",
        data=_green_planet,
        part="prices",
        unit="EUR/kWh",
        currency="EUR",
        asks_out=False,
    ),
    # All-in, per kWh, in the home's currency.
    "tibber": PriceAction(
        domain="tibber",
        action="get_prices",
        data=_tibber,
        part="prices",
        by_name=True,
        asks_out=False,
    ),
    "energyzero": PriceAction(
        domain="energyzero",
        action="get_energy_prices",
        data=_daily({"incl_vat": True, "interval": "quarter"}),
        part="prices",
        unit="EUR/kWh",
        currency="EUR",
    ),
    "energyzero_all_in": PriceAction(
        domain="energyzero",
        action="get_energy_prices",
        data=_daily({"incl_vat": True, "interval": "quarter", "price_type": "all_in"}),
        part="prices",
        unit="EUR/kWh",
        currency="EUR",
    ),
    "easyenergy": PriceAction(
        domain="easyenergy",
        action="get_energy_usage_prices",
        data=_daily({"incl_vat": True, "granularity": "quarter"}),
        part="prices",
        unit="EUR/kWh",
        currency="EUR",
    ),
    "easyenergy_return": PriceAction(
        domain="easyenergy",
        action="get_energy_return_prices",
        data=_daily({"granularity": "quarter"}),
        part="prices",
        unit="EUR/kWh",
        currency="EUR",
    ),
    # Dollars per kWh, all-in; revenue from feed-in is positive.
    "amberelectric": PriceAction(
        domain="amberelectric",
        action="get_forecasts",
        data=_amber("general"),
        part="forecasts",
        unit="AUD/kWh",
        currency="AUD",
        asks_out=False,
    ),
    "amberelectric_feed_in": PriceAction(
        domain="amberelectric",
        action="get_forecasts",
        data=_amber("feed_in"),
        part="forecasts",
        unit="AUD/kWh",
        currency="AUD",
        asks_out=False,
    ),
}


async def async_read_action(
    hass: HomeAssistant,
    key: str,
    entry_id: str,
    now: datetime,
    *,
    name: str | None = None,
) -> PriceReading:
    """Ask an integration for its prices.

    `name` is the area (Nord Pool) or home (Tibber) if there are several; otherwise the first is
    taken. A day that is not published yet is no issue; it is one if no call returns
    anything.
    """
    action = ACTIONS[key]
    tz = ZoneInfo(hass.config.time_zone)
    # Another integration's action may raise whatever its library raises; one failed call must not affect the other day
    # or the site.
    answers = await asyncio.gather(
        *(_async_ask(hass, action, data) for data in action.data(entry_id, now, tz)),
        return_exceptions=True,
    )
    currency = _currency(hass, action, entry_id)
    unit = f"{currency}{action.unit}" if action.unit == "/MWh" else action.unit
    layers, issues = [], []
    for answer in answers:
        if isinstance(answer, BaseException):
            issues.append(_failure(action, answer))
            continue
        rows = _rows(answer or {}, action, name)
        if not rows:
            continue
        reading = read_prices(
            {"prices": rows}, state=None, unit=unit, currency=currency, now=now, tz=tz
        )
        layers.append(reading.series)
        # Each call is a separate day: an empty one is not significant.
        issues += [i for i in reading.issues if i.key is not IssueKey.OUTDATED]
    series = layered(*layers)
    if any(slot.end > now for slot in series):
        # A day that failed beside one that did not is a day that is not published yet.
        issues = [i for i in issues if i.key is not IssueKey.SOURCE_FAILED]
    elif series:
        issues.append(PriceIssue(key=IssueKey.OUTDATED))
    elif not issues:
        issues.append(PriceIssue(key=IssueKey.NOTHING_FOUND, detail=action.domain))
    return PriceReading(
        series=series, currency=currency, issues=tuple(dict.fromkeys(issues))
    )


async def _async_ask(
    hass: HomeAssistant, action: PriceAction, data: ActionData
) -> Mapping[str, Any] | None:
    """Call the action, with a timeout."""
    async with asyncio.timeout(LONGEST_ANSWER_S):
        return await hass.services.async_call(
            action.domain, action.action, data, blocking=True, return_response=True
        )


def _failure(action: PriceAction, error: BaseException) -> PriceIssue:
    """Describe a failed call; raise what is not an ordinary error."""
    if not isinstance(error, Exception):
        raise error
    level = logging.DEBUG if isinstance(error, HomeAssistantError) else logging.WARNING
    _LOGGER.log(level, "Action %s.%s failed: %r", action.domain, action.action, error)
    return PriceIssue(
        key=IssueKey.SOURCE_FAILED, detail=f"{action.domain}.{action.action}: {error}"
    )


def _currency(hass: HomeAssistant, action: PriceAction, entry_id: str) -> str:
    """Return the currency of an action's prices."""
    if action.currency is not None:
        return action.currency
    entry = hass.config_entries.async_get_entry(entry_id)
    configured = entry.data.get("currency") if entry is not None else None
    return configured if isinstance(configured, str) else hass.config.currency


def _rows(answer: Mapping[str, Any], action: PriceAction, name: str | None) -> Any:
    """Return the rows of a response."""
    part = answer.get(action.part, {}) if action.part is not None else answer
    if not action.by_name or not isinstance(part, Mapping):
        return part
    if name is not None:
        return part.get(name)
    return next(iter(part.values()), None)
