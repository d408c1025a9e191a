"""How users and automations change the sharing: boosts, limits from outside, policy and priority."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockUser

from custom_components.sunfuse.const import DOMAIN
from homeassistant.config_entries import ConfigSubentry
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import (
    device_registry as dr,
    entity_registry as er,
    issue_registry as ir,
)
from homeassistant.util import dt as dt_util

from ..site_fixtures import Home, obeys

pytestmark = pytest.mark.usefixtures("socket_enabled")


async def act(home: Home, action: str, **data: Any) -> None:
    """Call an action on the site, or on its charger."""
    target: dict[str, str] = {"config_entry_id": home.entry.entry_id}
    if "boost" in action:
        device = dr.async_get(home.hass).async_get_device_by_identifier(
            (DOMAIN, f"{home.entry.entry_id}_CP1"), home.entry.entry_id
        )
        assert device
        target = {"device_id": device.id}
    await home.hass.services.async_call(
        DOMAIN, action, {**target, **data}, blocking=True
    )


async def press_boost(home: Home, user_id: str | None) -> None:
    """Turn the switch of a boost on, as a user does or (None) an automation."""
    await home.hass.services.async_call(
        "switch",
        "turn_on",
        {"entity_id": home.entity("switch", "CP1/1_boost")},
        blocking=True,
        context=Context(user_id=user_id),
    )


async def test_a_limit_from_outside(start: Callable[..., Any]) -> None:
    """The tightest limit holds, in amperes or watts, and is named; when it ends the fuse holds again."""
    home = await start("CP1")
    station = await home.charge("CP1")
    await obeys(station, 14)
    # 20 A on each phase, of which the house takes 10 A on L1, less 1 A of margin.
    await act(home, "set_limit", current=20, reason="Grid operator")
    await obeys(station, 9)
    await home.shows("sensor", "CP1/1_reason", "limited_by_demand_response")
    assert "Grid operator" in home.explanation("CP1/1")
    await act(home, "clear_limit")
    await obeys(station, 14)
    with pytest.raises(ServiceValidationError) as wrong:
        await act(home, "set_limit", reason="nothing")
    assert wrong.value.translation_key == "limit_without_value"


async def test_a_boost(hass: HomeAssistant, start: Callable[..., Any]) -> None:
    """Full power now, whatever the mode, within the fuse; then the mode holds again."""
    home = await start("CP1")
    station = await home.charge("CP1")
    await obeys(station, 14)
    await home.call("select", "select_option", "CP1/1_mode", option="solar_min")
    await obeys(station, 6)
    await act(home, "boost", duration={"hours": 1}, energy=5)
    await obeys(station, 14)
    assert await hass.config_entries.async_reload(home.entry.entry_id)
    boost = home.entry.runtime_data.settings.connector("CP1/1").boost
    assert boost.energy_wh == 5000
    assert boost.until > dt_util.utcnow()
    await act(home, "cancel_boost")
    assert home.entry.runtime_data.settings.connector("CP1/1").boost is None
    with pytest.raises(ServiceValidationError) as wrong:
        await act(home, "boost")
    assert wrong.value.translation_key == "boost_without_end"


async def test_policy_priority_and_limit_outlive_a_reload(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """What the user set is there again after a reload."""
    home = await start("CP1")
    er.async_get(hass).async_update_entity(
        home.entity("number", "CP1/1_priority"), disabled_by=None
    )
    await hass.config_entries.async_reload(home.entry.entry_id)
    assert home.state("select", "policy") == "equal"
    await home.call("select", "select_option", "policy", option="deadline")
    await home.call("number", "set_value", "CP1/1_priority", value=8)
    await act(home, "set_limit", power=5000, until="2036-01-01 00:00:00")
    assert await hass.config_entries.async_reload(home.entry.entry_id)
    assert home.state("select", "policy") == "deadline"
    assert home.state("number", "CP1/1_priority") == "8"
    (limit,) = home.entry.runtime_data.settings.site.limits
    assert (limit.power_w, limit.until.year) == (5000, 2036)
    snapshot = home.entry.runtime_data.coordinator.data.snapshot
    assert snapshot.policy == "deadline"
    assert snapshot.limits == (limit,)
    assert snapshot.connectors[0].priority == 8


async def test_several_limits_from_outside(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """The tightest wins and is named, each goes when its time is over or it is cleared, and all outlive a reload."""
    home = await start("CP1")
    station = await home.charge("CP1")
    await obeys(station, 14)
    await act(home, "set_limit", current=22, reason="Contract")
    await obeys(station, 11)
    # 6210 W for the cars alone are 9 A on each of three phases, whatever the house takes.
    await act(
        home,
        "set_limit",
        power=6210,
        reason="Aggregator",
        cars_only=True,
        circuit="main",
    )
    await obeys(station, 9)
    await home.shows("sensor", "limited_by", "Aggregator")
    explanation = home.explanation("CP1/1")
    assert "the cars together may take at most 6210 W" in explanation
    assert "Aggregator" in explanation
    assert await hass.config_entries.async_reload(home.entry.entry_id)
    state = hass.states.get(home.entity("sensor", "limited_by"))
    assert state
    assert [limit["name"] for limit in state.attributes["limits"]] == [
        "Aggregator",
        "Contract",
    ]
    assert state.attributes["limits"][1]["current"] == 22
    await act(home, "clear_limit", reason="Aggregator")
    await home.shows("sensor", "limited_by", "Contract")
    await act(home, "set_limit", current=10, reason="Contract")
    state = hass.states.get(home.entity("sensor", "limited_by"))
    assert state
    assert [limit["current"] for limit in state.attributes["limits"]] == [10]
    await act(home, "clear_limit")
    await home.shows("sensor", "limited_by", "Nothing")
    with pytest.raises(ServiceValidationError) as wrong:
        await act(home, "set_limit", current=10, circuit="attic")
    assert wrong.value.translation_key == "no_such_circuit"


@pytest.mark.parametrize(
    ("entity", "on", "off", "attributes", "limit_a"),
    [
        # 4.2 kW for one device are 6.1 A on three phases of 230 V; 16 A would be 11 kW.
        ("binary_sensor.relay", "on", "off", {}, 6),
        ("input_boolean.relay", "on", "off", {}, 6),
        ("number.control_box", "6.9", "0", {"unit_of_measurement": "kW"}, 10),
        ("input_number.control_box", "1", "0", {}, 6),
    ],
)
async def test_dimming(
    hass: HomeAssistant,
    start: Callable[..., Any],
    entity: str,
    on: str,
    off: str,
    attributes: dict[str, str],
    limit_a: float,
) -> None:
    """The grid operator's signal leaves the cars its minimum; a signal that is lost has not switched off."""
    hass.states.async_set(entity, off, attributes)
    home = await start("CP1", options={"dimming_entity": entity})
    station = await home.charge("CP1")
    await obeys(station, 14)
    hass.states.async_set(entity, on, attributes)
    await obeys(station, limit_a)
    await home.shows("sensor", "CP1/1_reason", "limited_by_dimming")
    assert home.state("sensor", "limited_by") == "Grid operator"
    hass.states.async_set(entity, STATE_UNAVAILABLE)
    home.entry.runtime_data.controller.tick()
    assert home.state("sensor", "limited_by") == "Grid operator"
    hass.states.async_remove(entity)
    home.entry.runtime_data.controller.tick()
    assert home.state("sensor", "limited_by") == "Grid operator"
    assert any(
        issue.translation_key == "source_missing"
        for issue in ir.async_get(hass).issues.values()
    )
    hass.states.async_set(entity, off, attributes)
    await home.shows("sensor", "limited_by", "The main fuse")
    await obeys(station, 14)


