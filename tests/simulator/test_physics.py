"""The parts of the simulated house, by hand calculation and by conservation of energy."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
import math

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.sunfuse.simulator import car, sun
from custom_components.sunfuse.simulator.battery import (
    BatterySpec,
    battery_power_w,
    stored_after_wh,
)
from custom_components.sunfuse.simulator.car import CarSpec, CarState, Supply
from custom_components.sunfuse.simulator.house import (
    FAMILY_HOUSE,
    Appliance,
    HouseSpec,
    Use,
    house_power_w,
)
from custom_components.sunfuse.simulator.noise import chance, smooth_noise

NOON = datetime(2026, 6, 21, 12, tzinfo=UTC)
AT_GREENWICH = sun.SolarSpec(latitude_deg=50, longitude_deg=0)


@pytest.mark.parametrize(
    ("at", "latitude_deg", "expected_deg"),
    [
        # At solar noon the sun stands at 90 degrees less the latitude plus the declination: 23.44 at the
        # solstices, 0 at the equinoxes.
        (datetime(2026, 6, 21, 12, 2, tzinfo=UTC), 50, 90 - 50 + 23.44),
        (datetime(2026, 12, 21, 11, 58, tzinfo=UTC), 50, 90 - 50 - 23.44),
        (datetime(2026, 3, 21, 12, 7, tzinfo=UTC), 50, 90 - 50),
        # Midnight sun and polar night.
        (datetime(2026, 6, 21, 0, 2, tzinfo=UTC), 70, 70 + 23.44 - 90),
        (datetime(2026, 12, 21, 11, 58, tzinfo=UTC), 70, 90 - 70 - 23.44),
    ],
)
def test_the_sun_stands_where_astronomy_puts_it(
    at: datetime, latitude_deg: float, expected_deg: float
) -> None:
    """Within a degree of what the almanac says."""
    spec = replace(AT_GREENWICH, latitude_deg=latitude_deg)
    assert sun.elevation_deg(at, spec) == pytest.approx(expected_deg, abs=0.6)


def test_the_sun_gives_what_a_solar_system_of_its_size_gives() -> None:
    """Nothing at night, 70 to 100 % of the peak at a summer's noon, never more than the inverter can."""
    spec = AT_GREENWICH
    midnight = NOON - timedelta(hours=12)
    assert sun.clear_sky_w(midnight, spec) == 0
    assert 0.7 * spec.peak_w < sun.clear_sky_w(NOON, spec) <= spec.inverter_w
    small = replace(spec, inverter_w=3000)
    assert sun.clear_sky_w(NOON, small) == 3000
    # A clear summer's day in central Europe gives some 7 kWh per kWp.
    hours = [midnight + timedelta(minutes=10 * n) for n in range(144)]
    day_wh = sum(sun.clear_sky_w(at, spec) for at in hours) / 6
    assert 6 < day_wh / spec.peak_w < 9


def test_clouds_pass() -> None:
    """In a day the sun is bright at times, and dimmed at others."""
    times = [NOON + timedelta(minutes=n) for n in range(1440)]
    factors = [sun.cloud_factor(at, 1) for at in times]
    assert min(factors) == pytest.approx(0.25, abs=0.1)
    assert max(factors) == 1
    assert 0.6 < sum(factors) / len(factors) < 0.95


@given(seed=st.integers(0, 99), position=st.floats(-1e6, 1e6))
def test_noise_is_smooth_and_repeats(seed: int, position: float) -> None:
    """The same every time, from 0 to 1, without jumps."""
    now = smooth_noise(seed, "x", position)
    assert 0 <= now <= 1
    assert now == smooth_noise(seed, "x", position)
    # The slope of the smoothstep is at most 1.5.
    assert abs(now - smooth_noise(seed, "x", position + 0.01)) <= 0.016
    whole = float(math.floor(position))
    assert smooth_noise(seed, "x", whole) == chance(seed, "x", math.floor(position))


def test_an_appliance_runs_when_it_is_used() -> None:
    """At its hour by the house's clocks, as long as it lasts, with its thermostat, past midnight too."""
    oven = Appliance(
        name="oven",
        power_w=(0.0, 2000.0, 0.0),
        lasts_s=3600,
        uses=(Use(from_h=23.5, to_h=23.5),),
        on_s=60,
        off_s=30,
    )
    house = HouseSpec(
        base_w=(100.0, 0.0, 0.0),
        swing_w=(0.0, 0.0, 0.0),
        appliances=(oven,),
        utc_offset_h=2,
    )
    start = datetime(
        2026, 6, 21, 21, 30, tzinfo=UTC
    )  # 23:30 in summer in central Europe
    for seconds, expected_w in [
        (-1, 0),
        (0, 2000),
        (59, 2000),
        (60, 0),
        (89, 0),
        (90, 2000),
        (40 * 60 + 30, 2000),  # 0:10:30 on the next day: 2430 s is 27 cycles
        (3600, 0),
    ]:
        at = start + timedelta(seconds=seconds)
        assert house_power_w(at, house, seed=1) == (100, expected_w, 0), seconds


