"""What a plan is, by cases small enough to be solved by hand."""

from dataclasses import replace

import numpy as np
import pytest

from custom_components.sunfuse.planner import (
    Circuit,
    Goal,
    Peak,
    Plan,
    Problem,
    Status,
    Store,
    Strategy,
    solve,
)
from custom_components.sunfuse.planner.plan_cost import starts
from custom_components.sunfuse.planner.simple.simple import SimplePlanner
from custom_components.sunfuse.planner.simple.simple_draft import Draft
from custom_components.sunfuse.planner.simple.simple_shares import plan_without_solver

from .common import battery, car, judge, problem

PEAK = Peak(price_per_kw=1.0, windows=(0,) * 4, level_w=2_500.0)


def _plan(asked: Problem) -> Plan:
    plan = solve(asked)
    judge(asked, plan)
    assert plan.status is Status.OPTIMAL
    return plan


def test_a_car_charges_when_power_is_cheapest() -> None:
    """11 kWh by eight: in the one hour at 0.10."""
    zoe = car(goals=(Goal(step=3, energy_wh=11_000.0),))
    plan = _plan(problem(zoe, import_price=(0.30, 0.20, 0.10, 0.40)))
    assert plan.store("zoe").charge_w == (0.0, 0.0, 11_000.0, 0.0)
    assert plan.cost == pytest.approx(1.10)


def test_nothing_is_charged_that_nobody_asked_for() -> None:
    """A car without a goal, whose energy is worth less than it costs, waits."""
    plan = _plan(problem(car(end_value=0.29)))
    assert plan.store("zoe").charge_w == (0.0,) * 4
    assert plan.cost == 0.0


def test_sun_costs_what_its_export_would_have_earned() -> None:
    """3 kWh of sun at 0.08 and 8 kWh of the grid at 0.20: 1.84."""
    zoe = car(goals=(Goal(step=3, energy_wh=11_000.0),))
    asked = problem(
        zoe,
        solar_w=(0.0, 3_000.0, 0.0, 0.0),
        import_price=(0.30, 0.30, 0.20, 0.30),
    )
    plan = _plan(asked)
    assert plan.store("zoe").charge_w == (0.0, 3_000.0, 8_000.0, 0.0)
    # The export that is given up: 3 kWh of nothing exported.
    assert plan.export_w == (0.0,) * 4
    assert plan.cost == pytest.approx(8 * 0.20)


def test_two_cars_that_want_the_one_cheap_hour_are_both_ready() -> None:
    """16 A for two: the cheap hour holds one of them; together they pay 0.10 and 0.20."""
    goals = (Goal(step=3, energy_wh=11_040.0),)
    cars = [
        car(name, goals=goals, max_charge_w=11_040.0, circuit="main")
        for name in ("zoe", "leaf")
    ]
    asked = problem(
        *cars,
        import_price=(0.30, 0.20, 0.10, 0.40),
        circuits=(Circuit(id="main", limit_a=(16.0, 16.0, 16.0)),),
    )
    plan = _plan(asked)
    assert [plan.store(name).missing_wh for name in ("zoe", "leaf")] == [(0.0,)] * 2
    assert plan.cost == pytest.approx(11.04 * 0.30, abs=1e-3)


def test_a_phase_is_shared_by_those_who_are_on_it_only() -> None:
    """A one-phase car on L1 and one on L2 do not share; two on L1 do."""
    goals = (Goal(step=0, energy_wh=3_680.0),)
    main = Circuit(id="main", limit_a=(16.0, 16.0, 16.0))

    def one(name: str, phase: int) -> object:
        return car(
            name, goals=goals, max_charge_w=3_680.0, circuit="main", phases=(phase,)
        )

    apart = _plan(problem(one("a", 0), one("b", 1), circuits=(main,)))  # type: ignore[arg-type]
    assert apart.store("a").missing_wh == apart.store("b").missing_wh == (0.0,)
    together = _plan(problem(one("a", 0), one("b", 0), circuits=(main,)))  # type: ignore[arg-type]
    missing = [together.store(name).missing_wh[0] for name in ("a", "b")]
    assert sum(missing) == pytest.approx(3_680.0, abs=1.0)


