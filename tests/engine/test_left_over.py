"""What one car cannot use goes to another: what cannot start yet is lent, and rounding leaves nothing that somebody could have."""

from dataclasses import replace

import pytest

from custom_components.sunfuse.engine import Memory, decide
from custom_components.sunfuse.engine.cars.asking import phases_in_use
from custom_components.sunfuse.engine.memory import ConnectorMemory, Draw
from custom_components.sunfuse.engine.model import (
    ConnectorStatus,
    Mode,
    ReasonKey,
    Snapshot,
)
from custom_components.sunfuse.engine.tuning import Policy

from .common import HOUR, NOW, car, later, offers, on, reasons, settle, site
from .plant import Car, Plant, charger, main
from .scarce_cars import needs, runs, waits


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


def test_where_one_phase_does_not_fit_either() -> None:
    """All phases are full: a charger that can switch waits with all of them."""
    switching = car("a", offer_a=0.0, switches_phases=True)
    decision, _ = decide(site(switching, house_a=(20.0,) * 3), Memory())
    assert offers(decision) == {"a": 0}
    assert decision.connectors[0].phases == 3
