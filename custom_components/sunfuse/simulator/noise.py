"""Reproducible noise: numbers that follow from a seed and a name."""

from functools import lru_cache
import random


@lru_cache(maxsize=4096)
def chance(seed: int, name: str, index: int) -> float:
    """Return a number from 0 to 1, always the same for the same arguments."""
    return random.Random(f"{seed}/{name}/{index}").random()


def smooth_noise(seed: int, name: str, position: float) -> float:
    """Return a number from 0 to 1 that changes smoothly with the position, new with every whole step."""
    index = int(position // 1)
    share = position - index
    weight = share * share * (3 - 2 * share)
    before, after = chance(seed, name, index), chance(seed, name, index + 1)
    return before + (after - before) * weight
