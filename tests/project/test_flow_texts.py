"""Texts of forms: each step, field, error and end of a flow has its own, and no other is left."""

import ast
from collections.abc import Iterator
import re
from typing import Any
from unittest.mock import patch

import pytest
import voluptuous as vol

from custom_components.sunfuse.flows import form_fields as forms, vehicle
from custom_components.sunfuse.flows.chargers import charger_password as passwords
from custom_components.sunfuse.flows.chargers.charger import charger_schema
from custom_components.sunfuse.flows.chargers.charger_options import ADVANCED_SCHEMA
from custom_components.sunfuse.flows.circuits import circuit
from custom_components.sunfuse.flows.circuits.circuit_forms import details_schema
from custom_components.sunfuse.flows.meters.meter_sign import SIGN
from custom_components.sunfuse.flows.meters.slow_meter import SLOW_METER
from custom_components.sunfuse.flows.modbus import modbus_forms as modbus
from custom_components.sunfuse.flows.people import card_forms as card, person
from custom_components.sunfuse.flows.people.price_list_form import price_list_schema
from custom_components.sunfuse.flows.site.found_sources import FOUND
from custom_components.sunfuse.flows.site.options import THEMES, SunfuseOptionsFlow
from custom_components.sunfuse.flows.site.port_certificate import SECURITY
from custom_components.sunfuse.flows.tariffs.capacity_tariff import (
    CAPACITY_FORMS,
    RULE_ERRORS,
)
from custom_components.sunfuse.flows.tariffs.tables import LABELLED, ROW_ERRORS
from custom_components.sunfuse.flows.tariffs.tariff_forms import FORMS, FormContext
from custom_components.sunfuse.flows.tariffs.tariff_preview import SOURCE_ERRORS
from custom_components.sunfuse.repair_issues.plan_repair import (
    BOOST,
    LATER,
    LESS,
    remedy_selector,
)
from custom_components.sunfuse.repair_issues.sign_repair import SIGN_SCHEMA
from custom_components.sunfuse.site.circuits import CircuitTree
from custom_components.sunfuse.sources.modbus.library import Library
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import section

from ..common import site_entry
from .texts import (
    DEFINED,
    ENGLISH,
    FLOWS,
    INTEGRATION,
    STEP_KEYS,
    TREES,
    calls_of,
    defined_as,
    keys_of,
    keyword,
    literal,
)

# What Home Assistant's own flow helpers abort with.
HELPERS = {
    "async_update_and_abort": "reconfigure_successful",
    "_async_abort_entries_match": "already_configured",
    "_abort_if_unique_id_configured": "already_configured",
}


def _labels(step: dict[str, Any]) -> set[str]:
    """Return the labels of a form's fields, those of its sections too."""
    inner = [_labels(part) for part in step.get("sections", {}).values()]
    return {*step.get("data", {}).values()}.union(*inner)


def test_the_docs_explain_every_field() -> None:
    """docs/configuration.md has each field of the site, the options, chargers and cards, by the name it has now."""
    of_site = ENGLISH["config"]["step"]
    parts = ENGLISH["config_subentries"]
    forms = [
        *(of_site[step] for step in ("simulated", "found", "site", "sun", "electrical")),
        *(step for theme, step in ENGLISH["options"]["step"].items()
          if theme not in ("security", "main_circuit")),
        *(parts["charger"]["step"][step] for step in ("user", "reconfigure")),
        parts["card"]["step"]["details"],
        parts["person"]["step"]["user"],
        parts["price_list"]["step"]["user"],
        parts["vehicle"]["step"]["details"],
    ]  # fmt: skip
    labels = set[str]().union(*map(_labels, forms))
    page = (INTEGRATION.parents[1] / "docs" / "configuration.md").read_text("utf-8")
    cells = set(re.findall(r"^\| ([^|]+?) +\|", page, re.MULTILINE)) - {"Field", "---"}
    explained = {label for label in labels if any(label in cell for cell in cells)}
    # In the text rather than in a table: the only field of a form of its own.
    assert {
        label for label in labels - explained if f"**{label}**" not in page
    } == set()
    for cell in cells:
        rest = cell
        for label in sorted(labels, key=len, reverse=True):
            rest = rest.replace(label, "")
        assert not rest.strip(", "), cell


