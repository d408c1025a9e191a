"""Rejects contradictory problems before anything is solved."""

from collections.abc import Iterable
import math
from typing import Any

from .problem import Circuit, Goal, Peak, Problem, Store, Strategy, limits, series

# What a store says with one number, and the least that it can be.
_NUMBERS = {
    "energy_wh": 0.0,
    "min_charge_w": 0.0,
    "min_discharge_w": 0.0,
    "standby_w": 0.0,
    "start_cost": 0.0,
    "change_cost": 0.0,
    "end_value": -math.inf,
    "priority": -math.inf,
}
# What it says with a number or a series, and the least that it can be.
_OF_STEPS = {
    "max_wh": 0.0,
    "min_wh": 0.0,
    "max_charge_w": 0.0,
    "max_discharge_w": 0.0,
    "charge_cost": -math.inf,
    "discharge_cost": -math.inf,
}


def check(problem: Problem) -> None:
    """Raise if a problem contradicts itself.

    Raises:
        ValueError: names the value and the store, circuit or series, and gives the reason.

    """
    _sequence("steps_s", problem.steps_s)
    steps = problem.steps
    if not steps:
        raise ValueError("steps_s: there are no steps")
    _series("steps_s", problem.steps_s, steps)
    if any(not length > 0 for length in problem.steps_s):
        raise ValueError("steps_s: every step has to be longer than nothing")
    for name in ("load_w", "import_price", "export_price"):
        _series(name, getattr(problem, name), steps)
    _series("solar_w", problem.solar_w, steps)
    if problem.carbon_g:
        _series("carbon_g", problem.carbon_g, steps)
    for name in ("max_import_w", "max_export_w"):
        _of_steps(name, getattr(problem, name), steps, least=0.0, finite=False)
    _numbers(problem)
    for name, kind in (("stores", Store), ("circuits", Circuit), ("peaks", Peak)):
        _parts(name, getattr(problem, name), kind)
    _unique("stores", (store.id for store in problem.stores))
    _unique("circuits", (circuit.id for circuit in problem.circuits))
    known = {circuit.id for circuit in problem.circuits}
    for circuit in problem.circuits:
        _circuit(circuit, problem, known)
    for store in problem.stores:
        _store(store, problem, known)
    for number, peak in enumerate(problem.peaks):
        _peak(f"peaks[{number}]", peak, steps)


def _numbers(problem: Problem) -> None:
    phases = problem.phases
    _number("phases", phases)
    if not phases >= 1 or phases % 1:
        raise ValueError(f"phases: {phases}")
    _number("voltage_v", problem.voltage_v)
    if not problem.voltage_v > 0:
        raise ValueError(f"voltage_v: {problem.voltage_v}")
    _number("carbon_price", problem.carbon_price)
    for name in ("time_limit_s", "gap_kwh", "gap_kw"):
        _number(name, getattr(problem, name), least=0.0, finite=False)
    for name in ("exact_steps", "wear_steps"):
        value = getattr(problem, name)
        if value is None:
            continue
        _number(name, value, least=0.0, finite=False)
        if not isinstance(value, int):
            raise ValueError(f"{name}: {value} is no whole number")  # noqa: TRY004


def _peak(name: str, peak: Peak, steps: int) -> None:
    _sequence(f"{name}.windows", peak.windows)
    if len(peak.windows) != steps:
        raise ValueError(f"{name}.windows: {len(peak.windows)} of {steps} steps")
    for window in peak.windows:
        if not isinstance(window, int) or window < -1:
            raise ValueError(f"{name}.windows: {window!r} is no window's number, or -1")
    for field in ("price_per_kw", "level_w", "used_wh", "used_s"):
        _number(f"{name}.{field}", getattr(peak, field), least=0.0)
    _flags(name, peak, "guarded", "of_export")
    _sequence(f"{name}.dearer_above", peak.dearer_above)
    below_w = peak.level_w
    for number, level in enumerate(peak.dearer_above):
        place = f"{name}.dearer_above[{number}]"
        _series(place, level, 2, least=0.0)
        if level[0] <= below_w:
            raise ValueError(f"{place}: {level[0]} is not above {below_w}")
        below_w = level[0]
    if peak.reserved_w:
        _series(f"{name}.reserved_w", peak.reserved_w, steps, least=0.0)
        if not peak.guarded:
            raise ValueError(
                f"{name}.reserved_w: only a guarded peak reserves anything"
            )
    if peak.guarded and peak.of_export:
        raise ValueError(f"{name}.guarded: there is no guard of export")


