"""Translations and icons: what the code uses exists, and what exists is used."""

import ast
from collections.abc import Iterable, Iterator
import json
from pathlib import Path
import re
import string
from typing import Any
from unittest.mock import patch

import pytest
import voluptuous as vol

from custom_components.sunfuse.condition import CONDITIONS
from custom_components.sunfuse.config_flow import SunfuseConfigFlow
from custom_components.sunfuse.drivers.recognition import GUEST
from custom_components.sunfuse.engine.model import MeterQuality, ReasonKey
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
from custom_components.sunfuse.flows.site.simulated import CHARGER_NAMES
from custom_components.sunfuse.flows.tariffs.capacity_tariff import (
    CAPACITY_FORMS,
    RULE_ERRORS,
)
from custom_components.sunfuse.flows.tariffs.tables import LABELLED, ROW_ERRORS
from custom_components.sunfuse.flows.tariffs.tariff_forms import FORMS, FormContext
from custom_components.sunfuse.flows.tariffs.tariff_preview import SOURCE_ERRORS
from custom_components.sunfuse.owner_entities.weekdays import WEEKDAYS
from custom_components.sunfuse.owner_entities.wish_selects import AUTOMATIC
from custom_components.sunfuse.repair_issues.plan_repair import (
    BOOST,
    LATER,
    LESS,
    remedy_selector,
)
from custom_components.sunfuse.repairs import SIGN_SCHEMA
from custom_components.sunfuse.site.chargers.connector_events import LimitCause
from custom_components.sunfuse.site.circuits import CircuitTree
from custom_components.sunfuse.site.simulated.simulated_vehicles import VEHICLE_NAMES
from custom_components.sunfuse.sources.modbus.device import Quantity
from custom_components.sunfuse.sources.modbus.library import Library
from custom_components.sunfuse.trigger import TRIGGERS
from homeassistant.config_entries import SOURCE_USER
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import section
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component
from homeassistant.util.yaml import load_yaml_dict

from ..common import site_entry, wait_until

PACKAGE = "custom_components.sunfuse"
INTEGRATION = Path(__file__).parent.parent.parent / "custom_components" / "sunfuse"

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
STEP_KEYS = {
    "data",
    "data_description",
    "description",
    "menu_option_descriptions",
    "menu_options",
    "sections",
    "submit",
    "title",
}
KEY = re.compile(r"[a-z0-9](?:[a-z0-9]|[-_](?![-_]))*(?<![-_])")
URL = re.compile(r"(?:https?|ftps?|wss?)://[a-z0-9]|www\.", re.IGNORECASE)

# What Home Assistant's own flow helpers abort with.
HELPERS = {
    "async_update_and_abort": "reconfigure_successful",
    "_async_abort_entries_match": "already_configured",
    "_abort_if_unique_id_configured": "already_configured",
}


