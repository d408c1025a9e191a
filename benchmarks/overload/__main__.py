"""Search random sites: `python -m benchmarks.overload --first 0 --last 1000`.

Each site that breaks what docs/robustness.md promises is printed as a row for `tests/engine/test_found_sites.py`. Less exact
clients than those of the promise are among them: chargers that take 15 s to obey, meters of 10 s, steps while cars rise.
"""

from argparse import ArgumentParser
import sys

from tests.engine.step_sites import outcome, random_site


def search(first: int, last: int) -> int:
    """Print what was found, and return in how many sites a circuit was above its limit for too long."""
    late = paused = 0
    for seed in range(first, last):
        site = random_site(seed)
        found = outcome(site)
        if found.over_s > site.allowed_s or found.raised:
            late += 1
            print(f"{seed}: above for {found.over_s} of {site.allowed_s:g} s: {site}")
        elif found.paused:
            paused += 1
            print(f"{seed}: paused {', '.join(found.paused)}: {site}")
    print(f"{last - first} sites: {late} above for too long, {paused} with a pause")
    return late


def cli() -> int:
    """Read the arguments."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--last", type=int, default=1000, help="where to end")
    asked = parser.parse_args()
    return search(asked.first, asked.last)


if __name__ == "__main__":
    sys.exit(min(cli(), 1))
