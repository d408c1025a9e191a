"""A restart of Home Assistant at night: what was planned goes on, and the new plan does not jump."""

from datetime import timedelta
from typing import Any

from freezegun.api import FrozenDateTimeFactory
import pytest

from custom_components.sunfuse.engine.model import PlanSlot
from custom_components.sunfuse.planner import Intention
from custom_components.sunfuse.site.planning import planning as site_planning
from homeassistant.core import HomeAssistant

from ...common import charger, set_meters
from ...planned_site import KEY, TODAY, TOMORROW, Site
from ...price_site import NOW, SPOT, Start, pass_time, set_spot, tariff

pytestmark = pytest.mark.usefixtures("socket_enabled")

# 01:30 in Amsterdam: in the cheap hours.
NIGHT = NOW + timedelta(hours=13, minutes=25)


async def _at_night(
    hass: HomeAssistant,
    start_frozen: Start,
    freezer: FrozenDateTimeFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> Site:
    set_spot(hass, TODAY, TOMORROW)
    entry = await start_frozen(
        tariff(source={"kind": "entity", "entities": [SPOT]}), charger("CP1")
    )
    freezer.move_to(NIGHT)
    site = Site(hass, freezer, entry, monkeypatch)
    await site.settle()
    await site.settle()
    return site


def _aims_at(site: Site) -> PlanSlot | None:
    slot: PlanSlot | None = site.runtime.coordinator.data.snapshot.connectors[0].plan
    return slot


async def test_the_plan_goes_on_over_a_restart(
    hass: HomeAssistant,
    start_frozen: Start,
    freezer: FrozenDateTimeFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The charger is back after half a minute: its car goes on as planned at the first tick, before there is a new plan."""
    site = await _at_night(hass, start_frozen, freezer, monkeypatch)
    planned = _aims_at(site)
    assert planned
    assert planned.at_most_a
    until = site.shows("plan_end")
    monkeypatch.undo()
    held: list[set[str]] = []
    intend = site_planning.intend

    def noted(outlook: Any, previous: Intention | None, **clock: Any) -> Intention:
        held.append({car.id for car in previous.cars} if previous else set())
        return intend(outlook, previous, **clock)

    assert await hass.config_entries.async_reload(site.entry.entry_id)
    monkeypatch.setattr(site_planning, "intend", noted)
    set_meters(hass, currents_a=(1, 1, 1))
    for second in range(10):
        set_meters(hass, currents_a=(1 + second / 10, 1, 1))
        await pass_time(hass, freezer, 3)
    assert held  # it was planned without the charger, which is out of reach
    again = Site(hass, freezer, site.entry, monkeypatch)
    set_meters(hass, currents_a=(1.05, 1, 1))
    again.runtime.controller.tick()
    aimed = _aims_at(again)
    assert aimed
    assert aimed.key is planned.key
    assert aimed.at_most_a == pytest.approx(planned.at_most_a, abs=0.5)
    await again.settle()
    assert held[-1] == {
        KEY
    }  # nothing else is asked for: the new plan keeps to the former one
    assert again.shows("plan_end") == until
