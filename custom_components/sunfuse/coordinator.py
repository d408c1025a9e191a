"""The coordinator that updates a site's entities after each control tick."""

from collections.abc import Callable, Iterable
import logging
from typing import Any, override

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator

from .const import DOMAIN
from .site.outcome import ConnectorKey, SiteData

_LOGGER = logging.getLogger(__name__)

# How often those are called who asked to be called again: what they show has settled, or is old.
_AGAIN_S = 3.0


class _Connector:
    """The listeners to one connector: called when what is shown of it is another object, and who asked to be called again."""

    def __init__(self) -> None:
        """Start with none, and with nothing seen."""
        self.listeners: list[CALLBACK_TYPE] = []
        self.again: set[CALLBACK_TYPE] = set()
        self.next: set[CALLBACK_TYPE] = set()
        self._seen: tuple[object, bool] | None = None

    def due(self, data: object, *, alive: bool, again: bool) -> Iterable[CALLBACK_TYPE]:
        """Return whom to call with this outcome of a tick; `again`: those, too, for whom nothing changed."""
        seen = self._seen
        if seen is None or seen[0] is not data or seen[1] is not alive:
            self._seen = data, alive
            self.again, self.next = set(), set()
            return tuple(self.listeners)
        asked, self.next = self.next, set()
        if again:
            asked |= self.again
            self.again = set()
        return asked


class SunfuseCoordinator(DataUpdateCoordinator[SiteData]):
    """Passes the outcome of each tick to the entities. The controller pushes; nothing is polled.

    A listener whose context is a connector is called when something about that connector changed: a site of fifty
    chargers has 1,500 of them, and most ticks concern a few.
    """

    config_entry: ConfigEntry

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry) -> None:
        """Initialize the coordinator."""
        super().__init__(
            hass,
            _LOGGER,
            config_entry=entry,
            name=f"{DOMAIN} {entry.title}",
            # A tick that changes nothing need not wake a hundred entities.
            always_update=False,
        )
        self._connectors: dict[ConnectorKey, _Connector] = {}
        self._again_at_s = 0.0

    @callback
    @override
    def async_add_listener(
        self, update_callback: CALLBACK_TYPE, context: Any = None
    ) -> Callable[[], None]:
        """Listen to each tick, or to one connector."""
        if not isinstance(context, ConnectorKey):
            return super().async_add_listener(update_callback, context)
        connector = self._connectors.setdefault(context, _Connector())
        connector.listeners.append(update_callback)

        def remove() -> None:
            connector.listeners.remove(update_callback)
            connector.again.discard(update_callback)
            connector.next.discard(update_callback)

        return remove

    @callback
    def call_again(self, update_callback: CALLBACK_TYPE, key: ConnectorKey) -> None:
        """Call a listener to a connector again within seconds, even if nothing changes."""
        self._connectors[key].again.add(update_callback)

    @callback
    def call_next(self, update_callback: CALLBACK_TYPE, key: ConnectorKey) -> None:
        """Call a listener to a connector with the next tick, even if nothing changes."""
        self._connectors[key].next.add(update_callback)

    @callback
    @override
    def async_update_listeners(self) -> None:
        """Call all who listen to the site, and those to a connector whom a change concerns."""
        super().async_update_listeners()
        alive, now_s = self.last_update_success, self.hass.loop.time()
        if again := now_s >= self._again_at_s:
            self._again_at_s = now_s + _AGAIN_S
        for key, connector in tuple(self._connectors.items()):
            data = self.data.connectors.get(key) if self.data else None
            for update in connector.due(data, alive=alive, again=again):
                self._call(update)

    def _call(self, update: CALLBACK_TYPE) -> None:
        """Call a listener; if one fails, the others are still called."""
        try:
            update()
        except Exception:
            _LOGGER.exception("%s: a listener failed: %s", self.name, update)

    @callback
    def async_fail(self, error: Exception) -> None:
        """Report a failed tick to the entities: the values that it would have shown are unknown."""
        self.last_exception = error
        if self.last_update_success:
            self.last_update_success = False
            self.async_update_listeners()
