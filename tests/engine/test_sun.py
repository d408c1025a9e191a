"""Sunshine: battery priority in all combinations and signs, delays and thresholds, phases, holding the battery."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from custom_components.sunfuse.engine import Memory, decide
from custom_components.sunfuse.engine.memory import ConnectorMemory
from custom_components.sunfuse.engine.model import (
    BatteryReading,
    Circuit,
    MeterReading,
    Mode,
    PowerReading,
    ReasonKey,
)
from custom_components.sunfuse.engine.tuning import BatteryRules, Tuning

from .common import MAIN, NOW, car, decided, of, offers, reasons, site, values
from .plant import Car, Plant, charger, main, steady
from .sun_days import FIRST, NUMBERS, Day, balance, waiting

SHARED = BatteryRules(battery_first_below_soc=80, car_share=0.5)
STRONG = BatteryRules(battery_first_below_soc=80, charge_max_w=3000)
SUPPORT = BatteryRules(support_above_soc=70)
HELPING = BatteryRules(support_above_soc=40, support_w=2000)


@pytest.mark.parametrize(
    ("grid_w", "solar_w", "battery_w", "soc", "rules", "surplus_w"),
    [
        # No battery: what is exported, no more than the sun gives; with no solar meter, what is exported.
        (-5000, 8000, None, None, BatteryRules(), 5000),
        (-5000, 3000, None, None, BatteryRules(), 3000),
        (-5000, None, None, None, BatteryRules(), 5000),
        (2000, 8000, None, None, BatteryRules(), 0),
        # Car first: what the battery takes is the cars' too, what it gives is not.
        (-1000, 8000, -3000, 50, BatteryRules(), 4000),
        (-5000, 8000, 2000, 50, BatteryRules(), 3000),
        (500, 8000, -3000, 50, BatteryRules(), 2500),
        (2000, 8000, -3000, 50, BatteryRules(), 1000),
        # Battery first, below 80 %: what it takes is its own; above, or full, or unknown, by the rules.
        (-1000, 8000, -3000, 50, FIRST, 1000),
        (-1000, 8000, -3000, 80, FIRST, 4000),
        (-1000, 8000, -3000, None, FIRST, 1000),
        # It could take 3 kW but takes 1 kW, as cars take the rest: the first 3 kW are its own.
        (-500, 8000, -1000, 50, STRONG, 0),
        (-4000, 8000, -1000, 50, STRONG, 2000),
        # By share: half of 4 kW; or all that it cannot take.
        (-1000, 8000, -3000, 50, SHARED, 2000),
        (-7000, 12000, -3000, 50, SHARED, 7000),
        # Above 70 % the battery may support: what it gives of its own accord counts.
        (-5000, 8000, 2000, 75, SUPPORT, 5000),
        (-5000, 8000, 2000, 60, SUPPORT, 3000),
        (-5000, 8000, 2000, None, SUPPORT, 3000),
        (-5000, 8000, -1000, 75, SUPPORT, 6000),
        # With 2 kW whether it gives now or not.
        (-1000, 8000, 0, 50, HELPING, 3000),
        (1000, 8000, 500, 50, HELPING, 2000),
    ],
)
def test_surplus(
    grid_w: float,
    solar_w: float | None,
    battery_w: float | None,
    soc: float | None,
    rules: BatteryRules,
    surplus_w: float,
) -> None:
    """The solar power that would be exported if no car charged, less what is the battery's."""
    snapshot = balance(
        grid_w, solar_w=solar_w, battery_w=battery_w, soc=soc, battery_rules=rules
    )
    assert decided(snapshot).surplus_w == pytest.approx(surplus_w)


def test_readings_that_say_nothing_about_now() -> None:
    """An old battery reading: no surplus, as it may be the battery's. An old solar one is left out."""
    snapshot = balance(-5000, solar_w=3000, battery_w=0)
    old = NOW - timedelta(minutes=10)
    assert decided(snapshot).surplus_w == pytest.approx(3000)
    lost = replace(snapshot, battery=BatteryReading(at=old, power_w=0))
    assert decided(lost).surplus_w == 0
    lost = replace(snapshot, solar=PowerReading(at=old, power_w=3000))
    assert decided(lost).surplus_w == pytest.approx(5000)
    broken = replace(snapshot, solar=PowerReading(at=NOW, power_w=float("nan")))
    assert decided(broken).surplus_w == pytest.approx(5000)


