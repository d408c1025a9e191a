"""Who gets in as which charger: passwords made by Sunfuse, and what is changed while a charger stays connected."""

import asyncio
from base64 import b64encode
from collections.abc import Callable
from contextlib import suppress
from copy import deepcopy
from typing import Any

from aiohttp import WSServerHandshakeError
import pytest

from custom_components.sunfuse.central_system.station.quirks import Behaviour
from custom_components.sunfuse.const import DOMAIN
from custom_components.sunfuse.flows.chargers.charger_options import BEHAVIOUR
from homeassistant.config_entries import (
    ConfigFlowResult,
    ConfigSubentry,
    SubentryFlowResult,
)
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.selector import SelectSelector, SelectSelectorMode

from ...actions.test_charger_actions import device_of
from ...central_system.client import RawStation
from ...common import charger, wait_until
from ...forms import CHARGER, NEW_CHARGER
from ...site_fixtures import BOOT, Home, limits

pytestmark = pytest.mark.usefixtures("socket_enabled")


@pytest.fixture(autouse=True)
def _settles_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the chargers be of a make that need not be left alone for long after it has started."""
    monkeypatch.setitem(BOOT, "chargePointVendor", "Acme")


def basic(identity: str, password: str) -> dict[str, str]:
    """Return the header by which a charger proves to be itself (RFC 7617)."""
    encoded = b64encode(f"{identity}:{password}".encode()).decode()
    return {"Authorization": f"Basic {encoded}"}


def subentry_of(home: Home, identity: str) -> ConfigSubentry:
    """Return a charger's sub-entry."""
    found: list[ConfigSubentry] = [
        s for s in home.entry.subentries.values() if s.unique_id == identity
    ]
    (subentry,) = found
    return subentry


def shown_password(result: ConfigFlowResult | SubentryFlowResult) -> str:
    """Return the password that a form shows."""
    placeholders = result["description_placeholders"]
    assert placeholders
    password: str = placeholders["password"]
    # AuthorizationKey of OCPP 1.6: 16 to 20 bytes as hexadecimal digits.
    assert 16 <= len(bytes.fromhex(password)) <= 20
    return password


async def connect(home: Home, identity: str, password: str | None = None) -> RawStation:
    """Connect a charger, with a password if one is given."""
    headers = basic(identity, password) if password else {}
    port = home.entry.runtime_data.central_system.port
    return await RawStation.connect(home.session, port, f"/{identity}", headers=headers)


async def refused(home: Home, identity: str, password: str | None = None) -> None:
    """Try to connect as somebody, in vain."""
    with pytest.raises(WSServerHandshakeError) as error:
        await connect(home, identity, password)
    assert error.value.status == 401


async def discovered(hass: HomeAssistant) -> ConfigFlowResult:
    """Wait for the form of a charger that has connected; return it."""
    flows = hass.config_entries.flow
    await wait_until(
        lambda: flows.async_progress_by_handler(DOMAIN), "a discovered charger"
    )
    (flow,) = flows.async_progress_by_handler(DOMAIN)
    return await flows.async_configure(flow["flow_id"])


