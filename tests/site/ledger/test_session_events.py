"""The events of sessions: once each, over restarts, and marked if they are reported late."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.util import dt as dt_util

from ...common import wait_until
from ...site_fixtures import Home

pytestmark = pytest.mark.usefixtures("socket_enabled")

AWAY_S = 360  # on the clock that jumps


async def test_over_a_restart(hass: HomeAssistant, start: Callable[..., Any]) -> None:
    """A session that continues is not an event; what happened meanwhile is reported, as late."""
    home: Home = await start("CP1")
    told: list[tuple[str, bool]] = []
    entity = home.entity("event", "CP1/1_session")

    @callback
    def listen(event: Event) -> None:
        state = event.data["new_state"]
        if event.data["entity_id"] == entity and state is not None:
            attributes = state.attributes
            if attributes.get("event_type"):
                one = (attributes["event_type"], attributes["late"])
                if told[-1:] != [one]:
                    told.append(one)

    hass.bus.async_listen("state_changed", listen)
    station = await home.charge("CP1")
    await wait_until(lambda: told, "the session started")
    assert told == [("started", False)]
    home.charging = None
    await home.draw(station, 10, register_kwh=1.5)
    await home.shows("sensor", "CP1/1_session_energy", "0.5")
    assert await hass.config_entries.async_reload(home.entry.entry_id)
    await asyncio.sleep(AWAY_S)
    station = await home.boot("CP1", "Charging")
    await home.shows("sensor", "CP1/1_session_energy", "0.5", "unknown")
    assert home.state("sensor", "CP1/1_session_energy") == "0.5"
    assert home.state("sensor", "CP1/1_energy") == "1.5"
    stations = home.entry.runtime_data.central_system.stations
    await wait_until(
        lambda: stations["CP1"].connector(1).transaction is not None, "it goes on"
    )
    # A session that ran unobserved: the charger reports it later.
    ended = dt_util.utcnow() - timedelta(minutes=5)
    await station.call(
        "StopTransaction",
        home.transaction | {"meterStop": 1500, "timestamp": ended.isoformat()},
    )
    await wait_until(lambda: len(told) > 1, "the session ended")
    assert told[1:] == [("stopped", True)]
    # The car leaves while Home Assistant is away.
    assert await hass.config_entries.async_reload(home.entry.entry_id)
    await home.boot("CP1")
    await wait_until(lambda: len(told) > 2, "the car left")
    assert told[2:] == [("unplugged", True)]