def test_without_a_grid_meter() -> None:
    """The solar power less the assumed load of 2 A on three phases."""
    snapshot = replace(
        balance(0, solar_w=5000),
        circuits=(replace(MAIN, assumed_load_a=(2, 2, 2)),),
        meters=(),
    )
    assert decided(snapshot).surplus_w == pytest.approx(5000 - 1380)
    assert decided(replace(snapshot, solar=None)).surplus_w == 0


def test_a_car_that_is_to_charge_at_once_no_longer_waits_for_the_sun() -> None:
    """It rests for a minute after it was stopped; a minimum at once is set meanwhile, and the sun is no cause any more."""
    day = Day(balance(-5000, waiting()))
    day.run(120)
    stopped = day.run(235, 1000)
    reason = of(stopped, "a").reason
    assert reason.key is ReasonKey.PAUSING
    assert reason.cause is not None
    assert reason.cause.key is ReasonKey.WAITING_FOR_SUN
    connectors = tuple(replace(one, mode=Mode.FAST) for one in day.snapshot.connectors)
    day.snapshot = replace(day.snapshot, connectors=connectors)
    hurried = of(day.run(5, 1000), "a").reason
    assert hurried == replace(reason, cause=None)


def test_start_after_one_minute_stop_after_three() -> None:
    """Delays of one and three minutes, and reasons that say until when."""
    day = Day(balance(-5000, waiting()))
    assert reasons(day.decision) == {"a": ReasonKey.STARTING_ON_SUN}
    until = NOW + timedelta(seconds=60)
    assert values(day.decision, "a") == {"until": until.isoformat()}
    assert offers(day.run(55)) == {"a": 0}
    assert offers(day.run(5)) == {"a": 6}
    assert offers(day.run(60))["a"] > 6
    day.run(30, 1000)
    assert offers(day.decision) == {"a": 6}
    assert offers(day.run(145, 1000)) == {"a": 6}
    stopped = day.run(60, 1000)
    assert offers(stopped) == {"a": 0}
    # Stopped less than a minute ago: a pause first, then the sun again.
    assert reasons(stopped) == {"a": ReasonKey.PAUSING}
    assert reasons(day.run(60, 1000)) == {"a": ReasonKey.WAITING_FOR_SUN}
    assert values(day.decision, "a")["needed_w"] == 4140
    assert offers(day.run(120, -5000)) == {"a": 6}


def test_minimum_time_on() -> None:
    """A car that just started goes on for ten minutes if so set."""
    day = Day(balance(-5000, waiting(), tuning=replace(NUMBERS, min_on_s=600)))
    day.run(70)
    assert offers(day.run(400, 1000)) == {"a": 6}
    assert offers(day.run(200, 1000)) == {"a": 0}


@pytest.mark.parametrize(
    ("tuning", "grid_w", "starts"),
    [
        (replace(NUMBERS, start_delay_s=0), -4000, False),
        # Start as soon as one kilowatt is exported, the rest is from the grid.
        (replace(NUMBERS, start_delay_s=0, start_export_w=1000), -1100, True),
        (replace(NUMBERS, start_delay_s=0, start_export_w=1000), -900, False),
        # Start at what is worth it: 10 A are 6.9 kW.
        (replace(NUMBERS, start_delay_s=0, prefer_power=True), -6000, False),
        (replace(NUMBERS, start_delay_s=0, prefer_power=True), -7000, True),
    ],
)
def test_start_thresholds(tuning: Tuning, grid_w: float, starts: bool) -> None:
    """Thresholds in watts of export."""
    decision = decided(balance(grid_w, waiting(), tuning=tuning))
    assert (offers(decision)["a"] > 0) is starts


def test_stop_threshold() -> None:
    """A car whose minimum takes 4140 W goes on with an import of up to a kilowatt."""
    tuning = replace(
        NUMBERS, stop_delay_s=0, min_on_s=0, stop_import_w=1000, average_down_s=0
    )
    running = waiting(offer_a=6.0)
    day = Day(balance(-6000, running, tuning=tuning))
    # Without an average the surplus falls at once.
    assert day.run(5, -3200).surplus_w == pytest.approx(3200)
    assert offers(decided(balance(-3200, running, tuning=tuning))) == {"a": 6}
    assert offers(decided(balance(-3100, running, tuning=tuning))) == {"a": 0}


