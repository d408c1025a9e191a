"""Random restless houses whose meter is wrong: what their fuses carry until that is known."""

from collections.abc import Callable
from dataclasses import dataclass
import math
import random

from custom_components.sunfuse.engine.model import Mode, PerPhase

from .honest_sites import BELIEVED
from .plant import Car, Plant, charger, main

LASTS_S = 1200
# A fuse carries less than that for hours.
ABOVE = 1.05
type Fault = Callable[[PerPhase], PerPhase]


def _standing() -> Fault:
    known: list[PerPhase] = []

    def show(flow: PerPhase) -> PerPhase:
        known.append(flow)
        return known[0]

    return show


def _on_one(phase: int, part: float) -> Fault:
    return lambda flow: tuple(
        a * part if place == phase else a for place, a in enumerate(flow)
    )


FAULTS: dict[str, Callable[[], Fault]] = {
    "dead": lambda: lambda flow: (0.0,) * len(flow),
    "standing": _standing,
    "turned": lambda: lambda flow: tuple(-a for a in flow),
    "in kilowatts": lambda: lambda flow: tuple(a / 1000 for a in flow),
    "half": lambda: lambda flow: tuple(a / 2 for a in flow),
    "one dead": lambda: _on_one(0, 0.0),
    "one turned": lambda: _on_one(0, -1.0),
    "one half": lambda: _on_one(0, 0.5),
    "exchanged": lambda: lambda flow: (flow[1], flow[0], flow[2]),
}


@dataclass(frozen=True, kw_only=True)
class WrongMeter:
    """A site whose meter fails."""

    plant: Plant
    fault: str
    fails_s: float
    sunny: bool  # whether it has sun of which nobody tells


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What it cost after it failed."""

    above_s: int  # for how long a phase was above its fuse
    longest_s: int
    worst_a: float
    called_s: float | None  # when it was first called wrong


def random_wrong_meter(seed: int) -> WrongMeter:
    """Return one of endless sites; the sun goes down while the cars charge."""
    chance = random.Random(f"wrong {seed}")
    fault = chance.choice(tuple(FAULTS))
    fails_s = chance.choice((0.0, 0.0, chance.uniform(60, 600)))
    sunny = chance.random() < 0.3
    sun_a = chance.uniform(3, 15) if sunny else 0.0
    base_a = [chance.uniform(0.5, 8) for _ in range(3)]
    steps = [
        (chance.choice((0, 2, 5, 9)), chance.uniform(15, 300), chance.uniform(0.1, 0.9))
        for _ in range(3)
    ]
    noise_a = chance.choice((0.1, 0.3, 0.6, 1.0))
    noise = random.Random(f"noise {seed}")
    past: list[PerPhase] = []

    def load(at_s: float) -> PerPhase:
        while len(past) <= at_s:
            second = len(past)
            shines = max(min((900 - second) / 300, 1.0), 0.0)
            past.append(
                tuple(
                    base
                    + (step_a if second % period_s < part * period_s else 0.0)
                    + noise.gauss(0, noise_a)
                    - sun_a * shines
                    for base, (step_a, period_s, part) in zip(
                        base_a, steps, strict=True
                    )
                )
            )
        return past[int(at_s)]

    wirings = ((0, 1, 2), (0, 1, 2), (1, 2, 0), (0,), (1,))
    modes = (Mode.FAST, Mode.FAST, Mode.FAST, Mode.SOLAR_MIN)
    cars = [
        Car(
            connector=charger(
                f"k{place}",
                phases=chance.choice(wirings),
                max_a=chance.choice((16.0, 16.0, 32.0)),
                mode=chance.choice(modes),
            ),
            phases=chance.choice((1, 3, 3)),
            arrives_s=chance.uniform(5, 500 if place else 120),
            lag_s=chance.choice((1.0, 2.0, 8.0)),
            rise_a_s=chance.choice((1.0, 2.0, 8.0)),
        )
        for place in range(chance.choice((1, 2, 2)))
    ]
    meter_s, report_s = chance.choice((1, 2, 5, 10)), chance.choice((2, 5, 10, 30))
    shows = FAULTS[fault]()
    plant = Plant(
        cars=cars,
        circuits=(main(chance.choice((20.0, 25.0)), meter_max_age_s=30.0),),
        loads={"main": load},
        meter_s=meter_s,
        report_s=report_s,
        tick_s=chance.choice((2, 5)),
        total_only=chance.random() < 0.1,
        shows=lambda at_s, flow: shows(flow) if at_s >= fails_s else flow,
        seed=seed,
    )
    return WrongMeter(plant=plant, fault=fault, fails_s=fails_s, sunny=sunny)


def cost(site: WrongMeter) -> Cost:
    """Run a site, and return what its meter cost."""
    plant = site.plant
    plant.run(LASTS_S)
    row = longest = above = 0
    worst_a = 0.0
    for flows in plant.flows[math.ceil(site.fails_s) :]:
        pairs = list(zip(flows["main"], plant.circuits[0].limit_a, strict=True))
        worst_a = max(worst_a, *(a - limit for a, limit in pairs))
        row = row + 1 if any(a > ABOVE * limit for a, limit in pairs) else 0
        above += row > 0
        longest = max(longest, row)
    times = (place * plant.tick_s for place in range(len(plant.decisions)))
    called = (
        at_s - site.fails_s
        for at_s, decision in zip(times, plant.decisions, strict=True)
        if at_s >= site.fails_s and decision.circuits[0].meter not in BELIEVED
    )
    return Cost(
        above_s=above,
        longest_s=longest,
        worst_a=worst_a,
        called_s=next(called, None),
    )
