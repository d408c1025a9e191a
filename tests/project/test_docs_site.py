"""The documentation is built as a site: every page has its place, and no link leads nowhere."""

from collections.abc import Iterator
from pathlib import Path
import re
import shutil
import subprocess
import sys
import tomllib
from typing import Any

ROOT = Path(__file__).parent.parent.parent


def _pages(nav: Any) -> Iterator[str]:
    """Return the pages of a part of the navigation, and of what is below it."""
    match nav:
        case str():
            yield nav
        case dict():
            for below in nav.values():
                yield from _pages(below)
        case list():
            for below in nav:
                yield from _pages(below)


def test_every_page_has_its_place() -> None:
    """The navigation lists each page once."""
    project = tomllib.loads((ROOT / "zensical.toml").read_text())["project"]
    docs = ROOT / "docs"
    assert sorted(_pages(project["nav"])) == sorted(
        path.relative_to(docs).as_posix() for path in docs.rglob("*.md")
    )


def test_what_holds_a_promise_exists() -> None:
    """Each test, and each file of tests, that docs/robustness.md names is there."""
    promises = (ROOT / "docs" / "robustness.md").read_text(encoding="utf-8")
    files = list((ROOT / "tests").rglob("*.py"))
    found = {path.stem for path in files}
    for path in files:
        found |= set(re.findall(r"\bdef (test_\w+)", path.read_text(encoding="utf-8")))
    assert set(re.findall(r"\btest_\w+", promises)) <= found


def test_the_site_builds_and_no_link_leads_nowhere(tmp_path: Path) -> None:
    """`--strict` counts a broken link as an error."""
    shutil.copytree(ROOT / "docs", tmp_path / "docs")
    shutil.copy(ROOT / "zensical.toml", tmp_path)
    done = subprocess.run(
        [Path(sys.executable).with_name("zensical"), "build", "--strict"],
        cwd=tmp_path,
        capture_output=True,
        check=False,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / ".docs" / "index.html").exists()
