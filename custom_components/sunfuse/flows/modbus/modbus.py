"""The steps with which a Modbus device becomes part of a site: reached, found or chosen, and shown before it is saved."""

import asyncio
from collections.abc import Mapping
from functools import partial
from typing import Any

from homeassistant.config_entries import SubentryFlowResult
from homeassistant.const import CONF_NAME
from homeassistant.helpers.translation import async_get_translations

from ...const import CONF_PORT, DOMAIN
from ...sources.modbus.connections import LinkConflictError, borrowed
from ...sources.modbus.device import Information
from ...sources.modbus.device_address import LinkKind, ModbusLink
from ...sources.modbus.library import Library, async_load_library
from ...sources.modbus.registers import RequestError
from ...sources.modbus.scan import FoundDevice, look, parse_units, scan
from ...sources.modbus.site_devices import DeviceConfig, find_device
from ...translated_reasons import DECIMAL_SIGN
from ..reader import async_readers_language, async_readers_sentences
from ..still_there import SiteSubentryFlow
from .modbus_forms import (
    CONF_BAUDRATE,
    CONF_CONNECTION,
    CONF_DEVICE,
    CONF_FOUND,
    CONF_PARITY,
    CONF_STOP_BITS,
    CONF_UNIT,
    CONF_UNITS,
    CONFIRM,
    NETWORK,
    RECONFIGURE_NETWORK,
    RECONFIGURE_SERIAL,
    SEARCH,
    SERIAL,
    USUAL_PORT,
    USUAL_UNITS,
    choose_schema,
    found_schema,
    network_link,
    serial_link,
    shown,
)
from .modbus_move import (
    TAKEN,
    NotMovedError,
    address_form,
    async_moved,
    is_serial,
    place_is_taken,
    unanswered,
)