@pytest.mark.parametrize("flow", FLOWS)
def test_steps(flow: str) -> None:
    """Each step that is shown has its texts, and no text is of a step that is gone."""
    classes, texts = FLOWS[flow]
    shown = {
        literal(keyword(call, "step_id"))
        for call in calls_of(classes, "async_show_form", "async_show_menu")
    }
    if flow == "options":
        shown = shown - {None} | THEMES.keys()
    if flow in TARIFF_FORMS:
        shown = shown - {None} | TARIFF_FORMS[flow].keys()
    assert shown == texts["step"].keys()
    for name, step in texts["step"].items():
        assert step.keys() <= STEP_KEYS, name
        assert step["title"], name


def test_menus() -> None:
    """Each choice of the menu has a name and a description, and leads somewhere."""
    (menu,) = calls_of(FLOWS["config"][0], "async_show_menu")
    options = keyword(menu, "menu_options")
    assert isinstance(options, ast.List)
    choices = {literal(option) for option in options.elts}
    step = ENGLISH["config"]["step"]["user"]
    assert choices == step["menu_options"].keys()
    assert choices == step["menu_option_descriptions"].keys()
    assert choices <= ENGLISH["config"]["step"].keys()


def test_themes_of_the_options() -> None:
    """Each theme has a name and a description in the menu, and a step of its own."""
    menu = ENGLISH["options"]["step"]["init"]
    assert THEMES.keys() == menu["menu_options"].keys()
    assert THEMES.keys() == menu["menu_option_descriptions"].keys()
    for theme in THEMES:
        assert hasattr(SunfuseOptionsFlow, f"async_step_{theme}")


TARIFF_FORMS = {"tariff": FORMS, "capacity_tariff": CAPACITY_FORMS}


def _tariff_forms(hass: HomeAssistant) -> dict[tuple[str, str], Any]:
    """Return the forms of the tariffs, with the keys of what they name themselves as names."""
    labels = {key: {o: o for o in options} for key, options in LABELLED.items()}
    context = FormContext(hass=hass, labels=labels)
    # An integration that knows feed-in prices: without one there is no field for it.
    with patch(
        "custom_components.sunfuse.flows.tariffs.tariff_forms.price_actions",
        return_value=[("easyenergy_return", "id", "easyEnergy")],
    ):
        return {
            (flow, name): form(context)
            for flow, forms in TARIFF_FORMS.items()
            for name, form in forms.items()
        }


