"""Manifest, HACS, brand and quality scale, held to the rules that Home Assistant and HACS publish."""

import importlib.util
import json
from pathlib import Path
import re
import struct
from typing import Any

from awesomeversion import AwesomeVersion, AwesomeVersionStrategy
import pytest
from yarl import URL

from homeassistant.util.yaml import load_yaml_dict

ROOT = Path(__file__).parent.parent.parent
INTEGRATION = ROOT / "custom_components" / "sunfuse"

# developers.home-assistant.io/docs/creating_integration_manifest
KNOWN_KEYS = {
    "after_dependencies",
    "bluetooth",
    "codeowners",
    "config_flow",
    "dependencies",
    "dhcp",
    "documentation",
    "domain",
    "homekit",
    "import_executor",
    "integration_type",
    "iot_class",
    "issue_tracker",
    "loggers",
    "mqtt",
    "name",
    "preview_features",
    "quality_scale",
    "requirements",
    "single_config_entry",
    "ssdp",
    "usb",
    "version",
    "zeroconf",
}
REQUIRED_KEYS = {
    "codeowners",
    "dependencies",
    "documentation",
    "domain",
    "integration_type",
    "iot_class",
    "issue_tracker",
    "name",
    "requirements",
    "version",
}
# hacs.xyz/docs/publish/start
KNOWN_HACS_KEYS = {
    "content_in_root",
    "country",
    "filename",
    "hacs",
    "hide_default_branch",
    "homeassistant",
    "name",
    "persistent_directory",
    "render_readme",
    "zip_release",
}

# developers.home-assistant.io/docs/core/integration-quality-scale/checklist
RULES = [
    "action-setup",
    "appropriate-polling",
    "brands",
    "common-modules",
    "config-flow",
    "config-flow-test-coverage",
    "dependency-transparency",
    "docs-actions",
    "docs-conditions",
    "docs-high-level-description",
    "docs-installation-instructions",
    "docs-removal-instructions",
    "docs-triggers",
    "entity-event-setup",
    "entity-unique-id",
    "has-entity-name",
    "runtime-data",
    "test-before-configure",
    "test-before-setup",
    "unique-config-entry",
    "action-exceptions",
    "config-entry-unloading",
    "docs-configuration-parameters",
    "docs-installation-parameters",
    "entity-unavailable",
    "integration-owner",
    "log-when-unavailable",
    "parallel-updates",
    "reauthentication-flow",
    "test-coverage",
    "devices",
    "diagnostics",
    "discovery",
    "discovery-update-info",
    "docs-data-update",
    "docs-examples",
    "docs-known-limitations",
    "docs-supported-devices",
    "docs-supported-functions",
    "docs-troubleshooting",
    "docs-use-cases",
    "dynamic-devices",
    "entity-category",
    "entity-device-class",
    "entity-disabled-by-default",
    "entity-translations",
    "exception-translations",
    "icon-translations",
    "reconfiguration-flow",
    "repair-issues",
    "stale-devices",
    "async-dependency",
    "inject-websession",
    "strict-typing",
]


def _json(path: Path) -> Any:
    return json.loads(path.read_text("utf-8"))


@pytest.fixture(scope="module", name="manifest")
def manifest_fixture() -> dict[str, Any]:
    """Return the manifest."""
    manifest: dict[str, Any] = _json(INTEGRATION / "manifest.json")
    return manifest


def test_manifest_has_what_it_must_and_nothing_unknown(
    manifest: dict[str, Any],
) -> None:
    """An unknown key is a typing error that Home Assistant would not mention."""
    assert manifest.keys() >= REQUIRED_KEYS
    assert manifest.keys() <= KNOWN_KEYS


def test_manifest_is_sorted(manifest: dict[str, Any]) -> None:
    """Domain and name come first, the rest by the alphabet."""
    keys = list(manifest)
    assert keys == ["domain", "name", *sorted(keys[2:])]


