"""The uncontrolled load: what a circuit takes besides its cars.

What a circuit's meter measures is the cars' draw and the uncontrolled load. Meter and chargers report at different
times, so the load is known within bounds: a car that was just offered more may already take it, one that was just
offered less may not have followed yet, and one that reported long ago may have stopped since. Within the bounds the
last estimate is kept; beyond them it moves.

Where the meter is above the circuit's limit the benefit of the doubt ends: what the chargers do not account for is
load. Whoever was offered less counts with that as soon as a car and the meter had the time to follow, so that each
cut takes the whole excess, and none is taken twice.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from .asking import phases_in_use
from .drawing import SAME_TIME, drawn_around, power_around
from .held import held_a
from .learning import expected_a
from .memory import CircuitMemory, ConnectorMemory, Draw, Memory, Offered
from .model import Connector, ConnectorStatus, MeterReading, PerPhase, Snapshot
from .response import follows_after

# From a new limit to the draw that follows it: the charger's answer, the car's ramp, the next meter value.
SETTLING = timedelta(seconds=15)
# What was generated longer ago says nothing about now.
GENERATED = timedelta(seconds=120)
# A car follows a higher limit no slower than this.
RISES_A_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """The estimate on each phase, and in watts with its sign; and what the meter measured, cars and all."""

    current_a: PerPhase
    power_w: float
    measured_w: float


class Evidence(Enum):
    """How well it is known what a connector drew when the meter measured."""

    NO_CAR = "no car, and no draw of that time"
    STEADY = "reported at that time, under an offer that had not changed for long"
    LOWERED = "reported at that time, under offers that only fell"
    CHANGING = "reported at that time, under an offer that may have risen"
    SILENT = "did not report at that time, or is out of reach"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """What `BOUNDS` are made of, per site phase."""

    evidence: Evidence
    none: PerPhase
    lowest: PerPhase  # of the draws that were reported around that time
    highest: PerPhase
    offered: tuple[float, ...]  # the offers that were in force while it settled
    keeps_offers: bool  # whether its draws are known to stay below these
    may_take: Callable[[], PerPhase]  # its offer, on the phases that it uses

    def lowest_or_offered(self) -> PerPhase:
        """Return the lowest draw; between two draws it may have been down at the lowest of its offers."""
        return tuple(min(a, *self.offered) for a in self.lowest)

    def highest_as_offered(self) -> PerPhase:
        """Return the highest draw; one of before it was lowered is over by now."""
        if not self.keeps_offers:
            return self.highest
        return tuple(min(a, max(self.offered)) for a in self.highest)

    def highest_or_offer(self) -> PerPhase:
        """Return what it may have risen to since it reported."""
        return tuple(map(max, self.highest_as_offered(), self.may_take()))


type Bound = Callable[[_Seen], PerPhase]

# The least and the most that a connector drew when the meter measured.
BOUNDS: Mapping[Evidence, tuple[Bound, Bound]] = {
    Evidence.NO_CAR: (lambda seen: seen.none, lambda seen: seen.none),
    Evidence.STEADY: (lambda seen: seen.lowest, lambda seen: seen.highest),
    Evidence.LOWERED: (_Seen.lowest_or_offered, _Seen.highest_as_offered),
    Evidence.CHANGING: (_Seen.lowest_or_offered, _Seen.highest_or_offer),
    Evidence.SILENT: (lambda seen: seen.none, _Seen.highest_or_offer),
}


def uncontrolled(
    meter: MeterReading,
    over: tuple[bool, ...],
    connectors: list[Connector],
    past: CircuitMemory,
    snapshot: Snapshot,
    memory: Memory,
    draws: Mapping[str, tuple[Draw, ...]],
) -> Load:
    """Return the estimate within the bounds that is nearest to the last one.

    On a phase that is `over` its limit it is at least what the chargers do not account for.
    """
    phases = range(snapshot.site.phases)
    least = [0.0] * len(phases)
    most = [0.0] * len(phases)
    least_w = most_w = 0.0
    for connector in connectors:
        lived = memory.connector(connector.id)
        seen = _seen(connector, draws[connector.id], lived, meter, snapshot)
        low, high = (bound(seen) for bound in BOUNDS[seen.evidence])
        for p in phases:
            least[p] += low[p]
            most[p] += high[p]
        low_w, high_w = power_around(low, high, draws[connector.id], meter, snapshot)
        least_w += low_w
        most_w += high_w

    def reported() -> PerPhase:
        return _reported(connectors, meter, past, snapshot, memory, draws)

    if meter.current_a is None:
        return _of_total(
            meter.power_w or 0.0, over, least_w, most_w, reported, past, snapshot
        )
    last = past.uncontrolled_a
    load = tuple(
        _nearest(
            last[p] if last else None,
            meter.current_a[p] - most[p],
            meter.current_a[p] - least[p],
        )
        for p in phases
    )
    if any(over):
        cars_a = reported()
        load = tuple(
            max(load[p], meter.current_a[p] - cars_a[p]) if over[p] else load[p]
            for p in phases
        )
    voltage_v = snapshot.site.voltage_v
    cars_w = (sum(meter.current_a) - sum(load)) * voltage_v
    if not any(over):
        cars_w = min(max(cars_w, least_w), most_w)
    # The meter's own watts know the sign of each phase's current, which not every meter tells.
    total_w = (
        sum(meter.current_a) * voltage_v if meter.power_w is None else meter.power_w
    )
    floor_a = _lowest_a(snapshot)
    return Load(
        current_a=tuple(max(a, floor_a) for a in load),
        power_w=total_w - cars_w,
        measured_w=total_w,
    )


def _of_total(
    power_w: float,
    over: tuple[bool, ...],
    least_w: float,
    most_w: float,
    reported: Callable[[], PerPhase],
    past: CircuitMemory,
    snapshot: Snapshot,
) -> Load:
    """Return the estimate where the meter knows the total only: all of it may be on any one phase."""
    voltage_v = snapshot.site.voltage_v
    load_w = _nearest(
        past.uncontrolled_w,
        power_w - most_w,
        power_w - least_w,
    )
    if any(over):
        load_w = max(load_w, power_w - sum(reported()) * voltage_v)
    # What is generated may feed other phases than the one that the house takes all from.
    house_w = load_w + _generated_w(snapshot)
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
) -> PerPhase:
    """Return what the connectors below a circuit drew by their own reports when its meter measured, per site phase."""
    measured_at = meter.at - min(follows_after(past), SETTLING)
    total = [0.0] * snapshot.site.phases
    for connector in connectors:
        lived = memory.connector(connector.id)
        if lived.rests_since is not None and lived.rests_since <= measured_at:
            continue
        known = draws[connector.id]
        if not known:
            # It does not measure, and counts with the most that it was offered meanwhile.
            offered = in_force_a(lived.offers, measured_at)
            for phase in phases_in_use(connector, known, lived):
                total[phase] += max((*offered, held_a(connector, snapshot)))
            continue
        draw = next(
            (draw for draw in reversed(known) if draw.at <= measured_at), known[0]
        )
        follows_offers = _keeps_offers(connector, lived)
        most_a = expected_a(connector, lived, snapshot) or connector.max_a
        for phase, drawn in enumerate(draw.current_a):
            if follows_offers and drawn > 0:
                total[phase] += followed_a(
                    drawn, draw.at, lived.offers, most_a, measured_at
                )
            else:
                total[phase] += drawn
    return tuple(total)


def followed_a(
    drawn_a: float,
    reported_at: datetime,
    offers: tuple[Offered, ...],
    most_a: float,
    until: datetime,
) -> float:
    """Return what a car draws that has followed the offers of until then since it reported.

    It follows a lower one at once, and a higher one that it got since then in a ramp, up to the most that it takes.
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


