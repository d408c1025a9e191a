"""The least cost of a problem by a second formulation that shares nothing with the planner's.

All that is one of two is a whole number in every step, and goals and limits are hard: where one cannot be kept, there is no
cost. What only chooses between plans of the same cost is left out. It is for small problems.
"""

from dataclasses import dataclass, field
import math
from typing import Any

import highspy

from custom_components.sunfuse.planner import Problem, Store

HOUR = 3600.0
_ON = 0.002  # kilowatts: with less it does not charge


@dataclass
class _Flows:
    """What one store takes and gives in each step, and whether it charges."""

    charge: list[Any] = field(default_factory=list)
    discharge: list[Any] = field(default_factory=list)
    on: list[Any] = field(default_factory=list)
    energy: list[Any] = field(default_factory=list)


def _at(value: float | tuple[float, ...], step: int) -> float:
    return value[step] if isinstance(value, tuple) else value


def least_cost(asked: Problem) -> float | None:
    """Return the least cost in money; None where goals and limits cannot all be kept."""
    model = highspy.Highs()  # type: ignore[no-untyped-call]
    model.silent()
    for option, value in (("threads", 1), ("mip_rel_gap", 0.0), ("mip_abs_gap", 1e-6)):
        model.setOptionValue(option, value)
    steps, cost = range(asked.steps), 0.0
    hours = [seconds / HOUR for seconds in asked.steps_s]
    most = (
        sum(
            max(
                _at(each.max_charge_w, step) + _at(each.max_discharge_w, step)
                for step in steps
            )
            for each in asked.stores
        )
        / 1000
    )
    imports, exports, importing, exporting, curtailed = [], [], [], [], []
    for step in steps:
        big = (abs(asked.load_w[step]) + asked.solar_w[step]) / 1000 + most + 1.0
        into = model.addVariable(0, _at(asked.max_import_w, step) / 1000)
        out = model.addVariable(0, _at(asked.max_export_w, step) / 1000)
        does_import, does_export = model.addBinary(), model.addBinary()
        model.addConstr(does_import + does_export <= 1)
        model.addConstr(into <= big * does_import)
        model.addConstr(out <= big * does_export)
        imports.append(into)
        exports.append(out)
        importing.append(does_import)
        exporting.append(does_export)
        given = max(0.0, asked.solar_w[step] - min(0.0, asked.load_w[step])) / 1000
        curtailed.append(model.addVariable(0, given if asked.curtails else 0.0))
        grams = asked.carbon_g[step] if asked.carbon_g else 0.0
        price = asked.import_price[step] + grams / 1000 * asked.carbon_price
        cost += (
            price * hours[step] * into - asked.export_price[step] * hours[step] * out
        )
    flows = {}
    for store in asked.stores:
        flows[store.id], worth = _store(
            model, asked, store, (importing, exporting), hours
        )
        cost += worth
    for step in steps:
        net = (asked.load_w[step] - asked.solar_w[step]) / 1000
        balance = imports[step] - exports[step] - curtailed[step]
        for each in flows.values():
            balance += each.discharge[step] - each.charge[step]
        model.addConstr(balance == net)
    _circuits(model, asked, flows)
    for peak in asked.peaks:
        highest = model.addVariable(0, math.inf)
        powers = exports if peak.of_export else imports
        for above_w, more in ((peak.level_w, peak.price_per_kw), *peak.dearer_above):
            paid = model.addVariable(0, math.inf)
            model.addConstr(paid >= highest - above_w / 1000)
            cost += more * paid
        for window in {each for each in peak.windows if each >= 0}:
            inside = [step for step in steps if peak.windows[step] == window]
            begun = 0 in inside
            length = sum(hours[step] for step in inside)
            length += peak.used_s / HOUR if begun else 0.0
            energy = sum(powers[step] * hours[step] for step in inside)
            energy += peak.used_wh / 1000 if begun else 0.0
            model.addConstr(energy <= highest * length)
    model.minimize(cost)
    if model.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        return None
    return float(model.getObjectiveValue())


