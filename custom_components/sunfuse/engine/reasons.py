"""Why a connector gets what it gets."""

from . import sunshine
from .filling import Resource, Share
from .memory import ConnectorMemory
from .model import Connector, ConnectorStatus, Mode, Reason, ReasonKey, Snapshot
from .sharing import LOCKOUT, locked_out

_NO_CAR = frozenset((ConnectorStatus.AVAILABLE, ConnectorStatus.RESERVED))


def why_not_wanted(connector: Connector, reserved_a: float) -> Reason | None:
    """Return why a connector asks for nothing, None if it asks."""
    if not connector.reachable:
        return Reason(
            key=ReasonKey.CHARGER_OFFLINE, values=(("reserved_a", reserved_a),)
        )
    if connector.status is ConnectorStatus.FAULTED:
        return Reason(key=ReasonKey.CHARGER_FAULTED)
    if connector.status is ConnectorStatus.UNAVAILABLE:
        return Reason(key=ReasonKey.OUT_OF_SERVICE)
    if not connector.allowed:
        return Reason(key=ReasonKey.NOT_ALLOWED)
    if connector.mode is Mode.OFF:
        return Reason(key=ReasonKey.MODE_OFF)
    if connector.status in _NO_CAR:
        return Reason(key=ReasonKey.NO_CAR)
    if connector.status is ConnectorStatus.FINISHING:
        return Reason(key=ReasonKey.CAR_FINISHED)
    return None


def why_waiting(resource: Resource, snapshot: Snapshot) -> Reason:
    """Return which circuit's phase cannot carry the minimum."""
    return Reason(key=ReasonKey.WAITING_FOR_CAPACITY, values=_place(resource, snapshot))


def why_not_started(
    connector: Connector, past: ConnectorMemory, surplus_w: float, snapshot: Snapshot
) -> Reason:
    """Return what a connector waits for that could have its minimum but not yet."""
    if connector.max_a < connector.min_a:
        return Reason(
            key=ReasonKey.LIMITED_BY_CHARGER, values=(("max_a", connector.max_a),)
        )
    if locked_out(past, snapshot.now) and past.stopped_at is not None:
        until = past.stopped_at + LOCKOUT
        return Reason(key=ReasonKey.PAUSING, values=(("until", until.isoformat()),))
    if (starts_at := sunshine.starts_at(past)) is not None:
        return Reason(
            key=ReasonKey.STARTING_ON_SUN, values=(("until", starts_at.isoformat()),)
        )
    needed_w = connector.min_a * snapshot.site.voltage_v * len(connector.phases)
    return Reason(
        key=ReasonKey.WAITING_FOR_SUN,
        values=(("surplus_w", surplus_w), ("needed_w", needed_w)),
    )


def why_limited(
    given: Share, connector: Connector, surplus_w: float, snapshot: Snapshot
) -> Reason:
    """Return what keeps a running connector from more."""
    resource = given.limited_by
    if resource is None:
        return Reason(key=ReasonKey.FULL_POWER, values=(("max_a", connector.max_a),))
    if resource.circuit is None:
        return Reason(key=ReasonKey.LIMITED_BY_SUN, values=(("surplus_w", surplus_w),))
    return Reason(key=ReasonKey.LIMITED_BY_CIRCUIT, values=_place(resource, snapshot))


def _place(
    resource: Resource, snapshot: Snapshot
) -> tuple[tuple[str, str | float], ...]:
    """Return the names of a circuit and its phase."""
    name = next(c.name for c in snapshot.circuits if c.id == resource.circuit)
    return (("circuit", name), ("phase", f"L{(resource.phase or 0) + 1}"))
