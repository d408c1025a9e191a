"""A charger loses its power while a car charges, and its register restarts: what decides is that it says that it booted.

Two readings are needed that agree, or the end. What flowed between the last value before and the power loss is not known.
"""

from datetime import timedelta
import json

import pytest

from custom_components.sunfuse.central_system import CentralSystem, FinishedTransaction
from custom_components.sunfuse.central_system.station.metering.meter import Meter
from custom_components.sunfuse.central_system.station.metering.sampled_values import (
    Reading,
)

from .charger import VERSIONS, Charger
from .charging import CP1, connector
from .conftest import START, Connect, SteppedClock

HALF_AN_HOUR = timedelta(minutes=30)
BOOTS = "boots"


def _session(
    start_wh: float | None,
    shown: tuple[float | str, ...],
    end_wh: float | None,
    *,
    restarts: bool = False,
) -> tuple[float | None, Meter]:
    """Report a session, each reading half an hour after the one before; return its energy, and the meter."""
    meter, at = Meter(phases=3, voltage_v=230, max_a=16), START
    meter.session_starts("tx", start_wh, at)
    for one in shown:
        at += HALF_AN_HOUR
        if isinstance(one, str):
            meter.booted(at)
        else:
            meter.update([Reading(value=one, unit="Wh")], at, session_id="tx")
        if restarts:
            memory = json.loads(json.dumps(meter.energy_memory()))
            meter = Meter(phases=3, voltage_v=230, max_a=16)
            meter.restore_energy(memory, at)
    at += HALF_AN_HOUR
    return meter.session_stops("tx", end_wh, START, at), meter


@pytest.mark.parametrize(
    ("start_wh", "shown", "end_wh", "taken_wh"),
    [
        # The end confirms the value after it, or tells it alone.
        (40_000, (43_000, BOOTS, 1_000), 2_500, 5_500),
        (40_000, (41_000, 43_000, BOOTS), 2_500, 5_500),
        (40_000, (43_000, BOOTS, 1_000, BOOTS), 2_000, 5_000),
        # Two values agree, beside an end that says nothing; the first value was sure or not.
        (40_000, (43_000, BOOTS, 1_000, 2_500), None, 5_500),
        (40_000, (43_000, BOOTS, 1_000, 2_500), 0, 5_500),
        (0, (3_000, BOOTS, 1_000, 2_500), None, 5_500),
        # A register that was read before its last value is no sign that this one was too high.
        (0, (1_000, 5_000, BOOTS, 2_000), 3_000, 8_000),
        # From what the register had stored before the power was lost, or the last value was too high: the end decides.
        (40_000, (43_000, BOOTS, 42_800), 44_000, 4_000),
        # It goes on, whatever the meter shows until it is awake.
        (40_000, (43_000, BOOTS, 44_000), 45_000, 5_000),
        (40_000, (43_000, BOOTS, 0, 44_000), 45_000, 5_000),
        (40_000, (43_000, BOOTS, 0, 0), 45_000, 5_000),
        # An end that may be the energy of the whole session is it: values showed no more.
        (40_000, (43_000, BOOTS), 4_500, 4_500),
        (40_000, (43_000, 44_500, BOOTS), 6_000, 6_000),
        # One value that nothing confirms counts nothing.
        (40_000, (43_000, BOOTS, 1_000), None, 3_000),
        (40_000, (43_000, BOOTS, 1_000), 0, 3_000),
    ],
)
def test_the_register_restarts(
    start_wh: float, shown: tuple[float | str, ...], end_wh: float, taken_wh: float
) -> None:
    """The session took what both parts of it show, and the lifetime has it."""
    took_wh, meter = _session(start_wh, shown, end_wh)
    assert took_wh == taken_wh
    assert meter.sample.energy_wh == start_wh + taken_wh


def test_home_assistant_restarts_as_well() -> None:
    """That the charger booted is remembered."""
    assert _session(40_000, (43_000, BOOTS), 2_500, restarts=True)[0] == 5_500


@pytest.mark.parametrize("shown", [(43_000, 1_000), (43_000, 1_000, 2_500)])
def test_a_charger_that_does_not_say_that_it_booted(
    shown: tuple[float | str, ...],
) -> None:
    """Two values may be nonsense; an end that is less than what values show is none of a register that restarts."""
    assert _session(40_000, shown, 2_600)[0] == 3_000


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("offline", [False, True])
async def test_a_charger_that_boots_in_a_session(
    connect: Connect,
    system: CentralSystem,
    clock: SteppedClock,
    version: str,
    offline: bool,
) -> None:
    """Over real sockets: what it delivered before and after, told at once or later."""
    finished: list[FinishedTransaction] = []
    system.subscribe_transactions(finished.append)
    system.accept(CP1)
    charger = await Charger.connect(connect, version)
    await charger.boot()
    await charger.status("Preparing", clock.text())
    transaction = await charger.start(clock.text(), energy_wh=40_000)
    clock.step(1800)
    await charger.meter(transaction, clock.text(), 43_000)
    await charger.station.close()
    clock.step(600)
    sequence = charger.sequence
    times = [clock.text()]
    if offline:
        clock.step(7200)
    charger = await Charger.connect(connect, version)
    charger.sequence = sequence
    await charger.boot()
    if not offline:
        clock.step(1800)
        times = [clock.text()]
    await charger.meter(transaction, times[0], 1_000)
    if not offline:
        clock.step(1800)
    await charger.stop(transaction, clock.text(), 2_500)
    assert finished[-1].energy_wh == 3_000 + 2_500
    assert connector(system).meter.energy_wh == 43_000 + 2_500