def test_what_cannot_be_had_is_shared_fairly() -> None:
    """One needs 20 kWh, the other 10, and there are 15: both get half."""
    asked = problem(
        car("a", goals=(Goal(step=0, energy_wh=20_000.0),), max_charge_w=22_000.0),
        car("b", goals=(Goal(step=0, energy_wh=10_000.0),), max_charge_w=22_000.0),
        max_import_w=15_000.0,
    )
    plan = _plan(asked)
    assert plan.store("a").missing_wh[0] == pytest.approx(10_000.0, abs=2.0)
    assert plan.store("b").missing_wh[0] == pytest.approx(5_000.0, abs=2.0)


def test_the_house_goes_first_and_its_excess_is_told() -> None:
    """A house of 9 kW behind 7: the car waits, and 2 kW are told to be too much."""
    asked = problem(
        car(goals=(Goal(step=0, energy_wh=5_000.0),)),
        steps=2,
        load_w=(9_000.0, 0.0),
        max_import_w=7_000.0,
    )
    plan = _plan(asked)
    assert plan.excess_import_w == (2_000.0, 0.0)
    assert plan.store("zoe").charge_w[0] == 0.0
    assert plan.store("zoe").missing_wh == (5_000.0,)


def test_a_battery_buys_cheap_and_saves_dear() -> None:
    """5 kWh bought at 0.10 with 90 % in and out save 4.05 kWh at 0.40."""
    store = battery(
        energy_wh=0.0, charge_efficiency=0.9, discharge_efficiency=0.9, to_grid=False
    )
    asked = problem(
        store,
        steps=2,
        load_w=(0.0, 6_000.0),
        import_price=(0.10, 0.40),
    )
    plan = _plan(asked)
    assert plan.store("battery").charge_w == (5_000.0, 0.0)
    assert plan.store("battery").discharge_w[1] == pytest.approx(4_050.0, abs=0.1)
    assert plan.cost == pytest.approx(0.50 + (6 - 4.05) * 0.40)


def test_a_battery_keeps_its_reserve() -> None:
    """2 kWh are kept of 5."""
    asked = problem(battery(min_wh=2_000.0), steps=1, load_w=(9_000.0,))
    plan = _plan(asked)
    assert plan.store("battery").discharge_w == (3_000.0,)


def test_a_battery_below_its_reserve_is_brought_there_at_once() -> None:
    """Whatever it costs."""
    store = battery(energy_wh=0.0, min_wh=2_000.0, max_charge_w=1_500.0)
    plan = _plan(problem(store, import_price=(0.90, 0.90, 0.10, 0.10)))
    assert plan.store("battery").charge_w[:2] == (1_500.0, 500.0)


def test_a_battery_that_must_not_export_serves_the_house_only() -> None:
    """Export pays 0.50: it would empty itself if it might."""
    dear = {"steps": 1, "load_w": (1_000.0,), "export_price": (0.50,)}
    kept = _plan(problem(battery(to_grid=False), **dear))  # type: ignore[arg-type]
    assert kept.store("battery").discharge_w == (1_000.0,)
    sold = _plan(problem(battery(to_grid=True), **dear))  # type: ignore[arg-type]
    assert sold.store("battery").discharge_w == (5_000.0,)
    assert sold.cost == pytest.approx(-4 * 0.50)


def test_a_battery_that_must_not_charge_from_the_grid_takes_sun_only() -> None:
    """2 kW of sun in the second hour, and power for nothing in the first."""
    asked = problem(
        battery(energy_wh=0.0, from_grid=False, end_value=0.20),
        steps=2,
        solar_w=(0.0, 2_000.0),
        import_price=(0.0, 0.30),
    )
    plan = _plan(asked)
    assert plan.store("battery").charge_w == (0.0, 2_000.0)


