"""What is intended for a site's cars: expected values are calculated by hand."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from custom_components.sunfuse.planner import (
    AnnouncedLimit,
    Assumption,
    CarGoal,
    CarMode,
    CircuitOutlook,
    PlanKey,
    Strategy,
    clock_steps,
    intend,
)

from .sites import EVENING, MORNING, QUARTER, by_hour, car, exactly, night

# At 11.04 kW a car stores 0.92 of that, less 225 W: what a kilowatt-hour in its battery costs the charger.
STORED_W = 0.92 * 11_040 - 225


def at(hour: int, minute: int = 0) -> datetime:
    """Return a time of the next morning."""
    return datetime(2026, 1, 13, hour, minute, tzinfo=UTC)


def test_a_car_waits_for_the_cheap_hours_and_says_so() -> None:
    """10 kWh need 10,000 / 9,932 h at full power, from two o'clock, for 0.11 instead of 0.34."""
    zoe = intend(night(car())).cars[0]
    assert zoe.next_start == at(2)
    assert zoe.ready is not None
    assert zoe.ready <= at(4)
    assert zoe.why.key is PlanKey.WAITS_FOR_PRICE
    assert dict(zoe.why.values) == {
        "until": at(2).isoformat(),
        "price": 0.11,
        "price_now": 0.34,
        "ready": zoe.ready.isoformat(),
    }
    drawn_wh = 10_000 * 11_040 / STORED_W
    assert zoe.energy_wh == pytest.approx(10_000, abs=1)
    assert zoe.cost == pytest.approx(drawn_wh / 1000 * 0.11, rel=0.02)
    assert zoe.cost_at_once == pytest.approx(drawn_wh / 1000 * 0.34, rel=0.001)
    assert zoe.saving == pytest.approx(zoe.cost_at_once - zoe.cost)
    assert zoe.soc == pytest.approx(50 + 10 / 52 * 100, abs=0.1)
    assert (zoe.sun_share, zoe.grid_share) == (0.0, 1.0)
    assert zoe.assumptions == ()


def test_two_cars_that_want_the_one_cheap_hour_are_both_ready() -> None:
    """25 A carry 17.25 kW, less the house: two cars of 11 kW do not fit into one hour, and share it."""
    one_hour = {3: 0.11}
    intention = intend(night(car(), car("leaf", 9_000.0), cheap=one_hour))
    assert all(each.shortfalls == () for each in intention.cars)
    assert all(
        each.energy_wh >= each.slots[-1].energy_wh - 1 for each in intention.cars
    )
    fuse_w = 3 * 25 * 230
    assert all(slot.cars_w + slot.house_w <= fuse_w + 1 for slot in intention.slots)


def test_what_cannot_be_had_is_shared_fairly_and_said_early() -> None:
    """One hour on 16.85 kW for two that need 26 kWh each: both reach the same share, and learn when they would have it."""
    steps_from = at(6)
    both = night(car(energy_wh=None), car("leaf", None), now=steps_from)
    first, second = intend(both).cars
    assert first.shortfalls
    assert second.shortfalls
    assert first.shortfalls[0].reaches_wh == pytest.approx(
        second.shortfalls[0].reaches_wh, abs=50
    )
    shortfall = first.shortfalls[0]
    assert shortfall.boost_helps
    assert shortfall.later is not None
    assert shortfall.later > MORNING
    assert first.why.key is PlanKey.MISSES
    values = dict(first.why.values)
    assert values["at"] == MORNING.isoformat()
    assert values["wanted_soc"] == 100
    assert values["reaches_soc"] == pytest.approx(shortfall.reaches_soc, abs=0.5)
    assert shortfall.boost_helps
    assert values["later"] == shortfall.later.isoformat(timespec="seconds")


def test_alone_and_late_the_time_to_leave_is_calculated() -> None:
    """26 kWh from six o'clock need 26 / 9.932 h = 2 h 37 min: 8:40 in steps of five minutes, and no boost helps."""
    zoe = intend(night(car(energy_wh=None), now=at(6))).cars[0]
    assert zoe.shortfalls[0].reaches_wh == pytest.approx(STORED_W, abs=1)
    assert zoe.shortfalls[0].later == at(8, 40)
    assert not zoe.shortfalls[0].boost_helps


