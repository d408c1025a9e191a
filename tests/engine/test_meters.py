"""Meters that lie, and the time between an offer and the value that shows it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from custom_components.sunfuse.engine import Memory, decide
from custom_components.sunfuse.engine.model import (
    Circuit,
    CircuitState,
    Connector,
    ConnectorStatus,
    Decision,
    MeterQuality,
    MeterReading,
    PerPhase,
    PowerReading,
    ReasonKey,
    Site,
    Snapshot,
)

from .common import CHARGING, MAIN, NOW, car, decided, offers, reasons, site, values

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


def at(tick: int, *current_a: float, power_w: float | None = None) -> MeterReading:
    """Return a reading of this tick."""
    return MeterReading(
        at=NOW + timedelta(seconds=5 * tick),
        current_a=current_a or None,
        power_w=power_w,
    )


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
            meters=(("main", at(tick, 18.0, 18.0, 18.0)),),
        )
        decision, memory = decide(snapshot, memory)
        states.append(decision.circuits[0].meter)
    assert states[11] is GOOD
    assert states[-1] is MeterQuality.FROZEN


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


def settled_memory(house_a: float, offer_a: float = 16.0) -> Memory:
    """Return the memory of a site whose house takes this much, and whose car all of its offer."""
    ago = NOW - timedelta(minutes=2)
    standing = replace(car("a", offer_a=offer_a), draw_at=ago)
    before = replace(site(standing, house_a=(house_a,) * 3), now=ago)
    reading = replace(before.meters[0][1], at=ago)
    return decide(replace(before, meters=(("main", reading),)), Memory())[1]


@pytest.mark.parametrize(
    ("changes", "metered_a", "load_a"),
    [
        # A car that was just offered 16 A and still shows 6: what the meter shows above that may be the car.
        ({"offer_a": 16.0, "draw_a": (6.0,) * 3, "offered_at": NOW}, 20, 4),
        # Above the limit there is no such doubt: it has just been offered more, and reports 6 A.
        ({"offer_a": 16.0, "draw_a": (6.0,) * 3, "offered_at": NOW}, 26, 20),
        # One that was just lowered to 10 A takes no more than the 13 A of before: the rest is the house, at once.
        ({"offer_a": 10.0, "draw_a": (13.0,) * 3, "offered_at": NOW}, 28, 15),
        # One that was just lowered to 6 A may still take 16: what the meter no longer shows is not free yet.
        ({"offer_a": 6.0, "draw_a": (16.0,) * 3, "offered_at": NOW}, 20, 4),
        ({"offer_a": 6.0, "draw_a": (16.0,) * 3, "offered_at": NOW}, 10, 4),
        # Settled and reported at the same time: the house is the difference.
        ({"draw_a": (16.0,) * 3}, 26, 10),
        ({"draw_a": (10.0,) * 3}, 18, 8),
        # A draw that was reported a minute ago: the car may have stopped since, so the fall of the meter frees nothing.
        ({"draw_a": (16.0,) * 3, "draw_at": NOW - timedelta(minutes=1)}, 4, 4),
        # Out of reach: anything from nothing to its offer.
        ({"draw_a": (16.0,) * 3, "reachable": False}, 4, 4),
        # A charger that measures nothing.
        ({"draw_a": None, "draw_at": None}, 20, 4),
    ],
)
def test_the_load_is_known_within_bounds(
    changes: dict[str, object], metered_a: float, load_a: float
) -> None:
    """The last estimate is kept as far as meter and chargers allow."""
    standing = replace(car("a"), **{"draw_at": NOW, **changes})  # type: ignore[arg-type]  # any field
    snapshot = replace(
        site(standing),
        meters=(("main", MeterReading(at=NOW, current_a=(metered_a,) * 3)),),
    )
    former_a = max(standing.draw_a) if standing.draw_a else 16.0
    decision = decide(snapshot, settled_memory(4.0, former_a))[0]
    assert decision.circuits[0].uncontrolled_a == pytest.approx((load_a,) * 3)


def test_without_generation_no_load_is_negative() -> None:
    """A meter below the cars' draw frees nothing on a site without reported generation; with it, it does."""
    standing = car("a", draw_a=(16.0,) * 3)
    reading = (("main", MeterReading(at=NOW, current_a=(6.0,) * 3)),)
    dark = replace(site(standing), meters=reading)
    assert decided(dark).circuits[0].uncontrolled_a == (0, 0, 0)
    bright = replace(dark, solar=PowerReading(at=NOW, power_w=9000))
    assert decided(bright).circuits[0].uncontrolled_a == pytest.approx((-10,) * 3)


