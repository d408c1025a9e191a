"""Who is not an administrator drives a car, not the fuse."""

from collections.abc import Callable
from contextlib import nullcontext
from datetime import timedelta
from typing import Any

import pytest
import voluptuous as vol

from custom_components.sunfuse.const import DOMAIN
from homeassistant.auth.models import User
from homeassistant.core import Context, HomeAssistant, SupportsResponse
from homeassistant.exceptions import Unauthorized
from homeassistant.helpers import device_registry as dr
from homeassistant.util import dt as dt_util

from ..site_fixtures import Home

pytestmark = pytest.mark.usefixtures("socket_enabled")


async def test_a_driver_and_the_fuse(
    start: Callable[..., Any],
    hass: HomeAssistant,
    hass_admin_user: User,
    hass_read_only_user: User,
) -> None:
    """The mode and a boost are a driver's; limits and the policy are refused, but not to the owner or an automation."""
    home: Home = await start("CP1")
    mode = home.entity("select", "CP1/1_mode")
    hass_read_only_user.groups = []
    hass_read_only_user.mock_policy(  # type: ignore[attr-defined]
        {"entities": {"entity_ids": {mode: True, home.entity("number", "limit"): True}}}
    )
    driver = Context(user_id=hass_read_only_user.id)
    device = dr.async_get(hass).async_get_device_by_identifier(
        (DOMAIN, f"{home.entry.entry_id}_CP1"), home.entry.entry_id
    )
    assert device
    limit = {"entity_id": home.entity("number", "limit"), "value": 20}
    external = {"config_entry_id": home.entry.entry_id, "current": 10}

    async def act(
        domain: str, service: str, data: dict[str, Any], who: Context
    ) -> None:
        await hass.services.async_call(
            domain, service, data, blocking=True, context=who
        )

    await act("select", "select_option", {"entity_id": mode, "option": "off"}, driver)
    boost = {"device_id": device.id, "duration": {"minutes": 5}}
    await act(DOMAIN, "boost", boost, driver)
    for domain, service, data in (
        ("number", "set_value", limit),
        (DOMAIN, "set_limit", external),
        (DOMAIN, "clear_limit", {"config_entry_id": home.entry.entry_id}),
    ):
        with pytest.raises(Unauthorized):
            await act(domain, service, data, driver)
    assert home.state("number", "limit") == "25.0"
    for who in (Context(user_id=hass_admin_user.id), Context()):
        await act("number", "set_value", limit, who)
        await act(DOMAIN, "set_limit", external, who)

    hass_read_only_user.mock_policy({"entities": False})  # type: ignore[attr-defined]
    with pytest.raises(Unauthorized):
        await act(DOMAIN, "boost", boost, driver)


async def test_a_driver_and_his_departure(
    start: Callable[..., Any],
    hass: HomeAssistant,
    hass_read_only_user: User,
) -> None:
    """Who is no administrator says when his car leaves and pauses it; whoever may not control it does neither."""
    home: Home = await start("CP1")
    mode = home.entity("select", "CP1/1_mode")
    hass_read_only_user.groups = []
    driver = Context(user_id=hass_read_only_user.id)
    device = dr.async_get(hass).async_get_device_by_identifier(
        (DOMAIN, f"{home.entry.entry_id}_CP1"), home.entry.entry_id
    )
    assert device
    hour = timedelta(hours=1)
    soon = (dt_util.now() + 9 * hour).isoformat()
    actions: tuple[tuple[str, dict[str, Any]], ...] = (
        ("set_departure", {"departure": soon, "target_energy": 5}),
        ("set_departure", {"weekdays": ["mon"], "time": "07:00"}),
        ("skip_tonight", {}),
        ("pause", {"duration": {"hours": 1}}),
        ("resume", {}),
        ("pause_departures", {"duration": {"days": 1}}),
        ("clear_departure", {}),
    )
    for entities, allowed in (({"entity_ids": {mode: True}}, True), (False, False)):
        hass_read_only_user.mock_policy({"entities": entities})  # type: ignore[attr-defined]
        for name, data in actions:
            with nullcontext() if allowed else pytest.raises(Unauthorized):
                await hass.services.async_call(
                    DOMAIN,
                    name,
                    {"device_id": device.id, **data},
                    blocking=True,
                    context=driver,
                )
    wishes = home.entry.runtime_data.departures.wishes("CP1/1")
    assert [one.minute for one in wishes.weekly if one.active] == [7 * 60]


