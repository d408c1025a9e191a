"""When a start, a stop or a switch of phases is worth it: the sky is judged, where a user leaves that automatic.

The laws compare whole hours with evcc's published rules in the same plant (benchmarks/sun has the whole table).
"""

from dataclasses import replace
from datetime import timedelta
import itertools

import pytest

from benchmarks.sun.table import Row, run
from custom_components.sunfuse.engine.model import PowerReading, ReasonKey
from custom_components.sunfuse.engine.switch_regret import (
    OFF,
    STARTS_PER_HOUR,
    STOP_WH,
    Powers,
    RecentSky,
    RecentSwitches,
    choose,
    next_start,
    regret_w,
    watch_sky,
)

from .common import NOW, decided, of, offers, reasons
from .sun_days import AUTOMATIC, Day, balance, waiting

ONE, THREE = (1380.0, 3680.0), (4140.0, 11_040.0)
SWITCHES = Powers(of={1: ONE, 3: THREE})
FIXED = Powers(of={3: THREE})
NONE = RecentSwitches()


@pytest.mark.parametrize(
    ("row", "part"),
    [
        (Row(sky="clear"), 0.6),
        (Row(sky="clear", phases="1/3"), 0.6),
        (Row(sky="broken clouds"), 0.9),
        (Row(sky="broken clouds", phases="1/3"), 0.9),
        (Row(sky="broken clouds", meter_s=10), 0.9),
        (Row(sky="grey", home="battery first"), 0.9),
    ],
    ids=str,
)
def test_less_regret_than_by_fixed_delays(row: Row, part: float) -> None:
    """Less sun is lost, no more comes from the grid, nothing switches more, and a charger has five seconds of peace."""
    ours, theirs = (run(row, who, 1, 1.5) for who in (True, False))
    assert ours.regret_wh <= part * theirs.regret_wh
    # A meter's noise is a few watt-hours of an hour.
    assert ours.grid_wh <= theirs.grid_wh + 4
    assert ours.switches <= theirs.switches
    assert ours.offers <= row.cars * 1.5 * 3600 / 5


@pytest.mark.parametrize(
    ("sun_w", "state", "watts"),
    [
        # The sun is left.
        (6000, OFF, 6000),
        (1000, OFF, 0),  # nobody can use so little
        (6000, 1, 2320),
        (6000, 3, 0),
        (20_000, 3, 0),  # nobody could use the rest
        # The grid helps, which weighs more.
        (4000, 3, 140 * 1.6),
        (1000, 1, 380 * 1.6),
        (0, 3, 4140 * 1.6),
    ],
)
def test_regret(sun_w: float, state: int, watts: float) -> None:
    """Sun that is left, and energy from the grid."""
    assert regret_w(sun_w, state, SWITCHES) == pytest.approx(watts)


def test_regret_beside_others() -> None:
    """What another car takes anyway is no loss; but who waits although there is enough for both has a right to it."""
    beside = Powers(of={3: THREE}, others=THREE)
    assert regret_w(7000, OFF, beside) == 0
    assert regret_w(7000, 3, beside) == pytest.approx(1280 * 1.6)
    assert regret_w(9000, OFF, beside) == 500
    assert regret_w(12_000, OFF, beside) == pytest.approx(960 + 500)
    assert regret_w(9000, 3, beside) == 0


