"""The chargers of a site: which there are, their state, and how the engine sees them."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.util import dt as dt_util

from ...central_system import CentralSystem
from ...central_system.station_state import ConnectorState, StationInfo, StationState
from ...const import (
    CONF_CONNECTORS,
    CONF_MODE,
    CONF_MORE_CONNECTORS,
    CONF_SPEED,
    SUBENTRY_CHARGER,
)
from ...devices import connector_identifier, move_to_connectors, register_stations
from ...drivers.demand import Demand
from ...drivers.person_terms import PersonStanding
from ...engine.model import Connector, Mode
from ..entry_data import site_of, station_config
from ..memory_file import MemoryFile
from ..outcome import ConnectorKey, Holder, connector_numbers, identity_of
from ..people.cards import Cards
from ..people.persons import Persons
from ..settings import ConnectorSettings, Settings
from ..subentries import usable
from .connector_names import connector_names
from .known_connector import KnownConnector
from .ocpp_address import ocpp_address
from .unknown_chargers import UnknownChargers

# What a person may still have whose energy of this month is used up.
_MOST_OF_QUOTA = {PersonStanding.SUN_ONLY: Mode.SOLAR, PersonStanding.USED_UP: Mode.OFF}

type States = dict[ConnectorKey, tuple[StationState, ConnectorState]]


class Chargers:
    """Loads the chargers that the config entry names, and tracks their connectors."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        *,
        central_system: CentralSystem,
        settings: Settings,
        memory_file: MemoryFile,
        cards: Cards,
        persons: Persons,
        known_vehicle: Callable[[ConnectorKey], str | None],
        is_reserved: Callable[[ConnectorKey, datetime], bool],
    ) -> None:
        """Start without chargers; `load` reads them."""
        self._hass = hass
        self._entry = entry
        self._central_system = central_system
        self._settings = settings
        self._memory_file = memory_file
        self._cards = cards
        self._persons = persons
        self._known_vehicle = known_vehicle
        self._is_reserved = is_reserved
        self._unknown = UnknownChargers(hass, entry)
        self._data: dict[str, Mapping[str, Any]] = {}  # of sub-entries, by identity
        self._names: dict[ConnectorKey, str] = {}
        self._keys: tuple[ConnectorKey, ...] = ()
        # What was made of each connector for the engine, and of what.
        self._made: dict[ConnectorKey, tuple[KnownConnector, Connector]] = {}
        self._listeners: list[Callable[[list[ConnectorKey]], None]] = []

    @callback
    def start(self) -> Callable[[], None]:
        """Follow what chargers report from now on; returns the function that ends that."""
        unsubscribe = self._central_system.subscribe(self._station_changed)

        def stop() -> None:
            unsubscribe()
            self._unknown.stop()

        return stop

    # --- Which there are ---------------------------------------------------------------------------------------

    @callback
    def load(self) -> list[ConnectorKey]:
        """Load the chargers from the entry's sub-entries; returns the connectors that are new."""
        chargers: dict[str, Mapping[str, Any]] = {
            identity_of(subentry): subentry.data
            for subentry in usable(self._entry, SUBENTRY_CHARGER)
        }
        for identity in self._data.keys() - chargers.keys():
            self._forget(identity)
        for identity, data in chargers.items():
            if self._data.get(identity) != data:
                self._accept(identity, data)
        before = set(self._keys)
        self._data, self._made = chargers, {}
        self._keys = tuple(
            ConnectorKey(identity=identity, connector=connector)
            for identity, data in chargers.items()
            for connector in connector_numbers(data)
        )
        self._names = connector_names(self._hass, self._entry)
        for identity in chargers:
            self._unknown.known(identity)
        for key in self.connector_keys():
            if (mode := chargers[key.identity].get(CONF_MODE)) in list(Mode):
                self._settings.begin(key.id, Mode(mode))
        return [key for key in self.connector_keys() if key not in before]

    def _accept(self, identity: str, data: Mapping[str, Any]) -> None:
        speed = self._entry.data.get(CONF_SPEED, 1.0)
        self._central_system.accept(
            station_config(data, site_of(self._entry.data), speed),
            *self._memory_file.station(identity),
        )

    def _forget(self, identity: str) -> None:
        self._central_system.forget(identity)
        self._entry.async_create_background_task(
            self._hass,
            self._memory_file.async_forget(identity),
            f"Sunfuse forgets {identity}",
        )
        self._settings.forget(
            {key.id for key in self.connector_keys() if key.identity == identity}
        )

    @callback
    def announce(self, new: list[ConnectorKey]) -> None:
        """Create devices and entities of new connectors."""
        if not new:
            return
        register_stations(self._hass, self._entry, self._central_system.stations)
        move_to_connectors(self._hass, self._entry)
        for listener in self._listeners:
            listener(new)

    @callback
    def listen(
        self, listener: Callable[[list[ConnectorKey]], None]
    ) -> Callable[[], None]:
        """Call the listener with connectors that are added while the site runs."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def connector_keys(self) -> list[ConnectorKey]:
        """Return every connector of every charger of the site."""
        return list(self._keys)

    @property
    def names(self) -> Mapping[ConnectorKey, str]:
        """Return what users call each connector."""
        return self._names

    @callback
    def _station_changed(self, station: StationState) -> None:
        if station.accepted:
            self._learn_connectors(station)
        else:
            self._unknown.changed(station)

    def _learn_connectors(self, station: StationState) -> None:
        """Remember which connectors a charger has: fewer only if it reports how many it has."""
        known = set(connector_numbers(self._data.get(station.identity, {})))
        found = set(station.known_connectors)
        if not station.counts_connectors:
            found |= known
        if found != known:
            self._set_connectors(station.identity, found)

    @callback
    def drop_unbelieved(self, identifiers: set[tuple[str, str]]) -> None:
        """Drop the connector that a user deletes, if by all that is known its charger does not have it."""
        for key in self.connector_keys():
            believed = self._central_system.stations[key.identity].state
            if key.connector not in (believed.known_connectors or (1,)) and (
                connector_identifier(self._entry, key) in identifiers
            ):
                numbers = set(connector_numbers(self._data[key.identity]))
                self._set_connectors(key.identity, numbers - {key.connector})

    def _set_connectors(self, identity: str, found: set[int]) -> None:
        count = next(n for n in range(1, len(found) + 2) if n + 1 not in found)
        more = sorted(found - set(range(1, count + 1)))
        for subentry in usable(self._entry, SUBENTRY_CHARGER):
            if identity_of(subentry) == identity:
                data = {**subentry.data, CONF_CONNECTORS: count}
                data.pop(CONF_MORE_CONNECTORS, None)
                if more:
                    data[CONF_MORE_CONNECTORS] = more
                self._hass.config_entries.async_update_subentry(
                    self._entry, subentry, data=data
                )

    # --- Their state ---------------------------------------------------------------------------------------------

    def states(self) -> States:
        """Return the state of every connector, and its charger."""
        return {key: self._state_of(key) for key in self.connector_keys()}

    def _state_of(self, key: ConnectorKey) -> tuple[StationState, ConnectorState]:
        station = self._central_system.stations[key.identity].state
        for connector in station.connectors:
            if connector.id == key.connector:
                return station, connector
        return station, ConnectorState(id=key.connector)

    def holder(self, key: ConnectorKey) -> Holder | None:
        """Return who charges at a connector, None if not known."""
        return self.holder_at(key, self._state_of(key)[1])

    def holder_at(self, key: ConnectorKey, state: ConnectorState) -> Holder | None:
        """Return who charges at a connector with this state: whose card it is, or else whose vehicle; None if not known."""
        if state.transaction is None:
            return None
        person = self._cards.person(state.transaction.id_token)
        if person is None:
            person = self._persons.of_vehicle(self._known_vehicle(key))
        return self._persons.holder(person)

    # --- How the engine sees them ------------------------------------------------------------------------------

    def for_engine(
        self,
        key: ConnectorKey,
        station: StationState,
        state: ConnectorState,
        holder: Holder | None,
        unconfirmed_a: float | None,
        demand: Demand = Demand(),
        vehicle_priority: int | None = None,
    ) -> Connector:
        """Return a connector for the engine; `holder` charges there, `unconfirmed_a` was commanded a moment ago.

        It is the identical object while all that it is made of is.
        """
        charger, now = self._central_system.stations[key.identity], dt_util.utcnow()
        by_card = not charger.cards.free or self._is_reserved(key, now)
        known = KnownConnector(
            key=key,
            site=site_of(self._entry.data),
            station=station,
            state=state,
            data=self._data[key.identity],
            settings=self._settings_of(key, holder, vehicle_priority),
            name=self._names[key],
            demand=demand,
            unconfirmed_a=unconfirmed_a,
            step_a=1.0 if charger.behaviour.whole_amperes else 0.1,
            by_card=by_card and not station.waits_for_car(now),
            driver=holder.subentry_id if holder else None,
            connect_to=self._connect_to(station),
        )
        before = self._made.get(key)
        # What a promise needs now depends on the time.
        if before is None or demand.promised or known != before[0]:
            before = self._made[key] = known, known.for_engine(now)
        return before[1]

    def _settings_of(
        self, key: ConnectorKey, holder: Holder | None, vehicle_priority: int | None
    ) -> ConnectorSettings:
        """Return the settings of a connector as they apply to who charges there: their priority, and their quota."""
        settings = self._settings.connector(key.id)
        priority = holder.priority if holder else None
        if priority is None:
            priority = vehicle_priority
        if priority is not None:
            settings = replace(settings, priority=priority)
        most = _MOST_OF_QUOTA.get(holder.standing) if holder else None
        if most is None or settings.mode in (Mode.OFF, most):
            return settings if most is None else replace(settings, boost=None)
        return replace(settings, mode=most, boost=None)

    def _connect_to(self, station: StationState) -> str | None:
        """Return the address to configure in a charger that has never connected, None for any other."""
        if station.last_seen is not None or station.info != StationInfo():
            return None
        return ocpp_address(self._hass, self._entry, self._central_system.port).of(
            station.identity
        )
