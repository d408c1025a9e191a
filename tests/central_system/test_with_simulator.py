"""The simulator's charge points, well behaved and not, on the central system: the current that really flows obeys."""

import asyncio
from collections.abc import AsyncIterator, Callable
import contextlib
from datetime import timedelta
from typing import Any

from aiohttp import ClientSession
import pytest

from custom_components.sunfuse.central_system import (
    CentralSystem,
    CommandError,
    ConnectorState,
    FailSafe,
    FinishedTransaction,
    OfferCheck,
    Station,
    StationConfig,
    Timing,
)
from custom_components.sunfuse.simulator import ChargerSpec, Simulation
from custom_components.sunfuse.simulator.stations.behaviour import (
    AtZero,
    ChargerBehaviour,
)

from ..common import free_port
from .conftest import SteppedClock

PROTOCOLS = ("ocpp1.6", "ocpp2.0.1", "ocpp2.1")
WAIT_S = 90.0


class Bench:
    """One simulated charger on a central system, with the time in hand."""

    def __init__(
        self, clock: SteppedClock, protocol: str, behaviour: ChargerBehaviour
    ) -> None:
        """Build both; nothing runs yet."""
        self.clock = clock
        self.system = CentralSystem(now=clock, timing=Timing(settle_s=0, response_s=2))
        self.finished: list[FinishedTransaction] = []
        self.system.subscribe_transactions(self.finished.append)
        self.spec = ChargerSpec(
            identity="CP1", name="Garage", protocol=protocol, behaviour=behaviour
        )
        self.wanted_a: float | None = None
        self.wanted_phases = 3
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self, session: ClientSession, **quirks: str) -> None:
        """Accept the charger, connect it, and wait until it is set up."""
        config = StationConfig(identity="CP1", quirks=tuple(quirks.items()))
        self.system.accept(config)
        await self.system.start("127.0.0.1", free_port())
        self.simulation = Simulation(
            url=f"ws://127.0.0.1:{self.system.port}/ocpp",
            chargers=(self.spec,),
            clock=self.clock,
        )
        self.charger = self.simulation.chargers["CP1"]
        self.charger.unplug()
        self._tasks.append(
            asyncio.create_task(self.charger.station.uplink.run(session))
        )
        await self.until(lambda: self.station.state.fail_safe_set is not None)

    async def stop(self) -> None:
        """Switch off."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.system.stop()

    @property
    def station(self) -> Station:
        """The station as the central system knows it."""
        return self.system.stations["CP1"]

    @property
    def connector(self) -> ConnectorState:
        """Its first connector."""
        return self.station.state.connectors[0]

    @property
    def draw_a(self) -> float:
        """What the car really takes on its strongest phase."""
        return max(self.charger.draw_a)

    async def until(self, found: Callable[[], Any]) -> None:
        """Wait for something to happen on the wire."""
        async with asyncio.timeout(WAIT_S):
            while not found():
                await asyncio.sleep(0.005)

    async def advance(self, seconds: float) -> None:
        """Let time pass; what is wanted is offered every five seconds, as the controller does."""
        for number in range(round(seconds)):
            self.clock.step(1)
            self.simulation.advance(1)
            await asyncio.sleep(0.002)
            if self.wanted_a is not None and number % 5 == 0:
                # As the controller does: what is refused (its transaction just ended) is tried again.
                with contextlib.suppress(CommandError):
                    await self.station.offer(1, self.wanted_a, self.wanted_phases)


@pytest.fixture
async def bench(
    clock: SteppedClock, request: pytest.FixtureRequest
) -> AsyncIterator[Bench]:
    """Run a simulated charger; the test's parameter says of which version, how it behaves and what is known of it."""
    protocol, behaviour, quirks = request.param
    bench = Bench(clock, protocol, behaviour)
    async with ClientSession() as session:
        await bench.start(session, **quirks)
        yield bench
        await bench.stop()


def each(
    behaviour: ChargerBehaviour = ChargerBehaviour(), **quirks: str
) -> pytest.MarkDecorator:
    """Run a test with all versions."""
    return pytest.mark.parametrize(
        "bench",
        [(protocol, behaviour, quirks) for protocol in PROTOCOLS],
        indirect=True,
        ids=PROTOCOLS,
    )


@each()
async def test_complies_and_falls_back(bench: Bench) -> None:
    """A car charges at its offer, pauses, goes on, and falls back when nothing is offered any more."""
    bench.wanted_a = 10
    bench.charger.plug_in(soc=0.3)
    await bench.advance(60)
    assert bench.connector.transaction is not None
    assert 9 < bench.draw_a <= 10
    assert bench.connector.offer_a == 10
    assert bench.connector.offer_check is OfferCheck.OBEYED
    measured = [a for a in bench.connector.meter.current_a if a is not None]
    assert max(measured) == pytest.approx(bench.draw_a, abs=0.2)
    assert bench.station.state.fail_safe is FailSafe.VERIFIED
    bench.wanted_a = 0
    await bench.advance(20)
    assert bench.draw_a == 0
    bench.wanted_a = 14
    await bench.advance(60)
    assert 12 < bench.draw_a <= 14
    bench.wanted_a = None  # Home Assistant hangs
    await bench.advance(160)
    assert 0 < bench.draw_a <= 6


