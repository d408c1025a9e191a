"""Chargers that cannot be limited, only stopped and started: all or nothing."""

from dataclasses import replace
from datetime import timedelta
from math import ceil

from ..model import Connector, ConnectorStatus, Snapshot

# From the start of a transaction to what its car really takes: the handshake, the ramp, the next meter values.
RAMPED = timedelta(seconds=15)


def as_they_are(snapshot: Snapshot) -> Snapshot:
    """Return the snapshot in which such chargers need, hold and can have exactly what their cars draw."""
    connectors = tuple(
        connector
        if connector.unlimited_a is None
        else _all_or_nothing(connector, snapshot.site.voltage_v)
        for connector in snapshot.connectors
    )
    if connectors == snapshot.connectors:
        return snapshot
    return replace(snapshot, connectors=connectors)


def _all_or_nothing(connector: Connector, voltage_v: float) -> Connector:
    caps = (connector.charger_limit_a, connector.car_max_a)
    known = [cap for cap in caps if cap is not None and cap >= connector.min_a]
    all_a = min([connector.unlimited_a or 0.0, *known])
    needed_a = min(_needed_a(connector, all_a, voltage_v), all_a)
    return replace(
        connector,
        min_a=needed_a,
        max_a=min(connector.max_a, needed_a),
        offer_a=needed_a if connector.offer_a else connector.offer_a,
        fall_back_a=max(needed_a, connector.fall_back_a or 0.0),
        charger_limit_a=_unless(known, connector.charger_limit_a),
        car_max_a=_unless(known, connector.car_max_a),
    )


def _unless(known: list[float], cap: float | None) -> float | None:
    """Return what caps a connector, None for what is part of all that it allows a car."""
    return None if cap in known else cap


def _needed_a(connector: Connector, all_a: float, voltage_v: float) -> float:
    """Return what a car draws that has charged for a while; of any other it is not known what it will take."""
    if (
        connector.status is not ConnectorStatus.CHARGING
        or connector.connected_at is None
        or connector.draw_at is None
        or connector.draw_at - connector.connected_at < RAMPED
    ):
        return all_a
    if connector.draw_a is not None:
        drawn_a = max(connector.draw_a[phase] for phase in connector.phases)
    elif connector.draw_w is not None:
        drawn_a = connector.draw_w / voltage_v  # it may be on any one phase
    else:
        return all_a
    steps = ceil(drawn_a / connector.step_a - 1e-6)
    return max(round(steps * connector.step_a, 1), connector.min_a)
