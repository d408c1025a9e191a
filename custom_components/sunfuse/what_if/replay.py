"""Planner and engine at a replayed site, as they are: a plan each half hour and when somebody comes or goes, decisions between."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol

from ..drivers.demand import Demand
from ..engine import Memory, decide
from ..engine.model import (
    BatteryReading,
    Circuit,
    Connector,
    ConnectorStatus,
    MeterReading,
    Mode,
    PowerReading,
    Site,
    Snapshot,
)
from ..planner import (
    BatteryCommand,
    CarGoal,
    CarMode,
    CarOutlook,
    CircuitOutlook,
    HomeBattery,
    Intention,
    Outlook,
    Quantiles,
    TargetPeak,
    clock_steps,
    intend,
    step_starts,
)
from ..site.planning.plan_slots import plan_slot
from .peak_price import PeakCounter
from .plant import QUARTER_MIN, Guest, Plant

# The offer that a charger confirmed lapses after so long; it is renewed long before.
_LAPSES = timedelta(minutes=30)
_RIPPLE_A = 0.02


class Ahead(Protocol):
    """What is known beforehand, for so many quarter hours from one on."""

    def prices(self, now_min: float, count: int) -> tuple[tuple[float, ...], int]:
        """Return import prices, and how many of them are known."""
        ...

    def export_prices(self, first: int, count: int) -> tuple[float, ...]:
        """Return what exports earn."""
        ...

    def house(self, first: int, count: int) -> Quantiles:
        """Return the house load."""
        ...

    def usual_house(self, first: int, count: int) -> Quantiles:
        """Return the house load of usual days, which says what its peaks come to."""
        ...

    def sun(self, first: int, count: int) -> Quantiles:
        """Return the sun."""
        ...

    @property
    def day_peaks_w(self) -> Mapping[int, Sequence[float]]:
        """The highest interval of days without cars, by its minutes."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayPace:
    """The minutes from one plan to the next, and from one decision to the next.

    Plans are made each `near_plan_min` in the last `near_min` before a departure, otherwise each `plan_min`. Decisions are
    made each `changing_min` while offers change, each `busy_min` while the sun shines or peaks count, otherwise each `calm_min`.
    """

    plan_min: float = 30.0
    near_plan_min: float = 30.0
    near_min: float = 60.0
    changing_min: float = 1 / 6
    busy_min: float = 1.0
    calm_min: float = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayedSite:
    """A site as it is wired."""

    site: Site
    circuits: tuple[Circuit, ...]  # the root first


