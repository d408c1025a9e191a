"""Translations and icons: what the code uses exists, and what exists is used."""

import ast
import re

from custom_components.sunfuse.drivers.recognition import GUEST
from custom_components.sunfuse.owner_entities.wish_selects import AUTOMATIC
from custom_components.sunfuse.sources.modbus.device import Quantity
from homeassistant.config_entries import SOURCE_USER
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er

from ..common import wait_until
from .texts import (
    ENGLISH,
    ICONS,
    INTEGRATION,
    STEP_KEYS,
    TREES,
    calls_of,
    check_both_ways,
    fields_in,
    keyword,
    literal,
    strings_of,
)

# developers.home-assistant.io/docs/internationalization/core
SECTIONS = {
    "common",
    "conditions",
    "config",
    "config_panel",
    "config_subentries",
    "device",
    "device_automation",
    "entity",
    "entity_component",
    "exceptions",
    "issues",
    "options",
    "selector",
    "services",
    "system_health",
    "title",
    "triggers",
}
KEY = re.compile(r"[a-z0-9](?:[a-z0-9]|[-_](?![-_]))*(?<![-_])")
URL = re.compile(r"(?:https?|ftps?|wss?)://[a-z0-9]|www\.", re.IGNORECASE)


def test_every_text_is_one_that_home_assistant_takes() -> None:
    """Flat, complete, without references, HTML, addresses or stray blanks."""
    assert ENGLISH.keys() <= SECTIONS
    assert not (INTEGRATION / "strings.json").exists()
    for path, text in strings_of(ENGLISH):
        assert isinstance(text, str), path
        assert text == text.strip() != "", path
        assert "[%" not in text, path
        assert not re.search(r"<[a-z/]", text, re.IGNORECASE), path
        assert not URL.search(text), path
        assert not re.search(r"'\{\w+\}'", text), path
        assert all(field.isidentifier() for field in fields_in(text)), path
        for key in path.split("."):
            assert KEY.fullmatch(key), path


def test_exceptions() -> None:
    """Each error of an action or a set-up has its message, with the values that it is given."""
    raised = [
        call
        for tree in TREES.values()
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
        and (domain := keyword(call, "translation_domain"))
        # What Home Assistant itself says has its own texts.
        and ast.unparse(domain) != "HOMEASSISTANT_DOMAIN"
        and literal(call.func) is None
        and "issue" not in ast.unparse(call.func)
    ]
    messages = {
        key: text["message"] for key, text in ENGLISH.get("exceptions", {}).items()
    }
    check_both_ways((literal(keyword(c, "translation_key")) for c in raised), messages)
    for call in raised:
        key = literal(keyword(call, "translation_key"))
        given = keyword(call, "translation_placeholders")
        if key in messages and isinstance(given, ast.Dict | None):
            names = {literal(name) for name in given.keys} if given else set()
            assert fields_in(messages[key]) == names, key


def test_no_error_without_a_message() -> None:
    """Whatever Home Assistant shows of what we raise can be translated."""
    raised = list(
        calls_of(
            TREES.values(),
            "HomeAssistantError",
            "ServiceValidationError",
            "ConfigEntryNotReady",
            "ConfigEntryError",
            "ConfigEntryAuthFailed",
            "UpdateFailed",
        )
    )
    assert len(raised) > 10
    for call in raised:
        assert keyword(call, "translation_domain"), ast.unparse(call)
        assert keyword(call, "translation_key"), ast.unparse(call)


def test_command_errors() -> None:
    """Each way in which a command fails has its message."""
    keys: set[str | None] = set()
    for call in calls_of(TREES.values(), "CommandError"):
        if call.args:
            keys.add(literal(call.args[0]))
    messages = {
        key.removeprefix("command_")
        for key in ENGLISH["exceptions"]
        if key.startswith("command_")
    }
    assert {key for key in keys if key} == messages


def test_issues() -> None:
    """Each repair has its texts, and no text is of a repair that is gone."""
    check_both_ways(
        (
            literal(keyword(call, "translation_key"))
            for call in calls_of(TREES.values(), "async_create_issue", "RepairIssue")
        ),
        ENGLISH.get("issues", {}),
    )


