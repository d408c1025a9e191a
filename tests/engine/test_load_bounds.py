"""What is known of the load beside the cars: within bounds, by phase, and with watts alone."""

from dataclasses import replace
from datetime import timedelta

import pytest

from custom_components.sunfuse.engine import Memory, decide
from custom_components.sunfuse.engine.model import (
    CircuitState,
    ConnectorStatus,
    MeterReading,
    PerPhase,
    PowerReading,
    Site,
    Snapshot,
)

from .common import MAIN, NOW, at, car, decided, offers, site


def settled_memory(house_a: float, offer_a: float = 16.0) -> Memory:
    """Return the memory of a site whose house takes this much, and whose car all of its offer."""
    ago = NOW - timedelta(minutes=2)
    standing = replace(car("a", offer_a=offer_a), draw_at=ago)
    before = replace(site(standing, house_a=(house_a,) * 3), now=ago)
    reading = replace(before.meters[0][1], at=ago)
    return decide(replace(before, meters=(("main", reading),)), Memory())[1]


@pytest.mark.parametrize(
    ("changes", "metered_a", "load_a"),
    [
        # A car that was just offered 16 A and still shows 6: what the meter shows above that may be the car.
        ({"offer_a": 16.0, "draw_a": (6.0,) * 3, "offered_at": NOW}, 20, 4),
        # Above the limit there is no such doubt: it has just been offered more, and reports 6 A.
        ({"offer_a": 16.0, "draw_a": (6.0,) * 3, "offered_at": NOW}, 26, 20),
        # One that was just lowered to 10 A takes no more than the 13 A of before: the rest is the house, at once.
        ({"offer_a": 10.0, "draw_a": (13.0,) * 3, "offered_at": NOW}, 28, 15),
        # One that was just lowered to 6 A may still take 16: what the meter no longer shows is not free yet.
        ({"offer_a": 6.0, "draw_a": (16.0,) * 3, "offered_at": NOW}, 20, 4),
        ({"offer_a": 6.0, "draw_a": (16.0,) * 3, "offered_at": NOW}, 10, 4),
        # Settled and reported at the same time: the house is the difference.
        ({"draw_a": (16.0,) * 3}, 26, 10),
        ({"draw_a": (10.0,) * 3}, 18, 8),
        # A draw that was reported a minute ago: the car may have stopped since, so the fall of the meter frees nothing.
        ({"draw_a": (16.0,) * 3, "draw_at": NOW - timedelta(minutes=1)}, 4, 4),
        # Out of reach: anything from nothing to its offer.
        ({"draw_a": (16.0,) * 3, "reachable": False}, 4, 4),
        # A charger that measures nothing.
        ({"draw_a": None, "draw_at": None}, 20, 4),
    ],
)
def test_the_load_is_known_within_bounds(
    changes: dict[str, object], metered_a: float, load_a: float
) -> None:
    """The last estimate is kept as far as meter and chargers allow."""
    standing = replace(car("a"), **{"draw_at": NOW, **changes})  # type: ignore[arg-type]  # any field
    snapshot = replace(
        site(standing),
        meters=(("main", MeterReading(at=NOW, current_a=(metered_a,) * 3)),),
    )
    former_a = max(standing.draw_a) if standing.draw_a else 16.0
    decision = decide(snapshot, settled_memory(4.0, former_a))[0]
    assert decision.circuits[0].uncontrolled_a == pytest.approx((load_a,) * 3)


def test_without_generation_no_load_is_negative() -> None:
    """A meter below the cars' draw frees nothing on a site without reported generation; with it, it does."""
    standing = car("a", draw_a=(16.0,) * 3)
    reading = (("main", MeterReading(at=NOW, current_a=(6.0,) * 3)),)
    dark = replace(site(standing), meters=reading)
    assert decided(dark).circuits[0].uncontrolled_a == (0, 0, 0)
    bright = replace(dark, solar=PowerReading(at=NOW, power_w=9000))
    assert decided(bright).circuits[0].uncontrolled_a == pytest.approx((-10,) * 3)


@pytest.mark.parametrize(
    ("power_w", "solar_w", "load_a"),
    [
        # 4600 W of which nobody knows the phase may all be on one: 20 A on each.
        (4600, 0, (20, 20, 20)),
        # An export of 2300 W under 4600 W of sun: the house takes 2300 W.
        (-2300, 4600, (10, 10, 10)),
    ],
)
def test_a_total_is_on_any_phase(
    power_w: float, solar_w: float, load_a: PerPhase
) -> None:
    """Conservative, as nobody knows which."""
    snapshot = replace(
        site(),
        meters=(("main", MeterReading(at=NOW, power_w=power_w)),),
        solar=PowerReading(at=NOW, power_w=solar_w),
    )
    assert decided(snapshot).circuits[0].uncontrolled_a == pytest.approx(load_a)


