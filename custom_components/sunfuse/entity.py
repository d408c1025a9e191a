"""The bases of Sunfuse's entities."""

from collections.abc import Callable, Coroutine, Iterable
from functools import cached_property
import time
from typing import Any, Concatenate, override

from homeassistant.components.sensor import SensorEntity
from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.device_registry import ChildDeviceInfo, DeviceInfo
from homeassistant.helpers.entity import Entity, EntityDescription
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.update_coordinator import CoordinatorEntity

from .central_system.station_state import CommandError
from .const import DOMAIN, SUBENTRY_CHARGER
from .coordinator import Concern, SunfuseCoordinator
from .data import SunfuseConfigEntry
from .devices import connector_device, site_device, station_device, subentry_device
from .site.outcome import ConnectorData, ConnectorKey, PeakData, identity_of
from .site.subentries import usable
from .state_writes import PACES, Pace, Shown, WriteThrottle


class TickEntity(CoordinatorEntity[SunfuseCoordinator]):
    """An entity that follows the ticks, and writes its state only when there is something new to show."""

    _attr_has_entity_name = True

    @property
    def pace(self) -> Pace | None:
        """Return its pace; None: it writes every change."""
        if not isinstance(self, SensorEntity):
            return None
        return PACES.get(self.native_unit_of_measurement or "")

    @cached_property
    def _calm(self) -> WriteThrottle:
        return WriteThrottle(self.pace)

    def _shown(self) -> Shown:
        """Return what to show now."""
        if not self.available:
            return Shown(available=False)
        attributes = self.extra_state_attributes
        if isinstance(self, SensorEntity):
            return Shown(available=True, value=self.native_value, attributes=attributes)
        return Shown(
            available=True,
            value=self.state,
            attributes={
                **(self.capability_attributes or {}),
                **(self.state_attributes or {}),
                **(attributes or {}),
            },
        )

    @override
    async def async_added_to_hass(self) -> None:
        """Note what is written when it is added."""
        await super().async_added_to_hass()
        self._calm.due(self._shown(), time.monotonic())

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        self._write_if_due(self._shown())

    @callback
    def _write_if_due(self, shown: Shown) -> None:
        if self._calm.due(shown, time.monotonic()):
            self.async_write_ha_state()
        elif self._calm.waiting and isinstance(self.coordinator_context, Concern):
            self.coordinator.call_again(
                self._handle_coordinator_update,
                self.coordinator_context.key,
                self._settle,
            )

    @callback
    def _settle(self) -> None:
        """Look again whether what has not been written yet is due: it has not changed."""
        if (shown := self._calm.waiting) is not None:
            self._write_if_due(shown)


class SiteEntity(TickEntity):
    """An entity of the site as a whole."""

    def __init__(
        self, entry: SunfuseConfigEntry, description: EntityDescription
    ) -> None:
        """Initialize the site entity."""
        super().__init__(entry.runtime_data.coordinator)
        self.entity_description = description
        self._entry = entry
        self._attr_unique_id = f"{entry.entry_id}_{description.key}"
        self._attr_device_info = site_device(entry)


class PeakEntity(TickEntity):
    """An entity of a capacity tariff."""

    def __init__(
        self, entry: SunfuseConfigEntry, rule_id: str, description: EntityDescription
    ) -> None:
        """Initialize the entity of a capacity tariff."""
        super().__init__(entry.runtime_data.coordinator)
        self.entity_description = description
        self.rule_id = rule_id
        self._attr_unique_id = f"{entry.entry_id}_{rule_id}_{description.key}"
        self._attr_device_info = subentry_device(entry, rule_id)

    @property
    @override
    def available(self) -> bool:
        """Nothing is shown while peaks cannot be measured."""
        return super().available and self.rule_id in self.coordinator.data.peaks

    @property
    def peak(self) -> PeakData:
        """Return what to show."""
        return self.coordinator.data.peaks[self.rule_id]


class CircuitEntity(TickEntity):
    """An entity of a circuit below the main fuse."""

    def __init__(
        self, entry: SunfuseConfigEntry, circuit: str, description: EntityDescription
    ) -> None:
        """Initialize the entity of a circuit."""
        super().__init__(entry.runtime_data.coordinator)
        self.entity_description = description
        self.circuit = circuit
        self._entry = entry
        self._attr_unique_id = f"{entry.entry_id}_{circuit}_{description.key}"
        self._attr_device_info = subentry_device(entry, circuit)


