"""Texts of actions, triggers and conditions, and that what is defined exists."""

import pytest

from custom_components.sunfuse.condition import CONDITIONS
from custom_components.sunfuse.site.chargers.connector_events import LimitCause
from custom_components.sunfuse.trigger import TRIGGERS
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component

from .texts import DEFINED, ENGLISH, ICONS, INTEGRATION, defined_as


@pytest.mark.parametrize("kind", DEFINED)
def test_actions_triggers_and_conditions(kind: str) -> None:
    """Where there is a file of definitions there are texts and icons; without the file there are none."""
    exists = (INTEGRATION / f"{kind}.yaml").exists()
    assert (kind in ENGLISH) is exists
    assert (kind in ICONS) is exists


@pytest.mark.parametrize("kind", DEFINED)
def test_fields_of_actions_triggers_and_conditions(kind: str) -> None:
    """Each of them and each of its fields has a name and a description; what is gone has none."""
    texts, defined = ENGLISH.get(kind, {}), defined_as(kind)
    assert texts.keys() == defined.keys()
    assert ICONS.get(kind, {}).keys() == texts.keys()
    for name, one in defined.items():
        assert {"name", "description"} <= texts[name].keys(), name
        fields = texts[name].get("fields", {})
        assert fields.keys() == one.get("fields", {}).keys(), name
        for field, text in fields.items():
            assert text.keys() >= {"name", "description"}, (name, field)
            assert "selector" in one["fields"][field], (name, field)


def test_what_is_defined_exists() -> None:
    """Each trigger and condition that the editor offers is one of the code, with the causes that the code knows."""
    assert defined_as("triggers").keys() == TRIGGERS.keys()
    assert defined_as("conditions").keys() == CONDITIONS.keys()
    causes = {cause.value for cause in LimitCause}
    assert causes == ENGLISH["selector"]["limited_by"]["options"].keys()
    events = ENGLISH["entity"]["event"]["session"]["state_attributes"]
    assert causes == events["limited_by"]["state"].keys()


async def test_actions_are_registered_without_a_site(hass: HomeAssistant) -> None:
    """An automation is checked when it is saved, whether a site is loaded or not."""
    assert await async_setup_component(hass, "sunfuse", {})
    registered = hass.services.async_services_for_domain("sunfuse")
    assert registered.keys() == defined_as("services").keys()
