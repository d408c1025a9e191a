"""Meters that lie, and the time between an offer and the value that shows it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from custom_components.sunfuse.engine import Memory, decide
from custom_components.sunfuse.engine.model import (
    Circuit,
    CircuitState,
    ConnectorStatus,
    Decision,
    MeterQuality,
    MeterReading,
    PowerReading,
    ReasonKey,
)

from .common import CHARGING, MAIN, NOW, at, car, offers, reasons, site, values

type Told = Callable[[int], MeterReading | None]


def watch(told: Told, ticks: int, **changes: object) -> list[Decision]:
    """Return the decisions of so many ticks, five seconds apart, with the meter's values at each."""
    memory = Memory()
    found = []
    for tick in range(ticks):
        now = NOW + timedelta(seconds=5 * tick)
        reading = told(tick)
        standing = car("a", **changes)
        snapshot = replace(
            site(replace(standing, draw_at=now)),
            now=now,
            meters=(("main", reading),) if reading else (),
        )
        decision, memory = decide(snapshot, memory)
        found.append(decision)
    return found


def wobbling(tick: int, level: float = 18.0) -> MeterReading:
    """Return a reading that changes a little each time."""
    return at(tick, level + tick % 3 / 10, level, level)


GOOD = MeterQuality.GOOD


@pytest.mark.parametrize(
    ("told", "ticks", "quality"),
    [
        (wobbling, 8, GOOD),
        (lambda _: None, 1, MeterQuality.MISSING),
        (at, 1, MeterQuality.MISSING),
        (lambda _: at(0, 18, 18, 18), 8, MeterQuality.STALE),
        # 130 A through 25 A, an impossible power, too few phases, and no number at all.
        (lambda t: at(t, 18, 18, 130), 1, MeterQuality.OUT_OF_RANGE),
        (lambda t: at(t, power_w=-90_000.0), 1, MeterQuality.OUT_OF_RANGE),
        (lambda t: at(t, 18, 18), 1, MeterQuality.OUT_OF_RANGE),
        (lambda t: at(t, 18, 18, float("nan")), 1, MeterQuality.OUT_OF_RANGE),
        (lambda t: at(t, power_w=float("inf")), 1, MeterQuality.OUT_OF_RANGE),
        # Down by more than the fuse within one reading, while the car went on: the last one counts until another confirms it, or
        # should have.
        (lambda t: wobbling(t) if t < 4 else wobbling(t, -20), 5, GOOD),
        (lambda t: wobbling(t) if t < 4 else wobbling(4, -20), 6, GOOD),
        (lambda t: wobbling(t) if t < 4 else wobbling(4, -20), 7, MeterQuality.JUMPED),
        (lambda t: wobbling(t) if t < 4 else wobbling(t, -20), 6, GOOD),
        # Up it is believed at once.
        (lambda t: wobbling(t) if t < 4 else wobbling(t, 50), 5, GOOD),
        # One that changed at every tick stands still for three minutes.
        (
            lambda t: replace(wobbling(min(t, 40)), at=at(t).at),
            75,
            MeterQuality.FROZEN,
        ),
        # One that was never seen to change may stand still for half an hour.
        (lambda t: at(t, 18, 18, 18), 300, GOOD),
        (lambda t: at(t, 18, 18, 18), 370, MeterQuality.FROZEN),
        # It moves again.
        (lambda t: at(t, 18, 18, 18 if t < 370 else 18.5), 372, GOOD),
    ],
)
def test_quality(told: Told, ticks: int, quality: MeterQuality) -> None:
    """What is not believed leaves the car its fail-safe current, and says so; nothing has to be reset."""
    decision = watch(told, ticks)[-1]
    circuit = decision.circuits[0]
    assert circuit.meter is quality
    if quality is GOOD:
        assert circuit.state is not CircuitState.METER_LOST
    else:
        assert circuit.state is CircuitState.METER_LOST
        assert offers(decision) == {"a": 6}
        assert reasons(decision) == {"a": ReasonKey.METER_LOST}
        assert values(decision, "a") == {"circuit": "Main fuse", "quality": quality}


