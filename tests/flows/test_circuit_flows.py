"""Adding, changing and choosing circuits; what is refused, and what is put right in place."""

from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.sunfuse.engine.tuning import Characteristic
from custom_components.sunfuse.site.circuits import CircuitTree
from custom_components.sunfuse.sources.config import CircuitSources, MeterConfig
from homeassistant.config_entries import SOURCE_USER, SubentryFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import entity_registry as er

from ..common import charger, free_port, site_entry
from ..forms import (
    ELECTRICAL,
    GRID,
    NEW_CHARGER,
    SUN,
    open_options,
    open_site,
    reconfigure,
    submit,
    suggested,
    was_added,
    was_changed,
)
from ..site.test_circuits import circuit

pytestmark = pytest.mark.usefixtures("no_setup", "sensors", "socket_enabled")

PLACE: dict[str, Any] = {
    "name": "Garage",
    "parent": "main",
    "limit_a": 20,
    "margin_a": 1,
}
METER: dict[str, Any] = {
    "grid_power": "sensor.grid",
    "grid_inverted": False,
    "meter_max_age_s": 60,
    "more": True,
}
UNMETERED: dict[str, Any] = {
    "grid_inverted": False,
    "meter_max_age_s": 60,
    "assumed_load_a": 4,
    "more": True,
}


async def add(hass: HomeAssistant, entry: MockConfigEntry) -> SubentryFlowResult:
    """Choose to add a circuit."""
    return await hass.config_entries.subentries.async_init(
        (entry.entry_id, "circuit"), context={"source": SOURCE_USER}
    )


async def send(
    hass: HomeAssistant, form: SubentryFlowResult, values: dict[str, Any]
) -> SubentryFlowResult:
    """Send a form."""
    return await hass.config_entries.subentries.async_configure(form["flow_id"], values)


async def test_a_panel_with_a_meter(hass: HomeAssistant) -> None:
    """Three forms, of which the last may stay empty."""
    entry = site_entry(free_port())
    entry.add_to_hass(hass)
    form = await add(hass, entry)
    assert suggested(form) == {"parent": "main", "margin_a": 1}
    form = await send(hass, form, PLACE)
    assert form["step_id"] == "meter"
    form = await send(hass, form, METER | {"grid_phases": ["sensor.l1"] * 2})
    assert form["errors"] == {"grid_phases": "same_entity"}
    unit = {"unit_of_measurement": "W"}
    hass.states.async_set("sensor.grid", "2300", unit)
    form = await send(hass, form, METER | {"grid_inverted": True})
    assert form["step_id"] == "details"
    assert form["description_placeholders"]
    assert form["description_placeholders"]["now"].startswith(
        "The selected meter now shows: feeding in 2.3 kW."
    )
    result = await send(hass, form, {})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    (subentry,) = entry.get_subentries_of_type("circuit")
    assert subentry.title == "Garage"
    assert subentry.data["limit_a"] == 20
    meter = CircuitSources.from_dict(subentry.data["sources"]).meter
    assert meter
    assert meter.entities == ("sensor.grid",)
    form = await entry.start_subentry_reconfigure_flow(hass, subentry.subentry_id)
    form = await send(hass, form, PLACE)
    assert form["description_placeholders"] == {"now": "Now: feeding in 2.3 kW."}
    # Next to nothing has no direction that could be wrong.
    hass.states.async_set("sensor.grid", "40", unit)
    form = await entry.start_subentry_reconfigure_flow(hass, subentry.subentry_id)
    form = await send(hass, form, PLACE)
    assert form["description_placeholders"] == {"now": "Now: drawing 0.0 kW."}


