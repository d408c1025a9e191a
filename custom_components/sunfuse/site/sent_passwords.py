"""The passwords that are being sent to chargers, in a file of their own, which is written before they are sent.

A charger may use a password from the moment it arrives. Home Assistant writes its config entries a second after a change:
if it is killed before, the charger has a password that nobody knows, and is locked out. The file is read at the next start.
"""

import asyncio
from collections import defaultdict
from dataclasses import dataclass, replace
from functools import partial
import logging
from typing import Any

from homeassistant.config_entries import ConfigEntry, ConfigSubentry
from homeassistant.core import HomeAssistant, callback

from ..central_system import Station
from ..central_system.station_state import FormerCredential
from ..const import SUBENTRY_CHARGER
from ..engine.codec import from_jsonable, to_jsonable
from .outcome import identity_of
from .snapshot import password_data, site_of, station_config
from .storage_file import StorageFile
from .subentries import usable

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
        self._sent: dict[str, SentPassword] = {}  # by identity
        # One after the other: the file holds one for each charger, which must not be replaced while it is sent.
        self._turns = defaultdict[str, asyncio.Lock](asyncio.Lock)

    async def async_load(self) -> None:
        """Store what a charger was sent before Home Assistant was killed: that password and the former one are valid."""
        stored = await self._file.async_load()
        sent = stored.each(partial(from_jsonable, SentPassword))
        for subentry in usable(self._entry, SUBENTRY_CHARGER):
            if (one := sent.get(identity_of(subentry))) is not None:
                self._recover(subentry, one)
        await self._file.async_put_aside()
        self._file.keep(self._content)
        # Unloading writes nothing: what is sent just before may not be stored either.
        self._entry.async_on_unload(self._file.close)
        if sent:
            self._file.save_soon()

    @callback
    def _recover(self, subentry: ConfigSubentry, sent: SentPassword) -> None:
        config = station_config(subentry.data, site_of(self._entry.data))
        if config.client_certificate or config.password != sent.instead_of:
            return  # it was stored, or changed since
        _LOGGER.warning(
            "Home Assistant was stopped while %s was sent a password; it can connect with that one and with the former",
            config.identity,
        )
        before = config.former.passwords if config.former else ()
        config = replace(
            config,
            password=sent.password,
            former=FormerCredential(passwords=(*before, config.password)),
        )
        self._hass.config_entries.async_update_subentry(
            self._entry, subentry, data={**subentry.data, **password_data(config)}
        )

    def _content(self) -> dict[str, Any]:
        return {identity: to_jsonable(one) for identity, one in self._sent.items()}

    async def async_send(self, station: Station, password: str) -> None:
        """Send a charger another password; the caller stores what its configuration then holds.

        Raises:
            CommandError: the charger did not accept it, or could not be asked.

        """
        async with self._turns[station.identity]:
            self._sent[station.identity] = SentPassword(
                password=password, instead_of=station.config.password
            )
            try:
                await self._file.async_save_now(self._content())
                await station.change_password(password)
            finally:
                del self._sent[station.identity]
                self._file.save_soon()


def password_store(hass: HomeAssistant, entry_id: str) -> StorageFile:
    """Return the file of a site, which only Home Assistant's own user can read."""
    return StorageFile(hass, entry_id, "passwords", every_s=_KEPT_S, private=True)
