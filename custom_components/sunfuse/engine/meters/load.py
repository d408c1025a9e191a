"""The uncontrolled load: what a circuit carries besides its cars.

A circuit's meter measures the cars' draw and the uncontrolled load. Meter and chargers report at different
times, so the load is known within bounds: a car that was just offered more may already take it, one that was just
offered less may not have followed yet, and one that reported long ago may have stopped since. Within the bounds the
last estimate is kept; outside them it moves. If chargers report rarely the bounds are wide, and an inrush would stay in
the estimate: so what is above the likely load decays.

If the meter is above the circuit's limit on a phase the benefit of the doubt ends: what the chargers do not account for is
load, and so is what the meter rose by faster than cars do. If it took a step, so it is on the other phases: it may have done so
there too, and a car that was just offered more may yet rise beside it. A lower offer counts as soon as a car and the meter had
the time to follow, so that each reduction removes the whole excess, and none is made twice.
"""

from dataclasses import dataclass
from datetime import timedelta
import math

from ..cars.cars_below import CarsBelow
from ..memory import CircuitMemory
from ..model import MeterReading, PerPhase, Snapshot, watts
from .cars_drew import CarsDrew, cars_drew, reported_a
from .generation import generated_w, lowest_a

# The time constant with which the estimate falls to the likely load. If a car has stopped after all, others get what it
# leaves, and no more: its own offer stays reserved.
DECAYS_S = 10.0
# A load that is higher by this for certain took a step; until all have reported since, it may have done so on any phase.
RISEN_A = 1.0
STEPPED = timedelta(seconds=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """The estimate on each phase, and in watts with its sign; and what the meter measured, cars included."""

    current_a: PerPhase
    power_w: float
    measured_w: float
    stepped: bool = False  # it took a step, and a phase is above its limit since
    # What it is if cars draw what they reported, while one may have risen since: for increases.
    may_be_a: PerPhase = ()


def uncontrolled(
    meter: MeterReading,
    before: MeterReading | None,
    over: tuple[bool, ...],
    cars: CarsBelow,
    past: CircuitMemory,
) -> Load:
    """Return the estimate within the bounds that is nearest to the last one.

    On a phase that is `over` its limit it is at least what the chargers do not account for; on the others too, if that is because
    the load took a step since the meter showed what it did `before`.
    """
    drew = cars_drew(meter, before, cars, past)
    metered_a = meter.current_a
    if metered_a is None:
        return _of_total(meter, over, drew, cars, past)
    snapshot = cars.snapshot
    before_a = before.current_a if before else None
    load = _within_bounds(metered_a, drew, cars, past)
    stepped = _took_step(metered_a, before_a, over, past.uncontrolled_a or load, drew)
    if any(over):
        everywhere = stepped or _has_just_stepped(past, snapshot)
        risen = _risen_a(metered_a, before_a, past.uncontrolled_a, drew.rises_a)
        unexplained = _less(metered_a, reported_a(meter, cars, past))
        load = tuple(
            max(a, rest if above or everywhere else a, more if above else a)
            for a, rest, more, above in zip(load, unexplained, risen, over, strict=True)
        )
    may_be: PerPhase = ()
    if drew.rising:
        may_be = _less(metered_a, reported_a(meter, cars, past, rising=True))
    voltage_v = snapshot.site.voltage_v
    cars_w = (sum(metered_a) - sum(load)) * voltage_v
    if not any(over):
        cars_w = min(max(cars_w, drew.least_w), drew.most_w)
    # The meter's own watts include the sign of each phase's current, which not every meter reports.
    total_w = watts(meter.power_w, metered_a, voltage_v)
    floor_a = lowest_a(snapshot)
    return Load(
        current_a=tuple(max(a, floor_a) for a in load),
        power_w=total_w - cars_w,
        measured_w=total_w,
        stepped=stepped,
        may_be_a=may_be,
    )


def _of_total(
    meter: MeterReading,
    over: tuple[bool, ...],
    drew: CarsDrew,
    cars: CarsBelow,
    past: CircuitMemory,
) -> Load:
    """Return the estimate if the meter knows the total only: all of it may be on any one phase."""
    snapshot = cars.snapshot
    voltage_v = snapshot.site.voltage_v
    power_w = meter.power_w or 0.0
    least_w = power_w - drew.most_w
    load_w = _nearest(past.uncontrolled_w, least_w, power_w - drew.least_w)
    load_w = _decayed(load_w, power_w - drew.likely_w, least_w, _kept(cars))
    if any(over):
        cars_a = reported_a(meter, cars, past)
        load_w = max(load_w, power_w - sum(cars_a) * voltage_v)
    # Generation may feed other phases than the one that the whole house load is on.
    house_w = load_w + generated_w(snapshot)
    return Load(
        current_a=(max(house_w / voltage_v, 0.0),) * snapshot.site.phases,
        power_w=load_w,
        measured_w=power_w,
    )


def _within_bounds(
    metered_a: PerPhase, drew: CarsDrew, cars: CarsBelow, past: CircuitMemory
) -> PerPhase:
    """Return the last estimate, moved to where it can be beside what the cars drew, and on its way to the likely one."""
    kept = _kept(cars)
    last = past.uncontrolled_a or (None,) * len(metered_a)
    return tuple(
        _decayed(
            _nearest(before, metered - most, metered - least),
            metered - likely,
            metered - most,
            kept,
        )
        for before, metered, least, likely, most in zip(
            last, metered_a, drew.least_a, drew.likely_a, drew.most_a, strict=True
        )
    )


def _took_step(
    metered_a: PerPhase,
    before_a: PerPhase | None,
    over: tuple[bool, ...],
    last_a: PerPhase,
    drew: CarsDrew,
) -> bool:
    """Whether a phase went above its limit by more than the cars can have caused, beside the last load."""
    return any(
        above and metered - max(lately, load + most) > RISEN_A
        for above, metered, lately, load, most in zip(
            over, metered_a, before_a or metered_a, last_a, drew.most_a, strict=True
        )
    )


def _risen_a(
    metered_a: PerPhase,
    before_a: PerPhase | None,
    load_a: PerPhase,
    rises_a: PerPhase,
) -> PerPhase:
    """Return the load with what a meter rose by since it showed what it did before, beyond what cars can have risen by."""
    if before_a is None or not load_a:
        return (-math.inf,) * len(metered_a)
    return tuple(
        was + metered - lately - rise if metered - lately > RISEN_A else -math.inf
        for was, metered, lately, rise in zip(
            load_a, metered_a, before_a, rises_a, strict=True
        )
    )


def _has_just_stepped(past: CircuitMemory, snapshot: Snapshot) -> bool:
    return past.stepped_at is not None and snapshot.now - past.stepped_at <= STEPPED


def _less(metered_a: PerPhase, cars_a: PerPhase) -> PerPhase:
    """Return what a meter shows besides the cars."""
    return tuple(m - car for m, car in zip(metered_a, cars_a, strict=True))


def _nearest(last: float | None, low: float, high: float) -> float:
    """Return the last value, moved into the bounds; the higher bound if there is no last one."""
    return high if last is None else min(max(last, low), high)


def _kept(cars: CarsBelow) -> float:
    """Return the part of what is above the likely load that remains since the last decision."""
    decided_at = cars.memory.at
    if decided_at is None:
        return 1.0
    elapsed_s = max((cars.snapshot.now - decided_at).total_seconds(), 0.0)
    return math.exp(-elapsed_s / DECAYS_S)


def _decayed(load: float, likely: float, low: float, kept: float) -> float:
    """Return a load that falls to the likely one, but not below its lower bound."""
    if load <= likely:
        return load
    return max(likely + (load - likely) * kept, low)
