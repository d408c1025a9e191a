"""The page about the planner shows an example that runs."""

from pathlib import Path
import re

PAGE = Path(__file__).parents[2] / "docs" / "planner.md"


def test_the_example_of_the_page_runs() -> None:
    """It asserts what it says of the cost."""
    [example] = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    exec(compile(example, str(PAGE), "exec"), {})
