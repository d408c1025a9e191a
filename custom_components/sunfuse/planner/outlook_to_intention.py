"""From what is expected at a site to what its cars and battery should do."""

from collections.abc import Callable
from dataclasses import replace

from .intention import Intention
from .outlook import Outlook
from .problem import Plan, Problem, Status
from .simple.simple_shares import plan_without_solver
from .to_intention.plan_to_intention import PlanReader
from .to_problem.assumed import Assumed, complete
from .to_problem.outlook_to_problem import ProblemParts, problem_of_outlook
from .to_problem.taken import NEVER

# To be late by less is not worth stopping another car.
_LATE_WH = 100.0


def intend_with(
    solve: Callable[[Problem], Plan], outlook: Outlook, previous: Intention | None
) -> Intention:
    """Return the intention that results from the plan of a planner.

    Without the solver nobody knows when a home battery should supply what: it is left to itself, and predicted.
    """
    assumed = complete(outlook)
    parts, plan = _planned(solve, outlook, assumed, previous)
    if plan.status is Status.SIMPLE and outlook.battery and parts.battery:
        alone = replace(outlook.battery, controllable=False)
        outlook = replace(outlook, battery=alone)
        parts, plan = _planned(plan_without_solver, outlook, assumed, previous)
    return PlanReader(outlook, assumed, parts, plan).intention()


def _planned(
    solve: Callable[[Problem], Plan],
    outlook: Outlook,
    assumed: Assumed,
    previous: Intention | None,
) -> tuple[ProblemParts, Plan]:
    """Return the problem of an outlook, and its plan.

    Minimums that would make cars with a promise late are not taken in any case until these have left. To take them again as soon
    as they fit would stop and start cars with every plan.
    """
    until = _came_first_until(outlook, previous)
    parts = problem_of_outlook(outlook, assumed, previous, late_until=until)
    plan = solve(parts.problem)
    late_until, missing_wh = _late(parts, plan)
    if late_until <= until:
        return parts, plan
    first = problem_of_outlook(outlook, assumed, previous, late_until=late_until)
    if first.problem == parts.problem:
        return parts, plan
    helped = solve(first.problem)
    _, still_missing_wh = _late(first, helped)
    if still_missing_wh > missing_wh - _LATE_WH:
        return parts, plan
    return first, helped


def _came_first_until(outlook: Outlook, previous: Intention | None) -> int:
    """Return the step of the last departure that came before the minimums of others in the plan before."""
    found = NEVER
    for car in outlook.cars:
        known = previous.car(car.id) if previous else None
        if known is not None and known.comes_first:
            ends = (goal.at for goal in car.goals if goal.at == known.departure)
            found = max((found, *map(outlook.step_at, ends)))
    return found


def _late(parts: ProblemParts, plan: Plan) -> tuple[int, float]:
    """Return the step of the last goal that a plan misses of cars with a promise, and how much all of these goals lack."""
    planned = {store.id: store for store in plan.stores}
    last, all_wh = NEVER, 0.0
    for terms in parts.cars:
        if not terms.has_promise:
            continue
        goals = terms.store.goals[: len(terms.wanted_wh)]
        missing = planned[terms.car.id].missing_wh
        for goal, missing_wh in zip(goals, missing, strict=False):
            all_wh += missing_wh
            if missing_wh > _LATE_WH:
                last = max(last, goal.step)
    return last, all_wh
