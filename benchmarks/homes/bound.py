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


type Term = tuple[int, float]  # a column, and its factor


@dataclass
class _Program:
    """A linear program over columns from zero up, some of them in whole numbers."""

    cost: list[float] = field(default_factory=list)
    upper: list[float] = field(default_factory=list)
    whole: list[int] = field(default_factory=list)
    row_lower: list[float] = field(default_factory=list)
    row_upper: list[float] = field(default_factory=list)
    starts: list[int] = field(default_factory=lambda: [0])
    index: list[int] = field(default_factory=list)
    value: list[float] = field(default_factory=list)

    def column(self, *, cost: float = 0.0, upper: float = np.inf) -> int:
        """Add a column; returns its number."""
        self.cost.append(cost)
        self.upper.append(upper)
        return len(self.cost) - 1

    def switch(self) -> int:
        """Add a column that is 0 or 1; returns its number."""
        column = self.column(upper=1.0)
        self.whole.append(column)
        return column

    def row(self, *terms: Term, lower: float = -np.inf, upper: float = np.inf) -> None:
        """Hold a sum between two bounds."""
        self.index.extend(column for column, _ in terms)
        self.value.extend(factor for _, factor in terms)
        self.starts.append(len(self.index))
        self.row_lower.append(lower)
        self.row_upper.append(upper)


class _Month:
    """The program of a month: in each step, in kilowatts, what is drawn from the grid and fed in, and the cars' columns."""

    def __init__(self, world: World) -> None:
        """Begin with the grid alone."""
        self.world = world
        self.steps = world.days * QUARTERS
        self.program = _Program()
        self.drawn = [
            self.program.column(cost=price * HOUR)
            for price in world.import_price[: self.steps]
        ]
        self.fed_in = [
            self.program.column(cost=-price * HOUR)
            for price in world.export_price[: self.steps]
        ]
        # What adds up to the house less the sun, and what to amperes on each phase.
        self.balance: list[list[Term]] = [
            [(drawn, 1.0), (fed_in, -1.0)]
            for drawn, fed_in in zip(self.drawn, self.fed_in, strict=True)
        ]
        self.phases: list[list[list[Term]]] = [[[], [], []] for _ in self.drawn]

    def add_stay(self, stay: Stay) -> int:
        """Add a car while it is there; returns the column of what it will be missing, in kilowatt-hours."""
        car, program = stay.car, self.program
        terms: list[Term] = []
        # As long as he is there it may go on, where that is cheaper than what he says.
        for step, part in quarters_of(stay):
            power = program.column(upper=car.most_w / 1000 * part)
            on = program.switch()
            terms.append((power, CHARGE_EFFICIENCY * HOUR))
            terms.append((on, -STANDBY_W / 1000 * HOUR * part))
            program.row((power, 1.0), (on, -car.most_w / 1000 * part), upper=0.0)
            program.row((power, 1.0), (on, -car.least_w / 1000 * part), lower=0.0)
            self.balance[step].append((power, -1.0))
            for phase in car.phases:
                amperes = 1000 / VOLTAGE_V / len(car.phases) / part
                self.phases[step][phase].append((power, amperes))
        missing = program.column(cost=MISSING)
        program.row(*terms, (missing, 1.0), lower=stay.needed_wh / 1000)
        return missing

    def add_battery(self, battery: BatterySpec) -> None:
        """Add a battery that charges and discharges as it likes, without slowing down when it is nearly full.

        It charges on all phases beside the cars, and makes no room for them: as for a site.
        """
        program = self.program
        least = battery.reserve * battery.capacity_wh / 1000
        # Columns begin at zero: what is held counts from the reserve.
        half = battery.capacity_wh / 2000 - least
        most = battery.power_w / 1000
        before: int | None = None
        for step in range(self.steps):
            charge, discharge = program.column(upper=most), program.column(upper=most)
            held = program.column(upper=battery.capacity_wh / 1000 - least)
            begins = half if before is None else 0.0
            program.row(
                (held, 1.0),
                (charge, -battery.one_way * HOUR),
                (discharge, HOUR / battery.one_way),
                *([] if before is None else [(before, -1.0)]),
                lower=begins,
                upper=begins,
            )
            before = held
            self.balance[step].extend(((charge, -1.0), (discharge, 1.0)))
            for on_phase in self.phases[step]:
                on_phase.append((charge, 1000 / VOLTAGE_V / len(self.phases[step])))
        if before is not None:
            program.row((before, 1.0), lower=half)

    def add_grid(self) -> None:
        """Add what holds of all together: the balance, and the fuse."""
        world, steps = self.world, self.steps
        net_w = world.quarters(world.house_w) - world.quarters(world.sun_w)
        for step, net_kw in enumerate(net_w[:steps] / 1000):
            self.program.row(*self.balance[step], lower=net_kw, upper=net_kw)
            free_a = FUSE_A - max(0.0, net_kw) * 1000 / VOLTAGE_V / 3
            for on_phase in self.phases[step]:
                if on_phase:
                    self.program.row(*on_phase, upper=max(free_a, 0.0))

    def add_peak(self, peak: PeakPrice) -> None:
        """Add the mean of the highest windows: a threshold, and what of each group rises above it (Rockafellar)."""
        program = self.program
        threshold = program.column(cost=peak.price)
        group_length = QUARTERS if peak.by_day else peak.quarters
        above = {
            group: program.column(cost=peak.price / peak.top)
            for group in range(0, self.steps, group_length)
        }
        for first in range(0, self.steps, peak.quarters):
            group = first // group_length * group_length
            window = self.drawn[first : first + peak.quarters]
            program.row(
                *((drawn, 1 / peak.quarters) for drawn in window),
                (threshold, -1.0),
                (above[group], -1.0),
                upper=0.0,
            )
        # The floor is paid anyway, as if the highest windows had reached it.
        program.row((threshold, 1.0), lower=peak.floor_w / 1000)


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
    month = _Month(world)
    missing = {stay: month.add_stay(stay) for stay in world.stays}
    if battery is not None:
        month.add_battery(battery)
    month.add_grid()
    if peak is not None:
        month.add_peak(peak)
    values, slack = _solve(month.program, nodes)
    steps = month.steps
    drawn_kw, fed_in_kw = values[month.drawn], values[month.fed_in]
    energy = float(
        np.sum(drawn_kw * world.import_price[:steps] * HOUR)
        - np.sum(fed_in_kw * world.export_price[:steps] * HOUR)
    )
    grid_w = (drawn_kw - fed_in_kw) * 1000
    return Bound(
        energy_cost=energy - slack,
        peak_w=measured_peak(grid_w, peak) if peak is not None else 0.0,
        missing_wh={
            stay: float(values[column]) * 1000 for stay, column in missing.items()
        },
        grid_w=grid_w,
    )


