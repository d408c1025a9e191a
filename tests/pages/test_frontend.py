"""The built frontend: it is what the sources say, small, its own, and it speaks every language."""

import gzip
import hashlib
import json
from pathlib import Path
import re

from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.sunfuse.pages import BUILT, ELEMENTS, LOADER, STATIC
from homeassistant.components.frontend import DATA_EXTRA_MODULE_URL
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component

from ..common import free_port, site_entry

SOURCES = Path(__file__).parent.parent.parent / "frontend"
TEXTS = json.loads((BUILT.parent / "translations" / "en.json").read_text("utf-8"))
# The bound of issue 14, for all of it.
MOST_BYTES = 150_000


def test_the_build_is_up_to_date() -> None:
    """Whoever changes a source also runs `npm run build` in frontend/: the first line of each file names its sources."""
    hashed = hashlib.sha256()
    files = [
        *(path for path in (SOURCES / "src").rglob("*") if path.is_file()),
        SOURCES / "package-lock.json",
        SOURCES / "vite.config.mjs",
    ]
    for name in sorted(path.relative_to(SOURCES).as_posix() for path in files):
        hashed.update(f"{name}\0".encode() + (SOURCES / name).read_bytes() + b"\0")
    assert {path.name for path in BUILT.iterdir()} == {LOADER, ELEMENTS}
    for name in (LOADER, ELEMENTS):
        first_line = (BUILT / name).read_text("utf-8").partition("\n")[0]
        assert first_line == f"/* sources {hashed.hexdigest()} */", name


def test_the_build_is_small_and_loads_nothing_from_elsewhere() -> None:
    """All of it together, compressed; addresses are names of XML vocabularies only, and only the loader loads."""
    built = {path.name: path.read_bytes() for path in BUILT.iterdir()}
    assert sum(len(gzip.compress(content)) for content in built.values()) < MOST_BYTES
    for name, content in built.items():
        script = content.decode()
        addresses = set(re.findall(r"""https?://[^\s"'`)]+""", script))
        assert {a for a in addresses if not a.startswith("http://www.w3.org/")} == set()
        loads = re.findall(r"""\bimport\s*\(|\bfrom\s*["']""", script)
        assert len(loads) == (name == LOADER), name


def test_no_registry_is_named_in_the_sources() -> None:
    """Whoever builds uses the registry of their own npm."""
    for name in ("package.json", "package-lock.json", ".npmrc"):
        text = (SOURCES / name).read_text("utf-8")
        assert '"resolved"' not in text, name
        assert not re.search(r"registry\.\w+\.|//\w*registry", text), name


def test_texts_of_the_cards() -> None:
    """Each text that a card names is there, and none is of a card that is gone."""
    source = "\n".join(
        path.read_text("utf-8") for path in (SOURCES / "src").rglob("*.ts")
    )
    texts = {
        key.removeprefix("card_") for key in TEXTS["common"] if key.startswith("card_")
    }
    literals = set(re.findall(r'"(\w+)"', source))
    fields = {f"field_{name}{suffix}" for name in literals for suffix in ("", "_help")}
    assert texts - literals - fields == set()
    # The report's panel has its texts from the report.
    cards = (
        source.partition("class SunfuseReport")[0]
        + source.partition('define("sunfuse-report"')[2]
    )
    assert set(re.findall(r'\bsay\("(\w+)"', cards)) - texts == set()


async def test_registered_without_any_step(
    hass: HomeAssistant, hass_client: ClientSessionGenerator
) -> None:
    """The frontend is told of the script, under an address of its content, and gets it."""
    assert await async_setup_component(hass, "frontend", {})
    entry = site_entry(free_port())
    entry.add_to_hass(hass)
    assert await async_setup_component(hass, "sunfuse", {})
    loader, elements = ((BUILT / name).read_bytes() for name in (LOADER, ELEMENTS))
    version = hashlib.sha256(loader + elements).hexdigest()[:12]
    (url,) = (url for url in hass.data[DATA_EXTRA_MODULE_URL].urls if STATIC in url)
    assert url == f"{STATIC}/{LOADER}?v={version}"
    user = await hass_client()
    for name, content in ((LOADER, loader), (ELEMENTS, elements)):
        answer = await user.get(f"{STATIC}/{name}?v={version}")
        assert await answer.read() == content
        assert "max-age" in answer.headers["Cache-Control"]
    panels = hass.data["frontend_panels"]
    assert not panels["sunfuse-report"].require_admin
    assert panels["sunfuse-dashboard"].require_admin
    await hass.config_entries.async_unload(entry.entry_id)
