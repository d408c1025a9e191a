"""Meters that show less than the cars take: dead at zero, turned round, in another unit. The loop is closed."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
import math
import random
from typing import Any

import pytest

from custom_components.sunfuse.engine import Memory, decide
from custom_components.sunfuse.engine.meters.living_sensors import living_since
from custom_components.sunfuse.engine.model import (
    BatteryReading,
    CircuitState,
    Decision,
    MeterQuality,
    MeterReading,
    Mode,
    PerPhase,
    PhaseReport,
    PowerReading,
    ReasonKey,
    Site,
    Snapshot,
)
from custom_components.sunfuse.engine.tuning import Characteristic

from .common import NOW, car, decided, offers, site, values
from .plant import START, Battery, Car, Plant, charger, main, steady

type Shows = Callable[[float, PerPhase], PerPhase]
DIES_S = 120.0


def trembling(*load_a: float) -> Callable[[float], PerPhase]:
    """Return a load as a house has it, which is never quite the same."""
    return lambda at_s: tuple(a + 0.3 * math.sin(at_s / 5 + a) for a in load_a)


def dead(at_s: float, flow: PerPhase) -> PerPhase:
    """Show 0.000 from some time on."""
    return flow if at_s < DIES_S else (0.0,) * len(flow)


def one_dead(at_s: float, flow: PerPhase) -> PerPhase:
    """Show 0.000 on one phase from some time on."""
    return flow if at_s < DIES_S else (0.0, *flow[1:])


def turned(_: float, flow: PerPhase) -> PerPhase:
    """Show import as export."""
    return tuple(-a for a in flow)


def in_kilowatts(_: float, flow: PerPhase) -> PerPhase:
    """Show a thousandth: kilowatts that are labelled watts."""
    return tuple(a / 1000 for a in flow)


def cars(count: int = 2, **changes: object) -> list[Car]:
    """Return cars that may take 16 A each."""
    return [Car(connector=charger(f"car{i}", **changes)) for i in range(count)]


def flows(plant: Plant, seconds: int) -> list[float]:
    """Return the highest current of each second."""
    found: list[float] = []

    def watch() -> bool:
        at_s = float(len(found))
        found.append(max(plant._flows(at_s)["main"]))  # noqa: SLF001  # the plant's own truth
        return False

    plant.run(seconds, until=watch)
    return found


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


# What fails at 400 s, after the house has taken 17 A for two minutes.
FAILS_S = 400.0
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


@pytest.mark.parametrize("with_total", [False, True])
def test_a_phase_that_is_stuck_while_the_others_live(with_total: bool) -> None:
    """L2 repeats 6.3 A. A car that starts there must show: it is at its fail-safe current within a minute, the phase is named.

    Then the sensor is repaired, and the car has its 16 A again.
    """

    def stuck(at_s: float, flow: PerPhase) -> PerPhase:
        return (flow[0], 6.3, flow[2]) if 60 <= at_s < 500 else flow

    plant = Plant(
        cars=[Car(connector=charger("car"), arrives_s=200.0)],
        circuits=(main(),),
        loads={"main": trembling(2.0, 6.0, 2.0)},
        shows=stuck,
        reports_total=with_total,
    )
    plant.run(265)
    circuit = plant.decisions[-1].circuits[0]
    assert circuit.state is CircuitState.METER_LOST
    assert circuit.meter is MeterQuality.FROZEN
    assert circuit.sensors == ("L2",)
    assert plant.decisions[-1].connectors[0].offer_a == 6
    assert plant.decisions[-1].connectors[0].reason.key is ReasonKey.METER_LOST
    assert plant.cars[0].stops == 0
    # The load of the others is measured as ever.
    assert circuit.uncontrolled_a[0] == pytest.approx(2.0, abs=0.5)
    plant = replace(plant, memory=Memory(), decisions=[])
    plant.run(600)
    assert plant.decisions[-1].circuits[0].meter is MeterQuality.GOOD
    assert plant.decisions[-1].connectors[0].offer_a == 16


def one_standing(at_s: float, flow: PerPhase) -> PerPhase:
    """Repeat what L2 carried at `FAILS_S`, with the fine changes that others show."""
    return (flow[0], 22.0, flow[2]) if at_s >= FAILS_S else flow


@pytest.mark.parametrize("with_total", [False, True])
def test_a_phase_that_stands_still_beside_a_car_that_does_not_change(
    with_total: bool,
) -> None:
    """Nothing changes but an oven, two minutes later: L2 has never been the same for a minute, so it is known to be stuck by then.

    A total that the device adds up from its parts knows no better. Then the part is repaired, and the car has its 16 A again.
    """
    plant = Plant(
        cars=[Car(connector=charger("car"))],
        circuits=(main(),),
        loads={
            "main": lambda at_s: trembling(
                2.0, 16.0 if FAILS_S + 120 < at_s < 900 else 6.0, 2.0
            )(at_s)
        },
        shows=lambda at_s, flow: one_standing(at_s, flow) if at_s < 900 else flow,
        reports_total=with_total,
    )
    found = flows(plant, 1000)
    assert max(found[int(FAILS_S) : 900]) <= 25.0
    at_900 = plant.decisions[int(890 / plant.tick_s)]
    assert at_900.circuits[0].meter is MeterQuality.FROZEN
    assert at_900.circuits[0].sensors == ("L2",)
    assert at_900.connectors[0].offer_a == 6
    assert plant.cars[0].stops == 0
    assert plant.decisions[-1].circuits[0].meter is MeterQuality.GOOD
    assert plant.decisions[-1].connectors[0].offer_a == 16


def with_an_oven(at_s: float) -> PerPhase:
    """Use an oven of 14 A on L2 at first, and again a quarter of an hour later; on L1 a load comes and goes each half minute."""
    oven = 20 < at_s < 200 or at_s > FAILS_S + 600
    return 2.0 + 4 * (at_s % 60 < 30), 16.0 if oven else 2.0, 2.0


def coarse_home(*most_a: float, fails: bool, fuse_a: float = 30.0) -> Plant:
    """Return a home with cars that take this much, whose L2 repeats from some time on what it shows, or rightly shows the same."""
    known: list[PerPhase] = []

    def shows(at_s: float, flow: PerPhase) -> PerPhase:
        l1, l2, l3 = (float(round(a)) for a in flow)
        if at_s < FAILS_S or not known:
            known[:] = [(l1, l2, l3)]
        return l1, known[0][1] if fails else l2, l3

    return Plant(
        cars=[
            Car(connector=charger(f"car{i}", max_a=a), arrives_s=210.0)
            for i, a in enumerate(most_a)
        ],
        circuits=(main(fuse_a),),
        loads={"main": with_an_oven},
        shows=shows,
    )


@pytest.mark.parametrize("most_a", [(16.0,), (9.0, 9.0)])
def test_a_coarse_phase_that_stands_still_is_tried(most_a: tuple[float, ...]) -> None:
    """L2 repeats what it showed, and nothing changes: the cars take less for some seconds, and L2 does not show it.

    So the oven finds the cars at their minimum.
    """
    plant = coarse_home(*most_a, fails=True)
    found = flows(plant, int(FAILS_S) + 700)
    assert plant.decisions[-1].circuits[0].meter is MeterQuality.FROZEN
    assert plant.decisions[-1].circuits[0].sensors == ("L2",)
    assert max(found) <= 30.0


@pytest.mark.parametrize("most_a", [(16.0,), (9.0, 9.0)])
def test_a_coarse_phase_that_is_right_costs_little(most_a: tuple[float, ...]) -> None:
    """L2 shows that the cars take less, and they have their current again: that costs a hundredth of their energy."""
    plant = coarse_home(*most_a, fails=False)
    plant.run(int(FAILS_S) + 500)
    assert {d.circuits[0].meter for d in plant.decisions[1:]} == {MeterQuality.GOOD}
    assert [c.offer_a for c in plant.decisions[-1].connectors] == list(most_a)
    lowered = [d.connectors[0].offer_a < most_a[0] for d in plant.decisions[60:]]
    assert 0 < sum(lowered) * plant.tick_s <= 30
    # From seven seconds after the cars came they take 98 % of what they may.
    all_wh = 0.98 * sum(most_a) * 3 * 230 * (FAILS_S + 500 - 217) / 3600
    assert sum(car.given_wh for car in plant.cars) > 0.97 * all_wh
    assert sum(car.stops for car in plant.cars) == 0


def test_a_car_near_its_minimum_is_not_lowered_in_vain() -> None:
    """A car of 8 A that takes 6 A changes too little: it keeps what it has."""
    plant = coarse_home(8.0, fails=False, fuse_a=24.0)
    plant.run(int(FAILS_S) + 500)
    assert {d.connectors[0].offer_a for d in plant.decisions[60:]} == {8.0}


def test_a_car_that_comes_while_a_phase_is_tried_does_not_wait() -> None:
    """Its start shows the same as the trial: nobody keeps it waiting for that."""
    plant = coarse_home(16.0, 16.0, fails=True)
    plant.cars[1].arrives_s = FAILS_S + 135
    plant.run(int(FAILS_S) + 146)
    given = [[c.offer_a for c in d.connectors] for d in plant.decisions[-4:]]
    assert given[0] == [11.6, 0.0]  # the trial has begun
    assert given[-1][1] >= 6


def test_a_car_whose_charger_is_offline_keeps_no_phase_from_being_tried() -> None:
    """It goes on with what it had. The other car alone shows that L2 is stuck, before the oven comes."""
    plant = coarse_home(16.0, 16.0, fails=True, fuse_a=40.0)
    plant.cars[1].reachable = lambda at_s: at_s < FAILS_S + 50
    plant.run(int(FAILS_S) + 300)
    assert plant.decisions[-1].circuits[0].meter is MeterQuality.FROZEN
    assert plant.decisions[-1].circuits[0].sensors == ("L2",)


def test_a_house_that_grows_quiet_beside_a_steady_car() -> None:
    """For nearly two minutes nothing changes: L1 with a car stands still, as the others do, and none of them is stuck."""
    restless = trembling(2.0, 6.0, 2.0)
    plant = Plant(
        cars=[Car(connector=charger("car"), phases=1)],
        circuits=(main(),),
        loads={
            "main": lambda at_s: restless(
                300 if FAILS_S < at_s < FAILS_S + 110 else at_s
            )
        },
    )
    plant.run(int(FAILS_S) + 300)
    assert {d.circuits[0].meter for d in plant.decisions[1:]} == {MeterQuality.GOOD}
    assert plant.decisions[-1].connectors[0].offer_a == 16


@pytest.mark.parametrize("total_only", [False, True])
def test_a_meter_that_stands_still_beside_a_car(total_only: bool) -> None:
    """All of it repeats what it showed: that is known after a minute, before anything changes."""
    known: list[PerPhase] = []

    def shows(at_s: float, flow: PerPhase) -> PerPhase:
        known.append(flow)
        return known[int(FAILS_S) // 2] if at_s >= FAILS_S else flow

    house_a = 2.0 if total_only else 4.0
    plant = Plant(
        cars=[Car(connector=charger("car"))],
        circuits=(main(),),
        loads={"main": trembling(house_a, house_a, house_a)},
        shows=shows,
        total_only=total_only,
    )
    plant.run(int(FAILS_S) + 90)
    assert plant.decisions[-1].circuits[0].meter is MeterQuality.FROZEN
    assert plant.decisions[-1].connectors[0].offer_a == 6


def test_a_total_that_is_not_added_up_shows_what_a_stuck_phase_carries() -> None:
    """It follows the car down to 6 A, and the house up: 11 A on L2, not what that showed beyond the total when it was stuck.

    When the house takes 16 A, the total is as when L2 was stuck, and may be added up after all: no less than that flows.
    """
    house = trembling(2.0, 6.0, 2.0)
    known: list[PerPhase] = []

    def measured(snapshot: Snapshot, memory: Memory) -> tuple[Decision, Memory]:
        """Decide by a total of its own."""
        at_s = (snapshot.now - START).total_seconds()
        total_w = sum(known[int(at_s) - 1 if at_s else 0]) * 230.0
        meters = tuple((n, replace(r, power_w=total_w)) for n, r in snapshot.meters)
        return decide(replace(snapshot, meters=meters), memory)

    def load(at_s: float) -> PerPhase:
        l1, l2, l3 = house(at_s)
        more_a = 10.0 if at_s > 900 else 5.0 if at_s > FAILS_S + 120 else 0.0
        return l1, l2 + more_a, l3

    plant = Plant(
        cars=[Car(connector=charger("car"))],
        circuits=(main(),),
        loads={"main": load},
        shows=one_standing,
        decide=measured,
        watch=lambda _, plant: known.append(plant.flows[-1]["main"]),
    )
    plant.run(1000)
    for at_s, load_a in ((890, 11.0), (990, 16.0)):
        decision = plant.decisions[int(at_s / plant.tick_s)]
        assert decision.circuits[0].meter is MeterQuality.FROZEN
        assert decision.circuits[0].uncontrolled_a[1] == pytest.approx(load_a, abs=1.0)
        assert decision.connectors[0].offer_a == 6


@pytest.mark.parametrize("report_s", [10.0, 60.0])
def test_a_quiet_phase_is_not_stuck(report_s: float) -> None:
    """A meter of whole amperes shows the same on a phase for minutes, also while cars come and go on the others."""
    plant = Plant(
        cars=[
            Car(
                connector=charger(f"car{i}", phases=phases),
                arrives_s=100.0 + 200 * i,
                leaves_s=700.0 + 100 * i,
            )
            for i, phases in enumerate(((0,), (0, 1, 2), (2,)))
        ],
        circuits=(main(40.0),),
        loads={"main": lambda at_s: (2.0 + int(at_s) % 40 / 8, 1.0, 0.0)},
        shows=lambda _, flow: tuple(float(round(a)) for a in flow),
        report_s=report_s,
        meter_s=10.0,
        meter_lag_s=3,
    )
    plant.run(1200)
    assert {d.circuits[0].meter for d in plant.decisions[1:]} == {MeterQuality.GOOD}


def silent_from(at_s: float, *phases: int) -> Callable[[float], tuple[int, ...]]:
    """Let these phases be silent from some time on, for five minutes."""
    return lambda now_s: phases if at_s <= now_s < at_s + 300 else ()


@pytest.mark.parametrize("with_total", [False, True])
@pytest.mark.parametrize("phases", [(2,), (0, 1), (0, 1, 2)])
def test_phases_that_fall_silent(phases: tuple[int, ...], with_total: bool) -> None:
    """43 of 100 A: no state but the lost meter's, cars at their fail-safe current, and back when the sensors are."""
    plant = Plant(
        cars=cars(),
        circuits=(main(100.0),),
        loads={"main": trembling(11.0, 11.0, 11.0)},
        silent=silent_from(200, *phases),
        reports_total=with_total,
    )
    lost: dict[int, tuple[CircuitState, tuple[float, ...], tuple[str, ...]]] = {}

    def watch() -> bool:
        decision = plant.decisions[-1]
        circuit = decision.circuits[0]
        offered = tuple(c.offer_a for c in decision.connectors)
        lost[len(lost)] = circuit.state, offered, circuit.sensors
        return False

    plant.run(600, until=watch)
    named = tuple(f"L{phase + 1}" for phase in phases)
    for at_s in range(205, 500):
        state, offered, sensors = lost[at_s]
        assert state is CircuitState.METER_LOST
        assert offered == (6.0, 6.0)
        assert sensors == named
    reason = plant.decisions[220 // 5].connectors[0].reason
    assert ("sensor", ", ".join(named)) in reason.values
    assert lost[540][:2] == (CircuitState.OK, (16.0, 16.0))


def test_a_silent_phase_is_known_by_the_total() -> None:
    """The house rises by 15 A on the phase that is silent: the total shows it, and the cars make room."""
    plant = Plant(
        cars=cars(),
        circuits=(main(),),
        loads={"main": lambda at_s: (4.0, 4.0, 4.0 if at_s < 250 else 19.0)},
        silent=silent_from(200, 2),
        reports_total=True,
    )
    found = flows(plant, 400)
    assert max(found[265:400]) <= 25.0


def test_the_current_of_motors_is_on_a_silent_phase_too() -> None:
    """A heat pump of 10 A takes the power of 8 A: of a total of 23 A, 17 A are on the silent phase, and 15 A by the sum alone."""
    good = MeterReading(at=NOW, current_a=(15.0, 10.0, 0.0), power_w=23 * 230.0)
    later = NOW + timedelta(seconds=10)
    lost = MeterReading(
        at=later,
        known_a=(None, 10.0, 0.0),
        power_w=25 * 230.0,
        silent=("L1",),
    )
    idle = replace(site(), meters=(("main", good),))
    _, memory = decide(idle, Memory())
    decision, _ = decide(replace(idle, now=later, meters=(("main", lost),)), memory)
    assert decision.circuits[0].uncontrolled_a == pytest.approx((17.0, 10.0, 0.0))
    # A total that is a step ahead of its phases is no power factor.
    ahead = replace(good, power_w=4 * 230.0)
    _, memory = decide(replace(idle, meters=(("main", ahead),)), Memory())
    decision, _ = decide(replace(idle, now=later, meters=(("main", lost),)), memory)
    assert decision.circuits[0].uncontrolled_a == pytest.approx((20.0, 10.0, 0.0))


@pytest.mark.parametrize("told", [False, True])
@pytest.mark.parametrize("unsigned", [False, True])
def test_a_silent_phase_beside_one_that_exports(*, told: bool, unsigned: bool) -> None:
    """16 A of sun on one phase, 15 A of load on the silent one: without signs the total leaves 32 A too little for that.

    It is the same whether anybody is told of the sun, of which each phase has 16 A then.
    """
    sun_a = 16.0 if told else 0.0
    plant = Plant(
        cars=[replace(one, arrives_s=60.0) for one in cars()],
        circuits=(main(),),
        loads={
            "main": lambda at_s: (
                sun_a - 16.0,
                sun_a + 2.0,
                sun_a + 15.0 + at_s % 7 / 10,
            )
        },
        solar_w=(lambda _: 3 * 230 * sun_a) if told else None,
        silent=silent_from(200, 2),
        reports_total=True,
        unsigned=unsigned,
    )
    found = flows(plant, 500)
    assert max(found[205:]) <= 25.0


@pytest.mark.parametrize("unsigned", [False, True])
def test_an_inrush_does_not_stay_on_a_silent_phase(*, unsigned: bool) -> None:
    """The sensor of a phase fails while a motor starts on it: by the total the inrush is over, and no car stops for it."""
    plant = Plant(
        cars=cars(),
        circuits=(main(characteristic=Characteristic.GG),),
        loads={"main": lambda at_s: (18.0 if 198 <= at_s < 200 else 5.0, 4.0, 4.0)},
        silent=silent_from(200, 0),
        reports_total=True,
        unsigned=unsigned,  # and nothing has ever fed in
        meter_s=1.0,
        tick_s=1.0,
    )
    plant.run(400)
    assert {d.circuits[0].meter for d in plant.decisions[205:]} == {
        MeterQuality.MISSING
    }
    assert [car.stops for car in plant.cars] == [0, 0]


def test_a_live_phase_counts_beside_a_silent_one() -> None:
    """So does a phase that still reports."""
    plant = Plant(
        cars=cars(),
        circuits=(main(),),
        loads={"main": lambda at_s: (4.0 if at_s < 250 else 19.0, 4.0, 4.0)},
        silent=silent_from(200, 2),
    )
    found = flows(plant, 400)
    assert max(found[265:400]) <= 25.0


class QuietlyLost(Plant):
    """A plant of which one sensor no longer reports, and does not say so."""

    def _reading(
        self,
        now: datetime,
        flow: PerPhase,
        chance: random.Random,
        silent: tuple[int, ...] = (),
    ) -> MeterReading:
        reading = super()._reading(now, flow, chance)
        old = min(now, START + timedelta(seconds=200))
        reports = tuple(
            PhaseReport(at=old if phase == 2 else now, sensor=f"L{phase + 1}")
            for phase in range(3)
        )
        return replace(reading, at=old, reports=reports)


def test_a_live_phase_counts_beside_one_that_no_longer_reports() -> None:
    """An oven on a phase whose sensor lives makes the cars pause."""
    plant = QuietlyLost(
        cars=cars(),
        circuits=(main(),),
        loads={"main": lambda at_s: (4.0 if at_s < 250 else 19.0, 4.0, 4.0)},
    )
    found = flows(plant, 400)
    assert max(found[265:400]) <= 25.0


@pytest.mark.parametrize(
    "reading",
    [
        MeterReading(at=NOW, silent=("L1", "L2", "L3")),
        MeterReading(at=NOW, known_a=(1.0, None), silent=("L2",)),
        MeterReading(at=NOW, known_a=(float("nan"), None, 1.0), silent=("L2",)),
    ],
)
def test_a_meter_of_which_nothing_is_left(reading: MeterReading) -> None:
    """It is lost, and awaited while it has not reported yet."""
    snapshot = replace(site(car("a")), meters=(("main", reading),))
    assert decided(snapshot).circuits[0].meter is MeterQuality.MISSING
    assert offers(decided(snapshot)) == {"a": 6}
    awaited = replace(snapshot, awaited=("main",))
    assert decided(awaited).circuits[0].meter is MeterQuality.AWAITED
    assert offers(decided(awaited)) == {"a": 6}


def test_the_sensor_that_is_stale_is_named() -> None:
    """A meter is as old as the oldest of its sensors."""
    old = MeterReading(
        at=NOW - timedelta(minutes=1), current_a=(1, 1, 1), oldest="sensor.l2"
    )
    decision = decided(replace(site(car("a")), meters=(("main", old),)))
    assert decision.circuits[0].meter is MeterQuality.STALE
    assert decision.circuits[0].sensors == ("sensor.l2",)
    assert values(decision, "a")["sensor"] == "sensor.l2"
    lost = decision.circuits[0].meter_lost("Main fuse")
    assert lost == decision.connectors[0].reason
    assert decided(site(car("a"))).circuits[0].meter_lost("Main fuse") is None


def test_live_phases_count_beside_one_that_is_stale() -> None:
    """A sensor that only stops to report costs no more than one that says that it has no value."""
    old, new = NOW - timedelta(minutes=10), NOW
    reports = tuple(
        PhaseReport(at=at, sensor=f"sensor.l{place}")
        for place, at in enumerate((new, old, new), 1)
    )
    stale = MeterReading(
        at=old, current_a=(24, 1, 1), oldest="sensor.l2", reports=reports
    )
    decision = decided(replace(site(car("a")), meters=(("main", stale),)))
    assert decision.circuits[0].meter is MeterQuality.STALE
    assert decision.circuits[0].sensors == ("sensor.l2",)
    assert decision.circuits[0].uncontrolled_a[0] == 24 - 16
    assert offers(decision) == {"a": 6}
    # What is too old on all phases, or on one that does not feed the circuit, tells nothing.
    assert living_since(stale, NOW + timedelta(seconds=1)) is None
    assert living_since(replace(stale, reports=(reports[0], None, None)), NOW) is None
    assert living_since(replace(stale, current_a=None, power_w=1.0), NOW) is None


def test_what_is_stale_beside_a_silent_sensor_is_lost_too() -> None:
    """L1 says that it has no value, and L2 has only stopped to report: what it showed ten minutes ago counts for neither."""
    old, new = NOW - timedelta(minutes=10), NOW
    silent = MeterReading(
        at=old,
        known_a=(None, 1, 24),
        silent=("sensor.l1",),
        power_w=26 * 230.0,
        reports=(
            None,
            PhaseReport(at=old, sensor="sensor.l2"),
            PhaseReport(at=new, sensor="sensor.l3"),
        ),
    )
    decision = decided(replace(site(car("a")), meters=(("main", silent),)))
    assert decision.circuits[0].meter is MeterQuality.MISSING
    assert decision.circuits[0].sensors == ("sensor.l1", "sensor.l2")
    assert decision.circuits[0].uncontrolled_a[2] == 24 - 16
    living = living_since(silent, NOW)
    assert living
    assert list(living.known_a) == [None, None, 24]
    # If none of the others reports, nothing of the meter counts.
    hung = replace(silent, reports=())
    decision = decided(replace(site(car("a")), meters=(("main", hung),)))
    assert decision.circuits[0].meter is MeterQuality.MISSING
    assert decision.circuits[0].sensors == ("sensor.l1",)
    assert decision.circuits[0].uncontrolled_a[2] == 0


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
