"""A home of a world, with Sunfuse: replayed by the loop of `what_if`, planner and engine as they are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, timedelta

import numpy as np

from custom_components.sunfuse.engine.model import Circuit, Site
from custom_components.sunfuse.planner import Quantiles
from custom_components.sunfuse.simulator.battery import BatterySpec
from custom_components.sunfuse.site.planning.peak_rules import CapacityRule
from custom_components.sunfuse.site.replay.replayed_peaks import ReplayedPeaks
from custom_components.sunfuse.sources.tariffs.capacity_rules import CapacityTariff
from custom_components.sunfuse.what_if.plant import (
    HomeStorage,
    Outlet,
    Plant,
    Stay,
    Surroundings,
)
from custom_components.sunfuse.what_if.replay import Replay, ReplayedSite, ReplayPace

from . import world as homes
from .bound import PeakPrice
from .known import START, day_peaks, house_ahead, known_prices, sun_ahead, usual_house
from .world import BLOCK_MIN, FUSE_A, QUARTER_MIN, QUARTERS, VOLTAGE_V, World

BATTERY = BatterySpec()
SITE = ReplayedSite(
    site=Site(phases=3, voltage_v=VOLTAGE_V),
    circuits=(
        Circuit(id="main", name="Main fuse", parent=None, limit_a=(FUSE_A,) * 3),
    ),
)
PACE = ReplayPace(near_plan_min=5.0)


@dataclass(frozen=True, kw_only=True)
class WorldAhead:
    """What is known of a world beforehand."""

    world: World
    top: int = 1  # so many days count for a peak

    def prices(self, now_min: float, count: int) -> tuple[tuple[float, ...], int]:
        """Return import prices, and how many of them are known."""
        return known_prices(self.world, now_min, count)

    def export_prices(self, first: int, count: int) -> tuple[float, ...]:
        """Return what exports earn."""
        return tuple(self.world.export_price[first : first + count])

    def house(self, first: int, count: int) -> Quantiles:
        """Return the house load."""
        return house_ahead(self.world, first, count)

    def usual_house(self, first: int, count: int) -> Quantiles:
        """Return the house load of usual days: that of a month is known from the weeks before, even where this day is."""
        return usual_house(self.world, first, count)

    @property
    def day_peaks_w(self) -> Mapping[int, Sequence[float]]:
        """The highest intervals of days, by their minutes."""
        return {
            minutes: day_peaks(self.world, minutes, self.top) for minutes in (15, 60)
        }

    def sun(self, first: int, count: int) -> Quantiles:
        """Return the sun."""
        return sun_ahead(self.world, first, count)


def plant_of(world: World, storage: HomeStorage | None = None) -> Plant:
    """Return a home at its first midnight, with nobody there."""
    return Plant(
        surroundings=Surroundings(
            block_min=BLOCK_MIN,
            house_w=world.house_w.tolist(),
            sun_w=world.sun_w.tolist(),
        ),
        stays=[_stay(stay) for stay in world.stays],
        quarters=world.days * QUARTERS,
        fuse_a=FUSE_A,
        storage=storage,
    )


def run(
    world: World, *, peak: PeakPrice | None = None, storage: HomeStorage | None = None
) -> Plant:
    """Let a month pass at a home with Sunfuse."""
    plant = plant_of(world, storage)
    counted = None
    if peak is not None:
        end = START + timedelta(days=world.days)
        counted = ReplayedPeaks.of([_rule(peak)], UTC, START, end)
    Replay(
        site=SITE,
        plant=plant,
        ahead=WorldAhead(world=world, top=peak.top if peak else 1),
        start=START,
        pace=PACE,
        peaks=counted,
    ).run()
    return plant


def settled(world: World, stored_wh: float) -> float:
    """Return what it costs to leave the battery half full, as it was: in the cheapest hour of the next day, with what is lost on the way.

    Half of it takes an hour; for whoever knows everything, the last hours of the period may cost less.
    """
    end = world.days * QUARTERS
    price = float(np.sort(world.import_price[end : end + QUARTERS])[:4].mean())
    lacks_wh = BATTERY.capacity_wh / 2 - stored_wh
    through = 1 / BATTERY.one_way if lacks_wh > 0 else BATTERY.one_way
    return price * lacks_wh * through / 1000


def _rule(peak: PeakPrice) -> CapacityRule:
    tariff = CapacityTariff(
        key="peak",
        interval_min=peak.quarters * QUARTER_MIN,
        top=peak.top,
        different_days=peak.by_day,
        floor_w=peak.floor_w,
        price_per_kw=peak.price,
    )
    return CapacityRule(id="peak", name="peak", tariff=tariff, cap=True)


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
