"""Each trigger and each condition has a page that is up to date, with an example that Home Assistant takes."""

from typing import Any

from custom_components.sunfuse.condition import CONDITIONS as KNOWN_CONDITIONS
from custom_components.sunfuse.const import DOMAIN
from custom_components.sunfuse.trigger import TRIGGERS as KNOWN_TRIGGERS
from development.automation_pages import CONDITIONS, TRIGGERS, example_of, pages
from homeassistant.components import automation
from homeassistant.core import HomeAssistant
from homeassistant.helpers.template import Template
from homeassistant.setup import async_setup_component
from homeassistant.util.yaml import parse_yaml


def test_the_pages_are_up_to_date() -> None:
    """If this fails, run `python -m development.automation_pages`, which writes them again."""
    assert TRIGGERS.keys() == KNOWN_TRIGGERS.keys()
    assert CONDITIONS.keys() == KNOWN_CONDITIONS.keys()
    for path, content in pages():
        assert path.read_text("utf-8") == content, path.name


# Of a guest nobody knows the driver, the car and how full it is.
UNKNOWN = dict.fromkeys(("driver", "vehicle", "energy", "reaches", "wanted", "error"))
ALWAYS = {"missing_energy": 4.2, "explanation": "It waits.", "card": "…1234"}


async def test_what_is_not_known_is_not_told_as_none(hass: HomeAssistant) -> None:
    """Whoever takes over an example is told in words what happened at a charger with a guest."""
    trigger = {"to_state": {"attributes": UNKNOWN | ALWAYS}}
    for kind, known in (("trigger", TRIGGERS), ("condition", CONDITIONS)):
        for key, about in known.items():
            example: Any = parse_yaml(example_of(kind, key, about))
            for action in example["actions"]:
                message = action.get("data", {}).get("message", "")
                told = Template(message, hass).async_render({"trigger": trigger})
                assert "None" not in str(told), key


async def test_the_examples_are_taken(hass: HomeAssistant) -> None:
    """An automation that Home Assistant does not understand is unavailable."""
    assert await async_setup_component(hass, DOMAIN, {})
    examples: dict[str, Any] = {
        key: parse_yaml(f"alias: {key}\n{example_of(kind, key, about)}")
        for kind, known in (("trigger", TRIGGERS), ("condition", CONDITIONS))
        for key, about in known.items()
    }
    # What an action takes is found out only when it is carried out.
    for action in (one for each in examples.values() for one in each["actions"]):
        domain, name = action["action"].split(".")
        if domain == DOMAIN:
            schema = hass.services.async_services_for_domain(domain)[name].schema
            assert schema
            schema({**action.get("target", {}), **action["data"]})
    assert await async_setup_component(
        hass, automation.DOMAIN, {automation.DOMAIN: list(examples.values())}
    )
    await hass.async_block_till_done()
    shown = {
        state.attributes["friendly_name"]: state.state
        for state in hass.states.async_all(automation.DOMAIN)
    }
    assert shown == dict.fromkeys(examples, "on")
    await hass.services.async_call(
        automation.DOMAIN, "turn_off", {"entity_id": "all"}, blocking=True
    )
