"""How much of the sun reaches the cars: `python -m benchmarks.sun [--seeds N] [--first SEED] [--hours N] [--row TEXT] [--into PAGE]`.

Each row is a sky, a charger, a meter, a home; each controller has the same days, of which it sees some hours. Printed is, per seed: the part of what an
ideal controller uses, what came from the grid, starts and switches, the longest run of messages, and the regret: the
ideal's sun that did not reach the cars, plus what came from the grid. The ideal knows the surplus of every second, gives
nothing below the minimum and takes nothing from the grid.
"""

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from itertools import chain, product
import math
from multiprocessing import Pool
from pathlib import Path

from custom_components.sunfuse.engine import decide
from custom_components.sunfuse.engine.model import Mode, Site, Snapshot
from custom_components.sunfuse.engine.tuning import BatteryRules, Tuning
from tests.engine.plant import START, VOLTAGE_V, Battery, Car, Plant, charger, main

from .rules import DISABLE, ENABLE, Rules
from .skies import DAY_S, HOUR, SKIES, house, with_heat_pump

METERS_S = (1, 2, 5, 10)
BATTERY_WH = 10_000.0
# Of a whole day the battery fills in the first hours; of a shorter one, in its first minutes.
BEGINS_FULL = 0.9
SPREAD = 20
MARK = "<!-- made by: python -m benchmarks.sun --into -->"
END_MARK = "<!-- end -->"


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """What is different in a home from most others."""

    battery: str = "-"  # "first" or "last"
    charger_lag_s: float = 2.0
    step_a: float = 0.1
    car_phases: int = 3
    rise_a_s: float = 2.0
    fall_a_s: float = 8.0
    noise_w: float = 20.0  # of the meter, on all phases together
    total_only: bool = False  # it shows no phases
    heat_pump: bool = False  # 2 kW, ten minutes on and twelve off
    tuning: Tuning = Tuning()


