"""A car that charges steadily has one reason, however its meter and the house waver."""

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import pairwise
import random

import pytest

from custom_components.sunfuse.engine import Memory, decide
from custom_components.sunfuse.engine.model import (
    Connector,
    ConnectorStatus,
    Decision,
    Mode,
    PerPhase,
    ReasonKey,
    Site,
    Snapshot,
)
from custom_components.sunfuse.engine.tuning import Policy

from .common import MAIN, car, later, offers, on, reasons, settle, site, values
from .plant import START, VOLTAGE_V, Car, Plant, charger, main, steady, waves_at

SETTLES_S = 600
LASTS_S = 3600


@dataclass(kw_only=True)
class NoisyPlant(Plant):
    """A plant whose chargers measure with noise: each report has less than the car takes, by up to so much."""

    noise_of_chargers_a: float = 0.6
    reported: dict[str, tuple[datetime, PerPhase]] = field(default_factory=dict)
    chance: random.Random = field(default_factory=lambda: random.Random(5))

    def _connector(self, car: Car, at_s: float, now: datetime) -> Connector:
        known = super()._connector(car, at_s, now)
        if known.draw_at is None or known.draw_a is None:
            return known
        at, told = self.reported.get(known.id, (None, known.draw_a))
        if at != known.draw_at:
            told = tuple(
                max(a - self.chance.uniform(0, self.noise_of_chargers_a), 0.0)
                for a in known.draw_a
            )
            self.reported[known.id] = known.draw_at, told
        return replace(known, draw_a=told)


def wavers(level_a: float, by_a: float) -> Callable[[float], PerPhase]:
    """Return a house that takes something else each seven seconds, on each phase, and a kettle on L1 now and then."""

    def load(at_s: float) -> PerPhase:
        step = int(at_s) // 7
        chance = random.Random(step)
        kettle_a = 6.0 if step % 300 < 60 else 0.0
        return tuple(
            max(chance.gauss(level_a, by_a) + (kettle_a if phase == 0 else 0.0), 0.0)
            for phase in range(3)
        )

    return load


def counted_changes(plant: NoisyPlant) -> Counter[str]:
    """Run a plant for an hour; returns how often the reason of each charger changes once it has settled."""
    changes, last = Counter[str](), dict[str, ReasonKey]()

    def counted(snapshot: Snapshot, memory: Memory) -> tuple[Decision, Memory]:
        decision, memory = decide(snapshot, memory)
        for name, key in reasons(decision).items():
            if len(plant.flows) > SETTLES_S and last.get(name, key) is not key:
                changes[name] += 1
            last[name] = key
        return decision, memory

    plant.decide = counted
    plant.run(LASTS_S)
    assert all(one.given_wh > 3000 for one in plant.cars)
    return changes


@pytest.mark.parametrize(
    ("fuse_a", "house_a", "cars_a", "noise_a", "most"),
    [
        (60, 4, (15.0,), 0.6, 0),  # so close below its offer that noise decides
        (60, 4, (14.5,), 0.6, 0),
        (60, 4, (15.0,), 4.0, 0),  # however much its meter wavers
        (20, 3, (16.0,), 0.6, 4),  # at the fuse, as far as the house leaves something
        (20, 3, (16.0,), 2.0, 8),
        (25, 4, (14.5,), 0.6, 4),
        (40, 6, (16.0, 14.5, 11.0), 0.6, 3),  # and three that share what it leaves
        (40, 4, (16.0, 14.5, 11.0), 2.0, 6),
    ],
)
def test_a_steady_car_has_a_steady_reason(
    fuse_a: float,
    house_a: float,
    cars_a: tuple[float, ...],
    noise_a: float,
    most: int,
) -> None:
    """An hour in which nobody comes or goes, with a kettle every 35 minutes: nothing alternates with each report."""
    cars = [
        Car(connector=charger(f"k{place}"), max_a=most_a)
        for place, most_a in enumerate(cars_a)
    ]
    changes = counted_changes(
        NoisyPlant(
            cars=cars,
            circuits=(main(fuse_a),),
            loads={"main": wavers(house_a, 0.7)},
            noise_a=0.1,
            noise_of_chargers_a=noise_a,
        )
    )
    assert max(changes.values(), default=0) <= most, changes


