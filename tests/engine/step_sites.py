"""Sites on which sun, house or limit take a step, as values that a search finds and a table lists."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
import random

from custom_components.sunfuse.engine.model import Circuit, Mode, Site

from .plant import START, Battery, Car, Plant, charger, main

CLOUD_S = 5
WATCHED_S = 60
# The accuracy of meters: less above a limit is not seen.
OVER = 0.01
EVERY = (0, 1, 2)


@dataclass(frozen=True, kw_only=True)
class StepCar:
    """A car at its charger."""

    circuit: str = "main"
    wired: tuple[int, ...] = EVERY
    max_a: float = 16.0  # of the charger
    car_a: float = 16.0
    car_phases: int = 3
    mode: Mode = Mode.FAST
    lag_s: float = 2.0
    arrives_s: float = 0.0
    fall_a_s: float = 8.0
    reports: bool = True

    def at(self, place: int) -> Car:
        """Return the car at a place of the site."""
        return Car(
            connector=charger(
                f"k{place:02}",
                circuit=self.circuit,
                phases=self.wired,
                max_a=self.max_a,
                mode=self.mode,
            ),
            phases=self.car_phases,
            max_a=self.car_a,
            lag_s=self.lag_s,
            arrives_s=self.arrives_s,
            fall_a_s=self.fall_a_s,
            reports=self.reports,
        )


@dataclass(frozen=True, kw_only=True)
class StepSite:
    """A site, and what changes on it at `step_s`; None: that stays."""

    cars: tuple[StepCar, ...]
    fuse_a: float = 63.0
    panel_a: float | None = None
    feeder_a: float | None = None  # below the panel
    before_a: tuple[float, ...] = (5.0, 5.0, 5.0)
    after_a: tuple[float, ...] | None = None
    panel_load_a: tuple[float, ...] = (0.0, 0.0, 0.0)
    panel_after_a: tuple[float, ...] | None = None
    limit_after_a: float | None = None
    sun_w: float = 0.0
    sun_after_w: float | None = None
    battery_w: float = 0.0  # what the home battery can give and take
    battery_wh: float = 0.0  # and what it holds
    step_s: int = 150
    meter_s: int = 1
    meter_lag_s: int = 1
    report_s: int = 10
    noise_a: float = 0.1
    total_only: bool = False
    seed: int = 0

    @property
    def ends_s(self) -> int:
        """When the step is over."""
        return self.step_s + (CLOUD_S if self.sun_after_w is not None else 0)

    @property
    def allowed_s(self) -> float:
        """How long meter, charger and car take, and a second for the decision."""
        slowest_s = max(car.lag_s for car in self.cars)
        ramp_s = max(car.max_a / car.fall_a_s for car in self.cars)
        return self.meter_s + self.meter_lag_s + slowest_s + ramp_s + 1

    def _circuits(self) -> Iterator[Circuit]:
        yield main(self.fuse_a)
        for name, parent, limit_a in (
            ("panel", "main", self.panel_a),
            ("feeder", "panel", self.feeder_a),
        ):
            if limit_a is not None:
                yield Circuit(
                    id=name,
                    name=name.title(),
                    parent=parent,
                    limit_a=(limit_a,) * len(self.before_a),
                    margin_a=1.0,
                )

    def _solar_w(self, at_s: float) -> float:
        if self.sun_after_w is None:
            return self.sun_w
        part = min(max((at_s - self.step_s) / CLOUD_S, 0.0), 1.0)
        return self.sun_w + (self.sun_after_w - self.sun_w) * part

    def plant(self) -> Plant:
        """Return the site, before its first second."""
        house_a, panel_a = self.after_a or self.before_a, self.panel_after_a
        panel_then_a = self.panel_load_a if panel_a is None else panel_a
        loads = {
            "main": lambda at_s: self.before_a if at_s < self.step_s else house_a,
            "panel": (
                lambda at_s: self.panel_load_a if at_s < self.step_s else panel_then_a
            ),
        }
        if self.panel_a is None:
            del loads["panel"]
        circuits = tuple(self._circuits())
        phases = len(self.before_a)
        circuits = tuple(
            replace(circuit, limit_a=circuit.limit_a[:phases]) for circuit in circuits
        )
        battery = None
        if self.battery_w:
            battery = Battery(
                capacity_wh=10_000.0, most_w=self.battery_w, held_wh=self.battery_wh
            )
        return Plant(
            cars=[car.at(place) for place, car in enumerate(self.cars)],
            circuits=circuits,
            site=Site(phases=phases, voltage_v=230.0),
            loads=loads,
            solar_w=self._solar_w if self.sun_w or self.sun_after_w else None,
            limits=(
                ()
                if self.limit_after_a is None
                else ((self.step_s, "main", self.limit_after_a),)
            ),
            battery=battery,
            meter_s=self.meter_s,
            meter_lag_s=self.meter_lag_s,
            report_s=self.report_s,
            tick_s=1,
            noise_a=self.noise_a,
            total_only=self.total_only,
            seed=self.seed,
        )


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What happened after a step."""

    # For how long a circuit was above its limit from the step's end on, and at any later time.
    over_s: int
    # Who was offered more on a phase that was measured to be above its limit.
    raised: tuple[str, ...]
    # Who was paused although all minimums fit.
    paused: tuple[str, ...]