# What evcc's delays are in our options.
EVCC_DELAYS = Tuning(
    start_delay_s=ENABLE.total_seconds(),
    stop_delay_s=DISABLE.total_seconds(),
    to_one_phase_s=DISABLE.total_seconds(),
    to_three_phases_s=ENABLE.total_seconds(),
)
HOMES: dict[str, Home] = {
    "-": Home(),
    "battery first": Home(battery="first"),
    "battery last": Home(battery="last"),
    "charger takes 5 s": Home(charger_lag_s=5.0),
    "charger takes 15 s": Home(charger_lag_s=15.0),
    "steps of 1 A": Home(step_a=1.0),
    "slow car": Home(rise_a_s=0.3, fall_a_s=1.0),
    "car with one phase": Home(car_phases=1),
    "heat pump": Home(heat_pump=True),
    "meter +/- 100 W": Home(noise_w=100.0),
    "meter of the total": Home(total_only=True),
    "evcc's delays": Home(tuning=EVCC_DELAYS),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One home under one sky."""

    sky: str
    phases: str = "3"  # or "1/3": a charger that switches
    meter_s: int = 2
    cars: int = 1
    home: str = "-"  # one of HOMES

    def __str__(self) -> str:
        """Return the row as its columns."""
        return (
            f"{self.sky:14} {self.phases:>3} {self.meter_s:3} s {self.cars} "
            f"{self.home:18}"
        )


@dataclass(slots=True, kw_only=True)
class Day:
    """What one day came to, in watt-hours and counts."""

    ideal_wh: float = 0.0
    sun_wh: float = 0.0
    grid_wh: float = 0.0
    missed_wh: float = 0.0
    starts: int = 0
    switches: int = 0
    offers: int = 0

    @property
    def regret_wh(self) -> float:
        """The ideal's sun that did not reach the cars, plus what came from the grid."""
        return self.missed_wh + self.grid_wh


@dataclass(slots=True, kw_only=True)
class Account:
    """Watches a plant, second by second, and counts beside an ideal that has a battery of its own."""

    row: Row
    day: Day = field(default_factory=Day)
    ideal_battery: Battery | None = None

    def __call__(self, at_s: float, plant: Plant) -> None:
        """Count one second."""
        assert plant.solar_w is not None
        load_w = sum(plant.loads["main"](at_s)) * VOLTAGE_V
        own_w = max(plant.solar_w(at_s) - load_w, 0.0)
        cars_w = sum(c.current_a * len(c.using) for c in plant.cars) * VOLTAGE_V
        ideal_w = self._ideal_w(own_w)
        # What of the cars' power is sun: the battery takes its share first where it is to.
        available_w = own_w
        if plant.battery is not None and HOMES[self.row.home].battery == "first":
            available_w = max(own_w + min(plant.battery.power_w, 0.0), 0.0)
        sun_w = min(cars_w, available_w)
        self.day.ideal_wh += ideal_w / 3600
        self.day.sun_wh += sun_w / 3600
        self.day.grid_wh += (cars_w - sun_w) / 3600
        self.day.missed_wh += max(ideal_w - sun_w, 0.0) / 3600

    def _ideal_w(self, own_w: float) -> float:
        battery = self.ideal_battery
        if battery is not None and battery.held_wh < battery.capacity_wh:
            taken_w = min(own_w, battery.most_w)
            battery.held_wh += taken_w / 3600
            own_w -= taken_w
        volts = VOLTAGE_V
        most = HOMES[self.row.home].car_phases
        least_w = 6 * volts * (1 if self.row.phases == "1/3" else most)
        if own_w < least_w:
            return 0.0
        given_w = 0.0
        for _ in range(self.row.cars):
            if own_w - given_w >= least_w or not given_w:
                given_w += min(own_w - given_w, 16 * volts * most)
        return given_w


def begins_s(seed: int, hours: float) -> float:
    """Return when the hours of a seed begin: those of many seeds are spread over the whole day, seed 1 is about noon."""
    return (DAY_S - hours * HOUR) * (7 * seed % SPREAD + 0.5) / SPREAD


def run(
    row: Row,
    ours: bool,
    seed: int,
    hours: float,
    also: Callable[[float, Plant], None] | None = None,
) -> Day:
    """Let one day pass under one controller; `also` is called each second."""
    home = HOMES[row.home]
    first = home.battery == "first"
    held_wh = BATTERY_WH * (0.0 if hours * HOUR >= DAY_S else BEGINS_FULL)
    battery = Battery(capacity_wh=BATTERY_WH, held_wh=held_wh)
    ideal = Battery(capacity_wh=BATTERY_WH, held_wh=held_wh, lag_s=1)
    account = Account(row=row, ideal_battery=ideal if first else None)
    rules = BatteryRules(battery_first_below_soc=99.0 if first else 0.0)
    skip_s = begins_s(seed, hours)
    sky, load = SKIES[row.sky](seed), house(seed)
    if home.heat_pump:
        load = with_heat_pump(load, seed)

    def watch(at_s: float, plant: Plant) -> None:
        account(at_s, plant)
        if also is not None:
            also(at_s, plant)

    plant = Plant(
        cars=[
            Car(
                connector=charger(
                    f"car {number}",
                    mode=Mode.SOLAR,
                    switches_phases=row.phases == "1/3",
                    step_a=home.step_a,
                ),
                phases=home.car_phases,
                rise_a_s=home.rise_a_s,
                fall_a_s=home.fall_a_s,
            )
            for number in range(row.cars)
        ],
        circuits=(main(limit_a=40.0),),
        loads={"main": lambda at_s: load(at_s + skip_s)},
        solar_w=lambda at_s: sky(at_s + skip_s),
        meter_s=row.meter_s,
        tick_s=5.0 if ours else Rules.INTERVAL_S,
        charger_lag_s=home.charger_lag_s,
        noise_a=home.noise_w / VOLTAGE_V / math.sqrt(3),
        total_only=home.total_only,
        battery=None if home.battery == "-" else battery,
        settings=replace(
            Snapshot(now=START, site=Site(phases=3, voltage_v=VOLTAGE_V), circuits=()),
            battery_rules=rules,
            tuning=home.tuning,
        ),
        decide=decide if ours else Rules(battery_first_below_soc=99.0 if first else 0),
        watch=watch,
        seed=seed,
    )
    measures = plant.run(int(hours * HOUR))
    day = account.day
    day.starts, day.switches = measures.starts, measures.switches
    day.offers = measures.offers
    return day


def rows() -> Iterator[Row]:
    """Return every row of the table."""
    for sky, phases in product(SKIES, ("3", "1/3")):
        for meter_s in METERS_S:
            yield Row(sky=sky, phases=phases, meter_s=meter_s)
        yield Row(sky=sky, phases=phases, cars=2)
        for home in ("battery first", "battery last"):
            yield Row(sky=sky, phases=phases, home=home)


def other_rows() -> Iterator[Row]:
    """Return the rows of less common homes, under the two skies that differ most."""
    for sky, phases in product(("clear", "broken clouds"), ("3", "1/3")):
        yield Row(sky=sky, phases=phases, meter_s=30)
        for home in list(HOMES)[3:]:
            yield Row(sky=sky, phases=phases, home=home)


def _job(job: tuple[Row, bool, int, float]) -> Day:
    return run(*job)


def _mean(days: list[Day]) -> str:
    count = len(days)
    ideal = sum(day.ideal_wh for day in days)
    sun = 100 * sum(day.sun_wh + day.grid_wh for day in days) / ideal if ideal else 0.0
    return (
        f"{sun:6.1f} % {sum(d.grid_wh for d in days) / count:7.0f} "
        f"{sum(d.starts for d in days) / count:6.1f} "
        f"{sum(d.switches for d in days) / count:6.1f} "
        f"{sum(d.offers for d in days) / count:6.0f} "
        f"{sum(d.regret_wh for d in days) / count:7.0f}"
    )


HEAD = (
    "| sky | phases | meter | cars | home | used | Wh from the grid | starts | switches | regret, Wh "
    "| evcc's rules: used | Wh from the grid | starts | switches | regret, Wh | part |"
)


def _cells(days: list[Day]) -> list[str]:
    """Return what the days came to on average, for a table in Markdown."""
    count = len(days)
    ideal_wh = sum(day.ideal_wh for day in days)
    used_wh = sum(day.sun_wh + day.grid_wh for day in days)
    return [
        f"{100 * used_wh / ideal_wh:.1f} %" if ideal_wh else "-",
        f"{sum(d.grid_wh for d in days) / count:,.0f}",
        f"{sum(d.starts for d in days) / count:.1f}",
        f"{sum(d.switches for d in days) / count:.1f}",
        f"{sum(d.regret_wh for d in days) / count:,.0f}",
    ]


def _markdown(row: Row, ours: list[Day], theirs: list[Day]) -> str:
    part = sum(d.regret_wh for d in ours) / (sum(d.regret_wh for d in theirs) or 1.0)
    home = [row.sky, row.phases, f"{row.meter_s} s", str(row.cars), row.home]
    return f"| {' | '.join([*home, *_cells(ours), *_cells(theirs)])} | {part:.2f} |"


def report(
    seeds: range,
    hours: float,
    wanted: str,
    into: Path | None = None,
    processes: int = 2,
) -> int:
    """Print the table, and write it into a page; returns how many rows miss the target."""
    missed = 0
    lines = [HEAD, "|" + " --- |" * HEAD.count(" | ") + " --- |"]
    head = "used   grid Wh starts switch offers  regret"
    print(f"{'sky':14} ph. meter cars home          | ours: {head} | evcc: {head}")
    with Pool(processes) if processes > 1 else nullcontext() as pool:
        for row in chain(rows(), other_rows()):
            if wanted not in str(row):
                continue
            jobs = [(row, who, seed, hours) for who in (True, False) for seed in seeds]
            found = list((pool.map if pool else map)(_job, jobs))
            ours, theirs = found[: len(seeds)], found[len(seeds) :]
            verdict = _verdict(ours, theirs)
            missed += bool(verdict)
            lines.append(_markdown(row, ours, theirs))
            print(f"{row} | {_mean(ours)} | {_mean(theirs)} | {verdict}", flush=True)
            if into is not None:  # row by row: an hour of work may be interrupted
                put_into(into, "\n".join(lines))
    return missed


def put_into(page: Path, table: str) -> None:
    """Replace what stands between the two marks of a page."""
    before, rest = page.read_text().split(f"{MARK}\n", 1)
    _, after = rest.split(END_MARK, 1)
    page.write_text(f"{before}{MARK}\n{table}\n{END_MARK}{after}")


def _verdict(ours: list[Day], theirs: list[Day]) -> str:
    """Return which of the targets is missed: a tenth less regret, no more from the grid, no more switches."""

    def total(days: list[Day], name: str) -> float:
        return float(sum(getattr(day, name) for day in days))

    wrong = []
    if total(ours, "regret_wh") > 0.9 * total(theirs, "regret_wh"):
        wrong.append("regret")
    if total(ours, "grid_wh") > total(theirs, "grid_wh"):
        wrong.append("grid")
    if total(ours, "switches") > total(theirs, "switches"):
        wrong.append("switches")
    return ", ".join(wrong)