async def test_the_boost_switch(
    hass: HomeAssistant, hass_admin_user: MockUser, start: Callable[..., Any]
) -> None:
    """On for as long as the options say, off when it is over; the quota is that of the user who turns it on."""
    home = await start(
        "CP1", options={"boost_quota_kwh": 500, "boost_duration_min": 30}
    )
    station = await home.charge("CP1")
    await obeys(station, 14)
    await home.call("select", "select_option", "CP1/1_mode", option="solar_min")
    await obeys(station, 6)
    await press_boost(home, hass_admin_user.id)
    await obeys(station, 14)
    await home.shows("sensor", "CP1/1_reason", "boosting", "limited_by_circuit")
    assert home.state("switch", "CP1/1_boost") == "on"
    settings = home.entry.runtime_data.settings
    boost = settings.connector("CP1/1").boost
    assert boost.person == hass_admin_user.id
    assert boost.until - boost.started_at == timedelta(minutes=30)
    await home.call("switch", "turn_off", "CP1/1_boost")
    assert home.state("switch", "CP1/1_boost") == "off"
    await obeys(station, 6)

    # It ends by itself.
    over = replace(boost, until=dt_util.utcnow() + timedelta(seconds=2))
    settings.set_connector("CP1/1", boost=over)
    await home.shows("switch", "CP1/1_boost", "on")
    await home.shows("switch", "CP1/1_boost", "off")


