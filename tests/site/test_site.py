"""A site of one's own: chargers over real WebSockets, meters as entities of another integration."""

from collections.abc import Callable
import logging
from typing import Any

import pytest

from custom_components.sunfuse.const import DOMAIN
from custom_components.sunfuse.diagnostics import async_get_config_entry_diagnostics
from homeassistant.config_entries import SOURCE_INTEGRATION_DISCOVERY, ConfigEntryState
from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import CoreState, HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import (
    device_registry as dr,
    entity_registry as er,
    issue_registry as ir,
)
from homeassistant.helpers.entity import Entity

from ..common import site_entry, wait_until
from ..site_fixtures import BOOT, obeys

pytestmark = pytest.mark.usefixtures("socket_enabled")

ACCEPTING = {
    "mode": "fast",
    "name": "Garage",
    "circuit": "main",
    "phases": "3",
    "l1_phase": "L1",
    "min_a": 6,
    "max_a": 16,
    "fail_safe_a": 6,
}


async def test_an_unknown_charger_is_discovered_and_accepted(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """It waits, is shown as discovered, and becomes a device without disturbing the others."""
    home = await start("CP1")
    first = await home.boot("CP1")
    stranger = await home.connect("CP%202")
    answer = await stranger.call("BootNotification", BOOT)
    assert answer["status"] == "Pending"
    assert 1 <= answer["interval"] <= 60

    await wait_until(
        lambda: hass.config_entries.flow.async_progress_by_handler(DOMAIN),
        "a discovery",
    )
    # It asks again, and is not discovered again.
    assert (await stranger.call("BootNotification", BOOT))["status"] == "Pending"
    await hass.async_block_till_done(wait_background_tasks=True)
    (flow,) = hass.config_entries.flow.async_progress_by_handler(DOMAIN)
    assert flow["context"]["source"] == SOURCE_INTEGRATION_DISCOVERY
    assert flow["context"]["title_placeholders"] == {"name": "Wallbox GmbH W11 (CP 2)"}

    result = await hass.config_entries.flow.async_configure(flow["flow_id"], ACCEPTING)
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "charger_added")
    await hass.async_block_till_done()
    assert (await stranger.call("BootNotification", BOOT))["status"] == "Accepted"

    await home.tell(stranger, "Preparing")
    await home.shows("sensor", "CP 2/1_status", "preparing")
    device = dr.async_get(hass).async_get_device_by_identifier(
        (DOMAIN, f"{home.entry.entry_id}_CP 2"), home.entry.entry_id
    )
    assert device
    assert (device.name, device.manufacturer, device.model) == (
        "Garage",
        "Wallbox GmbH",
        "W11",
    )
    assert not first.websocket.closed


