"""Max-min fair sharing by progressive filling.

All rise together until something is full; who depends on it stops there, the others go on (Bertsekas and
Gallager, Data Networks, section 6.5.2). A resource is a phase of a circuit, in amperes, or the sun, in watts: what
one ampere for a connector takes from it is its coefficient.
"""

from collections.abc import Mapping
from dataclasses import dataclass

# Below this nothing can be told apart: currents have one decimal.
EPSILON = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """Something that is shared. `name` is a circuit's id with a phase's number, or None for the sun."""

    circuit: str | None
    phase: int | None
    capacity: float
    coefficients: Mapping[str, float]  # by connector


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What a connector gets, and the resource that kept it from more; None if it has all that it may."""

    current_a: float
    limited_by: Resource | None = None


def overfull(
    resources: list[Resource], base: Mapping[str, float]
) -> tuple[Resource, list[str]] | None:
    """Return the first resource that cannot carry the base, with those who use it; None if all can."""
    for resource in resources:
        users = [c for c in resource.coefficients if base.get(c, 0.0) > 0]
        used = sum(base[c] * resource.coefficients[c] for c in users)
        if users and used > resource.capacity + EPSILON:
            return resource, sorted(users)
    return None


def fill(
    resources: list[Resource], base: Mapping[str, float], most: Mapping[str, float]
) -> dict[str, Share]:
    """Raise everyone together from their base, in amperes, to their most, as far as the resources go."""
    level = dict(base)
    left = {
        index: resource.capacity
        - sum(
            level.get(connector, 0.0) * coefficient
            for connector, coefficient in resource.coefficients.items()
        )
        for index, resource in enumerate(resources)
    }
    rising = {c for c in level if most[c] - level[c] > EPSILON}
    limited_by: dict[str, Resource] = {}
    while rising:
        weights = {
            index: sum(resource.coefficients.get(c, 0.0) for c in rising)
            for index, resource in enumerate(resources)
        }
        steps = [most[c] - level[c] for c in rising]
        steps += [max(left[i], 0.0) / w for i, w in weights.items() if w]
        step = min(steps)
        for connector in rising:
            level[connector] += step
        for index, weight in weights.items():
            left[index] -= step * weight
        for index, resource in enumerate(resources):
            if left[index] <= EPSILON:
                for connector in rising & resource.coefficients.keys():
                    limited_by.setdefault(connector, resource)
        rising = {
            c for c in rising if c not in limited_by and most[c] - level[c] > EPSILON
        }
    return {c: Share(current_a=level[c], limited_by=limited_by.get(c)) for c in level}