def test_import_and_export_exclude_each_other_when_export_pays_more() -> None:
    """Nobody earns money by turning power round at the meter."""
    plan = _plan(problem(steps=1, load_w=(1_000.0,), export_price=(0.90,)))
    assert (plan.import_w, plan.export_w) == ((1_000.0,), (0.0,))


def test_negative_prices_do_not_burn_energy_in_a_battery() -> None:
    """Charging and discharging at once would be paid for; a battery cannot do that."""
    store = battery(energy_wh=10_000.0, charge_efficiency=0.9, discharge_efficiency=0.9)
    plan = _plan(problem(store, steps=2, import_price=(-0.20, -0.20)))
    judge(problem(store, steps=2, import_price=(-0.20, -0.20)), plan)
    assert max(plan.store("battery").charge_w) < 1.0


def test_a_minimum_power_is_kept_or_nothing_is_taken() -> None:
    """1 kWh of a car whose minimum is 4.14 kW: 4.14 kWh in one hour, not 1 kW for an hour."""
    zoe = car(goals=(Goal(step=3, energy_wh=1_000.0),), min_charge_w=4_140.0)
    plan = _plan(problem(zoe))
    assert sorted(plan.store("zoe").charge_w) == [0.0, 0.0, 0.0, 4_140.0]


def test_later_steps_may_fall_below_the_minimum_on_average() -> None:
    """With one exact step, the rest is planned as parts of a step."""
    zoe = car(goals=(Goal(step=3, energy_wh=1_000.0),), min_charge_w=4_140.0)
    asked = problem(zoe, exact_steps=1, import_price=(0.30, 0.30, 0.10, 0.30))
    plan = solve(asked)
    assert plan.store("zoe").charge_w == (0.0, 0.0, 1_000.0, 0.0)


def test_little_sun_of_a_later_step_is_worth_no_more_than_that_of_the_next() -> None:
    """4 kWh at 4 kW or not at all, beside 1 kW of sun in each hour: 3 of them come from the grid, whenever it charges.

    A mean of 1.3 kW in each of the later hours would look like 1 from the grid, and put the car off from plan to plan.
    """
    zoe = car(min_charge_w=4_000.0, goals=(Goal(step=3, energy_wh=4_000.0),))
    asked = problem(zoe, solar_w=(1_000.0,) * 4, exact_steps=1)
    assert solve(asked).store("zoe").charge_w[0] == pytest.approx(4_000)
    # What is cheaper later is worth waiting for.
    later = replace(asked, import_price=(0.30, 0.30, 0.10, 0.30))
    assert solve(later).store("zoe").charge_w == pytest.approx((0, 0, 4_000, 0), abs=1)
    # A battery supplies what the sun does not, at no price: then it charges at once, and the sun of later hours is exported.
    beside = replace(later, stores=(zoe, battery()))
    assert solve(beside).cost == pytest.approx(-3 * 0.08, abs=0.001)


def test_who_follows_the_sun_later_loses_as_much_as_now() -> None:
    """1.5 kW of sun store 1.155 kW beside losses of 225 W; at full power the losses of the same energy would be half of that."""
    zoe = car(
        min_charge_w=1_380.0,
        max_charge_w=3_680.0,
        charge_efficiency=0.92,
        standby_w=225.0,
        goals=(Goal(step=3, energy_wh=2 * 1_155.0),),
    )
    asked = problem(zoe, solar_w=(1_500.0,) * 4, exact_steps=1)
    planned = solve(asked).store("zoe")
    assert planned.charge_w[:2] == pytest.approx((1_500, 1_500), abs=1)
    assert planned.energy_wh[-1] == pytest.approx(2_310, abs=1)


