"""A fuse that is too small for all: who runs, who yields, what is lent, and what a fuse bears."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from custom_components.sunfuse.engine import Memory, decide
from custom_components.sunfuse.engine.cars.asking import phases_in_use
from custom_components.sunfuse.engine.limits.fuse_curve import CURVES, warmed
from custom_components.sunfuse.engine.memory import ConnectorMemory, Draw
from custom_components.sunfuse.engine.model import (
    Connector,
    ConnectorStatus,
    Mode,
    PlanSlot,
    ReasonKey,
    Snapshot,
)
from custom_components.sunfuse.engine.tuning import Characteristic, Policy, Tuning

from .common import HOUR, NOW, car, later, offers, on, reasons, settle, site
from .plant import Car, Plant, charger, main

MINUTE = timedelta(minutes=1)
ONE_AMPERE_WH = 690.0  # in an hour on three phases
BY_TIME = [Policy.NEED, Policy.DEADLINE, Policy.LAXITY]


def needs(name: str, hours: float, ampere_hours: float, **changes: Any) -> Connector:
    """Return a car that leaves in so many hours and lacks so many ampere-hours on three phases."""
    return car(
        name,
        departure=NOW + hours * HOUR,
        energy_needed_wh=ampere_hours * ONE_AMPERE_WH,
        **changes,
    )


def waits(minutes: float) -> ConnectorMemory:
    """Return the past of a car that has waited for so long."""
    return ConnectorMemory(asked_at=NOW - HOUR, off_since=NOW - minutes * MINUTE)


def runs(minutes: float, **changes: Any) -> ConnectorMemory:
    """Return the past of a car that has charged for so long."""
    return ConnectorMemory(
        asked_at=NOW - HOUR, on_since=NOW - minutes * MINUTE, **changes
    )


@pytest.mark.parametrize("policy", [*BY_TIME, Policy.FIRST_COME])
@pytest.mark.parametrize(("waited_min", "first"), [(30, "b"), (61, "a")])
def test_the_policy_decides_who_runs(
    policy: Policy, waited_min: float, first: str
) -> None:
    """One place: the car that the policy prefers has it, unless the other has waited for an hour."""
    a = needs("a", 4, 63, offer_a=0.0, connected_at=NOW - HOUR)
    b = needs("b", 2, 31.9, offer_a=0.0, connected_at=NOW - 2 * HOUR)
    known = Memory(connectors={"a": waits(waited_min), "b": waits(1)})
    decision, _ = decide(on(7, a, b, policy=policy), known)
    assert [name for name, offer_a in offers(decision).items() if offer_a] == [first]


@pytest.mark.parametrize("policy", [*BY_TIME, Policy.FIRST_COME])
@pytest.mark.parametrize("fits", [2, 3])
def test_many_that_wait_take_turns_in_time(policy: Policy, fits: int) -> None:
    """Seven cars without a departure, for all of which there are two or three places: nobody waits longer than an hour.

    The last of them starts when it is over, so the first have to begin earlier: a place is used for a turn of 15 minutes.
    """
    names = "abcdefg"
    cars = [car(name, offer_a=0.0, connected_at=NOW - HOUR) for name in names]
    snapshot = on(6.0 * fits + 1.5, *cars, house_a=(0.5,) * 3, policy=policy)
    memory, since = Memory(), dict.fromkeys(names, NOW)
    longest = timedelta()
    for _ in range(4 * 120):
        decision, memory = decide(snapshot, memory)
        for name, offer_a in offers(decision).items():
            if offer_a:
                since[name] = snapshot.now
            longest = max(longest, snapshot.now - since[name])
        snapshot = later(snapshot, 30, decision)
    assert longest <= HOUR


def test_where_a_turn_for_all_takes_longer_than_an_hour_they_take_turns() -> None:
    """Ten cars and one place: each has a turn of a quarter of an hour, one after the other from the first."""
    names = [f"k{n}" for n in range(10)]
    cars = [car(name, offer_a=0.0, connected_at=NOW - HOUR) for name in names]
    snapshot = on(7.5, *cars, house_a=(0.5,) * 3, policy=Policy.FIRST_COME)
    memory, ran = Memory(), set()
    for _ in range(180 * 2):
        decision, memory = decide(snapshot, memory)
        ran |= {name for name, offer_a in offers(decision).items() if offer_a}
        snapshot = later(snapshot, 30, decision)
    assert ran == set(names)


@pytest.mark.parametrize("policy", BY_TIME)
def test_a_car_without_need_is_not_admitted_for_waiting(policy: Policy) -> None:
    """It could not matter to it any more."""
    a = needs("a", 4, 0, offer_a=0.0)
    b = needs("b", 8, 32, offer_a=0.0)
    known = Memory(connectors={"a": waits(90), "b": waits(1)})
    decision, _ = decide(on(7, a, b, policy=policy), known)
    assert offers(decision) == {"a": 0, "b": 6}


@pytest.mark.parametrize("policy", BY_TIME)
def test_who_has_time_yields_even_its_minimum(policy: Policy) -> None:
    """14 A: one must charge with 16 A until it leaves; the other needs half an hour of the next ten."""
    cars = [needs("a", 1, 16, offer_a=8.0), needs("b", 10, 8, offer_a=6.0)]
    known = Memory(connectors={"a": runs(20), "b": runs(20)})
    _, decision, _ = settle(on(14, *cars, policy=policy), 20, known)
    assert offers(decision) == {"a": 14, "b": 0}


def test_a_shortage_is_not_shared_by_those_who_have_no_time() -> None:
    """14 A for an hour, and two cars need 13 of it each: the first to leave has them, so that one of two is ready."""
    cars = [needs("a", 1.0, 15.5, offer_a=7.0), needs("b", 1.1, 17.0, offer_a=7.0)]
    known = Memory(connectors={"a": runs(20), "b": runs(20)})
    _, decision, _ = settle(on(14, *cars, policy=Policy.DEADLINE), 60, known)
    assert offers(decision) == {"a": 14, "b": 0}
    # One that started a minute ago keeps its minimum.
    known = Memory(connectors={"a": runs(20), "b": runs(1)})
    _, decision, _ = settle(on(14, *cars, policy=Policy.DEADLINE), 60, known)
    assert offers(decision) == {"a": 8, "b": 6}
    # Under the other policies both have their minimum.
    known = Memory(connectors={"a": runs(20), "b": runs(20)})
    _, decision, _ = settle(on(14, *cars, policy=Policy.NEED), 60, known)
    assert min(offers(decision).values()) >= 6


def asleep(*names: str) -> Memory:
    """Return a past in which all have waited for a minute."""
    return Memory(connectors={name: waits(1) for name in names})


@pytest.mark.parametrize(
    ("limit_a", "cars", "expected"),
    [
        # 16 A: 15 and 14 of 24 Ah do not both fit. Without the larger one, the other is ready.
        (17, [needs("a", 1, 15), needs("b", 1.5, 14)], {"a": 0, "b": 16}),
        # Both fit: the first to leave goes first.
        (17, [needs("a", 1, 11), needs("b", 1.5, 12)], {"a": 16, "b": 0}),
        # No car takes 30 Ah in an hour: nothing is taken for it from one that can be ready.
        (17, [needs("a", 1, 30), needs("b", 1.5, 20)], {"a": 0, "b": 16}),
        # Nobody can be ready: the first to leave goes first.
        (17, [needs("a", 1, 30), needs("b", 1.5, 40)], {"a": 16, "b": 0}),
        # Who is left out comes before those who leave later.
        (
            23,
            [needs("a", 1, 15.5), needs("b", 1.1, 15), needs("c", 8, 20)],
            {"a": 7, "b": 16, "c": 0},
        ),
        # Who can wait no longer comes first, whenever it leaves.
        (17, [needs("a", 1, 4), needs("b", 4, 63.9)], {"a": 0, "b": 16}),
        # What is not known or not needed is in no hurry; where there is enough, those that come together have their minimum, if it fits.
        (
            17,
            [needs("a", 1, 0), car("b"), needs("c", 4, 8), car("d")],
            {"a": 0, "b": 6, "c": 11, "d": 0},
        ),
        (
            17,
            [needs("a", 3, 8), car("b", departure=NOW + HOUR)],
            {"a": 0, "b": 16},
        ),
    ],
)
def test_as_many_as_possible_are_ready(
    limit_a: float, cars: list[Connector], expected: dict[str, float]
) -> None:
    """Under `deadline` the current goes to those that it makes ready, in the order of their departures."""
    cars = [replace(one, offer_a=0.0) for one in cars]
    known = asleep(*(one.id for one in cars))
    # A meter that shows exactly nothing would have to show the first car before another one starts.
    standby_a = 0.25
    snapshot = on(
        limit_a + standby_a, *cars, house_a=(standby_a,) * 3, policy=Policy.DEADLINE
    )
    _, decision, _ = settle(snapshot, 60, known)
    assert offers(decision) == expected


def test_who_can_still_be_ready_does_not_have_to_be_admitted_for_waiting() -> None:
    """One place: a car that has half an hour to spare waits for it, one that is left out, or of which nothing is known, does not."""
    unknown = car("a", offer_a=0.0)
    spare, left_out = (needs("a", hours, 9, offer_a=0.0) for hours in (2.0, 1.0))
    for first, places in ((spare, ["b"]), (left_out, ["a"]), (unknown, ["a"])):
        cars = [first, needs("b", 0.9, 5, offer_a=0.0)]
        known = Memory(connectors={"a": waits(61), "b": waits(1)})
        decision, _ = decide(on(7, *cars, policy=Policy.DEADLINE), known)
        assert [n for n, a in offers(decision).items() if a] == places


def test_what_a_starting_car_will_take_starts_no_other() -> None:
    """23 A: the first starts with 6 A, and what it takes a few seconds later is not lent to a third that would be stopped for it."""
    cars = [
        needs("a", 3, 40, offer_a=0.0),
        needs("b", 4, 55, offer_a=0.0),
        needs("c", 5, 70, offer_a=0.0),
    ]
    snapshot, memory = on(23, *cars, policy=Policy.DEADLINE), asleep("a", "b", "c")
    given: set[str] = set()
    for _ in range(40):
        decision, memory = decide(snapshot, memory)
        given |= {name for name, a in offers(decision).items() if a}
        snapshot = later(snapshot, 5, decision)
    assert given == {"a", "b"}


@pytest.mark.parametrize("policy", [Policy.DEADLINE, Policy.LAXITY])
def test_who_has_time_does_not_start_beside_one_who_can_use_all(
    policy: Policy,
) -> None:
    """It starts when the other has all that it takes."""
    for limit_a, started_a in ((16.5, 0), (24, 6)):
        cars = [needs("a", 2, 20, offer_a=16.0), needs("b", 10, 8, offer_a=0.0)]
        known = Memory(connectors={"a": runs(20), "b": waits(1)})
        _, decision, _ = settle(on(limit_a, *cars, policy=policy), 20, known)
        assert (offers(decision)["b"] >= 6) is (started_a > 0)


@pytest.mark.parametrize("policy", [Policy.DEADLINE, Policy.LAXITY])
@pytest.mark.parametrize(
    ("needed_ah", "first_a", "second_a", "expected"),
    [
        # 20 A and one car of 16 A: it can wait for 45 minutes, so it gives up the 2 A that the next one's minimum lacks.
        (20.0, 16.0, 0.0, {"a": 14, "b": 6}),
        # It can wait for 26 minutes. With 14 A it is full after 107 minutes, and that is early enough.
        (25.0, 16.0, 0.0, {"a": 14, "b": 6}),
        # With 14 A it is full after 116 minutes, four before it leaves: nobody starts for that, and who runs goes on.
        (27.0, 16.0, 0.0, {"a": 16, "b": 0}),
        (27.0, 14.0, 6.0, {"a": 14, "b": 6}),
        # It can wait for 8 minutes: all that it takes is its own.
        (29.8, 14.0, 6.0, {"a": 16, "b": 0}),
    ],
)
def test_nothing_lies_idle_below_a_minimum(
    policy: Policy,
    needed_ah: float,
    first_a: float,
    second_a: float,
    expected: dict[str, float],
) -> None:
    """What one car leaves is less than the minimum of the next: it lies idle, unless the first can wait a little."""
    cars = [
        needs("a", 2, needed_ah, offer_a=first_a),
        needs("b", 10, 110, offer_a=second_a),
    ]
    known = {"a": runs(20), "b": runs(20) if second_a else waits(1)}
    snapshot = on(20, *cars, policy=policy)
    _, decision, _ = settle(snapshot, 20, Memory(connectors=known))
    assert offers(decision) == pytest.approx(expected, abs=0.2)


@pytest.mark.parametrize(
    ("a_needs_ah", "b_changes", "expected"),
    [
        # 13 A for three hours: a needs 4 Ah of them, b 18 Ah at its minimum: nobody is stopped, and a has the rest.
        (4, {}, {"a": 7, "b": 6}),
        # There would be just enough for both, and nothing for others that may come.
        (12, {}, {"a": 13, "b": 0}),
        # With 6 A for b, a would not be ready.
        (30, {}, {"a": 13, "b": 0}),
        # A lower priority makes room.
        (4, {"priority": 4}, {"a": 13, "b": 0}),
    ],
)
def test_who_runs_keeps_its_minimum_where_that_makes_nobody_late(
    a_needs_ah: float, b_changes: dict[str, Any], expected: dict[str, float]
) -> None:
    """A car comes that leaves first: it has what it needs, and the other is stopped only if it takes that."""
    a = needs("a", 3, a_needs_ah, offer_a=0.0)
    b = replace(needs("b", 4, 30, offer_a=13.0), **b_changes)
    known = Memory(connectors={"a": waits(1), "b": runs(20)})
    _, decision, _ = settle(on(13, a, b, policy=Policy.DEADLINE), 60, known)
    assert offers(decision) == pytest.approx(expected, abs=0.2)


def test_who_should_have_left_takes_nobody_s_place() -> None:
    """c, whose departure was half an hour ago, is still there and charges: b keeps its minimum beside it."""
    a = needs("a", 3, 12, offer_a=0.0)
    b, c = needs("b", 4, 30, offer_a=13.0), needs("c", -0.5, 9, offer_a=6.0)
    known = Memory(connectors={"a": waits(1), "b": runs(20), "c": runs(20)})
    _, decision, _ = settle(on(20, a, b, c, policy=Policy.DEADLINE), 60, known)
    assert offers(decision) == pytest.approx({"a": 0, "b": 6, "c": 14}, abs=0.2)


def test_who_runs_on_another_phase_makes_nobody_late() -> None:
    """7 A on each phase: b keeps them on L2, while a, which needs all of L1, takes the place of c."""
    a = replace(needs("a", 1, 2, offer_a=0.0), phases=(0,))
    b, c = (
        replace(needs(name, 2, 4, offer_a=7.0), phases=(phase,))
        for name, phase in (("b", 1), ("c", 0))
    )
    known = Memory(connectors={"a": waits(1), "b": runs(20), "c": runs(20)})
    snapshot = on(7, a, b, c, policy=Policy.DEADLINE)
    _, decision, _ = settle(snapshot, 60, known)
    assert offers(decision) == pytest.approx({"a": 7, "b": 7, "c": 0}, abs=0.2)


@pytest.mark.parametrize(
    ("waited", "ran_min", "other_waits_min", "first"),
    [
        # b was admitted for waiting: it goes on for up to an hour, although a could wait for less,
        (True, 40, 20, "b"),
        (True, 61, 20, "a"),
        # unless the hour of another one is over.
        (True, 40, 61, "c"),
        # In its first quarter of an hour nobody takes its place.
        (True, 10, 61, "b"),
        # Who is there by the policy makes room for one that could wait for an hour less.
        (False, 40, 20, "a"),
    ],
)
def test_a_car_that_waited_too_long_goes_on_until_another_has(
    waited: bool, ran_min: float, other_waits_min: float, first: str
) -> None:
    """One place under `laxity`: one long turn is one start, and longer turns are fewer."""
    a = needs("a", 0.9, 32, offer_a=0.0)  # it can get less than half of that
    b = needs("b", 2, 32, offer_a=7.0)
    c = needs("c", 2, 32, offer_a=0.0)
    known = {
        "a": waits(1),
        "b": runs(ran_min, waited_long=waited),
        "c": waits(other_waits_min),
    }
    snapshot = on(7, a, b, c, policy=Policy.LAXITY)
    _, decision, _ = settle(snapshot, 60, Memory(connectors=known))
    assert [name for name, a_ in offers(decision).items() if a_] == [first]


@pytest.mark.parametrize(("a_spare_h", "first"), [(0.8, "a"), (1.2, "b")])
def test_who_could_wait_for_an_hour_less_takes_a_place(
    a_spare_h: float, first: str
) -> None:
    """One place under `laxity`: a car with two hours to spare does not go on until it is full, while another one runs out of time."""
    a = needs("a", 2 + a_spare_h, 32, offer_a=0.0)
    b = needs("b", 4, 32, offer_a=7.0)
    known = Memory(connectors={"a": waits(20), "b": runs(20)})
    _, decision, _ = settle(on(7, a, b, policy=Policy.LAXITY), 60, known)
    assert [name for name, a_ in offers(decision).items() if a_] == [first]


@pytest.mark.parametrize(
    ("b_needs_ah", "a_spare_h", "first"),
    [
        # b is full within a quarter of an hour at 16 A: a, which could wait for an hour less, can wait for that.
        (3.9, 0.7, "b"),
        (4.1, 0.7, "a"),
        # It would not wait if it could for no more than half an hour.
        (3.9, 0.4, "a"),
        # b has what it needs: all that it takes is more.
        (0.0, 0.7, "a"),
    ],
)
def test_who_is_soon_full_goes_on(
    b_needs_ah: float, a_spare_h: float, first: str
) -> None:
    """One place under `laxity`: a car that is stopped minutes before it is full needs another start later."""
    a = needs("a", 2 + a_spare_h, 32, offer_a=0.0)
    b = needs("b", 4, b_needs_ah, offer_a=7.0)
    known = Memory(connectors={"a": waits(20), "b": runs(20)})
    _, decision, _ = settle(on(7, a, b, policy=Policy.LAXITY), 60, known)
    assert [name for name, a_ in offers(decision).items() if a_] == [first]


def test_who_leaves_first_keeps_its_place_where_that_makes_nobody_late() -> None:
    """17 A: a cannot be ready any more. It goes first if b can be ready all the same, and has to wait if not."""
    for needed_ah, first in ((9, "a"), (14, "b")):
        cars = [
            needs("a", 0.5, 16, offer_a=0.0),
            needs("b", 1.5, needed_ah, offer_a=0.0),
        ]
        snapshot = on(17, *cars, policy=Policy.DEADLINE)
        _, decision, _ = settle(snapshot, 60, asleep("a", "b"))
        assert [name for name, offer_a in offers(decision).items() if offer_a] == [
            first
        ]


def test_a_car_on_another_phase_is_not_made_late() -> None:
    """17 A on L1: a cannot be ready, and goes first, since b can be ready all the same. What c needs on L2 does not count."""
    on_l1 = [needs("a", 0.5, 16 / 3, offer_a=0.0), needs("b", 1.5, 9 / 3, offer_a=0.0)]
    cars = [replace(one, phases=(0,)) for one in on_l1]
    cars.append(replace(needs("c", 1.0, 15 / 3, offer_a=0.0), phases=(1,)))
    snapshot = on(17, *cars, policy=Policy.DEADLINE)
    _, decision, _ = settle(snapshot, 60, asleep("a", "b", "c"))
    offered = offers(decision)
    assert [name for name, offer_a in offered.items() if offer_a] == ["a", "c"]


def test_what_cannot_start_yet_is_lent() -> None:
    """The house took 14 A a minute ago: beside 24 - 15 A and one minimum nobody else starts, so one car has it all."""
    a, b = car("a", offer_a=10.0), car("b", offer_a=0.0)
    known = Memory(connectors={"a": runs(20), "b": waits(1)})
    snapshot = site(a, house_a=(14.0,) * 3)
    decision, known = decide(snapshot, known)
    for _ in range(4):
        snapshot = later(snapshot, 5, decision)
        decision, known = decide(snapshot, known)
    reading = snapshot.meters[0][1]
    less = tuple(amps - 10.0 for amps in reading.current_a or ())
    snapshot = replace(
        snapshot,
        connectors=(*snapshot.connectors, b),
        meters=(("main", replace(reading, current_a=less)),),
    )
    _, decision, _ = settle(snapshot, 20, known)
    assert offers(decision) == {"a": 16, "b": 0}
    assert reasons(decision)["b"] is ReasonKey.LOAD_PEAKED


def test_what_steps_leave_is_not_taken_from_who_starts() -> None:
    """A minute ago the house took 1.6 A more: that stays free for the second car's start, and is no remainder for the first.

    15 A less 1.6 A and a minimum of 6 A are 7.4 A for the one that came first, which had all 15.
    """
    cars = [
        Car(connector=charger("a", phases=(0,)), phases=1),
        Car(connector=charger("b"), arrives_s=90),
    ]
    plant = Plant(
        cars=cars,
        circuits=(main(21),),
        loads={"main": lambda at_s: (6.6 if at_s < 60 else 5.0, 0.3, 0.3)},
        report_s=5,
    )
    plant.settings = replace(
        Snapshot(now=NOW, site=plant.site, circuits=()), policy=Policy.FIRST_COME
    )
    plant.run(96)
    offered = offers(plant.decisions[-1])
    assert offered["b"] == 6
    assert 6 <= offered["a"] <= 7.4


def busy(
    characteristic: Characteristic,
    step_a: float,
    lasts_s: int,
    *,
    report_s: float = 5,
    inrush_a: float = 0.0,
) -> Plant:
    """Return ten cars beside 30 A behind 100 A, and what comes on top after ten minutes.

    `inrush_a` is what the building takes in the first second of that.
    """

    def load(at_s: float) -> tuple[float, ...]:
        stepped_a = 30.0 + step_a if 600 <= at_s < 600 + lasts_s else 30.0
        return (max(stepped_a, inrush_a if at_s == 600 else 0.0),) * 3

    return Plant(
        cars=[
            Car(connector=charger(f"k{n}", mode=Mode.FAST), phases=3) for n in range(10)
        ],
        circuits=(replace(main(100), characteristic=characteristic),),
        loads={"main": load},
        meter_s=1,
        tick_s=1,
        report_s=report_s,
        noise_a=0.1,
    )


@pytest.mark.parametrize("kind", list(Characteristic))
def test_an_inrush_of_two_seconds(kind: Characteristic) -> None:
    """145 A of 100 A: a fuse bears that, and nobody is paused; with `strict` they come back soon."""
    plant = busy(kind, 47.0, 2)
    plant.run(700)
    stops = sum(one.stops for one in plant.cars)
    assert (stops > 0) is (kind is Characteristic.STRICT)
    at_s = {
        int((d.now - plant.decisions[0].now).total_seconds()): d
        for d in plant.decisions
    }
    back = sum(one.offer_a >= 6 for one in at_s[640].connectors)
    # The last wait where ten seconds' mean of the inrush leaves no room beside all the others.
    assert back >= (9 if kind is Characteristic.STRICT else 10)


@pytest.mark.parametrize("report_s", [5, 10, 30])
def test_an_inrush_beside_a_step(report_s: float) -> None:
    """145 A of 100 A for a second, and 12 A that stay: one of ten cars has to go, and not nine.

    30 + 12 A of building and nine minimums are 96 A. What the inrush left in the estimate is gone within half a minute,
    however rarely the chargers report.
    """
    plant = busy(Characteristic.B, 12.0, 400, report_s=report_s, inrush_a=115.0)
    plant.run(800)
    assert sum(one.stops for one in plant.cars) <= 1
    at_s = {
        int((d.now - plant.decisions[0].now).total_seconds()): d
        for d in plant.decisions
    }
    assert at_s[635].circuits[0].uncontrolled_a[0] == pytest.approx(42.0, abs=3)
    assert sum(one.offer_a >= 6 for one in at_s[720].connectors) >= 9
    used_a = [flow["main"][0] for flow in plant.flows[720:]]
    assert sum(used_a) / len(used_a) >= 90


@pytest.mark.parametrize("turn_s", [900.0, 300.0])
def test_who_was_paused_for_a_moment_comes_back_when_it_is_over(turn_s: float) -> None:
    """A strict circuit pauses all ten at once; 42 A of building and nine minimums are 96 A, and they have them after 40 s.

    It does not matter whether their turn was over.
    """
    plant = busy(Characteristic.STRICT, 12.0, 400, report_s=10, inrush_a=115.0)
    blank = Snapshot(now=NOW, site=plant.site, circuits=())
    plant.settings = replace(blank, tuning=Tuning(turn_s=turn_s))
    plant.run(700)
    back = [sum(one.offer_a >= 6 for one in d.connectors) for d in plant.decisions]
    assert min(back[600:610]) <= 2
    assert min(back[645:]) == 9


def test_who_is_paused_again_waits() -> None:
    """A strict circuit with an inrush each 20 seconds: after the second pause they wait for a minute, and do not start each time."""

    def load(at_s: float) -> tuple[float, ...]:
        return (115.0 if at_s >= 300 and at_s % 20 == 0 else 30.0,) * 3

    plant = busy(Characteristic.STRICT, 0.0, 0)
    plant.loads = {"main": load}
    plant.run(600)
    assert max(one.starts for one in plant.cars) <= 4


@pytest.mark.parametrize(
    ("inrush_a", "least_a"),
    [
        # 10 A and 20 A in turn: nearly all of 98 A is used, whatever the load does.
        (0.0, 85.0),
        # With an inrush of 20 A for two seconds that the estimate must not keep.
        (20.0, 80.0),
    ],
)
def test_a_load_that_cycles_leaves_no_site_half_idle(
    inrush_a: float, least_a: float
) -> None:
    """24 chargers behind 98 A, beside a load that goes up and down each minute: 59 to 67 A were used of them once."""

    def load(at_s: float) -> tuple[float, ...]:
        high = 10.0 + inrush_a if at_s % 60 < 2 else 10.0
        return (10.0 + (high if at_s % 60 < 30 else 0.0),) * 3

    plant = Plant(
        cars=[Car(connector=charger(f"k{n:02}"), phases=3) for n in range(24)],
        circuits=(replace(main(99), characteristic=Characteristic.B),),
        loads={"main": load},
        noise_a=0.1,
    )
    plant.run(1800)
    used_a = [flow["main"][0] for flow in plant.flows[900:]]
    assert sum(used_a) / len(used_a) >= least_a
    # As many charge as fit beside the highest load: (98 - 21) / 6 or (98 - 30) / 6 with room for its fluctuation.
    last = plant.decisions[-1].connectors
    assert sum(one.offer_a >= 6 for one in last) >= (11 if inrush_a == 0 else 9)


def test_a_load_that_cycles_leaves_no_site_half_idle_by_departure() -> None:
    """63 A beside 3 A and 35 A, a minute each, when the cars come: the first two could take all that is free beside 35 A.

    Four minimums fit beside it, so four cars charge, the fourth with 12 A while the load is low: no start is lost when it is high.
    """
    cars = [
        Car(
            connector=charger(
                f"k{n}",
                departure=NOW + (2 + n % 3) * HOUR,
                energy_needed_wh=25 * ONE_AMPERE_WH,
            ),
            arrives_s=200,
        )
        for n in range(8)
    ]
    plant = Plant(
        cars=cars,
        circuits=(replace(main(64), characteristic=Characteristic.B),),
        loads={"main": lambda at_s: (3.0 if at_s % 120 < 60 else 35.0,) * 3},
        noise_a=0.1,
    )
    plant.settings = replace(
        Snapshot(now=NOW, site=plant.site, circuits=()), policy=Policy.DEADLINE
    )
    measures = plant.run(1500)
    used_a = [flow["main"][0] for flow in plant.flows[900:]]
    assert sum(used_a) / len(used_a) >= 56
    assert (measures.starts, measures.stops) == (4, 0)


def test_who_waited_longest_starts_first_and_several_at_once() -> None:
    """A limit of 24 A is back after a shortage: four minimums fit, and those who have waited longest have them at once."""
    names = "abcdefg"
    cars = [car(name, offer_a=0.0) for name in names]
    # c has waited longest, then f, a, e.
    waited_min = dict(zip(names, (20, 3, 40, 5, 18, 30, 10), strict=True))
    known = {
        name: ConnectorMemory(
            asked_at=NOW - HOUR,
            off_since=NOW - minutes * MINUTE,
            stopped_at=NOW - minutes * MINUTE,
        )
        for name, minutes in waited_min.items()
    }
    # A meter that shows exactly nothing would have to show the first car before another one starts.
    snapshot = on(24.5, *cars, house_a=(0.5,) * 3)
    decision, _ = decide(snapshot, Memory(connectors=known))
    started = {name for name, offer_a in offers(decision).items() if offer_a}
    assert started == {"c", "f", "a", "e"}


def test_an_overload_that_lasts_is_ended() -> None:
    """30 A more than minimums of 60 A leave room for: within a tenth of ten minutes somebody is paused."""
    plant = busy(Characteristic.B, 30.0, 400)
    plant.run(900)
    assert sum(one.stops for one in plant.cars) >= 4
    over = [s for s, flow in enumerate(plant.flows) if max(flow["main"]) > 100.01]
    assert 600 <= min(over) <= max(over) <= 600 + 60 + 10


def test_a_limit_that_a_user_lowered_is_kept_at_once() -> None:
    """Only the fuse's own rating is borne for a moment: a fuse of 25 A set to 16 A has no patience at 18 A."""
    lowered = replace(main(16.0), rated_a=(25.0,) * 3, characteristic=Characteristic.B)
    cars = [Car(connector=charger(name)) for name in "abc"]
    plant = Plant(
        cars=cars, circuits=(replace(lowered, limit_a=(25.0,) * 3),), loads={}
    )
    plant.run(300)
    plant.circuits = (lowered,)
    decided = len(plant.decisions)
    plant.run(60)
    offers = [
        sum(one.offer_a for one in decision.connectors)
        for decision in plant.decisions[decided + 1 :]
    ]
    assert max(offers) <= 15.0


