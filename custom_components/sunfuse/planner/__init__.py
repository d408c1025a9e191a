"""What to do until the last departure: the cheapest plan for cars and home batteries under all limits at once.

`solve(problem)` is the one door. It is pure: what it is given decides what it returns, but for `time_limit_s`, after
which it returns the best that was found. It takes milliseconds to seconds of a processor and belongs in a thread.
"""

from .problem import (
    Circuit,
    Goal,
    Peak,
    Plan,
    Problem,
    Status,
    Store,
    StorePlan,
    Strategy,
)
from .problem_checks import check
from .simple import SimplePlanner

try:
    from .formulation import Formulation
    from .program import Unsolved
except ImportError:
    # No wheel of highspy for this machine: the simple planner has its place, and site/ tells the user.
    SOLVER = False
else:
    SOLVER = True

__all__ = [
    "SOLVER",
    "Circuit",
    "Goal",
    "Peak",
    "Plan",
    "Problem",
    "Status",
    "Store",
    "StorePlan",
    "Strategy",
    "solve",
]


def solve(problem: Problem) -> Plan:
    """Return the cheapest plan that reaches all goals which can be reached and keeps every limit.

    What cannot be reached is told in `StorePlan.missing_wh`, what the household alone exceeds in
    `Plan.excess_import_w`: there is a plan for every problem. Without HiGHS, or where it found nothing in
    `time_limit_s`, `Plan.status` is `SIMPLE`.

    Raises:
        ValueError: the problem contradicts itself; the text says where.

    """
    check(problem)
    if SOLVER:
        try:
            return Formulation(problem).solve()
        except Unsolved:
            pass  # the simple planner needs no time
    return SimplePlanner(problem).plan()
