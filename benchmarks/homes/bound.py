"""The least that a month can cost whoever knows everything before: a program of its own, which shares no code with the planner.

In each quarter hour a car takes nothing, or 6 A to its most, and loses what its electronics take; quarter hours are billed
by their sum. What cannot be had before the driver leaves is missing at a price beyond all others. The month is solved
at once, as a mixed-integer program; its *proven* bound is what is returned as the cost, and no plan can be cheaper.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import highspy
import numpy as np

from custom_components.sunfuse.simulator.battery import BatterySpec

from .world import (
    CHARGE_EFFICIENCY,
    FUSE_A,
    QUARTER_MIN,
    QUARTERS,
    STANDBY_W,
    VOLTAGE_V,
    Stay,
    Values,
    World,
)

MISSING = 100.0  # per kilowatt-hour
HOUR = 0.25
GAP = 0.001
# Of the clock: on a busy machine, a bound that is proven too early is too low.
TIME_LIMIT_S = 3_600.0


@dataclass(kw_only=True)
class PeakPrice:
    """What a kilowatt of the month's peak costs: of the mean of the `top` highest windows of so many quarters.

    With `by_day`, each day gives no more than one of them.
    """

    price: float
    quarters: int = 1
    top: int = 1
    by_day: bool = False
    floor_w: float = 0.0


@dataclass(kw_only=True)
class Bound:
    """The cheapest month: what is paid for energy, the peak, what cannot be had."""

    energy_cost: float
    peak_w: float
    missing_wh: dict[Stay, float]
    grid_w: Values


@dataclass
class _Rows:
    lower: list[float] = field(default_factory=list)
    upper: list[float] = field(default_factory=list)
    starts: list[int] = field(default_factory=lambda: [0])
    index: list[int] = field(default_factory=list)
    value: list[float] = field(default_factory=list)

    def add(self, terms: list[tuple[int, float]], lower: float, upper: float) -> None:
        self.index.extend(column for column, _ in terms)
        self.value.extend(factor for _, factor in terms)
        self.starts.append(len(self.index))
        self.lower.append(lower)
        self.upper.append(upper)


def quarters_of(stay: Stay) -> Iterator[tuple[int, float]]:
    """Yield the quarters in which a car is there, each with the part of it."""
    first, last = stay.arrives_min // QUARTER_MIN, -(-stay.leaves_min // QUARTER_MIN)
    for quarter in range(first, last):
        start, end = quarter * QUARTER_MIN, (quarter + 1) * QUARTER_MIN
        there = min(end, stay.leaves_min) - max(start, stay.arrives_min)
        if there > 0:
            yield quarter, there / QUARTER_MIN


def bound(
    world: World,
    peak: PeakPrice | None = None,
    battery: BatterySpec | None = None,
    nodes: int | None = None,
) -> Bound:
    """Return the cheapest way through a month; a battery is half full at both ends of it.

    A search that ends after so many `nodes` proves a bound that is a little lower.
    """
    steps = world.days * QUARTERS
    net_kw = (world.quarters(world.house_w) - world.quarters(world.sun_w))[
        :steps
    ] / 1000
    cost = [*(world.import_price[:steps] * HOUR), *(-world.export_price[:steps] * HOUR)]
    upper = [np.inf] * (2 * steps)
    rows = _Rows()
    balance: list[list[tuple[int, float]]] = [
        [(step, 1.0), (steps + step, -1.0)] for step in range(steps)
    ]
    phases: list[list[list[tuple[int, float]]]] = [[[], [], []] for _ in range(steps)]
    missing: dict[Stay, int] = {}
    whole: list[int] = []
    for stay in world.stays:
        car = stay.car
        terms: list[tuple[int, float]] = []
        # As long as he is there it may go on, where that is cheaper than what he says.
        for step, part in quarters_of(stay):
            column = len(cost)
            cost.append(0.0)
            upper.append(car.most_w / 1000 * part)
            terms.append((column, CHARGE_EFFICIENCY * HOUR))
            on = len(cost)
            cost.append(0.0)
            upper.append(1.0)
            whole.append(on)
            terms.append((on, -STANDBY_W / 1000 * HOUR * part))
            rows.add([(column, 1.0), (on, -car.most_w / 1000 * part)], -np.inf, 0.0)
            rows.add([(column, 1.0), (on, -car.least_w / 1000 * part)], 0.0, np.inf)
            balance[step].append((column, -1.0))
            for phase in car.phases:
                amperes = 1000 / VOLTAGE_V / len(car.phases) / part
                phases[step][phase].append((column, amperes))
        missing[stay] = len(cost)
        cost.append(MISSING)
        upper.append(np.inf)
        terms.append((missing[stay], 1.0))
        rows.add(terms, stay.needed_wh / 1000, np.inf)
    if battery is not None:
        _add_battery(battery, steps, cost, upper, rows, balance, phases)
    for step in range(steps):
        rows.add(balance[step], net_kw[step], net_kw[step])
        free_a = FUSE_A - max(0.0, net_kw[step]) * 1000 / VOLTAGE_V / 3
        for on_phase in phases[step]:
            if on_phase:
                rows.add(on_phase, -np.inf, max(free_a, 0.0))
    if peak is not None:
        _add_peak(peak, steps, cost, upper, rows)
    values, slack = _solve(cost, upper, rows, whole, nodes)
    grid_kw = values[:steps] - values[steps : 2 * steps]
    energy = float(
        np.sum(values[:steps] * world.import_price[:steps] * HOUR)
        - np.sum(values[steps : 2 * steps] * world.export_price[:steps] * HOUR)
    )
    return Bound(
        energy_cost=energy - slack,
        peak_w=measured_peak(grid_kw * 1000, peak) if peak is not None else 0.0,
        missing_wh={
            stay: float(values[column]) * 1000 for stay, column in missing.items()
        },
        grid_w=grid_kw * 1000,
    )


def _add_battery(
    battery: BatterySpec,
    steps: int,
    cost: list[float],
    upper: list[float],
    rows: _Rows,
    balance: list[list[tuple[int, float]]],
    phases: list[list[list[tuple[int, float]]]],
) -> None:
    """Add a battery that charges and discharges as it likes, without slowing down when it is nearly full.

    It charges on all phases beside the cars, and makes no room for them: as for a site.
    """
    half = battery.capacity_wh / 2000
    least = battery.reserve * battery.capacity_wh / 1000
    for step in range(steps):
        charge, discharge, held = range(len(cost), len(cost) + 3)
        cost.extend((0.0, 0.0, 0.0))
        most = battery.power_w / 1000
        # Columns begin at zero: what is held counts from the reserve.
        upper.extend((most, most, battery.capacity_wh / 1000 - least))
        terms = [
            (held, 1.0),
            (charge, -battery.one_way * HOUR),
            (discharge, HOUR / battery.one_way),
        ]
        before = half - least
        if step:
            terms.append((held - 3, -1.0))
            before = 0.0
        rows.add(terms, before, before)
        balance[step].extend(((charge, -1.0), (discharge, 1.0)))
        for on_phase in phases[step]:
            on_phase.append((charge, 1000 / VOLTAGE_V / len(phases[step])))
        if step == steps - 1:
            rows.add([(held, 1.0)], half - least, np.inf)


def _add_peak(
    peak: PeakPrice, steps: int, cost: list[float], upper: list[float], rows: _Rows
) -> None:
    """Add the mean of the highest windows: a threshold, and what of each group rises above it (Rockafellar)."""
    threshold = len(cost)
    cost.append(peak.price)
    upper.append(np.inf)
    group_length = QUARTERS if peak.by_day else peak.quarters
    above = {}
    for group in range(0, steps, group_length):
        above[group] = len(cost)
        cost.append(peak.price / peak.top)
        upper.append(np.inf)
    for first in range(0, steps, peak.quarters):
        group = first // group_length * group_length
        terms = [
            (step, 1 / peak.quarters) for step in range(first, first + peak.quarters)
        ]
        rows.add([*terms, (threshold, -1.0), (above[group], -1.0)], -np.inf, 0.0)
    # The floor is paid anyway, as if the highest windows had reached it.
    rows.add([(threshold, 1.0)], peak.floor_w / 1000, np.inf)


def measured_peak(grid_w: Values, peak: PeakPrice) -> float:
    """Return what is billed of a month: the mean of its highest windows, or the floor."""
    windows = np.maximum(grid_w, 0.0)
    windows = windows[: len(windows) // peak.quarters * peak.quarters]
    windows = windows.reshape(-1, peak.quarters).mean(axis=1)
    if peak.by_day:
        windows = windows.reshape(-1, QUARTERS // peak.quarters).max(axis=1)
    return max(peak.floor_w, float(np.sort(windows)[-peak.top :].mean()))


def _solve(
    cost: list[float],
    upper: list[float],
    rows: _Rows,
    whole: list[int],
    nodes: int | None,
) -> tuple[Values, float]:
    """Return the best solution that is found in time, and how much cheaper another one might be."""
    solver = highspy.Highs()  # type: ignore[no-untyped-call]
    for option, value in (
        ("output_flag", False),
        ("threads", 1),
        ("mip_rel_gap", GAP),
        ("time_limit", TIME_LIMIT_S),
    ):
        solver.setOptionValue(option, value)
    if nodes is not None:
        solver.setOptionValue("mip_max_nodes", nodes)
    model = highspy.HighsLp()
    model.num_col_, model.num_row_ = len(cost), len(rows.lower)
    model.col_cost_ = np.array(cost)
    model.col_lower_, model.col_upper_ = np.zeros(len(cost)), np.array(upper)
    model.row_lower_, model.row_upper_ = np.array(rows.lower), np.array(rows.upper)
    model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    model.a_matrix_.start_ = np.array(rows.starts)
    model.a_matrix_.index_ = np.array(rows.index)
    model.a_matrix_.value_ = np.array(rows.value)
    kinds = [highspy.HighsVarType.kContinuous] * len(cost)
    for column in whole:
        kinds[column] = highspy.HighsVarType.kInteger
    model.integrality_ = kinds
    solver.passModel(model)
    solver.run()
    info = solver.getInfo()
    if int(info.primal_solution_status) != 2:
        raise ValueError(solver.modelStatusToString(solver.getModelStatus()))
    slack = max(0.0, info.objective_function_value - info.mip_dual_bound)
    return np.array(solver.getSolution().col_value), slack