@pytest.mark.parametrize(
    ("kind", "load", "seconds"),
    [
        # 3600 s x (1.13 / 1.45) ^ (ln 3600 / ln (2.55 / 1.13))
        (Characteristic.B, 1.45, 293.0),
        (Characteristic.C, 1.45, 293.0),
        (Characteristic.B, 2.55, 1.0),
        (Characteristic.B, 3.0, 0.0),
        (Characteristic.C, 5.0, 0.0),
        (Characteristic.GG, 33 / 16, 10.0),
        (Characteristic.GG, 1.1, 600.0),
    ],
)
def test_what_a_device_bears(kind: Characteristic, load: float, seconds: float) -> None:
    """By the points of the standards, and a straight line between them."""
    assert CURVES[kind].bears_s(load) == pytest.approx(seconds, rel=0.01)


# IEC 60269-1, table 3: the current that a gG fuse of this rating carries for ten seconds.
GATES_A = {
    16: 33,
    20: 42,
    25: 52,
    32: 75,
    40: 95,
    50: 125,
    63: 160,
    80: 215,
    100: 290,
}


@pytest.mark.parametrize(("rated_a", "gate_a"), GATES_A.items())
def test_no_fuse_is_trusted_beyond_its_gate(rated_a: float, gate_a: float) -> None:
    """At the current of the gate no more than its ten seconds are assumed, and at 1.25 times the rating no more than an hour."""
    curve = CURVES[Characteristic.GG]
    assert curve.bears_s(gate_a / rated_a) <= 10.0 + 1e-9
    assert curve.bears_s(1.25) <= 3600.0