async def test_a_panel_is_changed(hass: HomeAssistant) -> None:
    """All that was typed comes again; it cannot hang from itself, nor from what hangs from it."""
    sources = CircuitSources(
        meter=MeterConfig(
            phases=("sensor.l1", "sensor.l2"),
            phases_export=("sensor.import", "sensor.export"),
        ),
        temperature="sensor.temperature",
    )
    entry = site_entry(
        free_port(),
        circuit(
            "garage",
            sources=sources.to_dict(),
            meter_max_age_s=30,
            limit_l3_a=0,
            fixed_l1_a=2,
            derate_from_c=40,
            derate_to_c=60,
            derate_stop_c=70,
        ),
        circuit("shed", parent="garage"),
        circuit("barn"),
    )
    entry.add_to_hass(hass)
    form = await entry.start_subentry_reconfigure_flow(hass, "garage")
    schema = form["data_schema"]
    assert schema
    choice = {str(key): value for key, value in schema.schema.items()}["parent"]
    assert [option["value"] for option in choice.config["options"]] == ["main", "barn"]
    assert suggested(form) == PLACE
    form = await send(hass, form, PLACE | {"name": " barn ", "parent": "barn"})
    assert form["errors"] == {"name": "name_known"}
    form = await send(hass, form, PLACE | {"name": "Annex", "parent": "barn"})
    assert suggested(form) == {
        "grid_inverted": False,
        "grid_phases": ["sensor.l1", "sensor.l2"],
        "grid_phases_export": ["sensor.import", "sensor.export"],
        "meter_max_age_s": 30,
        "more": True,
    }
    form = await send(hass, form, suggested(form))
    details = suggested(form)
    assert details == {
        "limit_l3_a": 0,
        "fixed_l1_a": 2,
        "temperature": "sensor.temperature",
        "derate_from_c": 40,
        "derate_to_c": 60,
        "derate_stop_c": 70,
    }
    # Two sensors of phases, and three phases.
    form = await send(
        hass, form, {k: v for k, v in details.items() if k != "limit_l3_a"}
    )
    assert form["errors"] == {"base": "meter_phases"}
    changes = {"fixed_l1_a": 3, "characteristic": "gg"}
    result = await send(hass, form, details | changes)
    assert result["reason"] == "reconfigure_successful"
    changed = entry.subentries["garage"]
    assert (changed.title, changed.data["parent"]) == ("Annex", "barn")
    assert changed.data["fixed_l1_a"] == 3
    assert changed.data["sources"] == sources.to_dict()
    tree = CircuitTree.of(entry).engine_circuits("Home")
    kinds = {one.id: one.characteristic for one in tree}
    assert kinds["garage"] is Characteristic.GG
    assert kinds["barn"] is Characteristic.B


@pytest.mark.parametrize(
    ("values", "errors"),
    [
        ({"limit_a": 0, "margin_a": 0}, {"limit_a": "fuse"}),
        ({"margin_a": 20}, {"margin_a": "margin"}),
        ({"name": "BARN"}, {"name": "name_known"}),
        ({"name": " "}, {"name": "name_missing"}),
    ],
)
async def test_what_is_wrong_with_its_place(
    hass: HomeAssistant, values: dict[str, Any], errors: dict[str, str]
) -> None:
    """Each error stands at its field, and the flow goes on."""
    entry = site_entry(free_port(), circuit("barn"))
    entry.add_to_hass(hass)
    form = await send(hass, await add(hass, entry), PLACE | values)
    assert form["errors"] == errors
    form = await send(hass, form, PLACE)
    assert form["step_id"] == "meter"


@pytest.mark.parametrize(
    ("values", "errors"),
    [
        ({"grid_power": None}, {"grid_power": "no_meter_no_load"}),
        ({"grid_power": "sensor.unitless"}, {"grid_power": "no_unit"}),
        ({"grid_power": "sensor.energy"}, {"grid_power": "wrong_unit"}),
        ({"grid_import": "sensor.energy"}, {"grid_power": "one_or_two_sensors"}),
        (
            {"grid_power": None, "grid_export": "sensor.export"},
            {"grid_import": "import_missing"},
        ),
        (
            {"grid_phases_export": ["sensor.l1", "sensor.l2", "sensor.l3"]},
            {"grid_phases": "phases_missing"},
        ),
        (
            {"grid_phases": ["sensor.l1"], "grid_phase_powers": ["sensor.temperature"]},
            {"grid_phase_powers": "wrong_unit"},
        ),
    ],
)
async def test_what_is_wrong_with_its_meter(
    hass: HomeAssistant, values: dict[str, Any], errors: dict[str, str]
) -> None:
    """Each error stands at its field, and the flow goes on; a counter of import is a meter too."""
    hass.states.async_set("sensor.unitless", "5")
    entry = site_entry(free_port())
    entry.add_to_hass(hass)
    form = await send(hass, await add(hass, entry), PLACE)
    typed = {k: v for k, v in (METER | values).items() if v is not None}
    form = await send(hass, form, typed)
    assert form["errors"] == errors
    counter = {k: v for k, v in METER.items() if k != "grid_power"}
    form = await send(hass, form, counter | {"grid_import": "sensor.energy"})
    assert form["step_id"] == "details"


