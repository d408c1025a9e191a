"""The limits of circuits: fuse, temperature, and external ones. The tightest wins and is named."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ..model import (
    Circuit,
    ExternalLimit,
    LimitKind,
    PerPhase,
    Reason,
    ReasonKey,
    Snapshot,
)
from .tree import Tree

# BNetzA BK6-22-300, annex 1, 4.5.2: by the number of devices, from two on; 0.45 from nine on.
SIMULTANEITY = {2: 0.80, 3: 0.75, 4: 0.70, 5: 0.65, 6: 0.60, 7: 0.55, 8: 0.50}
SIMULTANEITY_OF_MANY = 0.45
# A temperature changes slowly, but a sensor without a report for this long is lost.
SENSOR_AGE_S = 600.0

LIMIT_REASONS = {
    LimitKind.DEMAND_RESPONSE: ReasonKey.LIMITED_BY_DEMAND_RESPONSE,
    LimitKind.DIMMING: ReasonKey.LIMITED_BY_DIMMING,
    LimitKind.PEAK: ReasonKey.LIMITED_BY_PEAK,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What a circuit may carry on each phase, cars included, after its margin; and what lowered it, if anything."""

    current_a: PerPhase
    limit_a: PerPhase  # and before the margin: more is an overload
    lowered_by: Reason | None = None
    limit: ExternalLimit | None = None


def limits_in_force(snapshot: Snapshot) -> list[ExternalLimit]:
    """Return the external limits that apply now, in an order that does not depend on the input's."""
    return sorted(
        (
            limit
            for limit in snapshot.limits
            if limit.until is None or limit.until > snapshot.now
        ),
        key=lambda limit: (limit.kind, limit.name, repr(limit)),
    )


def budget(circuit: Circuit, snapshot: Snapshot) -> Budget:
    """Return what a circuit may carry now by its amperes. Limits in watts are separate resources."""
    factor = 1.0
    if circuit.derating is not None:
        reading = dict(snapshot.temperatures).get(circuit.id)
        fresh = reading and (snapshot.now - reading.at).total_seconds() <= SENSOR_AGE_S
        factor = circuit.derating.factor(
            reading.temperature_c if reading and fresh else None
        )
    limit_a = tuple(limit * factor for limit in circuit.limit_a)
    lowered_by = None
    if factor < 1.0:
        lowered_by = Reason(
            key=ReasonKey.LIMITED_BY_TEMPERATURE,
            values=(("circuit", circuit.name), ("limit_a", max(limit_a))),
        )
    limit = _least(
        [
            limit
            for limit in limits_in_force(snapshot)
            if not limit.cars_only and _is_at(limit, circuit)
        ],
        lambda limit: limit.current_a,
        max(limit_a),
    )
    if limit is not None and limit.current_a is not None:
        lowered_by = limit_reason(limit, circuit.name)
        lower_a = limit.current_a
        limit_a = tuple(min(a, lower_a) for a in limit_a)
    fixed_a = circuit.fixed_load_a or (0.0,) * len(limit_a)
    return Budget(
        current_a=tuple(
            max(limit - circuit.margin_a - load, 0.0)
            for limit, load in zip(limit_a, fixed_a, strict=True)
        ),
        limit_a=tuple(
            max(limit - load, 0.0) for limit, load in zip(limit_a, fixed_a, strict=True)
        ),
        lowered_by=lowered_by,
        limit=limit,
    )


def _is_at(limit: ExternalLimit, circuit: Circuit) -> bool:
    if limit.circuit is None:
        return circuit.parent is None
    return limit.circuit == circuit.id


def tightest(snapshot: Snapshot) -> ExternalLimit | None:
    """Return which external limit leaves the whole site the least; None if all leave more than the main fuse.

    Amperes and watts are compared at the nominal voltage.
    """
    volts = snapshot.site.phases * snapshot.site.voltage_v
    root = next(circuit for circuit in snapshot.circuits if circuit.parent is None)

    def leaves_w(limit: ExternalLimit) -> float | None:
        left_w = power_of(limit, snapshot)
        if left_w is None and limit.current_a is not None:
            return limit.current_a * volts
        return left_w

    at_root = [limit for limit in limits_in_force(snapshot) if _is_at(limit, root)]
    return _least(at_root, leaves_w, min(root.limit_a) * volts)


def _least(
    limits: Iterable[ExternalLimit],
    leaves: Callable[[ExternalLimit], float | None],
    most: float,
) -> ExternalLimit | None:
    """Return the limit that leaves the least, the first of several; None if none leaves less than `most`."""
    found = None
    for limit in limits:
        left = leaves(limit)
        if left is not None and left < most:
            found, most = limit, left
    return found


