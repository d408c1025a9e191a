"""From the Energy dashboard to the site's sensors: what is proposed is right in sign and size, if it is only confirmed."""

from collections.abc import Mapping, Sequence
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
        for phase in "ABC"
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


SOLIS = (
    ("import_total", "energy", "kWh", "1234.5", "Grid Import Total"),
    ("meter_active_power", "power", "W", "-6900", "Meter Active Power"),
    ("meter_active_power_total", "power", "W", "-6900", "Meter Active Power Total"),
    *(
        (f"meter_power_l{n}", "power", "W", "-2300", f"Meter Active Power L{n}")
        for n in (1, 2, 3)
    ),
    *(
        (f"meter_current_l{n}", "current", "A", "10", f"Meter AC Current L{n}")
        for n in (1, 2, 3)
    ),
)


@pytest.mark.parametrize(("answer", "current_a"), [("import", -10), ("export", 10)])
async def test_the_sign_of_phases_without_a_total_is_asked(
    hass: HomeAssistant, hass_storage: dict[str, Any], answer: str, current_a: float
) -> None:
    """Two sensors could be the total, so none is; the powers give the currents their signs."""
    meter(hass, *SOLIS)
    stored(hass_storage, GRID | COUNTERS | {"stat_energy_from": "sensor.import_total"})
    assert await async_setup_component(hass, "energy", {})
    form = await open_site(hass)
    assert "grid_power" not in suggested(form)
    form = await submit(hass, form, suggested(form))
    assert form["step_id"] == "sign"
    assert form["description_placeholders"] == {
        "sensor": "meter power l1, meter power l2, meter power l3",
        "reading": "-2300 W, -2300 W, -2300 W",
    }
    form = await submit(hass, form, {"grid_sign": answer})
    form = await submit(hass, form, suggested(form))
    await submit(hass, form, suggested(form) | {"main_fuse_a": 25, "port": free_port()})
    await hass.async_block_till_done()
    (entry,) = hass.config_entries.async_entries(DOMAIN)
    reading = dict(entry.runtime_data.coordinator.data.snapshot.meters)["main"]
    assert reading.current_a == (current_a,) * 3
    await hass.config_entries.async_unload(entry.entry_id)


async def test_the_answer_holds_for_phases_whatever_flows_now(
    hass: HomeAssistant, hass_storage: dict[str, Any]
) -> None:
    """So little flows that total and phases do not contradict each other visibly."""
    sensors = [(*sensor[:3], "-60", sensor[4]) for sensor in UNKNOWN]
    meter(hass, *sensors)
    stored(hass_storage, GRID | COUNTERS | {"stat_energy_from": "sensor.counter"})
    assert await async_setup_component(hass, "energy", {})
    form = await open_site(hass)
    form = await submit(hass, form, suggested(form))
    form = await submit(hass, form, {"grid_sign": "export"})
    form = await submit(hass, form, suggested(form))
    await submit(hass, form, suggested(form) | {"main_fuse_a": 25, "port": free_port()})
    await hass.async_block_till_done()
    (entry,) = hass.config_entries.async_entries(DOMAIN)
    reading = dict(entry.runtime_data.coordinator.data.snapshot.meters)["main"]
    assert reading.power_w == 60
    assert sum(reading.current_a) * 230 == pytest.approx(180)
    await hass.config_entries.async_unload(entry.entry_id)


@pytest.mark.parametrize(
    ("sensors", "powers", "field"),
    [
        (UNKNOWN, {"grid_power": -2400.0}, "grid_inverted"),
        (SOLIS, {f"meter_power_l{n}": -800.0 for n in (1, 2, 3)}, None),
    ],
    ids=["total", "phases"],
)
async def test_the_counters_judge_what_is_proposed(
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    sensors: Sequence[tuple[str, str, str, str, str]],
    powers: Mapping[str, float],
    field: str | None,
) -> None:
    """For an hour the counter of import rose while the power said export: it is inverted, and nobody is asked."""
    meter(hass, *sensors)
    counter = f"sensor.{sensors[0][0]}"
    stored(hass_storage, GRID | COUNTERS | {"stat_energy_from": counter})
    assert await async_setup_component(hass, "energy", {})
    start = dt_util.utcnow().replace(minute=0, second=0, microsecond=0) - timedelta(
        hours=2
    )
    means = {f"sensor.{name}": mean for name, mean in powers.items()}
    for name, mean in {**means, counter: None}.items():
        metadata: StatisticMetaData = {
            "has_sum": mean is None,
            "mean_type": StatisticMeanType.NONE
            if mean is None
            else StatisticMeanType.ARITHMETIC,
            "name": None,
            "source": "recorder",
            "statistic_id": name,
            "unit_class": "energy" if mean is None else "power",
            "unit_of_measurement": "kWh" if mean is None else "W",
        }
        rows = [
            StatisticData(
                start=start + timedelta(minutes=5) * n, sum=0.2 * n, state=0.2 * n
            )
            if mean is None
            else StatisticData(start=start + timedelta(minutes=5) * n, mean=mean)
            for n in range(12)
        ]
        get_instance(hass).async_import_statistics(metadata, rows, StatisticsShortTerm)
    await async_wait_recording_done(hass)
    form = await open_site(hass)
    assert suggested(form)["grid_phases_inverted"] is True
    assert field is None or suggested(form)[field] is True
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
