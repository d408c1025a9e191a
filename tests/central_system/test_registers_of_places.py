"""Which register a charger shows where: those of starts, values and ends may differ, and some mean nothing."""

from datetime import timedelta
import json
from typing import Any

import pytest

from custom_components.sunfuse.central_system import CentralSystem, FinishedTransaction
from custom_components.sunfuse.central_system.station.metering.meter import Meter
from custom_components.sunfuse.central_system.station.metering.sampled_values import (
    Reading,
)

from .charger import Charger
from .charging import CP1, connector
from .conftest import START, Connect, SteppedClock

HALF_AN_HOUR = timedelta(minutes=30)


def _meter() -> Meter:
    return Meter(phases=3, voltage_v=230, max_a=16)


def _session(
    meter: Meter,
    number: int,
    start_wh: float | None,
    values_wh: tuple[float, ...],
    end_wh: float | None,
) -> float | None:
    """Report a session, each reading half an hour after the one before, and another session each day; return its energy."""
    at, name = START + timedelta(days=number), f"tx{number}"
    started_at = at
    meter.session_starts(name, start_wh, at)
    for value_wh in values_wh:
        at += HALF_AN_HOUR
        meter.update([Reading(value=value_wh, unit="Wh")], at, session_id=name)
    return meter.session_stops(name, end_wh, started_at, at + HALF_AN_HOUR)


def test_values_of_the_session_and_ends_of_the_lifetime() -> None:
    """Starts say nothing (lbbrhzn/ocpp issue 2093): the end shows another register, and none of its 50 kWh is counted."""
    meter = _meter()
    assert _session(meter, 0, None, (1_000, 4_000), 55_000) == 4_000
    assert _session(meter, 1, None, (2_000, 3_000), 59_000) == 4_000
    assert _session(meter, 2, None, (), 62_000) == 3_000
    assert meter.sample.energy_wh == 11_000


def test_values_of_the_lifetime_and_ends_of_the_session() -> None:
    """The other way round: ends are below values, so that they count from the start of the session."""
    meter = _meter()
    assert _session(meter, 0, None, (51_000, 54_000), 5_000) == 5_000
    assert _session(meter, 1, None, (56_000, 58_000), 4_000) == 4_000
    assert _session(meter, 2, None, (), 3_000) == 3_000
    assert meter.taken_wh("tx0") == 5_000


@pytest.mark.parametrize("starts", [True, False])
def test_ends_of_the_session_after_ends_of_the_lifetime(starts: bool) -> None:
    """New firmware: an end that is no less than what values show is no restart of their register, and changes none before."""
    meter = _meter()
    for number, wh in enumerate(range(51_000, 93_000, 3_000)):
        before = number < 7
        start_wh = (wh - 1_000 if before else 0) if starts else None
        end_wh = wh + 2_000 if before else 3_000
        taken_wh = _session(meter, number, start_wh, (wh, wh + 2_000), end_wh)
        if starts or number:
            assert taken_wh == 3_000
            assert meter.sample.energy_wh == wh + 2_000
    assert [meter.taken_wh(f"tx{number}") for number in range(1, 14)] == [3_000] * 13


@pytest.mark.parametrize(
    ("starts", "ends_wh"),
    [
        (True, (45_000, 75_000, 56_000)),
        (False, (45_000, 75_000, 56_000)),
        (False, (2_000, 30_000, 6_000)),
        (False, (2_000, 85_000, 6_000)),
    ],
)
def test_one_end_of_nonsense(starts: bool, ends_wh: tuple[float, ...]) -> None:
    """Its session took what the values show: no 25 kWh more flowed in the half hour after the last of them."""
    meter = _meter()
    for number, end_wh in enumerate(ends_wh):
        wh = 43_000 + 5_000 * number
        start_wh = wh - 3_000 if starts else None
        _session(meter, number, start_wh, (wh, wh + 2_000), end_wh)
    assert meter.taken_wh("tx1") == 5_000
    assert meter.sample.energy_wh == 56_000


@pytest.mark.parametrize(
    ("next_wh", "taken_wh"),
    [
        (53_000, 5_000),
        # More flowed than the last value shows.
        (54_000, 6_000),
        # It was reset, or nothing is known.
        (2_000, 35_000),
        (49_500, 35_000),
        (83_000, 35_000),
        (None, 35_000),
    ],
)
def test_an_end_that_the_next_start_contradicts(
    next_wh: float | None, taken_wh: float
) -> None:
    """The register stands where the values lead: no register falls by that much less than it showed."""
    meter = _meter()
    _session(meter, 0, 43_000, (3_000, 5_000), 48_000)
    assert _session(meter, 1, 48_000, (3_000, 5_000), 83_000) == 35_000
    meter.session_starts("tx2", next_wh, START + timedelta(days=2))
    assert meter.taken_wh("tx1") == taken_wh


