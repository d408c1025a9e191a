"""The rules of the rooms (docs/architecture.md), read from the source: which imports are allowed, and what stays outside."""

import ast
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
import sys

import pytest

PACKAGE = "custom_components.sunfuse"
HOUSE = Path(__file__).parent.parent.parent / "custom_components" / "sunfuse"

# What each room may use besides the standard library and itself. A room that is not named here may use nothing.
ROOMS: dict[str, set[str]] = {
    "engine": set(),
    "drivers": set(),
    "planner": {"highspy", "numpy"},
    "central_system": {
        "aiohttp",
        "cryptography",
        "jsonschema",
        "ocpp",
        "yarl",
        f"{PACKAGE}.engine",
    },
    "simulator": {
        "aiohttp",
        "astral",
        "jsonschema",
        "ocpp",
        "yarl",
        f"{PACKAGE}.engine",
    },
    # SQLite is in the standard library.
    "sessions": set(),
    # Pure rooms that decide, the physics of a battery, and how a plan is handed to the engine.
    "what_if": {
        f"{PACKAGE}.drivers",
        f"{PACKAGE}.engine",
        f"{PACKAGE}.planner",
        f"{PACKAGE}.simulator.battery",
        f"{PACKAGE}.site.planning.plan_slots",
    },
    "sources": {"astral", "homeassistant", "pymodbus", f"{PACKAGE}.engine"},
    # What joins the rooms inside Home Assistant, by theme.
    # What an action returns can also be downloaded.
    "assist": {"hassil", "homeassistant", PACKAGE},
    "repair_issues": {"homeassistant", "voluptuous", PACKAGE},
    "actions": {"aiohttp", "homeassistant", "voluptuous", PACKAGE},
    "flows": {"homeassistant", "voluptuous", "yarl", PACKAGE},
    "owner_entities": {"homeassistant", PACKAGE},
    "sensors": {"homeassistant", PACKAGE},
    "websocket": {"homeassistant", "voluptuous", PACKAGE},
    "site": {
        "aiohttp",
        "cryptography",
        "homeassistant",
        "voluptuous",
        "sqlalchemy",
        PACKAGE,
    },
}
# What these return depends on what they are given, and on nothing else.
PURE_ROOMS = ("drivers", "engine", "planner", "what_if")
# A decision is a function of its snapshot: the engine computes, with these, and does nothing else. A line in the
# log changes no decision.
PURE = {
    "abc",
    "bisect",
    "collections",
    "copy",
    "dataclasses",
    "datetime",
    "enum",
    "fractions",
    "functools",
    "heapq",
    "itertools",
    "json",
    "logging",
    "math",
    "operator",
    "statistics",
    "types",
    "typing",
}
# Ways to ask what time it is, of datetime, date and time.
CLOCKS = {"now", "utcnow", "today", "time", "time_ns", "monotonic", "perf_counter"}
INPUT_AND_OUTPUT = {"open", "print", "input", "eval", "exec", "__import__"}
# The folders of a room, each with those that it may use. In central_system/ the versions of OCPP do not know each other,
# and a station does not know them. What lies beside the folders joins them, or is what they are about.
FOLDERS: dict[str, dict[str, set[str]]] = {
    "central_system": {
        "protocol": set(),
        "security": {"protocol"},
        "station": {"protocol", "security"},
        "onboarding": {"protocol", "security", "station"},
        "v16": {"protocol", "security", "station", "onboarding"},
        "v2": {"protocol", "security", "station", "onboarding"},
    },
    "central_system.station": {
        "metering": set(),
        "limits": {"metering"},
        "sessions": {"metering", "limits"},
    },
    "engine": {
        "limits": set(),
        "cars": set(),
        "meters": {"cars", "limits"},
        "sharing": {"cars", "limits", "meters"},
        "sun": {"cars", "meters", "sharing"},
        "offers": {"cars", "meters", "sharing"},
    },
    "planner": {
        "program": set(),
        "simple": set(),
        "to_problem": set(),
        "to_intention": {"to_problem"},
    },
    "sessions": {
        "ledger": set(),
        "exports": set(),
    },
    "sources": {
        "tariffs": set(),
        "forecasts": {"tariffs"},
        "modbus": set(),
        "meters": set(),
        "report": {"forecasts"},
    },
    "simulator": {"stations": set()},
    "flows": {
        "meters": set(),
        "tariffs": set(),
        "modbus": set(),
        "circuits": {"meters"},
        "chargers": {"circuits"},
        "people": {"tariffs"},
        "site": {"circuits", "meters", "people"},
    },
    "site": {
        "people": set(),
        "chargers": {"people"},
        "cars": {"chargers", "people"},
        "battery": set(),
        "simulated": {"cars"},
        "planning": {"battery", "cars", "chargers", "simulated"},
        "ledger": {"cars", "people"},
        "replay": {"battery", "planning"},
    },
}
# About 400, says the house.
LONGEST_MODULE = 450


