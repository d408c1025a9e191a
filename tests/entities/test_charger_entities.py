"""What a charger shows besides its currents: who charges, what happened, its firmware; and what can be pressed."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest

from custom_components.sunfuse.const import DOMAIN
from custom_components.sunfuse.entity import ChargerEntity
from custom_components.sunfuse.owner_entities.owner_entity import OwnerEntity
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.entity_platform import async_get_platforms
from homeassistant.util import dt as dt_util

from ..common import wait_until
from ..site.cars.test_vehicles import vehicle
from ..site.people.test_cards import NUMBER, add_card, held, set_policy
from ..site_fixtures import Home

pytestmark = pytest.mark.usefixtures("socket_enabled", "all_enabled")


@pytest.fixture
def all_enabled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Enable the entities that are disabled by default, as a user may."""
    monkeypatch.setattr(Entity, "entity_registry_enabled_default", True)


def attribute(home: Home, domain: str, key: str, name: str) -> Any:
    """Return an attribute of an entity."""
    state = home.hass.states.get(home.entity(domain, key))
    assert state
    return state.attributes.get(name)


async def happens(home: Home, key: str, event: str) -> None:
    """Wait until an event entity reports this."""
    await wait_until(
        lambda: attribute(home, "event", key, "event_type") == event, event
    )


async def test_a_session(hass: HomeAssistant, start: Callable[..., Any]) -> None:
    """Plugged in, started, stopped, unplugged; the driver has a name from beginning to end."""
    home: Home = await start("CP1")
    await add_card(home, number="FREE")
    station = await home.boot("CP1")
    await home.shows("sensor", "CP1/1_status", "available")
    assert attribute(home, "event", "CP1/1_session", "event_type") is None
    await home.tell(station, "Preparing")
    await happens(home, "CP1/1_session", "plugged_in")
    await station.websocket.close()

    station = await home.charge("CP1")
    await happens(home, "CP1/1_session", "started")
    assert attribute(home, "event", "CP1/1_session", "driver") == "Anna"
    await home.shows("sensor", "CP1/1_driver", "Anna")

    home.charging = None
    await station.call(
        "StopTransaction",
        home.transaction
        | {"meterStop": 1040, "timestamp": dt_util.utcnow().isoformat()},
    )
    await happens(home, "CP1/1_session", "stopped")
    assert attribute(home, "event", "CP1/1_session", "driver") == "Anna"
    assert attribute(home, "event", "CP1/1_session", "energy") == 0.04
    await home.shows("sensor", "CP1/1_driver", "unknown")
    await home.tell(station, "Available")
    await happens(home, "CP1/1_session", "unplugged")

    await station.websocket.close()
    for domain, key in (
        ("event", "CP1/1_session"),
        ("sensor", "CP1/1_driver"),
        ("switch", "CP1/1_in_service"),
        ("button", "CP1/1_test_fail_safe"),
        ("update", "CP1_firmware"),
    ):
        await home.shows(domain, key, "unavailable")


async def test_no_current_is_offered_to_a_car_that_is_gone(
    start: Callable[..., Any],
) -> None:
    """However often the offer changed before, the end of a session is seen at once in what is offered and what flows."""
    home: Home = await start("CP1")
    station = await home.charge("CP1")
    for _ in range(12):
        for mode in ("off", "fast"):
            await home.call("select", "select_option", "CP1/1_mode", option=mode)
            await asyncio.sleep(8)
    home.charging = None
    await station.call(
        "StopTransaction",
        home.transaction
        | {"meterStop": 9000, "timestamp": dt_util.utcnow().isoformat()},
    )
    await home.tell(station, "Available")
    await asyncio.sleep(6)
    assert home.state("sensor", "CP1/1_status") == "available"
    assert home.state("sensor", "CP1/1_offered_current") == "0.0"
    assert home.state("sensor", "CP1/1_current_l1") in ("0.0", "unknown")


async def test_a_card(hass: HomeAssistant, start: Callable[..., Any]) -> None:
    """Accepted or refused, with the driver's name; the number is shown only where it is asked for."""
    home: Home = await start("CP1")
    await set_policy(home, "list")
    station = await home.boot("CP1")
    await held(station, NUMBER)
    await happens(home, "CP1_card", "refused")
    assert attribute(home, "event", "CP1_card", "card") == "…E680"
    await add_card(home)
    await held(station, NUMBER)
    await happens(home, "CP1_card", "accepted")
    assert attribute(home, "event", "CP1_card", "driver") == "Anna"
    state = home.state("event", "CP1_card")
    # The same card a moment later is the start of its transaction, not another event.
    await held(station, NUMBER)
    await hass.async_block_till_done()
    assert home.state("event", "CP1_card") == state
    await home.shows("sensor", "CP1_last_card", NUMBER)


