"""Problems to plan, and a judge of plans that shares no code with the planner."""

from dataclasses import replace
import math

from custom_components.sunfuse.planner import Circuit, Plan, Problem, Store

HOUR = 3600.0
FLAT = 0.30


def problem(*stores: Store, steps: int = 4, **changes: object) -> Problem:
    """Return a problem of hours at one price, with no house and no sun."""
    plain = Problem(
        steps_s=(HOUR,) * steps,
        load_w=(0.0,) * steps,
        solar_w=(0.0,) * steps,
        import_price=(FLAT,) * steps,
        export_price=(0.08,) * steps,
        stores=stores,
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def car(name: str = "zoe", **changes: object) -> Store:
    """Return an empty car of 50 kWh that charges with up to 11 kW and loses nothing."""
    plain = Store(id=name, energy_wh=0.0, max_wh=50_000.0, max_charge_w=11_000.0)
    return replace(plain, **changes)  # type: ignore[arg-type]


def battery(**changes: object) -> Store:
    """Return a half full home battery of 10 kWh and 5 kW that loses nothing."""
    plain = Store(
        id="battery",
        energy_wh=5_000.0,
        max_wh=10_000.0,
        max_charge_w=5_000.0,
        max_discharge_w=5_000.0,
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def _at(value: float | tuple[float, ...], step: int) -> float:
    return value[step] if isinstance(value, tuple) else value


def judge(asked: Problem, plan: Plan, *, tolerance_w: float = 1.0) -> None:
    """Hold a plan to physics and to every limit of its problem, step by step."""
    for step, seconds in enumerate(asked.steps_s):
        net_w = asked.load_w[step] - asked.solar_w[step]
        for store, planned in zip(asked.stores, plan.stores, strict=True):
            assert planned.id == store.id
            charge_w, discharge_w = planned.charge_w[step], planned.discharge_w[step]
            assert -1e-6 <= charge_w <= _at(store.max_charge_w, step) + tolerance_w, (
                store.id
            )
            assert (
                -1e-6 <= discharge_w <= _at(store.max_discharge_w, step) + tolerance_w
            )
            assert min(charge_w, discharge_w) <= tolerance_w
            net_w += charge_w - discharge_w
            _energy_follows(store, planned.energy_wh, planned, step, seconds, asked)
        exchanged_w = (
            plan.import_w[step] - plan.export_w[step] - plan.excess_export_w[step]
        )
        assert math.isclose(net_w, exchanged_w, abs_tol=2 * tolerance_w)
        assert min(plan.import_w[step], plan.export_w[step]) <= tolerance_w
        limit_w = _at(asked.max_import_w, step) + plan.excess_import_w[step]
        assert plan.import_w[step] <= limit_w + tolerance_w
        assert plan.export_w[step] <= _at(asked.max_export_w, step) + tolerance_w
        for circuit in asked.circuits:
            _fits(asked, plan, circuit, step)


def _energy_follows(
    store: Store,
    energy_wh: tuple[float, ...],
    planned: object,
    step: int,
    seconds: float,
    asked: Problem,
) -> None:
    charge_w, discharge_w = planned.charge_w[step], planned.discharge_w[step]  # type: ignore[attr-defined]
    hours = seconds / HOUR
    before = energy_wh[step - 1] if step else store.energy_wh
    most_w = _at(store.max_charge_w, step)
    exact = asked.exact_steps is None or step < asked.exact_steps
    share = (charge_w > 1.0) if exact else (charge_w / most_w if most_w else 0.0)
    stored = charge_w * store.charge_efficiency - store.standby_w * share
    stored -= store.consumed_w[step] if store.consumed_w else 0.0
    expected = before * (1 - store.loss_per_hour) ** hours
    expected += hours * (stored - discharge_w / store.discharge_efficiency)
    # In the step in which it stops by itself, it loses power only until then: for the time that its power takes at least.
    saved = 0.0
    if store.stops_itself and share == 1 and most_w:
        saved = hours * store.standby_w * (1 - charge_w / most_w)
    assert expected - 2.0 <= energy_wh[step] <= expected + saved + 2.0, (store.id, step)


def _fits(asked: Problem, plan: Plan, circuit: Circuit, step: int) -> None:
    rows = circuit.limit_a
    limit = rows[step] if isinstance(rows[0], tuple) else rows
    below = {circuit.id}
    for _ in asked.circuits:
        below |= {each.id for each in asked.circuits if each.parent in below}
    for phase in range(asked.phases):
        load_a = circuit.load_a[step][phase] if circuit.load_a else 0.0
        taken_a, given_a = (
            sum(
                powers[step]
                / asked.voltage_v
                / len(store.phases or range(asked.phases))
                for store, powers in zip(asked.stores, every, strict=True)
                if store.circuit in below
                and phase in (store.phases or range(asked.phases))
            )
            for every in (
                [planned.charge_w for planned in plan.stores],
                [planned.discharge_w for planned in plan.stores],
            )
        )
        if circuit.nets:
            assert taken_a - given_a <= max(0.0, limit[phase] - load_a) + 0.01
            assert given_a - taken_a <= max(0.0, limit[phase] + load_a) + 0.01
            continue
        room_a = max(0.0, min(limit[phase], limit[phase] - load_a))
        assert taken_a <= room_a + 0.01, (circuit.id, phase, step)
        room_a = max(0.0, min(limit[phase], limit[phase] + load_a))
        assert given_a <= room_a + 0.01, (circuit.id, phase, step)