def limit_reason(limit: ExternalLimit, circuit: str) -> Reason:
    """Return the reason of a connector that an external limit restricts.

    Its values are the limit's `name`, its value (`limit_a` or `limit_w`), the `circuit`, whether it `applies_to` cars only,
    and `until` when.
    """
    values: list[tuple[str, str | float]] = [("circuit", circuit), ("name", limit.name)]
    if limit.cars_only:
        values.append(("applies_to", "cars"))
    if limit.current_a is not None:
        values.append(("limit_a", limit.current_a))
    if limit.power_w is not None:
        values.append(("limit_w", limit.power_w))
    if limit.until is not None:
        values.append(("until", limit.until.isoformat()))
    return Reason(key=LIMIT_REASONS[limit.kind], values=tuple(values))


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerLimit:
    """What the cars below a circuit may take together, in watts."""

    circuit: str
    power_w: float
    reason: Reason


def power_limits(
    snapshot: Snapshot, tree: Tree, load_w: dict[str, float], sun_w: float
) -> list[PowerLimit]:
    """Return the limits in watts. `load_w` is the load of each circuit besides the cars, with its sign."""
    found = []
    for limit in limits_in_force(snapshot):
        circuit = tree.root if limit.circuit is None else limit.circuit
        if circuit not in tree.circuits:
            continue
        power_w = power_of(limit, snapshot)
        if power_w is None:
            continue
        # A limit for the cars applies to power from the grid; solar power comes on top.
        cars_only = limit.cars_only or limit.kind is LimitKind.DIMMING
        besides_w = -sun_w if cars_only else load_w[circuit]
        # A departure is worth more than a low peak.
        least_w = pressing_w(snapshot) if limit.kind is LimitKind.PEAK else 0.0
        reason = limit_reason(limit, tree.circuits[circuit].name)
        found.append(
            PowerLimit(
                circuit=circuit,
                power_w=max(power_w - besides_w, least_w),
                reason=Reason(
                    key=reason.key,
                    values=(
                        *(v for v in reason.values if v[0] != "limit_w"),
                        ("limit_w", power_w),
                    ),
                ),
            )
        )
    return found


def pressing_w(snapshot: Snapshot) -> float:
    """Return what cars must charge now to be ready for their departures."""
    return sum(one.plan.pressing_w for one in snapshot.connectors if one.plan)


def power_of(limit: ExternalLimit, snapshot: Snapshot) -> float | None:
    """Return what a limit allows in watts, None if it is one of amperes on each phase."""
    if limit.power_w is not None:
        return limit.power_w
    if limit.kind is LimitKind.DIMMING and limit.current_a is None:
        return dimming_w(len(snapshot.connectors), limit)
    if limit.cars_only and limit.current_a is not None:
        return limit.current_a * snapshot.site.phases * snapshot.site.voltage_v
    return None


def dimming_w(devices: int, limit: ExternalLimit) -> float:
    """Return the minimum power that section 14a EnWG guarantees to this many devices that are controlled together, in watts."""
    if devices <= 1:
        return limit.device_w * devices
    factor = limit.simultaneity
    if factor is None:
        factor = SIMULTANEITY.get(devices, SIMULTANEITY_OF_MANY)
    return limit.device_w * (1 + (devices - 1) * factor)


def fail_safe_sums(
    snapshot: Snapshot, extra: Iterable[tuple[str, tuple[int, ...], float]] = ()
) -> dict[str, tuple[PerPhase, PerPhase]]:
    """Return what falls back to each circuit when the chargers lose their connection, and what it can carry, per phase.

    `extra` are circuits, site phases and fail-safe currents of connectors that are not in the snapshot yet. A
    configuration is sound if no sum is above what its circuit carries after margin, fixed and assumed loads.

    Raises:
        ValueError: the circuits are not a tree.

    """
    tree = Tree(snapshot.circuits)
    sums = {name: [0.0] * snapshot.site.phases for name in tree.circuits}
    falling_back = [
        (
            connector.circuit,
            connector.phases,
            max(connector.fail_safe_a, connector.fall_back_a or 0.0),
        )
        for connector in snapshot.connectors
    ]
    for circuit, phases, current_a in (*falling_back, *extra):
        for name in tree.paths[circuit]:
            for phase in phases:
                sums[name][phase] += current_a
    loads: dict[str, PerPhase] = {}
    for name in tree.upwards():
        beneath = [loads[child] for child in tree.children(name)]
        loads[name] = _known_load(tree.circuits[name], beneath)
    return {
        name: (tuple(sums[name]), _carries(circuit, loads[name]))
        for name, circuit in tree.circuits.items()
    }


def _known_load(circuit: Circuit, beneath: list[PerPhase]) -> PerPhase:
    """Return the load to assume: the assumed one, at least what is known below, plus what is fixed."""
    none = (0.0,) * len(circuit.limit_a)
    if circuit.assumed_load_a is None:
        return circuit.fixed_load_a or none
    below = [sum(load) for load in zip(*beneath, strict=True)] or none
    return tuple(
        max(assumed, known) + fixed
        for assumed, known, fixed in zip(
            circuit.assumed_load_a, below, circuit.fixed_load_a or none, strict=True
        )
    )


def _carries(circuit: Circuit, load: PerPhase) -> PerPhase:
    return tuple(
        max(limit - circuit.margin_a - known, 0.0)
        for limit, known in zip(circuit.limit_a, load, strict=True)
    )
