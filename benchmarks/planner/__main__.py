"""How long a plan takes and how good it is, by cars and slots: `python -m benchmarks.planner [--into docs/planner.md]`.

Times are processor time of this process, so that a busy machine does not change them; the *ratio* is to the
smallest problem of the same run, so that a slow machine does not change it. Quality, per kilowatt-hour that cars store:
what the plan costs more than one that keeps minimum currents exactly in 24 steps and may take 60 s, and what the planner
without a solver costs more.
"""

from argparse import ArgumentParser
from dataclasses import replace
from datetime import UTC, datetime, timedelta
import math
from pathlib import Path
import re
import sys
from time import process_time

import numpy as np

from custom_components.sunfuse.planner import (
    CarGoal,
    CarOutlook,
    CircuitOutlook,
    Outlook,
    PeakTariff,
    Quantiles,
    clock_steps,
    intend,
    solve,
)
from custom_components.sunfuse.planner.simple.simple import SimplePlanner
from custom_components.sunfuse.planner.to_problem.assumed import complete
from custom_components.sunfuse.planner.to_problem.outlook_to_problem import (
    problem_of_outlook,
)

START = datetime(2026, 6, 12, 18, 0, tzinfo=UTC)
CARS = (1, 5, 20, 50)
SLOTS = (96, 192)
RUNS = 3
# In the table of the time limit: a machine that is so much slower.
TIGHT_S = 0.05
MARKS = "<!-- planner: speed -->", "<!-- /planner: speed -->"


def outlook(cars: int, slots: int, *, peak: bool = True) -> Outlook:
    """Return a site whose fuse carries a third of its cars at once, with sun, prices and a capacity tariff."""
    random = np.random.default_rng((cars, slots))
    steps_s = clock_steps(START, START + timedelta(minutes=15 * slots))
    hours = np.array([(18 + step / 4) % 24 for step in range(len(steps_s))])
    sun = 1_000 * cars * np.clip(np.sin((hours - 6) / 12 * math.pi), 0, 1)
    price = (
        0.25
        + 0.06 * np.cos((hours - 19) / 12 * math.pi)
        + random.normal(0, 0.01, len(hours))
    )
    outlooks = []
    for number in range(cars):
        ahead_h = float(random.uniform(8, slots / 4))
        phases = ((0, 1, 2), (number % 3,))[number % 2]
        needed_wh = float(random.uniform(4_000, 14_000))
        outlooks.append(
            CarOutlook(
                id=f"car {number}",
                circuit=f"row {number % 4}",
                phases=phases,
                full_wh=needed_wh,
                goals=(
                    CarGoal(at=START + timedelta(hours=ahead_h), energy_wh=needed_wh),
                ),
            )
        )
    main_a = max(25.0, 16.0 * cars / 3)
    tariff = PeakTariff(
        name="quarter hour",
        windows=tuple(range(len(steps_s))),
        price_per_kw=0.5,
        floor_w=2_500.0,
    )
    exactly = _exactly(np.full(len(steps_s), 500.0 + 100.0 * cars))
    return Outlook(
        now=START,
        steps_s=steps_s,
        circuits=(
            CircuitOutlook(id="main", limit_a=(main_a,) * 3),
            *(
                CircuitOutlook(
                    id=f"row {row}", parent="main", limit_a=(max(20.0, main_a / 3),) * 3
                )
                for row in range(4)
            ),
        ),
        house=exactly,
        sun=_exactly(sun),
        import_price=tuple(float(each) for each in price),
        export_price=(0.07,) * len(steps_s),
        peaks=(tariff,) if peak else (),
        cars=tuple(outlooks),
    )


def _exactly(values: np.ndarray) -> Quantiles:
    known = tuple(float(value) for value in values)
    return Quantiles(low=known, median=known, high=known)


def rows() -> list[str]:
    """Return the table."""
    lines = [
        "| cars | slots | processor time of `intend` | ratio | more than exact, per kWh | more without solver, per kWh | missed | with a limit of 50 ms it takes |",
        "| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    least = 0.0
    for cars in CARS:
        for slots in SLOTS:
            asked = outlook(cars, slots)
            times = []
            for _ in range(RUNS):
                began = process_time()
                intention = intend(asked)
                times.append(process_time() - began)
            took = min(times)
            least = least or took
            missed = sum(bool(car.shortfalls) for car in intention.cars)
            problem = problem_of_outlook(asked, complete(asked), None).problem
            # A busy machine is given the time that an idle one would not need.
            plan = solve(replace(problem, time_limit_s=60.0))
            exact = solve(
                replace(problem, exact_steps=min(24, slots), time_limit_s=60.0)
            )
            simple = SimplePlanner(problem).plan()
            stored_kwh = sum(store.energy_wh[-1] for store in plan.stores) / 1000
            began = process_time()
            solve(replace(problem, time_limit_s=TIGHT_S), clock=process_time)
            hurry = process_time() - began
            lines.append(
                f"| {cars} | {slots} | {took * 1000:.0f} ms | {took / least:.1f} "
                f"| {(plan.cost - exact.cost) / stored_kwh:+.4f} | {(simple.cost - plan.cost) / stored_kwh:+.4f} "
                f"| {missed} | {hurry * 1000:.0f} ms |"
            )
            print(lines[-1], flush=True)
    return lines


def cli() -> int:
    """Print the table, or write it between the marks of a page."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--into", type=Path)
    asked = parser.parse_args()
    text = "\n".join(rows())
    if asked.into:
        page = asked.into.read_text(encoding="utf-8")
        start, end = MARKS
        pattern = re.compile(re.escape(start) + ".*?" + re.escape(end), re.DOTALL)
        page = pattern.sub(lambda _: f"{start}\n{text}\n{end}", page)
        asked.into.write_text(page, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(cli())
