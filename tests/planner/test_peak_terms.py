"""Capacity tariffs in plans, calculated by hand: what is free, what a kilowatt costs, and what a guard of the peak allows."""

from dataclasses import replace
from datetime import timedelta
import math

import pytest

from custom_components.sunfuse.planner import (
    Goal,
    Outlook,
    Peak,
    PeakTariff,
    Quantiles,
    intend,
    solve,
)
from custom_components.sunfuse.planner.problem import GUARD_SPREAD
from custom_components.sunfuse.planner.program.peak_rungs import rungs_of
from custom_components.sunfuse.planner.to_problem.peak_terms import (
    peak_level,
    peak_terms,
)
from custom_components.sunfuse.sources.tariffs import peak_allowance

from .common import car as store, problem
from .sites import EVENING, car, exactly, night

NORDIC = PeakTariff(name="x", windows=(), price_per_kw=6.0, top=3)


def _tariff(outlook: Outlook, **changes: object) -> PeakTariff:
    plain = PeakTariff(
        name="quarter hour",
        windows=tuple(range(len(outlook.steps_s))),
        price_per_kw=4.0,
        floor_w=2_500.0,
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def _hourly(outlook: Outlook, **changes: object) -> PeakTariff:
    """Return the Nordic tariff of a night: eight windows of an hour, whose first two belong to another day."""
    hours = tuple(step // 4 for step in range(len(outlook.steps_s)))
    days = tuple(0 if hour < 2 else 1 for hour in hours)
    return replace(NORDIC, windows=hours, days=days, **changes)  # type: ignore[arg-type]


def test_the_peak_of_the_month_is_kept_where_that_is_cheaper() -> None:
    """9 kWh by seven fit below 5 kW: the month's peak stays at 5 kW, although two hours are cheap."""
    plain = night(car(energy_wh=9_000.0))
    peaky = replace(plain, peaks=(_tariff(plain, counted_w=(5_000.0,)),))
    intention = intend(peaky)
    assert max(slot.grid_w for slot in intention.slots) == pytest.approx(5_000, abs=2)
    assert intention.target_peaks[0].power_w == pytest.approx(5_000, abs=2)
    assert intention.cars[0].shortfalls == ()
    assert max(slot.grid_w for slot in intend(plain).slots) > 10_000


def test_a_departure_is_worth_a_higher_peak() -> None:
    """40 kWh in nine hours need more than the floor of 2.5 kW: the target says what will be paid."""
    plain = night(car(energy_wh=26_000.0))
    intention = intend(replace(plain, peaks=(_tariff(plain),)))
    assert intention.cars[0].shortfalls == ()
    # Nine hours at constant power are the least: 26 kWh / 9 h / 0.9 and the house.
    assert 3_500 < intention.target_peaks[0].power_w < 4_600


def test_the_level_is_what_is_paid_anyway() -> None:
    """The highest of month, floor and what the house comes to; of three that count, the lowest; with steps, their end."""
    base = PeakTariff(name="x", windows=(), price_per_kw=4.0, floor_w=2_500.0)
    assert peak_level(base) == 2_500
    assert peak_level(replace(base, counted_w=(4_000.0,))) == 4_000
    assert (
        peak_level(replace(base, counted_w=(4_000.0,), anyway_w=((6_000.0, 1.0),)))
        == 6_000
    )
    three = replace(base, top=3, floor_w=0.0, counted_w=(6_000.0, 5_000.0, 4_000.0))
    assert peak_level(three) == 4_000
    # Mean of three within 5 kW: 15 kW in all, of which two hours have 4 and 4.
    steps = replace(
        three,
        counted_w=(4_000.0, 4_000.0, 3_000.0),
        step_limits_w=(2_000.0, 5_000.0, 10_000.0),
        step_prices=(100.0, 200.0, 400.0, 600.0),
    )
    assert peak_level(steps) == 7_000


def test_what_the_house_may_reach_is_paid_by_its_probability() -> None:
    """A kilowatt that the house alone reaches in one of two months, or one of four, costs half of the price, or three quarters."""
    plain = night(car())
    anyway_w = ((3_000.0, 0.97), (5_000.0, 0.5), (6_000.0, 0.25))
    (term,) = peak_terms(
        replace(plain, peaks=(_tariff(plain, anyway_w=anyway_w),)), plain.import_price
    )
    assert list(term.peak.levels) == [(3_000, 2.0), (5_000, 1.0), (6_000, 1.0)]
    assert term.peak.highest_price == 4
    assert term.cost(4_000) == 2
    assert term.cost(7_000) == 2 * 2 + 1 * 3 + 4
    # What has been reached is free.
    tariff = _tariff(plain, anyway_w=anyway_w, counted_w=(5_500.0,))
    (term,) = peak_terms(replace(plain, peaks=(tariff,)), plain.import_price)
    assert list(term.peak.levels) == [(5_500, 3.0), (6_000, 1.0)]
    # A target of the user is kept; what it costs to exceed it is what it was.
    (term,) = peak_terms(
        replace(plain, peaks=(replace(tariff, target_w=7_000.0),)), plain.import_price
    )
    assert list(term.peak.levels) == [(7_000, 4.0)]
    assert term.cost(7_000) == 3 * 0.5 + 4


def test_where_several_days_count_the_house_reaches_what_it_probably_does() -> None:
    """Other days with cars reach as much as well: up to 5 kW a day is free, and above it bears a third of the price."""
    plain = night(car())
    anyway_w = ((3_000.0, 0.97), (5_000.0, 0.5), (6_000.0, 0.25))
    tariff = _hourly(plain, anyway_w=anyway_w)
    terms = peak_terms(replace(plain, peaks=(tariff,)), plain.import_price)
    assert [list(term.peak.levels) for term in terms] == [[(5_000, 2.0)]] * 2


def test_a_peak_gets_dearer_level_by_level() -> None:
    """Waiting costs 0.20 for each kilowatt-hour; a kilowatt costs 0.05 from 1 kW on, and 0.30 more from 3 kW on: 3 kW it is."""
    zoe = store(
        max_charge_w=11_000.0,
        charge_efficiency=1.0,
        goals=(Goal(step=1, energy_wh=4_000.0),),
    )
    asked = problem(
        zoe,
        steps=2,
        import_price=(0.10, 0.30),
        peaks=(
            Peak(
                price_per_kw=0.05,
                windows=(0, 1),
                level_w=1_000.0,
                dearer_above=((3_000.0, 0.30),),
            ),
        ),
    )
    plan = solve(asked)
    assert plan.store("zoe").charge_w == pytest.approx((3_000, 1_000), abs=2)
    assert plan.cost == pytest.approx(0.30 + 0.30 + 2 * 0.05, abs=1e-3)


def test_what_a_day_has_reached_is_free_for_the_rest_of_it() -> None:
    """Of each day only the highest hour counts: today 7 kW cost nothing more, tomorrow only what the third day had."""
    tariff = replace(NORDIC, counted_w=(6_000.0, 5_000.0, 4_000.0), today_w=7_000.0)
    assert peak_level(tariff, today=True) == 7_000
    assert peak_level(tariff, today=False) == 5_000  # 7, 6 and 5 count by then
    steps = replace(
        tariff,
        counted_w=(4_000.0,),
        step_limits_w=(2_000.0, 5_000.0, 10_000.0),
        step_prices=(100.0, 200.0, 400.0, 600.0),
    )
    assert peak_level(steps, today=True) == 7_000


@pytest.mark.parametrize(
    ("passed_days", "left_days", "by_day", "price"),
    [
        # On the first of 30 days each of 29 others wants more with a probability of a half...
        (0, 30, True, 6.0 / (1 + 29 / 2)),
        # ... after ten days, none of which did, with one of a twelfth: each of three days bears a third at most.
        (5, 25, True, 6.0 / (1 + 24 / 7)),
        (10, 20, True, 6.0 / 3),
        # The highest of all hours: half a day is seen.
        (0, 30, False, 6.0 / (1 + 29.5 / 2)),
        (10, 20, False, 6.0 / (1 + 19.5 / 12)),
        (29.8, 0.2, False, 6.0),
    ],
)
def test_a_day_bears_its_part_of_a_months_price(
    passed_days: float, left_days: float, by_day: bool, price: float
) -> None:
    """A plan of one day is not charged for a month, nor for nothing."""
    plain = night(car())
    tariff = _hourly(
        plain,
        top=3 if by_day else 1,
        period_start=EVENING - timedelta(days=passed_days),
        period_end=EVENING + timedelta(days=left_days),
    )
    if not by_day:
        tariff = replace(tariff, days=())
    terms = peak_terms(replace(plain, peaks=(tariff,)), plain.import_price)
    assert [term.peak.price_per_kw for term in terms] == pytest.approx(
        [price] * (2 if by_day else 1)
    )
    assert [term.today for term in terms] == ([True, False] if by_day else [True])


def test_each_day_has_its_own_peak() -> None:
    """8 kW are paid for this evening; after midnight, where it is cheap, 4 kW are.

    12 kWh need 6 kW for two hours before midnight, or the four cheap kilowatts for longer: the target is today's.
    """
    plain = night(car(energy_wh=10_000.0), cheap={0: 0.11, 1: 0.11, 2: 0.11, 3: 0.11})
    tariff = _hourly(
        plain, price_per_kw=90.0, counted_w=(4_000.0,) * 3, today_w=8_000.0
    )
    intention = intend(replace(plain, peaks=(tariff,)))
    tomorrow = [slot.grid_w for slot in intention.slots[8:]]
    by_hour = [sum(tomorrow[hour : hour + 4]) / 4 for hour in range(0, 32, 4)]
    assert max(by_hour) == pytest.approx(4_000, abs=2)
    assert intention.target_peaks[0].power_w == pytest.approx(8_000, abs=2)
    assert intention.cars[0].shortfalls == ()


def test_a_guarded_window_is_spread() -> None:
    """One cheap quarter of an hour that may draw 4 kW on average: 16 kW in it would be the same hour, and no guard lets it.

    From the start 4 kW; after one idle quarter 4 x 4 / 3. After two 4 + 2 / (1/2) for ten minutes; in the last third of
    the hour savings are spread over that third, so that what is left of them falls by e to the power of time / third: after
    ten minutes 4 + 4 kW, of which five minutes later 4 + 4 / e^(1/4) are left, and their mean is 4 + 4 x (1 - 1 / e^(1/4)) x 4.
    After three idle quarters 4 + 3 / (1/3), and in the mean of 15 of 20 minutes 4 + 9 x (1 - 1 / e^(3/4)) x 4 / 3.
    """
    after_two = (2 * 8_000.0 + 4_000.0 + 16_000.0 * (1 - math.exp(-1 / 4))) / 3
    after_three = 4_000.0 + 12_000.0 * (1 - math.exp(-3 / 4))
    for cheap, most_w in (
        (0, 4_000.0),
        (1, 16_000.0 / 3),
        (2, after_two),
        (3, after_three),
    ):
        prices = tuple(0.10 if step == cheap else 0.30 for step in range(4))
        zoe = store(
            max_charge_w=22_000.0,
            max_wh=22_000.0,
            charge_value=tuple(0.2 if step == cheap else 0.0 for step in range(4)),
        )
        asked = problem(
            zoe,
            steps_s=(900.0,) * 4,
            import_price=prices,
            peaks=(
                Peak(
                    price_per_kw=50.0,
                    windows=(0,) * 4,
                    level_w=4_000.0,
                    guarded=True,
                ),
            ),
        )
        assert solve(asked).store("zoe").charge_w[cheap] == pytest.approx(most_w, abs=2)


def test_the_house_is_none_of_the_guards_business() -> None:
    """6 kW of the house in one quarter of an hour with 4 kW on average: the peak is the hour's, and nothing is paid."""
    asked = problem(
        store(goals=(Goal(step=3, energy_wh=1_000.0),)),
        steps_s=(900.0,) * 4,
        load_w=(6_000.0, 0.0, 0.0, 0.0),
        peaks=(
            Peak(price_per_kw=50.0, windows=(0,) * 4, level_w=4_000.0, guarded=True),
        ),
    )
    plan = solve(asked)
    assert plan.peak_w == pytest.approx((2_500.0,), abs=2)
    assert plan.store("zoe").missing_wh == pytest.approx((0.0,), abs=1)


def test_the_plan_and_the_guard_spread_alike() -> None:
    """Else the plan would count on power that the guard withholds."""
    assert GUARD_SPREAD == peak_allowance.SPREAD


def test_the_users_own_target_is_kept_unless_a_car_would_miss_its_departure() -> None:
    """5 kW are to be kept, whatever they are worth: 9 kWh by seven fit below, 40 kWh do not."""
    for energy_wh, most_w, misses in (
        (9_000.0, 5_000.0, False),
        (40_000.0, 6_000.0, False),
    ):
        plain = night(car(energy_wh=energy_wh), house=exactly(*(400.0,) * 48))
        tariff = _tariff(
            plain, price_per_kw=0.0, floor_w=0.0, target_w=5_000.0, guarded=True
        )
        intention = intend(replace(plain, peaks=(tariff,)))
        highest_w = max(slot.grid_w for slot in intention.slots)
        assert bool(intention.cars[0].shortfalls) is misses
        assert highest_w <= most_w + 2
        assert intention.target_peaks[0].power_w == pytest.approx(
            max(4_000.0, highest_w), abs=2
        )
        # What it weighs is no money: the cost is that of the energy.
        energy = sum(
            slot.grid_w * (slot.end - slot.start).total_seconds() / 3.6e6 * slot.price
            for slot in intention.slots
        )
        assert intention.cost == pytest.approx(energy, abs=0.01)


def test_what_cannot_be_charged_later_is_pressing() -> None:
    """A quarter of an hour before seven 2 kWh are missing: no peak may withhold them. In the evening there is time."""
    late = replace(
        night(car(energy_wh=2_000.0), now=EVENING + timedelta(hours=8, minutes=45)),
    )
    advice = intend(replace(late, peaks=(_tariff(late),))).cars[0].slots[0].advice
    assert advice.pressing
    assert advice.at_least_w > 8_000
    early = night(car(energy_wh=2_000.0))
    slots = intend(replace(early, peaks=(_tariff(early),))).cars[0].slots
    assert not any(slot.advice.pressing for slot in slots[:16])


def test_a_window_leaves_what_is_reserved_for_the_house() -> None:
    """An hour of 4 kW on average, of which the house may take 1 kW in each later quarter: the first may have 16 - 3 kW."""
    for cheap, most_w in ((0, 13_000.0), (1, 14_000.0), (3, 16_000.0)):
        zoe = store(
            max_charge_w=22_000.0,
            max_wh=22_000.0,
            charge_value=tuple(0.2 if step == cheap else 0.0 for step in range(4)),
        )
        hour = Peak(
            price_per_kw=50.0,
            windows=(0,) * 4,
            level_w=4_000.0,
            guarded=True,
            reserved_w=(1_000.0,) * 4,
        )
        asked = problem(
            zoe,
            steps_s=(900.0,) * 4,
            import_price=tuple(0.1 if step == cheap else 0.3 for step in range(4)),
            peaks=(hour,),
        )
        assert solve(asked).store("zoe").charge_w[cheap] == pytest.approx(most_w, abs=2)
        # No more is reserved than an even share, and a house that takes more than that leaves nothing, and raises no peak.
        much = replace(hour, reserved_w=(9_000.0,) * 4)
        even_w = solve(replace(asked, peaks=(much,))).store("zoe").charge_w[cheap]
        assert even_w == pytest.approx(4_000.0 * (cheap + 1), abs=2)
        busy = replace(asked, load_w=(5_000.0,) * 4)
        assert solve(busy).store("zoe").charge_w[cheap] == pytest.approx(0.0, abs=2)
    car_and_house = problem(
        store(min_charge_w=4_000.0), load_w=(500.0,) * 4, steps_s=(900.0,) * 4
    )
    low = replace(hour, level_w=1_000.0)
    # 4.5 kW in one quarter, and 0.5 before it or 1 after it: (4.5 + 3) / 4 and (4.5 + 1.5) / 4.
    needed = rungs_of(car_and_house, low, 0).kw
    assert (needed[0], needed[-1]) == pytest.approx((1.5, 1.875))


def test_a_plan_says_until_when_a_car_that_is_ready_within_a_step_charges() -> None:
    """600 Wh in the cheap quarter at no less than 4.14 kW: 522 s beside a car of 3.68 kW and a house of 0.4, then without."""
    exact: dict[str, object] = {"charge_efficiency": 1.0, "standby_w": 0.0}
    large = car("large", energy_wh=600.0, **exact)
    small = car("small", energy_wh=9_000.0, phases=(0,), **exact)
    plain = night(large, small)
    cheap = (0.05, *(0.34,) * (len(plain.steps_s) - 1))
    tariff = _tariff(plain, counted_w=(9_000.0,), guarded=True, reserves=True)
    intention = intend(replace(plain, import_price=cheap, peaks=(tariff,)))
    (target,) = intention.target_peaks
    (ready, together_w), (end, alone_w) = target.planned[:2]
    assert (ready - EVENING).total_seconds() == pytest.approx(600 / 4_140 * 3600, abs=1)
    assert end == EVENING + timedelta(minutes=15)
    assert together_w == pytest.approx(400 + 4_140 + 3_680, abs=2)
    assert alone_w == pytest.approx(400 + 3_680, abs=2)
    # What is drawn stays the same, and the house's part has no other times.
    assert [at for at, _ in target.reserved][0] == end


def test_a_target_comes_with_what_is_reserved_for_the_house() -> None:
    """By the cautious forecast of house and sun; none where the user says what to stay below.

    For the hour that runs and the next one, which begins before the next plan: a car that goes on into it is not stopped.
    """
    plain = night(car(energy_wh=9_000.0))
    known = replace(
        plain,
        house=Quantiles(
            low=(100.0,) * len(plain.steps_s),
            median=(300.0,) * len(plain.steps_s),
            high=(900.0,) * len(plain.steps_s),
        ),
    )
    tariff = replace(_hourly(plain), days=(), guarded=True, reserves=True)
    intention = intend(replace(known, peaks=(tariff,)))
    (target,) = intention.target_peaks
    ends = [EVENING + timedelta(minutes=15 * quarter) for quarter in range(1, 9)]
    assert target.reserved == tuple((end, 900.0) for end in ends)
    draws = [slot.grid_w for slot in intention.slots[:8]]
    assert target.planned == tuple(zip(ends, draws, strict=True))
    for less in (replace(tariff, reserves=False), replace(tariff, guarded=False)):
        (target,) = intend(replace(known, peaks=(less,))).target_peaks
        assert target.reserved == ()


def test_each_day_has_its_own_target() -> None:
    """A plan of before midnight, where today has reached 6 kW and of other days three reach 3: from midnight on it is less."""
    plain = night(car(energy_wh=9_000.0))
    tariff = _hourly(plain, today_w=6_000.0, anyway_w=((3_000.0, 1.0),), guarded=True)
    (target,) = intend(replace(plain, peaks=(tariff,))).target_peaks
    (later,) = target.later
    midnight, tomorrow_w = later
    assert tariff.days[plain.starts.index(midnight)] == tariff.days[0] + 1
    assert tomorrow_w < target.power_w
    before = midnight - timedelta(seconds=1)
    assert target.power_at(before) == target.power_w >= 6_000
    assert target.power_at(midnight) == tomorrow_w >= 3_000
    one = replace(tariff, days=())
    (target,) = intend(replace(plain, peaks=(one,))).target_peaks
    assert target.later == ()


def test_later_steps_know_which_peak_a_minimum_needs() -> None:
    """Beside 1 kW of the house 4 kW make 5; in an hour of four quarters 2; where a guard spreads what is left 2.75."""
    car = store(min_charge_w=4_000.0)
    asked = problem(car, load_w=(1_000.0,) * 4, steps_s=(900.0,) * 4)
    quarters = Peak(price_per_kw=1.0, windows=(0, 1, 2, 3), level_w=2_000.0)
    hour = replace(quarters, windows=(0, 0, 0, 0), level_w=1_000.0)
    assert rungs_of(asked, quarters, 1).kw == pytest.approx([5.0])
    assert rungs_of(asked, quarters, 1).of_store["zoe"].tolist() == [-1, 0, 0, 0]
    assert rungs_of(asked, replace(quarters, level_w=5_000.0), 1).of_store == {}
    assert rungs_of(asked, hour, 0).kw == pytest.approx([2.0])
    # After three quarters at 1 kW, a guard that spreads what was saved over 20 minutes allows P + (P - 1) x 45 / 20, and less
    # once 4 kW were used: who is to go on until the end of the hour needs P + (P - 1) x 45 / (15 + 20).
    guarded = rungs_of(asked, replace(hour, guarded=True), 3)
    assert guarded.kw == pytest.approx([(5 + 0.75 * 12 / 7) / (1 + 0.75 * 12 / 7)])


@pytest.mark.parametrize(("needed_wh", "certain"), [(900.0, 0), (1_100.0, 1), (9e9, 1)])
def test_a_peak_that_a_departure_needs_is_certain(
    needed_wh: float, certain: int
) -> None:
    """One quarter of 4 kW fits beside a house that is away: beyond that 1 kWh the others are needed, at 5 kW."""
    needy = store(
        max_charge_w=4_000.0,
        min_charge_w=4_000.0,
        goals=(Goal(step=3, energy_wh=needed_wh),),
    )
    asked = problem(
        needy, load_w=(0.0, 1_000.0, 1_000.0, 1_000.0), steps_s=(900.0,) * 4
    )
    peak = Peak(price_per_kw=1.0, windows=(0, 1, 2, 3), level_w=4_000.0)
    assert rungs_of(asked, peak, 0).certain == certain
