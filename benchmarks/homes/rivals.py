"""How others charge the same cars in the same month: rules that are known, written down as simply as they can be."""

from collections.abc import Callable

import numpy as np

from .known import known_prices
from .plant import Guest, Plant
from .world import (
    BLOCK_MIN,
    CHARGE_EFFICIENCY,
    FUSE_A,
    QUARTER_MIN,
    STANDBY_W,
    VOLTAGE_V,
)

type Rule = Callable[[Plant], dict[str, float]]


def uncontrolled(plant: Plant) -> dict[str, float]:
    """Charge at once with all that car and charger can."""
    return {name: guest.stay.car.max_a for name, guest in plant.here.items()}


def equal_sharing(plant: Plant) -> dict[str, float]:
    """Charge at once, and share what the fuse leaves equally: load balancing as chargers offer it."""
    return _within_fuse(plant, uncontrolled(plant))


def solar_only(plant: Plant) -> dict[str, float]:
    """Follow the surplus of the sun, one car after the other, from the minimum on."""
    left_w = plant.sun_w - plant.house_w
    offers = {}
    for name, guest in plant.here.items():
        car = guest.stay.car
        power_w = min(left_w, car.most_w) if left_w >= car.least_w else 0.0
        if guest.lacks_wh > 1:
            left_w -= power_w
        offers[name] = power_w / VOLTAGE_V / len(car.phases)
    return offers


def cheapest_slots(plant: Plant) -> dict[str, float]:
    """Charge each car in the cheapest slots before it leaves, and by the sun in between: evcc's planner.

    The rule (docs.evcc.io, features/plans): so many slots at full power as the energy takes, the cheapest ones, each car for
    itself; outside of them its mode `pv`. The fuse is guarded by sharing it.
    """
    offers = solar_only(plant)
    for name, guest in plant.here.items():
        if _in_cheap_slot(plant, guest):
            offers[name] = guest.stay.car.max_a
    return _within_fuse(plant, offers)


def _in_cheap_slot(plant: Plant, guest: Guest) -> bool:
    count = max(1, int(guest.stay.says_min - plant.now_min) // QUARTER_MIN)
    if plant.now_min >= guest.stay.says_min:
        return True
    prices, _ = known_prices(plant.world, plant.now_min, count)
    stored_w = guest.stay.car.most_w * CHARGE_EFFICIENCY - STANDBY_W
    slots = int(np.ceil(guest.lacks_wh / (stored_w * QUARTER_MIN / 60)))
    return 0 in np.argsort(prices, kind="stable")[:slots]


def _within_fuse(plant: Plant, offers: dict[str, float]) -> dict[str, float]:
    """Share each phase equally among those who want it."""
    wanting = [guest for guest in plant.here.values() if guest.lacks_wh > 1]
    free = [max(0.0, FUSE_A - 0.5 - load) for load in plant.currents(cars=False)]
    shared = dict(offers)
    for phase in range(3):
        users = [
            guest.stay.car.name for guest in wanting if phase in guest.stay.car.phases
        ]
        if sum(offers[name] for name in users) > free[phase]:
            for name in users:
                shared[name] = min(shared[name], free[phase] / len(users))
    return shared


RIVALS: dict[str, Rule] = {
    "cheapest slots per car, and sun (evcc's planner)": cheapest_slots,
    "solar only": solar_only,
    "equal sharing": equal_sharing,
    "uncontrolled": uncontrolled,
}


def run(rule: Rule, plant: Plant) -> None:
    """Let a month pass under a rule, which looks each five minutes."""
    while not plant.over:
        plant.come_and_go()
        for name, current_a in rule(plant).items():
            plant.offer(name, current_a)
        plant.step(BLOCK_MIN)
    plant.finish()