@pytest.mark.parametrize(
    ("fuse_a", "house_a", "noise_a", "most"),
    [
        (20, 3, 2.0, 20),  # 46 where each rise of the moment was one on its way
        (20, 5, 2.0, 20),  # 44
    ],
)
def test_a_meter_that_wavers_by_amperes(
    fuse_a: float, house_a: float, noise_a: float, most: int
) -> None:
    """What it leaves for a moment gives a car at the fuse no other reason."""
    plant = NoisyPlant(
        cars=[Car(connector=charger("k"))],
        circuits=(main(fuse_a),),
        loads={"main": wavers(house_a, 0.7)},
        noise_a=noise_a,
    )
    changes = counted_changes(plant)
    assert changes["k"] <= most


@pytest.mark.parametrize(("noise_a", "seed"), [(1.0, 1), (2.0, 1), (2.0, 2)])
def test_offers_that_always_change_make_no_car_smaller(
    noise_a: float, seed: int
) -> None:
    """Two cars of one phase that take all they get: a report of too little after a rise is no maximum (120 changes an hour)."""
    said = Counter[ReasonKey]()

    def counted(snapshot: Snapshot, memory: Memory) -> tuple[Decision, Memory]:
        decision, memory = decide(snapshot, memory)
        said.update(reasons(decision).values())
        return decision, memory

    NoisyPlant(
        cars=[
            Car(connector=charger(name, phases=(0,)), phases=1, max_a=16.0)
            for name in "ab"
        ],
        circuits=(replace(main(32), limit_a=(32.0,)),),
        site=Site(phases=1, voltage_v=VOLTAGE_V),
        loads={"main": lambda at_s: wavers(6, 1.2)(at_s)[:1]},
        noise_a=noise_a,
        decide=counted,
        seed=seed,
        chance=random.Random(seed),
    ).run(4800)
    assert said[ReasonKey.LIMITED_BY_CIRCUIT] > 1700
    assert said[ReasonKey.LIMITED_BY_CAR] <= 20


@pytest.mark.parametrize("noise_a", [0.1, 1.0])
def test_sun_and_fuse_that_give_the_same(noise_a: float) -> None:
    """Two cars, 17 kW of sun, and a fuse that carries 24 A: which of them is just the tighter one is no news (96 an hour)."""
    plant = NoisyPlant(
        cars=[
            Car(connector=charger(name, mode=Mode.SOLAR), max_a=16.0) for name in "ab"
        ],
        circuits=(main(25),),
        loads={"main": wavers(1.5, 0.7)},
        solar_w=lambda _: 17_000.0,
        noise_a=noise_a,
    )
    changes = counted_changes(plant)
    assert max(changes.values(), default=0) <= 4 + 30 * noise_a


@pytest.mark.parametrize(
    ("sun_w", "full_power"),
    [
        # On one phase 16 A are 3.7 kW, which the house leaves now and then: half of the time it had "full power".
        (6500.0, (0, 40)),
        (12_000.0, (600, 720)),  # and all the time, after a minute
    ],
)
def test_all_that_a_car_takes_of_the_sun(
    sun_w: float, full_power: tuple[int, int]
) -> None:
    """A car follows the sun until that has given it all that it can take for a minute."""
    said = Counter[ReasonKey]()

    def counted(snapshot: Snapshot, memory: Memory) -> tuple[Decision, Memory]:
        decision, memory = decide(snapshot, memory)
        said.update(reasons(decision).values())
        return decision, memory

    connector = charger("k", mode=Mode.SOLAR, phases=(0,))
    NoisyPlant(
        cars=[Car(connector=connector, phases=1)],
        circuits=(main(25),),
        loads={"main": wavers(4, 1.2)},
        solar_w=lambda _: sun_w,
        noise_a=1.0,
        decide=counted,
    ).run(LASTS_S)
    assert full_power[0] <= said[ReasonKey.FULL_POWER] <= full_power[1], said