def outcome(site: StepSite) -> Outcome:
    """Run a site until long after its step."""
    plant = site.plant()
    overloaded = set[int]()

    def watch(at_s: float, plant: Plant) -> None:
        """Note an overload to which cars contribute: without them nobody could end it."""
        above = above_a(plant, int(at_s))
        if any(
            above[place] > OVER * site.fuse_a
            for car in plant.cars
            for place in _feeds(car, plant)
            if car.draw(len(site.before_a))[place[1]] > 0
        ):
            overloaded.add(int(at_s))

    plant.watch = watch
    plant.run(site.ends_s + WATCHED_S)
    return Outcome(
        over_s=_longest(overloaded, site),
        raised=tuple(_raised(plant, site)),
        paused=tuple(_paused(plant, site)),
    )


def _longest(overloaded: set[int], site: StepSite) -> int:
    """Return the longest row of such seconds, not counting those before the step is over."""
    longest = now = 0
    for at_s in range(site.ends_s, site.ends_s + WATCHED_S):
        now = now + 1 if at_s in overloaded else 0
        longest = max(longest, now)
    return longest


def above_a(plant: Plant, at_s: int) -> dict[tuple[str, int], float]:
    """Return by how much each phase of each circuit is above its limit."""
    return {
        (circuit.id, phase): current_a - limit_a
        for circuit in plant.circuits
        for phase, (current_a, limit_a) in enumerate(
            zip(plant.flows[at_s][circuit.id], circuit.limit_a, strict=True)
        )
    }


def _raised(plant: Plant, site: StepSite) -> Iterator[str]:
    for before, now in pairwise(plant.decisions):
        at_s = int((now.now - START).total_seconds())
        measured_s = at_s - at_s % site.meter_s - site.meter_lag_s
        if measured_s < site.step_s:
            continue
        above = above_a(plant, measured_s)
        for car, was, offer in zip(
            plant.cars, before.connectors, now.connectors, strict=True
        ):
            if offer.offer_a > was.offer_a and any(
                above[place] > 0.5 for place in _feeds(car, plant, offer.phases)
            ):
                yield f"{car.connector.id} at {at_s} s"


def _feeds(car: Car, plant: Plant, phases: int = 3) -> list[tuple[str, int]]:
    """Return the phases of circuits that a car takes its current from."""
    parents = {circuit.id: circuit.parent for circuit in plant.circuits}
    used = car.connector.phases[: min(car.phases, phases)]
    found: list[tuple[str, int]] = []
    name: str | None = car.connector.circuit
    while name is not None:
        found += [(name, phase) for phase in used]
        name = parents[name]
    return found


def _paused(plant: Plant, site: StepSite) -> Iterator[str]:
    """Name who lost its offer after the step, if all have their minimum beside what else flows."""
    for before, now in pairwise(plant.decisions):
        at_s = int((now.now - START).total_seconds())
        if at_s < site.step_s:
            continue
        left_a = _left_a(plant, at_s)
        for car, was, offer in zip(
            plant.cars, before.connectors, now.connectors, strict=True
        ):
            if was.offer_a > 0 == offer.offer_a and all(
                left_a[place] > 2.0 for place in _feeds(car, plant)
            ):
                yield f"{car.connector.id} at {at_s} s"


