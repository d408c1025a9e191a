"""What is behind a resource that is full: current reserved for chargers that nobody controls or not released yet, a peak, a meter that cannot tell."""

from dataclasses import replace
from datetime import datetime

from .cars.asking import Ask
from .cars.compliance import ComplianceStep
from .cars.confirmed_offer import held_a
from .cars.ramp import round_up
from .meters.steadiness import MINUTE, last_peak
from .model import CircuitState, Connector, Reason, ReasonKey, lost_meter
from .offers.offering import drawn_now
from .sharing.capacity import Capacity
from .sharing.resources import Lack, blocked_by
from .sharing.sharing import Shares
from .tick import Standing, Tick

# A load that was higher by less than this is no peak that anybody would recognise.
PEAK_A = 1.0
# What a load falls by when something was turned off, rather than wavers.
SWITCHED_A = 3.0
# Others that have less than this too much keep no car from starting.
RELEASED_A = 0.1
# Less than this is not worth a charger's while.
WORTH_A = 1.0
# Limits that others set, until they end.
_SET = (ReasonKey.LIMITED_BY_DEMAND_RESPONSE, ReasonKey.LIMITED_BY_DIMMING)


def wavers(lack: Lack, asking: Ask, tick: Tick) -> bool:
    """Whether a circuit had no place for a car a moment ago, and its load has only wavered since: it still waits for a place."""
    lacked_at, now = asking.past.lacked_at, tick.snapshot.now
    long_ago = lacked_at is None or now - lacked_at > 2 * MINUTE
    if long_ago or not tick.resources.is_phase(lack.resource):
        return False
    if _is_presumed(lack.resource, tick):
        return False  # its load is not what it waits for
    capacity, phase = tick.resources.place(lack.resource)
    peak_a = last_peak(capacity.past, phase).current_a
    return peak_a - max(capacity.past.mean_a[phase], 0.0) < SWITCHED_A


def _is_presumed(resource: int, tick: Tick) -> bool:
    """Whether more load is presumed of a phase than was measured of late: what is measured would leave enough, but the meter may have failed."""
    if resource not in tick.resources.still():
        return False  # the meter works; a car may have changed its draw since
    capacity, phase = tick.resources.place(resource)
    load_a = max(capacity.uncontrolled_a[phase], 0.0)
    peak_a = last_peak(capacity.past, phase).current_a
    return capacity.may_carry_a[phase] >= max(peak_a, load_a) + PEAK_A


def why_unsteady(lack: Lack, asking: Ask, tick: Tick) -> Reason:
    """Return why a car does not start although there is enough for it just now: there was not, and may soon not be."""
    reason = why_full(lack, asking, tick)
    if reason.key is not ReasonKey.WAITING_FOR_CAPACITY:
        return reason
    capacity, phase = tick.resources.place(lack.resource)
    if _is_presumed(lack.resource, tick):
        return _waits_for_meter(capacity, phase, reason)
    peak = last_peak(capacity.past, phase)
    if lack.resource in tick.resources.over() or peak.current_a <= 0:
        return reason
    said_lately = asking.past.said is ReasonKey.WAITING_FOR_CAPACITY
    if said_lately and peak.until - tick.snapshot.now < MINUTE:
        return reason  # it starts before anybody has read another one
    return Reason(
        key=ReasonKey.LOAD_PEAKED,
        values=(
            *reason.values,
            ("peak_a", peak.current_a),
            ("at", peak.at.isoformat()),
            ("until", peak.until.isoformat()),
        ),
    )


def why_still_lacking(asking: Ask, until: datetime | None, tick: Tick) -> Reason | None:
    """Return that a car lacks what it was stopped for, if it pauses for a minute only: it waits for that before and after.

    A limit that somebody set does not waver: however long the pause, the car waits for its end.
    """
    past = asking.past
    cause, stopped_at = past.stopped_for, past.stopped_at
    if cause is None or until is None or stopped_at is None:
        return None
    briefly = until - stopped_at <= MINUTE
    if cause.key not in _SET and not (
        briefly and cause.key is ReasonKey.WAITING_FOR_CAPACITY
    ):
        return None
    if stopped_at == tick.snapshot.now:
        return cause
    uses = tick.resources.uses(asking.connector, asking.phases)
    free, kept = tick.resources.capacity(calm=False), tick.resources.unsteady_now()
    lack = blocked_by(free, uses, asking.connector.min_a, kept)
    if lack is None:
        return None
    why = why_full if wavers(lack, asking, tick) else why_unsteady
    return why(lack, asking, tick)


def why_to_be_released(
    lack: Lack, asking: Ask, shares: Shares, tick: Tick
) -> Reason | None:
    """Return that others have yet to release most of what a car lacks, None if something else is in the way."""
    reason = why_full(lack, asking, tick)
    if reason.key is not ReasonKey.WAITING_FOR_CAPACITY:
        return reason
    to_release_a = _to_release_a(lack.resource, shares, tick)
    if to_release_a < max(lack.missing / 2, RELEASED_A):
        return None
    where = reason.values[:2]
    return Reason(key=ReasonKey.WAITING_FOR_RELEASE, values=where)


def why_no_more(resource: int, tick: Tick) -> Reason:
    """Return why a resource gives a charging car no more."""
    reason = tick.resources.reason(resource)
    if reserved := _reserved(resource, WORTH_A, reason, tick):
        return reserved
    limited = reason.key is ReasonKey.LIMITED_BY_CIRCUIT
    if limited and _only_presumed(resource, WORTH_A, tick):
        return _by_meter(resource, tick)
    return reason


