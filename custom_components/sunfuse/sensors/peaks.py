"""The sensors of a capacity tariff: this interval, the month, and what is billed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import Platform, UnitOfPower
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.typing import StateType

from ..data import SunfuseConfigEntry
from ..entity import PeakEntity, forget_others
from ..site.outcome import PeakData
from ..site.planning.peak_rules import CapacityRule
from ..state_writes import Pace, Shown, within


@dataclass(frozen=True, kw_only=True)
class PeakSensorDescription(SensorEntityDescription):
    """Describes a sensor of a capacity tariff."""

    value_fn: Callable[[PeakData], StateType]
    has_fn: Callable[[CapacityRule], bool] = lambda rule: True
    attributes_fn: Callable[[PeakData], Mapping[str, Any]] | None = None
    pace: Pace | None = None  # None: as usual for its unit


def _power(
    key: str,
    value_fn: Callable[[PeakData], float],
    has_fn: Callable[[CapacityRule], bool] = lambda rule: True,
    attributes_fn: Callable[[PeakData], Mapping[str, Any]] | None = None,
    pace: Pace | None = None,
) -> PeakSensorDescription:
    return PeakSensorDescription(
        key=key,
        translation_key=key,
        device_class=SensorDeviceClass.POWER,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=UnitOfPower.WATT,
        suggested_unit_of_measurement=UnitOfPower.KILO_WATT,
        suggested_display_precision=2,
        value_fn=value_fn,
        has_fn=has_fn,
        attributes_fn=attributes_fn,
        pace=pace,
    )


def _highest(data: PeakData) -> Mapping[str, Any]:
    """Return the intervals that count this month, the highest first."""
    return {
        "peaks": [
            {"start": peak.start.isoformat(), "power_w": round(peak.power_w)}
            for peak in data.peaks
        ]
    }


def _interval(data: PeakData) -> Mapping[str, Any]:
    """Return the end of the interval, and its target."""
    target_w = data.allowance.target_w
    return {
        "interval_end": data.allowance.interval_end.isoformat(),
        "target_w": None if target_w is None else round(target_w),
    }


PEAK_SENSORS: tuple[PeakSensorDescription, ...] = (
    _power(
        "interval_peak",
        lambda data: round(data.allowance.mean_w),
        # It rises all the time: a quarter hour of 8 kW makes some twenty rows, none of which is much too late.
        pace=within(250, share=0.1),
    ),
    _power(
        "peak_allowance",
        lambda data: round(data.may_draw_w),
        attributes_fn=_interval,
    ),
    _power("month_peak", lambda data: round(data.measure_w), attributes_fn=_highest),
    _power(
        "billed_peak",
        lambda data: round(data.billed_w),
        has_fn=lambda rule: rule.tariff.months > 1,
    ),
    PeakSensorDescription(
        key="peak_cost",
        translation_key="peak_cost",
        device_class=SensorDeviceClass.MONETARY,
        suggested_display_precision=2,
        value_fn=lambda data: None if data.cost is None else round(data.cost, 2),
        has_fn=lambda rule: rule.tariff.has_price,
    ),
)


class PeakSensor(PeakEntity, SensorEntity):
    """A sensor of a capacity tariff."""

    entity_description: PeakSensorDescription

    def __init__(
        self,
        entry: SunfuseConfigEntry,
        rule: CapacityRule,
        description: PeakSensorDescription,
        currency: str,
    ) -> None:
        """Initialize the sensor."""
        super().__init__(entry, rule.id, description)
        self._on_the_clock = not rule.tariff.sliding
        if description.device_class is SensorDeviceClass.MONETARY:
            self._attr_native_unit_of_measurement = currency

    @property
    @override
    def pace(self) -> Pace | None:
        """Return its own pace, or that of its unit."""
        return self.entity_description.pace or super().pace

    @override
    def _shown(self) -> Shown:
        """Return what to show now; an interval that begins is shown at once."""
        shown = super()._shown()
        if not (shown.available and self._on_the_clock):
            return shown
        return replace(shown, moment=self.peak.allowance.interval_end)

    @property
    @override
    def native_value(self) -> StateType:
        """Return the value of the last tick."""
        return self.entity_description.value_fn(self.peak)

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any] | None:
        """Return its details."""
        attributes_fn = self.entity_description.attributes_fn
        return attributes_fn(self.peak) if attributes_fn else None


def add_peak_sensors(
    hass: HomeAssistant,
    entry: SunfuseConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the sensors of each capacity tariff, and remove those of a former rule."""
    for rule in entry.runtime_data.peaks.rules.values():
        sensors = [
            PeakSensor(entry, rule, description, hass.config.currency)
            for description in PEAK_SENSORS
            if description.has_fn(rule)
        ]
        possible = {
            f"{entry.entry_id}_{rule.id}_{description.key}"
            for description in PEAK_SENSORS
        }
        forget_others(hass, Platform.SENSOR, possible, sensors)
        async_add_entities(sensors, config_subentry_id=rule.id)
