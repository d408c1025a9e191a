"""Days of sun in watts by the second, made by chance from a seed: what matters is how they move, not where they are."""

from collections.abc import Callable
from functools import cache
from itertools import accumulate
import math
import random

type Day = Callable[[float], float]

HOUR = 3600
DAY_S = 12 * HOUR
PEAK_W = 12_000.0


def _clear_w(at_s: float) -> float:
    return PEAK_W * math.pow(max(0.0, math.sin(math.pi * at_s / DAY_S)), 1.2)


def _shaded(light: Callable[[int], float], lag_s: float) -> Day:
    """Return a day under a light of 0 to 1, which the edge of a cloud changes over some seconds."""
    lights: list[float] = list(
        accumulate(
            (light(at_s) for at_s in range(DAY_S + 1)),
            lambda before, now: before + (now - before) / lag_s,
        )
    )
    return lambda at_s: _clear_w(at_s) * lights[min(int(at_s), DAY_S)]


def _gaps(chance: random.Random, bright_s: float, dark_s: float) -> list[bool]:
    """Return for every second whether the sun is out: gaps and clouds of about these lengths."""
    found: list[bool] = []
    bright = chance.random() < 0.5
    while len(found) <= DAY_S:
        length_s = chance.expovariate(1 / (bright_s if bright else dark_s))
        found += [bright] * max(int(length_s), 10)
        bright = not bright
    return found


@cache
def clear(seed: int) -> Day:
    """Return a day without a cloud."""
    haze = random.Random(seed).uniform(0.85, 1.0)
    return lambda at_s: _clear_w(at_s) * haze


@cache
def broken(seed: int) -> Day:
    """Return a day of fair-weather clouds: gaps and shadows of about two minutes."""
    chance = random.Random(seed)
    out = _gaps(chance, 120, 120)
    deep = chance.uniform(0.2, 0.35)
    return _shaded(lambda at_s: 1.0 if out[at_s] else deep, 6)


@cache
def grey(seed: int) -> Day:
    """Return a day under a cover that is thinner and thicker within a quarter of an hour."""
    chance = random.Random(seed)
    turns = [(chance.uniform(500, 2500), chance.uniform(0, 6.3)) for _ in range(4)]

    def light(at_s: int) -> float:
        waves = sum(math.sin(at_s / length + start) for length, start in turns)
        return min(max(0.38 + 0.09 * waves, 0.1), 0.8)

    return _shaded(light, 20)


@cache
def one_cloud(seed: int) -> Day:
    """Return a clear day with one big cloud of forty minutes to an hour and a half."""
    chance = random.Random(seed)
    begin = chance.uniform(3, 7) * HOUR
    end = begin + chance.uniform(0.7, 1.5) * HOUR
    return _shaded(lambda at_s: 0.15 if begin <= at_s < end else 1.0, 30)


@cache
def morning_fog(seed: int) -> Day:
    """Return a day whose fog lifts in the late morning, coming back in patches for half an hour."""
    chance = random.Random(seed)
    lifts = chance.uniform(2.5, 4.5) * HOUR
    patches = _gaps(chance, 240, 180)

    def light(at_s: int) -> float:
        if at_s < lifts:
            return 0.12
        if at_s < lifts + HOUR / 2 and not patches[at_s]:
            return 0.25
        return 1.0

    return _shaded(light, 60)


SKIES: dict[str, Callable[[int], Day]] = {
    "clear": clear,
    "broken clouds": broken,
    "grey": grey,
    "one big cloud": one_cloud,
    "morning fog": morning_fog,
}


@cache
def house(seed: int) -> Callable[[float], tuple[float, ...]]:
    """Return the currents of a household whose kettle, oven and heat pump step all day."""
    chance = random.Random(1000 + seed)
    base_a = chance.uniform(0.5, 1.5)
    load = [[base_a] * 3 for _ in range(DAY_S // 10 + 1)]
    for _ in range(30):
        phase, begin = chance.randrange(3), chance.randrange(len(load))
        lasts, current_a = chance.choice([(18, 9.0), (120, 6.0), (60, 3.0), (240, 4.0)])
        for at in range(begin, min(begin + lasts, len(load))):
            load[at][phase] += current_a
    fixed = [tuple(each) for each in load]
    return lambda at_s: fixed[min(int(at_s) // 10, len(fixed) - 1)]


def with_heat_pump(
    load: Callable[[float], tuple[float, ...]], seed: int
) -> Callable[[float], tuple[float, ...]]:
    """Return a household whose heat pump takes 3 A of each phase for ten minutes, and rests for twelve."""
    begins_s = random.Random(2000 + seed).uniform(0, 1320)

    def currents(at_s: float) -> tuple[float, ...]:
        pump_a = 3.0 if (at_s + begins_s) % 1320 < 600 else 0.0
        return tuple(current_a + pump_a for current_a in load(at_s))

    return currents
