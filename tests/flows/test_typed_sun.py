"""A user's own numbers for solar power mean what they say: typed in the form, and watched at a charger."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from homeassistant.core import HomeAssistant

from ..common import charger
from ..entities.test_unused_sun_today import SOURCES, shine
from ..site_fixtures import Home, limits
from .test_tuning_options import save, show

pytestmark = pytest.mark.usefixtures("socket_enabled")

# The meter and the charger report each second, and the engine follows both.
LAG_S = 8.0


class Watched:
    """A car on solar power; without any sun at first."""

    def __init__(self, home: Home, station: Any) -> None:
        """Watch its charger."""
        self.home = home
        self.station = station

    @property
    def charges(self) -> bool:
        """Whether the last limit lets the car charge."""
        return bool(limits(self.station)) and limits(self.station)[-1] > 0

    def export(self, power_w: float) -> None:
        """Let the sun leave so much without the car."""
        self.home.house_a = (-power_w / 690,) * 3

    async def seconds_until(self, charges: bool, at_most_s: float) -> float | None:
        """Return how long it takes, None if it takes longer."""
        for second in range(int(at_most_s)):
            if self.charges is charges:
                return float(second)
            await asyncio.sleep(1)
        return None


@pytest.fixture
async def watch(hass: HomeAssistant, start: Callable[..., Any]) -> Any:
    """Return what starts a site after its form was filled in."""
    tasks = []

    async def started(**typed: Any) -> Watched:
        tasks.append(asyncio.create_task(shine(hass)))
        home = await start(charger("A"), sources=SOURCES)
        await save(hass, await show(hass, home.entry, "sunshine"), **typed)
        home.house_a = (1.0,) * 3
        station = await home.charge("A")
        await home.call("select", "select_option", "A/1_mode", option="solar")
        watched = Watched(home, station)
        await asyncio.sleep(30)
        assert not watched.charges
        return watched

    yield started
    for task in tasks:
        task.cancel()


async def test_a_start_threshold_is_that_of_the_form(watch: Any) -> None:
    """After half a minute of 2 kW, although the car's minimum takes 4.1."""
    car = await watch(start_delay_s=30, start_export_w=2_000)
    car.export(1_700)
    assert await car.seconds_until(True, 90) is None
    car.export(2_300)
    assert await car.seconds_until(True, 300) == pytest.approx(30, abs=LAG_S)


async def test_a_stop_is_that_of_the_form(watch: Any) -> None:
    """The car goes on while it imports up to 1 kW for its minimum of 4.14; then for a minute more."""
    car = await watch(start_delay_s=0, stop_delay_s=60, stop_import_w=1_000, min_on_s=0)
    car.export(5_000)
    assert await car.seconds_until(True, 60) is not None
    await asyncio.sleep(60)
    car.export(3_400)
    assert await car.seconds_until(False, 200) is None
    car.export(2_900)
    assert await car.seconds_until(False, 300) == pytest.approx(60, abs=LAG_S)


async def test_times_on_and_off_are_those_of_the_form(watch: Any) -> None:
    """The sun is gone after twenty seconds, and back at once: it charges for two minutes, and then waits for three."""
    car = await watch(start_delay_s=0, stop_delay_s=0, min_on_s=120, min_off_s=180)
    car.export(5_000)
    assert await car.seconds_until(True, 60) is not None
    await asyncio.sleep(20)
    car.export(-1_000)
    assert await car.seconds_until(False, 900) == pytest.approx(100, abs=LAG_S)
    car.export(5_000)
    assert await car.seconds_until(True, 900) == pytest.approx(180, abs=LAG_S)
