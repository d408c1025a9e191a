"""What a site's circuits usually carry without the cars, which uncontrolled chargers come on top of."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..engine.model import PerPhase
from .circuits import CircuitTree


@dataclass(frozen=True, slots=True, kw_only=True)
class CircuitLoad:
    """What the meter of a circuit showed per phase without the cars: in 19 of 20 hours at most, and at any time."""

    usual_a: PerPhase
    highest_a: PerPhase


@dataclass(frozen=True, slots=True, kw_only=True)
class UsualLoads:
    """What is known of it.

    `unwatched_a` is what the main fuse leaves to uncontrolled chargers on each phase, according to the site report; None
    while that is not known. `circuits` are those below it with a meter that is recorded.
    """

    unwatched_a: PerPhase | None = None
    circuits: Mapping[str, CircuitLoad] = field(default_factory=dict)

    def left_a(
        self, tree: CircuitTree, circuit: str, carried_a: PerPhase
    ) -> PerPhase | None:
        """Return what a circuit below the main fuse that carries this much leaves; None if its load is not known.

        It leaves nothing where its load alone was above its limit.
        """
        load = self.circuits.get(circuit)
        if load is None or len(load.usual_a) != len(carried_a):
            return None
        return tuple(
            carried - max(0.0, usual) if highest <= limit else 0.0
            for carried, usual, highest, limit in zip(
                carried_a,
                load.usual_a,
                load.highest_a,
                tree.limit_a(circuit),
                strict=True,
            )
        )