def modules(room: str) -> list[Path]:
    """Return the modules of a room."""
    return sorted((HOUSE / room).rglob("*.py"))


def imported(module: str, source: str, *, is_package: bool = False) -> Iterator[str]:
    """Yield the full name of every module that a module imports, wherever it does."""
    package = module if is_package else module.rpartition(".")[0]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = package.split(".")[: 1 - node.level or None] if node.level else []
            base = ".".join([*start, *filter(None, [node.module])])
            # `from .. import engine` names a module, `from ..engine import decide` does not.
            yield from (
                f"{base}.{alias.name}" if base == PACKAGE else base
                for alias in node.names
            )


def import_graph() -> dict[str, set[str]]:
    """Return what each module of the integration imports of it, also what it imports for types alone."""
    sources = {
        ".".join([PACKAGE, *path.relative_to(HOUSE).with_suffix("").parts]): path
        for path in HOUSE.rglob("*.py")
    }
    modules = {name.removesuffix(".__init__"): path for name, path in sources.items()}
    graph = {}
    for name, path in modules.items():
        names = imported_names(
            name,
            path.read_text(encoding="utf-8"),
            is_package=path.name == "__init__.py",
        )
        found = {
            next((one for one in candidates if one in modules), None)
            for candidates in names
        }
        graph[name] = {one for one in found if one is not None} - {name}
    return graph


