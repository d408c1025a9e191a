"""Entities that show values, and the readings that are made of them."""

from custom_components.sunfuse.sources.config import SourcesConfig
from custom_components.sunfuse.sources.live_readings import LiveSource, SiteReadings
from homeassistant.core import HomeAssistant

PHASES = ("sensor.l1", "sensor.l2", "sensor.l3")


def show(hass: HomeAssistant, name: str, value: object, unit: str | None) -> None:
    """Show a value on a sensor."""
    hass.states.async_set(
        f"sensor.{name}", str(value), {"unit_of_measurement": unit} if unit else {}
    )


def read(hass: HomeAssistant, config: SourcesConfig, phases: int = 3) -> SiteReadings:
    """Read a site of 230 V."""
    return LiveSource(hass, config, phases=phases, voltage_v=230).read()
