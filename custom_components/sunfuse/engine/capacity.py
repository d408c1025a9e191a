"""What each circuit can spare for cars, phase by phase.

What a circuit's meter says is the cars' draw and the rest, the uncontrolled load. The two are told by different
instruments at different times, so the rest is known within bounds: a car that was just offered more may already
take it, one that was just offered less may still not have let go. Within the bounds the last estimate is kept;
beyond them it moves. The offers therefore always fit under what the meter proves to be taken besides them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from .memory import Draw, Memory
from .model import Circuit, CircuitState, Connector, MeterReading, PerPhase, Snapshot

# From a new limit to the draw that follows it: the charger's answer, the car's ramp, the next meter value.
SETTLING = timedelta(seconds=15)
# Draws are remembered for as long as the slowest meter that can be used may lag.
REMEMBERED = timedelta(seconds=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity:
    """What a circuit has for the cars below it. `available_a` is never negative."""

    circuit: Circuit
    state: CircuitState
    uncontrolled_a: PerPhase
    available_a: PerPhase
    uncontrolled_w: float | None  # with its sign; None where no meter tells


def ancestors(circuits: Mapping[str, Circuit], circuit_id: str) -> list[str]:
    """Return a circuit and all above it, up to the root.

    Raises:
        ValueError: the circuits are not a tree.

    """
    path: list[str] = []
    at: str | None = circuit_id
    while at is not None:
        if at in path:
            raise ValueError(f"Circuit {at} is below itself")
        path.append(at)
        at = circuits[at].parent
    return path


def remember_draws(snapshot: Snapshot, memory: Memory) -> dict[str, tuple[Draw, ...]]:
    """Return the recent draws of every connector, with those of the snapshot."""
    draws: dict[str, tuple[Draw, ...]] = {}
    for connector in snapshot.connectors:
        known = memory.connector(connector.id).draws
        if connector.draw_a is not None and connector.draw_at is not None:
            if not known or connector.draw_at > known[-1].at:
                new = Draw(at=connector.draw_at, current_a=connector.draw_a)
                known = (*known, new)
        # The newest is kept however old it is: it is all that is known.
        recent = [d for d in known[:-1] if snapshot.now - d.at <= REMEMBERED]
        draws[connector.id] = (*recent, *known[-1:])
    return draws


def held_a(connector: Connector, snapshot: Snapshot) -> float:
    """Return the most that a connector may take by what it was last told, in amperes.

    A charger whose offer was never confirmed, or has lapsed, is at its fail-safe current.
    """
    lapsed = connector.offer_until is not None and connector.offer_until <= snapshot.now
    if connector.offer_a is None or lapsed:
        return connector.fail_safe_a
    if not connector.reachable:
        # Out of reach, it goes on with its offer until that lapses to the fail-safe current.
        return max(connector.offer_a, connector.fail_safe_a)
    return connector.offer_a


def capacities(
    snapshot: Snapshot, memory: Memory, draws: Mapping[str, tuple[Draw, ...]]
) -> dict[str, Capacity]:
    """Return what every circuit can spare, before any offer."""
    circuits = {circuit.id: circuit for circuit in snapshot.circuits}
    below: dict[str, list[Connector]] = {circuit: [] for circuit in circuits}
    for connector in snapshot.connectors:
        for circuit in ancestors(circuits, connector.circuit):
            below[circuit].append(connector)
    meters = dict(snapshot.meters)
    return {
        circuit.id: _capacity(
            circuit, meters.get(circuit.id), below[circuit.id], snapshot, memory, draws
        )
        for circuit in snapshot.circuits
    }


def _capacity(
    circuit: Circuit,
    meter: MeterReading | None,
    connectors: list[Connector],
    snapshot: Snapshot,
    memory: Memory,
    draws: Mapping[str, tuple[Draw, ...]],
) -> Capacity:
    last = memory.uncontrolled_a.get(circuit.id)
    budget = tuple(max(limit - circuit.margin_a, 0.0) for limit in circuit.limit_a)
    state = CircuitState.OK
    uncontrolled_w = None
    if circuit.assumed_load_a is not None:
        uncontrolled = circuit.assumed_load_a
    elif (known := _metered(circuit, meter, snapshot)) is None:
        # Nobody knows the house's load: the last one, and a fail-safe current for each car (see `decide`).
        state = CircuitState.METER_LOST
        uncontrolled = tuple(max(load, 0.0) for load in last or (0.0,) * len(budget))
    else:
        bounds = [
            _bounds(connector, draws[connector.id], known, snapshot)
            for connector in connectors
        ]
        uncontrolled, uncontrolled_w = _uncontrolled(known, bounds, last, snapshot)
        measured = known.current_a or uncontrolled
        if any(a > most for a, most in zip(measured, circuit.limit_a, strict=True)):
            state = CircuitState.OVERLOADED
    return Capacity(
        circuit=circuit,
        state=state,
        uncontrolled_a=uncontrolled,
        # What the sun feeds in does not make the wires behind the fuse thicker, and a cloud takes it away faster
        # than cars let go: the cars of a circuit never get more than its limit.
        available_a=tuple(
            max(most - max(load, 0.0), 0.0)
            for most, load in zip(budget, uncontrolled, strict=True)
        ),
        uncontrolled_w=uncontrolled_w,
    )


def _metered(
    circuit: Circuit, meter: MeterReading | None, snapshot: Snapshot
) -> MeterReading | None:
    """Return the reading if it says something about now."""
    if meter is None or (meter.current_a is None and meter.power_w is None):
        return None
    age_s = (snapshot.now - meter.at).total_seconds()
    return meter if age_s <= circuit.meter_max_age_s else None


def _bounds(
    connector: Connector,
    draws: tuple[Draw, ...],
    meter: MeterReading,
    snapshot: Snapshot,
) -> tuple[PerPhase, PerPhase]:
    """Return the least and the most that a connector drew when the meter was read, per site phase."""
    phases = range(snapshot.site.phases)
    # The draw of that time, or the first one that was told after it.
    earlier = [draw for draw in draws if draw.at <= meter.at]
    draw = next(iter(earlier[-1:] or draws[:1]), None)
    drawn = draw.current_a if draw else (0.0,) * len(phases)
    if draw is not None and connector.reachable and _settled(connector, meter):
        return drawn, drawn
    held = held_a(connector, snapshot)
    least = tuple(min(drawn[p], held) if connector.reachable else 0.0 for p in phases)
    most = tuple(
        max(drawn[p], held) if p in connector.phases else drawn[p] for p in phases
    )
    return least, most


def _settled(connector: Connector, meter: MeterReading) -> bool:
    """Whether the car has had the time to follow its last offer when the meter was read."""
    return connector.offered_at is None or meter.at - connector.offered_at > SETTLING


def _uncontrolled(
    meter: MeterReading,
    bounds: list[tuple[PerPhase, PerPhase]],
    last: PerPhase | None,
    snapshot: Snapshot,
) -> tuple[PerPhase, float]:
    """Return the estimate within the bounds that is nearest to the last one, per phase and in watts."""
    phases = snapshot.site.phases
    voltage_v = snapshot.site.voltage_v
    least = [sum(low[phase] for low, _ in bounds) for phase in range(phases)]
    most = [sum(high[phase] for _, high in bounds) for phase in range(phases)]
    if meter.current_a is not None:
        metered = meter.current_a
    elif phases == 1:
        metered = ((meter.power_w or 0.0) / voltage_v,)
    else:
        # The total does not tell which phase: all of it may be on any one, and export helps none for sure.
        total_w = (meter.power_w or 0.0) - sum(least) * voltage_v
        return (max(total_w / voltage_v, 0.0),) * phases, total_w
    load = tuple(
        min(
            max(
                metered[p] - least[p] if last is None else last[p],
                metered[p] - most[p],
            ),
            metered[p] - least[p],
        )
        for p in range(phases)
    )
    cars_w = (sum(metered) - sum(load)) * voltage_v
    # The meter's own watts know the sign of each phase's current, which not every meter tells.
    total_w = sum(metered) * voltage_v if meter.power_w is None else meter.power_w
    return load, total_w - cars_w