@pytest.mark.parametrize("kind", [Characteristic.B, Characteristic.C])
def test_no_breaker_is_trusted_beyond_its_points(kind: Characteristic) -> None:
    """IEC 60898-1, table 7: it must not trip within an hour at 1.13 times its rating, nor within a second at 2.55 times."""
    curve = CURVES[kind]
    assert curve.bears_s(1.13) <= 3600.0
    assert curve.bears_s(2.55) <= 1.0 + 1e-9


def test_the_thermal_image() -> None:
    """It adds up what is used, cools within minutes, and has nothing to use where a circuit carries nothing."""
    one = warmed((), (145.0,), (100.0,), Characteristic.B, 29.3)
    assert one == pytest.approx((0.1,), rel=0.01)
    assert warmed(one, (50.0,), (100.0,), Characteristic.B, 60.0)[0] < 0.07
    assert warmed((), (400.0,), (100.0,), Characteristic.B, 1.0) == (1.0,)
    assert warmed((), (1.0,), (0.0,), Characteristic.GG, 1.0) == (1.0,)
    assert not warmed((), (145.0,), (100.0,), Characteristic.STRICT, 1.0)


def test_a_full_car_gives_back_what_it_holds() -> None:
    """14 A: the other has them after two minutes; after an hour the full one is tried again, and nobody stops for it."""
    full = car("a", offer_a=6.0, status=ConnectorStatus.SUSPENDED_EV, draw_a=(0.0,) * 3)
    snapshot = on(14, full, car("b", offer_a=8.0))
    memory = Memory()
    given: list[tuple[float, float]] = []
    for _ in range(820):
        decision, memory = decide(snapshot, memory)
        told = offers(decision)
        given.append((told["a"], told["b"]))
        snapshot = later(snapshot, 5, decision)
        rests = replace(snapshot.connectors[0], draw_a=(0.0,) * 3)
        drawn_a = snapshot.connectors[1].draw_a or ()
        snapshot = replace(
            snapshot,
            connectors=(rests, snapshot.connectors[1]),
            meters=(("main", replace(snapshot.meters[0][1], current_a=drawn_a)),),
        )
    assert list(given[60]) == [0, 14]
    assert all(b >= 6 for _, b in given)
    tried = [given_a > 0 for given_a, _ in given[60:]]
    assert 20 <= sum(tried) <= 60
    # Its charger's word is enough.
    wants = replace(snapshot.connectors[0], status=ConnectorStatus.CHARGING, offer_a=0)
    snapshot = replace(snapshot, connectors=(wants, snapshot.connectors[1]))
    decision, memory = decide(snapshot, memory)
    _, decision, _ = settle(snapshot, 90, memory)
    assert offers(decision)["a"] >= 6


