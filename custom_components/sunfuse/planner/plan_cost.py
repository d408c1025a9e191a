"""What a plan costs, computed from its powers in the same way for every planner; what a planner seeks is in its own module."""

from dataclasses import replace

from .problem import Peak, Plan, Problem, Series, StorePlan, series

ON_W = 1.0  # a charger that takes less than this does not charge


def priced(problem: Problem, plan: Plan) -> Plan:
    """Return a plan with its cost and its peaks."""
    peaks = tuple(
        peak_of(problem, peak, plan.export_w if peak.of_export else plan.import_w)
        for peak in problem.peaks
    )
    cost = sum(
        seconds
        / 3600
        / 1000
        * (imported * (price + grams / 1000 * problem.carbon_price) - exported * reward)
        for seconds, imported, price, grams, exported, reward in zip(
            problem.steps_s,
            plan.import_w,
            problem.import_price,
            problem.carbon_g or (0.0,) * problem.steps,
            plan.export_w,
            problem.export_price,
            strict=True,
        )
    )
    for peak, highest_w in zip(problem.peaks, peaks, strict=True):
        cost += peak.cost(highest_w)
    for store, planned in zip(problem.stores, plan.stores, strict=True):
        cost += store.start_cost * starts(planned, charging=store.charging)
        cost += _worn(problem, store.charge_cost, planned.charge_w)
        cost += _worn(problem, store.discharge_cost, planned.discharge_w)
        cost -= store.end_value * planned.energy_wh[-1] / 1000
        for goal, missing_wh in zip(store.goals, planned.missing_wh, strict=True):
            cost += (goal.price or 0.0) * missing_wh / 1000
    return replace(plan, cost=cost, peak_w=peaks)


def _worn(problem: Problem, price: float | Series, power_w: Series) -> float:
    return sum(
        each * power * seconds / 3.6e6
        for each, power, seconds in zip(
            series(price, problem.steps), power_w, problem.steps_s, strict=True
        )
    )


def starts(plan: StorePlan, *, charging: bool) -> int:
    """Return how often a store starts to charge."""
    count, before = 0, charging
    for power in plan.charge_w:
        count += power > ON_W and not before
        before = power > ON_W
    return count


def peak_of(problem: Problem, peak: Peak, power_w: Series) -> float:
    """Return the highest mean power of the windows of a peak, in watts."""
    energy_wh: dict[int, float] = {}
    seconds: dict[int, float] = {}
    for step, window in enumerate(peak.windows):
        if window < 0:
            continue
        if window not in energy_wh:
            first = step == 0
            energy_wh[window] = peak.used_wh if first else 0.0
            seconds[window] = peak.used_s if first else 0.0
        energy_wh[window] += power_w[step] * problem.steps_s[step] / 3600
        seconds[window] += problem.steps_s[step]
    return max(
        (energy_wh[each] * 3600 / seconds[each] for each in energy_wh), default=0.0
    )
