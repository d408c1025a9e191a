"""The texts of the integration and its source: what tests of either look for in the other."""

import ast
from collections.abc import Iterable, Iterator
import json
from pathlib import Path
import re
import string
from typing import Any

from custom_components.sunfuse.config_flow import SunfuseConfigFlow
from custom_components.sunfuse.flows.site.options import SunfuseOptionsFlow
from homeassistant.util.yaml import load_yaml_dict

from ..common import site_entry

PACKAGE = "custom_components.sunfuse"
INTEGRATION = Path(__file__).parent.parent.parent / "custom_components" / "sunfuse"


def load(name: str) -> dict[str, Any]:
    """Return a JSON file of the integration."""
    loaded: dict[str, Any] = json.loads((INTEGRATION / name).read_text("utf-8"))
    return loaded


ENGLISH = load("translations/en.json")
ICONS = load("icons.json")
TREES = {
    path.relative_to(INTEGRATION).as_posix(): ast.parse(path.read_text("utf-8"))
    for path in sorted(INTEGRATION.rglob("*.py"))
}


def strings_of(node: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield every text with its path."""
    if isinstance(node, dict):
        for key, value in node.items():
            yield from strings_of(value, f"{path}.{key}" if path else key)
    else:
        yield path, node


def fields_in(text: str) -> set[str]:
    """Return the names of the values that a text is filled with."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def calls_of(trees: Iterable[ast.AST], *names: str) -> Iterator[ast.Call]:
    """Yield every call of a function or method with one of these names."""
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                function = node.func
                name = getattr(function, "attr", getattr(function, "id", None))
                if name in names:
                    yield node


def literal(node: ast.AST | None) -> str | None:
    """Return a literal text; what is filled in becomes a star."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=parts):
            return "".join(literal(part) or "*" for part in parts)
        case _:
            return None


def keyword(call: ast.Call, name: str) -> ast.AST | None:
    """Return what a call passes by this name."""
    return next((k.value for k in call.keywords if k.arg == name), None)


def source_of(flow: type) -> list[ast.AST]:
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
    "config": (source_of(SunfuseConfigFlow), ENGLISH["config"]),
    "options": (source_of(SunfuseOptionsFlow), ENGLISH["options"]),
    **{
        kind: (source_of(flow), ENGLISH["config_subentries"][kind])
        for kind, flow in SUBENTRY_FLOWS.items()
    },
}
# Besides English.
LANGUAGES = ("da", "de", "es", "fr", "it", "nb", "nl", "pl", "sv")
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
DEFINED = ("services", "triggers", "conditions")


def keys_of(schema: Any) -> set[str]:
    """Return the fields of a form."""
    return {str(key) for key in schema.schema}


def check_both_ways(found: Iterable[str | None], texts: Iterable[str]) -> None:
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


def defined_as(kind: str) -> dict[str, Any]:
    """Return the actions, triggers or conditions; what begins with a point is a part of several."""
    path = INTEGRATION / f"{kind}.yaml"
    defined = load_yaml_dict(path) if path.exists() else {}
    return {name: one for name, one in defined.items() if not name.startswith(".")}
