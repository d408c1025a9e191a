"""Puts complete ledgers into Home Assistant's backups while sessions continue."""

import asyncio

from homeassistant.core import HomeAssistant

from .const import DOMAIN
from .data import SunfuseConfigEntry


async def async_pre_backup(hass: HomeAssistant) -> None:
    """Leave each ledger's file unchanged from now on; what is written in the meantime goes into the file beside it."""
    await _async_hold(hass, held=True)


async def async_post_backup(hass: HomeAssistant) -> None:
    """Continue as before."""
    await _async_hold(hass, held=False)


async def _async_hold(hass: HomeAssistant, *, held: bool) -> None:
    entries: list[SunfuseConfigEntry] = hass.config_entries.async_loaded_entries(DOMAIN)
    for entry in entries:
        await asyncio.wrap_future(entry.runtime_data.ledger.ledger.hold_file(held=held))
