"""Pushes what a card shows: everything once, then only changes, at most once a second."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from homeassistant.components.websocket_api import ActiveConnection, event_message
from homeassistant.config_entries import (
    SIGNAL_CONFIG_ENTRY_CHANGED,
    ConfigEntry,
    ConfigEntryChange,
    ConfigEntryState,
)
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.event import async_call_later

type View = Mapping[str, Any]

# Faster than a person reads; a site of fifty chargers ticks more often.
PAUSE_S = 1.0
# What is compared item by item, as one of its items changes at a time.
ITEMS = ("chargers",)


type Follow = Callable[[CALLBACK_TYPE], CALLBACK_TYPE]


class LoadedSite:
    """Follows a site while it is loaded, and again after each reload: what it is made of is new then."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry_id: str,
        follow: Follow,
        changed: CALLBACK_TYPE,
    ) -> None:
        """Call back for each change that `follow` follows, and when the site is loaded or unloaded."""
        self._hass = hass
        self._entry_id = entry_id
        self._follow = follow
        self._changed = changed
        self._stop_following: CALLBACK_TYPE | None = None
        self._stop_entry = async_dispatcher_connect(
            hass, SIGNAL_CONFIG_ENTRY_CHANGED, self._entry_changed
        )

    @property
    def loaded(self) -> bool:
        """Return whether it is loaded."""
        entry = self._hass.config_entries.async_get_entry(self._entry_id)
        return entry is not None and entry.state is ConfigEntryState.LOADED

    @callback
    def start(self) -> None:
        """Follow it from now on."""
        if self.loaded and self._stop_following is None:
            self._stop_following = self._follow(self._changed)

    @callback
    def stop(self) -> None:
        """Follow it no longer."""
        self._stop_entry()
        self._unfollow()

    def _unfollow(self) -> None:
        if self._stop_following:
            self._stop_following()
            self._stop_following = None

    @callback
    def _entry_changed(self, _change: ConfigEntryChange, entry: ConfigEntry) -> None:
        if entry.entry_id != self._entry_id:
            return
        if self.loaded:
            self.start()
        else:
            self._unfollow()
        self._changed()


class Push:
    """One subscription to one site. It outlives a reload of the site: cards stay, and show when it is back."""

    def __init__(
        self,
        hass: HomeAssistant,
        connection: ActiveConnection,
        message_id: int,
        entry_id: str,
        view: Callable[[], View],
        follow: Follow,
    ) -> None:
        """Show `view` of a loaded site, whenever what `follow` follows calls back."""
        self._hass = hass
        self._connection = connection
        self._message_id = message_id
        self._view = view
        self._sent: View = {}
        self._timer: CALLBACK_TYPE | None = None
        self._late = False
        self._site = LoadedSite(hass, entry_id, follow, self._changed)

    @callback
    def start(self) -> None:
        """Send all of it, and follow."""
        self._site.start()
        self._send()

    @callback
    def stop(self) -> None:
        """End the subscription."""
        self._site.stop()
        self._end_pause()

    def _end_pause(self) -> None:
        if self._timer:
            self._timer()
            self._timer = None

    @callback
    def _changed(self) -> None:
        if not self._site.loaded:
            self._end_pause()
            self._send()
        elif self._timer:
            self._late = True
        else:
            self._send()
            self._timer = async_call_later(self._hass, PAUSE_S, self._paused)

    @callback
    def _paused(self, _now: datetime) -> None:
        self._timer = None
        if self._late:
            self._late = False
            self._changed()

    def _send(self) -> None:
        view: View = self._view() if self._site.loaded else {}
        if news := difference(self._sent, view):
            self._connection.send_message(event_message(self._message_id, dict(news)))
        self._sent = view


def difference(before: View, after: View) -> View:
    """Return what to change to come from one view to the other: `set` and `gone`, and of each item as well."""
    news: dict[str, Any] = {}
    for name in ITEMS:
        if name in before and name in after:
            if items := _difference(before[name], after[name]):
                news[name] = items
    whole = {
        key: value
        for key, value in after.items()
        if before.get(key) != value and key not in news
    }
    gone = sorted(before.keys() - after.keys())
    return news | ({"set": whole} if whole else {}) | ({"gone": gone} if gone else {})


def _difference(before: View, after: View) -> View:
    changed = {key: value for key, value in after.items() if before.get(key) != value}
    gone = sorted(before.keys() - after.keys())
    return ({"set": changed} if changed else {}) | ({"gone": gone} if gone else {})
