"""The coordinator that updates a site's entities after each control tick."""

from collections.abc import Callable
import logging
from typing import Any, NamedTuple, override

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator

from .const import DOMAIN
from .site.outcome import ConnectorKey, SiteData

_LOGGER = logging.getLogger(__name__)

# How often those are called who asked to be called again: what they show has settled, or is old.
_AGAIN_S = 3.0


class Concern(NamedTuple):
    """What a listener is called for: a part of what is shown of a connector, by its name, or all of it."""

    key: ConnectorKey
    part: str | None = None


class _Connector:
    """The listeners to one connector: called when what is shown of it is another object, and who asked to be called again."""

    def __init__(self) -> None:
        """Start with none, and with nothing seen."""
        self.listeners: dict[str | None, list[CALLBACK_TYPE]] = {}
        self.again: set[CALLBACK_TYPE] = set()
        self.next: set[CALLBACK_TYPE] = set()
        self._seen: tuple[object, bool] | None = None

    def due(self, data: object, *, alive: bool, again: bool) -> list[CALLBACK_TYPE]:
        """Return whom to call with this outcome of a tick; `again`: those, too, for whom nothing changed."""
        due = self._concerned(data, alive=alive)
        if self.next or (again and self.again):
            asked = self.next | self.again if again else self.next
            due += [one for one in asked if one not in due]
        for waiting in (self.again, self.next):
            waiting.difference_update(due)
        return due

    def _concerned(self, data: object, *, alive: bool) -> list[CALLBACK_TYPE]:
        """Return those whose part of what is shown is another object than before."""
        seen = self._seen
        if seen is not None and seen[0] is data and seen[1] is alive:
            return []
        self._seen = data, alive
        anew = seen is None or None in (seen[0], data) or seen[1] is not alive
        return [
            listener
            for part, listeners in self.listeners.items()
            if anew
            or part is None
            or getattr(seen and seen[0], part) is not getattr(data, part)
            for listener in listeners
        ]


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
        listeners = connector.listeners.setdefault(context.part, [])
        listeners.append(update_callback)

        def remove() -> None:
            listeners.remove(update_callback)
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
