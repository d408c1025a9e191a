"""From what is expected at a site to what its cars and battery should do."""

from collections.abc import Callable

from .intention import Intention
from .outlook import Outlook
from .problem import Plan, Problem
from .to_intention.plan_to_intention import PlanReader
from .to_problem.assumed import complete
from .to_problem.outlook_to_problem import problem_of_outlook


def intend_with(
    solve: Callable[[Problem], Plan], outlook: Outlook, previous: Intention | None
) -> Intention:
    """Return the intention that results from the plan of a planner."""
    assumed = complete(outlook)
    parts = problem_of_outlook(outlook, assumed, previous)
    return PlanReader(outlook, assumed, parts, solve(parts.problem)).intention()
