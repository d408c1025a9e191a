"""Switches: whether a connector may charge at all, whether it is boosted, and whether it is in service."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, override

from homeassistant.components.switch import SwitchEntity, SwitchEntityDescription
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .data import SunfuseConfigEntry
from .engine.model import ConnectorStatus
from .entity import (
    ConnectorEntity,
    ConnectorSettingEntity,
    add_connector_entities,
    command_errors,
)
from .owner_entities.wish_switches import add_wish_switches
from .site.chargers.boosts import cancel_boost, start_boost
from .site.engine_options import CONF_BOOST_DURATION, DEFAULT_BOOST_DURATION_MIN
from .site.outcome import ConnectorData

PARALLEL_UPDATES = 1

IN_SERVICE = SwitchEntityDescription(
    key="in_service",
    translation_key="in_service",
    entity_category=EntityCategory.CONFIG,
    entity_registry_enabled_default=False,
)
CHARGING_ALLOWED = SwitchEntityDescription(
    key="charging_allowed", translation_key="charging_allowed"
)
BOOST = SwitchEntityDescription(key="boost", translation_key="boost")


async def async_setup_entry(
    hass: HomeAssistant,
    entry: SunfuseConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the switches of a site."""
    add_wish_switches(hass, entry, async_add_entities)
    add_connector_entities(
        hass,
        entry,
        async_add_entities,
        lambda subentry, key: [
            ChargingAllowed(entry, subentry, key, CHARGING_ALLOWED),
            BoostSwitch(entry, subentry, key, BOOST),
            InService(entry, subentry, key, IN_SERVICE),
        ],
    )


class ChargingAllowed(ConnectorSettingEntity, SwitchEntity):
    """A lock for automations: off means no offer, whatever the mode."""

    @property
    @override
    def is_on(self) -> bool | None:
        """Return whether the connector may charge."""
        return self.connector.settings.allowed if self.connector else None

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        """Allow charging."""
        self.change(allowed=True)

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        """Forbid charging."""
        self.change(allowed=False)


class BoostSwitch(ConnectorSettingEntity, SwitchEntity):
    """Full power now, for the time in the options; off again when it is over."""

    @property
    @override
    def is_on(self) -> bool | None:
        """Return whether there is a boost, with or without a car."""
        return self.connector.settings.boost is not None if self.connector else None

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any] | None:
        """Return when, or after which energy, the boost ends."""
        if self.connector is None or (boost := self.connector.settings.boost) is None:
            return None
        return {
            "until": boost.until,
            "energy": boost.energy_wh / 1000 if boost.energy_wh else None,
        }

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        """Start a boost."""
        minutes = self._entry.options.get(
            CONF_BOOST_DURATION, DEFAULT_BOOST_DURATION_MIN
        )
        start_boost(
            self._entry, self.key, self._context, duration=timedelta(minutes=minutes)
        )

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        """End the boost."""
        cancel_boost(self._entry, self.key)


class InService(ConnectorEntity, SwitchEntity):
    """Puts a connector out of service, and back; the charger remembers it. While a car charges it may be delayed."""

    @override
    def _part(self, connector: ConnectorData) -> object:
        return connector.connector.status

    @property
    @override
    def is_on(self) -> bool | None:
        """Return whether the connector is in service, None until it is reported."""
        status = self.connector.connector.status if self.connector else None
        return None if status is None else status is not ConnectorStatus.UNAVAILABLE

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        """Put the connector back into service."""
        await self._set(operative=True)

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        """Put the connector out of service."""
        await self._set(operative=False)

    @command_errors
    async def _set(self, *, operative: bool) -> None:
        stations = self._entry.runtime_data.central_system.stations
        adapter = await stations[self.key.identity].in_service()
        await adapter.set_availability(self.key.connector, operative=operative)