@pytest.mark.parametrize(
    ("power_w", "solar_w", "load_a"),
    [
        # 4600 W of which nobody knows the phase may all be on one: 20 A on each.
        (4600, 0, (20, 20, 20)),
        # An export of 2300 W under 4600 W of sun: the house takes 2300 W.
        (-2300, 4600, (10, 10, 10)),
    ],
)
def test_a_total_is_on_any_phase(
    power_w: float, solar_w: float, load_a: PerPhase
) -> None:
    """Conservative, as nobody knows which."""
    snapshot = replace(
        site(),
        meters=(("main", MeterReading(at=NOW, power_w=power_w)),),
        solar=PowerReading(at=NOW, power_w=solar_w),
    )
    assert decided(snapshot).circuits[0].uncontrolled_a == pytest.approx(load_a)


def test_a_total_of_one_phase_is_that_phase() -> None:
    """On a single-phase site watts are as good as amperes."""
    snapshot = replace(
        site(),
        site=replace(site().site, phases=1),
        circuits=(replace(MAIN, limit_a=(25,)),),
        meters=(("main", MeterReading(at=NOW, power_w=2300)),),
    )
    assert decided(snapshot).circuits[0].uncontrolled_a == pytest.approx((10,))


def test_overloaded() -> None:
    """A circuit above its limit says so."""
    decision = decided(site(car("a"), house_a=(12, 0, 0)))
    assert decision.circuits[0].state is CircuitState.OVERLOADED
    assert offers(decision) == {"a": 12}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        # An offer that is not known, or has lapsed: at its fail-safe current of 6 A, or what it falls back to.
        ({"offer_a": None, "draw_a": (0.0,) * 3}, 10),
        ({"offer_until": NOW, "draw_a": (0.0,) * 3}, 10),
        ({"offer_a": None, "draw_a": (0.0,) * 3, "fall_back_a": 10.0}, 6),
        # Nor is anything held for a connector that never had a session.
        ({"offer_a": None, "draw_a": (0.0,) * 3, "used": False}, 16),
        # No car: nothing is held, whatever the last one took.
        ({"status": ConnectorStatus.AVAILABLE, "draw_a": (0.0,) * 3}, 16),
        # Switched off, but it still draws 9 A.
        ({"allowed": False, "offer_a": 0.0, "draw_a": (9.0,) * 3}, 7),
        ({"allowed": False, "offer_a": 0.0, "draw_a": (0.0,) * 3}, 16),
    ],
)
def test_what_another_may_still_take_is_not_given(
    changes: dict[str, object], expected: float
) -> None:
    """A car at 6 A rises only into what the other has released, with a main fuse of 17 A less 1 A."""
    other = car("b", **changes)
    if "allowed" not in changes and "status" not in changes:
        other = replace(other, reachable=False)
    snapshot = site(
        car("a", offer_a=6.0),
        other,
        circuits=(replace(MAIN, limit_a=(17, 17, 17)),),
    )
    memory = Memory()
    for second in range(0, 20, 5):
        now = NOW + timedelta(seconds=second)
        told = replace(
            snapshot,
            now=now,
            meters=(("main", replace(snapshot.meters[0][1], at=now)),),
            connectors=tuple(
                replace(c, draw_at=now if c.draw_at else None)
                for c in snapshot.connectors
            ),
        )
        decision, memory = decide(told, memory)
        offer_a = offers(decision)["a"]
        snapshot = replace(
            snapshot,
            connectors=(
                replace(snapshot.connectors[0], offer_a=offer_a),
                snapshot.connectors[1],
            ),
        )
    assert offer_a == pytest.approx(expected)


