"""System health shows how the sites are, in words that are translated."""

from collections.abc import Callable
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import get_system_health_info

from custom_components.sunfuse.const import DOMAIN
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component

from ..project.texts import ENGLISH
from ..site_fixtures import Home

pytestmark = pytest.mark.usefixtures("socket_enabled")


async def test_system_health(hass: HomeAssistant, start: Callable[..., Any]) -> None:
    """One charger of two is connected; nothing that would name its owner is shown."""
    home: Home = await start("CP1", "CP2")
    await home.boot("CP1")
    await home.shows("sensor", "CP1/1_status", "available")
    await home.shows("sensor", "state", "ok")
    assert await async_setup_component(hass, "system_health", {})
    info = await get_system_health_info(hass, DOMAIN)
    assert info.keys() == ENGLISH["system_health"]["info"].keys()
    assert info["sites"] == "1/1"
    assert info["ports"] == str(home.entry.data["port"])
    assert info["chargers"] == "1/2"
    assert info["protocols"] == "ocpp1.6"
    assert info["main_fuses"] == "ok"
    assert info["solver"] == "highspy"
    await hass.config_entries.async_unload(home.entry.entry_id)
    info = await get_system_health_info(hass, DOMAIN)
    assert (info["sites"], info["chargers"], info["oldest_plan"]) == ("0/1", "0/0", "-")
