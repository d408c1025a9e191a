"""Accepting a charger, adding one by hand, changing it: what does not fit the installation is refused."""

from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.sunfuse.const import DOMAIN
from custom_components.sunfuse.flows.chargers.charger_options import (
    ADVANCED,
    ADVANCED_SCHEMA,
    check_advanced,
)
from homeassistant.config_entries import (
    SOURCE_IGNORE,
    SOURCE_INTEGRATION_DISCOVERY,
    SOURCE_USER,
    ConfigFlowResult,
)
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType

from ..common import charger, free_port, site_entry
from ..forms import (
    CHARGER,
    GRID,
    NEW_CHARGER,
    SUN,
    chosen_unasked,
    reconfigure,
    submit,
    suggested,
    was_changed,
)

pytestmark = pytest.mark.usefixtures("no_setup", "sensors", "socket_enabled")


async def discover(
    hass: HomeAssistant, entry: MockConfigEntry, identity: str = "CP2"
) -> ConfigFlowResult:
    """Let an unknown charger connect to a site."""
    return await hass.config_entries.flow.async_init(
        DOMAIN,
        context={"source": SOURCE_INTEGRATION_DISCOVERY},
        data={
            "entry_id": entry.entry_id,
            "identity": identity,
            "vendor": "Acme",
            "model": "W11",
            "serial": None,
        },
    )


@pytest.mark.parametrize(
    ("values", "errors"),
    [
        ({"min_a": 5}, {"min_a": "below_6_a"}),
        ({"name": ""}, {"name": "name_missing"}),
        ({"max_a": 32}, {"max_a": "above_fuse"}),
        ({"min_a": 10, "max_a": 8, "fail_safe_a": 0}, {"max_a": "below_minimum"}),
        ({"fail_safe_a": 5}, {"fail_safe_a": "fail_safe"}),
        ({"fail_safe_a": 17, "max_a": 16}, {"fail_safe_a": "fail_safe"}),
        # 6 A of the charger that is there and 19 A are more than 25 A less 1 A.
        ({"fail_safe_a": 19, "max_a": 20}, {"fail_safe_a": "fail_safe_sum"}),
    ],
)
async def test_accepting_a_charger(
    hass: HomeAssistant, values: dict[str, Any], errors: dict[str, str]
) -> None:
    """What does not fit the installation is refused, with the sum of the fail-safe currents shown."""
    entry = site_entry(free_port(), charger("CP1"))
    entry.add_to_hass(hass)
    form = await discover(hass, entry)
    assert form["step_id"] == "charger"
    # When it is to charge is asked: nothing is filled in there.
    assert suggested(form) == CHARGER | {
        "name": "Acme W11",
        "l1_phase": "L1",
        "security": "password",
    }
    form = await submit(hass, form, NEW_CHARGER | values)
    assert form["errors"] == errors
    placeholders = form["description_placeholders"]
    assert placeholders
    assert placeholders["carried"] == "24"
    assert placeholders["sum"] == f"{6 + (NEW_CHARGER | values)['fail_safe_a']}"
    assert suggested(form) == NEW_CHARGER | values
    result = await submit(hass, form, NEW_CHARGER)
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "charger_added")
    (added,) = [s for s in entry.subentries.values() if s.unique_id == "CP2"]
    assert added.title == "Garage"
    assert dict(added.data) == {
        "identity": "CP2",
        "circuit": "main",
        "phases": 3,
        "l1_phase": "L2",
        "min_a": 6,
        "max_a": 16,
        "fail_safe_a": 6,
        "mode": "fast",
    }
    again = await discover(hass, entry)
    assert again["reason"] == "already_configured"


@pytest.mark.parametrize(
    ("sources", "modes"),
    [
        ({"solar": ["sensor.solar"]}, ["solar", "solar_min", "eco", "fast"]),
        # Nothing waits for a sun that does not shine here.
        ({}, ["eco", "fast"]),
    ],
)
async def test_the_mode_is_asked_for_in_words(
    hass: HomeAssistant, sources: dict[str, Any], modes: list[str]
) -> None:
    """At night too, or only sun? A charger that charges at night should surprise nobody."""
    entry = site_entry(free_port(), charger("CP1"), sources=sources)
    entry.add_to_hass(hass)
    form = await discover(hass, entry)
    schema = form["data_schema"]
    assert schema
    assert schema.schema["mode"].config["options"] == modes
    assert chosen_unasked(form) == set()
    form = await submit(hass, form, CHARGER)
    assert form["errors"] == {"mode": "choose_one"}


