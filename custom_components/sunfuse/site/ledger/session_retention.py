"""How long sessions are kept."""

import asyncio
from datetime import datetime

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.helpers.event import async_track_time_change
from homeassistant.util import dt as dt_util

from ...const import CONF_DELETE_SESSIONS, CONF_FORGET_PERSONS, DOMAIN
from ...sessions import LedgerClosedError
from .ledger import SiteLedger

# Options: after how many months it is forgotten whose a session was, and the session is deleted. None: never.
# When nobody charges, and no clock is changed.
_AT = {"hour": 4, "minute": 20, "second": 0}


def months_before(now: datetime, months: float) -> datetime:
    """Return the beginning of the local month that is so many months before the present one."""
    local = dt_util.as_local(now).date().replace(day=1)
    count = local.year * 12 + local.month - 1 - int(months)
    first = local.replace(year=count // 12, month=count % 12 + 1)
    return dt_util.start_of_local_day(first)


def follow_retention(
    hass: HomeAssistant, entry: ConfigEntry, ledger: SiteLedger
) -> None:
    """Delete what is too old by the options of a site, now and each night."""

    async def age(now: datetime) -> None:
        forget = entry.options.get(CONF_FORGET_PERSONS)
        delete = entry.options.get(CONF_DELETE_SESSIONS)
        try:
            if forget is not None:
                before = months_before(now, forget)
                await asyncio.wrap_future(ledger.ledger.forget_persons_before(before))
            if delete is not None:
                before = months_before(now, delete)
                await asyncio.wrap_future(ledger.ledger.delete_before(before))
        except LedgerClosedError:
            return  # the site was unloaded meanwhile

    async def changed(_hass: HomeAssistant, _entry: ConfigEntry) -> None:
        await age(dt_util.utcnow())

    entry.async_on_unload(entry.add_update_listener(changed))
    entry.async_on_unload(async_track_time_change(hass, age, **_AT))
    entry.async_create_background_task(
        hass, age(dt_util.utcnow()), f"{DOMAIN} retention"
    )