@dataclass(kw_only=True)
class Replay:
    """A time of a site with Sunfuse."""

    site: ReplayedSite
    plant: Plant
    ahead: Ahead
    start: datetime
    pace: ReplayPace = ReplayPace()
    peaks: PeakCounter | None = None
    prices_at_min: int = 13 * 60
    memory: Memory = field(default_factory=Memory)
    intention: Intention | None = None
    planned_min: float = -1e9
    plans: int = 0
    decisions: int = 0
    targets: dict[str, TargetPeak] = field(default_factory=dict)

    def run(self) -> None:
        """Let the time pass."""
        while not self.plant.over:
            self.pass_some()
        self.plant.finish()

    def pass_some(self) -> None:
        """Plan and decide if it is time, and let some minutes pass."""
        plant, pace = self.plant, self.pace
        news = plant.come_and_go()
        needy = any(guest.needy for guest in plant.here.values())
        controlled = plant.storage is not None and plant.storage.controlled
        due = plant.now_min - self.planned_min >= self._plan_every_min()
        prices_came = plant.now_min % 1440 == self.prices_at_min
        if (needy and (news or due or prices_came)) or (controlled and due):
            self._plan()
        if not needy:
            self._step(_until_next(plant.now_min, pace.calm_min))
            return
        changed = self._decide()
        busy = plant.sun_w > plant.house_w + 500 or self.peaks is not None
        every_min = pace.busy_min if busy else pace.calm_min
        self._step(
            pace.changing_min if changed else _until_next(plant.now_min, every_min)
        )

    def _step(self, minutes: float) -> None:
        """Let minutes pass, no more than to the end of the block, and count what the meter counts."""
        plant, begun_min = self.plant, self.plant.now_min
        self._command_battery()
        plant.step(minutes)
        if self.peaks is not None:
            start, end = self._time(begun_min), self._time(plant.now_min)
            self.peaks.draw(start, end, plant.grid_w)

    # The slow loop

    def _plan_every_min(self) -> float:
        """Return how long a plan is good: a site makes one each five minutes, which counts where a departure is near."""
        pace, now_min = self.pace, self.plant.now_min
        left = [guest.stay.says_min - now_min for guest in self.plant.here.values()]
        near = 0 <= min(left, default=-1.0) <= pace.near_min
        return pace.near_plan_min if near else pace.plan_min

    def _plan(self) -> None:
        self.plans += 1
        self.planned_min = self.plant.now_min
        self.intention = intend(self._outlook(), self.intention)
        for target in self.intention.target_peaks:
            self.targets[target.name] = target

    def _outlook(self) -> Outlook:
        plant, now = self.plant, self._time(self.plant.now_min)
        leaves = [self._time(guest.stay.says_min) for guest in plant.here.values()]
        last = max([now + timedelta(hours=1), *leaves])
        if plant.storage is not None and plant.storage.controlled:
            last = max(last, now + timedelta(hours=24))
        steps_s = clock_steps(now, last, leaves)
        quarters = _quarters_of(steps_s, plant.now_min)
        count, first = quarters[-1] + 1, plant.quarter
        prices, known = self.ahead.prices(plant.now_min, count)
        usual_house = self.ahead.usual_house(first, count)
        return Outlook(
            now=now,
            steps_s=steps_s,
            circuits=tuple(_circuit_outlook(each) for each in self.site.circuits),
            phases=self.site.site.phases,
            voltage_v=plant.voltage_v,
            house=_quantiles_at(quarters, self.ahead.house(first, count)),
            sun=_quantiles_at(quarters, self.ahead.sun(first, count)),
            import_price=_at(quarters, prices),
            export_price=_at(quarters, self.ahead.export_prices(first, count)),
            known_prices=sum(quarter < known for quarter in quarters),
            peaks=self.peaks.tariffs(
                now,
                step_starts(now, steps_s),
                _quantiles_at(quarters, usual_house),
                self.ahead.day_peaks_w,
            )
            if self.peaks is not None
            else (),
            battery=self._battery(),
            cars=tuple(self._car(guest) for guest in plant.here.values()),
        )

    def _car(self, guest: Guest) -> CarOutlook:
        stay, now_min = guest.stay, self.plant.now_min
        late = stay.says_min <= now_min  # who is late may leave at any moment
        ready_min = now_min + QUARTER_MIN if late else stay.says_min
        return CarOutlook(
            id=stay.outlet.id,
            circuit=stay.outlet.circuit,
            mode=CarMode(stay.outlet.mode),
            phases=stay.phases,
            min_a=stay.outlet.min_a,
            max_a=stay.max_a,
            charging=guest.current_a > 0,
            full_wh=guest.lacks_wh,
            goals=(CarGoal(at=self._time(ready_min), energy_wh=guest.lacks_wh),),
            charge_efficiency=stay.efficiency,
            standby_w=stay.standby_w,
        )

    def _battery(self) -> HomeBattery | None:
        storage = self.plant.storage
        if storage is None:
            return None
        spec = storage.spec
        return HomeBattery(
            capacity_wh=spec.capacity_wh,
            energy_wh=self.plant.stored_wh,
            max_charge_w=spec.power_w,
            max_discharge_w=spec.power_w,
            charge_efficiency=spec.one_way,
            discharge_efficiency=spec.one_way,
            reserve_wh=spec.reserve * spec.capacity_wh,
            controllable=storage.controlled,
        )

    def _command_battery(self) -> None:
        """Hand on what the plan wants of a controlled battery."""
        plant = self.plant
        plant.battery_order_w, plant.battery_holds = None, False
        if plant.storage is None or not plant.storage.controlled or not self.intention:
            return
        slot = self.intention.site_slot(self._time(plant.now_min))
        if slot is None:
            return
        plant.battery_holds = slot.command is BatteryCommand.HOLD
        if slot.command is BatteryCommand.CHARGE:
            plant.battery_order_w = slot.battery_w
        elif slot.command is BatteryCommand.DISCHARGE:
            # Where nothing lacks, it is left to itself.
            plant.battery_order_w = slot.discharge_w(plant.lacks_w) or None

    # The fast loop

    def _decide(self) -> bool:
        """Decide once; returns whether an offer changed."""
        plant, now = self.plant, self._time(self.plant.now_min)
        self.decisions += 1
        root = self.site.circuits[0]
        storage = plant.storage
        snapshot = Snapshot(
            now=now,
            site=self.site.site,
            circuits=self.site.circuits,
            meters=((root.id, MeterReading(at=now, current_a=self._measured_a())),),
            solar=PowerReading(at=now, power_w=plant.sun_w),
            battery=BatteryReading(
                at=now,
                power_w=plant.battery_w,
                soc=100 * plant.stored_wh / storage.spec.capacity_wh,
            )
            if storage
            else None,
            connectors=tuple(
                self._connector(guest, now) for guest in plant.here.values()
            ),
            limits=self.peaks.limits(now, self.targets, plant.net_w)
            if self.peaks
            else (),
        )
        decision, self.memory = decide(snapshot, self.memory)
        before = {name: guest.offer_a for name, guest in plant.here.items()}
        for one in decision.connectors:
            plant.offer(one.id, one.offer_a)
        return any(guest.offer_a != before[name] for name, guest in plant.here.items())

    def _measured_a(self) -> tuple[float, ...]:
        """Return what the meter shows: no house is as constant as its quarter hours, and a meter that stands still is broken."""
        ripple_a = _RIPPLE_A * (self.decisions % 2)
        return tuple(
            current_a + ripple_a for current_a in self.plant.currents(cars=True)
        )

    def _connector(self, guest: Guest, now: datetime) -> Connector:
        stay = guest.stay
        drawn = [0.0] * self.site.site.phases
        for phase in stay.phases:
            drawn[phase] = guest.current_a
        connector = Connector(
            id=stay.outlet.id,
            circuit=stay.outlet.circuit,
            phases=stay.phases,
            min_a=stay.outlet.min_a,
            max_a=stay.max_a,
            mode=stay.outlet.mode,
            status=_status(guest),
            offer_a=guest.offer_a,
            offer_until=now + _LAPSES,
            offered_at=now - timedelta(minutes=1),
            draw_a=tuple(drawn),
            draw_at=now,
            connected_at=self._time(stay.arrives_min),
            departure=self._time(stay.says_min),
            energy_needed_wh=guest.lacks_wh,
        )
        if stay.outlet.mode is not Mode.ECO or self.intention is None:
            return connector
        intended = self.intention.car(stay.outlet.id)
        advice = self.intention.slot(stay.outlet.id, now)
        if intended is None or advice is None:
            return connector
        slot = plan_slot(
            connector,
            intended,
            advice,
            voltage_v=self.plant.voltage_v,
            demand=Demand(
                departure=connector.departure,
                energy_wh=guest.lacks_wh,
                charge_efficiency=stay.efficiency,
            ),
            now=now,
        )
        return replace(connector, plan=slot)

    def _time(self, minutes: float) -> datetime:
        return self.start + timedelta(minutes=minutes)


