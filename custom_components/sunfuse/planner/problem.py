"""The input and output of the planner.

Powers are means over a step, in watts at the grid connection's voltage; energies are watt-hours; prices are
currency per kilowatt-hour; currents are amperes per site phase, L1 first. Grid power is positive when importing.
A series has one value for each step; lists and arrays do as well.
"""

from dataclasses import dataclass, fields
from enum import StrEnum
import math
from typing import Any, cast

# What a guard of a peak saved of a window is spent over this part of a window at least, not in a burst at its end.
GUARD_SPREAD = 1 / 3

type PerPhase = tuple[float, ...]
type Series = tuple[float, ...]


class Strategy(StrEnum):
    """How a store charges where several ways cost the same."""

    EARLY = "early"
    LATE = "late"  # better for the battery, and warm at departure
    SPREAD = "spread"  # with the lowest power


class Status(StrEnum):
    """How good a plan is."""

    OPTIMAL = "optimal"
    TIME_LIMIT = "time_limit"  # feasible, found when the search reached a limit
    SIMPLE = "simple"  # made without the solver


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """An energy that a store must hold at the end of a step (0 is the first)."""

    step: int
    energy_wh: float
    # What each kilowatt-hour costs that is missing, as a part of the cost of the plan. None: it is worth any price, and a
    # shortage is shared fairly among stores.
    price: float | None = None
    # Its share in a shortage, compared to other goals; below 1 it is a wish, which does not take part in fair sharing.
    weight: float = 1.0
    # The store takes it whatever is planned for others, so it comes before their goals and takes no part in fair sharing.
    in_any_case: bool = False
    # The energy whose share is missing, where a shortage is shared; None: what is missing now.
    share_of_wh: float | None = None

    def __post_init__(self) -> None:
        """Accept numbers of arrays."""
        _as_tuples(self)

    @property
    def is_promised(self) -> bool:
        """Whether it is worth any price, and takes part in the fair sharing of a shortage."""
        return self.weight >= 1 and not self.in_any_case and self.price is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """A car or a home battery: something that takes energy, and may return it.

    `energy_wh` is what it holds now, and can be outside of `min_wh` to `max_wh`: the plan then returns it to this range as
    soon as its powers allow. `max_charge_w` is a power, or a series of powers (0 while a car is away). With `min_charge_w`
    the store charges with at least that power or not at all (`min_discharge_w` likewise); in a step whose mean may only be
    less (a car is there for a part of it), with that mean.

    The share `charge_efficiency` of the power reaches the store; while it charges at all, `standby_w` of that are
    lost in addition. A car that stores 76 % at 1.4 kW and 90 % at 11 kW (HTW Berlin, 2025) has 0.92 and 225 W. To return
    1 kWh, it gives up 1 kWh / `discharge_efficiency`. So a step of h hours ends with

        energy before x (1 - loss_per_hour) ** h + charge x charge_efficiency x h - discharge / discharge_efficiency x h
        - standby_w x h, if it charges - consumed_w x h
    """

    id: str
    energy_wh: float
    max_wh: float | Series  # at the end of each step
    min_wh: float | Series = 0.0
    goals: tuple[Goal, ...] = ()
    max_charge_w: float | Series = 0.0
    min_charge_w: float = 0.0
    max_discharge_w: float | Series = 0.0
    min_discharge_w: float = 0.0
    charge_efficiency: float = 1.0
    discharge_efficiency: float = 1.0
    standby_w: float = 0.0
    loss_per_hour: float = 0.0  # the share of what it holds that it loses in an hour
    # Power that is used from what it holds, and neither comes from the grid nor is returned: a drive, hot water. Negative:
    # it is filled from elsewhere.
    consumed_w: Series = ()
    # Whether it stops when it has what its goals ask for, or without a goal all that it takes: in the last step in which it
    # charges, its mean may be below the minimum, and it loses `standby_w` for the part for which it charges.
    stops_itself: bool = False
    # Power that is required in a step, whatever it costs, until the store holds so much; None: until it is full.
    demand_w: Series = ()
    demand_until_wh: float | None = None
    # Power that it takes in a step whatever is planned for others, as far as the limits allow.
    taken_w: Series = ()
    from_grid: bool = True  # False: it charges only in steps without import
    to_grid: bool = False  # False: it discharges only in steps without export
    end_value: float = 0.0  # of each kilowatt-hour that it holds at the end
    # The additional value of each kilowatt-hour that it takes in a step: how urgent it is. It is not part of the cost.
    charge_value: Series = ()
    # The wear of each kilowatt-hour that it takes, and that it returns, at the grid connection. Negative: it pays.
    charge_cost: float | Series = 0.0
    discharge_cost: float | Series = 0.0
    start_cost: float = 0.0  # the wear of one start, in currency
    # Whether it already charges, so that continuing is not a start.
    charging: bool = False
    circuit: str | None = None
    phases: tuple[int, ...] = ()  # the site phases that it charges on; none: all
    strategy: Strategy = Strategy.EARLY
    priority: int = 0  # decides only where several stores could have the same energy at the same cost
    # What was planned before, as far as that plan reaches; deviating costs `change_cost` per kilowatt-hour, so that
    # plans are stable.
    planned_w: Series = ()
    change_cost: float = 0.0

    def __post_init__(self) -> None:
        """Accept lists and arrays."""
        _as_tuples(self)

    @property
    def capacity_wh(self) -> float:
        """The most that it ever holds."""
        return (
            self.max_wh if isinstance(self.max_wh, (int, float)) else max(self.max_wh)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Circuit:
    """A limit of the stores below it: amperes per phase, and the other load, step by step.

    `load_a` is the current of everything that is not a store, on each phase in each step; negative while the sun feeds in.
    The stores of a circuit never get more than its limit, whatever is fed in, and never return more than that, whatever
    other load there is. With `nets`, only the sum of all counts, in both directions: what is fed in makes room for more.
    """

    id: str
    limit_a: PerPhase | tuple[PerPhase, ...]  # of all steps, or of each
    parent: str | None = None
    load_a: tuple[PerPhase, ...] = ()  # of each step; empty: there is no other load
    nets: bool = False

    def __post_init__(self) -> None:
        """Accept lists and arrays."""
        _as_tuples(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Peak:
    """A price of power: for each kilowatt of the highest mean import of a window above a level.

    The highest window of all steps is paid for once. With `of_export`, export takes the place of import. `dearer_above` has
    further levels, in ascending order, each with what a kilowatt above it costs in addition.
    `windows` numbers the window of each step in chronological order (quarter hours, hours); -1: the step does not count.
    `used_wh` and `used_s` are what the first window had imported before the first step began, and for how long.

    `guarded`: stores take no more in a step than a guard of the running window allows, which spreads what is left of the
    window evenly, and what was saved over a third of a window at least. With `reserved_w`, a step may take all but what is
    reserved for the household in the later steps of its window, which is no more than the level.
    """

    price_per_kw: float
    windows: tuple[int, ...]
    level_w: float = 0.0
    dearer_above: tuple[tuple[float, float], ...] = ()
    used_wh: float = 0.0
    used_s: float = 0.0
    guarded: bool = False
    reserved_w: Series = ()
    of_export: bool = False

    def __post_init__(self) -> None:
        """Accept lists and arrays."""
        _as_tuples(self)

    @property
    def levels(self) -> tuple[tuple[float, float], ...]:
        """All levels, each with what a kilowatt above it costs in addition."""
        return ((self.level_w, self.price_per_kw), *self.dearer_above)

    @property
    def highest_price(self) -> float:
        """What a kilowatt costs above all levels."""
        return sum(more for _, more in self.levels)

    def cost(self, highest_w: float) -> float:
        """Return what a highest window costs."""
        paid = (more * max(0.0, highest_w - above) for above, more in self.levels)
        return sum(paid) / 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Everything that a plan is based on."""

    steps_s: Series  # the length of each step
    load_w: Series  # the household, without the stores
    solar_w: Series
    import_price: Series
    export_price: Series
    stores: tuple[Store, ...] = ()
    circuits: tuple[Circuit, ...] = ()
    peaks: tuple[Peak, ...] = ()
    max_import_w: float | Series = math.inf
    max_export_w: float | Series = math.inf
    # Whether the sun may give less than it could, where exporting costs money or importing earns some.
    curtails: bool = False
    # Grams of carbon dioxide per kilowatt-hour of import, and what a kilogram of it costs.
    carbon_g: Series = ()
    carbon_price: float = 0.0
    voltage_v: float = 230.0
    phases: int = 3
    # Steps in which a minimum power is respected exactly; in later ones a store may take less than it on average.
    exact_steps: int | None = None  # None: all
    # Steps in which starts wear; of those in later ones nothing is known. At least the exact ones.
    wear_steps: int | None = None  # None: all
    time_limit_s: float = 10.0
    # How far from the optimum a plan may be: the price of this many kilowatt-hours, and of kilowatts of each peak.
    gap_kwh: float = 1e-4
    gap_kw: float = 0.0

    def __post_init__(self) -> None:
        """Accept lists and arrays."""
        _as_tuples(self)

    @property
    def steps(self) -> int:
        """The number of steps."""
        return len(self.steps_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class StorePlan:
    """What is planned for one store, step by step."""

    id: str
    charge_w: Series
    discharge_w: Series
    energy_wh: Series  # at the end of each step
    missing_wh: tuple[float, ...] = ()  # of each goal, in the order of the goals


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The cheapest way to reach all reachable goals."""

    status: Status
    stores: tuple[StorePlan, ...]
    import_w: Series
    export_w: Series
    # Money: import less export, peaks, wear, carbon and goals with a price, less the value of what is stored at the end.
    cost: float = 0.0
    peak_w: tuple[float, ...] = ()  # of each `Peak`: its highest window
    # Import beyond the limit, if the household alone makes that unavoidable, and what is curtailed at the limit of export.
    excess_import_w: Series = ()
    excess_export_w: Series = ()

    def store(self, store_id: str) -> StorePlan:
        """Return the plan of a store.

        Raises:
            KeyError: there is no store with that id.

        """
        for plan in self.stores:
            if plan.id == store_id:
                return plan
        raise KeyError(store_id)


def _as_tuples(given: object) -> None:
    """Replace lists and arrays by tuples, in rows as well, and numbers of arrays by plain ones."""
    for field in fields(given):  # type: ignore[arg-type]
        value = getattr(given, field.name)
        first = value[0] if isinstance(value, tuple) and value else value
        if isinstance(first, (list, range)) or hasattr(first, "tolist"):
            object.__setattr__(given, field.name, _as_tuple(value))


def _as_tuple(value: Any) -> Any:
    if hasattr(value, "tolist"):  # an array, or a number of one
        value = value.tolist()
    if isinstance(value, (list, tuple, range)):
        return tuple(map(_as_tuple, value))
    return value


def series(value: float | Series, steps: int) -> Series:
    """Return a value for each step."""
    return (float(value),) * steps if isinstance(value, (int, float)) else tuple(value)


def reachable_wh(store: Store, energy_wh: float) -> float:
    """Return the energy of a goal, limited to what the store can ever hold."""
    return min(energy_wh, max(store.capacity_wh, store.energy_wh))


def needed_wh(store: Store, goal: Goal) -> float:
    """Return the energy whose share is missing, where a shortage is shared."""
    lacks_wh = max(reachable_wh(store, goal.energy_wh) - store.energy_wh, 0.0)
    return lacks_wh if goal.share_of_wh is None else max(lacks_wh, goal.share_of_wh)


def limits(circuit: Circuit, steps: int) -> tuple[PerPhase, ...]:
    """Return the limit of a circuit for each step, in amperes per phase."""
    if circuit.limit_a and not isinstance(circuit.limit_a[0], (int, float)):
        return circuit.limit_a
    return (cast("PerPhase", circuit.limit_a),) * steps


def below(circuits: tuple[Circuit, ...], circuit_id: str) -> set[str]:
    """Return the ids of a circuit and of all circuits below it."""
    found, more = {circuit_id}, True
    while more:
        new = {each.id for each in circuits if each.parent in found} - found
        found |= new
        more = bool(new)
    return found
