"""A car that charges steadily has one reason, however its meter and the house waver."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
import random

import pytest

from custom_components.sunfuse.engine import Memory, decide
from custom_components.sunfuse.engine.model import (
    Connector,
    Decision,
    PerPhase,
    ReasonKey,
    Snapshot,
)

from .common import MAIN, car, later, reasons, settle, site, values
from .plant import Car, Plant, charger, main

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
    changes, last = Counter[str](), dict[str, ReasonKey]()

    def counted(snapshot: Snapshot, memory: Memory) -> tuple[Decision, Memory]:
        decision, memory = decide(snapshot, memory)
        for name, key in reasons(decision).items():
            if len(plant.flows) > SETTLES_S and last.get(name, key) is not key:
                changes[name] += 1
            last[name] = key
        return decision, memory

    cars = [
        Car(connector=charger(f"k{place}"), max_a=most_a)
        for place, most_a in enumerate(cars_a)
    ]
    plant = NoisyPlant(
        cars=cars,
        circuits=(main(fuse_a),),
        loads={"main": wavers(house_a, 0.7)},
        noise_a=0.1,
        noise_of_chargers_a=noise_a,
        decide=counted,
    )
    plant.run(LASTS_S)
    assert all(one.given_wh > 3000 for one in cars)
    assert max(changes.values(), default=0) <= most, changes


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
