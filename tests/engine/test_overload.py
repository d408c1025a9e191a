"""A meter above a circuit's limit is believed: the whole excess is taken at once, and nobody is raised meanwhile.

The bound is physics: the meter has to report what it measured, the charger to obey, the car to follow, and one second
is for the decision. Sites are those that were seen to fail (24 chargers, fast and slow, in two sub-panels, a building
of 20 to 60 A, 25 kW of sun), and hundreds at random.
"""

from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import pairwise
import random

from hypothesis import HealthCheck, given, settings, strategies as st
import pytest

from custom_components.sunfuse.engine import Memory, decide
from custom_components.sunfuse.engine.memory import ConnectorMemory
from custom_components.sunfuse.engine.model import (
    Circuit,
    ConnectorStatus,
    MeterReading,
    Mode,
)

from .common import NOW, car, decided, offers, site
from .plant import START, Car, Load, Plant, charger, main, steady

# By then all cars charge with all that there is, and long after it all have followed.
STEP_S = 150
WATCHED_S = 60
CLOUD_S = 5


def cloud(at_s: float) -> float:
    """Return 25 kW of sun, of which a cloud takes 22 within five seconds."""
    return 25_000 - 22_000 * min(max((at_s - STEP_S) / CLOUD_S, 0.0), 1.0)


