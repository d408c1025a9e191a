"""The time at a simulated site that runs faster, and what its drivers and its weather service say in it."""

from datetime import UTC, datetime, timedelta

from freezegun.api import FrozenDateTimeFactory
import pytest

from custom_components.sunfuse.drivers.demand import Demand
from custom_components.sunfuse.engine.tuning import Tuning
from custom_components.sunfuse.site.simulated_house import SimulatedHouse
from custom_components.sunfuse.site.site_clock import SiteClock

from .common import site_entry

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
    assert clock.hastened(Tuning()).turn_s == 15


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


def test_the_wall_clock_counts_elsewhere() -> None:
    """At a real site, and at a simulated one that runs as fast as time does."""
    for house in (None, SimulatedHouse(site_entry(9000))):
        clock = SiteClock(house)
        assert clock.house is None
        assert clock.there(NOW) == clock.here(NOW) == NOW
        assert clock.hastened(Tuning()) == Tuning()