def test_ends_that_values_confirm_stay_what_they_were() -> None:
    """New firmware shows the session in ends: those of before were of a young lifetime, which rose as their values did."""
    meter = _meter()
    registers = ((3_000, 7_500), (7_500, 12_000), (0, 4_500), (0, 4_500))
    for number, (start_wh, end_wh) in enumerate(registers):
        _session(meter, number, start_wh, (1_000, 2_500), end_wh)
    assert [meter.taken_wh(f"tx{number}") for number in range(4)] == [4_500] * 4
    assert meter.sample.energy_wh == 3_000 + 4 * 4_500


def test_values_above_a_young_lifetime_confirm_nothing() -> None:
    """They and the end show the session: from the start, which is the lifetime, they seem to have risen as well."""
    meter = _meter()
    for number, start_wh in enumerate((0, 2_000, 4_000)):
        _session(meter, number, start_wh, (500, 1_500), 2_000)
    assert _session(meter, 3, 6_000, (7_000, 9_000), 9_000) == 9_000


def test_an_end_after_values_that_stood_still() -> None:
    """A meter that is read no more during a session says nothing of the five hours until its end."""
    meter = _meter()
    values_wh = (44_000, *(45_000,) * 10)
    assert _session(meter, 0, 43_000, values_wh, 90_000) == 47_000


def test_an_end_of_a_clock_that_was_set_back() -> None:
    """It seems to be before the last value; nobody knows how much can have flowed after that."""
    meter = _meter()
    meter.session_starts("tx", 43_000, START)
    for hours in (1, 5):
        at = START + timedelta(hours=hours)
        register = Reading(value=43_000 + 1_000 * hours, unit="Wh")
        meter.update([register], at, session_id="tx")
    end_at = START + timedelta(hours=4)
    assert meter.session_stops("tx", 68_000, START, end_at) == 25_000


def test_an_end_of_zero_takes_nothing_away() -> None:
    """A charger that lost its power and its register in a session ends it at zero: what its values showed has flowed."""
    meter = _meter()
    assert _session(meter, 0, None, (0, 500), 1_000) == 1_000
    assert _session(meter, 1, None, (0, 300), 600) == 600
    assert _session(meter, 2, None, (0, 9_000, 18_000), 0) == 18_000
    assert _session(meter, 3, None, (0, 400), 0) == 400
    assert meter.sample.energy_wh == 20_000


def test_a_register_that_is_often_reset_still_goes_on() -> None:
    """A charger that counts from zero when it boots goes on from session to session otherwise, and ends agree."""
    meter = _meter()
    assert _session(meter, 0, None, (50_000, 60_000), 70_000) == 20_000
    assert _session(meter, 1, None, (0, 10_000), 20_000) == 20_000
    assert _session(meter, 2, None, (20_000, 20_500), 21_000) == 1_000
    assert _session(meter, 3, None, (0, 10_000), 20_000) == 20_000
    assert _session(meter, 4, None, (20_000, 20_500), 21_000) == 1_000
    assert _session(meter, 5, None, (0, 3_000), 6_000) == 6_000
    assert meter.sample.energy_wh == 70_000 + 20_000 + 1_000 + 20_000 + 1_000 + 6_000
    assert meter.taken_wh("tx0") == 20_000
    assert meter.taken_wh("tx2") == 1_000


def test_sessions_after_the_register_was_reset() -> None:
    """A register that goes on was reset once (a new meter): the sessions after it do not count what came before them again."""
    meter = _meter()
    assert _session(meter, 0, None, (50_000, 60_000), 70_000) == 20_000
    for number in range(8):
        values_wh = (2_000 * number + 300, 2_000 * number + 1_000)
        end_wh = 2_000 * number + 2_000
        assert _session(meter, number + 1, None, values_wh, end_wh) == 2_000
    assert meter.sample.energy_wh == 70_000 + 8 * 2_000


@pytest.mark.parametrize("end_wh", [None, 0, 3_000])
def test_starts_of_zero_beside_a_lifetime(end_wh: float | None) -> None:
    """They mean nothing where values show what cannot have flowed since."""
    meter = _meter()
    for number, first_wh in enumerate((50_000, 53_000, 56_000)):
        taken_wh = _session(meter, number, 0, (first_wh, first_wh + 3_000), end_wh)
        assert taken_wh == 3_000
    assert meter.taken_wh("tx1") == 3_000


