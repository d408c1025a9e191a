"""One control tick: from a snapshot to an offer and a reason for every connector.

What is reserved, and so never given to another connector: the offer of every connector that asks, from the moment that
it is sent; what a connector was offered or draws above its new offer, until it is released; for an offline one its last
offer until that lapses, then its fail-safe current; for one that takes more than its offer, what it takes. A
connector without a car has no reservation, and is commanded 0 A: once it has accepted that, a car that starts there waits
for the next tick; before that, it starts at the fail-safe current for the seconds until the next tick, which a fuse
carries for minutes.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from .cars.asking import Ask, forget, idle, recalled
from .cars.boost import boosted_since, is_over
from .cars.car_bounds import SETTLING
from .cars.compliance import ComplianceStep
from .cars.confirmed_offer import before_a
from .cars.phases import recent, switch, switching, wired, wish
from .cars.ramp import FORGIVEN, in_steps, locked_out
from .cars.unlimited import as_they_are
from .memory import Boosted, ConnectorMemory, Memory, Offered
from .model import (
    CircuitDecision,
    CircuitState,
    Connector,
    ConnectorDecision,
    ConnectorProblem,
    Decision,
    PerPhase,
    ReasonKey,
    Snapshot,
)
from .offers.offering import command, free_for_all, offers
from .reasons import why, why_stopped
from .sharing.capacity import Capacity
from .sharing.ranking import has_time, waited_long
from .sharing.resources import blocked_by, sum_a, take
from .sharing.sharing import Shares, share
from .sun.sun_starts import watch_sun
from .sun.sunshine import hold_battery
from .sun_reasons import dulled, sun_wavers, why_sun_wavers
from .tick import Standing, Tick, open_tick

# Who was paused after so long a run was not started in vain: a load that comes each ten minutes, as a boiler does, makes nobody
# wait longer each time. It waits until that is over, however, as after a second pause.
WORTH_A_START_S = 300.0
# A car may follow a command that was taken back until the meter has settled, and the meter may lag.
FOLLOWS = 2 * SETTLING


def decide(snapshot: Snapshot, memory: Memory) -> tuple[Decision, Memory]:
    """Return what every connector is offered now and why, and what to remember.

    Deterministic, and independent of the order of circuits and connectors. The given memory is not changed.

    Raises:
        ValueError: the circuits are not a tree with one root, or a connector's circuit is not in it.

    """
    snapshot = as_they_are(in_steps(recalled(snapshot, memory)))
    tick = open_tick(snapshot, memory)
    _choose_who_may(tick)
    command(tick)
    free = free_for_all(tick, calm=False)
    shares = share(tick.asks, tick.resources, free, snapshot, pausing=tick.pausing)
    _switch_phases(tick, shares, free)
    offers_a = offers(tick.asks, shares, free, tick)
    hold, needed_at = hold_battery(tick.sun, tick.cars_w, snapshot, memory)
    decisions = {
        name: _connector_decision(standing, shares, offers_a.get(name, 0.0), tick)
        for name, standing in tick.standings.items()
    }
    lived = {
        name: _lived(standing, shares, decisions[name], tick)
        for name, standing in tick.standings.items()
    }
    decided = tuple(
        _told(decisions[c.id], tick.standings[c.id], tick) for c in snapshot.connectors
    )
    return _decision(decided, offers_a, tick, hold=hold), Memory(
        connectors=lived,
        circuits={name: c.past for name, c in tick.capacities.items()},
        surplus_w=tick.sun.surplus_w,
        own_w=tick.sun.measured_w,
        batteries=tick.sun.batteries,
        battery_charge_w=tick.sun.charge_max_w,
        battery_first=tick.sun.battery_first,
        hold_needed_at=needed_at,
        boosted=_boosted(tick),
        at=snapshot.now,
    )


def _choose_who_may(tick: Tick) -> None:
    """Keep the connectors that may have a minimum if there is capacity: not locked out, and with solar power if they depend on it."""
    every = [s.ask for s in tick.standings.values() if s.ask is not None]
    pausing = {a.id for a in every if locked_out(a.past, tick.snapshot)}
    tick.pausing = [a for a in every if a.id in pausing and not a.solar]
    asks = [a for a in every if a.id not in pausing]
    now, at = tick.snapshot.now, tick.memory.at
    elapsed_s = (now - at).total_seconds() if at is not None else 0.0
    root = tick.capacities[tick.tree.root]
    sunny = watch_sun(
        asks,
        tick.sun_w,
        tick.snapshot,
        elapsed_s,
        unknown_s=_unknown_s(root, now),
    )
    tick.asks = [a for a in asks if not a.solar or a.id in sunny]
    tick.boosters = [a for a in tick.asks if a.boosted]


def _unknown_s(root: Capacity, now: datetime) -> float | None:
    """Return for how long the grid's power has been unknown, None if it is known."""
    if not root.power_lost:
        return None
    return (now - (root.past.lost_since or now)).total_seconds()