def test_a_full_car_that_needs_nothing_gives_back_at_once() -> None:
    """Its charger says that it takes nothing, and it has what it needs; without another car it keeps its offer."""
    full = car(
        "a",
        offer_a=6.0,
        status=ConnectorStatus.SUSPENDED_EV,
        draw_a=(0.0,) * 3,
        energy_needed_wh=0.0,
    )
    for snapshot, expected in (
        (on(14, full, car("b", offer_a=8.0)), {"a": 0, "b": 14}),
        (on(14, full), {"a": 6}),
    ):
        _, decision, _ = settle(snapshot, 15)
        assert offers(decision) == expected
    # A car that still needs something may be about to start.
    wants = replace(full, energy_needed_wh=5000.0)
    _, decision, _ = settle(on(14, wants, car("b", offer_a=8.0)), 15)
    assert offers(decision) == {"a": 6, "b": 8}


def test_nobody_is_lowered_for_a_rise_that_is_not_made() -> None:
    """12 A each; by need it would be 12.3 and 11.7 A, which is not worth a message, and 13 and 11 A are."""
    for hours_a, expected in ((12.3, {"a": 12, "b": 12}), (13.0, {"a": 13, "b": 11})):
        cars = [
            needs("a", 4, 4 * hours_a, offer_a=12.0),
            needs("b", 4, 4 * (24 - hours_a), offer_a=12.0),
        ]
        known = Memory(connectors={"a": runs(20), "b": runs(20)})
        _, decision, _ = settle(on(24, *cars, policy=Policy.NEED), 20, known)
        assert offers(decision) == pytest.approx(expected, abs=0.15)


