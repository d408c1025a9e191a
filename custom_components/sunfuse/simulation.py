"""A simulated site inside Home Assistant: its meters are entities, its chargers connect over a WebSocket."""

from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er

from .const import CONF_SPEED, DOMAIN
from .data import SunfuseConfigEntry
from .simulator import Simulation
from .sources.config import SourcesConfig


class SimulatedHouse:
    """The house of a simulated site. Sunfuse reads its meters as it reads a user's inverter."""

    def __init__(self, entry: SunfuseConfigEntry) -> None:
        """Build the house, where no time passes yet."""
        self._entry = entry
        self.simulation = Simulation(url=None, speed=entry.data.get(CONF_SPEED, 1.0))

    async def async_start(self, port: int) -> None:
        """Let time pass, and the chargers connect to this port of this machine."""
        self.simulation.set_url(f"ws://127.0.0.1:{port}")
        await self.simulation.start()

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

    def _entity(self, hass: HomeAssistant, meter: str) -> str:
        unique_id = f"{self._entry.entry_id}_simulated_{meter}"
        entity_id = er.async_get(hass).async_get_entity_id(
            Platform.SENSOR, DOMAIN, unique_id
        )
        # The sensor platform has been set up, and with it every meter is registered.
        assert entity_id
        return entity_id