def _switch_phases(tick: Tick, shares: Shares, free: list[float]) -> None:
    """Switch those that lost their other phases, and note for the others which number of phases would be better."""
    left = list(free)
    switchable = []
    for asking in tick.asks:
        if asking.id in shares.running:
            uses = tick.resources.uses(asking.connector, asking.phases)
            take(left, uses, asking.connector.min_a)
            if asking.connector.switches_phases and len(asking.connector.phases) > 1:
                switchable.append(asking)
    for asking in switchable:
        if asking.id in shares.one_phase:
            switch(asking, 1, tick.snapshot)
            continue
        if asking.keeps_phases:
            continue
        fewer = asking.sun_left_w is not None and asking.sun_left_w < _all_w(
            asking, tick
        )
        if wired(asking.connector, asking.past) == 1 and not fewer:
            fewer = not _other_phases_fit(asking, left, tick)
        wish(asking, fewer=fewer, snapshot=tick.snapshot)


def _all_w(asking: Ask, tick: Tick) -> float:
    volts = tick.snapshot.site.voltage_v * len(asking.connector.phases)
    return asking.connector.min_a * volts


def _other_phases_fit(asking: Ask, left: list[float], tick: Tick) -> bool:
    """Whether there is capacity for the minimum on all phases beside all other minimums."""
    connector, min_a = asking.connector, asking.connector.min_a
    room = list(left)
    take(room, tick.resources.uses(connector, asking.phases), -min_a)
    uses = tick.resources.uses(connector, connector.phases)
    return blocked_by(room, uses, min_a) is None


def _connector_decision(
    standing: Standing, shares: Shares, offer_a: float, tick: Tick
) -> ConnectorDecision:
    connector, past = standing.connector, standing.past
    resend = standing.compliance >= ComplianceStep.ASK_AGAIN and (
        past.asked_again_at is None
        or (tick.snapshot.now - past.asked_again_at).total_seconds()
        >= tick.snapshot.tuning.reserve_s
    )
    if resend:
        past.asked_again_at = tick.snapshot.now
    problem = past.forced_stop_at is not None and (
        standing.compliance >= ComplianceStep.STOP
    )
    return ConnectorDecision(
        id=connector.id,
        offer_a=offer_a,
        phases=wired(connector, past),
        reason=why(standing, shares, offer_a, tick),
        boosting=standing.ask is not None and standing.ask.boosted,
        boost_over=is_over(connector, past, tick.snapshot, tick.memory),
        resend=resend,
        stop=past.above_since is not None
        and standing.compliance >= ComplianceStep.STOP,
        problem=ConnectorProblem.EXCEEDS_OFFER if problem else None,
        idle=standing.ask is not None and idle(standing.ask, tick.snapshot),
    )


def _decision(
    decided: tuple[ConnectorDecision, ...],
    offers_a: Mapping[str, float],
    tick: Tick,
    *,
    hold: bool,
) -> Decision:
    snapshot = tick.snapshot
    named = {
        value
        for decision in decided
        for name, value in decision.reason.values
        if name == "circuit"
    }
    given: dict[str, list[tuple[tuple[int, ...], float]]] = {
        name: [] for name in tick.tree.circuits
    }
    for name, standing in tick.standings.items():
        if (offer_a := offers_a.get(name, 0.0)) > 0:
            phases = standing.ask.phases if standing.ask else standing.connector.phases
            for circuit in tick.tree.path(standing.connector):
                given[circuit].append((phases, offer_a))
    sums = {name: sum_a(flows, snapshot.site.phases) for name, flows in given.items()}
    return Decision(
        now=snapshot.now,
        connectors=decided,
        circuits=tuple(
            _circuit_decision(circuit.id, sums[circuit.id], named, tick)
            for circuit in snapshot.circuits
        ),
        surplus_w=tick.sun.surplus_w,
        given_a=sums[tick.tree.root],
        hold_battery=hold,
        lacks_w=tick.sun.lacks_w,
    )


def _circuit_decision(
    circuit_id: str, given: PerPhase, named: set[str | float], tick: Tick
) -> CircuitDecision:
    capacity = tick.capacities[circuit_id]
    state = capacity.state
    if state is CircuitState.OK and capacity.circuit.name in named:
        state = CircuitState.LIMITED
    limit = capacity.budget.limit
    return CircuitDecision(
        id=circuit_id,
        state=state,
        limit_a=capacity.circuit.limit_a,
        uncontrolled_a=capacity.uncontrolled_a,
        headroom_a=tuple(
            max(free - taken, 0.0)
            for free, taken in zip(capacity.available_a, given, strict=True)
        ),
        meter=capacity.quality,
        sensors=capacity.sensors,
        limited_by=limit.name if limit else None,
        lowered_by=capacity.budget.lowered_by,
    )


def _boosted(tick: Tick) -> tuple[Boosted, ...]:
    added: dict[str, float] = {}
    for standing in tick.standings.values():
        boost = standing.connector.boost
        if boost is not None and boost.person is not None and standing.boosted_wh:
            added[boost.person] = added.get(boost.person, 0.0) + standing.boosted_wh
    return boosted_since(added, tick.snapshot, tick.memory)


