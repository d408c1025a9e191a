"""The page about `solve` shows examples that run."""

from pathlib import Path
import re
import runpy

from custom_components.sunfuse.planner import (
    Circuit,
    Goal,
    Peak,
    Plan,
    Problem,
    Status,
    Store,
)

PAGE = Path(__file__).parents[2] / "docs" / "solve.md"


def test_the_examples_of_the_page_run(tmp_path: Path) -> None:
    """They assert what they say of the cost."""
    examples = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert len(examples) == 2
    for number, example in enumerate(examples):
        written = tmp_path / f"example{number}.py"
        written.write_text(example, encoding="utf-8")
        assert runpy.run_path(str(written))["plan"].status is Status.OPTIMAL


def test_every_field_is_explained() -> None:
    """A reader knows the classes from this page alone."""
    page = PAGE.read_text("utf-8")
    for kind in (Problem, Store, Goal, Circuit, Peak, Plan):
        for field in kind.__dataclass_fields__:
            if field not in ("id", "in_any_case", "share_of_wh"):
                assert re.search(rf"\b{field}\b", page), (kind.__name__, field)