@pytest.mark.parametrize(
    ("values", "errors"),
    [
        (
            {"temperature": "sensor.temperature", "derate_from_c": 40},
            {"derate_to_c": "temperature_missing"},
        ),
        ({"derate_from_c": 40}, {"temperature": "sensor_missing"}),
        (
            {
                "temperature": "sensor.temperature",
                "derate_from_c": 60,
                "derate_to_c": 60,
                "derate_stop_c": 70,
            },
            {"derate_to_c": "temperatures"},
        ),
        (
            {
                "temperature": "sensor.grid",
                "derate_from_c": 40,
                "derate_to_c": 60,
                "derate_stop_c": 70,
            },
            {"temperature": "wrong_unit"},
        ),
        (
            {"limit_l1_a": 0, "limit_l2_a": 0, "limit_l3_a": 0},
            {"limit_l1_a": "fuse"},
        ),
    ],
)
async def test_what_is_wrong_with_its_details(
    hass: HomeAssistant, values: dict[str, Any], errors: dict[str, str]
) -> None:
    """Each error stands at its field, and the flow goes on."""
    entry = site_entry(free_port())
    entry.add_to_hass(hass)
    form = await send(hass, await add(hass, entry), PLACE)
    form = await send(hass, form, UNMETERED)
    form = await send(hass, form, values)
    assert form["errors"] == errors
    result = await send(hass, form, {"limit_l3_a": 0})
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_a_panel_that_no_phase_feeds(hass: HomeAssistant) -> None:
    """What hangs from a panel on L1 is not fed from L2."""
    feeder = circuit("feeder", limit_l2_a=0, limit_l3_a=0)
    entry = site_entry(free_port(), feeder)
    entry.add_to_hass(hass)
    form = await send(hass, await add(hass, entry), PLACE | {"parent": "feeder"})
    form = await send(hass, form, UNMETERED)
    form = await send(hass, form, {"limit_l1_a": 0})
    assert form["errors"] == {"base": "no_phase"}


async def test_a_panel_must_carry_what_falls_back_to_it(hass: HomeAssistant) -> None:
    """At each step at which it no longer does: limit, load without a meter, other loads. The sum is shown."""
    entry = site_entry(
        free_port(),
        circuit("garage", assumed_load_a=1),
        charger("A", circuit="garage"),
        charger("B", circuit="garage"),
    )
    entry.add_to_hass(hass)
    form = await entry.start_subentry_reconfigure_flow(hass, "garage")
    form = await send(hass, form, PLACE | {"limit_a": 12})
    assert form["errors"] == {"limit_a": "fail_safe_sum_circuit"}
    assert form["description_placeholders"] == {
        "sum": "12",
        "carried": "11",
        "circuit": "Garage",
        "phase": "L1",
    }
    form = await send(hass, form, PLACE | {"limit_a": 16})
    form = await send(hass, form, UNMETERED)
    assert form["errors"] == {"assumed_load_a": "fail_safe_sum_circuit"}
    form = await send(hass, form, UNMETERED | {"assumed_load_a": 2})
    form = await send(hass, form, {"fixed_l2_a": 2})
    assert form["errors"] == {"base": "fail_safe_sum_circuit"}
    result = await send(hass, form, {"fixed_l2_a": 1})
    assert result["reason"] == "reconfigure_successful"


async def test_moving_a_panel_must_not_overload_another(hass: HomeAssistant) -> None:
    """Each panel carries its chargers; the feeder does not carry those of both."""
    entry = site_entry(
        free_port(),
        circuit("feeder", limit_a=12),
        circuit("garage"),
        charger("A", circuit="garage"),
        charger("B", circuit="feeder"),
    )
    entry.add_to_hass(hass)
    form = await entry.start_subentry_reconfigure_flow(hass, "garage")
    form = await send(hass, form, PLACE | {"parent": "feeder"})
    assert form["errors"] == {"limit_a": "fail_safe_sum_circuit"}


@pytest.mark.parametrize(
    ("values", "errors"),
    [
        # The panel has 20 A, on L1 and L2.
        ({"max_a": 24}, {"max_a": "above_fuse"}),
        ({"phases": "3"}, {"circuit": "phase_not_fed"}),
        ({"fail_safe_a": 16}, {"fail_safe_a": "fail_safe_sum_circuit"}),
    ],
)
async def test_a_charger_in_a_panel(
    hass: HomeAssistant, values: dict[str, Any], errors: dict[str, str]
) -> None:
    """Its circuit is chosen by name; its currents and phases must fit there."""
    entry = site_entry(
        free_port(),
        circuit("garage", limit_l3_a=0),
        charger("A", circuit="garage", phases=1),
        main_fuse_a=63.0,
    )
    entry.add_to_hass(hass)
    form = await hass.config_entries.subentries.async_init(
        (entry.entry_id, "charger"), context={"source": SOURCE_USER}
    )
    typed = NEW_CHARGER | {
        "identity": "B",
        "circuit": "garage",
        "l1_phase": "L1",
        "phases": "2",
        "security": "open",
    }
    form = await send(hass, form, typed | values)
    assert form["errors"] == errors
    placeholders = form["description_placeholders"]
    assert placeholders
    assert placeholders["limit"] == ("20" if "phases" not in values else "0")
    result = await send(hass, form, typed)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    (added,) = [s for s in entry.subentries.values() if s.unique_id == "B"]
    assert added.data["circuit"] == "garage"