def imported_names(
    module: str, source: str, *, is_package: bool = False
) -> Iterator[tuple[str, ...]]:
    """Yield what each imported name may be: a module of a package, else something in the module before it."""
    package = module if is_package else module.rpartition(".")[0]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((alias.name,) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = package.split(".")[: 1 - node.level or None] if node.level else []
            base = ".".join([*start, *filter(None, [node.module])])
            yield from ((f"{base}.{alias.name}", base) for alias in node.names)


def room_of(module: str) -> str:
    """Return the room of a module, or the module itself if it lies beside the rooms."""
    return module.removeprefix(f"{PACKAGE}.").partition(".")[0]


def circles(graph: Mapping[str, Iterable[str]]) -> set[frozenset[str]]:
    """Return the sets of modules of which each one leads to every other."""
    reached = {module: _reached(graph, module) for module in graph}
    return {
        circle
        for module, after in reached.items()
        if len(
            circle := frozenset(
                one for one in after if module in reached[one] or one == module
            )
        )
        > 1
    }


def _reached(graph: Mapping[str, Iterable[str]], start: str) -> set[str]:
    found, waiting = {start}, [start]
    while waiting:
        new = set(graph[waiting.pop()]) - found
        found |= new
        waiting += new
    return found


def allowed(name: str, room: str) -> bool:
    """Return whether a module of this room may import that one."""
    top = name.partition(".")[0]
    if top in sys.stdlib_module_names:
        return room not in PURE_ROOMS or top in PURE
    names = {f"{PACKAGE}.{room}"} | ROOMS[room]
    return any(name == own or name.startswith(f"{own}.") for own in names)


def impure(source: str) -> Iterator[str]:
    """Yield every call that reads a clock, or that reads or writes anything else."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        if isinstance(node.func, ast.Attribute) and node.func.attr in CLOCKS:
            yield ast.unparse(node.func)
        if isinstance(node.func, ast.Name) and node.func.id in INPUT_AND_OUTPUT:
            yield node.func.id


def found_in(room: str) -> Iterator[tuple[Path, str, str]]:
    """Yield each module of a room: its path, its full name and its source."""
    for path in modules(room):
        parts = path.relative_to(HOUSE).with_suffix("").parts
        name = ".".join([PACKAGE, *parts]).removesuffix(".__init__")
        yield path, name, path.read_text(encoding="utf-8")


def test_every_room_has_its_rule() -> None:
    """A new room says here what it may use."""
    rooms = {path.name for path in HOUSE.iterdir() if (path / "__init__.py").exists()}
    assert rooms == ROOMS.keys()


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_what_it_may(room: str) -> None:
    """The engine knows nothing of Home Assistant and OCPP, and those who speak OCPP nothing of Home Assistant."""
    wrong = [
        f"{path.relative_to(HOUSE)}: {imports}"
        for path, name, source in found_in(room)
        for imports in imported(name, source, is_package=path.name == "__init__.py")
        if not allowed(imports, room)
    ]
    assert not wrong


@pytest.mark.parametrize("room", PURE_ROOMS)
def test_a_pure_room_owns_no_clock_and_touches_nothing(room: str) -> None:
    """`now` comes in with the snapshot, so that a recorded snapshot is a test case."""
    wrong = [
        f"{path.relative_to(HOUSE)}: {call}()"
        for path, _, source in found_in(room)
        for call in impure(source)
    ]
    assert not wrong


@pytest.mark.parametrize(
    "room", [*PURE_ROOMS, "central_system", "sessions", "simulator"]
)
def test_hass_stays_outside(room: str) -> None:
    """Only sources/ and those who join the rooms inside Home Assistant touch `hass`."""
    wrong = [
        str(path.relative_to(HOUSE))
        for path, _, source in found_in(room)
        if any(
            (isinstance(node, ast.arg) and node.arg == "hass")
            or (isinstance(node, ast.Name) and node.id == "hass")
            for node in ast.walk(ast.parse(source))
        )
    ]
    assert not wrong


def test_no_import_circle() -> None:
    """No module needs another one that needs it, not even for types: each can be read, and changed, after the others."""
    assert circles(import_graph()) == set()


def test_no_circle_of_rooms() -> None:
    """Rooms, and the modules beside them, need each other one way, too; only `site/`, which joins them, is needed by those that it needs."""
    rooms: dict[str, set[str]] = {}
    for module, others in import_graph().items():
        needed = rooms.setdefault(room_of(module), set())
        needed |= {room_of(other) for other in others} - {room_of(module), "site"}
    assert circles(rooms) == set()


@pytest.mark.parametrize("room", FOLDERS)
def test_a_folder_uses_only_the_folders_that_it_may(room: str) -> None:
    """Within a room imports go one way: what is in a folder can be read after those that it may use."""
    top, rules = f"{PACKAGE}.{room}.", FOLDERS[room]
    graph = import_graph()
    folders = {
        module: module.removeprefix(top).partition(".")[0]
        for module in graph
        if module.startswith(top)
    }
    wrong = [
        f"{module}: {other}"
        for module, others in graph.items()
        for other in others
        if folders.get(module) in rules and folders.get(other) in rules
        if folders[other] not in rules[folders[module]] | {folders[module]}
    ]
    assert wrong == []
    assert rules.keys() == {
        path.name
        for path in HOUSE.joinpath(*room.split(".")).iterdir()
        if path.name[0] not in "._" and path.is_dir()
    }


def test_a_circle_is_seen() -> None:
    """A circle of any length is found, and a module that only leads to one is no part of it."""
    graph = {"a": {"b"}, "b": {"c"}, "c": {"b", "d"}, "d": set[str]()}
    assert circles(graph) == {frozenset("bc")}


@pytest.mark.parametrize(
    "source",
    [
        "from .decide import decide",
        "from . import decide",
        "from ..engine import decide",
        "import custom_components.sunfuse.engine.decide",
        "if TYPE_CHECKING:\n    from .decide import decide",
    ],
)
def test_an_import_is_seen_however_it_is_written(source: str) -> None:
    """The graph has an arrow for each of these."""
    [candidates] = imported_names(f"{PACKAGE}.engine.module", source)
    assert f"{PACKAGE}.engine.decide" in candidates


def test_no_module_is_two() -> None:
    """A module that passes about 400 lines is asking to be two."""
    lengths = {
        str(path.relative_to(HOUSE)): len(path.read_bytes().splitlines())
        for path in HOUSE.rglob("*.py")
    }
    assert {name for name, length in lengths.items() if length > LONGEST_MODULE} == (
        set()
    )


@pytest.mark.parametrize(
    ("room", "source"),
    [
        ("engine", "import homeassistant"),
        ("engine", "from homeassistant.core import HomeAssistant"),
        ("engine", "from ..central_system.model import StationState"),
        ("engine", "from .. import central_system"),
        ("engine", "from ..const import DOMAIN"),
        ("engine", "import asyncio"),
        ("engine", "import random"),
        ("engine", "def late():\n    import ocpp"),
        ("central_system", "from homeassistant.core import callback"),
        ("central_system", "from ..simulator import Simulation"),
        ("central_system", "from ..site.controller import Controller"),
        ("simulator", "from ..central_system import CentralSystem"),
        ("sources", "from ..central_system import CentralSystem"),
    ],
)
def test_a_broken_rule_is_seen(room: str, source: str) -> None:
    """The reading itself is right: each of these is refused in that room."""
    names = list(imported(f"{PACKAGE}.{room}.module", source))
    assert names
    assert not all(allowed(name, room) for name in names)


@pytest.mark.parametrize(
    ("room", "source"),
    [
        ("engine", "from .model import Snapshot"),
        ("engine", "from . import reasons"),
        ("engine", "from datetime import datetime"),
        ("central_system", "from ..engine.model import ConnectorStatus"),
        ("simulator", "from aiohttp import ClientSession"),
        ("sources", "from homeassistant.core import HomeAssistant"),
    ],
)
def test_allowed_imports_pass(room: str, source: str) -> None:
    """Nothing that the house allows is refused."""
    names = list(imported(f"{PACKAGE}.{room}.module", source))
    assert names
    assert all(allowed(name, room) for name in names)


@pytest.mark.parametrize(
    "source", ["datetime.now(UTC)", "time.monotonic()", "open('x')", "date.today()"]
)
def test_a_clock_is_seen(source: str) -> None:
    """Reading the clock or a file is seen for what it is."""
    assert list(impure(source))


def test_the_parts_of_a_site_are_not_looked_up() -> None:
    """They are given what they need; only what serves entities, actions and the entry itself starts from the whole."""
    looks_up = {
        path.stem
        for path, name, source in found_in("site")
        if f"{PACKAGE}.data" in imported(name, source)
    }
    assert looks_up == {
        "boosts",
        "driver_words",
        "person_removal",
        "readiness",
        "reporting",
        "uncontrolled_chargers",
        "updates",
        "what_if_replay",
    }


def test_the_ways_into_a_site_do_not_know_each_other() -> None:
    """What actions, cards and voice share belongs to a room below them."""
    ways = ("actions", "assist", "websocket")
    assert [
        (name, used)
        for way in ways
        for _, name, source in found_in(way)
        for used in imported(name, source)
        for other in ways
        if other != way and used.startswith(f"{PACKAGE}.{other}")
    ] == []


def test_what_is_composed_is_not_a_tower() -> None:
    """Outside Home Assistant's own hierarchies, inheritance has two levels at most."""
    bases = {
        (room, node.name): [
            base.id for base in map(_origin, node.bases) if isinstance(base, ast.Name)
        ]
        for room in (
            "central_system",
            "engine",
            "planner",
            "sessions",
            "simulator",
            "site",
        )
        for _, _, source in found_in(room)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.ClassDef)
    }

    def floors(room: str, name: str) -> int:
        below = [base for base in bases[room, name] if (room, base) in bases]
        return 1 + max((floors(room, base) for base in below), default=0)

    assert [one for one in bases if floors(*one) > 2] == []


def _origin(base: ast.expr) -> ast.expr:
    """Return a generic class without its parameters."""
    return base.value if isinstance(base, ast.Subscript) else base
