"""What Home Assistant's Energy dashboard knows about the site."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

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
from homeassistant.util import dt as dt_util

from ..config import MeterConfig, PowerSource, SourcesConfig
from .meter_sensors import is_of_one_phase, suggest_meter
from .sign_conventions import (
    agreed,
    async_inverted_by_counters,
    inverted_by_convention,
    signed_sensors,
    with_sign,
)


async def async_suggest_sources(hass: HomeAssistant) -> SourcesConfig:
    """Return the sources that the Energy dashboard knows; none if it is not set up."""
    if "energy" not in hass.config.components:
        return SourcesConfig()
    preferences = (await async_get_manager(hass)).data
    if preferences is None:
        return SourcesConfig()
    return await _async_sources(hass, preferences)


async def async_sign_is_known(hass: HomeAssistant, meter: MeterConfig) -> bool:
    """Return whether the sign of a meter is known: from the dashboard, its integration, or the dashboard's counters."""
    sensors = signed_sensors(hass, meter)
    if all(inverted_by_convention(hass, sensor) is not None for sensor in sensors):
        return True
    grids = await _async_grids(hass)
    stated = {
        entity for one in filter(None, map(_power, grids)) for entity in one.entities
    }
    if stated.issuperset(sensors):
        return True
    return await _async_judged(hass, sensors, grids) is not None


async def _async_grids(hass: HomeAssistant) -> list[GridSourceType]:
    if "energy" not in hass.config.components:
        return []
    preferences = (await async_get_manager(hass)).data
    sources = preferences["energy_sources"] if preferences else ()
    return [source for source in sources if source["type"] == "grid"]


async def _async_judged(
    hass: HomeAssistant, sensors: Sequence[str], grids: Iterable[GridSourceType]
) -> bool | None:
    grids = tuple(grids)
    return await async_inverted_by_counters(
        hass,
        sensors,
        list(_entity_ids(grid["stat_energy_from"] for grid in grids)),
        list(_entity_ids(grid["stat_energy_to"] for grid in grids)),
        dt_util.utcnow(),
    )


async def async_grid_counters(hass: HomeAssistant) -> tuple[list[str], list[str]]:
    """Return the dashboard's counters of import and of export."""
    grids = await _async_grids(hass)
    return (
        list(_entity_ids(grid["stat_energy_from"] for grid in grids)),
        list(_entity_ids(grid["stat_energy_to"] for grid in grids)),
    )


async def _async_sources(
    hass: HomeAssistant, preferences: EnergyPreferences
) -> SourcesConfig:
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
    meter = await _async_grid_meter(hass, grids)
    capacities = [battery["capacity"] for battery in batteries if "capacity" in battery]
    return SourcesConfig(
        grid=meter.power,
        grid_phases=meter.phases,
        grid_phases_inverted=meter.phases_inverted,
        grid_phases_export=meter.phases_export,
        grid_phase_powers=meter.phase_powers,
        # An energy counter also gives a power, if a coarse one.
        solar=tuple(
            _entity_ids(s.get("stat_rate") or s["stat_energy_from"] for s in solars)
        ),
        battery=tuple(_battery_powers(batteries)),
        battery_soc=next(_entity_ids(b.get("stat_soc") for b in batteries), None),
        battery_capacity_wh=sum(capacities) * 1000 if capacities else None,
        price_import=_first(grid["entity_energy_price"] for grid in grids),
        price_export=_first(grid["entity_energy_price_export"] for grid in grids),
        solar_forecasts=tuple(
            entry
            for solar in solars
            for entry in solar["config_entry_solar_forecast"] or ()
        ),
    )


async def _async_grid_meter(
    hass: HomeAssistant, grids: Iterable[GridSourceType]
) -> MeterConfig:
    """Return the grid meter: the power that the dashboard knows, and what is found on the meter's device.

    A tariff of two prices makes two grids of one connection, of which one may have the power, or both the same. Several
    powers are those of the phases, or of several meters: none of them is the total. If there is no power
    at all, it is derived from energy counters. Its sign is that of the dashboard, of its integration, or follows from the
    dashboard's counters; the phases have the same sign.
    """
    grids = tuple(grids)
    powers = dict.fromkeys(filter(None, map(_power, grids)))
    power = next(iter(powers)) if len(powers) == 1 else None
    energies = [entity for grid in grids for entity in _grid_entities(grid)]
    known = [entity for one in powers for entity in one.entities] + energies
    inverted = bool(powers) and all(one.inverted for one in powers)
    found = suggest_meter(hass, known, inverted=inverted)
    power = power or found.power
    if power is None and not found.phases and len(grids) == 1:
        power = _counters(hass, grids[0])
    meter = replace(found, power=power)
    sensors = signed_sensors(hass, meter)
    if sensors and power == found.power:
        judged = await _async_judged(hass, sensors, grids)
        if judged is not None:
            meter = with_sign(hass, meter, inverted=judged)
    return agreed(hass, meter)


def _counters(hass: HomeAssistant, grid: GridSourceType) -> PowerSource | None:
    drawn, given = (
        _entity_id(grid["stat_energy_from"]),
        _entity_id(grid["stat_energy_to"]),
    )
    if drawn is None or is_of_one_phase(hass, drawn):
        return None
    return PowerSource(positive=drawn, negative=given)


def _grid_entities(grid: GridSourceType) -> tuple[str, ...]:
    return tuple(_entity_ids((grid["stat_energy_from"], grid["stat_energy_to"])))


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


async def async_disabled_sensors(
    hass: HomeAssistant, entities: Iterable[str]
) -> list[str]:
    """Return the names of disabled sensors that may measure what these, and the dashboard's, do not."""
    known = list(entities)
    if "energy" in hass.config.components:
        preferences = (await async_get_manager(hass)).data
        for source in preferences["energy_sources"] if preferences else ():
            if source["type"] == "grid":
                known += _grid_entities(source)
    return _disabled_beside(hass, known)


def _disabled_beside(hass: HomeAssistant, entities: Iterable[str]) -> list[str]:
    """Return the names of disabled sensors on the devices of these entities, or of the grid beside them.

    Fronius has the grid's power on a different device than the meter's counters, and disabled.
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


def _first(names: Iterable[str | None]) -> str | None:
    return next(filter(None, names), None)


def _battery_powers(batteries: Sequence[BatterySourceType]) -> list[PowerSource]:
    """Return the powers of the batteries.

    One form holds them all, with one sign and one pair of sensors. Where they differ, they are read from the sensors that
    Home Assistant derives.
    """
    known = [(power, b) for b in batteries if (power := _power(b)) is not None]
    if not known and len(batteries) == 1:
        given = _entity_id(batteries[0]["stat_energy_from"])
        taken = _entity_id(batteries[0]["stat_energy_to"])
        counters = PowerSource(positive=given, negative=taken)
        return [counters] if given and taken else []
    powers = [power for power, _ in known]
    signs = {power.inverted for power in powers if power.entity}
    if len(signs) < 2 and sum(power.positive is not None for power in powers) < 2:
        return powers
    derived = [
        _entity_id(battery.get("stat_rate"))
        if power.inverted or power.positive
        else power.entity
        for power, battery in known
    ]
    return [PowerSource(entity=entity) for entity in derived if entity]


def _entity_ids(statistics: Iterable[str | None]) -> Iterator[str]:
    return filter(None, map(_entity_id, statistics))


def _entity_id(statistic: str | None) -> str | None:
    """Return the entity of a statistic, None for an external one (`domain:id`)."""
    return statistic if statistic and valid_entity_id(statistic) else None
