"""One control tick: from a snapshot to an offer and a reason for every connector.

What is reserved, and so never given to another: the offer of every connector that asks, from the moment that it is
sent; what a connector was offered or draws above its new offer, until it has let go; for one that is out of reach its
last offer until that lapses, then its fail-safe current. A connector without a car holds nothing: a car that starts
there begins at the fail-safe current, for the seconds until the next tick, which a fuse bears for minutes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from . import reasons, sunshine
from .calm import round_down, worth_raising
from .capacity import Capacity, ancestors, capacities, held_a, remember_draws
from .memory import ConnectorMemory, Draw, Memory
from .model import (
    CircuitDecision,
    CircuitState,
    Connector,
    ConnectorDecision,
    ConnectorStatus,
    Decision,
    Mode,
    PerPhase,
    Reason,
    ReasonKey,
    Snapshot,
)
from .raising import before_a, raised
from .sharing import (
    Candidate,
    Reserved,
    Shares,
    circuit_resources,
    locked_out,
    reserve,
    share,
)

# A car draws no more than this on a phase that it does not use.
IDLE_A = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """What the steps of one decision share."""

    snapshot: Snapshot
    memory: Memory
    draws: Mapping[str, tuple[Draw, ...]]
    capacities: Mapping[str, Capacity]
    surplus_w: float
    sun_w: float  # what of the surplus is left for those who live from it


def decide(snapshot: Snapshot, memory: Memory) -> tuple[Decision, Memory]:
    """Return what every connector is offered now and why, and what to remember.

    Deterministic, and independent of the order of circuits and connectors.

    Raises:
        ValueError: the circuits are not a tree with one root.

    """
    tick = _tick(snapshot, memory)
    pasts = {c.id: _past(c, tick) for c in snapshot.connectors}
    candidates = [
        candidate
        for connector in sorted(snapshot.connectors, key=lambda c: c.id)
        if (candidate := _candidate(connector, pasts[connector.id], tick))
    ]
    shares = share(
        candidates,
        circuit_resources(
            candidates, snapshot, tick.capacities, _out_of_reach(snapshot)
        ),
        sun_w=tick.sun_w,
        voltage_v=snapshot.site.voltage_v,
        now=snapshot.now,
    )
    offers = _offers(candidates, shares, tick)
    decided = tuple(
        ConnectorDecision(
            id=connector.id,
            offer_a=offers.get(connector.id, 0.0),
            phases=len(connector.phases),
            reason=_reason(connector, pasts[connector.id], shares, offers, tick),
        )
        for connector in snapshot.connectors
    )
    return _decision(decided, tick), _remember(pasts, offers, tick)


def _tick(snapshot: Snapshot, memory: Memory) -> Tick:
    roots = [circuit.id for circuit in snapshot.circuits if circuit.parent is None]
    if len(roots) != 1:
        raise ValueError(f"A site has one main circuit, not {len(roots)}")
    draws = remember_draws(snapshot, memory)
    known = capacities(snapshot, memory, draws)
    surplus_w = sunshine.average_w(
        sunshine.surplus_now_w(snapshot, known[roots[0]]), memory, snapshot.now
    )
    # Cars at full power take their part of the surplus, whether they need the sun or not.
    fast_w = sum(
        sum(draws[c.id][-1].current_a) * snapshot.site.voltage_v
        for c in snapshot.connectors
        if c.mode is Mode.FAST and draws[c.id]
    )
    return Tick(
        snapshot=snapshot,
        memory=memory,
        draws=draws,
        capacities=known,
        surplus_w=surplus_w,
        sun_w=max(surplus_w - fast_w, 0.0),
    )


def _past(connector: Connector, tick: Tick) -> ConnectorMemory:
    """Return a connector's past with what this tick adds before anything is decided."""
    past = tick.memory.connector(connector.id)
    draws = tick.draws[connector.id]
    if reasons.why_not_wanted(connector, 0.0) is not None:
        # Whoever asks for nothing starts anew when it asks again.
        return ConnectorMemory(draws=draws)
    phases = len(_phases_in_use(connector, tick))
    needed_w = connector.min_a * tick.snapshot.site.voltage_v * phases
    return sunshine.watch_sun(
        replace(past, draws=draws),
        enough=tick.sun_w >= needed_w,
        now=tick.snapshot.now,
    )


