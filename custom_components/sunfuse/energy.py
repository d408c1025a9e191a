"""The solar forecast for Home Assistant's Energy dashboard, corrected by what the roof produced."""

from homeassistant.core import HomeAssistant

from .data import loaded_site
from .sources.charts import solar_wh_hours


async def async_get_solar_forecast(
    hass: HomeAssistant, config_entry_id: str
) -> dict[str, dict[str, float | int]] | None:
    """Return the energy of each quarter hour to come; None if a site has no solar power."""
    if (entry := loaded_site(hass, config_entry_id)) is None:
        return None
    solar = entry.runtime_data.forecasts.data.solar
    return {"wh_hours": solar_wh_hours(solar)} if solar else None
