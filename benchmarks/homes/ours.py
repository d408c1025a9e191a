"""The planner and the engine, as they are: a plan each half hour, each five minutes before a departure and when somebody comes or goes."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from custom_components.sunfuse.engine import Memory, decide
from custom_components.sunfuse.engine.model import (
    Circuit,
    Connector,
    ConnectorStatus,
    ExternalLimit,
    LimitKind,
    MeterReading,
    Mode,
    PowerReading,
    Site,
    Snapshot,
)
from custom_components.sunfuse.planner import (
    CarGoal,
    CarOutlook,
    CircuitOutlook,
    Intention,
    Outlook,
    PeakTariff,
    clock_steps,
    intend,
)
from custom_components.sunfuse.site.peak_outlook import peak_tariff
from custom_components.sunfuse.site.peaks import CapacityRule, RunningPeak
from custom_components.sunfuse.site.plan_slots import plan_slot
from custom_components.sunfuse.sources.tariffs.capacity_rules import CapacityTariff
from custom_components.sunfuse.sources.tariffs.month_peaks import (
    PeakState,
    add_energy,
    allowance,
)

from .bound import PeakPrice
from .known import (
    PRICES_AT_MIN,
    START,
    house_ahead,
    known_prices,
    sun_ahead,
    usual_house,
)
from .plant import Guest, Plant
from .world import DAY_MIN, FUSE_A, QUARTER_MIN, VOLTAGE_V

UTC_ZONE = ZoneInfo("UTC")
PLAN_EVERY_MIN, PLAN_NEAR_MIN, NEAR_MIN = 30.0, 5.0, 60.0
AHEAD = timedelta(hours=36)
SITE = Site(phases=3, voltage_v=VOLTAGE_V)
MAIN = Circuit(id="main", name="Main fuse", parent=None, limit_a=(FUSE_A,) * 3)
# How long the engine goes without deciding: while its offers change, while the sun shines or a peak is near, and else.
CHANGING_MIN, BUSY_MIN, CALM_MIN = 1 / 6, 1.0, 5.0
# The offer that a charger confirmed lapses after so long; it is renewed long before.
LAPSES = timedelta(minutes=30)


@dataclass(kw_only=True)
class Ours:
    """A home with Sunfuse."""

    plant: Plant
    peak: PeakPrice | None = None
    memory: Memory | None = None
    intention: Intention | None = None
    planned_min: float = -1e9
    plans: int = 0
    decisions: int = 0
    planned_target_w: float = 0.0
    running: RunningPeak | None = field(init=False)

    def __post_init__(self) -> None:
        """Begin the month."""
        self.running = None if self.peak is None else _running(self.peak)

    def run(self) -> None:
        """Let the month pass."""
        plant = self.plant
        self.memory = Memory()
        while not plant.over:
            news = plant.come_and_go()
            needy = [guest for guest in plant.here.values() if guest.lacks_wh > 1]
            if not needy:
                self._step(_until_next(plant.now_min, 5))
                continue
            due = plant.now_min - self.planned_min >= self._plan_every_min()
            prices_came = (plant.now_min % DAY_MIN) == PRICES_AT_MIN
            if news or due or prices_came:
                self._plan()
            changed = self._decide()
            shining = plant.sun_w > plant.house_w + 500
            busy = shining or self.peak is not None
            every_min = BUSY_MIN if busy else CALM_MIN
            self._step(
                CHANGING_MIN if changed else _until_next(plant.now_min, every_min)
            )
        plant.finish()

    # The slow loop

    def _plan_every_min(self) -> float:
        """Return how long a plan is good: a site makes one each five minutes, which counts where a departure is near."""
        left_min = min(
            guest.stay.says_min - self.plant.now_min
            for guest in self.plant.here.values()
        )
        near = 0 <= left_min <= NEAR_MIN
        return PLAN_NEAR_MIN if near else PLAN_EVERY_MIN

    def _plan(self) -> None:
        self.plans += 1
        self.planned_min = self.plant.now_min
        self.intention = intend(self._outlook(), self.intention)
        for target in self.intention.target_peaks:
            self.planned_target_w = target.power_w

    def _outlook(self) -> Outlook:
        plant, world = self.plant, self.plant.world
        now = _time(plant.now_min)
        last = max(_time(guest.stay.says_min) for guest in plant.here.values())
        steps_s = clock_steps(
            now, min(max(last, now + timedelta(hours=1)), now + AHEAD)
        )
        count = len(steps_s)
        first = plant.quarter
        prices, known = known_prices(world, plant.now_min, count)
        return Outlook(
            now=now,
            steps_s=steps_s,
            circuits=(CircuitOutlook(id="main", limit_a=MAIN.limit_a),),
            house=house_ahead(world, first, count),
            sun=sun_ahead(world, first, count),
            import_price=prices,
            export_price=tuple(world.export_price[first : first + count]),
            known_prices=known,
            peaks=self._tariffs(now, steps_s),
            cars=tuple(self._car(guest) for guest in plant.here.values()),
        )

    def _car(self, guest: Guest) -> CarOutlook:
        car = guest.stay.car
        said = _time(guest.stay.says_min)
        # Who is late may leave at any moment.
        at = max(said, _time(self.plant.now_min) + timedelta(minutes=QUARTER_MIN))
        return CarOutlook(
            id=car.name,
            circuit="main",
            phases=car.phases,
            max_a=car.max_a,
            charging=guest.current_a > 0,
            full_wh=guest.lacks_wh,
            goals=(CarGoal(at=at, energy_wh=guest.lacks_wh),),
        )

    def _tariffs(
        self, now: datetime, steps_s: tuple[float, ...]
    ) -> tuple[PeakTariff, ...]:
        """Return the tariff as a site counts it; what the house reaches alone is known from the weeks before."""
        if self.running is None:
            return ()
        starts = [now]
        for length_s in steps_s:
            starts.append(starts[-1] + timedelta(seconds=length_s))
        world = self.plant.world
        usual = usual_house(world, self.plant.quarter, len(steps_s))
        tariff = peak_tariff(self.running, now, tuple(starts), usual, None)
        end = _time(world.days * DAY_MIN)
        return (replace(tariff, period_start=START, period_end=end),)

    def _step(self, minutes: float) -> None:
        """Let minutes pass, and count what the meter counts."""
        plant, begun_min = self.plant, self.plant.now_min
        power_w = (
            plant.house_w
            - plant.sun_w
            + sum(guest.power_w for guest in plant.here.values())
        )
        plant.step(minutes)
        if self.running is not None:
            state = add_energy(
                self.running.state,
                self.running.rule.tariff,
                _time(begun_min),
                _time(plant.now_min),
                power_w * minutes / 60,
                tz=UTC_ZONE,
            )
            self.running = replace(self.running, state=state)

    # The fast loop

    def _decide(self) -> bool:
        """Decide once; returns whether an offer changed."""
        plant, now = self.plant, _time(self.plant.now_min)
        assert self.memory is not None
        self.decisions += 1
        snapshot = Snapshot(
            now=now,
            site=SITE,
            circuits=(MAIN,),
            meters=(
                ("main", MeterReading(at=now, current_a=plant.currents(cars=True))),
            ),
            solar=PowerReading(at=now, power_w=plant.sun_w),
            connectors=tuple(
                self._connector(guest, now) for guest in plant.here.values()
            ),
            limits=self._limits(),
        )
        decision, self.memory = decide(snapshot, self.memory)
        before = {name: guest.offer_a for name, guest in plant.here.items()}
        for one in decision.connectors:
            plant.offer(one.id, one.offer_a)
        return any(guest.offer_a != before[name] for name, guest in plant.here.items())

    def _connector(self, guest: Guest, now: datetime) -> Connector:
        car = guest.stay.car
        drawn = [0.0, 0.0, 0.0]
        for phase in car.phases:
            drawn[phase] = guest.current_a
        connector = Connector(
            id=car.name,
            circuit="main",
            phases=car.phases,
            max_a=car.max_a,
            mode=Mode.ECO,
            status=_status(guest),
            offer_a=guest.offer_a,
            offer_until=now + LAPSES,
            offered_at=now - timedelta(minutes=1),
            draw_a=tuple(drawn),
            draw_at=now,
            connected_at=_time(guest.stay.arrives_min),
            departure=_time(guest.stay.says_min),
            energy_needed_wh=guest.lacks_wh,
        )
        assert self.intention is not None
        intended = self.intention.car(car.name)
        advice = self.intention.slot(car.name, now)
        if intended is None or advice is None:
            return connector
        slot = plan_slot(
            connector, intended, advice, voltage_v=VOLTAGE_V, car_phases=None
        )
        return replace(connector, plan=slot)

    def _limits(self) -> tuple[ExternalLimit, ...]:
        """Return what the running interval still allows (docs/prices.md)."""
        if self.running is None:
            return ()
        allowed = allowance(
            self.running.state,
            self.running.rule.tariff,
            _time(self.plant.now_min),
            tz=UTC_ZONE,
            target_w=self.planned_target_w,
        )
        return (
            ExternalLimit(name="peak", kind=LimitKind.PEAK, power_w=allowed.power_w),
        )


def _running(peak: PeakPrice) -> RunningPeak:
    """Return a tariff as a site has it, at the beginning of a month."""
    tariff = CapacityTariff(
        key="peak",
        interval_min=peak.quarters * QUARTER_MIN,
        top=peak.top,
        different_days=peak.by_day,
        floor_w=peak.floor_w,
        price_per_kw=peak.price,
    )
    rule = CapacityRule(id="peak", name="peak", tariff=tariff, cap=True)
    return RunningPeak(rule=rule, state=PeakState(), tz=UTC_ZONE)


def _status(guest: Guest) -> ConnectorStatus:
    if guest.current_a > 0:
        return ConnectorStatus.CHARGING
    if guest.lacks_wh <= 1:
        return ConnectorStatus.SUSPENDED_EV
    return ConnectorStatus.SUSPENDED_EVSE


def _time(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def _until_next(now_min: float, every_min: float) -> float:
    """Return the time to the next round minute."""
    return every_min - now_min % every_min
