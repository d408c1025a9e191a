"""How well a scarce fuse is shared: `python -m benchmarks.sharing [FILE] [--days N] [--limit A] [--alone KW,...] [--into PAGE]`.

FILE has the sessions of the Norwegian garages (`--month 2019-11`); without it the project's own are used (`--cars`, and
`--seeds` of them together). Each controller has the same sessions behind the same fuse beside the same business, or with
`--alone` the same power without anybody beside. Printed is: the energy, as a part of what was wanted and of what a linear
program that knows everything could give; the demands that were met in full; Jain's index and the mean of the worst tenth
of what each got of its demand; and how often a car was started. `EDF*` and `LLF*` have real chargers (see `rivals`).
"""

from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from multiprocessing import Pool
from pathlib import Path
import sys

from custom_components.sunfuse.engine.model import Circuit
from custom_components.sunfuse.engine.tuning import Policy

from . import ours, rivals
from .building import MINUTE_S, PerPhase, business
from .rivals import RIVALS, Present
from .sessions import DAY_S, Session, made, office, power_w, read_norway

MARGIN_A = 1.0
# A demand counts as met when no more than this part of it is missing.
MET = 0.995
HEAD = (
    "| fuse | who | of what was wanted | of what is possible | met | Jain | worst | starts |",
    "| --- | --- | --- | --- | --- | --- | --- | --- |",
)
END_MARK = "<!-- end -->"

type Job = Callable[[], list[Present]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Garage:
    """Cars behind a fuse, beside a load for each minute."""

    sessions: list[Session]
    circuit: Circuit
    load: list[PerPhase]

    @property
    def free(self) -> list[PerPhase]:
        """What the load leaves in each minute."""
        most_a = self.circuit.limit_a[0] - self.circuit.margin_a
        return [tuple(max(most_a - a, 0.0) for a in at) for at in self.load]


def _theirs(name: str, garage: Garage) -> list[Present]:
    return rivals.simulate(
        RIVALS[name.removesuffix("*")],
        garage.sessions,
        garage.free,
        real_chargers=name.endswith("*"),
    )


def _ours(policy: Policy, garage: Garage) -> list[Present]:
    return ours.simulate(policy, garage.sessions, garage.load, garage.circuit)[0]


def _bound_wh(garage: Garage) -> float:
    return rivals.bound_wh(garage.sessions, garage.free)


def _row(fuse: str, name: str, cars: list[Present], bound_wh: float) -> str:
    wanted_wh = sum(car.session.energy_wh for car in cars)
    given_wh = sum(car.given_wh for car in cars)
    parts = sorted(car.given_wh / car.session.energy_wh for car in cars)
    worst = parts[: max(len(parts) // 10, 1)]
    squares = sum(part**2 for part in parts)
    jain = sum(parts) ** 2 / len(parts) / squares if squares else 0.0
    met = sum(part >= MET for part in parts)
    return (
        f"| {fuse} | {name:10} | {100 * given_wh / wanted_wh:5.1f} % "
        f"| {100 * given_wh / bound_wh:5.1f} % | {100 * met / len(parts):5.1f} % "
        f"| {jain:.3f} | {100 * sum(worst) / len(worst):5.1f} % "
        f"| {sum(car.starts for car in cars):,} |"
    )


def _run(job: Job) -> list[Present]:
    return job()


def rows(
    fuse: str, garages: list[Garage], wanted: str, processes: int
) -> Iterator[str]:
    """Return a row for each controller: what the cars of all garages got of it."""
    bound_wh = sum(map(_bound_wh, garages))
    controllers: dict[str, Callable[[Garage], list[Present]]] = {
        **{name: partial(_theirs, name) for name in (*RIVALS, "EDF*", "LLF*")},
        **{policy.value: partial(_ours, policy) for policy in Policy},
    }
    names = [n for n in controllers if not wanted or n in wanted.split(",")]
    jobs = [partial(controllers[name], one) for name in names for one in garages]
    with Pool(processes) as pool:
        found = pool.imap(_run, jobs)
        for name in names:
            cars = [car for _ in garages for car in next(found)]
            yield _row(fuse, name, cars, bound_wh)


def _garage(asked: Namespace, kw: float | None, seed: int) -> Garage:
    if asked.office:
        sessions = office(seed, asked.days, asked.cars)
    elif asked.file is None:
        sessions = made(seed, asked.days - 1, asked.cars)
    else:
        sessions = read_norway(asked.file, asked.month)
    minutes = asked.days * DAY_S // MINUTE_S
    limit_a, margin_a, load = asked.limit, MARGIN_A, business(seed, minutes)
    if kw is not None:
        limit_a, margin_a = kw * 1000 / power_w(1.0), 0.0
        load = [(0.0,) * 3] * minutes
    return Garage(
        sessions=[s for s in sessions if s.leaves_s <= asked.days * DAY_S],
        circuit=Circuit(
            id="main",
            name="Main fuse",
            parent=None,
            limit_a=(limit_a,) * 3,
            margin_a=margin_a,
        ),
        load=load,
    )


def put_into(page: Path, mark: str, table: str) -> None:
    """Replace what stands between a mark and the next end mark of a page."""
    before, rest = page.read_text().split(f"{mark}\n", 1)
    _, after = rest.split(END_MARK, 1)
    page.write_text(f"{before}{mark}\n{table}\n{END_MARK}{after}")


def _mark(asked: Namespace) -> str:
    """Return the mark of a table in a page: the command that makes it, whatever the file is called."""
    left_out = {str(asked.file): "FILE"}
    words, skip = [], False
    for word in sys.argv[1:]:
        if skip or word in ("--into", "--jobs", "--rows"):
            skip = not skip
            continue
        words.append(left_out.get(word, word))
    return f"<!-- made by: python -m benchmarks.sharing {' '.join(words)} -->"


def cli() -> int:
    """Read the arguments."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("file", nargs="?", type=Path)
    parser.add_argument("--month", default="2019-11")
    parser.add_argument("--days", type=int, default=31)
    parser.add_argument("--limit", type=float, default=63.0)
    parser.add_argument(
        "--alone", default="", metavar="KW,...", help="no business beside the cars"
    )
    parser.add_argument("--cars", type=int, default=30)
    parser.add_argument(
        "--seeds", type=int, default=1, help="of the business and of the sessions made"
    )
    parser.add_argument(
        "--office", action="store_true", help="cars of an office and not of flats"
    )
    parser.add_argument("--rows", default="")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--into", type=Path, help="a page to write the table into")
    asked = parser.parse_args()
    table = list(HEAD)
    alone: list[float | None] = [float(kw) for kw in asked.alone.split(",") if kw]
    for kw in alone or [None]:
        garages = [_garage(asked, kw, 1 + seed) for seed in range(asked.seeds)]
        sessions = [s for garage in garages for s in garage.sessions]
        wanted_wh = sum(session.energy_wh for session in sessions)
        (limit_a, *_) = garages[0].circuit.limit_a
        fuse = f"{asked.limit:g} A" if kw is None else f"{kw:g} kW"
        print(
            f"\n3 x {limit_a:.1f} A: {len(sessions):,} sessions in {asked.days} days, "
            f"{wanted_wh / 1000:,.0f} kWh wanted, "
            f"{sum(map(_bound_wh, garages)) / 1000:,.0f} kWh possible\n"
        )
        print(*HEAD, sep="\n", flush=True)
        for row in rows(fuse, garages, asked.rows, asked.jobs):
            print(row, flush=True)
            table.append(row)
        if asked.into is not None:  # fuse by fuse: hours of work may be interrupted
            put_into(asked.into, _mark(asked), "\n".join(table))
    return 0
