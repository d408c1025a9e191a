"""The fix for a Modbus device that does not answer: try again, enter its new address, or remove it."""

from typing import Any

from homeassistant.components.repairs import RepairsFlow, RepairsFlowResult
from homeassistant.config_entries import ConfigEntry, ConfigSubentry
from homeassistant.const import CONF_NAME

from ..flows.modbus.modbus_forms import RECONFIGURE_NETWORK, RECONFIGURE_SERIAL
from ..flows.modbus.modbus_move import (
    NotMovedError,
    address_form,
    async_moved,
    is_serial,
)

# An issue with this is about a Modbus device.
MODBUS = "modbus"


class LostDeviceFlow(RepairsFlow):
    """Asks for the new address of the device, or removes it."""

    def __init__(self, entry: ConfigEntry, subentry: ConfigSubentry) -> None:
        """Remember which device it is about."""
        super().__init__()
        self._entry = entry
        self._device = subentry

    async def async_step_init(
        self, user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Offer what helps."""
        at = "serial" if is_serial(self._device) else "network"
        return self.async_show_menu(
            step_id="init",
            menu_options=[at, "remove"],
            description_placeholders=self._about(),
        )

    async def async_step_network(
        self, user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Ask where it is in the network."""
        return await self._moved("network", user_input)

    async def async_step_serial(
        self, user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Ask where it is at a serial line."""
        return await self._moved("serial", user_input)

    async def _moved(
        self, step_id: str, user_input: dict[str, Any] | None
    ) -> RepairsFlowResult:
        errors: dict[str, str] = {}
        if user_input is not None:
            try:
                data = await async_moved(
                    self.hass, self._entry, self._device, user_input
                )
            except NotMovedError as err:
                errors["base"] = err.key
            else:
                self.hass.config_entries.async_update_subentry(
                    self._entry, self._device, data=data
                )
                return self.async_create_entry(data={})
        schema = RECONFIGURE_SERIAL if step_id == "serial" else RECONFIGURE_NETWORK
        return self.async_show_form(
            step_id=step_id,
            data_schema=self.add_suggested_values_to_schema(
                schema, user_input or address_form(self._device)
            ),
            errors=errors,
            description_placeholders=self._about(),
        )

    async def async_step_remove(
        self, user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Ask, and remove it."""
        if user_input is None:
            return self.async_show_form(
                step_id="remove", description_placeholders=self._about()
            )
        self.hass.config_entries.async_remove_subentry(
            self._entry, self._device.subentry_id
        )
        return self.async_create_entry(data={})

    def _about(self) -> dict[str, str]:
        name = self._device.data.get(CONF_NAME) or self._device.title
        return {"device": name, "site": self._entry.title}
