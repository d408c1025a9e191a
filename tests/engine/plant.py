"""A site in simulated time, to close the loop around the engine: cars, chargers and meters with their lags.

Every second the cars move towards their offers, and the true current of every circuit is known. The engine sees the last
reports of its meters and chargers, and chargers receive an offer some seconds later. Everything that counts is counted.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
import math
import random

from custom_components.sunfuse.engine import Memory, decide
from custom_components.sunfuse.engine.model import (
    BatteryReading,
    Circuit,
    Connector,
    ConnectorStatus,
    Decision,
    MeterReading,
    Mode,
    PerPhase,
    PowerReading,
    Site,
    Snapshot,
)
from custom_components.sunfuse.engine.recording import Recorder

START = datetime(2026, 6, 21, 8, tzinfo=UTC)
VOLTAGE_V = 230.0

type Load = Callable[[float], PerPhase]
type Decider = Callable[[Snapshot, Memory], tuple[Decision, Memory]]


def waves_at(level_a: float) -> Load:
    """Return a load that goes up and down by 2 A within four minutes."""
    return lambda at_s: (level_a + 2 * math.sin(at_s / 38), level_a, 2.0)


def steady(*load_a: float) -> Load:
    """Return a load that never changes."""
    return lambda _: load_a


@dataclass(kw_only=True)
class Car:
    """A car at its charger. `phases` is how many phases its own charger has."""

    connector: Connector
    phases: int = 3
    max_a: float = 16.0
    takes: float = 0.98  # of what it is offered
    rise_a_s: float = 2.0
    fall_a_s: float = 8.0
    wants_wh: float = 1e9
    sleeps_s: float = 0.0  # from an offer after none to its first current
    arrives_s: float = 0.0
    leaves_s: float = 1e9
    obeys: bool = True
    reports: bool = True  # whether the charger measures
    lag_s: float | None = None  # until an offer is in force; None: as at the plant
    reachable: Callable[[float], bool] = lambda _: True
    # What happens
    current_a: float = 0.0
    using: tuple[int, ...] = ()
    given_wh: float = 0.0
    offer_a: float = 0.0
    wakes_at_s: float | None = None
    offered_phases: int = 3
    offered_at: datetime | None = None
    queue: list[tuple[float, float, int]] = field(default_factory=list)
    drawn: tuple[datetime, PerPhase] | None = None
    starts: int = 0
    stops: int = 0
    switches: int = 0
    offers: int = 0

    def plugged(self, at_s: float) -> bool:
        """Whether the car is there."""
        return self.arrives_s <= at_s < self.leaves_s

    def full(self) -> bool:
        """Whether the car wants no more."""
        return self.given_wh >= self.wants_wh

    def status(self, at_s: float) -> ConnectorStatus:
        """Return what the charger says."""
        if not self.plugged(at_s):
            return ConnectorStatus.AVAILABLE
        if self.current_a > 0:
            return ConnectorStatus.CHARGING
        if self.full():
            return ConnectorStatus.SUSPENDED_EV
        return (
            ConnectorStatus.CHARGING
            if self.offer_a >= self.connector.min_a
            else ConnectorStatus.SUSPENDED_EVSE
        )

    def move(self, at_s: float) -> None:
        """Let one second pass."""
        while self.queue and self.queue[0][0] <= at_s:
            _, self.offer_a, self.offered_phases = self.queue.pop(0)
        if self.offer_a < self.connector.min_a:
            self.wakes_at_s = None
        elif self.wakes_at_s is None:
            self.wakes_at_s = at_s + self.sleeps_s
        sleeps = self.wakes_at_s is None or at_s < self.wakes_at_s
        wants = self.plugged(at_s) and not self.full()
        wants = wants and not (self.sleeps_s and sleeps)
        limit_a = self.offer_a if self.obeys else 32.0
        target_a = 0.0
        if wants and limit_a >= self.connector.min_a:
            target_a = min(limit_a * self.takes, self.max_a)
        count = min(self.phases, self.offered_phases, len(self.connector.phases))
        using = self.connector.phases[:count]
        if self.current_a and using != self.using:
            target_a = 0.0  # the contactor opens first
        if target_a > self.current_a:
            if not self.current_a:
                self.starts += 1
                self.switches += bool(self.using) and using != self.using
                self.using = using
            self.current_a = min(target_a, self.current_a + self.rise_a_s)
        elif target_a < self.current_a:
            self.current_a = max(target_a, self.current_a - self.fall_a_s)
            if not self.current_a:
                self.stops += not self.full() and self.plugged(at_s)
        self.given_wh += self.current_a * len(self.using) * VOLTAGE_V / 3600

    def draw(self, phases: int) -> PerPhase:
        """Return what it takes on each phase of the site."""
        return tuple(
            self.current_a if phase in self.using else 0.0 for phase in range(phases)
        )


@dataclass(kw_only=True)
class Battery:
    """A home battery that keeps the grid meter at zero, some seconds late, for as long as it can."""

    capacity_wh: float
    most_w: float = 5000.0
    held_wh: float = 0.0
    lag_s: float = 3.0
    # What happens: positive on discharge
    power_w: float = 0.0

    def move(self, grid_w: float) -> None:
        """Let one second pass, in which the grid would give so much without it."""
        wanted_w = min(max(grid_w, -self.most_w), self.most_w)
        if wanted_w > 0 and self.held_wh <= 0:
            wanted_w = 0.0
        if wanted_w < 0 and self.held_wh >= self.capacity_wh:
            wanted_w = 0.0
        self.power_w += (wanted_w - self.power_w) / max(self.lag_s, 1.0)
        self.held_wh -= self.power_w / 3600


@dataclass(kw_only=True)
class Measures:
    """What is counted. The limit is the fuse, without the margin."""

    over_s: float = 0.0
    over_as: float = 0.0
    longest_over_s: float = 0.0
    worst_a: float = 0.0
    unused_wh: float = (
        0.0  # export that a minimum or a car at less than its most could have used
    )
    idle_wh: float = 0.0  # that the circuits could have carried to cars at full power
    imported_wh: float = 0.0  # by cars, beyond the sun
    offers: int = 0
    starts: int = 0
    stops: int = 0
    switches: int = 0
    jain: float = 1.0


@dataclass(kw_only=True)
class Plant:
    """A site. `loads` are what each circuit carries besides cars and circuits below it."""

    cars: list[Car]
    circuits: tuple[Circuit, ...]
    loads: Mapping[str, Load]
    solar_w: Callable[[float], float] | None = None
    site: Site = Site(phases=3, voltage_v=VOLTAGE_V)
    meter_s: float = 2.0  # how often the meters report
    meter_lag_s: int = 1  # and how old that is
    charger_lag_s: float = 2.0  # until an offer is in force
    report_s: float = 10.0  # how often chargers report the draw
    tick_s: float = 5.0
    noise_a: float = 0.0
    total_only: bool = False
    broken: Callable[[float], bool] = lambda _: False  # whether the meters are silent
    # What the main meter shows of what flows, where it lies.
    shows: Callable[[float, PerPhase], PerPhase] = lambda _, flow: flow
    silent: Callable[[float], tuple[int, ...]] = lambda _: ()  # phases without a value
    reports_total: bool = False  # besides the phases
    unsigned: bool = False  # whether the phases have no sign beside a silent one
    # The phases whose sensors report only changes, and of which the total shows that they live.
    confirmed: tuple[bool, ...] = ()
    settings: Snapshot | None = (
        None  # policy, tuning, limits and rules are taken from it
    )
    battery: Battery | None = None
    decide: Decider = decide  # who controls the site
    watch: Callable[[float, Plant], None] | None = None  # called each second
    seed: int = 1
    memory: Memory = field(default_factory=Memory)
    measures: Measures = field(default_factory=Measures)
    decisions: list[Decision] = field(default_factory=list)
    recorder: Recorder | None = None
    last: Snapshot | None = None
    # What the circuits' limits are from when on, where somebody changes them.
    limits: tuple[tuple[float, str, float], ...] = ()
    flows: list[dict[str, PerPhase]] = field(default_factory=list)  # by second

    def run(self, seconds: int, *, until: Callable[[], bool] | None = None) -> Measures:
        """Let so many seconds pass, and return what was counted in all."""
        chance = random.Random(self.seed)
        past = self.flows = []
        told: dict[str, MeterReading] = {}
        over_s = 0.0
        for at_s in range(seconds):
            now = START + timedelta(seconds=at_s)
            self._turn_limits(at_s)
            for car in self.cars:
                car.move(at_s)
            true = self._flows(at_s)
            past.append(true)
            if self.watch is not None:
                self.watch(at_s, self)
            over_s = self._count(at_s, true, over_s)
            if at_s % self.meter_s == 0 and not self.broken(at_s):
                seen = past[max(len(past) - 1 - self.meter_lag_s, 0)]
                told = {
                    name: self._reading(
                        now,
                        self.shows(at_s, flow) if name == "main" else flow,
                        chance,
                        self.silent(at_s),
                    )
                    for name, flow in seen.items()
                }
            for place, car in enumerate(self.cars):
                if (at_s + 3 * place) % self.report_s == 0 and car.reports:
                    car.drawn = (now, car.draw(self.site.phases))
            if at_s % self.tick_s == 0:
                self._tick(at_s, now, told)
            if until is not None and until():
                break
        self._sum_up()
        return self.measures

    def _turn_limits(self, at_s: float) -> None:
        for when_s, name, limit_a in self.limits:
            if when_s == at_s:
                self.circuits = tuple(
                    replace(c, limit_a=(limit_a,) * len(c.limit_a))
                    if c.id == name
                    else c
                    for c in self.circuits
                )

    def _flows(self, at_s: float) -> dict[str, PerPhase]:
        phases = range(self.site.phases)
        sun_a = (self.solar_w(at_s) if self.solar_w else 0.0) / VOLTAGE_V / len(phases)
        parents = {c.id: c.parent for c in self.circuits}
        flows = {c.id: [0.0] * len(phases) for c in self.circuits}
        for circuit in self.circuits:
            load = self.loads.get(circuit.id, steady(*([0.0] * len(phases))))(at_s)
            draws = [load]
            draws += [
                car.draw(len(phases))
                for car in self.cars
                if car.connector.circuit == circuit.id
            ]
            if circuit.parent is None:
                draws.append((-sun_a,) * len(phases))
            at: str | None = circuit.id
            while at is not None:
                for draw in draws:
                    for phase in phases:
                        flows[at][phase] += draw[phase]
                at = parents[at]
        if self.battery is not None:
            root = next(c.id for c in self.circuits if c.parent is None)
            self.battery.move(sum(flows[root]) * VOLTAGE_V)
            given_a = self.battery.power_w / VOLTAGE_V / len(phases)
            flows[root] = [a - given_a for a in flows[root]]
        return {name: tuple(flow) for name, flow in flows.items()}

    def _reading(
        self,
        now: datetime,
        flow: PerPhase,
        chance: random.Random,
        silent: tuple[int, ...] = (),
    ) -> MeterReading:
        seen = tuple(a + chance.gauss(0, self.noise_a) for a in flow)
        if self.total_only:
            return MeterReading(at=now, power_w=sum(seen) * VOLTAGE_V)
        power_w = sum(seen) * VOLTAGE_V if self.reports_total else None
        if not silent:
            return MeterReading(
                at=now, current_a=seen, power_w=power_w, confirmed=self.confirmed
            )
        return MeterReading(
            at=now,
            power_w=power_w,
            known_a=tuple(
                None if p in silent else abs(a) if self.unsigned else a
                for p, a in enumerate(seen)
            ),
            unsigned=self.unsigned,
            silent=tuple(f"L{phase + 1}" for phase in silent),
        )

    def _tick(
        self, at_s: float, now: datetime, told: Mapping[str, MeterReading]
    ) -> None:
        metered = {c.id for c in self.circuits if c.assumed_load_a is None}
        solar_w = self.solar_w(at_s) if self.solar_w else 0.0
        snapshot = replace(
            self.settings or Snapshot(now=now, site=self.site, circuits=()),
            now=now,
            site=self.site,
            circuits=self.circuits,
            meters=tuple((n, r) for n, r in told.items() if n in metered),
            solar=PowerReading(at=now, power_w=solar_w) if self.solar_w else None,
            battery=self._battery_reading(now),
            connectors=tuple(self._connector(car, at_s, now) for car in self.cars),
        )
        before = self.memory
        decision, self.memory = self.decide(snapshot, before)
        if self.recorder is not None:
            self.recorder.add(before, snapshot, decision)
        self.last = snapshot
        self.decisions.append(decision)
        for car, offer in zip(self.cars, decision.connectors, strict=True):
            last = car.queue[-1][1:] if car.queue else (car.offer_a, car.offered_phases)
            if car.reachable(at_s) and last != (offer.offer_a, offer.phases):
                lag_s = self.charger_lag_s if car.lag_s is None else car.lag_s
                in_force_s = at_s + lag_s
                car.queue.append((in_force_s, offer.offer_a, offer.phases))
                car.offered_at = now
                car.offers += 1

    def _battery_reading(self, now: datetime) -> BatteryReading | None:
        if (battery := self.battery) is None:
            return None
        soc = 100 * battery.held_wh / battery.capacity_wh
        return BatteryReading(at=now, power_w=battery.power_w, soc=soc)

    def _connector(self, car: Car, at_s: float, now: datetime) -> Connector:
        pending = [offer_a for _, offer_a, _ in car.queue]
        reachable = car.reachable(at_s)
        known = replace(
            car.connector,
            status=car.status(at_s),
            reachable=reachable,
            offer_a=max([car.offer_a, *pending]),
            offered_at=car.offered_at,
            connected_at=START + timedelta(seconds=car.arrives_s),
        )
        if reachable:
            known = replace(known, offer_until=now + timedelta(seconds=120))
        if car.drawn is None:
            return known
        return replace(known, draw_at=car.drawn[0], draw_a=car.drawn[1])

    def _count(self, at_s: float, true: Mapping[str, PerPhase], over_s: float) -> float:
        above = max(
            max(a - most for a, most in zip(true[c.id], c.limit_a, strict=True))
            for c in self.circuits
        )
        measures = self.measures
        if above > 0.01:
            measures.over_s += 1
            measures.over_as += above
            measures.worst_a = max(measures.worst_a, above)
            over_s += 1
            measures.longest_over_s = max(measures.longest_over_s, over_s)
        else:
            over_s = 0.0
        measures.idle_wh += self._could_carry_w(at_s, true) / 3600
        root = next(c.id for c in self.circuits if c.parent is None)
        export_w = max(-sum(true[root]) * VOLTAGE_V, 0.0)
        if self.solar_w is not None:
            measures.unused_wh += min(export_w, self._could_use_w(at_s)) / 3600
            cars_w = sum(c.current_a * len(c.using) for c in self.cars) * VOLTAGE_V
            import_w = max(sum(true[root]) * VOLTAGE_V, 0.0)
            measures.imported_wh += min(import_w, cars_w) / 3600
        return over_s

    def _could_carry_w(self, at_s: float, true: Mapping[str, PerPhase]) -> float:
        """Return what cars at full power do not take, and could beside all that flows, one after the other."""
        circuits = {c.id: c for c in self.circuits}
        free = {
            name: [
                most - circuit.margin_a - a
                for most, a in zip(circuit.limit_a, true[name], strict=True)
            ]
            for name, circuit in circuits.items()
        }
        found_w = 0.0
        for car in self.cars:
            if not car.plugged(at_s) or car.full():
                continue
            if car.connector.mode is not Mode.FAST:
                continue
            path, at = [], circuits.get(car.connector.circuit)
            while at is not None:
                path.append(at.id)
                at = circuits.get(at.parent or "")
            phases = car.connector.phases[: car.phases]
            room_a = min(free[name][phase] for name in path for phase in phases)
            wants_a = min(car.max_a, car.connector.max_a) - car.current_a
            more_a = max(min(room_a, wants_a), 0.0)
            if car.current_a + more_a < car.connector.min_a:
                continue
            for name in path:
                for phase in phases:
                    free[name][phase] -= more_a
            found_w += more_a * len(phases) * VOLTAGE_V
        return found_w

    def _could_use_w(self, at_s: float) -> float:
        return sum(
            (min(car.max_a, car.connector.max_a) - car.current_a)
            * min(car.phases, len(car.connector.phases))
            * VOLTAGE_V
            for car in self.cars
            if car.plugged(at_s)
            and not car.full()
            and car.connector.mode is not Mode.OFF
        )

    def _sum_up(self) -> None:
        measures = self.measures
        for name in ("offers", "starts", "stops", "switches"):
            setattr(measures, name, sum(getattr(car, name) for car in self.cars))
        parts = [car.given_wh / min(car.wants_wh, 50_000.0) for car in self.cars]
        squares = sum(part * part for part in parts)
        measures.jain = sum(parts) ** 2 / (len(parts) * squares) if squares else 1.0


def charger(name: str, **changes: object) -> Connector:
    """Return a charger of 16 A on three phases at full power."""
    connector = Connector(id=name, circuit="main", phases=(0, 1, 2), mode=Mode.FAST)
    return replace(connector, **changes)  # type: ignore[arg-type]  # any field of it


def main(limit_a: float = 25.0, **changes: object) -> Circuit:
    """Return the main fuse, less 1 A of margin."""
    circuit = Circuit(
        id="main", name="Main fuse", parent=None, limit_a=(limit_a,) * 3, margin_a=1.0
    )
    return replace(circuit, **changes)  # type: ignore[arg-type]  # any field of it