async def test_a_quota_is_used_up(
    hass: HomeAssistant, hass_admin_user: MockUser, start: Callable[..., Any]
) -> None:
    """The boost ends with it, and its person starts no other; others and automations may."""
    # At 9.7 kW ten watt-hours are four seconds.
    home = await start("CP1", options={"boost_quota_kwh": 0.01})
    station = await home.charge("CP1")
    await obeys(station, 14)
    await press_boost(home, hass_admin_user.id)
    assert home.state("switch", "CP1/1_boost") == "on"
    await home.shows("switch", "CP1/1_boost", "off")
    with pytest.raises(ServiceValidationError) as refused:
        await press_boost(home, hass_admin_user.id)
    assert refused.value.translation_key == "boost_quota_used"
    await press_boost(home, None)
    assert home.state("switch", "CP1/1_boost") == "on"


async def test_a_persons_own_quota(
    hass: HomeAssistant, hass_admin_user: MockUser, start: Callable[..., Any]
) -> None:
    """It takes precedence over the site's; a boost is the driver's, whoever starts it, and a changed quota applies at once."""
    home = await start("CP1", options={"boost_quota_kwh": 500})
    anna = ConfigSubentry(
        data=MappingProxyType({"boost_quota_kwh": 0.01}),
        subentry_type="person",
        title="Anna",
        unique_id=None,
    )
    card = ConfigSubentry(
        data=MappingProxyType(
            {
                "number": "free",
                "kind": "rfid",
                "blocked": False,
                "person": anna.subentry_id,
            }
        ),
        subentry_type="card",
        title="Anna's card",
        unique_id="anna",
    )
    hass.config_entries.async_add_subentry(home.entry, anna)
    hass.config_entries.async_add_subentry(home.entry, card)
    await hass.async_block_till_done()
    station = await home.charge("CP1")
    await obeys(station, 14)
    await press_boost(home, hass_admin_user.id)
    boost = home.entry.runtime_data.settings.connector("CP1/1").boost
    assert boost.person == anna.subentry_id
    await home.shows("switch", "CP1/1_boost", "off")
    with pytest.raises(ServiceValidationError) as refused:
        await press_boost(home, hass_admin_user.id)
    assert refused.value.translation_key == "boost_quota_used"
    assert station.websocket.closed is False
    hass.config_entries.async_update_subentry(
        home.entry, anna, data={"boost_quota_kwh": 50}
    )
    await hass.async_block_till_done()
    await press_boost(home, hass_admin_user.id)
    assert home.state("switch", "CP1/1_boost") == "on"
