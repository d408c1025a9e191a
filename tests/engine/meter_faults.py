"""How a meter fails, and what flows then."""

from collections.abc import Callable
import math

from custom_components.sunfuse.engine.model import PerPhase

from .plant import Car, Plant, charger

type Shows = Callable[[float, PerPhase], PerPhase]
DIES_S = 120.0
# What fails at 400 s, after the house has taken 17 A for two minutes.
FAILS_S = 400.0


def trembling(*load_a: float) -> Callable[[float], PerPhase]:
    """Return a load as a house has it, which is never quite the same."""
    return lambda at_s: tuple(a + 0.3 * math.sin(at_s / 5 + a) for a in load_a)


def dead(at_s: float, flow: PerPhase) -> PerPhase:
    """Show 0.000 from some time on."""
    return flow if at_s < DIES_S else (0.0,) * len(flow)


def one_dead(at_s: float, flow: PerPhase) -> PerPhase:
    """Show 0.000 on one phase from some time on."""
    return flow if at_s < DIES_S else (0.0, *flow[1:])


def turned(_: float, flow: PerPhase) -> PerPhase:
    """Show import as export."""
    return tuple(-a for a in flow)


def in_kilowatts(_: float, flow: PerPhase) -> PerPhase:
    """Show a thousandth: kilowatts that are labelled watts."""
    return tuple(a / 1000 for a in flow)


def cars(count: int = 2, **changes: object) -> list[Car]:
    """Return cars that may take 16 A each."""
    return [Car(connector=charger(f"car{i}", **changes)) for i in range(count)]


def flows(plant: Plant, seconds: int) -> list[float]:
    """Return the highest current of each second."""
    found: list[float] = []

    def watch() -> bool:
        at_s = float(len(found))
        found.append(max(plant._flows(at_s)["main"]))  # noqa: SLF001  # the plant's own truth
        return False

    plant.run(seconds, until=watch)
    return found
