"""Wall clocks jump, and nothing that is remembered becomes younger or older by that."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from freezegun import freeze_time
import pytest

from custom_components.sunfuse.site import timekeeper
from custom_components.sunfuse.site.timekeeper import Timekeeper
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from .. import site_fixtures
from ..common import wait_until
from ..site_fixtures import Home, obeys
from .cars.test_vehicles import plug_in, vehicle

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


class Clocks:
    """A wall clock that somebody sets, and a monotonic one."""

    def __init__(self) -> None:
        """Start at noon."""
        self.wall = NOON
        self.monotonic_s = 1000.0

    def pass_time(self, seconds: float) -> None:
        """Let time pass by both."""
        self.wall += timedelta(seconds=seconds)
        self.monotonic_s += seconds


def test_only_jumps_are_reported() -> None:
    """Hours that pass are none, and a clock that is slowed neither; one that is set is, once."""
    clocks = Clocks()
    keeper = Timekeeper(lambda: clocks.wall, lambda: clocks.monotonic_s)
    told: list[timedelta] = []
    keeper.on_jump(told.append)
    for seconds in (0.0, 5.0, 7200.0):
        clocks.pass_time(seconds)
        clocks.wall += timedelta(seconds=0.5)
        keeper.check()
    assert not told
    clocks.pass_time(5)
    clocks.wall -= timedelta(hours=1)
    keeper.check()
    keeper.check()
    assert told == [timedelta(hours=-1)]
    clocks.wall += timedelta(days=3650)
    keeper.check()
    assert told[1:] == [timedelta(days=3650)]


@pytest.mark.usefixtures("socket_enabled")
async def test_a_car_is_there_as_long_as_it_is(
    hass: HomeAssistant, start: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A car came a moment ago, whatever the clock is set to since: its integration, which says so now, is believed."""
    set_by_s = 0.0

    def monotonic() -> float:
        return dt_util.utcnow().timestamp() - set_by_s

    monkeypatch.setattr(timekeeper, "time", SimpleNamespace(monotonic=monotonic))
    hass.states.async_set("binary_sensor.plug", "off")
    home: Home = await start("CP1", vehicle(sources={"plug": "binary_sensor.plug"}))
    station = await home.boot("CP1")
    await plug_in(home, station)
    await home.shows("sensor", "CP1/1_car", "Guest")
    runtime = home.entry.runtime_data
    (key,) = runtime.chargers.connector_keys()
    session = runtime.car_sessions.at(key)
    assert session
    await wait_until(lambda: runtime.planning.data.intention, "a plan")
    by = timedelta(hours=3)
    set_by_s += by.total_seconds()
    with freeze_time(dt_util.utcnow() + by, real_asyncio=True):
        runtime.controller.tick()
        moved = runtime.car_sessions.at(key)
        assert moved
        assert moved.since - session.since == pytest.approx(by, abs=timedelta(0, 2))
        # What was planned was for other hours.
        assert runtime.planning.data.intention is None
        hass.states.async_set("binary_sensor.plug", "on")
        await home.shows("sensor", "CP1/1_car", "Zoe")
        await wait_until(lambda: runtime.planning.data.intention, "another plan")
    await station.close()


@pytest.mark.usefixtures("socket_enabled")
@pytest.mark.parametrize("by", [timedelta(hours=-1), timedelta(hours=1)])
async def test_a_meter_dies_when_the_clock_is_set(
    hass: HomeAssistant,
    start: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
    by: timedelta,
) -> None:
    """Its last reading is as old as it is, so that the car falls to its fail-safe current in time, and not before."""
    set_by_s = 0.0

    def monotonic() -> float:
        return dt_util.utcnow().timestamp() - set_by_s

    monkeypatch.setattr(timekeeper, "time", SimpleNamespace(monotonic=monotonic))
    home: Home = await start("CP1")
    controller = home.entry.runtime_data.controller
    coordinator = home.entry.runtime_data.coordinator
    station = await home.charge("CP1")
    await obeys(station, 14)
    await hass.async_block_till_done()

    # The meter is silent from now on.
    monkeypatch.setattr(site_fixtures, "set_meters", lambda *_, **__: None)
    home.charging = None
    controller.tick()
    offer_a = coordinator.data.decision.connectors[0].offer_a
    on_since = controller.memory.connectors["CP1/1"].on_since
    age = coordinator.data.snapshot.now - coordinator.data.meter.at
    set_by_s += by.total_seconds()
    with freeze_time(dt_util.utcnow() + by, real_asyncio=True) as clock:
        controller.tick()
        data = coordinator.data
        assert data.decision.connectors[0].offer_a == offer_a > 6
        moved_by = controller.memory.connectors["CP1/1"].on_since - on_since
        assert abs(moved_by - by) < timedelta(seconds=2)
        assert abs(data.snapshot.now - data.meter.at - age) < timedelta(seconds=2)
        for _ in range(6):
            clock.tick(10)
            controller.tick()
        assert coordinator.data.decision.connectors[0].offer_a <= 6
