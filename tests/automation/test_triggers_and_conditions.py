"""The triggers and conditions of Sunfuse, in automations of a Home Assistant whose chargers connect by WebSocket."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.sunfuse.const import DOMAIN
from custom_components.sunfuse.devices import site_identifier, station_identifier
from homeassistant.components import automation
from homeassistant.core import Event, HomeAssistant, State, callback
from homeassistant.helpers import (
    area_registry as ar,
    condition,
    config_validation as cv,
    device_registry as dr,
    label_registry as lr,
)
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util

from ..common import wait_until
from ..site.people.test_cards import NUMBER, add_card, held, set_policy
from ..site_fixtures import Home

pytestmark = pytest.mark.usefixtures("socket_enabled")


def device(home: Home, identifier: tuple[str, str]) -> str:
    """Return a device of the site."""
    found = dr.async_get(home.hass).async_get_device_by_identifier(
        identifier, home.entry.entry_id
    )
    assert found
    return found.id


def of_charger(home: Home, identity: str = "CP1") -> str:
    """Return the device of a charger."""
    return device(home, station_identifier(home.entry, identity))


def shown(home: Home, entity_id: str) -> State:
    """Return what an entity shows."""
    found = home.hass.states.get(entity_id)
    assert found
    return found


class Heard:
    """What automations did, one for each trigger."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Listen to them."""
        self.names: list[str] = []
        self.data: list[Mapping[str, Any]] = []
        hass.bus.async_listen("heard", self._hear)

    @callback
    def _hear(self, event: Event) -> None:
        self.names.append(event.data["name"])
        self.data.append(event.data)

    async def has(self, *names: str) -> None:
        """Wait until these were triggered, in any order, and nothing else."""
        await wait_until(
            lambda: sorted(self.names) == sorted(names), f"{names}: {self.names}"
        )
        self.names.clear()


async def automate(
    hass: HomeAssistant, target: dict[str, Any], **triggers: dict[str, Any]
) -> Heard:
    """Set up an automation for each trigger, as the editor stores it."""
    heard = Heard(hass)
    assert await async_setup_component(
        hass,
        automation.DOMAIN,
        {
            automation.DOMAIN: [
                {
                    "alias": name,
                    "triggers": {
                        "trigger": f"{DOMAIN}.{name}",
                        "target": target,
                        "options": options,
                    },
                    "actions": {
                        "event": "heard",
                        "event_data_template": {
                            "name": name,
                            "limited_by": "{{ trigger.to_state.attributes.limited_by }}",
                            "error": "{{ trigger.to_state.attributes.error }}",
                            "driver": "{{ trigger.to_state.attributes.driver }}",
                            "explanation": "{{ trigger.to_state.attributes.explanation }}",
                        },
                    },
                }
                for name, options in triggers.items()
            ]
        },
    )
    await hass.async_block_till_done()
    assert all(
        state.state == "on" for state in hass.states.async_all(automation.DOMAIN)
    )
    return heard


SESSION_TRIGGERS: dict[str, dict[str, Any]] = {
    name: {}
    for name in (
        "car_plugged_in",
        "car_unplugged",
        "charging_started",
        "charging_stopped",
        "car_full",
        "charger_fault",
    )
}


