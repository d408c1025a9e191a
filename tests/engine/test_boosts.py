"""Boosts and plans: above all wishes, below safety, within a quota, until they are over."""

from dataclasses import replace
from datetime import timedelta

import pytest

from custom_components.sunfuse.engine import Memory, decide
from custom_components.sunfuse.engine.memory import Boosted, ConnectorMemory
from custom_components.sunfuse.engine.model import (
    Boost,
    BoostQuota,
    ConnectorStatus,
    Mode,
    PlanSlot,
    PowerReading,
    ReasonKey,
)
from custom_components.sunfuse.engine.tuning import Tuning

from .common import BOOST, HOUR, NOW, car, decided, offers, on, reasons, settle, values


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
        key=ReasonKey.WAITING_FOR_PLAN,
        values=(("price", 0.18), ("until", "2026-06-21T12:00:00+00:00")),
    )
    slow = PlanSlot(at_most_a=8.0, key=ReasonKey.CHARGING_AS_PLANNED)
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
    assert reasons(decision)["a"] is ReasonKey.WAITING_FOR_PLAN
    assert values(decision, "a")["price"] == 0.18
    assert reasons(decision)["b"] is ReasonKey.CHARGING_AS_PLANNED
    # A boost knows no plan.
    boosted = replace(snapshot.connectors[0], boost=BOOST)
    assert offers(decided(on(28, boosted))) == {"a": 16}


def test_a_plan_that_is_above_everything_limits_nothing() -> None:
    """Nor does a lost meter hide behind another reason where the fail-safe current is too little for a car."""
    plan = PlanSlot(at_most_a=32.0, key=ReasonKey.CHARGING_AS_PLANNED)
    decision = decided(on(24, car("a", plan=plan)))
    assert reasons(decision) == {"a": ReasonKey.FULL_POWER}
    snapshot = replace(on(24, car("a", plan=plan, fail_safe_a=0.0)), meters=())
    decision = decided(snapshot)
    assert offers(decision) == {"a": 0}
    assert reasons(decision) == {"a": ReasonKey.METER_LOST}
