"""The page about the planner shows an example that runs."""

from pathlib import Path
import re
import runpy

from custom_components.sunfuse.planner import Status

PAGE = Path(__file__).parents[2] / "docs" / "planner.md"


def test_the_example_of_the_page_runs(tmp_path: Path) -> None:
    """It asserts what it says of the cost."""
    [example] = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    written = tmp_path / "example.py"
    written.write_text(example, encoding="utf-8")
    assert runpy.run_path(str(written))["plan"].status is Status.OPTIMAL
