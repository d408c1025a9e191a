"""A site whose time passes when a test says so, and a central system on the loopback."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest

from custom_components.sunfuse.simulator import ChargerSpec, Simulation
from custom_components.sunfuse.simulator.car import CarSpec
from custom_components.sunfuse.simulator.stations.simulated_station import (
    SimulatedStation,
)

from .central import Central, until

IDENTITY = "CP 1"


class Bench:
    """One charger on a central system, with the wall clock in hand."""

    def __init__(self, central: Central, spec: ChargerSpec) -> None:
        """Build the site; the car is away until it is plugged in."""
        self.central = central
        self.now = datetime(2026, 11, 1, 12, tzinfo=UTC)
        self.simulation = Simulation(
            url=central.url, chargers=(spec,), clock=lambda: self.now
        )
        self.charger = self.simulation.chargers[spec.identity]
        self.identity = spec.identity
        self.charger.unplug()
        self._task: asyncio.Task[None] | None = None
        self._session: aiohttp.ClientSession | None = None

    @property
    def station(self) -> SimulatedStation:
        """The charger's electronics."""
        return self.charger.station

    def draw_a(self) -> tuple[float, float, float]:
        """Return what the car really takes on each phase of the site."""
        return self.charger.draw_a

    async def start(self) -> None:
        """Connect, and wait until the charger is registered or kept waiting."""
        self._session = aiohttp.ClientSession()
        self._task = asyncio.create_task(self.station.uplink.run(self._session))

    async def registered(self) -> None:
        """Wait until the charger is in service, and has said what it has to say."""
        await until(lambda: self.station.uplink.registered, "registered")
        await self.settled()

    async def stop(self) -> None:
        """Switch off."""
        if self._task:
            self._task.cancel()
            (result,) = await asyncio.gather(self._task, return_exceptions=True)
            if isinstance(result, Exception):
                raise result
        if self._session:
            await self._session.close()

    async def settled(self) -> None:
        """Wait until everything that is to be said has been answered."""
        await until(
            lambda: (
                not (self.station.uplink.registered and self.station.uplink.waiting)
            ),
            "settled",
        )

    async def advance(self, seconds: float, step_s: float = 0.5) -> None:
        """Let time pass on the wall clock, with messages on their way at every step."""
        for _ in range(round(seconds / step_s)):
            self.now += timedelta(seconds=step_s)
            self.simulation.advance(step_s)
            await self.settled()

    async def charge(self, seconds: float = 15) -> int:
        """Plug the car in and let it reach its current; returns the transaction's id."""
        self.charger.plug_in(soc=0.3)
        await self.advance(seconds)
        transaction = self.station.connectors[0].transaction
        assert transaction
        assert transaction.id
        return int(transaction.id)

    async def ask(self, action: str, **payload: Any) -> dict[str, Any]:
        """Let the central system ask, and the charger answer."""
        return await self.central.call(self.identity, action, **payload)


def charger_spec(**changes: Any) -> ChargerSpec:
    """Return a three-phase charger of 16 A with a car that takes exactly what it is offered."""
    car = CarSpec(takes=1.0, wake_s=1.0, rise_a_s=4.0)
    values: dict[str, Any] = {"identity": IDENTITY, "name": "Garage", "car": car}
    return ChargerSpec(**(values | changes))


@pytest.fixture
async def central(socket_enabled: None) -> AsyncIterator[Central]:
    """Return a central system that listens."""
    server = Central()
    await server.start()
    yield server
    await server.stop()


type MakeBench = Callable[..., Awaitable[Bench]]


@pytest.fixture
async def make_bench(central: Central) -> AsyncIterator[MakeBench]:
    """Return what makes chargers with what a test wants of them."""
    benches: list[Bench] = []

    async def make(*, wait: bool = True, **changes: Any) -> Bench:
        bench = Bench(central, charger_spec(**changes))
        benches.append(bench)
        await bench.start()
        if wait:
            await bench.registered()
        return bench

    yield make
    for bench in benches:
        await bench.stop()


@pytest.fixture
async def bench(make_bench: MakeBench) -> Bench:
    """Return a charger that is in service and follows the specification."""
    return await make_bench()
