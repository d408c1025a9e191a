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


@pytest.mark.parametrize(
    ("step_s", "report_s"), [(20, 2), (20, 10), (40, 10), (20, 30)]
)
def test_what_the_house_takes_meanwhile_is_not_the_cars(
    step_s: float, report_s: float
) -> None:
    """25 A: the house takes 16 A more while a car sleeps that may take 16 A. The next report of no current shows whose it is."""
    car = Car(connector=charger("a"), sleeps_s=80.0)
    plant = Plant(
        cars=[car],
        circuits=(main(),),
        loads={"main": lambda at_s: (2.0 if at_s < step_s else 18.0,) * 3},
        report_s=report_s,
    )
    measures = plant.run(300)
    # It begins with no more than 6 A, if at all.
    assert measures.worst_a == 0
    assert car.offer_a <= 25 - 18