def _store(store: Store, problem: Problem, circuits: set[str]) -> None:
    name, steps = f"store {store.id}", problem.steps
    if not isinstance(store.id, str):
        raise ValueError(f"stores: the id {store.id!r} is no text")  # noqa: TRY004
    for field, least in _NUMBERS.items():
        _number(f"{name}: {field}", getattr(store, field), least=least)
    for field, least in _OF_STEPS.items():
        _of_steps(f"{name}: {field}", getattr(store, field), steps, least=least)
    lowest, highest = series(store.min_wh, steps), series(store.max_wh, steps)
    if any(low > high for low, high in zip(lowest, highest, strict=True)):
        raise ValueError(f"{name}: min_wh is above max_wh")
    for kind in ("charge", "discharge"):
        most, fewest = getattr(store, f"max_{kind}_w"), getattr(store, f"min_{kind}_w")
        if isinstance(most, (int, float)) and 0 < most < fewest:
            raise ValueError(f"{name}: min_{kind}_w is above max_{kind}_w")
    for field in ("charge_efficiency", "discharge_efficiency"):
        value = getattr(store, field)
        _number(f"{name}: {field}", value)
        if not 0 < value <= 1:
            raise ValueError(f"{name}: {field} is {value}, not in 0..1")
    _number(f"{name}: loss_per_hour", store.loss_per_hour, least=0.0)
    if store.loss_per_hour >= 1:
        raise ValueError(f"{name}: loss_per_hour is {store.loss_per_hour}, not below 1")
    _flags(name, store, "from_grid", "to_grid", "charging", "stops_itself")
    _parts(f"{name}: goals", store.goals, Goal)
    for goal in store.goals:
        _goal(name, goal, steps)
    _store_series(name, store, steps)
    if store.demand_until_wh is not None:
        _number(f"{name}: demand_until_wh", store.demand_until_wh, least=0.0)
    if store.circuit is not None and store.circuit not in circuits:
        raise ValueError(f"{name}: there is no circuit {store.circuit}")
    _sequence(f"{name}: phases", store.phases)
    if any(phase not in range(problem.phases) for phase in store.phases):
        raise ValueError(f"{name}: phases {store.phases} of {problem.phases}")
    if len(set(store.phases)) < len(store.phases):
        raise ValueError(f"{name}: a phase stands twice in {store.phases}")
    if store.strategy not in list(Strategy):
        raise ValueError(f"{name}: there is no strategy {store.strategy}")


def _store_series(name: str, store: Store, steps: int) -> None:
    if store.demand_w:
        field = f"{name}: demand_w"
        _series(field, store.demand_w, steps, least=0.0, finite=False)
    for field in ("taken_w", "planned_w"):
        values = getattr(store, field)
        if values:  # of the first steps
            _sequence(f"{name}: {field}", values)
            few = min(steps, len(values))
            _series(f"{name}: {field}", values, few, least=0.0)
    for field in ("charge_value", "consumed_w"):
        if getattr(store, field):
            _series(f"{name}: {field}", getattr(store, field), steps)


def _goal(name: str, goal: Goal, steps: int) -> None:
    if not isinstance(goal.step, int) or goal.step not in range(steps):
        raise ValueError(f"{name}: a goal at step {goal.step} of {steps}")
    _number(f"{name}: the energy of a goal", goal.energy_wh, finite=False)
    _number(f"{name}: the weight of a goal", goal.weight, least=0.0)
    if goal.price is not None:
        _number(f"{name}: the price of a goal", goal.price, least=0.0)
    if goal.share_of_wh is not None:
        _number(f"{name}: the share of a goal", goal.share_of_wh)


def _circuit(circuit: Circuit, problem: Problem, known: set[str]) -> None:
    name = f"circuit {circuit.id}"
    _flags(name, circuit, "nets")
    if circuit.parent is not None and circuit.parent not in known:
        raise ValueError(f"{name}: there is no circuit {circuit.parent}")
    parents, above = {each.id: each.parent for each in problem.circuits}, circuit.parent
    for _ in problem.circuits:
        above = parents.get(above) if above is not None else None
    if above is not None:
        raise ValueError(f"{name}: it hangs from itself")
    _sequence(f"{name}: limit_a", circuit.limit_a)
    _sequence(f"{name}: load_a", circuit.load_a)
    for field, rows, least, finite in (
        ("limit_a", limits(circuit, problem.steps), 0.0, False),
        ("load_a", circuit.load_a, -math.inf, True),
    ):
        if len(rows) != problem.steps and (rows or field == "limit_a"):
            raise ValueError(
                f"{name}: {field} has {len(rows)} of {problem.steps} steps"
            )
        for row in rows:
            _sequence(f"{name}: {field}", row)
            if len(row) != problem.phases:
                raise ValueError(f"{name}: {field} has not {problem.phases} phases")
            for value in row:
                _number(f"{name}: {field}", value, least=least, finite=finite)


# What is asked of a value


def _number(
    name: str, value: Any, *, least: float = -math.inf, finite: bool = True
) -> None:
    if not isinstance(value, (int, float)) or math.isnan(value):
        raise ValueError(f"{name} is {value!r}, which is no number")
    if value < least:
        raise ValueError(f"{name} is negative: {value}")
    if finite and math.isinf(value):
        raise ValueError(f"{name} has to be finite: {value}")


def _flags(name: str, holder: object, *fields: str) -> None:
    for field in fields:
        value = getattr(holder, field)
        if not isinstance(value, bool):
            raise ValueError(f"{name}: {field} is {value!r}, neither True nor False")  # noqa: TRY004


def _sequence(name: str, values: Any) -> None:
    if not isinstance(values, tuple):
        raise ValueError(f"{name} is {values!r}, not a series")  # noqa: TRY004


def _series(
    name: str,
    values: Any,
    steps: int,
    *,
    least: float = -math.inf,
    finite: bool = True,
) -> None:
    _sequence(name, values)
    if len(values) != steps:
        raise ValueError(f"{name}: {len(values)} values for {steps} steps")
    for value in values:
        _number(f"{name}: a value", value, least=least, finite=finite)


def _of_steps(
    name: str, value: Any, steps: int, *, least: float, finite: bool = True
) -> None:
    if isinstance(value, tuple):
        _series(name, value, steps, least=least, finite=finite)
    else:
        _number(name, value, least=least, finite=finite)


def _parts(name: str, values: Any, kind: type) -> None:
    _sequence(name, values)
    for value in values:
        if not isinstance(value, kind):
            raise ValueError(f"{name}: {value!r} is no {kind.__name__}")  # noqa: TRY004


def _unique(name: str, ids: Iterable[str]) -> None:
    seen: set[str] = set()
    for each in ids:
        if each in seen:
            raise ValueError(f"{name}: {each} stands twice")
        seen.add(each)
