"""Promises and wishes, policies and priorities, turns and phases, by hand calculation."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from custom_components.sunfuse.engine import Memory, decide
from custom_components.sunfuse.engine.memory import ConnectorMemory
from custom_components.sunfuse.engine.model import Connector, ConnectorStatus, ReasonKey
from custom_components.sunfuse.engine.sharing.filling import User, fill
from custom_components.sunfuse.engine.sharing.ranking import BY_TIME
from custom_components.sunfuse.engine.tuning import Policy

from .common import (
    HOUR,
    NOW,
    car,
    decided,
    later,
    of,
    offers,
    on,
    reasons,
    settle,
    site,
    values,
)


def needs(name: str, hours: float, energy_wh: float, **changes: Any) -> Connector:
    """Return a car that leaves in so many hours and lacks so much."""
    return car(
        name, departure=NOW + hours * HOUR, energy_needed_wh=energy_wh, **changes
    )


FOUR_HOURS = 4 * 690.0  # watt-hours that an ampere on three phases brings in them


@pytest.mark.parametrize(
    ("policy", "cars", "expected"),
    [
        # 24 A in the ratio of the priorities 10 and 5; and with the minimum of 6 A for a priority of 1.
        (Policy.EQUAL, [car("a", priority=10), car("b")], {"a": 16, "b": 8}),
        (
            Policy.EQUAL,
            [car("a", max_a=32, offer_a=32), car("b", priority=1)],
            {"a": 18, "b": 6},
        ),
        # Needs of 12 A and 8 A for four hours share 20 A as they need it.
        (
            Policy.NEED,
            [
                needs("a", 4, 12 * FOUR_HOURS),
                needs("b", 4, 8 * FOUR_HOURS),
                car("c", status=ConnectorStatus.AVAILABLE, draw_a=(0.0,) * 3),
            ],
            {"a": 14.4, "b": 9.6, "c": 0},
        ),
        # A car without a report counts with 6 A: 24 A in the ratio 12 to 6.
        (Policy.NEED, [needs("a", 4, 12 * FOUR_HOURS), car("b")], {"a": 16, "b": 8}),
        # Nothing more is needed, or the departure is over: still the minimum, and what is left.
        (Policy.NEED, [needs("a", 4, 0), needs("b", -1, 0)], {"a": 12, "b": 12}),
        # One has all it can take, the other what is left.
        (
            Policy.FIRST_COME,
            [car("a", connected_at=NOW - HOUR), car("b", connected_at=NOW - 2 * HOUR)],
            {"a": 8, "b": 16},
        ),
        (
            Policy.FIRST_COME,
            [car("a", connected_at=NOW - HOUR), car("b", connected_at=NOW - HOUR)],
            {"a": 12, "b": 12},
        ),
        (
            Policy.DEADLINE,
            [car("a", departure=NOW + HOUR), car("b")],
            {"a": 16, "b": 8},
        ),
        (
            Policy.DEADLINE,
            [car("a", departure=NOW + HOUR), car("b", priority=6)],
            {"a": 8, "b": 16},
        ),
        # 16 A bring 11 kWh an hour: one has no time to lose, the other eight hours.
        (
            Policy.LAXITY,
            [needs("a", 1, 11_040), needs("b", 9, 11_040)],
            {"a": 16, "b": 8},
        ),
        (Policy.LAXITY, [needs("a", 1, 11_040), car("b")], {"a": 16, "b": 8}),
        # A near tie, three minutes of thirty apart: they share, at a difference of a tenth of 16 A.
        (
            Policy.LAXITY,
            [needs("a", 2, 11_040), needs("b", 2.05, 11_040)],
            {"a": 12.8, "b": 11.2},
        ),
    ],
)
def test_policies(
    policy: Policy, cars: list[Connector], expected: dict[str, float]
) -> None:
    """24 A by need, order, deadline or laxity, never below the minimum of who runs."""
    decision = decided(on(24, *cars, policy=policy))
    assert offers(decision) == pytest.approx(expected, abs=0.11)


def test_laxity_does_not_ping_pong() -> None:
    """Two near ties follow each other for half an hour without changing places at every tick."""
    snapshot = on(
        24, needs("a", 3, 20_000), needs("b", 3.02, 20_000), policy=Policy.LAXITY
    )
    memory = Memory()
    told = []
    for _ in range(360):
        decision, memory = decide(snapshot, memory)
        told.append(offers(decision)["a"])
        missing = [
            replace(
                c,
                energy_needed_wh=(c.energy_needed_wh or 0)
                - of(decision, c.id).offer_a * 690 * 5 / 3600,
            )
            for c in snapshot.connectors
        ]
        snapshot = later(replace(snapshot, connectors=tuple(missing)), 5, decision)
    changes = sum(a != b for a, b in zip(told, told[1:], strict=False))
    assert changes <= 30
    assert max(told[60:]) - min(told[60:]) <= 2


@pytest.mark.parametrize("policy", Policy)
def test_nobody_starves(policy: Policy) -> None:
    """Three cars for one place, whatever policy and priority: nobody waits for more than an hour and another's turn.

    A car that can still be ready may wait for longer under the policies by time; when it cannot, its hour is over.
    """
    cars = [
        needs(name, 2 + n, 20_000, offer_a=0.0, priority=3 + 2 * n)
        for n, name in enumerate("abc")
    ]
    snapshot = on(7, *cars, policy=policy)
    memory = Memory()
    ran = dict.fromkeys("abc", 0)
    waited = dict.fromkeys("abc", 0)
    longest = dict.fromkeys("abc", 0)
    starts = 0
    before: dict[str, float] = {}
    for passed_s in range(0, 3 * 3600, 5):
        decision, memory = decide(snapshot, memory)
        told = offers(decision)
        assert sum(a > 0 for a in told.values()) <= 1
        starts += sum(told[n] > 0 and not before.get(n) for n in told)
        for name, offer_a in told.items():
            ran[name] += 5 * (offer_a > 0)
            waited[name] = 0 if offer_a > 0 else waited[name] + 5
            # 16 A on three phases bring 20 kWh in 6,522 s.
            leaves_s = (2 + "abc".index(name)) * 3600 - passed_s
            if policy not in BY_TIME or leaves_s < 6522:
                longest[name] = max(longest[name], waited[name])
        before = told
        snapshot = later(snapshot, 5, decision)
    assert max(longest.values()) <= 3600 + 900 + 60
    assert min(ran.values()) >= (1800 if policy is Policy.EQUAL else 900)
    assert starts <= 3 * 4 + 1


def test_a_waiting_car_shows_until_when() -> None:
    """The turn of who runs ends after 15 minutes; who had its own waits as long itself."""
    snapshot = on(7, car("a"), car("b", offer_a=0.0))
    snapshot, decision, memory = settle(snapshot, 30)
    assert reasons(decision)["b"] is ReasonKey.WAITING_FOR_TURN
    until = (NOW + timedelta(minutes=15)).isoformat()
    assert values(decision, "b") == {
        "circuit": "Main fuse",
        "phase": "L1",
        "missing_a": 5.0,
        "until": until,
    }
    snapshot, decision, memory = settle(snapshot, 900, memory)
    assert offers(decision)["b"] >= 6
    assert reasons(decision)["a"] is ReasonKey.PAUSING
    snapshot, decision, memory = settle(snapshot, 120, memory)
    assert reasons(decision)["a"] is ReasonKey.WAITING_FOR_TURN
    assert str(values(decision, "a")["until"]) > until


@pytest.mark.parametrize("policy", [p for p in Policy if p is not Policy.EQUAL])
def test_a_turn_comes_when_it_is_told(policy: Policy) -> None:
    """Whoever the policy lets charge keeps the place, but for an hour at most; told was the end of its first 15 minutes."""
    first = car("a", offer_a=7.0, connected_at=NOW - timedelta(hours=1))
    snapshot = on(7, first, car("b", offer_a=0.0, connected_at=NOW), policy=policy)
    snapshot, decision, memory = settle(snapshot, 30)
    until = str(values(decision, "b")["until"])
    assert (
        timedelta(0)
        <= datetime.fromisoformat(until) - (NOW + timedelta(hours=1))
        <= timedelta(seconds=5)
    )
    snapshot, decision, memory = settle(snapshot, 3500, memory)
    assert values(decision, "b")["until"] == until
    snapshot, decision, memory = settle(snapshot, 120, memory)
    assert offers(decision)["b"] >= 6


def test_the_turn_of_a_car_that_needs_more() -> None:
    """It has the place when the turn of the other ends, rather than after an hour."""
    snapshot = on(
        7, car("a", offer_a=7.0), needs("b", 2, 30_000, offer_a=0.0), policy=Policy.NEED
    )
    snapshot, decision, memory = settle(snapshot, 30)
    until = datetime.fromisoformat(str(values(decision, "b")["until"]))
    left_s = (until - snapshot.now).total_seconds()
    assert 800 < left_s <= 900
    _, decision, _ = settle(snapshot, int(left_s) + 60, memory)
    assert offers(decision)["b"] >= 6


def test_running_cars_make_room_first() -> None:
    """A third car starts beside two at full power: both are lowered, nobody stops."""
    snapshot = on(
        20, car("a", offer_a=10.0), car("b", offer_a=10.0), car("c", offer_a=0.0)
    )
    first = decided(snapshot)
    # Not before the others have released it.
    assert offers(first) == pytest.approx({"a": 6.6, "b": 6.6, "c": 0}, abs=0.11)
    assert reasons(first)["c"] is ReasonKey.WAITING_FOR_RELEASE
    _, decision, _ = settle(snapshot, 30)
    assert offers(decision) == pytest.approx(dict.fromkeys("abc", 6.6), abs=0.7)


def test_what_rounding_leaves_is_given_to_the_next() -> None:
    """25 A for two chargers of whole amperes: 13 and 12."""
    snapshot = on(25, car("a", step_a=1.0), car("b", step_a=1.0))
    assert offers(decided(snapshot)) == {"a": 13, "b": 12}
    snapshot = on(25, car("a", step_a=1.0), car("b", step_a=1.0, priority=6))
    # 11.36 A and 13.64 A: the ampere goes to the higher priority.
    assert offers(decided(snapshot)) == {"a": 11, "b": 14}


def test_one_phase_is_tried_before_a_car_is_dropped() -> None:
    """L2 is full: a pause, then one phase on L1; when L2 is free again for five minutes, three."""
    standing = car("a", offer_a=10.0, switches_phases=True)
    snapshot = site(standing, house_a=(2, 20, 2))
    first, memory = decide(snapshot, Memory())
    assert of(first, "a").offer_a == 0
    assert of(first, "a").phases == 1
    assert reasons(first) == {"a": ReasonKey.SWITCHING_PHASES}
    snapshot, decision, memory = settle(later(snapshot, 5, first), 60, memory)
    assert of(decision, "a").phases == 1
    assert of(decision, "a").offer_a == pytest.approx(16)
    snapshot, decision, memory = settle(snapshot, 600, memory)
    assert of(decision, "a").phases == 1
    name, reading = snapshot.meters[0]
    l1, _, l3 = reading.current_a or (0, 0, 0)
    freed = (l1, 2.0, l3)
    snapshot = replace(snapshot, meters=((name, replace(reading, current_a=freed)),))
    snapshot, decision, memory = settle(snapshot, 400, memory)
    assert of(decision, "a").phases == 3
    assert of(decision, "a").offer_a == pytest.approx(16)


def test_without_a_switch_left_it_waits() -> None:
    """A car that charges is not switched a fifth time in an hour."""
    minutes = [NOW - timedelta(minutes=m) for m in (50, 40, 30, 20)]
    memory = Memory(
        connectors={
            "a": ConnectorMemory(
                asked_at=NOW - HOUR, on_since=NOW - HOUR, switches=tuple(minutes)
            )
        }
    )
    standing = car("a", offer_a=10.0, switches_phases=True)
    decision, _ = decide(site(standing, house_a=(2, 20, 2)), memory)
    assert offers(decision) == {"a": 0}
    assert of(decision, "a").phases == 3
    assert values(decision, "a")["phase"] == "L2"


def test_filling_by_hand() -> None:
    """Three users of two resources: the first is full at 4 each, the rest of the second goes to the third."""
    users = {
        "a": User(uses=((0, 1.0),), base=0, most=9),
        "b": User(uses=((0, 1.0), (1, 1.0)), base=0, most=9),
        "c": User(uses=((1, 1.0),), base=1, most=9),
        "d": User(uses=((1, 1.0),), base=2, most=2),
    }
    shares = fill(users, [8.0, 13.0])
    assert {name: s.current_a for name, s in shares.items()} == {
        "a": 4,
        "b": 4,
        "c": 7,
        "d": 2,
    }
    assert {name: s.limited_by for name, s in shares.items()} == {
        "a": 0,
        "b": 0,
        "c": 1,
        "d": None,
    }
    assert fill({}, [1.0]) == {}


def test_steps_are_no_closer_than_five_seconds() -> None:
    """A car rises by 5 A in five seconds, however often is decided; a reduction comes at once."""
    snapshot = on(24, car("a", offer_a=6.0))
    memory = Memory()
    told = []
    for _ in range(11):
        decision, memory = decide(snapshot, memory)
        told.append(offers(decision)["a"])
        snapshot = later(snapshot, 1, decision)
    assert told == [11] * 5 + [16] * 6
    name, reading = snapshot.meters[0]
    more = replace(reading, current_a=tuple(a + 12 for a in reading.current_a or ()))
    decision, _ = decide(replace(snapshot, meters=((name, more),)), memory)
    assert offers(decision) == {"a": 12}


def test_a_long_pause_between_rises_is_no_reason_for_a_leap() -> None:
    """An hour after the last rise the next one begins with 10 A at most."""
    memory = Memory(
        connectors={"a": ConnectorMemory(asked_at=NOW - HOUR, raised_at=NOW - HOUR)}
    )
    snapshot = on(32, car("a", offer_a=6.0, max_a=32))
    assert offers(decide(snapshot, memory)[0]) == {"a": 16}


def test_nothing_is_kept_for_a_connector_that_never_had_a_session() -> None:
    """Beside one that is out of reach and was never used a car has all 24 A; beside one that was, less 6 A."""
    silent = car("b", reachable=False, offer_a=None, draw_a=(0.0,) * 3)
    for used, left_a in ((False, 24.0), (True, 18.0)):
        snapshot = site(
            car("a", max_a=32.0, offer_a=32.0, draw_a=(20.0,) * 3),
            replace(silent, used=used),
        )
        assert offers(decided(snapshot))["a"] == left_a
