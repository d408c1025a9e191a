"""What the engine and the chargers of a site know that survives a restart of Home Assistant."""

import asyncio
from collections.abc import Callable, Mapping
from functools import partial
import logging
from typing import Any

from homeassistant.core import HomeAssistant, callback

from ..central_system import CentralSystem, Station
from ..central_system.station_state import (
    ConnectorState,
    FinishedTransaction,
    SessionNews,
    StationState,
)
from ..const import DOMAIN, SUBENTRY_CHARGER
from ..engine.stored_items import Stored
from .outcome import identity_of
from .storage_file import StorageFile
from .subentries import usable

_LOGGER = logging.getLogger(__name__)

# A power cut loses no more than this of what the chargers reported. Of sessions that they were answered it loses nothing.
SAVE_DELAY_S = 5.0
# Which cars run since when is saved when it changes. The rest of the engine's memory, and the counters, are saved every
# minute while a car charges, and less often otherwise: flash wears with every write.
BUSY_S = 60.0
IDLE_S = 600.0
# Counters show only what is saved, so that they never fall. This much is saved soon, and so is the first of a session.
_MUCH_WH = 500.0
_FIRST_WH = 10.0  # what is shown has two digits of a kilowatt-hour
# A charger gives up on an answer after 30 s or more; a disk that takes longer than this is broken.
_ANSWER_S = 5.0