def test_charging_fast_loses_less_in_the_car() -> None:
    """225 W while it charges and 92 % besides: 11 kWh in one hour rather than over four (HTW Berlin, 2025)."""
    zoe = car(
        goals=(Goal(step=3, energy_wh=9_895.0),),
        charge_efficiency=0.92,
        standby_w=225.0,
        min_charge_w=1_380.0,
    )
    plan = _plan(problem(zoe))
    assert max(plan.store("zoe").charge_w) == pytest.approx(11_000.0, abs=1.0)
    assert plan.cost == pytest.approx(11 * 0.30, abs=0.001)


def test_what_is_demanded_is_charged_however_dear_until_the_car_is_full() -> None:
    """2 kW each hour, and 5 kWh fit."""
    zoe = car(max_wh=5_000.0, max_charge_w=2_000.0, demand_w=(2_000.0,) * 4)
    plan = _plan(problem(zoe, import_price=(0.90,) * 4))
    assert plan.store("zoe").charge_w == (2_000.0, 2_000.0, 1_000.0, 0.0)


@pytest.mark.parametrize(
    ("strategy", "charge_w"),
    [
        (Strategy.EARLY, (8_000.0, 0.0, 0.0, 0.0)),
        (Strategy.LATE, (0.0, 0.0, 0.0, 8_000.0)),
        (Strategy.SPREAD, (2_000.0, 2_000.0, 2_000.0, 2_000.0)),
    ],
)
def test_a_strategy_decides_between_plans_of_the_same_cost(
    strategy: Strategy, charge_w: tuple[float, ...]
) -> None:
    """8 kWh in four hours of the same price."""
    zoe = car(goals=(Goal(step=3, energy_wh=8_000.0),), strategy=strategy)
    plan = _plan(problem(zoe))
    assert plan.store("zoe").charge_w == pytest.approx(charge_w, abs=1.0)


def test_a_price_of_power_flattens_the_evening() -> None:
    """12 kWh in four hours beside a house of 2 kW in the first: 3.5 kW at most, 2 of them are free."""
    zoe = car(goals=(Goal(step=3, energy_wh=12_000.0),))
    asked = problem(
        zoe,
        load_w=(2_000.0, 0.0, 0.0, 0.0),
        peaks=(Peak(price_per_kw=4.0, windows=(0, 1, 2, 3), level_w=2_000.0),),
    )
    plan = _plan(asked)
    assert plan.peak_w == pytest.approx((3_500.0,), abs=1.0)
    assert plan.cost == pytest.approx(14 * 0.30 + 1.5 * 4.0, abs=0.01)


def test_a_peak_is_the_mean_of_its_window_and_counts_what_was_used_before() -> None:
    """Ten minutes of the quarter hour are over with 1 kWh: 4 kW on average leave nothing for the last five."""
    asked = problem(
        car(goals=(Goal(step=1, energy_wh=1_000.0),), max_charge_w=22_000.0),
        steps=2,
        steps_s=(300.0, 900.0),
        peaks=(
            Peak(
                price_per_kw=50.0,
                windows=(0, 1),
                level_w=4_000.0,
                used_wh=1_000.0,
                used_s=600.0,
            ),
        ),
    )
    plan = _plan(asked)
    assert plan.store("zoe").charge_w == pytest.approx((0.0, 4_000.0), abs=1.0)
    assert plan.peak_w == pytest.approx((4_000.0,), abs=1.0)


def test_carbon_counts_as_much_as_its_price() -> None:
    """The second hour is cheaper, the first is cleaner by 400 g: at 0.50 a kilogram it wins."""
    zoe = car(goals=(Goal(step=1, energy_wh=10_000.0),))
    asked = problem(
        zoe,
        steps=2,
        import_price=(0.30, 0.20),
        carbon_g=(100.0, 500.0),
        carbon_price=0.50,
    )
    plan = _plan(asked)
    assert plan.store("zoe").charge_w == (10_000.0, 0.0)
    assert plan.cost == pytest.approx(10 * (0.30 + 0.05))
    assert _plan(replace(asked, carbon_price=0.0)).store("zoe").charge_w[1] == 10_000.0


