"""What the sensors of vehicles, and of the car at a connector, show."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import PERCENTAGE
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from ..const import WH_PER_KWH
from ..data import SunfuseConfigEntry
from ..drivers.demand import Demand
from ..owner_entities.owner_entity import OwnerEntity, add_owner_entities
from ..site.cars.driver_words import Owner, next_departure
from ..state_writes import Pace, Shown, within, within_with_attributes

CAR = SensorEntityDescription(key="car", translation_key="car")
DEPARTURE = SensorEntityDescription(
    key="departure",
    translation_key="departure",
    device_class=SensorDeviceClass.TIMESTAMP,
)
SOC = SensorEntityDescription(
    key="soc",
    translation_key="vehicle_soc",
    device_class=SensorDeviceClass.BATTERY,
    state_class=SensorStateClass.MEASUREMENT,
    native_unit_of_measurement=PERCENTAGE,
    suggested_display_precision=0,
)


def add_vehicle_sensors(
    hass: HomeAssistant,
    entry: SunfuseConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the sensors of vehicles, and of the cars at connectors."""

    def create(owner: Owner) -> list[SensorEntity]:
        departure = DepartureSensor(entry, owner, DEPARTURE)
        if owner.key is None:
            return [departure, VehicleSocSensor(entry, owner, SOC)]
        return [departure, CarSensor(entry, owner, CAR)]

    add_owner_entities(hass, entry, async_add_entities, create)


class CarSensor(OwnerEntity, SensorEntity):
    """Which car is at a connector."""

    @property
    @override
    def native_value(self) -> str | None:
        """Return its name, "guest" for an unknown car, None if there is no car."""
        runtime = self._entry.runtime_data
        assert self.owner.key is not None
        if runtime.demands.session_at(self.owner.key) is None:
            return None
        vehicle = runtime.demands.vehicle_at(self.owner.key)
        return vehicle.name if vehicle else runtime.sentences["guest"]

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any] | None:
        """Return how it was recognised, and since when it has been there."""
        assert self.owner.key is not None
        demands = self._entry.runtime_data.demands
        session = demands.session_at(self.owner.key)
        if session is None:
            return None
        return {"recognised_by": session.by, "since": session.since}


class DepartureSensor(OwnerEntity, SensorEntity):
    """When the car leaves next, as far as known."""

    _unrecorded_attributes = frozenset({"habit"})

    @property
    @override
    def pace(self) -> Pace:
        """What is needed until then becomes less with each report of a charger."""
        return replace(within_with_attributes(0.0, 1.0), settled_s=300.0)

    @override
    def _shown(self) -> Shown:
        """Return what to show; what somebody sets is written at once, however often."""
        following, demand = next_departure(self._entry, self.owner), self._demand
        # Where simulated time runs faster, the same moment differs by milliseconds each time.
        said = following and (
            following.at.replace(second=0, microsecond=0),
            following.said,
        )
        wanted = (demand.target_soc, demand.target_energy_wh) if demand else None
        return replace(super()._shown(), moment=(said, wanted))

    @property
    def _demand(self) -> Demand | None:
        """Return what the session at a connector needs; None for a vehicle."""
        key = self.owner.key
        return self._entry.runtime_data.planning.shown_demand(key) if key else None

    @override
    async def async_added_to_hass(self) -> None:
        """Follow also how good habits are: that changes when a session is over."""
        await super().async_added_to_hass()
        figures = self._entry.runtime_data.figures
        self.async_on_remove(
            figures.async_add_listener(self._handle_coordinator_update)
        )

    @property
    @override
    def native_value(self) -> datetime | None:
        """Return the departure."""
        following = next_departure(self._entry, self.owner)
        return following.at if following else None

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any] | None:
        """Return who set it, what is needed until then, and how well habits predicted the last weeks."""
        habit = self._habit
        shown = self._next
        return shown if habit is None else {**(shown or {}), "habit": habit}

    @property
    def _habit(self) -> dict[str, Any] | None:
        """Return the pinball losses of the habit and of two simple rules; the habit is used where it has the least."""
        score = self._entry.runtime_data.figures.data.habits.get(self.owner.id)
        if score is None:
            return None
        losses = {"departure_h": score.departure_h, "energy_kwh": score.energy_kwh}
        return {"sessions": score.sessions} | {
            name: {
                "habit": round(loss.habit, 2),
                "last_week": round(loss.last_week, 2),
                "median": round(loss.median, 2),
                "used": loss.is_best,
            }
            for name, loss in losses.items()
        }

    @property
    def _next(self) -> Mapping[str, Any] | None:
        following = next_departure(self._entry, self.owner)
        demand = self._demand
        if demand is None:
            return {"said_by": following.said} if following else None
        needed_wh = demand.metered_wh
        return {
            "said_by": following.said if following else None,
            "guessed": demand.departure_guessed,
            "energy_kwh": None
            if needed_wh is None
            else round(needed_wh / WH_PER_KWH, 1),
            "target_soc": demand.target_soc,
        }


class VehicleSocSensor(OwnerEntity, SensorEntity):
    """How full a vehicle is, counted on while it charges."""

    @property
    @override
    def pace(self) -> Pace:
        """A person reads whole percents, of which a charging car has one in some minutes."""
        return replace(within(1.0), settled_s=300.0)

    @override
    def _shown(self) -> Shown:
        """Return what to show; what the car or its driver says is written at once."""
        runtime = self._entry.runtime_data
        mark = runtime.car_sessions.charges.mark(self.owner.id)
        where = runtime.car_sessions.where(self.owner.id)
        said = (mark.source, mark.at) if mark else None
        return replace(super()._shown(), moment=(said, where))

    @property
    @override
    def native_value(self) -> float | None:
        """Return the state of charge."""
        soc = self._entry.runtime_data.demands.soc_of(self.owner.id)
        return None if soc is None else round(soc, 1)

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any] | None:
        """Return where it comes from, and where the vehicle is."""
        runtime = self._entry.runtime_data
        mark = runtime.car_sessions.charges.mark(self.owner.id)
        return {
            "source": mark.source if mark else None,
            "known_at": mark.at if mark else None,
            "connector": runtime.car_sessions.where(self.owner.id),
        }