class MemoryFile:
    """The memory of one site, in Home Assistant's storage.

    Finished transactions are the largest part of what a charger remembers, and change seldom: those of each charger
    have a file of their own.
    """

    def __init__(
        self, hass: HomeAssistant, entry_id: str, *, simulated: bool = False
    ) -> None:
        """Bind to the site's storage; `async_load` reads it.

        Simulated chargers are new at every start, so nothing is stored of them.
        """
        self._simulated = simulated
        self._hass = hass
        self._entry_id = entry_id
        self._store = StorageFile(hass, entry_id, "memory", every_s=BUSY_S)
        self._stored = Stored(None)
        self._over: dict[str, StorageFile] = {}  # by identity
        self._stored_over: dict[str, Stored] = {}
        self._central_system: CentralSystem | None = None
        self._engine: Callable[[], dict[str, Any]] | None = None
        self._lasting: tuple[object, ...] = ()
        self._seen: dict[str, tuple[object, ...]] = {}
        # The chargers of which a session began or ended that is not on the disk yet, and the sessions that run.
        self._unwritten: set[str] = set()
        self._running: dict[str, tuple[str | None, ...]] = {}
        self._writing = asyncio.Lock()

    async def async_load(self) -> None:
        """Read what is stored."""
        self._stored = await self._store.async_load()
        for identity in self._identities():
            store = self._store_of(identity)
            self._stored_over[identity] = await store.async_load()

    async def async_put_aside(self) -> None:
        """Put aside what the engine and the chargers could not read."""
        for store in (self._store, *self._over.values()):
            await store.async_put_aside()

    async def async_remove(self) -> None:
        """Remove all files, when the site is removed."""
        await self._store.async_remove()
        for identity in self._identities():
            await self._store_of(identity).async_remove()

    def _identities(self) -> dict[str, str]:
        """Return the sub-entries of the site's chargers by identity."""
        entry = self._hass.config_entries.async_get_entry(self._entry_id)
        if entry is None or self._simulated:
            return {}
        return {
            identity_of(subentry): subentry.subentry_id
            for subentry in usable(entry, SUBENTRY_CHARGER)
        }

    def _store_of(self, identity: str) -> StorageFile:
        """Return the file of a charger's finished transactions."""
        if identity not in self._over:
            name = f"sessions.{self._identities()[identity]}"
            store = StorageFile(self._hass, self._entry_id, name, every_s=SAVE_DELAY_S)
            store.keep(partial(self._transactions_over, identity))
            self._over[identity] = store
        return self._over[identity]

    def station(self, identity: str) -> tuple[Stored, ...]:
        """Return what is stored of a charger, in parts."""
        if self._simulated:
            return ()
        over = self._stored_over.get(identity, Stored(None))
        memory = self._stored.within("stations").within(identity)
        return tuple(part for part in (over, memory) if part)

    @property
    def engine(self) -> Stored:
        """Return what is stored of the engine's memory."""
        return self._stored.within("engine")

    @callback
    def start(
        self, central_system: CentralSystem, engine: Callable[[], dict[str, Any]]
    ) -> Callable[[], None]:
        """Store changes from now on; returns the function that ends that."""
        self._central_system = central_system
        self._engine = engine
        self._store.keep(self._as_dict, self._written)
        stops = (
            central_system.session_reports.answer_when(self.async_stored),
            central_system.subscribe(self._station_changed),
            central_system.subscribe_all_sessions(self._session_changed),
            central_system.subscribe_transactions(self._session_changed),
        )

        def stop() -> None:
            for one in stops:
                one()

        return stop

    async def async_stored(self) -> None:
        """Wait until the sessions that began and ended are on the disk; a broken disk must not prevent charging."""
        if not self._unwritten and not self._writing.locked():
            return
        try:
            async with asyncio.timeout(_ANSWER_S):
                await asyncio.shield(
                    self._hass.async_create_background_task(
                        self._async_write_sessions(), f"{DOMAIN} stores sessions"
                    )
                )
        except TimeoutError:
            _LOGGER.warning(
                "What chargers reported could not be stored within %s s. Is the disk full, or broken?",
                _ANSWER_S,
            )

    async def _async_write_sessions(self) -> None:
        """Write what is not on the disk: once for all that began and ended while the last write went on."""
        async with self._writing:
            unwritten, self._unwritten = self._unwritten, set()
            if not unwritten:
                return
            # Finished transactions first, as above.
            for identity in unwritten & self._identities().keys():
                await self._store_of(identity).async_write_now()
            await self._store.async_write_now()

    async def async_save(self) -> None:
        """Write everything now, when the site is unloaded."""
        # Finished transactions first: a transaction is then in both files rather than in none.
        for store in self._over.values():
            await store.async_save()
        await self._store.async_save()

    async def async_forget(self, identity: str) -> None:
        """Remove the file of a charger that is no longer part of the site."""
        if (store := self._over.pop(identity, None)) is not None:
            await store.async_remove()

    @callback
    def _station_changed(self, state: StationState) -> None:
        """Save when a charger reported something that must not be lost; meter values alone can wait."""
        if not state.accepted:
            return
        running = tuple(
            connector.transaction.id if connector.transaction else None
            for connector in state.connectors
        )
        if self._running.get(state.identity) != running:
            self._running[state.identity] = running
            self._must_store(state.identity)
        lasting = (
            state.info,
            state.fail_safe,
            *(connector.transaction for connector in state.connectors),
        )
        if self._seen.get(state.identity) != lasting:
            self._seen[state.identity] = lasting
            if state.identity in self._identities():
                self._store_of(state.identity).save_soon()
            self._store.save_soon(SAVE_DELAY_S)
        elif self._simulated:
            self._store.save_soon(BUSY_S)
        elif any(map(_shows_late, state.connectors)):
            self._store.save_soon(SAVE_DELAY_S)
        elif any(map(_is_busy, state.connectors)):
            self._store.save_soon(BUSY_S)

    @callback
    def _session_changed(self, news: SessionNews | FinishedTransaction) -> None:
        """Save what a charger reports of a session that is over, too: the state does not show it."""
        self._must_store(news.identity)
        if news.identity in self._identities():
            self._store_of(news.identity).save_soon()
            self._store.save_soon(SAVE_DELAY_S)

    def _must_store(self, identity: str) -> None:
        if not self._simulated:
            self._unwritten.add(identity)

    @callback
    def note(self, lasting: tuple[object, ...]) -> None:
        """Save soon when the engine's memory changed in a way that must not be lost; other changes can wait."""
        if lasting != self._lasting:
            self._lasting = lasting
            self._store.save_soon(SAVE_DELAY_S)
        else:
            self._store.save_soon(IDLE_S)

    def _stations(self) -> Mapping[str, Station]:
        if self._central_system is None or self._simulated:
            return {}
        return self._central_system.stations

    def _transactions_over(self, identity: str) -> dict[str, Any]:
        station = self._stations().get(identity)
        records = station.memory()["transactions"] if station else []
        return {"transactions": [one for one in records if _is_over(one)]}

    def _as_dict(self) -> dict[str, Any]:
        return {
            "stations": {
                name: _without_those_over(station.memory())
                for name, station in self._stations().items()
            },
            "engine": self._engine() if self._engine else None,
        }

    @callback
    def _written(self, content: dict[str, Any]) -> None:
        """Let counters show the energies that are on disk now."""
        for identity, station in self._stations().items():
            if (memory := content["stations"].get(identity)) is not None:
                station.written(memory)


def _shows_late(connector: ConnectorState) -> bool:
    """Whether much of a known energy is not saved yet, or none of what a session took."""
    if (connector.unsaved_wh or 0.0) >= _MUCH_WH:
        return True
    session_wh = connector.session_energy_wh or 0.0
    return session_wh >= _FIRST_WH and not connector.lasting_session_wh


def _is_busy(connector: ConnectorState) -> bool:
    """Whether a transaction is running, or energy flows without one."""
    return connector.transaction is not None or bool(connector.unsaved_wh)


def _is_over(record: dict[str, Any]) -> bool:
    return record["stopped_at"] is not None


def _without_those_over(memory: dict[str, Any]) -> dict[str, Any]:
    records = [one for one in memory["transactions"] if not _is_over(one)]
    return {**memory, "transactions": records}