def test_a_start_costs_its_wear() -> None:
    """Charging on at the minimum through a dearer hour is cheaper than a second start."""
    zoe = car(
        goals=(Goal(step=3, energy_wh=20_000.0),),
        min_charge_w=4_000.0,
        max_charge_w=10_000.0,
        start_cost=0.50,
    )
    asked = problem(zoe, import_price=(0.20, 0.22, 0.20, 0.90))
    plan = _plan(asked)
    # 4 kW bridge the dearer hour: 16 kWh at 0.20, 4 kWh at 0.22, and one start.
    assert plan.cost == pytest.approx(16 * 0.20 + 4 * 0.22 + 0.50)


def test_a_plan_stays_where_another_would_save_next_to_nothing() -> None:
    """A hundredth of a cent does not move a departure's plan; ten cents do."""
    zoe = car(
        goals=(Goal(step=1, energy_wh=10_000.0),),
        planned_w=(0.0, 10_000.0),
        change_cost=0.02,
    )
    asked = problem(zoe, steps=2, import_price=(0.29, 0.30))
    assert _plan(asked).store("zoe").charge_w == (0.0, 10_000.0)
    cheaper = replace(asked, import_price=(0.20, 0.30))
    assert _plan(cheaper).store("zoe").charge_w == (10_000.0, 0.0)


def test_announced_limits_change_from_step_to_step() -> None:
    """A demand response event leaves 6 A of 32 in the second hour."""
    zoe = car(
        goals=(Goal(step=1, energy_wh=22_000.0),), max_charge_w=22_080.0, circuit="main"
    )
    main = Circuit(id="main", limit_a=((32.0,) * 3, (6.0,) * 3))
    plan = _plan(problem(zoe, steps=2, circuits=(main,), import_price=(0.30, 0.10)))
    assert plan.store("zoe").charge_w == pytest.approx((17_860.0, 4_140.0), abs=1.0)