def _keeps_offers(connector: Connector, past: ConnectorMemory) -> bool:
    """Whether a connector's draw of before it was lowered is over by now.

    Of one that is out of reach only what is reserved for it is its own.
    """
    return past.above_since is None or not connector.reachable


def _seen(
    connector: Connector,
    draws: tuple[Draw, ...],
    past: ConnectorMemory,
    meter: MeterReading,
    snapshot: Snapshot,
) -> _Seen:
    """Return what is known of a connector at the time at which the meter was read."""
    phases = snapshot.site.phases
    near = min(draws, key=lambda draw: abs(draw.at - meter.at), default=None)
    same_time = near is not None and abs(near.at - meter.at) <= SAME_TIME
    lowest, highest = drawn_around(draws, meter.at, phases)
    offered = (
        *in_force_a(past.offers, meter.at - SETTLING),
        held_a(connector, snapshot),
    )

    def may_take() -> PerPhase:
        # Its offer is reserved on the phases that it uses. What flows on others beyond its draw is nothing of its own.
        most_a = held_a(connector, snapshot)
        if connector.reachable and (car_a := expected_a(connector, past, snapshot)):
            most_a = min(most_a, car_a)
        used = phases_in_use(connector, draws, past)
        return tuple(most_a if p in used else 0.0 for p in range(phases))

    return _Seen(
        evidence=_evidence(connector, past, meter, offered, same_time=same_time),
        none=(0.0,) * phases,
        lowest=lowest,
        highest=highest,
        offered=offered,
        keeps_offers=_keeps_offers(connector, past),
        may_take=may_take,
    )


def _evidence(
    connector: Connector,
    past: ConnectorMemory,
    meter: MeterReading,
    offered: tuple[float, ...],
    *,
    same_time: bool,
) -> Evidence:
    if not same_time:
        no_car = connector.status is ConnectorStatus.AVAILABLE
        return Evidence.NO_CAR if no_car else Evidence.SILENT
    if not connector.reachable:
        return Evidence.SILENT
    since = meter.at - SETTLING
    if connector.offered_at is None or connector.offered_at < since:
        return Evidence.STEADY
    known = past.offers and past.offers[0].at <= since
    return (
        Evidence.LOWERED if known and offered[0] >= max(offered) else Evidence.CHANGING
    )


def in_force_a(offers: tuple[Offered, ...], since: datetime) -> tuple[float, ...]:
    """Return the offers that were in force at some time since, the oldest first."""
    later = [offered for offered in offers if offered.at > since]
    before = offers[: len(offers) - len(later)][-1:]
    return tuple(o.current_a for o in (*before, *later))


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
