"""The forms of a site and its chargers, filled in, and a house with sensors to choose."""

from collections.abc import Mapping
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
import voluptuous as vol

from custom_components.sunfuse.const import DOMAIN
from homeassistant.config_entries import (
    SOURCE_RECONFIGURE,
    SOURCE_USER,
    ConfigEntry,
    ConfigFlowResult,
)
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers.selector import SelectSelector

GRID: dict[str, Any] = {
    "system": "three_phase",
    "grid_power": "sensor.grid",
    "grid_inverted": False,
    "grid_phases": ["sensor.l1", "sensor.l2", "sensor.l3"],
}


SUN: dict[str, Any] = {
    "solar_power": ["sensor.solar"],
    "battery_power": ["sensor.battery"],
    "battery_inverted": False,
    "battery_soc": "sensor.soc",
    "battery_capacity_kwh": 10,
}


ELECTRICAL: dict[str, Any] = {"voltage_v": 230, "main_fuse_a": 25, "margin_a": 1}


@pytest.fixture
def sensors(hass: HomeAssistant) -> None:
    """Let the house have sensors in all kinds of units."""
    for name, unit in (
        ("grid", "W"),
        ("import", "kW"),
        ("export", "kW"),
        ("l1", "A"),
        ("l2", "A"),
        ("l3", "mA"),
        ("solar", "kW"),
        ("battery", "W"),
        ("charge", "W"),
        ("discharge", "W"),
        ("soc", "%"),
        ("temperature", "°C"),
        ("energy", "kWh"),
    ):
        hass.states.async_set(f"sensor.{name}", "1", {"unit_of_measurement": unit})
    hass.states.async_set("sensor.asleep", "unavailable")


async def open_site(hass: HomeAssistant) -> ConfigFlowResult:
    """Choose to set up a site of one's own, and its sensors by oneself."""
    form = await begin_site(hass)
    if form["step_id"] == "found":
        system = suggested(form)["system"]
        form = await submit(hass, form, {"system": system, "choose": True})
    return form


async def begin_site(hass: HomeAssistant) -> ConfigFlowResult:
    """Choose to set up a site of one's own."""
    menu = await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_USER}
    )
    assert (menu["type"], menu["menu_options"]) == (
        FlowResultType.MENU,
        ["site", "simulated"],
    )
    return await submit(hass, menu, {"next_step_id": "site"})


async def submit(
    hass: HomeAssistant, form: ConfigFlowResult, values: dict[str, Any]
) -> ConfigFlowResult:
    """Send a form."""
    return await hass.config_entries.flow.async_configure(form["flow_id"], values)


async def reconfigure(hass: HomeAssistant, entry: ConfigEntry) -> ConfigFlowResult:
    """Choose to change a site."""
    return await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_RECONFIGURE, "entry_id": entry.entry_id}
    )


async def go_to(hass: HomeAssistant, step: str) -> ConfigFlowResult:
    """Fill in the forms before a step."""
    form = await open_site(hass)
    for values in (GRID, SUN):
        if form["step_id"] == step:
            break
        form = await submit(hass, form, values)
        assert not form.get("errors"), form["errors"]
    assert form["step_id"] == step
    return form


def was_added(result: ConfigFlowResult) -> ConfigEntry:
    """Return the site that a flow made with its last form."""
    assert result["type"] is FlowResultType.CREATE_ENTRY, result
    return result["result"]


def was_changed(result: ConfigFlowResult) -> None:
    """Check that a flow changed its site with its last form."""
    assert result["type"] is FlowResultType.ABORT, result
    assert result["reason"] == "reconfigure_successful"


async def open_options(
    hass: HomeAssistant, entry: MockConfigEntry, theme: str
) -> ConfigFlowResult:
    """Choose a theme from the menu of the options."""
    menu = await hass.config_entries.options.async_init(entry.entry_id)
    assert menu["type"] is FlowResultType.MENU
    return await hass.config_entries.options.async_configure(
        menu["flow_id"], {"next_step_id": theme}
    )


CHARGER: dict[str, Any] = {
    "name": "Garage",
    "circuit": "main",
    "phases": "3",
    "l1_phase": "L2",
    "min_a": 6,
    "max_a": 16,
    "fail_safe_a": 6,
    "security": "open",
}
# A new one is also asked when it is to charge.
NEW_CHARGER: dict[str, Any] = CHARGER | {"mode": "fast"}


@pytest.fixture
def no_setup(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not run the sites that the flows create: these tests are about the forms."""

    async def nothing(*_args: object) -> bool:
        return True

    monkeypatch.setattr("custom_components.sunfuse.async_setup_entry", nothing)
    monkeypatch.setattr("custom_components.sunfuse.async_unload_entry", nothing)


def chosen_unasked(form: Mapping[str, Any]) -> set[str]:
    """Return the questions that Home Assistant's frontend answers: it chooses the first option of a required list."""
    return {
        str(field)
        for field, selector in form["data_schema"].schema.items()
        if isinstance(field, vol.Required)
        and isinstance(selector, SelectSelector)
        and isinstance(field.default, vol.Undefined)
        and str(field) not in suggested(form)
    }


def suggested(form: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a form has filled in."""
    return {
        str(field): field.description["suggested_value"]
        for field in form["data_schema"].schema
        if field.description and "suggested_value" in field.description
    }