def test_a_draw_without_a_car_is_the_last_cars() -> None:
    """It holds nothing once it is old, and 6 A rise by 5 A; while it is new, 24 - 14 A are left."""
    for age_s, expected in ((1, 10.0), (30, 11.0)):
        gone = replace(
            car("b", status=ConnectorStatus.AVAILABLE, offer_a=0.0),
            draw_a=(14.0,) * 3,
            draw_at=NOW - timedelta(seconds=age_s),
        )
        snapshot = replace(
            site(car("a", offer_a=6.0), gone),
            meters=(("main", MeterReading(at=NOW, current_a=(6.0,) * 3)),),
        )
        assert offers(decided(snapshot))["a"] == expected


def test_what_is_not_reserved_for_a_charger_out_of_reach_is_not_its_own() -> None:
    """One that takes 16 A of its 6 A, and vanishes, is reserved at 6 A: the other 10 A are given to nobody."""
    wild, other = car("a", offer_a=6.0, draw_a=(16.0,) * 3), car("b", offer_a=6.0)
    memory = Memory()
    for seconds in range(0, 60, 5):
        now = NOW + timedelta(seconds=seconds)
        heard = min(now, NOW + timedelta(seconds=10))
        given_a = other.offer_a or 0.0
        other = replace(other, draw_a=(given_a,) * 3, draw_at=now)
        seen = 2.0 + 16.0 + given_a
        snapshot = replace(
            site(replace(wild, draw_at=heard, reachable=seconds <= 10), other),
            now=now,
            meters=(("main", replace(at(0, seen, seen, seen), at=now)),),
        )
        decision, memory = decide(snapshot, memory)
        other = replace(other, offer_a=offers(decision)["b"], offered_at=now)
    assert 2 + 16 + offers(decision)["b"] <= 24 + 1e-6


def test_a_car_that_was_lowered_hides_nothing_of_the_house() -> None:
    """It took 13 A of 16 A; while the order to take 14 A is under way, a step of the house of 5 A is seen in full."""
    memory = Memory()
    for seconds, offer_a, house_a in ((0, 16.0, 4.0), (30, 16.0, 4.0), (60, 16.0, 9.0)):
        now = NOW + timedelta(seconds=seconds)
        lowered = NOW + timedelta(seconds=55 if seconds == 60 else -300)
        standing = car("a", offer_a=offer_a, draw_a=(13.0,) * 3, offered_at=lowered)
        seen = house_a + 13.0
        snapshot = replace(
            site(replace(standing, draw_at=now)),
            now=now,
            meters=(("main", replace(at(0, seen, seen, seen), at=now)),),
        )
        decision, memory = decide(snapshot, memory)
    assert decision.circuits[0].uncontrolled_a == pytest.approx((9.0,) * 3)


def test_a_charger_above_its_offer_is_not_raised() -> None:
    """Ten seconds after it was commanded 8 A it takes 16 A: it is commanded 8 A again, and nobody gets the other 8 A."""
    wild = car("a", offer_a=8.0, draw_a=(16.0,) * 3)
    memory = Memory()
    for seconds in (0, 5, 10):
        now = NOW + timedelta(seconds=seconds)
        snapshot = replace(
            site(replace(wild, draw_at=now), car("b", offer_a=6.0)),
            now=now,
            meters=(("main", replace(at(0, 22.0, 22.0, 22.0), at=now)),),
        )
        decision, memory = decide(snapshot, memory)
    assert memory.connector("a").asked_again_at
    assert offers(decision)["a"] <= 8
    assert offers(decision)["b"] <= 8


def test_an_offer_that_lapses_is_over_when_it_lapses() -> None:
    """16 A until a second ago may still flow: that is no load of the house, and no disobedience."""
    until = NOW + timedelta(seconds=29)
    standing = car("a", offer_until=until)
    memory = Memory()
    for seconds in (0, 15, 30, 35):
        now = NOW + timedelta(seconds=seconds)
        snapshot = replace(
            site(replace(standing, draw_at=now, reachable=seconds < 30)),
            now=now,
            meters=(("main", replace(at(0, 18.0, 18.0, 18.0), at=now)),),
        )
        decision, memory = decide(snapshot, memory)
    assert decision.circuits[0].uncontrolled_a == pytest.approx((2.0,) * 3)


