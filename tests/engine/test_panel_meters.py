"""Meters of sub-panels that show less than the cars there take, beside sun that is reported for the house. The loop is closed."""

import math

import pytest

from custom_components.sunfuse.engine.model import (
    Circuit,
    CircuitState,
    MeterQuality,
    PerPhase,
)

from .meter_faults import Shows, cars, dead, one_dead, trembling, turned
from .plant import VOLTAGE_V, Car, Plant, charger, main

HOUSE = Circuit(id="house", name="House", parent=None, limit_a=(63.0,) * 3)


def halved(_: float, flow: PerPhase) -> PerPhase:
    """Show half of everything, as transformers of another ratio do."""
    return tuple(a / 2 for a in flow)


def highest_a(plant: Plant, since_s: int) -> float:
    """Return what flowed in the panel at its highest."""
    return max(max(flow["main"]) for flow in plant.flows[since_s:])


@pytest.mark.parametrize("shows", [halved, dead, one_dead, turned])
def test_the_sun_of_the_house_explains_nothing_in_a_panel(shows: Shows) -> None:
    """12 kW on the roof are behind the main meter. That of a panel which has never fed in shows less than its cars: it is wrong."""
    plant = Plant(
        cars=cars(),
        circuits=(HOUSE, main(parent="house")),
        loads={
            "main": lambda at_s: tuple(
                a + (9.0 if at_s > 400 else 0.0) for a in trembling(3.0, 2.0, 1.0)(at_s)
            ),
            "house": trembling(8.0, 8.0, 8.0),
        },
        solar_w=lambda at_s: 12_000.0 + 500 * math.sin(at_s / 60),
        shows=lambda at_s, flow: shows(at_s, flow) if at_s >= 300 else flow,
    )
    plant.run(800)
    assert highest_a(plant, 415) <= 25.0
    assert plant.decisions[-1].circuits[0].state is CircuitState.OK
    assert plant.decisions[-1].circuits[1].meter is MeterQuality.CONTRADICTED


def test_a_panel_with_panels_of_its_own_goes_on() -> None:
    """A garage whose roof has fed in: its meter shows less than its car takes, and the sun explains that."""
    sun_a = 10.0
    plant = Plant(
        cars=[Car(connector=charger("car"), arrives_s=120.0)],
        circuits=(HOUSE, main(parent="house")),
        loads={
            "main": lambda at_s: tuple(
                a - sun_a for a in trembling(3.0, 2.0, 1.0)(at_s)
            ),
            "house": lambda _: (sun_a,) * 3,  # `solar_w` is at the main fuse
        },
        solar_w=lambda _: 3 * sun_a * VOLTAGE_V,
    )
    plant.run(900)
    assert {d.circuits[1].meter for d in plant.decisions} == {MeterQuality.GOOD}
    assert plant.decisions[-1].connectors[0].offer_a == 16.0
