"""A replayed site to the minute: cars come and leave between full quarter hours."""

from datetime import UTC, datetime, timedelta

import pytest

from custom_components.sunfuse.engine.model import Circuit, Site
from custom_components.sunfuse.planner import (
    BatteryCommand,
    Intention,
    SiteSlot,
    Status,
)
from custom_components.sunfuse.simulator.battery import BatterySpec
from custom_components.sunfuse.what_if import (
    Hindsight,
    HomeStorage,
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


def _week(*, cheap_from: int) -> PastWeek:
    """Return two days without a house or sun; power is cheap from a quarter hour on."""
    return PastWeek(
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


def _replayed(
    arrives_min: float, leaves_min: float, minutes: float, *, cheap_from: int
) -> Plant:
    """Return a day with one car, which needs so many minutes of full power; power is cheap from a quarter hour on."""
    week = _week(cheap_from=cheap_from)
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


@pytest.mark.parametrize(
    ("command", "planned_w", "house_w", "sun_w", "gives_w"),
    [
        # It is planned to give 2 kW, and gives what lacks beside the sun; what the sun leaves it stores.
        (BatteryCommand.DISCHARGE, 2000.0, 500.0, 0.0, 500.0),
        (BatteryCommand.DISCHARGE, 2000.0, 2500.0, 0.0, 2000.0),
        (BatteryCommand.DISCHARGE, 2000.0, 500.0, 800.0, -300.0),
        # To charge with nothing leaves the sun to something else, and 1 kW is 1 kW.
        (BatteryCommand.CHARGE, 0.0, 500.0, 2500.0, 0.0),
        (BatteryCommand.CHARGE, 0.0, 500.0, 0.0, 0.0),
        (BatteryCommand.CHARGE, -1000.0, 500.0, 2500.0, -1000.0),
        (BatteryCommand.CHARGE, -1000.0, 500.0, 0.0, -1000.0),
        # Who holds stores what the sun leaves, and gives nothing.
        (BatteryCommand.HOLD, 0.0, 500.0, 0.0, 0.0),
        (BatteryCommand.HOLD, 0.0, 500.0, 800.0, -300.0),
    ],
)
def test_a_battery_does_what_it_is_told(
    command: BatteryCommand,
    planned_w: float,
    house_w: float,
    sun_w: float,
    gives_w: float,
) -> None:
    """An order to charge has its power; one to discharge exports nothing."""
    day = (START, START + timedelta(days=1))
    slot = SiteSlot(
        start=day[0],
        end=day[1],
        grid_w=0.0,
        house_w=2000.0,
        sun_w=0.0,
        cars_w=0.0,
        battery_w=planned_w,
        battery_wh=None,
        command=command,
        price=DEAR,
        export_price=0.07,
    )
    plant = Plant(
        surroundings=Surroundings(block_min=15, house_w=[house_w], sun_w=[sun_w]),
        stays=[],
        quarters=1,
        storage=HomeStorage(spec=BatterySpec(), controlled=True),
    )
    main = Circuit(id="main", name="Main", parent=None, limit_a=(25.0,) * 3)
    week = _week(cheap_from=0)
    replay = Replay(
        site=ReplayedSite(site=Site(phases=3, voltage_v=230.0), circuits=(main,)),
        plant=plant,
        ahead=Hindsight.of(week, usual_days([week])),
        start=START,
        intention=Intention(now=START, status=Status.OPTIMAL, slots=(slot,), cars=()),
        planned_min=0.0,
    )
    replay.run()
    assert plant.battery_w == pytest.approx(gives_w)
    assert plant.grid_wh == [pytest.approx((house_w - sun_w - gives_w) / 4)]
