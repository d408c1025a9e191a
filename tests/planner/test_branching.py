"""The search for whole numbers: against every combination, and bounded by counted work."""

from itertools import chain, product, repeat
import math

import numpy as np
import pytest

from custom_components.sunfuse.planner import (
    Circuit,
    Goal,
    Problem,
    Status,
    Store,
    solve,
)
from custom_components.sunfuse.planner.program.branching import (
    Branching,
    Solution,
    Unsolved,
)
from custom_components.sunfuse.planner.program.program import Program


def _knapsack(
    seed: int, count: int, limits: int = 2
) -> tuple[Program, np.ndarray, np.ndarray]:
    """Return a program that packs as much value as fits into some limits, with the values and the weights."""
    random = np.random.default_rng(seed)
    weights = random.uniform(1, 10, (limits, count))
    values = weights.sum(axis=0) + random.uniform(0, 1, count)
    program = Program()
    columns = program.columns(count, upper=1.0, cost=-values)
    for weight in weights:
        program.row((columns, weight), upper=weight.sum() / 3)
    program.whole(columns)
    return program, values, weights


def _packed(solution: Solution, values: np.ndarray) -> float:
    return float(values @ np.round(solution.values))


@pytest.mark.parametrize("seed", range(8))
def test_the_best_combination_is_found(seed: int) -> None:
    """Of nine things, all 512 combinations are tried."""
    program, values, weights = _knapsack(seed, 9)
    best = max(
        float(values @ chosen)
        for chosen in (np.array(each) for each in product((0, 1), repeat=9))
        if np.all(weights @ chosen <= weights.sum(axis=1) / 3)
    )
    solution = program.solve(lambda: 60.0, 1e-6)
    assert solution.optimal
    assert _packed(solution, values) == pytest.approx(best)


def test_a_search_ends_by_what_it_did_and_not_by_the_clock() -> None:
    """Whoever has a day gets what he would have got in a minute: a slow or busy machine has the same plan."""
    found = [
        _knapsack(1, 40, limits=8)[0].solve(lambda limit_s=limit_s: limit_s, 1e-6)  # type: ignore[misc]
        for limit_s in (60.0, 86_400.0)
    ]
    assert not found[0].optimal
    assert found[0].values.tolist() == found[1].values.tolist()


def test_what_cannot_be_is_said() -> None:
    """A column that would have to be two and one at most."""
    program = Program()
    column = program.columns(1, upper=1.0)
    program.row((column, 1.0), lower=2.0)
    with pytest.raises(Unsolved):
        program.solve(lambda: 60.0, 1e-6)


def test_a_day_of_minimums_and_demands_is_planned_to_its_best() -> None:
    """What ends such a search is its proof: a car with a minimum and a battery, demands of both, sun and 96 prices.

    Fifty nodes of it left 0.06 on the table.
    """
    random, steps = np.random.default_rng(1), 96
    hours = np.arange(steps) / 4
    sun = 4_500 * np.clip(np.sin(hours / 9 * math.pi + 0.4), 0, 1) * (hours < 8)
    load = 300 + 500 * random.random(steps)
    price = 0.18 + 0.08 * np.sin(hours / 12 * math.pi) + random.normal(0, 0.01, steps)
    demanded = (hours >= 14) & (hours < 20)
    car = Store(
        id="car",
        energy_wh=42_000,
        max_wh=77_000,
        max_charge_w=11_040,
        min_charge_w=1_840,
        charge_efficiency=0.9,
        demand_w=11_040.0 * demanded,  # type: ignore[arg-type]
        end_value=0.105,
    )
    battery = Store(
        id="battery",
        energy_wh=38_200,
        min_wh=2_000,
        max_wh=40_000,
        max_charge_w=10_000,
        max_discharge_w=9_500,
        charge_efficiency=0.9,
        discharge_efficiency=0.9,
        demand_w=10_000.0 * demanded,  # type: ignore[arg-type]
        end_value=0.105,
    )
    plan = solve(
        Problem(
            steps_s=(900.0,) * steps,
            load_w=load,  # type: ignore[arg-type]
            solar_w=sun,  # type: ignore[arg-type]
            import_price=price,  # type: ignore[arg-type]
            export_price=(0.0739,) * steps,
            stores=(car, battery),
            time_limit_s=600.0,
        )
    )
    assert plan.status is Status.OPTIMAL


def test_two_cars_that_return_energy_beside_a_battery_are_planned_to_their_best() -> (
    None
):
    """Ten hours of sun, minimums and starts: two hundred nodes left a twelfth of what it earns."""
    random, steps = np.random.default_rng(1), 20
    sun = (
        6_000 * np.sin(np.arange(steps) / 48 * math.pi) * random.uniform(0.6, 1, steps)
    )
    battery = Store(
        id="battery",
        energy_wh=5_000,
        min_wh=1_000,
        max_wh=10_000,
        max_charge_w=5_000,
        max_discharge_w=5_000,
        min_charge_w=500,
        min_discharge_w=400,
        charge_efficiency=0.95,
        discharge_efficiency=0.95,
        from_grid=False,
        end_value=0.2,
    )
    cars = [
        Store(
            id=name,
            energy_wh=0,
            max_wh=40_000,
            max_charge_w=11_040,
            min_charge_w=4_140,
            standby_w=225,
            charge_efficiency=0.92,
            start_cost=0.02,
            max_discharge_w=3_680,
            discharge_efficiency=0.92,
            goals=(
                Goal(
                    step=int(random.integers(steps // 2, steps - 1)),
                    energy_wh=int(random.integers(4, 12)) * 1_000,
                ),
            ),
            circuit="main",
        )
        for name in ("zoe", "leaf")
    ]
    plan = solve(
        Problem(
            steps_s=(1_800.0,) * steps,
            load_w=random.uniform(100, 2_500, steps),  # type: ignore[arg-type]
            solar_w=sun,  # type: ignore[arg-type]
            import_price=random.uniform(0.05, 0.5, steps),  # type: ignore[arg-type]
            export_price=random.uniform(0, 0.12, steps),  # type: ignore[arg-type]
            stores=(battery, *cars),
            circuits=(Circuit(id="main", limit_a=(25.0,) * 3),),
            max_import_w=11_000.0,
            gap_kwh=0.0,
            time_limit_s=600.0,
        )
    )
    assert plan.status is Status.OPTIMAL


def test_cuts_are_not_begun_where_no_time_is_left_for_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """HiGHS prepares them without a look at the time: for 20 cars, that took four times as long as a limit of 5 s."""

    def cut(_self: Branching, _kind: object) -> None:
        raise AssertionError("Cuts are begun")

    monkeypatch.setattr(Branching, "_make", cut)
    program, *_ = _knapsack(1, 40, limits=8)
    # Enough until the first program is solved, then next to nothing.
    left = chain([60.0] * 3, repeat(1e-9))
    with pytest.raises(Unsolved, match="in time"):
        program.solve(lambda: next(left), 1e-6)