def test_a_machine_that_runs_for_minutes_leaves_nobody_out() -> None:
    """24 A of late, 16 A now: both can be ready with 24 A, so the one that can hardly wait goes on."""
    a = needs("a", 1, 15.2, offer_a=16.0)
    b = needs("b", 1.5, 14, offer_a=8.0)
    memory = Memory(connectors={"a": runs(20), "b": runs(20)})
    snapshot = site(a, b, policy=Policy.DEADLINE)
    decision, memory = decide(snapshot, memory)
    assert offers(decision) == {"a": 16, "b": 8}
    # A machine of 8 A starts.
    snapshot = later(snapshot, 5, decision)
    reading = snapshot.meters[0][1]
    more = tuple(a + 8.0 for a in reading.current_a or ())
    snapshot = replace(snapshot, meters=(("main", replace(reading, current_a=more)),))
    decision, _ = decide(snapshot, memory)
    assert offers(decision) == {"a": 16, "b": 0}


def test_who_leaves_first_starts_beside_those_that_have_time() -> None:
    """Two cars that leave later charge, and there is enough for all: they are lowered to 6 A for a third, which leaves first, and not stopped."""
    cars = [
        needs("early", 13.7, 17, offer_a=0.0),
        needs("late", 38, 30, offer_a=13.0),
        needs("middle", 14.2, 30, offer_a=16.0),
    ]
    known = {"early": waits(1), "late": runs(30), "middle": runs(30)}
    snapshot = on(29, *cars, policy=Policy.DEADLINE)
    _, decision, _ = settle(snapshot, 90, Memory(connectors=known))
    assert offers(decision) == {"early": 16, "late": 6, "middle": 7}


