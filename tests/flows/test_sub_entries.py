"""What is stored of a charger, a circuit, a device, a card or a vehicle and cannot be used: the rest of the site runs."""

from collections.abc import Callable
from types import MappingProxyType
from typing import Any

import pytest

from custom_components.sunfuse.const import (
    DOMAIN,
    MAIN_CIRCUIT,
    SUBENTRY_CARD,
    SUBENTRY_CIRCUIT,
    SUBENTRY_MODBUS,
    SUBENTRY_PERSON,
    SUBENTRY_PRICE_LIST,
    SUBENTRY_VEHICLE,
)
from homeassistant.config_entries import (
    ConfigEntryState,
    ConfigSubentry,
    ConfigSubentryData,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir

from ..common import charger
from ..site_fixtures import limits, obeys

pytestmark = pytest.mark.usefixtures("socket_enabled")

type Start = Callable[..., Any]

PANEL = {"parent": MAIN_CIRCUIT, "limit_a": 20.0, "margin_a": 1.0}
MISSING = object()
WRONG: list[tuple[str, Any]] = [
    ("phases", MISSING),
    ("phases", "3"),
    ("phases", 4),
    ("l1_phase", "L4"),
    ("max_a", "16"),
    ("max_a", float("nan")),
    ("min_a", -6.0),
    ("fail_safe_a", MISSING),
    ("circuit", MISSING),
    ("connectors", 0),
    ("quirks", ["pause"]),
]


def item(kind: str, title: str, data: dict[str, Any]) -> ConfigSubentryData:
    """Return a sub-entry."""
    return ConfigSubentryData(
        data=data, subentry_type=kind, title=title, unique_id=title
    )


def without(data: dict[str, Any], field: str, value: Any) -> dict[str, Any]:
    """Return data in which a field has another value, or is missing."""
    changed = {**data, field: value}
    if value is MISSING:
        del changed[field]
    return changed


def ignored(hass: HomeAssistant) -> list[tuple[str, str]]:
    """Return what is said to be ignored, by kind and name."""
    return [
        (str(issue.translation_key), (issue.translation_placeholders or {})["item"])
        for issue in ir.async_get(hass).issues.values()
        if issue.domain == DOMAIN and str(issue.translation_key).startswith("ignored_")
    ]


@pytest.mark.parametrize(("field", "value"), WRONG)
async def test_a_charger_that_cannot_be_used(
    hass: HomeAssistant, start: Start, field: str, value: Any
) -> None:
    """It is named, and the other charger is controlled, until it is removed."""
    broken = charger("CP2")
    data = without({**broken["data"]}, field, value)
    home = await start("CP1", {**broken, "data": data})
    assert home.entry.state is ConfigEntryState.LOADED
    assert ignored(hass) == [("ignored_charger", broken["title"])]
    station = await home.charge("CP1")
    await obeys(station, 14)
    gone = next(s for s in home.entry.subentries.values() if s.unique_id == "CP2")
    assert hass.config_entries.async_remove_subentry(home.entry, gone.subentry_id)
    await hass.async_block_till_done()
    assert not ignored(hass)
    assert not station.websocket.closed


@pytest.mark.parametrize("field", ["parent", "limit_a", "margin_a"])
async def test_a_circuit_that_cannot_be_used(
    hass: HomeAssistant, start: Start, field: str
) -> None:
    """What it carries is not known: its charger has its fail-safe current at most."""
    home = await start("CP1", charger("CP2", circuit="garage"))
    panel = ConfigSubentry(
        data=MappingProxyType(without(PANEL, field, MISSING)),
        subentry_id="garage",
        subentry_type=SUBENTRY_CIRCUIT,
        title="Garage",
        unique_id=None,
    )
    hass.config_entries.async_add_subentry(home.entry, panel)
    await hass.async_block_till_done()
    assert home.entry.state is ConfigEntryState.LOADED
    assert ignored(hass) == [("ignored_circuit", "Garage")]
    one = await home.charge("CP1")
    await obeys(one, 14)
    two = await home.charge("CP2")
    await obeys(two, 6)
    assert max(limits(two)) == 6


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        (SUBENTRY_MODBUS, {"link": {}, "unit": 1}),
        (SUBENTRY_MODBUS, {}),
        (SUBENTRY_CARD, {"kind": "rfid"}),
        (SUBENTRY_CARD, {"number": 4711}),
        (SUBENTRY_PERSON, {"valid_until": "soon"}),
        (SUBENTRY_PRICE_LIST, {"basis": "fixed", "times": [{"start": "25:00"}]}),
        (SUBENTRY_VEHICLE, {"capacity_kwh": "50"}),
        (SUBENTRY_VEHICLE, {"capacity_kwh": 50.0, "sources": {"soc": 7}}),
    ],
)
async def test_an_item_that_cannot_be_used(
    hass: HomeAssistant, start: Start, kind: str, data: dict[str, Any]
) -> None:
    """It is named, and the site runs."""
    home = await start("CP1", item(kind, "Odd", data))
    assert home.entry.state is ConfigEntryState.LOADED
    assert ignored(hass) == [(f"ignored_{kind}", "Odd")]
