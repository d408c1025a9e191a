"""What a plan costs, computed from its powers in the same way for every planner; what a planner seeks is in its own module."""

from dataclasses import replace

from .problem import Peak, Plan, Problem, Series, StorePlan

ON_W = 1.0  # a charger that takes less than this does not charge


def priced(problem: Problem, plan: Plan) -> Plan:
    """Return a plan with its cost and its peaks."""
    peaks = tuple(peak_of(problem, peak, plan.import_w) for peak in problem.peaks)
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
        cost += peak.price_per_kw * max(0.0, highest_w - peak.level_w) / 1000
    for store, planned in zip(problem.stores, plan.stores, strict=True):
        cost += store.start_cost * starts(planned, charging=store.charging)
        cost += store.charge_cost * _kwh(problem, planned.charge_w)
        cost += store.discharge_cost * _kwh(problem, planned.discharge_w)
        cost -= store.end_value * planned.energy_wh[-1] / 1000
    return replace(plan, cost=cost, peak_w=peaks)


def _kwh(problem: Problem, power_w: Series) -> float:
    hours = (seconds / 3600 for seconds in problem.steps_s)
    return sum(power * each for power, each in zip(power_w, hours, strict=True)) / 1000


def starts(plan: StorePlan, *, charging: bool) -> int:
    """Return how often a store starts to charge."""
    count, before = 0, charging
    for power in plan.charge_w:
        count += power > ON_W and not before
        before = power > ON_W
    return count


def peak_of(problem: Problem, peak: Peak, import_w: Series) -> float:
    """Return the highest mean import of the windows of a peak, in watts."""
    energy_wh: dict[int, float] = {}
    seconds: dict[int, float] = {}
    for step, window in enumerate(peak.windows):
        if window < 0:
            continue
        if window not in energy_wh:
            first = step == 0
            energy_wh[window] = peak.used_wh if first else 0.0
            seconds[window] = peak.used_s if first else 0.0
        energy_wh[window] += import_w[step] * problem.steps_s[step] / 3600
        seconds[window] += problem.steps_s[step]
    return max(
        (energy_wh[each] * 3600 / seconds[each] for each in energy_wh), default=0.0
    )