async def test_a_session_from_plug_to_plug(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """Each event of a session triggers its automation once; what happens in one moment, both."""
    home: Home = await start("CP1")
    await add_card(home, number="FREE")
    heard = await automate(hass, {"device_id": of_charger(home)}, **SESSION_TRIGGERS)
    station = await home.boot("CP1")
    await home.shows("sensor", "CP1/1_status", "available")
    assert heard.names == []
    await home.tell(station, "Preparing")
    await heard.has("car_plugged_in")
    await station.websocket.close()

    station = await home.charge("CP1")
    await heard.has("charging_started")
    assert heard.data[-1]["driver"] == "Anna"
    home.charging = None
    await home.draw(station, 10, register_kwh=1.0)
    await asyncio.sleep(60)  # 6.9 kW for a minute
    await home.draw(station, 10, register_kwh=1.115)
    await home.draw(station, 0, register_kwh=1.115)
    await home.tell(station, "SuspendedEV")
    await asyncio.sleep(120)
    await heard.has("car_full")
    await station.call(
        "StatusNotification",
        {"connectorId": 1, "errorCode": "GroundFailure", "status": "Faulted"},
    )
    await heard.has("charger_fault")
    assert heard.data[-1]["error"] == "GroundFailure"
    # It is pulled out while it charges: both are reported within one tick.
    await station.call(
        "StopTransaction",
        home.transaction
        | {"meterStop": 1115, "timestamp": dt_util.utcnow().isoformat()},
    )
    await home.tell(station, "Available")
    await heard.has("charging_stopped", "car_unplugged")


async def test_two_events_of_one_moment(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """An event shows its time in milliseconds: a plug that is pulled while the car charges is two events of one."""
    home: Home = await start("CP1")
    await home.boot("CP1")
    heard = await automate(
        hass, {"device_id": of_charger(home)}, charging_stopped={}, car_unplugged={}
    )
    await home.shows("event", "CP1/1_session", "unknown")
    session = home.entity("event", "CP1/1_session")
    now = dt_util.utcnow().isoformat(timespec="milliseconds")
    hass.states.async_set(session, now, {"event_type": "stopped"})
    hass.states.async_set(session, now, {"event_type": "unplugged"})
    await heard.has("charging_stopped", "car_unplugged")


async def test_a_session_that_ended_unseen(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """What a charger reports when it comes back triggers, although its entities come back in the same moment."""
    home: Home = await start("CP1")
    heard = await automate(
        hass, {"device_id": of_charger(home)}, charging_started={}, charging_stopped={}
    )
    station = await home.charge("CP1")
    await heard.has("charging_started")
    home.charging = None
    await station.websocket.close()
    await home.shows("event", "CP1/1_session", "unavailable")
    station = await home.connect("CP1")
    await station.call(
        "StopTransaction",
        home.transaction
        | {"meterStop": 1500, "timestamp": dt_util.utcnow().isoformat()},
    )
    await heard.has("charging_stopped")


async def test_limited_by_what(hass: HomeAssistant, start: Callable[..., Any]) -> None:
    """The house leaves too little for the car: that is the fuse, and no dimming by the grid operator."""
    home: Home = await start("CP1")
    area = ar.async_get(hass).async_create("Garage")
    dr.async_get(hass).async_update_device(of_charger(home), area_id=area.id)
    heard = await automate(hass, {"area_id": area.id}, charging_limited={})
    station = await home.charge("CP1")
    await home.draw(station, 6)
    home.house_a = (15, 4, 4)
    await asyncio.sleep(60)
    await heard.has("charging_limited")
    assert heard.data[-1]["limited_by"] == "circuit"
    assert "The main fuse" in heard.data[-1]["explanation"]
    target = {"device_id": of_charger(home)}
    assert await holds(hass, "is_limited", target)
    assert await holds(hass, "is_limited", target, limited_by=["circuit"])
    assert not await holds(hass, "is_limited", target, limited_by=["dimming", "peak"])
    assert await holds(hass, "is_plugged_in", target)
    assert await holds(hass, "is_charging", target)


async def test_limited_by_another_cause(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """Who asks for dimming only hears nothing of the fuse; by a label, too."""
    home: Home = await start("CP1")
    label = lr.async_get(hass).async_create("Cars")
    dr.async_get(hass).async_update_device(of_charger(home), labels={label.label_id})
    heard = await automate(
        hass,
        {"label_id": label.label_id},
        charging_limited={"limited_by": ["demand_response"]},
    )
    station = await home.charge("CP1")
    await home.draw(station, 6)
    home.house_a = (15, 4, 4)
    await asyncio.sleep(60)
    session = home.entity("event", "CP1/1_session")
    await wait_until(
        lambda: shown(home, session).attributes.get("limited_by") == "circuit",
        "the fuse limits it",
    )
    assert heard.names == []
    await hass.services.async_call(
        DOMAIN,
        "set_limit",
        {"config_entry_id": home.entry.entry_id, "power": 5000, "cars_only": True},
        blocking=True,
    )
    await asyncio.sleep(60)
    await heard.has("charging_limited")


async def test_cards(hass: HomeAssistant, start: Callable[..., Any]) -> None:
    """A card triggers, accepted or refused, or only as it is asked for."""
    home: Home = await start("CP1")
    await set_policy(home, "list")
    # Whoever picks any entity of the charger means the charger.
    target = {"entity_id": home.entity("event", "CP1/1_plan")}
    heard = await automate(hass, target, card_seen={"result": ["accepted"]})
    station = await home.boot("CP1")
    await held(station, NUMBER)
    card = home.entity("event", "CP1_card")
    await wait_until(
        lambda: shown(home, card).attributes.get("event_type") == "refused",
        "refused",
    )
    assert heard.names == []
    await add_card(home)
    await held(station, NUMBER)
    await heard.has("card_seen")
    assert heard.data[-1]["driver"] == "Anna"


FUSE_TRIGGERS: dict[str, dict[str, Any]] = {
    "fuse_overloaded": {},
    "meter_lost": {"for": "00:00:10"},
}


@pytest.mark.parametrize("of", ["site", "charger"])
async def test_the_main_fuse(
    hass: HomeAssistant, start: Callable[..., Any], of: str
) -> None:
    """Of the site, or of the site that a charger hangs from."""
    home: Home = await start("CP1")
    identifier = (
        site_identifier(home.entry)
        if of == "site"
        else station_identifier(home.entry, "CP1")
    )
    await home.boot("CP1")
    await home.shows("sensor", "state", "ok")
    heard = await automate(
        hass, {"device_id": device(home, identifier)}, **FUSE_TRIGGERS
    )
    home.house_a = (30, 4, 4)
    await heard.has("fuse_overloaded")
    home.house_a = (10, 4, 4)
    await home.shows("sensor", "state", "ok")
    home.house_a = None
    await home.shows("sensor", "state", "meter_lost")
    assert heard.names == []
    await heard.has("meter_lost")


async def holds(
    hass: HomeAssistant, name: str, target: dict[str, Any], **options: Any
) -> bool:
    """Return whether a condition holds, as an automation tests it."""
    config = cv.CONDITION_SCHEMA(
        {"condition": f"{DOMAIN}.{name}", "target": target, "options": options}
    )
    config = await condition.async_validate_condition_config(hass, config)
    test = await condition.async_from_config(hass, config)
    try:
        return bool(test.async_check())
    finally:
        test.async_unload()


async def test_conditions(hass: HomeAssistant, start: Callable[..., Any]) -> None:
    """Plugged in is not charging; without a car there is nothing to be ready."""
    home: Home = await start("CP1", "CP2")
    target = {"device_id": of_charger(home)}
    both = {"device_id": [of_charger(home), of_charger(home, "CP2")]}
    # Nobody knows whether a car is at a charger that never connected.
    assert not await holds(hass, "is_plugged_in", target)
    station = await home.boot("CP1")
    await home.boot("CP2")
    await home.shows("sensor", "CP1/1_status", "available")
    await home.shows("sensor", "CP2/1_status", "available")
    assert not await holds(hass, "is_plugged_in", target)
    assert not await holds(hass, "plan_is_on_track", target)
    assert not await holds(hass, "is_ready_for_departure", target)
    await home.tell(station, "Preparing")
    await home.shows("sensor", "CP1/1_status", "preparing")
    assert await holds(hass, "is_plugged_in", target)
    assert not await holds(hass, "is_charging", target)
    assert await holds(hass, "is_plugged_in", both)
    assert not await holds(hass, "is_plugged_in", both, behavior="all")
    assert not await holds(hass, "has_sun_surplus", target)


async def test_enough_sun(hass: HomeAssistant, start: Callable[..., Any]) -> None:
    """The surplus of the site, of which any charger is a part, against what is asked for."""
    home: Home = await start("CP1")
    await home.boot("CP1")
    home.house_a = (-5, -5, -5)
    surplus = home.entity("sensor", "surplus")
    await wait_until(
        lambda: float(shown(home, surplus).state) > 3000, "15 A go into the grid"
    )
    # 15 A times 230 V.
    for target in (
        {"device_id": device(home, site_identifier(home.entry))},
        {"device_id": of_charger(home)},
        {"entity_id": surplus},
    ):
        assert await holds(hass, "has_sun_surplus", target)
        assert await holds(hass, "has_sun_surplus", target, power=3400)
        assert not await holds(hass, "has_sun_surplus", target, power=3500)


async def test_what_the_editor_offers(
    hass: HomeAssistant,
    start: Callable[..., Any],
    hass_ws_client: WebSocketGenerator,
) -> None:
    """Of a charger all triggers and conditions; of the site those of its fuse, and no car that it does not have."""
    home: Home = await start("CP1")
    await home.boot("CP1")
    assert await async_setup_component(hass, automation.DOMAIN, {})
    client = await hass_ws_client(hass)

    async def offered(kind: str, device_id: str) -> set[str]:
        await client.send_json_auto_id(
            {"type": f"get_{kind}_for_target", "target": {"device_id": [device_id]}}
        )
        answer = await client.receive_json()
        assert answer["success"], answer
        return {
            name.removeprefix(f"{DOMAIN}.")
            for name in answer["result"]
            if name.startswith(DOMAIN)
        }

    site = device(home, site_identifier(home.entry))
    of_fuse = {"fuse_overloaded", "fuse_limits_cars", "meter_lost"}
    assert await offered("triggers", site) == of_fuse
    assert await offered("triggers", of_charger(home)) >= {"car_full", *of_fuse}
    assert await offered("conditions", site) == {"has_sun_surplus"}
    assert len(await offered("conditions", of_charger(home))) == 6
