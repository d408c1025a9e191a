"""The plan of the planner without a solver, from the power that each store takes."""

import numpy as np

from ..plan_cost import priced
from ..problem import Plan, Problem, Status, StorePlan, reachable_wh, series
from ..room import Values
from .charged_stores import ChargedStores


def simple_plan(
    problem: Problem, held: ChargedStores, net_w: Values, *, most_out_w: Values
) -> Plan:
    """Return the plan in which stores charge as they do, the site takes `net_w` in all, and returns at most `most_out_w`."""
    none = (0.0,) * problem.steps
    imported, exported = np.maximum(net_w, 0.0), np.maximum(-net_w, 0.0)
    most_in_w = np.array(series(problem.max_import_w, problem.steps))
    return priced(
        problem,
        Plan(
            status=Status.SIMPLE,
            stores=tuple(
                StorePlan(
                    id=store.id,
                    charge_w=_series(held.power[store.id]),
                    discharge_w=none,
                    energy_wh=_series(held.energy_wh(store)),
                    missing_wh=tuple(
                        max(
                            0.0,
                            reachable_wh(store, goal.energy_wh)
                            - held.stored_wh(store, goal.step),
                        )
                        for goal in store.goals
                    ),
                )
                for store in problem.stores
            ),
            import_w=_series(imported),
            export_w=_series(np.minimum(exported, most_out_w)),
            excess_import_w=_series(np.maximum(imported - most_in_w, 0.0)),
            excess_export_w=_series(np.maximum(exported - most_out_w, 0.0)),
        ),
    )


def _series(values: Values) -> tuple[float, ...]:
    return tuple(values.tolist())
