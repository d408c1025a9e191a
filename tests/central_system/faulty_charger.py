"""A charger with a meter that shows steps of 10 Wh, and a Home Assistant: one of both has a fault in a course of three sessions.

What is expected follows from that: what was delivered, less what flowed between two readings of which nobody can use one.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
import json
from typing import Any

from aiohttp import ClientSession

from custom_components.sunfuse.central_system import (
    CentralSystem,
    FinishedTransaction,
    Timing,
)

from .charger import Charger
from .charging import CP1, connector
from .client import RawStation
from .conftest import SteppedClock

STEP_WH = 10.0
INTERVAL_S = 300.0
_POWERS_W = (7000.0, 11_000.0, 9000.0)
_VALUES = 4
FIRST_WH = 40_000.0  # the register of the lifetime


@dataclass(frozen=True)
class Registers:
    """What a charger reports: from where its values and its edges (starts and ends) count."""

    version: str = "1.6"
    values: str = "lifetime"  # session; zero; none
    edges: str = "lifetime"  # session
    zero_starts: bool = False  # starts say 0, whatever the register shows
    in_end: bool = True


REGISTERS = {
    "lifetime": Registers(),
    "restarts": Registers(values="session", edges="session"),
    "values of the session": Registers(values="session"),
    "no values": Registers(values="none"),
    "ends of the session": Registers(values="zero", edges="session"),
    "starts of 0": Registers(zero_starts=True),
    "2.0.1": Registers("2.0.1"),
    "2.0.1 without in the end": Registers("2.0.1", in_end=False),
}


@dataclass
class Charge:
    """A session, and what its car took."""

    number: int
    began_wh: float
    ended_wh: float | None = None
    unknown_wh: float = 0.0  # what no reading shows
    id: str = ""
    finished_wh: float | None = None
    end_lost: bool = False
    shown_wh: float = 0.0

    def took_wh(self, delivered_wh: float) -> float:
        """Return what it took by now."""
        ended_wh = self.ended_wh if self.ended_wh is not None else delivered_wh
        return ended_wh - self.began_wh


@dataclass(frozen=True)
class Said:
    """A message about a session."""

    kind: str  # start, value, stop
    charge: Charge
    at: str
    register_wh: float


async def nothing(charger: FaultyCharger) -> None:
    """Have no fault."""


type Lie = Callable[[Said], list[Said]]
type Fault = Callable[[FaultyCharger], Awaitable[None]]


@dataclass
class FaultyCharger:
    """A charger and a Home Assistant, of which one has a fault."""

    http: ClientSession
    timing: Timing
    registers: Registers
    clock: SteppedClock = field(default_factory=SteppedClock)
    lifetime_wh: float = FIRST_WH
    session_wh: float = 0.0
    delivered_wh: float = 0.0
    told_wh: float = 0.0  # what was delivered by the last reading
    saved_wh: float = 0.0  # the same, by what Home Assistant has stored
    charges: list[Charge] = field(default_factory=list)
    charging: bool = False
    queue: list[Said] = field(default_factory=list)
    drops_values: bool = False
    lies: dict[str, Lie] = field(default_factory=dict)  # by kind
    silent_end: bool = False  # whether the next end shows nothing
    moved: bool = False  # whether nobody knows how far the register moved
    saved: Any = None
    shown_wh: float = 0.0
    charger: Charger | None = None
    last: Said | None = None
    back_at: datetime | None = None  # when Home Assistant is back

    async def home_starts(self, memory: Any = None) -> None:
        """Start Home Assistant's side with what was kept."""
        self.system = CentralSystem(now=self.clock, timing=self.timing)
        self.system.subscribe_transactions(self._finished)
        self.system.accept(CP1, memory)
        await self.system.start("127.0.0.1", 0)

    def _finished(self, one: FinishedTransaction) -> None:
        for charge in self.charges:
            if charge.id == one.id:
                charge.finished_wh = one.energy_wh

    async def connect(self, *, boots: bool = True) -> None:
        """Connect the charger, which reports what it stored."""
        version = self.registers.version
        protocols = (f"ocpp{version}",)
        station = await RawStation.connect(
            self.http, self.system.port, protocols=protocols
        )
        self.charger = Charger(station, version)
        if boots:
            await self.charger.boot()
        stored, self.queue = self.queue, []
        for said in stored:
            await self.send(said)

    async def disconnect(self) -> None:
        """Disconnect the charger."""
        if self.charger is not None:
            await self.charger.station.close()
            self.charger = None

    def save(self) -> Any:
        """Return what Home Assistant has in storage."""
        return json.loads(json.dumps(self.system.stations["CP1"].memory()))

    async def passes(self, seconds: float, *, flows: bool = True) -> None:
        """Let time pass, in which a car takes its power."""
        self.clock.step(seconds)
        if self.charging and flows:
            energy_wh = _POWERS_W[self.charges[-1].number] * seconds / 3600
            self.lifetime_wh += energy_wh
            self.session_wh += energy_wh
            self.delivered_wh += energy_wh
        if self.back_at is not None and self.clock() >= self.back_at:
            self.back_at = None
            await self.home_starts(self.saved)
            await self.connect(boots=False)

    def unknown(self) -> None:
        """Note that no reading shows what was delivered since the last one."""
        if self.charging:
            self.charges[-1].unknown_wh += self.delivered_wh - self.told_wh
        self.told_wh = self.delivered_wh

    async def say(self, kind: str) -> None:
        """Report the session, as it is or with a fault."""
        counts = self.registers.values if kind == "value" else self.registers.edges
        if counts == "none":
            return
        register_wh = self.session_wh if counts == "session" else self.lifetime_wh
        shown_wh = register_wh // STEP_WH * STEP_WH
        says_0 = counts == "zero" or (kind == "start" and self.registers.zero_starts)
        if says_0:
            shown_wh = 0.0
        elif self.registers.zero_starts and not self.told_wh:
            self.unknown()  # where the register stood at the first start of all
        said = Said(kind, self.charges[-1], self.clock.text(), shown_wh)
        lie = self.lies.pop(kind, None)
        for one in lie(said) if lie else [said]:
            if self.charger is None and self.drops_values and kind == "value":
                continue
            if one is said and not says_0:
                if self.moved:
                    self.unknown()
                self.saved_wh = self.told_wh if kind == "value" else self.delivered_wh
                self.told_wh, self.moved = self.delivered_wh, False
            if self.charger is None:
                self.queue.append(one)
            else:
                await self.send(one)
        self.last = said

    async def send(self, said: Said) -> None:
        """Send a report, and check what is shown then."""
        assert self.charger
        charge, at, register_wh = said.charge, said.at, int(said.register_wh)
        if said.kind == "start":
            name = f"tx{charge.number}"
            charge.id = await self.charger.start(at, energy_wh=register_wh, name=name)
        elif said.kind == "value":
            self.saved = self.save()  # what is stored is up to a minute old
            await self.charger.meter(charge.id, at, register_wh)
        elif self.registers.in_end:
            await self.charger.stop(charge.id, at, register_wh)
        else:
            station = self.charger.station
            await station.event("Ended", at, 99, transaction=charge.id, stopped="Local")
        if said.kind != "value":
            self.saved = self.save()
        self.never_falls()

    @property
    def first_wh(self) -> float:
        """Where the counter begins."""
        if self.registers.edges == "session" or self.registers.zero_starts:
            return 0.0
        return FIRST_WH

    def never_falls(self) -> None:
        """Check that what is shown neither falls nor is ahead of what was delivered."""
        state = connector(self.system)
        shown_wh = state.meter.energy_wh or 0.0
        assert shown_wh >= self.shown_wh
        self.shown_wh = shown_wh
        most_wh = self.first_wh + self.delivered_wh
        assert shown_wh <= most_wh + 2 * STEP_WH * (len(self.charges) + 1)
        for charge in self.charges:
            if charge.id == state.session_id and state.session_energy_wh is not None:
                most_wh = self._most_wh(charge)
                assert state.session_energy_wh <= most_wh + 4 * STEP_WH
                if state.transaction:
                    assert state.session_energy_wh >= charge.shown_wh
                    charge.shown_wh = state.session_energy_wh

    def _most_wh(self, charge: Charge) -> float:
        """Return the most that a session may show.

        Where starts tell nothing, nobody knows whose the energy was that no reading of the session before shows.
        """
        taken_wh = charge.took_wh(self.delivered_wh)
        if charge.number and self.registers.zero_starts:
            taken_wh += self.charges[charge.number - 1].unknown_wh
        return taken_wh

    def all_of_it(self, less_wh: float) -> None:
        """Check that all but so much is shown in the end that readings show."""
        unknown_wh = less_wh + sum(charge.unknown_wh for charge in self.charges)
        known_wh = self.first_wh + self.delivered_wh - unknown_wh
        shown_wh = connector(self.system).meter.energy_wh or 0.0
        assert shown_wh >= known_wh - 2 * STEP_WH * (len(self.charges) + 1)
        for charge in self.charges:
            if charge.finished_wh is None:
                assert charge.end_lost
                continue
            taken_wh = charge.took_wh(self.delivered_wh)
            known_wh = taken_wh - charge.unknown_wh - less_wh - 4 * STEP_WH
            assert known_wh <= charge.finished_wh
            assert charge.finished_wh <= self._most_wh(charge) + 4 * STEP_WH

    async def course(self, fault: Fault, place: str, which: int) -> None:
        """Charge three cars; the fault is at a place of one of the sessions."""
        await self.home_starts()
        await self.connect()
        for number in range(3):
            await self.passes(3600)
            faults = {place: fault} if number == which else {}
            await faults.get("idle", nothing)(self)
            self.charges.append(Charge(number, began_wh=self.delivered_wh))
            self.charging, self.session_wh = True, 0.0
            await self.say("start")
            await faults.get("begun", nothing)(self)
            for value in range(_VALUES):
                await self.passes(INTERVAL_S)
                await self.say("value")
                if value == _VALUES // 2:
                    await faults.get("midway", nothing)(self)
            await faults.get("ending", nothing)(self)
            await self.passes(INTERVAL_S * 0.4)
            if self.silent_end or not self.registers.in_end:
                self.unknown()
            await self.say("stop")
            self.charges[-1].ended_wh = self.delivered_wh
            self.charging = self.silent_end = False
            await self.passes(60)
            await faults.get("over", nothing)(self)
        await self.passes(7200)
