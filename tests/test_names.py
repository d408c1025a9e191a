"""One word for one thing: no two public classes share a name unless the glossary says why."""

import ast
from collections import Counter
from pathlib import Path
import re

ROOT = Path(__file__).parent.parent
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


def explained() -> set[str]:
    """Return the names of which the glossary says why they stand for two things."""
    section = SHARED.search(ARCHITECTURE.read_text(encoding="utf-8"))
    assert section
    return set(ROW.findall(section[1]))


def test_no_two_public_classes_share_a_name() -> None:
    """Whoever reads a name knows which thing it is; the glossary lists no name that is not shared."""
    shared = {name for name, count in public_classes().items() if count > 1}
    assert shared == explained()
