"""From what is expected at a site to what its cars and battery should do."""

from collections.abc import Callable
from dataclasses import replace

from .intention import Intention
from .outlook import Outlook
from .problem import Plan, Problem, Status
from .simple.simple_shares import plan_without_solver
from .to_intention.plan_to_intention import PlanReader
from .to_problem.assumed import complete
from .to_problem.outlook_to_problem import problem_of_outlook


def intend_with(
    solve: Callable[[Problem], Plan], outlook: Outlook, previous: Intention | None
) -> Intention:
    """Return the intention that results from the plan of a planner.

    Without the solver nobody knows when a home battery should supply what: it is left to itself, and predicted.
    """
    assumed = complete(outlook)
    parts = problem_of_outlook(outlook, assumed, previous)
    plan = solve(parts.problem)
    if plan.status is Status.SIMPLE and outlook.battery and parts.battery:
        alone = replace(outlook.battery, controllable=False)
        outlook = replace(outlook, battery=alone)
        parts = problem_of_outlook(outlook, assumed, previous)
        plan = plan_without_solver(parts.problem)
    return PlanReader(outlook, assumed, parts, plan).intention()