def _left_a(plant: Plant, at_s: int) -> dict[tuple[str, int], float]:
    """Return what each phase of each circuit leaves beside its load and the minimums of all cars; feed-in leaves no more."""
    cars_a = dict.fromkeys(above_a(plant, at_s), 0.0)
    least_a = dict(cars_a)
    for car in plant.cars:
        for name, phase in _feeds(car, plant):
            cars_a[name, phase] += car.draw(plant.site.phases)[phase]
            if car.plugged(at_s):
                least_a[name, phase] += car.connector.min_a
    limits = {circuit.id: circuit.limit_a for circuit in plant.circuits}
    return {
        (name, phase): limits[name][phase]
        - max(plant.flows[at_s][name][phase] - cars_a[name, phase], 0.0)
        - least_a[name, phase]
        for name, phase in cars_a
    }


def random_site(seed: int) -> StepSite:
    """Return one of endless sites."""
    chance = random.Random(seed)
    phases = 1 if chance.random() < 0.1 else 3
    fuse_a = chance.choice((25.0, 35.0, 63.0, 100.0))
    panel_a = chance.choice((None, 25.0, 32.0, 63.0))
    feeder_a = chance.choice((None, 20.0, 25.0)) if panel_a else None
    step_s = chance.choice((150, 40, 60, 25))
    circuits = [
        "main",
        *(["panel"] if panel_a else []),
        *(["feeder"] if feeder_a else []),
    ]
    wirings = ((0, 1, 2), (1, 2, 0), (2,), (0,), (1,)) if phases == 3 else ((0,),)
    slow = chance.choice(((1.0, 2.0), (1.0, 2.0, 5.0, 8.0), (1.0, 15.0)))
    cars = tuple(
        StepCar(
            circuit=chance.choice(circuits),
            wired=chance.choice(wirings),
            max_a=chance.choice((16.0, 32.0)),
            car_a=chance.choice((10.0, 16.0, 32.0)),
            car_phases=chance.choice((1, 3)) if phases == 3 else 1,
            mode=chance.choice((Mode.FAST, Mode.FAST, Mode.SOLAR_MIN)),
            lag_s=chance.choice(slow),
            arrives_s=chance.choice((0.0, 0.0, chance.uniform(0, step_s))),
            fall_a_s=chance.choice((8.0, 8.0, 4.0)),
        )
        for _ in range(chance.choice((1, 2, 2, 3, 4, 6, 9, 12)))
    )
    before_a = tuple(chance.uniform(1.0, fuse_a * 0.4) for _ in range(phases))
    panel_load_a = (0.0,) * phases
    if panel_a and chance.random() < 0.5:
        panel_load_a = tuple(chance.uniform(0.0, panel_a * 0.3) for _ in range(phases))
    site = StepSite(
        cars=cars,
        fuse_a=fuse_a,
        panel_a=panel_a,
        feeder_a=feeder_a,
        before_a=before_a,
        panel_load_a=panel_load_a,
        step_s=step_s,
        meter_s=chance.choice((1, 1, 2, 3, 5, 10)),
        meter_lag_s=chance.choice((0, 1, 2, 3, 5)),
        report_s=chance.choice((5, 10, 10, 30)),
        noise_a=chance.choice((0.0, 0.1, 0.3)),
        seed=chance.randrange(100),
    )
    if chance.random() < 0.3:
        site = replace(site, sun_w=chance.uniform(1_000, 20_000))
    if chance.random() < 0.2:
        battery_wh = chance.choice((5_000.0, 0.0))
        site = replace(
            site, battery_w=chance.uniform(2_000, 8_000), battery_wh=battery_wh
        )
    what = chance.choice(("sun", "house", "limit", "panel"))
    if what == "sun":
        return replace(
            site,
            sun_w=chance.uniform(3_000, 10_000 * phases),
            sun_after_w=chance.uniform(0, 3_000),
        )
    if what == "limit":
        return replace(site, limit_after_a=fuse_a * chance.uniform(0.4, 0.9))
    if what == "panel" and panel_a:
        return replace(
            site,
            panel_after_a=tuple(
                chance.uniform(panel_a * 0.1, panel_a * 0.9) for _ in range(phases)
            ),
        )
    return replace(
        site,
        after_a=tuple(
            chance.uniform(fuse_a * 0.2, fuse_a * 0.9) for _ in range(phases)
        ),
    )