def test_starts_of_zero_that_cannot_be_believed_later() -> None:
    """A young charger seems to have taken all that its register shows; what is learned later corrects the first session."""
    meter = _meter()
    assert _session(meter, 0, 0, (3_000, 5_000), 5_000) == 5_000
    assert _session(meter, 1, 0, (50_000, 51_000), 51_000) == 1_000
    assert meter.taken_wh("tx0") == 2_000


def test_starts_of_zero_beside_a_new_register() -> None:
    """The first of them was right: its session showed 0 in a value, too, and took all until its last."""
    meter = _meter()
    assert _session(meter, 0, 0, (0, 6_000, 6_000), None) == 6_000
    assert _session(meter, 1, 0, (6_000, 9_000, 9_000), None) == 9_000
    assert _session(meter, 2, 0, (60_000, 60_000), None) == 0
    assert meter.taken_wh("tx0") == 6_000
    assert meter.taken_wh("tx1") == 3_000


def test_a_start_of_zero_after_new_firmware() -> None:
    """The first value shows what cannot have flowed since: the session began where the one before ended."""
    meter = _meter()
    for number in range(4):
        wh = 30_000 * number
        _session(meter, number, wh, (10_000, 20_000), 30_000)
    values_wh = (125_000, *range(130_000, 200_000, 5_000))
    assert _session(meter, 4, 0, values_wh, 200_000) == 80_000
    assert meter.sample.energy_wh == 200_000


def test_a_zero_after_the_first_value() -> None:
    """It was no sign that the first was nonsense: start, other values and end all agree with that."""
    meter = _meter()
    assert _session(meter, 0, 0, (10_000, 0, 30_000, 40_000), 50_000) == 50_000
    assert _session(meter, 1, 0, (90_000, 0, 1_000, 2_000), 3_000) == 3_000


def test_a_register_that_restarts_is_known_after_it_fell() -> None:
    """Then what flowed before the first value of the session before counts as well."""
    meter = _meter()
    assert _session(meter, 0, None, (1_000, 4_000), 4_000) == 3_000
    assert _session(meter, 1, None, (2_000, 3_000), 3_000) == 3_000
    assert meter.taken_wh("tx0") == 4_000
    assert meter.sample.energy_wh == 7_000


def test_a_register_that_was_reset_by_a_boot() -> None:
    """It goes on from zero, and is still one that goes on: starts say where."""
    meter = _meter()
    readings = ((50_000, 52_000), (0, 3_000), (3_000, 4_000), (0, 1_000))
    for number, (start_wh, end_wh) in enumerate(readings):
        taken_wh = _session(meter, number, start_wh, (end_wh,), end_wh)
        assert taken_wh == end_wh - start_wh
    assert meter.sample.energy_wh == 50_000 + 7_000


def test_what_was_shown_first_is_understood_later() -> None:
    """All that flowed since counts, although the register that was seen first turns out to be another one."""
    meter, at = _meter(), START
    meter.session_starts("tx0", 0, at)
    meter.update([Reading(value=40_000)], at, session_id="tx0")
    meter.session_stops("tx0", 180, START, at + timedelta(minutes=1))
    meter.session_starts("tx1", 0, at + timedelta(minutes=3))
    for minutes, value_wh in ((3, 40_180), (63, 62_180), (79, 68_050)):
        later = at + timedelta(minutes=minutes)
        meter.update([Reading(value=value_wh)], later, session_id="tx1")
    end = at + timedelta(minutes=214)
    started_at = at + timedelta(minutes=3)
    assert meter.session_stops("tx1", 55_360, started_at, end) == 55_360
    assert meter.sample.energy_wh == pytest.approx(55_540, abs=360)


def test_what_earlier_versions_stored() -> None:
    """The counter goes on from its tracks, in a session that runs and after it."""
    later = START + HALF_AN_HOUR
    track = {"offset_wh": 0.0, "before_wh": 51_000.0}
    stored: dict[str, Any] = {
        "energy_wh": 52_000.0,
        "restarts": False,
        "risen_at": later.isoformat(),
        "values": {"register_wh": 52_000.0, "at": later.isoformat(), **track},
        "former": None,
        "edges": {"register_wh": 50_000.0, "at": START.isoformat(), **track},
        "session": {
            "started_at": START.isoformat(),
            "energy_wh": 50_000.0,
            "register_wh": 50_000.0,
        },
        "session_id": "tx",
    }
    meter = _meter()
    meter.restore_energy(stored, later)
    assert (meter.sample.energy_wh, meter.session_wh) == (52_000, 2_000)
    meter.update([Reading(value=53_000)], later + HALF_AN_HOUR, session_id="tx")
    assert (meter.sample.energy_wh, meter.session_wh) == (53_000, 3_000)
    end = later + 2 * HALF_AN_HOUR
    assert meter.session_stops("tx", 53_500, START, end) == 3_500
    assert meter.sample.energy_wh == 53_500