def test_a_boost_does_not_help_beside_cars_that_keep_their_minimum() -> None:
    """Two cars in fast mode keep 4.1 of 16.85 kW each beside a guess, also beside a boost: 8.6 kW are left in the last hour in any case."""
    fast = [car(name, mode=CarMode.FAST) for name in ("leaf", "kona")]
    guess = (CarGoal(at=MORNING, guessed=True),)
    zoe = intend(night(car(goals=guess), *fast, now=at(6))).cars[0]
    (shortfall,) = zoe.shortfalls
    assert shortfall.reaches_wh < 0.8 * STORED_W
    assert not shortfall.boost_helps


def test_energy_is_told_as_the_charger_meters_it() -> None:
    """Of 30 kWh for a guest 5 are metered at six; one hour adds 11.04 less the car's constant loss, not what its battery stores."""
    left_wh = 25_000 * 0.92
    guest = car(energy_wh=left_wh, soc=None, capacity_wh=None, charged_wh=5_000.0)
    planned = intend(night(guest, now=at(6))).cars[0]
    values = dict(planned.why.values)
    assert values["wanted_wh"] == 30_000
    assert values["reaches_wh"] == pytest.approx(5_000 + STORED_W / 0.92, abs=1)


def test_a_plan_does_not_jump_between_runs() -> None:
    """An hour that has become cheaper by a thousandth is not worth another plan; one that costs half is."""
    two_hours = {0: 0.20, 3: 0.20}
    before = intend(night(car(energy_wh=9_000.0), cheap=two_hours))
    [zoe] = before.cars
    assert zoe.next_start == at(0)
    hardly = intend(night(car(energy_wh=9_000.0), cheap={0: 0.20, 3: 0.1998}), before)
    assert [slot.power_w for slot in hardly.cars[0].slots[:8]] == pytest.approx(
        [slot.power_w for slot in zoe.slots[:8]], abs=1
    )
    clearly = intend(night(car(energy_wh=9_000.0), cheap={0: 0.20, 3: 0.10}), before)
    assert clearly.cars[0].next_start == at(3)


@pytest.mark.parametrize("least", ["circuit", "others"])
def test_who_can_have_less_than_the_car_takes_does_not_wait_for_the_next_hour(
    least: str,
) -> None:
    """All hours cost the same, so the car begins at once: the next steps are not to look dearer than later ones."""
    street = car(
        "street",
        mode=CarMode.SOLAR_MIN,
        phases=(2,),
        max_a=32.0,
        goals=(),
        charging=True,
    )
    zoe = car(max_a=32.0, energy_wh=25_000.0)
    outlook = night(zoe, cheap={0: 0.34})
    if least == "circuit":
        main = CircuitOutlook(id="main", limit_a=(12.0, 12.0, 12.0))
        outlook = replace(outlook, circuits=(main,))
    else:
        main = CircuitOutlook(id="main", limit_a=(19.0, 19.0, 19.0))
        outlook = replace(outlook, circuits=(main,), cars=(zoe, street))
    assert intend(outlook).cars[0].slots[0].power_w > 4_000


@pytest.mark.parametrize("needs_wh", [60.0, 300.0])
def test_the_last_bit_is_charged_while_it_is_cheap(needs_wh: float) -> None:
    """At 02:10 a quarter hour at the minimum would be more than it needs: it goes on, and does not wait for dearer hours."""
    outlook = night(
        car(energy_wh=needs_wh, charging=True), now=at(2) + timedelta(minutes=10)
    )
    (zoe,) = intend(outlook).cars
    assert zoe.slots[0].power_w > 0
    assert zoe.slots[0].advice.at_least_w >= 6 * 690
    assert zoe.ready
    assert zoe.ready <= at(4)
    (zoe,) = intend(replace(outlook, cars=(car(energy_wh=needs_wh),))).cars
    assert zoe.ready
    assert zoe.ready <= at(4)


def test_alone_a_boost_changes_nothing_and_is_not_proposed() -> None:
    """The car charges with all that it takes already: what would help is to leave later."""
    alone = intend(night(car(energy_wh=None, soc=0.0, capacity_wh=200_000.0))).cars[0]
    assert alone.why.key is PlanKey.MISSES
    assert "ready_later" in dict(alone.why.values)
    assert "later" not in dict(alone.why.values)


