"""Rejects contradictory problems before anything is solved."""

from collections.abc import Iterable
import math

from .problem import Circuit, Goal, Peak, Problem, Store, limits, series


def check(problem: Problem) -> None:
    """Raise if a problem contradicts itself.

    Raises:
        ValueError: names the value and the store, circuit or series, and gives the reason.

    """
    steps = problem.steps
    if not steps:
        raise ValueError("There are no steps")
    if any(not length > 0 for length in problem.steps_s):
        raise ValueError("steps_s: every step has to be longer than nothing")
    _series("steps_s", problem.steps_s, steps)
    for name in ("load_w", "solar_w", "import_price", "export_price"):
        _series(name, getattr(problem, name), steps)
    if problem.carbon_g:
        _series("carbon_g", problem.carbon_g, steps)
    for name in ("max_import_w", "max_export_w"):
        _not_negative(name, series(getattr(problem, name), steps), steps)
    _numbers(problem)
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
    if not problem.phases >= 1 or problem.phases % 1:
        raise ValueError(f"phases: {problem.phases}")
    if not (math.isfinite(problem.voltage_v) and problem.voltage_v > 0):
        raise ValueError(f"voltage_v: {problem.voltage_v}")
    if not math.isfinite(problem.carbon_price):
        raise ValueError(f"carbon_price: {problem.carbon_price}")
    for name in ("exact_steps", "time_limit_s", "gap_kwh"):
        value = getattr(problem, name)
        if value is not None and not value >= 0:
            raise ValueError(f"{name}: {value}")
    if problem.exact_steps is not None and problem.exact_steps % 1:
        raise ValueError(f"exact_steps: {problem.exact_steps} is no whole number")


def _peak(name: str, peak: Peak, steps: int) -> None:
    if len(peak.windows) != steps:
        raise ValueError(f"{name}.windows: {len(peak.windows)} of {steps} steps")
    for field in ("price_per_kw", "level_w", "used_wh", "used_s"):
        value = getattr(peak, field)
        if not (math.isfinite(value) and value >= 0):
            raise ValueError(f"{name}.{field}: {value}")


def _store(store: Store, problem: Problem, circuits: set[str]) -> None:
    name, steps = f"store {store.id}", problem.steps
    for field in ("max_charge_w", "max_discharge_w"):
        values = series(getattr(store, field), steps)
        _not_negative(f"{name}: {field}", values, steps)
        if not all(map(math.isfinite, values)):
            raise ValueError(f"{name}: {field} has to be finite")
    for field in (
        "energy_wh",
        "min_wh",
        "max_wh",
        "min_charge_w",
        "standby_w",
        "charge_cost",
        "discharge_cost",
        "start_cost",
        "change_cost",
    ):
        value = getattr(store, field)
        if not (math.isfinite(value) and value >= 0):
            raise ValueError(f"{name}: {field} is {value}")
    if not math.isfinite(store.end_value):
        raise ValueError(f"{name}: end_value is {store.end_value}")
    if store.min_wh > store.max_wh:
        raise ValueError(f"{name}: min_wh is above max_wh")
    if isinstance(store.max_charge_w, (int, float)) and (
        0 < store.max_charge_w < store.min_charge_w
    ):
        raise ValueError(f"{name}: min_charge_w is above max_charge_w")
    for field in ("charge_efficiency", "discharge_efficiency"):
        if not 0 < getattr(store, field) <= 1:
            raise ValueError(f"{name}: {field} is {getattr(store, field)}, not in 0..1")
    for goal in store.goals:
        _goal(name, goal, steps)
    if store.demand_w:
        _not_negative(f"{name}: demand_w", store.demand_w, steps)
    for field in ("taken_w", "planned_w"):
        values = getattr(store, field)
        if values:  # of the first steps
            _not_negative(f"{name}: {field}", values, min(steps, len(values)))
            if not all(map(math.isfinite, values)):
                raise ValueError(f"{name}: {field} has to be finite")
    enough_wh = store.demand_until_wh
    if enough_wh is not None and not (math.isfinite(enough_wh) and enough_wh >= 0):
        raise ValueError(f"{name}: demand_until_wh is {enough_wh}")
    if store.charge_value:
        _series(f"{name}: charge_value", store.charge_value, steps)
    if store.circuit is not None and store.circuit not in circuits:
        raise ValueError(f"{name}: there is no circuit {store.circuit}")
    if any(not 0 <= phase < problem.phases for phase in store.phases):
        raise ValueError(f"{name}: phases {store.phases} of {problem.phases}")
    if len(set(store.phases)) < len(store.phases):
        raise ValueError(f"{name}: a phase stands twice in {store.phases}")


def _goal(name: str, goal: Goal, steps: int) -> None:
    if not 0 <= goal.step < steps:
        raise ValueError(f"{name}: a goal at step {goal.step} of {steps}")
    if math.isnan(goal.energy_wh):
        raise ValueError(f"{name}: the energy of a goal is not a number")
    if not (math.isfinite(goal.weight) and goal.weight >= 0):
        raise ValueError(f"{name}: a goal of weight {goal.weight}")
    if goal.share_of_wh is not None and not math.isfinite(goal.share_of_wh):
        raise ValueError(f"{name}: the share of a goal is not a finite number")


def _circuit(circuit: Circuit, problem: Problem, known: set[str]) -> None:
    name = f"circuit {circuit.id}"
    if circuit.parent is not None and circuit.parent not in known:
        raise ValueError(f"{name}: there is no circuit {circuit.parent}")
    parents, above = {each.id: each.parent for each in problem.circuits}, circuit.parent
    for _ in problem.circuits:
        above = parents.get(above) if above is not None else None
    if above is not None:
        raise ValueError(f"{name}: it hangs from itself")
    for field, rows in (
        ("limit_a", limits(circuit, problem.steps)),
        ("load_a", circuit.load_a or ((0.0,) * problem.phases,) * problem.steps),
    ):
        if len(rows) != problem.steps:
            raise ValueError(
                f"{name}: {field} has {len(rows)} of {problem.steps} steps"
            )
        if any(len(row) != problem.phases for row in rows):
            raise ValueError(f"{name}: {field} has not {problem.phases} phases")
        if any(math.isnan(value) for row in rows for value in row):
            raise ValueError(f"{name}: {field} is not a number")
    if any(value < 0 for row in limits(circuit, problem.steps) for value in row):
        raise ValueError(f"{name}: limit_a is negative")
    if any(math.isinf(value) for row in circuit.load_a for value in row):
        raise ValueError(f"{name}: load_a has to be finite")


def _series(name: str, values: tuple[float, ...], steps: int) -> None:
    if len(values) != steps:
        raise ValueError(f"{name}: {len(values)} values for {steps} steps")
    if not all(map(math.isfinite, values)):
        raise ValueError(f"{name}: a value is not a finite number")


def _not_negative(name: str, values: tuple[float, ...], steps: int) -> None:
    if len(values) != steps:
        raise ValueError(f"{name}: {len(values)} values for {steps} steps")
    if any(math.isnan(value) or value < 0 for value in values):
        raise ValueError(f"{name}: a value is negative or not a number")


def _unique(name: str, ids: Iterable[str]) -> None:
    seen: set[str] = set()
    for each in ids:
        if each in seen:
            raise ValueError(f"{name}: {each} stands twice")
        seen.add(each)
