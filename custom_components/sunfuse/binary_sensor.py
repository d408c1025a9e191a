"""Binary sensors: whether a charger is connected to Sunfuse, and whether the home battery is held."""

from typing import override

from homeassistant.components.binary_sensor import (
    BinarySensorDeviceClass,
    BinarySensorEntity,
    BinarySensorEntityDescription,
)
from homeassistant.config_entries import ConfigSubentry
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .const import CONF_SOURCES
from .data import SunfuseConfigEntry
from .entity import SiteEntity, StationEntity, add_connector_entities
from .site.outcome import ConnectorData, ConnectorKey

PARALLEL_UPDATES = 0

CONNECTED = BinarySensorEntityDescription(
    key="connected",
    translation_key="connected",
    device_class=BinarySensorDeviceClass.CONNECTIVITY,
    entity_category=EntityCategory.DIAGNOSTIC,
)
BATTERY_HELD = BinarySensorEntityDescription(
    key="battery_held", translation_key="battery_held"
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: SunfuseConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the binary sensors of a site."""

    def create(subentry: ConfigSubentry, key: ConnectorKey) -> list[Connected]:
        return [Connected(entry, key, CONNECTED)] if key.connector == 1 else []

    if entry.runtime_data.simulated_house or entry.data[CONF_SOURCES].get("battery"):
        async_add_entities([BatteryHeld(entry, BATTERY_HELD)])
    add_connector_entities(hass, entry, async_add_entities, create)


class Connected(StationEntity, BinarySensorEntity):
    """Whether the charger is connected to Sunfuse."""

    @override
    def _part(self, connector: ConnectorData) -> object:
        return connector.station.connected

    @property
    @override
    def available(self) -> bool:
        """Always available: this sensor shows that a charger is disconnected."""
        return self.coordinator.last_update_success and self.connector is not None

    @property
    @override
    def is_on(self) -> bool | None:
        """Return whether the charger is connected."""
        return self.connector.station.connected if self.connector else None


class BatteryHeld(SiteEntity, BinarySensorEntity):
    """Whether the home battery is prevented from discharging into cars now."""

    @property
    @override
    def is_on(self) -> bool:
        """Return the decision of the last tick."""
        return self.coordinator.data.decision.hold_battery