def test_sun_behind_a_fuse_does_not_give_cars_more_than_the_fuse() -> None:
    """A cloud is faster than a car: 16 A stay 16 A beside any sun."""
    zoe = car(
        goals=(Goal(step=0, energy_wh=20_000.0),), max_charge_w=22_000.0, circuit="main"
    )
    main = Circuit(id="main", limit_a=(16.0,) * 3, load_a=((-20.0,) * 3,))
    plan = _plan(problem(zoe, steps=1, solar_w=(13_800.0,), circuits=(main,)))
    assert plan.store("zoe").charge_w == pytest.approx((11_040.0,), abs=1.0)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"load_w": (0.0,)}, "load_w: 1 values for 4 steps"),
        ({"import_price": (float("nan"),) * 4}, "import_price"),
        ({"steps_s": (0.0,) * 4}, "steps_s"),
        ({"stores": (car(), car())}, "zoe stands twice"),
        ({"stores": (car(goals=(Goal(step=4, energy_wh=1.0),)),)}, "step 4 of 4"),
        ({"stores": (car(circuit="shed"),)}, "no circuit shed"),
        ({"stores": (car(charge_efficiency=0.0),)}, "charge_efficiency"),
        ({"stores": (car(min_wh=60_000.0),)}, "min_wh is above max_wh"),
        ({"stores": (car(phases=(3,)),)}, "phases"),
        ({"circuits": (Circuit(id="a", limit_a=(1.0,)),)}, "has not 3 phases"),
        (
            {
                "circuits": (
                    Circuit(id="a", parent="b", limit_a=(1.0,) * 3),
                    Circuit(id="b", parent="a", limit_a=(1.0,) * 3),
                )
            },
            "hangs from itself",
        ),
        ({"peaks": (Peak(price_per_kw=1.0, windows=(0,)),)}, "windows: 1 of 4"),
        (
            {"peaks": (Peak(price_per_kw=-1.0, windows=(0,) * 4),)},
            "price_per_kw is negative: -1",
        ),
        ({"stores": (car(min_charge_w=12_000.0),)}, "min_charge_w is above max"),
        ({"stores": (car(end_value=float("inf")),)}, "end_value has to be finite: inf"),
        ({"stores": (car(start_cost=float("nan")),)}, "start_cost is nan"),
        (
            {"load_w": ("a", 0.0, 0.0, 0.0)},
            "load_w: a value is 'a', which is no number",
        ),
        ({"load_w": 0.0}, "load_w is 0.0, not a series"),
        ({"steps_s": ()}, "there are no steps"),
        ({"import_price": ()}, "import_price: 0 values for 4 steps"),
        ({"stores": (car(energy_wh=None),)}, "energy_wh is None, which is no number"),
        ({"stores": car()}, "not a series"),
        ({"stores": (car(goals=Goal(step=1, energy_wh=1.0)),)}, "goals is Goal"),
        ({"stores": (car(goals=((1, 9.0),)),)}, "goals: .1, 9.0. is no Goal"),
        (
            {"stores": (car(goals=(Goal(step=0.5, energy_wh=1.0),)),)},  # type: ignore[arg-type]
            "goal at step 0.5",
        ),
        ({"stores": (car(max_wh=(9.0,)),)}, "max_wh: 1 values for 4 steps"),
        ({"stores": (car(max_wh=-1.0),)}, "max_wh is negative"),
        ({"stores": (car(min_wh=(0.0, 0.0, 60e3, 0.0)),)}, "min_wh is above max_wh"),
        ({"stores": (car(loss_per_hour=1.0),)}, "loss_per_hour is 1.0, not below 1"),
        ({"stores": (car(min_discharge_w=5.0, max_discharge_w=4.0),)}, "min_discharge"),
        ({"stores": (car(phases=(1.5,)),)}, "phases .1.5,. of 3"),
        ({"stores": (car(from_grid="no"),)}, "from_grid is 'no', neither True nor"),
        ({"stores": (car(id=7),)}, "the id 7 is no text"),
        ({"stores": (car(strategy="soon"),)}, "no strategy soon"),
        ({"circuits": (Circuit(id="a", limit_a=16.0),)}, "limit_a is 16.0, not a"),  # type: ignore[arg-type]
        ({"circuits": (Circuit(id="a", limit_a=()),)}, "has not 3 phases"),
        ({"peaks": (Peak(price_per_kw=1.0, windows=(0.5,) * 4),)}, "0.5 is no window"),  # type: ignore[arg-type]
        (
            {"peaks": (replace(PEAK, dearer_above=((2e3, 1.0),)),)},
            "2000.0 is not above 2500.0",
        ),
        (
            {"peaks": (replace(PEAK, dearer_above=((3e3, -1.0),)),)},
            r"dearer_above\[0\]: a value is negative",
        ),
        ({"stores": (car(taken_w=(float("nan"),)),)}, "taken_w"),
        ({"stores": (car(goals=(Goal(step=-1, energy_wh=1.0),)),)}, "step -1 of 4"),
        (
            {"stores": (car(goals=(Goal(step=1, energy_wh=float("nan")),)),)},
            "energy of a goal is nan, which is no number",
        ),
        ({"stores": (car(phases=(0, 0)),)}, "stands twice"),
        ({"steps_s": (float("inf"),) * 4}, "steps_s"),
        ({"voltage_v": 0.0}, "voltage_v: 0.0"),
        ({"exact_steps": -1}, "exact_steps is negative: -1"),
        ({"exact_steps": float("inf")}, "exact_steps: inf is no whole number"),
        ({"exact_steps": 1.0}, "exact_steps: 1.0 is no whole number"),
        (
            {"stores": (car(goals=(Goal(step=1.0, energy_wh=1.0),)),)},  # type: ignore[arg-type]
            "a goal at step 1.0",
        ),
        ({"phases": float("nan")}, "phases is nan"),
        (
            {"stores": (car(planned_w=(float("inf"),)),)},
            "planned_w: a value has to be finite",
        ),
        ({"stores": (car(demand_until_wh=-1.0),)}, "demand_until_wh is negative: -1"),
        ({"circuits": (Circuit(id="a", limit_a=(-1.0,) * 3),)}, "limit_a is negative"),
        (
            {
                "circuits": (
                    Circuit(
                        id="a",
                        limit_a=(1.0,) * 3,
                        load_a=((float("inf"),) * 3,) * 4,
                    ),
                )
            },
            "load_a has to be finite",
        ),
    ],
)
def test_a_problem_that_contradicts_itself_is_refused_in_words(
    changes: dict[str, object], said: str
) -> None:
    """Before anything is solved."""
    with pytest.raises(ValueError, match=said):
        solve(problem(**changes))  # type: ignore[arg-type]


