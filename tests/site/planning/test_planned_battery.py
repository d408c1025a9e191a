"""The home battery in the plan of a site."""

from freezegun.api import FrozenDateTimeFactory
import pytest

from custom_components.sunfuse.planner import Assumption
from homeassistant.core import HomeAssistant, ServiceCall

from ...common import site_entry
from ...planned_site import TODAY, TOMORROW
from ...price_site import SPOT, Start, pass_time, set_spot, tariff

pytestmark = pytest.mark.usefixtures("socket_enabled")


async def test_the_home_battery_is_charged_in_cheap_hours(
    hass: HomeAssistant, start_frozen: Start, freezer: FrozenDateTimeFactory
) -> None:
    """From one to five power costs a third of what it costs in the morning: a number is given the planned power."""
    set_spot(hass, TODAY, TOMORROW)
    hass.states.async_set("sensor.battery", "0", {"unit_of_measurement": "W"})
    hass.states.async_set("sensor.soc", "30", {"unit_of_measurement": "%"})
    hass.states.async_set("input_number.charge", "0", {"min": 0, "max": 5000})
    given: list[float] = []

    async def set_value(call: ServiceCall) -> None:
        given.append(float(call.data["value"]))
        hass.states.async_set("input_number.charge", call.data["value"])

    hass.services.async_register("input_number", "set_value", set_value)
    sources = site_entry(9000).data["sources"] | {
        "battery": [{"entity": "sensor.battery"}],
        "battery_soc": "sensor.soc",
    }
    entry = await start_frozen(
        tariff(source={"kind": "entity", "entities": [SPOT]}),
        sources=sources,
        options={
            "battery_capacity_kwh": 10.0,
            "battery_reserve_soc": 10.0,
            "charge_max_w": 5000.0,
            "charge_entity": "input_number.charge",
        },
    )
    planning = entry.runtime_data.planning
    for _ in range(3):
        await pass_time(hass, freezer, 2.1)
    assert planning.data.intention
    planned = [slot for slot in planning.data.intention.slots if slot.battery_w < -100]
    assert planned
    assert max(slot.price for slot in planned) < 0.3
    assert given == []
    freezer.move_to(planned[0].start)
    for turn in range(30):
        unit = {"unit_of_measurement": "W"}
        hass.states.async_set("sensor.battery", f"{turn}", unit)
        await pass_time(hass, freezer, 300 if turn % 3 == 0 else 2.1)
        if given:
            break
    assert given
    assert given[0] > 500
    assert await hass.config_entries.async_unload(entry.entry_id)
    assert given[-1] == 0


@pytest.mark.parametrize(
    ("of_options", "planned_kwh"), [({}, 10.0), ({"battery_capacity_kwh": 7.0}, 7.0)]
)
async def test_a_battery_whose_size_was_entered_at_set_up_is_planned(
    hass: HomeAssistant,
    start_frozen: Start,
    of_options: dict[str, float],
    planned_kwh: float,
) -> None:
    """Nobody has to enter it again in the options, which may say something else."""
    sources = site_entry(9000).data["sources"] | {"battery_capacity_wh": 10_000.0}
    entry = await start_frozen(sources=sources, options=of_options)
    battery = entry.runtime_data.planning.outlook().battery
    assert battery is not None
    assert battery.capacity_wh == planned_kwh * 1000


async def test_a_plan_may_do_without_the_battery(
    hass: HomeAssistant, start_frozen: Start, freezer: FrozenDateTimeFactory
) -> None:
    """With 0 in the options, whatever was entered at set-up: from the plan on that is made as soon as the options are saved."""
    sources = site_entry(9000).data["sources"] | {"battery_capacity_wh": 10_000.0}
    entry = await start_frozen(sources=sources)
    await pass_time(hass, freezer, 2.1)
    planning = entry.runtime_data.planning
    assert planning.data.intention
    assert Assumption.BATTERY_UNKNOWN in planning.data.intention.assumptions
    hass.config_entries.async_update_entry(entry, options={"battery_capacity_kwh": 0.0})
    await hass.async_block_till_done()
    await pass_time(hass, freezer, 2.1)
    assert Assumption.BATTERY_UNKNOWN not in planning.data.intention.assumptions
