"""Reasons are true: they name the cause, and then the wait."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from custom_components.sunfuse.engine import Memory, decide
from custom_components.sunfuse.engine.memory import ConnectorMemory
from custom_components.sunfuse.engine.model import (
    ConnectorStatus,
    Decision,
    ExternalLimit,
    LimitKind,
    MeterReading,
    Mode,
    PowerReading,
    Reason,
    ReasonKey,
    Snapshot,
)
from custom_components.sunfuse.engine.tuning import Characteristic, Tuning

from .common import (
    BOOST,
    MAIN,
    NOW,
    car,
    decided,
    later,
    of,
    offers,
    on,
    reasons,
    restored,
    settle,
    site,
    values,
)
from .plant import START, Car, Plant, charger, main, steady

WIDE = (replace(MAIN, limit_a=(80,) * 3),)


def test_cars_at_their_minimum_that_the_grid_helps() -> None:
    """Three cars take 12.4 kW and the sun leaves 5.3 kW: the grid gives the rest, and nobody follows the sun."""
    snapshot = site(
        *(car(name, mode=Mode.SOLAR_MIN, offer_a=6.0) for name in "abc"),
        house_a=(-5300 / 690,) * 3,
        solar=PowerReading(at=NOW, power_w=8000),
        circuits=WIDE,
    )
    decision = decided(snapshot)
    assert set(reasons(decision).values()) == {ReasonKey.AT_MINIMUM}
    assert values(decision, "a") == {"min_a": 6.0, "surplus_w": pytest.approx(5300)}


@pytest.mark.parametrize("mode", [Mode.SOLAR, Mode.SOLAR_MIN])
def test_without_a_meter_nobody_waits_for_a_surplus(mode: Mode) -> None:
    """The meter was lost two minutes ago: the solar surplus is unknown, so the sentence names no watts."""
    snapshot = site(
        car("a", mode=mode, offer_a=8.0),
        house_a=(-12, -12, -12),
        solar=PowerReading(at=NOW, power_w=9000),
        circuits=WIDE,
    )
    snapshot, decision, memory = settle(snapshot, 60)
    meters = snapshot.meters
    for _ in range(24):
        snapshot = replace(later(snapshot, 5, decision), meters=meters)
        decision, memory = decide(snapshot, memory)
    assert reasons(decision) == {"a": ReasonKey.METER_LOST}


def test_a_car_that_the_sun_carries_follows_it() -> None:
    """5.3 kW are 7.6 A."""
    snapshot = site(
        car("a", mode=Mode.SOLAR_MIN, offer_a=7.6),
        house_a=(-5300 / 690,) * 3,
        solar=PowerReading(at=NOW, power_w=8000),
        circuits=WIDE,
    )
    assert reasons(decided(snapshot)) == {"a": ReasonKey.LIMITED_BY_SUN}


def test_a_car_that_stops_soon_shows_when() -> None:
    """The sun leaves 1 kW: charging goes on for the delay, and says until when."""
    bright = site(
        car("a", mode=Mode.SOLAR, offer_a=6.0),
        house_a=(-5300 / 690,) * 3,
        solar=PowerReading(at=NOW, power_w=8000),
        circuits=WIDE,
        tuning=Tuning(stop_delay_s=180, min_on_s=180),
    )
    snapshot, _, memory = settle(bright, 240)
    dull = later(snapshot, 5)
    metered = tuple(-1000 / 690 + a for a in dull.connectors[0].draw_a or ())
    for _ in range(12):
        reading = replace(dull.meters[0][1], at=dull.now, current_a=metered)
        dull = replace(dull, meters=(("main", reading),))
        decision, memory = decide(dull, memory)
        dull = later(dull, 5, decision)
        metered = tuple(-1000 / 690 + a for a in dull.connectors[0].draw_a or ())
    assert reasons(decision) == {"a": ReasonKey.STOPPING_ON_SUN}
    since = memory.connector("a").dull_since
    assert since is not None
    until = (since + timedelta(seconds=180)).isoformat()
    assert values(decision, "a")["until"] == until


def test_the_first_of_two_that_live_from_the_sun_follows_it() -> None:
    """5.3 kW carry one minimum: who has it follows the sun, and the other one is to stop."""
    snapshot = site(
        *(
            car(name, mode=Mode.SOLAR, offer_a=6.0, priority=priority)
            for name, priority in (("a", 9), ("b", 1))
        ),
        house_a=(-5300 / 690,) * 3,
        solar=PowerReading(at=NOW, power_w=8000),
        circuits=WIDE,
    )
    assert reasons(decided(snapshot)) == {
        "a": ReasonKey.LIMITED_BY_SUN,
        "b": ReasonKey.STOPPING_ON_SUN,
    }


def test_sun_that_others_take() -> None:
    """The sun leaves 4.9 kW and another car has them: that is not 0 W of sun."""
    first = car("a", mode=Mode.SOLAR, offer_a=7.0)
    second = car(
        "b",
        mode=Mode.SOLAR,
        offer_a=0.0,
        status=ConnectorStatus.PREPARING,
        draw_a=(0.0,) * 3,
    )
    snapshot = site(
        first,
        second,
        house_a=(-4900 / 690,) * 3,
        solar=PowerReading(at=NOW, power_w=8000),
        circuits=WIDE,
    )
    decision = decided(snapshot)
    assert reasons(decision)["b"] is ReasonKey.SUN_TAKEN
    told = values(decision, "b")
    assert told["surplus_w"] == pytest.approx(4900)
    assert told["taken_w"] == pytest.approx(4140)
    assert told["needed_w"] == pytest.approx(4140)


def test_want_of_sun_is_no_boosts_fault() -> None:
    """A boost takes the circuit, and there is no sun: without the boost the other car would have no more."""
    snapshot = site(
        car("a", boost=BOOST, offer_a=16.0),
        car("b", mode=Mode.SOLAR_MIN, offer_a=6.0),
        solar=PowerReading(at=NOW, power_w=0),
        circuits=(replace(MAIN, limit_a=(23,) * 3),),
    )
    assert reasons(decided(snapshot))["b"] is ReasonKey.AT_MINIMUM
    fast = replace(
        snapshot,
        connectors=(
            snapshot.connectors[0],
            replace(snapshot.connectors[1], mode=Mode.FAST),
        ),
    )
    assert reasons(decided(fast))["b"] is ReasonKey.LIMITED_BY_BOOST


def test_the_reason_of_a_pause() -> None:
    """The fuse was lowered to 5 A, and that for the third time: the car rests, because there was no room."""
    snapshot, _, memory = settle(site(car("a")), 60)
    memory.connectors["a"].stops = 2
    low = replace(later(snapshot, 5), circuits=(replace(MAIN, limit_a=(5,) * 3),))
    decision, memory = decide(low, memory)
    reason = of(decision, "a").reason
    for _ in range(2):
        low = later(low, 5, decision)
        decision, memory = decide(low, memory)
        assert of(decision, "a").reason == reason
    assert reason.key is ReasonKey.PAUSING
    assert reason.cause is not None
    assert reason.cause.key is ReasonKey.WAITING_FOR_CAPACITY
    assert ("circuit", "Main fuse") in reason.cause.values
    assert dict(reason.values)["until"]
    kept = restored(memory.to_dict())
    assert kept.connector("a").stopped_for == reason.cause
    # Its charger refuses to stop: it does not rest, and the reason is what it should stop for.
    (connector,) = low.connectors
    refuses = replace(connector, refuses_to_stop=True, status=ConnectorStatus.CHARGING)
    decision, _ = decide(replace(low, connectors=(refuses,)), memory)
    assert of(decision, "a").reason.key is ReasonKey.STOP_REFUSED
    assert of(decision, "a").reason.cause == reason.cause


def test_a_pause_of_a_minute_that_ends_without_a_start() -> None:
    """The fuse stays at 5 A, of which 4 A are for cars: a car lacks 2 A during the pause and after it, and no other reason is told."""
    snapshot, _, memory = settle(site(car("a")), 60)
    memory.connectors["a"].stops = 1
    low = replace(later(snapshot, 5), circuits=(replace(MAIN, limit_a=(5,) * 3),))
    for _ in range(20):
        decision, memory = decide(low, memory)
        assert of(decision, "a").offer_a == 0
        assert reasons(decision) == {"a": ReasonKey.WAITING_FOR_CAPACITY}
        assert values(decision, "a")["missing_a"] == 2.0
        low = later(low, 5, decision)


def test_what_is_above_the_limit_is_missing_too() -> None:
    """The house takes 30 of 24 A: before a car has its 6 A, 12 A have to go."""
    decision = decided(site(car("a", offer_a=0.0), house_a=(30, 0, 0)))
    assert reasons(decision) == {"a": ReasonKey.WAITING_FOR_CAPACITY}
    assert values(decision, "a")["missing_a"] == 12.0


@pytest.mark.parametrize("stops", [1, 3])
def test_a_limit_that_outlasts_a_pause_is_what_a_car_waits_for(stops: int) -> None:
    """5 A are allowed for an hour: that the car pauses for a minute, or for some, keeps it from nothing; once they are lifted, it does."""
    snapshot, _, memory = settle(site(car("a")), 60)
    memory.connectors["a"].stops = stops
    limit = ExternalLimit(name="Grid", kind=LimitKind.DEMAND_RESPONSE, current_a=5.0)
    until = snapshot.now + timedelta(hours=1)
    low = replace(later(snapshot, 5), limits=(replace(limit, until=until),))
    for _ in range(5):
        decision, memory = decide(low, memory)
        assert of(decision, "a").offer_a == 0
        assert reasons(decision) == {"a": ReasonKey.LIMITED_BY_DEMAND_RESPONSE}
        assert values(decision, "a")["until"] == until.isoformat()
        low = later(low, 5, decision)
    decision, _ = decide(replace(low, limits=()), memory)
    assert reasons(decision) == {"a": ReasonKey.PAUSING}


def test_a_pause_of_a_minute_after_a_load_of_seconds() -> None:
    """A strict fuse stopped a car for 30 A of 5 s. Current is not what it lacks then: it waits in case that they come back, and pauses."""
    strict = replace(MAIN, characteristic=Characteristic.STRICT)
    snapshot, _, memory = settle(site(car("a"), circuits=(strict,)), 60)
    memory.connectors["a"].stops = 1
    told = {}
    for seconds in range(0, 120, 5):
        load_a = 30.0 if not seconds else 2.0
        drawn_a = snapshot.connectors[0].draw_a
        assert drawn_a is not None
        reading = MeterReading(
            at=snapshot.now, current_a=(load_a + drawn_a[0], *drawn_a[1:])
        )
        snapshot = replace(snapshot, meters=(("main", reading),))
        decision, memory = decide(snapshot, memory)
        told[seconds] = of(decision, "a").reason.key
        snapshot = later(snapshot, 5, decision)
    assert told[0] is ReasonKey.WAITING_FOR_CAPACITY
    assert {told[seconds] for seconds in range(10, 60, 5)} <= {
        ReasonKey.LOAD_PEAKED,
        ReasonKey.PAUSING,
    }


@pytest.mark.parametrize(
    ("turn_s", "reason"),
    # Stopped for the fourth time, 100 s ago, it may not start for another minute at least.
    [(5, ReasonKey.PAUSING), (3600, ReasonKey.WAITING_FOR_TURN)],
)
def test_a_car_that_was_stopped_for_a_turn_is_told_the_later_end(
    turn_s: int, reason: ReasonKey
) -> None:
    """It waits for the turn of another one, or until it may start again if that is later."""
    until = (NOW + timedelta(seconds=turn_s)).isoformat()
    turn = Reason(key=ReasonKey.WAITING_FOR_TURN, values=(("until", until),))
    stopped_at = NOW - timedelta(seconds=100)
    past = ConnectorMemory(stops=4, stopped_for=turn, stopped_at=stopped_at)
    memory = Memory(connectors={"a": past})
    stopped = car("a", status=ConnectorStatus.SUSPENDED_EVSE, offer_a=0.0)
    told = of(decided(site(stopped), memory), "a").reason
    assert told.key is reason
    assert turn in (told, told.cause)
    assert datetime.fromisoformat(str(dict(told.values)["until"])) > NOW


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"mode": Mode.OFF}, ReasonKey.STOP_REFUSED),
        ({}, ReasonKey.FULL_POWER),  # it need not stop
        (
            {"mode": Mode.OFF, "status": ConnectorStatus.SUSPENDED_EV},
            ReasonKey.MODE_OFF,
        ),
        ({"mode": Mode.OFF, "reachable": False}, ReasonKey.CHARGER_OFFLINE),
    ],
)
def test_a_charger_that_refuses_to_stop(
    changes: dict[str, Any], reason: ReasonKey
) -> None:
    """That is said where it should stop and charges on."""
    assert reasons(decided(on(24, car("a", refuses_to_stop=True, **changes)))) == {
        "a": reason
    }


def test_a_charger_that_never_connected() -> None:
    """It says where to point it to, and no amperes that are kept free."""
    gone = car("a", reachable=False, connect_to="ws://192.0.2.1:9000/CP1")
    decision = decided(site(gone))
    assert reasons(decision) == {"a": ReasonKey.NEVER_CONNECTED}
    assert values(decision, "a") == {"address": "ws://192.0.2.1:9000/CP1"}


def test_a_stopped_car_does_not_take_too_much_any_more() -> None:
    """It took 16 A of 6 A until it was stopped; afterwards it takes nothing, and may start again at a time."""
    wild = car("a", offer_a=6.0, draw_a=(16.0,) * 3)
    memory = Memory()
    for seconds in range(0, 180, 5):
        now = NOW + timedelta(seconds=seconds)
        drawn = 16.0 if seconds < 120 else 0.0
        reading = replace(site().meters[0][1], at=now, current_a=(drawn + 2,) * 3)
        snapshot = replace(
            site(replace(wild, draw_a=(drawn,) * 3, draw_at=now)),
            now=now,
            meters=(("main", reading),),
        )
        decision, memory = decide(snapshot, memory)
        if seconds == 100:
            assert reasons(decision) == {"a": ReasonKey.EXCEEDS_OFFER}
    assert reasons(decision) == {"a": ReasonKey.DISTRUSTED}
    stopped = memory.connector("a").forced_stop_at
    assert stopped is not None
    assert values(decision, "a") == {
        "until": (stopped + timedelta(minutes=15)).isoformat()
    }


def _peaked(seconds: float) -> float:
    """Return a house that takes 78 A for 40 seconds, of a fuse of 80 A."""
    return 78.0 if 40 <= seconds < 80 else 10.0


def test_a_car_that_comes_after_a_peak() -> None:
    """With 69 A free it waits, and says for which peak: how high, when it was, and until when. Then it starts."""
    memory = Memory()
    waited: list[tuple[float, dict[str, str | float]]] = []
    for seconds in range(0, 300, 5):
        now = NOW + timedelta(seconds=seconds)
        arrived = seconds >= 90
        came = car(
            "a",
            status=ConnectorStatus.PREPARING if arrived else ConnectorStatus.AVAILABLE,
            offer_a=0.0,
            draw_a=(0.0,) * 3,
        )
        reading = MeterReading(at=now, current_a=(_peaked(seconds), 5.0, 5.0))
        snapshot = replace(
            site(replace(came, draw_at=now), circuits=WIDE),
            now=now,
            meters=(("main", reading),),
        )
        decision, memory = decide(snapshot, memory)
        if not arrived:
            continue
        if of(decision, "a").offer_a:
            break
        assert reasons(decision) == {"a": ReasonKey.LOAD_PEAKED}
        waited.append((seconds, values(decision, "a")))
    assert waited[0][0] == 90
    for at_s, said in waited:
        assert (said["circuit"], said["phase"]) == ("Main fuse", "L1")
        # The mean of ten seconds comes up to 98 % of it in 40 s.
        assert said["peak_a"] == pytest.approx(78, abs=1.5)
        assert said["at"] == (NOW + timedelta(seconds=75)).isoformat()
        assert str(said["until"]) > (NOW + timedelta(seconds=at_s)).isoformat()
    # It starts when the sentence said last.
    assert waited[-1][1]["until"] == now.isoformat()


def test_a_limit_that_somebody_set_is_named_before_a_peak() -> None:
    """A car that waits after a peak below a limit of a capacity tariff is told of the tariff."""
    memory = Memory()
    limits = (ExternalLimit(name="Peaks", kind=LimitKind.PEAK, current_a=79.0),)
    for seconds in range(0, 95, 5):
        now = NOW + timedelta(seconds=seconds)
        came = car(
            "a", status=ConnectorStatus.PREPARING, offer_a=0.0, draw_a=(0.0,) * 3
        )
        reading = MeterReading(at=now, current_a=(_peaked(seconds), 5.0, 5.0))
        snapshot = replace(
            site(
                replace(came, draw_at=now, allowed=seconds >= 90),
                circuits=WIDE,
                limits=limits,
            ),
            now=now,
            meters=(("main", reading),),
        )
        decision, memory = decide(snapshot, memory)
    assert reasons(decision) == {"a": ReasonKey.LIMITED_BY_PEAK}


def test_a_memory_without_the_times_of_peaks() -> None:
    """What an earlier version remembered of the load is watched anew."""
    first = site(car("a"), house_a=(5, 5, 5))
    _, memory = decide(first, Memory())
    former = replace(
        memory.circuit("main"),
        highest_a=(99.0,) * 3,
        highest_at=(),
        highest_before_at=(),
    )
    _, again = decide(later(first, 5), replace(memory, circuits={"main": former}))
    assert max(again.circuit("main").highest_a) < 30


@pytest.mark.parametrize("lowered", [False, True])
def test_current_that_is_reserved_for_offline_chargers(lowered: bool) -> None:
    """The sentence names the chargers and their amperes, for who waits and for who gets no more."""
    away = car("gone", reachable=False, offer_a=16.0, draw_a=(0.0,) * 3)
    gone = replace(away, name="Garage")
    waits = car("waits", offer_a=0.0, status=ConnectorStatus.PREPARING)
    charges = car("charges", offer_a=6.0)
    limits = (
        (ExternalLimit(name="Grid", kind=LimitKind.PEAK, current_a=23.0),)
        if lowered
        else ()
    )
    for other in (waits, charges):
        house_a = 3.0 if other is waits else 0.0
        decision = decided(site(gone, other, house_a=(house_a,) * 3, limits=limits))
        said = values(decision, other.id)
        if lowered:
            # A limit that somebody set comes first.
            assert reasons(decision)[other.id] is ReasonKey.LIMITED_BY_PEAK
            continue
        assert reasons(decision)[other.id] is ReasonKey.RESERVED_FOR_OFFLINE
        assert (said["reserved_a"], said["chargers"]) == (16.0, "Garage")
        assert (said["circuit"], said["phase"]) == ("Main fuse", "L1")


@pytest.mark.parametrize(("house_a", "waits"), [(4.0, True), (-4.0, False)])
def test_current_that_a_car_takes_beyond_its_offer(house_a: float, waits: bool) -> None:
    """It is reserved for its charger, which the other car's sentence names: the fuse would carry both if it obeyed."""
    disobeys = replace(charger("a"), name="Garage")
    plant = Plant(
        cars=[
            Car(
                connector=disobeys, obeys=False, takes=1.0, arrives_s=0 if waits else 60
            ),
            Car(connector=charger("b"), arrives_s=60 if waits else 0),
        ],
        circuits=(main(limit_a=25.0),),
        loads={"main": steady(house_a, house_a, house_a)},
        tick_s=1,
        report_s=2,
    )
    said: set[ReasonKey] = set()

    def noted(snapshot: Snapshot, memory: Memory) -> tuple[Decision, Memory]:
        decision, memory = decide(snapshot, memory)
        if reasons(decision)["a"] is ReasonKey.EXCEEDS_OFFER:
            told = of(decision, "b")
            said.add(told.reason.key)
            assert waits is not bool(told.offer_a)
            found = values(decision, "b")
            assert (found["reserved_a"], found["chargers"]) == (16.0, "Garage")
            assert (found["circuit"], found["phase"]) == ("Main fuse", "L1")
        return decision, memory

    plant.decide = noted
    plant.run(150)
    assert said == {ReasonKey.RESERVED_FOR_EXCESS}


