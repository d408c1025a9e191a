"""Promises and wishes, policies and priorities, boosts and plans, turns and phases, by hand calculation."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from custom_components.sunfuse.engine import Memory, decide
from custom_components.sunfuse.engine.filling import User, fill
from custom_components.sunfuse.engine.memory import Boosted, ConnectorMemory, Offered
from custom_components.sunfuse.engine.model import (
    Boost,
    BoostQuota,
    Connector,
    ConnectorStatus,
    Decision,
    Mode,
    PlanSlot,
    PowerReading,
    ReasonKey,
    Snapshot,
)
from custom_components.sunfuse.engine.tuning import Policy, Tuning

from .common import (
    CHARGING,
    MAIN,
    NOW,
    car,
    decided,
    later,
    of,
    offers,
    reasons,
    site,
    values,
)

HOUR = timedelta(hours=1)


def on(limit_a: float, *connectors: Connector, **changes: Any) -> Snapshot:
    """Return a site that leaves this much for its cars, once they follow."""
    return site(
        *connectors, circuits=(replace(MAIN, limit_a=(limit_a + 1,) * 3),), **changes
    )


def settle(
    snapshot: Snapshot, seconds: int, memory: Memory | None = None
) -> tuple[Snapshot, Decision, Memory]:
    """Return the site after so many seconds in which all cars follow."""
    decision, memory = decide(snapshot, memory or Memory())
    for _ in range(seconds // 5):
        snapshot = later(snapshot, 5, decision)
        decision, memory = decide(snapshot, memory)
    return snapshot, decision, memory


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
                car("c", status=ConnectorStatus.AVAILABLE),
            ],
            {"a": 14.4, "b": 9.6, "c": 0},
        ),
        # Who tells nothing counts with 6 A: 24 A in the ratio 12 to 6.
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
    """Three cars for one place have their turns of 15 minutes, whatever the policy and their priorities."""
    cars = [
        needs(name, 2 + n, 20_000, offer_a=0.0, priority=3 + 2 * n)
        for n, name in enumerate("abc")
    ]
    snapshot = on(7, *cars, policy=policy)
    memory = Memory()
    ran = dict.fromkeys("abc", 0)
    starts = 0
    before: dict[str, float] = {}
    for _ in range(3 * 720):
        decision, memory = decide(snapshot, memory)
        told = offers(decision)
        assert sum(a > 0 for a in told.values()) <= 1
        starts += sum(told[n] > 0 and not before.get(n) for n in told)
        for name, offer_a in told.items():
            ran[name] += 5 * (offer_a > 0)
        before = told
        snapshot = later(snapshot, 5, decision)
    assert min(ran.values()) >= 1800
    assert starts <= 3 * 4 + 1


def test_who_waits_is_told_until_when() -> None:
    """The turn of who runs ends after 15 minutes; who had its own waits as long itself."""
    snapshot = on(7, car("a"), car("b", offer_a=0.0))
    snapshot, decision, memory = settle(snapshot, 30)
    assert reasons(decision)["b"] is ReasonKey.WAITING_FOR_TURN
    until = (NOW + timedelta(minutes=15)).isoformat()
    assert values(decision, "b") == {
        "circuit": "Main fuse",
        "phase": "L1",
        "until": until,
    }
    snapshot, decision, memory = settle(snapshot, 900, memory)
    assert offers(decision)["b"] >= 6
    assert reasons(decision)["a"] is ReasonKey.PAUSING
    snapshot, decision, memory = settle(snapshot, 120, memory)
    assert reasons(decision)["a"] is ReasonKey.WAITING_FOR_TURN
    assert str(values(decision, "a")["until"]) > until


def test_running_cars_make_room_first() -> None:
    """A third car starts beside two at full power: both are lowered, nobody stops."""
    snapshot = on(
        20, car("a", offer_a=10.0), car("b", offer_a=10.0), car("c", offer_a=0.0)
    )
    first = decided(snapshot)
    # Not before the others have let go.
    assert offers(first) == pytest.approx({"a": 6.6, "b": 6.6, "c": 0}, abs=0.11)
    assert reasons(first)["c"] is ReasonKey.WAITING_FOR_CAPACITY
    _, decision, _ = settle(snapshot, 30)
    assert offers(decision) == pytest.approx(dict.fromkeys("abc", 6.6), abs=0.7)


def test_what_rounding_leaves_is_given_to_the_next() -> None:
    """25 A for two chargers of whole amperes: 13 and 12."""
    snapshot = on(25, car("a", step_a=1.0), car("b", step_a=1.0))
    assert offers(decided(snapshot)) == {"a": 13, "b": 12}
    snapshot = on(25, car("a", step_a=1.0), car("b", step_a=1.0, priority=6))
    # 11.36 A and 13.64 A: the ampere goes to the higher priority.
    assert offers(decided(snapshot)) == {"a": 11, "b": 14}


BOOST = Boost(started_at=NOW - timedelta(minutes=5), person="kim")


def test_boost_is_above_all_wishes() -> None:
    """Full power for one, the minimum for who is promised it, nothing for who lives from the sun."""
    snapshot = on(
        23,
        car("a", boost=replace(BOOST, until=NOW + HOUR), mode=Mode.SOLAR),
        car("b"),
        car("c", mode=Mode.SOLAR),
        solar=PowerReading(at=NOW, power_w=20_000),
        house_a=(-6, -6, -6),
    )
    decision = decided(snapshot)
    # Of 23 A: 16 A, then 7 A. What the sun feeds in is not given on top.
    assert offers(decision) == pytest.approx({"a": 16, "b": 7, "c": 0})
    assert [c.boosting for c in decision.connectors] == [True, False, False]
    assert reasons(decision)["a"] is ReasonKey.BOOSTING
    assert values(decision, "a") == {"max_a": 16, "until": (NOW + HOUR).isoformat()}
    assert reasons(decision)["b"] is ReasonKey.LIMITED_BY_BOOST
    assert values(decision, "b")["boost_a"] == 10
    assert reasons(decision)["c"] is ReasonKey.WAITING_FOR_CAPACITY


def test_a_boost_is_below_safety() -> None:
    """It has no more than the fuse leaves beside the minimum of others, and says so."""
    decision = decided(on(20, car("a", boost=BOOST), car("b")))
    assert offers(decision) == pytest.approx({"a": 14, "b": 6})
    assert reasons(decision)["a"] is ReasonKey.LIMITED_BY_CIRCUIT
    assert reasons(decision)["b"] is ReasonKey.LIMITED_BY_BOOST


@pytest.mark.parametrize(
    ("boost", "used_wh", "quota_wh", "boosting"),
    [
        (BOOST, 0, None, True),
        (replace(BOOST, until=NOW), 0, None, False),
        (replace(BOOST, until=NOW + HOUR), 0, None, True),
        (replace(BOOST, energy_wh=500), 499, None, True),
        (replace(BOOST, energy_wh=500), 500, None, False),
        (BOOST, 999, 1000, True),
        (BOOST, 1000, 1000, False),
        (replace(BOOST, person=None), 1000, 1000, True),
    ],
)
def test_a_boost_ends(
    boost: Boost, used_wh: float, quota_wh: float | None, boosting: bool
) -> None:
    """By its time, its energy, or the quota of the last seven days."""
    memory = Memory(
        connectors={"a": ConnectorMemory(boost_at=boost.started_at, boost_wh=used_wh)},
        boosted=(
            Boosted(person="kim", day="2026-06-14", energy_wh=1e6),  # eight days ago
            Boosted(person="kim", day="2026-06-15", energy_wh=used_wh),
            Boosted(person="lee", day="2026-06-15", energy_wh=1e6),
        ),
    )
    snapshot = on(24, car("a", boost=boost), tuning=Tuning(boost_quota_wh=quota_wh))
    (told,) = decide(snapshot, memory)[0].connectors
    assert told.boosting is boosting
    assert told.boost_over is not boosting


@pytest.mark.parametrize(
    ("own_wh", "sites_wh", "boosting"),
    [
        (2000, 1000, True),  # more than everybody
        (500, 1000, False),  # less
        (500, None, False),
        (2000, None, True),
        (None, 900, False),  # lee's is not kim's
    ],
)
def test_a_quota_of_ones_own(
    own_wh: float | None, sites_wh: float | None, boosting: bool
) -> None:
    """It goes before the one that everybody has; here 900 Wh were boosted."""
    own = () if own_wh is None else (BoostQuota(person="kim", energy_wh=own_wh),)
    snapshot = on(
        24,
        car("a", boost=BOOST),
        tuning=Tuning(boost_quota_wh=sites_wh),
        boost_quotas=(BoostQuota(person="lee", energy_wh=1e6), *own),
    )
    memory = Memory(boosted=(Boosted(person="kim", day="2026-06-20", energy_wh=900),))
    assert decide(snapshot, memory)[0].connectors[0].boosting is boosting


def test_a_boost_leaves_with_its_car() -> None:
    """The next car has no claim to what is left of it; one that was boosted before it came has."""
    _, _, memory = settle(on(24, car("a", boost=BOOST)), 60)
    gone = car("a", boost=BOOST, status=ConnectorStatus.AVAILABLE, offer_a=0.0)
    left = on(24, gone, now=NOW + timedelta(seconds=65))
    assert decide(left, memory)[0].connectors[0].boost_over
    assert not decide(left, Memory())[0].connectors[0].boost_over


def test_boosted_energy_is_counted() -> None:
    """16 A on three phases for six minutes are 1104 Wh, of this boost and of its person today."""
    snapshot, _, memory = settle(on(24, car("a", boost=BOOST)), 360)
    assert memory.connectors["a"].boost_wh == pytest.approx(1104, rel=0.02)
    (boosted,) = memory.boosted
    assert (boosted.person, boosted.day) == ("kim", "2026-06-21")
    assert boosted.energy_wh == pytest.approx(1104, rel=0.02)
    # Another boost begins at nothing; the person's day goes on.
    again = replace(
        snapshot.connectors[0], boost=replace(BOOST, started_at=snapshot.now)
    )
    _, _, memory = settle(replace(snapshot, connectors=(again,)), 36, memory)
    assert memory.connectors["a"].boost_wh == pytest.approx(110, rel=0.15)
    assert memory.boosted[0].energy_wh == pytest.approx(1214, rel=0.03)
    # A boost of nobody counts for nobody.
    nobody = replace(snapshot.connectors[0], boost=Boost(started_at=snapshot.now))
    _, _, after = settle(replace(snapshot, connectors=(nobody,)), 36, memory)
    assert after.boosted == memory.boosted


def test_a_plan_is_aimed_for() -> None:
    """It holds one back, says why, and promises another what its departure needs."""
    price = PlanSlot(
        at_most_a=0.0,
        key=ReasonKey.WAITING_FOR_PRICE,
        values=(("price", 0.18), ("until", "2026-06-21T12:00:00+00:00")),
    )
    slow = PlanSlot(at_most_a=8.0, key=ReasonKey.LIMITED_BY_PLAN)
    tight = PlanSlot(at_least_a=12.0)
    snapshot = on(
        28,
        car("a", plan=price),
        car("b", plan=slow, max_a=10),
        car("c", plan=tight, mode=Mode.SOLAR),
        car("d"),
    )
    decision = decided(snapshot)
    assert offers(decision) == pytest.approx({"a": 0, "b": 8, "c": 12, "d": 8})
    assert reasons(decision)["a"] is ReasonKey.WAITING_FOR_PRICE
    assert values(decision, "a")["price"] == 0.18
    assert reasons(decision)["b"] is ReasonKey.LIMITED_BY_PLAN
    # A boost knows no plan.
    boosted = replace(snapshot.connectors[0], boost=BOOST)
    assert offers(decided(on(28, boosted))) == {"a": 16}


@pytest.mark.parametrize(
    ("changes", "offer_a", "reason"),
    [
        ({"charger_limit_a": 13.0}, 13, ReasonKey.LIMITED_BY_CHARGER),
        ({"cable_a": 13.0}, 13, ReasonKey.LIMITED_BY_CABLE),
        ({"car_max_a": 10.0}, 10, ReasonKey.LIMITED_BY_CAR),
        ({"car_max_a": 10.0, "cable_a": 20.0}, 10, ReasonKey.LIMITED_BY_CAR),
        ({"charger_limit_a": 5.0}, 0, ReasonKey.LIMITED_BY_CHARGER),
        ({"boost": BOOST, "cable_a": 13.0}, 13, ReasonKey.LIMITED_BY_CABLE),
        ({"boost": BOOST}, 16, ReasonKey.BOOSTING),
        # Alone, a car that prepares may have all.
        ({"status": ConnectorStatus.PREPARING}, 16, ReasonKey.FULL_POWER),
    ],
)
def test_what_charger_cable_and_car_allow(
    changes: dict[str, Any], offer_a: float, reason: ReasonKey
) -> None:
    """The lowest of them counts and is named."""
    decision = decided(on(24, car("a", **changes)))
    assert offers(decision) == {"a": offer_a}
    assert reasons(decision) == {"a": reason}


def test_a_car_that_prepares_needs_little() -> None:
    """Beside another it is given its minimum until it charges."""
    preparing = car("a", status=ConnectorStatus.PREPARING, offer_a=0.0)
    _, decision, _ = settle(on(24, preparing, car("b")), 30)
    assert offers(decision) == {"a": 6, "b": 16}
    assert reasons(decision)["a"] is ReasonKey.RAMPING


def test_a_cars_maximum_is_learned_and_tried_again() -> None:
    """A car that takes 8 A of 12 is offered 9 A; after a quarter of an hour it is tried with more."""
    snapshot = on(24, car("a", offer_a=12.0), car("b", offer_a=12.0))
    memory = Memory()
    told = []
    for tick in range(210):
        decision, memory = decide(snapshot, memory)
        told.append(offers(decision)["a"])
        snapshot = later(snapshot, 5, decision)
        a, b = snapshot.connectors
        most = 8.0 if tick < 205 else 16.0
        taken = (min(a.offer_a or 0.0, most),) * 3
        snapshot = replace(
            snapshot,
            connectors=(replace(a, draw_a=taken), b),
            meters=(
                (
                    "main",
                    replace(
                        snapshot.meters[0][1],
                        current_a=tuple(
                            taken[p] + (b.draw_a or (0,) * 3)[p] for p in range(3)
                        ),
                    ),
                ),
            ),
        )
    assert told[15] == 9
    assert 9 < max(told[185:205]) <= 12
    assert told[205] == 9


def test_a_car_that_wants_more_than_was_learned_gets_it() -> None:
    """It uses its room: a little more each half minute, until it may have all."""
    memory = Memory(
        connectors={
            "a": ConnectorMemory(
                asked_at=NOW - HOUR,
                on_since=NOW - timedelta(minutes=1),
                takes_a=8.0,
                probed_at=NOW,
                offers=(Offered(at=NOW - HOUR, current_a=9.0),),
            )
        }
    )
    snapshot = on(24, car("a", offer_a=9.0), car("b", offer_a=9.0))
    assert offers(decide(snapshot, memory)[0])["a"] == pytest.approx(9, abs=0.01)
    _, decision, after = settle(snapshot, 600, memory)
    assert offers(decision)["a"] == pytest.approx(12, abs=0.6)
    assert (after.connectors["a"].takes_a or 20) > 11


def test_a_car_that_takes_nothing_makes_room() -> None:
    """After two minutes of an untouched offer the other, which waits, goes first; an hour later it is tried again."""
    idle = car("a", status=ConnectorStatus.SUSPENDED_EV, offer_a=6.0)
    snapshot = on(7, idle, car("b", offer_a=0.0))
    memory = Memory()
    first: dict[str, int] = {}
    last = ""
    for tick in range(1000):
        decision, memory = decide(snapshot, memory)
        runs = "".join(n for n, a in offers(decision).items() if a > 0)
        if runs != last:
            first.setdefault(runs, tick)
            last = runs
        snapshot = later(snapshot, 5, decision)
        a, b = snapshot.connectors
        empty = replace(a, draw_a=(0.0,) * 3, status=ConnectorStatus.SUSPENDED_EV)
        meter = replace(snapshot.meters[0][1], current_a=b.draw_a)
        snapshot = replace(snapshot, connectors=(empty, b), meters=(("main", meter),))
    assert first["a"] == 0
    # Half a minute to settle, and two minutes of patience.
    assert 24 <= first["b"] <= 40


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


def test_a_lone_phase_of_a_charger_that_switches() -> None:
    """Told to use one phase, it still draws on three: all three are counted until it has switched."""
    memory = Memory(
        connectors={"a": ConnectorMemory(asked_at=NOW - HOUR, on_since=NOW, phases=1)}
    )
    standing = car("a", offer_a=10.0, switches_phases=True)
    decision, _ = decide(on(24, standing), memory)
    assert decision.given_a == pytest.approx((15, 15, 15))
    # Nothing is drawn on the phases that it is wired to.
    odd = car("a", offer_a=10.0, switches_phases=True, draw_a=(0.0, 0.0, 10.0))
    assert decide(on(24, odd), memory)[0].given_a == pytest.approx((0, 0, 15))


def test_a_car_that_changed_its_phases_is_counted_on_all() -> None:
    """Just switched to three phases, its draw on one says nothing yet. Nor does the draw of the car before."""
    switched = ConnectorMemory(
        asked_at=NOW - HOUR,
        on_since=NOW,
        phases=3,
        switching_until=NOW - timedelta(seconds=10),
    )
    standing = car("a", offer_a=10.0, switches_phases=True, draw_a=(10.0, 0.0, 0.0))
    decision, _ = decide(on(24, standing), Memory(connectors={"a": switched}))
    assert decision.given_a[1] > 0
    newcomer = replace(
        car("b", offer_a=10.0, draw_a=(10.0, 0.0, 0.0)), connected_at=NOW
    )
    gone = Memory(at=NOW, connectors={"b": ConnectorMemory()})
    decision, _ = decide(on(24, newcomer), gone)
    assert decision.given_a[1] > 0


def test_the_car_that_disobeyed_is_not_trusted_at_once() -> None:
    """Stopped, it keeps to 0 A; for a quarter of an hour it is not started again. With no car, it is forgotten."""
    past = ConnectorMemory(
        asked_at=NOW - HOUR,
        disobeyed_at=NOW - timedelta(minutes=1),
        offers=(Offered(at=NOW - timedelta(minutes=1), current_a=0.0),),
    )
    stopped = car("a", offer_a=0.0)
    memory = Memory(connectors={"a": past})
    decision, memory = decide(on(24, stopped), memory)
    assert offers(decision) == {"a": 0}
    assert reasons(decision) == {"a": ReasonKey.EXCEEDS_OFFER}
    assert decision.connectors[0].problem is not None
    assert not decision.connectors[0].stop
    _, decision, _ = settle(on(24, stopped), 900, memory)
    assert offers(decision)["a"] >= 6
    gone = replace(stopped, status=ConnectorStatus.AVAILABLE)
    decision, memory = decide(on(24, gone), memory)
    assert memory.connectors["a"].disobeyed_at is None
    off = replace(stopped, mode=Mode.OFF)
    _, kept = decide(on(24, off), Memory(connectors={"a": past}))
    assert kept.connectors["a"].disobeyed_at is not None


def test_an_unruly_charger_gets_a_minimum_only_where_there_is_room() -> None:
    """It draws 16 A of 8 A. Told 6 A while 24 A carry that; nothing when 5 A are left, or its mode is off."""
    past = ConnectorMemory(
        asked_at=NOW - HOUR,
        on_since=NOW - HOUR,
        above_since=NOW - timedelta(seconds=30),
        offers=(Offered(at=NOW - HOUR, current_a=8.0),),
    )
    memory = Memory(connectors={"a": past})
    wild = car("a", offer_a=8.0, draw_a=(16.0,) * 3)
    assert offers(decide(on(24, wild), memory)[0]) == {"a": 6}
    assert offers(decide(on(5, wild), memory)[0]) == {"a": 0}
    off = replace(wild, mode=Mode.OFF)
    assert offers(decide(on(24, off), memory)[0]) == {"a": 0}


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


def test_status_charging_is_what_counts() -> None:
    """A waiting car of which the charger says that it charges is not taken for one that runs."""
    standing = car("a", status=CHARGING, offer_a=10.0, offer_until=NOW)
    _, memory = decide(on(24, standing), Memory())
    assert memory.connectors["a"].on_since == NOW
    assert memory.connectors["a"].raised_at is None


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


def test_a_draw_without_charging_teaches_nothing() -> None:
    """A car that takes 2 A while its charger says that it has finished has no maximum of 2 A."""
    snapshot = on(24, car("a", status=ConnectorStatus.SUSPENDED_EV, offer_a=6.0))
    memory = Memory()
    for _ in range(20):
        decision, memory = decide(snapshot, memory)
        snapshot = later(snapshot, 5, decision)
        a = replace(snapshot.connectors[0], draw_a=(2.0, 2.0, 2.0))
        meter = replace(snapshot.meters[0][1], current_a=a.draw_a)
        snapshot = replace(snapshot, connectors=(a,), meters=(("main", meter),))
    assert memory.connectors["a"].takes_a is None
    assert memory.connectors["a"].idle_since is None


def test_a_plan_that_is_above_everything_limits_nothing() -> None:
    """Nor does a lost meter hide behind another reason where the fail-safe current is too little for a car."""
    plan = PlanSlot(at_most_a=32.0, key=ReasonKey.LIMITED_BY_PLAN)
    decision = decided(on(24, car("a", plan=plan)))
    assert reasons(decision) == {"a": ReasonKey.FULL_POWER}
    snapshot = replace(on(24, car("a", plan=plan, fail_safe_a=0.0)), meters=())
    decision = decided(snapshot)
    assert offers(decision) == {"a": 0}
    assert reasons(decision) == {"a": ReasonKey.METER_LOST}
