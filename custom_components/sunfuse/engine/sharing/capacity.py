"""The capacity of each circuit for cars, phase by phase: its limit less its uncontrolled load (see `load`)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from ..cars.car_bounds import SETTLING, in_force_a
from ..cars.cars_below import CarsBelow
from ..cars.confirmed_offer import held_a
from ..cars.drawing import draw_of
from ..limits.fuse_curve import SPENT, warmed
from ..limits.limits import Budget, budget
from ..limits.tree import Tree
from ..memory import CircuitMemory, Draw, Memory
from ..meters.known_load import KnownLoad, by_assumption, by_meter, state_of
from ..meters.steadiness import lately_less_a, unsteady_a, watch_load
from ..model import (
    Circuit,
    CircuitState,
    MeterQuality,
    MeterReading,
    PerPhase,
    Snapshot,
)
from .filling import EPSILON

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
    known_a: PerPhase  # the same without what is presumed
    uncontrolled_w: float | None  # with its sign; None if no meter measures it
    measured_w: float | None  # what the meter measured, cars included
    may_carry_a: PerPhase  # the load that increases are given beside: presumed, where the meter may have failed
    available_a: PerPhase
    calm_a: PerPhase  # what may be given as an increase: uses the load's average if that is higher
    expected_a: PerPhase  # what will be free on average, if the load is as in the last half hour
    # Whether the meter is above the limit less its margin: no increases.
    over: tuple[bool, ...]
    # Whether the meter may have failed while no car charged: it stands still, or shows nothing or feed-in of which nothing is
    # known. Cars that start there wait until it shows them.
    still: tuple[bool, ...]
    bears: tuple[bool, ...]  # whether its fuse carries more than the limit for now
    unsteady_a: PerPhase  # what of that must stay free before another car starts: the load may soon need it again
    lately_less_a: PerPhase  # by how much the load was lower within the last minutes
    past: CircuitMemory
    sensors: tuple[str, ...] = ()  # that cause the loss of a meter

    @property
    def power_lost(self) -> bool:
        """Whether the meter is lost, and its power with it: a total may be known although one phase is silent."""
        return self.state is CircuitState.METER_LOST and self.measured_w is None


def remember_draws(snapshot: Snapshot, memory: Memory) -> dict[str, tuple[Draw, ...]]:
    """Return the recent draws of every connector, with those of the snapshot."""
    draws: dict[str, tuple[Draw, ...]] = {}
    oldest = snapshot.now - REMEMBERED
    for connector in snapshot.connectors:
        past = memory.connector(connector.id)
        known = past.draws
        if known and len(known[-1].current_a) != snapshot.site.phases:
            known = ()  # those of a site with other phases
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
        # What is known to flow below a circuit flows through it. What is presumed there may be far more than it carries.
        beneath = [_load(found[child]) for child in tree.children(name)]
        found[name] = _capacity(
            tree.circuits[name],
            meters.get(name),
            CarsBelow(
                connectors=below[name], draws=draws, snapshot=snapshot, memory=memory
            ),
            [sum(load) for load in zip(*beneath, strict=True)],
        )
    return found


def _load(capacity: Capacity) -> PerPhase:
    """Return the known load of a circuit besides the cars: measured or assumed, plus what is fixed."""
    fixed_a = capacity.circuit.fixed_load_a
    if fixed_a is None:
        return capacity.known_a
    return tuple(
        load + fixed for load, fixed in zip(capacity.known_a, fixed_a, strict=True)
    )


def _capacity(
    circuit: Circuit,
    meter: MeterReading | None,
    cars: CarsBelow,
    beneath: list[float],
) -> Capacity:
    snapshot, memory = cars.snapshot, cars.memory
    past = memory.circuit(circuit.id)
    if len(past.uncontrolled_a) not in (0, len(circuit.limit_a)):
        past = CircuitMemory()  # a new circuit, or one of another site
    allowed = budget(circuit, snapshot)
    if circuit.assumed_load_a is not None:
        known = by_assumption(circuit.assumed_load_a, beneath, past)
    else:
        known = by_meter(circuit, meter, cars, beneath, past, allowed)
    load = known.load_a
    # What is presumed while a meter is lost is forgotten as soon as it is back.
    average = _average(known.known_a, known.past, snapshot, memory)
    likely = tuple(map(max, average, known.may_carry_a))
    past = watch_load(known.past, known.known_a, snapshot)
    heat, bears = _heat(circuit, allowed, known.measured_a, past, snapshot, memory)
    nowhere = (False,) * len(load)
    return Capacity(
        circuit=circuit,
        budget=allowed,
        state=state_of(circuit, known, snapshot),
        quality=known.quality,
        sensors=known.sensors,
        uncontrolled_a=load,
        known_a=known.known_a,
        uncontrolled_w=known.load_w,
        measured_w=known.measured_w,
        may_carry_a=known.may_carry_a,
        available_a=_left(allowed.current_a, load),
        calm_a=_calm(known, allowed, likely),
        expected_a=_left(allowed.current_a, _usual(known, past)),
        over=known.over or nowhere,
        still=known.still or nowhere,
        bears=bears or nowhere,
        unsteady_a=unsteady_a(past, likely),
        lately_less_a=lately_less_a(past, load),
        past=replace(
            past,
            uncontrolled_a=known.known_a,
            uncontrolled_w=known.load_w,
            average_a=average,
            heat=heat,
        ),
    )


def _calm(known: KnownLoad, allowed: Budget, likely: PerPhase) -> PerPhase:
    """Return what may be given as an increase.

    Nothing while the cars contradict the meter, until it is known to be wrong and a load is presumed instead.
    """
    past = known.past
    metered = known.quality is not MeterQuality.NONE and past.lost_since is None
    if past.doubt.since is not None and metered:
        return (0.0,) * len(likely)
    return _left(allowed.current_a, likely)


def _usual(known: KnownLoad, past: CircuitMemory) -> PerPhase:
    """Return the average load of the last half hour, with what is presumed beyond the known one."""
    return tuple(
        usual + presumed - measured
        for usual, presumed, measured in zip(
            past.usual_a, known.load_a, known.known_a, strict=True
        )
    )


def _heat(
    circuit: Circuit,
    allowed: Budget,
    measured_a: PerPhase | None,
    past: CircuitMemory,
    snapshot: Snapshot,
    memory: Memory,
) -> tuple[PerPhase, tuple[bool, ...]]:
    """Return how much of what its fuse carries is used up on each phase, and where it still carries more than the limit.

    A limit below the rating, set by a user or from outside, is not subject to what the fuse carries.
    """
    rated_a = circuit.rated_a or circuit.limit_a
    if (
        measured_a is None
        or allowed.lowered_by is not None
        or circuit.limit_a != rated_a
    ):
        return (), ()
    heat = warmed(
        past.heat,
        measured_a,
        _borne_from_a(allowed),
        circuit.characteristic,
        _elapsed_s(snapshot, memory),
    )
    return heat, tuple(used < SPENT for used in heat)


def _left(most: PerPhase, load: PerPhase) -> PerPhase:
    """Return what a load leaves for cars, never more than the limit itself.

    Feed-in does not make the wires behind the fuse thicker, and a cloud removes it faster than cars can reduce.
    """
    return tuple([max(m - max(a, 0.0), 0.0) for m, a in zip(most, load, strict=True)])


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
