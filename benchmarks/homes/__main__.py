"""Print the tables: `python -m benchmarks.homes`."""

from pathlib import Path
import re
import sys

from .table import cli


def write(page: Path, mark: str, text: str) -> None:
    """Put a table between its marks in a page."""
    before = page.read_text(encoding="utf-8")
    start, end = f"<!-- homes: {mark} -->", f"<!-- /homes: {mark} -->"
    pattern = re.compile(re.escape(start) + ".*?" + re.escape(end), re.DOTALL)
    assert pattern.search(before), f"{page} has no place for {mark}"
    page.write_text(
        pattern.sub(lambda _: f"{start}\n{text}\n{end}", before), encoding="utf-8"
    )


if __name__ == "__main__":
    sys.exit(cli(write))
