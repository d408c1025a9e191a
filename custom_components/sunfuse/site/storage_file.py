"""A file of a site in Home Assistant's storage.

- A file is read item by item. An item that cannot be read is put aside under another name, together with the rest of the
  file, and a repair issue reports it; its default is used instead.
- A change is written within this time, however often more changes follow; without a change nothing is written.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
import logging
from pathlib import Path
from typing import Any

from homeassistant.const import EVENT_HOMEASSISTANT_FINAL_WRITE
from homeassistant.core import CALLBACK_TYPE, Event, HassJob, HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.event import async_call_later
from homeassistant.helpers.json import json_bytes
from homeassistant.helpers.storage import Store
from homeassistant.util import dt as dt_util

from ..const import DOMAIN
from ..engine.stored_items import Stored

_LOGGER = logging.getLogger(__name__)

VERSION = 1
_ASIDE = ".put_aside."


class StorageFile:
    """One file of a site. `name` distinguishes it from the others; the file of the settings has none."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry_id: str,
        name: str = "",
        *,
        every_s: float,
        private: bool = False,
    ) -> None:
        """Name the file, and the time within which a change is written."""
        self._hass = hass
        self._entry_id = entry_id
        self._every_s = every_s
        self._private = private
        self._key = ".".join(filter(None, (DOMAIN, entry_id, name)))
        self._store = Store[dict[str, Any]](hass, VERSION, self._key, private=private)
        self._raw: Any = None
        self._aside = 0  # how many items were put aside
        self._stored = Stored(None)
        self._content: Callable[[], dict[str, Any]] | None = None
        self._on_written: Callable[[dict[str, Any]], None] | None = None
        self._written: int | None = None
        self._timer: CALLBACK_TYPE | None = None
        self._due = 0.0
        self._stop_listening: CALLBACK_TYPE | None = None

    async def async_load(self) -> Stored:
        """Return what is stored; nothing if the whole file cannot be read."""
        try:
            self._raw = await self._store.async_load()
        except Exception:
            # The fault boundary of a stored file: Home Assistant raises all kinds of exceptions about one that is
            # broken or of an unknown version.
            _LOGGER.exception("%s cannot be read; it is put aside", self._key)
            aside = await self._hass.async_add_executor_job(self._rename)
            self._report(["*"], aside)
        self._stored = Stored(self._raw)
        if isinstance(self._raw, dict):
            self._written = _fingerprint(self._raw)
        return self._stored

    def _rename(self) -> str:
        aside = _aside_of(self._key)
        path = Path(self._store.path)
        with suppress(FileNotFoundError):
            path.rename(path.with_name(aside))
        return aside

    async def async_put_aside(self) -> None:
        """Put aside what could not be read, before anything is written over it."""
        unread = self._stored.unread
        if len(unread) <= self._aside:
            return
        self._aside = len(unread)
        aside = _aside_of(self._key)
        _LOGGER.warning(
            "%s has what is not understood (%s); the file as it was is kept as %s",
            self._key,
            ", ".join(unread),
            aside,
        )
        copy = Store[dict[str, Any]](self._hass, VERSION, aside, private=self._private)
        await copy.async_save({"not_understood": list(unread), "content": self._raw})
        self._report(unread, aside)
        # Otherwise the next start would find the same.
        self._written = None

    def _report(self, unread: list[str], aside: str) -> None:
        entry = self._hass.config_entries.async_get_entry(self._entry_id)
        ir.async_create_issue(
            self._hass,
            DOMAIN,
            f"{self._key}_not_understood",
            data={"entry_id": self._entry_id},
            is_fixable=True,
            is_persistent=True,
            severity=ir.IssueSeverity.WARNING,
            translation_key="stored_not_understood",
            translation_placeholders={
                "site": entry.title if entry else "?",
                "file": self._key,
                "items": ", ".join(unread[:10]),
                "count": str(len(unread)),
                "aside": aside,
            },
        )

    @callback
    def keep(
        self,
        content: Callable[[], dict[str, Any]],
        written: Callable[[dict[str, Any]], None] | None = None,
    ) -> None:
        """Set what to store from now on; unwritten changes are written when Home Assistant stops.

        `written` is called with what is on disk, once it is there.
        """
        self._content = content
        self._on_written = written
        if self._stop_listening is None:
            self._stop_listening = self._hass.bus.async_listen(
                EVENT_HOMEASSISTANT_FINAL_WRITE, self._final_write
            )

    async def _final_write(self, _event: Event) -> None:
        await self._async_write()

    @callback
    def save_soon(self, within_s: float | None = None) -> None:
        """Write a change, after this time at the latest; further changes do not postpone it."""
        due = self._hass.loop.time() + (self._every_s if within_s is None else within_s)
        if self._timer is not None:
            if self._due <= due:
                return
            self._timer()
        self._due = due
        self._timer = async_call_later(
            self._hass,
            max(0.0, due - self._hass.loop.time()),
            HassJob(self._timed_write, cancel_on_shutdown=True),
        )

    async def _timed_write(self, _now: datetime) -> None:
        self._timer = None
        await self._async_write()

    async def async_save(self) -> None:
        """Write changes now, for the last time: the site is unloaded."""
        self._cancel()
        await self._async_write()
        self._content = None

    async def _async_write(self) -> None:
        await self.async_put_aside()
        if self._content is None:
            return
        content = self._content()
        fingerprint = _fingerprint(content)
        if fingerprint != self._written:
            self._written = fingerprint
            await self._store.async_save(content)
            if self._on_written is not None:
                self._on_written(content)

    async def async_write_now(self) -> None:
        """Write a change now, because it must not be lost."""
        await self._async_write()

    async def async_save_now(self, content: dict[str, Any]) -> None:
        """Write this now, because it must not be lost."""
        await self.async_put_aside()
        self._written = _fingerprint(content)
        await self._store.async_save(content)

    @callback
    def close(self) -> None:
        """Write nothing more: the next start judges what is stored."""
        self._cancel()
        self._content = None

    async def async_remove(self) -> None:
        """Remove the file and what was put aside of it, when the site is removed."""
        self._cancel()
        self._content = self._written = None
        await self._store.async_remove()
        await self._hass.async_add_executor_job(self._remove_aside)
        ir.async_delete_issue(self._hass, DOMAIN, f"{self._key}_not_understood")

    async def async_clear(self) -> None:
        """Remove the file: there is nothing to store."""
        await self.async_put_aside()
        self._written = None
        await self._store.async_remove()

    def _remove_aside(self) -> None:
        path = Path(self._store.path)
        for aside in path.parent.glob(f"{self._key}{_ASIDE}*"):
            aside.unlink(missing_ok=True)

    def _cancel(self) -> None:
        if self._timer is not None:
            self._timer()
            self._timer = None
        if self._stop_listening is not None:
            self._stop_listening()
            self._stop_listening = None


def _aside_of(key: str) -> str:
    return f"{key}{_ASIDE}{dt_util.utcnow():%Y%m%dT%H%M%S%f}"


def _fingerprint(content: dict[str, Any]) -> int:
    return hash(json_bytes(content))