def after(
    sky: RecentSky, sun_w: float, seconds: int, powers: Powers = SWITCHES
) -> RecentSky:
    """Return the sky after so many seconds of the same sun, seen each five seconds."""
    for _ in range(seconds // 5):
        sky = watch_sky(sky, sun_w, powers, 5)
    return sky


def clouds(
    bright_w: float, dark_w: float, seconds: int, times: int, powers: Powers = FIXED
) -> RecentSky:
    """Return a sky of gaps and shadows that ends with a gap."""
    sky = RecentSky()
    for sun_w in itertools.islice(itertools.cycle((bright_w, dark_w)), 2 * times + 1):
        for _ in range(seconds // 5):
            sky = watch_sky(sky, sun_w, powers, 5)
    return sky


@pytest.mark.parametrize(("sun_w", "phases"), [(5400, 3), (1500, 1)])
def test_a_car_starts_within_seconds(sun_w: float, phases: int) -> None:
    """A start costs nothing: nothing is known at the first decision, and the second one starts the car."""
    first = watch_sky(RecentSky(), sun_w, SWITCHES, 0)
    assert choose(first, sun_w, OFF, SWITCHES, RecentSwitches()).state == OFF
    second = watch_sky(first, sun_w, SWITCHES, 5)
    chosen = choose(second, sun_w, OFF, SWITCHES, RecentSwitches())
    assert chosen.state == phases
    assert chosen.due_s(OFF) is None


def test_no_start_on_one_phase_where_the_sun_is_about_to_carry_three() -> None:
    """From 3 kW by 50 W each second it is 4.14 kW in 23 s, by 20 W in 57 s: then a start on one phase is worth it."""
    for rises_w_s, state in ((50, OFF), (20, 1), (-50, 1)):
        sky = after(RecentSky(), 3000 - 10 * rises_w_s, 5)
        sky = watch_sky(sky, 3000 - 5 * rises_w_s, SWITCHES, 5)
        sky = watch_sky(sky, 3000, SWITCHES, 5)
        assert choose(sky, 3000, OFF, SWITCHES, RecentSwitches()).state == state


def test_no_switch_to_one_phase_where_the_sun_is_about_to_end() -> None:
    """From 2.5 kW by 50 W each second it is 1.38 kW in 22 s, by 20 W in 56 s: then a switch from three phases is worth it."""
    for falls_w_s, state in ((50, 3), (20, 1), (-50, 1)):
        sky = after(RecentSky(), 2500 + 10 * falls_w_s, 600)
        sky = watch_sky(sky, 2500 + 5 * falls_w_s, SWITCHES, 5)
        sky = watch_sky(sky, 2500, SWITCHES, 5)
        assert choose(sky, 2500, 3, SWITCHES, RecentSwitches()).state == state


def test_the_last_starts_of_the_hour_are_for_a_sun_that_lasts() -> None:
    """With seven of eight used a start costs 50 x (9 / 2 - 1) = 175 Wh: 150 s at 4.2 kW. A sun of one value is no reason."""
    last = RecentSwitches(starts=7)
    for seconds, state in ((5, OFF), (125, OFF), (135, 3)):
        sky = after(RecentSky(), 4200, seconds, FIXED)
        assert choose(sky, 4200, OFF, FIXED, last).state == state
    sky = after(RecentSky(), 4200, 5, FIXED)
    assert choose(sky, 4200, OFF, FIXED, RecentSwitches()).state == 3


@pytest.mark.parametrize(
    ("step_a", "more_w", "offer_a"),
    [
        # 10 A and 4 / 5 of a step: 69 W are a tenth of an ampere on three phases.
        (0.1, 56, 10.1),
        (0.1, 54, 10.0),
        # Of a coarse one a tenth: 69 of 690 W, and no more than 150 W.
        (1.0, 622, 11.0),
        (1.0, 620, 10.0),
        (5.0, 3301, 15.0),
        (5.0, 3299, 10.0),
    ],
)
def test_a_step_of_which_the_sun_supplies_most(
    step_a: float, more_w: float, offer_a: float
) -> None:
    """To round down always would lose half a step on average."""
    running = waiting(offer_a=10.0, step_a=step_a)
    snapshot = balance(-6900 - more_w, running, tuning=AUTOMATIC)
    assert offers(decided(snapshot)) == {"a": offer_a}


def test_a_stop_is_due_when_the_shadow_will_cost_more_than_the_stop() -> None:
    """At 2 kW the minimum takes 2.14 kW from the grid, which weighs 1.6: 50 Wh are 53 s of that.

    A first shadow lasts 20 s, and as long again as it lasted: after 32 s the stop is due.
    """
    sky = clouds(9000, 9000, 60, 1)
    sky = watch_sky(sky, 2000, FIXED, 5)
    for seconds in range(5, 35, 5):
        sky = watch_sky(sky, 2000, FIXED, 5)
        stays = choose(sky, 2000, 3, FIXED, RecentSwitches())
        assert stays.state == 3
        assert stays.due_s(OFF) == pytest.approx(32 - seconds, abs=1.5)
    sky = watch_sky(sky, 2000, FIXED, 5)
    assert choose(sky, 2000, 3, FIXED, RecentSwitches()).state == OFF


@pytest.mark.parametrize(
    ("dark_w", "starts", "state"),
    [
        (0, 0, OFF),  # 6.6 kW of regret
        (2500, 0, OFF),  # 2.6 kW: 73 Wh
        (3100, 0, 3),  # 1.7 kW: 46 Wh
        (2500, 4, 3),  # the fifth start of nine costs 90 Wh
        (0, 4, OFF),
    ],
)
def test_how_long_a_shadow_lasts_is_learned(
    dark_w: float, starts: int, state: int
) -> None:
    """After six shadows of two minutes each the next one stops a car at once if it is deep, and never if it is slight.

    Of the last half hour, twelve minutes (less what faded) were dark, in six shadows: the next lasts about 100 s.
    """
    sky = clouds(9000, 500, 120, 6)
    assert sky.ended[0] == pytest.approx(6, rel=0.35)
    for seconds in (5, 10):
        sky = watch_sky(sky, dark_w, FIXED, 5)
        if seconds == 5:
            lasts_s = sky.lasts_s
            assert 80 < lasts_s < 120
            expected_wh = (4140 - dark_w) * 1.6 * lasts_s / 3600
            due = expected_wh >= STOP_WH * 9 / (9 - starts)
            assert due is (state == OFF)
            chosen = choose(sky, dark_w, 3, FIXED, RecentSwitches(starts=starts))
            assert chosen.state == state


def test_each_switch_of_the_hour_is_more_expensive_and_the_last_is_for_more_phases() -> (
    None
):
    """With one switch left a car that went to one phase would stay there, whatever the sun."""
    bright = after(RecentSky(), 6000, 300)
    for switches, state in ((0, 3), (2, 3), (3, 3), (4, 1)):
        chosen = choose(bright, 6000, 1, SWITCHES, RecentSwitches(switches=switches))
        assert chosen.state == state
    brief = after(RecentSky(), 6000, 20)
    assert choose(brief, 6000, 1, SWITCHES, RecentSwitches()).state == 1
    dim = after(RecentSky(), 2000, 400)
    for switches, state in ((0, 1), (2, 1), (3, OFF), (4, OFF)):
        chosen = choose(dim, 2000, 3, SWITCHES, RecentSwitches(switches=switches))
        assert chosen.state == state
    # Who allows one in an hour gets it; who allows none gets none.
    once = choose(dim, 2000, 3, SWITCHES, RecentSwitches(switches_per_hour=1))
    assert once.state == 1
    never = choose(dim, 2000, 3, SWITCHES, RecentSwitches(switches_per_hour=0))
    assert never.state == OFF


def test_a_switch_is_twice_as_expensive_beside_others() -> None:
    """The others take what it would give one of them."""
    sky = watch_sky(after(RecentSky(), 8000, 30), 8000, SWITCHES, 5)
    assert choose(sky, 8000, 1, SWITCHES, RecentSwitches()).state == 3
    beside = replace(SWITCHES, others=ONE)
    for _ in range(10):
        sky = watch_sky(sky, 8000, beside, 5)
    assert choose(sky, 8000, 1, beside, RecentSwitches()).state == 1


def test_a_start_on_other_phases_costs_as_much_as_a_switch() -> None:
    """2 kW start a car at once on the phases that it used last, and on others after a while: it is a way around a switch."""
    for charged_on, switches, starts_s in (
        (None, 0, 10),
        (1, 4, 10),
        (3, 0, 150),
        (3, 2, 340),
    ):
        for seconds, state in ((starts_s - 10, OFF), (starts_s, 1)):
            sky = watch_sky(after(RecentSky(), 2000, seconds), 2000, SWITCHES, 0)
            chosen = choose(
                sky,
                2000,
                OFF,
                SWITCHES,
                RecentSwitches(switches=switches),
                charged_on=charged_on,
            )
            assert chosen.due_s(3) is None
            assert (seconds, chosen.state) == (seconds, state)
    # Without a switch left it starts on one phase, where all three would be better.
    sky = after(RecentSky(), 8000, 60)
    last = RecentSwitches(switches=4)
    assert choose(sky, 8000, OFF, SWITCHES, last, charged_on=1).state == 1


@pytest.mark.parametrize(("ago_min", "starts_s"), [(5, 430), (45, 180)])
def test_a_switch_of_long_ago_makes_the_next_one_less_scarce(
    ago_min: int, starts_s: int
) -> None:
    """Of four switches an hour three are used. A start on other phases is one more, and 2 kW of sun wait for it.

    It costs 90 Wh x 4 / (1 + 3 x 12 / 60) = 225 Wh when the switches were 12 minutes ago (five and the seven of waiting), and
    90 Wh x 4 / (1 + 3 x 48 / 60) = 106 Wh when they were 48 minutes ago. 2 kW lose that in 405 s, or in 191 s. A sky that has lasted for t
    is expected to last 20 s + 1800 s x (1 - e^(-t / 1800 s)): so t is 430 s, or 180 s.
    """
    day = Day(balance(-2000, waiting(switches_phases=True), tuning=AUTOMATIC))
    past = day.memory.connectors["a"]
    past.charged_on = 3
    past.switches = (day.snapshot.now - timedelta(minutes=ago_min),) * 3
    assert offers(day.run(starts_s - 40))["a"] == 0
    assert offers(day.run(80))["a"] >= 6


def test_without_switches_a_car_starts_on_the_phases_that_the_sun_carries() -> None:
    """It charged on three yesterday. Today 2 kW carry one: it starts on that, and does not switch while it charges."""
    day = Day(
        balance(
            -2000,
            waiting(switches_phases=True),
            tuning=replace(AUTOMATIC, switches_per_hour=0),
        )
    )
    day.memory.connectors["a"].charged_on = 3
    decision = day.run(240)
    assert offers(decision)["a"] >= 6
    assert of(decision, "a").phases == 1
    assert of(day.run(600, -8000), "a").phases == 1


def test_the_forecast_counts() -> None:
    """2 kW too little: a stop is due later if the forecast is 9 kW for the next half hour, and sooner if it is none."""
    sky = watch_sky(after(RecentSky(), 9000, 60), 2000, FIXED, 5)
    due_s = {
        ahead_w: choose(sky, 2000, 3, FIXED, RecentSwitches(), ahead_w=ahead_w).due_s(
            OFF
        )
        for ahead_w in (None, 9000.0, 0.0)
    }
    without_s, bright_s, dark_s = (due_s[ahead_w] for ahead_w in (None, 9000.0, 0.0))
    assert without_s is not None
    assert dark_s is not None
    assert bright_s is not None
    assert dark_s < without_s < bright_s
    # 40 W too little are 50 Wh in 47 minutes: no sky is expected to last so long.
    assert choose(sky, 4100, 3, FIXED, RecentSwitches()).due == ()
    # With a tenth of a kilowatt too little, and much sun to come, there is nothing to gain.
    sky = watch_sky(sky, 4000, FIXED, 5)
    assert choose(sky, 4000, 3, FIXED, RecentSwitches(), ahead_w=9000.0).due == ()


def test_the_forecast_of_a_site_is_that_of_its_panels() -> None:
    """The panels give 2 kW now and 9 kW in the next half hour: a shadow is bridged that would stop a car otherwise."""
    for ahead_w, state in ((None, 0), (9000.0, 6)):
        dim = PowerReading(at=NOW, power_w=2000)
        day = Day(balance(-6000, waiting(), tuning=AUTOMATIC))
        day.run(60)
        day.snapshot = replace(day.snapshot, solar=dim, solar_ahead_w=ahead_w)
        assert offers(day.run(35, -1500)) == {"a": state}


def test_a_kind_of_sky_ends() -> None:
    """A shadow ends the sun, and sun the shadow; what only fluctuates around a threshold ends nothing."""
    sky = RecentSky()
    for bright_w in (6000, 500, 6000):
        sky = after(sky, bright_w, 60)
    assert sum(sky.ended) == pytest.approx(2, abs=0.2)
    still = RecentSky()
    for sun_w in itertools.islice(itertools.cycle((3925.0, 3935.0)), 100):
        still = watch_sky(still, sun_w, SWITCHES, 5)
    assert sum(still.ended) == 0


def test_a_sun_that_goes_down_goes_on_going_down() -> None:
    """A clear evening that loses 0.8 W each second: in as long again as that has lasted the minimum would take more than a stop costs.

    A step of the house to the same power is bridged.
    """
    sky, sun_w = RecentSky(), 7000.0
    while choose(sky := watch_sky(sky, sun_w, FIXED, 5), sun_w, 3, FIXED, NONE).state:
        sun_w -= 4
    assert FIXED.of[3][0] - 25 < sun_w < FIXED.of[3][0]
    assert sky.trend_w_s == pytest.approx(-0.8, abs=0.15)
    stepped = watch_sky(clouds(7000, 7000, 600, 1), sun_w, FIXED, 5)
    assert choose(stepped, sun_w, 3, FIXED, NONE).state == 3


def test_a_wave_of_thinner_clouds_has_no_trend() -> None:
    """What has risen for half an hour and falls for three minutes may well rise again; what was minutes ago says nothing."""
    sky = RecentSky()
    for tick in range(400):
        sky = watch_sky(sky, 4000.0 + 5 * tick, FIXED, 5)
    assert sky.trend_w_s == pytest.approx(1, abs=0.2)
    for tick in range(80):
        sky = watch_sky(sky, 6000.0 - 20 * tick, FIXED, 5)
    assert sky.trend_w_s == 0
    for tick in range(300):
        sky = watch_sky(sky, 4400.0 - 10 * tick, FIXED, 5)
    assert sky.trend_w_s < -1
    assert watch_sky(sky, 1000.0, FIXED, 90).trend_w_s == 0


def test_a_single_value_stops_nobody() -> None:
    """Nothing is known of a sky that was seen once and never before."""
    sky = watch_sky(clouds(9000, 9000, 600, 1), 0, FIXED, 5)
    assert sky.lasts_s == 0
    assert choose(sky, 0, 3, FIXED, RecentSwitches()).state == 3


def test_a_late_value_of_the_meter_stops_nobody() -> None:
    """Without a meter a car goes on for 15 s, and nothing is learned of the sky."""
    day = Day(balance(-6000, waiting(), tuning=AUTOMATIC))
    day.run(120)
    before = day.memory.connectors["a"].recent_sky
    day.snapshot = replace(day.snapshot, meters=())
    day.run(10, None)
    assert offers(day.decision)["a"] >= 6
    assert day.memory.connectors["a"].recent_sky.ended == before.ended
    day.run(20, None)
    assert offers(day.decision) == {"a": 0}


def test_the_hour_has_only_so_many_starts() -> None:
    """Contactors and cars are spared: after the last start of the hour it waits until the first is an hour ago."""
    starts = tuple(NOW + timedelta(minutes=5 * n) for n in range(STARTS_PER_HOUR))
    now = NOW + timedelta(minutes=50)
    assert next_start(starts, now) == NOW + timedelta(hours=1)
    assert next_start(starts[1:], now) is None
    day = Day(balance(-6000, waiting(), tuning=AUTOMATIC))
    day.memory.connectors["a"].starts = tuple(
        NOW - timedelta(minutes=n) for n in range(STARTS_PER_HOUR, 0, -1)
    )
    decision = day.run(600)
    assert offers(decision) == {"a": 0}
    assert reasons(decision) == {"a": ReasonKey.STARTING_ON_SUN}


def test_how_fast_the_sun_rises_is_known_by_a_slow_meter_too() -> None:
    """A meter of ten seconds: 50 W each second are 500 W by each value, and in between it rises all the same."""
    sky = RecentSky()
    for tick in range(9):
        sky = watch_sky(sky, 1000 + 500 * (tick // 2), SWITCHES, 5)
        if tick > 2:
            assert sky.rises_w_s == pytest.approx(50)
    for _ in range(10):
        sky = watch_sky(sky, 3000, SWITCHES, 5)
    assert sky.rises_w_s == 0.0
