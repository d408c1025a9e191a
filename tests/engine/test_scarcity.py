"""A fuse that is too small for all: who runs, who waits, and who yields."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from custom_components.sunfuse.engine import Memory, decide
from custom_components.sunfuse.engine.model import (
    Connector,
    ConnectorStatus,
    Mode,
    PlanSlot,
)
from custom_components.sunfuse.engine.tuning import Policy, Tuning

from .common import HOUR, NOW, car, later, offers, on, settle
from .scarce_cars import BY_TIME, asleep, needs, runs, waits


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


def test_a_time_on_that_a_user_set_is_kept() -> None:
    """A car that has time yields after it: ten minutes here, of which five are over."""
    cars = [needs("a", 1, 16, offer_a=8.0), needs("b", 10, 8, offer_a=6.0)]
    for minutes, given_a in ((5, 6), (11, 0)):
        known = Memory(connectors={"a": runs(20), "b": runs(minutes)})
        snapshot = on(14, *cars, policy=Policy.DEADLINE, tuning=Tuning(min_on_s=600.0))
        assert offers(decide(snapshot, known)[0])["b"] == given_a


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
