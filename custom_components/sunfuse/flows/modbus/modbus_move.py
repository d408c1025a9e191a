"""Another address of a Modbus device: checked before it is stored, whether a form or a repair asks for it."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from homeassistant.config_entries import ConfigEntry, ConfigSubentry
from homeassistant.core import HomeAssistant

from ...const import SUBENTRY_MODBUS
from ...site.subentries import usable
from ...sources.modbus.connections import LinkConflictError, borrowed
from ...sources.modbus.device_address import LinkKind, ModbusLink
from ...sources.modbus.library import async_load_library
from ...sources.modbus.registers import Failure, RequestError
from ...sources.modbus.scan import is_there, look
from ...sources.modbus.site_devices import DeviceConfig, find_device
from ...sources.modbus.sunspec import DISCOVERED
from .modbus_forms import CONF_UNIT, link_form, network_link, serial_link

TAKEN = "already_configured"


class NotMovedError(Exception):
    """A device is not at an address; the argument is the key of the text that says why."""

    def __init__(self, key: str) -> None:
        """Name the text."""
        super().__init__(key)
        self.key = key


def unanswered(err: RequestError) -> dict[str, str]:
    """Return what a form says about a device that does not answer."""
    if err.failure is Failure.REFUSED:
        return {"base": "wrong_device"}
    lost = err.failure is Failure.NOT_CONNECTED
    return {"base": "cannot_connect"} if lost else {"base": "no_answer"}


def place_is_taken(entry: ConfigEntry, config: DeviceConfig, own: str | None) -> bool:
    """Return whether another device of the site has this address."""
    return any(
        DeviceConfig.from_dict(subentry.data).place == config.place
        for subentry in usable(entry, SUBENTRY_MODBUS)
        if subentry.subentry_id != own
    )


def is_serial(subentry: ConfigSubentry) -> bool:
    """Return whether a device is at a serial line."""
    return DeviceConfig.from_dict(subentry.data).link.kind is LinkKind.SERIAL


def address_form(subentry: ConfigSubentry) -> dict[str, Any]:
    """Return where a device is now, as the form shows it."""
    config = DeviceConfig.from_dict(subentry.data)
    return {**link_form(config.link), CONF_UNIT: config.unit}


async def async_moved(
    hass: HomeAssistant,
    entry: ConfigEntry,
    subentry: ConfigSubentry,
    form: Mapping[str, Any],
) -> dict[str, Any]:
    """Return what is stored of a device at another address.

    Raises:
        NotMovedError: it is not there, or another device of the site is.

    """
    link: ModbusLink = serial_link(form) if is_serial(subentry) else network_link(form)
    stored = {**subentry.data, "link": link.to_dict(), CONF_UNIT: form[CONF_UNIT]}
    config = DeviceConfig.from_dict(stored)
    if place_is_taken(entry, config, subentry.subentry_id):
        raise NotMovedError(TAKEN)
    library = await async_load_library(hass)
    if config.device not in {*library.devices, DISCOVERED}:
        raise NotMovedError("no_file")
    try:
        async with borrowed(hass, link) as connection:
            device = await find_device(
                library,
                config.device,
                partial(connection.read, config.unit),
                config.quantities,
            )
            found = await look(connection, config.unit, device)
            there = await is_there(connection, config.unit, device)
    except LinkConflictError as err:
        raise NotMovedError("in_use") from err
    except RequestError as err:
        raise NotMovedError(unanswered(err)["base"]) from err
    if not there:
        raise NotMovedError("wrong_device")
    # A newer firmware, or a newer file, may add readings; existing ones stay.
    quantities = dict.fromkeys((*stored["quantities"], *map(str, found.quantities)))
    return {**stored, "quantities": list(quantities)}
