"""Sessions that took less than their charger's registers seemed to say: what it reports later corrects them, once each."""

from collections.abc import AsyncIterator
from datetime import timedelta
import json
from typing import Any

from aiohttp import ClientSession
import pytest

from custom_components.sunfuse.central_system import (
    CentralSystem,
    FinishedTransaction,
    Timing,
)
from custom_components.sunfuse.central_system.station.metering.meter import Meter
from custom_components.sunfuse.central_system.station.metering.sampled_values import (
    Reading,
)

from .charger import Charger
from .charging import CP1
from .client import RawStation
from .conftest import START, SteppedClock

HOUR_S = 3600
HALF_AN_HOUR = timedelta(minutes=30)
# What the charger delivers in each session of an hour.
TAKEN_WH = 3_000


class Home:
    """A charger whose register stood at 2 kWh when it was first seen, and whose starts always say 0."""

    def __init__(
        self, clock: SteppedClock, timing: Timing, session: ClientSession
    ) -> None:
        """Start without a system."""
        self.clock = clock
        self.timing = timing
        self.session = session
        self.register_wh = 2_000
        self.reported: list[FinishedTransaction] = []

    async def start(self, *memory: Any) -> None:
        """Start Home Assistant's side, and connect."""
        self.system = CentralSystem(now=self.clock, timing=self.timing)
        self.system.subscribe_transactions(self.reported.append)
        self.system.accept(CP1, *memory)
        await self.system.start("127.0.0.1", 0)
        station = await RawStation.connect(
            self.session, self.system.port, protocols=("ocpp1.6",)
        )
        self.charger = Charger(station, "1.6")
        await self.charger.boot()

    def memory(self) -> Any:
        """Return what is stored if that happens now."""
        return json.loads(json.dumps(self.system.stations["CP1"].memory()))

    async def stop(self) -> Any:
        """Stop it; return what is stored."""
        memory = self.memory()
        await self.charger.station.close()
        await self.system.stop()
        return memory

    async def charge(self) -> str:
        """Charge a car for an hour."""
        transaction = await self.charger.start(self.clock.text(), energy_wh=0)
        for _ in range(2):
            self.clock.step(HOUR_S / 2)
            self.register_wh += TAKEN_WH // 2
            await self.charger.meter(transaction, self.clock.text(), self.register_wh)
        await self.charger.stop(transaction, self.clock.text(), self.register_wh)
        self.clock.step(10 * HOUR_S)
        return transaction

    def last_reported(self) -> dict[str, float | None]:
        """Return what was reported last of each session."""
        return {one.id: one.energy_wh for one in self.reported}


@pytest.fixture
async def home(clock: SteppedClock, timing: Timing) -> AsyncIterator[Home]:
    """Return a charger that is connected."""
    async with ClientSession() as session:
        home = Home(clock, timing, session)
        await home.start()
        yield home
        await home.stop()


@pytest.mark.parametrize("restarts", [False, True])
async def test_starts_that_say_0_beside_a_young_register(
    home: Home, restarts: bool
) -> None:
    """Until one shows more than can have flowed, each seems to have taken the whole register; then all took 3 kWh."""
    names = [await home.charge() for _ in range(4)]
    seemed = [2_000 + TAKEN_WH * number for number in range(1, 5)]
    assert home.last_reported() == dict(zip(names, seemed, strict=True))
    if restarts:
        await home.start(await home.stop())
    # 15.5 kWh cannot flow in half an hour. What the first took before its first value, nothing shows.
    names.append(await home.charge())
    took = [TAKEN_WH / 2, *(TAKEN_WH for _ in range(4))]
    assert home.last_reported() == dict(zip(names, took, strict=True))
    names.append(await home.charge())
    took.append(TAKEN_WH)
    assert home.last_reported() == dict(zip(names, took, strict=True))
    reports = [(one.id, one.corrected_at is not None) for one in home.reported]
    assert sorted(reports) == sorted(
        [(name, False) for name in names] + [(name, True) for name in names[:4]]
    )


