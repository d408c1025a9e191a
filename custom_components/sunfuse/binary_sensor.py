"""Binary sensors: whether a charger is connected to Sunfuse."""

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

from .data import ConnectorKey, SunfuseConfigEntry
from .entity import StationEntity, add_connector_entities

PARALLEL_UPDATES = 0

CONNECTED = BinarySensorEntityDescription(
    key="connected",
    translation_key="connected",
    device_class=BinarySensorDeviceClass.CONNECTIVITY,
    entity_category=EntityCategory.DIAGNOSTIC,
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: SunfuseConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the binary sensors of a site."""

    def create(subentry: ConfigSubentry, key: ConnectorKey) -> list[Connected]:
        return [Connected(entry, key, CONNECTED)] if key.connector == 1 else []

    add_connector_entities(hass, entry, async_add_entities, create)


class Connected(StationEntity, BinarySensorEntity):
    """Whether the charger's connection to Sunfuse stands."""

    @property
    @override
    def available(self) -> bool:
        """That a charger is gone is just what this sensor shows."""
        return self.connector is not None

    @property
    @override
    def is_on(self) -> bool | None:
        """Return whether the charger is connected."""
        return self.connector.station.connected if self.connector else None
