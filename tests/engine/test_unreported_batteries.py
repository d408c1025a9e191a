"""Home batteries of which nobody tells, and which keep the meter at zero some seconds late: the meter is right, and says so."""

from dataclasses import replace
import math

import pytest

from custom_components.sunfuse.engine import Memory, decide
from custom_components.sunfuse.engine.model import Decision, MeterQuality, Snapshot

from .honest_sites import BELIEVED
from .meter_faults import Shows, dead, in_kilowatts, trembling, turned
from .plant import Battery, Car, Plant, charger, main

LASTS_S = 600
HOUSE = trembling(2.0, 1.0, 1.5)


def unreported(snapshot: Snapshot, memory: Memory) -> tuple[Decision, Memory]:
    """Decide without what panels and battery report."""
    return decide(replace(snapshot, solar=None, battery=None), memory)


def without_battery(snapshot: Snapshot, memory: Memory) -> tuple[Decision, Memory]:
    """Decide with what the panels report."""
    return decide(replace(snapshot, battery=None), memory)


def clouds_w(at_s: float) -> float:
    """Return the sun of 8 kW of panels; clouds come and go within a minute."""
    return 8_000 * min(max(0.6 + math.sin(at_s / 60), 0.15), 1.0)


def home(
    *,
    phases: tuple[int, ...] = (0, 1, 2),
    most_w: float = 8_000.0,
    lag_s: float = 3.0,
    meter_s: float = 5.0,
    total_only: bool = False,
) -> Plant:
    """Return a home with a battery that is half full, and a car that comes after a minute."""
    return Plant(
        cars=[
            Car(
                connector=charger("car", phases=phases),
                phases=len(phases),
                rise_a_s=4.0,
                arrives_s=60.0,
            )
        ],
        circuits=(main(25.0),),
        loads={"main": HOUSE},
        battery=Battery(capacity_wh=10_000, held_wh=5_000, most_w=most_w, lag_s=lag_s),
        decide=unreported,
        meter_s=meter_s,
        total_only=total_only,
        tick_s=1,
    )


def believed(plant: Plant) -> bool:
    """Whether the meter has always been believed."""
    return {d.circuits[0].meter for d in plant.decisions[1:]} <= BELIEVED


@pytest.mark.parametrize("total_only", [False, True])
@pytest.mark.parametrize(
    ("meter_s", "lag_s"), [(1.0, 3.0), (2.0, 3.0), (5.0, 3.0), (5.0, 8.0)]
)
def test_a_battery_that_gives_all_that_the_car_takes(
    meter_s: float, lag_s: float, total_only: bool
) -> None:
    """The meter shows each change of the car for seconds, then zero again: the car gets what it wants."""
    plant = home(most_w=15_000, lag_s=lag_s, meter_s=meter_s, total_only=total_only)
    plant.run(LASTS_S)
    assert believed(plant)
    assert plant.decisions[-1].connectors[0].offer_a == 16


def test_a_battery_that_gives_a_part_of_what_the_car_takes() -> None:
    """It is at its maximum then, and the meter shows the rest."""
    plant = home(most_w=5_000)
    plant.run(LASTS_S)
    assert believed(plant)
    assert plant.decisions[-1].connectors[0].offer_a == 16


@pytest.mark.parametrize("reported", [False, True])
def test_clouds_over_panels_with_a_battery(reported: bool) -> None:
    """What the panels supply may be known, what the battery does is not."""
    plant = home()
    plant.solar_w = clouds_w
    if reported:
        plant.decide = without_battery
    plant.run(1500)
    assert believed(plant)
    assert plant.decisions[-1].connectors[0].offer_a == 16


def test_a_car_of_one_phase_beside_a_battery_of_three() -> None:
    """The battery gives a third on each phase: two of them feed in what the third draws, and the meter shows two thirds of the car there."""
    plant = home(phases=(1,), lag_s=1.5, meter_s=1.0)
    plant.run(LASTS_S)
    assert believed(plant)
    assert plant.decisions[-1].connectors[0].offer_a == 16


def test_a_right_meter_that_was_called_wrong_shows_what_it_is() -> None:
    """A meter of each ten seconds shows a slow battery late, and is called wrong; the car's fall to the minimum puts that right."""
    plant = home(most_w=15_000, lag_s=8.0, meter_s=10.0)
    plant.run(LASTS_S)
    called = [d.circuits[0].meter not in BELIEVED for d in plant.decisions[1:]]
    assert sum(called) <= 60
    assert plant.decisions[-1].connectors[0].offer_a == 16


def half(_: float, flow: tuple[float, ...]) -> tuple[float, ...]:
    """Show half of everything."""
    return tuple(a / 2 for a in flow)


@pytest.mark.parametrize("shows", [dead, turned, in_kilowatts, half])
@pytest.mark.parametrize("most_w", [3_000.0, 15_000.0])
def test_a_wrong_meter_beside_a_battery(shows: Shows, most_w: float) -> None:
    """The battery is empty soon, and the house takes 15 A on a phase then: the meter is called wrong before a fuse minds."""
    plant = home(most_w=most_w)
    assert plant.battery is not None
    plant.battery.held_wh = 300.0
    plant.loads = {
        "main": lambda at_s: (
            HOUSE(at_s) if at_s < 400 else trembling(15.0, 2.0, 2.0)(at_s)
        )
    }
    plant.shows = shows
    plant.run(1200)
    assert plant.measures.longest_over_s <= 40
    assert plant.decisions[-1].circuits[0].meter is MeterQuality.CONTRADICTED