def test_fields(hass: HomeAssistant) -> None:
    """Each field of a form has a label and a description, and no text is of a field that is gone."""
    site = site_entry(9000)
    charger = charger_schema(site)
    labels = {key: {o: o for o in options} for key, options in LABELLED.items()}
    prices = price_list_schema(hass, site, labels)
    expected = {
        ("config", "simulated"): forms.SIMULATED,
        ("config", "reconfigure"): forms.SIMULATED,
        ("config", "found"): FOUND,
        ("config", "site"): forms.GRID,
        ("config", "sun"): forms.SUN,
        ("config", "electrical"): forms.electrical_schema(metered=False),
        ("config", "slow_meter"): SLOW_METER,
        ("config", "sign"): SIGN,
        ("config", "charger"): charger,
        **{("options", name): theme.schema(site) for name, theme in THEMES.items()},
        ("circuit", "user"): circuit.circuit_schema(CircuitTree.of(site)),
        ("circuit", "reconfigure"): circuit.circuit_schema(CircuitTree.of(site)),
        ("circuit", "meter"): circuit.METER_OF_CIRCUIT,
        ("circuit", "slow_meter"): SLOW_METER,
        ("circuit", "details"): circuit.details_schema(3),
        ("charger", "user"): charger_schema(site, with_identity=True),
        ("charger", "reconfigure"): charger_schema(site, existing=True),
        ("config", "password"): passwords.PASSWORD,
        ("charger", "password"): passwords.PASSWORD,
        ("config", "card"): card.card_schema(site),
        ("card", "details"): card.card_schema(site, with_number=True),
        ("card", "reconfigure"): card.card_schema(site),
        ("person", "user"): person.person_schema(site),
        ("person", "reconfigure"): person.person_schema(site),
        ("price_list", "user"): prices,
        ("price_list", "reconfigure"): prices,
        ("vehicle", "user"): vehicle.choose_car_schema([]),
        ("vehicle", "details"): vehicle.vehicle_schema(site),
        ("vehicle", "reconfigure"): vehicle.vehicle_schema(site),
    }
    expected |= _tariff_forms(hass)
    library = Library(devices={})
    expected |= {
        ("modbus", "network"): modbus.NETWORK,
        ("modbus", "serial"): modbus.SERIAL,
        ("modbus", "search"): modbus.SEARCH,
        ("modbus", "choose"): modbus.choose_schema(library),
        ("modbus", "found"): modbus.found_schema(()),
        ("modbus", "confirm"): modbus.CONFIRM,
        ("modbus", "reconfigure_network"): modbus.RECONFIGURE_NETWORK,
        ("modbus", "reconfigure_serial"): modbus.RECONFIGURE_SERIAL,
    }
    without = {
        ("tariff", "preview"),
        ("config", "user"),
        ("options", "init"),
        ("charger", "password_shown"),
        ("card", "user"),
        ("card", "nobody"),
        ("modbus", "user"),
        ("modbus", "method"),
    }
    steps = {
        (flow, name): step
        for flow, (_, texts) in FLOWS.items()
        for name, step in texts["step"].items()
    }
    assert steps.keys() == expected.keys() | without
    for name in without:
        assert "data" not in steps[name]
    for name, schema in expected.items():
        for texts, fields in _parts(steps[name], schema):
            assert texts["data"].keys() == fields, name
            assert texts["data_description"].keys() == fields, name


def _parts(
    step: dict[str, Any], schema: Any
) -> Iterator[tuple[dict[str, Any], set[str]]]:
    """Return the texts and the fields of a form, and of each of its sections."""
    sections = {
        str(key): value.schema
        for key, value in schema.schema.items()
        if isinstance(value, section)
    }
    assert step.get("sections", {}).keys() == sections.keys()
    yield step, keys_of(schema) - sections.keys()
    for name, inner in sections.items():
        assert step["sections"][name].keys() >= {"name", "data", "data_description"}
        yield step["sections"][name], keys_of(inner)


def _errors() -> set[str]:
    """Return every key that a flow gives as what is wrong with a field."""
    found: set[str | None] = set()
    # What the site itself checks as well, for a form and for a repair, is in `fail_safe_check.py`.
    trees = [
        tree
        for name, tree in TREES.items()
        if "flow" in name or name.endswith("fail_safe_check.py")
    ]
    for call in calls_of(trees, "setdefault"):
        found.add(literal(call.args[1]))
    for call in calls_of(TREES.values(), "TlsError", "NotMovedError"):
        found.add(literal(call.args[0]))
    for tree in trees:
        for node in ast.walk(tree):
            match node:
                case ast.Assign(
                    targets=[ast.Subscript(value=ast.Name(id="errors"))], value=value
                ):
                    found.add(literal(value))
                case (
                    ast.FunctionDef(returns=returns)
                    | ast.AsyncFunctionDef(returns=returns)
                ) if returns and (
                    ast.unparse(returns) in ("Errors", "dict[str, str]", "str | None")
                ):
                    found |= set(_returned(node))
    return {key for key in found if key}


