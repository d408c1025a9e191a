"""Print the table: `python -m benchmarks.sun`; or draw a broken day: `python -m benchmarks.sun --picture FILE`."""

from argparse import ArgumentParser
from pathlib import Path
import sys

from . import table
from .picture import draw


def cli() -> int:
    """Read the arguments."""
    parser = ArgumentParser(description=table.__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first", type=int, default=0, help="the first of the seeds")
    parser.add_argument("--hours", type=float, default=12.0, help="of each day")
    parser.add_argument("--row", default="")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--into", type=Path, help="a page to write the table into")
    parser.add_argument("--picture", type=Path, help="draw a broken day, as SVG")
    asked = parser.parse_args()
    if asked.picture is not None:
        draw(asked.picture)
        return 0
    seeds = range(asked.first, asked.first + asked.seeds)
    return table.report(seeds, asked.hours, asked.row, asked.into, asked.jobs)


if __name__ == "__main__":
    sys.exit(min(cli(), 1))
