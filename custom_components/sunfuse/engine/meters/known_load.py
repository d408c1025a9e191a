"""What a circuit carries besides its cars, as far as its meter can be believed, and what it may carry where it cannot."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ..cars.cars_below import CarsBelow
from ..cars.response import learn_interval, learn_response
from ..limits.limits import Budget
from ..memory import CircuitMemory
from ..model import (
    Circuit,
    CircuitState,
    MeterQuality,
    MeterReading,
    PerPhase,
    Snapshot,
)
from .balanced import ZERO_A, values_of
from .generation import generated_w
from .intermittent import as_believed, remember_loss
from .load import uncontrolled
from .meter_quality import Judged, judge
from .presumed_load import beside_first, presumed_a, presumes, remember_load
from .standstill import stands_still

# A part of a meter that has shown something within this time has not failed, whatever it shows now: a home battery keeps
# it near zero, whatever a car takes.
SHOWN = timedelta(minutes=10)
# But not one that shows the very same for this long.
STANDS = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownLoad:
    """What is known of a circuit's load, and by which meter. The defaults are those of a circuit without a meter."""

    past: CircuitMemory
    load_a: PerPhase
    known_a: PerPhase  # the same without what is presumed
    load_w: float | None = None
    measured_w: float | None = None
    measured_a: PerPhase | None = None  # where all of it is measured
    quality: MeterQuality = MeterQuality.NONE
    sensors: tuple[str, ...] = ()
    over: tuple[bool, ...] = ()
    still: tuple[bool, ...] = ()
    # What it may carry for all that is known: at least the load.
    may_carry_a: PerPhase = ()
    reading: MeterReading | None = None  # as far as it can be used


def by_assumption(
    circuit_load_a: PerPhase, beneath: list[float], past: CircuitMemory
) -> KnownLoad:
    """Return the load of a circuit without a meter."""
    load = _at_least(circuit_load_a, beneath)
    return KnownLoad(past=past, load_a=load, known_a=load, may_carry_a=load)


def by_meter(
    circuit: Circuit,
    meter: MeterReading | None,
    cars: CarsBelow,
    beneath: list[float],
    past: CircuitMemory,
    allowed: Budget,
) -> KnownLoad:
    """Return what a circuit's meter shows; what it does not show is as it was before, or what has to be presumed."""
    meter = _in_amperes(meter, cars.snapshot)
    if meter is not None:
        past = learn_interval(past, meter)
        past = learn_response(past, meter, cars)
    before = None
    if past.read_at is not None and past.lost_since is None:
        before = MeterReading(at=past.read_at, current_a=past.read_a)
    judged = judge(circuit, meter, cars, past)
    if judged.reading is None:
        last_a = judged.past.uncontrolled_a or (0.0,) * len(circuit.limit_a)
        known = by_assumption(last_a, beneath, judged.past)
    else:
        known = _shown(judged, judged.reading, before, cars, allowed)
    if judged.quality is MeterQuality.GOOD and judged.reading is not None:
        known = _believed(
            known, judged.reading, circuit, cars, allowed, doubted=judged.doubted
        )
    else:
        known = _where_lost(known, judged, cars, allowed)
    said = as_believed(known.past, judged, cars.snapshot)
    return replace(known, quality=said.quality, sensors=said.sensors)


def _shown(
    judged: Judged,
    reading: MeterReading,
    before: MeterReading | None,
    cars: CarsBelow,
    allowed: Budget,
) -> KnownLoad:
    """Return the load that a reading shows beside the cars; in doubt no less than the one that was known before."""
    past = judged.past
    above = _above(reading, allowed.limit_a, cars.snapshot)
    found = uncontrolled(reading, before, above, cars, past)
    load = found.current_a
    if past.uncontrolled_a and judged.kept:
        # Its cars may have taken less since they reported, and it would seem to be more load.
        load = tuple(
            last if kept else now
            for last, now, kept in zip(
                past.uncontrolled_a, load, judged.kept, strict=True
            )
        )
    load_w: float | None = found.power_w
    if past.uncontrolled_a and judged.unconfirmed:
        # The cars may have followed meanwhile: with what they draw now the last value would seem to be more load.
        load, load_w = past.uncontrolled_a, past.uncontrolled_w
    elif past.uncontrolled_a and judged.doubted:
        load = tuple(map(max, load, past.uncontrolled_a))
        load_w = max(found.power_w, past.uncontrolled_w or found.power_w)
    may_be = tuple(map(max, load, found.may_be_a)) if found.may_be_a else load
    return KnownLoad(
        past=replace(past, stepped_at=cars.snapshot.now) if found.stepped else past,
        load_a=load,
        known_a=load,
        load_w=load_w,
        measured_w=found.measured_w,
        measured_a=None if any(judged.unmeasured) else reading.current_a,
        over=_above(reading, allowed.current_a, cars.snapshot),
        may_carry_a=may_be,
        reading=reading,
    )