def test_a_total_of_one_phase_is_that_phase() -> None:
    """On a single-phase site watts are as good as amperes."""
    snapshot = replace(
        site(),
        site=replace(site().site, phases=1),
        circuits=(replace(MAIN, limit_a=(25,)),),
        meters=(("main", MeterReading(at=NOW, power_w=2300)),),
    )
    assert decided(snapshot).circuits[0].uncontrolled_a == pytest.approx((10,))


def test_overloaded() -> None:
    """A circuit above its limit says so."""
    decision = decided(site(car("a"), house_a=(12, 0, 0)))
    assert decision.circuits[0].state is CircuitState.OVERLOADED
    assert offers(decision) == {"a": 12}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        # An offer that is not known, or has lapsed: at its fail-safe current of 6 A, or what it falls back to.
        ({"offer_a": None, "draw_a": (0.0,) * 3}, 10),
        ({"offer_until": NOW, "draw_a": (0.0,) * 3}, 10),
        ({"offer_a": None, "draw_a": (0.0,) * 3, "fall_back_a": 10.0}, 6),
        # Nor is anything held for a connector that never had a session.
        ({"offer_a": None, "draw_a": (0.0,) * 3, "used": False}, 16),
        # No car: nothing is held, whatever the last one took.
        ({"status": ConnectorStatus.AVAILABLE, "draw_a": (0.0,) * 3}, 16),
        # Switched off, but it still draws 9 A.
        ({"allowed": False, "offer_a": 0.0, "draw_a": (9.0,) * 3}, 7),
        ({"allowed": False, "offer_a": 0.0, "draw_a": (0.0,) * 3}, 16),
    ],
)
def test_what_another_may_still_take_is_not_given(
    changes: dict[str, object], expected: float
) -> None:
    """A car at 6 A rises only into what the other has released, with a main fuse of 17 A less 1 A."""
    other = car("b", **changes)
    if "allowed" not in changes and "status" not in changes:
        other = replace(other, reachable=False)
    snapshot = site(
        car("a", offer_a=6.0),
        other,
        circuits=(replace(MAIN, limit_a=(17, 17, 17)),),
    )
    memory = Memory()
    for second in range(0, 20, 5):
        now = NOW + timedelta(seconds=second)
        told = replace(
            snapshot,
            now=now,
            meters=(("main", replace(snapshot.meters[0][1], at=now)),),
            connectors=tuple(
                replace(c, draw_at=now if c.draw_at else None)
                for c in snapshot.connectors
            ),
        )
        decision, memory = decide(told, memory)
        offer_a = offers(decision)["a"]
        snapshot = replace(
            snapshot,
            connectors=(
                replace(snapshot.connectors[0], offer_a=offer_a),
                snapshot.connectors[1],
            ),
        )
    assert offer_a == pytest.approx(expected)


def test_a_draw_without_a_car_is_the_last_cars() -> None:
    """It holds nothing once it is old, and 6 A rise by 5 A; while it is new, 24 - 14 A are left."""
    for age_s, expected in ((1, 10.0), (30, 11.0)):
        gone = replace(
            car("b", status=ConnectorStatus.AVAILABLE, offer_a=0.0),
            draw_a=(14.0,) * 3,
            draw_at=NOW - timedelta(seconds=age_s),
        )
        snapshot = replace(
            site(car("a", offer_a=6.0), gone),
            meters=(("main", MeterReading(at=NOW, current_a=(6.0,) * 3)),),
        )
        assert offers(decided(snapshot))["a"] == expected


def test_what_is_not_reserved_for_a_charger_out_of_reach_is_not_its_own() -> None:
    """One that takes 16 A of its 6 A, and vanishes, is reserved at 6 A: the other 10 A are given to nobody."""
    wild, other = car("a", offer_a=6.0, draw_a=(16.0,) * 3), car("b", offer_a=6.0)
    memory = Memory()
    for seconds in range(0, 60, 5):
        now = NOW + timedelta(seconds=seconds)
        heard = min(now, NOW + timedelta(seconds=10))
        given_a = other.offer_a or 0.0
        other = replace(other, draw_a=(given_a,) * 3, draw_at=now)
        seen = 2.0 + 16.0 + given_a
        snapshot = replace(
            site(replace(wild, draw_at=heard, reachable=seconds <= 10), other),
            now=now,
            meters=(("main", replace(at(0, seen, seen, seen), at=now)),),
        )
        decision, memory = decide(snapshot, memory)
        other = replace(other, offer_a=offers(decision)["b"], offered_at=now)
    assert 2 + 16 + offers(decision)["b"] <= 24 + 1e-6