@pytest.mark.parametrize(
    ("power_w", "state"), [(5600, "limited"), (5800, "overloaded")]
)
def test_a_meter_of_watts_on_one_phase_shows_an_overload(
    power_w: float, state: str
) -> None:
    """25 A at 230 V are 5750 W."""
    one = Site(phases=1, voltage_v=230)
    fuse = replace(MAIN, limit_a=(25,))
    snapshot = Snapshot(
        now=NOW,
        site=one,
        circuits=(fuse,),
        meters=(("main", MeterReading(at=NOW, power_w=power_w)),),
        connectors=(car("a", phases=(0,), offer_a=8.0, draw_a=(8.0,)),),
    )
    assert decided(snapshot).circuits[0].state == state


@pytest.mark.parametrize(
    ("power_w", "state"), [(17_000, "limited"), (17_500, "overloaded")]
)
def test_a_meter_of_watts_on_three_phases_shows_an_overload(
    power_w: float, state: str
) -> None:
    """Three times 25 A at 230 V are 17,250 W: above that some phase is above 25 A. What no car reports is load."""
    snapshot = site(
        car("a", offer_a=16.0, draw_a=(6.0,) * 3, offered_at=NOW),
        meters=(("main", MeterReading(at=NOW, power_w=power_w)),),
    )
    decision = decide(snapshot, settled_memory(4.0, 6.0))[0]
    assert decision.circuits[0].state == state
    house_w = power_w - 6 * 690 if state == "overloaded" else power_w - 16 * 690
    assert decision.circuits[0].uncontrolled_a[0] == pytest.approx(house_w / 230)


SUB = Circuit(
    id="sub", name="Carport", parent="main", limit_a=(32, 32, 32), rated_a=(32, 32, 32)
)
AVAILABLE, OFFLINE = ConnectorStatus.AVAILABLE, ConnectorStatus.UNAVAILABLE


def comes(name: str, circuit: str = "sub", **changes: object) -> Connector:
    """Return a car that has no offer yet."""
    return car(name, circuit=circuit, **{"offer_a": 0.0, **changes})


def circuits_run(
    connectors: list[Connector],
    seconds: int,
    *,
    circuits: tuple[Circuit, ...] = (MAIN, SUB),
    house: Callable[[int], float] = lambda _: 3.0,
    metered: Callable[[int], tuple[str, ...]] = lambda _: ("main", "sub"),
    idle: tuple[str, ...] = (),
    solar: PowerReading | None = None,
) -> list[Decision]:
    """Return a decision every two seconds. The house is on the main circuit, and each car but the idle ones takes its offer.

    A charger that measures nothing has no draw to begin with.
    """
    memory, found = Memory(), []
    for at_s in range(0, seconds, 2):
        now = NOW + timedelta(seconds=at_s)
        flow = {"main": house(at_s) + at_s % 7 / 10, "sub": 0.0}
        for index, one in enumerate(connectors):
            takes = one.reachable and one.status is not AVAILABLE
            taken = (one.offer_a or 0.0) if takes and one.id not in idle else 0.0
            for name in {one.circuit, "main"}:
                flow[name] += taken
            if one.draw_a is not None and one.reachable:
                connectors[index] = replace(one, draw_a=(taken,) * 3, draw_at=now)
        snapshot = replace(
            site(),
            now=now,
            circuits=circuits,
            connectors=tuple(connectors),
            meters=tuple(
                (name, MeterReading(at=now, current_a=(flow[name],) * 3))
                for name in metered(at_s)
            ),
            solar=solar,
        )
        decision, memory = decide(snapshot, memory)
        given = offers(decision)
        connectors = [
            replace(one, offer_a=given[one.id], offered_at=now)
            if one.reachable and given[one.id] != one.offer_a
            else one
            for one in connectors
        ]
        found.append(decision)
    return found


def until(decisions: list[Decision], name: str) -> float:
    """Return after how many seconds a car had an offer."""
    return 2.0 * next(
        (i for i, one in enumerate(decisions) if offers(one)[name] > 0), len(decisions)
    )


