"""What a plan is, by cases small enough to be solved by hand."""

from dataclasses import replace

import pytest

from custom_components.sunfuse.planner import (
    Circuit,
    Goal,
    Peak,
    Plan,
    Problem,
    Status,
    Strategy,
    solve,
)
from custom_components.sunfuse.planner.plan_cost import starts
from custom_components.sunfuse.planner.simple.simple_shares import plan_without_solver

from .common import battery, car, judge, problem


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


@pytest.mark.parametrize(
    ("limits", "charges"),
    [
        ({"max_import_w": 8_000.0}, False),
        ({"max_import_w": 8_280.0}, True),
        ({"max_import_w": 8_000.0, "solar_w": (500.0,)}, True),
        ({"circuits": (Circuit(id="main", limit_a=(11.6,) * 3),)}, False),
    ],
    ids=["8 kW", "8.28 kW", "8 kW and the sun", "11.6 A"],
)
def test_nor_where_import_or_a_part_of_an_ampere_is_too_little(
    limits: dict[str, object], charges: bool
) -> None:
    """It takes 8.28 kW until it stops, though the mean of the hour is half of that."""
    zoe = car(
        max_wh=4_140.0,
        min_charge_w=8_280.0,
        stops_itself=True,
        circuit="main" if "circuits" in limits else None,
        goals=(Goal(step=0, energy_wh=4_140.0),),
    )
    asked = problem(zoe, steps=1, **limits)
    for plan in (solve(asked), plan_without_solver(asked)):
        assert (plan.store("zoe").charge_w[0] > 1) is charges


def test_what_a_battery_returns_makes_room_for_import() -> None:
    """The car ends its charging within 8 kW of import, as the battery gives what it lacks."""
    zoe = car(
        max_wh=4_140.0,
        min_charge_w=8_280.0,
        stops_itself=True,
        goals=(Goal(step=0, energy_wh=4_140.0),),
    )
    asked = problem(zoe, battery(), steps=1, max_import_w=8_000.0)
    assert solve(asked).store("zoe").charge_w[0] == pytest.approx(4_140.0, abs=1)


@pytest.mark.parametrize(("house_w", "charges"), [(8_800.0, True), (9_200.0, False)])
def test_what_a_battery_returns_covers_the_house_first(
    house_w: float, charges: bool
) -> None:
    """A house that is above 8 kW alone leaves a car a part of the battery's 5 kW: 4.2 kW are enough for 4.14 kW, 3.8 kW are not."""
    zoe = car(
        max_wh=2_070.0,
        min_charge_w=4_140.0,
        stops_itself=True,
        goals=(Goal(step=0, energy_wh=2_070.0),),
    )
    asked = problem(zoe, battery(), steps=1, max_import_w=8_000.0, load_w=(house_w,))
    assert (solve(asked).store("zoe").charge_w[0] > 1) is charges


def test_what_a_car_itself_could_return_makes_no_room_for_it() -> None:
    """It does not charge and discharge at once: 8.28 kW do not fit into 8 kW of import."""
    zoe = car(
        max_wh=4_140.0,
        min_charge_w=8_280.0,
        max_discharge_w=5_000.0,
        stops_itself=True,
        goals=(Goal(step=0, energy_wh=4_140.0),),
    )
    asked = problem(zoe, steps=1, max_import_w=8_000.0)
    assert solve(asked).store("zoe").charge_w[0] == pytest.approx(0.0, abs=1)


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