# What each action needs to be asked for at all; a driver who may control nothing is refused before anything else is looked at.
ASKED: dict[str, dict[str, Any]] = {
    "authorize": {"request_id": "x", "accept": True},
    "bill_again": {"start": "2026-01-01T00:00:00+00:00"},
    "boost": {"duration": {"minutes": 5}},
    "cancel_reservation": {"reservation_id": 1},
    "change_password": {"password": "secret-enough-for-anybody"},
    "delete_certificate": {"serial_number": "aa"},
    "delete_person": {"person": "Ann"},
    "export_sessions": {"format": "csv"},
    "get_composite_schedule": {"duration": 60},
    "get_log": {"location": "ftp://example.org/log"},
    "install_certificate": {"kind": "manufacturer_root"},
    "pause": {"duration": {"hours": 1}},
    "pause_departures": {"duration": {"hours": 1}},
    "reserve": {
        "reservation_id": 1,
        "card": "04AA",
        "until": "2030-01-01T00:00:00+00:00",
    },
    "set_availability": {"operative": False},
    "set_configuration": {"key": "x", "value": "1"},
    "set_departure": {"time": "07:00", "target_energy": 5},
    "set_display_message": {"message_id": 1},
    "set_limit": {"current": 10},
    "set_network_profile": {
        "slot": 1,
        "url": "ws://example.org",
        "security_profile": 1,
    },
    "set_peak": {"power": 5},
    "transfer_data": {"vendor": "x"},
    "trigger_message": {"message": "Heartbeat"},
    "update_firmware": {"location": "ftp://example.org/firmware"},
    "join_persons": {"person": "Ann", "into": "Bob"},
    "what_if": {"chargers": 3},
}
# What electricity costs is no secret.
FOR_ALL = {"get_prices"}


async def test_who_may_control_nothing_does_nothing(
    start: Callable[..., Any],
    hass: HomeAssistant,
    hass_read_only_user: User,
) -> None:
    """Each action that there is refuses a user without rights, as itself and before it asks for anything else."""
    home: Home = await start("CP1")
    hass_read_only_user.groups = []
    hass_read_only_user.mock_policy({"entities": False})  # type: ignore[attr-defined]
    stranger = Context(user_id=hass_read_only_user.id)
    device = dr.async_get(hass).async_get_device_by_identifier(
        (DOMAIN, f"{home.entry.entry_id}_CP1"), home.entry.entry_id
    )
    assert device
    wrong: dict[str, str] = {}
    for name, service in hass.services.async_services()[DOMAIN].items():
        if name in FOR_ALL:
            continue
        known = service.schema
        fields = set(map(str, known.schema)) if isinstance(known, vol.Schema) else set()
        data = {
            "device_id": device.id,
            "config_entry_id": home.entry.entry_id,
        }
        asked = {key: value for key, value in data.items() if key in fields}
        try:
            await hass.services.async_call(
                DOMAIN,
                name,
                asked | ASKED.get(name, {}),
                blocking=True,
                context=stranger,
                return_response=service.supports_response is SupportsResponse.ONLY,
            )
        except Unauthorized:
            continue
        except Exception as err:  # noqa: BLE001 (whatever it is, it is not what is expected)
            wrong[name] = repr(err) + str(getattr(err, "errors", ""))
        else:
            wrong[name] = "done"
    assert not wrong, "\n".join(f"{k}: {v}" for k, v in wrong.items())
