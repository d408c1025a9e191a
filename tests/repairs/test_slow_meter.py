"""A meter that is too slow to protect a fuse is reported when it is chosen."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

from freezegun.api import FrozenDateTimeFactory
import pytest

from custom_components.sunfuse.const import DOMAIN
from homeassistant.components.recorder.core import Recorder
from homeassistant.config_entries import SOURCE_USER, ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.util import dt as dt_util

from ..common import free_port, register, set_meters, site_entry
from ..forms import open_site, submit, suggested, was_added
from ..sources.test_history import imported

pytestmark = pytest.mark.usefixtures("socket_enabled")
GRID: dict[str, Any] = {
    "system": "three_phase",
    "grid_power": "sensor.grid_power",
    "grid_inverted": False,
    "grid_phases": ["sensor.grid_l1", "sensor.grid_l2", "sensor.grid_l3"],
}


@pytest.fixture(autouse=True)
async def _unload(hass: HomeAssistant) -> AsyncIterator[None]:
    """Close the ports."""
    yield
    for entry in hass.config_entries.async_entries(DOMAIN):
        await hass.config_entries.async_unload(entry.entry_id)


async def fill_in(
    hass: HomeAssistant, form: ConfigFlowResult, **electrical: Any
) -> ConfigFlowResult:
    """Fill in the forms behind the meter."""
    form = await submit(hass, form, {"battery_inverted": False})
    values = {
        "voltage_v": 230,
        "main_fuse_a": 25,
        "margin_a": 1,
        "port": free_port(),
        **electrical,
    }
    return await submit(hass, form, values)


async def recorded(hass: HomeAssistant, step_s: float) -> None:
    """Let the recorder have seen the meter change this often."""
    now = dt_util.utcnow()
    for index in range(15):
        at = (now + timedelta(seconds=step_s * (index - 15))).timestamp()
        for phase in (1, 2, 3):
            hass.states.async_set(
                f"sensor.grid_l{phase}",
                str(index),
                {"unit_of_measurement": "A", "device_class": "current"},
                timestamp=at,
            )
    hass.states.async_set(
        "sensor.grid_power", "1", {"unit_of_measurement": "W", "device_class": "power"}
    )
    await hass.async_block_till_done()
    await imported(hass)


async def test_a_slow_meter(recorder_mock: Recorder, hass: HomeAssistant) -> None:
    """Every minute: 5 A of 25 A are proposed, three ways out are named, and the site has what was chosen."""
    await recorded(hass, 60)
    form = await fill_in(hass, await submit(hass, await open_site(hass), GRID))
    assert form["step_id"] == "slow_meter"
    placeholders = form["description_placeholders"] or {}
    assert placeholders["interval"] == "60"
    assert placeholders["entity"].startswith("sensor.grid_l")
    assert suggested(form) == {"margin_a": 5}
    form = await submit(hass, form, {"margin_a": 25})
    assert form["errors"] == {"margin_a": "margin"}
    entry = was_added(await submit(hass, form, {"margin_a": 4}))
    assert entry.data["margin_a"] == 4


async def test_a_margin_that_allows_for_it(
    recorder_mock: Recorder, hass: HomeAssistant
) -> None:
    """Who chose a large margin already is not asked again."""
    await recorded(hass, 60)
    form = await submit(hass, await open_site(hass), GRID)
    was_added(await fill_in(hass, form, margin_a=6))


async def test_a_quick_meter(recorder_mock: Recorder, hass: HomeAssistant) -> None:
    """Five seconds protect a fuse."""
    await recorded(hass, 5)
    was_added(await fill_in(hass, await submit(hass, await open_site(hass), GRID)))


async def test_a_still_house_with_a_quick_meter(
    recorder_mock: Recorder, hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    """It changed once a minute, but reports every second: observed while the forms are filled in."""
    await recorded(hass, 60)
    form = await submit(hass, await open_site(hass), GRID)
    for _ in range(15):
        freezer.tick(1)
        set_meters(hass, currents_a=(1, 1, 1))
        await hass.async_block_till_done()
    was_added(await fill_in(hass, form))


async def test_a_quiet_phase_beside_the_total_of_its_device(
    recorder_mock: Recorder, hass: HomeAssistant
) -> None:
    """L3 changes once a minute only, and the total shows every five seconds that it carries the same: no margin is proposed."""
    for name in (*GRID["grid_phases"], GRID["grid_power"]):
        register(hass, name, "mqtt", "meter")
    started = dt_util.utcnow() - timedelta(seconds=1200)
    for second in range(0, 1200, 5):
        phases_a = (2 + second % 2, 3 + second % 2, 0.2 + second // 60 % 2 / 10)
        shown = {f"l{n + 1}": (a, "A") for n, a in enumerate(phases_a)}
        shown["power"] = (237 * sum(phases_a), "W")
        at = (started + timedelta(seconds=second)).timestamp()
        for name, (value, unit) in shown.items():
            hass.states.async_set(
                f"sensor.grid_{name}",
                f"{value:.1f}",
                {"unit_of_measurement": unit},
                timestamp=at,
            )
    await hass.async_block_till_done()
    await imported(hass)
    was_added(await fill_in(hass, await submit(hass, await open_site(hass), GRID)))


async def test_nothing_is_known(hass: HomeAssistant) -> None:
    """Without a recorder and without patience nobody is warned of what may be good."""
    set_meters(hass, currents_a=(1, 1, 1))
    form = await submit(hass, await open_site(hass), GRID)
    was_added(await fill_in(hass, form))


async def test_a_slow_meter_of_a_circuit(
    recorder_mock: Recorder, hass: HomeAssistant
) -> None:
    """Every minute, at a panel of 20 A: a larger margin is proposed, and what was chosen is kept."""
    entry = site_entry(free_port())
    entry.add_to_hass(hass)
    await recorded(hass, 60)
    flows = hass.config_entries.subentries
    form = await flows.async_init(
        (entry.entry_id, "circuit"), context={"source": SOURCE_USER}
    )
    place = {"name": "Garage", "parent": "main", "limit_a": 20, "margin_a": 1}
    form = await flows.async_configure(form["flow_id"], place)
    meter = {
        "grid_inverted": False,
        "grid_phases": ["sensor.grid_l1", "sensor.grid_l2", "sensor.grid_l3"],
        "meter_max_age_s": 120,
    }
    form = await flows.async_configure(form["flow_id"], meter)
    assert form["step_id"] == "slow_meter"
    placeholders = form["description_placeholders"] or {}
    assert placeholders["interval"] == "60"
    assert placeholders["entity"].startswith("sensor.grid_l")
    schema = form["data_schema"]
    assert schema
    (field,) = schema.schema
    assert field.description == {"suggested_value": 4}
    form = await flows.async_configure(form["flow_id"], {"margin_a": 20})
    assert form["errors"] == {"margin_a": "margin"}
    result = await flows.async_configure(form["flow_id"], {"margin_a": 3})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    (circuit,) = entry.get_subentries_of_type("circuit")
    assert circuit.data["margin_a"] == 3
    assert circuit.data["meter_max_age_s"] == 120
