"""The recorder's memory of the grid, whatever sensors a site has."""

from datetime import timedelta
from typing import Any

import pytest

from custom_components.sunfuse.sources.config import SourcesConfig
from custom_components.sunfuse.sources.forecasts.forecast_reader import summed_power
from custom_components.sunfuse.sources.grid_history import async_grid_history
from custom_components.sunfuse.sources.history import async_statistics
from custom_components.sunfuse.sources.report.site_meters import async_site_meters
from homeassistant.components.recorder.core import Recorder
from homeassistant.core import HomeAssistant

from .test_history import T0, import_means


async def read(hass: HomeAssistant, **sources: Any) -> list[float]:
    """Return the hourly means that are known."""
    config = SourcesConfig.from_dict(sources)
    series = await async_grid_history(hass, config, T0, T0 + timedelta(days=1), 230.0)
    return [slot.value for slot in series]


@pytest.mark.parametrize(
    ("grid", "expected"),
    [
        ({"entity": "sensor.grid"}, [1000.0, -500.0]),
        ({"entity": "sensor.grid", "inverted": True}, [-1000.0, 500.0]),
        ({"positive": "sensor.grid", "negative": "sensor.other"}, [1000.0, -500.0]),
        ({"entity": "sensor.unknown"}, []),
    ],
)
async def test_power(
    recorder_mock: Recorder,
    hass: HomeAssistant,
    grid: dict[str, Any],
    expected: list[float],
) -> None:
    """Positive on import, whatever the sensor's sign."""
    await import_means(hass, "sensor.grid", "kW", "power", [1.0, -0.5])
    assert await read(hass, grid=grid) == pytest.approx(expected)


async def test_currents_of_three_phases(
    recorder_mock: Recorder, hass: HomeAssistant
) -> None:
    """Their sum at the nominal voltage, in the hours in which all are known."""
    for phase, currents in enumerate(([1.0, 2.0], [1.0, 2.0], [2.0]), start=1):
        await import_means(
            hass, f"sensor.l{phase}", "A", "electric_current", currents, start=T0
        )
        hass.states.async_set(f"sensor.l{phase}", "1", {"unit_of_measurement": "A"})
    phases = ["sensor.l1", "sensor.l2", "sensor.l3"]
    assert await read(hass, grid_phases=phases) == pytest.approx([4 * 230])
    assert await read(hass, grid_phases=[*phases, "sensor.l4"]) == []


@pytest.mark.parametrize(
    ("unit", "means", "expected_w"),
    [
        ("W", [-1000.0, 500.0], [3000, -1500]),
        ("A", [-4.0, 2.0], [3 * 920, -3 * 460]),
        # A current that was never negative has no sign.
        ("A", [4.0, 2.0], [3 * 920, 3 * 460]),
    ],
)
async def test_phases_that_are_positive_on_export(
    recorder_mock: Recorder,
    hass: HomeAssistant,
    unit: str,
    means: list[float],
    expected_w: list[float],
) -> None:
    """Without a total they are the grid's power."""
    phases = ["sensor.l1", "sensor.l2", "sensor.l3"]
    kind = "power" if unit == "W" else "electric_current"
    for phase in phases:
        await import_means(hass, phase, unit, kind, means, start=T0)
        hass.states.async_set(phase, "1", {"unit_of_measurement": unit})
    read_w = await read(hass, grid_phases=phases, grid_phases_inverted=True)
    assert read_w == pytest.approx(expected_w)


async def test_without_a_recorder(hass: HomeAssistant) -> None:
    """Some do without it."""
    assert await read(hass, grid={"entity": "sensor.grid"}) == []


@pytest.mark.parametrize(("unit", "expected_w"), [("A", -2760), ("W", -12)])
async def test_phases_in_two_directions(
    recorder_mock: Recorder, hass: HomeAssistant, unit: str, expected_w: float
) -> None:
    """1 in and 5 out on each of three phases: what is fed in is never negative, and is export all the same."""
    kind = "power" if unit == "W" else "electric_current"
    drawn = tuple(f"sensor.in_l{phase}" for phase in (1, 2, 3))
    given = tuple(f"sensor.out_l{phase}" for phase in (1, 2, 3))
    for names, mean in ((drawn, 1.0), (given, 5.0)):
        for name in names:
            await import_means(hass, name, unit, kind, [mean], start=T0)
    sources = SourcesConfig(grid_phases=drawn, grid_phases_export=given)
    meters = await async_site_meters(hass, sources, phases=3, voltage_v=230)
    until = T0 + timedelta(hours=1)
    known = await async_statistics(hass, (*drawn, *given), T0, until)
    watts = [slot.value for slot in summed_power(meters.grid, known)]
    assert watts == pytest.approx([expected_w] * len(watts))
    assert watts