def test_the_average_follows_without_chasing() -> None:
    """A dip of five seconds to nothing takes a third of the surplus, and comes back slowly."""
    day = Day(balance(-6000, waiting(offer_a=8.0)))
    dipped = day.run(5, 0).surplus_w
    assert dipped == pytest.approx(6000 - 6000 * 5 / 15)
    back = day.run(5, -6000).surplus_w
    # The car has moved, maybe not in the very second of the meter's value.
    assert back == pytest.approx(dipped + (6000 - dipped) * 5 / 35, abs=50)


def test_cars_at_full_power_take_their_part() -> None:
    """Of 8 kW of surplus a car at full power takes 6.9 kW: nothing is left for a start."""
    fast = car("a", offer_a=10.0, max_a=10.0)
    snapshot = balance(
        -8000, fast, waiting("b"), tuning=replace(NUMBERS, start_delay_s=0)
    )
    decision = decided(snapshot)
    assert offers(decision)["b"] == 0
    assert reasons(decision)["b"] is ReasonKey.SUN_TAKEN
    # Three times 10 A of it are the other car's.
    assert values(decision, "b") == {
        "surplus_w": 8000,
        "taken_w": 6900,
        "needed_w": 4140,
    }


def test_a_car_that_runs_has_its_sun_before_one_that_waits() -> None:
    """Of 5 kW the car that runs needs 4.1 kW: 860 W are left for the one that goes before it and does not run."""
    runs = car("b", mode=Mode.SOLAR, offer_a=6.0)
    snapshot = balance(-5000, waiting("a", priority=10), runs)
    decision = decided(snapshot)
    assert reasons(decision)["a"] is ReasonKey.SUN_TAKEN
    assert values(decision, "a") == {
        "surplus_w": 5000,
        "taken_w": 4140,
        "needed_w": 4140,
    }


def test_minimums_of_solar_min_come_first() -> None:
    """5 kW carry the minimum that is promised to one, and not that of the other as well."""
    promised = waiting("a", mode=Mode.SOLAR_MIN, offer_a=6.0)
    snapshot = balance(
        -5000, promised, waiting("b"), tuning=replace(NUMBERS, start_delay_s=0)
    )
    assert offers(decided(snapshot)) == {"a": 7.2, "b": 0}
    assert reasons(decided(snapshot))["a"] is ReasonKey.LIMITED_BY_SUN


@pytest.mark.parametrize(
    ("sun_a", "settled_s", "limit_a", "offer_a"),
    [
        # 8 A less 0.8 A just after a change: not worth a message to the charger.
        (7.2, 10, 80, 8.0),
        # What is worth it, and what has lasted for a minute, goes out.
        (6.9, 10, 80, 6.9),
        (7.2, 60, 80, 7.2),
        # A fuse is no wish: 8.5 A less 1 A of margin.
        (7.2, 10, 8.5, 7.2),
        (12.0, 10, 8.5, 7.5),
    ],
)
def test_a_little_less_sun(
    sun_a: float, settled_s: float, limit_a: float, offer_a: float
) -> None:
    """A wish may wait for a minute within the dead band; safety never does."""
    running = waiting(offer_a=8.0)
    snapshot = replace(
        balance(-sun_a * 690, running),
        circuits=(replace(MAIN, limit_a=(limit_a,) * 3),),
    )
    past = ConnectorMemory(
        on_since=NOW - timedelta(minutes=5),
        asked_at=NOW - timedelta(minutes=5),
        offered_a=8.0,
        settled_at=NOW - timedelta(seconds=settled_s),
    )
    told = decided(snapshot, Memory(connectors={"a": past}))
    assert offers(told) == {"a": pytest.approx(offer_a, abs=0.05)}


@pytest.mark.parametrize("mode", [Mode.SOLAR_MIN, Mode.SOLAR])
def test_sun_is_not_kept_for_a_car_whose_circuit_is_full(mode: Mode) -> None:
    """7 of 10 A of a garage are taken: the first car cannot start there, and the other has the 2.1 kW that no one could use."""
    garage = Circuit(id="garage", name="Garage", parent="main", limit_a=(10.0,) * 3)
    first = charger("a", circuit="garage", phases=(0,), mode=mode, priority=8)
    plant = Plant(
        cars=[
            Car(connector=first),
            Car(connector=charger("b", phases=(1,), mode=Mode.SOLAR)),
        ],
        circuits=(main(32), garage),
        loads={"main": steady(1, 1, 1), "garage": steady(7, 0, 0)},
        solar_w=lambda _: 4400.0,
    )
    plant.run(300)
    assert offers(plant.decisions[-1]) == {"a": 0, "b": pytest.approx(9.3, abs=0.3)}


