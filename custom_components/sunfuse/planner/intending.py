"""From what is expected at a site to what its cars and battery should do."""

from collections.abc import Callable

from .assumed import complete
from .intention import Intention
from .outlook import Outlook
from .posing import pose
from .problem import Plan, Problem
from .telling import Telling


def intend_with(
    solve: Callable[[Problem], Plan], outlook: Outlook, previous: Intention | None
) -> Intention:
    """Return the intention that results from the plan of a planner."""
    assumed = complete(outlook)
    posed = pose(outlook, assumed, previous)
    return Telling(outlook, assumed, posed, solve(posed.problem)).intention()
