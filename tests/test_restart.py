"""What is on disk when Home Assistant ends or crashes, and what a site makes of it when it is back."""

from collections.abc import Callable
from typing import Any

import pytest

from homeassistant.const import (
    EVENT_HOMEASSISTANT_FINAL_WRITE,
    EVENT_HOMEASSISTANT_STOP,
)
from homeassistant.core import CoreState, HomeAssistant

from .common import wait_until
from .site_fixtures import limits, obeys

pytestmark = pytest.mark.usefixtures("socket_enabled")


async def test_the_newest_is_saved_when_home_assistant_stops(
    hass: HomeAssistant, start: Callable[..., Any], hass_storage: dict[str, Any]
) -> None:
    """The engine's past of the last second, not of the last minute."""
    home = await start("CP1")
    station = await home.charge("CP1")
    await obeys(station, 14)
    home.entry.runtime_data.controller.tick()
    decided = home.entry.runtime_data.coordinator.data.decision.now
    hass.set_state(CoreState.stopping)
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STOP)
    await hass.async_block_till_done()
    hass.set_state(CoreState.final_write)
    hass.bus.async_fire(EVENT_HOMEASSISTANT_FINAL_WRITE)
    await hass.async_block_till_done()
    hass.set_state(CoreState.running)
    saved = hass_storage[f"sunfuse.{home.entry.entry_id}.memory"]["data"]["engine"]
    assert saved["at"] >= decided.isoformat()
    assert saved["connectors"]["CP1/1"]["on_since"]
    assert saved["connectors"]["CP1/1"]["told_a"] <= limits(station)[-1]


async def test_a_charger_that_is_back_has_what_it_had(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """A reload disconnects it; when it is back it is offered as much as before, with no ramp from the minimum."""
    home = await start("CP1")
    station = await home.charge("CP1")
    await obeys(station, 14)
    before_a = limits(station)[-1]
    controller = home.entry.runtime_data.controller
    await wait_until(
        lambda: controller.memory.connectors["CP1/1"].told_a == before_a,
        "the engine knows that the charger took it",
    )
    began = controller.memory.connectors["CP1/1"].on_since
    assert await hass.config_entries.async_reload(home.entry.entry_id)
    station = await home.boot("CP1", "Charging")
    home.charging = station
    await wait_until(lambda: limits(station), "a limit")
    assert limits(station)[0] >= before_a - 1
    controller = home.entry.runtime_data.controller
    assert controller.memory.connectors["CP1/1"].on_since == began