def _returned(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[str | None]:
    def texts(value: ast.AST | None) -> Iterator[str | None]:
        match value:
            case ast.Dict(values=values):
                yield from (literal(item) for item in values)
            case ast.DictComp(value=item):
                yield literal(item)
            case ast.IfExp(body=body, orelse=orelse):
                yield from texts(body)
                yield from texts(orelse)
            case _:
                yield literal(value)

    for node in ast.walk(function):
        if isinstance(node, ast.Return):
            yield from texts(node.value)


def test_errors() -> None:
    """Each error that a form can show has its text, and no text is of an error that is gone."""
    texts = {key for _, section in FLOWS.values() for key in section.get("error", {})}
    assert texts == _errors() | ROW_ERRORS | SOURCE_ERRORS | RULE_ERRORS.keys()


@pytest.mark.parametrize("flow", FLOWS)
def test_a_number_out_of_bounds_is_refused_in_words(flow: str) -> None:
    """Every form can have a number."""
    _, texts = FLOWS[flow]
    assert {"number_too_small", "number_too_large"} <= texts["error"].keys()


@pytest.mark.parametrize("fields", [ADVANCED_SCHEMA, person.LIMITS_SCHEMA])
def test_numbers_in_a_section_have_no_bounds_of_their_own(fields: vol.Schema) -> None:
    """Home Assistant shows what is wrong there as text for developers: the form itself checks them."""
    boxes = [one for one in fields.schema.values() if isinstance(one, forms.NumberBox)]
    assert boxes
    assert not any({"min", "max"} & box.config.keys() for box in boxes)


@pytest.mark.parametrize("flow", FLOWS)
def test_aborts(flow: str) -> None:
    """Each way in which a flow ends without an entry has its text, and the other way round."""
    classes, texts = FLOWS[flow]
    reasons = {
        literal(keyword(call, "reason"))
        for call in calls_of(classes, "async_abort", "AbortFlow")
    }
    reasons |= {HELPERS[_name(call)] for call in calls_of(classes, *HELPERS)}
    assert reasons == texts.get("abort", {}).keys()


def _name(call: ast.Call) -> str:
    assert isinstance(call.func, ast.Attribute)
    return call.func.attr


def test_selectors(hass: HomeAssistant) -> None:
    """Each list to choose from has its choices named."""
    options: dict[str, set[str]] = {}
    for defined in map(defined_as, DEFINED):
        for one in defined.values():
            for field in one.get("fields", {}).values():
                config = field["selector"].get("select") or {}
                if key := config.get("translation_key"):
                    options[key] = set(config["options"])
    keys = {
        literal(keyword(call, "translation_key"))
        for call in calls_of(TREES.values(), "SelectSelectorConfig")
    }
    options |= {key: set(names) for key, names in LABELLED.items()}
    assert (keys - {None}) | options.keys() == ENGLISH["selector"].keys() - {
        "periods",
        "price_times",
    }
    sunny = site_entry(9000, sources={"solar": ["sensor.solar"]})
    charger = charger_schema(sunny, with_identity=True)
    for schema in (
        forms.GRID,
        forms.SUN,
        forms.ELECTRICAL,
        forms.OPTIONS,
        SIGN,
        charger,
        ADVANCED_SCHEMA,
        passwords.PASSWORD,
        SECURITY,
        SIGN_SCHEMA,
        vol.Schema({"remedy": remedy_selector([LATER, LESS, BOOST])}),
        modbus.NETWORK,
        modbus.SERIAL,
        *_tariff_forms(hass).values(),
        card.card_schema(site_entry(9000)),
        person.LIMITS_SCHEMA,
        price_list_schema(
            hass,
            site_entry(9000),
            {key: {o: o for o in options} for key, options in LABELLED.items()},
        ),
        card.AUTHORIZATION,
        details_schema(3),
        vehicle.choose_car_schema([]),
    ):
        for selector in schema.schema.values():
            config = getattr(selector, "config", {})
            if fields := config.get("fields"):
                texts = ENGLISH["selector"][config["translation_key"]]["fields"]
                assert texts.keys() == fields.keys()
                assert all({"name", "description"} == t.keys() for t in texts.values())
            elif key := config.get("translation_key"):
                options[key] = set(config["options"])
    assert options == {
        key: set(texts["options"])
        for key, texts in ENGLISH["selector"].items()
        if "options" in texts
    }
