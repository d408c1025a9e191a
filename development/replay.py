"""`scripts/replay FILE`: run a flight record through today's engine and show where it would now decide otherwise."""

import argparse
import json
from pathlib import Path
import sys
from typing import Any

from custom_components.sunfuse.engine.recording import replay


def find_record(stored: Any) -> dict[str, Any] | None:
    """Return the record, wherever it is in a diagnostics file."""
    if isinstance(stored, dict):
        if {"version", "segments"} <= stored.keys():
            return stored
        return next((found for v in stored.values() if (found := find_record(v))), None)
    if isinstance(stored, list):
        return next((found for v in stored if (found := find_record(v))), None)
    return None


def main(arguments: list[str]) -> int:
    """Print each difference; return 0 if there is none, 1 if there are, 2 if the file has no record."""
    parser = argparse.ArgumentParser(prog="scripts/replay", description=__doc__)
    parser.add_argument("file", type=Path, help="a diagnostics file, or a record")
    path: Path = parser.parse_args(arguments).file
    try:
        record = find_record(json.loads(path.read_text()))
    except (OSError, ValueError) as err:
        print(f"{path} cannot be read: {err}", file=sys.stderr)
        return 2
    if record is None:
        print(f"{path} holds no flight record", file=sys.stderr)
        return 2
    differences = 0
    for difference in replay(record):
        differences += 1
        then, today = difference.recorded, difference.today
        print(
            f"{difference.at.isoformat()}  {then[0]}: "
            f"{then[1]:g} A on {then[2]} ({then[3]}) -> "
            f"{today[1]:g} A on {today[2]} ({today[3]})"
        )
    frames = sum(len(segment["frames"]) for segment in record["segments"])
    print(f"{frames} decisions, {differences} differences")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