@pytest.mark.parametrize("mode", [Mode.SOLAR, Mode.SOLAR_MIN])
def test_far_more_sun_than_a_car_takes(mode: Mode) -> None:
    """20 kW of sun, of which a car takes 11: the sun never limits it."""
    plant = Plant(
        cars=[Car(connector=charger("k", mode=mode))],
        circuits=(main(25),),
        loads={"main": steady(1, 1, 1)},
        solar_w=lambda _: 20_000.0,
    )
    plant.run(120)
    said = [reasons(decision)["k"] for decision in plant.decisions]
    assert ReasonKey.LIMITED_BY_SUN not in said
    assert said[-1] is ReasonKey.FULL_POWER


def test_clouds_that_pass() -> None:
    """Half an hour of clouds of 90 s have one reason from the second one on, not two in turn; clear sky and a dull hour have their own."""

    def sun_w(at_s: float) -> float:
        clouds = at_s < 1800 and at_s % 180 >= 90
        return 2700.0 if clouds or at_s >= 4200 else 9000.0

    plant = Plant(
        cars=[Car(connector=charger("k", mode=Mode.SOLAR_MIN))],
        circuits=(main(25),),
        loads={"main": steady(1, 1, 1)},
        solar_w=sun_w,
        noise_a=0.1,
    )
    plant.run(6000)
    said = [(d.now - START, reasons(d)["k"]) for d in plant.decisions]

    def between(since_s: int, until_s: int) -> set[ReasonKey]:
        return {key for at, key in said if since_s <= at.total_seconds() < until_s}

    assert ReasonKey.AT_MINIMUM in between(90, 180)
    assert ReasonKey.SUN_WAVERS not in between(0, 270)
    assert between(300, 1800) == {ReasonKey.SUN_WAVERS}
    # The last cloud but one came at 1,530 s: it counts for a quarter of an hour.
    assert between(2460, 4200) == {ReasonKey.LIMITED_BY_SUN}
    assert between(4230, 6000) == {ReasonKey.AT_MINIMUM}
    given_a = {d.connectors[0].offer_a for d in plant.decisions[120:360]}
    assert min(given_a) == 6.0
    assert max(given_a) > 10.0


class _WithoutCard(Car):
    """A car that takes nothing before its driver holds a card to the charger."""

    def status(self, at_s: float) -> ConnectorStatus:
        """Return what the charger says."""
        return ConnectorStatus.PREPARING

    def move(self, at_s: float) -> None:
        """Let one second pass."""


def test_a_car_that_waits_for_a_card_has_one_reason() -> None:
    """Beside a car that has most of 10 A it is tried now and then: it waited for room, for its turn and for its card (45 times in an hour)."""
    waits = replace(charger("k", mode=Mode.FAST), needs_card=True)
    plant = Plant(
        cars=[
            Car(connector=charger("a", mode=Mode.FAST)),
            _WithoutCard(connector=waits),
        ],
        circuits=(main(10),),
        loads={"main": waves_at(2)},
        noise_a=0.2,
    )
    plant.run(3600)
    assert {decision.connectors[1].reason.key for decision in plant.decisions} == {
        ReasonKey.WAITING_FOR_CARD
    }


def test_clouds_that_a_car_goes_on_beside() -> None:
    """Clouds that leave nearly enough: when the car would stop changes with each of them, and is told in the last minute only."""
    plant = Plant(
        cars=[Car(connector=charger("k", mode=Mode.SOLAR))],
        circuits=(main(25),),
        loads={"main": steady(1, 1, 1)},
        solar_w=lambda at_s: (
            3800.0 if at_s >= 1800 else 4300.0 if at_s % 180 >= 90 else 9000.0
        ),
        noise_a=0.1,
    )
    plant.run(2400)
    said = [((d.now - START).total_seconds(), d.connectors[0]) for d in plant.decisions]
    charging = {one.reason.key for at_s, one in said if 300 <= at_s < 1800}
    assert charging == {ReasonKey.SUN_WAVERS}
    stops_at = next(at_s for at_s, one in said if at_s > 300 and not one.offer_a)
    stopping = [
        stops_at - at_s
        for at_s, one in said
        if at_s >= 1800 and one.reason.key is ReasonKey.STOPPING_ON_SUN
    ]
    assert stopping
    assert max(stopping) <= 70


