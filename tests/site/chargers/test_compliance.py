"""A car that takes more than it is offered: commanded again, stopped, and reported to the user."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from custom_components.sunfuse.const import DOMAIN
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir

from ...common import wait_until
from ...site_fixtures import Home, limits, obeys

pytestmark = pytest.mark.usefixtures("socket_enabled")

# The patience of the engine, in seconds, so that a test needs not wait for minutes.
IMPATIENT = {
    "settling_s": 1,
    "ask_again_s": 1,
    "reserve_s": 2,
    "stop_s": 4,
    "report_s": 6,
}


async def test_a_car_that_takes_more(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """Its limit is sent again, then it is stopped; its user finds a repair issue."""
    home: Home = await start("CP1", options=IMPATIENT)
    station = await home.charge("CP1")
    await obeys(station, 14)
    home.charging = None

    async def take_too_much() -> None:
        while True:
            await home.draw(station, 18)
            await asyncio.sleep(0.5)

    taking = asyncio.create_task(take_too_much())
    try:
        told = len(limits(station))
        await wait_until(lambda: len(limits(station)) > told, "it is told again")
        assert max(limits(station)[told:]) <= 14
        await wait_until(
            lambda: any(
                action == "RemoteStopTransaction" for action, _ in station.requests
            ),
            "it is stopped",
        )
        await home.shows("sensor", "CP1/1_reason", "exceeds_offer")
        assert "18 A" in home.explanation("CP1/1")
        await wait_until(
            lambda: any(
                issue.domain == DOMAIN and issue.translation_key == "exceeds_offer"
                for issue in ir.async_get(hass).issues.values()
            ),
            "a repair issue",
        )
    finally:
        taking.cancel()
    stops = [a for a, _ in station.requests if a == "RemoteStopTransaction"]
    assert len(stops) == 1
