"""What cars take: their maximum, their phases, what charger and cable allow, and cars that obey nobody."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from custom_components.sunfuse.engine import Memory, decide
from custom_components.sunfuse.engine.memory import ConnectorMemory, Offered
from custom_components.sunfuse.engine.model import (
    ConnectorStatus,
    Mode,
    PlanSlot,
    Reason,
    ReasonKey,
)

from .common import (
    BOOST,
    CHARGING,
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
)


@pytest.mark.parametrize(
    ("changes", "offer_a", "reason"),
    [
        ({"charger_limit_a": 13.0}, 13, ReasonKey.LIMITED_BY_CHARGER),
        ({"car_max_a": 10.0}, 10, ReasonKey.LIMITED_BY_CAR),
        ({"charger_limit_a": 5.0}, 0, ReasonKey.LIMITED_BY_CHARGER),
        ({"car_max_a": 5.0}, 0, ReasonKey.LIMITED_BY_CAR),
        ({"boost": BOOST, "car_max_a": 13.0}, 13, ReasonKey.LIMITED_BY_CAR),
        ({"boost": BOOST}, 16, ReasonKey.BOOSTING),
        # Alone, a car that prepares may have all.
        ({"status": ConnectorStatus.PREPARING}, 16, ReasonKey.FULL_POWER),
        # Told to start once it may yet do so; told again, it has not.
        ({"start_requests": 1}, 16, ReasonKey.FULL_POWER),
        ({"start_requests": 2}, 16, ReasonKey.NOT_STARTED),
        # Who may charge is asked at the charger: nothing else starts it.
        ({"needs_card": True}, 16, ReasonKey.WAITING_FOR_CARD),
        (
            {"needs_card": True, "status": ConnectorStatus.FINISHING, "draw_a": None},
            0,
            ReasonKey.WAITING_FOR_CARD,
        ),
        ({"needs_card": True, "car_max_a": 5.0}, 0, ReasonKey.LIMITED_BY_CAR),
        ({"start_requests": 2, "car_max_a": 5.0}, 0, ReasonKey.LIMITED_BY_CAR),
    ],
)
def test_what_charger_and_car_allow(
    changes: dict[str, Any], offer_a: float, reason: ReasonKey
) -> None:
    """The lowest of them counts and is named."""
    decision = decided(on(24, car("a", **changes)))
    assert offers(decision) == {"a": offer_a}
    assert reasons(decision) == {"a": reason}


@pytest.mark.parametrize(
    "changes",
    [
        {"mode": Mode.SOLAR},
        {
            "mode": Mode.ECO,
            "plan": PlanSlot(at_most_a=0.0, key=ReasonKey.WAITING_FOR_PRICE),
        },
        {"plan": PlanSlot(at_most_a=0.0, key=ReasonKey.WAITING_FOR_PRICE)},
    ],
)
def test_a_car_that_waits_for_a_card_waits_for_that_first(
    changes: dict[str, Any],
) -> None:
    """Whatever comes after it, such as sun or a lower price: nobody else tells the driver."""
    waits = car("a", status=ConnectorStatus.PREPARING, offer_a=0.0, needs_card=True)
    assert reasons(decided(on(24, replace(waits, **changes)))) == {
        "a": ReasonKey.WAITING_FOR_CARD
    }


def test_a_car_that_waits_for_a_card_was_not_stopped() -> None:
    """Its offer is withdrawn as the fuse is lowered: it has never charged, so it does not pause."""
    waits = car("a", status=ConnectorStatus.PREPARING, offer_a=0.0, needs_card=True)
    snapshot, _, memory = settle(on(24, waits), 30)
    memory.connectors["a"].stops = 3
    low = later(snapshot, 5)
    low = replace(low, circuits=(replace(MAIN, limit_a=(5,) * 3),))
    for _ in range(3):
        decision, memory = decide(low, memory)
        assert reasons(decision) == {"a": ReasonKey.WAITING_FOR_CARD}
        low = later(low, 5, decision)
    held = replace(low, circuits=(MAIN,))
    held = replace(held, connectors=(replace(held.connectors[0], needs_card=False),))
    decision, _ = decide(held, memory)
    assert of(decision, "a").reason.key is ReasonKey.PAUSING
    assert of(decision, "a").reason.cause is None  # the card is here now


def test_a_car_that_did_not_use_its_offer_pauses_for_a_turn() -> None:
    """There is room again a minute after it lost its offer, and its charger does not say that it is full: it has a turn of 15 minutes."""
    past = ConnectorMemory(idle_since=NOW - HOUR, off_since=NOW - timedelta(minutes=1))
    decision, _ = decide(on(24, car("a", offer_a=0.0)), Memory(connectors={"a": past}))
    reason = of(decision, "a").reason
    assert reason.key is ReasonKey.PAUSING
    assert dict(reason.values)["until"] == (NOW + timedelta(minutes=14)).isoformat()


def test_a_car_that_prepares_needs_little() -> None:
    """Beside another it is given its minimum until it charges."""
    preparing = car("a", status=ConnectorStatus.PREPARING, offer_a=0.0)
    _, decision, _ = settle(on(24, preparing, car("b")), 30)
    assert offers(decision) == {"a": 6, "b": 16}
    assert reasons(decision)["a"] is ReasonKey.RAMPING


@pytest.mark.parametrize(("limit_a", "given_a"), [(24, (8.3, 15.7)), (25, (9, 16))])
def test_a_cars_maximum_is_learned_and_tried_again(
    limit_a: float, given_a: tuple[float, float]
) -> None:
    """A car that takes 8 A of 12 is offered 9 A, after five minutes 8.3 A where another lacks the rest; after a quarter of an hour it is tried with more."""
    snapshot = on(limit_a, car("a", offer_a=12.0), car("b", offer_a=12.0))
    memory = Memory()
    told = []
    for tick in range(210):
        decision, memory = decide(snapshot, memory)
        told.append(offers(decision)["a"])
        if tick == 100:
            assert tuple(offers(decision).values()) == given_a
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
    assert told[20] == 9
    assert 9 < max(told[185:205]) <= 12.5
    assert told[205] == given_a[0]


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


@pytest.mark.parametrize(("takes_a", "wants_more"), [(10.1, False), (10.3, True)])
def test_noise_gives_a_car_no_room(takes_a: float, *, wants_more: bool) -> None:
    """A car that took 10 A of 10.3 A takes a little more: a tenth is noise, 0.3 A are all that it may."""
    past = ConnectorMemory(
        asked_at=NOW - HOUR,
        on_since=NOW - HOUR,
        takes_a=10.0,
        takes_since=NOW - HOUR,
        probed_at=NOW,
        offered_a=10.3,
        settled_at=NOW - HOUR,
        offers=(Offered(at=NOW - HOUR, current_a=10.3),),
    )
    a = car("a", offer_a=10.3, draw_a=(takes_a,) * 3)
    snapshot = on(20, a, car("b", offer_a=9.0))
    _, after = decide(snapshot, Memory(connectors={"a": past}))
    since = after.connectors["a"].takes_since
    assert since is not None
    assert (since == NOW) is wants_more


@pytest.mark.parametrize("reports", [True, False])
def test_a_car_that_takes_nothing_makes_room(reports: bool) -> None:
    """After two minutes of an untouched offer the other, which waits, goes first; an hour later it is tried again.

    Of a charger that reports no current its status is all that is known.
    """
    nothing: dict[str, Any] = {"draw_a": (0.0,) * 3}
    if not reports:
        nothing = {"draw_a": None, "draw_at": None}
    full = ConnectorStatus.SUSPENDED_EV
    idle = replace(car("a", status=full, offer_a=6.0), **nothing)
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
        empty = replace(a, status=full, **nothing)
        meter = replace(snapshot.meters[0][1], current_a=b.draw_a)
        snapshot = replace(snapshot, connectors=(empty, b), meters=(("main", meter),))
        if runs == "b":
            assert reasons(decision)["a"] is ReasonKey.CAR_FINISHED
    assert first["a"] == 0
    # Half a minute to settle, and two minutes of patience.
    assert 24 <= first["b"] <= 40


def test_a_car_that_rests_for_a_minute_now_and_then_keeps_its_offer() -> None:
    """Its charger reports no current, only that the car took nothing for a minute, twice."""
    silent = replace(car("a", offer_a=6.0), draw_a=None, draw_at=None)
    snapshot = on(7, silent, car("b", offer_a=0.0))
    memory = Memory()
    for tick in range(36):
        decision, memory = decide(snapshot, memory)
        assert offers(decision)["a"] and not offers(decision)["b"]
        snapshot = later(snapshot, 5, decision)
        a, b = snapshot.connectors
        rests = 3 <= tick < 15 or 18 <= tick < 34
        status = ConnectorStatus.SUSPENDED_EV if rests else CHARGING
        a = replace(a, status=status, draw_a=None, draw_at=None)
        current_a = 0.0 if rests else decision.connectors[0].offer_a
        meter = replace(snapshot.meters[0][1], current_a=(current_a,) * 3)
        snapshot = replace(snapshot, connectors=(a, b), meters=(("main", meter),))


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


def test_the_car_that_exceeded_its_offer_is_not_trusted_at_once() -> None:
    """Once stopped, it stays at 0 A; for a quarter of an hour it is not started again. Without a car, that is forgotten."""
    past = ConnectorMemory(
        asked_at=NOW - HOUR,
        forced_stop_at=NOW - timedelta(minutes=1),
        offers=(Offered(at=NOW - timedelta(minutes=1), current_a=0.0),),
    )
    stopped = car("a", offer_a=0.0)
    memory = Memory(connectors={"a": past})
    decision, memory = decide(on(24, stopped), memory)
    assert offers(decision) == {"a": 0}
    assert reasons(decision) == {"a": ReasonKey.DISTRUSTED}
    assert decision.connectors[0].problem is not None
    assert not decision.connectors[0].stop
    _, decision, _ = settle(on(24, stopped), 900, memory)
    assert offers(decision)["a"] >= 6
    gone = replace(stopped, status=ConnectorStatus.AVAILABLE)
    decision, memory = decide(on(24, gone), memory)
    assert memory.connectors["a"].forced_stop_at is None
    off = replace(stopped, mode=Mode.OFF)
    _, kept = decide(on(24, off), Memory(connectors={"a": past}))
    assert kept.connectors["a"].forced_stop_at is not None


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


def test_status_charging_is_what_counts() -> None:
    """Whoever charges when its offer has lapsed has its fail-safe current, and goes on from there; one that waits starts."""
    for status, rises_to_a in ((CHARGING, 11), (ConnectorStatus.SUSPENDED_EVSE, 6)):
        lapsed = car("a", status=status, offer_a=10.0, offer_until=NOW)
        assert offers(decide(on(24, lapsed), Memory())[0]) == {"a": rises_to_a}


def test_a_rise_from_the_fail_safe_current_is_a_step_like_any_other() -> None:
    """Told 11 A, which is less than the 16 A that lapsed, and confirmed after a second: the next step comes five seconds after the first."""
    lapsed = car("a", status=CHARGING, offer_a=16.0, offer_until=NOW)
    decision, memory = decide(on(24, lapsed), Memory())
    assert offers(decision) == {"a": 11}
    for after_s, offer_a in ((1, 11), (5, 16)):
        told = replace(
            on(24, car("a", status=CHARGING, offer_a=11.0)),
            now=NOW + timedelta(seconds=after_s),
        )
        assert offers(decide(told, memory)[0]) == {"a": offer_a}


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


@pytest.mark.parametrize("paused", [True, False])
def test_a_transaction_that_ended(paused: bool) -> None:
    """A car whose transaction we ended to pause it still wants to charge; one whose driver ended it does not."""
    ended = car("a", status=ConnectorStatus.FINISHING, paused=paused, offer_a=0.0)
    decision = decided(site(ended))
    assert (offers(decision)["a"] > 0) is paused
    assert (reasons(decision)["a"] is ReasonKey.CAR_FINISHED) is not paused


def test_a_pause_and_a_sessions_limit_withhold_everything_but_a_boost() -> None:
    """The driver's reason is the one that is shown; who boosts afterwards means it."""
    paused = Reason(key=ReasonKey.PAUSED_UNTIL, values=(("until", NOW.isoformat()),))
    limit = Reason(key=ReasonKey.SESSION_LIMIT)
    decision = decided(
        site(
            car("a", withheld=paused),
            car("b", withheld=limit),
            car("c", withheld=limit, boost=BOOST),
        )
    )
    assert offers(decision)["a"] == offers(decision)["b"] == 0
    assert reasons(decision)["a"] is ReasonKey.PAUSED_UNTIL
    assert reasons(decision)["b"] is ReasonKey.SESSION_LIMIT
    assert offers(decision)["c"] == 16
