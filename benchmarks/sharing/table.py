"""How well a scarce fuse is shared: `python -m benchmarks.sharing [FILE] [--month 2019-11] [--limit 63] [--alone KW] [--seed N] [--rows NAME,...]`.

FILE has the sessions of the Norwegian garages; without it the project's own are used. Each controller has the same
sessions behind the same fuse beside the same business, or with `--alone` the same power without anybody beside. Printed is: the energy, as a part of what was wanted and of what
a linear program that knows everything could give; the demands that were met in full; Jain's index and the mean of the
worst tenth of what each got of its demand; and how often a car was started.
"""

from argparse import ArgumentParser
from collections.abc import Callable
from functools import partial
from multiprocessing import Pool
from pathlib import Path

from custom_components.sunfuse.engine.model import Circuit
from custom_components.sunfuse.engine.tuning import Policy

from . import ours, rivals
from .building import MINUTE_S, PerPhase, business
from .rivals import RIVALS, Present
from .sessions import DAY_S, Session, made, power_w, read_norway

MARGIN_A = 1.0
# A demand counts as met when no more than this part of it is missing.
MET = 0.995

type Job = Callable[[], list[Present]]


def _theirs(name: str, sessions: list[Session], free: list[PerPhase]) -> list[Present]:
    return rivals.simulate(RIVALS[name], sessions, free)


def _ours(
    policy: Policy, sessions: list[Session], load: list[PerPhase], circuit: Circuit
) -> list[Present]:
    return ours.simulate(policy, sessions, load, circuit)[0]


def _row(name: str, cars: list[Present], bound_wh: float) -> str:
    wanted_wh = sum(car.session.energy_wh for car in cars)
    given_wh = sum(car.given_wh for car in cars)
    parts = sorted(car.given_wh / car.session.energy_wh for car in cars)
    worst = parts[: max(len(parts) // 10, 1)]
    squares = sum(part**2 for part in parts)
    jain = sum(parts) ** 2 / len(parts) / squares if squares else 0.0
    met = sum(part >= MET for part in parts)
    return (
        f"| {name:10} | {100 * given_wh / wanted_wh:5.1f} % "
        f"| {100 * given_wh / bound_wh:5.1f} % | {100 * met / len(parts):5.1f} % "
        f"| {jain:.3f} | {100 * sum(worst) / len(worst):5.1f} % "
        f"| {sum(car.starts for car in cars):5} |"
    )


def _run(job: tuple[str, Job]) -> tuple[str, list[Present]]:
    return job[0], job[1]()


def report(
    title: str,
    sessions: list[Session],
    circuit: Circuit,
    load: list[PerPhase],
    wanted: str,
    processes: int = 2,
) -> None:
    """Print the table of one set of sessions behind one fuse."""
    (limit_a, *_), margin_a = circuit.limit_a, circuit.margin_a
    days = len(load) * MINUTE_S // DAY_S
    free = [tuple(max(limit_a - margin_a - a, 0.0) for a in at) for at in load]
    bound_wh = rivals.bound_wh(sessions, free)
    jobs: list[tuple[str, Job]] = [
        *((name, partial(_theirs, name, sessions, free)) for name in RIVALS),
        *((p.value, partial(_ours, p, sessions, load, circuit)) for p in Policy),
    ]
    wanted_wh = sum(session.energy_wh for session in sessions)
    print(
        f"\n{title}: {len(sessions)} sessions in {days} days, 3 x {limit_a:.1f} A; "
        f"{wanted_wh / 1000:.0f} kWh wanted, {bound_wh / 1000:.0f} kWh possible\n"
    )
    print(
        "| who | of what was wanted | of what is possible | met | Jain | worst | starts |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- |", flush=True)
    jobs = [job for job in jobs if not wanted or job[0] in wanted.split(",")]
    with Pool(processes) as pool:
        for name, cars in pool.imap(_run, jobs):
            print(_row(name, cars, bound_wh), flush=True)


def cli() -> int:
    """Read the arguments."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("file", nargs="?", type=Path)
    parser.add_argument("--month", default="2019-11")
    parser.add_argument("--days", type=int, default=31)
    parser.add_argument("--limit", type=float, default=63.0)
    parser.add_argument(
        "--alone", type=float, metavar="KW", help="no business beside the cars"
    )
    parser.add_argument("--cars", type=int, default=30)
    parser.add_argument(
        "--seed", type=int, default=1, help="of the business and of the sessions made"
    )
    parser.add_argument("--rows", default="")
    parser.add_argument("--jobs", type=int, default=2)
    asked = parser.parse_args()
    if asked.file is None:
        sessions = made(asked.seed, asked.days - 1, asked.cars)
        title = f"Made by the project, {asked.cars} cars"
    else:
        sessions = read_norway(asked.file, asked.month)
        title = f"Norwegian garages, {asked.month}"
    sessions = [s for s in sessions if s.leaves_s <= asked.days * DAY_S]
    minutes = asked.days * DAY_S // MINUTE_S
    limit_a, margin_a, load = asked.limit, MARGIN_A, business(asked.seed, minutes)
    if asked.alone is not None:
        limit_a, margin_a = asked.alone * 1000 / power_w(1.0), 0.0
        load = [(0.0,) * 3] * minutes
    circuit = Circuit(
        id="main",
        name="Main fuse",
        parent=None,
        limit_a=(limit_a,) * 3,
        margin_a=margin_a,
    )
    report(title, sessions, circuit, load, asked.rows, asked.jobs)
    return 0
