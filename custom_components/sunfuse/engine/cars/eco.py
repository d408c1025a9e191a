"""Mode `eco`: ready on time, otherwise solar power and cheap hours only.

The planner determines in which hours the grid may supply how much, and what is promised. Surplus solar power is used whether
it was forecast or not. Without a plan a car charges on solar power, and starts at full power when it can wait no longer.
"""

from datetime import timedelta

from ..model import Connector, PlanSlot, ReasonKey, Snapshot

# Without a plan it is not known what else will need the fuse: a car starts this much earlier than necessary.
RESERVE = timedelta(minutes=30)


def slot_of(connector: Connector, most_a: float, snapshot: Snapshot) -> PlanSlot:
    """Return the planned slot of a car in mode `eco`: by the planner, otherwise by a simple rule."""
    return connector.plan or _without_plan(connector, most_a, snapshot)


def planned_a(plan: PlanSlot) -> float:
    """Return what a plan allows a car to take from the grid; without a maximum, everything."""
    most_a = float("inf") if plan.at_most_a is None else plan.at_most_a
    return max(most_a, plan.at_least_a)


def _without_plan(connector: Connector, most_a: float, snapshot: Snapshot) -> PlanSlot:
    departure, needed_wh = connector.departure, connector.energy_needed_wh
    if departure is None or not needed_wh or needed_wh < 0:
        return PlanSlot(at_most_a=0.0, key=ReasonKey.NO_PLAN)
    ready = ("ready", departure.isoformat())
    power_w = most_a * snapshot.site.voltage_v * len(connector.phases)
    latest = departure - timedelta(hours=needed_wh / power_w) - RESERVE
    if latest <= snapshot.now:
        return PlanSlot(
            at_least_a=most_a,
            at_most_a=most_a,
            key=ReasonKey.CHARGING_FOR_DEPARTURE,
            values=(ready,),
        )
    return PlanSlot(
        at_most_a=0.0,
        key=ReasonKey.NO_PLAN,
        values=(("until", latest.isoformat()), ready),
    )
