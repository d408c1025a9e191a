"""A home with a battery, replayed by the loop of `what_if`: commanded by the plan, or left to itself and predicted."""

from dataclasses import dataclass

from custom_components.sunfuse.engine.model import Circuit, Site
from custom_components.sunfuse.planner import Quantiles
from custom_components.sunfuse.simulator.battery import BatterySpec
from custom_components.sunfuse.what_if.plant import (
    HomeStorage,
    Outlet,
    Plant,
    Stay,
    Surroundings,
)
from custom_components.sunfuse.what_if.replay import Replay, ReplayedSite

from . import world as homes
from .known import START, house_ahead, known_prices, sun_ahead
from .world import BLOCK_MIN, FUSE_A, QUARTERS, VOLTAGE_V, World

SPEC = BatterySpec()
SITE = ReplayedSite(
    site=Site(phases=3, voltage_v=VOLTAGE_V),
    circuits=(
        Circuit(id="main", name="Main fuse", parent=None, limit_a=(FUSE_A,) * 3),
    ),
)


@dataclass(frozen=True, kw_only=True)
class WorldAhead:
    """What is known of a world beforehand."""

    world: World

    def prices(self, now_min: float, count: int) -> tuple[tuple[float, ...], int]:
        """Return import prices, and how many of them are known."""
        return known_prices(self.world, now_min, count)

    def export_prices(self, first: int, count: int) -> tuple[float, ...]:
        """Return what exports earn."""
        return tuple(self.world.export_price[first : first + count])

    def house(self, first: int, count: int) -> Quantiles:
        """Return the house load."""
        return house_ahead(self.world, first, count)

    def sun(self, first: int, count: int) -> Quantiles:
        """Return the sun."""
        return sun_ahead(self.world, first, count)


def run(world: World, *, controlled: bool) -> Plant:
    """Let a month of a home with a battery pass."""
    plant = Plant(
        surroundings=Surroundings(
            block_min=BLOCK_MIN,
            house_w=world.house_w.tolist(),
            sun_w=world.sun_w.tolist(),
        ),
        stays=[_stay(stay) for stay in world.stays],
        quarters=world.days * QUARTERS,
        storage=HomeStorage(spec=SPEC, controlled=controlled),
    )
    Replay(site=SITE, plant=plant, ahead=WorldAhead(world=world), start=START).run()
    return plant


def settled(world: World, stored_wh: float) -> float:
    """Return what it costs to leave the battery half full, as it was: at the mean price, for what is lost on the way as well."""
    lacks_wh = SPEC.capacity_wh / 2 - stored_wh
    through = 1 / SPEC.one_way if lacks_wh > 0 else SPEC.one_way
    return float(world.import_price.mean()) * lacks_wh * through / 1000


def _stay(stay: homes.Stay) -> Stay:
    car = stay.car
    return Stay(
        outlet=Outlet(id=car.name, circuit="main", phases=car.phases, max_a=car.max_a),
        arrives_min=stay.arrives_min,
        leaves_min=stay.leaves_min,
        says_min=stay.says_min,
        needed_wh=stay.needed_wh,
        max_a=car.max_a,
        phases=car.phases,
        efficiency=homes.CHARGE_EFFICIENCY,
        standby_w=homes.STANDBY_W,
    )