def test_two_do_not_start_on_the_same_sun() -> None:
    """6 kW are enough for one at its minimum; the other waits its turn."""
    day = Day(balance(-6000, waiting("a"), waiting("b")))
    told = offers(day.run(90))
    assert min(told.values()) == 0
    assert max(told.values()) >= 6


SWITCHES: dict[str, Any] = {"switches_phases": True}


def test_one_phase_when_the_sun_carries_no_three() -> None:
    """Nearly 2 kW: a start on one phase. 6 kW for five minutes: a pause, then three. 2 kW for two minutes: back to one."""
    day = Day(balance(-1990, waiting(**SWITCHES)))
    decision = day.run(65)
    assert of(decision, "a").phases == 1
    assert 6 <= of(decision, "a").offer_a <= 8.7
    decision = day.run(290, -6000)
    assert of(decision, "a").phases == 1
    assert of(decision, "a").offer_a == pytest.approx(16)
    # Until the average is above 4140 W, then five minutes, then 20 s of pause.
    decision = day.run(45, -6000)
    assert reasons(decision) == {"a": ReasonKey.SWITCHING_PHASES}
    assert of(decision, "a").offer_a == 0
    assert values(decision, "a")["phases"] == 3
    decision = day.run(60, -6000)
    assert of(decision, "a").phases == 3
    assert of(decision, "a").offer_a == pytest.approx(8.6, abs=0.5)
    decision = day.run(200, -2000)
    assert of(decision, "a").phases == 1
    assert of(decision, "a").offer_a >= 6


def test_a_start_on_one_phase_after_three_counts_as_a_switch() -> None:
    """Sun for three phases, none, and then for one: what the car used before is remembered, and the change counts."""
    day = Day(balance(-6000, waiting(offer_a=8.0, **SWITCHES)))
    day.run(60, -6000)
    assert day.memory.connectors["a"].charged_on == 3
    day.run(300, 1000)
    assert of(day.decision, "a").offer_a == 0
    day.run(120, -2500)
    assert of(day.decision, "a").offer_a >= 6
    assert of(day.decision, "a").phases == 1
    assert len(day.memory.connectors["a"].switches) == 1


def test_an_hour_has_only_so_many_switches() -> None:
    """Sun that turns every ten minutes: four switches. Then it stops for want of sun, starts on one, and stays."""
    day = Day(balance(-6000, waiting(offer_a=8.0, **SWITCHES)))
    phases = []
    for turn in range(6):
        day.run(600, -2000 if turn % 2 == 0 else -6000)
        phases.append(of(day.decision, "a").phases)
    assert phases == [1, 3, 1, 3, 1, 1]


def test_patience_starts_anew() -> None:
    """A cloud shorter than the patience switches nothing."""
    day = Day(balance(-6000, waiting(offer_a=8.0, **SWITCHES)))
    for _ in range(5):
        day.run(60, -2000)
        day.run(60, -6000)
    assert of(day.decision, "a").phases == 3
    assert not day.memory.connectors["a"].switches


HOLD = BatteryRules(hold=True)


@pytest.mark.parametrize(
    ("grid_w", "battery_w", "soc", "rules", "hold"),
    [
        # 11 kW into the car with 2 kW of sun: the battery would give the rest.
        (-2000, 0, 50, HOLD, True),
        (-12_000, 0, 50, HOLD, False),
        (-2000, 0, 50, BatteryRules(), False),
        (-2000, None, 50, HOLD, False),
        # It may support.
        (-2000, 0, 50, BatteryRules(hold=True, support_above_soc=40), False),
        (-2000, 0, 30, BatteryRules(hold=True, support_above_soc=40), True),
    ],
)
def test_hold_the_battery(
    grid_w: float,
    battery_w: float | None,
    soc: float,
    rules: BatteryRules,
    hold: bool,
) -> None:
    """It is kept from discharging into cars that take more than the sun gives."""
    snapshot = balance(
        grid_w, car("a"), battery_w=battery_w, soc=soc, battery_rules=rules
    )
    assert decided(snapshot).hold_battery is hold


@pytest.mark.parametrize(
    ("grid_w", "battery_w", "lacks_w"),
    [
        # The battery gives 3 kW, of which 2 are exported: house and cars lack 1 kW beside the sun.
        (-2000, 3000, 1000),
        (1500, 0, 1500),
        # There is more sun than they take: the battery stores it, and some is exported.
        (-500, -1000, -1500),
        # Nobody knows what the battery gives.
        (-2000, None, None),
    ],
)
def test_what_house_and_cars_lack_is_what_grid_and_battery_supply(
    grid_w: float, battery_w: float | None, lacks_w: float | None
) -> None:
    """It is the same whatever the battery gives, which is therefore told no more than that."""
    snapshot = balance(grid_w, battery_w=battery_w)
    assert decided(snapshot).lacks_w == (
        None if lacks_w is None else pytest.approx(lacks_w)
    )


