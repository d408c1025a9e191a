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

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
import math

from ..cars.asking import phases_in_use
from ..cars.car_bounds import BOUNDS, SETTLING, in_force_a, keeps_offers, seen_of
from ..cars.confirmed_offer import held_a
from ..cars.drawing import power_bounds
from ..cars.learning import expected_a
from ..cars.response import follows_after
from ..memory import CircuitMemory, Draw, Memory, Offered
from ..model import Connector, MeterReading, PerPhase, Snapshot, watts
from .generation import generated_w, lowest_a

# A car follows a higher limit no slower than this.
RISES_A_S = 1.0
# Nor faster than this, once it charges.
RISES_MOST_A_S = 4.0
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
    connectors: list[Connector],
    past: CircuitMemory,
    snapshot: Snapshot,
    memory: Memory,
    draws: Mapping[str, tuple[Draw, ...]],
) -> Load:
    """Return the estimate within the bounds that is nearest to the last one.

    On a phase that is `over` its limit it is at least what the chargers do not account for; on the others too, if that is because
    the load took a step since the meter showed what it did `before`.
    """
    phases = range(snapshot.site.phases)
    least = [0.0] * len(phases)
    likely = [0.0] * len(phases)
    most = [0.0] * len(phases)
    rises = [0.0] * len(phases)
    rising = False
    least_w = likely_w = most_w = 0.0
    elapsed_s = (meter.at - before.at).total_seconds() if before else 0.0
    kept = _kept(snapshot, memory)
    follows = min(follows_after(past), SETTLING)
    for connector in connectors:
        lived = memory.connector(connector.id)
        seen = seen_of(connector, draws[connector.id], lived, meter, follows, snapshot)
        lowest, highest = BOUNDS[seen.evidence()]
        low, high = lowest(seen), highest(seen)
        usual = seen.likely(low)
        for p in phases:
            least[p] += low[p]
            likely[p] += usual[p]
            most[p] += high[p]
        if (rise_a := seen.may_rise_a()) > 0:
            rising = True
            for p in connector.phases:
                rises[p] += min(rise_a, RISES_MOST_A_S * elapsed_s)
        low_w, high_w = power_bounds(seen.around, low, high, snapshot)
        least_w += low_w
        likely_w += max(low_w, sum(usual) * snapshot.site.voltage_v)
        most_w += high_w

    def reported(*, rising: bool = False) -> PerPhase:
        return _reported(
            connectors, meter, past, snapshot, memory, draws, rising=rising
        )

    if meter.current_a is None:
        power_w = meter.power_w or 0.0
        load_w = _nearest(past.uncontrolled_w, power_w - most_w, power_w - least_w)
        load_w = _decayed(load_w, power_w - likely_w, power_w - most_w, kept)
        return _of_total(power_w, load_w, over, reported, snapshot)
    last = past.uncontrolled_a
    before_a = before.current_a if before else None
    load = tuple(
        _decayed(
            _nearest(last[p] if last else None, metered - most[p], metered - least[p]),
            metered - likely[p],
            metered - most[p],
            kept,
        )
        for p, metered in enumerate(meter.current_a)
    )
    stepped = any(
        above and metered - max(lately, load_before + high) > RISEN_A
        for above, metered, lately, load_before, high in zip(
            over,
            meter.current_a,
            before_a or meter.current_a,
            last or load,
            most,
            strict=True,
        )
    )
    if any(over):
        everywhere = stepped or _has_just_stepped(past, snapshot)
        risen = _risen_a(meter.current_a, before_a, last, rises)
        load = tuple(
            max(a, metered - cars if above or everywhere else a, more if above else a)
            for a, metered, cars, more, above in zip(
                load, meter.current_a, reported(), risen, over, strict=True
            )
        )
    may_be: PerPhase = ()
    if rising:
        may_be = tuple(
            metered - cars
            for metered, cars in zip(
                meter.current_a, reported(rising=True), strict=True
            )
        )
    voltage_v = snapshot.site.voltage_v
    cars_w = (sum(meter.current_a) - sum(load)) * voltage_v
    if not any(over):
        cars_w = min(max(cars_w, least_w), most_w)
    # The meter's own watts include the sign of each phase's current, which not every meter reports.
    total_w = watts(meter.power_w, meter.current_a, voltage_v)
    floor_a = lowest_a(snapshot)
    return Load(
        current_a=tuple(max(a, floor_a) for a in load),
        power_w=total_w - cars_w,
        measured_w=total_w,
        stepped=stepped,
        may_be_a=may_be,
    )