async def test_a_new_charger_is_sent_its_password(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """It connects without one, is accepted, gets a password through OCPP, and from then on nobody connects without it."""
    home: Home = await start()
    station = await connect(home, "CP2")
    await station.call("BootNotification", BOOT)
    form = await discovered(hass)
    flows = hass.config_entries.flow
    form = await flows.async_configure(
        form["flow_id"], NEW_CHARGER | {"security": "password"}
    )
    assert form["step_id"] == "password"
    password = shown_password(form)

    station.answers["ChangeConfiguration"] = {"status": "Rejected"}
    await station.call("BootNotification", BOOT)
    form = await flows.async_configure(form["flow_id"], {"way": "sent"})
    assert form["errors"] == {"way": "password_not_taken"}
    assert shown_password(form) == password
    assert "password" not in subentry_of(home, "CP2").data

    station.answers["ChangeConfiguration"] = {"status": "Accepted"}
    result = await flows.async_configure(form["flow_id"], {"way": "sent"})
    assert result["reason"] == "charger_added"
    told = station.received("ChangeConfiguration")
    assert {"key": "AuthorizationKey", "value": password} in told
    data = subentry_of(home, "CP2").data
    assert (data["security"], data["password"]) == ("password", password)

    await hass.async_block_till_done()
    assert not station.websocket.closed
    await refused(home, "CP2")
    again = await connect(home, "CP2", password)
    assert (await again.call("BootNotification", BOOT))["status"] == "Accepted"


async def test_a_password_by_hand(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """A charger that has not connected yet gets its password typed in; it is shown once and never again."""
    home: Home = await start()
    subentries = hass.config_entries.subentries
    form = await subentries.async_init(
        (home.entry.entry_id, "charger"), context={"source": "user"}
    )
    form = await subentries.async_configure(
        form["flow_id"], NEW_CHARGER | {"identity": "CP3", "security": "password"}
    )
    assert form["step_id"] == "password_shown"
    password = shown_password(form)
    await subentries.async_configure(form["flow_id"], {})
    await hass.async_block_till_done()
    await refused(home, "CP3")
    await refused(home, "CP3", "0" * 40)
    station = await connect(home, "CP3", password)
    assert (await station.call("BootNotification", BOOT))["status"] == "Accepted"
    form = await home.entry.start_subentry_reconfigure_flow(
        hass, subentry_of(home, "CP3").subentry_id
    )
    assert password not in str(form)


async def test_a_client_certificate_needs_tls(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """Without TLS there is nothing to show it in."""
    home: Home = await start("CP1")
    form = await home.entry.start_subentry_reconfigure_flow(
        hass, subentry_of(home, "CP1").subentry_id
    )
    form = await hass.config_entries.subentries.async_configure(
        form["flow_id"], CHARGER | {"security": "certificate"}
    )
    assert form["errors"] == {"security": "no_tls"}


ADVANCED = {"expiry_s": 120, "renew_s": 40, "phase_switching": True}


@pytest.mark.parametrize(
    ("advanced", "error"),
    [
        ({"expiry_s": 20, "renew_s": 10}, "expiry"),
        ({"expiry_s": 1000}, "expiry"),
        ({"renew_s": 61}, "renewal"),
        ({"renew_s": 1}, "renewal"),
    ],
)
async def test_what_cannot_hold(
    hass: HomeAssistant,
    start: Callable[..., Any],
    advanced: dict[str, Any],
    error: str,
) -> None:
    """A limit that lapses before it is renewed would make every car stutter."""
    home: Home = await start("CP1")
    form = await home.entry.start_subentry_reconfigure_flow(
        hass, subentry_of(home, "CP1").subentry_id
    )
    form = await hass.config_entries.subentries.async_configure(
        form["flow_id"], CHARGER | {"advanced": ADVANCED | advanced}
    )
    assert form["errors"] == {"advanced": error}


async def test_a_change_that_leaves_the_charger_connected(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """Expiry, quirks and password of a charger whose car charges are changed; the session goes on."""
    home: Home = await start("CP1")
    station = await home.charge("CP1")
    await wait_until(lambda: limits(station), "a limit")
    same = {
        "name": "Charger CP1",
        "circuit": "main",
        "phases": "3",
        "l1_phase": "L1",
        "min_a": 6,
        "max_a": 16,
        "fail_safe_a": 6,
    }
    form = await home.entry.start_subentry_reconfigure_flow(
        hass, subentry_of(home, "CP1").subentry_id
    )
    form = await hass.config_entries.subentries.async_configure(
        form["flow_id"],
        same
        | {
            "security": "password",
            "advanced": {
                "expiry_s": 60,
                "renew_s": 20,
                "phase_switching": False,
                "wake": "true",
                "whole_amperes": "true",
                "lasting_stack_level": 2,
                "do_not_ask": "A, B",
            },
        },
    )
    assert form["step_id"] == "password"
    password = shown_password(form)
    result = await hass.config_entries.subentries.async_configure(
        form["flow_id"], {"way": "sent"}
    )
    assert result["reason"] == "reconfigure_successful"
    await hass.async_block_till_done()
    assert not station.websocket.closed
    config = home.entry.runtime_data.central_system.stations["CP1"].config
    assert (config.expiry_s, config.renew_s, config.password) == (60, 20, password)
    assert dict(config.quirks) == {
        "wake": "true",
        "whole_amperes": "true",
        "lasting_stack_level": "2",
        "do_not_ask": "A, B",
    }
    assert subentry_of(home, "CP1").data["phase_switching"] is False

    # What was set is shown again, and another password replaces the first.
    form = await home.entry.start_subentry_reconfigure_flow(
        hass, subentry_of(home, "CP1").subentry_id
    )
    values = same | {"security": "password"}
    form = await hass.config_entries.subentries.async_configure(
        form["flow_id"], values | {"new_password": True}
    )
    second = shown_password(form)
    assert second != password
    result = await hass.config_entries.subentries.async_configure(
        form["flow_id"], {"way": "sent"}
    )
    assert result["reason"] == "reconfigure_successful"
    data = subentry_of(home, "CP1").data
    assert data["password"] == second
    assert data["expiry_s"] == 60

    # Back to open: the password is forgotten, and the charger stays.
    form = await home.entry.start_subentry_reconfigure_flow(
        hass, subentry_of(home, "CP1").subentry_id
    )
    await hass.config_entries.subentries.async_configure(
        form["flow_id"], values | {"security": "open"}
    )
    await hass.async_block_till_done()
    assert "password" not in subentry_of(home, "CP1").data
    assert not station.websocket.closed


async def test_a_charger_that_goes_while_its_password_is_shown(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """With the site not running it can only be typed in; with the site gone there is nothing to add to."""
    home: Home = await start()
    station = await connect(home, "CP2")
    await station.call("BootNotification", BOOT)
    form = await discovered(hass)
    flows = hass.config_entries.flow
    form = await flows.async_configure(
        form["flow_id"], NEW_CHARGER | {"security": "password"}
    )
    await hass.config_entries.async_unload(home.entry.entry_id)
    form = await flows.async_configure(form["flow_id"], {"way": "sent"})
    assert form["errors"] == {"way": "site_not_loaded"}
    await hass.config_entries.async_remove(home.entry.entry_id)
    result = await flows.async_configure(form["flow_id"], {"way": "typed"})
    assert result["reason"] == "site_removed"


async def test_a_charger_that_refuses_another_password(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """The form says so; the charger keeps the one that it has until it is typed in."""
    home: Home = await start("CP1")
    station = await home.boot("CP1")
    await home.shows("sensor", "CP1/1_status", "available")
    station.answers["ChangeConfiguration"] = {"status": "NotSupported"}
    subentries = hass.config_entries.subentries
    form = await home.entry.start_subentry_reconfigure_flow(
        hass, subentry_of(home, "CP1").subentry_id
    )
    form = await subentries.async_configure(
        form["flow_id"], CHARGER | {"security": "password"}
    )
    password = shown_password(form)
    form = await subentries.async_configure(form["flow_id"], {"way": "sent"})
    assert form["errors"] == {"way": "password_not_taken"}
    assert "password" not in subentry_of(home, "CP1").data
    await station.websocket.close()
    await home.shows("binary_sensor", "CP1_connected", "off")
    form = await subentries.async_configure(form["flow_id"], {"way": "sent"})
    assert form["errors"] == {"way": "charger_away"}
    result = await subentries.async_configure(form["flow_id"], {"way": "typed"})
    assert result["reason"] == "reconfigure_successful"
    assert subentry_of(home, "CP1").data["password"] == password


async def test_wrong_passwords_are_reported_until_the_right_one_comes(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """A repair issue with the address; it goes when the charger proves to be itself."""
    home: Home = await start("CP1")
    await hass.config_entries.async_unload(home.entry.entry_id)
    subentry = subentry_of(home, "CP1")
    password = "ab" * 20
    hass.config_entries.async_update_subentry(
        home.entry,
        subentry,
        data={**subentry.data, "security": "password", "password": password},
    )
    await hass.config_entries.async_setup(home.entry.entry_id)
    issue_id = f"{home.entry.entry_id}_wrong_password_CP1"

    def issue() -> ir.IssueEntry | None:
        return ir.async_get(hass).async_get_issue(DOMAIN, issue_id)

    await refused(home, "CP1", "cd" * 20)
    await wait_until(issue, "a repair issue")
    found = issue()
    assert found
    assert found.translation_placeholders == {"charger": "CP1", "address": "127.0.0.1"}
    station = await connect(home, "CP1", password)
    await station.call("BootNotification", BOOT)
    await wait_until(lambda: issue() is None, "the issue goes")


def test_every_field_of_a_behaviour_can_be_set() -> None:
    """The issue: a user can override any of it in the charger's options."""
    assert set(BEHAVIOUR) == set(Behaviour.__dataclass_fields__)
    # Radio buttons could not be emptied again.
    choices = [c for c in BEHAVIOUR.values() if isinstance(c, SelectSelector)]
    assert {choice.config["mode"] for choice in choices} == {
        SelectSelectorMode.DROPDOWN
    }


async def test_a_charger_that_needs_a_restart_is_not_locked_out(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """It answers RebootRequired, is restarted, and can connect as before until it uses its new password."""
    home: Home = await start("CP1")
    station = await home.boot("CP1")
    station.answers["ChangeConfiguration"] = {"status": "RebootRequired"}
    form = await home.entry.start_subentry_reconfigure_flow(
        hass, subentry_of(home, "CP1").subentry_id
    )
    form = await hass.config_entries.subentries.async_configure(
        form["flow_id"],
        CHARGER | {"name": "Charger CP1", "l1_phase": "L1", "security": "password"},
    )
    password = shown_password(form)
    result = await hass.config_entries.subentries.async_configure(
        form["flow_id"], {"way": "sent"}
    )
    assert result["reason"] == "reconfigure_successful"
    await station.wait_received("Reset")

    issues = ir.async_get(hass)
    issue_id = f"{home.entry.entry_id}_new_password_needs_restart_CP1"
    await wait_until(lambda: issues.async_get_issue(DOMAIN, issue_id), "a repair")

    # Home Assistant restarts before the charger does.
    assert await hass.config_entries.async_reload(home.entry.entry_id)
    station = await home.boot("CP1")
    await wait_until(lambda: issues.async_get_issue(DOMAIN, issue_id), "a repair")
    await station.close()

    station = await connect(home, "CP1", password)
    assert (await station.call("BootNotification", BOOT))["status"] == "Accepted"
    await wait_until(
        lambda: "former_password" not in subentry_of(home, "CP1").data,
        "the former credential to be forgotten",
    )
    await wait_until(lambda: not issues.async_get_issue(DOMAIN, issue_id), "no repair")
    await refused(home, "CP1")


REFUSED = "EE" * 20


@pytest.mark.parametrize(
    "changes", [["B2" * 20], ["D4" * 20, "B2" * 20], [REFUSED, "B2" * 20]]
)
async def test_killed_while_a_password_is_sent(
    hass: HomeAssistant,
    start: Callable[..., Any],
    hass_storage: dict[str, Any],
    changes: list[str],
) -> None:
    """The password is in a file before the charger has it: a Home Assistant that is killed then locks nobody out.

    That holds for a second password, too, that is sent before the first one is in the configuration on the disk. One
    that the charger refused never counts.
    """
    former, new = "A1" * 20, changes[-1]
    home: Home = await start(charger("CP1", security="password", password=former))
    files = f"sunfuse.{home.entry.entry_id}.passwords"
    station = await connect(home, "CP1", former)
    assert (await station.call("BootNotification", BOOT))["status"] == "Accepted"
    written: list[Any] = []

    def accept(request: dict[str, Any]) -> dict[str, Any]:
        if request["key"] == "AuthorizationKey":
            written.append(deepcopy(hass_storage[files]))
        refuses = request["value"] == REFUSED
        return {"status": "Rejected" if refuses else "Accepted"}

    station.answers["ChangeConfiguration"] = accept
    data = dict(subentry_of(home, "CP1").data)
    for password in changes:
        with suppress(HomeAssistantError):
            await hass.services.async_call(
                DOMAIN,
                "change_password",
                {"device_id": device_of(home, "CP1"), "password": password},
                blocking=True,
            )
    # The next start finds what the disk had when the charger got its password.
    await station.close()
    assert await hass.config_entries.async_unload(home.entry.entry_id)
    hass.config_entries.async_update_subentry(
        home.entry, subentry_of(home, "CP1"), data=data
    )
    hass_storage[files] = written[-1]
    assert await hass.config_entries.async_setup(home.entry.entry_id)

    await refused(home, "CP1", "C3" * 20)
    await refused(home, "CP1", REFUSED)
    for password in (former, *(one for one in changes if one != REFUSED)):
        station = await connect(home, "CP1", password)
        await station.close()
    await wait_until(
        lambda: "former_password" not in subentry_of(home, "CP1").data,
        "the former credential to be forgotten",
    )
    assert subentry_of(home, "CP1").data["password"] == new
    await refused(home, "CP1", former)


async def test_two_passwords_at_the_same_time(
    hass: HomeAssistant, start: Callable[..., Any]
) -> None:
    """The second one is given up while the charger answers for the first: that one is stored all the same."""
    former, new = "A1" * 20, "B2" * 20
    home: Home = await start(charger("CP1", security="password", password=former))
    station = await connect(home, "CP1", former)
    assert (await station.call("BootNotification", BOOT))["status"] == "Accepted"

    def change(password: str) -> asyncio.Task[Any]:
        about = {"device_id": device_of(home, "CP1"), "password": password}
        return asyncio.ensure_future(
            hass.services.async_call(DOMAIN, "change_password", about, blocking=True)
        )

    def accept(request: dict[str, Any]) -> dict[str, Any]:
        if request["key"] == "AuthorizationKey":
            second.cancel()
        return {"status": "Accepted"}

    station.answers["ChangeConfiguration"] = accept
    first, second = change(new), change("C3" * 20)
    await first
    with pytest.raises(asyncio.CancelledError):
        await second
    assert subentry_of(home, "CP1").data["password"] == new
    await station.close()
    station = await connect(home, "CP1", new)
    await station.close()
