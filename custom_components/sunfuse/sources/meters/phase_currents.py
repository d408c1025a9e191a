"""Currents per phase: their sign if the meter reports none, and the phases of the site that feed a circuit."""

from collections.abc import Sequence
from itertools import product

from ...engine.model import PerPhase

# Power factors and rounding: how far amperes and watts of the same instant may disagree.
_TOLERANCE = 0.3
_TOLERANCE_A = 0.5


def signed_by_phase(currents_a: Sequence[float], powers_w: Sequence[float]) -> PerPhase:
    """Return currents without a sign with those of the phases' powers."""
    return tuple(
        -abs(current) if power < 0 else abs(current)
        for current, power in zip(currents_a, powers_w, strict=True)
    )


def signed_by_total(
    currents_a: Sequence[float], total_w: float, voltage_v: float
) -> PerPhase:
    """Return currents without a sign with the signs that fit the total power best.

    Often several combinations fit about as well. Then the highest value counts for each phase, which is safe.
    """
    total_a = total_w / voltage_v
    ways = [
        tuple(sign * abs(a) for sign, a in zip(signs, currents_a, strict=True))
        for signs in product((1, -1), repeat=len(currents_a))
    ]
    errors = [abs(sum(way) - total_a) for way in ways]
    enough = max(
        min(errors), _TOLERANCE * sum(abs(a) for a in currents_a) + _TOLERANCE_A
    )
    fitting = [way for way, error in zip(ways, errors, strict=True) if error <= enough]
    return tuple(max(way[p] for way in fitting) for p in range(len(currents_a)))


def on_the_site[A: (float, float | None)](
    currents_a: Sequence[A], wired: Sequence[int], phases: int
) -> tuple[A, ...]:
    """Return a circuit's currents on the phases of the site; phases that do not feed it carry nothing."""
    spread: list[A] = [0.0] * phases
    for phase, current in zip(wired, currents_a, strict=True):
        spread[phase] = current
    return tuple(spread)
