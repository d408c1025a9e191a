"""The forecast sensors: solar power and the house's load, with chart data as attributes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
)
from homeassistant.const import UnitOfEnergy, UnitOfPower
from homeassistant.helpers.update_coordinator import CoordinatorEntity
from homeassistant.util import dt as dt_util

from ..data import SunfuseConfigEntry
from ..devices import site_device
from ..site.planning.forecasting import SiteForecasts
from ..sources.charts import forecast_attribute
from ..sources.forecasts.forecast_reader import Forecasts
from ..sources.forecasts.power_forecast import Forecast


@dataclass(frozen=True, kw_only=True)
class ForecastSensorDescription(SensorEntityDescription):
    """Describes a forecast sensor; `attributes_fn` returns chart data."""

    value_fn: Callable[[Forecasts, datetime], float | None]
    attributes_fn: Callable[[SiteForecasts], Mapping[str, Any]] | None = None
    of_sun: bool = False


def _at(forecast: Forecast, now: datetime) -> float | None:
    """Return the likely power now."""
    return next((slot.p50_w for slot in forecast if slot.start <= now < slot.end), None)


def _power(
    key: str,
    forecast_fn: Callable[[Forecasts], Forecast],
    attributes_fn: Callable[[SiteForecasts], Mapping[str, Any]],
    *,
    of_sun: bool,
) -> ForecastSensorDescription:
    return ForecastSensorDescription(
        key=key,
        translation_key=key,
        device_class=SensorDeviceClass.POWER,
        native_unit_of_measurement=UnitOfPower.WATT,
        suggested_display_precision=0,
        value_fn=lambda data, now: _at(forecast_fn(data), now),
        attributes_fn=attributes_fn,
        of_sun=of_sun,
    )


def _energy(
    key: str, energy_fn: Callable[[Forecasts], float | None], *, of_sun: bool
) -> ForecastSensorDescription:
    return ForecastSensorDescription(
        key=key,
        translation_key=key,
        device_class=SensorDeviceClass.ENERGY,
        native_unit_of_measurement=UnitOfEnergy.WATT_HOUR,
        suggested_unit_of_measurement=UnitOfEnergy.KILO_WATT_HOUR,
        suggested_display_precision=1,
        value_fn=lambda data, now: energy_fn(data),
        of_sun=of_sun,
    )


def _of_sun(forecasts: SiteForecasts) -> Mapping[str, Any]:
    return {
        "forecast": forecast_attribute(forecasts.data.solar),
        "source": forecasts.data.solar_source,
    }


def _of_load(forecasts: SiteForecasts) -> Mapping[str, Any]:
    return {
        "forecast": forecast_attribute(forecasts.data.load),
        "days_learned": round(forecasts.data.load_days, 1),
        "sensors_without_statistics": list(forecasts.without_statistics),
    }


FORECAST_SENSORS: tuple[ForecastSensorDescription, ...] = (
    _power("expected_solar_power", lambda data: data.solar, _of_sun, of_sun=True),
    _energy("expected_solar_today", lambda data: data.solar_today_wh, of_sun=True),
    _energy(
        "expected_solar_tomorrow", lambda data: data.solar_tomorrow_wh, of_sun=True
    ),
    _power("expected_load_power", lambda data: data.load, _of_load, of_sun=False),
    _energy("expected_load_today", lambda data: data.load_today_wh, of_sun=False),
    _energy("expected_load_tomorrow", lambda data: data.load_tomorrow_wh, of_sun=False),
)


class ForecastSensor(CoordinatorEntity[SiteForecasts], SensorEntity):
    """A forecast sensor."""

    _attr_has_entity_name = True
    # Two days of quarter hours every quarter hour are too much for the recorder.
    _unrecorded_attributes = frozenset({"forecast"})
    entity_description: ForecastSensorDescription

    def __init__(
        self,
        entry: SunfuseConfigEntry,
        forecasts: SiteForecasts,
        description: ForecastSensorDescription,
    ) -> None:
        """Initialize the sensor."""
        super().__init__(forecasts)
        self.entity_description = description
        self._attr_unique_id = f"{entry.entry_id}_{description.key}"
        self._attr_device_info = site_device(entry)

    @property
    @override
    def native_value(self) -> float | None:
        """Return the likely value."""
        value = self.entity_description.value_fn(
            self.coordinator.data, dt_util.utcnow()
        )
        return None if value is None else round(value, 1)

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any] | None:
        """Return the slots to come."""
        attributes_fn = self.entity_description.attributes_fn
        return attributes_fn(self.coordinator) if attributes_fn else None
