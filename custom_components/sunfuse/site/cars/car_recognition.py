"""Recognises which vehicle is at which connector, whenever something changed that tells."""

from collections.abc import Callable, Mapping
from datetime import datetime

from ...central_system.station_state import ConnectorState
from ...drivers.recognition import GONE_AFTER, Candidate, RecognisedCar, recognise
from ...sources.vehicles import CarReading
from ..outcome import ConnectorKey
from .car_session import CarSession, sighting_of
from .vehicles import Vehicle, Vehicles


class CarRecognition:
    """Compares the cars at connectors with the vehicles of the site."""

    def __init__(
        self, vehicles: Vehicles, reading: Callable[[str], CarReading]
    ) -> None:
        """Take these vehicles; `reading` returns what the entities of one of them said last."""
        self._vehicles = vehicles
        self._reading = reading
        self._last: tuple[object, ...] = ()  # that was compared

    def found(
        self,
        sessions: Mapping[ConnectorKey, CarSession],
        states: Mapping[ConnectorKey, ConnectorState],
        now: datetime,
    ) -> Mapping[str, RecognisedCar | None] | None:
        """Return who is at each connector that has a car; None if nothing that tells has changed since the last call."""
        candidates = [self._candidate(car, sessions, now) for car in self._vehicles]
        metered_wh = {}
        if any(candidate.rises for candidate in candidates):
            # What was metered is compared with how the charge of a car rose.
            metered_wh = {
                key: session.charged_wh(states[key])
                for key, session in sessions.items()
            }
        of = sessions, candidates, metered_wh
        if self._last == of:
            return None
        self._last = of
        identities = frozenset[str]().union(*(car.identities for car in self._vehicles))
        found = recognise(
            [
                sighting_of(key.id, session, metered_wh.get(key, 0.0), identities)
                for key, session in sessions.items()
            ],
            candidates,
        )
        return {key.id: found.get(key.id) for key in sessions}

    def _candidate(
        self, car: Vehicle, sessions: Mapping[ConnectorKey, CarSession], now: datetime
    ) -> Candidate:
        reading = self._reading(car.id)
        rises = {
            key.id: reading.soc - first
            for key, session in sessions.items()
            if reading.soc is not None
            and (first := dict(session.first_soc).get(car.id)) is not None
        }
        return Candidate(
            vehicle=car.id,
            tokens=car.tokens,
            plugged=reading.plugged,
            plugged_at=reading.plugged_at,
            gone=reading.plugged is False
            and reading.plugged_at is not None
            and now - reading.plugged_at >= GONE_AFTER,
            rises=rises,
            capacity_wh=car.facts.capacity_wh,
            usual=car.usual,
        )
