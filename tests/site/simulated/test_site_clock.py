"""The time at a simulated site that runs faster, and what its drivers and its weather service say in it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from freezegun.api import FrozenDateTimeFactory
import pytest

from custom_components.sunfuse.drivers.demand import Demand
from custom_components.sunfuse.drivers.timetable import Said
from custom_components.sunfuse.drivers.wishes import TargetKind, Wishes
from custom_components.sunfuse.engine.tuning import Tuning
from custom_components.sunfuse.site.cars.demands import Demands
from custom_components.sunfuse.site.outcome import ConnectorKey
from custom_components.sunfuse.site.planning.site_demands import SiteDemands
from custom_components.sunfuse.site.simulated.simulated_house import SimulatedHouse
from custom_components.sunfuse.site.simulated.site_clock import SiteClock
from custom_components.sunfuse.websocket.site_view import clock_of

from ...common import site_entry

NOW = datetime(2026, 11, 29, 3, tzinfo=UTC)


@pytest.fixture
def clock(freezer: FrozenDateTimeFactory) -> SiteClock:
    """Return the clock of a site that runs 60 times faster, a minute after its start at 10:30 of a summer's day."""
    freezer.move_to(NOW)
    house = SimulatedHouse(site_entry(9000, speed=60.0))
    for _ in range(60):
        house.simulation.advance(1.0)
    return SiteClock(house)


def test_an_hour_passes_in_a_minute(clock: SiteClock) -> None:
    """It is 11:30 there, and in half a minute noon; both ways lead back."""
    there = datetime(2026, 6, 21, 9, 30, tzinfo=UTC)
    assert abs(clock.now() - there) < timedelta(seconds=1)
    noon = clock.there(NOW + timedelta(seconds=30))
    assert abs(noon - there - timedelta(minutes=30)) < timedelta(seconds=1)
    assert clock.here(noon) == NOW + timedelta(seconds=30)
    # The site's card says which time it is there, and does not change with every second.
    assert clock.house
    clock.house.simulation.advance(1.0)
    assert clock_of(clock) == "2026-06-21T09:30:00+00:00"
    clock.house.simulation.advance(13.0)
    assert clock_of(clock) == "2026-06-21T09:30:00+00:00"
    assert clock_of(SiteClock(None)) is None
    hastened = clock.hastened(Tuning())
    assert hastened.turn_s == 15
    # A pause of a minute is a minute there too: on the wall's clock it would be an hour, and the car would be late.
    assert hastened.min_off_s == 1
    assert hastened.min_on_s == 3
    assert clock.hastened(Tuning(min_off_s=120.0)).min_off_s == 2
    # So is the rise of an offer, and the mean of the load beside which it rises.
    assert (hastened.ramp_a_per_s, hastened.smoothing_s) == (60, 10 / 60)
    assert clock.hastened(Tuning(ramp_a_per_s=0.5)).ramp_a_per_s == 30


def test_who_plans_there_counts_with_what_the_lag_costs(clock: SiteClock) -> None:
    """Cars react in real time: a part of what is planned never arrives, and is not told to drivers."""
    at_sixty, real = clock.house, SimulatedHouse(site_entry(9000))
    assert at_sixty
    for house, efficiency in ((at_sixty, 0.9 * 0.96), (real, 0.9)):
        house.simulation.chargers["SIM-GARAGE"].plug_in()
        asked = house.asks("SIM-GARAGE", 1, Demand())
        assert asked.charge_efficiency == pytest.approx(efficiency)
    fastest = SimulatedHouse(site_entry(9000, speed=3600.0))
    fastest.simulation.chargers["SIM-GARAGE"].plug_in()
    assert fastest.asks("SIM-GARAGE", 1, Demand()).charge_efficiency == 0.45


