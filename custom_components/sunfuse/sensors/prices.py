"""The sensors of prices and carbon, with known future values as attributes for charts."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import EntityCategory, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.update_coordinator import CoordinatorEntity
from homeassistant.util import dt as dt_util

from ..data import SunfuseConfigEntry
from ..devices import site_device
from ..entity import forget_others
from ..site.prices import SitePrices
from ..sources.charts import price_attribute
from ..sources.tariffs.price_slots import Prices

CARBON_UNIT = "gCO2eq/kWh"


@dataclass(frozen=True, kw_only=True)
class PriceSensorDescription(SensorEntityDescription):
    """Describes a sensor of prices."""

    value_fn: Callable[[Prices, datetime], float | datetime | None]
    has_fn: Callable[[SitePrices], bool] = lambda prices: True
    in_currency: bool = False
    with_slots: bool = False
    attributes_fn: Callable[[Prices, datetime], Mapping[str, Any]] | None = None


def _import_price(prices: Prices, now: datetime) -> float | None:
    slot = prices.at(now)
    return slot.import_price if slot else None


def _export_price(prices: Prices, now: datetime) -> float | None:
    slot = prices.at(now)
    return slot.export_price if slot else None


def _carbon(prices: Prices, now: datetime) -> float | None:
    slot = prices.at(now)
    return slot.carbon_g if slot else None


def _cheapest(prices: Prices, now: datetime) -> datetime | None:
    slot = prices.cheapest(now)
    return slot.start if slot else None


def _about_the_cheapest(prices: Prices, now: datetime) -> Mapping[str, Any]:
    """Return the price of the cheapest quarter hour, and whether it is published."""
    slot = prices.cheapest(now)
    if slot is None:
        return {}
    return {"price": round(slot.import_price, 5), "estimated": slot.estimated}


PRICE_SENSORS: tuple[PriceSensorDescription, ...] = (
    PriceSensorDescription(
        key="import_price",
        translation_key="import_price",
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=3,
        value_fn=_import_price,
        in_currency=True,
        with_slots=True,
    ),
    PriceSensorDescription(
        key="export_price",
        translation_key="export_price",
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=3,
        value_fn=_export_price,
        in_currency=True,
    ),
    PriceSensorDescription(
        key="carbon_intensity",
        translation_key="carbon_intensity",
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=CARBON_UNIT,
        suggested_display_precision=0,
        value_fn=_carbon,
        has_fn=lambda prices: prices.has_carbon,
    ),
    PriceSensorDescription(
        key="cheapest_slot",
        translation_key="cheapest_slot",
        device_class=SensorDeviceClass.TIMESTAMP,
        value_fn=_cheapest,
        with_slots=True,
        attributes_fn=_about_the_cheapest,
    ),
    PriceSensorDescription(
        key="prices_known_until",
        translation_key="prices_known_until",
        device_class=SensorDeviceClass.TIMESTAMP,
        entity_category=EntityCategory.DIAGNOSTIC,
        value_fn=lambda prices, now: prices.known_until,
    ),
)


class PriceSensor(CoordinatorEntity[SitePrices], SensorEntity):
    """A sensor of prices or carbon."""

    _attr_has_entity_name = True
    # Two days of quarter hours every quarter hour are too much for the recorder, which has most of them already.
    _unrecorded_attributes = frozenset({"prices"})
    entity_description: PriceSensorDescription

    def __init__(
        self,
        entry: SunfuseConfigEntry,
        prices: SitePrices,
        description: PriceSensorDescription,
    ) -> None:
        """Initialize the sensor."""
        super().__init__(prices)
        self.entity_description = description
        self._attr_unique_id = f"{entry.entry_id}_{description.key}"
        self._attr_device_info = site_device(entry)

    @property
    @override
    def native_unit_of_measurement(self) -> str | None:
        """Return the currency per kilowatt-hour, of a price."""
        if self.entity_description.in_currency:
            return f"{self.coordinator.currency}/kWh"
        return self.entity_description.native_unit_of_measurement

    @property
    @override
    def native_value(self) -> float | datetime | None:
        """Return the present value."""
        value = self.entity_description.value_fn(
            self.coordinator.data, dt_util.utcnow()
        )
        return round(value, 5) if isinstance(value, float) else value

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any] | None:
        """Return the prices from now on."""
        if not self.entity_description.with_slots:
            return None
        prices = self.coordinator.data
        about = self.entity_description.attributes_fn
        return {
            **(about(prices, dt_util.utcnow()) if about else {}),
            "prices": price_attribute(prices.slots),
        }


def add_price_sensors(
    hass: HomeAssistant,
    entry: SunfuseConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the sensors of a site's prices, if it has any, and remove former ones."""
    prices = entry.runtime_data.prices
    sensors = [
        PriceSensor(entry, prices, description)
        for description in PRICE_SENSORS
        if prices and description.has_fn(prices)
    ]
    possible = {f"{entry.entry_id}_{description.key}" for description in PRICE_SENSORS}
    forget_others(hass, Platform.SENSOR, possible, sensors)
    async_add_entities(sensors)
