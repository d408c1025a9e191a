"""A central system on a free port, a clock that stands still, and charge points that connect."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import ClientSession
import pytest

from custom_components.sunfuse.central_system import (
    CentralSystem,
    FinishedTransaction,
    StationState,
    Timing,
)

from .client import WAIT_S, RawStation

type Connect = Callable[..., Awaitable[RawStation]]

START = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _loopback(socket_enabled: None) -> None:
    """Let the tests of protocols use real sockets."""


class SteppedClock:
    """A clock that moves only when a test moves it."""

    def __init__(self) -> None:
        """Start at noon."""
        self.time = START

    def __call__(self) -> datetime:
        """Return the time."""
        return self.time

    def step(self, seconds: float) -> None:
        """Let time pass."""
        self.time += timedelta(seconds=seconds)

    def text(self, ahead_s: float = 0) -> str:
        """Return the time as a station writes it whose clock is ahead."""
        at = self.time + timedelta(seconds=ahead_s)
        return at.isoformat().replace("+00:00", "Z")


class Watched:
    """A central system with all the states that it reported."""

    def __init__(self, system: CentralSystem) -> None:
        """Listen to it."""
        self.system = system
        self.states: list[StationState] = []
        self._news = asyncio.Event()
        system.subscribe(self._changed)

    def _changed(self, state: StationState) -> None:
        self.states.append(state)
        self._news.set()

    async def until(self, found: Callable[[], Any]) -> Any:
        """Wait until `found` returns something true after a change; return it."""
        async with asyncio.timeout(WAIT_S):
            while not (result := found()):
                self._news.clear()
                await self._news.wait()
        return result


@pytest.fixture
def clock() -> SteppedClock:
    """Return a clock that stands still."""
    return SteppedClock()


@pytest.fixture
def timing() -> Timing:
    """Intervals that let nothing happen by itself in the time of a test, and do what is asked at once."""
    return Timing(settle_s=0, return_s=600, ping_s=600, response_s=2)


@pytest.fixture
async def watched(clock: SteppedClock, timing: Timing) -> AsyncIterator[Watched]:
    """Run a central system that listens on a free port of this machine."""
    system = CentralSystem(now=clock, timing=timing)
    await system.start("127.0.0.1", 0)
    yield Watched(system)
    await system.stop()


@pytest.fixture
def system(watched: Watched) -> CentralSystem:
    """Return the central system by itself."""
    return watched.system


@pytest.fixture
async def connect(system: CentralSystem) -> AsyncIterator[Connect]:
    """Connect charge points, and close them at the end."""
    opened: list[RawStation] = []
    async with ClientSession() as session:

        async def connect(path: str = "/CP1", **kwargs: Any) -> RawStation:
            station = await RawStation.connect(session, system.port, path, **kwargs)
            opened.append(station)
            return station

        yield connect
        for station in opened:
            await station.close()


@pytest.fixture
def finished(system: CentralSystem) -> list[FinishedTransaction]:
    """Collect the transactions that are over."""
    transactions: list[FinishedTransaction] = []
    system.subscribe_transactions(transactions.append)
    return transactions