def _store(
    model: Any,
    asked: Problem,
    store: Store,
    directions: tuple[list[Any], list[Any]],
    hours: list[float],
) -> tuple[_Flows, Any]:
    """Add a store; returns its flows, and what its starts cost less what it holds at the end."""
    flows, cost = _Flows(), 0.0
    importing, exporting = directions
    energy: Any = store.energy_wh / 1000
    before: Any = 1.0 if store.charging else 0.0
    for step in range(asked.steps):
        most = _at(store.max_charge_w, step) / 1000
        given = _at(store.max_discharge_w, step) / 1000
        charge, discharge = model.addVariable(0, most), model.addVariable(0, given)
        on = model.addBinary()
        model.addConstr(charge <= most * on)
        if most < _ON:
            model.addConstr(on <= 0)  # what cannot charge pauses, and starts again
        # A store of which a power is demanded takes it until it is full: in that step its mean may be below the minimum.
        demanded = bool(store.demand_w and store.demand_w[step])
        # It does not charge with less than it loses meanwhile.
        lost = max(store.standby_w / 1000 / store.charge_efficiency, _ON)
        least = lost if demanded else max(store.min_charge_w / 1000, lost)
        model.addConstr(charge >= min(least, most) * on)
        model.addConstr(discharge <= given * (1 - on))
        gives = model.addBinary()
        model.addConstr(discharge <= given * gives)
        model.addConstr(discharge >= min(store.min_discharge_w / 1000, given) * gives)
        if not store.from_grid:
            model.addConstr(charge <= most * (1 - importing[step]))
        if not store.to_grid:
            model.addConstr(discharge <= given * (1 - exporting[step]))
        held = model.addVariable(
            _at(store.min_wh, step) / 1000, _at(store.max_wh, step) / 1000
        )
        consumed = store.consumed_w[step] / 1000 if store.consumed_w else 0.0
        model.addConstr(
            held
            == energy * (1 - store.loss_per_hour) ** hours[step]
            - hours[step] * consumed
            + hours[step] * store.charge_efficiency * charge
            - hours[step] * store.standby_w / 1000 * on
            - hours[step] / store.discharge_efficiency * discharge
        )
        if demanded:
            full = model.addBinary()
            model.addConstr(held >= store.capacity_wh / 1000 * full)
            model.addConstr(
                charge >= min(store.demand_w[step] / 1000, most) * (1 - full)
            )
        if store.start_cost:
            start = model.addVariable(0, 1)
            model.addConstr(start >= on - before)
            cost += store.start_cost * start
        for goal in store.goals:
            if goal.step == step:
                missing = model.addVariable(0, 0 if goal.price is None else math.inf)
                cost += (goal.price or 0.0) * missing
                wanted = min(goal.energy_wh, store.capacity_wh) / 1000
                model.addConstr(held + missing >= wanted)
        cost += _at(store.charge_cost, step) * hours[step] * charge
        cost += _at(store.discharge_cost, step) * hours[step] * discharge
        energy, before = held, on
        for kept, column in (
            (flows.charge, charge),
            (flows.discharge, discharge),
            (flows.on, on),
            (flows.energy, held),
        ):
            kept.append(column)
    return flows, cost - store.end_value * energy


def _circuits(model: Any, asked: Problem, flows: dict[str, _Flows]) -> None:
    parents = {each.id: each.parent for each in asked.circuits}
    for circuit in asked.circuits:
        rows = circuit.limit_a
        for step in range(asked.steps):
            limit = rows[step] if isinstance(rows[0], tuple) else rows
            for phase in range(asked.phases):
                other = circuit.load_a[step][phase] if circuit.load_a else 0.0
                taken: Any = 0.0
                given: Any = 0.0
                for store in asked.stores:
                    phases = store.phases or tuple(range(asked.phases))
                    above = store.circuit
                    while above is not None and above != circuit.id:
                        above = parents[above]
                    if above == circuit.id and phase in phases:
                        volts = asked.voltage_v * len(phases)
                        taken += flows[store.id].charge[step] * (1000 / volts)
                        given += flows[store.id].discharge[step] * (1000 / volts)
                if isinstance(taken, float) or math.isinf(limit[phase]):
                    continue
                if circuit.nets:
                    model.addConstr(taken - given <= max(0.0, limit[phase] - other))
                    model.addConstr(given - taken <= max(0.0, limit[phase] + other))
                else:
                    into = max(0.0, limit[phase] - max(0.0, other))
                    out = max(0.0, limit[phase] - max(0.0, -other))
                    model.addConstr(taken <= into)
                    model.addConstr(given <= out)
