"""The readings of a Modbus device as sensors, which the site's forms offer like any others."""

from datetime import datetime
from typing import override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.config_entries import ConfigSubentry
from homeassistant.const import (
    PERCENTAGE,
    UnitOfElectricCurrent,
    UnitOfElectricPotential,
    UnitOfEnergy,
    UnitOfFrequency,
    UnitOfPower,
    UnitOfTemperature,
)
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.device_registry import DeviceInfo

from ..data import SunfuseConfigEntry
from ..devices import site_identifier, subentry_identifier
from ..sources.modbus.device import Dimension, Information, Quantity
from ..sources.modbus.site_devices import SiteDevice

# The precision of a reading: the fluctuation of a meter's last digits, once a second, is not worth a row in a database.
_DIGITS = {
    Dimension.POWER: 0,
    Dimension.CURRENT: 2,
    Dimension.VOLTAGE: 1,
    Dimension.ENERGY: 0,
    Dimension.FREQUENCY: 2,
    Dimension.BATTERY_SOC: 1,
    Dimension.TEMPERATURE: 1,
}
_CLASSES: dict[Dimension, tuple[SensorDeviceClass, str]] = {
    Dimension.POWER: (SensorDeviceClass.POWER, UnitOfPower.WATT),
    Dimension.CURRENT: (SensorDeviceClass.CURRENT, UnitOfElectricCurrent.AMPERE),
    Dimension.VOLTAGE: (SensorDeviceClass.VOLTAGE, UnitOfElectricPotential.VOLT),
    Dimension.ENERGY: (SensorDeviceClass.ENERGY, UnitOfEnergy.WATT_HOUR),
    Dimension.FREQUENCY: (SensorDeviceClass.FREQUENCY, UnitOfFrequency.HERTZ),
    Dimension.BATTERY_SOC: (SensorDeviceClass.BATTERY, PERCENTAGE),
    Dimension.TEMPERATURE: (SensorDeviceClass.TEMPERATURE, UnitOfTemperature.CELSIUS),
}
# No decision depends on these.
_RARELY_WANTED = frozenset((Dimension.VOLTAGE, Dimension.FREQUENCY))


def _description(quantity: Quantity) -> SensorEntityDescription:
    dimension = quantity.dimension
    device_class, unit = _CLASSES[dimension]
    energy = dimension is Dimension.ENERGY
    return SensorEntityDescription(
        key=quantity,
        translation_key=f"modbus_{quantity}",
        device_class=device_class,
        state_class=SensorStateClass.TOTAL_INCREASING
        if energy
        else SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=unit,
        suggested_unit_of_measurement=UnitOfEnergy.KILO_WATT_HOUR if energy else None,
        suggested_display_precision=2 if energy else min(_DIGITS[dimension], 1),
        entity_registry_enabled_default=dimension not in _RARELY_WANTED,
    )


class ModbusSensor(SensorEntity):
    """A reading of a Modbus device."""

    _attr_has_entity_name = True
    _attr_should_poll = False

    def __init__(
        self,
        hass: HomeAssistant,
        entry: SunfuseConfigEntry,
        subentry: ConfigSubentry,
        device: SiteDevice,
        quantity: Quantity,
    ) -> None:
        """Initialize the sensor."""
        self.entity_description = _description(quantity)
        self._device = device
        self._quantity = quantity
        self._written: tuple[datetime | None, bool] = (None, False)
        self._attr_unique_id = f"{entry.entry_id}_{subentry.subentry_id}_{quantity}"
        information = device.config.information
        self._attr_device_info = DeviceInfo(
            identifiers={subentry_identifier(entry, subentry.subentry_id)},
            name=subentry.title,
            manufacturer=information.get(Information.MANUFACTURER),
            model=information.get(Information.MODEL),
            serial_number=information.get(Information.SERIAL_NUMBER),
            sw_version=information.get(Information.VERSION),
            via_device_id=dr.async_get_device_id_by_identifier(
                hass, site_identifier(entry), config_entry_id=entry.entry_id
            ),
        )

    @override
    async def async_added_to_hass(self) -> None:
        """Show new readings, about once a second."""
        self.async_on_remove(self._device.reader.subscribe(self._was_read))

    @callback
    def _was_read(self) -> None:
        """Write what is new: a value that was not renewed must not look fresh."""
        measured = self._device.reader.measured.get(self._quantity)
        state = (measured.at if measured else None, self.available)
        if state != self._written:
            self._written = state
            self.async_write_ha_state()

    @property
    @override
    def available(self) -> bool:
        """Return whether the value was read recently."""
        return self._device.reader.value(self._quantity) is not None

    @property
    @override
    def native_value(self) -> float | None:
        """Return the value."""
        value = self._device.reader.value(self._quantity)
        if value is None:
            return None
        return round(value, _DIGITS[self._quantity.dimension])
