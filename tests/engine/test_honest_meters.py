"""Meters that are right are believed: a false alarm takes a user's current away, as a missed one takes the fuse."""

from dataclasses import replace

import pytest

from custom_components.sunfuse.engine import Memory, decide
from custom_components.sunfuse.engine.model import Decision, MeterQuality, Snapshot

from .honest_sites import belief, random_honest_site
from .plant import VOLTAGE_V, Car, Plant, charger, main


@pytest.mark.parametrize(
    "seed",
    [
        # A battery keeps each phase, or one, at zero. Meters of half or whole amperes show no change of a car there.
        12,
        34,
        70,
        # It keeps the total at zero, with the same on each phase: what they differ by stands still.
        59,
        # A meter of the total that has never shown anything but zero.
        115,
        # A quiet house, and a car that changes between two readings of a slow meter.
        65,
        108,
    ],
)
def test_a_meter_that_was_called_wrong(seed: int) -> None:
    """Found by `python -m benchmarks.overload --honest`."""
    found = belief(random_honest_site(seed))
    assert not found.wrong
    assert found.doubted_s <= 60


def test_a_car_of_which_only_the_power_is_known() -> None:
    """3.7 kW on a charger of three phases are on one of them: the others rightly show nothing of it, in whole amperes."""

    def in_watts(snapshot: Snapshot, memory: Memory) -> tuple[Decision, Memory]:
        told = tuple(
            replace(one, draw_a=None, draw_w=sum(one.draw_a or ()) * VOLTAGE_V)
            for one in snapshot.connectors
        )
        return decide(replace(snapshot, connectors=told), memory)

    plant = Plant(
        cars=[Car(connector=charger("car"), phases=1, arrives_s=150.0)],
        circuits=(main(),),
        loads={"main": lambda at_s: (2.0 + int(at_s) % 40 / 8, 1.0, 0.0)},
        shows=lambda _, flow: tuple(float(round(a)) for a in flow),
        decide=in_watts,
    )
    plant.run(600)
    assert {d.circuits[0].meter for d in plant.decisions[1:]} == {MeterQuality.GOOD}
