"""What a business takes from the main fuse beside the cars, by the minute."""

import math
import random

type PerPhase = tuple[float, ...]

MINUTE_S = 60


def business(seed: int, minutes: int) -> list[PerPhase]:
    """Return the load of each minute: low at night, high at work, with machines that run for some minutes."""
    chance = random.Random(seed)
    load: list[PerPhase] = []
    left = [0, 0, 0]
    for minute in range(minutes):
        hour, day = minute / 60 % 24, minute // 1440 % 7
        work = max(math.sin(math.pi * (hour - 5) / 16), 0.0) if 5 <= hour < 21 else 0.0
        level_a = 12 + (24 if day < 5 else 10) * work
        for phase in range(3):
            if left[phase]:
                left[phase] -= 1
            elif chance.random() < 0.02 * (0.2 + work):
                left[phase] = chance.randint(3, 15)
        load.append(
            tuple(
                level_a + (8.0 if left[phase] else 0.0) + chance.uniform(-0.3, 0.3)
                for phase in range(3)
            )
        )
    return load
