"""After a shortage that lasted, cars return within a minute, those that were unserved longest first; after one that comes and goes, they do not start for each low."""

import pytest

from .plant import Car, Load, Plant, charger, main

BEGINS_S = 1800  # everything has been quiet for half an hour
HIGH, LOW = (30.0,) * 3, (2.0,) * 3


def garage(load: Load, cars: int = 6) -> Plant:
    """Return six cars on 39 A, of which the load leaves 37 A or 9 A: enough for six, or for one."""
    return Plant(
        cars=[Car(connector=charger(f"k{n}"), arrives_s=20.0 * n) for n in range(cars)],
        circuits=(main(40.0),),
        loads={"main": load},
    )


@pytest.mark.parametrize("lasts_s", [180, 600, 3000])
def test_cars_return_when_a_shortage_has_ended(lasts_s: int) -> None:
    """All wait but one; within half a minute of its end the next one charges, and after 75 s nobody waits."""
    ends_s = BEGINS_S + lasts_s
    plant = garage(lambda at_s: HIGH if BEGINS_S <= at_s < ends_s else LOW)
    charge: dict[int, int] = {}

    def watch(at_s: float, plant: Plant) -> None:
        charge[int(at_s)] = sum(one.current_a > 0 for one in plant.cars)

    plant.watch = watch
    plant.run(ends_s + 120)
    assert charge[ends_s - 5] == 1
    assert charge[ends_s + 30] >= 2
    assert charge[ends_s + 75] == 6
    assert max(one.starts for one in plant.cars) <= 2 + lasts_s // 900
    last = [flow["main"][0] for flow in plant.flows[ends_s + 15 :]]
    assert max(last) <= 40.0


def test_who_was_unserved_longest_returns_first() -> None:
    """Three are paused at once, and two after five minutes: the three come back first."""
    ends_s = BEGINS_S + 600

    def load(at_s: float) -> tuple[float, ...]:
        if not BEGINS_S <= at_s < ends_s:
            return LOW
        return (19.0 if at_s < BEGINS_S + 300 else 30.0,) * 3

    plant = garage(load)
    paused: list[str] = []
    back: list[str] = []

    def watch(at_s: float, plant: Plant) -> None:
        for one in plant.cars:
            name, charges = one.connector.id, one.current_a > 0
            if at_s >= BEGINS_S and not charges and name not in paused:
                paused.append(name)
            if at_s >= ends_s and charges and name in paused and name not in back:
                back.append(name)

    plant.watch = watch
    plant.run(ends_s + 120)
    assert len(paused) == len(back) == 5
    assert set(back[:3]) == set(paused[:3])


def test_a_load_that_comes_and_goes_starts_nobody_each_time() -> None:
    """A minute high, a minute low, for an hour: who does not fit beside it started once too often, and not thirty times."""
    plant = garage(lambda at_s: HIGH if at_s >= BEGINS_S and at_s % 120 < 60 else LOW)
    plant.run(BEGINS_S + 3600)
    assert max(one.starts for one in plant.cars) <= 8