def test_manifest_values(manifest: dict[str, Any]) -> None:
    """The values are those that Home Assistant knows."""
    assert manifest["domain"] == INTEGRATION.name
    assert re.fullmatch(r"[a-z0-9_]+", manifest["domain"])
    assert manifest["config_flow"] is (INTEGRATION / "config_flow.py").exists()
    assert manifest["integration_type"] in {
        "device",
        "entity",
        "hardware",
        "helper",
        "hub",
        "service",
        "system",
        "virtual",
    }
    assert manifest["iot_class"] in {
        "assumed_state",
        "calculated",
        "cloud_polling",
        "cloud_push",
        "local_polling",
        "local_push",
    }
    assert all(re.fullmatch(r"@[A-Za-z0-9-]+", who) for who in manifest["codeowners"])
    assert manifest["codeowners"]
    for key in ("documentation", "issue_tracker"):
        assert URL(manifest[key]).scheme == "https"
    version = AwesomeVersion(
        manifest["version"], ensure_strategy=AwesomeVersionStrategy.SEMVER
    )
    assert version.valid


def test_manifest_and_project_agree(manifest: dict[str, Any]) -> None:
    """The version and the requirements are the same wherever they are written."""
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    assert f'\nversion = "{manifest["version"]}"' in project
    lock = (ROOT / "requirements.lock").read_text("utf-8").lower()
    for requirement in manifest["requirements"]:
        name, separator, _ = requirement.partition("==")
        wanted = requirement if separator else f"{name}=="
        assert f"\n{wanted.lower()}" in f"\n{lock}", requirement


def _imports() -> set[str]:
    return {
        match
        for path in INTEGRATION.rglob("*.py")
        for match in re.findall(
            r"^(?:from|import) ([a-z_0-9]+)", path.read_text("utf-8"), re.MULTILINE
        )
    }


def test_every_library_that_is_imported_is_required_and_used(
    manifest: dict[str, Any],
) -> None:
    """What Home Assistant itself brings along need not be required again."""
    required = {
        re.split(r"[=<>~!]", requirement)[0] for requirement in manifest["requirements"]
    }
    # pymodbus imports pyserial for serial lines, and leaves it to others to have it installed.
    assert required - {"pyserial"} <= _imports()
    for library in ("ocpp", "numpy", "highspy", "pymodbus"):
        assert (library in _imports()) <= (library in required), library


def test_components_that_are_used_are_dependencies(manifest: dict[str, Any]) -> None:
    """Each component that is imported is set up before, unless it is a base platform."""
    used = {
        match
        for path in INTEGRATION.rglob("*.py")
        for match in re.findall(
            r"homeassistant\.components\.([a-z_]+)", path.read_text("utf-8")
        )
    }
    base = {
        "binary_sensor",
        "button",
        "calendar",
        "diagnostics",
        "event",
        # Always there.
        "homeassistant",
        # Loads our platform itself.
        "llm",
        "number",
        "select",
        "sensor",
        "switch",
        "repairs",
        "system_health",
        "time",
        "update",
    }
    dependencies = {*manifest["dependencies"], *manifest.get("after_dependencies", ())}
    assert used - base <= dependencies
    assert not set(manifest["dependencies"]) & set(
        manifest.get("after_dependencies", ())
    )


def test_hacs() -> None:
    """HACS refuses keys that it does not know, and shows the name."""
    hacs = _json(ROOT / "hacs.json")
    assert {"name"} <= hacs.keys() <= KNOWN_HACS_KEYS
    assert hacs["homeassistant"] == "2026.10.0"
    assert [
        path.name for path in (ROOT / "custom_components").iterdir() if path.is_dir()
    ].count("sunfuse") == 1


def test_the_licence_is_an_open_one() -> None:
    """The licence of the project is the one in its file."""
    assert "Apache License" in (ROOT / "LICENSE").read_text("utf-8")
    assert 'license = "Apache-2.0"' in (ROOT / "pyproject.toml").read_text("utf-8")


@pytest.mark.parametrize(
    ("name", "width", "height"),
    [
        ("icon.png", 256, 256),
        ("icon@2x.png", 512, 512),
        ("logo.png", 768, 256),
        ("logo@2x.png", 1536, 512),
    ],
)
def test_brand(name: str, width: int, height: int) -> None:
    """Icons are square, 256 and 512 pixels; the shorter side of a logo likewise. All are transparent."""
    data = (INTEGRATION / "brand" / name).read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", data[16:24]) == (width, height)
    assert data[25] == 6, "RGB with alpha"


