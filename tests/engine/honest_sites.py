"""Random sites whose meters are right, whatever their resolution: sun, batteries that keep a phase at zero, quiet houses."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
import math
import random

from custom_components.sunfuse.engine import Memory, decide
from custom_components.sunfuse.engine.model import (
    BatteryReading,
    Connector,
    Decision,
    MeterQuality,
    MeterReading,
    Mode,
    PerPhase,
    PowerReading,
    Site,
    Snapshot,
)

from .plant import START, VOLTAGE_V, Car, Plant, charger, main

LASTS_S = 1500
BELIEVED = frozenset((MeterQuality.GOOD, MeterQuality.AWAITED))


@dataclass(kw_only=True)
class Regulator:
    """A battery or an inverter that keeps what it sees at zero; by phase, or the total with the same power on its phases."""

    most_w: float
    least_w: float = 0.0  # negative: a battery that charges
    phases: tuple[int, ...] = (0, 1, 2)
    by_phase: bool = False
    lag_s: float = 2.0
    reports_s: float = 5.0
    given_a: list[float] = field(default_factory=lambda: [0.0] * 3)

    def move(self, flow: PerPhase, most_w: float) -> None:
        """Let one second pass, in which so much flows without it."""
        most_a = most_w / VOLTAGE_V / len(self.phases)
        least_a = self.least_w / VOLTAGE_V / len(self.phases)
        total_a = sum(flow) / len(self.phases)
        for phase in self.phases:
            wanted_a = flow[phase] if self.by_phase else total_a
            wanted_a = min(max(wanted_a, least_a), most_a)
            self.given_a[phase] += (wanted_a - self.given_a[phase]) / self.lag_s

    @property
    def power_w(self) -> float:
        """What it supplies."""
        return sum(self.given_a) * VOLTAGE_V


@dataclass(frozen=True, kw_only=True)
class HonestSite:
    """What is chosen at random."""

    seed: int
    phases: int
    fuse_a: float
    meter_s: int
    meter_lag_s: int
    resolution_a: float
    total_only: bool
    reports_total: bool
    tick_s: int
    noise_a: float
    report_s: int
    watts_only: tuple[str, ...]  # the chargers that report no currents
    inverter: Regulator | None
    battery: Regulator | None
    sky: str
    hidden: bool  # nothing tells what panels and battery supply
    cars: tuple[Car, ...]
    house: tuple[
        tuple[float, float, float, float], ...
    ]  # base, step, period, on, by phase


def random_honest_site(seed: int) -> HonestSite:
    """Return one of endless sites."""
    chance = random.Random(f"honest {seed}")
    phases = 1 if chance.random() < 0.1 else 3
    every = tuple(range(phases))
    meter_s = chance.choice((1, 2, 5, 10, 30, 60))
    one = (chance.randrange(phases),)
    inverter = battery = None
    if chance.random() < 0.7:
        fed = chance.choice((every, one))
        inverter = Regulator(
            most_w=chance.uniform(1_500, 4_000) * len(fed) * chance.choice((1, 2)),
            phases=fed,
            by_phase=chance.random() < 0.3,
            reports_s=chance.choice((1, 5, 10, 30, 60)),
            least_w=chance.choice((0.0, 1.0)),  # 1: it exports all that it has
        )
    if chance.random() < 0.6:
        fed = chance.choice((every, one))
        power_w = chance.uniform(1_500, 4_000) * len(fed)
        battery = Regulator(
            most_w=power_w,
            least_w=-power_w,
            phases=fed,
            by_phase=chance.random() < 0.5,
            lag_s=chance.choice((1.0, 2.0, 4.0)),
            reports_s=chance.choice((1, 5, 10, 30, 60)),
        )
    cars = tuple(
        Car(
            connector=charger(
                f"k{place}",
                phases=chance.choice((every, every, one)),
                max_a=chance.choice((16.0, 32.0)),
                mode=chance.choice((Mode.FAST, Mode.SOLAR, Mode.SOLAR_MIN)),
                step_a=chance.choice((0.1, 1.0)),
            ),
            phases=chance.choice((1, 3, 3)),
            max_a=chance.choice((10.0, 16.0, 32.0)),
            takes=chance.choice((0.9, 0.97, 1.0)),
            rise_a_s=chance.choice((1.0, 2.0, 8.0)),
            arrives_s=chance.choice((0.0, chance.uniform(0, 1000))),
            leaves_s=chance.choice((1e9, chance.uniform(300, LASTS_S))),
            wants_wh=chance.choice((1e9, chance.uniform(300, 3_000))),
            lag_s=chance.choice((1.0, 2.0, 8.0)),
            reports=chance.random() < 0.95,
        )
        for place in range(chance.choice((1, 1, 2, 3)))
    )
    return HonestSite(
        seed=seed,
        phases=phases,
        fuse_a=chance.choice((20.0, 25.0, 35.0, 63.0)),
        meter_s=meter_s,
        meter_lag_s=chance.randint(0, min(meter_s, 3)),
        resolution_a=chance.choice((0.0, 0.1, 0.5, 1.0)),
        total_only=chance.random() < 0.15,
        reports_total=chance.random() < 0.4,
        tick_s=chance.choice((5, 5, 2)),
        noise_a=chance.choice((0.03, 0.1)),
        report_s=chance.choice((5, 10, 10, 30, 60)),
        watts_only=tuple(one.connector.id for one in cars if chance.random() < 0.15),
        inverter=inverter,
        battery=battery,
        sky=chance.choice(("clear", "clouds", "night")),
        hidden=False,
        cars=cars,
        house=tuple(
            (
                chance.choice((0.05, 0.1, 0.4, 2.0, 4.0)),
                chance.choice((0.0, 0.0, 2.0, 8.0)),
                chance.uniform(60, 600),
                chance.uniform(0.1, 0.9),
            )
            for _ in every
        ),
    )


@dataclass(kw_only=True)
class HonestPlant(Plant):
    """A plant with an inverter and a battery of its own, whose meter rounds."""

    honest: HonestSite
    inverter: Regulator | None = None
    storage: Regulator | None = None
    told_solar: PowerReading | None = None
    told_battery: BatteryReading | None = None

    def _sun_w(self, at_s: float) -> float:
        part = {"clear": 1.0, "night": 0.0}.get(self.honest.sky)
        if part is None:
            part = 0.55 + 0.45 * math.sin(at_s / 37 + self.seed) * math.sin(at_s / 11)
        assert self.inverter is not None
        return self.inverter.most_w * part

    def _flows(self, at_s: float) -> dict[str, PerPhase]:
        flow = super()._flows(at_s)["main"]
        now = START + timedelta(seconds=at_s)
        if (inverter := self.inverter) is not None:
            sun_w = self._sun_w(at_s)
            if inverter.least_w > 0:  # it exports all that it has
                each_a = sun_w / VOLTAGE_V / len(inverter.phases)
                for phase in inverter.phases:
                    inverter.given_a[phase] = each_a
            else:
                inverter.move(flow, sun_w)
            flow = _less(flow, inverter.given_a)
            if self.told_solar is None or at_s % inverter.reports_s == 0:
                self.told_solar = PowerReading(at=now, power_w=round(inverter.power_w))
        if (storage := self.storage) is not None:
            storage.move(flow, storage.most_w)
            flow = _less(flow, storage.given_a)
            if self.told_battery is None or at_s % storage.reports_s == 0:
                self.told_battery = BatteryReading(
                    at=now, power_w=round(storage.power_w), soc=55.0
                )
        return {"main": flow}

    def _connector(self, car: Car, at_s: float, now: datetime) -> Connector:
        known = super()._connector(car, at_s, now)
        if known.id not in self.honest.watts_only or known.draw_a is None:
            return known
        return replace(known, draw_a=None, draw_w=sum(known.draw_a) * VOLTAGE_V)

    def _reading(
        self,
        now: datetime,
        flow: PerPhase,
        chance: random.Random,
        silent: tuple[int, ...] = (),
    ) -> MeterReading:
        reading = super()._reading(now, flow, chance, silent)
        if not (step_a := self.honest.resolution_a):
            return reading
        if reading.current_a is None:
            step_w = step_a * VOLTAGE_V
            return replace(
                reading, power_w=round((reading.power_w or 0.0) / step_w) * step_w
            )
        rounded = tuple(round(a / step_a) * step_a for a in reading.current_a)
        power_w = reading.power_w and float(round(reading.power_w))
        return replace(reading, current_a=rounded, power_w=power_w)


def _less(flow: PerPhase, given_a: list[float]) -> PerPhase:
    return tuple(a - b for a, b in zip(flow, given_a, strict=False))


@dataclass(frozen=True, kw_only=True)
class Belief:
    """What was held against a meter that was right."""

    wrong: tuple[str, ...]  # what it was called
    wrong_s: int
    doubted_s: int
    cars_a: float  # what the cars took, added up


def belief(site: HonestSite) -> Belief:
    """Run a site, and return what was held against its meter."""
    called: list[str] = []
    doubted = 0

    def judged(snapshot: Snapshot, memory: Memory) -> tuple[Decision, Memory]:
        nonlocal doubted
        snapshot = replace(snapshot, solar=plant.told_solar, battery=plant.told_battery)
        decision, memory = decide(snapshot, memory)
        quality = decision.circuits[0].meter
        if quality not in BELIEVED and snapshot.meters:
            called.append(
                f"{quality} {', '.join(decision.circuits[0].sensors)}".strip()
            )
        doubted += memory.circuits["main"].doubt.since is not None
        return decision, memory

    def house(at_s: float) -> PerPhase:
        return tuple(
            base + (step if (at_s % period) < on * period else 0.0)
            for base, step, period, on in site.house
        )

    plant = HonestPlant(
        honest=site,
        inverter=site.inverter,
        storage=site.battery,
        cars=list(site.cars),
        circuits=(
            replace(
                main(site.fuse_a, meter_max_age_s=max(30.0, 2.5 * site.meter_s)),
                limit_a=(site.fuse_a,) * site.phases,
            ),
        ),
        site=Site(phases=site.phases, voltage_v=VOLTAGE_V),
        loads={"main": house},
        meter_s=site.meter_s,
        meter_lag_s=site.meter_lag_s,
        tick_s=site.tick_s,
        noise_a=site.noise_a,
        report_s=site.report_s,
        total_only=site.total_only,
        reports_total=site.reports_total,
        decide=judged,
        seed=site.seed,
    )
    plant.run(LASTS_S)
    return Belief(
        wrong=tuple(dict.fromkeys(called)),
        wrong_s=len(called) * site.tick_s,
        doubted_s=doubted * site.tick_s,
        cars_a=sum(car.given_wh for car in site.cars),
    )


def random_hidden_sun(seed: int) -> Plant:
    """Return a restless house whose panels nobody reports, and whose sun shines already when the first car comes."""
    chance = random.Random(f"hidden {seed}")
    fed = chance.choice(((0, 1, 2), (0, 1, 2), (0,), (1,)))
    sun_a, clouds = chance.uniform(6, 25), chance.random() < 0.4
    noise_a = chance.choice((0.1, 0.3, 0.6, 1.0))
    base_a = [chance.uniform(0.5, 6) for _ in range(3)]
    steps = [
        (chance.choice((0, 2, 5, 9)), chance.uniform(15, 300), chance.uniform(0.1, 0.9))
        for _ in range(3)
    ]
    noise = random.Random(f"noise {seed}")
    past: list[PerPhase] = []

    def load(at_s: float) -> PerPhase:
        while len(past) <= at_s:
            second = len(past)
            shines = 0.75 + 0.25 * math.sin(second / 47 + seed) if clouds else 1.0
            past.append(
                tuple(
                    base_a[phase]
                    + (step_a if second % period_s < part * period_s else 0.0)
                    + noise.gauss(0, noise_a)
                    - (sun_a * shines if phase in fed else 0.0)
                    for phase, (step_a, period_s, part) in enumerate(steps)
                )
            )
        return past[int(at_s)]

    modes = (Mode.FAST, Mode.FAST, Mode.SOLAR, Mode.SOLAR_MIN)
    cars = [
        Car(
            connector=charger(
                f"k{place}",
                max_a=chance.choice((16.0, 32.0)),
                mode=chance.choice(modes),
            ),
            phases=chance.choice((1, 3, 3)),
            arrives_s=chance.uniform(5, 900 if place else 120),
            lag_s=chance.choice((1.0, 2.0, 8.0)),
            rise_a_s=chance.choice((1.0, 2.0, 8.0)),
        )
        for place in range(chance.choice((1, 1, 2)))
    ]
    meter_s, report_s = chance.choice((1, 2, 5, 10, 30)), chance.choice((2, 5, 10, 30))
    fuse_a = chance.choice((25.0, 35.0, 63.0))
    return Plant(
        cars=cars,
        circuits=(main(fuse_a, meter_max_age_s=max(30.0, 2.5 * meter_s)),),
        loads={"main": load},
        meter_s=meter_s,
        report_s=report_s,
        tick_s=chance.choice((2, 5)),
        total_only=chance.random() < 0.15,
        seed=seed,
    )
