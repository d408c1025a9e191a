"""`python -m benchmarks.homes [--months 12] [--days 28] [--rows ...] [--into docs/planner.md]`.

Each controller has the same cars in the same months. *Bound* is the cheapest month for whoever knows everything before; a
departure is missed when a car lacks more than 1 % of what it could have had by the time that its driver said.
"""

from argparse import ArgumentParser
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from multiprocessing import Pool
from pathlib import Path

import numpy as np

from custom_components.sunfuse.what_if.plant import HomeStorage, Plant

from . import home, rivals
from .bound import PeakPrice, bound, measured_peak
from .world import Values, World, make

LITTLE_WH = 100.0
PART = 0.01
TARIFFS = {
    # Flanders, 2026: about 50 a year for each kilowatt of the mean of twelve months (VREG), of each at least 2.5 kW.
    "Flanders: highest quarter hour of the month": PeakPrice(
        price=4.2, floor_w=2_500.0
    ),
    # Göteborg Energi's form of the Nordic tariff: so much for each kilowatt of the three highest hours of different days.
    "Nordic: three highest hours of different days": PeakPrice(
        price=5.0, quarters=4, top=3, by_day=True
    ),
    # Southern California Edison's facilities-related demand charge is about this high.
    "United States: highest 15 minutes": PeakPrice(price=15.0),
}


@dataclass(frozen=True, kw_only=True)
class Job:
    """One controller in one month."""

    row: str
    month: int
    days: int
    seed: int
    hourly: bool = False
    tariff: str = ""
    battery: bool = False
    nodes: int | None = None


@dataclass(frozen=True, kw_only=True)
class Result:
    """What a month came to."""

    row: str
    bill: float
    peak_w: float = 0.0
    peak_cost: float = 0.0
    missed: int = 0
    stays: int = 0
    missing_wh: float = 0.0
    starts: int = 0


BATTERY = "battery"
BOUND = "bound: knows everything"
PERFECT = "Sunfuse, perfect forecasts"
USUAL = "Sunfuse, usual forecasts"
ROWS = (BOUND, PERFECT, USUAL, *rivals.RIVALS)
ALONE = "Sunfuse, usual forecasts, battery left to itself"
WITH_BATTERY = (BOUND, PERFECT, USUAL, ALONE)


def bill(world: World, grid_wh: Values) -> float:
    """Return what the energy of a month costs, quarter hour by quarter hour."""
    count = len(grid_wh)
    bought, sold = np.maximum(grid_wh, 0.0), np.maximum(-grid_wh, 0.0)
    paid = bought * world.import_price[:count] - sold * world.export_price[:count]
    return float(paid.sum()) / 1000


def do(job: Job) -> Result:
    """Let one controller have one month."""
    world = make(
        job.month,
        job.seed,
        days=job.days,
        hourly=job.hourly,
        perfect=job.row == PERFECT,
    )
    peak = TARIFFS.get(job.tariff)
    if job.row == BOUND:
        battery = home.BATTERY if job.battery else None
        least = bound(world, peak, battery, job.nodes)
        lacking = sum(wh > LITTLE_WH for wh in least.missing_wh.values())
        return Result(
            row=job.row,
            bill=least.energy_cost,
            peak_w=least.peak_w if peak else float(least.grid_w.max()),
            peak_cost=peak.price * least.peak_w / 1000 if peak else 0.0,
            missed=lacking,
            stays=len(world.stays),
        )
    if job.row in rivals.RIVALS:
        return _result(job.row, world, rivals.run(rivals.RIVALS[job.row], world), peak)
    storage = None
    if job.battery:
        storage = HomeStorage(spec=home.BATTERY, controlled=job.row != ALONE)
    return _result(job.row, world, home.run(world, peak=peak, storage=storage), peak)


