"""The table of messages in docs/ocpp.md is complete, and the tests that it names exist."""

from pathlib import Path
import re

from custom_components.sunfuse.central_system.protocol.ocpp_schemas import load_all

from .test_messages import FROM_STATION

FOLDER = Path(__file__).parent
DOCS = FOLDER.parents[1] / "docs" / "ocpp.md"


def _rows(title: str) -> dict[str, tuple[set[str], list[str]]]:
    """Return the messages below a heading, with their versions and tests."""
    section = DOCS.read_text(encoding="utf-8").split(f"\n## {title}\n")[1]
    section = section.split("\n## ")[0]
    rows: dict[str, tuple[set[str], list[str]]] = {}
    for line in section.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if re.fullmatch(r"[A-Z]\w+", cells[0]) and cells[0] != "Message":
            rows[cells[0]] = (set(cells[1].split(", ")), re.findall(r"test_\w+", line))
    return rows


def test_every_message_has_a_row() -> None:
    """Every message of the three versions stands where it belongs."""
    received, sent = _rows("Messages of the charger"), _rows("Messages to the charger")
    for version, schemas in load_all().items():
        own = FROM_STATION[version]
        for action in schemas.actions - {"NotifyPeriodicEventStream"}:
            rows = received if action in own else sent
            assert version in rows[action][0], (version, action)


def test_named_tests_exist() -> None:
    """Every test that the table names is there."""
    code = "".join(
        path.read_text(encoding="utf-8") for path in FOLDER.glob("test_*.py")
    )
    for title in ("Messages of the charger", "Messages to the charger"):
        for action, (_, tests) in _rows(title).items():
            for test in tests:
                assert f"def {test}(" in code, (action, test)


def test_every_line_has_its_test() -> None:
    """Every test that is named for what happens on a bad network is there."""
    section = DOCS.read_text(encoding="utf-8").split("\n### What is tried\n")[1]
    rows = [line for line in section.split("\n## ")[0].splitlines() if "| test" in line]
    assert len(rows) > 20
    code = "".join(
        path.read_text(encoding="utf-8") for path in FOLDER.glob("test_*.py")
    )
    for row in rows:
        for test in re.findall(r"test_\w+", row):
            assert f"def {test}(" in code, test