def _told(
    decided: ConnectorDecision, standing: Standing, tick: Tick
) -> ConnectorDecision:
    """Return the decision with the reason that users read, and remember that reason."""
    if standing.past.stopped_at == tick.snapshot.now:
        decided = replace(decided, reason=why_stopped(standing, decided.reason, tick))
    past, now = standing.past, tick.snapshot.now
    past.dulled = dulled(decided.reason, past, now)
    past.said = decided.reason.key
    if sun_wavers(decided.reason, past, now):
        return replace(decided, reason=why_sun_wavers(standing.connector))
    return decided


def _taken_back(
    connector: Connector, past: ConnectorMemory, offer_a: float, snapshot: Snapshot
) -> tuple[Offered, ...]:
    """Return the lower commands of late that were taken back before the charger confirmed them."""
    lately = tuple(one for one in past.taken_back if snapshot.now - one.at <= FOLLOWS)
    last_a = past.commanded_a
    if last_a is None or last_a >= min(offer_a, before_a(connector, snapshot)):
        return lately
    return (*lately, Offered(at=snapshot.now, current_a=last_a))


def _is_overdrawn(connector: Connector, tick: Tick) -> bool:
    """Whether the meter shows an overload of something that a connector uses."""
    over = tick.resources.over()
    uses = tick.resources.uses(connector, connector.phases) if over else ()
    return any(index in over for index, _ in uses)


def _lived(
    standing: Standing, shares: Shares, decided: ConnectorDecision, tick: Tick
) -> ConnectorMemory:
    """Return a connector's past with the present decision."""
    connector, past, now = standing.connector, standing.past, tick.snapshot.now
    offer_a = decided.offer_a
    _note_command(standing, decided, tick)
    if connector.id in shares.waiting:
        past.lacked_at = now
    if not standing.wanted:
        return forget(connector, past)
    if offer_a > before_a(connector, tick.snapshot):
        past.raised_at = now
    if offer_a > 0 or (switching(past, now) and connector.id in shares.running):
        _note_run(standing, tick)
        return past
    if past.on_since is not None:
        _note_stop(standing, past.on_since, shares, decided, tick)
    past.off_since = past.off_since or now
    return past


def _note_command(standing: Standing, decided: ConnectorDecision, tick: Tick) -> None:
    """Note the present command to a charger, and the last offer that it confirmed."""
    connector, past, now = standing.connector, standing.past, tick.snapshot.now
    offer_a = decided.offer_a
    past.taken_back = _taken_back(connector, past, offer_a, tick.snapshot)
    # Nothing is sent to a charger that is offline: its last command stays.
    changed = (offer_a, decided.phases) != (past.commanded_a, past.commanded_phases)
    if connector.reachable and changed:
        past.commanded_a, past.commanded_phases = offer_a, decided.phases
        past.commanded_at = now
    if offer_a < before_a(connector, tick.snapshot):
        past.lowered_at = past.lowered_at or now
    else:
        past.lowered_at = None
    past.confirmed_a, past.confirmed_until = connector.offer_a, connector.offer_until


def _note_run(standing: Standing, tick: Tick) -> None:
    """Note that a car may charge, and on how many phases: with the first offer it starts."""
    connector, past, now = standing.connector, standing.past, tick.snapshot.now
    phases = wired(connector, past)
    if past.on_since is None:
        if past.charged_on not in (None, phases):
            past.switches = (*recent(past.switches, now), now)
        past.waited_long = standing.ask is not None and waited_long(
            standing.ask, tick.snapshot
        )
        past.on_since = now
        past.idle_since = None  # a new chance
        if standing.ask is not None and standing.ask.solar:
            past.starts = (*recent(past.starts, now), now)
    past.charged_on = phases
    past.off_since = None
    if now - past.on_since >= FORGIVEN:
        past.stops = 0


def _note_stop(
    standing: Standing,
    on_since: datetime,
    shares: Shares,
    decided: ConnectorDecision,
    tick: Tick,
) -> None:
    """Note that a car stops, for what, and whether it was shed: who is shed again soon waits for longer."""
    past, now = standing.past, tick.snapshot.now
    waits = standing.connector.id in shares.waiting
    ran_s = (now - on_since).total_seconds()
    paused = waits and _is_overdrawn(standing.connector, tick)
    past.paused_at = now if paused else None
    shed = (
        waits
        and (paused or ran_s < tick.snapshot.tuning.turn_s)
        and past.idle_since is None
        # A peak is a sum over its interval: what it has no room for now it may have in a minute.
        and decided.reason.key is not ReasonKey.LIMITED_BY_PEAK
        and not (standing.ask and has_time(standing.ask, tick.snapshot))
    )
    worth_it = paused and ran_s >= WORTH_A_START_S
    past.stops = (min(past.stops, 1) if worth_it else past.stops) + 1 if shed else 0
    past.stopped_at, past.stopped_for = now, decided.reason
    past.on_since = None
