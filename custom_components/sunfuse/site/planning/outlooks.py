"""From what a site knows to what its planner looks at: cars and what they ask for, prices, forecasts, peaks, battery."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from ...drivers.demand import CHARGE_EFFICIENCY
from ...engine.cars.confirmed_offer import held_a
from ...engine.cars.wanted import NO_CAR, why_not_wanted
from ...engine.limits.limits import power_of
from ...engine.limits.tree import Tree
from ...engine.model import (
    Circuit,
    CircuitState,
    Connector,
    ConnectorStatus,
    Decision,
    ExternalLimit,
    LimitKind,
    Mode,
    PerPhase,
    ReasonKey,
    Snapshot,
)
from ...planner import (
    AnnouncedLimit,
    CarGoal,
    CarMode,
    CarOutlook,
    CircuitOutlook,
    HomeBattery,
    Outlook,
    Quantiles,
    Strategy,
    clock_steps,
    step_starts,
)
from ...sources.forecasts.forecast_reader import Forecasts
from ...sources.forecasts.power_forecast import Forecast
from ...sources.tariffs.price_slots import PriceSlot
from ..cars.demands import ChargingStrategy, Demand
from .peak_outlook import HouseAlone, peak_tariffs
from .running_peak import RunningPeak

# A plan looks at least as far, for the sun of tomorrow, and no farther than anybody knows anything.
_LEAST = timedelta(hours=24)
_AT_ONCE = timedelta(minutes=15)
# What a car loses while it charges, and which share of 11 kW that is. The efficiency of a vehicle is that at 11 kW, and includes
# it: who stores 90 % there stores 76 % of 1.4 kW (HTW Berlin, 2025).
_STANDBY_W, _STANDBY_SHARE = 225.0, 0.02
# What a car is assumed to need of which nothing is known.
_USUAL_WH = 10_000.0
_STRATEGIES: Mapping[ChargingStrategy, Strategy] = {
    ChargingStrategy.CHEAPEST: Strategy.EARLY,
    ChargingStrategy.LATE: Strategy.LATE,
    ChargingStrategy.SPREAD: Strategy.SPREAD,
}


class _Timed(Protocol):
    """Something that holds for a time."""

    @property
    def start(self) -> datetime: ...
    @property
    def end(self) -> datetime: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class CarAsk:
    """A connector, and what the session at it asks for, or that of the car which is expected there: at `arrives`."""

    connector: Connector
    name: str
    demand: Demand
    arrives: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """All that a site knows when a plan is made."""

    now: datetime
    snapshot: Snapshot
    decision: Decision
    cars: tuple[CarAsk, ...]
    prices: tuple[PriceSlot, ...] = ()
    forecasts: Forecasts = Forecasts()
    peaks: tuple[RunningPeak, ...] = ()
    battery: HomeBattery | None = None
    carbon_weight: float = 0.0


def outlook_of(known: Known) -> Outlook:
    """Return what the planner looks at."""
    now, snapshot = known.now, known.snapshot
    departures = [car.demand.departure for car in known.cars if car.demand.departure]
    priced = [slot.end for slot in known.prices]
    until = max([now + _LEAST, *departures, *priced])
    steps_s = clock_steps(now, until, departures)
    starts = step_starts(now, steps_s)
    prices = _at_each(known.prices, starts)
    house = _quantiles(known.forecasts.load, starts)
    sun = _quantiles(known.forecasts.solar, starts)
    carbon = [slot.carbon_g for slot in prices if slot.carbon_g is not None]
    return Outlook(
        now=now,
        steps_s=steps_s,
        circuits=_circuits(snapshot, known.decision),
        phases=snapshot.site.phases,
        voltage_v=snapshot.site.voltage_v,
        house=house,
        sun=sun,
        import_price=tuple(slot.import_price for slot in prices),
        export_price=tuple(slot.export_price for slot in prices),
        known_prices=sum(not slot.estimated for slot in prices) if prices else None,
        carbon_g=tuple(carbon) if len(carbon) == len(prices) else (),
        carbon_weight=known.carbon_weight,
        peaks=peak_tariffs(
            known.peaks,
            now,
            starts,
            HouseAlone(house=house, sun=sun, day_peaks_w=known.forecasts.day_peaks_w),
        ),
        limits=tuple(_limits(snapshot, now, starts[-1])),
        battery=known.battery,
        cars=tuple(_car(car, known) for car in known.cars),
    )


def _at_each[T: _Timed](slots: Iterable[T], starts: tuple[datetime, ...]) -> list[T]:
    """Return the slot of each step, as far as they go without a gap."""
    found: list[T] = []
    ahead = iter(slots)
    slot = next(ahead, None)
    for start in starts[:-1]:
        while slot is not None and slot.end <= start:
            slot = next(ahead, None)
        if slot is None or slot.start > start:
            break
        found.append(slot)
    return found


def _quantiles(forecast: Forecast, starts: tuple[datetime, ...]) -> Quantiles | None:
    """Return a forecast step by step, as far as it goes; None where there is none."""
    found = _at_each(forecast, starts)
    if not found:
        return None
    return Quantiles(
        low=tuple(slot.p10_w for slot in found),
        median=tuple(slot.p50_w for slot in found),
        high=tuple(slot.p90_w for slot in found),
    )


def _circuits(snapshot: Snapshot, decision: Decision) -> tuple[CircuitOutlook, ...]:
    """Return the circuits, the root first, with what the cars below may use of them."""
    ordered = sorted(snapshot.circuits, key=lambda circuit: circuit.parent is not None)
    seen = {circuit.id: circuit.uncontrolled_a for circuit in decision.circuits}
    lost = _lost(decision)
    reserved = _reserved_a(snapshot)
    return tuple(
        CircuitOutlook(
            id=circuit.id,
            limit_a=tuple(
                max(limit - circuit.margin_a - fixed - offline, 0.0)
                for limit, fixed, offline in zip(
                    circuit.limit_a,
                    circuit.fixed_load_a or (0.0,) * len(circuit.limit_a),
                    reserved[circuit.id],
                    strict=True,
                )
            ),
            parent=circuit.parent,
            other_a=_other_a(circuit, seen, lost),
        )
        for circuit in ordered
    )


def _reserved_a(snapshot: Snapshot) -> Mapping[str, PerPhase]:
    """Return what each circuit keeps for chargers that are offline, once their last offers have lapsed."""
    tree = Tree(snapshot.circuits)
    reserved = {name: [0.0] * snapshot.site.phases for name in tree.circuits}
    for connector in snapshot.connectors:
        if connector.reachable:
            continue
        current_a = held_a(replace(connector, offer_a=None), snapshot)
        for name in tree.path(connector):
            for phase in connector.phases:
                reserved[name][phase] += current_a
    return {name: tuple(current_a) for name, current_a in reserved.items()}


def _lost(decision: Decision) -> frozenset[str]:
    """Return the circuits whose meter is lost: nobody knows when it will be back."""
    return frozenset(
        circuit.id
        for circuit in decision.circuits
        if circuit.state is CircuitState.METER_LOST
    )


def _other_a(
    circuit: Circuit, seen: Mapping[str, tuple[float, ...]], lost: frozenset[str]
) -> tuple[float, ...]:
    """Return what else a circuit carries: the root's is forecast, where it has a meter that is not lost."""
    if circuit.parent is None and circuit.id not in lost:
        return circuit.assumed_load_a or ()
    return tuple(max(current_a, 0.0) for current_a in seen.get(circuit.id, ()))


