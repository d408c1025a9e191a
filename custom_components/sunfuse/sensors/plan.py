"""The sensors of the plan: what each car will do and cost, and the planned power of the site."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
import time
from typing import Any, override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.config_entries import ConfigSubentry
from homeassistant.const import PERCENTAGE, UnitOfEnergy, UnitOfPower
from homeassistant.core import callback
from homeassistant.helpers.device_registry import ChildDeviceInfo, DeviceInfo
from homeassistant.helpers.update_coordinator import CoordinatorEntity

from ..data import SunfuseConfigEntry
from ..devices import connector_device, site_device
from ..entity import ConnectorSettingEntity
from ..planner import CarIntention, Intention
from ..site.cars.readiness import Readiness, readiness_at
from ..site.outcome import ConnectorData, ConnectorKey
from ..site.planning.plan_charts import planned_cars, planned_slots
from ..site.planning.planning import SitePlanning
from ..state_writes import Pace, Shown, WriteThrottle, within

type _Value = float | datetime | None
# Smaller changes of what is planned are written this often.
_SELDOM_S = 890


@dataclass(frozen=True, kw_only=True)
class PlanSensorDescription(SensorEntityDescription):
    """Describes a sensor of what is planned for a car."""

    value_fn: Callable[[CarIntention], _Value]
    digits: int = 2
    # Each plan has a little less of what is still to come while a car charges.
    pace: Pace | None = None

    def value(self, car: CarIntention) -> _Value:
        """Return what to show, as precisely as that is known."""
        value = self.value_fn(car)
        if isinstance(value, float | int):
            return round(float(value), self.digits) + 0.0
        return value


def _money(
    key: str, value_fn: Callable[[CarIntention], float]
) -> PlanSensorDescription:
    return PlanSensorDescription(
        key=key,
        translation_key=key,
        device_class=SensorDeviceClass.MONETARY,
        suggested_display_precision=2,
        value_fn=lambda car: (
            value_fn(car) if car.amount_known and car.drawn_wh > 0 else None
        ),
        pace=within(0.5, share=0.1, every_s=_SELDOM_S),
    )


PLAN_SENSORS: tuple[PlanSensorDescription, ...] = (
    PlanSensorDescription(
        key="plan_start",
        translation_key="plan_start",
        device_class=SensorDeviceClass.TIMESTAMP,
        value_fn=lambda car: car.next_start,
    ),
    PlanSensorDescription(
        key="plan_end",
        translation_key="plan_end",
        device_class=SensorDeviceClass.TIMESTAMP,
        value_fn=lambda car: car.end,
    ),
    PlanSensorDescription(
        key="plan_state_of_charge",
        translation_key="plan_state_of_charge",
        device_class=SensorDeviceClass.BATTERY,
        native_unit_of_measurement=PERCENTAGE,
        suggested_display_precision=0,
        value_fn=lambda car: car.soc,
        digits=0,
    ),
    PlanSensorDescription(
        key="plan_energy",
        translation_key="plan_energy",
        device_class=SensorDeviceClass.ENERGY,
        native_unit_of_measurement=UnitOfEnergy.KILO_WATT_HOUR,
        suggested_display_precision=1,
        value_fn=lambda car: car.drawn_wh / 1000 if car.amount_known else None,
        digits=1,
        pace=within(2.0, share=0.1, every_s=_SELDOM_S),
    ),
    _money("plan_cost", lambda car: car.cost),
    PlanSensorDescription(
        key="plan_sun_share",
        translation_key="plan_sun_share",
        native_unit_of_measurement=PERCENTAGE,
        suggested_display_precision=0,
        value_fn=lambda car: 100 * car.sun_share if car.drawn_wh > 0 else None,
        digits=0,
    ),
    _money("plan_saving", lambda car: car.saving),
)
READINESS = SensorEntityDescription(
    key="readiness",
    translation_key="readiness",
    device_class=SensorDeviceClass.ENUM,
    options=[readiness.value for readiness in Readiness],
)
PLANNED_POWER = SensorEntityDescription(
    key="planned_power",
    translation_key="planned_power",
    device_class=SensorDeviceClass.POWER,
    state_class=SensorStateClass.MEASUREMENT,
    native_unit_of_measurement=UnitOfPower.WATT,
    suggested_unit_of_measurement=UnitOfPower.KILO_WATT,
    suggested_display_precision=2,
)


class _PlanEntity(CoordinatorEntity[SitePlanning], SensorEntity):
    """A sensor that follows the plan, and writes what changed."""

    _attr_has_entity_name = True
    _pace: Pace | None = None

    @cached_property
    def _calm(self) -> WriteThrottle:
        return WriteThrottle(self._pace)

    @property
    def _asked_at(self) -> datetime | None:
        """Return when somebody last asked for something else: what that changes is shown at once."""
        return None

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        shown = Shown(
            available=self.available,
            value=self.native_value,
            attributes=self.extra_state_attributes,
            moment=self._asked_at,
        )
        if self._calm.due(shown, time.monotonic()):
            super()._handle_coordinator_update()


class CarPlanSensor(_PlanEntity):
    """A sensor of what is planned for the car at a connector."""

    def __init__(
        self,
        entry: SunfuseConfigEntry,
        subentry: ConfigSubentry,
        key: ConnectorKey,
        description: PlanSensorDescription,
    ) -> None:
        """Initialize the sensor."""
        super().__init__(entry.runtime_data.planning)
        self.entity_description = description
        self._pace = description.pace
        self.key = key
        self._entry = entry
        self._subentry_id = subentry.subentry_id
        self._value = description.value
        self._attr_unique_id = f"{entry.entry_id}_{key.id}_{description.key}"
        if description.device_class is SensorDeviceClass.MONETARY:
            self._attr_native_unit_of_measurement = self.coordinator.currency

    @property
    @override
    def _asked_at(self) -> datetime | None:
        return self.coordinator.data.asked_at.get(self.key.id)

    @property
    @override
    def device_info(self) -> DeviceInfo | ChildDeviceInfo:
        """Return the device as of now: a second connector may turn up before this entity is added."""
        subentry = self._entry.subentries[self._subentry_id]
        return connector_device(self.hass, self._entry, subentry, self.key)

    @property
    @override
    def native_value(self) -> _Value:
        """Return what is planned; nothing if there is no car."""
        car = self.coordinator.car(self.key)
        if car is None or not self.coordinator.is_there(self.key):
            return None
        value = self._value(car)
        if isinstance(value, datetime):
            return self.coordinator.clock.here(value).replace(microsecond=0)
        return value


def car_plan_sensors(
    entry: SunfuseConfigEntry, subentry: ConfigSubentry, key: ConnectorKey
) -> list[SensorEntity]:
    """Return the sensors of what is planned for the car at a connector, and whether it will be ready."""
    return [
        *(
            CarPlanSensor(entry, subentry, key, description)
            for description in PLAN_SENSORS
        ),
        ReadinessSensor(entry, subentry, key, READINESS),
    ]


class ReadinessSensor(ConnectorSettingEntity, SensorEntity):
    """Whether the car at a connector is ready for its departure, or will be: follows its charger and the plan."""

    @override
    async def async_added_to_hass(self) -> None:
        """Follow the plan, too."""
        await super().async_added_to_hass()
        self.follow_plan()

    @override
    def _part(self, connector: ConnectorData) -> object:
        status = connector.connector.status  # whether a car is there
        reason, mode = connector.decision.reason.key, connector.settings.mode
        return connector.gathered, reason, status, mode

    @property
    @override
    def native_value(self) -> str | None:
        """Return how it stands; nothing if there is no car, no departure or no plan."""
        return readiness_at(self._entry, self.key)


class PlannedPowerSensor(_PlanEntity):
    """The planned power of all cars together; its attributes hold the coming slots, for charts."""

    # Two days of quarter hours every few minutes would fill the recorder.
    _unrecorded_attributes = frozenset(
        {"slots", "cars", "made_at", "assumptions", "target_peaks", "cost"}
    )

    def __init__(self, entry: SunfuseConfigEntry) -> None:
        """Initialize the sensor."""
        super().__init__(entry.runtime_data.planning)
        self._rules = entry.runtime_data.peaks.rules
        self.entity_description = PLANNED_POWER
        self._attr_unique_id = f"{entry.entry_id}_{PLANNED_POWER.key}"
        self._attr_device_info = site_device(entry)

    @property
    def _intention(self) -> Intention | None:
        return self.coordinator.data.intention

    @property
    @override
    def native_value(self) -> float | None:
        """Return what is planned for now."""
        slot = self.coordinator.slot_now()
        return None if slot is None else round(slot.cars_w)

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any] | None:
        """Return the slots, when the plan was made, and what it assumed."""
        if (intention := self._intention) is None:
            return None
        return {
            "made_at": intention.now.isoformat(),
            "failing": self.coordinator.data.failing_since is not None,
            "solver": intention.status.value,
            "assumptions": [one.value for one in intention.assumptions],
            "target_peaks": {
                self._rules[peak.name].name: round(peak.power_w)
                for peak in intention.target_peaks
                if peak.name in self._rules
            },
            "cost": round(intention.cost, 2),
            "slots": planned_slots(intention),
            "cars": planned_cars(intention),
        }
