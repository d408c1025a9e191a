"""Who runs, and with how much: the 6 A minimum or nothing, equal shares, the sun for those who live from it.

IEC 61851-1 knows no current below 6 A, so not everyone can always have a share. Those who run are first lowered to
their minimum to make room; only then does somebody wait. Who waits longest is let in, and who has run longest
makes room, but not before a quarter of an hour: contactors and cars wear by switching.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from .capacity import Capacity, ancestors
from .filling import Resource, Share, fill, overfull
from .memory import ConnectorMemory
from .model import Connector, Mode, Snapshot
from .sunshine import SUNNY

TURN = timedelta(minutes=15)
# After a stop, before a start: else the last car to arrive starts and stops forever.
LOCKOUT = timedelta(minutes=1)


# By connector, the current that is kept for it on each phase of each circuit.
type Reserved = Mapping[str, Mapping[tuple[str, int], float]]


def reserve(
    connector: Connector, phases: Iterable[int], current_a: float, snapshot: Snapshot
) -> dict[tuple[str, int], float]:
    """Return a current on these phases of all circuits above a connector."""
    circuits = {circuit.id: circuit for circuit in snapshot.circuits}
    path = ancestors(circuits, connector.circuit)
    return {(circuit, phase): current_a for circuit in path for phase in phases}


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A connector that wants current: its phases in use, and the most that it may take, in amperes."""

    connector: Connector
    phases: tuple[int, ...]
    most_a: float
    past: ConnectorMemory

    @property
    def id(self) -> str:
        """The connector's id."""
        return self.connector.id


@dataclass(frozen=True, slots=True, kw_only=True)
class Shares:
    """The outcome: who runs with how much, and who waits for which resource."""

    running: Mapping[str, Share]
    waiting: Mapping[str, Resource]


def circuit_resources(
    candidates: Iterable[Candidate],
    snapshot: Snapshot,
    capacities: Mapping[str, Capacity],
    reserved: Reserved,
) -> list[Resource]:
    """Return every phase of every circuit, less what is reserved there, with those who use it."""
    circuits = {circuit.id: circuit for circuit in snapshot.circuits}
    users: dict[tuple[str, int], dict[str, float]] = {}
    for candidate in candidates:
        for circuit in ancestors(circuits, candidate.connector.circuit):
            for phase in candidate.phases:
                users.setdefault((circuit, phase), {})[candidate.id] = 1.0
    return [
        Resource(
            circuit=circuit,
            phase=phase,
            capacity=capacities[circuit].available_a[phase]
            - sum(places.get((circuit, phase), 0.0) for places in reserved.values()),
            coefficients=coefficients,
        )
        for (circuit, phase), coefficients in sorted(users.items())
    ]


def share(
    candidates: list[Candidate],
    resources: list[Resource],
    *,
    sun_w: float,
    voltage_v: float,
    now: datetime,
) -> Shares:
    """Share the resources among the candidates.

    First the grid's power equally among those who may take it, then the sun's among those who live from it.
    """
    admitted, waiting = _admit(candidates, resources, now)
    base = {c.id: c.connector.min_a for c in admitted}
    grid = fill(
        resources,
        base,
        {
            c.id: c.most_a if c.connector.mode not in SUNNY else base[c.id]
            for c in admitted
        },
    )
    sun = _sun(admitted, sun_w, voltage_v)
    sunny = {c.id for c in admitted if c.connector.mode in SUNNY}
    filled = fill(
        [*resources, sun],
        {connector: given.current_a for connector, given in grid.items()},
        {c.id: c.most_a if c.id in sunny else grid[c.id].current_a for c in admitted},
    )
    return Shares(
        running={c: filled[c] if c in sunny else grid[c] for c in filled},
        waiting=waiting,
    )


def _sun(admitted: list[Candidate], sun_w: float, voltage_v: float) -> Resource:
    """Return the sun as a resource in watts. A minimum that it cannot carry is the grid's."""
    coefficients = {
        c.id: voltage_v * len(c.phases) for c in admitted if c.connector.mode in SUNNY
    }
    return Resource(circuit=None, phase=None, capacity=sun_w, coefficients=coefficients)


def _admit(
    candidates: list[Candidate], resources: list[Resource], now: datetime
) -> tuple[list[Candidate], dict[str, Resource]]:
    """Return who can have the minimum, and who waits for which resource."""
    admitted = {c.id: c for c in candidates}
    waiting: dict[str, Resource] = {}
    while full := overfull(
        resources, {c: admitted[c].connector.min_a for c in admitted}
    ):
        resource, users = full
        last = max(users, key=lambda c: rank(admitted[c], now))
        waiting[last] = resource
        del admitted[last]
    # Who was dropped for one resource may fit after another was dropped for a second one.
    for connector in sorted(waiting, key=lambda c: rank(_of(candidates, c), now)):
        trial = admitted | {connector: _of(candidates, connector)}
        if not overfull(resources, {c: trial[c].connector.min_a for c in trial}):
            admitted = trial
            del waiting[connector]
    return list(admitted.values()), waiting


def _of(candidates: list[Candidate], connector_id: str) -> Candidate:
    return next(c for c in candidates if c.id == connector_id)


def rank(candidate: Candidate, now: datetime) -> tuple[int, int, float, str]:
    """Return who goes first: those within their turn, then by waiting time, then those whose turn is over.

    Promises come before wishes: a minimum that the grid may give before one that only the sun may.
    """
    past = candidate.past
    wish = int(candidate.connector.mode is Mode.SOLAR)
    if past.on_since is not None:
        ran_s = (now - past.on_since).total_seconds()
        return wish, 0 if ran_s < TURN.total_seconds() else 2, ran_s, candidate.id
    waited_s = (now - past.off_since).total_seconds() if past.off_since else 0.0
    return wish, 1, -waited_s, candidate.id


def locked_out(past: ConnectorMemory, now: datetime) -> bool:
    """Whether a connector was stopped too short a time ago to start again."""
    return (
        past.on_since is None
        and past.stopped_at is not None
        and now - past.stopped_at < LOCKOUT
    )
