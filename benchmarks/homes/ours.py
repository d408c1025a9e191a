"""The planner and the engine, as they are: a plan each half hour and when somebody comes or goes, a decision each few minutes."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import numpy as np

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
    Quantiles,
    clock_steps,
    intend,
)
from custom_components.sunfuse.site.plan_slots import plan_slot

from .bound import PeakPrice
from .plant import Guest, Plant
from .world import (
    DAY_MIN,
    FUSE_A,
    NORMAL_90,
    QUARTER_MIN,
    QUARTERS,
    SUN_ERROR,
    VOLTAGE_V,
    Values,
    World,
)

START = datetime(2026, 1, 1, tzinfo=UTC)
PLAN_EVERY_MIN = 30.0
AHEAD = timedelta(hours=36)
PRICES_AT_MIN = 13 * 60
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

    def run(self) -> None:
        """Let the month pass."""
        plant = self.plant
        self.memory = Memory()
        while not plant.over:
            news = plant.come_and_go()
            needy = [guest for guest in plant.here.values() if guest.lacks_wh > 1]
            if not needy:
                plant.step(_until_next(plant.now_min, 5))
                continue
            due = plant.now_min - self.planned_min >= PLAN_EVERY_MIN
            prices_came = (plant.now_min % DAY_MIN) == PRICES_AT_MIN
            if news or due or prices_came:
                self._plan()
            changed = self._decide()
            shining = plant.sun_w > plant.house_w + 500
            busy = shining or self.peak is not None
            every_min = BUSY_MIN if busy else CALM_MIN
            plant.step(
                CHANGING_MIN if changed else _until_next(plant.now_min, every_min)
            )
        plant.finish()

    # The slow loop

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
            house=_house(world, first, count),
            sun=_sun(world, first, count),
            import_price=prices,
            export_price=tuple(world.export_price[first : first + count]),
            known_prices=known,
            peaks=self._tariffs(first, steps_s),
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
            switch_cost=0.005,
        )

    def _tariffs(
        self, first: int, steps_s: tuple[float, ...]
    ) -> tuple[PeakTariff, ...]:
        peak = self.peak
        if peak is None:
            return ()
        windows = tuple((first + step) // peak.quarters for step in range(len(steps_s)))
        window = windows[0]
        begun = window * peak.quarters
        used_wh = float(self.plant.grid_wh[begun : first + 1].clip(min=0).sum())
        return (
            PeakTariff(
                name="peak",
                windows=windows,
                price_per_kw=peak.price,
                top=peak.top,
                counted_w=self._counted(peak, begun),
                floor_w=peak.floor_w,
                used_wh=used_wh,
                used_s=max(0.0, (self.plant.now_min - begun * QUARTER_MIN) * 60),
                period_end=_time(self.plant.world.days * DAY_MIN),
            ),
        )

    def _counted(self, peak: PeakPrice, until: int) -> tuple[float, ...]:
        """Return the highest windows of the month so far, of different days where that counts, without today's."""
        past = self.plant.grid_wh.clip(min=0)[:until] / 0.25
        if peak.by_day:
            past = past[: until // QUARTERS * QUARTERS]
        past = past[: len(past) // peak.quarters * peak.quarters]
        windows = past.reshape(-1, peak.quarters).mean(axis=1) if len(past) else past
        if peak.by_day and len(windows):
            windows = windows.reshape(-1, QUARTERS // peak.quarters).max(axis=1)
        return tuple(float(value) for value in np.sort(windows)[::-1][: peak.top])

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
        peak, plant = self.peak, self.plant
        if peak is None:
            return ()
        length_min = peak.quarters * QUARTER_MIN
        begun_min = plant.now_min // length_min * length_min
        used_wh = float(
            plant.grid_wh[int(begun_min) // QUARTER_MIN : plant.quarter + 1].sum()
        )
        left_min = length_min - (plant.now_min - begun_min)
        allowed_w = (self.planned_target_w * length_min / 60 - used_wh) / (
            left_min / 60
        )
        return (
            ExternalLimit(
                name="peak", kind=LimitKind.PEAK, power_w=max(0.0, allowed_w)
            ),
        )


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


def known_prices(
    world: World, now_min: float, count: int
) -> tuple[tuple[float, ...], int]:
    """Return the prices that are known, and what those after them usually are."""
    first = int(now_min) // QUARTER_MIN
    days = 2 if now_min % DAY_MIN >= PRICES_AT_MIN else 1
    known = (int(now_min) // DAY_MIN + days) * QUARTERS - first
    if world.perfect:
        known = count
    known = min(known, count)
    prices = [
        float(world.import_price[first + step])
        if step < known
        else float(world.past_price[(first + step) % QUARTERS])
        for step in range(count)
    ]
    return tuple(prices), known


def _house(world: World, first: int, count: int) -> Quantiles:
    if world.perfect:
        return _exactly(world.quarters(world.house_w)[first : first + count])
    low, median, high = (
        tuple(float(values[(first + step) % QUARTERS]) for step in range(count))
        for values in world.house_expected
    )
    return Quantiles(low=low, median=median, high=high)


def _sun(world: World, first: int, count: int) -> Quantiles:
    if world.perfect:
        return _exactly(world.quarters(world.sun_w)[first : first + count])
    steps = range(first, first + count)
    clear = [float(world.clear_w[step]) for step in steps]
    day = [float(world.sun_forecast[step // QUARTERS]) for step in steps]

    def part(shift: float) -> tuple[float, ...]:
        return tuple(
            power * min(1.0, max(0.05, share + shift))
            for power, share in zip(clear, day, strict=True)
        )

    wide = NORMAL_90 * SUN_ERROR
    return Quantiles(low=part(-wide), median=part(0.0), high=part(wide))


def _exactly(values: Values) -> Quantiles:
    known = tuple(float(value) for value in values)
    return Quantiles(low=known, median=known, high=known)