@each()
async def test_session_is_counted(bench: Bench) -> None:
    """The energy of a session is what flowed."""
    bench.wanted_a = 10
    bench.charger.plug_in(soc=0.3)
    await bench.advance(300)
    bench.charger.unplug()
    await bench.advance(10)
    await bench.until(lambda: bench.finished)
    assert len(bench.finished) == 1
    charged_wh = bench.charger.values.energy_wh
    assert bench.finished[0].energy_wh == pytest.approx(charged_wh, abs=2)
    assert bench.connector.transaction is None


@each(ChargerBehaviour(autostart=False))
async def test_started_by_us(bench: Bench) -> None:
    """A charger that waits for a start gets one."""
    bench.wanted_a = 10
    bench.charger.plug_in(soc=0.3)
    await bench.advance(60)
    assert 9 < bench.draw_a <= 10


@each(ChargerBehaviour(honours_expiry=False))
async def test_does_not_fall_back(bench: Bench) -> None:
    """A charger whose limits hold for ever is found out, or at least never taken as verified."""
    bench.wanted_a = 12
    bench.charger.plug_in(soc=0.3)
    await bench.advance(60)
    if bench.station.state.fail_safe is not FailSafe.DOES_NOT_FALL_BACK:
        bench.station.test_fail_safe(1)
        await bench.advance(180)
    assert bench.station.state.fail_safe is FailSafe.DOES_NOT_FALL_BACK
    assert bench.station.state.fall_back_a == 16


@each(ChargerBehaviour(obeys=False))
async def test_disobedience_is_seen(bench: Bench) -> None:
    """A charger that confirms every limit and gives all it has is found out by what it measures."""
    bench.wanted_a = 8
    bench.charger.plug_in(soc=0.3)
    await bench.advance(60)
    assert bench.connector.offer_check is OfferCheck.EXCEEDED


@each(ChargerBehaviour(watts_only=True))
async def test_watts_only(bench: Bench) -> None:
    """A charger that knows only watts stays within the same amperes."""
    bench.wanted_a = 10
    bench.charger.plug_in(soc=0.3)
    await bench.advance(60)
    assert 9 < bench.draw_a <= 10.1


@each(ChargerBehaviour(drops=0.1, reorders=0.2, duplicates=0.2, answer_timeout_s=0.2))
async def test_lossy_network(bench: Bench) -> None:
    """Messages are lost, duplicated and reordered: the car complies with its offers, and is counted once."""
    bench.wanted_a = 10
    bench.charger.plug_in(soc=0.3)
    await bench.advance(150)
    bench.wanted_a = 8
    await bench.advance(100)
    assert bench.draw_a <= 8
    bench.charger.unplug()
    await bench.advance(60)
    assert len({transaction.id for transaction in bench.finished}) == len(
        bench.finished
    )
    assert len(bench.finished) <= 1


@each(ChargerBehaviour(hangs_up_after_s=20.0))
async def test_hangs_up_over_and_over(bench: Bench) -> None:
    """A charger whose connection breaks every few seconds charges at its offer, in one transaction."""
    bench.wanted_a = 10
    bench.charger.plug_in(soc=0.3)
    await bench.advance(150)
    assert 0 < bench.draw_a <= 10
    assert not bench.finished


@each(ChargerBehaviour(register_per_session=True))
async def test_register_of_the_session(bench: Bench) -> None:
    """A register that starts again with each transaction is the session's: the lifetime energy only rises."""
    bench.wanted_a = 10
    sessions: list[float] = []
    lifetimes: list[float] = []
    for _ in range(2):
        before_wh = bench.charger.values.energy_wh
        bench.charger.plug_in(soc=0.3)
        await bench.advance(400)
        lifetimes.append(bench.connector.meter.energy_wh or 0.0)
        bench.charger.unplug()
        await bench.advance(10)
        sessions.append(bench.charger.values.energy_wh - before_wh)
        await bench.until(lambda: len(bench.finished) == len(sessions))
    told = [transaction.energy_wh for transaction in bench.finished]
    assert told == [pytest.approx(wh, abs=3) for wh in sessions]
    assert 0 < lifetimes[0] < lifetimes[1]


