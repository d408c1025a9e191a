"""Buttons: restart a charger, unlock a connector's cable, test its fail-safe current."""

from typing import override

from homeassistant.components.button import (
    ButtonDeviceClass,
    ButtonEntity,
    ButtonEntityDescription,
)
from homeassistant.config_entries import ConfigSubentry
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .data import SunfuseConfigEntry
from .entity import (
    ChargerEntity,
    ConnectorEntity,
    StationEntity,
    add_connector_entities,
    command_errors,
)
from .site.outcome import ConnectorData, ConnectorKey

PARALLEL_UPDATES = 1

RESTART = ButtonEntityDescription(
    key="restart",
    device_class=ButtonDeviceClass.RESTART,
    entity_category=EntityCategory.CONFIG,
)
UNLOCK = ButtonEntityDescription(
    key="unlock", translation_key="unlock", entity_category=EntityCategory.CONFIG
)

TEST_FAIL_SAFE = ButtonEntityDescription(
    key="test_fail_safe",
    translation_key="test_fail_safe",
    entity_category=EntityCategory.DIAGNOSTIC,
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: SunfuseConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the buttons of a site."""

    def create(subentry: ConfigSubentry, key: ConnectorKey) -> list[ButtonEntity]:
        buttons: list[ButtonEntity] = [
            UnlockButton(entry, subentry, key, UNLOCK),
            TestFailSafeButton(entry, subentry, key, TEST_FAIL_SAFE),
        ]
        if key.connector == 1:
            buttons.append(RestartButton(entry, key, RESTART))
        return buttons

    add_connector_entities(hass, entry, async_add_entities, create)


class ChargerButton(ChargerEntity, ButtonEntity):
    """A button of a charger, which can be pressed while that is connected."""

    @override
    def _part(self, connector: ConnectorData) -> object:
        return connector.station.connected


class RestartButton(ChargerButton, StationEntity):
    """Restarts the charger softly: it first ends its transactions."""

    @command_errors
    @override
    async def async_press(self) -> None:
        """Restart the charger."""
        stations = self._entry.runtime_data.central_system.stations
        adapter = await stations[self.key.identity].in_service()
        await adapter.reset(hard=False)


class UnlockButton(ChargerButton, ConnectorEntity):
    """Unlocks the cable from the connector."""

    @command_errors
    @override
    async def async_press(self) -> None:
        """Unlock the connector."""
        stations = self._entry.runtime_data.central_system.stations
        adapter = await stations[self.key.identity].in_service()
        await adapter.unlock(self.key.connector)


class TestFailSafeButton(ChargerButton, ConnectorEntity):
    """Lets the limit of a charging car expire, and checks whether the charger falls back."""

    @command_errors
    @override
    async def async_press(self) -> None:
        """Start the test; the fail-safe sensor shows the result."""
        stations = self._entry.runtime_data.central_system.stations
        stations[self.key.identity].test_fail_safe(self.key.connector)