def test_who_has_enough_for_the_departure_is_told_so() -> None:
    """Also where the battery could take more; a guest of whom nothing is known has nothing planned, or the cheap hours."""
    full = intend(night(car(energy_wh=0.0), cheap={0: 0.34})).cars[0]
    assert full.why.key is PlanKey.HAS_ENOUGH
    guest = car(goals=(), soc=None, capacity_wh=None)
    flat = intend(night(guest, cheap={0: 0.34})).cars[0]
    assert flat.why.key is PlanKey.WAITS_FOR_SUN
    cheap = intend(night(guest)).cars[0]
    assert cheap.next_start == at(2)
    limited = intend(night(car(soc=None, capacity_wh=None, price_limit=0.2)))
    # The cheap hours give 22 kWh, and 10 of them were asked for.
    assert limited.cars[0].drawn_wh > 20_000


def test_a_car_that_is_expected_keeps_what_it_needs_and_misses_nothing() -> None:
    """Beside 16 A the cheap hours are enough for one: with another one to come, the first begins at once."""
    main = CircuitOutlook(id="main", limit_a=(18.0, 18.0, 18.0))
    here = car(energy_wh=40_000.0)
    coming = car(
        "leaf",
        connected=False,
        arrives=at(1),
        goals=(CarGoal(at=MORNING, energy_wh=40_000.0, guessed=True),),
    )
    alone = intend(night(here, circuits=(main,))).cars[0]
    both = intend(night(here, coming, circuits=(main,)))
    assert sum(slot.power_w for slot in alone.slots[:8]) < sum(
        slot.power_w for slot in both.cars[0].slots[:8]
    )
    # Whoever is there goes first, and nobody is told what an absent car will miss.
    assert not both.cars[0].shortfalls
    assert not both.cars[1].shortfalls
    assert both.cars[1].assumptions == (Assumption.ARRIVAL_EXPECTED,)


def test_a_departure_that_has_passed_is_served_at_once_and_is_no_news() -> None:
    """Its driver may leave at any moment: the car charges at full power although it will be cheap at two."""
    goal = CarGoal(at=EVENING + timedelta(minutes=15), energy_wh=10_000.0, overdue=True)
    (late,) = intend(night(car(goals=(goal,)))).cars
    assert late.slots[0].power_w == pytest.approx(11_040, abs=1)
    assert late.slots[0].advice.pressing
    assert late.why.key is PlanKey.CHARGES_TO_BE_READY
    assert late.shortfalls == ()


def test_a_large_battery_is_spread_as_well() -> None:
    """54 kWh in nine hours at one price: 6 kW in each, and 225 W and 8 % of losses."""
    large = car(
        energy_wh=54_000.0, soc=10.0, capacity_wh=100_000.0, strategy=Strategy.SPREAD
    )
    (spread,) = intend(night(large, cheap={30: 0.0})).cars
    assert spread.shortfalls == ()
    even_w = 6_000.0 / (0.92 - 0.225 / 11.04)
    assert max(slot.power_w for slot in spread.slots) == pytest.approx(even_w, rel=0.02)


def test_strategies_differ_where_the_cost_does_not() -> None:
    """At one price: as late as possible ends at the departure, spread takes the least power."""
    flat = {30: 0.0}
    late = intend(night(car(strategy=Strategy.LATE), cheap=flat)).cars[0]
    assert late.end == MORNING
    assert late.why.key is PlanKey.WAITS_TO_BE_LATE
    spread = intend(night(car(strategy=Strategy.SPREAD), cheap=flat)).cars[0]
    early = intend(night(car(), cheap=flat)).cars[0]
    assert max(slot.power_w for slot in spread.slots) < 0.6 * max(
        slot.power_w for slot in early.slots
    )
    assert early.next_start is None


@pytest.mark.parametrize("price", [0.34, 0.0])
def test_at_one_price_the_sooner_the_better(price: float) -> None:
    """A car begins at once and goes on until it is ready; waiting saves nothing, and the cost is that of what it draws."""
    zoe = intend(night(car(), cheap=dict.fromkeys(range(24), price))).cars[0]
    assert zoe.next_start is None
    charges = [slot.charges for slot in zoe.slots]
    assert charges == sorted(charges, reverse=True)
    drawn_wh = 10_000 * 11_040 / STORED_W
    assert zoe.cost == pytest.approx(drawn_wh / 1000 * price, rel=0.02)
    assert zoe.saving == pytest.approx(0.0, abs=0.02)
    assert zoe.ready is not None
    # 10 kWh take one hour and half a minute.
    assert zoe.ready <= EVENING + timedelta(minutes=75)