EMPTY: dict[str, Any] = {"status": ConnectorStatus.AVAILABLE}


@pytest.mark.parametrize("policy", [Policy.DEADLINE, Policy.LAXITY])
@pytest.mark.parametrize(
    ("each_ah", "others", "places"),
    [
        (12, [EMPTY, EMPTY], "abc"),
        (30, [EMPTY, EMPTY], "ab"),
        # One more car takes 16 of the 29 A, and 13 are left; or 6, and 23 are left.
        (30, [EMPTY], "abc"),
        (50, [EMPTY], "ab"),
        (50, [EMPTY | {"max_a": 6.0}], "abc"),
        # No other can come: there is no other charger, or it is off, or has a car.
        (60, [], "abc"),
        (60, [EMPTY | {"mode": Mode.OFF}], "abc"),
        (60, [{"status": ConnectorStatus.FINISHING}], "abc"),
        (80, [], "ab"),
    ],
)
def test_who_come_together_start_together_where_little_is_needed(
    policy: Policy, each_ah: float, others: list[dict[str, Any]], places: str
) -> None:
    """29 A for ten hours: three cars that need 36 Ah share them.

    Where they need more, who may still come would lack what the last one has too early: so it matters how many can come.
    """
    cars = [
        needs(name, 10 + place, each_ah, offer_a=0.0)
        for place, name in enumerate("abc")
    ]
    cars += [
        replace(car(f"charger {number}", offer_a=0.0), **changes)
        for number, changes in enumerate(others)
    ]
    _, decision, _ = settle(on(29, *cars, policy=policy), 60, asleep("a", "b", "c"))
    told = offers(decision)
    assert [name for name, a in told.items() if a] == list(places)
    assert sum(told.values()) == pytest.approx(29, abs=0.5)


