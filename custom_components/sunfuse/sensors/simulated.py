"""The meters of the simulated house, like those of a user's inverter."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import (
    PERCENTAGE,
    UnitOfElectricCurrent,
    UnitOfEnergy,
    UnitOfPower,
)
from homeassistant.core import callback
from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.event import async_track_utc_time_change
from homeassistant.util import dt as dt_util

from ..data import SunfuseConfigEntry
from ..devices import MANUFACTURER, simulated_house_identifier
from ..simulator import SiteValues
from ..site.simulated.simulated_house import SimulatedHouse


@dataclass(frozen=True, kw_only=True)
class SimulatedSensorDescription(SensorEntityDescription):
    """Describes a meter of the simulated house."""

    value_fn: Callable[[SiteValues], float]


def _power(
    key: str, value_fn: Callable[[SiteValues], float]
) -> SimulatedSensorDescription:
    return SimulatedSensorDescription(
        key=key,
        translation_key=key,
        device_class=SensorDeviceClass.POWER,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=UnitOfPower.WATT,
        suggested_display_precision=0,
        value_fn=value_fn,
    )


def _current(phase: int) -> SimulatedSensorDescription:
    key = f"simulated_grid_current_l{phase + 1}"
    return SimulatedSensorDescription(
        key=key,
        translation_key=key,
        device_class=SensorDeviceClass.CURRENT,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=UnitOfElectricCurrent.AMPERE,
        suggested_display_precision=1,
        value_fn=lambda values: values.grid_current_a[phase],
    )


def _energy(
    key: str, value_fn: Callable[[SiteValues], float]
) -> SimulatedSensorDescription:
    return SimulatedSensorDescription(
        key=key,
        translation_key=key,
        device_class=SensorDeviceClass.ENERGY,
        state_class=SensorStateClass.TOTAL_INCREASING,
        native_unit_of_measurement=UnitOfEnergy.WATT_HOUR,
        suggested_unit_of_measurement=UnitOfEnergy.KILO_WATT_HOUR,
        suggested_display_precision=2,
        value_fn=value_fn,
    )


SIMULATED_SENSORS: tuple[SimulatedSensorDescription, ...] = (
    _power("simulated_grid_power", lambda values: values.grid_power_w),
    *(_current(phase) for phase in range(3)),
    _power("simulated_solar_power", lambda values: values.solar_power_w),
    _power("simulated_battery_power", lambda values: values.battery_power_w),
    _power("simulated_house_power", lambda values: values.house_power_w),
    SimulatedSensorDescription(
        key="simulated_battery_soc",
        translation_key="simulated_battery_soc",
        device_class=SensorDeviceClass.BATTERY,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=PERCENTAGE,
        suggested_display_precision=0,
        value_fn=lambda values: values.battery_soc,
    ),
    _energy("simulated_import_energy", lambda values: values.import_energy_wh),
    _energy("simulated_export_energy", lambda values: values.export_energy_wh),
    _energy("simulated_solar_energy", lambda values: values.solar_energy_wh),
    _energy("simulated_battery_charge_energy", lambda values: values.battery_charge_wh),
    _energy(
        "simulated_battery_discharge_energy", lambda values: values.battery_discharge_wh
    ),
)


def simulated_device(entry: SunfuseConfigEntry) -> DeviceInfo:
    """Return the device of the simulated house."""
    return DeviceInfo(
        identifiers={simulated_house_identifier(entry)},
        manufacturer=MANUFACTURER,
        model=entry.runtime_data.sentences["model_simulator"],
        translation_key="simulated_house",
    )


class SimulatedSensor(SensorEntity):
    """A meter of the simulated house."""

    _attr_has_entity_name = True
    _attr_should_poll = False
    entity_description: SimulatedSensorDescription

    def __init__(
        self,
        entry: SunfuseConfigEntry,
        house: SimulatedHouse,
        description: SimulatedSensorDescription,
    ) -> None:
        """Initialize the meter."""
        self.entity_description = description
        self._house = house
        self._attr_unique_id = f"{entry.entry_id}_{description.key}"
        self._attr_device_info = simulated_device(entry)

    @override
    async def async_added_to_hass(self) -> None:
        """Show the simulated values, about once a second."""
        self.async_on_remove(self._house.simulation.subscribe(self._values_changed))

    @callback
    def _values_changed(self, _values: SiteValues) -> None:
        self.async_write_ha_state()

    @property
    @override
    def native_value(self) -> float:
        """Return the value of the meter."""
        return self.entity_description.value_fn(self._house.simulation.values)


class SimulatedForecastSensor(SensorEntity):
    """A weather service's forecast of the simulated solar power, in the form of such integrations."""

    _attr_has_entity_name = True
    _attr_should_poll = False
    _attr_translation_key = "simulated_solar_forecast"
    _attr_device_class = SensorDeviceClass.ENERGY
    _attr_native_unit_of_measurement = UnitOfEnergy.KILO_WATT_HOUR
    _attr_suggested_display_precision = 1
    _unrecorded_attributes = frozenset({"watts"})

    def __init__(self, entry: SunfuseConfigEntry, house: SimulatedHouse) -> None:
        """Initialize the forecast."""
        self._house = house
        self._attr_unique_id = f"{entry.entry_id}_simulated_solar_forecast"
        self._attr_device_info = simulated_device(entry)
        self._expect()

    def _expect(self) -> None:
        """Forecast two days."""
        watts = self._house.expected_w(dt_util.utcnow())
        # Of the next 24 hours, a quarter hour each.
        self._attr_native_value = round(sum(list(watts.values())[:96]) / 4000, 2)
        self._attr_extra_state_attributes = {"watts": watts}

    @override
    async def async_added_to_hass(self) -> None:
        """Forecast again whenever a quarter hour begins."""

        @callback
        def quarter_begins(_now: datetime) -> None:
            self._expect()
            self.async_write_ha_state()

        self.async_on_remove(
            async_track_utc_time_change(
                self.hass, quarter_begins, minute=(0, 15, 30, 45), second=1
            )
        )
