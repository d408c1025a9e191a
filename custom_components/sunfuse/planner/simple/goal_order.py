"""Which goals come first, for the planner without a solver."""

from collections.abc import Callable, Iterable
from dataclasses import replace

from ..problem import Goal, Store, series


def _in_any_case(goal: Goal) -> bool:
    return goal.in_any_case


def _promised(goal: Goal) -> bool:
    return goal.is_promised


def _wished(goal: Goal) -> bool:
    return goal.weight < 1 and not goal.in_any_case and goal.price is None


def _has_price(goal: Goal) -> bool:
    return goal.price is not None and not goal.in_any_case


def goals_in_order(share: float) -> Iterable[tuple[Callable[[Goal], bool], float]]:
    """Yield which goals come next, and the share of what they need; so much of the promised ones comes before the rest of them."""
    yield _in_any_case, 1.0
    if share:
        yield _promised, share
    yield _promised, 1.0
    yield _wished, 1.0
    yield _has_price, 1.0


def with_bounds(store: Store, steps: int) -> Store:
    """Return a store with its lowest energies as goals: what it consumes later has to be there in time."""
    if not (store.consumed_w or store.loss_per_hour or isinstance(store.min_wh, tuple)):
        return store
    least = series(store.min_wh, steps)
    bounds = tuple(
        Goal(step=step, energy_wh=least[step])
        for step in range(steps)
        if least[step] > 0 or store.consumed_w
    )
    return replace(store, goals=(*store.goals, *bounds))
