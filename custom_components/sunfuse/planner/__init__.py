"""What to do until the last departure: the cheapest plan for cars and home batteries under all limits at once.

`solve(problem)` is the general door: stores, prices and limits in, powers out. `intend(outlook, previous)` is the one for
a site: cars and their drivers in, what each does and why out; it poses the problem and reads the plan. Both are pure:
what they are given decides what they return, but for `time_limit_s`, after which they return the best that was found.
They take milliseconds to seconds of a processor and belong in a thread.
"""

from .intending import intend_with
from .intention import (
    Assumption,
    BatteryCommand,
    CarIntention,
    CarSlot,
    Intention,
    PlanKey,
    Shortfall,
    SiteSlot,
    SlotAdvice,
    TargetPeak,
    Why,
)
from .outlook import (
    AnnouncedLimit,
    CarGoal,
    CarMode,
    CarOutlook,
    CircuitOutlook,
    HomeBattery,
    Outlook,
    PeakTariff,
    Quantiles,
    clock_steps,
)
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
    "AnnouncedLimit",
    "Assumption",
    "BatteryCommand",
    "CarGoal",
    "CarIntention",
    "CarMode",
    "CarOutlook",
    "CarSlot",
    "Circuit",
    "CircuitOutlook",
    "Goal",
    "HomeBattery",
    "Intention",
    "Outlook",
    "Peak",
    "PeakTariff",
    "Plan",
    "PlanKey",
    "Problem",
    "Quantiles",
    "Shortfall",
    "SiteSlot",
    "SlotAdvice",
    "Status",
    "Store",
    "StorePlan",
    "Strategy",
    "TargetPeak",
    "Why",
    "clock_steps",
    "intend",
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


def intend(outlook: Outlook, previous: Intention | None = None) -> Intention:
    """Return what cars and battery are to do, and why; there is an intention for every outlook.

    `previous` is what was intended at the last run: it is kept for the next hours unless something else is worth it.

    Raises:
        ValueError: the outlook contradicts itself; the text says where.

    """
    return intend_with(solve, outlook, previous)