def _load(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((INTEGRATION / name).read_text("utf-8"))
    return loaded


ENGLISH = _load("translations/en.json")
ICONS = _load("icons.json")
TREES = {
    path.relative_to(INTEGRATION).as_posix(): ast.parse(path.read_text("utf-8"))
    for path in sorted(INTEGRATION.rglob("*.py"))
}


def _strings(node: Any, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(node, dict):
        for key, value in node.items():
            yield from _strings(value, f"{path}.{key}" if path else key)
    else:
        yield path, node


def _fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def _calls(trees: Iterable[ast.AST], *names: str) -> Iterator[ast.Call]:
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                function = node.func
                name = getattr(function, "attr", getattr(function, "id", None))
                if name in names:
                    yield node


def _literal(node: ast.AST | None) -> str | None:
    """Return a literal text; what is filled in becomes a star."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=parts):
            return "".join(_literal(part) or "*" for part in parts)
        case _:
            return None


def _keyword(call: ast.Call, name: str) -> ast.AST | None:
    return next((k.value for k in call.keywords if k.arg == name), None)


def _source_of(flow: type) -> list[ast.AST]:
    """Return the source of a flow's class, and of those of ours that it derives from."""
    names = {c.__name__ for c in flow.__mro__ if c.__module__.startswith(PACKAGE)}
    return [
        node
        for tree in TREES.values()
        for node in tree.body
        if isinstance(node, ast.ClassDef) and node.name in names
    ]


SUBENTRY_FLOWS = SunfuseConfigFlow.async_get_supported_subentry_types(site_entry(9000))
FLOWS = {
    "config": (_source_of(SunfuseConfigFlow), ENGLISH["config"]),
    "options": (_source_of(SunfuseOptionsFlow), ENGLISH["options"]),
    **{
        kind: (_source_of(flow), ENGLISH["config_subentries"][kind])
        for kind, flow in SUBENTRY_FLOWS.items()
    },
}


def test_every_text_is_one_that_home_assistant_takes() -> None:
    """Flat, complete, without references, HTML, addresses or stray blanks."""
    assert ENGLISH.keys() <= SECTIONS
    assert not (INTEGRATION / "strings.json").exists()
    for path, text in _strings(ENGLISH):
        assert isinstance(text, str), path
        assert text == text.strip() != "", path
        assert "[%" not in text, path
        assert not re.search(r"<[a-z/]", text, re.IGNORECASE), path
        assert not URL.search(text), path
        assert not re.search(r"'\{\w+\}'", text), path
        assert all(field.isidentifier() for field in _fields(text)), path
        for key in path.split("."):
            assert KEY.fullmatch(key), path


LANGUAGES = ("da", "de", "es", "fr", "it", "nb", "nl", "pl", "sv")
# A term, and how the country's electricians write it.
TERMS = {
    "fail-safe current": {
        "da": "tilbagefaldsstrøm",
        "de": "Rückfallstr[oö]m",
        "es": "corrientes? de respaldo",
        "fr": "courants? de repli",
        "it": "corrent[ei] di sicurezza",
        "nb": "tilbakefallsstrøm",
        "nl": "terugvalstro",
        "pl": r"pr[ąa]d\w* bezpieczn",
        "sv": "felsäk",
    },
    "solar surplus": {
        "da": "soloverskud",
        "de": "Solarüberschuss",
        "es": "excedente solar",
        "fr": "surplus solaire",
        "it": "surplus solare",
        "nb": "soloverskudd",
        "nl": "zonneoverschot",
        "pl": r"nadwyżk\w* (energii )?słone",
        "sv": "solöverskott",
    },
    # A breaker in some countries, and its rating is on the one as on the other.
    "main fuse": {
        "da": "hovedsikring",
        "de": "Sicherung",
        "es": "protecci[óo]n|fusible|protegida",
        "fr": "disjoncteur",
        "it": "protezion[ei]|fusibile|impianto",
        "nb": "hovedsikring",
        "nl": "hoofdzekering",
        "pl": "zabezpiecz|bezpiecznik",
        "sv": "huvudsäkring",
    },
}


def test_the_languages() -> None:
    """They are all there."""
    files = (INTEGRATION / "translations").glob("*.json")
    assert {path.stem for path in files} == {"en", *LANGUAGES}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_the_same_texts(language: str) -> None:
    """A translation has each text that English has and no other, and fills in the same values."""
    english = dict(_strings(ENGLISH))
    translated = dict(_strings(_load(f"translations/{language}.json")))
    assert translated.keys() == english.keys()
    for path, text in translated.items():
        assert _fields(text) == _fields(english[path]), path
        assert text.strip(), path


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("term", TERMS)
def test_one_term_for_one_thing(term: str, language: str) -> None:
    """A text that names one of these things does so in the words of the country's electricians."""
    translated = dict(_strings(_load(f"translations/{language}.json")))
    for path, text in _strings(ENGLISH):
        if term in text.lower():
            assert re.search(TERMS[term][language], translated[path], re.IGNORECASE), (
                path
            )


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
        _literal(_keyword(call, "step_id"))
        for call in _calls(classes, "async_show_form", "async_show_menu")
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
    (menu,) = _calls(FLOWS["config"][0], "async_show_menu")
    options = _keyword(menu, "menu_options")
    assert isinstance(options, ast.List)
    choices = {_literal(option) for option in options.elts}
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


def _keys(schema: Any) -> set[str]:
    return {str(key) for key in schema.schema}


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
    yield step, _keys(schema) - sections.keys()
    for name, inner in sections.items():
        assert step["sections"][name].keys() >= {"name", "data", "data_description"}
        yield step["sections"][name], _keys(inner)


def _errors() -> set[str]:
    """Return every key that a flow gives as what is wrong with a field."""
    found: set[str | None] = set()
    trees = [tree for name, tree in TREES.items() if "flow" in name]
    for call in _calls(trees, "setdefault"):
        found.add(_literal(call.args[1]))
    for call in _calls(TREES.values(), "TlsError", "NotMovedError"):
        found.add(_literal(call.args[0]))
    for tree in trees:
        for node in ast.walk(tree):
            match node:
                case ast.Assign(
                    targets=[ast.Subscript(value=ast.Name(id="errors"))], value=value
                ):
                    found.add(_literal(value))
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
                yield from (_literal(item) for item in values)
            case ast.IfExp(body=body, orelse=orelse):
                yield from texts(body)
                yield from texts(orelse)
            case _:
                yield _literal(value)

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
        _literal(_keyword(call, "reason")) for call in _calls(classes, "async_abort")
    }
    reasons |= {HELPERS[_name(call)] for call in _calls(classes, *HELPERS)}
    assert reasons == texts.get("abort", {}).keys()


def _name(call: ast.Call) -> str:
    assert isinstance(call.func, ast.Attribute)
    return call.func.attr


def _matches(found: Iterable[str | None], texts: Iterable[str]) -> None:
    """Check both ways; a star in what is found stands for what is known only at run time."""
    patterns = {key for key in found if key}
    texts = set(texts)
    regexes = {key: re.escape(key).replace(r"\*", r"\w+") for key in patterns}
    for key, regex in regexes.items():
        assert any(re.fullmatch(regex, text) for text in texts), f"no text: {key}"
    for text in texts:
        assert any(re.fullmatch(regex, text) for regex in regexes.values()), (
            f"never used: {text}"
        )


def test_exceptions() -> None:
    """Each error of an action or a set-up has its message, with the values that it is given."""
    raised = [
        call
        for tree in TREES.values()
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
        and (domain := _keyword(call, "translation_domain"))
        # What Home Assistant itself says has its own texts.
        and ast.unparse(domain) != "HOMEASSISTANT_DOMAIN"
        and _literal(call.func) is None
        and "issue" not in ast.unparse(call.func)
    ]
    messages = {
        key: text["message"] for key, text in ENGLISH.get("exceptions", {}).items()
    }
    _matches((_literal(_keyword(c, "translation_key")) for c in raised), messages)
    for call in raised:
        key = _literal(_keyword(call, "translation_key"))
        given = _keyword(call, "translation_placeholders")
        if key in messages and isinstance(given, ast.Dict | None):
            names = {_literal(name) for name in given.keys} if given else set()
            assert _fields(messages[key]) == names, key


def test_no_error_without_a_message() -> None:
    """Whatever Home Assistant shows of what we raise can be translated."""
    raised = list(
        _calls(
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
        assert _keyword(call, "translation_domain"), ast.unparse(call)
        assert _keyword(call, "translation_key"), ast.unparse(call)


def test_command_errors() -> None:
    """Each way in which a command fails has its message."""
    keys: set[str | None] = set()
    for call in _calls(TREES.values(), "CommandError"):
        if call.args:
            keys.add(_literal(call.args[0]))
    messages = {
        key.removeprefix("command_")
        for key in ENGLISH["exceptions"]
        if key.startswith("command_")
    }
    assert {key for key in keys if key} == messages


def test_issues() -> None:
    """Each repair has its texts, and no text is of a repair that is gone."""
    _matches(
        (
            _literal(_keyword(call, "translation_key"))
            for call in _calls(TREES.values(), "async_create_issue", "RepairIssue")
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
    _matches(
        (
            _literal(_keyword(call, "translation_key"))
            for call in _calls(
                TREES.values(),
                "DeviceInfo",
                "ChildDeviceInfo",
                "async_get_or_create",
            )
        ),
        ENGLISH["device"],
    )


def test_selectors(hass: HomeAssistant) -> None:
    """Each list to choose from has its choices named."""
    options: dict[str, set[str]] = {}
    for defined in map(_defined, DEFINED):
        for one in defined.values():
            for field in one.get("fields", {}).values():
                config = field["selector"].get("select") or {}
                if key := config.get("translation_key"):
                    options[key] = set(config["options"])
    keys = {
        _literal(_keyword(call, "translation_key"))
        for call in _calls(TREES.values(), "SelectSelectorConfig")
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


LOST = set(MeterQuality) - {MeterQuality.NONE, MeterQuality.GOOD}


def test_every_reason_has_its_sentence() -> None:
    """*Why is my car not charging?* always has an answer, in words and as a state."""
    keys = {key.value for key in ReasonKey}
    changes = {f"change_{key}" for key in keys}
    sentences = (
        changes
        | {f"reason_{key}" for key in keys}
        # What is wrong with a meter, why somebody rests, and what a charger should stop for.
        | {f"reason_meter_lost_{quality}" for quality in LOST}
        | {
            "reason_pausing_because",
            "reason_stop_refused_because",
            "reason_waiting_for_meter_because",
        }
        | {
            "main_circuit",
            "until",
            "limited_by_nothing",
            "disabled_sensors",
            "other_addresses",
            "options_live",
            "options_restart",
            "options_restart_some",
            "found_grid",
            "found_solar",
            "found_battery",
            "found_prices",
            "ready",
            "later",
            "ready_later",
            "no_boost_helps",
            "meter_now",
            "meter_chosen",
            "meter_drawing",
            "meter_feeding",
            "limit_demand_response",
            "limit_dimming",
            "quota_sun_only",
            "quota_used_up",
            "decimal_sign",
        }
        # What Sunfuse names itself: device models, and what the simulated site begins with.
        | {
            f"model_{name}"
            for name in (
                *("site", "circuit", "capacity_tariff", "simulator", "vehicle"),
                "person",
            )
        }
        | {"simulated_site", "simulated_panel", *CHARGER_NAMES.values()}
        | set(VEHICLE_NAMES.values())
        | {"simulated_tariff", "simulated_capacity_tariff"}
        # What drivers see of departures.
        | {f"weekday_{day}" for day in WEEKDAYS}
        | {"guest", "planned", "reserved", "departure_car", "departure_habit"}
    )
    # What the site report says is held together with its page in tests/sources/test_site_report.py.
    # What the cards say is held together with them in tests/pages/test_frontend.py.
    # What a statement and a table say is held together with them in tests/actions/test_session_downloads.py.
    # What Assist answers is held together with it in tests/assist/test_assist.py.
    elsewhere = {
        key
        for key in ENGLISH["common"]
        if key.startswith(("report_", "card_", "statement_", "column_", "assist_"))
    }
    assert sentences == ENGLISH["common"].keys() - elsewhere
    assert ENGLISH["entity"]["sensor"]["reason"]["state"].keys() == keys


def _reason_values() -> Iterator[tuple[str, set[str | None]]]:
    """Return each reason whose values are written where it is given."""
    for call in _calls(TREES.values(), "Reason"):
        values = _keyword(call, "values")
        pairs = values.elts if isinstance(values, ast.Tuple) else []
        match _keyword(call, "key"):
            case ast.Attribute(value=ast.Name(id="ReasonKey"), attr=name):
                if values is None or (
                    pairs and all(isinstance(pair, ast.Tuple) for pair in pairs)
                ):
                    names = {
                        _literal(p.elts[0]) for p in pairs if isinstance(p, ast.Tuple)
                    }
                    yield ReasonKey[name].value, names


@pytest.mark.parametrize("language", ["en", *LANGUAGES])
def test_names_of_circuits_are_not_inflected(language: str) -> None:
    """A name may have an article, as "Die Hauptsicherung" has: it begins a sentence, or stands in brackets or behind a colon."""
    alone = re.compile(r"(^|\(|[.:] )\{circuit\}")
    wrong = [
        key
        for key, text in _load(f"translations/{language}.json")["common"].items()
        if "{circuit}" in alone.sub("", text)
    ]
    assert wrong == []


def test_sentences_name_only_values_that_their_reasons_have() -> None:
    """A sentence that names a value that is not there would be an error at run time."""
    given = list(_reason_values())
    assert given
    for key, names in given:
        assert _fields(ENGLISH["common"][f"reason_{key}"]) <= names, key


DEFINED = ("services", "triggers", "conditions")


@pytest.mark.parametrize("kind", DEFINED)
def test_actions_triggers_and_conditions(kind: str) -> None:
    """Where there is a file of definitions there are texts and icons; without the file there are none."""
    exists = (INTEGRATION / f"{kind}.yaml").exists()
    assert (kind in ENGLISH) is exists
    assert (kind in ICONS) is exists


def _defined(kind: str) -> dict[str, Any]:
    """Return the actions, triggers or conditions; what begins with a point is a part of several."""
    path = INTEGRATION / f"{kind}.yaml"
    defined = load_yaml_dict(path) if path.exists() else {}
    return {name: one for name, one in defined.items() if not name.startswith(".")}


@pytest.mark.parametrize("kind", DEFINED)
def test_fields_of_actions_triggers_and_conditions(kind: str) -> None:
    """Each of them and each of its fields has a name and a description; what is gone has none."""
    texts, defined = ENGLISH.get(kind, {}), _defined(kind)
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
    assert _defined("triggers").keys() == TRIGGERS.keys()
    assert _defined("conditions").keys() == CONDITIONS.keys()
    causes = {cause.value for cause in LimitCause}
    assert causes == ENGLISH["selector"]["limited_by"]["options"].keys()
    events = ENGLISH["entity"]["event"]["session"]["state_attributes"]
    assert causes == events["limited_by"]["state"].keys()


async def test_actions_are_registered_without_a_site(hass: HomeAssistant) -> None:
    """An automation is checked when it is saved, whether a site is loaded or not."""
    assert await async_setup_component(hass, "sunfuse", {})
    registered = hass.services.async_services_for_domain("sunfuse")
    assert registered.keys() == _defined("services").keys()


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


@pytest.mark.parametrize("language", ["en", *LANGUAGES])
def test_names_of_weekly_departures_begin_with_the_day(language: str) -> None:
    """A phone shows the first letters beside a time: seven rows must differ in them."""
    entities = _load(f"translations/{language}.json")["entity"]
    names = [
        text["name"]
        for texts in entities.values()
        for key, text in texts.items()
        if key.startswith("day_")
    ]
    assert len(names) == len(set(names)) == 6
    assert all(name.startswith("{day}") for name in names), names


def test_icons() -> None:
    """Each icon is a Material Design Icon of an entity that exists."""
    assert ICONS.keys() <= {"entity", "services", "triggers", "conditions"}
    for path, icon in _strings(ICONS):
        assert re.fullmatch(r"mdi:[a-z0-9-]+", icon), path
    for domain, keys in ICONS["entity"].items():
        assert keys.keys() <= ENGLISH["entity"][domain].keys()
        for key, icons in keys.items():
            assert icons.keys() <= {"default", "range", "state", "state_attributes"}
            assert "default" in icons, key
