"""What a user gets who leaves everything automatic: how closely cars follow the sun, and when they start, stop and switch."""

from dataclasses import replace
from datetime import timedelta
import itertools

import pytest

from custom_components.sunfuse.engine import Memory, decide
from custom_components.sunfuse.engine.model import MeterReading, Mode, ReasonKey
from custom_components.sunfuse.engine.switch_regret import OFF, RecentSky
from custom_components.sunfuse.engine.tuning import Tuning

from .common import NOW, decided, later, of, offers, reasons
from .plant import Car, Plant, charger, main
from .sun_days import AUTOMATIC, Day, balance, waiting


def test_the_sun_is_followed_at_once() -> None:
    """Ten seconds after the sun doubled the offer has, and a fall goes out with the next message."""
    day = Day(balance(-5000, waiting(), tuning=AUTOMATIC))
    day.run(60)
    assert offers(day.decision)["a"] == pytest.approx(5000 / 690, abs=0.15)
    assert offers(day.run(10, -10_000))["a"] == pytest.approx(10_000 / 690, abs=0.15)
    assert offers(day.run(5, -6000))["a"] == pytest.approx(6000 / 690, abs=0.15)


def test_no_more_than_one_message_in_five_seconds() -> None:
    """A tick comes with each value of the meter; a fall for want of sun waits until five seconds after the last."""
    for ago_s, offer_a in ((2, 9.0), (5, 8.0)):
        running = waiting(offer_a=9.0, offered_at=NOW - timedelta(seconds=ago_s))
        told = decided(balance(-8.05 * 690, running, tuning=AUTOMATIC))
        assert offers(told)["a"] == pytest.approx(offer_a, abs=0.1)