class ChargerEntity(TickEntity):
    """An entity of a charger; `key` names the connector whose state it shows."""

    def __init__(
        self,
        entry: SunfuseConfigEntry,
        key: ConnectorKey,
        description: EntityDescription,
    ) -> None:
        """Initialize the charger entity."""
        super().__init__(entry.runtime_data.coordinator, Concern(key, self._part))
        self.entity_description = description
        self.key = key
        self._entry = entry

    def _part(self, connector: ConnectorData) -> object:
        """Return what it shows of a connector, beside being available: it is called when that is another value."""
        return connector

    @property
    def connector(self) -> ConnectorData | None:
        """Return what to show, None once the charger is removed from the site."""
        return self.coordinator.data.connectors.get(self.key)

    @property
    @override
    def available(self) -> bool:
        """A disconnected charger shows nothing that might be out of date."""
        return (
            super().available
            and self.connector is not None
            and self.connector.station.connected
        )


class StationEntity(ChargerEntity):
    """An entity of a charger as a whole."""

    def __init__(
        self,
        entry: SunfuseConfigEntry,
        key: ConnectorKey,
        description: EntityDescription,
    ) -> None:
        """Initialize the station entity."""
        super().__init__(entry, key, description)
        self._attr_unique_id = f"{entry.entry_id}_{key.identity}_{description.key}"
        self._attr_device_info = station_device(entry, key.identity)


class ConnectorEntity(ChargerEntity):
    """An entity of one connector of a charger."""

    def __init__(
        self,
        entry: SunfuseConfigEntry,
        subentry: ConfigSubentry,
        key: ConnectorKey,
        description: EntityDescription,
    ) -> None:
        """Initialize the connector entity."""
        super().__init__(entry, key, description)
        self._attr_unique_id = f"{entry.entry_id}_{key.id}_{description.key}"
        self._subentry_id = subentry.subentry_id

    @property
    @override
    def device_info(self) -> DeviceInfo | ChildDeviceInfo:
        """Return the present device: a second connector may appear before this entity is added."""
        subentry = self._entry.subentries[self._subentry_id]
        return connector_device(self.hass, self._entry, subentry, self.key)

    @callback
    def follow_plan(self) -> None:
        """Show the value of each new plan, too."""
        planning = self._entry.runtime_data.planning
        self.async_on_remove(planning.async_add_listener(self._planned))

    @callback
    def _planned(self) -> None:
        self._handle_coordinator_update()


class ConnectorSettingEntity(ConnectorEntity):
    """A setting that Sunfuse itself stores: it can be changed while the charger is disconnected."""

    @override
    def _part(self, connector: ConnectorData) -> object:
        return connector.settings

    @property
    @override
    def available(self) -> bool:
        """A setting is available as long as the charger belongs to the site."""
        return self.connector is not None

    def change(self, **changes: Any) -> None:
        """Change settings of the connector, and decide again immediately."""
        runtime = self._entry.runtime_data
        runtime.settings.set_connector(self.key.id, **changes)
        runtime.controller.tick()


@callback
def forget_others(
    hass: HomeAssistant, domain: str, possible: set[str], entities: Iterable[Entity]
) -> None:
    """Remove entities with possible unique ids that do not exist now: their subject changed, or is gone."""
    registry = er.async_get(hass)
    for unique_id in possible - {entity.unique_id for entity in entities}:
        if entity_id := registry.async_get_entity_id(domain, DOMAIN, unique_id):
            registry.async_remove(entity_id)


@callback
def add_connector_entities[EntityT: Entity](
    hass: HomeAssistant,
    entry: SunfuseConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
    create: Callable[[ConfigSubentry, ConnectorKey], Iterable[EntityT]],
) -> None:
    """Add the entities of every connector, now and whenever a charger is accepted."""
    chargers = entry.runtime_data.chargers

    @callback
    def add(keys: list[ConnectorKey]) -> None:
        for subentry in usable(entry, SUBENTRY_CHARGER):
            entities = [
                entity
                for key in keys
                if key.identity == identity_of(subentry)
                for entity in create(subentry, key)
            ]
            async_add_entities(entities, config_subentry_id=subentry.subentry_id)

    add(chargers.connector_keys())
    entry.async_on_unload(chargers.listen(add))


def command_errors[EntityT: Entity, **P](
    func: Callable[Concatenate[EntityT, P], Coroutine[Any, Any, None]],
) -> Callable[Concatenate[EntityT, P], Coroutine[Any, Any, None]]:
    """Convert a failed command into an error that the user can read."""

    async def handler(self: EntityT, /, *args: P.args, **kwargs: P.kwargs) -> None:
        try:
            await func(self, *args, **kwargs)
        except CommandError as err:
            raise HomeAssistantError(
                translation_domain=DOMAIN,
                translation_key=f"command_{err.key}",
                translation_placeholders={"detail": err.detail},
            ) from err

    return handler
