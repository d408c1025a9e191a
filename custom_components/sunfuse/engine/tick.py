"""What the steps of one decision share."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from .cars.asking import Ask, ask, begin
from .cars.boost import count_boost
from .cars.compliance import ComplianceStep, check_compliance
from .cars.following import learn_following
from .cars.learning import learn, learn_confirming, probe
from .cars.wanted import why_not_wanted
from .limits.limits import power_limits
from .limits.tree import Tree
from .memory import ConnectorMemory, Memory
from .model import CircuitState, Connector, Reason, Snapshot, lost_meter
from .sharing.capacity import Capacity, capacities, remember_draws
from .sharing.resources import Resources
from .sun.sunshine import Sun, sunshine


@dataclass(slots=True, kw_only=True)
class Standing:
    """The state of a connector within a decision."""

    connector: Connector
    past: ConnectorMemory
    compliance: ComplianceStep
    wanted: bool
    ask: Ask | None = None
    lost: Reason | None = None  # the meter of a circuit above it is lost
    boosted_wh: float = 0.0
    commanded_a: float = 0.0  # the command to one that does not comply with its offer


@dataclass(slots=True, kw_only=True)
class Tick:
    """What is known before anything is assigned."""

    snapshot: Snapshot
    memory: Memory
    tree: Tree
    capacities: Mapping[str, Capacity]
    standings: dict[str, Standing]  # by connector, in the order of their ids
    offline: tuple[Connector, ...]
    sun: Sun
    sun_w: float  # the surplus that is left for cars on solar power
    cars_w: float  # what all cars draw
    resources: Resources
    asks: list[Ask] = field(default_factory=list)
    pausing: list[Ask] = field(default_factory=list)  # would ask, but were just stopped
    boosters: list[Ask] = field(default_factory=list)
    # Who may be asked to make room, by resource and whether they are on solar power.
    places: dict[tuple[int, bool], list[tuple[tuple[float, ...], datetime]]] = field(
        default_factory=dict
    )


def open_tick(snapshot: Snapshot, memory: Memory) -> Tick:
    """Read the snapshot.

    Raises:
        ValueError: the circuits are not one tree, or a connector's circuit does not exist.

    """
    tree = Tree(snapshot.circuits)
    draws = remember_draws(snapshot, memory)
    known = capacities(snapshot, memory, tree, draws)
    standings = {}
    for connector in sorted(snapshot.connectors, key=lambda c: c.id):
        past = begin(connector, snapshot, memory)
        past.draws = draws[connector.id]
        learn(connector, past, snapshot)
        learn_confirming(connector, past, snapshot)
        probe(past, snapshot)
        standings[connector.id] = Standing(
            connector=connector,
            past=past,
            compliance=check_compliance(connector, past, snapshot),
            wanted=why_not_wanted(connector, 0.0) is None,
            boosted_wh=count_boost(connector, past, snapshot, memory),
        )
    for standing in standings.values():
        learn_following(standing.connector, standing.past, memory.at)
    cars = [(s.connector, s.past) for s in standings.values()]
    sun = sunshine(snapshot, known[tree.root], memory, cars)
    _ask_all(standings, _lost_meters(tree, known), snapshot, memory)
    cars_w, fast_w = _drawn_w(standings, snapshot)
    load_w = {name: _load_w(capacity, snapshot) for name, capacity in known.items()}
    sun_w = max(sun.surplus_w - fast_w, 0.0)
    return Tick(
        snapshot=snapshot,
        memory=memory,
        tree=tree,
        capacities=known,
        standings=standings,
        offline=tuple(
            standing.connector
            for standing in standings.values()
            if not standing.connector.reachable
        ),
        sun=sun,
        sun_w=sun_w,
        cars_w=cars_w,
        resources=Resources(
            snapshot,
            tree,
            known,
            power_limits(snapshot, tree, load_w, sun.surplus_w),
            sun_w,
        ),
    )


def _ask_all(
    standings: dict[str, Standing],
    lost: Mapping[str, Reason],
    snapshot: Snapshot,
    memory: Memory,
) -> None:
    contested = sum(standing.wanted for standing in standings.values()) > 1
    for standing in standings.values():
        standing.lost = lost.get(standing.connector.circuit)
        if standing.wanted and standing.compliance < ComplianceStep.RESERVE:
            standing.ask = ask(
                standing.connector,
                standing.past,
                lost_circuit=standing.lost,
                contested=contested,
                snapshot=snapshot,
                memory=memory,
            )


def _lost_meters(tree: Tree, known: Mapping[str, Capacity]) -> dict[str, Reason]:
    """Return the circuits below a lost meter, with the nearest one as a reason."""
    lost = {}
    for name, path in tree.paths.items():
        for above in path:
            if known[above].state is CircuitState.METER_LOST:
                one = known[above]
                lost[name] = lost_meter(
                    tree.circuits[above].name, one.quality, one.sensors
                )
                break
    return lost


def _drawn_w(
    standings: Mapping[str, Standing], snapshot: Snapshot
) -> tuple[float, float]:
    """Return what all cars draw, and the part of those that do not depend on solar power."""
    cars_w = fast_w = 0.0
    for standing in standings.values():
        draws = standing.past.draws
        if not draws or (not standing.wanted and standing.connector.reachable):
            continue
        drawn_w = draws[-1].watts(snapshot.site.voltage_v)
        cars_w += drawn_w
        if standing.ask is None or not standing.ask.sunny:
            fast_w += drawn_w
    return cars_w, fast_w


def _load_w(capacity: Capacity, snapshot: Snapshot) -> float:
    if capacity.uncontrolled_w is not None:
        return capacity.uncontrolled_w
    return sum(capacity.uncontrolled_a) * snapshot.site.voltage_v
