"""One thing goes wrong in a course of three sessions: the energies are what the charger delivered all the same.

A table of what goes wrong, of where in the course, and of what chargers report.
"""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import timedelta

from aiohttp import ClientSession
import pytest

from custom_components.sunfuse.central_system import Timing

from .faulty_charger import INTERVAL_S, REGISTERS, Charge, Fault, FaultyCharger, nothing


def _away(seconds: float = 20, **how: bool) -> Fault:
    """Restart Home Assistant: killed, or while the charger stores no values."""

    async def fault(charger: FaultyCharger) -> None:
        killed = how.get("killed", False)
        charger.drops_values = how.get("drops_values", False)
        if not killed:
            charger.saved = charger.save()
        await charger.disconnect()
        await charger.system.stop()
        charger.back_at = charger.clock() + timedelta(seconds=seconds)
        if killed:  # counters show what was saved
            charger.shown_wh = charger.saved["energy"]["1"]["energy_wh"] or 0.0
            charger.told_wh = charger.saved_wh
            for charge in charger.charges:
                charge.shown_wh = 0.0
        if seconds < INTERVAL_S:
            await charger.passes(seconds, flows=False)

    return fault


def _power_fails(register: str, off_s: float = 60) -> Fault:
    """Take the power from the charger, which says that it booted, and what its registers show then."""

    async def fault(charger: FaultyCharger) -> None:
        await charger.passes(INTERVAL_S * 0.4)
        await charger.disconnect()
        if register != "goes on":
            charger.unknown()
        charger.moved = register in ("goes back", "of another meter")
        if register == "restarts":
            charger.lifetime_wh = charger.session_wh = 0.0
        elif register == "goes back":  # to what it was some minutes ago
            back_wh = min(charger.session_wh, 600.0 if charger.charging else 0.0)
            charger.lifetime_wh -= back_wh
            charger.session_wh -= back_wh
        elif register == "of another meter":
            charger.lifetime_wh = 12_340.0
        await charger.passes(off_s, flows=False)
        await charger.connect()

    return fault


def _jumps(*, away: bool) -> Fault:
    """Move the register by 500 MWh for good, in sight or while Home Assistant restarts."""

    async def fault(charger: FaultyCharger) -> None:
        charger.unknown()
        charger.moved = True
        charger.lifetime_wh += 5e8
        if away:
            await _away()(charger)

    return fault


def _value(lie: Callable[[float], float]) -> Fault:
    """Tell one value that is none."""

    async def fault(charger: FaultyCharger) -> None:
        charger.lies["value"] = lambda one: [
            replace(one, register_wh=lie(one.register_wh))
        ]
        await charger.passes(10)
        await charger.say("value")

    return fault


async def _value_again(charger: FaultyCharger) -> None:
    last = charger.last
    assert last
    charger.lies["value"] = lambda one: [one, last]
    await charger.passes(10)
    await charger.say("value")


async def _start_and_end_of_0(charger: FaultyCharger) -> None:
    charger.lies["start"] = lambda one: [replace(one, register_wh=0.0)]
    await _end_of_0(charger)


async def _session_jumps(charger: FaultyCharger) -> None:
    """Move the register of the session by 500 MWh until it ends."""
    charger.unknown()
    charger.moved = True
    charger.session_wh += 5e8


async def _end_of_0(charger: FaultyCharger) -> None:
    charger.lies["stop"] = lambda one: [replace(one, register_wh=0.0)]
    charger.silent_end = True


def _times(kind: str, times: int) -> Fault:
    """Tell the next start or end so many times."""

    async def fault(charger: FaultyCharger) -> None:
        charger.lies[kind] = lambda one: [one] * times
        if times == 0:
            charger.silent_end = charger.charges[-1].end_lost = True

    return fault


EVERYWHERE = ("idle", "begun", "midway", "ending", "over")
FAULTS: dict[str, tuple[Fault, tuple[str, ...]]] = {
    "none": (nothing, ("idle",)),
    "restart": (_away(), EVERYWHERE),
    "killed": (_away(killed=True), EVERYWHERE),
    "away for an hour": (_away(3600), EVERYWHERE),
    "values of an hour lost": (_away(3600, drops_values=True), EVERYWHERE),
    "charger restarts": (_power_fails("goes on"), EVERYWHERE),
    "register restarts": (_power_fails("restarts"), EVERYWHERE),
    "register goes back": (_power_fails("goes back"), EVERYWHERE),
    "another meter": (_power_fails("of another meter", 600), EVERYWHERE),
    "500 MWh for good": (_jumps(away=False), EVERYWHERE),
    "500 MWh for good, unseen": (_jumps(away=True), EVERYWHERE),
    "500 MWh once": (_value(lambda wh: wh + 5e8), EVERYWHERE[1:4]),
    "0 once": (_value(lambda wh: 0.0), EVERYWHERE[1:4]),
    "half once": (_value(lambda wh: wh / 2), EVERYWHERE[1:4]),
    "below 0 once": (_value(lambda wh: -5.0), EVERYWHERE[1:4]),
    "value again": (_value_again, ("midway", "ending")),
    "start again": (_times("start", 2), ("idle",)),
    "end again": (_times("stop", 2), ("ending",)),
    "end lost": (_times("stop", 0), ("ending",)),
    "end of 0": (_end_of_0, ("ending",)),
}