def test_laxity_reckons_with_what_a_car_really_takes() -> None:
    """Both lack 12 Ah in four hours; one takes 6 A and one phase, and so has no time to wait."""
    a = needs("a", 4, 7, offer_a=0.0, phases=(0,))
    b = needs("b", 4, 20, offer_a=0.0)
    known = {"a": waits(1), "b": waits(1)}
    known["a"].takes_a = 6.0
    decision, _ = decide(on(7, a, b, policy=Policy.LAXITY), Memory(connectors=known))
    assert offers(decision)["b"] == 0


@pytest.mark.parametrize(
    ("limit_a", "expected"),
    [
        # 14.5 A each: 8 A in steps of 8 A, and all that this leaves to the other.
        (29, {"a": 8, "b": 21}),
        # The least that it can be commanded is 8 A.
        (15, {"a": 8, "b": 7}),
    ],
)
def test_what_rounding_leaves(limit_a: float, expected: dict[str, float]) -> None:
    """Steps of 8 A beside steps of 1 A."""
    a = car("a", step_a=8.0, max_a=32.0, offer_a=8.0)
    b = car("b", step_a=1.0, max_a=32.0, offer_a=7.0)
    _, decision, _ = settle(on(limit_a, a, b), 90)
    assert offers(decision) == expected


def test_what_is_too_little_for_all_is_given_to_some() -> None:
    """Seven cars on 44 A: 6.3 A each are not worth seven messages, but 2 A are not left: four get 6.5 A, and nobody changes any more."""
    cars = [car(f"k{n}", offer_a=6.0) for n in range(7)]
    snapshot, decision, memory = settle(on(44.02, *cars), 120)
    told = offers(decision)
    assert sorted(told.values()) == [6, 6, 6, 6.5, 6.5, 6.5, 6.5]
    for _ in range(60):
        snapshot, decision, memory = settle(snapshot, 5, memory)
        assert offers(decision) == told


@pytest.mark.parametrize("limit_a", [16.5, 17.5])
def test_room_that_a_car_does_not_use_starts_another(limit_a: float) -> None:
    """A car that takes 10 A and could have 11 A: what is left of that is enough for another that has time, and its to use."""
    a = needs("a", 1, 12, offer_a=10.0)
    b = needs("b", 4, 8, offer_a=0.0)
    known = {"a": runs(20), "b": waits(1)}
    known["a"].takes_a, known["a"].probed_at = 10.0, NOW
    known["a"].takes_since = NOW - HOUR
    snapshot = on(limit_a, a, b, policy=Policy.LAXITY)
    _, decision, _ = settle(snapshot, 60, Memory(connectors=known))
    told = offers(decision)
    assert told["a"] >= 10
    assert told["b"] >= 6
    assert sum(told.values()) >= limit_a - 0.5


@pytest.mark.parametrize("policy", list(Policy))
def test_two_connectors_share_the_cable_of_their_charger(policy: Policy) -> None:
    """A cable of 20 A with two connectors beside another charger, where there is enough for all: 20 A for both, 16 A for the other."""
    two = {"charger": "two", "charger_max_a": 20.0, "offer_a": 6.0}
    cars = [needs("a", 4, 30, **two), needs("b", 3, 30, **two), needs("c", 4, 30)]
    _, decision, _ = settle(on(60, *cars, policy=policy), 120)
    told = offers(decision)
    assert told["c"] == 16
    assert told["a"] + told["b"] == pytest.approx(20, abs=0.5)
    assert {told["a"] >= 6, told["b"] >= 6} == {True}
    keys = reasons(decision)
    assert ReasonKey.LIMITED_BY_CHARGER in (keys["a"], keys["b"])


