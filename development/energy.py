"""The Energy dashboard of the simulated site, filled in as a user would."""

from homeassistant.components.energy.data import (
    BatterySourceType,
    EnergyPreferencesUpdate,
    GridSourceType,
    SolarSourceType,
    async_get_manager,
)
from homeassistant.config_entries import ConfigEntry
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er

from .site import DOMAIN


async def ensure(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Fill in the Energy dashboard, unless somebody has."""
    manager = await async_get_manager(hass)
    if manager.data and manager.data["energy_sources"]:
        return
    registry = er.async_get(hass)

    def meter(key: str) -> str:
        unique_id = f"{entry.entry_id}_simulated_{key}"
        entity_id = registry.async_get_entity_id(Platform.SENSOR, DOMAIN, unique_id)
        if entity_id is None:
            raise RuntimeError(f"the simulated site has no meter {key}")
        return entity_id

    grid = GridSourceType(
        type="grid",
        stat_energy_from=meter("import_energy"),
        stat_energy_to=meter("export_energy"),
        stat_cost=None,
        entity_energy_price=None,
        number_energy_price=0.28,
        stat_compensation=None,
        entity_energy_price_export=None,
        number_energy_price_export=0.05,
        power_config={"stat_rate": meter("grid_power")},
        cost_adjustment_day=0,
    )
    solar = SolarSourceType(
        type="solar",
        stat_energy_from=meter("solar_energy"),
        stat_rate=meter("solar_power"),
        # Sunfuse's own, corrected by what the roof did.
        config_entry_solar_forecast=[entry.entry_id],
    )
    battery = BatterySourceType(
        type="battery",
        stat_energy_from=meter("battery_discharge_energy"),
        stat_energy_to=meter("battery_charge_energy"),
        power_config={"stat_rate": meter("battery_power")},
        stat_soc=meter("battery_soc"),
    )
    await manager.async_update(
        EnergyPreferencesUpdate(
            energy_sources=[grid, solar, battery],
            device_consumption=[
                {"stat_consumption": entity.entity_id}
                for entity in er.async_entries_for_config_entry(
                    registry, entry.entry_id
                )
                if entity.config_subentry_id
                and entity.unique_id.endswith("_energy")
                and not entity.unique_id.endswith("_session_energy")
            ],
        )
    )