async def test_what_a_file_of_before_there_were_corrections_says(home: Home) -> None:
    """It is read, and its sessions can be corrected."""
    names = [await home.charge() for _ in range(4)]
    memory = await home.stop()
    for record in memory["transactions"]:
        del record["corrected_at"]
    del memory["energy"]["1"]["forgotten"]
    await home.start(memory)
    names.append(await home.charge())
    took = [TAKEN_WH / 2, *(TAKEN_WH for _ in range(4))]
    assert home.last_reported() == dict(zip(names, took, strict=True))


@pytest.mark.parametrize("register_wh", [0, 40_000])
async def test_the_power_fails_between_two_files(home: Home, register_wh: int) -> None:
    """Finished sessions have a file of their own, which is written first: with it, the counter knows the end as well."""
    charger, clock = home.charger, home.clock
    transaction = await charger.start(clock.text(), energy_wh=register_wh)
    clock.step(HOUR_S)
    await charger.meter(transaction, clock.text(), register_wh + 2_000)
    running = home.memory()
    clock.step(HOUR_S)
    end = (transaction, clock.text(), register_wh + 5_000)
    await charger.stop(*end)
    over = {"transactions": (await home.stop())["transactions"]}
    await home.start(over, running)
    await home.charger.stop(*end)  # it was not answered
    meter = home.system.stations["CP1"].connector(1).meter
    assert meter.energy_wh == register_wh + 5_000
    clock.step(HOUR_S)
    # The register restarts with each session, or goes on.
    start_wh = register_wh and register_wh + 5_000
    transaction = await home.charger.start(clock.text(), energy_wh=start_wh)
    clock.step(HOUR_S)
    await home.charger.stop(transaction, clock.text(), start_wh + 1_000)
    meter = home.system.stations["CP1"].connector(1).meter
    assert meter.energy_wh == register_wh + 6_000


def test_what_is_forgotten_changes_no_session() -> None:
    """Starts without a register go on from the session before, also where that is no longer remembered.

    500 of the 1,000 Wh of each session flow before its first value.
    """
    meter = Meter(phases=3, voltage_v=230, max_a=16)
    for number in range(230):
        at, name = START + number * timedelta(hours=12), f"tx{number}"
        meter.session_starts(name, None, at)
        for part in (1, 2):
            value = Reading(value=50_000 + 1_000 * number + 500 * part, unit="Wh")
            later = at + part * timedelta(hours=1)
            meter.update([value], later, session_id=name)
        meter.session_stops(name, None, at, later)
        if number % 60 == 59:
            memory = json.loads(json.dumps(meter.energy_memory()))
            meter = Meter(phases=3, voltage_v=230, max_a=16)
            meter.restore_energy(memory, later)
        known = [meter.taken_wh(f"tx{one}") for one in range(1, number + 1)]
        assert {one for one in known if one is not None} <= {1_000}
        assert sum(one is not None for one in known) == min(number, 100)
    assert meter.sample.energy_wh == 50_000 + 230_000


def test_a_full_file_of_before_there_were_corrections() -> None:
    """What its oldest session showed is understood by the others: values restart with each, and ends say 0."""
    meter = Meter(phases=3, voltage_v=230, max_a=16)
    for number in range(100):
        at, name = START + number * timedelta(hours=12), f"tx{number}"
        meter.session_starts(name, None, at)
        # Some are as short that there is one value only.
        for part in range(1, 2 if number % 3 else 4):
            later = at + part * HALF_AN_HOUR
            value = Reading(value=2_000 * part, unit="Wh")
            meter.update([value], later, session_id=name)
        meter.session_stops(name, 0, at, later)
    memory = json.loads(json.dumps(meter.energy_memory()))
    del memory["forgotten"], memory["counted"]
    meter = Meter(phases=3, voltage_v=230, max_a=16)
    meter.restore_energy(memory, later)
    took_wh = [meter.taken_wh(f"tx{number}") for number in range(1, 100)]
    assert took_wh == [2_000 if number % 3 else 6_000 for number in range(1, 100)]


