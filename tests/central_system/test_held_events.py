"""Events of OCPP 2.x that arrive before the start of their transaction are held, also over a restart of Home Assistant."""

from itertools import permutations
import json
from typing import Any

from aiohttp import ClientSession
import pytest

from custom_components.sunfuse.central_system import (
    CentralSystem,
    FinishedTransaction,
    Timing,
)
from custom_components.sunfuse.engine.stored_items import Stored
from homeassistant.helpers.json import json_bytes

from .charging import CP1, EVSE
from .client import ANSWERS_2, RawStation, Refused
from .conftest import SteppedClock

HALF_AN_HOUR_S = 1800
# What the register of the session shows, in watt-hours: it restarts with each, so nothing else shows what this one took.
REGISTER = {"Started": 0, "Updated": 2_000, "Ended": 3_000}


class Home:
    """A charger that was offline, beside a Home Assistant that restarts."""

    def __init__(
        self, clock: SteppedClock, timing: Timing, session: ClientSession
    ) -> None:
        """Begin without a system."""
        self.clock = clock
        self.timing = timing
        self.session = session
        self.reported: list[FinishedTransaction] = []

    async def start(self, memory: Any = None) -> None:
        """Start Home Assistant's side, and connect."""
        self.system = CentralSystem(now=self.clock, timing=self.timing)
        self.system.subscribe_transactions(self.reported.append)
        self.system.accept(CP1, memory)
        await self.system.start("127.0.0.1", 0)
        self.station = await RawStation.connect(
            self.session, self.system.port, protocols=("ocpp2.0.1",)
        )
        self.station.answers |= ANSWERS_2
        await self.station.boot2()

    async def stop(self) -> Any:
        """Stop it; return what is stored."""
        memory = json.loads(json.dumps(self.system.stations["CP1"].memory()))
        await self.station.close()
        await self.system.stop()
        return memory

    @property
    def energy_wh(self) -> float | None:
        """What the counter shows."""
        return self.system.stations["CP1"].connector(1).meter.energy_wh

    def took(self) -> float | None:
        """Return what the session took, by the last report of it."""
        return self.reported[-1].energy_wh if self.reported else None


@pytest.mark.parametrize("restart_before", [1, 2])
@pytest.mark.parametrize("order", list(permutations(REGISTER)))
@pytest.mark.parametrize("end_is_silent", [False, True])
async def test_a_restart_between_events_in_any_order(
    clock: SteppedClock,
    timing: Timing,
    order: tuple[str, ...],
    restart_before: int,
    end_is_silent: bool,
) -> None:
    """The session took 3 kWh by its end, or the 2 of its last value; the counter has them once."""
    times = {}
    for kind in REGISTER:
        times[kind] = clock.text()
        clock.step(HALF_AN_HOUR_S)
    async with ClientSession() as session:
        home = Home(clock, timing, session)
        await home.start()
        for number, kind in enumerate(order):
            if number == restart_before:
                await home.start(await home.stop())
            silent = end_is_silent and kind == "Ended"
            await home.station.event(
                kind,
                times[kind],
                list(REGISTER).index(kind),
                energy_wh=None if silent else REGISTER[kind],
                stopped="EVDisconnected" if kind == "Ended" else None,
                offline=True,
                evse=EVSE,
            )
            clock.step(10)
        took_wh = 2_000 if end_is_silent else 3_000
        assert (home.took(), home.energy_wh) == (took_wh, took_wh)
        # The time for which events are held passes, and nothing counts again.
        clock.step(10 * HALF_AN_HOUR_S)
        await home.start(await home.stop())
        assert (home.took(), home.energy_wh) == (took_wh, took_wh)
        await home.stop()


async def test_what_is_held_names_no_card_that_is_forgotten(
    clock: SteppedClock, timing: Timing
) -> None:
    """A person is deleted while an event of theirs waits; the event counts all the same."""
    async with ClientSession() as session:
        home = Home(clock, timing, session)
        await home.start()
        at = clock.text()
        clock.step(HALF_AN_HOUR_S)
        await home.station.event(
            "Updated",
            clock.text(),
            1,
            energy_wh=2_000,
            offline=True,
            evse=EVSE,
            idToken={"idToken": "04A1B2C3", "type": "ISO14443"},
        )
        home.system.forget_cards(frozenset({"04a1b2c3"}))
        memory = await home.stop()
        assert "04A1B2C3" not in json.dumps(memory)
        assert len(memory["held"]) == 1
        await home.start(memory)
        await home.station.event("Started", at, 0, energy_wh=0, offline=True, evse=EVSE)
        assert home.energy_wh == 2_000
        await home.stop()


async def test_what_is_held_and_cannot_be_read(
    clock: SteppedClock, timing: Timing
) -> None:
    """It is put aside by itself; the rest is restored."""
    async with ClientSession() as session:
        home = Home(clock, timing, session)
        await home.start()
        memory = await home.stop()
        memory["held"] = [{"at": 5}, {"payload": {"eventType": "Started"}}]
        stored = Stored(memory)
        await home.start(stored)
        assert stored.unread == ["held.0", "held.1"]
        await home.stop()


@pytest.mark.parametrize(
    ("extra", "code"),
    [
        ({"numberOfPhasesUsed": 1e30}, "TypeConstraintViolation"),
        ({"numberOfPhasesUsed": -(2**63) - 1}, "RpcFrameworkError"),
        ({"numberOfPhasesUsed": 2**64}, "RpcFrameworkError"),
        ({"numberOfPhasesUsed": 1e18}, None),
        ({"customData": {"vendorId": "x", "of": "\ud800"}}, None),
        ({"idToken": {"idToken": "\ud800", "type": "Central"}}, None),
        ({"customData": {"vendorId": "x", "\udc00": 1}}, None),
    ],
)
async def test_what_is_held_can_be_stored(
    clock: SteppedClock, timing: Timing, extra: dict[str, Any], code: str | None
) -> None:
    """A wild value in one event of one charger does not keep Home Assistant from writing its file."""
    async with ClientSession() as session:
        home = Home(clock, timing, session)
        await home.start()
        at = clock.text()
        clock.step(HALF_AN_HOUR_S)
        answered = None
        try:
            await home.station.event("Updated", at, 1, offline=True, evse=EVSE, **extra)
        except Refused as refused:
            answered = refused.code
        assert answered == code
        json_bytes(home.system.stations["CP1"].memory())
        await home.stop()