def _status(guest: Guest) -> ConnectorStatus:
    if guest.current_a > 0:
        return ConnectorStatus.CHARGING
    if not guest.needy:
        return ConnectorStatus.SUSPENDED_EV
    return ConnectorStatus.SUSPENDED_EVSE


def _circuit_outlook(circuit: Circuit) -> CircuitOutlook:
    fixed_a = circuit.fixed_load_a or (0.0,) * len(circuit.limit_a)
    return CircuitOutlook(
        id=circuit.id,
        parent=circuit.parent,
        limit_a=tuple(
            max(limit_a - circuit.margin_a - load_a, 0.0)
            for limit_a, load_a in zip(circuit.limit_a, fixed_a, strict=True)
        ),
        other_a=circuit.assumed_load_a or () if circuit.parent else (),
    )


def _quarters_of(steps_s: tuple[float, ...], now_min: float) -> tuple[int, ...]:
    """Return the quarter hour of each step, counted from the running one; the one in which somebody leaves has two steps."""
    quarters, begin_min = [], now_min % QUARTER_MIN
    for length_s in steps_s:
        end_min = begin_min + length_s / 60
        quarters.append(int((begin_min + end_min) / 2 / QUARTER_MIN))
        begin_min = end_min
    return tuple(quarters)


def _at(quarters: Sequence[int], values: tuple[float, ...]) -> tuple[float, ...]:
    """Return the value of each step's quarter hour."""
    return tuple(values[quarter] for quarter in quarters)


def _quantiles_at(quarters: Sequence[int], values: Quantiles) -> Quantiles:
    return Quantiles(
        low=_at(quarters, values.low),
        median=_at(quarters, values.median),
        high=_at(quarters, values.high),
    )


def _until_next(now_min: float, every_min: float) -> float:
    """Return the time to the next round minute."""
    return every_min - now_min % every_min