@pytest.mark.parametrize(("car_a", "quality"), [(0.0, GOOD), (0.5, GOOD)])
def test_zeros_are_believed_while_the_cars_take_nothing(
    car_a: float, quality: MeterQuality
) -> None:
    """A circuit with no load shows exactly nothing for hours."""
    told = watch(
        lambda t: at(t, 0, 0, 0, power_w=0.0),
        370,
        status=ConnectorStatus.SUSPENDED_EV,
        draw_a=(car_a,) * 3,
    )
    assert {decision.circuits[0].meter for decision in told} == {quality}


def test_zeros_are_not_believed_while_a_car_charges() -> None:
    """A car takes 16 A and the meter shows 0.000: the car knows better."""
    told = watch(lambda t: at(t, 0, 0, 0, power_w=0.0), 6)
    assert told[-1].circuits[0].meter is MeterQuality.CONTRADICTED
    assert offers(told[-1]) == {"a": 6}


def test_zeros_beside_a_sun_that_explains_them_stand_still_all_the_same() -> None:
    """11 kW of sun might feed the car's 16 A exactly, but not for half an hour."""
    memory = Memory()
    for tick in range(370):
        now = NOW + timedelta(seconds=5 * tick)
        snapshot = replace(
            site(replace(car("a"), draw_at=now)),
            now=now,
            meters=(("main", at(tick, 0, 0, 0)),),
            solar=PowerReading(at=now, power_w=11_000),
        )
        decision, memory = decide(snapshot, memory)
    assert decision.circuits[0].meter is MeterQuality.FROZEN


@pytest.mark.parametrize(("days", "frozen_after"), [(0, 11), (2, 5)])
def test_a_slow_meter_that_never_showed_the_same(days: int, frozen_after: int) -> None:
    """One of each half minute that is new may have quiet minutes; of one that had other values for days, five of the same have failed."""
    memory = Memory()
    repeats = []
    for tick in range(60):
        now = NOW + timedelta(seconds=30 * tick)
        if tick == 40:
            [(name, past)] = memory.circuits.items()
            past = replace(past, changes=past.changes + days * 2880)
            memory = replace(memory, circuits={name: past})
        seen_a = 18.0 + min(tick, 40) % 7 / 10
        snapshot = replace(
            site(replace(car("a"), draw_at=now)),
            now=now,
            meters=(("main", replace(at(0, seen_a, seen_a, seen_a), at=now)),),
        )
        decision, memory = decide(snapshot, memory)
        if decision.circuits[0].meter is MeterQuality.FROZEN:
            repeats.append(tick - 40)
    assert repeats[0] == frozen_after


def test_a_meter_that_does_not_see_the_cars_is_frozen() -> None:
    """A car that went from 16 to 6 A must show, except that chargers report late what the meter saw at once."""
    memory = Memory()
    states = []
    for tick in range(20):
        now = NOW + timedelta(seconds=5 * tick)
        drawn = 16.0 if tick < 8 else 6.0
        standing = car("a", offer_a=drawn, draw_a=(drawn,) * 3)
        snapshot = replace(
            site(replace(standing, draw_at=now)),
            now=now,
            meters=(("main", replace(at(tick, 18.0, 18.0, 18.0), oldest="sensor.l1")),),
        )
        decision, memory = decide(snapshot, memory)
        states.append(decision.circuits[0].meter)
    assert states[11] is GOOD
    assert states[-1] is MeterQuality.FROZEN
    assert values(decision, "a")["sensor"] == "sensor.l1"