def test_an_end_that_earlier_versions_stored() -> None:
    """A session without a start and values goes on from the end of the one before, also over an update."""
    stored: dict[str, Any] = {
        "energy_wh": 88_000.0,
        "restarts": False,
        "values": None,
        "edges": {"register_wh": 88_000.0, "at": START.isoformat()},
        "session": {
            "started_at": (START + HALF_AN_HOUR).isoformat(),
            "energy_wh": 88_000.0,
            "register_wh": None,
        },
        "session_id": "tx",
    }
    meter, end = _meter(), START + 3 * HALF_AN_HOUR
    meter.restore_energy(stored, START + 2 * HALF_AN_HOUR)
    assert meter.sample.energy_wh == 88_000
    started_at = START + HALF_AN_HOUR
    assert meter.session_stops("tx", 97_000, started_at, end) == 9_000
    assert meter.sample.energy_wh == 97_000


async def test_finished_sessions_are_seldom_written(
    system: CentralSystem, connect: Connect, clock: SteppedClock
) -> None:
    """Their readings are in their records; the counter's own memory, written each minute, holds the newest session only."""
    finished: list[FinishedTransaction] = []
    system.subscribe_transactions(finished.append)
    system.accept(CP1)
    charger = await Charger.connect(connect, "1.6")
    await charger.boot()
    for number in range(3):
        transaction = await charger.start(clock.text(), energy_wh=1_000 * number)
        clock.step(3600)
        await charger.stop(transaction, clock.text(), 1_000 * number + 1_000)
        clock.step(3600)
    memory = json.loads(json.dumps(system.stations["CP1"].memory()))
    assert list(memory["energy"]["1"]["sessions"]) == [finished[-1].id]
    assert all(record["registers"] for record in memory["transactions"])
    again = CentralSystem(now=clock)
    again.accept(CP1, memory)
    meter = again.stations["CP1"].connector(1).meter
    assert meter.energy_wh == connector(system).meter.energy_wh == 3_000


def test_what_flows_between_sessions_that_are_many() -> None:
    """Sessions that were never reported count, also when more are known than are remembered."""
    meter = _meter()
    for number in range(120):
        start_wh = 40_000 + 3_500 * number
        assert _session(meter, number, start_wh, (), start_wh + 3_000) == 3_000
    assert meter.sample.energy_wh == 40_000 + 120 * 3_000 + 119 * 500


def test_forgotten_sessions_that_an_earlier_version_stored() -> None:
    """It stored in two ways that ends do not show the register of the values: all goes on from there."""
    meter = _meter()
    for number in range(110):
        _session(meter, number, None, (50_000 + 3_000 * number,), 3_000)
    memory = json.loads(json.dumps(meter.energy_memory()))
    memory["forgotten"]["evidence"]["disagreed"] = True
    restored = _meter()
    restored.restore_energy(memory, START + timedelta(days=110))
    assert restored.sample.energy_wh == meter.sample.energy_wh
    assert _session(restored, 110, None, (50_000 + 3_000 * 110,), 3_000) == 3_000


def test_values_that_stay_zero_at_a_new_charger() -> None:
    """Its first start is 0, and values that never show anything do not contradict the end."""
    meter = _meter()
    assert _session(meter, 0, 0, (0,) * 20, 50_000) == 50_000
    assert meter.sample.energy_wh == 50_000
    assert _session(meter, 1, 50_000, (51_000,), 52_000) == 2_000


@pytest.mark.parametrize("end_wh", [52_000, 500_000])
@pytest.mark.parametrize("full", [0, 20])
def test_a_new_charger_whose_end_is_another_register(end_wh: float, full: int) -> None:
    """Its values move until the end, or until the car is full: an end far above them is none of this session."""
    values_wh = (1_000, 3_000, *(3_000,) * full)
    assert _session(_meter(), 0, 0, values_wh, end_wh) == 3_000


def test_full_cars_at_a_charger_whose_ends_are_the_lifetime() -> None:
    """Starts are 0 and values are of the session: the ends of nights in which cars stay plugged in add nothing."""
    meter = _meter()
    for number in range(8):
        # Once, nothing flows all night.
        took_wh = 0 if number == 4 else 6_000
        values_wh = (took_wh / 2, *(took_wh,) * 20)
        end_wh = 26_000 + 6_000 * (number if number < 4 else number - 1)
        assert _session(meter, number, 0, values_wh, end_wh) == took_wh
    assert meter.sample.energy_wh == 7 * 6_000
