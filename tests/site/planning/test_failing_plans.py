"""A plan that cannot be made, or that nobody waits for any longer."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from threading import Event, Timer
from typing import Any

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.sunfuse.planner import Intention
from custom_components.sunfuse.repair_issues import open_issues as site_issues
from custom_components.sunfuse.site.planning import planning as site_planning
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from ...planned_site import KEY, SEVEN, Site
from ...price_site import issues, pass_time, state

pytestmark = pytest.mark.usefixtures("socket_enabled")


async def test_a_run_that_fails_leaves_the_last_plan(
    hass: HomeAssistant,
    site: Site,
    freezer: FrozenDateTimeFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """For two hours it is followed; then a simple rule, which says so. A repair comes in between."""

    def fails(*_: Any, **__: Any) -> None:
        raise ValueError("out of order")

    monkeypatch.setattr(site_planning, "intend", fails)
    made_at = state(hass, site.entry, "planned_power").attributes["made_at"]
    await pass_time(hass, freezer, 320)
    await site.settle()
    power = state(hass, site.entry, "planned_power")
    assert power.attributes["made_at"] == made_at
    assert power.attributes["failing"] is True
    assert site.shows("reason") == "waiting_for_price"
    freezer.tick(timedelta(hours=2))
    await site.settle()
    assert "planning_failed" in issues(hass)
    # Nothing is planned: it charges on surplus solar power.
    assert site.shows("reason") == "no_plan"
    monkeypatch.undo()
    await pass_time(hass, freezer, 320)
    await site.settle()
    assert state(hass, site.entry, "planned_power").attributes["failing"] is False


@pytest.mark.parametrize("ends", ["unload", "stop"])
async def test_nothing_of_a_plan_goes_on_after_its_site(
    hass: HomeAssistant, site: Site, monkeypatch: pytest.MonkeyPatch, ends: str
) -> None:
    """A plan in work comes to its end: Home Assistant complains about threads that outlive it."""
    begun, go, ended = Event(), Event(), Event()

    def slow(*_: Any, **__: Any) -> None:
        begun.set()
        go.wait(30)
        ended.set()
        raise ValueError("out of order")

    monkeypatch.setattr(site_planning, "intend", slow)
    site.runtime.planning.plan_anew()
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=3))
    await asyncio.to_thread(begun.wait, 30)
    end = (
        hass.config_entries.async_unload(site.entry.entry_id)
        if ends == "unload"
        else hass.async_stop()
    )
    let_go = Timer(1, go.set)
    let_go.start()
    await end
    assert ended.is_set()
    let_go.join()


async def test_what_was_asked_for_while_a_run_failed_is_planned_anew(
    hass: HomeAssistant, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever asks for something else is not held to the last plan, also if the first run with it failed."""
    held: list[set[str]] = []
    intend, works = site_planning.intend, False

    def noted(outlook: Any, previous: Intention | None, **clock: Any) -> Intention:
        held.append({car.id for car in previous.cars} if previous else set())
        if not works:
            raise ValueError("out of order")
        return intend(outlook, previous, **clock)

    monkeypatch.setattr(site_planning, "intend", noted)
    site.demand = replace(site.demand, departure=SEVEN - timedelta(hours=1))
    await site.settle()
    assert held[-1] == set()
    works = True
    site.runtime.planning.request()
    await site.settle()
    assert held[-1] == set()
    site.runtime.planning.request()
    await site.settle()
    assert held[-1] == {KEY}


async def test_without_the_solver_a_repair_says_so(
    hass: HomeAssistant, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Plans go on."""
    monkeypatch.setattr(site_issues, "SOLVER", False)
    await site.settle()
    assert "no_solver" in issues(hass)
    assert site.shows("reason") == "waiting_for_price"
