"""From the Energy dashboard to the site's sensors: what is proposed is right in sign and size, if it is only confirmed."""

from datetime import timedelta
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
)

from custom_components.sunfuse.const import DOMAIN
from homeassistant.components.recorder.db_schema import StatisticsShortTerm
from homeassistant.components.recorder.models import (
    StatisticData,
    StatisticMeanType,
    StatisticMetaData,
)
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.helpers.recorder import get_instance
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util

from ..common import free_port
from ..forms import chosen_unasked, open_site, submit, suggested
from ..sources.test_energy_dashboard import BATTERY, GRID, SOLAR, stored

pytestmark = pytest.mark.usefixtures("recorder_mock", "socket_enabled")


def meter(
    hass: HomeAssistant,
    *sensors: tuple[str, str, str, str, str],
    platform: str = "meter",
) -> None:
    """Make a device of these sensors: entity, device class, unit, value, name."""
    entry = MockConfigEntry(domain=platform)
    entry.add_to_hass(hass)
    device = dr.async_get(hass).async_get_or_create(
        config_entry_id=entry.entry_id, identifiers={("meter", "1")}
    )
    for entity, device_class, unit, value, name in sensors:
        er.async_get(hass).async_get_or_create(
            "sensor",
            platform,
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
    result = await submit(
        hass, form, suggested(form) | {"main_fuse_a": 25, "port": free_port()}
    )
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


HUAWEI = (
    ("grid_accumulated_energy", "energy", "kWh", "1234.5", "Consumption"),
    ("power_meter_active_power", "power", "W", "-6000", "Active power"),
    *(
        (f"active_grid_{phase}_power", "power", "W", "-2000", f"Phase {phase} power")
        for phase in "abc"
    ),
)
COUNTERS: dict[str, Any] = {
    "stat_energy_to": None,
    "entity_energy_price": None,
    "entity_energy_price_export": None,
}


async def test_huawei_by_its_counters(
    hass: HomeAssistant, hass_storage: dict[str, Any]
) -> None:
    """6 kW are drawn, which Huawei shows as -6 kW: the form says so, and so does the site."""
    meter(hass, *HUAWEI, platform="huawei_solar")
    counter = {"stat_energy_from": "sensor.grid_accumulated_energy"}
    stored(hass_storage, GRID | COUNTERS | counter)
    assert await async_setup_component(hass, "energy", {})
    form = await open_site(hass)
    assert form["description_placeholders"]
    assert form["description_placeholders"]["now"] == (
        "Now: drawing 6.0 kW, L1 drawing 2.0 kW, L2 drawing 2.0 kW, L3 drawing 2.0 kW."
    )
    form = await submit(hass, form, suggested(form))
    assert form["step_id"] == "sun", "its sign is known"
    assert form["description_placeholders"]
    assert form["description_placeholders"]["now"].startswith(
        "The selected meter now shows: drawing 6.0 kW, "
    )
    form = await submit(hass, form, suggested(form))
    await submit(hass, form, suggested(form) | {"main_fuse_a": 25, "port": free_port()})
    await hass.async_block_till_done()
    (entry,) = hass.config_entries.async_entries(DOMAIN)
    snapshot = entry.runtime_data.coordinator.data.snapshot
    reading = dict(snapshot.meters)["main"]
    assert reading.power_w == 6000
    assert reading.current_a == pytest.approx([2000 / 230] * 3)
    await hass.config_entries.async_unload(entry.entry_id)


UNKNOWN = (
    ("counter", "energy", "kWh", "1234.5", "Energy"),
    ("grid_power", "power", "W", "-2300", "Grid power"),
    *((f"grid_l{n}", "power", "W", "-767", f"Grid power L{n}") for n in (1, 2, 3)),
)


@pytest.mark.parametrize(("answer", "drawn_w"), [("import", -2300), ("export", 2300)])
async def test_a_sign_that_nobody_knows_is_asked(
    hass: HomeAssistant, hass_storage: dict[str, Any], answer: str, drawn_w: float
) -> None:
    """No default: the question shows the sensor's value, and the answer holds for the phases as well."""
    meter(hass, *UNKNOWN)
    stored(hass_storage, GRID | COUNTERS | {"stat_energy_from": "sensor.counter"})
    assert await async_setup_component(hass, "energy", {})
    form = await open_site(hass)
    form = await submit(hass, form, suggested(form))
    assert form["step_id"] == "sign"
    assert form["description_placeholders"] == {
        "sensor": "grid power",
        "reading": "-2300 W",
    }
    assert suggested(form) == {}
    assert chosen_unasked(form) == set()
    form = await submit(hass, form, {})
    assert form["errors"] == {"grid_sign": "choose_one"}
    form = await submit(hass, form, {"grid_sign": answer})
    assert form["step_id"] == "sun"
    form = await submit(hass, form, suggested(form))
    await submit(hass, form, suggested(form) | {"main_fuse_a": 25, "port": free_port()})
    await hass.async_block_till_done()
    (entry,) = hass.config_entries.async_entries(DOMAIN)
    snapshot = entry.runtime_data.coordinator.data.snapshot
    reading = dict(snapshot.meters)["main"]
    assert reading.power_w == drawn_w
    assert sum(reading.current_a) * 230 == pytest.approx(drawn_w, rel=0.01)
    await hass.config_entries.async_unload(entry.entry_id)


async def test_the_counters_judge_what_is_proposed(
    hass: HomeAssistant, hass_storage: dict[str, Any]
) -> None:
    """For an hour the counter of import rose while the power said export: it is inverted, and nobody is asked."""
    meter(hass, *UNKNOWN)
    stored(hass_storage, GRID | COUNTERS | {"stat_energy_from": "sensor.counter"})
    assert await async_setup_component(hass, "energy", {})
    start = dt_util.utcnow().replace(minute=0, second=0, microsecond=0) - timedelta(
        hours=2
    )
    for name, unit_class, unit, has_sum in (
        ("sensor.grid_power", "power", "W", False),
        ("sensor.counter", "energy", "kWh", True),
    ):
        metadata: StatisticMetaData = {
            "has_sum": has_sum,
            "mean_type": StatisticMeanType.NONE
            if has_sum
            else StatisticMeanType.ARITHMETIC,
            "name": None,
            "source": "recorder",
            "statistic_id": name,
            "unit_class": unit_class,
            "unit_of_measurement": unit,
        }
        rows = [
            StatisticData(
                start=start + timedelta(minutes=5) * n, sum=0.2 * n, state=0.2 * n
            )
            if has_sum
            else StatisticData(start=start + timedelta(minutes=5) * n, mean=-2400.0)
            for n in range(12)
        ]
        get_instance(hass).async_import_statistics(metadata, rows, StatisticsShortTerm)
    await async_wait_recording_done(hass)
    form = await open_site(hass)
    assert suggested(form)["grid_inverted"] is True
    assert suggested(form)["grid_phases_inverted"] is True
    form = await submit(hass, form, suggested(form))
    assert form["step_id"] == "sun"


async def test_phases_that_contradict_the_total_are_not_accepted(
    hass: HomeAssistant, hass_storage: dict[str, Any]
) -> None:
    """A user who changes the total and forgets the phases sees an error at once, with what both show now."""
    meter(hass, *UNKNOWN)
    stored(hass_storage)
    assert await async_setup_component(hass, "energy", {})
    form = await open_site(hass)
    typed = suggested(form) | {
        "grid_power": "sensor.grid_power",
        "grid_inverted": True,
        "grid_phases": [f"sensor.grid_l{n}" for n in (1, 2, 3)],
    }
    form = await submit(hass, form, typed)
    assert form["errors"] == {"grid_phases_inverted": "phases_against_total"}
    assert form["description_placeholders"]
    assert (
        "drawing 2.3 kW, L1 feeding in 0.8 kW"
        in (form["description_placeholders"]["now"])
    )
    form = await submit(hass, form, typed | {"grid_phases_inverted": True})
    assert form["step_id"] == "sun"
