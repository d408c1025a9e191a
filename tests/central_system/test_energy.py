"""The law of energy: it never falls, and is what the charger delivered, within the step of its meter."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
import json
from typing import Any

from aiohttp import ClientSession
from hypothesis import settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
import pytest

from custom_components.sunfuse.central_system import (
    CentralSystem,
    FinishedTransaction,
    StationConfig,
    Timing,
)
from custom_components.sunfuse.central_system.station.metering.meter import Meter
from custom_components.sunfuse.central_system.station.metering.register_readings import (
    SLACK_WH,
)
from custom_components.sunfuse.central_system.station.metering.sampled_values import (
    Reading,
)
from custom_components.sunfuse.central_system.station.stored_state import Memory

from .charger import Charger as Charger16
from .client import Payload, RawStation
from .conftest import START, Connect, SteppedClock

STEP_WH = 10.0
POWER_W = 7000.0


def _meter() -> Meter:
    return Meter(phases=3, voltage_v=230, max_a=16)


@dataclass
class Charger:
    """A charger whose registers count from where its make starts them: the truth is `delivered_wh`."""

    style: str  # lifetime; restarts: with each session; mixed: meter values restart, start and stop do not
    # More than all its sessions take here: a value that equals it could be either register.
    lifetime_wh: float = 4_000_000.0
    session_wh: float = 0.0
    delivered_wh: float = 0.0
    now: datetime = START
    started_at: datetime | None = None
    start_wh: float = 0.0
    number: int = 0

    def charge(self, seconds: float) -> None:
        """Let time pass; energy flows while a session runs."""
        self.now += timedelta(seconds=seconds)
        if self.started_at is not None:
            energy_wh = POWER_W * seconds / 3600
            self.lifetime_wh += energy_wh
            self.session_wh += energy_wh
            self.delivered_wh += energy_wh

    @property
    def session(self) -> str:
        """The id of the session."""
        return f"tx{self.number}"

    @property
    def value_wh(self) -> float:
        """What meter values show."""
        own = self.lifetime_wh if self.style == "lifetime" else self.session_wh
        return own // STEP_WH * STEP_WH

    @property
    def edge_wh(self) -> float:
        """What start and stop show."""
        own = self.session_wh if self.style == "restarts" else self.lifetime_wh
        return own // STEP_WH * STEP_WH


class EnergyLaw(RuleBasedStateMachine):
    """Sessions, readings, nonsense and restarts of either side in any order."""

    def __init__(self) -> None:
        """Begin with nothing."""
        super().__init__()
        self.charger: Charger | None = None
        self.meter = _meter()
        self.saved = self._memory()
        self.session_shown_wh = 0.0
        self.starts = self.lies = 0
        self.lost_wh = 0.0  # by registers that went back: start and end do not show it

    @rule(style=st.sampled_from(["lifetime", "restarts", "mixed"]))
    @precondition(lambda self: self.charger is None)
    def install(self, style: str) -> None:
        """Put up a charger."""
        self.charger = Charger(style)
        self._start()
        self._first_wh = self._energy_wh
        self.charger.charge(30)
        self._read()
        self.home_assistant_saves()

    def _memory(self) -> Memory:
        memory: Memory = json.loads(json.dumps(self.meter.energy_memory()))
        return memory

    @property
    def _energy_wh(self) -> float | None:
        return self.meter.sample.energy_wh

    @property
    def _steps_wh(self) -> float:
        """Each session begins and ends within a step of the meter; nonsense of less than the slack is not seen."""
        steps_wh = 2 * STEP_WH * (self.starts + 1)
        return steps_wh + SLACK_WH * self.lies + self.lost_wh

    def _start(self) -> None:
        charger = self.charger
        assert charger
        self.starts += 1
        charger.session_wh = 0.0
        charger.started_at, charger.start_wh = charger.now, charger.edge_wh
        charger.number += 1
        self.meter.session_starts(charger.session, charger.start_wh, charger.now)
        self.session_shown_wh = 0.0
        self.home_assistant_saves()

    def _read(self) -> None:
        assert self.charger
        self.meter.update([Reading(value=self.charger.value_wh)], self.charger.now)

    @rule(seconds=st.integers(1, 4 * 3600))
    @precondition(lambda self: self.charger is not None)
    def time_passes(self, seconds: int) -> None:
        """Let a minute pass, or a night; the register is reported then."""
        assert self.charger
        self.charger.charge(seconds)
        self._read()

    @rule(seconds=st.integers(1, 10 * 3600))
    @precondition(lambda self: self.charger is not None)
    def reported_nothing(self, seconds: int) -> None:
        """Let the charger, or Home Assistant, be away for a while."""
        assert self.charger
        self.charger.charge(seconds)

    @rule()
    @precondition(lambda self: self.charger and self.charger.started_at)
    def stop(self) -> None:
        """End a session, which settles what it took."""
        charger = self.charger
        assert charger and charger.started_at
        self.meter.session_stops(
            charger.session, charger.edge_wh, charger.started_at, charger.now
        )
        charger.started_at = None
        self.home_assistant_saves()
        taken_wh = (self._energy_wh or 0.0) - (self._first_wh or 0.0)
        assert abs(taken_wh - charger.delivered_wh) <= self._steps_wh

    @rule(seconds=st.integers(1, 3600))
    @precondition(lambda self: self.charger and not self.charger.started_at)
    def start(self, seconds: int) -> None:
        """Begin a session."""
        assert self.charger
        self.charger.charge(seconds)
        self._start()

    @rule(
        nonsense=st.sampled_from(
            [lambda _: 0.0, lambda _: -5.0, lambda wh: wh + 5e8, lambda wh: wh / 2]
        ),
        seconds=st.integers(1, 30),
    )
    @precondition(lambda self: self.charger is not None)
    def nonsense(self, nonsense: Callable[[float], float], seconds: int) -> None:
        """Tell one reading that is none, and one that is.

        Absurd ones fall from one to the next: two that agree could be a register, with the truth as nonsense between them.
        """
        assert self.charger
        self.charger.charge(seconds)
        self.lies += 1
        value = nonsense(self.charger.value_wh)
        if value > 1e8:
            value /= self.lies
        self.meter.update([Reading(value=value)], self.charger.now)
        self.charger.charge(seconds)
        self._read()

    @rule()
    @precondition(lambda self: self.charger is not None)
    def says_that_it_booted(self) -> None:
        """Say so with each connection, as some do: the register goes on."""
        assert self.charger
        self.meter.booted(self.charger.now)

    @rule(seconds=st.integers(60, 300))
    @precondition(lambda self: self.charger and self.charger.started_at)
    def loses_its_power(self, seconds: int) -> None:
        """Go on from what it had stored some minutes ago; two readings say so.

        Registers that restart at zero are in test_power_loss.py: there an end may as well be the energy of the whole session.
        """
        charger = self.charger
        assert charger
        self._read()
        lost_wh = min(POWER_W * seconds / 3600, charger.session_wh)
        charger.lifetime_wh -= lost_wh
        charger.session_wh -= lost_wh
        self.lost_wh += lost_wh
        charger.now += timedelta(seconds=30)
        self.meter.booted(charger.now)
        for _ in range(2):
            charger.charge(60)
            self._read()
        self.home_assistant_saves()

    @rule()
    def home_assistant_restarts(self) -> None:
        """Go on from what is kept."""
        now = self.charger.now if self.charger else START
        memory = self._memory()
        shown = (self._energy_wh, self.meter.session_wh)
        self.meter = _meter()
        self.meter.restore_energy(memory, now)
        assert shown == (self._energy_wh, self.meter.session_wh)
        self.saved = memory

    @rule()
    def home_assistant_saves(self) -> None:
        """Save what is known; the lifetime energy is shown from now on."""
        self.saved = self._memory()

    @rule(seconds=st.integers(1, 60))
    @precondition(lambda self: self.charger is not None)
    def home_assistant_is_killed(self, seconds: int) -> None:
        """Go on from what was saved: readings since are lost (starts and ends of sessions are saved soon)."""
        assert self.charger
        self.charger.charge(seconds)
        self.meter = _meter()
        self.meter.restore_energy(self.saved, self.charger.now)
        self.session_shown_wh = 0.0

    @invariant()
    def never_falls(self) -> None:
        """Check that the lifetime never falls below what is saved, and the session never while it runs."""
        saved_wh = self.saved["energy_wh"]
        assert saved_wh is None or (self._energy_wh or 0.0) >= saved_wh
        if (session_wh := self.meter.session_wh) is not None:
            assert session_wh >= self.session_shown_wh - 1e-6
            self.session_shown_wh = session_wh

    @invariant()
    def never_more_than_was_delivered(self) -> None:
        """Check that what is shown is ahead of the truth by no more than the steps of the meter."""
        if self.charger is None or self._energy_wh is None:
            return
        taken_wh = self._energy_wh - (self._first_wh or 0.0)
        assert taken_wh <= self.charger.delivered_wh + self._steps_wh


TestEnergyLaw = EnergyLaw.TestCase
TestEnergyLaw.settings = settings(
    max_examples=100, stateful_step_count=40, deadline=None
)


CP1 = StationConfig(identity="CP1", max_a=16, fail_safe_a=6)


class Home:
    """A central system and the charger that is connected to it: both may restart."""

    def __init__(self, clock: SteppedClock, timing: Timing) -> None:
        """Have neither yet."""
        self.clock = clock
        self.timing = timing
        self.system: CentralSystem | None = None
        self.charger: Charger16 | None = None
        self.finished: list[FinishedTransaction] = []

    async def start(self, session: ClientSession, memory: Memory | None = None) -> None:
        """Start with what was kept; the charger comes back without booting where there is something."""
        self.system = CentralSystem(now=self.clock, timing=self.timing)
        self.system.subscribe_transactions(self.finished.append)
        self.system.accept(CP1, memory)
        await self.system.start("127.0.0.1", 0)
        station = await RawStation.connect(session, self.system.port)
        self.charger = Charger16(station, "1.6")
        if memory is None:
            await station.boot()

    async def restart(self, session: ClientSession, *, away_s: float = 60) -> None:
        """End, and start again."""
        assert self.system
        memory = json.loads(json.dumps(self.system.stations["CP1"].memory()))
        await self.stop()
        self.clock.step(away_s)
        await self.start(session, memory)

    async def stop(self) -> None:
        """End both."""
        assert self.system and self.charger
        await self.charger.station.close()
        await self.system.stop()

    @property
    def now(self) -> str:
        """The time as the charger reports it."""
        return self.clock.text()

    def shows(self, lifetime_wh: object, session_wh: object) -> None:
        """Check the energies that are shown: of the lifetime, and of the session."""
        assert self.system
        state = self.system.stations["CP1"].connector(1)
        shown = (state.meter.energy_wh, state.session_energy_wh)
        assert shown == (lifetime_wh, session_wh)


@pytest.fixture
async def session() -> AsyncIterator[ClientSession]:
    """Return what chargers connect with."""
    async with ClientSession() as session:
        yield session


@pytest.fixture
async def home(
    clock: SteppedClock, timing: Timing, session: ClientSession
) -> AsyncIterator[Home]:
    """Return a central system with a charger that has booted."""
    home = Home(clock, timing)
    await home.start(session)
    yield home
    await home.stop()


async def test_a_charger_without_meter_values(
    home: Home, session: ClientSession
) -> None:
    """Start and stop count, over a restart of Home Assistant between them."""
    assert home.charger
    transaction = await home.charger.start(home.now, energy_wh=5000)
    home.shows(5000, 0)
    await home.restart(session, away_s=3600)
    home.shows(5000, 0)
    await home.charger.stop(transaction, home.now, 9000)
    home.shows(9000, 4000)
    assert [one.energy_wh for one in home.finished] == [4000]


async def test_the_session_goes_on_after_a_restart(
    home: Home, session: ClientSession
) -> None:
    """Its energy is that of before."""
    assert home.charger
    transaction = await home.charger.start(home.now, energy_wh=1000)
    home.clock.step(600)
    await home.charger.meter(transaction, home.now, 2000)
    home.shows(2000, 1000)
    await home.restart(session)
    home.shows(2000, 1000)
    await home.charger.meter(transaction, home.now, 2100)
    home.shows(2100, 1100)


@pytest.mark.parametrize("ahead_s", [-7200, 7200])
async def test_a_clock_that_is_wrong_over_a_restart(
    home: Home, session: ClientSession, ahead_s: float
) -> None:
    """Local time for UTC is known after the restart, too: the end was dated hours before the values, and counted again."""
    assert home.charger

    def now() -> str:
        return home.clock.text(ahead_s)

    for _ in range(3):
        await home.charger.status("Preparing", now())
        home.clock.step(60)
    transaction = await home.charger.start(now(), energy_wh=40_000)
    for energy_wh in (40_600, 41_200, 41_800):
        home.clock.step(300)
        await home.charger.meter(transaction, now(), energy_wh)
    await home.restart(session)
    await home.charger.stop(transaction, now(), 42_000)
    home.shows(42_000, 2_000)
    assert [one.stopped_at for one in home.finished] == [home.clock()]
    home.clock.step(3600)
    await home.charger.start(now(), energy_wh=42_000)
    home.shows(42_000, 0)


async def test_a_clock_that_was_corrected_while_we_were_away(
    home: Home, session: ClientSession
) -> None:
    """Limits do not start in the future of a charger whose clock was ahead, and is right now."""
    assert home.charger and home.system
    for _ in range(3):
        await home.charger.status("Preparing", home.clock.text(7200))
        home.clock.step(60)
    assert home.system.stations["CP1"].clock.theirs(home.clock()) > home.clock()
    await home.restart(session)
    assert home.system.stations["CP1"].clock.theirs(home.clock()) == home.clock()


async def test_registers_that_restart_with_each_session(
    home: Home, session: ClientSession
) -> None:
    """Each session shows its own energy, the lifetime all of them, over restarts."""
    assert home.charger
    for number, taken_wh in enumerate((3000, 2000, 4000)):
        before_wh = (0, 3000, 5000)[number]
        transaction = await home.charger.start(home.now, energy_wh=0)
        home.shows(before_wh, 0)
        home.clock.step(300)
        await home.charger.meter(transaction, home.now, taken_wh / 2)
        home.shows(before_wh + taken_wh / 2, taken_wh / 2)
        await home.restart(session)
        home.clock.step(600)
        await home.charger.meter(transaction, home.now, taken_wh)
        await home.charger.stop(transaction, home.now, taken_wh)
        home.shows(before_wh + taken_wh, taken_wh)
        home.clock.step(3600)
    assert [one.energy_wh for one in home.finished] == [3000, 2000, 4000]


async def test_a_register_that_restarts_after_a_lost_stop(home: Home) -> None:
    """A charger loses power while it charges, never reports the end, and counts from zero again."""
    assert home.charger
    for before_wh in (0, 300, 600):
        transaction = await home.charger.start(home.now, energy_wh=0)
        for taken_wh in (100, 200, 300):
            home.clock.step(600)
            await home.charger.meter(transaction, home.now, taken_wh)
            home.shows(before_wh + taken_wh, taken_wh)
        home.clock.step(3600)


async def test_meter_values_of_the_session_beside_a_lifetime(home: Home) -> None:
    """Meter values from zero, start and stop of the lifetime (lbbrhzn/ocpp issue 2093)."""
    assert home.charger
    for start_wh in (70_000, 73_000):
        transaction = await home.charger.start(home.now, energy_wh=start_wh)
        home.shows(start_wh, 0)
        for session_wh in (0, 500, 1500, 2500):
            await home.charger.meter(transaction, home.now, session_wh)
            home.shows(start_wh + session_wh, session_wh)
            home.clock.step(600)
        await home.charger.stop(transaction, home.now, start_wh + 3000)
        home.shows(start_wh + 3000, 3000)
        home.clock.step(600)


@pytest.mark.parametrize("step_kwh", [0.001, 1.0])
async def test_a_register_without_a_unit_in_kilowatt_hours(
    home: Home, session: ClientSession, step_kwh: float
) -> None:
    """Start and stop are in watt-hours by the standard, and tell in what the values count; also over a restart."""
    assert home.charger
    step_wh = step_kwh * 1000

    def about(energy_wh: float) -> object:
        return pytest.approx(energy_wh, abs=step_wh)

    async def reads(transaction: str | None, energy_wh: float) -> None:
        assert home.charger
        shown = energy_wh // step_wh * step_kwh
        await home.charger.meter(transaction, home.now, round(shown, 3))
        home.clock.step(600)

    for start_wh in (341_547, 346_547):
        transaction = await home.charger.start(home.now, energy_wh=start_wh)
        home.clock.step(10)
        for taken_wh in (20, 1000, 2500, 4000):
            await reads(transaction, start_wh + taken_wh)
        home.shows(about(start_wh + 4000), about(4000))
        await home.charger.stop(transaction, home.now, start_wh + 4500)
        home.shows(about(start_wh + 4500), 4500)
        await reads(None, start_wh + 4500)
        await home.restart(session)
        await reads(None, start_wh + 4500)
        home.shows(about(start_wh + 4500), 4500)


async def test_a_register_that_ran_ahead_while_we_were_away(
    home: Home, session: ClientSession
) -> None:
    """500 MWh in a minute are none; what follows counts."""
    assert home.charger
    transaction = await home.charger.start(home.now, energy_wh=1000)
    await home.restart(session)
    for energy_wh in (500_001_000, 500_001_010, 500_001_020, 500_001_030):
        await home.charger.meter(transaction, home.now, energy_wh)
        home.clock.step(10)
    home.shows(1030, 30)


@pytest.mark.parametrize("start_wh", [40_000, 0])
async def test_the_first_value_of_all_is_absurd(home: Home, start_wh: int) -> None:
    """The lifetime counts on: it waited for 500 MWh that no register will ever reach."""
    assert home.charger
    transaction = await home.charger.start(home.now, energy_wh=start_wh)
    for energy_wh in (500_040_580, 41_160, 41_750, 42_330):
        home.clock.step(300)
        await home.charger.meter(transaction, home.now, energy_wh)
    # Where the start says nothing, the session counts from the first value that others confirm.
    home.shows(*((42_330, 2_330) if start_wh else (1_170, 1_170)))


@pytest.mark.parametrize("wild", ["9999-12-31T23:00:00Z", "2026-06-01T13:00:00Z"])
async def test_one_time_of_the_future(home: Home, wild: str) -> None:
    """What is measured after it counts, and so does the next session."""
    assert home.charger
    transaction = await home.charger.start(home.now, energy_wh=1000)
    await home.charger.meter(transaction, wild, 1010)
    for energy_wh in (1020, 1030):
        home.clock.step(10)
        await home.charger.meter(transaction, home.now, energy_wh)
    home.shows(1030, 30)
    await home.charger.stop(transaction, wild, 1040)
    home.clock.step(60)
    transaction = await home.charger.start(home.now, energy_wh=1040)
    home.clock.step(10)
    await home.charger.meter(transaction, home.now, 1060)
    home.shows(1060, 20)


@pytest.mark.parametrize("edges_wh", [(0, 0), (5000, 5000), (5000, 6230)])
async def test_a_charger_that_reports_only_its_power(
    home: Home, session: ClientSession, edges_wh: tuple[int, int]
) -> None:
    """Its watts are added up, over a restart; start and stop count if they show a register."""
    assert home.charger
    start_wh, stop_wh = edges_wh
    transaction = await home.charger.start(home.now, energy_wh=start_wh)

    async def draw(power_w: float, minutes: float) -> None:
        assert home.charger
        for _ in range(int(minutes * 6)):
            home.clock.step(10)
            await home.charger.power(transaction, home.now, power_w)

    await home.charger.power(transaction, home.now, 7200)
    await draw(7200, 5)
    home.shows(start_wh + 600, 600)
    await home.restart(session, away_s=120)  # the car goes on at the same power
    home.shows(start_wh + 600, 600)
    await draw(7200, 3)
    # ten minutes, those of the restart as well
    home.shows(*(pytest.approx(wh + 1200) for wh in (start_wh, 0)))
    await home.charger.stop(transaction, home.now, stop_wh)
    taken_wh = 1200 if start_wh == stop_wh else 1230
    home.shows(*(pytest.approx(wh + taken_wh) for wh in (start_wh, 0)))
    assert [one.energy_wh for one in home.finished] == [pytest.approx(taken_wh)]
    home.clock.step(3600)
    transaction = await home.charger.start(home.now, energy_wh=stop_wh)
    home.shows(pytest.approx(start_wh + taken_wh), 0)
    await draw(7200, 1)
    assert home.system
    state = home.system.stations["CP1"].connector(1)
    assert state.session_energy_wh == pytest.approx(100)
    assert state.meter.energy_wh == pytest.approx(start_wh + taken_wh + 100)


@pytest.mark.parametrize("gap_s", [240, 4400])
async def test_a_register_at_the_end_of_what_only_shows_power(
    home: Home, gap_s: float
) -> None:
    """What flowed since the last power is what the register says: the car may have stopped long before the end."""
    assert home.charger
    transaction = await home.charger.start(home.now, energy_wh=40_000)
    for _ in range(4):
        await home.charger.power(transaction, home.now, 7200)
        home.clock.step(60)
    home.clock.step(gap_s)
    await home.charger.stop(transaction, home.now, 40_500)
    await home.charger.status("Available", home.now)
    home.shows(40_500, 500)
    assert [one.energy_wh for one in home.finished] == [500]


async def test_an_end_long_after_the_last_power(home: Home) -> None:
    """Nothing shows what flowed in an hour without a word: it is not counted."""
    assert home.charger
    transaction = await home.charger.start(home.now, energy_wh=0)
    for _ in range(4):
        await home.charger.power(transaction, home.now, 7200)
        home.clock.step(10)
    home.clock.step(3600)
    await home.charger.stop(transaction, home.now, 0)
    await home.charger.status("Available", home.now)
    home.shows(pytest.approx(60), pytest.approx(60))


async def test_an_end_before_the_next_power_is_due(home: Home) -> None:
    """A charger that reports each quarter of an hour has said nothing for ten minutes: what it said still holds."""
    assert home.charger
    transaction = await home.charger.start(home.now, energy_wh=0)
    for _ in range(4):
        await home.charger.power(transaction, home.now, 7200)
        home.clock.step(900)
    home.clock.step(-300)
    await home.charger.stop(transaction, home.now, 0)
    await home.charger.status("Available", home.now)
    home.shows(pytest.approx(6600), pytest.approx(6600))


async def test_an_end_hours_after_the_only_power(home: Home) -> None:
    """That the power before it was reported yesterday does not mean that hours without a word are usual."""
    assert home.charger
    for reports in (4, 1):
        transaction = await home.charger.start(home.now, energy_wh=0)
        for _ in range(reports):
            await home.charger.power(transaction, home.now, 7200)
            home.clock.step(60)
        if reports == 1:
            home.clock.step(18_000)
        await home.charger.stop(transaction, home.now, 0)
        home.clock.step(36_000)
    home.shows(pytest.approx(480), pytest.approx(0))


async def test_power_flows_until_the_end(home: Home) -> None:
    """What flowed since the last report belongs to the session, too: lifetime and sessions agree."""
    assert home.charger
    transaction = await home.charger.start(home.now, energy_wh=0)
    for _ in range(4):
        await home.charger.power(transaction, home.now, 7200)
        home.clock.step(10)
    await home.charger.stop(transaction, home.now, 0)
    await home.charger.status("Available", home.now)
    home.shows(pytest.approx(80), pytest.approx(80))
    assert [one.energy_wh for one in home.finished] == [pytest.approx(80)]


async def test_a_register_that_comes_later_than_power(home: Home) -> None:
    """Power and energy in messages of their own: the register alone counts."""
    assert home.charger
    transaction = await home.charger.start(home.now, energy_wh=5000)
    for energy_wh in (5000, 5020, 5040):
        await home.charger.power(transaction, home.now, 7200)
        await home.charger.meter(transaction, home.now, energy_wh)
        home.shows(energy_wh, energy_wh - 5000)
        home.clock.step(10)


def test_an_absurd_value_in_a_session_whose_register_restarted() -> None:
    """The register goes on from where the session began, not from where the last one was: that lost the session."""
    law = EnergyLaw()
    law.install(style="restarts")
    law.reported_nothing(seconds=515)
    law.stop()
    law.start(seconds=1)
    law.nonsense(nonsense=lambda wh: wh + 500_000_000.0, seconds=27)
    law.time_passes(seconds=492)
    law.stop()
    assert law.meter.sample.energy_wh == pytest.approx(2110)


@pytest.mark.parametrize("style", ["lifetime", "restarts", "mixed"])
@pytest.mark.parametrize("before", ["reported_nothing", "time_passes"])
def test_half_of_a_register_that_was_not_read_for_a_while(
    style: str, before: str
) -> None:
    """What follows is more than flowed since the half, but not since the reading before it: that one value was nonsense."""
    law = EnergyLaw()
    law.install(style=style)
    getattr(law, before)(seconds=4007)
    law.nonsense(nonsense=lambda wh: wh / 2, seconds=1)
    law.time_passes(seconds=539)
    law.stop()
    # 30 s, 4007 s, twice a second and 539 s of 7 kW
    began_wh = law.charger.lifetime_wh - law.charger.delivered_wh if law.charger else 0
    began_wh = 0 if style == "restarts" else began_wh
    assert law.meter.sample.energy_wh == pytest.approx(began_wh + 8901, abs=STEP_WH)


@pytest.mark.parametrize("style", ["lifetime", "restarts", "mixed"])
@pytest.mark.parametrize("before", ["reported_nothing", "time_passes"])
@pytest.mark.parametrize(
    "then", ["home_assistant_restarts", "says_that_it_booted", "home_assistant_saves"]
)
@pytest.mark.parametrize("read", [True, False])
def test_half_of_a_register_before_something_else_happens(
    style: str, before: str, then: str, *, read: bool
) -> None:
    """That one value was nonsense: the reading after it, and the end, follow from the one before it."""
    law = EnergyLaw()
    law.install(style=style)
    getattr(law, before)(seconds=23_819)
    law.home_assistant_saves()
    law.home_assistant_is_killed(seconds=58)
    law.nonsense(nonsense=lambda wh: wh / 2, seconds=12)
    getattr(law, then)()
    if read:
        law.time_passes(seconds=216)
    law.stop()


@pytest.mark.parametrize("style", ["lifetime", "restarts", "mixed"])
def test_a_boot_after_the_only_value_which_was_absurd(style: str) -> None:
    """Start and end agree: no register restarted from that value, the session took what they show."""
    law = EnergyLaw()
    law.install(style=style)
    law.stop()
    law.start(seconds=1)
    law.nonsense(nonsense=lambda wh: wh + 500_000_000.0, seconds=1)
    law.time_passes(seconds=539)
    law.says_that_it_booted()
    law.stop()
    assert law.meter.session_wh is None and law.charger
    taken_wh = law.meter.taken_wh(law.charger.session)
    assert taken_wh == pytest.approx(541 * POWER_W / 3600, abs=STEP_WH)


@pytest.mark.parametrize(
    ("values_wh", "shown_wh"),
    [
        # less than flowed, read once: the register came from the start, if two readings say so
        ((1_000, 4_000), 1_000),
        ((1_000, 4_000, 5_000, 6_000), 6_000),
        # read twice: the register jumped, and one reading does not show to where
        ((1_000, 1_000, 4_000), 1_000),
        # more than flowed, but possible: what is shown waits for the register
        ((4_000, 2_000), 4_000),
        ((4_000, 2_000, 3_000), 4_000),
        ((4_000, 2_000, 3_000, 4_400), 4_400),
    ],
)
def test_a_value_that_those_beside_it_contradict(
    values_wh: tuple[float, ...], shown_wh: float
) -> None:
    """Up to the first value, after ten minutes, 5.4 kWh can flow, and 1.4 kWh in each minute after; also over a restart."""
    meter, at = _meter(), START + timedelta(minutes=10)
    meter.session_starts("tx1", 40_000, START)
    for number, value_wh in enumerate(values_wh, 1):
        if number == len(values_wh):
            memory = json.loads(json.dumps(meter.energy_memory()))
            meter = _meter()
            meter.restore_energy(memory, at)
        meter.update([Reading(value=40_000 + value_wh, unit="Wh")], at)
        at += timedelta(minutes=1)
    assert meter.session_wh == shown_wh


async def test_an_end_without_its_own_register(
    connect: Connect, system: CentralSystem, clock: SteppedClock
) -> None:
    """The end names the lifetime at its start, and lists meter values from zero: no 60 kWh of nothing (OCPP 2.0.1)."""
    system.accept(CP1)
    station = await connect(protocols=("ocpp2.0.1",))
    await station.boot2()

    def values(energy_wh: float, ago_s: float = 0) -> Payload:
        at = clock.text(-ago_s)
        return {"timestamp": at, "sampledValue": [{"value": energy_wh}]}

    for number, start_wh in enumerate((40_000, 50_000)):
        more: Any = {"transaction": f"tx{number}", "evse": {"id": 1}}
        begin = {"value": start_wh, "context": "Transaction.Begin"}
        begun = [{"timestamp": clock.text(), "sampledValue": [begin]}]
        await station.event("Started", clock.text(), 0, meterValue=begun, **more)
        for sequence, session_wh in enumerate((4000, 8000, 10_000), 1):
            clock.step(2400)
            report = [values(session_wh)]
            await station.event(
                "Updated", clock.text(), sequence, meterValue=report, **more
            )
        clock.step(60)
        past = [values(10_000, ago_s=60)]
        await station.event(
            "Ended", clock.text(), 9, meterValue=past, stopped="Local", **more
        )
        meter = system.stations["CP1"].connector(1).meter
        assert meter.energy_wh == start_wh + 10_000
        clock.step(8 * 3600)


async def test_a_lost_start_where_values_restart_and_ends_do_not(
    connect: Connect, system: CentralSystem, clock: SteppedClock
) -> None:
    """The lifetime that its end shows is no energy of the session: the counter goes on there."""
    system.accept(CP1)
    station = await connect(protocols=("ocpp2.0.1",))
    await station.boot2()

    async def tell(
        kind: str, number: int, energy_wh: float, context: str, after_s: float = 900
    ) -> None:
        clock.step(after_s)
        sampled = {"value": energy_wh, "context": context}
        await station.event(
            kind,
            clock.text(),
            clock.time.hour * 60 + clock.time.minute,
            transaction=f"tx{number}",
            evse={"id": 1},
            meterValue=[{"timestamp": clock.text(), "sampledValue": [sampled]}],
        )

    await tell("Started", 1, 40_000, "Transaction.Begin")
    for session_wh in (1750, 3500):
        await tell("Updated", 1, session_wh, "Sample.Periodic")
    await tell("Ended", 1, 45_250, "Transaction.End")
    await tell("Updated", 2, 1750, "Sample.Periodic")
    await tell("Ended", 2, 47_000, "Transaction.End", after_s=0)
    meter = system.stations["CP1"].connector(1).meter
    assert meter.energy_wh == pytest.approx(47_000)
