"""What each circuit can spare for cars, phase by phase.

What a circuit's meter says is the cars' draw and the rest, the uncontrolled load. The two are told by different
instruments at different times, so the rest is known within bounds: a car that was just offered more may already
take it, one that was just offered less may still not have let go, and one whose draw was told long ago may have
stopped since. Within the bounds the last estimate is kept; beyond them it moves. The offers therefore always fit
under what the meter proves to be taken besides them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from .asking import phases_in_use
from .learning import expected_a
from .limits import Budget, budget
from .memory import CircuitMemory, ConnectorMemory, Draw, Memory, Offered
from .model import (
    Circuit,
    CircuitState,
    Connector,
    ConnectorStatus,
    MeterQuality,
    MeterReading,
    PerPhase,
    Snapshot,
)
from .quality import judge
from .steadiness import unsteady_a, watch_load
from .tree import Tree

# From a new limit to the draw that follows it: the charger's answer, the car's ramp, the next meter value.
SETTLING = timedelta(seconds=15)
# Draws are remembered for as long as the slowest meter that can be used may lag.
REMEMBERED = timedelta(seconds=60)
# A draw and a meter's value that are no further apart speak of the same time.
SAME_TIME = timedelta(seconds=5)
# Meters tell what they measured some seconds ago. A car that ramps meanwhile draws more by now than is in their value:
# subtracting that would make the rest look smaller than it is.
METER_LAG = timedelta(seconds=10)
# What was generated longer ago says nothing about now.
GENERATED = timedelta(seconds=120)


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity:
    """What a circuit has for the cars below it. `available_a` and `calm_a` are never negative."""

    circuit: Circuit
    budget: Budget
    state: CircuitState
    quality: MeterQuality
    uncontrolled_a: PerPhase
    uncontrolled_w: float | None  # with its sign; None where no meter tells
    available_a: PerPhase
    calm_a: PerPhase  # what may be given to who gets more: the load's average counts, if it is higher
    unsteady_a: PerPhase  # what of that must stay free for somebody to start: the load may soon need it again
    past: CircuitMemory
    sensors: tuple[str, ...] = ()  # that are to blame for a meter that is lost


def remember_draws(snapshot: Snapshot, memory: Memory) -> dict[str, tuple[Draw, ...]]:
    """Return the recent draws of every connector, with those of the snapshot."""
    draws: dict[str, tuple[Draw, ...]] = {}
    oldest = snapshot.now - REMEMBERED
    for connector in snapshot.connectors:
        known = memory.connector(connector.id).draws
        if connector.draw_a is not None and connector.draw_at is not None:
            if not known or connector.draw_at > known[-1].at:
                new = Draw(at=connector.draw_at, current_a=connector.draw_a)
                known = (*known, new)
        if len(known) > 1 and known[0].at < oldest:
            # The newest is kept however old it is: it is all that is known.
            recent = [draw for draw in known[:-1] if draw.at >= oldest]
            known = (*recent, known[-1])
        draws[connector.id] = known
    return draws


def held_a(connector: Connector, snapshot: Snapshot) -> float:
    """Return the most that a connector may take by what it was last told, in amperes.

    A charger whose offer was never confirmed, or has lapsed, is at its fail-safe current, or, where it is known
    not to fall back to that, at what it goes to instead. Nothing is kept for a connector that never had a session.
    """
    fall_back_a = connector.fail_safe_a
    if connector.fall_back_a is not None:
        fall_back_a = connector.fall_back_a
    if not connector.used:
        fall_back_a = 0.0
    lapsed = connector.offer_until is not None and connector.offer_until <= snapshot.now
    if connector.offer_a is None or lapsed:
        return fall_back_a
    if not connector.reachable:
        # Out of reach, it goes on with its offer until that lapses.
        return max(connector.offer_a, fall_back_a)
    return connector.offer_a


def capacities(
    snapshot: Snapshot,
    memory: Memory,
    tree: Tree,
    draws: Mapping[str, tuple[Draw, ...]],
) -> dict[str, Capacity]:
    """Return what every circuit can spare, before any offer."""
    below = tree.below(snapshot.connectors)
    meters = dict(snapshot.meters)
    found: dict[str, Capacity] = {}
    for name in tree.upwards():
        # What flows below a circuit flows through it.
        beneath = [_load(found[child]) for child in tree.children(name)]
        found[name] = _capacity(
            tree.circuits[name],
            meters.get(name),
            below[name],
            [sum(load) for load in zip(*beneath, strict=True)],
            snapshot,
            memory,
            draws,
        )
    return found


def _load(capacity: Capacity) -> PerPhase:
    """Return what a circuit takes besides the cars: what its meter tells or is assumed, and what is fixed."""
    fixed_a = capacity.circuit.fixed_load_a
    if fixed_a is None:
        return capacity.uncontrolled_a
    return tuple(
        load + fixed
        for load, fixed in zip(capacity.uncontrolled_a, fixed_a, strict=True)
    )


def _capacity(
    circuit: Circuit,
    meter: MeterReading | None,
    connectors: list[Connector],
    beneath: list[float],
    snapshot: Snapshot,
    memory: Memory,
    draws: Mapping[str, tuple[Draw, ...]],
) -> Capacity:
    past = memory.circuit(circuit.id)
    if len(past.uncontrolled_a) != len(circuit.limit_a):
        past = CircuitMemory()  # a new circuit, or one of another site
    allowed = budget(circuit, snapshot)
    state = CircuitState.OK
    quality = MeterQuality.NONE
    sensors: tuple[str, ...] = ()
    load_w: float | None = None
    if circuit.assumed_load_a is not None:
        load = _at_least(circuit.assumed_load_a, beneath)
    else:
        judged = judge(circuit, meter, connectors, draws, past, snapshot)
        past, quality, sensors = judged.past, judged.quality, judged.sensors
        if quality is not MeterQuality.GOOD:
            # No more than a fail-safe current for each car (see `asking`).
            state = CircuitState.METER_LOST
        if judged.reading is None:
            # Nobody knows the load: the last one.
            load = _at_least(
                past.uncontrolled_a or (0.0,) * len(circuit.limit_a), beneath
            )
        else:
            load, load_w = _uncontrolled(
                judged.reading, connectors, past, snapshot, memory, draws
            )
            if judged.doubted and past.uncontrolled_a:
                load = tuple(map(max, load, past.uncontrolled_a))
                load_w = max(load_w, past.uncontrolled_w or load_w)
            measured = judged.reading.current_a or load
            if quality is MeterQuality.GOOD and any(
                a > m for a, m in zip(measured, circuit.limit_a, strict=True)
            ):
                state = CircuitState.OVERLOADED
    average = _average(load, past, snapshot, memory)
    calm = _left(allowed.current_a, average)
    if past.doubt.since is not None:
        calm = (0.0,) * len(
            calm
        )  # nobody rises on the word of a meter that cars contradict
    past = watch_load(past, load, snapshot)
    return Capacity(
        circuit=circuit,
        budget=allowed,
        state=state,
        quality=quality,
        sensors=sensors,
        uncontrolled_a=load,
        uncontrolled_w=load_w,
        available_a=_left(allowed.current_a, load),
        calm_a=calm,
        unsteady_a=unsteady_a(past, average),
        past=replace(
            past, uncontrolled_a=load, uncontrolled_w=load_w, average_a=average
        ),
    )


def _left(most: PerPhase, load: PerPhase) -> PerPhase:
    """Return what a load leaves for cars, which is never more than the limit itself.

    What the sun feeds in does not make the wires behind the fuse thicker, and a cloud takes it away faster than cars
    let go.
    """
    return tuple(max(m - max(a, 0.0), 0.0) for m, a in zip(most, load, strict=True))


def _at_least(load: PerPhase, beneath: list[float]) -> PerPhase:
    """Return a load that nobody measured, no less than what is measured below it."""
    if not beneath:
        return tuple(max(a, 0.0) for a in load)
    return tuple(max(a, b, 0.0) for a, b in zip(load, beneath, strict=True))


def _average(
    load: PerPhase, past: CircuitMemory, snapshot: Snapshot, memory: Memory
) -> PerPhase:
    """Return the load's running average, which follows what rises at once."""
    if not past.average_a or memory.at is None:
        return load
    elapsed_s = max((snapshot.now - memory.at).total_seconds(), 0.0)
    weight = elapsed_s / (elapsed_s + snapshot.tuning.smoothing_s)
    return tuple(
        max(now, before + (now - before) * weight)
        for now, before in zip(load, past.average_a, strict=True)
    )