def measured_peak(grid_w: Values, peak: PeakPrice) -> float:
    """Return what is billed of a month: the mean of its highest windows, or the floor."""
    windows = np.maximum(grid_w, 0.0)
    windows = windows[: len(windows) // peak.quarters * peak.quarters]
    windows = windows.reshape(-1, peak.quarters).mean(axis=1)
    if peak.by_day:
        windows = windows.reshape(-1, QUARTERS // peak.quarters).max(axis=1)
    return max(peak.floor_w, float(np.sort(windows)[-peak.top :].mean()))


def _solve(program: _Program, nodes: int | None) -> tuple[Values, float]:
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
    columns = len(program.cost)
    model.num_col_, model.num_row_ = columns, len(program.row_lower)
    model.col_cost_ = np.array(program.cost)
    model.col_lower_, model.col_upper_ = np.zeros(columns), np.array(program.upper)
    model.row_lower_ = np.array(program.row_lower)
    model.row_upper_ = np.array(program.row_upper)
    model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    model.a_matrix_.start_ = np.array(program.starts)
    model.a_matrix_.index_ = np.array(program.index)
    model.a_matrix_.value_ = np.array(program.value)
    kinds = [highspy.HighsVarType.kContinuous] * columns
    for column in program.whole:
        kinds[column] = highspy.HighsVarType.kInteger
    model.integrality_ = kinds
    solver.passModel(model)
    solver.run()
    info = solver.getInfo()
    if int(info.primal_solution_status) != 2:
        raise ValueError(solver.modelStatusToString(solver.getModelStatus()))
    slack = max(0.0, info.objective_function_value - info.mip_dual_bound)
    return np.array(solver.getSolution().col_value), slack