def _limits(
    snapshot: Snapshot, now: datetime, end: datetime
) -> Iterable[AnnouncedLimit]:
    """Yield what others limit, until it ends. Peaks are the planner's own business."""
    for limit in snapshot.limits:
        if limit.kind is LimitKind.PEAK or (limit.until and limit.until <= now):
            continue
        power_w = power_of(limit, snapshot)
        yield AnnouncedLimit(
            start=now,
            end=limit.until or end,
            power_w=power_w,
            current_a=limit.current_a if power_w is None else None,
            circuit=limit.circuit,
            cars_only=_cars_only(limit),
        )


def _cars_only(limit: ExternalLimit) -> bool:
    return limit.cars_only or limit.kind is LimitKind.DIMMING


def _car(car: CarAsk, known: Known) -> CarOutlook:
    connector, demand = car.connector, _within_limit(car)
    connected = connector.reachable and connector.status not in NO_CAR
    boost = connector.boost
    charge_efficiency, standby_w = _losses(demand)
    return CarOutlook(
        id=connector.id,
        name=car.name,
        mode=_mode(connector, demand),
        connected=connected,
        arrives=None if connected else car.arrives,
        charging=bool(connector.offer_a) and connected,
        circuit=connector.circuit,
        phases=connector.phases,
        min_a=connector.min_a,
        max_a=_most_a(connector, known),
        switches_phases=connector.switches_phases,
        car_max_a=demand.max_a or connector.car_max_a,
        car_phases=demand.phases,
        soc=demand.soc,
        target_soc=demand.target_soc,
        capacity_wh=demand.capacity_wh,
        full_wh=0.0 if _is_full(connector, known.decision) else demand.full_wh,
        target_wh=demand.target_wh,
        charge_efficiency=charge_efficiency,
        standby_w=standby_w,
        charged_wh=demand.charged_wh,
        goals=_goals(demand, known.now) if connected or car.arrives else (),
        minimum_wh=demand.minimum_wh,
        strategy=_STRATEGIES[demand.strategy],
        price_limit=demand.price_limit,
        carbon_limit_g=demand.carbon_limit_g,
        feed_in_first_above=demand.feed_in_first_above,
        precondition=demand.precondition,
        priority=connector.priority,
        boost_until=boost.until if boost else None,
        boost_wh=boost.energy_wh if boost else None,
        paused_until=demand.paused_until,
    )


