"""Proposes each charger as an individual device of the Energy dashboard."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from homeassistant.components.energy.data import DeviceConsumption, async_get_manager
from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er, issue_registry as ir
from homeassistant.helpers.event import async_track_time_interval

from ..const import DOMAIN
from .outcome import ConnectorKey

# The dashboard's settings are checked this often: their listeners for changes cannot be removed.
EVERY = timedelta(minutes=5)
ENERGY_ENTITY = "energy_entity"


@callback
def propose_energy_devices(
    hass: HomeAssistant,
    entry: ConfigEntry,
    connectors: Callable[[], list[ConnectorKey]],
) -> None:
    """Propose what is missing, now and from time to time, while the site is loaded."""
    shown: set[str] = set()

    async def check(_now: datetime | None = None) -> None:
        missing = dict(await _async_missing(hass, entry, connectors()))
        for entity_id in shown - missing.keys():
            ir.async_delete_issue(hass, DOMAIN, _issue_id(entity_id))
        for entity_id in missing.keys() - shown:
            ir.async_create_issue(
                hass,
                DOMAIN,
                _issue_id(entity_id),
                data={"entry_id": entry.entry_id, ENERGY_ENTITY: entity_id},
                is_fixable=True,
                severity=ir.IssueSeverity.WARNING,
                translation_key="energy_device",
                translation_placeholders={"charger": missing[entity_id]},
            )
        shown.clear()
        shown.update(missing)

    def clear() -> None:
        for entity_id in shown:
            ir.async_delete_issue(hass, DOMAIN, _issue_id(entity_id))

    entry.async_create_background_task(hass, check(), f"{DOMAIN} energy devices")
    entry.async_on_unload(async_track_time_interval(hass, check, EVERY))
    entry.async_on_unload(clear)


async def _async_missing(
    hass: HomeAssistant, entry: ConfigEntry, connectors: list[ConnectorKey]
) -> list[tuple[str, str]]:
    """Return the energy sensors that the dashboard does not have, with their names.

    Nothing is proposed to users who do not use the dashboard.
    """
    if "energy" not in hass.config.components:
        return []
    preferences = (await async_get_manager(hass)).data
    if preferences is None or not preferences["energy_sources"]:
        return []
    known = {device["stat_consumption"] for device in preferences["device_consumption"]}
    return [
        one for one in _energy_sensors(hass, entry, connectors) if one[0] not in known
    ]


def _energy_sensors(
    hass: HomeAssistant, entry: ConfigEntry, connectors: list[ConnectorKey]
) -> Iterator[tuple[str, str]]:
    registry = er.async_get(hass)
    for key in connectors:
        entity_id = _sensor(registry, entry, key, "energy")
        if entity_id is not None:
            state = hass.states.get(entity_id)
            yield entity_id, state.name if state else entity_id


def _sensor(
    registry: er.EntityRegistry, entry: ConfigEntry, key: ConnectorKey, quantity: str
) -> str | None:
    """Return the sensor of a connector, unless it is disabled."""
    unique_id = f"{entry.entry_id}_{key.id}_{quantity}"
    entity_id = registry.async_get_entity_id("sensor", DOMAIN, unique_id)
    if entity_id is None:
        return None
    found = registry.async_get(entity_id)
    return None if found is None or found.disabled else entity_id


async def async_add_energy_device(hass: HomeAssistant, entity_id: str) -> None:
    """Add a charger to the individual devices of the Energy dashboard."""
    manager = await async_get_manager(hass)
    known = list(manager.data["device_consumption"]) if manager.data else []
    if any(device["stat_consumption"] == entity_id for device in known):
        return
    device: DeviceConsumption = {"stat_consumption": entity_id}
    registry = er.async_get(hass)
    found = registry.async_get(entity_id)
    if found is not None:
        power = registry.async_get_entity_id(
            "sensor", DOMAIN, found.unique_id.removesuffix("energy") + "power"
        )
        if power is not None:
            device["stat_rate"] = power
    await manager.async_update({"device_consumption": [*known, device]})  # type: ignore[typeddict-item]


def _issue_id(entity_id: str) -> str:
    return f"energy_device_{entity_id}"
