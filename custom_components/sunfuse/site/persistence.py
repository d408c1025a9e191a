"""What a site remembers over a restart of Home Assistant: its chargers' transactions, and the engine's past."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from homeassistant.const import EVENT_HOMEASSISTANT_STOP
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers.event import async_track_time_interval
from homeassistant.helpers.storage import Store

from ..central_system import CentralSystem
from ..central_system.model import StationState
from ..const import DOMAIN

STORAGE_VERSION = 1
# A power cut loses no more than this of what the chargers told.
SAVE_DELAY_S = 5
# Who runs since when is saved when it changes. The rest of the engine's past is worth a minute: flash wears with
# every write.
ENGINE_INTERVAL = timedelta(minutes=1)


class Persistence:
    """The memory of one site, in Home Assistant's storage."""

    def __init__(
        self, hass: HomeAssistant, entry_id: str, *, simulated: bool = False
    ) -> None:
        """Bind to the site's storage; `async_load` reads it.

        Simulated chargers are as new at every start, so nothing is kept of them.
        """
        self._simulated = simulated
        self._hass = hass
        self._store = Store[dict[str, Any]](
            hass, STORAGE_VERSION, f"{DOMAIN}.{entry_id}.memory"
        )
        self._stored: dict[str, Any] = {"stations": {}, "engine": None}
        self._central_system: CentralSystem | None = None
        self._engine: Callable[[], dict[str, Any]] | None = None
        self._lasting: tuple[object, ...] = ()
        self._seen: dict[str, tuple[object, ...]] = {}

    async def async_load(self) -> None:
        """Read what was kept."""
        if (stored := await self._store.async_load()) is not None:
            self._stored = stored

    async def async_remove(self) -> None:
        """Forget everything, when the site is removed."""
        await self._store.async_remove()

    def station(self, identity: str) -> dict[str, Any] | None:
        """Return what was kept of a charger."""
        memory: dict[str, Any] | None = self._stored["stations"].get(identity)
        return memory

    @property
    def engine(self) -> dict[str, Any] | None:
        """Return what was kept of the engine's past."""
        memory: dict[str, Any] | None = self._stored["engine"]
        return memory

    @callback
    def start(
        self, central_system: CentralSystem, engine: Callable[[], dict[str, Any]]
    ) -> Callable[[], None]:
        """Keep what changes from now on; returns what ends that."""
        self._central_system = central_system
        self._engine = engine
        stops = (
            central_system.subscribe(self._station_changed),
            # What is to be saved soon is saved before Home Assistant ends.
            self._hass.bus.async_listen(EVENT_HOMEASSISTANT_STOP, self._stopping),
            async_track_time_interval(
                self._hass, self._save_soon, ENGINE_INTERVAL, cancel_on_shutdown=True
            ),
        )

        @callback
        def stop() -> None:
            for undo in stops:
                undo()

        return stop

    async def async_save(self) -> None:
        """Write everything now, when the site is unloaded."""
        if self._central_system is not None:
            await self._store.async_save(self._as_dict())

    @callback
    def _station_changed(self, state: StationState) -> None:
        """Save when a charger said something that must not be lost; meter values alone can wait."""
        if not state.accepted:
            return
        lasting = (
            state.info,
            state.fail_safe,
            *(connector.transaction for connector in state.connectors),
        )
        if self._seen.get(state.identity) != lasting:
            self._seen[state.identity] = lasting
            self._save_soon()

    @callback
    def note(self, lasting: tuple[object, ...]) -> None:
        """Save when something of the engine's past changed that must not be lost."""
        if lasting != self._lasting:
            self._lasting = lasting
            self._save_soon()

    @callback
    def _stopping(self, _event: Event) -> None:
        self._save_soon()

    @callback
    def _save_soon(self, _now: datetime | None = None) -> None:
        self._store.async_delay_save(self._as_dict, SAVE_DELAY_S)

    def _as_dict(self) -> dict[str, Any]:
        stations: Mapping[str, Any] = {}
        if self._central_system and not self._simulated:
            stations = self._central_system.stations
        return {
            "stations": {name: station.memory() for name, station in stations.items()},
            "engine": self._engine() if self._engine else None,
        }
