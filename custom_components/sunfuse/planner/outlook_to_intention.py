"""From what is expected at a site to what its cars and battery should do."""

from collections.abc import Callable

from .assumed import complete
from .intention import Intention
from .outlook import Outlook
from .outlook_to_problem import problem_of_outlook
from .plan_to_intention import PlanReader
from .problem import Plan, Problem


def intend_with(
    solve: Callable[[Problem], Plan], outlook: Outlook, previous: Intention | None
) -> Intention:
    """Return the intention that results from the plan of a planner."""
    assumed = complete(outlook)
    parts = problem_of_outlook(outlook, assumed, previous)
    return PlanReader(outlook, assumed, parts, solve(parts.problem)).intention()
