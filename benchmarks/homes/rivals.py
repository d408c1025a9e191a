"""How others charge the same cars in the same month: rules that are known, written down as simply as they can be."""

from collections.abc import Callable

import numpy as np

from custom_components.sunfuse.what_if.plant import Guest, Plant

from .home import plant_of
from .known import known_prices
from .world import BLOCK_MIN, FUSE_A, QUARTER_MIN, VOLTAGE_V, World

type Rule = Callable[[World, Plant], dict[str, float]]


def uncontrolled(_world: World, plant: Plant) -> dict[str, float]:
    """Charge at once with all that car and charger can."""
    return {name: guest.stay.max_a for name, guest in plant.here.items()}


def equal_sharing(_world: World, plant: Plant) -> dict[str, float]:
    """Charge at once, and share what the fuse leaves equally: load balancing as chargers offer it."""
    return _within_fuse(plant, uncontrolled(_world, plant))


def solar_only(_world: World, plant: Plant) -> dict[str, float]:
    """Follow the surplus of the sun, one car after the other, from the minimum on."""
    left_w = plant.sun_w - plant.house_w
    offers = {}
    for name, guest in plant.here.items():
        stay = guest.stay
        most_w = stay.power_w(stay.max_a, VOLTAGE_V)
        least_w = stay.power_w(stay.outlet.min_a, VOLTAGE_V)
        power_w = min(left_w, most_w) if left_w >= least_w else 0.0
        if guest.needy:
            left_w -= power_w
        offers[name] = power_w / VOLTAGE_V / len(stay.phases)
    return offers


def cheapest_slots(world: World, plant: Plant) -> dict[str, float]:
    """Charge each car in the cheapest slots before it leaves, and by the sun in between: evcc's planner.

    The rule (docs.evcc.io, features/plans): so many slots at full power as the energy takes, the cheapest ones, each car for
    itself; outside of them its mode `pv`. The fuse is guarded by sharing it.
    """
    offers = solar_only(world, plant)
    for name, guest in plant.here.items():
        if _in_cheap_slot(world, plant.now_min, guest):
            offers[name] = guest.stay.max_a
    return _within_fuse(plant, offers)


def _in_cheap_slot(world: World, now_min: float, guest: Guest) -> bool:
    stay = guest.stay
    count = max(1, int(stay.says_min - now_min) // QUARTER_MIN)
    if now_min >= stay.says_min:
        return True
    prices, _ = known_prices(world, now_min, count)
    most_w = stay.power_w(stay.max_a, VOLTAGE_V)
    stored_w = most_w * stay.efficiency - stay.standby_w
    slots = int(np.ceil(guest.lacks_wh / (stored_w * QUARTER_MIN / 60)))
    return 0 in np.argsort(prices, kind="stable")[:slots]


def _within_fuse(plant: Plant, offers: dict[str, float]) -> dict[str, float]:
    """Share each phase equally among those who want it."""
    wanting = [guest for guest in plant.here.values() if guest.needy]
    free = [max(0.0, FUSE_A - 0.5 - load) for load in plant.currents(cars=False)]
    shared = dict(offers)
    for phase in range(3):
        users = [
            guest.stay.outlet.id for guest in wanting if phase in guest.stay.phases
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


def run(rule: Rule, world: World) -> Plant:
    """Let a month pass under a rule, which looks each five minutes."""
    plant = plant_of(world)
    while not plant.over:
        plant.come_and_go()
        for name, current_a in rule(world, plant).items():
            plant.offer(name, current_a)
        plant.step(BLOCK_MIN)
    plant.finish()
    return plant
