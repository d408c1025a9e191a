"""Solar power that is exported although cars could use it, and why: the cost of each setting and each limit."""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum

from ..model import (
    Connector,
    ConnectorDecision,
    ConnectorStatus,
    Decision,
    ReasonKey,
    Snapshot,
)


class Unused(StrEnum):
    """Why a car does not use it."""

    DELAY = "delay"  # it is about to start, pauses, or follows with some lag
    MINIMUM = "minimum"  # too little is left for its minimum
    SWITCH = "switch"  # it switches phases, or uses one of three
    CAR = "car"  # it does not take its offer
    FUSE = "fuse"  # a limit of the site


_CAUSES: Mapping[ReasonKey, Unused] = {
    ReasonKey.STARTING_ON_SUN: Unused.DELAY,
    ReasonKey.STOPPING_ON_SUN: Unused.DELAY,
    ReasonKey.PAUSING: Unused.DELAY,
    ReasonKey.RAMPING: Unused.DELAY,
    ReasonKey.LIMITED_BY_SUN: Unused.DELAY,
    ReasonKey.AT_MINIMUM: Unused.DELAY,
    ReasonKey.SUN_WAVERS: Unused.DELAY,
    ReasonKey.WAITING_FOR_SUN: Unused.MINIMUM,
    ReasonKey.SUN_TAKEN: Unused.MINIMUM,
    ReasonKey.SWITCHING_PHASES: Unused.SWITCH,
    ReasonKey.FULL_POWER: Unused.CAR,
    ReasonKey.LIMITED_BY_CAR: Unused.CAR,
    ReasonKey.WAITING_FOR_CAPACITY: Unused.FUSE,
    ReasonKey.WAITING_FOR_RELEASE: Unused.FUSE,
    ReasonKey.WAITING_FOR_TURN: Unused.FUSE,
    ReasonKey.LOAD_PEAKED: Unused.FUSE,
    ReasonKey.RESERVED_FOR_OFFLINE: Unused.FUSE,
    ReasonKey.RESERVED_FOR_EXCESS: Unused.FUSE,
    ReasonKey.LIMITED_BY_CIRCUIT: Unused.FUSE,
    ReasonKey.LIMITED_BY_TEMPERATURE: Unused.FUSE,
    ReasonKey.LIMITED_BY_DEMAND_RESPONSE: Unused.FUSE,
    ReasonKey.LIMITED_BY_DIMMING: Unused.FUSE,
    ReasonKey.LIMITED_BY_PEAK: Unused.FUSE,
    ReasonKey.LIMITED_BY_IMBALANCE: Unused.FUSE,
    ReasonKey.LIMITED_BY_BOOST: Unused.FUSE,
    ReasonKey.METER_LOST: Unused.FUSE,
    ReasonKey.WAITING_FOR_METER: Unused.FUSE,
    ReasonKey.LIMITED_BY_METER: Unused.FUSE,
}
_FOLLOWS_SUN = (ReasonKey.LIMITED_BY_SUN, ReasonKey.SUN_WAVERS)
# A car that stays this far below its offer does not take it.
TAKES = 0.9
# A phase with so much of the minimum is one that the car uses.
USED = 0.5
# If it had time to: for the command, its ramp, and the next report.
FOLLOWS = timedelta(seconds=8)


def unused_w(
    snapshot: Snapshot, decision: Decision, grid_w: float
) -> dict[Unused, float]:
    """Return how much of the exported power cars could use now, by reason, in watts.

    A car that may not charge, is not there, is full, or waits for a plan or a price could not use it. What the home
    battery feeds in is no sun of now.
    """
    found: dict[Unused, float] = {}
    supplied_w = snapshot.battery.power_w if snapshot.battery else 0.0
    if (left_w := -grid_w - max(supplied_w, 0.0)) <= 0:
        return found
    for connector, decided in zip(
        snapshot.connectors, decision.connectors, strict=True
    ):
        cause, could_w = _could_use(connector, decided, snapshot.site.voltage_v)
        one_phase_w = connector.min_a * snapshot.site.voltage_v
        if cause is Unused.MINIMUM and connector.switches_phases:
            # On one phase it would be enough, but the switch to it is not worth it, or the hour has none left.
            cause = Unused.SWITCH if left_w >= one_phase_w else cause
        if cause is None or min(could_w, left_w) <= 0:
            continue
        found[cause] = found.get(cause, 0.0) + min(could_w, left_w)
        left_w -= min(could_w, left_w)
    return found


def _could_use(
    connector: Connector, decided: ConnectorDecision, voltage_v: float
) -> tuple[Unused | None, float]:
    """Return why a car does not take more, and how much more it could take."""
    if connector.status is ConnectorStatus.SUSPENDED_EV:
        return None, 0.0  # it is full, or wants nothing now
    cause = _CAUSES.get(decided.reason.key)
    drawn = connector.draw_a or (0.0,) * len(connector.phases)
    drawn_w = sum(drawn) * voltage_v
    caps = (connector.charger_limit_a, connector.car_max_a)
    most_a = min([connector.max_a, *(cap for cap in caps if cap is not None)])
    if decided.reason.key in _FOLLOWS_SUN and decided.offer_a >= most_a:
        cause = Unused.CAR  # it has all that it can take, if only for a moment
    every = len(connector.phases)
    if cause is Unused.CAR and connector.switches_phases and decided.phases < every:
        cause = Unused.SWITCH
    elif used := sum(current_a >= USED * connector.min_a for current_a in drawn):
        every = min(every, used)  # a car with one phase could use no more of them
    phases = min(decided.phases, every)
    if decided.offer_a > 0 and max(drawn) < TAKES * decided.offer_a:
        if cause is not Unused.CAR and _is_new(connector):
            return Unused.DELAY, most_a * every * voltage_v - drawn_w
        return Unused.CAR, decided.offer_a * phases * voltage_v - drawn_w
    if cause is Unused.CAR:
        return cause, decided.offer_a * phases * voltage_v - drawn_w
    return cause, most_a * every * voltage_v - drawn_w


def _is_new(connector: Connector) -> bool:
    """Whether what a car draws was reported before it could follow its offer."""
    if connector.offered_at is None or connector.draw_at is None:
        return False
    return connector.draw_at < connector.offered_at + FOLLOWS
