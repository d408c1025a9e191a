"""A week again: what it costs, its peak, how much sun the cars get, and who is not ready."""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, replace

from ..engine.model import Mode
from .past_weeks import Hindsight, PastStay, PastWeek, UsualDays
from .peak_price import PeakPrice, WeekPeaks
from .plant import QUARTER_MIN, Guest, Outlet, Plant, Stay, Surroundings
from .replay import Replay, ReplayPace
from .variation import ChargingPolicy, SiteSetup

# A car that lacks less than this part of what it needs, or less than this, is ready.
_READY_PART, _READY_WH = 0.02, 200.0
# In a quarter hour everything is constant: after the changes settle, a look each five minutes is enough.
PACE = ReplayPace(plan_min=60.0, changing_min=0.5, busy_min=5.0, calm_min=5.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayedWeek:
    """What a week came to. `energy_cost` is import less export, for a week and for cars that stayed on."""

    energy_cost: float
    peak_costs: tuple[float, ...]  # a month with the week's peak, by tariff
    peak_w: float  # the highest quarter hour
    import_wh: float
    export_wh: float
    cars_wh: float
    sun_wh: float
    stays: int
    missed: int
    missing_wh: float
    overload_min: float
    grid_w: tuple[float, ...]  # the mean day, by quarter hour
    cars_w: tuple[float, ...]


def replay_week(
    week: PastWeek, setup: SiteSetup, usual: UsualDays, peaks: WeekPeaks
) -> ReplayedWeek:
    """Let a week pass at a site."""
    plant = _plant(week, setup)
    if setup.policy is ChargingPolicy.UNCONTROLLED:
        _run_uncontrolled(plant, week.quarters)
        rest = _house_alone(plant)
        _run_uncontrolled(plant, plant.quarters)
    else:
        replay = Replay(
            site=setup.site,
            plant=plant,
            ahead=Hindsight.of(week, usual),
            start=week.start,
            pace=PACE,
            peaks=peaks.counter,
        )
        while plant.quarter < week.quarters:
            replay.pass_some()
        rest = _house_alone(plant)
        while not _finished(plant):
            replay.pass_some()
    plant.finish()
    return _outcome(week, plant, rest, peaks.prices)


def _plant(week: PastWeek, setup: SiteSetup) -> Plant:
    outlets = {outlet.id: outlet for outlet in setup.outlets}
    root = setup.site.circuits[0]
    return Plant(
        surroundings=Surroundings(
            block_min=QUARTER_MIN, house_w=week.house_w, sun_w=week.sun_w
        ),
        stays=[
            _stay(stay, outlets[stay.connector], week, setup)
            for stay in week.stays
            if stay.connector in outlets
        ],
        quarters=len(week.house_w),
        phases=setup.site.site.phases,
        voltage_v=setup.site.site.voltage_v,
        fuse_a=min(root.limit_a),
        storage=setup.storage,
    )


def _stay(past: PastStay, outlet: Outlet, week: PastWeek, setup: SiteSetup) -> Stay:
    mode = outlet.mode
    if setup.policy not in (None, ChargingPolicy.UNCONTROLLED):
        mode = Mode(setup.policy.value)
    phases, max_a = _car(past, outlet, setup.site.site.voltage_v)
    minutes = [(at - week.start).total_seconds() / 60 for at in (past.came, past.left)]
    return Stay(
        outlet=replace(outlet, mode=mode),
        arrives_min=max(0.0, minutes[0]),
        leaves_min=minutes[1],
        says_min=minutes[1] // QUARTER_MIN * QUARTER_MIN,
        needed_wh=past.energy_wh,
        max_a=max_a,
        phases=phases,
    )


def _car(
    past: PastStay, outlet: Outlet, voltage_v: float
) -> tuple[tuple[int, ...], float]:
    """Return the phases and the current of a car, by the most that it took: a car of one phase never took more."""
    for count in range(1, len(outlet.phases) + 1):
        if past.max_w <= outlet.max_a * voltage_v * count * 1.05:
            needs_all = past.max_w >= outlet.min_a * voltage_v * len(outlet.phases)
            phases = outlet.phases if needs_all else outlet.phases[:count]
            current_a = past.max_w / voltage_v / len(phases)
            return phases, min(max(current_a, outlet.min_a), outlet.max_a)
    return outlet.phases, outlet.max_a


def _finished(plant: Plant) -> bool:
    return plant.over or not plant.here


def _run_uncontrolled(plant: Plant, until: int) -> None:
    """Give each car all that it can take, as a charger without control does."""
    while plant.quarter < until and not plant.over:
        plant.come_and_go()
        for name, guest in plant.here.items():
            plant.offer(name, guest.stay.max_a)
        plant.step(5.0)


def _house_alone(plant: Plant) -> Plant:
    """Return how it goes on without any car. From now on nobody comes."""
    plant.waiting.clear()
    alone = deepcopy(plant)
    alone.here.clear()
    alone.battery_order_w, alone.battery_holds = None, False
    return alone


def _outcome(
    week: PastWeek, plant: Plant, rest: Plant, peaks: Sequence[PeakPrice]
) -> ReplayedWeek:
    while rest.quarter < plant.quarter:
        rest.step(QUARTER_MIN)
    flows = plant.grid_wh
    # What cars that stay on take after the week is a part of it; what the house takes then is not.
    later = [
        wh - alone if step >= week.quarters else wh
        for step, (wh, alone) in enumerate(zip(flows, rest.grid_wh, strict=True))
    ]
    costs = [
        _cost(week, step, flows[step])
        - (_cost(week, step, rest.grid_wh[step]) if step >= week.quarters else 0.0)
        for step in range(len(flows))
    ]
    # Energy that is left in the battery is worth what it saves later.
    price = sum(week.import_price[: week.quarters]) / week.quarters
    stored = plant.storage.spec.capacity_wh / 2 if plant.storage else 0.0
    gained_wh = rest.stored_wh - stored if plant.storage else 0.0
    lacks = [guest.lacked_wh for guest in plant.gone]
    days = max(1, week.quarters // 96)
    return ReplayedWeek(
        energy_cost=sum(costs) - gained_wh / 1000 * price,
        peak_costs=tuple(peak.cost(flows[: week.quarters]) for peak in peaks),
        peak_w=4 * max(0.0, *flows[: week.quarters]),
        import_wh=sum(max(0.0, wh) for wh in later),
        export_wh=sum(max(0.0, -wh) for wh in later),
        cars_wh=sum(plant.cars_wh),
        sun_wh=sum(plant.sun_wh),
        stays=len(plant.gone),
        missed=sum(_missed(guest) for guest in plant.gone),
        missing_wh=sum(lacks),
        overload_min=plant.overload_min,
        grid_w=_mean_day(flows[: week.quarters], days),
        cars_w=_mean_day(plant.cars_wh[: week.quarters], days),
    )


def _cost(week: PastWeek, step: int, grid_wh: float) -> float:
    price = week.import_price[step] if grid_wh > 0 else week.export_price[step]
    return grid_wh / 1000 * price


def _missed(guest: Guest) -> bool:
    return guest.lacked_wh > max(_READY_WH, _READY_PART * guest.stay.needed_wh)


def _mean_day(flows: Sequence[float], days: int) -> tuple[float, ...]:
    """Return the mean power of each quarter hour of the day."""
    sums = [0.0] * 96
    for step, wh in enumerate(flows):
        sums[step % 96] += 4 * wh
    return tuple(power_w / days for power_w in sums)
