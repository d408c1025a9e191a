"""Whether a connector asks for current at all."""

from ..model import Connector, ConnectorStatus, Mode, Reason, ReasonKey

NO_CAR = frozenset((ConnectorStatus.AVAILABLE, ConnectorStatus.RESERVED))


def why_not_wanted(connector: Connector, reserved_a: float) -> Reason | None:
    """Return why a connector asks for nothing, None if it asks."""
    if not connector.reachable:
        if connector.connect_to is not None:
            return Reason(
                key=ReasonKey.NEVER_CONNECTED,
                values=(("address", connector.connect_to),),
            )
        return Reason(
            key=ReasonKey.CHARGER_OFFLINE, values=(("reserved_a", reserved_a),)
        )
    if connector.status is ConnectorStatus.FAULTED:
        return Reason(key=ReasonKey.CHARGER_FAULTED)
    if connector.status is ConnectorStatus.UNAVAILABLE:
        if not connector.status_reported:
            return Reason(key=ReasonKey.STATUS_UNKNOWN)
        return Reason(key=ReasonKey.OUT_OF_SERVICE)
    if not connector.allowed:
        return Reason(key=ReasonKey.NOT_ALLOWED)
    if connector.mode is Mode.OFF:
        return Reason(key=ReasonKey.MODE_OFF)
    if connector.withheld is not None and connector.boost is None:
        return connector.withheld
    if connector.status in NO_CAR:
        return Reason(key=ReasonKey.NO_CAR)
    if connector.status is ConnectorStatus.FINISHING and not connector.paused:
        if connector.needs_card:
            return Reason(key=ReasonKey.WAITING_FOR_CARD)
        return Reason(key=ReasonKey.CAR_FINISHED)
    return None


def is_met(connector: Connector) -> bool:
    """Whether nothing more is needed: who runs makes no difference to it any more."""
    return connector.energy_needed_wh is not None and connector.energy_needed_wh <= 0


def is_full(connector: Connector) -> bool:
    """Whether a car has what it needs, and its charger reports that it takes nothing more."""
    return connector.status is ConnectorStatus.SUSPENDED_EV and is_met(connector)