@pytest.mark.parametrize("policy", [Policy.NEED, Policy.EQUAL])
def test_times_that_are_told_stand_still(policy: Policy) -> None:
    """Three cars share two places: no time that is told is over, and none moves on with each decision (540 times in an hour).

    Who makes room has its turn later: no shorter pause is told in between.
    """
    told, over, keys = (
        Counter[str](),
        list[str](),
        defaultdict[str, list[ReasonKey]](list),
    )
    last = dict[str, datetime]()

    def noted(snapshot: Snapshot, memory: Memory) -> tuple[Decision, Memory]:
        decision, memory = decide(snapshot, memory)
        for one in decision.connectors:
            if one.reason.key not in keys[one.id][-1:]:
                keys[one.id].append(one.reason.key)
            if until := dict(one.reason.values).get("until"):
                at = datetime.fromisoformat(str(until))
                if at < snapshot.now:
                    over.append(f"{snapshot.now} {one.id} {one.reason}")
                told[one.id] += last.get(one.id) != at
                last[one.id] = at
        return decision, memory

    NoisyPlant(
        cars=[Car(connector=charger(name), max_a=16.0) for name in "abc"],
        circuits=(main(25),),
        loads={"main": wavers(4, 0.7)},
        noise_a=1.0,
        settings=Snapshot(
            now=START,
            site=Site(phases=3, voltage_v=VOLTAGE_V),
            circuits=(),
            policy=policy,
        ),
        decide=noted,
    ).run(5400)
    assert over == []
    assert max(told.values()) <= 45
    followed = {pair for said in keys.values() for pair in pairwise(said)}
    assert (ReasonKey.WAITING_FOR_TURN, ReasonKey.PAUSING) not in followed


def test_all_but_an_ampere_is_all_that_it_had() -> None:
    """A fuse that leaves a car 15.3 A for a moment, then 16 A again, and at last much less."""
    snapshot, decision, memory = settle(site(car("a", offer_a=16.0)), 2)
    assert reasons(decision)["a"] is ReasonKey.FULL_POWER
    said = []
    for house_a in (8.7, 8.0, 12.0):
        snapshot = later(snapshot, 5, decision)
        offer_a = decision.connectors[0].offer_a
        reading = replace(snapshot.meters[0][1], current_a=(house_a + offer_a,) * 3)
        snapshot = replace(
            snapshot,
            meters=(("main", reading),),
            connectors=(replace(snapshot.connectors[0], draw_a=(offer_a,) * 3),),
        )
        decision, memory = decide(snapshot, memory)
        said.append((reasons(decision)["a"], decision.connectors[0].offer_a))
    assert [key for key, _ in said] == [
        ReasonKey.FULL_POWER,
        ReasonKey.FULL_POWER,
        ReasonKey.LIMITED_BY_CIRCUIT,
    ]
    assert 15 < said[0][1] < 16


def test_a_car_that_is_tried_out_takes_no_more() -> None:
    """Now and then it is offered all again: until it takes that, it is the car that limits itself."""
    wide = (replace(MAIN, limit_a=(80,) * 3),)
    two = (car("a", draw_a=(10.0,) * 3), car("b"))
    snapshot = site(*two, circuits=wide)
    memory, said = Memory(), Counter[ReasonKey]()
    for _ in range(400):
        decision, memory = decide(snapshot, memory)
        offer_a = next(c.offer_a for c in decision.connectors if c.id == "a")
        snapshot = later(snapshot, 5, decision)
        first = replace(snapshot.connectors[0], draw_a=(min(offer_a, 10.0),) * 3)
        snapshot = replace(snapshot, connectors=(first, snapshot.connectors[1]))
        metered = tuple(min(offer_a, 10.0) + 16.0 for _ in range(3))
        reading = replace(snapshot.meters[0][1], current_a=metered)
        snapshot = replace(snapshot, meters=(("main", reading),))
        said[reasons(decision)["a"]] += 1
    assert said[ReasonKey.LIMITED_BY_CAR] >= 390
    assert values(decision, "a") == {"car_a": 10.0}


