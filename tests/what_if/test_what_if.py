"""What if: costs and peaks by hand, in weeks so simple that a pencil is enough."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from custom_components.sunfuse.engine.model import Circuit, Mode, Site
from custom_components.sunfuse.simulator.battery import BatterySpec
from custom_components.sunfuse.site.replay.what_if_setup import guarded, week_peaks
from custom_components.sunfuse.sources.tariffs.capacity_rules import CapacityTariff
from custom_components.sunfuse.what_if import (
    ChargingPolicy,
    HomeStorage,
    Outlet,
    PastStay,
    PastWeek,
    PeakPrice,
    Question,
    ReplayedSite,
    ReplayedWeek,
    SiteSetup,
    Variation,
    WeekPeaks,
    WhatChanges,
    compare,
    replay_week,
    usual_days,
    varied_setup,
    varied_week,
)
from custom_components.sunfuse.what_if.comparison_answer import answer
from development.comparison_page import comparison_page

START = datetime(2026, 3, 2, tzinfo=UTC)  # a Monday
DAY = 96
DAYS, TAIL = 2, 1  # short, so that a test is: the replay does not mind
CHEAP, DEAR, SOLD = 0.10, 0.30, 0.05


def stay(came_h: float, left_h: float, kwh: float, connector: str = "a") -> PastStay:
    """Return a car of 11 kW."""
    return PastStay(
        connector=connector,
        came=START + timedelta(hours=came_h),
        left=START + timedelta(hours=left_h),
        energy_wh=1000 * kwh,
        max_w=11_040.0,
    )


def week(
    *stays: PastStay, sun_w: float = 0.0, house_w: float = 230.0, flat: bool = False
) -> PastWeek:
    """Return two days: a house, sun from 10 to 14 o'clock, and prices that are low from 0 to 4."""
    steps = range((DAYS + TAIL) * DAY)
    hours = [step % DAY / 4 for step in steps]
    return PastWeek(
        start=START,
        quarters=DAYS * DAY,
        house_w=tuple(house_w for _ in steps),
        sun_w=tuple(sun_w if 10 <= hour < 14 else 0.0 for hour in hours),
        import_price=tuple(CHEAP if hour < 4 and not flat else DEAR for hour in hours),
        export_price=tuple(SOLD for _ in steps),
        stays=stays,
        local_days=tuple(step // DAY for step in steps),
        weekend=tuple(False for _ in steps),
    )


def setup(*outlets: str, mode: Mode = Mode.ECO, fuse_a: float = 25.0) -> SiteSetup:
    """Return a house with three phases."""
    main = Circuit(id="main", name="Main", parent=None, limit_a=(fuse_a,) * 3)
    return SiteSetup(
        site=ReplayedSite(site=Site(phases=3, voltage_v=230.0), circuits=(main,)),
        outlets=tuple(
            Outlet(id=name, circuit="main", mode=mode) for name in outlets or ("a",)
        ),
    )


def run(
    past: PastWeek,
    site: SiteSetup,
    variation: Variation = Variation(),
    peaks: WeekPeaks = WeekPeaks(),
    before: tuple[PastStay, ...] = (),
) -> ReplayedWeek:
    """Let a week pass with a variation."""
    return replay_week(
        varied_week(past, site, variation, before),
        varied_setup(site, variation),
        usual_days([past]),
        peaks,
    )


def house_cost(past: PastWeek) -> float:
    """Return what the house alone costs, without sun."""
    return sum(
        power_w / 4000 * price
        for power_w, price in zip(
            past.house_w[: past.quarters],
            past.import_price[: past.quarters],
            strict=True,
        )
    )


def test_a_planned_car_pays_the_night_and_an_uncontrolled_one_the_evening() -> None:
    """22 kWh from 18:00 to 7:00: at 0.10 by plan, at 0.30 at once; the house is the same."""
    past = week(stay(18, 31, 22))
    planned = run(past, setup())
    assert planned.energy_cost == pytest.approx(house_cost(past) + 22 * CHEAP, abs=0.02)
    at_once = run(past, setup(), Variation(policy=ChargingPolicy.UNCONTROLLED))
    assert at_once.energy_cost == pytest.approx(house_cost(past) + 22 * DEAR, abs=0.02)
    assert planned.cars_wh == pytest.approx(22_000, abs=20)
    assert at_once.cars_wh == pytest.approx(22_000, abs=20)
    assert (planned.missed, at_once.missed, planned.stays) == (0, 0, 1)


def test_a_car_that_stays_beyond_the_week_is_paid_and_the_house_is_not() -> None:
    """It comes on the last evening, and charges in the night after: its energy counts, the house's of that night does not."""
    past = week(stay(44, 56, 11))
    result = run(past, setup())
    assert result.cars_wh == pytest.approx(11_000, abs=20)
    assert result.energy_cost == pytest.approx(house_cost(past) + 11 * CHEAP, abs=0.02)


def test_without_control_a_small_fuse_is_overloaded_and_with_it_it_is_not() -> None:
    """Two cars of 16 A on 20 A: 230 W of the house are a third of an ampere."""
    past = week(stay(18, 31, 11), stay(18, 31, 11, "b"))
    small = Variation(fuse_a=20.0)
    loose = replace(small, policy=ChargingPolicy.UNCONTROLLED)
    assert run(past, setup("a", "b"), loose).overload_min == pytest.approx(60, abs=2)
    kept = run(past, setup("a", "b"), small)
    assert kept.overload_min == 0
    assert kept.missed == 0
    assert kept.peak_w <= 20 * 3 * 230


def test_a_battery_saves_what_it_moves() -> None:
    """4 h of 1,770 W of surplus are 7.08 kWh a day: less the losses, the house takes them when it is dark.

    The house of 230 W takes 4.6 kWh in the other 20 hours, so a battery of 10 kWh (5 % reserve, half full, 92 %) never runs
    dry: it buys nothing, and sells what does not fit. Energy that is left counts at the mean price.
    """
    past = week(sun_w=2000.0, flat=True)
    without = run(past, setup())
    bought, sold = 2 * 20 * 0.23, 2 * 4 * 1.77
    assert without.energy_cost == pytest.approx(bought * DEAR - sold * SOLD, abs=0.01)
    storage = HomeStorage(spec=BatterySpec(capacity_wh=10_000))
    with_it = run(past, setup(), Variation(storage=storage))
    assert with_it.import_wh == pytest.approx(0, abs=1)
    # What came in and did not go out: into the battery, through both losses of 4.08 %.
    one_way = 0.92**0.5
    stored_kwh = (sold - with_it.export_wh / 1000) * one_way
    given_kwh = bought / one_way
    gained = stored_kwh - given_kwh
    expected = -with_it.export_wh / 1000 * SOLD - gained * DEAR
    assert with_it.energy_cost == pytest.approx(expected, abs=0.02)
    assert with_it.energy_cost < without.energy_cost


def test_a_controlled_battery_buys_when_it_is_cheap() -> None:
    """The house of 230 W costs 0.184 from 0 to 4 o'clock, and 9.2 kWh dear ones in two days, which it gets from the battery.

    They take 9.2 / 0.959 = 9.59 kWh out of it. What was bought beyond the house's 1.84 kWh went in, less the same loss; what
    is left of it counts at the mean price. Without control it would have bought nothing that is cheap.
    """
    past = week()
    spec = BatterySpec(capacity_wh=10_000)
    with_it = run(
        past, setup(), Variation(storage=HomeStorage(spec=spec, controlled=True))
    )
    assert max(with_it.grid_w[4 * 4 :]) == pytest.approx(0, abs=1)
    bought, one_way = with_it.import_wh / 1000, 0.92**0.5
    gained = (bought - 2 * 4 * 0.23) * one_way - 2 * 20 * 0.23 / one_way
    mean = (4 * CHEAP + 20 * DEAR) / 24
    assert with_it.energy_cost == pytest.approx(
        bought * CHEAP - gained * mean, abs=0.01
    )
    alone = run(past, setup(), Variation(storage=HomeStorage(spec=spec)))
    assert with_it.energy_cost < alone.energy_cost - 1.5


def test_twice_the_roof_is_twice_the_sun() -> None:
    """1,770 W of surplus become 3,770 W."""
    past = week(sun_w=2000.0, flat=True)
    more = run(past, setup(), Variation(solar_factor=2.0))
    assert more.export_wh == pytest.approx(2 * 4 * 3770, abs=10)


def test_fewer_and_more_chargers() -> None:
    """With one charger less the second car finds no place; with one more, a car comes that is like one of the week before."""
    past = week(stay(18, 31, 11), stay(19, 30, 11, "b"))
    site = setup("a", "b")
    one = run(past, site, Variation(chargers=1))
    assert (one.stays, one.missed) == (2, 1)
    assert one.cars_wh == pytest.approx(11_000, abs=20)
    earlier = replace(
        stay(18, 31, 5),
        came=START - timedelta(days=6),
        left=START - timedelta(days=5, hours=12),
    )
    three = run(past, site, Variation(chargers=3), before=(earlier,))
    assert (three.stays, three.missed) == (3, 0)
    assert three.cars_wh == pytest.approx(27_000, abs=40)


def test_peaks_are_priced_and_lowered() -> None:
    """At 4.2 per kW, 11 kW of the car beside 0.23 kW of the house cost 47; by plan the car takes the night evenly."""
    past = week(stay(18, 31, 22), flat=True)
    tariff = CapacityTariff(
        key="peak", interval_min=15, floor_w=2500.0, price_per_kw=4.2
    )

    def peaks() -> WeekPeaks:
        return week_peaks((guarded(tariff),), past, UTC)

    uncontrolled = Variation(policy=ChargingPolicy.UNCONTROLLED)
    at_once = run(past, setup(), uncontrolled, peaks())
    assert at_once.peak_w == pytest.approx(11_270, abs=5)
    assert at_once.peak_costs[0] == pytest.approx(4.2 * 11.27, abs=0.02)
    planned = run(past, setup(), peaks=peaks())
    assert planned.missed == 0
    assert (
        planned.peak_w < 5000
    )  # not below the mean of 1.7 kW, nor below the 6 A that a car needs


def test_three_highest_hours_of_different_days() -> None:
    """Hours of 4, 3, 2 and 1 kW: the second of the first day does not count."""
    peak = PeakPrice(price=10.0, quarters=4, top=3, by_day=True)
    flows = [1000.0] * 4 + [750.0] * 4 + [0.0] * 88
    flows += [500.0] * 4 + [0.0] * 92 + [250.0] * 4 + [0.0] * 92
    assert peak.highest_w(flows) == (4000.0, 2000.0, 1000.0)
    assert peak.cost(flows) == pytest.approx(10 * 7 / 3)
    steps = replace(peak, step_limits_w=(2000.0, 5000.0), step_prices=(5.0, 9.0, 14.0))
    assert steps.cost(flows) == 9.0
    nights = replace(peak, counts=tuple(step % DAY >= 4 for step in range(3 * DAY)))
    assert nights.highest_w(flows) == (3000.0, 0.0, 0.0)


def ask(past: PastWeek, variation: Variation, investment: float | None) -> Question:
    """Return a question about one week."""
    return Question(
        setup=setup(),
        weeks=(past,),
        before=((),),
        variation=variation,
        peaks=lambda _week: WeekPeaks(),
        investment=investment,
    )


def test_what_it_saves_and_when_it_has_paid() -> None:
    """From 0.30 to 0.10 for 22 kWh: 4.40 in these days, 229 a year (52.14 weeks), so 1,000 are back after 4.4 years."""
    past = week(stay(18, 31, 22))
    today = replace(setup(), policy=ChargingPolicy.UNCONTROLLED)
    question = replace(
        ask(past, Variation(policy=ChargingPolicy.ECO), 1000.0), setup=today
    )
    found = compare(question, lambda: True)
    year = 22 * (DEAR - CHEAP) * 365 / 7
    assert found.money.saving == pytest.approx(year, rel=0.01)
    assert found.money.payback_years == pytest.approx(1000 / year, rel=0.01)
    assert found.doubts[WhatChanges.PRICES_UP].saving == pytest.approx(
        1.25 * year, rel=0.01
    )
    assert found.doubts[WhatChanges.USE_DOWN].saving == pytest.approx(
        0.75 * year, rel=0.02
    )
    told = answer(found, "EUR")
    assert told["difference"]["energy_cost"] == pytest.approx(-4.4, abs=0.05)
    assert len(told["chart"]["what_if"]["grid_w"]) == 96
    page = comparison_page("Home <1>", ["policy: eco"], told)
    assert "Home &lt;1&gt;" in page
    assert page.count("<polyline") == 2


def test_it_ends_in_time() -> None:
    """One week is replayed in any case; the doubts of use are left out where there is no time. What costs more never pays."""
    past = week(stay(18, 31, 22))
    question = ask(past, Variation(policy=ChargingPolicy.UNCONTROLLED), 1000.0)
    found = compare(
        replace(question, weeks=(past,) * 2, before=((),) * 2), lambda: False
    )
    assert found.today.weeks == 1
    assert found.doubts_weeks == 0
    assert set(found.doubts) == {WhatChanges.PRICES_UP, WhatChanges.PRICES_DOWN}
    assert found.money.saving < 0
    assert found.money.payback_years is None
