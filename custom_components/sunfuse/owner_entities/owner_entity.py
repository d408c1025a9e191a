"""The base of what is set for a vehicle or a charger."""

from collections.abc import Callable, Iterable
from operator import attrgetter
from typing import Any, override

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.device_registry import ChildDeviceInfo, DeviceInfo
from homeassistant.helpers.entity import Entity, EntityDescription
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from ..coordinator import Concern
from ..data import SunfuseConfigEntry
from ..devices import connector_device, subentry_device
from ..drivers.wishes import Wishes
from ..entity import TickEntity, add_connector_entities
from ..site.cars.driver_words import Owner, connector_owner, vehicle_owner


class OwnerEntity(TickEntity):
    """An entity of a vehicle or of a connector. It can be set while the charger is away."""

    def __init__(
        self,
        entry: SunfuseConfigEntry,
        owner: Owner,
        description: EntityDescription,
        *,
        enabled: bool = True,
    ) -> None:
        """Initialize the entity; it is disabled by default where few people need it."""
        super().__init__(
            entry.runtime_data.coordinator,
            None if owner.key is None else Concern(owner.key, attrgetter("gathered")),
        )
        self.entity_description = description
        self.owner = owner
        self._entry = entry
        self._attr_unique_id = f"{entry.entry_id}_{owner.id}_{description.key}"
        self._attr_entity_registry_enabled_default = enabled

    @property
    @override
    def device_info(self) -> DeviceInfo | ChildDeviceInfo:
        """Return the device as of now: a second connector may turn up before this entity is added."""
        if self.owner.key is None:
            return subentry_device(self._entry, self.owner.id)
        subentry = self._entry.subentries[self.owner.subentry_id]
        return connector_device(self.hass, self._entry, subentry, self.owner.key)

    @property
    @override
    def available(self) -> bool:
        """Return whether its vehicle or charger is still part of the site."""
        return super().available and self.owner.subentry_id in self._entry.subentries

    @property
    def wishes(self) -> Wishes:
        """Return what is set."""
        return self._entry.runtime_data.departures.wishes(self.owner.id)

    def change(self, **changes: Any) -> None:
        """Set something, and decide again immediately."""
        self._entry.runtime_data.departures.change(self.owner.id, **changes)
        self._entry.runtime_data.controller.tick()


@callback
def add_owner_entities[EntityT: Entity](
    hass: HomeAssistant,
    entry: SunfuseConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
    create: Callable[[Owner], Iterable[EntityT]],
) -> None:
    """Add the entities of every connector and every vehicle, now and whenever one is added."""
    add_connector_entities(
        hass,
        entry,
        async_add_entities,
        lambda _subentry, key: create(connector_owner(entry, key)),
    )
    vehicles = entry.runtime_data.vehicles

    @callback
    def add(new: list[str]) -> None:
        for vehicle in new:
            async_add_entities(
                list(create(vehicle_owner(vehicle))), config_subentry_id=vehicle
            )

    add([vehicle.id for vehicle in vehicles])
    entry.async_on_unload(vehicles.listen(add))
