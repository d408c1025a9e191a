"""From the Energy dashboard to the site's sensors: what is proposed is right in sign and size, if it is only confirmed."""

from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.sunfuse.const import DOMAIN
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.setup import async_setup_component

from .common import free_port
from .sources.test_energy_dashboard import BATTERY, GRID, SOLAR, stored
from .test_config_flow import open_site, submit, suggested

pytestmark = pytest.mark.usefixtures("recorder_mock", "socket_enabled")


def meter(hass: HomeAssistant, *sensors: tuple[str, str, str, str, str]) -> None:
    """Make a device of these sensors: entity, device class, unit, value, name."""
    entry = MockConfigEntry(domain="meter")
    entry.add_to_hass(hass)
    device = dr.async_get(hass).async_get_or_create(
        config_entry_id=entry.entry_id, identifiers={("meter", "1")}
    )
    for entity, device_class, unit, value, name in sensors:
        er.async_get(hass).async_get_or_create(
            "sensor",
            "meter",
            f"E1_{entity}",
            config_entry=entry,
            suggested_object_id=entity,
            device_id=device.id,
            original_device_class=device_class,
            original_name=name,
            unit_of_measurement=unit,
        )
        show(hass, entity, device_class, unit, value)


def show(
    hass: HomeAssistant, entity: str, device_class: str, unit: str, value: str
) -> None:
    """Show a value."""
    attributes = {"unit_of_measurement": unit, "device_class": device_class}
    hass.states.async_set(f"sensor.{entity}", value, attributes)


async def test_a_dutch_meter_with_sun_and_battery(
    hass: HomeAssistant, hass_storage: dict[str, Any]
) -> None:
    """DSMR in kW, each direction and phase apart; a battery of the other sign, in kW too: confirmed, and right."""
    meter(
        hass,
        ("used", "energy", "kWh", "123.456", "Energy consumption"),
        ("usage", "power", "kW", "0.0", "Power consumption"),
        ("delivery", "power", "kW", "1.15", "Power production"),
        ("usage_l1", "power", "kW", "0.46", "Power consumption phase L1"),
        ("usage_l2", "power", "kW", "0.0", "Power consumption phase L2"),
        ("usage_l3", "power", "kW", "-0.0", "Power consumption phase L3"),
        ("delivery_l1", "power", "kW", "0.0", "Power production phase L1"),
        ("delivery_l2", "power", "kW", "1.15", "Power production phase L2"),
        ("delivery_l3", "power", "kW", "0.46", "Power production phase L3"),
        ("current_l1", "current", "A", "2", "Current phase L1"),
        ("current_l2", "current", "A", "5", "Current phase L2"),
        ("current_l3", "current", "A", "2", "Current phase L3"),
    )
    show(hass, "solar_power", "power", "W", "3000")
    show(hass, "charging", "power", "kW", "0.7")
    show(hass, "battery_soc", "battery", "%", "55")
    stored(
        hass_storage,
        GRID
        | {"stat_energy_from": "sensor.used", "entity_energy_price": None}
        | {"entity_energy_price_export": None},
        SOLAR,
        BATTERY | {"power_config": {"stat_rate_inverted": "sensor.charging"}},
    )
    assert await async_setup_component(hass, "energy", {})
    form = await open_site(hass)
    form = await submit(hass, form, suggested(form))
    form = await submit(hass, form, suggested(form))
    assert form["step_id"] == "electrical", form
    form = await submit(
        hass, form, suggested(form) | {"main_fuse_a": 25, "port": free_port()}
    )
    result = await submit(hass, form, {})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()
    (entry,) = hass.config_entries.async_entries(DOMAIN)
    snapshot = entry.runtime_data.coordinator.data.snapshot
    reading = dict(snapshot.meters)["main"]
    assert reading.power_w == pytest.approx(-1150)
    assert reading.current_a == pytest.approx((2, -5, -2))
    assert snapshot.solar.power_w == 3000
    assert snapshot.battery.power_w == pytest.approx(-700)
    assert snapshot.battery.soc == 55
    names = er.async_get(hass)
    grid = names.async_get_entity_id("sensor", DOMAIN, f"{entry.entry_id}_grid_power")
    assert grid
    state = hass.states.get(grid)
    assert state
    assert float(state.state) == pytest.approx(-1150, abs=1)
    await hass.config_entries.async_unload(entry.entry_id)
