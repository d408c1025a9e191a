"""The capacity of each circuit for cars, phase by phase: its limit less its uncontrolled load (see `load`)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from .confirmed_offer import held_a
from .contradiction import NOTHING_A
from .drawing import draw_of
from .filling import EPSILON
from .fuse_curve import SPENT, warmed
from .limits import Budget, budget
from .load import SETTLING, generated_w, in_force_a, uncontrolled
from .memory import CircuitMemory, Draw, Memory
from .meter_quality import judge
from .model import (
    Circuit,
    CircuitState,
    Connector,
    MeterQuality,
    MeterReading,
    PerPhase,
    Snapshot,
)
from .response import learn_interval, learn_response
from .steadiness import unsteady_a, watch_load
from .tree import Tree

# Draws are remembered for as long as the slowest usable meter may lag.
REMEMBERED = timedelta(seconds=60)
# The fluctuation of a current that is kept at its limit, as a part of the limit.
TREMBLES = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity:
    """The capacity of a circuit for the cars below it. `available_a` and `calm_a` are never negative."""

    circuit: Circuit
    budget: Budget
    state: CircuitState
    quality: MeterQuality
    uncontrolled_a: PerPhase
    uncontrolled_w: float | None  # with its sign; None if no meter measures it
    measured_w: float | None  # what the meter measured, cars included
    available_a: PerPhase
    calm_a: PerPhase  # what may be given as an increase: uses the load's average if that is higher
    over: tuple[
        bool, ...
    ]  # whether the meter is above the limit less its margin: no increases
    empty: tuple[
        bool, ...
    ]  # whether the meter shows exactly zero, which no house draws for long
    bears: tuple[bool, ...]  # whether its fuse carries more than the limit for now
    unsteady_a: PerPhase  # what of that must stay free before another car starts: the load may soon need it again
    past: CircuitMemory
    sensors: tuple[str, ...] = ()  # that cause the loss of a meter


def remember_draws(snapshot: Snapshot, memory: Memory) -> dict[str, tuple[Draw, ...]]:
    """Return the recent draws of every connector, with those of the snapshot."""
    draws: dict[str, tuple[Draw, ...]] = {}
    oldest = snapshot.now - REMEMBERED
    for connector in snapshot.connectors:
        past = memory.connector(connector.id)
        known = past.draws
        at = connector.draw_at
        if at is not None and (not known or at > known[-1].at):
            offered = in_force_a(past.offers, at - SETTLING)
            most_a = max(held_a(connector, snapshot), *offered, 0.0)
            if (new := draw_of(connector, at, past, most_a, snapshot)) is not None:
                known = (*known, new)
        if len(known) > 1 and known[0].at < oldest:
            # The newest is kept however old it is: nothing else is known.
            recent = [draw for draw in known[:-1] if draw.at >= oldest]
            known = (*recent, known[-1])
        draws[connector.id] = known
    return draws


def capacities(
    snapshot: Snapshot,
    memory: Memory,
    tree: Tree,
    draws: Mapping[str, tuple[Draw, ...]],
) -> dict[str, Capacity]:
    """Return the capacity of every circuit, before any offer."""
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
    """Return the load of a circuit besides the cars: measured or assumed, plus what is fixed."""
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
    measured_w: float | None = None
    measured_a: PerPhase | None = None
    over = empty = (False,) * len(circuit.limit_a)
    if circuit.assumed_load_a is not None:
        load = _at_least(circuit.assumed_load_a, beneath)
    else:
        meter = _in_amperes(meter, snapshot)
        if meter is not None:
            past = learn_interval(past, meter)
            past = learn_response(past, meter, connectors, snapshot, memory, draws)
        judged = judge(circuit, meter, connectors, draws, past, snapshot)
        past, quality, sensors = judged.past, judged.quality, judged.sensors
        if quality is not MeterQuality.GOOD:
            # No more than a fail-safe current for each car (see `asking`).
            state = CircuitState.METER_LOST
        if judged.reading is None:
            # The load is unknown: use the last one.
            load = _at_least(
                past.uncontrolled_a or (0.0,) * len(circuit.limit_a), beneath
            )
        else:
            over = _above(judged.reading, allowed.current_a, snapshot)
            empty = _shows_nothing(judged.reading, snapshot)
            found = uncontrolled(
                judged.reading,
                _above(judged.reading, allowed.limit_a, snapshot),
                connectors,
                past,
                snapshot,
                memory,
                draws,
            )
            load, load_w = found.current_a, found.power_w
            measured_w = found.measured_w
            if quality is MeterQuality.GOOD:
                measured_a = judged.reading.current_a
            if judged.doubted and past.uncontrolled_a:
                load = tuple(map(max, load, past.uncontrolled_a))
                load_w = max(load_w, past.uncontrolled_w or load_w)
            if quality is MeterQuality.GOOD and any(
                _above(judged.reading, circuit.limit_a, snapshot)
            ):
                state = CircuitState.OVERLOADED
    average = _average(load, past, snapshot, memory)
    calm = _left(allowed.current_a, average)
    if past.doubt.since is not None:
        calm = (0.0,) * len(calm)  # no increases while the cars contradict the meter
    past = watch_load(past, load, snapshot)
    heat: PerPhase = ()
    bears = (False,) * len(load)
    # A limit below the rating, set by a user or from outside, is not subject to what the fuse carries.
    rated_a = circuit.rated_a or circuit.limit_a
    if (
        measured_a is not None
        and allowed.lowered_by is None
        and circuit.limit_a == rated_a
    ):
        heat = warmed(
            past.heat,
            measured_a,
            _borne_from_a(allowed),
            circuit.characteristic,
            _elapsed_s(snapshot, memory),
        )
        bears = tuple(used < SPENT for used in heat) or bears
    return Capacity(
        circuit=circuit,
        budget=allowed,
        state=state,
        quality=quality,
        sensors=sensors,
        uncontrolled_a=load,
        uncontrolled_w=load_w,
        measured_w=measured_w,
        available_a=_left(allowed.current_a, load),
        calm_a=calm,
        over=over,
        empty=empty,
        bears=bears,
        unsteady_a=unsteady_a(past, average),
        past=replace(
            past,
            uncontrolled_a=load,
            uncontrolled_w=load_w,
            average_a=average,
            heat=heat,
        ),
    )


def _in_amperes(meter: MeterReading | None, snapshot: Snapshot) -> MeterReading | None:
    """Return the reading with its current, if a meter of watts alone measures a single phase."""
    if meter is None or meter.current_a is not None or meter.power_w is None:
        return meter
    if snapshot.site.phases > 1:
        return meter
    return replace(meter, current_a=(meter.power_w / snapshot.site.voltage_v,))


def _above(meter: MeterReading, most: PerPhase, snapshot: Snapshot) -> tuple[bool, ...]:
    """Return on which phases a meter measures more than this; with a total only, it is all phases or none."""
    if meter.current_a is not None:
        return tuple(a > m for a, m in zip(meter.current_a, most, strict=True))
    total_a = (meter.power_w or 0.0) / snapshot.site.voltage_v
    return (total_a > sum(most),) * len(most)


def _shows_nothing(meter: MeterReading, snapshot: Snapshot) -> tuple[bool, ...]:
    """Return on which phases a meter shows exactly zero, although no known generation feeds in there."""
    phases = snapshot.site.phases
    if generated_w(snapshot) > 0:
        return (False,) * phases
    if meter.current_a is None:
        total_a = (meter.power_w or 0.0) / snapshot.site.voltage_v
        return (abs(total_a) <= NOTHING_A,) * phases
    return tuple(abs(a) <= NOTHING_A for a in meter.current_a)


def _left(most: PerPhase, load: PerPhase) -> PerPhase:
    """Return what a load leaves for cars, never more than the limit itself.

    Feed-in does not make the wires behind the fuse thicker, and a cloud removes it faster than cars can reduce.
    """
    return tuple(max(m - max(a, 0.0), 0.0) for m, a in zip(most, load, strict=True))


def _at_least(load: PerPhase, beneath: list[float]) -> PerPhase:
    """Return an unmeasured load, at least what is measured below it."""
    if not beneath:
        return tuple(max(a, 0.0) for a in load)
    return tuple(max(a, b, 0.0) for a, b in zip(load, beneath, strict=True))


def _elapsed_s(snapshot: Snapshot, memory: Memory) -> float:
    """Return the time since the last decision."""
    since = memory.at or snapshot.now
    return max((snapshot.now - since).total_seconds(), 0.0)


def _borne_from_a(allowed: Budget) -> PerPhase:
    """Return the current above which a fuse's tolerance is used up: a meter that fluctuates around the limit does not use it.

    The excess that this ignores is part of the margin.
    """
    return tuple(
        most + min(TREMBLES * limit, limit - most) + EPSILON
        for most, limit in zip(allowed.current_a, allowed.limit_a, strict=True)
    )


def _average(
    load: PerPhase, past: CircuitMemory, snapshot: Snapshot, memory: Memory
) -> PerPhase:
    """Return the load's running average, which follows increases at once."""
    if not past.average_a or memory.at is None:
        return load
    elapsed_s = _elapsed_s(snapshot, memory)
    weight = elapsed_s / (elapsed_s + snapshot.tuning.smoothing_s)
    return tuple(
        max(now, before + (now - before) * weight)
        for now, before in zip(load, past.average_a, strict=True)
    )