def test_a_car_that_others_make_room_for() -> None:
    """16 A are enough for two minimums: while the first car still has all of it, the circuit is not full, it is being vacated."""
    snapshot = on(16, car("a"), car("b", offer_a=0.0))
    decision = decided(snapshot)
    assert offers(decision)["a"] < 16
    assert of(decision, "b").reason.key is ReasonKey.WAITING_FOR_RELEASE
    assert values(decision, "b") == {"circuit": "Main fuse", "phase": "L1"}
    _, later_on, _ = settle(snapshot, 30)
    assert offers(later_on)["b"] >= 6


def test_reasons_of_three_that_take_turns() -> None:
    """Two have a place each: who is stopped for the third is told its next turn at once, and a full one not to wait for a place."""
    told: dict[str, list[tuple[float, Reason]]] = {}

    def noted(snapshot: Snapshot, memory: Memory) -> tuple[Decision, Memory]:
        decision, memory = decide(snapshot, memory)
        at_s = (snapshot.now - START).total_seconds()
        for one in decision.connectors:
            told.setdefault(one.id, []).append((at_s, one.reason))
        return decision, memory

    plant = Plant(
        cars=[
            Car(connector=charger(name), arrives_s=200 * place, wants_wh=wants_wh)
            for place, (name, wants_wh) in enumerate(
                (("a", 1e9), ("full", 2000), ("c", 1e9))
            )
        ],
        circuits=(main(20),),
        loads={"main": steady(3, 3, 3)},
        decide=noted,
    )
    plant.run(2400)
    promised = {
        dict(reason.values)["until"]
        for _, reason in told["a"]
        if reason.key is ReasonKey.WAITING_FOR_TURN
    }
    stopped_at = next(
        at_s for at_s, reason in told["a"] if reason.key is ReasonKey.WAITING_FOR_TURN
    )
    turn = START + timedelta(seconds=stopped_at + Tuning().turn_s)
    assert promised == {turn.isoformat()}
    since = next(
        at_s for at_s, reason in told["full"] if reason.key is ReasonKey.CAR_FINISHED
    )
    assert {reason.key for at_s, reason in told["full"] if at_s > since} == {
        ReasonKey.CAR_FINISHED
    }
    for reasons_ in told.values():
        for _, reason in reasons_:
            if reason.key is ReasonKey.RAMPING:
                values_ = dict(reason.values)
                assert float(values_["target_a"]) - float(values_["offer_a"]) > 1
