"""What the user has already told Home Assistant's Energy dashboard about the site."""

from collections.abc import Iterable, Iterator
import re

from homeassistant.components.energy.data import (
    BatterySourceType,
    EnergyPreferences,
    GridSourceType,
    PowerConfig,
    SolarSourceType,
    async_get_manager,
)
from homeassistant.components.sensor import SensorDeviceClass
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant, valid_entity_id
from homeassistant.helpers import entity_registry as er

from .config import PowerSource, SourcesConfig

# How integrations name the phases: L1, l1, phase_a, Phase 1, phase b, P1, "a" at the end.
_PHASE = re.compile(
    r"(?:^|[\W_])(?:l|p|phase[\W_]?|ph[\W_]?)?([123abc])(?:[\W_]|$)", re.IGNORECASE
)
_LETTERS = {"a": 1, "b": 2, "c": 3}


async def async_suggest_sources(hass: HomeAssistant) -> SourcesConfig:
    """Return what the Energy dashboard knows; nothing of it where it is not set up."""
    if "energy" not in hass.config.components:
        return SourcesConfig()
    preferences = (await async_get_manager(hass)).data
    return SourcesConfig() if preferences is None else _sources(hass, preferences)


def _sources(hass: HomeAssistant, preferences: EnergyPreferences) -> SourcesConfig:
    grids: list[GridSourceType] = []
    solars: list[SolarSourceType] = []
    batteries: list[BatterySourceType] = []
    for source in preferences["energy_sources"]:
        if source["type"] == "grid":
            grids.append(source)
        elif source["type"] == "solar":
            solars.append(source)
        elif source["type"] == "battery":
            batteries.append(source)
    grid = next(iter(grids), None)
    grid_power = _grid_power(hass, grid) if grid else None
    capacities = [battery["capacity"] for battery in batteries if "capacity" in battery]
    return SourcesConfig(
        grid=grid_power,
        grid_phases=suggest_phases(hass, _grid_entities(grid, grid_power)),
        solar=tuple(_entity_ids(solar.get("stat_rate") for solar in solars)),
        battery=tuple(
            power for battery in batteries if (power := _power(battery)) is not None
        ),
        battery_soc=next(_entity_ids(b.get("stat_soc") for b in batteries), None),
        battery_capacity_wh=sum(capacities) * 1000 if capacities else None,
        price_import=grid["entity_energy_price"] if grid else None,
        price_export=grid["entity_energy_price_export"] if grid else None,
        solar_forecasts=tuple(
            entry
            for solar in solars
            for entry in solar["config_entry_solar_forecast"] or ()
        ),
    )


def _grid_power(hass: HomeAssistant, grid: GridSourceType) -> PowerSource | None:
    """Return the grid's power; where the dashboard knows none, the power of its meter's device."""
    if (power := _power(grid)) is not None:
        return power
    meters = _entity_ids((grid["stat_energy_from"], grid["stat_energy_to"]))
    powers = _same_device(hass, meters, {SensorDeviceClass.POWER})
    totals = [entry.entity_id for entry in powers if _phase_of(entry) is None]
    return PowerSource(entity=totals[0]) if len(totals) == 1 else None


def _grid_entities(
    grid: GridSourceType | None, power: PowerSource | None
) -> tuple[str, ...]:
    energies = (grid["stat_energy_from"], grid["stat_energy_to"]) if grid else ()
    return (*(power.entities if power else ()), *_entity_ids(energies))


def _power(source: GridSourceType | BatterySourceType) -> PowerSource | None:
    """Return a power as the user configured it, rather than the sensor that is derived from it."""
    config: PowerConfig = source.get("power_config", {})
    if inverted := _entity_id(config.get("stat_rate_inverted")):
        return PowerSource(entity=inverted, inverted=True)
    positive = _entity_id(config.get("stat_rate_from"))
    negative = _entity_id(config.get("stat_rate_to"))
    if positive and negative:
        return PowerSource(positive=positive, negative=negative)
    standard = _entity_id(config.get("stat_rate") or source.get("stat_rate"))
    return PowerSource(entity=standard) if standard else None


def suggest_phases(hass: HomeAssistant, entities: Iterable[str]) -> tuple[str, ...]:
    """Return the sensors per phase, L1 first, on the same device as these: currents rather than powers."""
    known = list(entities)
    for device_class in (SensorDeviceClass.CURRENT, SensorDeviceClass.POWER):
        found: dict[int, str] = {}
        for entry in _same_device(hass, known, {device_class}):
            if (phase := _phase_of(entry)) is not None:
                found.setdefault(phase, entry.entity_id)
        if len(found) > 1 and sorted(found) == list(range(1, len(found) + 1)):
            return tuple(found[phase] for phase in sorted(found))
    return ()


async def async_disabled_sensors(
    hass: HomeAssistant, entities: Iterable[str]
) -> list[str]:
    """Return the names of disabled sensors that may tell of the grid what these, and the dashboard's, do not."""
    known = list(entities)
    if "energy" in hass.config.components:
        preferences = (await async_get_manager(hass)).data
        for source in preferences["energy_sources"] if preferences else ():
            if source["type"] == "grid":
                known += _grid_entities(source, None)
    return _disabled_beside(hass, known)


def _disabled_beside(hass: HomeAssistant, entities: Iterable[str]) -> list[str]:
    """Return the names of disabled sensors on the devices of these entities, or of the grid beside them.

    Fronius has the grid's power on another device than the meter's counters, and disabled.
    """
    registry = er.async_get(hass)
    known = [entry for name in entities if (entry := registry.async_get(name))]
    devices = {entry.device_id for entry in known if entry.device_id}
    integrations = {e.config_entry_id for e in known if e.config_entry_id}
    classes = {SensorDeviceClass.POWER, SensorDeviceClass.CURRENT}
    return sorted(
        entry.original_name or entry.entity_id
        for integration in integrations
        for entry in er.async_entries_for_config_entry(registry, integration)
        if entry.domain == Platform.SENSOR
        and entry.disabled
        and (entry.device_class or entry.original_device_class) in classes
        and (
            entry.device_id in devices
            or "grid" in f"{entry.unique_id} {entry.original_name}".lower()
        )
    )


def _same_device(
    hass: HomeAssistant, entities: Iterable[str], classes: set[SensorDeviceClass]
) -> list[er.RegistryEntry]:
    """Return the enabled sensors of these classes on the devices of these entities."""
    registry = er.async_get(hass)
    devices = {
        entry.device_id: None
        for entity in entities
        if (entry := registry.async_get(entity)) and entry.device_id
    }
    return [
        entry
        for device in devices
        for entry in er.async_entries_for_device(registry, device)
        if entry.domain == Platform.SENSOR
        and entry.disabled_by is None
        and (entry.device_class or entry.original_device_class) in classes
    ]


def _phase_of(entry: er.RegistryEntry) -> int | None:
    """Return the number of the phase that a sensor's name speaks of."""
    names = (entry.unique_id, entry.original_name, entry.entity_id.partition(".")[2])
    for name in names:
        if name and (matches := _PHASE.findall(name)):
            last = matches[-1].lower()
            return _LETTERS.get(last) or int(last)
    return None


def _entity_ids(statistics: Iterable[str | None]) -> Iterator[str]:
    return filter(None, map(_entity_id, statistics))


def _entity_id(statistic: str | None) -> str | None:
    """Return the entity of a statistic, None for an external one (`domain:id`)."""
    return statistic if statistic and valid_entity_id(statistic) else None
