"""The fix of meters that contradict each other: the user says which one has the wrong sign."""

from typing import Any

import voluptuous as vol

from homeassistant.components.repairs import RepairsFlow, RepairsFlowResult
from homeassistant.config_entries import ConfigEntry
from homeassistant.helpers.selector import (
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
)

from ..const import CONF_SOURCES
from ..flows.meters.meter_sign import async_meter_now
from ..sources.config import SourcesConfig
from .fix_actions import FIXES, TURN_GRID, TURN_PHASES

# An issue with this is fixed by saying which sign is wrong.
SIGNS = "signs"
WRONG = "wrong"
SIGN_SCHEMA = vol.Schema(
    {
        vol.Required(WRONG): SelectSelector(
            SelectSelectorConfig(
                options=["total", "phases"],
                translation_key="wrong_sign",
                mode=SelectSelectorMode.LIST,
            )
        )
    }
)


class TurnSignFlow(RepairsFlow):
    """The user says which of two meters that contradict each other has the wrong sign."""

    def __init__(self, entry: ConfigEntry) -> None:
        """Remember the site."""
        super().__init__()
        self._entry = entry

    async def async_step_init(
        self, user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Start. The input of the first step is not the user's: it is the id of the issue."""
        return await self.async_step_sign()

    async def async_step_sign(
        self, user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Ask which one is wrong, and turn it."""
        if user_input is not None:
            fix = TURN_GRID if user_input[WRONG] == "total" else TURN_PHASES
            await FIXES[fix](self.hass, self._entry, {})
            return self.async_create_entry(data={})
        meter = SourcesConfig.from_dict(self._entry.data[CONF_SOURCES]).meter
        return self.async_show_form(
            step_id="sign",
            data_schema=SIGN_SCHEMA,
            description_placeholders={
                "site": self._entry.title,
                "entities": ", ".join(meter.entities),
                "reading": await async_meter_now(self.hass, meter),
            },
        )