def step(before_a: tuple[float, ...], after_a: tuple[float, ...]) -> Load:
    """Return a building that takes a step."""
    return lambda at_s: after_a if at_s >= STEP_S else before_a


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What happened after a step."""

    over_until_s: int  # from the step's end to the last second in which a circuit was above its limit
    raised: tuple[
        str, ...
    ]  # who was offered more on a phase that was measured to be above its limit


def above_a(plant: Plant, at_s: int) -> dict[tuple[str, int], float]:
    """Return by how much each phase of each circuit is above its limit."""
    return {
        (circuit.id, phase): current_a - limit_a
        for circuit in plant.circuits
        for phase, (current_a, limit_a) in enumerate(
            zip(plant.flows[at_s][circuit.id], circuit.limit_a, strict=True)
        )
    }


def outcome(plant: Plant, ends_s: int) -> Outcome:
    """Run a site, and return what happened after a step that ends at this time."""
    plant.run(ends_s + WATCHED_S)
    over = [
        at_s
        for at_s in range(ends_s, len(plant.flows))
        if max(above_a(plant, at_s).values()) > 0.01
    ]
    raised = []
    for before, now in pairwise(plant.decisions):
        at_s = int((now.now - START).total_seconds())
        measured_s = at_s - at_s % plant.meter_s - plant.meter_lag_s
        if measured_s < STEP_S:
            continue
        above = above_a(plant, int(measured_s))
        for place, was, offer in zip(
            plant.cars, before.connectors, now.connectors, strict=True
        ):
            feeds = {place.connector.circuit, "main"}
            phases = place.connector.phases[: min(place.phases, offer.phases)]
            if offer.offer_a > was.offer_a and any(
                above[name, phase] > 0.5 for name in feeds for phase in phases
            ):
                raised.append(f"{place.connector.id} at {at_s} s")
    return Outcome(
        over_until_s=max((at_s - ends_s for at_s in over), default=0),
        raised=tuple(raised),
    )


def allowed_s(plant: Plant) -> float:
    """Return how long meter, charger and car take, and a second for the decision."""
    slowest_s = max(
        plant.charger_lag_s if car.lag_s is None else car.lag_s for car in plant.cars
    )
    ramp_s = max(car.connector.max_a / car.fall_a_s for car in plant.cars)
    return plant.meter_s + plant.meter_lag_s + slowest_s + ramp_s + 1


def large_site(seed: int, **changes: object) -> Plant:
    """Return the site of 24 chargers, half of them slow, in two sub-panels and beside them."""
    chance = random.Random(seed)
    building = tuple(chance.uniform(20, 60) for _ in range(3))
    cars = [
        Car(
            connector=charger(
                f"k{number:02}",
                circuit=("east", "west", "main")[number % 3],
                phases=((0, 1, 2), (1, 2, 0), (2, 0, 1))[number % 3],
                mode=Mode.SOLAR_MIN if number % 2 else Mode.FAST,
            ),
            phases=3 if number % 4 else 1,
            lag_s=chance.choice((1.0, 2.0, 5.0, 8.0)),
        )
        for number in range(24)
    ]
    plant = Plant(
        cars=cars,
        circuits=(
            main(100),
            *(
                Circuit(
                    id=name,
                    name=name.title(),
                    parent="main",
                    limit_a=(63.0,) * 3,
                    margin_a=1.0,
                )
                for name in ("east", "west")
            ),
        ),
        loads={"main": steady(*building)},
        meter_s=1 + seed % 2,
        meter_lag_s=1 + seed % 3 // 2,
        tick_s=1,
        noise_a=0.1,
        seed=seed,
    )
    return replace(plant, **changes)  # type: ignore[arg-type]  # any field of it


@pytest.mark.parametrize("seed", range(3))
def test_a_cloud(seed: int) -> None:
    """The sun goes from 25 to 3 kW in five seconds, beside 24 cars that take all that there is."""
    plant = large_site(seed, solar_w=cloud)
    found = outcome(plant, STEP_S + CLOUD_S)
    assert found.over_until_s <= allowed_s(plant)
    assert not found.raised


@pytest.mark.parametrize("seed", range(3))
def test_a_limit_that_is_turned_down(seed: int) -> None:
    """The main fuse is set from 100 to 63 A."""
    plant = large_site(
        seed, solar_w=lambda _: 10_000.0, limits=((STEP_S, "main", 63.0),)
    )
    found = outcome(plant, STEP_S)
    assert found.over_until_s <= allowed_s(plant)
    assert not found.raised


@pytest.mark.parametrize("seed", range(3))
def test_a_building_that_takes_more(seed: int) -> None:
    """The building goes from 20 to 60 A."""
    plant = large_site(
        seed, loads={"main": step((20.0, 25.0, 30.0), (60.0, 60.0, 60.0))}
    )
    found = outcome(plant, STEP_S)
    assert found.over_until_s <= allowed_s(plant)
    assert not found.raised


def test_a_command_that_a_slow_charger_never_confirmed() -> None:
    """A pause that was taken back before a slow charger confirmed it was followed all the same.

    A search found this: what the car did not draw then was taken from the load of the house, and eleven seconds later
    another car started on 6 A that were not there.
    """
    cars = [
        Car(
            connector=charger(f"k{number}", max_a=max_a, mode=mode),
            phases=1,
            max_a=car_a,
            lag_s=lag_s,
        )
        for number, (max_a, car_a, lag_s, mode) in enumerate(
            [
                (16.0, 10.0, 1.0, Mode.FAST),
                (16.0, 10.0, 1.0, Mode.FAST),
                (32.0, 32.0, 2.0, Mode.FAST),
                (16.0, 10.0, 1.0, Mode.FAST),
                (16.0, 10.0, 1.0, Mode.FAST),
                (16.0, 10.0, 8.0, Mode.SOLAR_MIN),
                (16.0, 10.0, 1.0, Mode.FAST),
            ]
        )
    ]
    plant = Plant(
        cars=cars,
        circuits=(
            main(100),
            Circuit(
                id="panel",
                name="Panel",
                parent="main",
                limit_a=(25.0,) * 3,
                margin_a=1.0,
            ),
        ),
        loads={"main": step((1.0, 1.0, 1.0), (89.0, 30.0, 30.0))},
        meter_s=1,
        meter_lag_s=0,
        report_s=5,
        tick_s=1,
        noise_a=0.1,
        seed=0,
    )
    assert outcome(plant, STEP_S).over_until_s <= allowed_s(plant)


def test_a_lower_fuse_after_a_restart() -> None:
    """Cars go on with less, though a smaller fuse was entered: while their chargers were offline, nobody told them to stop."""
    meter = (38.0, 38.0, 38.0)  # three cars and a house of 3 A
    memory = Memory()
    for second in range(-30, 0):
        now = NOW + timedelta(seconds=second)
        cars = [
            replace(
                car(name, offer_a=11.6, used=True),
                offer_until=NOW + timedelta(minutes=2),
                offered_at=NOW - timedelta(minutes=5),
                draw_at=now,
            )
            for name in ("a", "b", "c")
        ]
        measured = MeterReading(at=now, current_a=meter)
        snapshot = site(*cars, circuits=(main(40),), meters=(("main", measured),))
        _, memory = decide(replace(snapshot, now=now), memory)
    # Home Assistant has set the site up anew: nothing is known of the chargers until they connect and report again.
    for at_s, reachable in ((0.0, False), (0.5, True)):
        now = NOW + timedelta(seconds=at_s)
        cars = [
            replace(
                one,
                offer_a=None,
                offer_until=None,
                offered_at=None,
                draw_a=None,
                draw_at=None,
                reachable=reachable,
                status=ConnectorStatus.CHARGING
                if reachable
                else ConnectorStatus.UNAVAILABLE,
            )
            for one in cars
        ]
        measured = MeterReading(at=NOW, current_a=meter)
        snapshot = site(*cars, circuits=(main(30),), meters=(("main", measured),))
        decision, memory = decide(replace(snapshot, now=now), memory)
    given = offers(decision).values()
    assert min(given) >= 6
    assert sum(given) <= 30 - 3


def test_cars_whose_chargers_do_not_measure() -> None:
    """They count with their offers, and the house's step is over as soon as they are lowered."""
    plant = large_site(0, loads={"main": step((20.0, 25.0, 30.0), (60.0, 60.0, 60.0))})
    for silent in plant.cars[::4]:
        silent.reports = False
    found = outcome(plant, STEP_S)
    assert found.over_until_s <= allowed_s(plant)


