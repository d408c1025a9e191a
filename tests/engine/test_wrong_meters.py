"""Meters that show less than the cars take: dead at zero, turned round, in another unit. The loop is closed."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
import math
from typing import Any

import pytest

from custom_components.sunfuse.engine import Memory, decide
from custom_components.sunfuse.engine.model import (
    BatteryReading,
    CircuitState,
    Decision,
    MeterQuality,
    MeterReading,
    Mode,
    PerPhase,
    PowerReading,
    ReasonKey,
    Site,
    Snapshot,
)

from .common import NOW, car, site
from .meter_faults import (
    DIES_S,
    FAILS_S,
    Shows,
    cars,
    dead,
    flows,
    in_kilowatts,
    one_dead,
    trembling,
    turned,
)
from .plant import Battery, Car, Plant, charger, main, steady


@pytest.mark.parametrize("total_only", [False, True])
@pytest.mark.parametrize("tick_s", [1.0, 5.0])
@pytest.mark.parametrize("report_s", [5.0, 10.0, 30.0])
def test_a_meter_that_dies_at_zero(
    total_only: bool, tick_s: float, report_s: float
) -> None:
    """House 12 A, two cars, 25 A: no more flows after the meter's death than before it, for as long as it lasts.

    A total may all be on one phase, so it is a third.
    """
    house_a = 4.0 if total_only else 12.0
    plant = Plant(
        cars=cars(),
        circuits=(main(),),
        loads={"main": trembling(house_a, house_a, house_a)},
        shows=dead,
        total_only=total_only,
        tick_s=tick_s,
        report_s=report_s,
    )
    found = flows(plant, 1500)
    assert max(found[int(DIES_S) :]) <= 25.0
    circuit = plant.decisions[-1].circuits[0]
    assert circuit.state is CircuitState.METER_LOST
    assert circuit.meter is MeterQuality.CONTRADICTED


@pytest.mark.parametrize("total_only", [False, True])
def test_a_meter_that_dies_while_no_car_charges(total_only: bool) -> None:
    """The zeros look like an empty house: cars begin at the minimum, and stay there until the meter has shown them."""
    house_a = 4.0 if total_only else 11.0
    plant = Plant(
        cars=[
            Car(connector=charger(f"car{i}"), arrives_s=DIES_S + 60) for i in range(2)
        ],
        circuits=(main(),),
        loads={"main": trembling(house_a, house_a, house_a)},
        shows=dead,
        total_only=total_only,
    )
    found = flows(plant, 1500)
    assert max(found) <= 25.0


def test_a_circuit_that_is_empty_without_its_cars() -> None:
    """Its meter shows 0.000 until the first car comes, and the car soon after: that costs it no more than seconds."""
    plant = Plant(
        cars=[Car(connector=charger("car"), arrives_s=10)],
        circuits=(main(),),
        loads={"main": lambda _: (0.0, 0.0, 0.0)},
    )
    found = flows(plant, 60)
    assert max(found[50:]) == pytest.approx(16.0, abs=0.5)


def test_a_full_car_keeps_no_other_from_starting() -> None:
    """Nothing flows in a circuit with a full car, which shows nothing of its offer: the next car starts all the same."""
    full = Car(connector=charger("full"), wants_wh=0.001)
    comes = Car(connector=charger("comes"), arrives_s=300)
    plant = Plant(
        cars=[full, comes],
        circuits=(main(),),
        loads={"main": lambda _: (0.0, 0.0, 0.0)},
    )
    plant.run(400)
    assert comes.current_a == pytest.approx(16.0, abs=0.5)


def test_one_phase_that_dies_at_zero() -> None:
    """The others go on, so the sum says little; the phase says enough."""
    plant = Plant(
        cars=cars(),
        circuits=(main(),),
        loads={"main": trembling(12.0, 4.0, 4.0)},
        shows=one_dead,
    )
    found = flows(plant, 900)
    assert max(found[int(DIES_S) :]) <= 25.0
    assert plant.decisions[-1].circuits[0].meter is MeterQuality.CONTRADICTED


def test_one_phase_that_was_dead_before_the_first_car_came() -> None:
    """It picks up a little of the others, and has never exported: no sun makes it short of the car, whose offer may not change for hours."""
    plant = Plant(
        cars=[Car(connector=charger("car"), arrives_s=60.0)],
        circuits=(main(),),
        loads={
            "main": lambda at_s: (3.0, 18.0 if at_s >= 400 else 4.0, 3.0)  # with 16 A
        },
        shows=lambda at_s, flow: (flow[0], 0.2 + 0.1 * math.sin(at_s / 5), flow[2]),
    )
    found = flows(plant, 600)
    assert max(found) <= 25.0
    assert plant.decisions[-1].circuits[0].meter is MeterQuality.CONTRADICTED


def test_one_phase_that_exported_and_was_dead_when_the_car_came() -> None:
    """It picks up a little of the others: that sun shone there in the morning says nothing of what it shows now."""
    plant = Plant(
        cars=[Car(connector=charger("car"), arrives_s=260.0)],
        circuits=(main(),),
        loads={
            "main": lambda at_s: (
                (-5.0, -4.0, -5.0)
                if at_s < 200
                else (3.0, 18.0 if at_s >= 600 else 4.0, 3.0)
            )  # with 16 A
        },
        shows=lambda at_s, flow: (
            flow[0],
            flow[1] if at_s < 150 else 0.2 + 0.1 * math.sin(at_s / 5),
            flow[2],
        ),
    )
    found = flows(plant, 800)
    assert max(found) <= 25.0
    assert plant.decisions[-1].circuits[0].meter is MeterQuality.CONTRADICTED


def until_noon(at_s: float) -> PerPhase:
    """Return the load of a house with 8 A of sun for 200 s, and none in the evening, when it takes more at last."""
    if at_s < 200:
        return (-5.0, -4.0, -5.0)
    return 3.0, 18.0 if at_s >= 1100 else 4.0, 3.0


def test_one_phase_that_no_longer_shows_the_cars_in_the_evening() -> None:
    """Its sensor sits around another wire since noon: no sun that shone a quarter of an hour ago makes it short of the first car."""
    plant = Plant(
        cars=[Car(connector=charger("car"), arrives_s=960.0)],
        circuits=(main(),),
        loads={"main": until_noon},
        shows=lambda at_s, flow: (
            flow[0],
            flow[1] if at_s < 220 else 4.0 + 0.1 * math.sin(at_s / 5),
            flow[2],
        ),
    )
    found = flows(plant, 1300)
    assert max(found) <= 25.0
    assert plant.decisions[-1].circuits[0].meter is MeterQuality.CONTRADICTED


def test_a_turned_meter_after_the_house_took_a_step() -> None:
    """A step a minute ago is no excuse for a meter that shows the opposite of the first car on all phases: 20 s prove that."""
    plant = Plant(
        cars=[Car(connector=charger("car"), arrives_s=260.0)],
        circuits=(main(),),
        loads={"main": until_noon},
        shows=lambda _, flow: tuple(-a for a in flow),
    )
    plant.run(320)
    assert plant.decisions[-1].circuits[0].meter is MeterQuality.CONTRADICTED


def standing(_: float, flow: PerPhase) -> PerPhase:
    """Show the same current all the time."""
    return tuple(3.0 + phase for phase in range(len(flow)))


@pytest.mark.parametrize("house_a", [12.0, 17.0])
@pytest.mark.parametrize(
    "shows", [turned, in_kilowatts, standing, lambda _, flow: (0.0,) * len(flow)]
)
@pytest.mark.parametrize("total_only", [False, True])
def test_a_meter_that_was_wrong_from_the_first_second(
    shows: Shows, total_only: bool, house_a: float
) -> None:
    """It has never shown a car, so nothing is known of the house: one car at a time has its minimum, and the cars take turns."""
    plant = Plant(
        cars=cars(),
        circuits=(main(),),
        loads={"main": trembling(house_a, house_a, house_a)},
        shows=shows,
        total_only=total_only,
    )
    found = flows(plant, 2400)
    assert max(found[120:]) <= 25.0
    last = plant.decisions[-1]
    assert last.circuits[0].meter is MeterQuality.CONTRADICTED
    assert sorted(c.offer_a for c in last.connectors) == [0.0, 6.0]
    assert min(car.starts for car in plant.cars) >= 1


FAULTS: dict[str, Callable[[PerPhase], PerPhase]] = {
    "dead": lambda flow: (0.0,) * len(flow),
    "standing": lambda flow: tuple(3.0 + phase for phase in range(len(flow))),
    "turned": lambda flow: tuple(-a for a in flow),
    "in kilowatts": lambda flow: tuple(a / 1000 for a in flow),
}


def as_it_is(flow: PerPhase) -> PerPhase:
    """Show what flows."""
    return flow


def evening(at_s: float) -> PerPhase:
    """Return a house that takes 17 A before the meter fails, 4 A when it does, and 17 A again after that."""
    level_a = 17.0 if at_s < 120 or at_s > FAILS_S + 240 else 4.0
    return tuple(level_a + 0.3 * math.sin(at_s / 5 + phase) for phase in range(3))


@pytest.mark.parametrize("arrives_s", [0.0, FAILS_S + 60.0])
@pytest.mark.parametrize("fault", [*FAULTS, "silent", "two silent phases"])
def test_what_the_house_took_before_its_meter_failed(
    fault: str, arrives_s: float
) -> None:
    """17 A leave one of two cars its 6 A, on a fuse of 25 A: the other one waits for its turn, and nobody is above the fuse."""
    fails = FAULTS.get(fault, as_it_is)
    plant = Plant(
        cars=[
            Car(connector=charger(f"car{place}"), arrives_s=arrives_s)
            for place in range(2)
        ],
        circuits=(main(),),
        loads={"main": evening},
        shows=lambda at_s, flow: fails(flow) if at_s >= FAILS_S else flow,
        broken=lambda at_s: fault == "silent" and at_s >= FAILS_S,
        silent=lambda at_s: (
            (0, 1) if fault == "two silent phases" and at_s >= FAILS_S else ()
        ),
    )
    found = flows(plant, 1800)
    assert max(found[int(FAILS_S) :]) <= 25.0
    last = plant.decisions[-1]
    assert last.circuits[0].state is CircuitState.METER_LOST
    assert sorted(c.offer_a for c in last.connectors) == [0.0, 6.0]
    waits = next(c for c in last.connectors if not c.offer_a)
    assert waits.reason.key is ReasonKey.WAITING_FOR_METER
    assert waits.reason.cause is not None
    assert waits.reason.cause.key is ReasonKey.METER_LOST
    # A meter that has never shown a car may never have been right.
    presumed_a = 18.0 if arrives_s else 17.2
    assert dict(waits.reason.values)["load_a"] == pytest.approx(presumed_a, abs=0.2)


def test_an_interruption_of_a_minute_stops_no_car() -> None:
    """The house took 17 A an hour ago and takes 4 A now: two cars go on with 6 A each until the meter is back."""
    plant = Plant(
        cars=cars(),
        circuits=(main(),),
        loads={"main": evening},
        broken=lambda at_s: 420 <= at_s < 500,
    )
    plant.run(600)
    assert MeterQuality.STALE in {d.circuits[0].meter for d in plant.decisions}
    assert [car.stops for car in plant.cars] == [0, 0]


@pytest.mark.parametrize("at_s", [0.0, DIES_S])
def test_a_meter_that_shows_half(at_s: float) -> None:
    """A transformer around one of two feeds: the meter follows the cars, by half. That is no sun of which nobody tells.

    It stays wrong while few cars charge, which its half of the house covers.
    """
    plant = Plant(
        cars=cars(phases=(0,)),
        circuits=(replace(main(), limit_a=(25.0,)),),
        site=Site(phases=1, voltage_v=230.0),
        loads={"main": trembling(12.0)},
        shows=lambda now_s, flow: flow if now_s < at_s else (flow[0] / 2,),
        total_only=True,
    )
    found = flows(plant, 900)
    assert max(found[300:]) <= 25.0
    assert sum(a > 25.25 for a in found) <= 110
    assert plant.decisions[-1].circuits[0].meter is MeterQuality.CONTRADICTED


@pytest.mark.parametrize("others", [(), ((0, 1, 2),)])
def test_phases_that_are_exchanged(others: tuple[tuple[int, ...], ...]) -> None:
    """The sensors of L1 and L2: a car on L1 is seen on L2. With 6 A it is not less than what L1 shows, and the sensors stay wrong."""
    plant = Plant(
        cars=[
            Car(connector=charger(f"car{place}", phases=phases))
            for place, phases in enumerate(((0,), *others))
        ],
        circuits=(main(),),
        loads={"main": trembling(12.0 - 4 * len(others), 4.0, 4.0)},
        shows=lambda _, flow: (flow[1], flow[0], flow[2]),
    )
    found = flows(plant, 900)
    assert sum(a > 25.25 for a in found) <= 40
    assert max(found[60:]) <= 25.0
    assert plant.decisions[-1].circuits[0].meter is MeterQuality.CONTRADICTED


def test_a_meter_that_showed_half_and_is_put_right() -> None:
    """Its only car has had 6 A ever since, which shows nothing: half an hour later the meter is tried again."""
    plant = Plant(
        cars=cars(1),
        circuits=(main(),),
        loads={"main": trembling(8.0, 8.0, 8.0)},
        shows=lambda now_s, flow: tuple(a / 2 for a in flow) if now_s < 600 else flow,
        tick_s=10.0,
    )
    plant.run(600)
    assert plant.decisions[-1].circuits[0].meter is MeterQuality.CONTRADICTED
    plant = replace(
        plant,
        cars=cars(1),
        memory=Memory(),
        decisions=[],
    )
    plant.run(2700)
    assert plant.decisions[-1].circuits[0].meter is MeterQuality.GOOD
    assert plant.decisions[-1].connectors[0].offer_a > 12


def test_a_sign_that_turns_while_the_sun_shines() -> None:
    """7 kW of sun explain 10 A a phase; a house and two cars on a meter that is turned are more than that."""
    plant = Plant(
        cars=cars(),
        circuits=(main(),),
        loads={"main": trembling(12.0, 12.0, 12.0)},
        solar_w=lambda _: 3000.0,
        shows=lambda at_s, flow: flow if at_s < DIES_S else turned(at_s, flow),
    )
    flows(plant, 900)
    assert plant.decisions[-1].circuits[0].meter is MeterQuality.CONTRADICTED


def test_a_sign_that_turns_where_the_meter_has_followed_the_cars() -> None:
    """5 kW of sun made it short of a car on L2, as it followed it: but none turns each phase by what it showed."""
    plant = Plant(
        cars=[
            Car(connector=charger("all")),
            Car(connector=charger("one", phases=(1,)), arrives_s=100, phases=1),
        ],
        circuits=(main(),),
        loads={"main": lambda at_s: tuple(a + 6 * (at_s > 500) for a in (6, 5, 4))},
        solar_w=lambda _: 5000.0,
        shows=lambda at_s, flow: flow if at_s < 300 else turned(at_s, flow),
        noise_a=0.1,
    )
    found = flows(plant, 900)
    assert max(found) <= 25.0
    assert plant.decisions[-1].circuits[0].meter is MeterQuality.CONTRADICTED


def test_zeros_of_a_dead_meter_stay_wrong_when_its_cars_have_stopped() -> None:
    """A house of 19 A leaves no car its minimum, so nothing contradicts the zeros any more: they are the same zeros."""
    plant = Plant(
        cars=cars(1),
        circuits=(main(),),
        loads={"main": lambda at_s: (12.0 if at_s < DIES_S else 19.5,) * 3},
        shows=dead,
    )
    flows(plant, 1500)
    circuit = plant.decisions[-1].circuits[0]
    assert circuit.state is CircuitState.METER_LOST
    starts = [car.starts for car in plant.cars]
    assert max(starts) <= 1


def test_a_meter_that_comes_back_is_believed() -> None:
    """Nothing has to be reset."""
    plant = Plant(
        cars=cars(),
        circuits=(main(),),
        loads={"main": trembling(4.0, 4.0, 4.0)},
        shows=lambda at_s, flow: dead(at_s, flow) if at_s < 600 else flow,
    )
    plant.run(1000)
    assert plant.decisions[-1].circuits[0].meter is MeterQuality.GOOD
    assert all(c.offer_a > 9 for c in plant.decisions[-1].connectors)


def test_zeros_of_a_circuit_with_nothing_on_it_are_believed() -> None:
    """A car park at night: 0.000 A for hours, then a car comes, and its meter has seen it before its charger reports it."""
    plant = Plant(
        cars=[Car(connector=charger("car0"), arrives_s=4000)],
        circuits=(main(),),
        loads={"main": steady(0, 0, 0)},
    )
    plant.run(4600)
    assert {d.circuits[0].meter for d in plant.decisions[1:]} == {MeterQuality.GOOD}
    assert plant.decisions[-1].connectors[0].offer_a == 16


@pytest.mark.parametrize("report_s", [5.0, 10.0, 30.0, 60.0])
@pytest.mark.parametrize("meter_s", [1.0, 2.0, 10.0])
def test_cars_alone_contradict_no_meter(report_s: float, meter_s: float) -> None:
    """Cars that come, rise, and go, on a meter that lags: it is believed throughout."""
    plant = Plant(
        cars=[
            Car(connector=charger(f"car{i}"), arrives_s=100 + 150 * i, leaves_s=900)
            for i in range(3)
        ],
        circuits=(main(63.0),),
        loads={
            "main": lambda at_s: (
                2.0 + 6.0 * (int(at_s) // 97 % 2) + 0.2 * math.sin(at_s),
                1.0,
                1.0,
            )
        },
        report_s=report_s,
        meter_s=meter_s,
        meter_lag_s=3,
    )
    plant.run(1200)
    found = {d.circuits[0].meter for d in plant.decisions[1:]}
    assert found == {MeterQuality.GOOD}


@pytest.mark.parametrize("report_s", [5.0, 10.0])
def test_unreported_sun(report_s: float) -> None:
    """A meter of the grid alone: it shows an export, and follows the cars. They have the sun."""
    plant = Plant(
        cars=cars(1, mode=Mode.SOLAR),
        circuits=(main(),),
        loads={"main": trembling(-9.0, -9.0, -9.0)},
        report_s=report_s,
    )
    plant.run(900)
    assert plant.decisions[-1].circuits[0].meter is MeterQuality.GOOD
    assert plant.decisions[-1].connectors[0].offer_a == pytest.approx(9, abs=1)


def test_a_meter_that_fails_under_unreported_sun() -> None:
    """It followed the cars and no longer does."""
    plant = Plant(
        cars=cars(2),
        circuits=(main(),),
        loads={"main": lambda at_s: (-9.0 if at_s < 300 else 12.0,) * 3},
        shows=lambda at_s, flow: flow if at_s < 280 else (0.0, 0.0, 0.0),
    )
    found = flows(plant, 1500)
    assert max(found[500:]) <= 25.0
    assert plant.decisions[-1].circuits[0].state is CircuitState.METER_LOST


def test_passing_clouds_contradict_no_meter() -> None:
    """The sun falls and rises within seconds."""
    plant = Plant(
        cars=cars(2, mode=Mode.SOLAR_MIN),
        circuits=(main(),),
        loads={"main": trembling(3.0, 2.0, 2.0)},
        solar_w=lambda at_s: 9000.0 if int(at_s) // 90 % 2 else 1500.0,
    )
    plant.run(1800)
    assert {d.circuits[0].meter for d in plant.decisions[1:]} == {MeterQuality.GOOD}


def told_every(seconds: int) -> Callable[[Snapshot, Memory], tuple[Decision, Memory]]:
    """Return an engine that hears of panels and battery so often only, as from sensors that are polled."""
    known: dict[str, Any] = {}

    def late(snapshot: Snapshot, memory: Memory) -> tuple[Decision, Memory]:
        at = known.get("at")
        if at is None or snapshot.now - at >= timedelta(seconds=seconds):
            known.update(
                at=snapshot.now, solar=snapshot.solar, battery=snapshot.battery
            )
        return decide(
            replace(snapshot, solar=known["solar"], battery=known["battery"]), memory
        )

    return late


@pytest.mark.parametrize("every_s", [10, 30, 60])
@pytest.mark.parametrize("battery_w", [0.0, 5000.0])
@pytest.mark.parametrize("report_s", [10.0, 30.0])
def test_clouds_beside_sensors_that_are_polled(
    report_s: float, battery_w: float, every_s: int
) -> None:
    """The sun and the battery are other than what they reported last for up to a minute: the meter is right all the same."""
    plant = Plant(
        cars=cars(2, mode=Mode.SOLAR_MIN),
        circuits=(main(),),
        loads={"main": trembling(3.0, 2.0, 2.0)},
        solar_w=lambda at_s: 9000.0 if int(at_s) // 90 % 2 else 1500.0,
        battery=(
            Battery(capacity_wh=10_000, most_w=battery_w, held_wh=5000)
            if battery_w
            else None
        ),
        report_s=report_s,
        decide=told_every(every_s),
    )
    plant.run(1200)
    assert {d.circuits[0].meter for d in plant.decisions[1:]} == {MeterQuality.GOOD}


@pytest.mark.parametrize(
    ("fails", "at_s", "sun_w", "battery_w"),
    [
        ("dead", 300.0, 0.0, 0.0),
        ("dead", 300.0, 3000.0, 0.0),
        # The sun is gone when the meter fails, and ten minutes of it explain everything.
        ("dead", 300.0, 9000.0, 5000.0),
        ("dead", 0.0, 0.0, 5000.0),
        ("turned", 0.0, 3000.0, 0.0),
        ("turned", 0.0, 0.0, 5000.0),
        ("in kilowatts", 0.0, 3000.0, 0.0),
    ],
)
def test_a_wrong_meter_beside_panels_and_battery(
    fails: str, at_s: float, sun_w: float, battery_w: float
) -> None:
    """What panels and battery give is known: what explains nothing when they have told again half a minute later never will.

    Chargers report every ten seconds. The fuse is above its 25 A for no longer than these forty, and by no more than 30 %.
    """
    plant = Plant(
        cars=cars(),
        circuits=(main(),),
        loads={"main": trembling(12.0, 12.0, 12.0)},
        solar_w=lambda now_s: sun_w if sun_w < 9000 or now_s < 200 else 0.0,
        battery=(
            Battery(capacity_wh=10_000, most_w=battery_w, held_wh=9000)
            if battery_w
            else None
        ),
        shows=lambda now_s, flow: FAULTS[fails](flow) if now_s >= at_s else flow,
        tick_s=2.0,
    )
    above = [a > 25.25 for a in flows(plant, 600)]
    assert sum(above) <= 40
    assert plant.measures.worst_a <= 7.5


def test_a_sun_sensor_that_is_gone_is_forgotten_after_a_day() -> None:
    """Until then unreported solar power may continue."""
    wrong = replace(
        site(car("a")), meters=(("main", MeterReading(at=NOW, current_a=(4.0,) * 3)),)
    )
    sunny = replace(wrong, solar=PowerReading(at=NOW, power_w=20_000))
    memory = decide(sunny, Memory())[1]
    for hours, quality in ((1, MeterQuality.GOOD), (26, MeterQuality.CONTRADICTED)):
        for seconds in range(0, 90, 5):
            now = NOW + timedelta(hours=hours, seconds=seconds)
            moved = MeterReading(at=now, current_a=(4.0 + seconds % 2,) * 3)
            later = replace(
                wrong,
                now=now,
                meters=(("main", moved),),
                connectors=(replace(wrong.connectors[0], draw_at=now),),
            )
            decision, memory = decide(later, memory)
        assert decision.circuits[0].meter is quality


@pytest.mark.parametrize("wild_w", [50_000.0, 1e9, float("inf"), float("nan")])
def test_one_wild_battery_reading_hides_no_wrong_meter(wild_w: float) -> None:
    """The car draws 16 A and the meter shows 4 A: no battery of a site with 25 A supplies the difference once and for all."""
    snapshot = replace(
        site(car("a")),
        meters=(("main", MeterReading(at=NOW, current_a=(4.0,) * 3)),),
    )
    memory = Memory()
    for seconds in range(0, 200, 5):
        now = NOW + timedelta(seconds=seconds)
        moved = MeterReading(at=now, current_a=(4.0 + seconds % 2,) * 3)
        power_w = wild_w if seconds == 10 else 0.0
        later = replace(
            snapshot,
            now=now,
            meters=(("main", moved),),
            battery=BatteryReading(at=now, power_w=power_w),
            connectors=(replace(snapshot.connectors[0], draw_at=now),),
        )
        decision, memory = decide(later, memory)
    assert decision.circuits[0].meter is MeterQuality.CONTRADICTED
    # Nor does it look like a load that the battery covered.
    quiet = replace(
        site(house_a=(4.0,) * 3), battery=BatteryReading(at=NOW, power_w=wild_w)
    )
    memory = decide(quiet, Memory())[1]
    assert memory.circuit("main").history.highest_a == (4.0,) * 3


def test_the_highest_load_counts_for_a_day_or_two() -> None:
    """Peaks of 17 and 11 A on two phases are forgotten after two quiet days; not on a phase that has shown nothing since."""
    memory, peaks = Memory(), []
    for hours, house_a in (
        (0, (17.0, 11.0, 5.0)),
        (20, (0.0, 2.1, 2.0)),
        (30, (0.0, 2.2, 2.0)),
        (56, (0.0, 2.3, 2.0)),
        (82, (0.0, 2.4, 2.0)),
    ):
        now = NOW + timedelta(hours=hours)
        reading = MeterReading(at=now, current_a=house_a)
        snapshot = replace(site(), now=now, meters=(("main", reading),))
        memory = decide(snapshot, memory)[1]
        history = memory.circuit("main").history
        both = zip(history.highest_a, history.highest_before_a, strict=True)
        peaks.append(tuple(max(pair) for pair in both))
    assert peaks[2] == (17.0, 11.0, 5.0)
    assert peaks[-1] == (17.0, 2.4, 2.0)


def test_a_meter_that_shows_the_phases_from_now_on() -> None:
    """Only a total until a new sensor is chosen, just after an offer has changed: the parts are compared anew."""
    snapshot = site(car("a", offer_a=16.0, draw_a=(16.0,) * 3))
    total = MeterReading(at=NOW, power_w=3 * 230.0 * 20)
    memory = Memory()
    for step in range(10):
        now = NOW + timedelta(seconds=5 * step)
        told = replace(snapshot.connectors[0], draw_at=now)
        meters = (("main", replace(total, at=now)),)
        _, memory = decide(
            replace(snapshot, now=now, connectors=(told,), meters=meters), memory
        )
    now += timedelta(seconds=5)
    changed = replace(told, draw_at=now, offer_a=10.0, offered_at=now)
    phases = MeterReading(at=now, current_a=(20.0,) * 3)
    decision, _ = decide(
        replace(snapshot, now=now, connectors=(changed,), meters=(("main", phases),)),
        memory,
    )
    assert decision.circuits[0].meter is MeterQuality.GOOD


@pytest.mark.parametrize(("shows", "over_s"), [(dead, 0), (one_dead, 5)])
def test_a_coarse_meter_that_dies_beside_a_battery_at_its_maximum(
    shows: Shows, over_s: int
) -> None:
    """It keeps nothing at zero: it supplies 3 kW before the car comes and after, and 13 A are too little for the car."""

    def whole(at_s: float, flow: PerPhase) -> PerPhase:
        return tuple(float(round(a)) for a in shows(at_s, flow))

    plant = Plant(
        cars=[Car(connector=charger("car", max_a=32.0), max_a=32.0, arrives_s=600)],
        circuits=(main(),),
        loads={"main": lambda at_s: (12.0 + 2 * (at_s % 300 > 150), 2.0, 2.0)},
        battery=Battery(capacity_wh=10_000, held_wh=9_000, most_w=3000.0),
        shows=whole,
        meter_s=10,
    )
    found = flows(plant, 1200)
    assert sum(a > 25.0 for a in found) <= over_s
    circuit = plant.decisions[-1].circuits[0]
    assert circuit.state is CircuitState.METER_LOST
