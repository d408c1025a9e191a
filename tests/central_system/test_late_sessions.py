"""Sessions that are reported late, of which the counter cannot know where their register counted from.

What a register shows is no energy of a session: at worst the counter is short of one, never ahead by a register.
"""

from collections.abc import AsyncIterator

from aiohttp import ClientSession
import pytest

from custom_components.sunfuse.central_system import (
    CentralSystem,
    StationConfig,
    Timing,
)

from .client import RawStation
from .conftest import SteppedClock

CP1 = StationConfig(identity="CP1", max_a=32, fail_safe_a=6)


class Home:
    """A charger of 1.6 beside a central system."""

    def __init__(self, system: CentralSystem, station: RawStation) -> None:
        """Begin with nothing reported."""
        self.system = system
        self.station = station

    @property
    def energy_wh(self) -> float | None:
        """What is shown."""
        return self.system.stations["CP1"].connector(1).meter.energy_wh

    async def value(self, at: str, register_wh: int, transaction: int = 0) -> None:
        """Report a meter value, of a transaction or of none."""
        sampled = {"value": str(register_wh), "unit": "Wh"}
        payload = {
            "connectorId": 1,
            "meterValue": [{"timestamp": at, "sampledValue": [sampled]}],
        }
        named = {"transactionId": transaction} if transaction else {}
        await self.station.call("MeterValues", payload | named)

    async def session(
        self, clock: SteppedClock, start: tuple[str, int], stop: tuple[str, int]
    ) -> None:
        """Report a session: a message each half a minute."""
        clock.step(30)
        transaction = await self.station.start_transaction(start[0], meter=start[1])
        clock.step(30)
        at, register_wh = stop
        await self.station.call(
            "StopTransaction",
            {"transactionId": transaction, "meterStop": register_wh, "timestamp": at},
        )


@pytest.fixture
async def home(clock: SteppedClock, timing: Timing) -> AsyncIterator[Home]:
    """Return a charger that has booted."""
    system = CentralSystem(now=clock, timing=timing)
    system.accept(CP1)
    await system.start("127.0.0.1", 0)
    async with ClientSession() as session:
        station = await RawStation.connect(session, system.port)
        await station.boot()
        yield Home(system, station)
        await station.close()
    await system.stop()


async def test_after_a_session_without_a_start(home: Home, clock: SteppedClock) -> None:
    """A car was charging when Sunfuse came, and its session ended unseen: what its register showed then is unknown."""
    await home.value(clock.text(), 1_000_000)
    clock.step(60)
    await home.value(clock.text(), 1_000_000, 77)
    clock.step(1200)
    start = clock.text()
    clock.step(3600)
    await home.value(clock.text(), 1_008_000)

    await home.session(clock, (start, 1_001_000), (clock.text(-1800), 1_005_000))

    assert home.energy_wh == 1_008_000


async def test_a_clock_that_stands_still(home: Home, clock: SteppedClock) -> None:
    """Without a battery for its clock, a charger that boots offline gives all that it stores one time."""
    boot = clock.text()
    clock.step(7200)
    await home.value(clock.text(), 1_010_000)

    for start_wh, stop_wh in (
        (1_000_000, 1_003_000),
        (1_003_000, 1_005_000),
        (1_005_000, 1_006_000),
    ):
        await home.session(clock, (boot, start_wh), (boot, stop_wh))

    assert home.energy_wh == 1_010_000


async def test_from_before_a_reset(home: Home, clock: SteppedClock) -> None:
    """The first session that is reported began after the register was reset, the second one before that."""
    times = []
    for _ in range(4):
        times.append(clock.text())
        clock.step(3600)

    await home.session(clock, (times[2], 0), (times[3], 5_000))
    await home.session(clock, (times[0], 1_000_000), (times[1], 1_007_000))

    assert home.energy_wh == 5_000 + 7_000