def test_a_car_that_was_lowered_hides_nothing_of_the_house() -> None:
    """It took 13 A of 16 A; while the order to take 14 A is under way, a step of the house of 5 A is seen in full."""
    memory = Memory()
    for seconds, offer_a, house_a in ((0, 16.0, 4.0), (30, 16.0, 4.0), (60, 16.0, 9.0)):
        now = NOW + timedelta(seconds=seconds)
        lowered = NOW + timedelta(seconds=55 if seconds == 60 else -300)
        standing = car("a", offer_a=offer_a, draw_a=(13.0,) * 3, offered_at=lowered)
        seen = house_a + 13.0
        snapshot = replace(
            site(replace(standing, draw_at=now)),
            now=now,
            meters=(("main", replace(at(0, seen, seen, seen), at=now)),),
        )
        decision, memory = decide(snapshot, memory)
    assert decision.circuits[0].uncontrolled_a == pytest.approx((9.0,) * 3)


def test_a_charger_above_its_offer_is_not_raised() -> None:
    """Ten seconds after it was commanded 8 A it takes 16 A: it is commanded 8 A again, and nobody gets the other 8 A."""
    wild = car("a", offer_a=8.0, draw_a=(16.0,) * 3)
    memory = Memory()
    for seconds in (0, 5, 10):
        now = NOW + timedelta(seconds=seconds)
        snapshot = replace(
            site(replace(wild, draw_at=now), car("b", offer_a=6.0)),
            now=now,
            meters=(("main", replace(at(0, 22.0, 22.0, 22.0), at=now)),),
        )
        decision, memory = decide(snapshot, memory)
    assert memory.connector("a").asked_again_at
    assert offers(decision)["a"] <= 8
    assert offers(decision)["b"] <= 8


def test_an_offer_that_lapses_is_over_when_it_lapses() -> None:
    """16 A until a second ago may still flow: that is no load of the house, and no disobedience."""
    until = NOW + timedelta(seconds=29)
    standing = car("a", offer_until=until)
    memory = Memory()
    for seconds in (0, 15, 30, 35):
        now = NOW + timedelta(seconds=seconds)
        snapshot = replace(
            site(replace(standing, draw_at=now, reachable=seconds < 30)),
            now=now,
            meters=(("main", replace(at(0, 18.0, 18.0, 18.0), at=now)),),
        )
        decision, memory = decide(snapshot, memory)
    assert decision.circuits[0].uncontrolled_a == pytest.approx((2.0,) * 3)


@pytest.mark.parametrize(
    ("power_w", "state"), [(5600, "limited"), (5800, "overloaded")]
)
def test_a_meter_of_watts_on_one_phase_shows_an_overload(
    power_w: float, state: str
) -> None:
    """25 A at 230 V are 5750 W."""
    one = Site(phases=1, voltage_v=230)
    fuse = replace(MAIN, limit_a=(25,))
    snapshot = Snapshot(
        now=NOW,
        site=one,
        circuits=(fuse,),
        meters=(("main", MeterReading(at=NOW, power_w=power_w)),),
        connectors=(car("a", phases=(0,), offer_a=8.0, draw_a=(8.0,)),),
    )
    assert decided(snapshot).circuits[0].state == state


@pytest.mark.parametrize(
    ("power_w", "state"), [(17_000, "limited"), (17_500, "overloaded")]
)
def test_a_meter_of_watts_on_three_phases_shows_an_overload(
    power_w: float, state: str
) -> None:
    """Three times 25 A at 230 V are 17,250 W: above that some phase is above 25 A. What no car reports is load."""
    snapshot = site(
        car("a", offer_a=16.0, draw_a=(6.0,) * 3, offered_at=NOW),
        meters=(("main", MeterReading(at=NOW, power_w=power_w)),),
    )
    decision = decide(snapshot, settled_memory(4.0, 6.0))[0]
    assert decision.circuits[0].state == state
    house_w = power_w - 6 * 690 if state == "overloaded" else power_w - 16 * 690
    assert decision.circuits[0].uncontrolled_a[0] == pytest.approx(house_w / 230)
