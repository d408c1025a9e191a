"""Today's unused sun through a real site: a day of which the numbers are calculated by hand."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from homeassistant.core import HomeAssistant

from ..common import charger
from ..site_fixtures import Home

pytestmark = pytest.mark.usefixtures("socket_enabled")
SOURCES = {
    "grid": {"entity": "sensor.grid_power"},
    "grid_phases": ["sensor.grid_l1", "sensor.grid_l2", "sensor.grid_l3"],
    "solar": ["sensor.solar"],
}
EXPORT_A = 7.0
EXPORT_KW = EXPORT_A * 3 * 0.23
DELAY_S = 1200.0


def unused(home: Home) -> dict[str, float]:
    """Return what the sensor shows, by cause."""
    state = home.hass.states.get(home.entity("sensor", "unused_sun"))
    assert state
    causes = ("delay", "minimum", "switch", "car", "fuse")
    return {cause: state.attributes.get(f"{cause}_kwh", 0.0) for cause in causes}


async def shine(hass: HomeAssistant) -> None:
    """Let the inverter report 6 kW, every two seconds."""
    while True:
        hass.states.async_set(
            "sensor.solar", "6000", {"unit_of_measurement": "W"}, force_update=True
        )
        await asyncio.sleep(2)


async def test_what_a_delay_of_twenty_minutes_costs(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """A car waits for its user's delay while 4.83 kW are exported: 0.4 kWh in five minutes, kept by a restart, and none once it charges."""
    await hass.config.async_set_time_zone("UTC")
    sun = asyncio.create_task(shine(hass))
    home = await start(
        charger("A"), sources=SOURCES, options={"start_delay_s": DELAY_S}
    )
    home.house_a = (-EXPORT_A,) * 3
    await home.charge("A")
    await home.call("select", "select_option", "A/1_mode", option="solar")
    await home.shows("sensor", "A/1_reason", "starting_on_sun")
    await asyncio.sleep(90)
    before = unused(home)
    await asyncio.sleep(300)
    after = unused(home)
    assert after["delay"] - before["delay"] == pytest.approx(EXPORT_KW / 12, abs=0.03)
    assert {cause: after[cause] for cause in after if cause != "delay"} == {
        cause: before[cause] for cause in before if cause != "delay"
    }
    assert await hass.config_entries.async_reload(home.entry.entry_id)
    assert unused(home)["delay"] >= after["delay"] - 0.01
    sun.cancel()


async def test_a_full_car_and_a_battery_that_sells_leave_no_sun(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """4.83 kW are exported: beside a car that is full, and while the home battery supplies it all; of 3 kW of it 1.83 are sun."""
    await hass.config.async_set_time_zone("UTC")
    sun = asyncio.create_task(shine(hass))

    def supplies(power_w: float) -> None:
        hass.states.async_set(
            "sensor.battery", str(power_w), {"unit_of_measurement": "W"}
        )

    supplies(0)
    home = await start(
        charger("A"),
        sources=SOURCES | {"battery": [{"entity": "sensor.battery"}]},
        options={"start_delay_s": DELAY_S},
    )
    home.house_a = (-EXPORT_A,) * 3
    station = await home.charge("A")
    await home.call("select", "select_option", "A/1_mode", option="solar")
    await home.tell(station, "SuspendedEV")
    await asyncio.sleep(90)
    before = unused(home)
    await asyncio.sleep(120)
    assert unused(home) == before
    await home.tell(station, "Charging")
    for power_w, exported_kw in ((5000, 0.0), (3000, EXPORT_KW - 3)):
        supplies(power_w)
        await asyncio.sleep(90)
        before = unused(home)
        await asyncio.sleep(300)
        after = unused(home)
        found_kwh = sum(after.values()) - sum(before.values())
        assert found_kwh == pytest.approx(exported_kw / 12, abs=0.02)
    sun.cancel()