def test_lists_are_series_as_well() -> None:
    """As others read them from JSON."""
    zoe = car(max_charge_w=[11_000.0, 0.0], goals=[Goal(step=1, energy_wh=11_000.0)])
    fuse = Circuit(id="main", limit_a=[[16.0] * 3, [16.0] * 3])  # type: ignore[arg-type]
    asked = problem(replace(zoe, circuit="main"), steps=2, circuits=[fuse])
    asked = replace(asked, load_w=[0.0, 0.0], import_price=[0.30, 0.10])  # type: ignore[arg-type]
    assert solve(asked).cost == pytest.approx(11 * 0.30, abs=0.01)


def test_a_store_that_may_not_import_takes_no_part_in_an_excess() -> None:
    """Its minimum is 100 W more than the sun gives, so it waits, however far it is below its lowest energy."""
    sunny = battery(
        from_grid=False,
        energy_wh=0.0,
        min_charge_w=3_000.0,
        min_wh=(1_000.0,) * 6,
        max_discharge_w=0.0,
    )
    plan = _plan(
        problem(
            sunny,
            steps=6,
            steps_s=(300.0,) * 6,
            solar_w=(2_900.0,) * 6,
            max_import_w=6_000.0,
        )
    )
    assert plan.store("battery").charge_w == pytest.approx((0.0,) * 6)
    assert plan.excess_import_w == pytest.approx((0.0,) * 6)


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


def test_numbers_of_arrays_are_numbers() -> None:
    """As numpy's and pandas' users have them: alone, and in a tuple."""
    goal = Goal(step=np.int64(1), energy_wh=np.int64(11_000))  # type: ignore[arg-type]
    zoe = car(max_charge_w=tuple(np.array([11_000, 0])), goals=(goal,))
    asked = problem(zoe, steps=2, load_w=tuple(np.array([0, 0])))
    assert solve(asked).cost == pytest.approx(11 * 0.30, abs=0.01)


def test_a_required_power_beside_more_consumption_than_there_is() -> None:
    """7 kWh are used in the first hour and 5 arrive, so 2 kWh are lacking then; the battery has its say all the same."""
    drives = car(
        max_charge_w=5_000.0,
        demand_w=(3_000.0, 0.0),
        consumed_w=(7_000.0, 0.0),
    )
    plan = _plan(problem(drives, battery(), steps=2))
    assert plan.status is Status.OPTIMAL
    assert plan.store("zoe").energy_wh == pytest.approx((-2_000.0, 0.0), abs=1)
    assert sum(plan.store("battery").discharge_w) == pytest.approx(5_000.0, abs=1)


@pytest.mark.parametrize("looks", [7, 9, 13])
def test_time_that_ends_in_a_second_search_leaves_what_the_first_one_found(
    looks: int,
) -> None:
    """Whether before it begins or in the middle of it. Charging while discharging pays here, so there is a second one."""
    asked = problem(
        battery(energy_wh=9_500.0, charge_efficiency=0.9),
        steps=6,
        import_price=(-0.30, 0.20, -0.30, 0.20, 0.10, -0.10),
        export_price=(0.05,) * 6,
    )
    seen: list[float] = []

    def clock() -> float:
        seen.append(0.0 if len(seen) < looks else 20.0)
        return seen[-1]

    plan = solve(asked, clock=clock)
    assert plan.status is not Status.SIMPLE
    judge(asked, plan)


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


