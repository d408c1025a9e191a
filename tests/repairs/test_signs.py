"""Signs that contradict each other while a site runs are a repair, which goes when they agree."""

from typing import Any

from freezegun.api import FrozenDateTimeFactory
import pytest

from homeassistant.core import HomeAssistant

from ..common import set_meters
from ..price_site import Start, issues, pass_time
from ..sources.test_energy_dashboard import GRID, stored

pytestmark = pytest.mark.usefixtures("socket_enabled")

COUNTER = "sensor.grid_import_energy"
POWER = {"grid": {"entity": "sensor.grid_power"}}


def count(hass: HomeAssistant, counted_wh: float, exported_wh: float = 0) -> None:
    """Show the dashboard's counters."""
    unit = {"unit_of_measurement": "kWh", "device_class": "energy"}
    hass.states.async_set(COUNTER, f"{100 + counted_wh / 1000:.2f}", unit)
    exported = f"{50 + exported_wh / 1000:.2f}"
    hass.states.async_set("sensor.grid_export_energy", exported, unit)


async def may_draw(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, shown_a: float, begun_wh: float
) -> float:
    """Let 6.9 kW be drawn for five minutes, while the meter shows this current on each phase."""
    counted_wh = begun_wh
    for _ in range(60):
        counted_wh += 6900 * 5 / 3600
        count(hass, counted_wh)
        set_meters(hass, currents_a=(shown_a, shown_a, shown_a))
        await pass_time(hass, freezer, 5)
    return counted_wh


async def test_a_counter_against_the_grid_power(
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    start_frozen: Start,
    freezer: FrozenDateTimeFactory,
) -> None:
    """The dashboard's counter of import rises while the power says export; later the user turns the power."""
    stored(hass_storage, GRID)
    hass.config.components.add("energy")
    count(hass, 0)
    await start_frozen(sources=POWER)
    assert "sign_counters" not in issues(hass)
    counted_wh = await may_draw(hass, freezer, -10, 0)
    assert "sign_counters" in issues(hass)
    await may_draw(hass, freezer, 10, counted_wh)
    assert "sign_counters" not in issues(hass)


async def test_a_counter_that_agrees(
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    start_frozen: Start,
    freezer: FrozenDateTimeFactory,
) -> None:
    """No repair."""
    stored(hass_storage, GRID)
    hass.config.components.add("energy")
    count(hass, 0)
    await start_frozen(sources=POWER)
    await may_draw(hass, freezer, 10, 0)
    assert not issues(hass) & {"sign_counters", "sign_phases"}


async def test_currents_that_show_no_direction(
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    start_frozen: Start,
    freezer: FrozenDateTimeFactory,
) -> None:
    """They count as import while the counters count export, which contradicts nothing: turned, all would be export."""
    stored(hass_storage, GRID)
    hass.config.components.add("energy")
    count(hass, 0)
    phases = [f"sensor.grid_l{phase}" for phase in (1, 2, 3)]
    await start_frozen(sources={"grid_phases": phases})
    for tick in range(1, 61):
        count(hass, 0, exported_wh=tick * 6900 * 5 / 3600)
        set_meters(hass, currents_a=(10, 10, 10))
        await pass_time(hass, freezer, 5)
    assert "sign_counters" not in issues(hass)


async def test_phases_against_the_total(
    hass: HomeAssistant, start_frozen: Start, freezer: FrozenDateTimeFactory
) -> None:
    """Powers of the phases that say export while the total says import."""
    unit = {"unit_of_measurement": "W", "device_class": "power"}

    def show(sign: int) -> None:
        for phase in (1, 2, 3):
            hass.states.async_set(f"sensor.p{phase}", str(sign * 2300), unit)
        set_meters(hass, currents_a=(10, 10, 10))

    show(-1)
    phases = [f"sensor.p{phase}" for phase in (1, 2, 3)]
    await start_frozen(sources=POWER | {"grid_phases": phases})
    for _ in range(15):
        show(-1)
        await pass_time(hass, freezer, 5)
    assert "sign_phases" in issues(hass)
    for _ in range(3):
        show(1)
        await pass_time(hass, freezer, 5)
    assert "sign_phases" not in issues(hass)