def test_what_lacks_is_unknown_without_a_meter() -> None:
    """An assumed load says nothing of now."""
    snapshot = replace(balance(0, battery_w=3000), meters=())
    assert decided(snapshot).lacks_w is None


def test_the_battery_is_given_back() -> None:
    """A minute after the last need."""
    day = Day(balance(-2000, car("a"), battery_w=0, battery_rules=HOLD))
    assert day.decision.hold_battery
    done = replace(day.snapshot.connectors[0], allowed=False)
    day.snapshot = replace(day.snapshot, connectors=(done,))
    assert day.run(55).hold_battery
    assert not day.run(15).hold_battery


@pytest.mark.parametrize(
    "wild_w",
    [-50_000.0, -25_000.0, -8000.0, -3.0, 8000.0, 50_000.0, 1e9, float("nan")],
)
def test_one_wild_battery_reading_takes_the_sun_from_nobody_for_good(
    wild_w: float,
) -> None:
    """Of 10 kW the battery takes 3 first, and a car 7 kW: again, soon after one reading of far more."""
    memory = Memory()
    offer_a, drawn_w, given = 0.0, 0.0, []
    offered_at = NOW
    for at_s in range(0, 1500, 5):
        now = NOW + timedelta(seconds=at_s)
        drawn_w = offer_a * 690
        battery_w = -min(3000.0, 10_000 - drawn_w)
        grid_a = (drawn_w - battery_w - 10_000) / 690
        standing = car(
            "a",
            mode=Mode.SOLAR,
            offer_a=offer_a,
            offered_at=offered_at,
            draw_a=(drawn_w / 690,) * 3,
        )
        decision, memory = decide(
            replace(
                site(replace(standing, draw_at=now)),
                now=now,
                meters=(("main", MeterReading(at=now, current_a=(grid_a,) * 3)),),
                solar=PowerReading(at=now, power_w=10_000),
                battery=BatteryReading(
                    at=now, power_w=wild_w if at_s == 600 else battery_w, soc=50
                ),
                battery_rules=FIRST,
            ),
            memory,
        )
        if of(decision, "a").offer_a != offer_a:
            offered_at = now
        offer_a = of(decision, "a").offer_a
        given.append(offer_a)
    assert given[600 // 5 - 1] == pytest.approx(7000 / 690, abs=0.6)
    assert given[-1] == pytest.approx(7000 / 690, abs=0.6)


def test_a_battery_that_takes_less_than_it_could_has_not_forgotten() -> None:
    """While there is nothing to export, cars or clouds keep the battery from more."""
    memory = Memory(battery_charge_w=5000, at=NOW - timedelta(seconds=60))
    snapshot = balance(0, battery_w=-1000, battery_rules=FIRST)
    assert decide(snapshot, memory)[1].battery_charge_w == 5000
    exporting = balance(-2000, battery_w=-1000, battery_rules=FIRST)
    assert 1000 < decide(exporting, memory)[1].battery_charge_w < 5000


def test_a_full_battery_that_loses_a_little_stops_no_car() -> None:
    """Up to 80 % the battery goes first; it does again at 78 %, not at 79.9 %."""
    day = Day(
        balance(
            -1000,
            waiting(),
            battery_w=-5000,
            soc=79,
            battery_rules=FIRST,
            tuning=Tuning(),
        )
    )
    for soc, starts in ((79, False), (80, True), (78.5, True), (77.9, False)):
        battery = BatteryReading(at=NOW, power_w=-5000, soc=soc)
        day.snapshot = replace(day.snapshot, battery=battery)
        assert (day.run(60).surplus_w > 5000) is starts


def test_a_battery_that_takes_all_leaves_nothing_from_the_first_second() -> None:
    """Its highest power is learned slowly, and what it takes now is its own at once."""
    day = Day(
        balance(0, waiting(), battery_w=-500, soc=50, battery_rules=FIRST),
    )
    day.run(60)
    day.snapshot = replace(
        day.snapshot, battery=BatteryReading(at=NOW, power_w=-4900, soc=50)
    )
    assert day.run(5).surplus_w < 10
