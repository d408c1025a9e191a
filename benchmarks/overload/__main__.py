"""Search random sites: `python -m benchmarks.overload --first 0 --last 1000`, and with `--honest` those whose meters are right.

With `--hidden` these are restless houses whose sun nobody reports, with `--wrong` those whose meter fails.
Each site that breaks what docs/robustness.md promises is printed as a row for `tests/engine/test_found_sites.py`. Less exact
clients than those of the promise are among them: chargers that take 15 s to obey, meters of 10 s, steps while cars rise.
Among honest sites are coarse and slow meters beside regulators that keep them at zero; nobody may call them wrong.
"""

from argparse import ArgumentParser
import sys

from tests.engine.honest_sites import (
    BELIEVED,
    LASTS_S,
    belief,
    random_hidden_sun,
    random_honest_site,
)
from tests.engine.step_sites import outcome, random_site
from tests.engine.wrong_sites import cost, random_wrong_meter

# A charger's report and the sun's may be this far apart.
DOUBTED_S = 60


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


def search_honest(first: int, last: int) -> int:
    """Print which meters were called wrong, and return how many."""
    wrong = 0
    for seed in range(first, last):
        found = belief(random_honest_site(seed))
        if found.wrong or found.doubted_s > DOUBTED_S:
            wrong += 1
            print(
                f"{seed}: {'; '.join(found.wrong)} for {found.wrong_s} s,"
                f" doubted for {found.doubted_s} s"
            )
    print(f"{last - first} honest sites: {wrong} called wrong or doubted for long")
    return wrong


def search_hidden(first: int, last: int) -> int:
    """Print for how long meters were called wrong beside sun that nobody reports, and return how many were."""
    wrong = 0
    for seed in range(first, last):
        plant = random_hidden_sun(seed)
        plant.run(LASTS_S)
        found = [d.circuits[0].meter not in BELIEVED for d in plant.decisions[1:]]
        if any(found):
            wrong += 1
            print(f"{seed}: for {sum(found) * plant.tick_s:g} s")
    print(f"{last - first} sites with unreported sun: {wrong} called wrong")
    return wrong


def search_wrong(first: int, last: int) -> int:
    """Print what fuses carry because of wrong meters, and return for how many seconds in all."""
    above = 0
    for seed in range(first, last):
        site = random_wrong_meter(seed)
        found = cost(site)
        above += found.above_s
        called = "never"
        if found.called_s is not None:
            called = f"after {found.called_s:.0f} s"
        print(
            f"{seed}: {site.fault} at {site.fails_s:.0f} s,"
            f" {'with' if site.sunny else 'without'} sun: above for {found.above_s} s,"
            f" at once for {found.longest_s} s, by {found.worst_a:.1f} A;"
            f" called wrong {called}"
        )
    print(f"{last - first} wrong meters: above for {above} s")
    return above


def cli() -> int:
    """Read the arguments."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--last", type=int, default=1000, help="where to end")
    parser.add_argument("--honest", action="store_true", help="sites with right meters")
    parser.add_argument("--hidden", action="store_true", help="unreported sun")
    parser.add_argument("--wrong", action="store_true", help="meters that fail")
    asked = parser.parse_args()
    if asked.wrong:
        return search_wrong(asked.first, asked.last)
    if asked.hidden:
        return search_hidden(asked.first, asked.last)
    if asked.honest:
        return search_honest(asked.first, asked.last)
    return search(asked.first, asked.last)


if __name__ == "__main__":
    sys.exit(min(cli(), 1))
