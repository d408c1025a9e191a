"""The simulation as Home Assistant runs it: on the real clock, and against Sunfuse's own central system."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import aiohttp
import pytest

from custom_components.sunfuse.central_system import CentralSystem, StationConfig
from custom_components.sunfuse.simulator import Simulation, SiteValues
from custom_components.sunfuse.simulator.simulated_site import DEFAULT_CHARGERS
from custom_components.sunfuse.simulator.simulation import DEFAULT_START

from .central import Central, until

pytestmark = pytest.mark.usefixtures("jumping")


@pytest.fixture
async def session(socket_enabled: None) -> AsyncIterator[aiohttp.ClientSession]:
    """Return the session through which the chargers connect, as Home Assistant lends it."""
    async with aiohttp.ClientSession() as lent:
        yield lent


@pytest.fixture
async def simulation(
    central: Central, session: aiohttp.ClientSession
) -> AsyncIterator[Simulation]:
    """Return the default site on the small central system, a minute of its time per second."""
    running = Simulation(url=None, speed=60)
    running.set_url(central.url)
    await running.start(session)
    yield running
    await running.stop()


async def test_it_shows_values_before_it_starts() -> None:
    """Home Assistant's entities have something to show from the first moment on."""
    values = Simulation(url=None).values
    assert (values.at - DEFAULT_START).total_seconds() < 1
    assert values.house_power_w > 100
    assert values.solar_power_w > 1000
    assert values.battery_soc == pytest.approx(97, abs=0.1)


async def test_time_passes_and_cars_charge(
    simulation: Simulation, central: Central
) -> None:
    """About once a second the meters report; all three chargers connect, and their cars charge."""
    seen: list[SiteValues] = []
    unsubscribe = simulation.subscribe(seen.append)
    await until(lambda: len(seen) == 2, "values")
    simulated_s = (seen[1].at - seen[0].at).total_seconds()
    assert simulated_s >= 60
    unsubscribe()
    chargers = simulation.chargers.values()
    await until(lambda: all(c.draw_a[c.spec.l1] > 6 for c in chargers), "all charge")
    assert len(seen) == 2
    assert {identity for identity, *_ in central.heard} == set(simulation.chargers)
    assert simulation.chargers["SIM-STREET"].draw_a[:2] == (0, 0)
    for charger in chargers:
        values = charger.values
        assert (values.connected, values.plugged) == (True, True)
        assert values.offered_a == charger.spec.max_a
        assert values.status == "Charging"
    site = simulation.values
    assert site.grid_power_w == pytest.approx(230 * sum(site.grid_current_a))


async def test_without_sunfuse_the_cars_fall_back(
    session: aiohttp.ClientSession,
) -> None:
    """Sunfuse is gone, as after a crash: when its limits have lapsed, every version charges at its fail-safe current."""
    system = CentralSystem()
    await system.start("127.0.0.1", 0)
    specs = tuple(
        replace(DEFAULT_CHARGERS[0], identity=protocol, protocol=protocol)
        for protocol in ("ocpp1.6", "ocpp2.0.1", "ocpp2.1")
    )
    simulation = Simulation(url=f"ws://127.0.0.1:{system.port}/", chargers=specs)
    chargers = simulation.chargers.values()
    for spec in specs:
        system.accept(
            StationConfig(
                identity=spec.identity, fail_safe_a=7.0, expiry_s=10, renew_s=4
            )
        )
    try:
        await simulation.start(session)
        await until(lambda: all(c.values.offered_a == 7 for c in chargers), "fail-safe")
        for station in system.stations.values():
            await station.offer(1, 12.0, 3)
        drawn_a = pytest.approx(0.98 * 12)
        await until(lambda: all(c.draw_a[0] == drawn_a for c in chargers), "12 A")
        await system.stop()
        drawn_a = pytest.approx(0.98 * 7)
        await until(lambda: all(c.draw_a[0] == drawn_a for c in chargers), "7 A")
        assert {c.values.status for c in chargers} == {"Charging"}
    finally:
        await simulation.stop()
        await system.stop()


async def test_nothing_is_left_of_it(
    central: Central, session: aiohttp.ClientSession
) -> None:
    """After a stop no task and no socket is left, the session is open, and it can be started again."""
    before = asyncio.all_tasks()
    simulation = Simulation(url=central.url)
    for _ in range(2):
        await simulation.start(session)
        await until(lambda: len(central.sockets) == 3)
        await simulation.stop()
        await until(lambda: not central.sockets)
        after = asyncio.all_tasks()
        names = {task.get_name() for task in after - before}
        assert not names & {"simulated site", *simulation.chargers}
        assert not session.closed


async def test_it_can_be_stopped_without_a_central_system(
    session: aiohttp.ClientSession,
) -> None:
    """Nobody listens, or no address is known."""
    for url in (None, "ws://127.0.0.1:9"):
        simulation = Simulation(url=url)
        await simulation.start(session)
        await asyncio.sleep(0)
        await simulation.stop()


@pytest.mark.parametrize("protocol", ["ocpp1.6", "ocpp2.0.1", "ocpp2.1"])
async def test_sunfuse_accepts_the_chargers_and_limits_them(
    session: aiohttp.ClientSession, protocol: str
) -> None:
    """The real central system: a charger waits, is accepted, begins at its fail-safe current, follows an offer."""
    system = CentralSystem()
    await system.start("127.0.0.1", 0)
    garage = replace(DEFAULT_CHARGERS[0], protocol=protocol)
    simulation = Simulation(
        url=f"ws://127.0.0.1:{system.port}/", chargers=(garage,), speed=10
    )
    charger = simulation.chargers[garage.identity]
    try:
        await simulation.start(session)
        await until(lambda: garage.identity in system.pending, "pending")
        assert sum(charger.draw_a) == 0
        system.accept(StationConfig(identity=garage.identity, fail_safe_a=7.0))
        station = system.stations[garage.identity]
        await until(lambda: charger.station.uplink.registered, "registered")
        assert station.state.info.protocol == protocol
        await until(lambda: charger.draw_a[0] > 6, "charging")
        await until(lambda: charger.values.offered_a == 7, "fail-safe")
        await station.offer(1, 10.0, 3)
        await until(lambda: charger.draw_a[0] == pytest.approx(9.8), "10 A")
        await until(
            lambda: (
                station.state.connectors[0].meter.power_w
                == pytest.approx(9.8 * 3 * 230, rel=0.01)
            ),
            "the power is told",
        )
        meter = station.state.connectors[0].meter
        assert meter.current_a == pytest.approx((9.8, 9.8, 9.8), abs=0.01)
        await station.offer(1, 0.0, 3)
        await until(lambda: charger.draw_a == (0, 0, 0), "0 A")
    finally:
        await simulation.stop()
        await system.stop()