@pytest.mark.parametrize("kind", ["charger", "circuit", "capacity_tariff", "tariff"])
async def test_no_form_answers_its_own_questions(
    hass: HomeAssistant, kind: str
) -> None:
    """Home Assistant's frontend would choose the first option of a list."""
    entry = site_entry(free_port(), charger("CP1"))
    entry.add_to_hass(hass)
    form = await hass.config_entries.subentries.async_init(
        (entry.entry_id, kind), context={"source": SOURCE_USER}
    )
    assert form["step_id"] == "user"
    assert chosen_unasked(form) == set()


async def test_a_capacity_tariff_without_a_rule(hass: HomeAssistant) -> None:
    """No country's rule is taken because it is the first of the list."""
    entry = site_entry(free_port())
    entry.add_to_hass(hass)
    subentries = hass.config_entries.subentries
    form = await subentries.async_init(
        (entry.entry_id, "capacity_tariff"), context={"source": SOURCE_USER}
    )
    form = await subentries.async_configure(form["flow_id"], {"name": "Peak"})
    assert form["errors"] == {"rule": "choose_one"}
    form = await subentries.async_configure(
        form["flow_id"], {"name": "Peak", "rule": "own"}
    )
    assert form["step_id"] == "own"
    assert chosen_unasked(form) == set()


async def test_two_chargers_have_two_names(hass: HomeAssistant) -> None:
    """A statement names the charger; only Home Assistant's own page can give a name twice, and then it stays."""
    entry = site_entry(free_port(), charger("CP1"))
    entry.add_to_hass(hass)
    (first,) = entry.subentries.values()
    form = await discover(hass, entry)
    form = await submit(
        hass, form, NEW_CHARGER | {"name": f" {first.title.upper()} ", "fail_safe_a": 0}
    )
    assert form["errors"] == {"name": "name_taken"}
    result = await submit(hass, form, NEW_CHARGER | {"fail_safe_a": 0})
    assert result["reason"] == "charger_added"
    form = await entry.start_subentry_reconfigure_flow(hass, first.subentry_id)
    subentries = hass.config_entries.subentries
    wrong = await subentries.async_configure(
        form["flow_id"], CHARGER | {"fail_safe_a": 0}
    )
    assert wrong["errors"] == {"name": "name_taken"}
    hass.config_entries.async_update_subentry(
        entry, entry.subentries[first.subentry_id], title="Garage"
    )
    changed = await subentries.async_configure(
        form["flow_id"], CHARGER | {"fail_safe_a": 0}
    )
    assert changed["reason"] == "reconfigure_successful"


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({}, None),
        ({"expiry_s": 20.0}, "expiry"),
        ({"expiry_s": -1.0}, "expiry"),
        ({"renew_s": -1.0}, "renewal"),
        ({"settle_s": 301.0}, "behaviour_number"),
        ({"settle_s": -1.0}, "behaviour_number"),
        ({"sample_s": 0.0}, "behaviour_number"),
        ({"lasting_stack_level": 101.0}, "behaviour_number"),
        ({"lasting_stack_level": 0.0, "settle_s": 300.0, "sample_s": 1.0}, None),
    ],
)
def test_numbers_of_the_advanced_section(
    values: dict[str, float], error: str | None
) -> None:
    """They are refused by the form, with what is allowed: Home Assistant has no words for what is wrong in a section."""
    form = {ADVANCED: ADVANCED_SCHEMA(values)}
    assert check_advanced(form) == ({ADVANCED: error} if error else {})


async def test_a_charger_is_discovered_once(hass: HomeAssistant) -> None:
    """One that is shown already is not shown twice; one whose site is gone is not shown."""
    entry = site_entry(free_port())
    entry.add_to_hass(hass)
    form = await discover(hass, entry)
    assert (await discover(hass, entry))["reason"] == "already_in_progress"
    gone = await discover(hass, MockConfigEntry(domain=DOMAIN))
    assert gone["reason"] == "site_removed"
    # Accepted by hand while the form was open.
    added = await hass.config_entries.subentries.async_init(
        (entry.entry_id, "charger"), context={"source": SOURCE_USER}
    )
    await hass.config_entries.subentries.async_configure(
        added["flow_id"], NEW_CHARGER | {"identity": "CP2"}
    )
    result = await submit(hass, form, NEW_CHARGER)
    assert result["reason"] == "already_configured"


async def test_the_second_charger_of_a_model_has_another_name(
    hass: HomeAssistant,
) -> None:
    """Whoever accepts one after the other without typing names can tell them apart."""
    entry = site_entry(free_port())
    entry.add_to_hass(hass)
    for identity, name in {
        "CP1": "Acme W11",
        "CP2": "Acme W11 2",
        "CP3": "Acme W11 3",
    }.items():
        form = await discover(hass, entry, identity)
        assert suggested(form)["name"] == name
        form = await submit(hass, form, NEW_CHARGER | {"name": name, "fail_safe_a": 0})
        assert form["reason"] == "charger_added"


