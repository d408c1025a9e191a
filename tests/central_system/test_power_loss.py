"""A charger loses its power while a car charges, and its register restarts: what decides is that it says that it booted.

One reading far below the last one is enough then, or the end. What flowed between the last value before and the power loss is not known.
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


type Shown = tuple[float | str, ...]
type Session = tuple[float | None, Shown, float | None]


def _session(
    start_wh: float | None,
    shown: Shown,
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
        # One value is enough, as nothing else shows so little.
        (40_000, (43_000, BOOTS, 1_000), None, 4_000),
        (40_000, (43_000, BOOTS, 1_000), 0, 4_000),
        (40_000, (43_000, BOOTS, 1_000, BOOTS, 0), None, 4_000),
        # A young register may go on from what it had stored.
        (0, (3_000, BOOTS, 2_800), 4_000, 4_000),
        (0, (3_000, BOOTS, 2_800, 2_900), None, 3_100),
        (0, (3_000, BOOTS, 2_800, 2_900), 4_000, 4_200),
        # Two values that agree, although the second may have come from the last one before.
        (0, (3_000, BOOTS, 2_000, 3_500), None, 4_500),
        # What was counted after it, and then its end.
        (40_000, (43_000, BOOTS, 1_000, 1_500), 2_500, 5_500),
    ],
)
def test_the_register_restarts(
    start_wh: float, shown: Shown, end_wh: float, taken_wh: float
) -> None:
    """The session took what both parts of it show, and the lifetime has it."""
    took_wh, meter = _session(start_wh, shown, end_wh)
    assert took_wh == taken_wh
    assert meter.sample.energy_wh == start_wh + taken_wh


def test_home_assistant_restarts_as_well() -> None:
    """That the charger booted is remembered."""
    assert _session(40_000, (43_000, BOOTS), 2_500, restarts=True)[0] == 5_500


@pytest.mark.parametrize("start_wh", [0.0, 40e3])
@pytest.mark.parametrize(
    ("stored_wh", "stored_s", "taken_wh"),
    [
        # What the charger had stored half a minute before its last value, of which nothing else is known.
        (2_400, -30, 2_500),
        (1_900, -300, 2_500),
        # The same register at the same time, or later: the end is right.
        (2_500, -30, 2_500),
        (2_600, 30, 2_600),
    ],
)
def test_the_end_is_what_the_charger_had_stored(
    start_wh: float, stored_wh: float, stored_s: float, taken_wh: float
) -> None:
    """After a power cut, OpenOCPP ends the transaction with the register that it stored last: what its values showed after that counts."""
    meter, at = Meter(phases=3, voltage_v=230, max_a=16), START
    meter.session_starts("tx", start_wh, at)
    for shown_wh in (0.0, 1_250.0, 2_500.0):
        meter.update(
            [Reading(value=start_wh + shown_wh, unit="Wh")], at, session_id="tx"
        )
        at += timedelta(minutes=15)
    last_at = at - timedelta(minutes=15)
    meter.booted(at)
    ended_at = last_at + timedelta(seconds=stored_s)
    end_wh = start_wh + stored_wh
    assert meter.session_stops("tx", end_wh, START, ended_at) == taken_wh
    meter.session_starts("next", start_wh + 2_500.0, at)
    meter.session_stops("next", start_wh + 3_500.0, at, at + HALF_AN_HOUR)
    assert meter.taken_wh("next") == 1_000.0


@pytest.mark.parametrize("start_wh", [0.0, 5e3, 40e3])
def test_an_end_that_was_stored_long_before_says_nothing_of_other_ends(
    start_wh: float,
) -> None:
    """It is lower than the values as the register had not come further, not as ends show the energy of the session."""
    meter, at = Meter(phases=3, voltage_v=230, max_a=16), START
    meter.session_starts("tx0", start_wh, at)
    for shown_wh in range(1_000, 13_000, 1_000):
        at += timedelta(minutes=15)
        reading = Reading(value=start_wh + shown_wh, unit="Wh")
        meter.update([reading], at, session_id="tx0")
    meter.booted(at)
    stored_at = at - timedelta(hours=1)
    meter.session_stops("tx0", start_wh + 8_000, START, stored_at)
    for number in (1, 2):
        at += timedelta(hours=3)
        begun_wh = start_wh + 12_000 * number
        meter.session_starts(f"tx{number}", begun_wh, at)
        ended_at = at + timedelta(hours=3)
        meter.session_stops(f"tx{number}", begun_wh + 12_000, at, ended_at)
        at = ended_at
    assert [meter.taken_wh(f"tx{number}") for number in range(3)] == [12_000.0] * 3
    assert meter.sample.energy_wh == start_wh + 36_000


@pytest.mark.parametrize("ahead", [timedelta(minutes=2), timedelta(days=1)])
def test_the_energy_of_a_session_with_a_wrong_time_is_its_end(ahead: timedelta) -> None:
    """The values are of a young lifetime, which never showed what the end does: that was not stored before them."""
    meter, at = Meter(phases=3, voltage_v=230, max_a=16), START
    meter.session_starts("tx", 0.0, at)
    for shown_wh in (8_400, 12_000, 16_000, 20_000):
        at += HALF_AN_HOUR
        meter.update([Reading(value=shown_wh, unit="Wh")], at, session_id="tx")
    assert meter.session_stops("tx", 12_500, START, max(START, at - ahead)) == 12_500


@pytest.mark.parametrize("shown", [(43_000, 1_000), (43_000, 1_000, 2_500)])
def test_a_charger_that_does_not_say_that_it_booted(
    shown: Shown,
) -> None:
    """Two values may be nonsense; an end that is less than what values show is none of a register that restarts."""
    assert _session(40_000, shown, 2_600)[0] == 3_000


@pytest.mark.parametrize(
    ("sessions", "taken_wh"),
    [
        # The end alone shows it: ends went on before, so it is no energy of the session.
        ([(905e3, (908e3,), 2.5e3), (2.5e3, (5.5e3,), 5.5e3)], [3e3, 5.5e3, 3e3]),
        # The first value does, before what the register had shown at the start.
        ([(905e3, (2e3, 4e3), 4e3), (4e3, (7e3, 9e3), 9e3)], [3e3, 4e3, 5e3]),
        # The register has overtaken its start when the session ends.
        (
            [(905e3, (2e3,), 5e3), (5e3, (1e3, 3e3, 12e3, 20e3), 20e3)],
            [3e3, 5e3, 20e3],
        ),
        # Three values do, also where the third is as high as some before it.
        (
            [(905e3, (910e3, 915e3, 920e3, 5e3, 10e3, 15e3, 20e3), None)],
            [3e3, 15e3 + 20e3],
        ),
        ([(5e3, (10e3, 16e3, 22e3, 6e3, 12e3, 18e3), None)], [3e3, 17e3 + 18e3]),
    ],
)
def test_a_register_that_went_on_restarts_unsaid(
    sessions: list[Session], taken_wh: list[float]
) -> None:
    """What the register was, and what each session shows, is enough."""
    sessions = [(902e3, (904e3,), 905e3), *sessions]
    assert _sessions(sessions)[0] == taken_wh


def _sessions(sessions: list[Session]) -> tuple[list[float | None], Meter]:
    """Report sessions one day after another; return what they took by all that is known in the end, and the meter."""
    meter = Meter(phases=3, voltage_v=230, max_a=16)
    for day, (start_wh, shown, end_wh) in enumerate(sessions):
        started_at = at = START + timedelta(days=day)
        meter.session_starts(str(day), start_wh, at)
        for one in shown:
            at += HALF_AN_HOUR
            if isinstance(one, str):
                meter.booted(at)
            else:
                reading = Reading(value=one, unit="Wh")
                meter.update([reading], at, session_id=str(day))
        at += HALF_AN_HOUR
        meter.session_stops(str(day), end_wh, started_at, at)
    return [meter.taken_wh(str(day)) for day in range(len(sessions))], meter


def test_the_first_value_of_all_is_followed_by_a_power_loss() -> None:
    """Two values after it agree, so it was no nonsense: the lifetime has what flowed since, and does not stand still."""
    shown: Shown = (900e3, BOOTS, 1e3, 3e3, 5e3, 7e3)
    taken_wh, meter = _sessions([(None, shown, 9e3), (None, (11e3,), 12e3)])
    assert taken_wh == [9e3, 3e3]
    assert meter.sample.energy_wh == 912e3


def test_a_register_restarts_before_the_first_value() -> None:
    """It is no nonsense, as the charger says that it booted, although the register could have come from where it stood."""
    sessions: list[Session] = [
        (None, (2e3, 4e3), 5e3),
        (None, (BOOTS, 1e3, 9e3), None),
    ]
    assert _sessions(sessions)[0][1] == 9e3


@pytest.mark.parametrize("shown", [(3e3, 5e3), (3e3, BOOTS, 1e3), (0.0, 3e3, 5e3)])
def test_a_restart_before_the_first_value_is_none_with_each_session(
    shown: Shown,
) -> None:
    """The charger booted: that its first value is below the start shows nothing of the sessions after it."""
    last_wh = shown[-1]
    assert isinstance(last_wh, float)
    sessions: list[Session] = [
        (0, (7e3,), None),
        (7e3, (BOOTS, *shown), None),
        (last_wh, (last_wh + 2e3,), None),
    ]
    assert _sessions(sessions)[0][2] == 2e3


@pytest.mark.parametrize("nonsense", [(500e6,), (500e6, 30e3), (500e6, BOOTS, 2e3)])
def test_an_end_below_nonsense_is_no_restart(nonsense: Shown) -> None:
    """Start and end are of one register: what stands between them may be nonsense."""
    sessions: list[Session] = [
        (902e3, (904e3,), 905e3),
        (905e3, nonsense, 908e3),
        (908e3, (910e3,), 911e3),
    ]
    assert _sessions(sessions)[0] == [3e3, 3e3, 3e3]


def test_all_that_a_charger_counts_restarts_together() -> None:
    """Its ends show the session and its values the lifetime, also when both were zero at one moment.

    The end of that session may as well be all that it took.
    """
    sessions: list[Session] = [
        (0, (41e3, 43e3), 5e3),
        (0, (47e3, BOOTS, 1e3, 3e3), 4e3),
        (0, (6e3, 8e3), 5e3),
        (0, (11e3, 13e3), 6e3),
    ]
    taken_wh, meter = _sessions(sessions)
    assert taken_wh == [5e3, 4e3, 5e3, 6e3]
    assert (meter.sample.energy_wh or 0) <= 5e3 + 6e3 + 5e3 + 6e3


@pytest.mark.parametrize("lifetime_too", [False, True])
def test_what_values_of_the_session_show_before_a_power_loss_counts_once(
    lifetime_too: bool,
) -> None:
    """The next start shows it as well, unless that register restarted, too."""
    lost_wh = 43_500 + 3_000 if lifetime_too else 0
    sessions: list[Session] = [
        (40_000, (1_000, 3_500), None),
        (43_500, (1_000, 3_000, BOOTS, 500, 1_500), None),
        (48_000 - lost_wh, (1_000, 3_000), None),
    ]
    taken_wh, meter = _sessions(sessions)
    assert taken_wh == [3_500, 4_500, 3_000]
    assert meter.sample.energy_wh == 40_000 + 3_500 + 4_500 + 3_000


def test_a_young_lifetime_restarts_with_the_values_of_the_session() -> None:
    """Its end is above its start all the same: it shows less than the values, before and after."""
    sessions: list[Session] = [
        (2e3, (1e3, 3e3), 5.5e3),
        (5.5e3, (10e3, 20e3, BOOTS, 5e3, 7e3), 8e3),
        (8e3, (1e3, 3e3), 11.5e3),
    ]
    assert _sessions(sessions)[0] == [3.5e3, 28e3, 3.5e3]


def test_ends_that_agree_again_show_the_register_of_the_values() -> None:
    """One of them was reset between the last value and the end, before anything was known of it."""
    sessions: list[Session] = [
        (None, (40e3,), 500),
        (None, (20e3, 23e3), 23e3),
        (None, (24e3, 26e3), 26e3),
    ]
    assert _sessions(sessions)[0][2] == 3e3


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
