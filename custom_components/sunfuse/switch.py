"""Switches: whether a connector may charge at all."""

from typing import Any, override

from homeassistant.components.switch import SwitchEntity, SwitchEntityDescription
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .data import SunfuseConfigEntry
from .entity import ConnectorSettingEntity, add_connector_entities

PARALLEL_UPDATES = 0

CHARGING_ALLOWED = SwitchEntityDescription(
    key="charging_allowed", translation_key="charging_allowed"
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: SunfuseConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the switches of a site."""
    add_connector_entities(
        hass,
        entry,
        async_add_entities,
        lambda subentry, key: [
            ChargingAllowed(hass, entry, subentry, key, CHARGING_ALLOWED)
        ],
    )


class ChargingAllowed(ConnectorSettingEntity, SwitchEntity):
    """A lock for automations: off means that nothing is offered, whatever the mode."""

    @property
    @override
    def is_on(self) -> bool | None:
        """Return whether the connector may charge."""
        return self.connector.settings.allowed if self.connector else None

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        """Allow charging."""
        self._allow(True)

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        """Forbid charging."""
        self._allow(False)

    def _allow(self, allowed: bool) -> None:
        runtime = self._entry.runtime_data
        runtime.settings.set_connector(self.key.id, allowed=allowed)
        runtime.controller.tick()
