"""A departure that the plan will miss, or that was missed: who is told, when, and how often."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from freezegun.api import FrozenDateTimeFactory
import pytest

from custom_components.sunfuse.drivers.demand import Demand
from custom_components.sunfuse.engine.model import Mode, ReasonKey
from custom_components.sunfuse.planner import PlanKey, Why
from custom_components.sunfuse.site.cars.readiness import readiness_of
from homeassistant.core import HomeAssistant

from ...common import set_meters
from ...planned_site import SEVEN, Site
from ...price_site import issues, pass_time

pytestmark = pytest.mark.usefixtures("socket_enabled")


async def test_a_departure_that_will_be_missed_is_told_at_once(
    hass: HomeAssistant, site: Site, freezer: FrozenDateTimeFactory
) -> None:
    """An hour gives 9.9 of 20 kWh: an event now, a repair after ten minutes, and both end when there is time."""
    start = datetime.now(UTC)
    site.demand = replace(
        site.demand,
        departure=start + timedelta(hours=1),
        soc=50.0,
        capacity_wh=50_000.0,
        target_soc=90.0,
    )
    for _ in range(3):
        await site.settle()
    assert site.shows("reason") == "misses_departure"
    assert site.explanation.startswith("Will reach only 70 % by 13:0")
    # Nobody else charges, so a boost would change nothing.
    assert "Leave at 14:" in site.explanation
    assert "oost" not in site.explanation
    # Where something else is to be said, that it will be missed is said after it.
    for turn in range(4):
        current_a = 30 + turn / 10  # of which the car draws 16
        set_meters(hass, currents_a=(current_a, current_a, current_a))
        await pass_time(hass, freezer, 2.1)
    assert site.shows("reason") != "misses_departure"
    assert ". Will reach only 70 % by 13:0" in site.explanation
    # It is told anew when less is reached, although what is said first stays.
    until = start + timedelta(hours=2)
    asked, site.demand = site.demand, replace(site.demand, paused_until=until)
    for _ in range(3):
        await site.settle()
    assert site.shows("reason") == "paused_until"
    assert ". Will reach only 50 % by 13:0" in site.explanation
    site.demand = asked
    for _ in range(3):
        await site.settle()
    await site.settle()
    event = site.event()
    assert event["event_type"] == "will_miss"
    assert event["missing_energy"] == pytest.approx(10.1, abs=0.2)
    assert "plan_misses" not in issues(hass)
    freezer.tick(timedelta(minutes=11))
    await site.settle()
    assert "plan_misses" in issues(hass)
    site.demand = replace(site.demand, departure=SEVEN)
    await site.settle()
    await site.settle()
    event = site.event()
    assert (event["event_type"], event["departure"]) == ("on_time", SEVEN.isoformat())
    assert "plan_misses" not in issues(hass)
    # Of a departure that was taken back nobody waits to hear that it is kept.
    site.demand = replace(asked, departure=datetime.now(UTC) + timedelta(hours=1))
    for _ in range(3):
        await site.settle()
    assert site.event()["event_type"] == "will_miss"
    site.demand = replace(asked, departure=None)
    for _ in range(3):
        await site.settle()
    assert not site.runtime.planning.data.missed
    assert site.event()["event_type"] == "will_miss"


@pytest.mark.parametrize("next_one", [False, True])
async def test_a_departure_that_was_missed_is_not_told_to_be_kept(
    site: Site, freezer: FrozenDateTimeFactory, next_one: bool
) -> None:
    """When its time has passed, its car still charges, or is planned for tomorrow's: neither makes the one of today kept."""
    leaves = datetime.now(UTC) + timedelta(hours=1)
    site.demand = replace(site.demand, departure=leaves)
    for _ in range(3):
        await site.settle()
    assert site.event()["event_type"] == "will_miss"
    freezer.move_to(leaves + timedelta(minutes=6))
    if next_one:
        site.demand = replace(site.demand, departure=leaves + timedelta(days=1))
    for _ in range(3):
        await site.settle()
    assert not site.runtime.planning.data.missed
    assert site.event()["event_type"] == "will_miss"


async def test_a_departure_that_will_be_missed_is_told_once_over_a_restart(
    hass: HomeAssistant,
    site: Site,
    freezer: FrozenDateTimeFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whoever gets a message for each event is not told again what he knows, until it is no longer true."""
    asked = replace(site.demand, departure=datetime.now(UTC) + timedelta(hours=2))
    site.demand = asked
    for _ in range(3):
        await site.settle()
    assert site.event()["event_type"] == "will_miss"
    told_at = site.told_at
    freezer.tick(timedelta(seconds=30))
    assert await hass.config_entries.async_reload(site.entry.entry_id)
    monkeypatch.undo()
    site = Site(hass, freezer, site.entry, monkeypatch)
    site.demand = asked
    for _ in range(3):
        await site.settle()
    assert site.runtime.planning.data.missed
    assert site.told_at == told_at
    site.demand = replace(asked, departure=SEVEN)
    for _ in range(3):
        await site.settle()
    assert site.event()["event_type"] == "on_time"


async def test_what_a_plan_lacks_in_whole_percents_is_said(
    hass: HomeAssistant, site: Site
) -> None:
    """90 % instead of 90 % are no news, and neither is a car that came a moment ago: no plan knows of it."""
    start = datetime.now(UTC)

    def leaves(energy_wh: float) -> Demand:
        return replace(
            site.demand,
            departure=start + timedelta(hours=1, minutes=55),
            energy_wh=energy_wh,
            soc=90.0 - energy_wh / 500,
            capacity_wh=50_000.0,
            target_soc=90.0,
        )

    energy_wh = 21_000.0
    for said in (True, False):
        site.demand = leaves(energy_wh)
        site.runtime.planning.plan_anew()
        await site.settle()
        await site.settle()
        (car,) = site.runtime.planning.data.intention.cars
        assert car.shortfalls, energy_wh
        assert bool(site.runtime.planning.data.missed) is said
        assert (car.why.key is PlanKey.MISSES) is said
        # 0.4 % of 50 kWh.
        energy_wh = car.shortfalls[0].reaches_wh + 200
    event = site.event()
    assert event["event_type"] == "on_time"
    gone = replace(car, why=Why(key=PlanKey.AWAY))
    assert (
        readiness_of(
            site.demand,
            gone,
            ReasonKey.WAITING_FOR_PLAN,
            mode=Mode.ECO,
            missed=False,
            now=datetime.now(UTC),
        )
        is None
    )
