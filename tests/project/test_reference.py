"""docs/reference.md has everything that a site has: entities, actions, triggers, conditions, events, options, repairs."""

import os

import pytest

from custom_components.sunfuse.const import DOMAIN
from development.reference import PAGE, WRITE, FoundEntity, missing, page, texts
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.helpers.device_registry import AnyDeviceEntry

from ..site.simulated.test_simulated_site import site

__all__ = ["site"]

# What every entity may have is no news.
USUAL = {
    "attribution",
    "device_class",
    "event_type",
    "friendly_name",
    "icon",
    "options",
    "restored",
    "state_class",
    "unit_of_measurement",
    "supported_features",
    *("min", "max", "step", "mode"),
    *("last_reset", "assumed_state", "entity_picture"),
}


def found_entities(hass: HomeAssistant) -> list[FoundEntity]:
    """Return the entities of the simulated site: of each kind of device one, under usual names."""
    devices = dr.async_get(hass)
    entries = [
        one for one in er.async_get(hass).entities.values() if one.platform == DOMAIN
    ]
    found: dict[tuple[str, str], FoundEntity] = {}
    for one in sorted(entries, key=lambda entry: entry.entity_id):
        device = devices.async_get(one.device_id) if one.device_id else None
        name = one.original_name or (device.name if device else None) or one.entity_id
        kind = _kind(device)
        key = f"{one.domain}.{one.translation_key or one.original_device_class}"
        if kind == "Simulator" or (kind, key + name) in found:
            continue
        state = hass.states.get(one.entity_id)
        attributes = state.attributes if state else {}
        values = attributes.get("options") or one.unit_of_measurement or ""
        found[kind, key + name] = FoundEntity(
            kind=kind,
            name=name,
            example=_example(one.entity_id),
            key=key,
            enabled=one.disabled_by is None,
            values=values
            if isinstance(values, str)
            else ", ".join(f"`{value}`" for value in values),
            attributes=tuple(sorted(set(attributes) - USUAL)),
        )
    return list(found.values())


def _kind(device: AnyDeviceEntry | None) -> str:
    if device is None:
        return "Site"
    # A child device is a connector of a charger.
    model = device.model if isinstance(device, dr.DeviceEntry) else None
    known = {
        "Site",
        "Circuit",
        "Vehicle",
        "Capacity tariff",
        "Simulator",
        "Electricity tariff",
    }
    return model if model is not None and model in known else "Charger"


def _example(entity_id: str) -> str:
    """Return an id as a user's site would have it."""
    example = entity_id.replace("simulated_site", "home")
    for name in ("carport", "street"):
        example = example.replace(name, "garage")
    return example


def test_configuration_names_every_button() -> None:
    """The page says by which buttons the parts of a site are added."""
    written = " ".join((PAGE.parent / "configuration.md").read_text("utf-8").split())
    for form in texts()["config_subentries"].values():
        assert f"**{form['initiate_flow']['user']}**" in written


@pytest.mark.usefixtures("jumping", "site")
async def test_the_reference_is_complete(hass: HomeAssistant) -> None:
    """If this fails, run `python -m development.reference`, which writes the page again."""
    entities = found_entities(hass)
    if os.environ.get(WRITE):
        PAGE.write_text(page(entities), encoding="utf-8")
    assert missing(entities, PAGE.read_text(encoding="utf-8")) == []