def why_doubted(asking: Ask, shares: Shares, tick: Tick) -> Reason | None:
    """Return that a meter has to show that it works before a car gets more; None if that is not so, or for a minute only."""
    resource, since = shares.kept_back.get(asking.id), asking.past.settled_at
    if resource is None or since is None or not tick.resources.is_phase(resource):
        return None
    lately = tick.snapshot.now - since < MINUTE
    if lately or not _only_presumed(resource, WORTH_A, tick):
        return None
    return _by_meter(resource, tick)


def why_full(lack: Lack, asking: Ask, tick: Tick) -> Reason:
    """Return why a car cannot have its minimum beside the others', and how much is missing."""
    resource = lack.resource
    reason = tick.resources.reason(resource, waiting=True)
    reserved = _reserved(resource, asking.connector.min_a, reason, tick)
    if reserved is not None or reason.key is not ReasonKey.WAITING_FOR_CAPACITY:
        return reserved or reason
    capacity, phase = tick.resources.place(resource)
    # What is above the limit already has to fall first.
    above_a = capacity.uncontrolled_a[phase] - capacity.budget.current_a[phase]
    lacks_a = lack.missing + max(above_a, 0.0)
    missing_a = ("missing_a", round_up(lacks_a, 0.1))
    if capacity.state is not CircuitState.METER_LOST:
        if _only_presumed(resource, asking.connector.min_a, tick):
            return _waits_for_meter(capacity, phase, reason)
        return replace(reason, values=(*reason.values, missing_a))
    lost = lost_meter(capacity.circuit.name, capacity.quality, capacity.sensors)
    return replace(_waits_for_meter(capacity, phase, reason), cause=lost)


def _to_release_a(resource: int, shares: Shares, tick: Tick) -> float:
    """Return what others still have of a resource beyond their shares, or draw of it: they are about to reduce."""
    found = 0.0
    for name, standing in tick.standings.items():
        connector = standing.connector
        if connector.reachable and _may_use(connector, resource, tick):
            share = shares.running.get(name)
            share_a = share.current_a if share else 0.0
            has_a = held_a(connector, tick.snapshot)
            if tick.resources.is_phase(resource) and standing.past.draws:
                _, phase = tick.resources.place(resource)
                has_a = max(has_a, standing.past.draws[-1].current_a[phase])
            found += max(has_a - share_a, 0.0)
    return found


def _may_use(connector: Connector, resource: int, tick: Tick) -> bool:
    uses = tick.resources.uses(connector, connector.phases)
    return any(index == resource for index, _ in uses)


def _only_presumed(resource: int, more_a: float, tick: Tick) -> bool:
    """Whether a phase would carry more beside what cars have, were it not for the load that is presumed there.

    Those that are to have more do not get it either, for the same reason.
    """
    if resource not in tick.resources.still():
        return False
    capacity, phase = tick.resources.place(resource)
    held = sum(
        held_a(standing.connector, tick.snapshot)
        for standing in tick.standings.values()
        if _may_use(standing.connector, resource, tick)
    )
    needed_a = held + more_a
    presumed_a = capacity.budget.current_a[phase] - capacity.may_carry_a[phase]
    return presumed_a < needed_a <= capacity.available_a[phase]


def _by_meter(resource: int, tick: Tick) -> Reason:
    capacity, phase = tick.resources.place(resource)
    where = tick.resources.reason(resource).values[:2]
    load_a = ("load_a", capacity.may_carry_a[phase])
    return Reason(key=ReasonKey.LIMITED_BY_METER, values=(*where, load_a))


def _waits_for_meter(capacity: Capacity, phase: int, reason: Reason) -> Reason:
    load_a = ("load_a", capacity.may_carry_a[phase])
    return Reason(key=ReasonKey.WAITING_FOR_METER, values=(*reason.values[:2], load_a))


def _reserved(
    resource: int, least_a: float, reason: Reason, tick: Tick
) -> Reason | None:
    """Return the reason if so much is reserved there for chargers that nobody controls; a limit that somebody set comes first."""
    if reason.key not in (
        ReasonKey.WAITING_FOR_CAPACITY,
        ReasonKey.LIMITED_BY_CIRCUIT,
    ) or not tick.resources.is_phase(resource):
        return None
    reserved = {
        ReasonKey.RESERVED_FOR_OFFLINE: _for_offline(resource, tick),
        ReasonKey.RESERVED_FOR_EXCESS: _for_excess(resource, tick),
    }
    key, held = max(reserved.items(), key=lambda one: sum(a for _, a in one[1]))
    reserved_a = sum(current_a for _, current_a in held)
    if reserved_a < least_a:
        return None
    return Reason(
        key=key,
        values=(
            *reason.values,
            ("reserved_a", reserved_a),
            ("chargers", ", ".join(sorted({name for name, _ in held}))),
        ),
    )


def _for_offline(resource: int, tick: Tick) -> list[tuple[str, float]]:
    """Return what offline chargers may take there."""
    return [
        (connector.name or connector.id, current_a)
        for connector in tick.offline
        if (current_a := held_a(connector, tick.snapshot)) > 0
        and _may_use(connector, resource, tick)
    ]


def _for_excess(resource: int, tick: Tick) -> list[tuple[str, float]]:
    """Return what chargers have or draw there whose cars take more than they are offered."""
    _, phase = tick.resources.place(resource)
    return [
        (standing.connector.name or standing.connector.id, current_a)
        for standing in tick.standings.values()
        if standing.connector.reachable
        and standing.compliance >= ComplianceStep.RESERVE
        and _may_use(standing.connector, resource, tick)
        and (current_a := _has_or_draws_a(standing, phase, tick)) > 0
    ]


def _has_or_draws_a(standing: Standing, phase: int, tick: Tick) -> float:
    drawn = drawn_now(standing.connector, standing.past, tick)
    return max(held_a(standing.connector, tick.snapshot), drawn.get(phase, 0.0))