def test_the_minimum_comes_at_once_whatever_it_costs() -> None:
    """4 kWh are there within half an hour; the rest waits for two o'clock."""
    zoe = intend(night(car(minimum_wh=4_000.0))).cars[0]
    assert zoe.slots[1].energy_wh >= 3_999
    assert zoe.why.key is PlanKey.MINIMUM_FIRST
    assert zoe.slots[4].power_w == 0
    assert zoe.slots[0].advice.at_least_w >= 4_140


def test_solar_cars_take_sun_and_nothing_else() -> None:
    """5 kW of sun over 400 W of house for two hours: 4.6 kW go into the car, without any cost but the export."""
    sun = tuple(5_000.0 if 16 <= step < 24 else 0.0 for step in range(48))
    solar = car(mode=CarMode.SOLAR, goals=())
    zoe = intend(night(solar, sun=exactly(*sun))).cars[0]
    assert zoe.drawn_wh == pytest.approx(9_200, abs=5)
    assert zoe.sun_share == pytest.approx(1.0)
    assert zoe.cost == pytest.approx(9.2 * 0.08, abs=0.001)
    assert zoe.why.key is PlanKey.WAITS_FOR_SUN
    assert zoe.slots[0].advice.at_least_w == 0
    assert zoe.slots[0].advice.at_most_w == 11_040


def test_eco_without_a_departure_takes_sun_and_cheap_hours_only() -> None:
    """Two hours at 0.11 are cheap; with one price all night no hour is, and only the sun is left."""
    eco = car(goals=(), full_wh=40_000.0)
    intention = intend(night(eco))
    starts = [slot.start for slot in intention.cars[0].slots if slot.power_w > 1]
    assert starts[0] == at(2)
    assert starts[-1] == at(3, 45)
    none = intend(night(eco, cheap={30: 0.0}))
    assert all(slot.power_w == 0 for slot in none.cars[0].slots)


@pytest.mark.parametrize(
    ("tonight", "tomorrow", "charges_wh"), [(0.1, 0.3, 20_000.0), (0.3, 0.1, 0.0)]
)
def test_a_car_that_leaves_after_the_plan_takes_the_cheaper_night(
    tonight: float, tomorrow: float, charges_wh: float
) -> None:
    """In 60 hours: the night that is known to be cheap is used; a dearer one is left to the next."""
    steps_s = clock_steps(EVENING, EVENING + timedelta(hours=48))
    half = len(steps_s) // 2
    prices = [
        price
        for night_price in (tonight, tomorrow)
        for price in by_hour(
            EVENING, steps_s[:half], dict.fromkeys(range(5), night_price), 0.35
        )
    ]
    late = car(
        goals=(CarGoal(at=EVENING + timedelta(hours=60), energy_wh=20_000.0),),
        full_wh=26_000.0,
        target_wh=20_000.0,
    )
    steps = len(steps_s)
    (planned,) = intend(
        night(
            late,
            steps_s=steps_s,
            house=exactly(*(400.0,) * steps),
            sun=exactly(*(0.0,) * steps),
            import_price=tuple(prices),
            export_price=(0.08,) * steps,
        )
    ).cars
    by_morning = [slot.energy_wh for slot in planned.slots if slot.end <= MORNING]
    assert by_morning[-1] == pytest.approx(charges_wh, abs=60)
    assert planned.slots[-1].energy_wh == pytest.approx(20_000, abs=60)


@pytest.mark.parametrize("limit", [None, 0.12])
@pytest.mark.parametrize("target_wh", [0.0, 3_000.0])
def test_cheap_hours_fill_a_car_to_its_target_and_no_further(
    limit: float | None, target_wh: float
) -> None:
    """A Leaf above its target takes nothing from the grid; one below it no more than is missing."""
    eco = car(goals=(), full_wh=10_000.0, target_wh=target_wh, price_limit=limit)
    leaf = intend(night(eco)).cars[0]
    assert leaf.energy_wh == pytest.approx(target_wh, abs=60)