def _bounds(
    connector: Connector,
    draws: tuple[Draw, ...],
    past: ConnectorMemory,
    meter: MeterReading,
    snapshot: Snapshot,
) -> tuple[PerPhase, PerPhase]:
    """Return the least and the most that a connector drew when the meter was read, per site phase."""
    phases = range(snapshot.site.phases)
    near = min(draws, key=lambda draw: abs(draw.at - meter.at), default=None)
    same_time = near is not None and abs(near.at - meter.at) <= SAME_TIME
    lowest, highest = _drawn_around(draws, meter.at, len(phases))
    if connector.status is ConnectorStatus.AVAILABLE and not same_time:
        # No car, nothing drawn, whatever the last car took.
        return (0.0,) * len(phases), (0.0,) * len(phases)
    told = same_time and connector.reachable
    if told and _settled(connector, meter):
        return lowest, highest
    held = held_a(connector, snapshot)
    since = meter.at - SETTLING
    offered = (*_in_force_a(past.offers, since), held)
    least = (0.0,) * len(phases)
    if told:
        # Between two draws it may have been down at the lowest of its offers.
        least = tuple(min(a, *offered) for a in lowest)
    if past.above_since is None or not connector.reachable:
        # A draw of before it was lowered is over by now. Of one out of reach only what is reserved for it is its own.
        highest = tuple(min(a, max(offered)) for a in highest)
    if (
        told
        and past.offers
        and past.offers[0].at <= since
        and offered[0] >= max(offered)
    ):
        return least, highest  # only lowered since, it takes no more than it did
    if connector.reachable and (car_a := expected_a(connector, past, snapshot)):
        held = min(held, car_a)
    # Its offer is reserved on the phases that it uses. What flows on others beyond its draw is nothing of its own.
    used = phases_in_use(connector, draws, past)
    most = tuple(max(highest[p], held) if p in used else highest[p] for p in phases)
    return least, most