def _believed(
    known: KnownLoad,
    reading: MeterReading,
    circuit: Circuit,
    cars: CarsBelow,
    allowed: Budget,
    *,
    doubted: bool,
) -> KnownLoad:
    """Return the load by a good meter. Where it may have failed, increases are given beside what has to be presumed."""
    connectors, snapshot = cars.connectors, cars.snapshot
    past = replace(
        known.past,
        lost_since=None,
        shown_at=_shown_at(reading, known.past, snapshot),
    )
    still = _still(reading, past, snapshot)
    if not doubted:
        past = remember_load(circuit, past, known.load_a, still, connectors, snapshot)
    may_carry = known.may_carry_a
    if any(still):
        presumed = beside_first(past, allowed.current_a, connectors, snapshot)
        may_carry = _at_least_where(still, presumed, may_carry)
    return replace(known, past=past, still=still, may_carry_a=may_carry)


def _where_lost(
    known: KnownLoad, judged: Judged, cars: CarsBelow, allowed: Budget
) -> KnownLoad:
    """Return the load by a meter that is lost, wholly or in part: what has to be presumed where it measures nothing."""
    past = remember_loss(known.past, judged, cars.snapshot)
    if not presumes(past, judged.quality, cars.snapshot):
        return replace(known, past=past)
    presumed = presumed_a(past, allowed.current_a, cars.connectors, cars.snapshot)
    unmeasured = judged.unmeasured or (True,) * len(known.load_a)
    load = _at_least_where(unmeasured, presumed, known.load_a)
    return replace(known, past=past, load_a=load, may_carry_a=load)


def _at_least_where(
    where: tuple[bool, ...], least: PerPhase, load: PerPhase
) -> PerPhase:
    """Return a load, on some phases at least another one."""
    return tuple(
        max(one, other) if applies else one
        for one, other, applies in zip(load, least, where, strict=True)
    )


def state_of(circuit: Circuit, known: KnownLoad, snapshot: Snapshot) -> CircuitState:
    """Return how far a circuit can be trusted."""
    if known.quality is MeterQuality.NONE:
        return CircuitState.OK
    if known.quality is not MeterQuality.GOOD or known.reading is None:
        # No more than a fail-safe current for each car (see `asking`).
        return CircuitState.METER_LOST
    overloaded = any(_above(known.reading, circuit.limit_a, snapshot))
    return CircuitState.OVERLOADED if overloaded else CircuitState.OK


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


def _still(
    meter: MeterReading, past: CircuitMemory, snapshot: Snapshot
) -> tuple[bool, ...]:
    """Return on which phases a meter may have failed while no car charged: see `Capacity`."""
    phases = snapshot.site.phases
    if stands_still(past):
        return (True,) * phases
    # Panels and batteries explain feed-in. They do not explain an exact zero by a meter that has never shown anything.
    least_a = float("-inf")
    lately = (False,) * len(past.shown_at)
    if generated_w(snapshot) > 0:
        if past.doubt.shows_cars:
            return (False,) * phases
        least_a = -ZERO_A
        lately = tuple(
            at is not None
            and snapshot.now - at <= SHOWN
            and meter.at - one.since < STANDS
            for at, one in zip(past.shown_at, past.standing, strict=True)
        )
    feeds_in = past.doubt.feeds_in or (False,) * phases
    if meter.current_a is None:
        (metered_a,) = values_of(meter, snapshot)
        nothing = least_a <= metered_a <= ZERO_A
        return (nothing and not feeds_in[-1] and not any(lately),) * phases
    return tuple(
        least_a <= a <= ZERO_A and not feeds and not shown
        for a, feeds, shown in zip(meter.current_a, feeds_in, lately, strict=False)
    )


def _shown_at(
    meter: MeterReading, past: CircuitMemory, snapshot: Snapshot
) -> tuple[datetime | None, ...]:
    """Return when each part of a meter last showed that something flows."""
    parts = values_of(meter, snapshot)
    before = past.shown_at if len(past.shown_at) == len(parts) else (None,) * len(parts)
    return tuple(
        meter.at if abs(a) > ZERO_A else at for a, at in zip(parts, before, strict=True)
    )


def _at_least(load: PerPhase, beneath: list[float]) -> PerPhase:
    """Return an unmeasured load, at least what is measured below it."""
    if not beneath:
        return tuple(max(a, 0.0) for a in load)
    return tuple(max(a, b, 0.0) for a, b in zip(load, beneath, strict=True))
