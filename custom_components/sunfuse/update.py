"""The firmware of a charger: the installed version, and the progress of an update.

OCPP reports what is installed and not what is available: only a charger's vendor knows that. Firmware is installed with the
action `sunfuse.update_firmware`, from an address that the user gives.
"""

from typing import override

from homeassistant.components.update import (
    UpdateDeviceClass,
    UpdateEntity,
    UpdateEntityDescription,
    UpdateEntityFeature,
)
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .data import SunfuseConfigEntry
from .entity import StationEntity, add_connector_entities
from .sensors.charger import AT_WORK, firmware_status
from .site.outcome import ConnectorData

PARALLEL_UPDATES = 0

FIRMWARE = UpdateEntityDescription(
    key="firmware",
    device_class=UpdateDeviceClass.FIRMWARE,
    entity_category=EntityCategory.DIAGNOSTIC,
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: SunfuseConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the firmware of a site's chargers."""
    add_connector_entities(
        hass,
        entry,
        async_add_entities,
        lambda _subentry, key: (
            [FirmwareUpdate(entry, key, FIRMWARE)] if key.connector == 1 else []
        ),
    )


class FirmwareUpdate(StationEntity, UpdateEntity):
    """The firmware of a charger."""

    _attr_supported_features = UpdateEntityFeature.PROGRESS

    @override
    def _part(self, connector: ConnectorData) -> object:
        return connector.station.info.firmware, firmware_status(connector)

    @property
    @override
    def installed_version(self) -> str | None:
        """Return the version that the charger reported when it booted."""
        return self.connector.station.info.firmware if self.connector else None

    @property
    @override
    def in_progress(self) -> bool:
        """Return whether the charger downloads or installs firmware."""
        return self.connector is not None and firmware_status(self.connector) in AT_WORK
