"""What is told of one car's plan: what waiting saves, like with like, calculated by hand."""

from dataclasses import replace
from datetime import timedelta
from itertools import accumulate

import pytest

from custom_components.sunfuse.planner import (
    CarGoal,
    CircuitOutlook,
    PeakTariff,
    Plan,
    PlanKey,
    Problem,
    Status,
    StorePlan,
    Strategy,
    intend,
)
from custom_components.sunfuse.planner.outlook_to_intention import intend_with

from .sites import EVENING, MORNING, car, exactly, night

# 10 kWh in the battery at 11 kW: 92 % less 225 W are stored.
DRAWN_KWH = 10 / (0.92 - 0.225 / 11.04)


def test_waiting_saves_the_difference_of_the_prices() -> None:
    """0.34 now, 0.11 from two on."""
    (zoe,) = intend(night(car())).cars
    assert zoe.saving == pytest.approx(0.23 * DRAWN_KWH, abs=0.02)


def test_waiting_for_a_low_peak_saves_the_peak() -> None:
    """At one price, a car that charges slowly saves 4 for each kilowatt of the peak.

    At once the peak would be the car's 11.04 and the house's 0.4 kW; the plan keeps the paid 5 kW.
    """
    flat = night(car(), cheap={3: 0.34})
    tariff = PeakTariff(
        name="peak",
        windows=tuple(range(len(flat.steps_s))),
        price_per_kw=4.0,
        counted_w=(5_000.0,),
    )
    (zoe,) = intend(replace(flat, peaks=(tariff,))).cars
    energy_at_once = 0.34 * DRAWN_KWH
    assert zoe.saving == pytest.approx(
        4.0 * (11.44 - 5.0) + energy_at_once - zoe.cost, abs=0.05
    )


def test_who_waits_for_a_low_peak_is_told_which() -> None:
    """The house takes 4.9 of the paid 5 kW until 23:00: charging before would raise that, whatever is cleaner later."""
    flat = night(car(energy_wh=10_000.0), cheap={3: 0.34})
    windows = tuple(range(len(flat.steps_s)))
    house_w = tuple(4_900.0 if step < 4 else 400.0 for step in windows)
    outlook = replace(
        flat,
        house=exactly(*house_w),
        carbon_g=tuple(400.0 - step for step in windows),
        peaks=(
            PeakTariff(
                name="peak", windows=windows, price_per_kw=40.0, counted_w=(5_000.0,)
            ),
        ),
    )
    (zoe,) = intend(outlook).cars
    assert zoe.why.key is PlanKey.WAITS_FOR_PEAK
    assert dict(zoe.why.values)["peak_w"] == 5_000
    # Where no peak would be raised, as in hours that do not count, nobody waits for that.
    free = replace(outlook.peaks[0], windows=(-1,) * 4 + windows[4:])
    (zoe,) = intend(replace(outlook, peaks=(free,)), intend(outlook)).cars
    waits = {s.advice.why.key for s in zoe.slots[:4] if not s.power_w}
    assert PlanKey.WAITS_FOR_PEAK not in waits


@pytest.mark.parametrize("passed_min", [0, 5, 8, 14])
def test_what_a_car_waits_for_is_the_same_until_the_end_of_a_quarter_hour(
    passed_min: int,
) -> None:
    """The house takes 3 of the paid 5 kW until 23:00, and the least of a car is 4.14 kW.

    The last seven minutes of a quarter hour have room for that: its mean would be 4.93 kW. The next one has not.
    """
    flat = night(
        car(energy_wh=10_000.0),
        cheap={3: 0.34},
        now=EVENING + timedelta(minutes=passed_min),
    )
    windows = tuple(range(len(flat.steps_s)))
    house_w = tuple(3_000.0 if step < 4 else 400.0 for step in windows)
    tariff = PeakTariff(
        name="peak",
        windows=windows,
        price_per_kw=40.0,
        counted_w=(5_000.0,),
        used_wh=3_000.0 * passed_min / 60,
        used_s=60.0 * passed_min,
    )
    (zoe,) = intend(replace(flat, house=exactly(*house_w), peaks=(tariff,))).cars
    assert zoe.why.key is PlanKey.WAITS_FOR_PEAK
    assert dict(zoe.why.values)["peak_w"] == 5_000


def test_what_is_spread_over_all_hours_waits_for_no_sun() -> None:
    """Eight hours with 1.25 kW of the 4.14 that it takes at least: 10 kWh by seven, in none of which it can be said to start."""

    def spread(problem: Problem) -> Plan:
        none = (0.0,) * problem.steps
        on = tuple(4 <= step < 36 for step in range(problem.steps))
        charge_w = tuple(1_250.0 * each for each in on)
        stored_wh = tuple(accumulate(312.5 * each for each in on))
        zoe = StorePlan(
            id="zoe",
            charge_w=charge_w,
            discharge_w=none,
            energy_wh=stored_wh,
            missing_wh=(0.0,),
        )
        import_w = tuple(400.0 + power_w for power_w in charge_w)
        return Plan(
            status=Status.OPTIMAL,
            stores=(zoe,),
            import_w=import_w,
            export_w=none,
        )

    (zoe,) = intend_with(spread, night(car(energy_wh=10_000.0)), None).cars
    assert not zoe.shortfalls
    assert {slot.advice.why.key for slot in zoe.slots[:35]} == {
        PlanKey.WAITS_FOR_CAPACITY
    }
    assert zoe.slots[36].advice.why.key is PlanKey.HAS_ENOUGH


