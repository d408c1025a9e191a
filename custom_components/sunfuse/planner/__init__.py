"""The cheapest plan for cars and home batteries until the last departure, within all limits.

`solve(problem)` is the general interface: stores, prices and limits in, powers out. `intend(outlook, previous)` is the one for
a site: cars and their drivers in, what each does and why out; it builds the problem and interprets the plan. Both are pure
functions: their result depends only on their arguments, except for `time_limit_s`, after which they return the best plan
found so far. They need milliseconds to seconds of CPU time and must run in a thread.
"""

from collections.abc import Callable
from functools import partial

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
    FARTHEST,
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
    step_starts,
)
from .outlook_to_intention import intend_with
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
from .simple.simple_shares import plan_without_solver

try:
    from .program.branching import Unsolved
    from .program.formulation import Formulation
except ImportError:
    # There is no wheel of highspy for this machine: the simple planner is used instead, and site/ informs the user.
    SOLVER = False
else:
    SOLVER = True

__all__ = [
    "FARTHEST",
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
    "step_starts",
]


def solve(problem: Problem, *, clock: Callable[[], float] | None = None) -> Plan:
    """Return the cheapest plan that reaches all reachable goals and respects every limit.

    `docs/solve.md` has an example of each field, and says how other optimisers call it. Powers are mean watts of a step,
    energies watt-hours, prices per kilowatt-hour. `Plan.cost` is the value of the objective: money spent, less earnings and
    the value of what is stored at the end.

    What cannot be reached is in `StorePlan.missing_wh`, what the household alone exceeds is in
    `Plan.excess_import_w`: there is a plan for every problem. Without HiGHS, or if it found nothing within
    `time_limit_s`, `Plan.status` is `SIMPLE`. A `clock` in seconds (`time.perf_counter`) lets the limit include building the
    program, which takes a while for many cars on a slow machine; without one it is that of the search.

    Raises:
        ValueError: the problem contradicts itself, or contains what is no number; the message names the field.

    """
    check(problem)
    began_s = clock() if clock else 0.0
    if SOLVER:
        try:
            return Formulation(problem, clock).solve()
        except Unsolved:
            pass  # the simple planner needs a fraction of a second for fifty cars
    if clock is None:
        return plan_without_solver(problem)
    return plan_without_solver(
        problem, lambda: clock() - began_s < problem.time_limit_s
    )


def intend(
    outlook: Outlook,
    previous: Intention | None = None,
    *,
    clock: Callable[[], float] | None = None,
) -> Intention:
    """Return what cars and battery should do, and why; there is an intention for every outlook.

    `previous` is the intention of the last run: its next hours are kept unless a different plan is clearly better.

    Raises:
        ValueError: the outlook contradicts itself; the message says where.

    """
    return intend_with(partial(solve, clock=clock), outlook, previous)
