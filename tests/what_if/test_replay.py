"""A replayed site to the minute: cars come and leave between full quarter hours."""

from datetime import UTC, datetime

import pytest

from custom_components.sunfuse.engine.model import Circuit, Site
from custom_components.sunfuse.what_if import (
    Hindsight,
    Outlet,
    PastWeek,
    Plant,
    Replay,
    ReplayedSite,
    Stay,
    Surroundings,
    usual_days,
)

START = datetime(2026, 3, 2, tzinfo=UTC)
QUARTERS = 96
CHEAP, DEAR = 0.10, 0.30
FULL_W = 16 * 3 * 230


def _replayed(
    arrives_min: float, leaves_min: float, minutes: float, *, cheap_from: int
) -> Plant:
    """Return a day with one car, which needs so many minutes of full power; power is cheap from a quarter hour on."""
    week = PastWeek(
        start=START,
        quarters=QUARTERS,
        house_w=(0.0,) * 2 * QUARTERS,
        sun_w=(0.0,) * 2 * QUARTERS,
        import_price=tuple(
            CHEAP if quarter >= cheap_from else DEAR for quarter in range(2 * QUARTERS)
        ),
        export_price=(0.05,) * 2 * QUARTERS,
        stays=(),
        local_days=(0,) * QUARTERS + (1,) * QUARTERS,
        weekend=(False,) * 2 * QUARTERS,
    )
    stay = Stay(
        outlet=Outlet(id="a", circuit="main"),
        arrives_min=arrives_min,
        leaves_min=leaves_min,
        says_min=leaves_min,
        needed_wh=FULL_W * minutes / 60,
        max_a=16.0,
        phases=(0, 1, 2),
    )
    plant = Plant(
        surroundings=Surroundings(block_min=15, house_w=week.house_w, sun_w=week.sun_w),
        stays=[stay],
        quarters=QUARTERS,
    )
    main = Circuit(id="main", name="Main", parent=None, limit_a=(25.0,) * 3)
    Replay(
        site=ReplayedSite(site=Site(phases=3, voltage_v=230.0), circuits=(main,)),
        plant=plant,
        ahead=Hindsight.of(week, usual_days([week])),
        start=START,
    ).run()
    return plant


def test_the_part_of_a_quarter_hour_until_a_departure_is_used() -> None:
    """It leaves at 4:12, and power is cheap from 4:00: its twelve minutes cost 0.10, as no quarter hour before does."""
    plant = _replayed(60, 252, 11, cheap_from=16)
    assert plant.gone[0].lacked_wh < 20
    assert sum(plant.cars_wh[:16]) == pytest.approx(0, abs=5)


def test_a_car_is_gone_when_it_leaves() -> None:
    """Decisions are up to five minutes apart: it leaves at 1:03 all the same, and what it lacks counts from then."""
    plant = _replayed(31, 63, 60, cheap_from=0)
    assert sum(plant.cars_wh) == pytest.approx(FULL_W * 32 / 60, rel=0.02)
    assert plant.gone[0].lacked_wh == pytest.approx(FULL_W * 28 / 60, rel=0.02)