def test_who_waits_for_another_car_loses_nothing_by_it() -> None:
    """A fuse for one car at a time, cheap until three: both are ready, and at once was not to be had by both."""
    shared = night(
        car("zoe", 20_000.0),
        car("leaf", 20_000.0),
        cheap={22: 0.11, 23: 0.11, 0: 0.11},
        circuits=(CircuitOutlook(id="main", limit_a=(17.0,) * 3),),
    )
    cars = intend(shared).cars
    assert not any(each.shortfalls for each in cars)
    assert all(each.saving >= 0 for each in cars)


def test_who_wants_to_charge_late_sees_what_that_costs() -> None:
    """Cheap in the evening, and he wants it warm at seven: the saving is negative, and it is his wish."""
    late = night(car(strategy=Strategy.LATE), cheap={22: 0.339, 23: 0.339})
    (zoe,) = intend(replace(late, import_price=(0.34,) * len(late.steps_s))).cars
    assert zoe.saving == pytest.approx(0.0, abs=0.02)
    assert zoe.next_start is not None


@pytest.mark.parametrize("needs_wh", [60.0, 700.0])
def test_the_last_bit_is_not_planned_from_less_sun_than_a_car_can_take(
    needs_wh: float,
) -> None:
    """Three phases take 4.14 kW at least: of that, 1.5 kW of sun are 36 %, and the rest costs 0.34. It stores 92 % less 225 W."""
    now = EVENING.replace(hour=10)
    leaves = (CarGoal(at=now + timedelta(hours=6), energy_wh=needs_wh),)
    outlook = night(car(goals=leaves), now=now)
    sunny = replace(outlook, sun=exactly(*(1_900.0,) * len(outlook.steps_s)))
    (zoe,) = intend(sunny).cars
    drawn_kwh = needs_wh / 1_000 * 4_140 / (0.92 * 4_140 - 225)
    assert zoe.sun_share == pytest.approx(1_500 / 4_140, abs=0.01)
    assert zoe.drawn_wh == pytest.approx(1_000 * drawn_kwh, abs=1)
    expected = drawn_kwh * (0.08 * 1_500 + 0.34 * 2_640) / 4_140
    assert zoe.cost == pytest.approx(expected, abs=0.001)
    # It does not wait for more sun than there will be: it has the least power when it is planned, from the grid as well.
    (charges, *_) = [slot for slot in zoe.slots if slot.power_w > 1]
    assert charges.advice.why.key is PlanKey.CHARGES_TO_BE_READY
    assert charges.advice.at_least_w >= 4_140
    assert zoe.ready
    assert charges.start < zoe.ready <= charges.end


def test_what_is_spread_over_far_hours_is_no_start() -> None:
    """Two cheap hours are not quite enough. The rest, planned at a few watts for hours, is told as it will be: not at ten."""
    leaves = (CarGoal(at=MORNING, energy_wh=20_600.0),)
    (zoe,) = intend(night(car(goals=leaves), now=EVENING - timedelta(hours=2))).cars
    assert zoe.next_start == MORNING - timedelta(hours=5, minutes=15)
    assert zoe.why.key is PlanKey.WAITS_FOR_ONE_START
    assert dict(zoe.why.values)["price"] == 0.11
    # The quarter hour before two o'clock, and the two hours.
    assert sum(slot.charges for slot in zoe.slots) == 9
    # Nor does it end before the car is ready.
    assert zoe.ready
    assert zoe.end
    assert zoe.end >= zoe.ready


def test_more_than_the_battery_holds_is_not_planned() -> None:
    """Nobody knows how full it is: it takes 52 kWh at most."""
    empty = car(soc=None, goals=(), price_limit=0.4)
    (zoe,) = intend(night(empty)).cars
    assert zoe.energy_wh == pytest.approx(52_000, abs=10)


def test_a_price_is_said_of_the_hour_that_is_waited_for() -> None:
    """Half an hour is cheap, which is not enough: who begins long before it does not wait for its price."""
    leaves = (CarGoal(at=MORNING - timedelta(hours=4, minutes=30), energy_wh=20_000.0),)
    asked = night(car(goals=leaves), cheap={2: 0.11}, now=EVENING - timedelta(hours=2))
    (zoe,) = intend(asked).cars
    assert zoe.why.key is PlanKey.WAITS_FOR_ONE_START
    assert dict(zoe.why.values)["price"] == 0.11
    # Where it begins at the low price, it waits for that.
    all_night = (CarGoal(at=MORNING, energy_wh=8_000.0),)
    asked = night(car(goals=all_night), cheap={2: 0.11}, now=EVENING)
    (zoe,) = intend(asked).cars
    assert zoe.next_start
    assert zoe.why.key is PlanKey.WAITS_FOR_PRICE
    begins = asked.step_at(zoe.next_start)
    said = dict(zoe.why.values)["price"]
    assert asked.import_price[begins] == pytest.approx(said, abs=0.01)


def test_more_than_the_cheap_hour_gives_is_charged_right_before_it() -> None:
    """19 kWh need 1.9 hours at 11 kW, and one hour costs less: one start, the same by each plan. The fuse is no cause of that.

    Far steps are planned without a minimum, so the rest is spread thinly over the night there.
    """
    cheap_at, start = MORNING - timedelta(hours=4), MORNING - timedelta(hours=5)
    told, previous = [], None
    for hours in range(3):
        now = EVENING + timedelta(hours=hours)
        outlook = night(car(energy_wh=19_000.0), cheap={cheap_at.hour: 0.11}, now=now)
        previous = intend(outlook, previous)
        (planned,) = previous.cars
        told.append((planned.why.key, planned.next_start))
        assert dict(planned.why.values) == {"until": start.isoformat(), "price": 0.11}
    assert told == [(PlanKey.WAITS_FOR_ONE_START, start)] * 3