@each(ChargerBehaviour(switches_phases=True))
async def test_switches_phases(bench: Bench) -> None:
    """A charger that can is switched to one phase while it charges, and back to three."""
    bench.wanted_a = 10
    bench.charger.plug_in(soc=0.3)
    await bench.advance(40)
    assert bench.station.state.switches_phases
    for phases in (1, 3):
        bench.wanted_phases = phases
        await bench.advance(40)
        used = [a for a in bench.charger.draw_a if a > 0]
        assert len(used) == phases
        assert 9 < min(used) <= max(used) <= 10
        measured = [a for a in bench.connector.meter.current_a if a]
        assert len(measured) == phases


@each(ChargerBehaviour(switches_phases=True, watts_only=True))
async def test_switches_phases_in_watts(bench: Bench) -> None:
    """One phase at 10 A is 2300 W, three are 6900 W: watts count with their phases."""
    bench.wanted_a = 10
    bench.wanted_phases = 1
    bench.charger.plug_in(soc=0.3)
    await bench.advance(60)
    used = [a for a in bench.charger.draw_a if a > 0]
    assert len(used) == 1
    assert 9 < used[0] <= 10.1


@each(ChargerBehaviour(refuses_purposes=frozenset(("TxProfile",))))
async def test_takes_no_limit_of_a_transaction(bench: Bench) -> None:
    """A charger that takes no TxProfile obeys and falls back all the same."""
    bench.wanted_a = 10
    bench.charger.plug_in(soc=0.3)
    await bench.advance(60)
    for wanted in (9, 11, 12):
        bench.wanted_a = wanted
        await bench.advance(20)
        assert wanted - 1 < bench.draw_a <= wanted
    bench.wanted_a = None
    await bench.advance(160)
    assert 0 < bench.draw_a <= 6


@each(ChargerBehaviour(refuses_purposes=frozenset(("TxProfile", "TxDefaultProfile"))))
async def test_takes_no_limit_but_the_stations(bench: Bench) -> None:
    """A charger that knows no limit but its own maximum obeys and falls back all the same."""
    bench.wanted_a = 10
    bench.charger.plug_in(soc=0.3)
    await bench.advance(60)
    for wanted in (9, 11, 12):
        bench.wanted_a = wanted
        await bench.advance(20)
        assert wanted - 1 < bench.draw_a <= wanted
    bench.wanted_a = None
    await bench.advance(160)
    assert 0 < bench.draw_a <= 6


@each(ChargerBehaviour(at_zero=AtZero.MINIMUM), pause="remote_stop")
async def test_no_zero(bench: Bench) -> None:
    """A charger that does not go below 6 A is paused by stopping, and goes on later."""
    bench.wanted_a = 10
    bench.charger.plug_in(soc=0.3)
    await bench.advance(40)
    bench.wanted_a = 0
    await bench.advance(30)
    assert bench.draw_a == 0
    bench.wanted_a = 8
    await bench.advance(90)
    assert 7 < bench.draw_a <= 8


@each(
    ChargerBehaviour(
        clock_skew=timedelta(hours=1),
        kilo=True,
        duplicates=0.3,
        rubbish=("rubbish", "[2]", '[3,"x",{}]'),
    )
)
async def test_bad_manners(bench: Bench) -> None:
    """A wrong clock, kilowatts, everything twice and rubbish between: it charges and is counted once."""
    bench.wanted_a = 10
    bench.charger.plug_in(soc=0.3)
    await bench.advance(90)
    assert 9 < bench.draw_a <= 10
    bench.charger.unplug()
    await bench.advance(10)
    await bench.until(lambda: bench.finished)
    assert len(bench.finished) == 1


@each(ChargerBehaviour(shuffles_stored=True, repeats_stored=0.5))
async def test_offline_session(bench: Bench) -> None:
    """A session that takes place while the charger is offline is counted once, at its own time."""
    bench.wanted_a = None
    port = bench.system.port
    bench.simulation.set_url(None)
    await bench.system.stop()
    await bench.until(lambda: not bench.station.state.connected)
    start = bench.clock()
    bench.charger.plug_in(soc=0.3)
    await bench.advance(300)
    assert 0 < bench.draw_a <= 6
    bench.charger.unplug()
    await bench.advance(300)
    await bench.system.start("127.0.0.1", port)
    bench.simulation.set_url(f"ws://127.0.0.1:{port}/ocpp")
    await bench.until(lambda: bench.station.state.connected)
    await bench.advance(200)
    # Time goes on meanwhile: on a slow machine the charger's next attempt is further ahead.
    async with asyncio.timeout(WAIT_S):
        while not any(t.connector for t in bench.finished):
            await bench.advance(1)
    # An end of 2.x that arrives before its start is reported at once, for no connector; what follows completes it.
    *early, whole = bench.finished
    assert [(t.id, t.connector) for t in early] in ([], [(whole.id, None)])
    assert whole.started_at is not None
    assert start <= whole.started_at <= whole.stopped_at
    assert whole.stopped_at <= start + timedelta(seconds=320)
