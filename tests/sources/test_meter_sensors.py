"""The grid's sensors are found among those that real integrations make, by the names that these give them."""

from collections.abc import Sequence

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.sunfuse.sources.meters.meter_sensors import suggest_meter
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er

from .real_devices import Named, RealDevice
from .real_inverters import INVERTERS
from .real_meters import METERS

DEVICES = METERS | INVERTERS


@pytest.mark.parametrize("real", DEVICES.values(), ids=DEVICES)
async def test_real_meters(hass: HomeAssistant, real: RealDevice) -> None:
    """What is the grid's is found, and nothing else is taken for it."""
    entry = MockConfigEntry(domain="meter")
    entry.add_to_hass(hass)
    devices, entities = dr.async_get(hass), er.async_get(hass)

    def add(sensors: Sequence[Named], name: str, above: str | None) -> str:
        device = devices.async_get_or_create(
            config_entry_id=entry.entry_id,
            identifiers={("meter", name)},
            via_device_id=above,
        )
        for entity, device_class, unique_id, original_name in sensors:
            entities.async_get_or_create(
                "sensor",
                real.platform,
                unique_id,
                suggested_object_id=entity,
                config_entry=entry,
                device_id=device.id,
                original_device_class=device_class,
                original_name=original_name,
            )
        return device.id

    top = add(real.sensors, "main", None)
    for index, below in enumerate(real.below):
        add(below, str(index), top)
    known = [real.known] if isinstance(real.known, str) else real.known
    assert suggest_meter(hass, known, inverted=real.inverted) == real.expected
