"""Which car is at which connector, since when, and how full it is: remembered for the session, over restarts too."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.util import dt as dt_util

from ...central_system.station_state import ConnectorState, StationState
from ...drivers.demand import Promise
from ...drivers.habits import PastSession
from ...drivers.session_history import SHORTEST_SESSION, SessionHistory
from ...engine.clock_change import moved
from ...engine.codec import from_jsonable, to_jsonable
from ...engine.model import ConnectorStatus
from ...sources.vehicles import CarReading, read_car
from ..outcome import ConnectorKey
from ..storage_file import StorageFile
from .car_charges import CarCharges
from .car_recognition import CarRecognition
from .car_session import (
    CarSession,
    WhoLeft,
    changed,
    register_of,
    with_needs,
    with_transaction,
)
from .departures import Departures
from .said_plugs import SaidPlugs
from .vehicles import Vehicles

SAVE_DELAY_S = 5.0

_HERE = frozenset(
    (
        ConnectorStatus.PREPARING,
        ConnectorStatus.CHARGING,
        ConnectorStatus.SUSPENDED_EV,
        ConnectorStatus.SUSPENDED_EVSE,
        ConnectorStatus.FINISHING,
    )
)
_AWAY = frozenset((ConnectorStatus.AVAILABLE, ConnectorStatus.RESERVED))


type _States = Mapping[ConnectorKey, tuple[StationState, ConnectorState]]


class CarSessions:
    """Watches cars come, charge and leave."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry_id: str,
        *,
        vehicles: Vehicles,
        departures: Departures,
    ) -> None:
        """Begin with nothing remembered; `async_load` reads it."""
        self._hass = hass
        self._vehicles = vehicles
        self._departures = departures
        self._store = session_store(hass, entry_id)
        self._sessions: dict[str, CarSession] = {}
        self.charges = CarCharges(vehicles, self._store.save_soon)
        self._plugs = SaidPlugs(self._store.save_soon)
        # Learned from the ledger at each start, and since.
        self.history = SessionHistory()
        self._chosen: dict[str, str] = {}  # by connector, for who comes next
        self._readings: dict[str, CarReading] = {}
        self._just_left: dict[str, WhoLeft] = {}  # by connector
        # Connectors that were heard of ever since: whoever is there has been there all the time.
        self._watched: set[str] = set()
        # What each connector was last followed by: nothing is done again for the same.
        self._followed: dict[ConnectorKey, tuple[object, ...]] = {}
        self._recognition = CarRecognition(vehicles, self.reading)

    async def async_load(self) -> None:
        """Read what was remembered."""
        stored = await self._store.async_load()
        now = dt_util.utcnow()
        self._sessions = {
            connector: replace(session, since=min(session.since, now))
            for connector, session in stored.within("sessions")
            .each(partial(from_jsonable, CarSession))
            .items()
        }
        self.charges.take_back(stored.within("marks"))
        self._plugs.take_back(stored.within("plugs"))
        self._chosen = stored.within("chosen").each(_text)
        self._just_left = stored.within("just_left").each(
            partial(from_jsonable, WhoLeft)
        )
        await self._store.async_put_aside()
        self._store.keep(self._as_dict)

    async def async_save(self) -> None:
        """Write what is remembered, when the site is unloaded."""
        await self._store.async_save()

    # --- What is known -----------------------------------------------------------------------------------------

    def at(self, key: ConnectorKey) -> CarSession | None:
        """Return the car at a connector, None where there is none."""
        return self._sessions.get(key.id)

    def where(self, vehicle: str) -> str | None:
        """Return the connector at which a vehicle is."""
        for connector, session in self._sessions.items():
            if session.vehicle == vehicle:
                return connector
        return None

    def reading(self, vehicle: str) -> CarReading:
        """Return what the entities of a vehicle said last."""
        return self._readings.get(vehicle, _SAYS_NOTHING)

    # --- What drivers say --------------------------------------------------------------------------------------

    @callback
    def choose(self, connector: str, vehicle: str | None) -> None:
        """Say which car is at a connector, or comes next (`GUEST`: none of the site's; None: find out)."""
        session = self._sessions.get(connector)
        if session is not None:
            changed = replace(session, chosen=vehicle, vehicle=None, by=None)
            self._set(connector, changed)
            return
        self._chosen.pop(connector, None)
        if vehicle is not None:
            self._chosen[connector] = vehicle
        self._store.save_soon()

    def chosen(self, connector: str) -> str | None:
        """Return which car somebody said to be there, or to come; None where that is to be found out."""
        session = self._sessions.get(connector)
        return session.chosen if session else self._chosen.get(connector)

    @callback
    def withdraw(self, identity: str, promise: Promise) -> None:
        """Promise the car at a charger no longer what its reservation promised."""
        for connector, session in tuple(self._sessions.items()):
            here = connector.rpartition("/")[0] == identity
            if here and session.promise == promise:
                self._set(connector, replace(session, promise=None))

    # --- What happens ------------------------------------------------------------------------------------------

    @callback
    def clock_was_set(self, by: timedelta) -> None:
        """Shift since when cars are here and what was known of them then; when somebody leaves is by the clock."""
        self._sessions = moved(self._sessions, by)
        self._just_left = moved(self._just_left, by)
        self.charges.clock_was_set(by)
        self._plugs.clock_was_set(by)
        self._store.save_soon()

    @callback
    def update(self, now: datetime, states: _States) -> None:
        """Take in how chargers and cars are now."""
        self._readings = {
            car.id: self._plugs.since(
                car.entities.plug, read_car(self._hass, car.entities)
            )
            for car in self._vehicles
        }
        for key, (station, state) in states.items():
            of = (
                station.connected,
                state,
                self._sessions.get(key.id),
                self._departures.version,
                self._vehicles.listed,
            )
            if self._followed.get(key) != of:  # otherwise nothing can be new
                self._followed[key] = of
                self._follow(key, station, state, now)
        known = {key.id for key in states}
        for connector in self._sessions.keys() - known:
            self._forget(connector, None, now)
        self._recognise(states, now)
        self._forget_who_left(now)
        self._follow_charge()
        by_id = {key.id: state for key, (_, state) in states.items()}
        self.charges.follow(now, self._readings, by_id, self.where)

    def _follow(
        self,
        key: ConnectorKey,
        station: StationState,
        state: ConnectorState,
        now: datetime,
    ) -> None:
        """Note whether a car is there, and whether it is still the same one."""
        session = self._sessions.get(key.id)
        watched = key.id in self._watched
        if station.connected and state.status is not None:
            self._watched.add(key.id)
        else:
            self._watched.discard(key.id)
        transaction = state.transaction
        here = transaction is not None or state.status in _HERE
        if not here:
            if session is not None and state.status in _AWAY:
                self._left(key, session, state, now, seen=watched)
            return
        if session is not None and not watched and transaction is not None:
            other = session.transaction not in (None, transaction.id)
            if other and transaction.started_at > session.since:
                # Another transaction began while nobody watched: it may be anybody's.
                self._left(key, session, state, now, seen=False)
                session = None
        if session is None:
            session = self._came(key, state, now)
        if transaction is not None:
            session = with_transaction(session, state)
        self._set(key.id, self._with_promise(key, with_needs(session, state)))

    def _came(
        self, key: ConnectorKey, state: ConnectorState, now: datetime
    ) -> CarSession:
        transaction = state.transaction
        since = now
        if transaction is not None:
            since = min(now, transaction.started_at)
        register_wh = state.meter.energy_wh if transaction is None else None
        self._departures.tidy(now)
        chosen = self._chosen.pop(key.id, None)
        return CarSession(since=since, register_wh=register_wh, chosen=chosen)

    def _with_promise(self, key: ConnectorKey, session: CarSession) -> CarSession:
        """Return the session with what its card's reservation promises."""
        if session.promise is not None or session.token is None:
            return session
        vehicle = next((v for v in self._vehicles if session.token in v.tokens), None)
        tokens = {session.token, *(vehicle.tokens if vehicle else ())}
        for reservation in self._departures.reservations:
            if (
                reservation.identity == key.identity
                and reservation.connector in (0, key.connector)
                and reservation.token in tokens
                and session.since <= reservation.until
                and reservation.promise is not None
            ):
                return replace(session, promise=reservation.promise)
        return session

    def _left(
        self,
        key: ConnectorKey,
        session: CarSession,
        state: ConnectorState,
        now: datetime,
        *,
        seen: bool,
    ) -> None:
        """End a session; one whose end nobody saw teaches no habit."""
        if seen and now - session.since >= SHORTEST_SESSION:
            past = PastSession(
                owner=session.vehicle or key.id,
                came=session.since,
                left=now,
                energy_wh=session.charged_wh(state),
            )
            self.history.learn([past])
        self._just_left[key.id] = WhoLeft.of(session, now)
        if not seen:
            self._gone(key.id)
        self._forget(key.id, register_of(state), now)

    def _forget_who_left(self, now: datetime) -> None:
        """Forget what was said for cars that are gone: not for one whose plug was only moved, or that came back at once."""
        for connector, left in tuple(self._just_left.items()):
            session = self._sessions.get(connector)
            if session is not None and left.is_another(session):
                self._gone(connector)
            elif now - left.at >= SHORTEST_SESSION:
                if session is None:
                    self._gone(connector)
                else:
                    del self._just_left[connector]
                    self._store.save_soon()

    def _gone(self, connector: str) -> None:
        del self._just_left[connector]
        self._store.save_soon()
        self._departures.car_left(connector)

    def _forget(self, connector: str, register_wh: float | None, now: datetime) -> None:
        """Forget a session. What is known of its car's charge stays with the car, which may go to another connector."""
        vehicle = self._sessions.pop(connector).vehicle
        self.charges.left(vehicle, connector, register_wh, now)
        self._store.save_soon()

    def _recognise(self, states: _States, now: datetime) -> None:
        """Find out who is where, if anything that says so has changed."""
        sessions = {
            key: session
            for key in states
            if (session := self._sessions.get(key.id)) is not None
        }
        found = self._recognition.found(
            sessions, {key: states[key][1] for key in sessions}, now
        )
        for connector, car in found.items() if found is not None else ():
            vehicle, by = (car.vehicle, car.by) if car else (None, None)
            session = changed(self._sessions[connector], vehicle=vehicle, by=by)
            self._set(connector, session)

    def _follow_charge(self) -> None:
        """Note the lowest that cars have said since somebody came to a connector."""
        said = {
            car: reading.soc
            for car, reading in self._readings.items()
            if reading.soc is not None
        }
        for connector, session in self._sessions.items() if said else ():
            lowest = dict(session.first_soc)
            for car, soc in said.items():
                lowest[car] = min(lowest.get(car, soc), soc)
            self._set(connector, changed(session, first_soc=tuple(lowest.items())))

    def _set(self, connector: str, session: CarSession) -> None:
        if self._sessions.get(connector) != session:
            self._sessions[connector] = session
            self._store.save_soon()

    @callback
    def forget_vehicles(self) -> None:
        """Drop what is remembered of vehicles that are no longer part of the site."""
        known = {car.id for car in self._vehicles}
        self.charges.forget_vehicles(known)
        self._plugs.forget_others(
            car.entities.plug for car in self._vehicles if car.entities.plug
        )
        for connector, session in tuple(self._sessions.items()):
            if session.vehicle is not None and session.vehicle not in known:
                self._set(
                    connector, replace(session, vehicle=None, by=None, chosen=None)
                )

    @callback
    def forget_cards(self, cards: frozenset[str]) -> None:
        """Forget that cars came with these cards (folded)."""
        for connector, session in tuple(self._sessions.items()):
            if session.token in cards:
                self._set(connector, replace(session, token=None))

    def _as_dict(self) -> dict[str, Any]:
        return {
            "sessions": to_jsonable(self._sessions),
            "marks": self.charges.to_jsonable(),
            "plugs": self._plugs.to_jsonable(),
            "chosen": dict(self._chosen),
            "just_left": to_jsonable(self._just_left),
        }


_SAYS_NOTHING = CarReading()


def _text(stored: Any) -> str:
    if not isinstance(stored, str):
        raise TypeError(f"A text expected, not {stored!r}")
    return stored


def session_store(hass: HomeAssistant, entry_id: str) -> StorageFile:
    """Return where it is kept which car is where; it has numbers of cards."""
    return StorageFile(hass, entry_id, "cars", every_s=SAVE_DELAY_S, private=True)


async def async_load_car_sessions(
    hass: HomeAssistant,
    entry: ConfigEntry,
    vehicles: Vehicles,
    departures: Departures,
) -> CarSessions:
    """Return which car is where, as it was remembered."""
    sessions = CarSessions(
        hass, entry.entry_id, vehicles=vehicles, departures=departures
    )
    await sessions.async_load()
    entry.async_on_unload(sessions.async_save)
    return sessions
