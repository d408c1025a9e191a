"""The sensors of observations: the use of solar energy today, and how fresh the meter is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import PERCENTAGE, EntityCategory, UnitOfEnergy, UnitOfTime

from ..data import SunfuseConfigEntry
from ..engine.sun.unused_sun import Unused
from ..entity import SiteEntity
from ..site.observing import Observed
from ..state_writes import PACES, Pace, within_with_attributes


@dataclass(frozen=True, kw_only=True)
class ObservedSensorDescription(SensorEntityDescription):
    """Describes a sensor of an observation."""

    value_fn: Callable[[Observed], float | None]
    attributes_fn: Callable[[Observed], Mapping[str, Any]]
    of_sun: bool = False
    # Changes within these are not shown at once: of the value, and of numbers among its attributes.
    band: float = 1
    attribute_band: float = 0.01


def _self_consumption(observed: Observed) -> float | None:
    share = observed.today.self_consumption if observed.today else None
    return None if share is None else 100 * share


def _self_sufficiency(observed: Observed) -> float | None:
    share = observed.today.self_sufficiency if observed.today else None
    return None if share is None else 100 * share


def _energies(observed: Observed) -> Mapping[str, Any]:
    """Return today's energies in kWh."""
    if (today := observed.today) is None:
        return {}
    energies_wh = {
        "solar": today.solar_wh,
        "import": today.import_wh,
        "export": today.export_wh,
        "consumption": today.consumption_wh,
    }
    return {f"{name}_kwh": round(wh / 1000, 2) for name, wh in energies_wh.items()}


def _unused(observed: Observed) -> float | None:
    unused = observed.unused_today
    return None if unused is None else unused.total_wh


def _why_unused(observed: Observed) -> Mapping[str, Any]:
    """Return the share of each cause, in kWh."""
    unused = observed.unused_today
    by_cause_wh = {} if unused is None else unused.by_cause_wh
    return {
        f"{cause.value}_kwh": round(by_cause_wh.get(cause.value, 0.0) / 1000, 2)
        for cause in Unused
    }


def _interval(observed: Observed) -> float | None:
    interval = observed.meter_interval
    return None if interval is None else interval.usual_s


def _sources(observed: Observed) -> Mapping[str, Any]:
    """Return how often each source reports, and its jitter."""
    return {
        "sources": {
            entity: {
                "interval_s": round(interval.usual_s, 1),
                "high_s": round(interval.high_s, 1),
                "longest_s": round(interval.longest_s, 1),
                "jitter_s": round(interval.high_s - interval.usual_s, 1),
                "readings": interval.count,
            }
            for entity in observed.entities
            if (interval := observed.freshness.of(entity)) is not None
        }
    }


OBSERVED_SENSORS: tuple[ObservedSensorDescription, ...] = (
    ObservedSensorDescription(
        key="self_consumption",
        translation_key="self_consumption",
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=PERCENTAGE,
        suggested_display_precision=0,
        value_fn=_self_consumption,
        attributes_fn=_energies,
        of_sun=True,
    ),
    ObservedSensorDescription(
        key="self_sufficiency",
        translation_key="self_sufficiency",
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=PERCENTAGE,
        suggested_display_precision=0,
        value_fn=_self_sufficiency,
        attributes_fn=_energies,
        of_sun=True,
    ),
    ObservedSensorDescription(
        key="unused_sun",
        translation_key="unused_sun",
        device_class=SensorDeviceClass.ENERGY,
        state_class=SensorStateClass.TOTAL_INCREASING,
        native_unit_of_measurement=UnitOfEnergy.WATT_HOUR,
        suggested_unit_of_measurement=UnitOfEnergy.KILO_WATT_HOUR,
        suggested_display_precision=2,
        entity_category=EntityCategory.DIAGNOSTIC,
        value_fn=_unused,
        attributes_fn=_why_unused,
        of_sun=True,
    ),
    ObservedSensorDescription(
        key="meter_interval",
        translation_key="meter_interval",
        device_class=SensorDeviceClass.DURATION,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=UnitOfTime.SECONDS,
        suggested_display_precision=1,
        entity_category=EntityCategory.DIAGNOSTIC,
        value_fn=_interval,
        attributes_fn=_sources,
        attribute_band=1,
    ),
)


class ObservedSensor(SiteEntity, SensorEntity):
    """A sensor of an observation."""

    # They change with nearly every reading.
    _unrecorded_attributes = frozenset(
        {
            "sources",
            "solar_kwh",
            "import_kwh",
            "export_kwh",
            "consumption_kwh",
            *(f"{cause.value}_kwh" for cause in Unused),
        }
    )
    entity_description: ObservedSensorDescription

    def __init__(
        self,
        entry: SunfuseConfigEntry,
        observed: Observed,
        description: ObservedSensorDescription,
    ) -> None:
        """Initialize the sensor."""
        super().__init__(entry, description)
        self._observed = observed

    @property
    @override
    def pace(self) -> Pace:
        """Shares of a day and intervals fluctuate, and their attributes change with every tick; an energy rises."""
        description = self.entity_description
        if description.device_class is SensorDeviceClass.ENERGY:
            return PACES[UnitOfEnergy.WATT_HOUR]
        return within_with_attributes(description.band, description.attribute_band)

    @property
    @override
    def native_value(self) -> float | None:
        """Return the observation."""
        value = self.entity_description.value_fn(self._observed)
        return None if value is None else round(value, 1)

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any]:
        """Return its details."""
        return self.entity_description.attributes_fn(self._observed)
