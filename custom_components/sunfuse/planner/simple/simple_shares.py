"""A shortage, shared by the planner without a solver: what all can have comes first."""

from collections.abc import Callable

from ..problem import Plan, Problem, needed_wh
from .simple import SimplePlanner

# So close to the largest share that all can have, in at most so many plans more.
_CLOSE = 0.02
_MORE_PLANS = 5
_SMALL_WH = 1.0


def plan_without_solver(
    problem: Problem, in_time: Callable[[], bool] = lambda: True
) -> Plan:
    """Return a plan; if it cannot reach all promised goals, none lacks a much larger share of what it needs than another.

    The first plan is made in any case, others only while there is time.
    """
    best = SimplePlanner(problem).plan()
    lacking = _lacking(problem, best)
    worst = _worst(lacking)
    if len(lacking) < 2 or worst == 0:
        return best
    # If one limit is in the way of all, they can have the share that they have together.
    share = 1 - sum(lacks for lacks, _ in lacking) / sum(need for _, need in lacking)
    kept, missed = 1 - worst, 1.0
    for _ in range(_MORE_PLANS):
        if not in_time():
            break
        plan = SimplePlanner(problem, share=share).plan()
        worst_now = _worst(_lacking(problem, plan))
        if worst_now < worst:
            best, worst = plan, worst_now
        if worst_now <= 1 - share + _CLOSE:
            kept = max(kept, share)
        else:
            missed = share
        if missed - kept <= _CLOSE or (kept == share and missed == 1.0):
            break
        share = (kept + missed) / 2
    return best


def _lacking(problem: Problem, plan: Plan) -> list[tuple[float, float]]:
    """Return what is missing of each promised goal, and what it needs."""
    return [
        (missing_wh, need_wh)
        for store, planned in zip(problem.stores, plan.stores, strict=True)
        for goal, missing_wh in zip(store.goals, planned.missing_wh, strict=True)
        if goal.is_promised and (need_wh := needed_wh(store, goal)) > 0
    ]


def _worst(lacking: list[tuple[float, float]]) -> float:
    return max(
        (lacks / need for lacks, need in lacking if lacks > _SMALL_WH), default=0.0
    )