def test_sun_fills_a_car_beyond_its_target() -> None:
    """5 kW of sun from six to ten, in the cheapest hours: 3 kWh are bought in the night, the rest is sun alone."""
    eco = car(goals=(), full_wh=10_000.0, target_wh=3_000.0)
    cheap = {2: 0.11, 3: 0.11, 6: 0.11, 7: 0.11}
    dark = night(eco, cheap=cheap)
    sun_w = by_hour(EVENING, dark.steps_s, dict.fromkeys(range(6, 10), 5_000.0), 0.0)
    leaf = intend(replace(dark, sun=exactly(*sun_w))).cars[0]
    bought_wh = sum((s.power_w - s.sun_w) / 4 for s in leaf.slots)
    assert leaf.energy_wh == pytest.approx(10_000, abs=60)
    assert bought_wh == pytest.approx(3_000 * 11_040 / STORED_W, rel=0.03)
    sunny = [s for s in leaf.slots if s.power_w > 1 and s.start >= at(6)]
    assert sunny
    assert PlanKey.TAKES_CHEAP_HOURS not in {s.advice.why.key for s in sunny}
    assert {s.advice.at_least_w for s in sunny} == {0.0}


def test_a_departure_is_met_where_cheap_hours_are_shared() -> None:
    """All is cheap, and the fuse is for one car: the one that has half of it is ready all the same, and no more than ready."""
    limited = {"price_limit": 0.35, "full_wh": 40_000.0, "target_wh": 20_000.0}
    both = [car(name, 20_000.0, **limited) for name in ("zoe", "leaf")]
    intention = intend(night(*both))
    for one in intention.cars:
        assert one.shortfalls == ()
        assert one.energy_wh == pytest.approx(20_000, abs=60)


def test_a_minimum_above_the_target_is_charged_at_once_from_the_grid() -> None:
    """The driver wants 6 kWh whatever they cost, and 3 by target."""
    eco = car(goals=(), full_wh=10_000.0, target_wh=3_000.0, minimum_wh=6_000.0)
    zoe = intend(night(eco)).cars[0]
    assert zoe.slots[0].power_w == pytest.approx(11_040, abs=1)
    assert zoe.energy_wh == pytest.approx(6_000, abs=60)


def test_without_a_target_below_the_price_limit_a_car_takes_what_it_can() -> None:
    """`Charge now if under 0.35`: beyond what it needs by seven."""
    zoe = intend(night(car(price_limit=0.35, full_wh=26_000.0))).cars[0]
    assert zoe.energy_wh == pytest.approx(26_000, abs=1)
    assert zoe.slots[0].advice.why.key is not PlanKey.OFF


def test_feed_in_first_waits_while_export_pays_well() -> None:
    """Export at 0.20 until midnight, above the limit of 0.15: the car lets the sun go, and is told to."""
    sun = (6_000.0,) * 48
    export = (0.20,) * 8 + (0.08,) * 40
    solar = car(mode=CarMode.SOLAR, goals=(), feed_in_first_above=0.15)
    zoe = intend(night(solar, sun=exactly(*sun), export_price=export)).cars[0]
    assert zoe.slots[0].power_w == 0
    assert zoe.slots[0].advice.at_most_w == 0
    assert zoe.why.key is PlanKey.WAITS_FOR_FEED_IN
    assert dict(zoe.why.values)["export_price"] == 0.2
    assert zoe.next_start == datetime(2026, 1, 13, 0, 0, tzinfo=UTC)


def test_a_fast_car_charges_at_once_and_an_idle_one_not_at_all() -> None:
    """`fast` and `off` are planned too: the others have to know."""
    fast = car("fast", mode=CarMode.FAST, goals=())
    idle = car("idle", mode=CarMode.OFF)
    first, second = intend(night(fast, idle)).cars
    assert first.slots[0].power_w == pytest.approx(11_040, abs=1)
    assert first.slots[0].advice.at_least_w == 11_040
    assert first.why.key is PlanKey.CHARGES_AT_ONCE
    assert all(slot.power_w == 0 for slot in second.slots)
    assert second.why.key is PlanKey.OFF
    assert second.slots[0].advice.at_most_w == 0


