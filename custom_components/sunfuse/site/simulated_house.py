"""A simulated site inside Home Assistant: its meters are entities, its chargers connect over a WebSocket."""

from datetime import datetime, timedelta

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.aiohttp_client import async_get_clientsession

from ..const import CONF_SPEED, DOMAIN
from ..simulator import Simulation
from ..simulator.sun import clear_sky_w
from ..sources.config import SourcesConfig
from ..sources.series import QUARTER, quarter_start

_FORECAST_SLOTS = int(timedelta(days=3) / QUARTER)
# What the simulated clouds let through of a clear sky, on average.
_USUAL_SKY = 0.8


class SimulatedHouse:
    """The house of a simulated site. Sunfuse reads its meters as it reads a user's inverter."""

    def __init__(self, entry: ConfigEntry) -> None:
        """Build the house, where no time passes yet."""
        self._entry = entry
        self.simulation = Simulation(url=None, speed=entry.data.get(CONF_SPEED, 1.0))

    async def async_start(self, hass: HomeAssistant, port: int) -> None:
        """Let time pass, and the chargers connect to this port of this machine."""
        self.simulation.set_url(f"ws://127.0.0.1:{port}")
        await self.simulation.start(async_get_clientsession(hass))

    async def async_stop(self) -> None:
        """Stop the time, and disconnect the chargers."""
        await self.simulation.stop()

    def sources(self, hass: HomeAssistant) -> SourcesConfig:
        """Return the house's meters, found in the entity registry as the user may have renamed them."""
        return SourcesConfig.from_dict(
            {
                "grid": {"entity": self._entity(hass, "grid_power")},
                "grid_phases": [
                    self._entity(hass, f"grid_current_l{phase}") for phase in (1, 2, 3)
                ],
                "solar": [self._entity(hass, "solar_power")],
                "battery": [{"entity": self._entity(hass, "battery_power")}],
                "battery_soc": self._entity(hass, "battery_soc"),
            }
        )

    def forecasts(self, hass: HomeAssistant) -> tuple[str, ...]:
        """Return the entities of the weather service that forecasts the sun of this house."""
        return (self._entity(hass, "solar_forecast"),)

    def expected_w(self, now: datetime) -> dict[str, float]:
        """Return what a weather service says: the sun of two days by quarter hour, with clouds as usual.

        It knows the time of the simulated site, which passes at its own speed.
        """
        simulation = self.simulation
        start = quarter_start(now)
        powers: dict[str, float] = {}
        for slot in range(_FORECAST_SLOTS):
            at = start + slot * QUARTER
            there = [
                simulation.state.at + (at + QUARTER * share - now) * simulation.speed
                for share in (0.1, 0.3, 0.5, 0.7, 0.9)
            ]
            light_w = [clear_sky_w(one, simulation.site.solar) for one in there]
            powers[at.isoformat()] = round(_USUAL_SKY * sum(light_w) / len(light_w))
        return powers

    def _entity(self, hass: HomeAssistant, meter: str) -> str:
        unique_id = f"{self._entry.entry_id}_simulated_{meter}"
        entity_id = er.async_get(hass).async_get_entity_id(
            Platform.SENSOR, DOMAIN, unique_id
        )
        # The sensor platform has been set up, and with it every meter is registered.
        assert entity_id
        return entity_id
