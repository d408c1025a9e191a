"""The solar forecast for Home Assistant's Energy dashboard, corrected by what the roof produced."""

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant

from .const import DOMAIN
from .data import SunfuseConfigEntry
from .sources.charts import solar_wh_hours


async def async_get_solar_forecast(
    hass: HomeAssistant, config_entry_id: str
) -> dict[str, dict[str, float | int]] | None:
    """Return the energy of each quarter hour to come; None if a site has no solar power."""
    entry: SunfuseConfigEntry | None = hass.config_entries.async_get_entry(
        config_entry_id
    )
    if (
        entry is None
        or entry.domain != DOMAIN
        or entry.state is not ConfigEntryState.LOADED
    ):
        return None
    solar = entry.runtime_data.forecasts.data.solar
    return {"wh_hours": solar_wh_hours(solar)} if solar else None