def test_a_fast_car_charges_at_once_whatever_is_cheaper_within_two_days() -> None:
    """Its plan says what it will take, which others go by: 20 kWh from now on, not from two o'clock."""
    now = EVENING
    steps_s = clock_steps(now, now + timedelta(hours=48))
    outlook = replace(
        night(car(mode=CarMode.FAST, energy_wh=20_000.0)),
        steps_s=steps_s,
        house=exactly(*(400.0,) * len(steps_s)),
        sun=exactly(*(0.0,) * len(steps_s)),
        import_price=by_hour(now, steps_s, {2: 0.11, 3: 0.11}, 0.34),
        export_price=(0.08,) * len(steps_s),
    )
    (zoe,) = intend(outlook).cars
    assert [slot.power_w for slot in zoe.slots[:8]] == pytest.approx(
        [11_040] * 8, abs=1
    )
    assert zoe.saving == pytest.approx(0.0, abs=0.01)


def test_a_boosted_car_charges_until_the_boost_ends() -> None:
    """For an hour, although power is dear; the cheap hours give the rest."""
    boosted = car(energy_wh=20_000.0, boost_until=EVENING + timedelta(hours=1))
    zoe = intend(night(boosted)).cars[0]
    assert [slot.power_w for slot in zoe.slots[:4]] == pytest.approx(
        [11_040] * 4, abs=1
    )
    assert zoe.slots[4].power_w == 0
    assert zoe.why.key is PlanKey.BOOSTS


def test_preconditioning_has_power_before_the_departure() -> None:
    """The last half hour is at full power, and advised so even if the car is full by then."""
    zoe = intend(night(car(precondition=timedelta(minutes=30)))).cars[0]
    advices = [slot.advice for slot in zoe.slots if at(6, 30) <= slot.start < MORNING]
    assert [advice.at_least_w for advice in advices] == [11_040, 11_040]
    assert all(advice.why.key is PlanKey.PRECONDITIONS for advice in advices)


@pytest.mark.parametrize("needs_wh", [10_000.0, 0.0])
@pytest.mark.parametrize("full_wh", [30_000.0, 0.0])
def test_preconditioning_does_not_fill_the_battery(
    needs_wh: float, full_wh: float
) -> None:
    """What is demanded in a dear hour is for the cabin: the car gets it then, and no more than it needs before.

    Also one that already has what it needs, or is full.
    """
    half_hour = timedelta(minutes=30)
    wants = car(energy_wh=needs_wh, full_wh=full_wh, precondition=half_hour)
    (zoe,) = intend(night(wants)).cars
    needs_wh = min(needs_wh, full_wh)
    assert zoe.energy_wh == pytest.approx(needs_wh, abs=60)
    advices = [s.advice for s in zoe.slots if MORNING - half_hour <= s.start < MORNING]
    assert [advice.at_least_w for advice in advices] == [11_040, 11_040]
    assert all(advice.why.key is PlanKey.PRECONDITIONS for advice in advices)


def test_where_nobody_knows_the_carbon_no_hour_is_clean() -> None:
    """A limit of 100 g then means nothing, which is said; it does not mean that every hour is clean."""
    (zoe,) = intend(night(car(carbon_limit_g=100.0))).cars
    assert zoe.energy_wh == pytest.approx(10_000, abs=60)
    assert zoe.slots[0].power_w == 0


def test_who_charges_because_it_is_cheap_is_told_so() -> None:
    """Below the price limit it charges what it can, which no departure needs: nobody else gives way for that."""
    (zoe,) = intend(night(car(price_limit=0.4))).cars
    assert zoe.why.key is PlanKey.TAKES_CHEAP_HOURS


def test_what_is_not_known_is_assumed_and_said() -> None:
    """Without prices, forecasts, size or need there is a plan, and it says what it took instead."""
    unknown = car(soc=None, capacity_wh=None, energy_wh=None)
    blind = night(
        unknown,
        import_price=(),
        export_price=(),
        house=None,
        sun=None,
        known_prices=None,
    )
    intention = intend(blind)
    assert set(intention.assumptions) == {
        Assumption.PRICES_UNKNOWN,
        Assumption.EXPORT_UNKNOWN,
        Assumption.HOUSE_UNKNOWN,
        Assumption.SUN_UNKNOWN,
        Assumption.ENERGY_UNKNOWN,
        Assumption.SIZE_UNKNOWN,
    }
    assert intention.cars[0].energy_wh == pytest.approx(10_000, abs=1)
    estimated = intend(night(car(), known_prices=4))
    assert Assumption.PRICES_ESTIMATED in estimated.assumptions
    guess = car(goals=(CarGoal(at=MORNING, energy_wh=5_000.0, guessed=True),))
    assert intend(night(guess)).cars[0].assumptions == (Assumption.DEPARTURE_GUESSED,)