@pytest.mark.parametrize(
    ("beside", "idle", "within_s"),
    [
        # An empty connector needs less than the car.
        (comes("a", status=AVAILABLE), (), 10),
        # A charger that is out of reach has 6 A reserved.
        (comes("a", reachable=False, status=OFFLINE, fall_back_a=6.0), (), 10),
        # A car that takes nothing, on a charger that measures nothing, or its power alone.
        (
            replace(
                comes("a", status=ConnectorStatus.PREPARING), draw_a=None, draw_at=None
            ),
            ("a",),
            75,
        ),
        (
            replace(
                comes("a", status=ConnectorStatus.PREPARING), draw_a=None, draw_w=0.0
            ),
            ("a",),
            75,
        ),
        # Two cars: the second starts when the meter has shown the first.
        (comes("a"), (), 20),
    ],
)
def test_the_first_car_below_a_meter_that_shows_nothing(
    beside: Connector, idle: tuple[str, ...], within_s: float
) -> None:
    """Nothing but cars is below it: it rightly shows 0, and must not keep them waiting for ever."""
    least_a = 6.0 if not idle and beside.status is CHARGING else 8.0
    found = circuits_run([beside, comes("b", min_a=least_a)], 200, idle=idle)
    assert until(found, "b") <= within_s
    assert offers(found[-1])["b"] > 6


@pytest.mark.parametrize(
    ("circuits", "expected"),
    [
        # Nothing is known of the house: one car, with its minimum.
        ((MAIN, SUB), {"b": 6}),
        # It is assumed to take 5 A.
        ((replace(MAIN, assumed_load_a=(5, 5, 5)), SUB), {"b": 6}),
    ],
)
def test_what_is_presumed_below_does_not_flow_through_the_main_fuse(
    circuits: tuple[Circuit, ...], expected: dict[str, float]
) -> None:
    """32 A less 6 A are more than the main fuse of 25 A carries: no car would ever charge again."""
    found = circuits_run([comes("b")], 300, circuits=circuits, metered=lambda _: ())
    assert offers(found[-1]) == expected


def test_a_dead_meter_below_stops_no_car_beside_it() -> None:
    """24 A less the assumed 5 A: 6 A for the car behind the dead meter, 13 A for the other."""
    found = circuits_run(
        [comes("b"), comes("c", "main")],
        300,
        circuits=(replace(MAIN, assumed_load_a=(5, 5, 5)), SUB),
        metered=lambda _: (),
    )
    assert offers(found[-1]) == pytest.approx({"b": 6, "c": 13})


def test_the_sun_does_not_shine_on_a_carport() -> None:
    """Generation covers a part of what the main fuse carries: an empty circuit below it is still empty."""
    found = circuits_run(
        [comes("b")],
        1000,
        circuits=(MAIN, replace(SUB, limit_a=(20, 20, 20), rated_a=(20, 20, 20))),
        house=lambda _: -11.0,
        metered=lambda at_s: ("main", "sub") if at_s < 700 else ("main",),
        solar=PowerReading(at=NOW + timedelta(seconds=700), power_w=10_000),
    )
    assert max(found[-1].circuits[1].uncontrolled_a) == pytest.approx(0)
    assert offers(found[-1]) == {"b": 6}


def test_panels_on_a_workshop() -> None:
    """16 A under 18 A of sun show an export of 2 A. When its meter is lost the sun may go: 20 A leave no car its 6 A."""
    cars, memory, found = [comes("b")], Memory(), []
    sub = replace(SUB, limit_a=(20, 20, 20), rated_a=(20, 20, 20))
    for at_s in range(0, 1000, 2):
        now = NOW + timedelta(seconds=at_s)
        trembles_a = at_s % 7 / 10
        snapshot = replace(
            site(),
            now=now,
            circuits=(replace(MAIN, limit_a=(63, 63, 63)), sub),
            connectors=tuple(cars),
            meters=(
                ("main", MeterReading(at=now, current_a=(5.0 + trembles_a,) * 3)),
                ("sub", MeterReading(at=now, current_a=(-2.0 - trembles_a,) * 3)),
            )[: 2 if at_s < 700 else 1],
            solar=PowerReading(at=now, power_w=18 * 690.0),
        )
        if at_s < 700:
            snapshot = replace(snapshot, connectors=(comes("b", status=AVAILABLE),))
        decision, memory = decide(snapshot, memory)
        found.append(decision)
    assert max(found[-1].circuits[1].uncontrolled_a) == pytest.approx(16, abs=0.5)
    assert offers(found[-1]) == {"b": 0}


