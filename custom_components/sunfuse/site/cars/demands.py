"""What each connector's session asks for: energy, departure and how to get there, whoever said it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from operator import is_not

from homeassistant.core import callback
from homeassistant.util import dt as dt_util

from ...central_system.station_state import ConnectorState
from ...drivers.arrivals import ExpectedStay, expected_stay
from ...drivers.demand import (
    CarFacts,
    CarRequest,
    Demand,
    Guess,
    Promise,
    SessionFacts,
    demand_of,
    depends_on_time,
)
from ...drivers.habit_score import HabitScore, trusted
from ...drivers.habits import guess
from ...drivers.recognition import RecognisedBy
from ...drivers.wishes import ChargingStrategy, Wishes
from ..chargers.chargers import States
from ..outcome import ConnectorKey
from .car_session import CarSession, register_of
from .car_sessions import CarSessions
from .departures import Departures
from .vehicles import Vehicle, Vehicles

__all__ = ["ChargingStrategy", "Demand", "Demands", "ExpectedDemand"]

type Gathered = tuple[
    Wishes,
    Demand,
    CarSession | None,
    Vehicle | None,
    str | None,  # which car somebody said to be there, or to come
    Mapping[str, Vehicle],  # all that can be chosen
    # What ends with time, whatever is said: a skipped departure, a holiday, the time until the departure.
    bool,
    bool,
    bool,
]
type _Asked = tuple[SessionFacts, Wishes, Wishes]

# A habit changes no faster.
_GUESS_LASTS = timedelta(minutes=5)
# What depends on the time does not do so within a tick's pause.
_TIME_LASTS = timedelta(seconds=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedDemand:
    """What a car that is away will ask for when it arrives."""

    arrives: datetime
    demand: Demand


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What a connector asks for, of what that follows, and until when it can only change with that."""

    of: tuple[object, ...]
    at: datetime
    lasts: timedelta
    asked: _Asked
    demand: Demand

    def holds(self, of: tuple[object, ...], now: datetime) -> bool:
        """Return whether it still follows from this."""
        return self.of == of and self.lasts_at(now)

    def lasts_at(self, now: datetime) -> bool:
        """Return whether it is recent enough, if nothing else has changed."""
        return timedelta(0) <= now - self.at < self.lasts