def test_a_car_does_not_end_where_its_minimum_never_fits() -> None:
    """It stops by itself after a while at 12 A. Behind 10 A there is no such while; behind 12 A, half of the hour is one."""
    zoe = car(
        max_wh=4_140.0,
        min_charge_w=8_280.0,
        stops_itself=True,
        circuit="main",
        goals=(Goal(step=0, energy_wh=4_140.0),),
    )
    for limit_a, charged_w in ((10.0, 0.0), (12.0, 4_140.0)):
        fuse = Circuit(id="main", limit_a=(limit_a,) * 3)
        plan = solve(problem(zoe, steps=1, circuits=(fuse,)))
        assert plan.store("zoe").charge_w == pytest.approx((charged_w,), abs=1)


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


def test_a_store_without_a_minimum_does_not_burn_what_it_is_paid_for() -> None:
    """What it loses while it charges is no more than it takes, also in a later step with some sun: it is never overfull."""
    heater = car(
        max_wh=5_000.0,
        min_charge_w=0.0,
        max_charge_w=11_000.0,
        standby_w=200.0,
        charge_efficiency=0.9,
    )
    asked = problem(
        heater,
        steps=2,
        import_price=(-0.10, 0.30),
        export_price=(-0.20, -0.20),
        solar_w=(0.0, 1_000.0),
        exact_steps=1,
    )
    assert max(solve(asked).store("zoe").energy_wh) <= 5_001.0


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


def test_cars_do_not_take_turns() -> None:
    """Two cars of three hours each at one price, behind a fuse for one: each starts once, also long after the exact steps."""
    fuse = Circuit(id="main", limit_a=(16.0,) * 3)
    stores = tuple(
        car(
            name,
            goals=(Goal(step=31, energy_wh=33_000.0),),
            min_charge_w=4_140.0,
            start_cost=0.006,
            circuit="main",
        )
        for name in ("zoe", "leaf")
    )
    asked = problem(
        *stores, steps=32, steps_s=(900.0,) * 32, circuits=(fuse,), exact_steps=4
    )
    plan = _plan(asked)
    assert plan.status is Status.OPTIMAL
    assert [starts(each, charging=False) for each in plan.stores] == [1, 1]
    assert plan.cost == pytest.approx(66 * 0.30 + 2 * 0.006, abs=0.001)


@pytest.mark.parametrize(
    ("tick_s", "status"),
    [(0.01, Status.OPTIMAL), (0.7, Status.SIMPLE), (6.0, Status.SIMPLE)],
)
def test_the_time_limit_includes_building_the_program(
    tick_s: float, status: Status
) -> None:
    """On a slow machine the program of many cars takes a while to build: the simple planner begins while it is in time.

    Building stops when a quarter of the limit is used, so that there is time for it.
    """
    cars = tuple(car(name, goals=(Goal(step=1, energy_wh=9_000.0),)) for name in "abc")
    asked = problem(*cars, time_limit_s=5.0)
    looks: list[float] = []

    def clock() -> float:
        looks.append(100.0 + tick_s * len(looks))
        return looks[-1]

    plan = solve(asked, clock=clock)
    assert plan.status is status
    for store in plan.stores:
        assert store.missing_wh == pytest.approx((0.0,), abs=1)
    took_s = looks[-1] - looks[0]
    assert took_s <= 5.0 / 4 + 2 * tick_s or status is Status.OPTIMAL
    assert solve(asked).status is Status.OPTIMAL


def test_the_solver_prints_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    """Its banner would be a line without an origin in the log of Home Assistant's container."""
    _plan(problem(car()))
    assert capfd.readouterr() == ("", "")


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