def test_brand_has_nothing_else() -> None:
    """Home Assistant serves only the names that it knows."""
    known = {
        f"{dark}{kind}{size}.png"
        for dark in ("", "dark_")
        for kind in ("icon", "logo")
        for size in ("", "@2x")
    }
    assert {path.name for path in (INTEGRATION / "brand").iterdir()} <= known


def test_quality_scale() -> None:
    """Every rule is there, and is done, or exempt with a reason."""
    rules = load_yaml_dict(INTEGRATION / "quality_scale.yaml")["rules"]
    assert len(RULES) == 54
    assert sorted(rules) == sorted(RULES)
    for name, value in rules.items():
        if value == "done":
            continue
        assert value.keys() <= {"status", "comment"}, name
        assert value["status"] in {"done", "exempt"}, name
        assert value["status"] == "done" or len(value["comment"]) > 20, name


def test_rules_that_files_prove() -> None:
    """What a rule says is done can be seen in the code, and the other way round."""
    rules = load_yaml_dict(INTEGRATION / "quality_scale.yaml")["rules"]

    def done(rule: str) -> bool:
        value = rules[rule]
        return "done" in (value, value["status"] if value != "done" else "")

    code = {path.stem: path.read_text("utf-8") for path in INTEGRATION.glob("*.py")}
    everything = "\n".join(code.values())
    actions = (INTEGRATION / "services.yaml").exists()
    assert done("action-setup") is done("docs-actions") is actions
    assert done("docs-triggers") is (INTEGRATION / "triggers.yaml").exists()
    assert done("docs-conditions") is (INTEGRATION / "conditions.yaml").exists()
    assert done("diagnostics") is ("diagnostics" in code)
    assert done("repair-issues") is ("async_create_issue" in everything)
    assert done("reauthentication-flow") is ("async_step_reauth" in everything)
    assert done("reconfiguration-flow") is ("async_step_reconfigure" in everything)
    assert done("config-entry-unloading") is ("async_unload_entry" in everything)
    modules = "\n".join(path.read_text("utf-8") for path in INTEGRATION.rglob("*.py"))
    assert done("inject-websession") is ("async_get_clientsession" in modules)
    assert "ClientSession()" not in modules
    assert done("appropriate-polling") is (INTEGRATION / "sources/modbus").is_dir()
    discovered_by = {"bluetooth", "dhcp", "homekit", "mqtt", "ssdp", "usb", "zeroconf"}
    manifest = _json(INTEGRATION / "manifest.json")
    assert done("discovery") is bool(discovered_by & manifest.keys())
    assert done("strict-typing") is (
        "strict = true" in (ROOT / "pyproject.toml").read_text()
    )


@pytest.mark.parametrize(
    ("platform", "at_a_time"),
    [
        *(
            (platform, 1)
            for platform in ("button", "calendar", "number", "select", "switch", "time")
        ),
        *((p, 0) for p in ("binary_sensor", "event", "sensor", "update")),
    ],
)
def test_parallel_updates(platform: str, at_a_time: int) -> None:
    """Commands of users go out one at a time; what only shows the coordinator's data has no bound."""
    code = (INTEGRATION / f"{platform}.py").read_text("utf-8")
    assert f"\nPARALLEL_UPDATES = {at_a_time}\n" in code


def test_libraries_that_are_not_pinned_or_not_typed_are_listed(
    manifest: dict[str, Any],
) -> None:
    """The quality scale names each of them."""
    rules = load_yaml_dict(INTEGRATION / "quality_scale.yaml")["rules"]
    for requirement in manifest["requirements"]:
        name, pinned, _ = requirement.partition("==")
        if not pinned:
            assert name in rules["dependency-transparency"]["comment"], name
        module = "serial" if name == "pyserial" else name
        spec = importlib.util.find_spec(module)
        assert spec is not None
        assert spec.origin is not None
        if not (Path(spec.origin).parent / "py.typed").exists():
            assert name in rules["strict-typing"]["comment"], name