async def test_an_accepted_charger_is_removed_again(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """With its sub-entry go its device and its entities; it is a stranger again."""
    home = await start("CP1", "CP2")
    await home.boot("CP2")
    (subentry,) = [s for s in home.entry.subentries.values() if s.unique_id == "CP2"]
    hass.config_entries.async_remove_subentry(home.entry, subentry.subentry_id)
    await hass.async_block_till_done()
    registry = er.async_get(hass)
    assert not [e for e in registry.entities.values() if "_CP2" in e.unique_id]
    station = await home.connect("CP2")
    assert (await station.call("BootNotification", BOOT))["status"] == "Pending"
    assert home.state("sensor", "state") == "ok"


async def test_the_offer_is_what_the_house_leaves(
    monkeypatch: pytest.MonkeyPatch, start: Callable[..., Any]
) -> None:
    """25 A less 1 A less the 10 A of the house on L1 are 14 A; when the house takes more, at once less."""
    monkeypatch.setattr(Entity, "entity_registry_enabled_default", True)
    home = await start("CP1")
    station = await home.charge("CP1")
    await obeys(station, 14)
    await home.shows("sensor", "CP1/1_reason", "limited_by_circuit")
    assert home.explanation("CP1/1") == "The main fuse has no more capacity on L1."
    assert float(home.state("sensor", "CP1/1_offered_current")) == pytest.approx(
        14, abs=1
    )
    assert float(home.state("sensor", "headroom_l1")) == pytest.approx(0, abs=1)
    offer_a = float(home.state("sensor", "CP1/1_offered_current"))
    assert float(home.state("sensor", "given_l1")) == pytest.approx(offer_a)
    assert float(home.state("sensor", "given_power")) == pytest.approx(
        offer_a * 3 * 230
    )
    # The house's 10, 4 and 4 A and the car's.
    await wait_until(
        lambda: (
            float(home.state("sensor", "grid_current_l1"))
            == pytest.approx(10 + offer_a)
        ),
        "the meter shows the car",
    )
    await wait_until(
        lambda: (
            float(home.state("sensor", "grid_power"))
            == pytest.approx((18 + 3 * offer_a) * 230)
        ),
        "and its power",
    )
    assert float(home.state("sensor", "grid_power_l1")) == pytest.approx(
        (10 + offer_a) * 230
    )

    home.house_a = (17, 4, 4)
    await obeys(station, 7)
    home.house_a = (20, 4, 4)
    await obeys(station, 0)
    await home.shows("sensor", "CP1/1_reason", "waiting_for_capacity")


async def test_what_the_user_sets_counts_at_once(start: Callable[..., Any]) -> None:
    """Limit, mode, maximum and permission, each by its own entity."""
    home = await start("CP1")
    station = await home.charge("CP1")
    await obeys(station, 14)
    await home.call("number", "set_value", "limit", value=19)
    await obeys(station, 8)
    await home.call("number", "set_value", "limit", value=25)
    await home.call("number", "set_value", "CP1/1_max_current", value=7)
    await obeys(station, 7)
    await home.call("switch", "turn_off", "CP1/1_charging_allowed")
    await obeys(station, 0)
    await home.shows("sensor", "CP1/1_reason", "not_allowed")
    await home.call("switch", "turn_on", "CP1/1_charging_allowed")
    await obeys(station, 7)
    await home.call("select", "select_option", "CP1/1_mode", option="off")
    await obeys(station, 0)
    await home.shows("sensor", "CP1/1_reason", "mode_off")
    assert home.state("select", "CP1/1_mode") == "off"
    assert home.state("switch", "CP1/1_charging_allowed") == "on"


async def test_settings_outlive_a_reload(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """What the user set is there again after Home Assistant restarts the site."""
    home = await start("CP1")
    await home.call("number", "set_value", "limit", value=16)
    await home.call("number", "set_value", "CP1/1_max_current", value=10)
    await home.call("select", "select_option", "CP1/1_mode", option="solar")
    await home.call("switch", "turn_off", "CP1/1_charging_allowed")
    assert await hass.config_entries.async_reload(home.entry.entry_id)
    assert float(home.state("number", "limit")) == 16
    assert float(home.state("number", "CP1/1_max_current")) == 10
    assert home.state("select", "CP1/1_mode") == "solar"
    assert home.state("switch", "CP1/1_charging_allowed") == "off"


async def test_a_charger_that_is_gone_is_unavailable(
    start: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    """What might be out of date is not shown; that it is gone, and why it does not charge, is; it is logged once."""
    caplog.set_level(logging.INFO, "custom_components.sunfuse")

    def logged() -> list[str]:
        return [r.getMessage() for r in caplog.records if r.name.endswith("updates")]

    home = await start("CP1")
    station = await home.boot("CP1", "Preparing")
    await home.shows("sensor", "CP1/1_status", "preparing")
    assert home.state("binary_sensor", "CP1_connected") == "on"
    await station.websocket.close()
    await home.shows("sensor", "CP1/1_status", STATE_UNAVAILABLE)
    assert home.state("binary_sensor", "CP1_connected") == "off"
    for domain, key in (
        ("sensor", "CP1/1_power"),
        ("sensor", "CP1/1_energy"),
        ("sensor", "CP1/1_session_energy"),
        ("sensor", "CP1/1_current_l1"),
        ("sensor", "CP1/1_offered_current"),
        ("button", "CP1_restart"),
        ("button", "CP1/1_unlock"),
    ):
        assert home.state(domain, key) == STATE_UNAVAILABLE, key
    assert home.state("sensor", "CP1/1_reason") == "charger_offline"
    assert "6 A" in home.explanation("CP1/1")
    assert logged() == ["Charger CP1 is no longer connected"]
    await home.boot("CP1")
    await home.shows("sensor", "CP1/1_status", "available")
    assert logged()[1:] == ["Charger CP1 is connected again"]
    # Home Assistant's own going is no charger's.
    assert await home.hass.config_entries.async_unload(home.entry.entry_id)
    assert len(logged()) == 2


async def test_a_session_outlives_a_restart(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """Home Assistant restarts while a car charges: the session goes on, its energy too."""
    home = await start("CP1")
    station = await home.charge("CP1")
    home.charging = None
    await home.draw(station, 6, register_kwh=1.5)
    await wait_until(
        lambda: home.state("sensor", "CP1/1_session_energy") == "0.5", "half a kWh"
    )
    transaction = home.entry.runtime_data.coordinator.data.connectors
    (before,) = [data.connector.transaction for data in transaction.values()]
    assert await hass.config_entries.async_reload(home.entry.entry_id)
    station = await home.boot("CP1", "Charging")
    await home.draw(station, 6, register_kwh=1.7)
    await wait_until(
        lambda: home.state("sensor", "CP1/1_session_energy") == "0.7", "it goes on"
    )
    (after,) = [
        data.connector.transaction
        for data in home.entry.runtime_data.coordinator.data.connectors.values()
    ]
    assert after.id == before.id


async def test_what_the_charger_measures(start: Callable[..., Any]) -> None:
    """Power, current and energy; the register rises on, the session's begins at the transaction's start."""
    home = await start("CP1")
    station = await home.charge("CP1")
    home.charging = None
    await home.draw(station, 6, register_kwh=1.5)
    await home.shows("sensor", "CP1/1_power", "4.14")

    def shows(name: str, energy_kwh: float) -> bool:
        state = home.state("sensor", f"CP1/1_{name}")
        return float(state) == pytest.approx(energy_kwh)

    # What the power came to before the register was read may be shown first.
    await wait_until(lambda: shows("energy", 1.5), "the register")
    await wait_until(lambda: shows("session_energy", 0.5), "the session's energy")
    for phase in ("l1", "l2", "l3"):
        assert float(home.state("sensor", f"CP1/1_current_{phase}")) == 6


async def test_buttons(start: Callable[..., Any]) -> None:
    """They reach the charger; a refusal is reported to the user."""
    home = await start("CP1")
    station = await home.boot("CP1")
    await home.shows("sensor", "CP1/1_status", "available")
    await home.call("button", "press", "CP1_restart")
    assert ("Reset", {"type": "Soft"}) in station.requests
    await home.call("button", "press", "CP1/1_unlock")
    assert ("UnlockConnector", {"connectorId": 1}) in station.requests
    station.answers["Reset"] = {"status": "Rejected"}
    with pytest.raises(HomeAssistantError) as refused:
        await home.call("button", "press", "CP1_restart")
    assert refused.value.translation_key == "command_refused"


async def test_without_its_meter_a_site_is_careful(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """The fail-safe current and no more, until the meter is back."""
    home = await start("CP1")
    station = await home.charge("CP1")
    await obeys(station, 14)
    home.house_a = None
    await obeys(station, 6)
    await home.shows("sensor", "state", "meter_lost")
    assert home.state("sensor", "CP1/1_reason") == "meter_lost"
    assert home.state("sensor", "grid_power") == STATE_UNKNOWN
    home.house_a = (10, 4, 4)
    await home.shows("sensor", "state", "ok", "limited")
    await obeys(station, 14)


async def test_a_taken_port_is_tried_again(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """The site is not set up while its port is taken, and says so."""
    home = await start()
    second = site_entry(home.entry.data["port"])
    second.add_to_hass(hass)
    assert not await hass.config_entries.async_setup(second.entry_id)
    assert second.state is ConfigEntryState.SETUP_RETRY
    assert second.error_reason_translation_key == "port_taken"


async def test_two_connectors_are_two_devices(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """A charger that turns out to have two connectors gets a device for each; it stays connected and charges on."""
    home = await start("CP1")
    station = await home.charge("CP1")
    await obeys(station, 14)
    status, firmware = home.entity("sensor", "CP1/1_status"), "CP1_firmware_status"
    await station.call(
        "StatusNotification",
        {"connectorId": 2, "errorCode": "NoError", "status": "Available"},
    )
    await home.shows("sensor", "CP1/1_status", "charging")
    await wait_until(
        lambda: er.async_get(hass).async_get_entity_id(
            "sensor", DOMAIN, f"{home.entry.entry_id}_CP1/2_status"
        ),
        "the second connector has entities",
    )
    await home.shows("sensor", "CP1/2_status", "available")
    assert not station.websocket.closed
    await obeys(station, 14)

    def device_of(key: str) -> dr.AnyDeviceEntry:
        entity = er.async_get(hass).async_get(home.entity("sensor", key))
        assert entity
        assert entity.device_id
        device = dr.async_get(hass).async_get(entity.device_id)
        assert device
        return device

    def placed() -> list[tuple[str | None, str | None]]:
        return [
            (device.name, device.parent_device_id)
            for device in map(device_of, ("CP1/1_status", "CP1/2_status"))
            if isinstance(device, dr.ChildDeviceEntry)
        ]

    charger_id = device_of(firmware).id
    told = [("Connector 1", charger_id), ("Connector 2", charger_id)]
    assert placed() == told
    assert home.entity("sensor", "CP1/1_status") == status
    # And a restart changes nothing of that.
    assert await hass.config_entries.async_reload(home.entry.entry_id)
    assert placed() == told
    assert device_of(firmware).id == charger_id


async def test_two_connectors_are_reported_before_anybody_accepts(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """Each connector has its device from the beginning."""
    home = await start("CP1")
    stranger = await home.connect("CP2")
    await stranger.call("BootNotification", BOOT)
    flows = hass.config_entries.flow
    await wait_until(lambda: flows.async_progress_by_handler(DOMAIN), "a discovery")
    (flow,) = flows.async_progress_by_handler(DOMAIN)
    tell = [
        {"connectorId": connector, "errorCode": "NoError", "status": "Available"}
        for connector in (1, 2)
    ]
    for status in tell:
        await stranger.call("StatusNotification", status)
    await flows.async_configure(flow["flow_id"], ACCEPTING)
    for status in tell:
        await stranger.call("StatusNotification", status)
    registry = er.async_get(hass)
    unique_ids = [f"{home.entry.entry_id}_CP2/{n}_status" for n in (1, 2)]

    def found() -> list[str]:
        ids = [
            registry.async_get_entity_id("sensor", DOMAIN, unique_id)
            for unique_id in unique_ids
        ]
        return [entity_id for entity_id in ids if entity_id]

    await wait_until(lambda: len(found()) == 2, "both have entities")
    await hass.async_block_till_done()
    devices = dr.async_get(hass)
    names = [
        device.name
        for entity_id in found()
        if (entity := registry.async_get(entity_id)) and entity.device_id
        if (device := devices.async_get(entity.device_id))
    ]
    assert names == ["Connector 1", "Connector 2"]


async def test_diagnostics(hass: HomeAssistant, start: Callable[..., Any]) -> None:
    """What was known and decided, without the numbers of cards."""
    home = await start("CP1")
    await home.charge("CP1")
    await home.shows("sensor", "CP1/1_status", "charging")
    found = await async_get_config_entry_diagnostics(hass, home.entry)
    assert found["decision"]["connectors"][0]["id"] == "charger 0001/1"
    assert found["stations"][0]["connectors"][0]["transaction"]["id_token"] != "free"


async def test_a_renamed_meter_is_followed(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """The user gives a sensor another name; the site goes on reading it."""
    registry = er.async_get(hass)
    registry.async_get_or_create("sensor", "meter", "l1", suggested_object_id="grid_l1")
    home = await start("CP1")
    registry.async_update_entity("sensor.grid_l1", new_entity_id="sensor.meter_l1")
    await hass.async_block_till_done(wait_background_tasks=True)
    await wait_until(
        lambda: home.entry.state is ConfigEntryState.LOADED, "the site is loaded"
    )
    sources = home.entry.data["sources"]
    assert sources["grid_phases"] == [
        "sensor.meter_l1",
        "sensor.grid_l2",
        "sensor.grid_l3",
    ]


async def test_a_sensor_that_is_gone_is_a_repair_issue(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """It is named while it is gone, and no longer when it is back; also not after unloading."""
    sources = {"grid": {"entity": "sensor.grid_power"}, "solar": ["sensor.sun"]}
    home = await start("CP1", sources=sources)

    def issues() -> dict[str, dict[str, str] | None]:
        return {
            issue.translation_key or "": issue.translation_placeholders
            for issue in ir.async_get(hass).issues.values()
            if issue.domain == DOMAIN
        }

    await wait_until(issues, "an issue")
    assert issues() == {"source_missing": {"entity": "sensor.sun", "site": "Home"}}
    hass.states.async_set("sensor.sun", "3", {"unit_of_measurement": "V"})
    await wait_until(lambda: "source_wrong_unit" in issues(), "another unit")
    hass.states.async_set("sensor.sun", "3", {"unit_of_measurement": "kW"})
    await wait_until(lambda: not issues(), "all is well again")
    hass.set_state(CoreState.starting)
    hass.states.async_remove("sensor.sun")
    # Its integration may only start later than ours.
    seen = home.entry.runtime_data.coordinator.data.snapshot.now
    await wait_until(
        lambda: home.entry.runtime_data.coordinator.data.snapshot.now > seen, "a tick"
    )
    assert home.entry.runtime_data.coordinator.data.problems
    assert not issues()
    hass.set_state(CoreState.running)
    await wait_until(issues, "it is gone again")
    await hass.config_entries.async_unload(home.entry.entry_id)
    assert not issues()


async def test_a_charger_that_refuses_its_fail_safe_is_a_repair_issue(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """It is not known what it does while Home Assistant is offline: its user is informed."""
    home = await start("CP1")
    station = await home.connect("CP1")
    station.answers["SetChargingProfile"] = {"status": "Rejected"}
    await station.call("BootNotification", BOOT)
    await home.tell(station, "Available")

    def issues() -> list[str | None]:
        return [one.translation_key for one in ir.async_get(hass).issues.values()]

    await wait_until(issues, "an issue")
    assert issues() == ["fail_safe_refused"]