def test_a_family_takes_what_a_family_takes() -> None:
    """Between 8 and 25 kWh a day, every phase another load, at times more than 10 A on one of them."""
    times = [NOON + timedelta(seconds=20 * n) for n in range(4320)]
    loads = [house_power_w(at, FAMILY_HOUSE, 1) for at in times]
    assert 8000 < sum(sum(load) for load in loads) / 180 < 25000
    for phase in range(3):
        assert min(load[phase] for load in loads) > 50
        assert max(load[phase] for load in loads) > 2300
    assert max(max(load) - min(load) for load in loads) > 2300


# --- Battery ---------------------------------------------------------------------------------------------------

BATTERY = BatterySpec(capacity_wh=10_000, power_w=5000, efficiency=0.81, reserve=0.1)


@pytest.mark.parametrize(
    ("stored_wh", "net_w", "house_net_w", "expected_w"),
    [
        (5000, -3000, -3000, -3000),  # takes the surplus
        (5000, -9000, -9000, -5000),  # as much as it can
        (
            9500,
            -9000,
            -9000,
            -2500,
        ),  # half a tapered charge, half way from 90 % to full
        (10000, -3000, -3000, 0),  # no more than fits
        (5000, 2000, 2000, 2000),  # feeds the house
        (5000, 9000, 9000, 5000),
        (1000, 2000, 2000, 0),  # keeps its reserve
        (5000, 9000, 2000, 2000),  # feeds the house, not the cars
        (5000, 4000, -3000, 0),  # the cars take all of the surplus
        (5000, 0, 0, 0),
    ],
)
def test_the_battery_follows_the_surplus(
    stored_wh: float, net_w: float, house_net_w: float, expected_w: float
) -> None:
    """Charges from what is left over, discharges for the house alone."""
    power_w = battery_power_w(BATTERY, stored_wh, net_w, house_net_w, dt_s=1)
    assert power_w == pytest.approx(expected_w)


def test_the_battery_loses_what_its_efficiency_says() -> None:
    """81 % there and back: 0.9 of what goes in is stored, 0.9 of what is stored comes out."""
    assert stored_after_wh(BATTERY, 5000, -1000, 3600) == pytest.approx(5900)
    assert stored_after_wh(BATTERY, 5000, 900, 3600) == pytest.approx(4000)


@given(
    stored_wh=st.floats(1000, 10_000),
    net_w=st.floats(-20_000, 20_000),
    cars_w=st.floats(0, 20_000),
    dt_s=st.floats(0.01, 3600),
)
def test_the_battery_is_never_over_full_nor_below_its_reserve(
    stored_wh: float, net_w: float, cars_w: float, dt_s: float
) -> None:
    """Whatever is asked of it, for however long; and it never makes the site export what it gives."""
    power_w = battery_power_w(BATTERY, stored_wh, net_w, net_w - cars_w, dt_s)
    after_wh = stored_after_wh(BATTERY, stored_wh, power_w, dt_s)
    assert 1000 - 1e-6 <= after_wh <= 10_000 + 1e-6
    assert abs(power_w) <= 5000
    assert (net_w - power_w) * net_w >= -1e-6


# --- Car -------------------------------------------------------------------------------------------------------

CAR = CarSpec(
    battery_wh=50_000, takes=1.0, wake_s=2, rise_a_s=2, fall_a_s=20, efficiency=0.9
)
PLUGGED = CarState(
    stored_wh=20_000, plugged=True, until=NOON + timedelta(hours=4), trips=1
)


def run(
    spec: CarSpec, state: CarState, supply: Supply, seconds: float, step_s: float = 0.5
) -> CarState:
    """Let time pass for a car."""
    for _ in range(round(seconds / step_s)):
        state = car.step(spec, state, supply, step_s, step_s)
    return state


def test_a_car_wakes_ramps_up_and_stops_quickly() -> None:
    """Two seconds to wake, 2 A a second up, down within a second."""
    offer = Supply(limit_a=16, phases=3)
    assert run(CAR, PLUGGED, offer, 1.5).current_a == 0
    assert run(CAR, PLUGGED, offer, 4).current_a == pytest.approx(
        5 * 1
    )  # 5 steps of 1 A
    charging = run(CAR, PLUGGED, offer, 20)
    assert (charging.current_a, charging.phases) == (16, 3)
    assert run(CAR, charging, Supply(limit_a=8, phases=3), 1).current_a == 8
    stopped = run(CAR, charging, Supply(limit_a=0, phases=3), 1)
    assert (stopped.current_a, stopped.phases) == (0, 0)


@pytest.mark.parametrize(
    ("supply", "max_a", "phases", "expected_a", "expected_phases"),
    [
        (Supply(limit_a=6, phases=3), 16, 3, 6, 3),
        (Supply(limit_a=5.9, phases=3), 16, 3, 0, 0),  # below the minimum of IEC 61851
        (Supply(limit_a=32, phases=3), 16, 3, 16, 3),  # the car's own limit
        (Supply(limit_a=16, phases=3), 32, 1, 16, 1),  # a single-phase car
        (Supply(limit_a=16, phases=3), 16, 2, 16, 2),
        (Supply(limit_a=32, phases=1), 16, 3, 16, 1),  # a single-phase charger
    ],
)
def test_a_car_takes_what_it_can(
    supply: Supply, max_a: float, phases: int, expected_a: float, expected_phases: int
) -> None:
    """No more than it is offered, than it can, or on more phases than there are."""
    spec = replace(CAR, max_a=max_a, phases=phases)
    state = run(spec, PLUGGED, supply, 30)
    assert (state.current_a, state.phases) == (expected_a, expected_phases)