def _phases_in_use(connector: Connector, tick: Tick) -> tuple[int, ...]:
    """Return the phases that the car draws from; all of the connector's while it does not charge."""
    draws = tick.draws[connector.id]
    if connector.status is not ConnectorStatus.CHARGING or not draws:
        return connector.phases
    current_a = draws[-1].current_a
    if max(current_a[phase] for phase in connector.phases) < connector.min_a - 1:
        return connector.phases
    return tuple(p for p in connector.phases if current_a[p] > IDLE_A)


def _candidate(
    connector: Connector, past: ConnectorMemory, tick: Tick
) -> Candidate | None:
    """Return a connector that may have something, None if it asks for nothing or its time has not come."""
    now = tick.snapshot.now
    if reasons.why_not_wanted(connector, 0.0) is not None:
        return None
    if connector.mode is Mode.SOLAR and not sunshine.may_run(past, now):
        return None
    most_a = connector.max_a
    if connector.status is ConnectorStatus.SUSPENDED_EV:
        # A car that takes nothing needs no more than what lets it begin again.
        most_a = min(most_a, connector.min_a)
    if _lost_circuit(connector, tick) is not None:
        most_a = min(most_a, connector.fail_safe_a)
    if most_a < connector.min_a or locked_out(past, now):
        return None
    return Candidate(
        connector=connector,
        phases=_phases_in_use(connector, tick),
        most_a=most_a,
        past=past,
    )


def _lost_circuit(connector: Connector, tick: Tick) -> str | None:
    """Return the name of a circuit above the connector whose meter is lost, None if there is none."""
    circuits = {circuit.id: circuit for circuit in tick.snapshot.circuits}
    for circuit in ancestors(circuits, connector.circuit):
        if tick.capacities[circuit].state is CircuitState.METER_LOST:
            return circuits[circuit].name
    return None


def _out_of_reach(snapshot: Snapshot) -> Reserved:
    return {
        c.id: reserve(c, c.phases, held_a(c, snapshot), snapshot)
        for c in snapshot.connectors
        if not c.reachable
    }


def _offers(
    candidates: list[Candidate], shares: Shares, tick: Tick
) -> dict[str, float]:
    """Lower at once; raise calmly, and only into what others have really let go."""
    snapshot = tick.snapshot
    targets = {c: given.current_a for c, given in shares.running.items()}
    rising = [
        c
        for c in candidates
        if c.id in targets and targets[c.id] > before_a(c, snapshot.now)
    ]
    rising_ids = {c.id for c in rising}
    held: dict[str, Mapping[tuple[str, int], float]] = dict(_out_of_reach(snapshot))
    for connector in snapshot.connectors:
        if connector.reachable and connector.id not in rising_ids:
            drawn = tick.draws[connector.id]
            current_a = max(
                targets.get(connector.id, 0.0),
                connector.offer_a or 0.0,
                *(drawn[-1].current_a if drawn else ()),
            )
            phases = _phases_in_use(connector, tick)
            held[connector.id] = reserve(connector, phases, current_a, snapshot)
    free = circuit_resources(rising, snapshot, tick.capacities, held)
    offers = targets | raised(rising, targets, free, snapshot.now)
    steps = {c.id: c.connector.step_a for c in candidates}
    return {c: round_down(offer_a, steps[c]) for c, offer_a in offers.items()}