def _risen_a(
    metered_a: PerPhase,
    before_a: PerPhase | None,
    load_a: PerPhase,
    rises_a: list[float],
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


def _of_total(
    power_w: float,
    load_w: float,
    over: tuple[bool, ...],
    reported: Callable[[], PerPhase],
    snapshot: Snapshot,
) -> Load:
    """Return the estimate if the meter knows the total only: all of it may be on any one phase."""
    voltage_v = snapshot.site.voltage_v
    if any(over):
        load_w = max(load_w, power_w - sum(reported()) * voltage_v)
    # Generation may feed other phases than the one that the whole house load is on.
    house_w = load_w + generated_w(snapshot)
    return Load(
        current_a=(max(house_w / voltage_v, 0.0),) * snapshot.site.phases,
        power_w=load_w,
        measured_w=power_w,
    )


def _reported(
    connectors: list[Connector],
    meter: MeterReading,
    past: CircuitMemory,
    snapshot: Snapshot,
    memory: Memory,
    draws: Mapping[str, tuple[Draw, ...]],
    *,
    rising: bool,
) -> PerPhase:
    """Return what the connectors below a circuit drew by their own reports when its meter measured, per site phase.

    For increases, while one is `rising`, nobody is presumed to have risen since it reported.
    """
    measured_at = meter.at - min(follows_after(past), SETTLING)
    total = [0.0] * snapshot.site.phases
    for connector in connectors:
        lived = memory.connector(connector.id)
        if lived.rests_since is not None and lived.rests_since <= measured_at:
            continue
        known = draws[connector.id]
        if not known:
            # It does not measure, and counts with its highest offer since.
            offered = in_force_a(lived.offers, measured_at)
            for phase in phases_in_use(connector, known, lived):
                total[phase] += max((*offered, held_a(connector, snapshot)))
            continue
        draw = next(
            (draw for draw in reversed(known) if draw.at <= measured_at), known[0]
        )
        if rising and _was_raised(lived.offers, held_a(connector, snapshot)):
            newest = next((one for one in reversed(known) if one.at <= meter.at), draw)
            for phase, drawn in enumerate(newest.current_a):
                total[phase] += drawn
            continue
        follows_offers = keeps_offers(connector, lived)
        most_a = expected_a(connector, lived, snapshot) or connector.max_a
        for phase, drawn in enumerate(draw.current_a):
            if follows_offers and drawn > 0:
                followed = followed_a(drawn, draw.at, lived.offers, most_a, measured_at)
                # A slow charger may have followed a lower command that was taken back.
                total[phase] += min(
                    (followed, *(one.current_a for one in lived.taken_back))
                )
            else:
                total[phase] += drawn
    return tuple(total)


def _was_raised(offers: tuple[Offered, ...], now_a: float) -> bool:
    """Whether the last offer was higher than the one before: that of now, which may have been confirmed a moment ago."""
    known = [offered.current_a for offered in offers[-2:]]
    before = [a for a in known if a != now_a] if known[-1:] == [now_a] else known
    return bool(before) and before[-1] < now_a


def followed_a(
    drawn_a: float,
    reported_at: datetime,
    offers: tuple[Offered, ...],
    most_a: float,
    until: datetime,
) -> float:
    """Return what a car draws that has followed the offers until then since it reported.

    It follows a lower one at once, and a higher one since then in a ramp, up to the most that it takes.
    """
    level_a = drawn_a
    if not offers:
        return level_a
    ends = [*(offered.since for offered in offers[1:]), until]
    for offered, end in zip(offers, ends, strict=True):
        begin = max(offered.since, reported_at)
        seconds = (min(end, until) - begin).total_seconds()
        if seconds < 0:
            continue  # over before it reported, or too new to be followed
        if offered.current_a < level_a:
            level_a = offered.current_a
        elif offered.since >= reported_at:
            risen_a = level_a + RISES_A_S * seconds
            level_a = max(level_a, min(risen_a, offered.current_a, most_a))
    return level_a


def _nearest(last: float | None, low: float, high: float) -> float:
    """Return the last value, moved into the bounds; the higher bound if there is no last one."""
    return high if last is None else min(max(last, low), high)


def _kept(snapshot: Snapshot, memory: Memory) -> float:
    """Return the part of what is above the likely load that remains since the last decision."""
    if memory.at is None:
        return 1.0
    elapsed_s = max((snapshot.now - memory.at).total_seconds(), 0.0)
    return math.exp(-elapsed_s / DECAYS_S)


def _decayed(load: float, likely: float, low: float, kept: float) -> float:
    """Return a load that falls to the likely one, but not below its lower bound."""
    if load <= likely:
        return load
    return max(likely + (load - likely) * kept, low)