# What nobody can put right with a dialog of ours.
NOT_FIXABLE = {
    "dashboard_offer": "the link creates it; Home Assistant has no way to create one from here",
    "entry_from_newer_version": "another version has to be installed",
    "meter_lost": "ends by itself; which sensors are read instead is a choice of the site's forms",
    "no_solver": "a package has to be installed for this machine",
}


def test_every_issue_has_a_dialog() -> None:
    """What a user can put right has a dialog, each step of which has a title; the others have a reason here."""
    issues = ENGLISH["issues"]
    assert {key for key, text in issues.items() if "fix_flow" not in text} == set(
        NOT_FIXABLE
    )
    for key, text in issues.items():
        for name, step in text.get("fix_flow", {}).get("step", {}).items():
            assert step["title"], (key, name)
            assert step.keys() <= STEP_KEYS, (key, name)


def test_devices() -> None:
    """Each device that is named by a key has its name."""
    check_both_ways(
        (
            literal(keyword(call, "translation_key"))
            for call in calls_of(
                TREES.values(),
                "DeviceInfo",
                "ChildDeviceInfo",
                "async_get_or_create",
            )
        ),
        ENGLISH["device"],
    )


async def _registered(hass: HomeAssistant) -> list[er.RegistryEntry]:
    """Return every entity of a simulated site, which has all that there is."""
    flows = hass.config_entries.flow
    result = await flows.async_init("sunfuse", context={"source": SOURCE_USER})
    result = await flows.async_configure(
        result["flow_id"], {"next_step_id": "simulated"}
    )
    schema = result["data_schema"]
    assert schema
    (port,) = schema.schema
    result = await flows.async_configure(
        result["flow_id"], {"port": port.description["suggested_value"]}
    )
    await hass.async_block_till_done()
    (entry,) = hass.config_entries.async_entries("sunfuse")
    entities = er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
    chargers = [e.entity_id for e in entities if e.translation_key == "connected"]
    # Whoever leaves while the chargers are connecting cuts asyncio short.
    await wait_until(
        lambda: all(hass.states.is_state(charger, "on") for charger in chargers),
        "the chargers connect",
    )
    assert await hass.config_entries.async_unload(entry.entry_id)
    return entities


async def test_entities(hass: HomeAssistant, socket_enabled: None) -> None:
    """Each entity has a name, each of its states a word, and whatever has no device class an icon."""
    entities = await _registered(hass)
    named = {(e.domain, e.translation_key) for e in entities if e.translation_key}
    texts = {
        (domain, key) for domain, keys in ENGLISH["entity"].items() for key in keys
    }
    # Nothing of a simulated site is read over Modbus.
    named |= {("sensor", f"modbus_{quantity}") for quantity in Quantity}
    # Nobody has a price list or a quota there.
    named |= {("sensor", key) for key in ("month_billed", "quota_left", "standing")}
    assert named == texts

    for entity in entities:
        if entity.translation_key is None:
            # Its device class names it.
            assert entity.original_device_class, entity.entity_id
            continue
        key = (entity.domain, entity.translation_key)
        text = ENGLISH["entity"][key[0]][key[1]]
        options = set((entity.capabilities or {}).get("options", ()))
        if key == ("select", "vehicle"):
            # The vehicles have the names that their users gave them.
            options &= {AUTOMATIC, GUEST}
        assert text.get("state", {}).keys() == options, key
        icon = ICONS["entity"].get(key[0], {}).get(key[1])
        if entity.original_device_class in (None, "enum"):
            assert icon, key
        if icon and options:
            assert icon.get("state", {}).keys() <= options, key


def test_icons() -> None:
    """Each icon is a Material Design Icon of an entity that exists."""
    assert ICONS.keys() <= {"entity", "services", "triggers", "conditions"}
    for path, icon in strings_of(ICONS):
        assert re.fullmatch(r"mdi:[a-z0-9-]+", icon), path
    for domain, keys in ICONS["entity"].items():
        assert keys.keys() <= ENGLISH["entity"][domain].keys()
        for key, icons in keys.items():
            assert icons.keys() <= {"default", "range", "state", "state_attributes"}
            assert "default" in icons, key