async def test_a_site_that_is_removed_while_a_charger_waits(
    hass: HomeAssistant,
) -> None:
    """The open form says so."""
    entry = site_entry(free_port())
    entry.add_to_hass(hass)
    form = await discover(hass, entry)
    await hass.config_entries.async_remove(entry.entry_id)
    result = await submit(hass, form, NEW_CHARGER)
    assert result["reason"] == "site_removed"


async def test_an_ignored_charger_stays_away(hass: HomeAssistant) -> None:
    """It is not shown again, and the site can be reconfigured all the same."""
    entry = site_entry(free_port())
    entry.add_to_hass(hass)
    form = await discover(hass, entry)
    await hass.config_entries.flow.async_init(
        DOMAIN,
        context={"source": SOURCE_IGNORE},
        data={"unique_id": f"{entry.entry_id}_CP2", "title": "Acme W11"},
    )
    assert (await discover(hass, entry))["reason"] == "already_configured"
    assert form["flow_id"] not in {
        flow["flow_id"] for flow in hass.config_entries.flow.async_progress()
    }
    form = await reconfigure(hass, entry)
    form = await submit(hass, form, GRID)
    form = await submit(hass, form, SUN)
    was_changed(await submit(hass, form, suggested(form)))


@pytest.mark.parametrize(
    ("identity", "error"),
    [
        ("CP1", "identity_known"),
        ("cp1", "identity_known"),
        ("a/b", "identity"),
        ("x" * 49, "identity"),
        (" ", "identity"),
    ],
)
async def test_a_charger_by_hand(
    hass: HomeAssistant, identity: str, error: str
) -> None:
    """A charger can be added before it has ever connected."""
    entry = site_entry(free_port(), charger("CP1"))
    entry.add_to_hass(hass)
    form = await hass.config_entries.subentries.async_init(
        (entry.entry_id, "charger"), context={"source": SOURCE_USER}
    )
    flow_id = form["flow_id"]
    form = await hass.config_entries.subentries.async_configure(
        flow_id, NEW_CHARGER | {"identity": identity}
    )
    assert form["errors"] == {"identity": error}
    result = await hass.config_entries.subentries.async_configure(
        flow_id, NEW_CHARGER | {"identity": "CP2"}
    )
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert {s.unique_id for s in entry.subentries.values()} == {"CP1", "CP2"}


async def test_a_charger_is_changed(hass: HomeAssistant) -> None:
    """Its identity and what Sunfuse found out stay; its own fail-safe current is counted once."""
    entry = site_entry(free_port(), charger("CP1", connectors=2))
    entry.add_to_hass(hass)
    (subentry,) = entry.subentries.values()
    form = await entry.start_subentry_reconfigure_flow(hass, subentry.subentry_id)
    assert suggested(form)["name"] == "Charger CP1"
    flow_id = form["flow_id"]
    form = await hass.config_entries.subentries.async_configure(
        flow_id, CHARGER | {"max_a": 40}
    )
    assert form["errors"] == {"max_a": "above_fuse"}
    form = await hass.config_entries.subentries.async_configure(
        flow_id, CHARGER | {"fail_safe_a": 13}
    )
    # Each of its two connectors falls back to that.
    assert form["errors"] == {"fail_safe_a": "fail_safe_sum"}
    result = await hass.config_entries.subentries.async_configure(
        flow_id, CHARGER | {"fail_safe_a": 12}
    )
    assert result["reason"] == "reconfigure_successful"
    (subentry,) = entry.subentries.values()
    assert subentry.title == "Garage"
    assert subentry.data["fail_safe_a"] == 12
    assert subentry.data["connectors"] == 2
    assert subentry.unique_id == "CP1"


async def test_a_single_phase_site_asks_for_no_phase(hass: HomeAssistant) -> None:
    """There is only one that the charger can be on."""
    entry = site_entry(free_port(), system="single_phase")
    entry.add_to_hass(hass)
    form = await discover(hass, entry)
    fields = suggested(form)
    assert "phases" not in fields
    assert "l1_phase" not in fields
    result = await submit(hass, form, fields | {"security": "open", "mode": "fast"})
    assert result["reason"] == "charger_added"
    (subentry,) = entry.subentries.values()
    assert (subentry.data["phases"], subentry.data["l1_phase"]) == (1, "L1")