def _in_force_a(offers: tuple[Offered, ...], since: datetime) -> tuple[float, ...]:
    """Return the offers that were in force at some time since, the oldest first."""
    later = [offered for offered in offers if offered.at > since]
    before = offers[: len(offers) - len(later)][-1:]
    return tuple(o.current_a for o in (*before, *later))


def _drawn_around(
    draws: tuple[Draw, ...], at: datetime, phases: int
) -> tuple[PerPhase, PerPhase]:
    """Return the least and the most that was drawn when a meter's value of this time was measured, per site phase.

    Between two draws anything between them may have flowed, so the one before counts too; so does the newest of all,
    if all are older.
    """
    until = at + SAME_TIME
    last = sum(draw.at <= until for draw in draws)
    first = sum(draw.at < at - METER_LAG for draw in draws)
    seen = draws[max(min(first, last) - 1, 0) : max(last, 1)]
    if not seen:
        return (0.0,) * phases, (0.0,) * phases
    currents = [draw.current_a for draw in seen]
    return (
        tuple(min(a) for a in zip(*currents, strict=True)),
        tuple(max(a) for a in zip(*currents, strict=True)),
    )


def _settled(connector: Connector, meter: MeterReading) -> bool:
    """Whether the car has had the time to follow its last offer when the meter was read."""
    return connector.offered_at is None or meter.at - connector.offered_at > SETTLING


def _uncontrolled(
    meter: MeterReading,
    connectors: list[Connector],
    past: CircuitMemory,
    snapshot: Snapshot,
    memory: Memory,
    draws: Mapping[str, tuple[Draw, ...]],
) -> tuple[PerPhase, float]:
    """Return the estimate within the bounds that is nearest to the last one, per phase and in watts."""
    phases = range(snapshot.site.phases)
    voltage_v = snapshot.site.voltage_v
    least = [0.0] * len(phases)
    most = [0.0] * len(phases)
    for connector in connectors:
        lived = memory.connector(connector.id)
        low, high = _bounds(connector, draws[connector.id], lived, meter, snapshot)
        for p in phases:
            least[p] += low[p]
            most[p] += high[p]
    if meter.current_a is None:
        return _of_total(meter.power_w or 0.0, least, most, past, snapshot)
    last = past.uncontrolled_a
    load = tuple(
        _nearest(
            last[p] if last else None,
            meter.current_a[p] - most[p],
            meter.current_a[p] - least[p],
        )
        for p in phases
    )
    cars_w = (sum(meter.current_a) - sum(load)) * voltage_v
    # The meter's own watts know the sign of each phase's current, which not every meter tells.
    total_w = (
        sum(meter.current_a) * voltage_v if meter.power_w is None else meter.power_w
    )
    floor_a = _lowest_a(snapshot)
    return tuple(max(a, floor_a) for a in load), total_w - cars_w


def _of_total(
    power_w: float,
    least: list[float],
    most: list[float],
    past: CircuitMemory,
    snapshot: Snapshot,
) -> tuple[PerPhase, float]:
    """Return the estimate where the meter knows the total only: all of it may be on any one phase."""
    voltage_v = snapshot.site.voltage_v
    load_w = _nearest(
        past.uncontrolled_w,
        power_w - sum(most) * voltage_v,
        power_w - sum(least) * voltage_v,
    )
    if snapshot.site.phases == 1:
        return (max(load_w / voltage_v, _lowest_a(snapshot)),), load_w
    # What is generated may feed other phases than the one that the house takes all from.
    house_w = load_w + _generated_w(snapshot)
    return (max(house_w / voltage_v, 0.0),) * snapshot.site.phases, load_w


def _nearest(last: float | None, low: float, high: float) -> float:
    """Return the last value, moved into the bounds; the higher bound where there is no last one."""
    return high if last is None else min(max(last, low), high)


def _generated_w(snapshot: Snapshot, *, since: datetime | None = None) -> float:
    """Return what is generated on the site, by readings no older than `since`."""
    readings = (snapshot.solar, snapshot.battery)
    return sum(
        max(reading.power_w, 0.0)
        for reading in readings
        if reading is not None and (since is None or reading.at >= since)
    )


def _lowest_a(snapshot: Snapshot) -> float:
    """Return the lowest load (negative) that a phase can have: all that is generated on the site feeds it.

    A site that tells of no generation has none: what looks like it is a car that stopped since it was heard of.
    """
    return -_generated_w(snapshot, since=snapshot.now - GENERATED) / (
        snapshot.site.voltage_v
    )
