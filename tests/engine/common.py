"""Snapshots for the engine: a three-phase site of 25 A less 1 A of margin, at 230 V."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from custom_components.sunfuse.engine import Memory, decide
from custom_components.sunfuse.engine.model import (
    Boost,
    Circuit,
    Connector,
    ConnectorDecision,
    ConnectorStatus,
    Decision,
    MeterReading,
    Mode,
    PerPhase,
    ReasonKey,
    Site,
    Snapshot,
)
from custom_components.sunfuse.engine.stored_items import Stored
from custom_components.sunfuse.engine.stored_memory import read_memory

NOW = datetime(2026, 6, 21, 10, tzinfo=UTC)
HOUR = timedelta(hours=1)
CHARGING = ConnectorStatus.CHARGING
MAIN = Circuit(
    id="main", name="Main fuse", parent=None, limit_a=(25, 25, 25), margin_a=1
)
BOOST = Boost(started_at=NOW - timedelta(minutes=5), person="kim")


def car(name: str, **changes: Any) -> Connector:
    """Return a three-phase car of 16 A at full power that already charges at `offer_a`, settled."""
    connector = Connector(
        id=name,
        circuit="main",
        phases=(0, 1, 2),
        mode=Mode.FAST,
        status=CHARGING,
        offer_a=16.0,
        offered_at=NOW - timedelta(minutes=5),
    )
    connector = replace(connector, **changes)
    if connector.draw_a is not None:
        return replace(connector, draw_at=NOW - timedelta(seconds=1))
    drawn = [0.0, 0.0, 0.0]
    for phase in connector.phases:
        drawn[phase] = connector.offer_a or 0.0
    return replace(connector, draw_a=tuple(drawn), draw_at=NOW - timedelta(seconds=1))


def site(
    *connectors: Connector, house_a: PerPhase = (0, 0, 0), **changes: Any
) -> Snapshot:
    """Return a snapshot in which the meter shows the house's load and the cars' draw."""
    metered = tuple(
        house_a[p]
        + sum(c.draw_a[p] for c in connectors if c.draw_a and p < len(c.draw_a))
        for p in range(3)
    )
    snapshot = Snapshot(
        now=NOW,
        site=Site(phases=3, voltage_v=230),
        circuits=(MAIN,),
        meters=(("main", MeterReading(at=NOW, current_a=metered)),),
        connectors=connectors,
    )
    return replace(snapshot, **changes)


def restored(stored: dict[str, Any], phases: int = 3) -> Memory:
    """Return the memory of a file that can be read as a whole."""
    noted = Stored(stored)
    memory = read_memory(noted, phases)
    assert not noted.unread
    return memory


def decided(snapshot: Snapshot, memory: Memory | None = None) -> Decision:
    """Return the decision alone."""
    return decide(snapshot, memory or Memory())[0]


def offers(decision: Decision) -> dict[str, float]:
    """Return the offers by connector."""
    return {c.id: c.offer_a for c in decision.connectors}


def reasons(decision: Decision) -> dict[str, ReasonKey]:
    """Return the reasons by connector."""
    return {c.id: c.reason.key for c in decision.connectors}


def of(decision: Decision, name: str) -> ConnectorDecision:
    """Return the decision on one connector."""
    return next(c for c in decision.connectors if c.id == name)


def values(decision: Decision, name: str) -> dict[str, str | float]:
    """Return the values of a connector's reason."""
    return dict(of(decision, name).reason.values)


def later(
    snapshot: Snapshot, seconds: float, decision: Decision | None = None, **changes: Any
) -> Snapshot:
    """Return the same site some seconds later, with fresh readings.

    With a decision, every charger has taken its offer, and every car follows it.
    """
    now = snapshot.now + timedelta(seconds=seconds)
    connectors = snapshot.connectors
    house = [0.0] * snapshot.site.phases
    for name, reading in snapshot.meters:
        if name == "main" and reading.current_a is not None:
            house = list(reading.current_a)
    for connector in connectors:
        for phase, current_a in enumerate(connector.draw_a or ()):
            house[phase] -= current_a
    if decision is not None:
        connectors = tuple(
            _follows(c, of(decision, c.id), snapshot, now) for c in connectors
        )
    else:
        connectors = tuple(
            replace(c, draw_at=now if c.draw_at else None) for c in connectors
        )
    for connector in connectors:
        for phase, current_a in enumerate(connector.draw_a or ()):
            house[phase] += current_a
    meters = tuple(
        (
            name,
            replace(reading, at=now, current_a=tuple(house))
            if name == "main" and reading.current_a is not None
            else replace(reading, at=now),
        )
        for name, reading in snapshot.meters
    )
    return replace(
        snapshot,
        now=now,
        connectors=connectors,
        meters=meters,
        solar=snapshot.solar and replace(snapshot.solar, at=now),
        battery=snapshot.battery and replace(snapshot.battery, at=now),
        **changes,
    )


def _follows(
    connector: Connector, told: ConnectorDecision, snapshot: Snapshot, now: datetime
) -> Connector:
    used = connector.phases[: told.phases]
    drawn = tuple(
        told.offer_a if phase in used else 0.0 for phase in range(snapshot.site.phases)
    )
    changed = told.offer_a != connector.offer_a
    return replace(
        connector,
        offer_a=told.offer_a,
        offered_at=snapshot.now if changed else connector.offered_at,
        draw_a=drawn,
        draw_at=now,
    )


def on(limit_a: float, *connectors: Connector, **changes: Any) -> Snapshot:
    """Return a site that leaves this much for its cars, once they follow."""
    return site(
        *connectors, circuits=(replace(MAIN, limit_a=(limit_a + 1,) * 3),), **changes
    )


def settle(
    snapshot: Snapshot, seconds: int, memory: Memory | None = None
) -> tuple[Snapshot, Decision, Memory]:
    """Return the site after so many seconds in which all cars follow."""
    decision, memory = decide(snapshot, memory or Memory())
    for _ in range(seconds // 5):
        snapshot = later(snapshot, 5, decision)
        decision, memory = decide(snapshot, memory)
    return snapshot, decision, memory


def at(tick: int, *current_a: float, power_w: float | None = None) -> MeterReading:
    """Return a meter's reading of this tick, five seconds after the one before."""
    return MeterReading(
        at=NOW + timedelta(seconds=5 * tick),
        current_a=current_a or None,
        power_w=power_w,
    )
