"""The planner without a solver: it takes over where the solver is missing, or finds nothing in time."""

from dataclasses import replace

import pytest

from custom_components.sunfuse.planner import Circuit, Goal, Peak, Status, Store, solve
from custom_components.sunfuse.planner.simple.simple import SimplePlanner
from custom_components.sunfuse.planner.simple.simple_draft import Draft
from custom_components.sunfuse.planner.simple.simple_shares import plan_without_solver

from .common import battery, car, judge, problem


def test_without_a_solver_a_store_that_may_not_import_does_not() -> None:
    """Neither for a required power, nor where another car needs the sun that it would have had."""
    asked = problem(
        battery(from_grid=False, energy_wh=0.0, demand_w=(3_000.0, 3_000.0)),
        car(goals=(Goal(step=0, energy_wh=2_000.0),)),
        steps=2,
        solar_w=(4_000.0, 1_000.0),
    )
    plan = SimplePlanner(asked).plan()
    judge(asked, plan)
    assert plan.import_w == pytest.approx((0.0, 0.0), abs=0.1)
    assert plan.store("battery").charge_w == pytest.approx((2_000.0, 1_000.0))
    assert plan.store("zoe").missing_wh == (0.0,)


def test_without_time_there_is_still_a_plan() -> None:
    """The simple planner takes over where the solver found nothing in time."""
    stores = [
        car(
            f"car {number}",
            goals=(Goal(step=90, energy_wh=9_000.0),),
            min_charge_w=4_140.0,
        )
        for number in range(30)
    ]
    asked = problem(*stores, steps=96, time_limit_s=0.0, max_import_w=60_000.0)
    plan = solve(asked)
    judge(asked, plan)
    assert all(max(store.missing_wh) < 1.0 for store in plan.stores)


def test_the_simple_planner_plans_the_same_where_nothing_has_to_be_weighed() -> None:
    """The cheapest hours, the sun first."""
    zoe = car(goals=(Goal(step=3, energy_wh=11_000.0),))
    asked = problem(
        zoe, solar_w=(0.0, 3_000.0, 0.0, 0.0), import_price=(0.30, 0.30, 0.20, 0.30)
    )
    simple = SimplePlanner(asked).plan()
    judge(asked, simple)
    assert simple.status is Status.SIMPLE
    assert simple.cost == pytest.approx(solve(asked).cost)


def test_the_simple_planner_gives_no_car_more_than_it_takes() -> None:
    """Behind 8 A the first car is late, and no other is in its way: the second one is at its 10 A, and stays there."""
    behind = car(
        id="behind",
        max_wh=5_000.0,
        max_charge_w=3_680.0,
        min_charge_w=1_380.0,
        circuit="sub",
        phases=(0,),
        goals=(Goal(step=0, energy_wh=2_000.0),),
    )
    beside = replace(
        behind,
        id="beside",
        max_charge_w=2_300.0,
        circuit="main",
        goals=(Goal(step=0, energy_wh=4_000.0),),
    )
    fuses = (
        Circuit(id="main", limit_a=(20.0,) * 3),
        Circuit(id="sub", limit_a=(8.0,) * 3, parent="main"),
    )
    plan = SimplePlanner(problem(behind, beside, steps=1, circuits=fuses)).plan()
    assert plan.store("behind").charge_w == pytest.approx((1_840.0,))
    assert plan.store("beside").charge_w == pytest.approx((2_300.0,))


def test_the_simple_planner_stops_a_car_that_is_full() -> None:
    """Neither a required power nor a minimum power puts more into a car than it takes."""
    demanded = car(max_wh=5_000.0, max_charge_w=2_000.0, demand_w=(2_000.0,) * 4)
    plan = SimplePlanner(problem(demanded)).plan()
    assert plan.store("zoe").charge_w == (2_000.0, 2_000.0, 1_000.0, 0.0)
    least = car(
        max_wh=5_000.0,
        max_charge_w=4_500.0,
        min_charge_w=4_000.0,
        goals=(Goal(step=3, energy_wh=5_000.0),),
    )
    plan = SimplePlanner(problem(least)).plan()
    assert plan.store("zoe").charge_w == (4_500.0, 500.0, 0.0, 0.0)
    assert plan.store("zoe").energy_wh[-1] == 5_000.0
    assert plan.store("zoe").missing_wh == (0.0,)


def test_the_simple_planner_shares_a_shortage() -> None:
    """11 kWh for two cars that need 10 and 20: each has 11/30 of it. A third one, behind a limit of its own, lacks a half."""
    first = car("first", goals=(Goal(step=0, energy_wh=10_000.0),), circuit="row")
    second = replace(first, id="second", goals=(Goal(step=0, energy_wh=20_000.0),))
    apart = replace(first, id="apart", max_charge_w=5_000.0, circuit=None)
    row = Circuit(id="row", limit_a=(11_000.0 / 690,) * 3)
    asked = problem(first, second, apart, circuits=(row,), steps=1)
    plan = plan_without_solver(asked)
    judge(asked, plan)
    missing = [planned.missing_wh[0] for planned in plan.stores]
    assert missing[0] / 10_000 == pytest.approx(19 / 30, abs=0.02)
    assert missing[1] / 20_000 == pytest.approx(19 / 30, abs=0.02)
    assert sum(missing) == pytest.approx(19_000 + 5_000, abs=2)
    # Without time for another one, it is the first plan, in which one has all.
    hurried = plan_without_solver(asked, lambda: False)
    assert hurried == SimplePlanner(asked).plan()
    assert hurried.store("first").missing_wh == (10_000.0,)
    # Where nothing is short, there is nothing to share, and who lacks alone has what there is.
    alone = problem(apart, steps=1)
    assert plan_without_solver(alone) == SimplePlanner(alone).plan()