def _losses(demand: Demand) -> tuple[float, float]:
    """Return which share of its power a car stores, and what it loses of that while it charges.

    A target in kWh counts what the charger meters, so the car's losses do not matter to it.
    """
    efficiency = demand.charge_efficiency or CHARGE_EFFICIENCY
    if demand.energy_wh is not None and demand.target_soc is None:
        return efficiency, 0.0
    return min(efficiency + _STANDBY_SHARE, 1.0), _STANDBY_W


def _most_a(connector: Connector, known: Known) -> float:
    """Return what a connector may have at most: less than its minimum is nothing."""
    most_a = min(
        connector.max_a,
        connector.max_a
        if connector.charger_limit_a is None
        else connector.charger_limit_a,
        _most_without_meter(connector, known),
    )
    return most_a if most_a >= connector.min_a else 0.0


def _most_without_meter(connector: Connector, known: Known) -> float:
    """Return what a charger may draw below a meter that is lost: its fail-safe current. Who waits for more is late."""
    lost = _lost(known.decision)
    if lost and not lost.isdisjoint(Tree(known.snapshot.circuits).path(connector)):
        return max(connector.fail_safe_a, connector.min_a)
    return connector.max_a


def _within_limit(car: CarAsk) -> Demand:
    """Return what a session asks for within its limit, which a boost passes."""
    demand, limit_wh = car.demand, car.demand.limit_wh
    if limit_wh is None or car.connector.boost is not None:
        return demand
    full_wh, needed_wh = demand.full_wh, demand.energy_wh
    if full_wh is None and needed_wh is None and limit_wh > _USUAL_WH:
        return demand  # nobody needs as much as is allowed because it is allowed
    full_wh = limit_wh if full_wh is None else min(full_wh, limit_wh)
    demand = replace(demand, full_wh=full_wh)
    if needed_wh is not None and needed_wh <= limit_wh:
        return demand
    return replace(demand, energy_wh=full_wh, target_soc=demand.limit_soc)


def _mode(connector: Connector, demand: Demand) -> CarMode:
    """Return the mode of a car; one that charges whatever is planned takes nothing where its charger gives nothing."""
    if not connector.allowed:
        return CarMode.OFF
    charges = connector.mode in (Mode.FAST, Mode.SOLAR_MIN)
    if charges and demand.paused_until is None and connector.reachable:
        why = why_not_wanted(connector, 0.0)
        if why is not None and connector.status not in NO_CAR:
            return CarMode.OFF
    if demand.promised and connector.mode in (Mode.SOLAR, Mode.SOLAR_MIN):
        return CarMode.ECO  # what a reservation promises, the grid supplies as well
    return CarMode(connector.mode)


def _is_full(connector: Connector, decision: Decision) -> bool:
    """Whether a car takes nothing: one that was offered something only now may not have begun, and one that had nothing for an hour may want more."""
    finishes = connector.status is ConnectorStatus.FINISHING
    return any(
        one.id == connector.id
        and one.reason.key is ReasonKey.CAR_FINISHED
        and (one.idle or finishes)
        for one in decision.connectors
    )


def _goals(demand: Demand, now: datetime) -> tuple[CarGoal, ...]:
    if demand.departure is None:
        return ()
    if demand.departure <= now:
        # Its driver may leave at any moment.
        return (CarGoal(at=now + _AT_ONCE, energy_wh=demand.energy_wh, overdue=True),)
    return (
        CarGoal(
            at=demand.departure,
            energy_wh=demand.energy_wh,
            guessed=demand.guessed,
            reserved=demand.promised,
        ),
    )