class ModbusSubentryFlow(SiteSubentryFlow):
    """Add a Modbus device, or change its connection."""

    _link: ModbusLink
    _library: Library
    _units: tuple[int, ...]
    _chosen: FoundDevice

    def __init__(self) -> None:
        """Start with nothing found."""
        self._found: list[FoundDevice] = []
        self._scan: asyncio.Task[list[FoundDevice]] | None = None

    async def async_step_user(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Choose between the network and a serial line."""
        return self.async_show_menu(step_id="user", menu_options=["network", "serial"])

    async def async_step_network(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Ask for host and port."""
        errors: dict[str, str] = {}
        if user_input is not None:
            self._link = network_link(user_input)
            if not (errors := await self._connect()):
                return await self.async_step_method()
        values = user_input or {
            CONF_CONNECTION: LinkKind.TCP.value,
            CONF_PORT: USUAL_PORT,
        }
        return self.async_show_form(
            step_id="network",
            data_schema=self.add_suggested_values_to_schema(NETWORK, values),
            errors=errors,
        )

    async def async_step_serial(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Ask for the serial port and its settings."""
        errors: dict[str, str] = {}
        if user_input is not None:
            self._link = serial_link(user_input)
            if not (errors := await self._connect()):
                return await self.async_step_method()
        values = user_input or {
            CONF_BAUDRATE: "9600",
            CONF_PARITY: "none",
            CONF_STOP_BITS: "1",
        }
        return self.async_show_form(
            step_id="serial",
            data_schema=self.add_suggested_values_to_schema(SERIAL, values),
            errors=errors,
        )

    async def _connect(self) -> dict[str, str]:
        """Return what is wrong with the connection."""
        errors: dict[str, str] = {}
        try:
            async with borrowed(self.hass, self._link) as connection:
                await connection.open()
        except LinkConflictError:
            errors["base"] = "in_use"
        except RequestError:
            errors["base"] = "cannot_connect"
        return errors

    async def async_step_method(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Choose between searching for devices and naming one."""
        self._library = await async_load_library(self.hass)
        return self.async_show_menu(step_id="method", menu_options=["search", "choose"])

    async def async_step_search(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Ask for the unit ids to search."""
        errors: dict[str, str] = {}
        if user_input is not None:
            if (units := parse_units(user_input[CONF_UNITS])) is None:
                errors[CONF_UNITS] = "units"
            else:
                self._units = units
                return await self.async_step_scan()
        return self._show_search(errors, user_input or {CONF_UNITS: USUAL_UNITS})

    def _show_search(
        self, errors: dict[str, str], values: Mapping[str, Any]
    ) -> SubentryFlowResult:
        return self.async_show_form(
            step_id="search",
            data_schema=self.add_suggested_values_to_schema(SEARCH, values),
            errors=errors,
            description_placeholders={"connection": self._link.name},
        )

    async def async_step_scan(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Search for devices, and show the progress."""
        if self._scan is None:
            self._scan = self.hass.async_create_task(self._look_around())
        if not self._scan.done():
            return self.async_show_progress(
                step_id="scan", progress_action="scan", progress_task=self._scan
            )
        return self.async_show_progress_done(next_step_id="found")

    async def _look_around(self) -> list[FoundDevice]:
        async with borrowed(self.hass, self._link) as connection:
            return await scan(
                connection,
                self._units,
                self._library.devices.values(),
                self.async_update_progress,
            )

    async def async_step_found(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Choose among the devices that were found."""
        if self._scan is not None:
            scanned, self._scan = self._scan, None
            errors: dict[str, str] = {}
            try:
                self._found = scanned.result()
            except LinkConflictError:
                errors["base"] = "in_use"
            except RequestError:
                errors["base"] = "cannot_connect"
            else:
                if not self._found:
                    errors["base"] = "nothing_found"
            if errors:
                units = ", ".join(str(unit) for unit in self._units)
                return self._show_search(errors, {CONF_UNITS: units})
            if len(self._found) == 1:
                user_input = {CONF_FOUND: "0"}
        if user_input is not None:
            self._chosen = self._found[int(user_input[CONF_FOUND])]
            return await self.async_step_confirm()
        return self.async_show_form(
            step_id="found", data_schema=found_schema(self._found)
        )

    async def async_step_choose(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Ask which device it is, and at which unit id."""
        errors: dict[str, str] = {}
        if user_input is not None:
            unit = user_input[CONF_UNIT]
            try:
                async with borrowed(self.hass, self._link) as connection:
                    device = await find_device(
                        self._library,
                        user_input[CONF_DEVICE],
                        partial(connection.read, unit),
                    )
                    self._chosen = await look(connection, unit, device)
            except LinkConflictError:
                errors["base"] = "in_use"
            except RequestError as err:
                errors = unanswered(err)
            else:
                if self._chosen.values:
                    return await self.async_step_confirm()
                errors["base"] = "wrong_device"
        elif self._library.errors:
            errors["base"] = "device_files"
        return self.async_show_form(
            step_id="choose",
            data_schema=self.add_suggested_values_to_schema(
                choose_schema(self._library), user_input or {CONF_UNIT: 1}
            ),
            errors=errors,
            description_placeholders={
                "connection": self._link.name,
                "problems": "\n".join(f"- {err}" for err in self._library.errors),
            },
        )

    async def async_step_confirm(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Show what the device reports now, and make it part of the site."""
        found = self._chosen
        config = DeviceConfig(
            link=self._link,
            unit=found.unit,
            device=found.device.id,
            quantities=found.quantities,
            information={
                Information.MANUFACTURER: found.device.manufacturer,
                Information.MODEL: found.device.name,
            }
            | found.information,
        )
        if place_is_taken(self._get_entry(), config, None):
            return self.async_abort(reason="already_configured")
        if user_input is not None:
            return self.async_create_entry(
                title=user_input[CONF_NAME], data=config.to_dict()
            )
        return self.async_show_form(
            step_id="confirm",
            data_schema=self.add_suggested_values_to_schema(
                CONFIRM, {CONF_NAME: found.name}
            ),
            description_placeholders={
                "device": found.name,
                "unit": str(found.unit),
                "values": await self._values(found),
            },
            last_step=True,
        )

    async def _values(self, found: FoundDevice) -> str:
        """Return the readings as a list in the user's language."""
        sign = (await async_readers_sentences(self.hass))[DECIMAL_SIGN]
        names = await async_get_translations(
            self.hass, await async_readers_language(self.hass), "entity", {DOMAIN}
        )
        return "\n".join(
            f"- {names[f'component.{DOMAIN}.entity.sensor.modbus_{quantity}.name']}: "
            f"{shown(value, quantity.dimension).replace('.', sign)}"
            for quantity, value in found.values.items()
        )

    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Change the connection of a device."""
        if is_serial(self._get_reconfigure_subentry()):
            return await self.async_step_reconfigure_serial()
        return await self.async_step_reconfigure_network()

    async def async_step_reconfigure_network(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Change host, port and unit id."""
        result, errors = await self._moved(user_input)
        return result or self.async_show_form(
            step_id="reconfigure_network",
            data_schema=self.add_suggested_values_to_schema(
                RECONFIGURE_NETWORK, user_input or self._address()
            ),
            errors=errors,
        )

    async def async_step_reconfigure_serial(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Change serial port, its settings and the unit id."""
        result, errors = await self._moved(user_input)
        return result or self.async_show_form(
            step_id="reconfigure_serial",
            data_schema=self.add_suggested_values_to_schema(
                RECONFIGURE_SERIAL, user_input or self._address()
            ),
            errors=errors,
        )

    def _address(self) -> dict[str, Any]:
        return address_form(self._get_reconfigure_subentry())

    async def _moved(
        self, form: Mapping[str, Any] | None
    ) -> tuple[SubentryFlowResult | None, dict[str, str]]:
        """Return the end of the flow, or what is wrong with the new address."""
        if form is None:
            return None, {}
        entry, subentry = self._get_entry(), self._get_reconfigure_subentry()
        try:
            data = await async_moved(self.hass, entry, subentry, form)
        except NotMovedError as err:
            if err.key == TAKEN:
                return self.async_abort(reason="already_configured"), {}
            return None, {"base": err.key}
        return self.async_update_and_abort(entry, subentry, data=data), {}
