"""What a form is about was removed, or added, in another window meanwhile: the form says so, whichever it is."""

from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.config_entries import (
    SOURCE_RECONFIGURE,
    SOURCE_USER,
    ConfigSubentryData,
    ConfigSubentryDataWithId,
    SubentryFlowResult,
)
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, section

from ..common import charger, free_port, site_entry
from ..forms import GRID, NEW_CHARGER, SUN, open_options, reconfigure, submit, suggested
from ..site.cars.test_vehicles import vehicle
from ..site.test_circuits import circuit
from ..site.test_modbus import meter

pytestmark = pytest.mark.usefixtures("no_setup", "sensors", "socket_enabled")


def item(subentry_type: str, **data: Any) -> ConfigSubentryData:
    """Return a sub-entry."""
    return ConfigSubentryData(
        data=data, subentry_type=subentry_type, title="Odd", unique_id=subentry_type
    )


ANNA = ConfigSubentryDataWithId(
    data={}, subentry_type="person", title="Anna", unique_id=None, subentry_id="anna"
)
PARTS: list[ConfigSubentryData | ConfigSubentryDataWithId] = [
    charger("CP1"),
    circuit("garage"),
    ANNA,
    item("card", number="04A1B2C3", kind="rfid", blocked=False, person="anna"),
    item("price_list", basis="fixed", per_kwh=0.3),
    vehicle(),
    item("tariff", source={"kind": "table", "table": {"value": 0.3}}),
    item("capacity_tariff", rule={"key": "flanders", "price_per_kw": 50.0}, cap=True),
    meter(1502),
]
KINDS = [part["subentry_type"] for part in PARTS]


@pytest.fixture
def entry(hass: HomeAssistant) -> MockConfigEntry:
    """Return a site with one part of each kind."""
    entry = site_entry(free_port(), *PARTS)
    entry.add_to_hass(hass)
    return entry


def id_of(entry: MockConfigEntry, kind: str) -> str:
    """Return the part of this kind."""
    found: str
    (found,) = (
        part.subentry_id
        for part in entry.subentries.values()
        if part.subentry_type == kind
    )
    return found


async def add(
    hass: HomeAssistant, entry: MockConfigEntry, kind: str
) -> SubentryFlowResult:
    """Choose to add a part."""
    return await hass.config_entries.subentries.async_init(
        (entry.entry_id, kind), context={"source": SOURCE_USER}
    )


async def change(
    hass: HomeAssistant, entry: MockConfigEntry, kind: str, subentry_id: str
) -> SubentryFlowResult:
    """Choose to change a part."""
    return await hass.config_entries.subentries.async_init(
        (entry.entry_id, kind),
        context={"source": SOURCE_RECONFIGURE, "subentry_id": subentry_id},
    )


async def send(
    hass: HomeAssistant, form: SubentryFlowResult, values: dict[str, Any]
) -> SubentryFlowResult:
    """Send a form."""
    return await hass.config_entries.subentries.async_configure(form["flow_id"], values)


def as_shown(form: SubentryFlowResult) -> dict[str, Any]:
    """Return what is sent when a form is left as it is; of the tariff's menu, that it is to be stored."""
    if form["type"] is FlowResultType.MENU:
        return {"next_step_id": "save"}
    schema = form["data_schema"]
    assert schema
    sections: dict[str, Any] = {
        str(field): {}
        for field, fields in schema.schema.items()
        if isinstance(fields, section)
    }
    return sections | suggested(form)


def is_told(hass: HomeAssistant, result: Any) -> None:
    """Check that a flow ended, and with words."""
    assert (result["type"], result.get("reason")) == (
        FlowResultType.ABORT,
        "removed_meanwhile",
    ), result
    manager = hass.config_entries
    assert not [
        *manager.subentries.async_progress(),
        *manager.options.async_progress(),
        *manager.flow.async_progress(),
    ]


@pytest.mark.parametrize("kind", KINDS)
async def test_a_part_is_removed_while_its_form_is_open(
    hass: HomeAssistant, entry: MockConfigEntry, kind: str
) -> None:
    """Whether its form is sent, or opened from a page that still shows it."""
    subentry_id = id_of(entry, kind)
    form = await change(hass, entry, kind, subentry_id)
    hass.config_entries.async_remove_subentry(entry, subentry_id)
    is_told(hass, await send(hass, form, as_shown(form)))
    is_told(hass, await change(hass, entry, kind, subentry_id))


@pytest.mark.parametrize("kind", KINDS)
async def test_a_site_is_removed_while_a_form_of_a_part_is_open(
    hass: HomeAssistant, entry: MockConfigEntry, kind: str
) -> None:
    """Its parts are gone with it."""
    form = await change(hass, entry, kind, id_of(entry, kind))
    await hass.config_entries.async_remove(entry.entry_id)
    is_told(hass, await send(hass, form, as_shown(form)))


async def test_a_site_is_removed_while_its_options_are_open(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    """Also from its page."""
    form = await open_options(hass, entry, "protection")
    await hass.config_entries.async_remove(entry.entry_id)
    options = hass.config_entries.options
    is_told(hass, await options.async_configure(form["flow_id"], suggested(form)))


async def test_a_site_is_removed_while_it_is_changed(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    """It does not come back."""
    form = await reconfigure(hass, entry)
    for values in (GRID, SUN):
        form = await submit(hass, form, values)
        assert not form.get("errors"), form
    await hass.config_entries.async_remove(entry.entry_id)
    is_told(hass, await submit(hass, form, suggested(form)))
    assert not hass.config_entries.async_entries(entry.domain)


async def test_a_charger_is_added_in_two_windows(hass: HomeAssistant) -> None:
    """The first one counts; a password that is shown stays as it is."""
    entry = site_entry(free_port())
    entry.add_to_hass(hass)
    typed = NEW_CHARGER | {"identity": "CP1", "security": "password"}
    one, two = [
        await send(hass, await add(hass, entry, "charger"), typed | {"name": name})
        for name in ("One", "Two")
    ]
    assert one["step_id"] == two["step_id"] == "password_shown"
    again = await hass.config_entries.subentries.async_configure(one["flow_id"])
    assert again["description_placeholders"] == one["description_placeholders"]
    added = await send(hass, one, {})
    assert added["type"] is FlowResultType.CREATE_ENTRY
    assert (await send(hass, two, {}))["reason"] == "already_configured"
    assert [part.title for part in entry.subentries.values()] == ["One"]


async def test_a_tariff_is_added_in_two_windows(hass: HomeAssistant) -> None:
    """A site has one."""
    entry = site_entry(free_port())
    entry.add_to_hass(hass)
    menus = []
    for name in ("One", "Two"):
        form = await add(hass, entry, "tariff")
        form = await send(hass, form, {"name": name, "kind": "table"})
        menus.append(await send(hass, form, {"value": 0.3}))
    one, two = [await send(hass, menu, {"next_step_id": "save"}) for menu in menus]
    assert one["type"] is FlowResultType.CREATE_ENTRY
    assert two["reason"] == "single_tariff"