@pytest.mark.parametrize("end_wh", [None, 0])
def test_one_value_of_a_register_that_goes_on(end_wh: float | None) -> None:
    """Where starts and ends carry no register, or say 0, it counts from where the session before ended."""
    meter = Meter(phases=3, voltage_v=230, max_a=16)
    took_wh = []
    for number in range(1, 5):
        at, name = START + number * timedelta(hours=12), f"tx{number}"
        meter.session_starts(name, None, at)
        later = at + HALF_AN_HOUR
        value = Reading(value=40_000 + 2_000 * number, unit="Wh")
        meter.update([value], later, session_id=name)
        meter.session_stops(name, end_wh, at, later)
        took_wh.append(meter.taken_wh(name))
    assert took_wh[1:] == [2_000, 2_000, 2_000]


class LastingRegister:
    """A charger whose starts carry no register, and whose values are of one that stood at 40 kWh and goes on."""

    def __init__(self) -> None:
        """Start without a session."""
        self.meter = Meter(phases=3, voltage_v=230, max_a=16)
        self.took_wh: dict[int, float | None] = {}

    def charges(self, number: int, *, ends: bool = True) -> None:
        """Report a session of 3 kWh; half of them flow before its first value."""
        at, name = START + number * timedelta(hours=10), f"tx{number}"
        self.meter.session_starts(name, None, at)
        for part in (1, 2):
            later = at + part * HALF_AN_HOUR
            value = Reading(value=40_000 + number * 3_000 + part * 1_500, unit="Wh")
            self.meter.update([value], later, session_id=name)
        if ends:
            self.took_wh[number] = self.meter.session_stops(name, None, at, later)

    def corrected(self) -> dict[int, float]:
        """Return what finished sessions took that is another energy than when they ended."""
        known = {one: self.meter.taken_wh(f"tx{one}") for one in self.took_wh}
        return {
            number: energy_wh
            for number, energy_wh in known.items()
            if energy_wh is not None and energy_wh != self.took_wh[number]
        }


def test_a_session_that_never_ends_is_forgotten_in_its_turn() -> None:
    """Its end was lost. What came after it stays as it was counted, and the register goes on."""
    charger = LastingRegister()
    for number in range(130):
        charger.charges(number, ends=number != 5)
        assert not charger.corrected()
    # What the first took before its first value, nothing shows.
    assert set(charger.took_wh.values()) == {1_500, 3_000}
    assert charger.meter.sample.energy_wh == 40_000 + 130 * 3_000


@pytest.mark.parametrize("late", [3, 40])
def test_a_late_session_of_before_all_that_are_remembered(late: int) -> None:
    """The register has counted it, and shows that it is of the past: nothing was reset."""
    charger = LastingRegister()
    for number in range(150):
        if number != late:
            charger.charges(number)
    charger.charges(late)
    # What it took before its first value, nothing shows any more.
    assert charger.took_wh[late] == 1_500
    assert not charger.corrected()
    assert charger.meter.sample.energy_wh == 40_000 + 150 * 3_000


def test_a_late_session_that_is_older_than_all_that_are_remembered() -> None:
    """It counts: a register that restarts with each session shows what nothing else does, and what it took is known."""
    meter = Meter(phases=3, voltage_v=230, max_a=16)
    for number in range(120):
        at = START + number * timedelta(hours=12)
        meter.session_starts(f"tx{number}", 0, at)
        meter.session_stops(f"tx{number}", 2_000, at, at + timedelta(hours=1))
    assert meter.sample.energy_wh == 240_000
    at = START + timedelta(hours=6)
    meter.session_starts("late", 0, at)
    took_wh = meter.session_stops("late", 3_000, at, at + timedelta(hours=1))
    assert took_wh == 3_000
    assert meter.sample.energy_wh == 243_000


def test_what_did_not_change_is_not_converted_again() -> None:
    """A charger that remembers a hundred sessions is saved each minute while one of them runs."""
    meter = Meter(phases=3, voltage_v=230, max_a=16)
    for number in range(3):
        at = START + number * timedelta(hours=12)
        meter.session_starts(f"tx{number}", 2_000 * number, at)
        meter.session_stops(
            f"tx{number}", 2_000 * number + 1_000, at, at + HALF_AN_HOUR
        )
    before = meter.energy_memory()["sessions"]
    meter.session_starts("tx2", 4_500, at)
    after = meter.energy_memory()["sessions"]
    assert after["tx1"] is before["tx1"]
    assert (before["tx2"]["start_wh"], after["tx2"]["start_wh"]) == (4_000, 4_500)
