"""What is behind a resource that is full: current reserved for offline chargers or not released yet, a peak, a meter that cannot tell."""

from dataclasses import replace

from .asking import Ask
from .capacity import Capacity
from .confirmed_offer import held_a
from .model import CircuitState, Reason, ReasonKey, lost_meter
from .sharing import Shares
from .steadiness import last_peak
from .tick import Tick

# A load that was higher by less than this is no peak that anybody would recognise.
PEAK_A = 1.0
# Others that have less than this too much keep no car from starting.
RELEASED_A = 0.1
# Less than this is not worth a charger's while.
RESERVED_A = 1.0


def why_blocked(resource: int, asking: Ask, shares: Shares, tick: Tick) -> Reason:
    """Return why a resource does not carry a car's minimum now, although there is a share for it."""
    reason = why_full(resource, asking, tick)
    if reason.key is not ReasonKey.WAITING_FOR_CAPACITY:
        return reason
    capacity, phase = tick.resources.place(resource)
    peak = last_peak(capacity.past, phase)
    if peak.current_a < max(capacity.uncontrolled_a[phase], 0.0) + PEAK_A:
        if _to_release_a(resource, shares, tick) >= RELEASED_A:
            return replace(reason, key=ReasonKey.WAITING_FOR_RELEASE)
        return _beside_presumed(capacity, phase, reason)
    return Reason(
        key=ReasonKey.LOAD_PEAKED,
        values=(
            *reason.values,
            ("peak_a", peak.current_a),
            ("at", peak.at.isoformat()),
            ("until", peak.until.isoformat()),
        ),
    )


def why_no_more(resource: int, tick: Tick) -> Reason:
    """Return why a resource gives a charging car no more."""
    reason = tick.resources.reason(resource)
    return _reserved(resource, RESERVED_A, reason, tick) or reason


def why_full(resource: int, asking: Ask, tick: Tick) -> Reason:
    """Return why a car cannot have its minimum beside the others'."""
    reason = tick.resources.reason(resource, waiting=True)
    reserved = _reserved(resource, asking.connector.min_a, reason, tick)
    if reserved is not None or reason.key is not ReasonKey.WAITING_FOR_CAPACITY:
        return reserved or reason
    capacity, phase = tick.resources.place(resource)
    if capacity.state is not CircuitState.METER_LOST:
        return reason
    lost = lost_meter(capacity.circuit.name, capacity.quality, capacity.sensors)
    return replace(_waits_for_meter(capacity, phase, reason), cause=lost)


def _to_release_a(resource: int, shares: Shares, tick: Tick) -> float:
    """Return what others still have of a resource beyond their shares: they are about to reduce."""
    found = 0.0
    for name, standing in tick.standings.items():
        connector = standing.connector
        if connector.reachable and any(
            index == resource
            for index, _ in tick.resources.uses(connector, connector.phases)
        ):
            share = shares.running.get(name)
            share_a = share.current_a if share else 0.0
            found += max(held_a(connector, tick.snapshot) - share_a, 0.0)
    return found


def _beside_presumed(capacity: Capacity, phase: int, reason: Reason) -> Reason:
    """Return why a car does not start although what is measured would leave it enough: the meter may have failed."""
    if capacity.may_carry_a[phase] < capacity.uncontrolled_a[phase] + PEAK_A:
        return reason
    return _waits_for_meter(capacity, phase, reason)


def _waits_for_meter(capacity: Capacity, phase: int, reason: Reason) -> Reason:
    load_a = ("load_a", capacity.may_carry_a[phase])
    return Reason(key=ReasonKey.WAITING_FOR_METER, values=(*reason.values, load_a))


def _reserved(
    resource: int, least_a: float, reason: Reason, tick: Tick
) -> Reason | None:
    """Return the reason if so much is reserved for offline chargers there; a limit that somebody set comes first."""
    if reason.key not in (
        ReasonKey.WAITING_FOR_CAPACITY,
        ReasonKey.LIMITED_BY_CIRCUIT,
    ) or not tick.resources.is_phase(resource):
        return None
    held = [
        (connector.name or connector.id, current_a)
        for connector in tick.offline
        if (current_a := held_a(connector, tick.snapshot)) > 0
        and any(
            index == resource
            for index, _ in tick.resources.uses(connector, connector.phases)
        )
    ]
    reserved_a = sum(current_a for _, current_a in held)
    if reserved_a < least_a:
        return None
    return Reason(
        key=ReasonKey.RESERVED_FOR_OFFLINE,
        values=(
            *reason.values,
            ("reserved_a", reserved_a),
            ("chargers", ", ".join(sorted({name for name, _ in held}))),
        ),
    )