def test_what_is_said_there(clock: SiteClock) -> None:
    """A driver says when the car leaves, and how full it is to be; the forecast has sun by day and none at night."""
    house = clock.house
    assert house
    asked = house.asks("SIM-GARAGE", 1, Demand())
    assert asked.departure
    assert clock.now() < asked.departure < clock.now() + timedelta(hours=6)
    assert asked.target_soc == 90
    assert house.asks("NOBODY", 1, asked).departure is None
    expected = house.expected(clock.now())
    assert expected.solar[0].start == datetime(2026, 6, 21, 9, 30, tzinfo=UTC)
    assert expected.solar[0].p50_w > 3000
    midnight = expected.solar[12 * 4 + 2]
    assert midnight.p50_w == 0
    assert all(slot.p10_w <= slot.p50_w <= slot.p90_w for slot in expected.load)


class _Said:
    """Stands for what drivers said by the clock on the wall."""

    def __init__(self, demand: Demand, wishes: Wishes | None = None) -> None:
        self.demand = demand
        self.wishes = wishes or Wishes()

    def wishes_at(self, _key: ConnectorKey) -> tuple[Wishes, Wishes]:
        """Return what is set for the vehicle, and for the charger."""
        return self.wishes, Wishes()

    def at(self, _key: ConnectorKey) -> Demand:
        """Return what was said."""
        return self.demand


def test_a_pause_and_a_departure_end_in_the_time_of_the_site(clock: SiteClock) -> None:
    """Two minutes on the wall are two hours there; the engine reckons by the wall, with what a current gives in its time."""
    soon = NOW + timedelta(minutes=2)
    said = Demand(paused_until=soon, departure=soon, energy_wh=6_000.0)
    demands = SiteDemands(cast("Demands", _Said(said)), clock)
    key = ConnectorKey(identity="SIM-GARAGE", connector=1)
    planned, controlled = demands.planned(key), demands.controlled(key)
    there = datetime(2026, 6, 21, 11, 30, tzinfo=UTC)
    for at in (planned.departure, planned.paused_until):
        assert at
        assert abs(at - there) < timedelta(minutes=5)
    for at in (controlled.departure, controlled.paused_until):
        assert at
        assert abs(at - soon) < timedelta(seconds=5)
    assert controlled.energy_wh == 100
    # Tomorrow on the wall is in two months there: the simulated driver leaves before.
    late = replace(said, departure=NOW + timedelta(days=1), paused_until=None)
    # And seven o'clock of each weekday passes there every 24 minutes.
    weekly = replace(said, departure=NOW + timedelta(minutes=30), said=Said.WEEKLY)
    for other in (late, weekly):
        demands = SiteDemands(cast("Demands", _Said(other)), clock)
        departure = demands.planned(key).departure
        assert departure
        assert departure < clock.now() + timedelta(hours=6)


def test_who_watches_a_night_may_change_it(clock: SiteClock) -> None:
    """Skip tonight, the target, the minimum and the next departure work there as anywhere."""
    key = ConnectorKey(identity="SIM-GARAGE", connector=1)

    def planned(demand: Demand | None = None, **wishes: Any) -> Demand:
        said = _Said(demand or Demand(), Wishes(**wishes))
        return SiteDemands(cast("Demands", said), clock).planned(key)

    usual = planned()
    assert usual.departure
    assert usual.energy_wh
    assert planned(skipped_until=clock.here(usual.departure)).departure is None
    assert planned(skipped_until=NOW).departure == usual.departure
    # 10 % less of the battery.
    less = planned(target_soc=80.0, target_kind=TargetKind.SOC)
    assert less.energy_wh
    assert usual.capacity_wh
    assert usual.energy_wh - less.energy_wh == pytest.approx(usual.capacity_wh / 10)
    assert planned(minimum_soc=100.0).minimum_wh > usual.energy_wh
    # Who leaves earlier needs as much.
    soon = planned(Demand(departure=NOW + timedelta(minutes=2), said=Said.ONCE))
    assert soon.departure
    assert soon.departure < usual.departure
    assert (soon.energy_wh, soon.soc) == (usual.energy_wh, usual.soc)


def test_the_wall_clock_counts_elsewhere() -> None:
    """At a real site, and at a simulated one that runs as fast as time does."""
    for house in (None, SimulatedHouse(site_entry(9000))):
        clock = SiteClock(house)
        assert clock.house is None
        assert clock.there(NOW) == clock.here(NOW) == NOW
        assert clock.hastened(Tuning()) == Tuning()
