"""The coordinator that updates a site's entities after each control tick."""

from collections.abc import Callable, Mapping
import logging
from typing import Any, NamedTuple, override

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator

from .const import DOMAIN
from .site.outcome import ConnectorData, ConnectorKey, SiteData

_LOGGER = logging.getLogger(__name__)

# How often those are called who asked to be called again: what they show has settled, or is old.
_AGAIN_S = 10.0

_NOTHING = object()

type _Part = Callable[[ConnectorData], object]


class Concern(NamedTuple):
    """What a listener is called for: a change of what it derives from a connector's data, or (None) any change of that."""

    key: ConnectorKey
    part: _Part | None = None


class _Listener:
    """A listener to one connector, and the part of its data that it was last called for."""

    def __init__(self, part: _Part | None) -> None:
        """Start with nothing seen."""
        self._part = part
        self._seen: object = _NOTHING  # None is a value, too

    def concerned(self, data: ConnectorData | None) -> bool:
        """Return whether its part is another one than before."""
        if self._part is None or data is None:
            return True
        before, self._seen = self._seen, self._part(data)
        return self._seen is not before and self._seen != before


class _Connector:
    """The listeners to one connector, and who of them asked to be called again."""

    def __init__(self) -> None:
        """Start with none, and with nothing seen."""
        self.listeners: dict[CALLBACK_TYPE, _Listener] = {}
        self.again: dict[CALLBACK_TYPE, CALLBACK_TYPE] = {}
        self.next: set[CALLBACK_TYPE] = set()
        self._data: ConnectorData | None = None
        self._there: tuple[bool, bool] | None = None

    def see(self, data: ConnectorData | None, *, alive: bool) -> tuple[bool, bool]:
        """Return whether its data is another object than before, and whether its entities come or go with that."""
        before, self._data = self._data, data
        was = self._there
        self._there = alive, data is not None and data.station.connected
        return data is not before, self._there != was or None in (data, before)


class SunfuseCoordinator(DataUpdateCoordinator[SiteData]):
    """Passes the outcome of each tick to the entities. The controller pushes; nothing is polled.

    A listener whose context is a connector, or a part of what is shown of it, is called when that changed: a site of fifty
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
        if not isinstance(context, Concern):
            return super().async_add_listener(update_callback, context)
        connector = self._connectors.setdefault(context.key, _Connector())
        connector.listeners[update_callback] = _Listener(context.part)

        def remove() -> None:
            del connector.listeners[update_callback]
            connector.again.pop(update_callback, None)
            connector.next.discard(update_callback)

        return remove

    @callback
    def call_again(
        self, update_callback: CALLBACK_TYPE, key: ConnectorKey, settle: CALLBACK_TYPE
    ) -> None:
        """Call `settle` within seconds, even if nothing changes that concerns this listener to a connector."""
        self._connectors[key].again[update_callback] = settle

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
            changed, anew = connector.see(data, alive=alive)
            if changed or anew or connector.next or (again and connector.again):
                self._tell(connector, data, changed=changed, anew=anew, again=again)

    def _tell(
        self,
        connector: _Connector,
        data: ConnectorData | None,
        *,
        changed: bool,
        anew: bool,
        again: bool,
    ) -> None:
        """Call the listeners that a change concerns, and those that asked for a call; one that fails does not stop the others."""
        asked, connector.next = connector.next, set()
        settling: Mapping[CALLBACK_TYPE, CALLBACK_TYPE] = {}
        if again:
            settling, connector.again = connector.again, {}
        for update, listener in tuple(connector.listeners.items()):
            try:
                concerned = changed and listener.concerned(data)
                if concerned or anew or update in asked:
                    update()
                elif update in settling:
                    settling[update]()
            except Exception:
                _LOGGER.exception("%s: a listener failed: %s", self.name, update)

    @callback
    def async_fail(self, error: Exception) -> None:
        """Report a failed tick to the entities: the values that it would have shown are unknown."""
        self.last_exception = error
        if self.last_update_success:
            self.last_update_success = False
            self.async_update_listeners()