def test_a_car_that_takes_a_part_of_each_offer_has_no_limit_of_its_own() -> None:
    """It takes 93 % of whatever the fuse leaves: more than what it draws now is for it, too."""
    snapshot, memory, said = on(10, car("a", offer_a=10.0)), Memory(), set()
    for _ in range(200):
        decision, memory = decide(snapshot, memory)
        drawn = (0.93 * offers(decision)["a"],) * 3
        snapshot = later(snapshot, 5, decision)
        first = replace(snapshot.connectors[0], draw_a=drawn)
        reading = replace(snapshot.meters[0][1], current_a=drawn)
        snapshot = replace(snapshot, connectors=(first,), meters=(("main", reading),))
        said.add(reasons(decision)["a"])
    assert memory.connectors["a"].takes_a is not None
    assert ReasonKey.LIMITED_BY_CAR not in said


def test_a_car_that_takes_more_than_is_known() -> None:
    """At 10 A it took 9 A, for a while: when it takes 13 A, it does not matter what it took before."""
    snapshot, decision, memory = settle(
        site(car("a", max_a=10.0, offer_a=10.0, draw_a=(9.0,) * 3)), 0
    )
    for _ in range(48):
        snapshot = later(snapshot, 5)
        decision, memory = decide(snapshot, memory)
    assert reasons(decision)["a"] is ReasonKey.LIMITED_BY_CAR
    more = replace(
        later(snapshot, 5),
        connectors=(
            replace(
                car("a", offer_a=13.5, draw_a=(13.0,) * 3),
                offered_at=snapshot.now,
                draw_at=later(snapshot, 5).now,
            ),
        ),
        circuits=(replace(MAIN, limit_a=(15.5,) * 3),),
    )
    reading = replace(more.meters[0][1], current_a=(14.0,) * 3)
    decision, memory = decide(replace(more, meters=(("main", reading),)), memory)
    assert reasons(decision)["a"] is ReasonKey.LIMITED_BY_CIRCUIT


def test_a_full_car_does_not_wait() -> None:
    """Beside it 6 A are free now and then: it is full all the time, and does not pause by turns (26 changes in twenty minutes)."""
    plant = NoisyPlant(
        cars=[
            Car(connector=charger("full"), wants_wh=500.0),
            Car(connector=charger("k", max_a=10.0), max_a=10.0),
        ],
        circuits=(main(20),),
        loads={"main": wavers(2.5, 0.7)},
        noise_a=1.0,
    )
    said = set[ReasonKey]()

    def noted(snapshot: Snapshot, memory: Memory) -> tuple[Decision, Memory]:
        decision, memory = decide(snapshot, memory)
        if len(plant.flows) > SETTLES_S:
            said.add(reasons(decision)["full"])
        return decision, memory

    plant.decide = noted
    plant.run(2400)
    assert said == {ReasonKey.CAR_FINISHED}


def test_dusk_is_no_pause() -> None:
    """A car that has too little sun waits for it from the moment it stops: no pause of seconds is told before."""
    plant = Plant(
        cars=[Car(connector=charger("k", mode=Mode.SOLAR))],
        circuits=(main(25),),
        loads={"main": steady(1, 1, 1)},
        solar_w=lambda at_s: 9000.0 if at_s < 900 else 1000.0,
        noise_a=0.1,
    )
    plant.run(1800)
    waits = {reasons(d)["k"] for d in plant.decisions[185:] if not offers(d)["k"]}
    assert waits == {ReasonKey.WAITING_FOR_SUN}


@pytest.mark.parametrize("house_a", [7, 8.5, 9, 9.5])
def test_a_car_that_lacks_sun_and_fuse(house_a: float) -> None:
    """The fuse has its minimum now and then, while the sun is far from it: that is no other wait each time (230 changes an hour)."""
    plant = NoisyPlant(
        cars=[Car(connector=charger("k", mode=Mode.SOLAR))],
        circuits=(main(16),),
        loads={"main": wavers(house_a, 0.7)},
        solar_w=lambda _: 300.0,
        noise_a=0.5,
    )
    plant.run(3600)
    said = [reasons(decision)["k"] for decision in plant.decisions]
    assert sum(one is not other for one, other in pairwise(said)) <= 10
