"""Chargers that nobody knows: how many are shown, for how long, and what of their own words."""

from collections.abc import Callable
from datetime import timedelta
import json
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.sunfuse.central_system.protocol.text import escaped, plain
from custom_components.sunfuse.const import DOMAIN
from custom_components.sunfuse.diagnostics import async_get_config_entry_diagnostics
from custom_components.sunfuse.site.chargers.unknown_chargers import GONE_S, MOST_CARDS
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from ...central_system.client import RawStation
from ...common import wait_until
from ...forms import suggested
from ...site_fixtures import BOOT, Home

pytestmark = pytest.mark.usefixtures("socket_enabled")

EVIL = BOOT | {"chargePointVendor": "[Update](//x)", "chargePointModel": "www.evil.x"}


def cards(hass: HomeAssistant) -> list[str]:
    """Return the names on the cards that a user sees."""
    return [
        flow["context"]["title_placeholders"]["name"]
        for flow in hass.config_entries.flow.async_progress_by_handler(DOMAIN)
    ]


async def come(home: Home, identity: str) -> RawStation:
    """Let a charger that nobody knows connect and boot."""
    stranger = await home.connect(identity)
    await stranger.call("BootNotification", BOOT)
    return stranger


async def leave(home: Home, stranger: RawStation) -> None:
    """Let it hang up, and wait until that was noticed."""
    before = len(home.entry.runtime_data.central_system.pending)
    await stranger.close()
    await wait_until(
        lambda: len(home.entry.runtime_data.central_system.pending) < before, "it left"
    )


async def test_cards_are_bounded(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """However many names somebody makes up there are a few cards, and one who is there is shown."""
    home: Home = await start("CP1")
    for number in range(3 * MOST_CARDS):
        await leave(home, await come(home, f"made-up-{number}"))
    await come(home, "real")
    await wait_until(
        lambda: any("(real)" in name for name in cards(hass)), "the real one is shown"
    )
    assert len(cards(hass)) == MOST_CARDS


async def test_a_card_goes_with_its_charger(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """Not at once, and not when it came back meanwhile; when it comes again later, it is shown again."""
    home: Home = await start("CP1")
    stranger = await come(home, "CP2")
    await wait_until(lambda: cards(hass), "a card")
    for expected in (1, 0):
        await leave(home, stranger)
        if expected:
            stranger = await come(home, "CP2")
        async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=GONE_S + 1))
        await hass.async_block_till_done(wait_background_tasks=False)
        assert len(cards(hass)) == expected
    await come(home, "CP2")
    await wait_until(lambda: cards(hass), "it is shown again")


async def test_what_an_unknown_device_sends_is_not_markup(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """Neither the form nor the name that it proposes has a link in it."""
    home: Home = await start("CP1")
    stranger = await home.connect("CP2")
    await stranger.call("BootNotification", EVIL)
    await wait_until(lambda: cards(hass), "a card")
    (flow,) = hass.config_entries.flow.async_progress_by_handler(DOMAIN)
    form = await hass.config_entries.flow.async_configure(flow["flow_id"])
    placeholders = form["description_placeholders"]
    assert placeholders
    assert placeholders["charger"] == r"\[Update\]\(//x\) www\.evil.x \(CP2\)"
    assert suggested(form)["name"] == "Update //x evil.x"


def test_texts_read_as_they_were_written() -> None:
    """Ordinary names stay as they are."""
    assert escaped("Wallbox-GmbH W11 2.0") == "Wallbox-GmbH W11 2.0"
    assert plain("Wallbox-GmbH W_11 2.0") == "Wallbox-GmbH W_11 2.0"
    assert escaped("a\n# b http://c") == r"a \# b http\://c"


async def test_identities_that_allow_connecting_are_not_shown(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """Diagnostics have a number in place of an identity that is all that is needed to connect."""
    home: Home = await start("SN-4711-0815")
    station = await home.boot("SN-4711-0815", "Preparing")
    await station.call(
        "DataTransfer", {"vendorId": "x", "data": "I am sn-4711-0815/1."}
    )
    await come(home, "SN-STRANGER")
    found = await async_get_config_entry_diagnostics(hass, home.entry)
    text = json.dumps(found).casefold()
    assert "sn-4711-0815" not in text
    assert "sn-stranger" not in text
    assert "i am charger 0001/1." in text