def test_a_meter_that_saw_a_car_before_its_charger_reported_is_not_frozen() -> None:
    """The meter stands still as soon as a car has reached 16 A; the charger reports that 20 s later."""
    memory = Memory()
    for tick in range(25):
        now = NOW + timedelta(seconds=5 * tick)
        told = 8.0 if tick < 5 else 16.0
        meter_a = 10.0 if tick == 0 else 18.0
        standing = car("a", offer_a=16.0, draw_a=(told,) * 3)
        snapshot = replace(
            site(replace(standing, draw_at=now)),
            now=now,
            meters=(("main", at(tick, meter_a, meter_a, meter_a)),),
        )
        decision, memory = decide(snapshot, memory)
    assert decision.circuits[0].meter is GOOD


def test_a_meter_that_lags_behind_a_ramp() -> None:
    """The house takes 10 A. The meter is 2 s behind a car that rises by 1 A/s: that makes no house of 8 A."""
    memory = Memory()
    loads = []
    for at_s in range(0, 40, 2):
        now = NOW + timedelta(seconds=at_s)
        drawn = [max(6.0, min(6.0 + s, 16.0)) for s in (at_s - 10, at_s - 12)]
        standing = car("a", offer_a=16.0, draw_a=(drawn[0],) * 3, offered_at=NOW)
        seen = 10.0 + drawn[1]
        reading = replace(at(0, seen, seen, seen), at=now)
        snapshot = replace(
            site(replace(standing, draw_at=now)), now=now, meters=(("main", reading),)
        )
        decision, memory = decide(snapshot, memory)
        loads.append(decision.circuits[0].uncontrolled_a[0])
    assert min(loads[1:]) == pytest.approx(10.0)


def test_lost_meter_keeps_the_last_load() -> None:
    """19 A of house on L1 leave no fail-safe current of 6 A, whether the meter is silent or not."""
    decisions = watch(lambda t: at(t, 35, 2, 2) if t < 3 else None, 5)
    assert offers(decisions[-1]) == {"a": 0}


def test_a_silent_sensor_hides_no_overload() -> None:
    """L3 is silent for a moment, which is bridged; 50 A on L1 at the same time count at once."""
    memory, decision = Memory(), None
    for second in range(30):
        now = NOW + timedelta(seconds=second)
        reading = MeterReading(at=now, current_a=(18 + second % 3 / 10, 18, 18))
        if second >= 28:
            on_l1_a = 18.0 if second == 28 else 50.0
            reading = MeterReading(at=now, known_a=(on_l1_a, 18, None), silent=("L3",))
        snapshot = replace(
            site(replace(car("a"), draw_at=now)),
            now=now,
            meters=(("main", reading),),
        )
        decision, memory = decide(snapshot, memory)
        if second == 28:
            assert offers(decision) == {"a": 16}
    assert decision is not None
    assert offers(decision) == {"a": 0}
    assert decision.circuits[0].state is CircuitState.OVERLOADED


def test_a_charger_that_was_away_tells_late_that_its_car_stopped() -> None:
    """Its circuit shows rightly that nothing flows on L1 and L3 since then: no sensor is stuck."""
    memory, decision = Memory(), None
    garage = Circuit(id="garage", name="Garage", parent="main", limit_a=(20, 20, 20))
    told_at = NOW
    for second in range(0, 900, 5):
        now = NOW + timedelta(seconds=second)
        charges, away = second < 330, 300 <= second < 600
        if not away:
            told_at = now
        told_a = 16.0 if second < 600 else 0.0
        taken_a = 16.0 if charges else 0.0
        one = replace(
            car("a", circuit="garage"),
            draw_a=(told_a,) * 3,
            draw_at=told_at,
            status=CHARGING if second < 600 else ConnectorStatus.SUSPENDED_EV,
            reachable=not away,
        )
        wobble_a = second % 7 / 10
        flows_a = (taken_a - charges * wobble_a, taken_a + wobble_a, taken_a)
        snapshot = replace(
            site(one),
            now=now,
            circuits=(MAIN, garage),
            meters=tuple(
                (name, MeterReading(at=now, current_a=flows_a))
                for name in ("main", "garage")
            ),
        )
        decision, memory = decide(snapshot, memory)
        if second > 0:
            assert [c.meter for c in decision.circuits] == [MeterQuality.GOOD] * 2