async def test_limits_of_single_phases_hold_while_the_rest_is_changed(
    hass: HomeAssistant,
) -> None:
    """Two chargers of 6 A fit under the 16 A of each phase, though not under the limit of those without one."""
    entry = site_entry(
        free_port(),
        circuit(
            "garage", assumed_load_a=1, limit_l1_a=16, limit_l2_a=16, limit_l3_a=16
        ),
        charger("A", circuit="garage"),
        charger("B", circuit="garage"),
    )
    entry.add_to_hass(hass)
    form = await entry.start_subentry_reconfigure_flow(hass, "garage")
    form = await send(hass, form, PLACE | {"limit_a": 10})
    form = await send(hass, form, UNMETERED | {"assumed_load_a": 2})
    assert form["step_id"] == "details"
    # They are given up: 10 A less 1 A of margin and the load do not carry 12 A.
    form = await send(hass, form, {"limit_l1_a": 16, "limit_l2_a": 16})
    assert form["errors"] == {"base": "fail_safe_sum_circuit"}


async def test_other_loads_at_the_main_fuse(hass: HomeAssistant) -> None:
    """Temperature, loads and imbalance are options; what breaks the sums is refused."""
    entry = site_entry(free_port(), charger("A"), charger("B"), charger("C"))
    entry.add_to_hass(hass)
    form = await open_options(hass, entry, "main_circuit")
    assert suggested(form) == {}
    configure = hass.config_entries.options.async_configure
    form = await configure(form["flow_id"], {"derate_from_c": 40})
    assert form["errors"] == {"temperature": "sensor_missing"}
    # Three times 6 A of 25 A less 1 A.
    form = await configure(form["flow_id"], {"fixed_l2_a": 7})
    assert form["errors"] == {"base": "fail_safe_sum"}
    form = await configure(form["flow_id"], {"limit_l3_a": 0})
    assert form["errors"] == {"limit_l3_a": "fuse"}
    form = await configure(form["flow_id"], {"limit_l3_a": 18})
    assert form["errors"] == {"base": "fail_safe_sum"}
    placeholders = form["description_placeholders"]
    assert placeholders
    assert placeholders["phase"] == "L3"
    typed = {"limit_l3_a": 20, "fixed_l2_a": 6, "imbalance_a": 20}
    result = await configure(form["flow_id"], typed)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert entry.options == typed
    form = await open_options(hass, entry, "main_circuit")
    assert suggested(form) == typed
    (main,) = CircuitTree.of(entry).engine_circuits("Home", {"main": 22.0})
    assert (main.limit_a, main.rated_a) == ((22, 22, 20), (25, 25, 20))


async def test_limits_of_single_phases_that_are_asked_about_again(
    hass: HomeAssistant,
) -> None:
    """A fuse of 250 A on one phase is more likely a slip for 25 A; who sends it once more means it."""
    entry = site_entry(free_port(), charger("A"))
    entry.add_to_hass(hass)
    form = await open_options(hass, entry, "main_circuit")
    configure = hass.config_entries.options.async_configure
    typed = {"limit_l2_a": 250}
    form = await configure(form["flow_id"], typed)
    assert form["errors"] == {"limit_l2_a": "fuse_unusual"}
    placeholders = form["description_placeholders"]
    assert placeholders
    assert placeholders["usual"] == "80"
    form = await configure(form["flow_id"], {"limit_l2_a": 251})
    assert form["errors"] == {"limit_l2_a": "fuse_unusual"}
    result = await configure(form["flow_id"], {"limit_l2_a": 251})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    added = await send(hass, await add(hass, entry), PLACE)
    added = await send(hass, added, METER)
    typed = {"limit_l1_a": 26}
    added = await send(hass, added, typed)
    assert added["errors"] == {"limit_l1_a": "limit_above_feeder"}
    added = await send(hass, added, typed)
    assert added["type"] is FlowResultType.CREATE_ENTRY