def _result(row: str, world: World, plant: Plant, peak: PeakPrice | None) -> Result:
    grid_wh = np.array(plant.grid_wh)
    lacks = [(guest.lacked_wh, guest.stay.needed_wh) for guest in plant.gone]
    peak_w = measured_peak(grid_wh * 4, peak or PeakPrice(price=0.0))
    left = home.settled(world, plant.stored_wh) if plant.storage else 0.0
    return Result(
        row=row,
        bill=bill(world, grid_wh) + left,
        peak_w=peak_w,
        peak_cost=peak.price * peak_w / 1000 if peak else 0.0,
        missed=sum(
            lacking > max(LITTLE_WH, PART * needed) for lacking, needed in lacks
        ),
        stays=len(lacks),
        missing_wh=sum(lacking for lacking, _ in lacks),
        starts=sum(guest.starts for guest in plant.gone),
    )


def table(jobs: list[Job], pool: int) -> Iterable[str]:
    """Yield the rows of a table, one for each controller, summed over its months."""
    results: dict[str, list[Result]] = {}
    with Pool(pool) as workers:
        for result in workers.imap(do, jobs):
            results.setdefault(result.row, []).append(result)
    peaky = any(job.tariff for job in jobs)
    if peaky:
        yield "| who | energy | peaks | in all | against the bound | peaks against the bound | departures missed |"
        yield "| --- | ---: | ---: | ---: | ---: | ---: | ---: |"
    else:
        yield "| who | bill | against the bound | departures missed | not charged | highest quarter hour | starts per stay |"
        yield "| --- | ---: | ---: | ---: | ---: | ---: | ---: |"
    least = results[BOUND]
    least_all = sum(each.bill + each.peak_cost for each in least)
    least_peak = sum(each.peak_cost for each in least)
    for row, months in results.items():
        energy = sum(each.bill for each in months)
        peaks = sum(each.peak_cost for each in months)
        more = (energy + peaks) / least_all - 1
        stays = sum(each.stays for each in months)
        missed = f"{sum(each.missed for each in months)} of {stays}"
        if peaky:
            yield (
                f"| {row} | {energy:.0f} | {peaks:.0f} | {energy + peaks:.0f} | {more:+.1%} "
                f"| {peaks / least_peak - 1:+.1%} | {missed} |"
            )
            continue
        starts = "" if row == BOUND else f"{sum(m.starts for m in months) / stays:.1f}"
        yield (
            f"| {row} | {energy:.0f} | {more:+.1%} | {missed} "
            f"| {sum(each.missing_wh for each in months) / 1000:.0f} kWh "
            f"| {max(each.peak_w for each in months) / 1000:.1f} kW | {starts} |"
        )


def cli(write: Callable[[Path, str, str], None]) -> int:
    """Read the arguments; print the tables, or write them between the marks of a page."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--months", type=int, default=12)
    parser.add_argument("--days", type=int, default=28)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument(
        "--only", default="", help="one of the tables, by its mark in the page"
    )
    parser.add_argument("--rows", default="", help="parts of the names of rows")
    parser.add_argument(
        "--nodes", type=int, help="of the search for the bound, which is then lower"
    )
    parser.add_argument("--into", type=Path)
    asked = parser.parse_args()
    months = [int(each * 12 / asked.months) for each in range(asked.months)]
    wanted = [part for part in asked.rows.split(",") if part]
    parts = [
        ("quarter-hourly", "Quarter-hourly prices", False, ""),
        ("hourly", "Hourly prices", True, ""),
        (BATTERY, "With a home battery", False, ""),
        *(
            (name.split(":")[0].lower().replace(" ", "-"), name, False, name)
            for name in TARIFFS
        ),
    ]
    parts = [part for part in parts if asked.only in ("", part[0])]
    for mark, title, hourly, tariff in parts:
        jobs = [
            Job(
                row=row,
                month=month,
                days=asked.days,
                seed=asked.seed,
                hourly=hourly,
                tariff=tariff,
                battery=mark == BATTERY,
                nodes=asked.nodes,
            )
            for row in (WITH_BATTERY if mark == BATTERY else ROWS)
            if row == BOUND or not wanted or any(part in row for part in wanted)
            for month in months
        ]
        text = "\n".join(table(jobs, asked.processes))
        print(
            f"\n{title}: {len(months)} months of {asked.days} days\n\n{text}",
            flush=True,
        )
        if asked.into:
            write(asked.into, mark, text)
    return 0
