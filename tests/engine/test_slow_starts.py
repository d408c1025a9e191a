"""Cars that sleep: from the offer to their first current they need up to a minute."""

import pytest

from .plant import Car, Plant, charger, main


@pytest.mark.parametrize("fuse_a", [10.0, 10.5, 11.0])
@pytest.mark.parametrize("sleeps_s", [20.0, 40.0, 60.0])
@pytest.mark.parametrize("report_s", [2.0, 10.0, 30.0])
def test_a_car_is_not_stopped_by_its_own_start(
    fuse_a: float, sleeps_s: float, report_s: float
) -> None:
    """House 2 A, one place for two cars that take turns of a quarter of an hour: in 40 minutes each has one.

    As long as its charger has not reported again, the meter alone shows that it has begun. A turn at 7.7 A less the waking is 1.2 kWh.
    """
    cars = [
        Car(connector=charger("slow"), sleeps_s=sleeps_s),
        Car(connector=charger("other")),
    ]
    plant = Plant(
        cars=cars,
        circuits=(main(fuse_a),),
        loads={"main": lambda at_s: (2.0 + 0.1 * (at_s % 3),) * 3},
        report_s=report_s,
    )
    measures = plant.run(2400)
    assert cars[0].given_wh > 1_000
    assert cars[1].given_wh > 1_000
    assert cars[0].starts <= 2
    assert measures.worst_a < 1