@pytest.mark.parametrize(
    ("rule", "page", "heading"),
    [
        ("docs-high-level-description", "README.md", "Use cases"),
        ("docs-installation-instructions", "README.md", "Installation"),
        ("docs-removal-instructions", "README.md", "Removal"),
        ("docs-installation-parameters", "docs/configuration.md", "Set up my site"),
        ("docs-configuration-parameters", "docs/configuration.md", "Options"),
        ("docs-actions", "docs/actions.md", "Actions"),
        ("docs-data-update", "docs/entities.md", "How data is updated"),
        ("docs-examples", "docs/examples.md", "Examples"),
        ("docs-known-limitations", "docs/troubleshooting.md", "Known limitations"),
        ("docs-supported-devices", "docs/entities.md", "Supported devices"),
        ("docs-supported-functions", "docs/entities.md", "Supported functions"),
        ("docs-troubleshooting", "docs/troubleshooting.md", "Troubleshooting"),
        ("docs-use-cases", "README.md", "Use cases"),
    ],
)
def test_the_docs_have_what_the_quality_scale_asks_for(
    rule: str, page: str, heading: str
) -> None:
    """Each rule on documentation has its section, on a page that the README links to."""
    text = (ROOT / page).read_text("utf-8")
    assert re.search(rf"^##* {re.escape(heading)}$", text, re.MULTILINE), rule
    assert page == "README.md" or f"]({page})" in _readme(), page


def _readme() -> str:
    return (ROOT / "README.md").read_text("utf-8")


def test_the_readme_is_short_and_leads_on() -> None:
    """What it is, a picture, the installation, the first charger, what happens by default; the rest by links."""
    readme = _readme()
    assert len(readme.splitlines()) < 200
    first = [
        "Use cases",
        "Installation",
        "Set up your site",
        "Your first charger",
        "What happens by default",
        "For electricians",
        "For developers",
    ]
    headings = re.findall(r"^## (.+)$", readme, re.MULTILINE)
    assert headings[: len(first)] == first
    assert readme.index("dashboard.png") < readme.index("## Use cases")


def test_developers_find_both_commands() -> None:
    """They are in a section of their own, which the beginning of the README links to, and they exist."""
    readme = _readme()
    assert "](#for-developers)" in readme.split("\n## ")[0]
    section = readme.split("\n## For developers\n")[1].split("\n## ")[0]
    commands = re.findall(r"^(scripts/\w+)$", section, re.MULTILINE)
    assert commands == ["scripts/develop", "scripts/test"]
    for command in commands:
        assert (ROOT / command).stat().st_mode & 0o100, command


def test_the_index_of_the_docs_is_complete() -> None:
    """Each page has its line, and no page is gone."""
    index = (ROOT / "docs" / "README.md").read_text("utf-8")
    named = set(re.findall(r"^\| \[[^]]+\]\(([\w.-]+)\) \| \S", index, re.MULTILINE))
    pages = {path.name for path in (ROOT / "docs").glob("*.md")}
    assert named == pages - {"README.md"}


def test_the_docs_name_every_action() -> None:
    """Each action is explained with each of its fields, and none that does not exist."""
    page = (ROOT / "docs" / "actions.md").read_text("utf-8")
    rows = dict(re.findall(r"^\| `sunfuse\.(\w+)` \|(.*)$", page, re.MULTILINE))
    actions = load_yaml_dict(INTEGRATION / "services.yaml")
    assert rows.keys() == actions.keys()
    for name, action in actions.items():
        for field in action.get("fields", {}).keys() - {"device_id"}:
            assert f"`{field}`" in rows[name], (name, field)


PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted((ROOT / "docs").glob("*.md")),
]


def _anchors(page: Path) -> set[str]:
    """Return what GitHub makes of a page's headings."""
    headings = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    words = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings)
    return {word.strip().replace(" ", "-") for word in words}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_link_leads_nowhere(page: Path) -> None:
    """Every picture, page, file and section that a page of ours links to exists."""
    text = page.read_text("utf-8")
    targets = re.findall(r"\]\((?!https?:|/)([^)#]*)(?:#([^)]+))?\)", text)
    for target, anchor in targets:
        linked = (page.parent / target).resolve() if target else page
        assert linked.exists(), target
        assert not anchor or anchor in _anchors(linked), (target, anchor)
