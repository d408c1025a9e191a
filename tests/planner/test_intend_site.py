"""What is intended for the site around the cars: time, peaks, limits, battery, carbon and doubt, calculated by hand."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from custom_components.sunfuse.planner import (
    AnnouncedLimit,
    Assumption,
    BatteryCommand,
    CarGoal,
    CarMode,
    HomeBattery,
    Outlook,
    PlanKey,
    Quantiles,
    clock_steps,
    intend,
)
from custom_components.sunfuse.planner.outlook_to_intention import intend_with
from custom_components.sunfuse.planner.simple.simple_shares import plan_without_solver

from .sites import EVENING, MORNING, by_hour, car, exactly, night

BRUSSELS = ZoneInfo("Europe/Brussels")
BATTERY = HomeBattery(
    capacity_wh=10_000.0,
    energy_wh=1_000.0,
    max_charge_w=4_000.0,
    max_discharge_w=4_000.0,
    charge_efficiency=1.0,
    discharge_efficiency=1.0,
    controllable=True,
)


@pytest.mark.parametrize(
    ("day", "steps"),
    [((2026, 3, 29), 92), ((2026, 6, 1), 96), ((2026, 10, 25), 100)],
)
def test_a_local_day_has_its_own_number_of_steps(
    day: tuple[int, int, int], steps: int
) -> None:
    """When the clocks change, a day has 92 or 100 quarter hours."""
    start = datetime(*day, tzinfo=BRUSSELS)
    end = datetime(day[0], day[1], day[2], tzinfo=BRUSSELS) + timedelta(days=1)
    lengths = clock_steps(start.astimezone(UTC), end.astimezone(UTC))
    assert lengths == (900.0,) * steps


def test_the_first_step_ends_with_the_quarter_hour() -> None:
    """At 22:07 it lasts eight minutes; ten seconds before the quarter it joins the next."""
    lengths = clock_steps(EVENING + timedelta(minutes=7), MORNING)
    assert lengths[:2] == (480.0, 900.0)
    late = EVENING + timedelta(minutes=14, seconds=50)
    assert clock_steps(late, MORNING)[0] == 910.0
    # Who leaves within a quarter hour divides it; a moment beside its ends does not.
    leave = [EVENING + timedelta(minutes=m) for m in (-5, 7, 40, 60, 60.2, 95)]
    divided = clock_steps(EVENING, EVENING + timedelta(minutes=90), leave)
    assert divided == (420.0, 480.0, 900.0, 600.0, 300.0, 900.0, 900.0, 900.0)
    assert sum(clock_steps(EVENING, EVENING + timedelta(days=9))) == 48 * 3600


def test_an_announced_limit_holds_for_its_time() -> None:
    """From two to four no more than 5 kW: of the whole site, or of the cars alone."""
    two, four = EVENING + timedelta(hours=4), EVENING + timedelta(hours=6)
    limit = AnnouncedLimit(start=two, end=four, power_w=5_000.0)
    for cars_only, expected_w in ((False, 4_600), (True, 5_000)):
        limited = night(car(energy_wh=20_000.0))
        limited = replace(limited, limits=(replace(limit, cars_only=cars_only),))
        slots = [s for s in intend(limited).slots if two <= s.start < four]
        assert max(slot.cars_w for slot in slots) == pytest.approx(expected_w, abs=2)


def test_the_battery_charges_in_cheap_hours_and_holds_until_it_is_dear() -> None:
    """From 0.11 to 0.34 without losses: 9 kWh are bought at 0.11; what it holds before goes to the house."""
    intention = intend(night(battery=BATTERY))
    two, four = EVENING + timedelta(hours=4), EVENING + timedelta(hours=6)
    during = [slot for slot in intention.slots if two <= slot.start < four]
    bought_wh = -sum(slot.battery_w for slot in during) / 4
    assert bought_wh > 7_000
    assert any(slot.command is BatteryCommand.CHARGE for slot in during)
    assert intention.slots[0].battery_w >= 0
    assert intention.slots[-1].command is not BatteryCommand.CHARGE


def test_a_battery_and_cars_share_the_fuse() -> None:
    """In the two cheap hours each of two cars wants more than the fuse of 25 A carries; what the battery buys is not left to them."""
    cars = [car(name, energy_wh=30_000.0) for name in ("a", "b")]
    intention = intend(night(*cars, battery=BATTERY))
    assert any(slot.command is BatteryCommand.CHARGE for slot in intention.slots)
    assert max(slot.grid_w for slot in intention.slots) <= 25 * 690 + 1
    # Sun that the battery stores is nothing that the fuse carries: cars get all of that.
    hours = {2: 4_400.0, 3: 4_400.0}
    sunny = night(*cars, battery=BATTERY)
    sun_w = by_hour(sunny.now, sunny.steps_s, hours, 0.0)
    slots = intend(replace(sunny, sun=exactly(*sun_w))).slots
    storing = [slot for slot in slots if slot.battery_w < -1]
    assert max(slot.cars_w for slot in storing) == pytest.approx(25 * 690, abs=50)


def test_a_battery_that_is_to_charge_a_car_is_told() -> None:
    """Some batteries supply whatever is lacking, others the house alone: a car that needs 3 kWh by midnight gets them by order."""
    leaf = car(
        energy_wh=3_000.0, goals=(CarGoal(at=EVENING + timedelta(hours=2)),), soc=94.0
    )
    full = replace(BATTERY, energy_wh=9_000.0)
    intention = intend(night(leaf, battery=full))
    charging = [slot for slot in intention.slots if slot.cars_w > 1]
    assert charging
    for slot in charging:
        assert slot.command is BatteryCommand.DISCHARGE
        assert slot.battery_w == pytest.approx(min(4_000.0, 400.0 + slot.cars_w), abs=5)
    before_cheap = [
        slot
        for slot in intention.slots
        if slot.cars_w < 1 and slot.start < EVENING + timedelta(hours=4)
    ]
    assert all(slot.command is BatteryCommand.NORMAL for slot in before_cheap)


def test_a_battery_that_nobody_commands_is_predicted() -> None:
    """It supplies the house of 400 W for two and a half hours from its 1,000 Wh, and gets no command."""
    intention = intend(night(battery=replace(BATTERY, controllable=False)))
    assert Assumption.BATTERY_PREDICTED in intention.assumptions
    assert [slot.battery_w for slot in intention.slots[:11]] == pytest.approx(
        [400.0] * 10 + [0.0]
    )
    assert intention.slots[0].grid_w == pytest.approx(0, abs=1)
    assert all(slot.command is BatteryCommand.NORMAL for slot in intention.slots)


def test_without_the_solver_the_battery_is_left_to_itself() -> None:
    """Nobody plans when it should supply what; a hold all night would leave the house to the grid beside a full battery."""
    for outlook in (
        night(battery=BATTERY),
        night(car(energy_wh=9_000.0), battery=BATTERY),
    ):
        intention = intend_with(plan_without_solver, outlook, None)
        assert Assumption.WITHOUT_SOLVER in intention.assumptions
        assert Assumption.BATTERY_PREDICTED in intention.assumptions
        assert {slot.command for slot in intention.slots} == {BatteryCommand.NORMAL}
        assert [slot.battery_w for slot in intention.slots[:8]] == [400.0] * 8
        assert all(not car.shortfalls for car in intention.cars)


def test_carbon_counts_as_much_as_is_asked_for() -> None:
    """Clean from four to six, cheap from two to four: money waits for the one, carbon for the other."""
    plain = night(car(energy_wh=9_000.0))
    grams = tuple(
        50.0 if 24 <= step < 32 else 400.0 for step in range(len(plain.steps_s))
    )
    for weight, hour in ((0.0, 2), (1.0, 4)):
        weighed = replace(plain, carbon_g=grams, carbon_weight=weight)
        assert intend(weighed).cars[0].next_start == datetime(
            2026, 1, 13, hour, tzinfo=UTC
        )
    clean = car(goals=(), full_wh=9_000.0, carbon_limit_g=100.0)
    only_clean = night(clean, cheap={30: 0.0}, carbon_g=grams)
    assert intend(only_clean).cars[0].next_start == datetime(2026, 1, 13, 4, tzinfo=UTC)


def test_close_to_a_departure_the_sun_is_not_relied_upon() -> None:
    """Sun that may come in the last hour is reckoned with as it comes nine times in ten; far ahead, as often as not."""
    now = datetime(2026, 6, 12, 5, 0, tzinfo=UTC)
    steps_s = clock_steps(now, now + timedelta(hours=14))
    steps = len(steps_s)
    doubtful = Quantiles(
        low=(0.0,) * steps, median=(6_000.0,) * steps, high=(8_000.0,) * steps
    )

    def leaves(hours: float) -> Outlook:
        goal = CarGoal(at=now + timedelta(hours=hours), energy_wh=3_000.0)
        return night(
            car(goals=(goal,)),
            now=now,
            steps_s=steps_s,
            sun=doubtful,
            house=exactly(*(400.0,) * steps),
            import_price=(0.30,) * steps,
            export_price=(0.08,) * steps,
        )

    soon, late = intend(leaves(1)), intend(leaves(14))
    assert soon.slots[0].sun_w == 0
    assert soon.cars[0].sun_share == 0
    assert late.slots[0].sun_w == 6_000
    assert late.cars[0].sun_share == pytest.approx(1)


def test_low_power_costs_more_of_what_is_drawn() -> None:
    """6 A on one phase store 76 % (HTW Berlin, 2025), 16 A on three 90 %."""
    small = car(mode=CarMode.SOLAR, goals=(), phases=(0,), max_a=6.0, full_wh=30_000.0)
    for outlook, share in (
        (night(small, sun=exactly(*(2_000.0,) * 48)), 0.757),
        (night(car(energy_wh=10_000.0)), 0.8996),
    ):
        zoe = intend(outlook).cars[0]
        assert zoe.energy_wh / zoe.drawn_wh == pytest.approx(share, abs=0.002)


def test_a_departure_beyond_the_outlook_takes_what_time_after_it_cannot_give() -> None:
    """In two days there is time enough: nothing is bought dearly now."""
    far = CarGoal(at=EVENING + timedelta(hours=60), energy_wh=20_000.0)
    zoe = intend(night(car(goals=(far,)), cheap={30: 0.0})).cars[0]
    assert zoe.shortfalls == ()
    assert all(slot.power_w == 0 for slot in zoe.slots)
    assert zoe.why.key in (PlanKey.WAITS_FOR_SUN, PlanKey.NOTHING_PLANNED)


def test_forecasts_and_prices_that_end_early_go_on_as_they_usually_are() -> None:
    """Two hours of prices for a night of twelve: the rest costs their mean, and that is said."""
    short = replace(
        night(car()), import_price=(0.2,) * 4 + (0.3,) * 4, sun=exactly(0.0)
    )
    intention = intend(short)
    assert Assumption.PRICES_ESTIMATED in intention.assumptions
    assert intention.slots[-1].price == pytest.approx(0.25)
    assert intention.cars[0].shortfalls == ()
