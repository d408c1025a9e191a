"""Home Assistant's backups get whole ledgers, while sessions go on."""

import asyncio

from homeassistant.core import HomeAssistant

from .const import DOMAIN
from .data import SunfuseConfigEntry


async def async_pre_backup(hass: HomeAssistant) -> None:
    """Leave each ledger's file as it is from now on; what is written meanwhile goes into the file beside it."""
    await _async_hold(hass, held=True)


async def async_post_backup(hass: HomeAssistant) -> None:
    """Go on as before."""
    await _async_hold(hass, held=False)


async def _async_hold(hass: HomeAssistant, *, held: bool) -> None:
    entries: list[SunfuseConfigEntry] = hass.config_entries.async_loaded_entries(DOMAIN)
    for entry in entries:
        await asyncio.wrap_future(entry.runtime_data.ledger.ledger.hold_file(held=held))