def test_a_car_takes_a_little_less_than_it_is_offered() -> None:
    """As real ones do."""
    state = run(replace(CAR, takes=0.95), PLUGGED, Supply(limit_a=10, phases=3), 30)
    assert state.current_a == pytest.approx(9.5)


def test_a_car_charges_by_the_hour() -> None:
    """An hour at 10 A on three phases at 230 V, nine tenths of which are stored."""
    ready = run(CAR, PLUGGED, Supply(limit_a=10, phases=3), 30)
    after = run(CAR, ready, Supply(limit_a=10, phases=3), 3600, step_s=10)
    assert after.stored_wh - ready.stored_wh == pytest.approx(6900 * 0.9)


def test_a_car_tapers_and_stops_when_it_has_enough() -> None:
    """Half way from 95 % to full it takes half of what is above 6 A; at its target it stops."""
    spec = replace(CAR, max_a=16, target_soc=1.0)
    nearly = replace(PLUGGED, stored_wh=0.975 * 50_000)
    assert car.wanted_a(spec, nearly, Supply(limit_a=32, phases=3)) == pytest.approx(11)
    spec = replace(CAR, target_soc=0.8)
    assert not car.is_full(spec, replace(PLUGGED, stored_wh=39_900))
    assert car.is_full(spec, replace(PLUGGED, stored_wh=40_000))
    full = run(
        spec, replace(PLUGGED, stored_wh=39_900), Supply(limit_a=16, phases=3), 600
    )
    assert full.current_a == 0
    assert full.stored_wh == pytest.approx(40_000, abs=20)


@given(
    stored=st.floats(0, 1),
    limit_a=st.floats(0, 80),
    dt_s=st.floats(0.01, 3600),
    target=st.floats(0.1, 1),
)
def test_a_car_stores_what_it_takes_and_never_overflows(
    stored: float, limit_a: float, dt_s: float, target: float
) -> None:
    """Energy taken, less its losses, is energy stored; the battery holds no more than it can."""
    spec = replace(CAR, target_soc=target)
    before = replace(PLUGGED, stored_wh=stored * 50_000, current_a=10.0, awake_s=10.0)
    supply = Supply(limit_a=limit_a, phases=3)
    after = car.step(spec, before, supply, dt_s, dt_s)
    taken_wh = after.current_a * after.phases * 230 * dt_s / 3600
    stored_wh = after.stored_wh - before.stored_wh
    assert stored_wh == pytest.approx(0.9 * taken_wh, abs=1e-6)
    assert after.stored_wh <= 50_000 + 1e-6


def test_a_car_goes_and_comes_back_with_less() -> None:
    """It leaves when its time has come, returns after a while, and not with less than nothing."""
    spec = replace(
        CAR, stays_h=(2.0, 2.0), away_h=(1.0, 1.0), uses_soc=(0.3, 0.3), soc=0.5
    )
    state = car.initial(spec, NOON)
    state = car.travel(spec, state, NOON, 1, 2)
    assert (state.plugged, state.stored_wh) == (True, 25_000)
    assert state.until == NOON + timedelta(hours=2)
    same = car.travel(spec, state, NOON + timedelta(hours=1.9), 1, 2)
    assert same is state
    state = car.travel(spec, replace(state, current_a=16.0), state.until, 1, 2)
    assert (state.plugged, state.current_a) == (False, 0)
    assert state.until == NOON + timedelta(hours=3)
    state = car.travel(spec, state, state.until, 1, 2)
    assert (state.plugged, state.stored_wh) == (True, 10_000)
    state = car.travel(spec, state, state.until, 1, 2)
    state = car.travel(spec, state, state.until, 1, 2)
    assert state.stored_wh == pytest.approx(4000)  # 8 %: nobody drives further


def test_a_car_does_not_leave_at_night() -> None:
    """A departure at 23:30 on the house's clocks is put off to 6:30."""
    spec = replace(CAR, stays_h=(3.0, 3.0))
    arrival = datetime(2026, 6, 21, 18, 30, tzinfo=UTC)  # 20:30
    state = car.travel(spec, car.initial(spec, arrival), arrival, 1, 2)
    assert state.until == datetime(2026, 6, 22, 4, 30, tzinfo=UTC)


@settings(max_examples=30)
@given(seed=st.integers(0, 1000), start_h=st.integers(0, 23))
def test_the_house_repeats_itself(seed: int, start_h: int) -> None:
    """The same time and seed give the same load: a simulated day can be tested against."""
    at = NOON + timedelta(hours=start_h)
    assert house_power_w(at, FAMILY_HOUSE, seed) == house_power_w(
        at, FAMILY_HOUSE, seed
    )