class Demands:
    """Gathers what is asked for at each connector."""

    def __init__(
        self, *, vehicles: Vehicles, sessions: CarSessions, departures: Departures
    ) -> None:
        """Gather from these."""
        self._vehicles = vehicles
        self._sessions = sessions
        self._departures = departures
        self._states: States = {}
        self._demands: dict[ConnectorKey, _Known] = {}  # of connectors that are present
        self._gathered: dict[ConnectorKey, Gathered] = {}
        # Of connectors at which nothing depends on a vehicle or on the time: what their demand follows from.
        self._plain: dict[ConnectorKey, tuple[object, ...]] = {}
        self._guesses: dict[str, tuple[datetime, datetime, Guess]] = {}
        self._habits: Mapping[str, HabitScore] = {}
        self._stays: dict[str, tuple[datetime, ExpectedStay | None]] = {}

    @callback
    def judge_habits(self, scores: Mapping[str, HabitScore]) -> None:
        """Take in how well habits would have predicted the last weeks, by vehicle, or connector of guests."""
        self._habits = scores

    @callback
    def update(self, now: datetime, states: States) -> None:
        """Take in how chargers and cars are now."""
        self._departures.tidy(now)
        self._sessions.update(now, states)
        self._states = states
        local = dt_util.as_local(now)
        for gone in self._demands.keys() - states.keys():
            del self._demands[gone]
            self._gathered.pop(gone, None)
            self._plain.pop(gone, None)
        asked_by = (
            self._departures.version,
            self._vehicles.listed,
            self._sessions.history.version,
            self._habits,
        )
        for key, (_, state) in states.items():
            of = state, self._sessions.at(key), self._sessions.chosen(key.id), asked_by
            if self._plain.get(key) == of and self._demands[key].lasts_at(local):
                continue
            self._plain.pop(key, None)
            self._demands[key] = self._demand(key, state, local)
            self._gathered[key] = gathered = self._gather(key, now)
            if _is_plain(gathered):
                self._plain[key] = of

    def _gather(self, key: ConnectorKey, now: datetime) -> Gathered:
        wishes, demand = self._departures.wishes(key.id), self.at(key)
        gathered = (
            wishes,
            demand,
            self.session_at(key),
            self.vehicle_at(key),
            self._sessions.chosen(key.id),
            self._vehicles.listed,
            wishes.skips(now),
            wishes.on_holiday(now),
            demand.departure is not None and demand.departure > now,
        )
        before = self._gathered.get(key)
        if before is None or any(map(is_not, gathered, before)):
            return gathered
        return before

    def gathered(self, key: ConnectorKey) -> Gathered | None:
        """Return what is set, asked and known of the car at a connector: the identical object while all of that is."""
        return self._gathered.get(key)

    def at(self, key: ConnectorKey) -> Demand:
        """Return what the session at a connector asks for, as of the last tick."""
        known = self._demands.get(key)
        return known.demand if known else Demand()

    def wishes_at(self, key: ConnectorKey) -> tuple[Wishes, Wishes]:
        """Return what is set for the vehicle at a connector, and for the connector."""
        session = self._sessions.at(key)
        return (
            self._departures.wishes(session.vehicle if session else None),
            self._departures.wishes(key.id),
        )

    def vehicle_at(self, key: ConnectorKey) -> Vehicle | None:
        """Return the vehicle at a connector, None where there is none or a guest."""
        session = self._sessions.at(key)
        return self._vehicles.get(session.vehicle) if session else None

    def where(self, vehicle_id: str) -> ConnectorKey | None:
        """Return the connector at which a vehicle is, None where it is at none."""
        connector = self._sessions.where(vehicle_id)
        return next((key for key in self._demands if key.id == connector), None)

    def session_at(self, key: ConnectorKey) -> CarSession | None:
        """Return the car at a connector, None where there is none."""
        return self._sessions.at(key)

    def priority_at(self, key: ConnectorKey) -> int | None:
        """Return the priority that the vehicle at a connector brings with it."""
        vehicle = self.vehicle_at(key)
        return vehicle.priority if vehicle else None

    def soc_of(self, vehicle_id: str) -> float | None:
        """Return how full a vehicle is, as of the last tick."""
        for known in self._demands.values():
            if known.demand.vehicle == vehicle_id:
                return known.demand.soc
        vehicle = self._vehicles.get(vehicle_id)
        return self._sessions.charges.soc(vehicle, None) if vehicle else None

    @callback
    def type_soc(self, vehicle_id: str, soc: float, now: datetime) -> None:
        """Take over a state of charge that a driver read in the car."""
        where = self._sessions.where(vehicle_id)
        registers = (
            register_of(state)
            for key, (_, state) in self._states.items()
            if key.id == where
        )
        self._sessions.charges.type_soc(
            vehicle_id, soc, now, where, next(registers, None)
        )

    def known_vehicle(self, key: ConnectorKey) -> str | None:
        """Return the vehicle at a connector if there was a sign of it: that it usually charges there is none."""
        session = self._sessions.at(key)
        if session is None or session.by is RecognisedBy.USUAL:
            return None
        return session.vehicle

    def expected(self, connector: str, now: datetime) -> ExpectedDemand | None:
        """Return what the car asks for that is expected next at a connector without one.

        It is the vehicle that usually charges there, else a guest. Only habits count that predicted the last weeks better
        than simple rules.
        """
        local = dt_util.as_local(now)
        usual = [
            vehicle
            for vehicle in self._vehicles
            if vehicle.usual == connector and self._sessions.where(vehicle.id) is None
        ]
        found = [
            (stay, vehicle)
            for vehicle in (*usual, *(() if usual else (None,)))
            if (stay := self._stay(vehicle.id if vehicle else connector, local))
        ]
        if not found:
            return None
        stay, vehicle = min(found, key=lambda one: one[0].arrives)
        wishes = self._departures.wishes(vehicle.id if vehicle else None)
        of_charger = self._departures.wishes(connector)
        if wishes.stays(stay.arrives) or of_charger.stays(stay.arrives):
            return None  # on a holiday nobody comes as usual
        demand = demand_of(
            SessionFacts(
                vehicle=vehicle.id if vehicle else None,
                car=self._facts(vehicle),
                guess=Guess(departure=stay.departure, energy_wh=stay.energy_wh),
            ),
            wishes,
            of_charger,
            stay.arrives,
        )
        return ExpectedDemand(arrives=stay.arrives, demand=demand)

    def _stay(self, owner: str, now: datetime) -> ExpectedStay | None:
        """Return the next stay that habits suggest; what nobody could compare with the last weeks is none."""
        score = self._habits.get(owner)
        if score is None or not (
            score.departure_h.is_best and score.energy_kwh.is_best
        ):
            return None
        known = self._stays.get(owner)
        if known is None or not timedelta(0) <= now - known[0] < _GUESS_LASTS:
            past = self._sessions.history.of(owner)
            known = self._stays[owner] = now, expected_stay(past, now)
        return known[1]

    def _demand(
        self, key: ConnectorKey, state: ConnectorState, now: datetime
    ) -> _Known:
        """Return what a connector asks for, and of what that follows. Without a car there it is what its next one will ask for."""
        session = self._sessions.at(key)
        vehicle = self._vehicles.get(session.vehicle) if session else None
        of_vehicle = self._departures.wishes(vehicle.id if vehicle else None)
        of_charger = self._departures.wishes(key.id)
        of = (
            state,
            session,
            vehicle,
            self._sessions.reading(vehicle.id) if vehicle else None,
            self._sessions.charges.mark(vehicle.id) if vehicle else None,
            of_vehicle,
            of_charger,
            self._sessions.history.version,
            self._habits,
        )
        known = self._demands.get(key)
        if known and known.holds(of, now):
            return known
        facts = SessionFacts()
        if session:
            facts = self._session_facts(key, session, vehicle, state, now)
        asked = facts, of_vehicle, of_charger
        timed = depends_on_time(*asked)
        demand = known.demand if known else None
        if known is None or timed or asked != known.asked:
            demand = _same(demand, demand_of(*asked, now))
        assert demand is not None
        lasts = _TIME_LASTS if timed else _GUESS_LASTS
        return _Known(of=of, at=now, lasts=lasts, asked=asked, demand=demand)

    def _session_facts(
        self,
        key: ConnectorKey,
        session: CarSession,
        vehicle: Vehicle | None,
        state: ConnectorState,
        now: datetime,
    ) -> SessionFacts:
        charged_wh = session.charged_wh(state)
        return SessionFacts(
            vehicle=vehicle.id if vehicle else None,
            since=session.since,
            car=self._facts(vehicle),
            soc=self._soc(vehicle, session, state),
            charged_wh=charged_wh,
            request=_request(session, state),
            guess=self._guess(key, session, now, charged_wh),
            promise=_left_of(session.promise, charged_wh),
        )

    def _facts(self, vehicle: Vehicle | None) -> CarFacts:
        if vehicle is None:
            return CarFacts()
        limit_soc = self._sessions.reading(vehicle.id).limit_soc
        return replace(vehicle.facts, limit_soc=limit_soc)

    def _soc(
        self, vehicle: Vehicle | None, session: CarSession, state: ConnectorState
    ) -> float | None:
        """Return the state of charge: as typed, else as the car reports it through the charger, else as its integration says."""
        mark = self._sessions.charges.mark(vehicle.id) if vehicle else None
        if vehicle is not None and mark is not None and mark.is_typed:
            return self._sessions.charges.soc(vehicle, register_of(state))
        if state.transaction is not None and state.meter.soc is not None:
            return state.meter.soc
        needs = state.needs
        if needs is not None and needs.soc is not None and session.asked_at == needs.at:
            return needs.soc
        if vehicle is None:
            return None
        return self._sessions.charges.soc(vehicle, register_of(state))

    def _guess(
        self, key: ConnectorKey, session: CarSession, now: datetime, charged_wh: float
    ) -> Guess:
        """Return what habits suggest, of the whole session less what was charged."""
        owner = session.vehicle or key.id
        known = self._guesses.get(owner)
        if (
            known is None
            or known[0] != session.since
            or not timedelta(0) <= now - known[1] < _GUESS_LASTS
        ):
            past = self._sessions.history.of(owner)
            known = session.since, now, guess(past, session.since, now)
            self._guesses[owner] = known
        found = trusted(known[2], self._habits.get(owner))
        if found.energy_wh is None:
            return found
        return replace(found, energy_wh=max(found.energy_wh - charged_wh, 0.0))


