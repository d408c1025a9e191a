"""The passwords that are being sent to chargers, in a file of their own, which is written before they are sent.

A charger may use a password from the moment it arrives. Home Assistant writes its config entries a second after a change:
if it is killed before, the charger has a password that nobody knows, and is locked out. The file is read at the next start.
It keeps all passwords of the last minute, in order: what is on the disk may be older than any of them.
"""

import asyncio
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
import logging
from typing import Any

from homeassistant.config_entries import ConfigEntry, ConfigSubentry
from homeassistant.core import HomeAssistant, callback

from ...central_system import Station
from ...central_system.station_state import CommandError, FormerCredential
from ...const import SUBENTRY_CHARGER
from ...engine.codec import from_jsonable, to_jsonable
from ..entry_data import password_data, site_of, station_config
from ..outcome import identity_of
from ..storage_file import StorageFile
from ..subentries import usable

_LOGGER = logging.getLogger(__name__)

# Long enough for Home Assistant to write its config entries.
_KEPT_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SentPassword:
    """A password that a charger was sent, and the one that it had before (None: none)."""

    password: str
    instead_of: str | None


class SentPasswords:
    """Sends chargers their passwords."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry) -> None:
        """Start without any; `async_load` reads those that may not have been stored."""
        self._hass = hass
        self._entry = entry
        self._file = password_store(hass, entry.entry_id)
        # By identity, the oldest first, each with the time until which the file keeps it; None: it is being sent.
        self._sent = defaultdict[str, dict[SentPassword, float | None]](dict)
        # One after the other: what each replaces must be known.
        self._turns = defaultdict[str, asyncio.Lock](asyncio.Lock)

    async def async_load(self) -> None:
        """Store what a charger was sent before Home Assistant was killed: that password and the former one are valid."""
        stored = await self._file.async_load()
        sent = stored.each(_passwords)
        for subentry in usable(self._entry, SUBENTRY_CHARGER):
            self._recover(subentry, sent.get(identity_of(subentry), ()))
        await self._file.async_put_aside()
        self._file.keep(self._content, self._keep_until_over)
        # Unloading writes nothing: what is sent just before may not be stored either.
        self._entry.async_on_unload(self._file.close)
        for identity, passwords in sent.items():
            until = self._hass.loop.time() + _KEPT_S
            self._sent[identity] = dict.fromkeys(passwords, until)
        self._keep_until_over(sent)

    @callback
    def _keep_until_over(self, content: Mapping[str, Any]) -> None:
        """Write the file again when what is in it is old enough."""
        if content:
            self._file.save_soon()

    @callback
    def _recover(
        self, subentry: ConfigSubentry, sent: tuple[SentPassword, ...]
    ) -> None:
        config = station_config(subentry.data, site_of(self._entry.data))
        if config.client_certificate:
            return
        passwords = [config.password]
        for one in sent:
            if one.instead_of in passwords:  # otherwise it was stored, or changed since
                passwords.append(one.password)
        if len(passwords) == 1:
            return
        _LOGGER.warning(
            "Home Assistant was stopped while %s was sent a password; it can connect with that one and with the former",
            config.identity,
        )
        before = config.former.passwords if config.former else ()
        *former, password = passwords
        config = replace(
            config,
            password=password,
            former=FormerCredential(passwords=(*before, *former)),
        )
        self._hass.config_entries.async_update_subentry(
            self._entry, subentry, data={**subentry.data, **password_data(config)}
        )

    def _content(self) -> dict[str, Any]:
        now = self._hass.loop.time()
        for identity, sent in tuple(self._sent.items()):
            kept = {
                one: until for one, until in sent.items() if not _is_over(until, now)
            }
            if kept:
                self._sent[identity] = kept
            else:
                del self._sent[identity]
        return {
            identity: [to_jsonable(one) for one in sent]
            for identity, sent in self._sent.items()
        }

    async def async_send(self, station: Station, password: str) -> None:
        """Send a charger another password; the caller stores what its configuration then holds.

        Raises:
            CommandError: the charger did not accept it, or could not be asked.

        """
        async with self._turns[station.identity]:
            one = SentPassword(password=password, instead_of=station.config.password)
            self._sent[station.identity][one] = None
            kept_s = _KEPT_S
            try:
                await self._file.async_save_now(self._content())
                await station.change_password(password)
            except CommandError:
                kept_s = 0.0  # refused: it never counts
                raise
            finally:
                self._sent[station.identity][one] = self._hass.loop.time() + kept_s
                self._file.save_soon(kept_s)


def _is_over(until: float | None, now: float) -> bool:
    return until is not None and until <= now


def _passwords(rows: Any) -> tuple[SentPassword, ...]:
    """Return the passwords that a charger was sent; earlier versions stored the last one alone."""
    if not isinstance(rows, list):
        rows = [rows]
    return tuple(from_jsonable(SentPassword, row) for row in rows)


def password_store(hass: HomeAssistant, entry_id: str) -> StorageFile:
    """Return the file of a site, which only Home Assistant's own user can read."""
    return StorageFile(hass, entry_id, "passwords", every_s=_KEPT_S, private=True)