@pytest.mark.parametrize(("lag_s", "cars"), [(2, 2), (15, 1)])
def test_no_two_messages_in_five_seconds_whatever_the_sky(
    lag_s: float, cars: int
) -> None:
    """A decision each second under a sun that jumps each minute, with starts, stops and phase switches.

    A lower offer was taken back a second later, each six seconds.
    """
    told_s: list[tuple[str, float]] = []
    sent: dict[str, int] = {}

    def watch(at_s: float, plant: Plant) -> None:
        for one in plant.cars:
            if one.offers != sent.get(one.connector.id, 0):
                sent[one.connector.id] = one.offers
                told_s.append((one.connector.id, at_s))

    names = [f"car {number}" for number in range(cars)]
    plant = Plant(
        cars=[
            Car(connector=charger(name, mode=Mode.SOLAR, switches_phases=True))
            for name in names
        ],
        circuits=(main(40),),
        loads={"main": lambda at_s: (1.0 + 6.0 * (at_s % 97 < 30), 1.0, 1.0)},
        solar_w=lambda at_s: (9000.0, 2500.0, 6000.0, 400.0)[int(at_s) // 61 % 4],
        charger_lag_s=lag_s,
        meter_s=1,
        noise_a=0.1,
        tick_s=1,
        watch=watch,
    )
    measures = plant.run(900)
    assert measures.starts + measures.switches > 2 * cars
    for name in names:
        times = [at_s for one, at_s in told_s if one == name and at_s > 10]
        assert min(b - a for a, b in itertools.pairwise(times)) >= 5


def test_the_offers_to_a_slow_charger_do_not_swing() -> None:
    """Ten seconds pass until a limit is in force: with two on their way offers swung between 6 and 11 A for minutes."""
    plant = Plant(
        cars=[Car(connector=charger("a", mode=Mode.SOLAR))],
        circuits=(main(40),),
        loads={"main": lambda at_s: (1.0 + 3.0 * (int(at_s) // 240 % 2),) * 3},
        solar_w=lambda at_s: 7000 + at_s / 2,
        charger_lag_s=10,
    )
    plant.run(1800)
    for begin in range(1000, 1640, 240):
        settled = plant.decisions[begin // 5 : begin // 5 + 28]
        given = [decision.connectors[0].offer_a for decision in settled]
        assert max(given) - min(given) < 1.5


def test_a_short_shadow_stops_nobody_and_a_long_one_does() -> None:
    """At 3 kW too little 50 Wh of regret are in sight within half a minute."""
    day = Day(balance(-6000, waiting(), tuning=AUTOMATIC))
    day.run(60)
    assert offers(day.run(10, -1000)) == {"a": 6}
    assert reasons(day.decision) == {"a": ReasonKey.STOPPING_ON_SUN}
    assert offers(day.run(60, -1000)) == {"a": 0}
    # It is back within half a minute of sun.
    assert offers(day.run(30, -6000))["a"] >= 6


def test_a_little_too_little_is_bridged() -> None:
    """3.9 kW could be used on one phase, but the hour has no switch left: 240 W from the grid are the lesser evil."""
    tuned = replace(AUTOMATIC, switches_per_hour=0)
    day = Day(balance(-6000, waiting(switches_phases=True), tuning=tuned))
    day.run(60)
    assert offers(day.run(1200, -3900)) == {"a": 6}
    assert reasons(day.decision) == {"a": ReasonKey.AT_MINIMUM}


def test_in_a_calm_sky_a_minute_is_enough_for_three_phases() -> None:
    """8 kW on one phase leave 4.3 kW: a switch is worth it within a minute. At 2 kW it goes back."""
    day = Day(balance(-2000, waiting(switches_phases=True), tuning=AUTOMATIC))
    day.run(60)
    assert of(day.decision, "a").phases == 1
    day.run(60, -8000)
    assert of(day.decision, "a").phases == 3
    day.run(60, -8000)
    assert of(day.decision, "a").offer_a == pytest.approx(8000 / 690, abs=0.2)
    day.run(300, -2000)
    assert of(day.decision, "a").phases == 1


def test_one_of_two_stops_where_the_sun_carries_one() -> None:
    """7 kW do not carry two minimums, but one: the other goes on."""
    day = Day(balance(-10_000, waiting("a"), waiting("b"), tuning=AUTOMATIC))
    assert min(offers(day.run(300)).values()) >= 6
    told = offers(day.run(120, -7000))
    assert min(told.values()) == 0
    assert max(told.values()) >= 6


@pytest.mark.parametrize(("ran_before", "phases"), [(False, 3), (True, 1)])
def test_sharing_is_not_worth_a_switch(ran_before: bool, phases: int) -> None:
    """A car that starts again beside another one keeps its phase: the other takes what is left. A new one is free."""
    runs = waiting("a", offer_a=6.0)
    day = Day(
        balance(-9500, runs, waiting("b", switches_phases=True), tuning=AUTOMATIC)
    )
    past = day.memory.connectors["b"]
    past.phases = 1
    past.off_since = NOW - timedelta(minutes=5)
    past.starts = (NOW - timedelta(minutes=20),) if ran_before else ()
    decision = day.run(120)
    assert of(decision, "b").offer_a >= 6
    assert of(decision, "b").phases == phases


def test_nobody_joins_under_a_sky_that_will_not_carry_two() -> None:
    """There is enough for both now, but in the last half hour that was so for a minute at a time: too short to be worth a start."""
    runs = waiting("a", offer_a=6.0)
    day = Day(balance(-9000, runs, waiting("b"), tuning=AUTOMATIC))
    day.memory.connectors["b"].recent_sky = RecentSky(
        states=(OFF, 3), best=OFF, lasted_s=(900.0, 900.0), ended=(15.0, 15.0)
    )
    decision = day.run(60)
    assert offers(decision)["b"] == 0
    assert reasons(decision)["b"] is ReasonKey.STARTING_ON_SUN


def test_thresholds_of_a_user_have_the_usual_delays() -> None:
    """Who sets an export to start at gets it after a minute, and an import to stop at after three."""
    tuned = Tuning(start_export_w=1000, stop_import_w=500)
    day = Day(balance(-1500, waiting(), tuning=tuned))
    assert offers(day.run(55)) == {"a": 0}
    assert offers(day.run(5)) == {"a": 6}
    assert offers(day.run(170, -1500)) == {"a": 6}
    assert offers(day.run(60, -1500)) == {"a": 0}


def test_a_late_value_stops_nobody_under_a_sky_that_was_dull_before() -> None:
    """A little too little for half a minute is bridged; a value that is then late for a few seconds changes nothing."""
    day = Day(balance(-6000, waiting(), tuning=AUTOMATIC))
    day.run(900)
    assert offers(day.run(30, -3900))["a"] == 6
    day.snapshot = replace(day.snapshot, meters=())
    assert offers(day.run(5))["a"] == 6


def test_a_silent_phase_beside_a_total_starts_a_car_on_the_sun() -> None:
    """The total says what the sun leaves: a car has its fail-safe current, as it has when all of the meter is silent."""
    reading = MeterReading(
        at=NOW, known_a=(-12.0, -12.0, None), power_w=-36 * 230.0, silent=("L3",)
    )
    snapshot = replace(
        balance(-8000, waiting(), tuning=AUTOMATIC), meters=(("main", reading),)
    )
    memory = Memory()
    for _ in range(8):
        decision, memory = decide(snapshot, memory)
        snapshot = later(snapshot, 5)
    assert offers(decision) == {"a": 6}