def _reason(
    connector: Connector,
    past: ConnectorMemory,
    shares: Shares,
    offers: Mapping[str, float],
    tick: Tick,
) -> Reason:
    snapshot = tick.snapshot
    reserved_a = held_a(connector, snapshot)
    if reason := reasons.why_not_wanted(connector, reserved_a):
        return reason
    if connector.status is ConnectorStatus.SUSPENDED_EV:
        return Reason(key=ReasonKey.CAR_FINISHED)
    if (circuit := _lost_circuit(connector, tick)) is not None:
        return Reason(key=ReasonKey.METER_LOST, values=(("circuit", circuit),))
    if connector.id in shares.waiting:
        return reasons.why_waiting(shares.waiting[connector.id], snapshot)
    if connector.id not in shares.running:
        return reasons.why_not_started(connector, past, tick.surplus_w, snapshot)
    given = shares.running[connector.id]
    offer_a = offers[connector.id]
    if worth_raising(given.current_a, offer_a):
        return Reason(
            key=ReasonKey.RAMPING,
            values=(("offer_a", offer_a), ("target_a", given.current_a)),
        )
    return reasons.why_limited(given, connector, tick.surplus_w, snapshot)


def _decision(decided: tuple[ConnectorDecision, ...], tick: Tick) -> Decision:
    snapshot = tick.snapshot
    offers = {decision.id: decision.offer_a for decision in decided}
    named = {
        value
        for decision in decided
        for name, value in decision.reason.values
        if name == "circuit"
    }
    return Decision(
        now=snapshot.now,
        connectors=decided,
        circuits=tuple(
            _circuit_decision(circuit.id, offers, named, tick)
            for circuit in snapshot.circuits
        ),
        surplus_w=tick.surplus_w,
        given_a=_sum(offers, list(snapshot.connectors), tick),
    )


def _circuit_decision(
    circuit_id: str,
    offers: Mapping[str, float],
    named: set[str | float],
    tick: Tick,
) -> CircuitDecision:
    snapshot = tick.snapshot
    circuits = {circuit.id: circuit for circuit in snapshot.circuits}
    capacity = tick.capacities[circuit_id]
    below = [
        c for c in snapshot.connectors if circuit_id in ancestors(circuits, c.circuit)
    ]
    given = _sum(offers, below, tick)
    state = capacity.state
    if state is CircuitState.OK and capacity.circuit.name in named:
        state = CircuitState.LIMITED
    return CircuitDecision(
        id=circuit_id,
        state=state,
        limit_a=capacity.circuit.limit_a,
        uncontrolled_a=capacity.uncontrolled_a,
        headroom_a=tuple(
            max(free - taken, 0.0)
            for free, taken in zip(capacity.available_a, given, strict=True)
        ),
    )


def _sum(
    offers: Mapping[str, float], connectors: list[Connector], tick: Tick
) -> PerPhase:
    """Return the sum of the offers on each phase of the site."""
    total = [0.0] * tick.snapshot.site.phases
    for connector in connectors:
        for phase in _phases_in_use(connector, tick):
            total[phase] += offers[connector.id]
    return tuple(total)


def _remember(
    pasts: Mapping[str, ConnectorMemory], offers: Mapping[str, float], tick: Tick
) -> Memory:
    return Memory(
        connectors={
            connector.id: _lived(
                connector, pasts[connector.id], offers.get(connector.id, 0.0), tick
            )
            for connector in tick.snapshot.connectors
        },
        uncontrolled_a={
            circuit: capacity.uncontrolled_a
            for circuit, capacity in tick.capacities.items()
        },
        surplus_w=tick.surplus_w,
        at=tick.snapshot.now,
    )


def _lived(
    connector: Connector, past: ConnectorMemory, offer_a: float, tick: Tick
) -> ConnectorMemory:
    """Return a connector's past with what was decided now."""
    now = tick.snapshot.now
    if reasons.why_not_wanted(connector, 0.0) is not None:
        return past
    if offer_a > (connector.offer_a or 0.0):
        past = replace(past, raised_at=now)
    if offer_a > 0:
        return replace(past, on_since=past.on_since or now, off_since=None)
    stopped_at = now if past.on_since else past.stopped_at
    return replace(
        past, on_since=None, off_since=past.off_since or now, stopped_at=stopped_at
    )