def _is_plain(gathered: Gathered) -> bool:
    """Whether nothing of this depends on a vehicle, nor on the time."""
    wishes, demand, _, vehicle, *_ = gathered
    return (
        vehicle is None
        and demand.departure is None
        and wishes.skipped_until is None
        and wishes.weekly_paused_until is None
    )


def _request(session: CarSession, state: ConnectorState) -> CarRequest:
    """Return what the car asks for itself, less what was metered since it asked."""
    needs = state.needs
    if needs is None or session.asked_at != needs.at:
        return CarRequest()
    energy_wh, now_wh = needs.energy_wh, register_of(state)
    if None not in (energy_wh, now_wh, session.asked_register_wh):
        assert energy_wh is not None
        assert now_wh is not None
        assert session.asked_register_wh is not None
        energy_wh = max(energy_wh - (now_wh - session.asked_register_wh), 0.0)
    return CarRequest(
        departure=needs.departure,
        energy_wh=energy_wh,
        max_a=needs.max_a,
        phases=needs.phases,
        capacity_wh=needs.capacity_wh,
    )


def _left_of(promise: Promise | None, charged_wh: float) -> Promise | None:
    if promise is None:
        return None
    return replace(promise, energy_wh=max(promise.energy_wh - charged_wh, 0.0))


def _same(before: Demand | None, now: Demand) -> Demand:
    """Return the identical object while nothing changes, for those who look for changes."""
    return before if before is not None and before == now else now