def test_the_simple_planner_tries_a_limited_number_of_moves(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In a shortage of many cars, all moves that could be tried would take minutes: 12 cars share 8 kW, and lack a half."""
    looks: list[int] = []
    limit_w = Draft.limit_w

    def counted(draft: Draft, store: Store, step: int) -> float:
        looks.append(step)
        return limit_w(draft, store, step)

    monkeypatch.setattr(Draft, "limit_w", counted)
    cars = tuple(
        car(
            f"car {number}",
            goals=(Goal(step=35 + number, energy_wh=64_000.0),),
            max_wh=64_000.0,
            min_charge_w=1_400.0 + 100 * number,
        )
        for number in range(12)
    )
    asked = problem(*cars, steps=48, max_import_w=8_000.0)
    judge(asked, SimplePlanner(asked).plan())
    # A move looks at most twice at each step. More than five million without a limit.
    assert 1_000 < len(looks) < 2 * 48 * 4_000


def test_the_simple_planner_moves_as_little_as_is_in_the_way() -> None:
    """Beside 33 W of one phase, another car has the 99 W on three phases that it lacks: moving all 99 W would not fit.

    Behind 10 A the first car has 2.59 kWh in an hour and three times five minutes; the second 620 Wh by the end of the hour.
    """
    first = car(
        "first",
        goals=(Goal(step=3, energy_wh=2_590.0),),
        max_charge_w=3_680.0,
        phases=(0,),
        circuit="main",
    )
    second = car(
        "second",
        goals=(Goal(step=1, energy_wh=620.0),),
        max_charge_w=(11_040.0, 11_040.0, 0.0, 0.0),
        charge_efficiency=0.92,
        circuit="main",
    )
    fuse = Circuit(id="main", limit_a=(10.0,) * 3)
    asked = problem(
        first, second, steps_s=(300.0, 3600.0, 300.0, 300.0), circuits=(fuse,)
    )
    plan = SimplePlanner(asked).plan()
    judge(asked, plan)
    assert [max(each.missing_wh) < 1.0 for each in plan.stores] == [True, True]


def test_the_simple_planner_weighs_a_peak_where_it_chooses() -> None:
    """Three cars of an hour each, a kilowatt of the peak costs 1: one after the other, though the first hour is cheapest."""
    cars = [
        car(name, goals=(Goal(step=3, energy_wh=11_000.0),), min_charge_w=4_140.0)
        for name in "abc"
    ]
    asked = problem(
        *cars,
        import_price=(0.28, 0.30, 0.30, 0.30),
        peaks=(Peak(price_per_kw=1.0, windows=(0, 1, 2, 3)),),
    )
    plan = SimplePlanner(asked).plan()
    judge(asked, plan)
    assert plan.peak_w == pytest.approx((11_000.0,), abs=1)
    assert all(max(each.missing_wh) < 1.0 for each in plan.stores)


def test_without_a_solver_power_that_is_paid_for_is_taken_beside_free_sun() -> None:
    """1 kW of sun earns nothing as export, and the grid pays 0.05 for the other 10 kWh."""
    asked = problem(
        car(),
        solar_w=(0.0, 1_000.0, 0.0, 0.0),
        import_price=(0.10, -0.05, 0.10, 0.10),
        export_price=(0.0,) * 4,
    )
    plan = SimplePlanner(asked).plan()
    assert plan.store("zoe").charge_w == (0.0, 11_000.0, 0.0, 0.0)
    assert plan.cost == pytest.approx(-0.50) == solve(asked).cost


def test_without_a_solver_all_that_is_paid_for_is_taken_in_one_step() -> None:
    """4.8 kWh are needed: 3.1 and 1.7 cost nothing or a cent beside sun, yet 10 kWh in the hour at -0.08 cost less.

    3.7 kWh of them would earn 0.03 each, and the other 6.3 are paid for: 0.111 less 0.504.
    """
    asked = problem(
        car(max_wh=10_000.0, goals=(Goal(step=2, energy_wh=4_800.0),)),
        steps=3,
        solar_w=(3_700.0, 5_200.0, 3_100.0),
        import_price=(-0.08, 0.0, 0.06),
        export_price=(0.03, 0.01, 0.0),
    )
    best, plan = solve(asked), SimplePlanner(asked).plan()
    assert plan.store("zoe").charge_w == pytest.approx((10_000.0, 0.0, 0.0), abs=1.0)
    assert plan.cost == pytest.approx(0.111 - 0.504 - 0.111 - 0.052, abs=1e-3)
    assert plan.cost == pytest.approx(best.cost, abs=1e-3)