def test_the_car_and_the_charger_limit_each_other() -> None:
    """A car of one phase and 32 A on a charger of three phases and 16 A takes 3.68 kW from L1."""
    small = car(car_phases=1, car_max_a=32.0)
    intention = intend(
        night(small, circuits=(CircuitOutlook(id="main", limit_a=(20.0, 5.0, 5.0)),))
    )
    assert max(slot.power_w for slot in intention.cars[0].slots) == pytest.approx(
        3_680, abs=1
    )
    assert intention.cars[0].shortfalls == ()


def test_advice_is_found_by_time_and_ends_with_the_plan() -> None:
    """Whoever asks later than the plan reaches, or for somebody unknown, hears nothing."""
    intention = intend(night(car()))
    advice = intention.slot("zoe", at(2, 20))
    assert advice is not None
    assert advice.at_least_w > 0
    assert intention.slot("zoe", EVENING + timedelta(hours=12)) is None
    assert intention.slot("nobody", EVENING) is None
    assert intention.slots[0].end - intention.slots[0].start == QUARTER


@pytest.mark.parametrize("minutes", [0, 10])
def test_a_car_that_stays_past_its_departure_goes_on_until_the_next_plan(
    minutes: int,
) -> None:
    """It is planned until half past ten at most; a plan at a quarter past arrives just after that."""
    now = EVENING + timedelta(minutes=minutes)
    late = CarGoal(at=now + QUARTER, energy_wh=20_000.0, overdue=True)
    intention = intend(night(car(goals=(late,)), now=now))
    before = intention.slot("zoe", EVENING + QUARTER - timedelta(seconds=1))
    assert before is not None
    assert before.at_least_w == pytest.approx(11_040, abs=1)
    assert intention.slot("zoe", EVENING + QUARTER + timedelta(seconds=1)) == before


def test_cars_away_or_paused_wait_for_their_time() -> None:
    """A car that arrives at one and one that is paused until three charge no earlier."""
    coming = car("coming", connected=False, arrives=at(1))
    paused = replace(car("paused"), paused_until=at(3))
    unknown = car("unknown", connected=False)
    first, second, third = intend(night(coming, paused, unknown, cheap={22: 0.01})).cars
    assert first.next_start == at(1)
    assert first.why.key is PlanKey.AWAY
    assert second.next_start is not None
    assert second.next_start >= at(3)
    assert second.why.key is PlanKey.PAUSED
    assert third.next_start is None


def test_a_car_bears_a_cloud_only_while_a_slot_is_in_reserve() -> None:
    """2.2 kWh from the sun take one slot at full power: with two slots left the car waits for no cloud to pass."""
    for quarters, promised in ((2, True), (8, False)):
        now = MORNING - quarters * QUARTER
        leaving = night(car(energy_wh=2_200.0), now=now, sun=exactly(*(9_000.0,) * 48))
        advice = intend(leaving).cars[0].slots[0].advice
        assert (advice.at_least_w > 0) is promised


def test_of_a_charger_without_a_car_nothing_is_assumed() -> None:
    """Whoever reads what a plan assumed looks for the car of which something is not known."""
    nobody = car("other", connected=False, soc=None, capacity_wh=None, goals=())
    plan = intend(night(car(), nobody))
    assert Assumption.SIZE_UNKNOWN not in plan.assumptions
    assert Assumption.ENERGY_UNKNOWN not in plan.assumptions


def test_a_car_that_takes_nothing_more_has_a_plan_beside_sun() -> None:
    """It is full, and its departure still stands."""
    plain = night(car(energy_wh=0.0, full_wh=0.0))
    plain = replace(plain, sun=exactly(*(5_000.0,) * len(plain.steps_s)))
    full = intend(plain).cars[0]
    assert not any(slot.power_w for slot in full.slots)
    assert full.shortfalls == ()


@pytest.mark.parametrize("cars_only", [True, False])
def test_an_announced_limit_below_nothing_is_none_at_all(cars_only: bool) -> None:
    """A grid operator's signal with the sign of feeding in."""
    plain = night(car(), house=exactly(*(0.0,) * 48))
    limit = AnnouncedLimit(
        start=EVENING, end=MORNING, power_w=-500.0, cars_only=cars_only
    )
    assert not any(
        slot.cars_w for slot in intend(replace(plain, limits=(limit,))).slots[:36]
    )
