"""Finds what a trigger or condition looks at, whatever of a charger, a circuit or a site is its target.

Home Assistant hands over the entities of the target: of a device, an area, a label. Whoever picks the event "Plan" of a
charger for "Car plugged in" means the charger.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr, entity_registry as er

from .const import DOMAIN


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchedEntity:
    """An entity that shows what a trigger or condition is about.

    `of_site`: where a target has none of its own, its site's counts; a charger hangs from the main fuse.
    """

    domain: str
    translation_key: str
    of_site: bool = False

    def is_it(self, entry: er.RegistryEntry) -> bool:
        """Return whether this is such an entity."""
        return (
            entry.platform == DOMAIN
            and entry.domain == self.domain
            and entry.translation_key == self.translation_key
        )


@callback
def watched(hass: HomeAssistant, what: WatchedEntity, entity_ids: set[str]) -> set[str]:
    """Return the entities to look at, of those that are targeted and what they belong to."""
    registry = er.async_get(hass)
    entries = [registry.async_get(entity_id) for entity_id in entity_ids]
    targets = [entry for entry in entries if entry and entry.platform == DOMAIN]
    found = {entry.entity_id for entry in targets if what.is_it(entry)}
    done = {entry.device_id for entry in targets if what.is_it(entry)}
    for entry in targets:
        if entry.device_id not in done:
            done.add(entry.device_id)
            found.update(_nearest(hass, what, entry))
    return found


def _nearest(
    hass: HomeAssistant, what: WatchedEntity, target: er.RegistryEntry
) -> set[str]:
    """Return the entities of the target's device, else of its parts, of what it is a part of, or of its site."""
    registry = er.async_get(hass)
    for devices in _around(hass, target.device_id):
        near = {
            entry.entity_id
            for device_id in devices
            for entry in er.async_entries_for_device(registry, device_id)
            if what.is_it(entry)
        }
        if near:
            return near
    if not what.of_site or target.config_entry_id is None:
        return set()
    return {
        entry.entity_id
        for entry in er.async_entries_for_config_entry(registry, target.config_entry_id)
        # What belongs to no sub-entry belongs to the site itself.
        if what.is_it(entry) and entry.config_subentry_id is None
    }


def _around(hass: HomeAssistant, device_id: str | None) -> Iterator[list[str]]:
    """Yield a device, its parts (a charger's connectors), and the device that it is a part of."""
    if device_id is None:
        return
    devices = dr.async_get(hass)
    yield [device_id]
    yield [child.id for child in dr.async_entries_for_parent_device(devices, device_id)]
    device = devices.async_get(device_id)
    parent = getattr(device, "parent_device_id", None)
    if parent is not None:
        yield [parent]
