"""One word for one thing: no two modules and no two public types share a name unless the glossary says why."""

import ast
from collections import Counter, defaultdict
from pathlib import Path
import re

ROOT = Path(__file__).parent.parent.parent
HOUSE = ROOT / "custom_components" / "sunfuse"
ARCHITECTURE = ROOT / "docs" / "architecture.md"
# The section of the glossary that lists names which stand for two things: name, where, and why.
SHARED = re.compile(r"### Names that are shared\n(.*?)(?:\n#|\Z)", re.DOTALL)
ROW = re.compile(r"^\| `(\w+)` \| .+ \| .+ \|$", re.MULTILINE)


def public_classes() -> Counter[str]:
    """Return how many modules define a public class of each name."""
    return Counter(
        node.name
        for path in HOUSE.rglob("*.py")
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    )


def type_aliases() -> set[str]:
    """Return the public names of types; rooms that do not know each other may have the same."""
    return {
        node.name.id
        for path in HOUSE.rglob("*.py")
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.TypeAlias) and not node.name.id.startswith("_")
    }


def explained() -> set[str]:
    """Return the names of which the glossary says why they stand for two things."""
    section = SHARED.search(ARCHITECTURE.read_text(encoding="utf-8"))
    assert section
    return set(ROW.findall(section[1]))


def test_no_two_public_types_share_a_name() -> None:
    """Whoever reads a name knows which thing it is; the glossary lists no name that is not shared."""
    classes = public_classes()
    shared = {name for name, count in classes.items() if count > 1}
    shared |= classes.keys() & type_aliases()
    assert shared == explained() - modules_that_share_a_name()


# One adapter for each version of OCPP: their modules are named alike because they do the same.
VERSIONS = {"central_system/v16", "central_system/v2"}
# Home Assistant's side of a thing: its forms, sensors and actions, and what runs while a site is set up.
SIDES = {"", "flows", "sensors", "actions", "site"}


def modules_that_share_a_name() -> set[str]:
    """Return the names of modules that stand for two things, apart from versions and Home Assistant's side of a thing."""
    folders: dict[str, list[str]] = defaultdict(list)
    for path in HOUSE.rglob("*.py"):
        if path.stem != "__init__":
            folders[path.stem].append(
                path.parent.relative_to(HOUSE).as_posix().removeprefix(".")
            )
    for name, places in folders.items():
        if len(VERSIONS.intersection(places)) == len(VERSIONS):
            folders[name] = [
                *(place for place in places if place not in VERSIONS),
                "versions",
            ]
    return {
        name
        for name, places in folders.items()
        if len([place for place in places if place.partition("/")[0] not in SIDES]) > 1
    }


def test_no_two_modules_share_a_name() -> None:
    """Whoever reads a module's name knows which room it is in."""
    assert modules_that_share_a_name() <= explained()


def test_the_architecture_names_what_exists() -> None:
    """Each module that the page names exists; only the first column of the table of moves names old places."""
    page, moves = ARCHITECTURE.read_text(encoding="utf-8").split("## Where things went")
    present = "\n".join(row.rpartition("| `")[2] for row in moves.splitlines())
    named = set(re.findall(r"\b\w+\.py\b", page + present))
    folders = ("custom_components", "tests", "development", "benchmarks")
    assert named <= {
        path.name for folder in folders for path in (ROOT / folder).rglob("*.py")
    }