@pytest.mark.parametrize(
    ("changes", "stops"),
    [
        ({"connect_to": "ws://sunfuse", "draw_a": None, "draw_at": None}, True),
        ({"status": AVAILABLE}, True),
        ({"draw_at": NOW - timedelta(hours=2)}, True),
        # Lost a moment ago: its car may be what looks like a load.
        ({"draw_at": NOW}, False),
    ],
)
def test_a_charger_out_of_reach_does_not_make_the_past_forgotten(
    changes: dict[str, object], stops: bool
) -> None:
    """The house took 20 A some minutes ago: while its meter is lost, that leaves no car its 6 A."""
    away = comes("away", "main", reachable=False, status=OFFLINE, fall_back_a=0.0)
    away = replace(away, **changes)  # type: ignore[arg-type]  # any field
    found = circuits_run(
        [comes("b", "main"), away],
        1000,
        circuits=(MAIN,),
        house=lambda at_s: 20.0 if 200 < at_s < 500 else 3.0,
        metered=lambda at_s: ("main",) if at_s < 800 else (),
    )
    assert (offers(found[-1])["b"] == 0) is stops


def test_export_that_nobody_reports_and_no_draw() -> None:
    """The meter shows feed-in, no panels are known, and the charger measures nothing: the car has its 16 A in the end."""
    blind = replace(comes("b", "main"), draw_a=None, draw_at=None)
    found = circuits_run([blind], 300, circuits=(MAIN,), house=lambda _: -20.0)
    assert offers(found[-1]) == {"b": 16}


def test_what_was_presumed_is_no_peak() -> None:
    """The house took 19 A, and takes 3 A: when the meter is back, the car starts at once."""
    found = circuits_run(
        [comes("b", "main")],
        1200,
        circuits=(MAIN,),
        house=lambda at_s: 19.0 if 200 < at_s < 500 else 3.0,
        metered=lambda at_s: () if 800 <= at_s < 1100 else ("main",),
    )
    assert offers(found[540]) == {"b": 0}
    assert until(found[550:], "b") <= 10
    assert ReasonKey.LOAD_PEAKED not in {reasons(one)["b"] for one in found[450:]}


@pytest.mark.parametrize(
    ("away", "expected_a"),
    [
        # It never reported a car: what is reserved for it is a part of what nobody knows.
        ({"draw_a": None, "draw_at": None}, 6),
        # Its car charged a moment ago, and is the one that may.
        ({"draw_at": NOW}, 0),
    ],
)
def test_a_charger_out_of_reach_beside_a_meter_that_never_proved_right(
    away: dict[str, object], expected_a: float
) -> None:
    """The meter never reported: one car has its minimum, also beside a charger that somebody switched off for the winter."""
    held = comes("away", "main", reachable=False, status=OFFLINE, fall_back_a=6.0)
    held = replace(held, **away)  # type: ignore[arg-type]  # any field
    found = circuits_run(
        [comes("b", "main"), held], 300, circuits=(MAIN,), metered=lambda _: ()
    )
    assert offers(found[-1])["b"] == expected_a


@pytest.mark.parametrize("measures", [True, False])
def test_a_dead_meter_and_chargers_that_do_not_measure(measures: bool) -> None:
    """It shows 0.000 from the first second: one car at a time has its minimum, whether the chargers contradict the meter or not."""
    cars = [comes(name, "main") for name in "bc"]
    if not measures:
        cars = [replace(one, draw_a=None, draw_at=None) for one in cars]
    memory = Memory()
    highest_a = 0.0
    for at_s in range(0, 900, 2):
        now = NOW + timedelta(seconds=at_s)
        dead = MeterReading(at=now, current_a=(0.0, 0.0, 0.0))
        cars = [
            replace(one, draw_a=(one.offer_a or 0.0,) * 3, draw_at=now)
            if measures
            else one
            for one in cars
        ]
        snapshot = replace(
            site(), now=now, connectors=tuple(cars), meters=(("main", dead),)
        )
        decision, memory = decide(snapshot, memory)
        given = offers(decision)
        cars = [
            replace(one, offer_a=given[one.id], offered_at=now)
            if given[one.id] != one.offer_a
            else one
            for one in cars
        ]
        highest_a = max(highest_a, sum(given.values()))
    assert highest_a == 6


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