@st.composite
def random_sites(draw: st.DrawFn) -> tuple[Plant, int]:
    """Return a site with meters of 1 or 2 s, and when its step of sun, house or limit ends."""
    fuse_a = draw(st.sampled_from([35.0, 63.0, 100.0]))
    count = draw(st.integers(2, 12))
    cars = [
        Car(
            connector=charger(
                f"k{number:02}",
                circuit=draw(st.sampled_from(["main", "panel"])),
                phases=draw(st.sampled_from([(0, 1, 2), (1, 2, 0), (2,), (0,)])),
                max_a=draw(st.sampled_from([16.0, 32.0])),
                mode=draw(st.sampled_from([Mode.FAST, Mode.SOLAR_MIN])),
            ),
            phases=draw(st.sampled_from([1, 3])),
            max_a=draw(st.sampled_from([10.0, 16.0, 32.0])),
            lag_s=draw(st.sampled_from([1.0, 2.0, 5.0, 8.0])),
        )
        for number in range(count)
    ]
    loads = st.tuples(*[st.floats(1.0, fuse_a * 0.3)] * 3)
    before_a = draw(loads)
    plant = Plant(
        cars=cars,
        circuits=(
            main(fuse_a),
            Circuit(
                id="panel",
                name="Panel",
                parent="main",
                limit_a=(draw(st.sampled_from([25.0, 32.0, 63.0])),) * 3,
                margin_a=1.0,
            ),
        ),
        loads={"main": steady(*before_a)},
        meter_s=draw(st.sampled_from([1.0, 2.0])),
        meter_lag_s=draw(st.integers(0, 2)),
        report_s=draw(st.sampled_from([5.0, 10.0])),
        tick_s=1,
        noise_a=0.1,
        seed=draw(st.integers(0, 99)),
    )
    what = draw(st.sampled_from(["sun", "house", "limit"]))
    if what == "sun":
        sun_w = draw(st.floats(5_000, 25_000))
        plant.solar_w = lambda at_s: sun_w * cloud(at_s) / cloud(0)
        return plant, STEP_S + CLOUD_S
    if what == "house":
        after_a = draw(st.tuples(*[st.floats(fuse_a * 0.3, fuse_a * 0.9)] * 3))
        plant.loads = {"main": step(before_a, after_a)}
    else:
        lower_a = fuse_a * draw(st.floats(0.4, 0.9))
        plant.limits = ((STEP_S, "main", lower_a),)
    return plant, STEP_S


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(random_sites())
def test_no_overload_outlasts_meter_charger_and_car(site: tuple[Plant, int]) -> None:
    """After any step the fuse is above its rating for no longer than physics takes, and no offer rises meanwhile."""
    plant, ends_s = site
    found = outcome(plant, ends_s)
    assert found.over_until_s <= allowed_s(plant)
    assert not found.raised


@pytest.mark.parametrize(
    ("confirms_s", "expected"),
    [
        # 24 A less 6 A of house: 9 A each. While the slow one still takes 12 A, the other has 6 A.
        ((8.0, 1.0), {"a": 9.0, "b": 6.0}),
        ((8.0, 8.0), {"a": 9.0, "b": 9.0}),
        ((None, None), {"a": 9.0, "b": 9.0}),
    ],
)
def test_fast_chargers_make_room_for_slow_ones(
    confirms_s: tuple[float | None, float | None], expected: dict[str, float]
) -> None:
    """Of two cars at 12 A the one whose charger obeys quickly makes room for the other's, down to its minimum."""
    cars = [car(name, offer_a=12.0) for name in "ab"]
    known = {
        one.id: ConnectorMemory(
            confirms_s=seconds, asked_at=NOW, on_since=NOW - timedelta(minutes=5)
        )
        for one, seconds in zip(cars, confirms_s, strict=True)
    }
    decision = decided(site(*cars, house_a=(6.0,) * 3), Memory(connectors=known))
    assert offers(decision) == expected


def test_a_car_that_has_finished_hides_no_load() -> None:
    """One that has taken nothing for a while counts with nothing, whatever it reported last: 30 A are the building's."""
    done = car("a", status=ConnectorStatus.SUSPENDED_EV, draw_a=(16.0,) * 3)
    known = {"a": ConnectorMemory(rests_since=NOW - timedelta(seconds=30))}
    snapshot = site(done, house_a=(14.0,) * 3)
    decision = decided(snapshot, Memory(connectors=known))
    assert decision.circuits[0].uncontrolled_a == (30.0,) * 3