async def test_in_and_out_of_service(start: Callable[..., Any]) -> None:
    """The switch commands the charger, and shows what the charger reports."""
    home: Home = await start("CP1")
    station = await home.boot("CP1")
    await home.shows("switch", "CP1/1_in_service", "on")
    station.answers["ChangeAvailability"] = {"status": "Accepted"}
    await home.call("switch", "turn_off", "CP1/1_in_service")
    told = await station.wait_received("ChangeAvailability")
    assert told == {"connectorId": 1, "type": "Inoperative"}
    await home.tell(station, "Unavailable")
    await home.shows("switch", "CP1/1_in_service", "off")
    # Connecting again changes nothing about it.
    await station.websocket.close()
    station = await home.boot("CP1", "Unavailable")
    await home.shows("switch", "CP1/1_in_service", "off")
    assert not station.received("ChangeAvailability")
    station.answers["ChangeAvailability"] = {"status": "Scheduled"}
    await home.call("switch", "turn_on", "CP1/1_in_service")
    told = await station.wait_received("ChangeAvailability")
    assert told == {"connectorId": 1, "type": "Operative"}
    station.answers["ChangeAvailability"] = {"status": "Rejected"}
    with pytest.raises(HomeAssistantError):
        await home.call("switch", "turn_on", "CP1/1_in_service")


async def test_firmware(start: Callable[..., Any]) -> None:
    """What is installed, that another one is on its way, and nothing that nobody knows."""
    home: Home = await start("CP1")
    station = await home.connect("CP1")
    await station.call(
        "BootNotification",
        {
            "chargePointVendor": "Acme",
            "chargePointModel": "W11",
            "firmwareVersion": "1.2.3",
        },
    )
    await home.tell(station, "Available")
    await wait_until(
        lambda: (
            attribute(home, "update", "CP1_firmware", "installed_version") == "1.2.3"
        ),
        "the version",
    )
    assert attribute(home, "update", "CP1_firmware", "latest_version") is None
    for status, shown, busy in (
        ("Downloading", "downloading", True),
        ("DownloadFailed", "download_failed", False),
        ("Installing", "installing", True),
        ("Installed", "installed", False),
    ):
        await station.call("FirmwareStatusNotification", {"status": status})
        await home.shows("sensor", "CP1_firmware_status", shown)
        assert attribute(home, "update", "CP1_firmware", "in_progress") is busy


async def test_the_fail_safe_test_needs_a_car(start: Callable[..., Any]) -> None:
    """There is nothing to see where no car draws anything."""
    home: Home = await start("CP1")
    await home.boot("CP1")
    await home.shows("sensor", "CP1/1_fail_safe", "not_verified")
    with pytest.raises(HomeAssistantError):
        await home.call("button", "press", "CP1/1_test_fail_safe")


async def test_the_fail_safe_test_begins(start: Callable[..., Any]) -> None:
    """With a car that draws more than the fail-safe current the test begins."""
    home: Home = await start("CP1")
    station = await home.charge("CP1")
    stations = home.entry.runtime_data.central_system.stations

    def drawing() -> bool:
        currents = stations["CP1"].connector(1).meter.current_a
        return (currents[0] or 0) > 8

    await wait_until(drawing, "the car draws")
    await home.call("button", "press", "CP1/1_test_fail_safe")
    assert not station.websocket.closed


def stale(home: Home) -> list[str]:
    """Return a charger's entities that show something else than what is so now, but for those that wait to write it."""
    found = []
    for platform in async_get_platforms(home.hass, DOMAIN):
        for entity in platform.entities.values():
            shown = home.hass.states.get(entity.entity_id)
            if not isinstance(entity, ChargerEntity | OwnerEntity) or shown is None:
                continue
            now = entity._async_calculate_state()  # noqa: SLF001
            same = (shown.state, shown.attributes) == (now.state, now.attributes)
            if not same and not entity._calm.waiting:  # noqa: SLF001
                found.append(entity.entity_id)
    return found


async def test_no_entity_is_stale(start: Callable[..., Any]) -> None:
    """Whatever happens, seconds later each entity shows what it would show if it were looked at: each is called for a part only."""
    home: Home = await start("CP1", vehicle(), vehicle("Twingo"))
    controller = home.entry.runtime_data.controller
    station = await home.charge("CP1")
    wall = dt_util.now() + timedelta(minutes=2)

    async def act(domain: str, action: str, key: str, **data: Any) -> None:
        await home.call(domain, action, f"CP1/1_{key}", **data)

    async def fails() -> None:
        with patch.object(controller, "_decide", side_effect=ZeroDivisionError):
            await asyncio.sleep(6)
            assert stale(home) == []

    steps: tuple[Callable[[], Awaitable[None]], ...] = (
        lambda: act("select", "select_option", "vehicle", option="Zoe"),
        lambda: act("select", "select_option", "mode", option="eco"),
        lambda: act("time", "set_value", "ready_by", time=wall.time()),
        lambda: act("switch", "turn_on", "skip_tonight"),
        lambda: act("switch", "turn_on", "boost"),
        lambda: act("number", "set_value", "max_current", value=10),
        lambda: act("switch", "turn_off", "charging_allowed"),
        fails,
        lambda: home.tell(station, "Unavailable"),
        lambda: home.tell(station, "Available"),
        station.close,
    )
    for step in steps:
        await step()
        await asyncio.sleep(6)
        assert stale(home) == []
