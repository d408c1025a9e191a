"""Writes docs/reference.md: every entity, action, trigger, condition, event, option and repair, from what the integration says itself.

`python -m development.reference` writes the page again, after texts or entities have changed; it takes some seconds. Names and
descriptions come from translations/en.json and services.yaml. Which entities a site has is asked of a simulated site
(`tests/project/test_reference.py`, which also tells when the page is out of date).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
import json
from pathlib import Path
import re
import subprocess
import sys
from typing import Any

from homeassistant.util.yaml import load_yaml_dict

ROOT = Path(__file__).resolve().parent.parent
HOUSE = ROOT / "custom_components" / "sunfuse"
PAGE = ROOT / "docs" / "reference.md"
# Set by this module for the test that asks the site.
WRITE = "SUNFUSE_WRITE_REFERENCE"

HEAD = """# Reference

Every entity, action, trigger, condition, event, option and repair by its name. This page is made from the integration itself by
`python -m development.reference`, and a test tells when something is missing. For explanations, see [Entities](entities.md), [Actions](actions.md),
[Automations](automations.md) and [Configuration](configuration.md).
"""
# Forms that ask the same again are left out.
AGAIN = ("reconfigure",)
SUBENTRIES = {
    "charger": "Charger",
    "circuit": "Circuit",
    "vehicle": "Vehicle",
    "card": "Card",
    "tariff": "Electricity tariff",
    "capacity_tariff": "Capacity tariff",
    "modbus": "Modbus device",
}


@dataclass(frozen=True, order=True, kw_only=True)
class FoundEntity:
    """An entity of a site. `example` is the id that it has there."""

    kind: str  # of its device
    name: str
    example: str
    key: str
    enabled: bool
    values: str  # its unit, or the values that it can have
    attributes: tuple[str, ...]


def texts() -> dict[str, Any]:
    """Return the English texts."""
    found: dict[str, Any] = json.loads(
        (HOUSE / "translations" / "en.json").read_text(encoding="utf-8")
    )
    return found


def page(entities: Iterable[FoundEntity]) -> str:
    """Return the whole page."""
    known = texts()
    return "\n".join(
        [
            HEAD,
            *_entities(entities, known["entity"]),
            *_services("Actions", known["services"], "services.yaml", "sunfuse."),
            *_services("Triggers", known["triggers"], "triggers.yaml", "sunfuse."),
            *_services(
                "Conditions", known["conditions"], "conditions.yaml", "sunfuse."
            ),
            *_events(known["entity"]["event"]),
            *_forms("Set-up of a site", known["config"]["step"]),
            *_options(known["options"]["step"]),
            *(
                line
                for key, name in _subentry_names(known).items()
                for line in _forms(
                    f"Form: {name}", known["config_subentries"][key]["step"]
                )
            ),
            *_reasons(known),
            *_repairs(known["issues"]),
            "",
        ]
    )


def missing(entities: Iterable[FoundEntity], written: str) -> list[str]:
    """Return the lines of a new page whose names a written page does not have: texts may differ, things may not."""
    had = {_first_cells(line) for line in written.splitlines()}
    return [
        line
        for line in page(entities).splitlines()
        if line.startswith("|") and _first_cells(line) not in had
    ]


def _first_cells(line: str) -> str:
    return "|".join(line.split("|")[:2]).strip()


def _table(*columns: str) -> list[str]:
    return [
        "",
        f"| {' | '.join(columns)} |",
        f"| {' | '.join('---' for _ in columns)} |",
    ]


def _row(*cells: str) -> str:
    safe = (" ".join(cell.replace("|", "\\|").split()) for cell in cells)
    return f"| {' | '.join(safe)} |"


def _entities(
    entities: Iterable[FoundEntity], known: Mapping[str, Any]
) -> Iterator[str]:
    found = sorted(set(entities))
    yield "## Entities"
    yield ""
    yield "The ids are those of a site called *Home* with a charger called *Garage*; \\* means disabled by default."
    for kind in dict.fromkeys(one.kind for one in found):
        yield ""
        yield f"### {kind}"
        yield from _table("Entity", "For example", "Unit or values", "Attributes")
        for one in found:
            if one.kind == kind:
                name = one.name if one.enabled else f"{one.name} \\*"
                yield _row(
                    name,
                    f"`{one.example}`",
                    one.values,
                    ", ".join(f"`{a}`" for a in one.attributes),
                )
    shown = {one.key for one in found}
    rest = [
        (platform, key, text["name"])
        for platform, keys in known.items()
        for key, text in keys.items()
        if f"{platform}.{key}" not in shown and not key.startswith("simulated_")
    ]
    yield ""
    yield "### Only for some sites"
    yield ""
    yield "Entities of cards, Modbus devices and meters that the example does not have."
    yield from _table("Entity", "Platform")
    for platform, _, name in sorted(rest, key=lambda one: (one[0], one[2])):
        yield _row(name, platform)


def _services(
    title: str, known: Mapping[str, Any], file: str, prefix: str
) -> Iterator[str]:
    declared = load_yaml_dict(str(HOUSE / file))
    yield ""
    yield f"## {title}"
    yield from _table("Name", "What it does", "Fields (* required)")
    for key in sorted(known):
        text, fields = known[key], (declared.get(key) or {}).get("fields", {})
        named = [
            f"`{field}`{'\\*' if (fields.get(field) or {}).get('required') else ''}: {about.get('description', about['name'])}"
            for field, about in text.get("fields", {}).items()
        ]
        yield _row(f"`{prefix}{key}`", text["description"], "<br>".join(named))


def _events(known: Mapping[str, Any]) -> Iterator[str]:
    yield ""
    yield "## Events"
    yield ""
    yield "Event entities of each charger, with the types of their events and what comes with them:"
    yield from _table("Event entity", "Types", "With")
    for text in known.values():
        attributes = dict(text["state_attributes"])
        types = attributes.pop("event_type")["state"]
        yield _row(
            text["name"],
            ", ".join(f"`{key}`" for key in types),
            ", ".join(f"`{key}`" for key in attributes),
        )
    yield ""
    yield (
        "One event of the event bus: `sunfuse_authorize`, when a card that is not on the list asks to charge "
        "([how to answer](security.md#let-an-automation-decide))."
    )


def _fields(step: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    described = step.get("data_description", {})
    for key, label in step.get("data", {}).items():
        yield label, described.get(key, "")
    for section in step.get("sections", {}).values():
        yield from _fields(section)


def _forms(title: str, steps: Mapping[str, Any]) -> Iterator[str]:
    fields = dict(
        field
        for name, step in steps.items()
        if name not in AGAIN
        for field in _fields(step)
    )
    if not fields:
        return
    yield ""
    yield f"## {title}"
    yield from _table("Field", "Meaning")
    for label, meaning in fields.items():
        yield _row(label, meaning)


def _options(steps: Mapping[str, Any]) -> Iterator[str]:
    yield ""
    yield "## Options"
    for step in steps.values():
        fields = list(_fields(step))
        if fields:
            yield ""
            yield f"### {step['title']}"
            yield from _table("Option", "Meaning")
            yield from (_row(label, meaning) for label, meaning in fields)


def _subentry_names(known: Mapping[str, Any]) -> dict[str, str]:
    return {
        key: SUBENTRIES.get(key, key.replace("_", " ").capitalize())
        for key in known["config_subentries"]
    }


def _reasons(known: Mapping[str, Any]) -> Iterator[str]:
    yield ""
    yield "## Reasons"
    yield ""
    yield "Why a car gets what it gets: the state of *Reason*, the sentence of *Explanation*, and what would change it."
    yield from _table("Reason", "Explanation", "What would change it")
    common = known["common"]
    for key, name in known["entity"]["sensor"]["reason"]["state"].items():
        yield _row(name, common[f"reason_{key}"], common[f"change_{key}"])


def _repairs(known: Mapping[str, Any]) -> Iterator[str]:
    yield ""
    yield "## Repairs"
    yield ""
    yield (
        "In braces: what a repair names. A repair with a dialog is put right by opening it; the others say what to do."
    )
    yield from _table("Repair", "Dialog", "What it says")
    for text in known.values():
        steps = text.get("fix_flow", {}).get("step", {})
        first = next(iter(steps.values()), text)
        # The link of a dialog leads nowhere from here.
        says = re.sub(r"\[(.+?)\]\(\{\w+\}\)", r"\1", first.get("description", ""))
        yield _row(text["title"], "yes" if steps else "", says)


def main(arguments: Sequence[str] = ()) -> int:
    """Let the test that asks a simulated site write the page."""
    return subprocess.call(
        [
            "env",
            f"{WRITE}=1",
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "tests/project/test_reference.py",
            *arguments,
        ],
        cwd=ROOT,
    )


if __name__ == "__main__":
    sys.exit(main())