def test_a_cable_that_carries_one_minimum_only() -> None:
    """10 A for two connectors: one car charges, the other waits, and is told that it is the charger's limit."""
    two = {"charger": "two", "charger_max_a": 10.0}
    a, b = car("a", offer_a=6.0, **two), car("b", offer_a=0.0, **two)
    known = Memory(connectors={"a": runs(5), "b": waits(1)})
    _, decision, _ = settle(on(60, a, b), 60, known)
    assert offers(decision) == {"a": 10, "b": 0}
    assert reasons(decision)["b"] is ReasonKey.LIMITED_BY_CHARGER


@pytest.mark.parametrize("drawn_a", [0.2, 0.45, 0.9])
def test_a_small_minimum_uses_all_phases(drawn_a: float) -> None:
    """A charger of 1.4 A whose car draws little so far: all three phases are its own."""
    one = car("a", min_a=1.4, offer_a=1.4, draw_a=(drawn_a,) * 3)
    draws = (Draw(at=NOW, current_a=(drawn_a,) * 3),)
    assert phases_in_use(one, draws, ConnectorMemory()) == (0, 1, 2)
    single = (Draw(at=NOW, current_a=(1.3, 0.0, 0.0)),)
    assert phases_in_use(one, single, ConnectorMemory()) == (0,)


def test_a_small_minimum_keeps_the_limit_and_uses_it() -> None:
    """Eight chargers of 0.5 A to 16 A behind 10 A: what flows stays below it, and a car at 0.5 A counts as one that charges."""
    plant = Plant(
        cars=[
            Car(connector=charger(f"k{n}", mode=Mode.FAST, min_a=0.5), phases=3)
            for n in range(8)
        ],
        circuits=(main(10),),
        loads={"main": lambda at_s: (1.0 if at_s % 120 < 60 else 5.0,) * 3},
        report_s=7,
    )
    measures = plant.run(900)
    # After a step: the meter's 2 s and 1 s, a tick of 5 s, and the charger's 2 s.
    assert measures.longest_over_s <= 10
    assert all(one.offer_a >= 0.5 for one in plant.decisions[-1].connectors)
    assert measures.stops == 0
    used_a = [flow["main"][0] for flow in plant.flows[600:]]
    assert sum(used_a) / len(used_a) >= 8.0


def test_a_time_on_that_a_user_set_is_kept() -> None:
    """A car that has time yields after it: ten minutes here, of which five are over."""
    cars = [needs("a", 1, 16, offer_a=8.0), needs("b", 10, 8, offer_a=6.0)]
    for minutes, given_a in ((5, 6), (11, 0)):
        known = Memory(connectors={"a": runs(20), "b": runs(minutes)})
        snapshot = on(14, *cars, policy=Policy.DEADLINE, tuning=Tuning(min_on_s=600.0))
        assert offers(decide(snapshot, known)[0])["b"] == given_a


def test_where_one_phase_does_not_fit_either() -> None:
    """All phases are full: a charger that can switch waits with all of them."""
    switching = car("a", offer_a=0.0, switches_phases=True)
    decision, _ = decide(site(switching, house_a=(20.0,) * 3), Memory())
    assert offers(decision) == {"a": 0}
    assert decision.connectors[0].phases == 3


@pytest.mark.parametrize("policy", [Policy.EQUAL, Policy.DEADLINE])
def test_a_promise_that_is_due_comes_before_turns(policy: Policy) -> None:
    """One place: whoever reserved gets it as soon as it must charge, even if another has only just begun."""
    there = car("a", offer_a=7.0)
    promised = car("b", offer_a=0.0, plan=PlanSlot(at_least_a=6.5))
    known = Memory(connectors={"a": runs(2), "b": waits(1)})
    snapshot = on(7, there, promised, policy=policy)
    _, decision, _ = settle(snapshot, 60, known)
    assert offers(decision) == pytest.approx({"a": 0, "b": 7}, abs=0.2)
    # As long as it can wait, it does.
    early = replace(snapshot, connectors=(there, replace(promised, plan=PlanSlot())))
    _, decision, _ = settle(early, 60, known)
    assert offers(decision) == pytest.approx({"a": 7, "b": 0}, abs=0.2)


@pytest.mark.parametrize(("a_needs_ah", "runs_on"), [(30, "a"), (0.5, "late")])
def test_a_car_that_would_be_left_out_soon_does_not_go_first(
    a_needs_ah: float, runs_on: str
) -> None:
    """16 A: one that leaves in four hours can wait no longer. It goes first only if what leaves before it can be ready as well."""
    a = needs("a", 3, a_needs_ah, offer_a=16.0)
    late = needs("late", 4, 63.5, offer_a=0.0)
    known = Memory(connectors={"a": runs(60), "late": waits(1)})
    _, decision, _ = settle(on(16, a, late, policy=Policy.DEADLINE), 60, known)
    assert [name for name, a_ in offers(decision).items() if a_] == [runs_on]


@pytest.mark.parametrize(("c_needs_ah", "stays"), [(90, False), (1, True)])
def test_what_a_car_needs_that_was_just_stopped_counts(
    c_needs_ah: float, stays: bool
) -> None:
    """Of 29 A x 6 h x 0.65, a, b and c need 120 Ah if c needs much, although it may not start in its first minute without: d has no room then."""
    a = needs("a", 3, 10, offer_a=16.0)
    b, d = needs("b", 4, 20, offer_a=7.0), needs("d", 8, 20, offer_a=6.0)
    c = needs("c", 6, c_needs_ah, offer_a=0.0)
    stopped = waits(0.2)
    stopped.stopped_at = stopped.off_since
    known = {"a": runs(60), "b": runs(60), "c": stopped, "d": runs(60)}
    snapshot = on(29, a, b, c, d, policy=Policy.DEADLINE)
    _, decision, _ = settle(snapshot, 30, Memory(connectors=known))
    told = offers(decision)
    assert told["b"] >= 6
    assert bool(told["d"]) is stays
    assert told["c"] == 0