# Where less counts so far, and by how much at most (Wh); never more. Some of it could be decided.
REST_WH = 400.0  # of the session after its last value
FIRST_VALUE_WH = 750.0  # of the last session until its first one
LESS = {
    # Start and end show the old and the new register: whether the end is one at all, no value tells.
    ("register restarts", "no values", "begun"): 4_100.0,
    ("register restarts", "no values", "midway"): 1_700.0,
    ("register restarts", "no values", "ending"): REST_WH,
    # Values restarted, too: the end may be the lifetime or, as they are, of the session.
    ("register restarts", "values of the session", "begun"): REST_WH,
    # Three readings show that a register goes on from elsewhere: one value and the end are two.
    ("500 MWh for good", "lifetime", "midway"): REST_WH,
    ("500 MWh for good", "2.0.1", "midway"): REST_WH,
    ("500 MWh for good, unseen", "lifetime", "midway"): REST_WH,
    ("500 MWh for good, unseen", "2.0.1", "midway"): REST_WH,
    # Where starts tell nothing, what the next session took before its first value is missing as well.
    ("500 MWh for good", "starts of 0", "midway"): REST_WH + FIRST_VALUE_WH,
    ("500 MWh for good", "starts of 0", "ending"): FIRST_VALUE_WH,
    ("500 MWh for good, unseen", "starts of 0", "midway"): REST_WH + FIRST_VALUE_WH,
    ("500 MWh for good, unseen", "starts of 0", "ending"): FIRST_VALUE_WH,
}

# Not right yet, as more counts: the next session has what this one took after its register restarted.
LEFT_OUT = {("register restarts", "values of the session", "ending")}


@pytest.fixture
async def http() -> AsyncIterator[ClientSession]:
    """Return what chargers connect with."""
    async with ClientSession() as session:
        yield session


@pytest.mark.parametrize("reported", REGISTERS)
@pytest.mark.parametrize("name", FAULTS)
async def test_energy_by_fault(
    http: ClientSession, timing: Timing, name: str, reported: str
) -> None:
    """Lifetime and sessions are what was delivered, and never fall."""
    fault, places = FAULTS[name]
    for place in places:
        if (name, reported, place) in LEFT_OUT:
            continue
        # The last session has no next one, which would show where the register stands.
        for which in (1, 2) if place in ("ending", "over") else (1,):
            charger = FaultyCharger(http, timing, REGISTERS[reported])
            try:
                await charger.course(fault, place, which)
                charger.all_of_it(LESS.get((name, reported, place), 0.0))
            except AssertionError as error:
                raise AssertionError(f"{place}, session {which}") from error
            finally:
                await charger.disconnect()
                await charger.system.stop()


async def _charge(
    charger: FaultyCharger, faults: dict[int, Fault], *, each_s: float, pause_s: float
) -> None:
    """Charge three cars, each after a pause and with so long between its values; some have a fault before they begin."""
    await charger.home_starts()
    await charger.connect()
    for number in range(3):
        await charger.passes(pause_s)
        await faults.get(number, nothing)(charger)
        charger.charges.append(Charge(number, began_wh=charger.delivered_wh))
        charger.charging, charger.session_wh = True, 0.0
        await charger.say("start")
        for _ in range(7):
            await charger.passes(each_s)
            await charger.say("value")
        await charger.say("stop")
        charger.charges[-1].ended_wh = charger.delivered_wh
        charger.charging = charger.silent_end = False
    await charger.disconnect()
    charger.all_of_it(0.0)
    await charger.system.stop()


async def test_a_start_and_an_end_of_0(http: ClientSession, timing: Timing) -> None:
    """The next start shows where the register stands: the two zeros are none. That counted all of it anew."""
    charger = FaultyCharger(http, timing, REGISTERS["values of the session"])
    faults: dict[int, Fault] = {1: _start_and_end_of_0}
    await _charge(charger, faults, each_s=INTERVAL_S, pause_s=6 * 3600)


async def test_a_new_charger_whose_starts_always_say_0(
    http: ClientSession, timing: Timing
) -> None:
    """The second session took what flowed in it, not the whole register, from its first value on."""
    charger = FaultyCharger(http, timing, REGISTERS["starts of 0"], lifetime_wh=0.0)
    await _charge(charger, {}, each_s=60, pause_s=3600)


async def test_a_jump_says_nothing_of_other_sessions(
    http: ClientSession, timing: Timing
) -> None:
    """Starts of 0 before and after it are right, as their values agree with them; only the jump itself is missing."""
    charger = FaultyCharger(http, timing, REGISTERS["restarts"])
    await charger.course(_session_jumps, "begun", 1)
    charger.all_of_it(0.0)
    await charger.disconnect()
    await charger.system.stop()
