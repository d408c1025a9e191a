"""A name that a user gives a device becomes that of the site, charger, vehicle or person, so that all of Sunfuse uses it.

There is one name, that of the config entry or sub-entry. What Home Assistant keeps for the device beside it is taken over
and cleared: otherwise it would outlive the next change of the other.
"""

from collections.abc import Callable

from homeassistant.config_entries import ConfigEntry, ConfigSubentry
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers import device_registry as dr

from ..devices import site_identifier


@callback
def take_device_names(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Take over the names that users gave to devices."""
    for device in dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id):
        _take_name(hass, entry, device)


@callback
def follow_device_names(
    hass: HomeAssistant, entry: ConfigEntry, connector_renamed: Callable[[], None]
) -> None:
    """Take over the names that users give to devices; of several connectors only their devices have names."""
    registry = dr.async_get(hass)

    @callback
    def renamed(event: Event[dr.EventDeviceRegistryUpdatedData]) -> None:
        if (
            event.data["action"] != "update"
            or "name_by_user" not in event.data["changes"]
        ):
            return
        device = registry.async_get(event.data["device_id"])
        if device is None or device.config_entry_id != entry.entry_id:
            return
        if isinstance(device, dr.ChildDeviceEntry):
            connector_renamed()
        else:
            _take_name(hass, entry, device)

    take_device_names(hass, entry)
    entry.async_on_unload(
        hass.bus.async_listen(dr.EVENT_DEVICE_REGISTRY_UPDATED, renamed)
    )


@callback
def name_devices(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Call devices as their sub-entries are called now."""
    registry = dr.async_get(hass)
    for device in dr.async_entries_for_config_entry(registry, entry.entry_id):
        subentry = entry.subentries.get(device.config_subentry_id or "")
        if subentry is not None and device.name != subentry.title:
            registry.async_update_device(device.id, name=subentry.title)


def _take_name(hass: HomeAssistant, entry: ConfigEntry, device: dr.DeviceEntry) -> None:
    name = (device.name_by_user or "").strip()
    subentry = entry.subentries.get(device.config_subentry_id or "")
    if not name:
        return
    if subentry is not None:
        name = _unlike_others(entry, subentry, name)
        hass.config_entries.async_update_subentry(entry, subentry, title=name)
    elif site_identifier(entry) in device.identifiers:
        hass.config_entries.async_update_entry(entry, title=name)
    else:
        # The meters of a simulated house, which nothing else names.
        return
    dr.async_get(hass).async_update_device(device.id, name=name, name_by_user=None)


def _unlike_others(entry: ConfigEntry, subentry: ConfigSubentry, name: str) -> str:
    """Return a name that no other of its kind has: limits and bills are asked for by name, and no form takes one twice."""
    taken = {
        one.title.casefold()
        for one in entry.get_subentries_of_type(subentry.subentry_type)
        if one.subentry_id != subentry.subentry_id
    }
    free, number = name, 2
    while free.casefold() in taken:
        free, number = f"{name} ({number})", number + 1
    return free