async def test_a_limit_above_what_feeds_the_circuit(hass: HomeAssistant) -> None:
    """160 A typed for 16 A, in a panel of 20 A of a site of 250 A: it is asked about again, when the panel is changed as well."""
    panel = circuit("panel", assumed_load_a=0.0)
    shed = circuit("shed", parent="panel", assumed_load_a=0.0, limit_a=16.0)
    entry = site_entry(free_port(), panel, shed, main_fuse_a=250.0)
    entry.add_to_hass(hass)
    for form, name in (
        (await add(hass, entry), "Sauna"),
        (await entry.start_subentry_reconfigure_flow(hass, "shed"), "Shed"),
    ):
        typed = {"name": name, "parent": "panel", "limit_a": 160, "margin_a": 1}
        found = await send(hass, form, typed)
        assert found["errors"] == {"limit_a": "limit_above_feeder"}
        found = await send(hass, form, typed | {"limit_a": 16})
        assert found["step_id"] == "meter"
        found = await send(hass, form, UNMETERED)
        found = await send(hass, form, {"limit_l2_a": 160})
        assert found["errors"] == {"limit_l2_a": "limit_above_feeder"}


async def test_a_site_without_a_meter(hass: HomeAssistant) -> None:
    """The load of the house is asked for then, and forgotten when there is a meter."""
    form = await open_site(hass)
    none = {"system": "three_phase", "grid_inverted": False, "grid_unmetered": True}
    form = await submit(hass, form, GRID | {"grid_unmetered": True})
    assert form["errors"] == {"grid_unmetered": "meter_and_none"}
    form = await submit(hass, form, none)
    form = await submit(hass, form, SUN)
    electrical = ELECTRICAL | {"port": free_port()}
    # With no charger yet, there is nothing that it would have to carry.
    entry = was_added(await submit(hass, form, electrical | {"assumed_load_a": 25}))
    assert entry.data["assumed_load_a"] == 25

    form = await reconfigure(hass, entry)
    assert suggested(form)["grid_unmetered"] is True
    form = await submit(hass, form, GRID)
    form = await submit(hass, form, SUN)
    schema = form["data_schema"]
    assert schema
    assert "assumed_load_a" not in {str(key) for key in schema.schema}
    was_changed(await submit(hass, form, electrical))
    assert "assumed_load_a" not in entry.data


async def test_disabled_sensors_of_the_meter_are_named(hass: HomeAssistant) -> None:
    """Fronius has the signed power of the grid, disabled."""
    meter = MockConfigEntry(domain="fronius")
    meter.add_to_hass(hass)
    registry = er.async_get(hass)
    for name, enabled in (("meter", True), ("power_grid", False)):
        registry.async_get_or_create(
            "sensor",
            "fronius",
            name,
            config_entry=meter,
            suggested_object_id=name,
            original_device_class="power",
            original_name=name.replace("_", " ").title(),
            disabled_by=None if enabled else er.RegistryEntryDisabler.INTEGRATION,
        )
    entry = site_entry(free_port(), sources={"grid": {"entity": "sensor.meter"}})
    entry.add_to_hass(hass)
    form = await reconfigure(hass, entry)
    placeholders = form["description_placeholders"]
    assert placeholders
    assert placeholders["disabled"].endswith(": Power Grid.")
    form = await submit(
        hass,
        form,
        {
            "system": "three_phase",
            "grid_inverted": False,
            "grid_power": "sensor.power_grid",
        },
    )
    assert form["errors"] == {"grid_power": "entity_disabled"}


async def test_most_circuits_are_two_forms(hass: HomeAssistant) -> None:
    """What few circuits need is asked for on request; what of it is stored stays, and is shown if it no longer fits."""
    entry = site_entry(free_port())
    entry.add_to_hass(hass)
    form = await send(hass, await add(hass, entry), PLACE)
    result = await send(hass, form, METER | {"more": False})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert "characteristic" not in result["data"]

    (subentry,) = entry.subentries.values()
    data = {**subentry.data, "limit_l1_a": 18}
    hass.config_entries.async_update_subentry(entry, subentry, data=data)
    form = await entry.start_subentry_reconfigure_flow(hass, subentry.subentry_id)
    form = await send(hass, form, PLACE | {"margin_a": 2})
    assert suggested(form)["more"] is True
    result = await send(hass, form, METER | {"more": False})
    assert result["reason"] == "reconfigure_successful"
    (subentry,) = entry.subentries.values()
    assert (subentry.data["margin_a"], subentry.data["limit_l1_a"]) == (2, 18)

    form = await entry.start_subentry_reconfigure_flow(hass, subentry.subentry_id)
    form = await send(hass, form, PLACE)
    phases = {"grid_phases": ["sensor.l1", "sensor.l2"]}
    form = await send(hass, form, METER | phases | {"more": False})
    assert (form["step_id"], form["errors"]) == ("details", {"base": "meter_phases"})
