"""How full each vehicle is, as far as that is known: what its entities or its driver said, and what it was given since."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from homeassistant.core import callback

from ...central_system.station_state import ConnectorState
from ...drivers.charge_count import ChargeMark, counted_soc, followed, left_with
from ...drivers.demand import ChargeSource
from ...engine.clock_change import moved
from ...engine.codec import from_jsonable, to_jsonable
from ...engine.stored_items import Stored
from ...sources.vehicles import CarReading
from .car_session import register_of
from .vehicles import Vehicle, Vehicles


class CarCharges:
    """The state of charge that was last known of each vehicle."""

    def __init__(self, vehicles: Vehicles, changed: Callable[[], None]) -> None:
        """Begin with nothing known; `changed` is called when there is something to store."""
        self._vehicles = vehicles
        self._changed = changed
        self._marks: dict[str, ChargeMark] = {}  # by vehicle

    def take_back(self, stored: Stored) -> None:
        """Take over what was stored."""
        self._marks = stored.each(partial(from_jsonable, ChargeMark))

    def to_jsonable(self) -> Any:
        """Return what to store."""
        return to_jsonable(self._marks)

    def mark(self, vehicle: str) -> ChargeMark | None:
        """Return the state of charge that was last known of a vehicle."""
        return self._marks.get(vehicle)

    def soc(self, vehicle: Vehicle, register_wh: float | None) -> float | None:
        """Return how full a vehicle is, counted on with what was metered since that was known."""
        mark = self._marks.get(vehicle.id)
        if mark is None:
            return None
        facts = vehicle.facts
        return counted_soc(
            mark, register_wh, facts.capacity_wh, facts.charge_efficiency
        )

    @callback
    def type_soc(
        self,
        vehicle: str,
        soc: float,
        now: datetime,
        where: str | None,
        register_wh: float | None,
    ) -> None:
        """Take over a state of charge that was typed."""
        self._set(
            vehicle,
            ChargeMark(
                soc=soc,
                at=now,
                source=ChargeSource.TYPED,
                connector=where,
                register_wh=register_wh,
            ),
        )

    @callback
    def follow(
        self,
        now: datetime,
        readings: Mapping[str, CarReading],
        states: Mapping[str, ConnectorState],
        where: Callable[[str], str | None],
    ) -> None:
        """Note how full cars say that they are, and what was metered then where they are."""
        for vehicle in self._vehicles:
            connector, said = where(vehicle.id), readings[vehicle.id]
            state = states.get(connector) if connector else None
            self._set(
                vehicle.id,
                followed(
                    self._marks.get(vehicle.id),
                    said=said.soc,
                    said_at=said.soc_at,
                    where=connector,
                    register_wh=register_of(state) if state else None,
                    now=now,
                ),
            )

    @callback
    def left(
        self,
        vehicle_id: str | None,
        connector: str,
        register_wh: float | None,
        now: datetime,
    ) -> None:
        """Note with how much a vehicle was unplugged: that stays with it, as it may go to another connector."""
        vehicle = self._vehicles.get(vehicle_id)
        mark = self._marks.get(vehicle.id) if vehicle else None
        if vehicle is None or mark is None or mark.connector != connector:
            return
        soc = self.soc(vehicle, register_wh)
        assert soc is not None
        self._set(vehicle.id, left_with(mark, soc, now))

    @callback
    def clock_was_set(self, by: timedelta) -> None:
        """Shift when it was known."""
        self._marks = moved(self._marks, by)

    @callback
    def forget_vehicles(self, known: set[str]) -> None:
        """Drop what is known of vehicles that are no longer part of the site."""
        self._marks = {k: v for k, v in self._marks.items() if k in known}

    def _set(self, vehicle: str, mark: ChargeMark | None) -> None:
        if self._marks.get(vehicle) == mark:
            return
        if mark is None:
            del self._marks[vehicle]
        else:
            self._marks[vehicle] = mark
        self._changed()
