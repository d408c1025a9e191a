"""A promise that is due: the minimum of a car that was promised nothing waits for it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from custom_components.sunfuse.engine import Memory, decide
from custom_components.sunfuse.engine.model import (
    Circuit,
    Connector,
    Decision,
    Mode,
    PlanSlot,
    Snapshot,
)
from custom_components.sunfuse.engine.tuning import Policy

from .common import BOOST, car, offers, on, settle
from .plant import START, Car, Plant, waves_at
from .scarce_cars import needs, runs, waits


def promised(name: str, due_a: float, **changes: Any) -> Connector:
    """Return a car that needs this much from now on, evenly, to have what it was promised."""
    return car(name, plan=PlanSlot(at_least_a=due_a, due_a=due_a), **changes)


def settled(
    fuse_a: float,
    *cars: Connector,
    policy: Policy = Policy.EQUAL,
    memory: Memory | None = None,
) -> dict[str, float]:
    """Return what they have after ten minutes."""
    _, decision, _ = settle(on(fuse_a, *cars, policy=policy), 600, memory)
    return offers(decision)


@pytest.mark.parametrize("policy", Policy)
@pytest.mark.parametrize("mode", [Mode.FAST, Mode.SOLAR_MIN])
def test_another_car_waits_for_a_promise_that_is_due(
    policy: Policy, mode: Mode
) -> None:
    """24 A: 11.5 A are due, so no more than two of three others have 6 A; with three minimums, 6 A would be left."""
    others = [car(name, offer_a=6.0, mode=mode) for name in "bcd"]
    told = settled(24, promised("a", 11.5, offer_a=6.0), *others, policy=policy)
    assert told["a"] >= 11.5
    waits_or_not = [told[name] >= 6 for name in "bcd"]
    assert any(waits_or_not)
    if policy is Policy.EQUAL:
        assert sorted(waits_or_not) == [False, True, True]


def test_nobody_waits_where_the_minimums_fit_beside_it() -> None:
    """24 A: 11.5 A are due, and two minimums fit beside them; both share what is left."""
    others = [car(name, offer_a=6.0) for name in "bc"]
    told = settled(24, promised("a", 11.5, offer_a=6.0), *others)
    assert told == pytest.approx({"a": 11.5, "b": 6.25, "c": 6.25}, abs=0.2)


def test_what_is_only_planned_lets_nobody_wait() -> None:
    """A departure that can be reached later is no reason to stop another car."""
    planned = car("a", offer_a=6.0, plan=PlanSlot(at_least_a=14.0))
    told = settled(18, planned, car("b", offer_a=6.0), car("c", offer_a=6.0))
    assert told == pytest.approx({"a": 6, "b": 6, "c": 6}, abs=0.2)


def test_two_promises_share_what_is_due() -> None:
    """20 A: both are due 14 A. Each has half, and the third car waits."""
    told = settled(
        20, promised("a", 14), promised("b", 14, offer_a=6.0), car("c", offer_a=6.0)
    )
    assert told == pytest.approx({"a": 10, "b": 10, "c": 0}, abs=0.2)
    # Also where only the minimums of both fit: none of them waits for the other.
    told = settled(13, promised("a", 12), promised("b", 12, offer_a=0.0))
    assert told == pytest.approx({"a": 6.5, "b": 6.5}, abs=0.2)


def test_a_boost_keeps_its_minimum_beside_a_promise() -> None:
    """22 A: the boost has 6 A before the promise, and both share what is left, because the third car waits."""
    boosted = car("b", boost=BOOST, offer_a=6.0)
    told = settled(22, promised("a", 11, offer_a=6.0), boosted, car("c", offer_a=6.0))
    assert told == pytest.approx({"a": 11, "b": 11, "c": 0}, abs=0.2)


def test_a_boost_takes_no_promise_away() -> None:
    """A driver who boosts what was promised has no less by it: 11.5 A are due on 24 A."""
    boosted = promised("a", 11.5, offer_a=6.0, boost=BOOST)
    others = [car(name, offer_a=6.0) for name in "bcd"]
    assert settled(24, boosted, *others)["a"] >= 11.5


@pytest.mark.parametrize("policy", Policy)
def test_a_car_that_can_wait_no_longer_itself_keeps_its_minimum(policy: Policy) -> None:
    """24 A, two hours: one that needs 31.9 Ah at 16 A has no time, another that needs 3 Ah has."""
    hurried = needs("b", 2, 31.9, offer_a=6.0)
    calm = needs("c", 2, 3, offer_a=6.0)
    told = settled(20, promised("a", 14, offer_a=6.0), hurried, calm, policy=policy)
    assert told["b"] >= 6
    assert told["c"] == 0


@pytest.mark.parametrize("policy", [Policy.NEED, Policy.FIRST_COME])
def test_who_has_waited_for_an_hour_has_its_turn_beside_a_promise(
    policy: Policy,
) -> None:
    """16 A are due on 20 A: the other car has 6 A once its hour is over."""
    there, late = promised("a", 16), car("b", offer_a=0.0)
    for waited_min, has_a in ((20, 0.0), (61, 6.0)):
        known = Memory(connectors={"a": runs(90), "b": waits(waited_min)})
        told = settled(20, there, late, policy=policy, memory=known)
        assert told["b"] == pytest.approx(has_a, abs=0.2)


def test_a_car_that_cannot_use_what_is_due_makes_nobody_wait() -> None:
    """Its own charger takes 8 A: 24 A less 8 A carry two minimums."""
    limited = replace(promised("a", 14), car_max_a=8.0, offer_a=8.0)
    others = [car(name, offer_a=6.0) for name in "bc"]
    told = settled(24, limited, *others)
    assert told == pytest.approx({"a": 8, "b": 8, "c": 8}, abs=0.2)


@pytest.mark.parametrize("mode", [Mode.SOLAR, Mode.SOLAR_MIN, Mode.ECO])
@pytest.mark.parametrize("sun_w", [0.0, 3_000.0])
def test_a_promise_is_charged_on_all_phases(mode: Mode, sun_w: float) -> None:
    """11 A are due on three phases, 7.6 kW. Little sun would choose one phase, which gives 2.5 kW; that one is used before.

    A switch takes five minutes of patience and pauses the car. Then there is an hour.
    """
    connector = Connector(
        id="a", circuit="main", phases=(0, 1, 2), mode=mode, switches_phases=True
    )
    due = PlanSlot(
        at_least_a=11.0, due_a=11.0, at_most_a=11.0 if mode is Mode.ECO else None
    )
    a_car = Car(connector=connector)
    had_wh: dict[float, float] = {}

    def decided(snapshot: Snapshot, memory: Memory) -> tuple[Decision, Memory]:
        plan = due if snapshot.now >= START + timedelta(minutes=20) else None
        cars = (replace(one, plan=plan) for one in snapshot.connectors)
        return decide(replace(snapshot, connectors=tuple(cars)), memory)

    Plant(
        cars=[a_car],
        circuits=(Circuit(id="main", name="", parent=None, limit_a=(32.0,) * 3),),
        loads={"main": waves_at(2.0)},
        solar_w=lambda _: sun_w,
        decide=decided,
        watch=lambda at_s, _: had_wh.update({at_s: a_car.given_wh}),
    ).run(5400)
    assert a_car.given_wh - had_wh[1800] >= 0.95 * 11 * 690
    assert a_car.switches <= 1
