"""Mode eco: ready on time, otherwise sun and cheap hours only."""

from dataclasses import replace
from datetime import timedelta

import pytest

from custom_components.sunfuse.engine import Memory, decide
from custom_components.sunfuse.engine.model import (
    Connector,
    ConnectorStatus,
    Mode,
    PlanSlot,
    PowerReading,
    Reason,
    ReasonKey,
    Snapshot,
)

from .common import (
    BOOST,
    HOUR,
    MAIN,
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

WAIT = PlanSlot(
    at_most_a=0.0,
    key=ReasonKey.WAITING_FOR_PRICE,
    values=(("until", "2026-06-21T23:15:00+00:00"), ("price", 0.11)),
)
CHEAP = PlanSlot(at_most_a=16.0, key=ReasonKey.CHARGING_AS_PLANNED)
SUSPENDED_EV, SUSPENDED_EVSE = (
    ConnectorStatus.SUSPENDED_EV,
    ConnectorStatus.SUSPENDED_EVSE,
)
SLOW = PlanSlot(at_most_a=8.0, key=ReasonKey.CHARGING_AS_PLANNED)


def eco(name: str, **changes: object) -> Connector:
    """Return a car in mode eco, which does not charge."""
    return car(name, **({"mode": Mode.ECO, "offer_a": 0.0} | changes))


def sunny(surplus_w: float, *connectors: Connector) -> Snapshot:
    """Return a site with so much sun for cars, and room for all of them."""
    return site(
        *connectors,
        house_a=(-surplus_w / 690,) * 3,
        circuits=(replace(MAIN, limit_a=(80,) * 3),),
        solar=PowerReading(at=NOW, power_w=surplus_w),
    )


def test_a_plan_to_wait_is_kept_and_says_why() -> None:
    """No sun, no cheap hour: nothing, for the plan's own reason."""
    decision = decided(site(eco("a", plan=WAIT)))
    assert offers(decision) == {"a": 0}
    assert of(decision, "a").reason == Reason(key=WAIT.key, values=WAIT.values)


def test_a_cheap_hour_is_used_and_ends() -> None:
    """16 A from the grid in the planned slot; when it is over, the car stops within a quarter of a minute."""
    snapshot, decision, memory = settle(site(eco("a", plan=CHEAP)), 60)
    assert offers(decision) == {"a": 16}
    assert reasons(decision) == {"a": ReasonKey.CHARGING_AS_PLANNED}
    over = replace(snapshot, connectors=(replace(snapshot.connectors[0], plan=WAIT),))
    _, decision, _ = settle(over, 15, memory)
    assert offers(decision) == {"a": 0}
    assert reasons(decision) == {"a": ReasonKey.WAITING_FOR_PRICE}


@pytest.mark.parametrize(
    ("plan", "surplus_w", "offer_a", "reason"),
    [
        # 6.9 kW are 10 A on three phases of 230 V: sun that was not forecast is used at once.
        (WAIT, 6900, 10.0, ReasonKey.LIMITED_BY_SUN),
        # The grid gives 8 A, the sun is part of that.
        (SLOW, 3450, 8.0, ReasonKey.CHARGING_AS_PLANNED),
        # More sun than was planned with: 12 A.
        (SLOW, 8280, 12.0, ReasonKey.LIMITED_BY_SUN),
        (SLOW, 20_000, 16.0, ReasonKey.FULL_POWER),
    ],
)
def test_sun_is_used_beyond_the_plan(
    plan: PlanSlot, surplus_w: float, offer_a: float, reason: ReasonKey
) -> None:
    """What changed since the plan was made is corrected by the next ticks."""
    _, decision, _ = settle(sunny(surplus_w, eco("a", plan=plan)), 180)
    assert offers(decision)["a"] == pytest.approx(offer_a, abs=0.11)
    assert reasons(decision) == {"a": reason}


def test_what_is_promised_comes_before_wishes() -> None:
    """24 A for two: 14 A that a departure needs come first, the rest is the other car's."""
    tight = PlanSlot(
        at_least_a=14.0, at_most_a=14.0, key=ReasonKey.CHARGING_FOR_DEPARTURE
    )
    _, decision, _ = settle(on(24, eco("a", plan=tight), car("b", offer_a=0.0)), 60)
    assert offers(decision) == pytest.approx({"a": 14, "b": 10})
    assert reasons(decision)["a"] is ReasonKey.CHARGING_FOR_DEPARTURE


def test_a_fuse_that_does_not_carry_the_plan_is_named() -> None:
    """Planned are 16 A, the fuse leaves 10."""
    _, decision, _ = settle(on(10, eco("a", plan=CHEAP)), 60)
    assert offers(decision) == {"a": 10}
    assert reasons(decision) == {"a": ReasonKey.LIMITED_BY_CIRCUIT}
    # Also where the sun would give as little more.
    partly = replace(CHEAP, at_most_a=12.0)
    _, decision, _ = settle(on(10, eco("a", plan=partly)), 60)
    assert reasons(decision) == {"a": ReasonKey.LIMITED_BY_CIRCUIT}


def test_a_solar_car_gets_the_sun_that_a_planned_one_leaves() -> None:
    """12 kW of sun: 5.5 kW are planned for the one, the other has the rest, and not more."""
    snapshot = sunny(
        12_000, eco("a", plan=SLOW, max_a=8.0), car("b", mode=Mode.SOLAR, offer_a=0.0)
    )
    _, decision, _ = settle(snapshot, 180)
    assert offers(decision)["a"] == 8
    assert offers(decision)["b"] == pytest.approx(9.3, abs=0.2)
    partly = sunny(7_000, eco("a", plan=SLOW), car("b", mode=Mode.SOLAR, offer_a=0.0))
    _, decision, _ = settle(partly, 180)
    assert offers(decision) == pytest.approx({"a": 10.1, "b": 0}, abs=0.11)


def test_without_a_plan_a_car_lives_from_the_sun_and_says_so() -> None:
    """Nothing is known of a departure: no grid, but all sun."""
    decision = decided(site(eco("a")))
    assert offers(decision) == {"a": 0}
    assert of(decision, "a").reason == Reason(key=ReasonKey.NO_PLAN)
    assert offers(settle(sunny(6900, eco("a")), 60)[1])["a"] == pytest.approx(
        10, abs=0.11
    )
    assert reasons(decided(site(eco("a", departure=NOW + HOUR)))) == {
        "a": ReasonKey.NO_PLAN
    }


def test_without_a_plan_a_car_starts_in_time() -> None:
    """11.04 kWh take an hour at 16 A; half an hour is kept in reserve."""
    departure = NOW + timedelta(hours=3)
    waits = eco("a", departure=departure, energy_needed_wh=11_040.0)
    decision = decided(site(waits))
    assert offers(decision) == {"a": 0}
    assert values(decision, "a") == {
        "until": (NOW + timedelta(hours=1.5)).isoformat(),
        "ready": departure.isoformat(),
    }
    tight = replace(waits, departure=NOW + timedelta(hours=1.5))
    _, decision, _ = settle(on(20, tight, car("b", offer_a=0.0)), 60)
    assert offers(decision) == pytest.approx({"a": 14, "b": 6})
    _, decision, _ = settle(site(tight), 60)
    assert reasons(decision) == {"a": ReasonKey.CHARGING_FOR_DEPARTURE}


def test_a_boost_knows_no_plan() -> None:
    """Whoever boosts wants power now."""
    decision = settle(site(eco("a", plan=WAIT, boost=BOOST)), 30)[1]
    assert offers(decision) == {"a": 16}
    assert reasons(decision) == {"a": ReasonKey.BOOSTING}


def test_a_plan_that_names_no_most_leaves_all() -> None:
    """As a promise alone."""
    decision, _ = decide(site(eco("a", plan=PlanSlot(at_least_a=6.0))), Memory())
    assert offers(decision)["a"] > 0


def test_sun_that_earns_more_is_left() -> None:
    """While feed-in goes first, not even the sun is used; a spread plan takes no more than it says."""
    feed = PlanSlot(at_most_a=0.0, sun_a=0.0, key=ReasonKey.WAITING_FOR_FEED_IN)
    _, decision, _ = settle(sunny(9000, eco("a", plan=feed)), 60)
    assert offers(decision) == {"a": 0}
    assert reasons(decision) == {"a": ReasonKey.WAITING_FOR_FEED_IN}
    spread = replace(SLOW, sun_a=10.0)
    _, decision, _ = settle(sunny(9000, eco("a", plan=spread)), 120)
    assert offers(decision) == {"a": 10}
    assert reasons(decision) == {"a": ReasonKey.CHARGING_AS_PLANNED}


@pytest.mark.parametrize("mode", [Mode.ECO, Mode.SOLAR, Mode.FAST])
@pytest.mark.parametrize("withdrawn", [SUSPENDED_EV, SUSPENDED_EVSE])
def test_a_full_car_waits_for_nothing(mode: Mode, withdrawn: ConnectorStatus) -> None:
    """Its charger says that it takes nothing, and it took nothing for ten minutes: no cheap hour changes that.

    Nor does what its charger reports once the offer is withdrawn.
    After two hours it is tried again, in a cheap hour like all others.
    """
    full = car("a", mode=mode, status=SUSPENDED_EV, draw_a=(0, 0, 0), plan=CHEAP)
    snapshot, memory, told = sunny(20_000, full), Memory(), []
    for minute in range(3 * 60):
        snapshot = later(snapshot, 60)
        if minute == 10:
            dark = PowerReading(at=snapshot.now, power_w=0)
            waits = replace(snapshot.connectors[0], plan=WAIT)
            snapshot = replace(snapshot, connectors=(waits,), solar=dark)
        decision, memory = decide(snapshot, memory)
        a = replace(snapshot.connectors[0], offer_a=offers(decision)["a"])
        snapshot = replace(snapshot, connectors=(a,))
        if minute >= 10:
            assert a.offer_a == 0
            snapshot = replace(snapshot, connectors=(replace(a, status=withdrawn),))
            told.append(reasons(decision)["a"])
    assert told[:119] == [ReasonKey.CAR_FINISHED] * 119
    assert told[125] is ReasonKey.WAITING_FOR_PRICE
