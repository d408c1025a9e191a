"""What happens at a connector from tick to tick, as events: a car is full, or limited by something; a fault.

That a car comes and leaves, and transactions, is known in central_system/, over restarts too.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from ...central_system.station_state import CHARGES, GONE, ConnectorState
from ...engine.model import ConnectorStatus, ReasonKey
from ..outcome import ConnectorData


class Happening(StrEnum):
    """What can happen at a connector."""

    PLUGGED_IN = "plugged_in"
    STARTED = "started"
    STOPPED = "stopped"
    FULL = "full"
    LIMITED = "limited"
    FAULT = "fault"
    UNPLUGGED = "unplugged"


class LimitCause(StrEnum):
    """What limits a car that would take more. That a mode waits for sun, a price or a plan is a choice, and no limit."""

    CIRCUIT = "circuit"  # the main fuse, or a circuit below it
    DEMAND_RESPONSE = "demand_response"
    DIMMING = "dimming"
    PEAK = "peak"
    IMBALANCE = "imbalance"
    TEMPERATURE = "temperature"
    METER_LOST = "meter_lost"
    CHARGER = "charger"  # a limit that the charger itself reports


_CAUSES: Mapping[ReasonKey, LimitCause] = {
    ReasonKey.LIMITED_BY_CIRCUIT: LimitCause.CIRCUIT,
    ReasonKey.LIMITED_BY_BOOST: LimitCause.CIRCUIT,
    ReasonKey.LOAD_PEAKED: LimitCause.CIRCUIT,
    ReasonKey.RESERVED_FOR_OFFLINE: LimitCause.CIRCUIT,
    ReasonKey.RESERVED_FOR_EXCESS: LimitCause.CIRCUIT,
    ReasonKey.WAITING_FOR_CAPACITY: LimitCause.CIRCUIT,
    ReasonKey.WAITING_FOR_TURN: LimitCause.CIRCUIT,
    ReasonKey.LIMITED_BY_DEMAND_RESPONSE: LimitCause.DEMAND_RESPONSE,
    ReasonKey.LIMITED_BY_DIMMING: LimitCause.DIMMING,
    ReasonKey.LIMITED_BY_PEAK: LimitCause.PEAK,
    ReasonKey.LIMITED_BY_IMBALANCE: LimitCause.IMBALANCE,
    ReasonKey.LIMITED_BY_TEMPERATURE: LimitCause.TEMPERATURE,
    ReasonKey.METER_LOST: LimitCause.METER_LOST,
    ReasonKey.WAITING_FOR_METER: LimitCause.METER_LOST,
    ReasonKey.LIMITED_BY_METER: LimitCause.METER_LOST,
    ReasonKey.LIMITED_BY_CHARGER: LimitCause.CHARGER,
}
# On the way to another current: these say nothing about what limits it.
_ON_THE_WAY = frozenset(
    (
        ReasonKey.RAMPING,
        ReasonKey.SWITCHING_PHASES,
        ReasonKey.WAITING_FOR_RELEASE,
    )
)
# A car pauses for a moment before it goes on with less; who takes nothing for this long has enough.
FULL_AFTER = timedelta(minutes=2)
# A car that has taken no more than this has not begun: its own timer makes it wait.
_BEGUN_WH = 100.0
_FULL_SOC = 99.5
# Below these a car draws nothing; its electronics take some.
_NOTHING_A, _NOTHING_W = 0.5, 100.0
# IEC 61851-1: with less a car does not charge, so it cannot take it.
_LEAST_A = 6.0
# A kettle is no news; neither is a limit that comes back after a pause.
LIMITED_AFTER = timedelta(minutes=1)
FREE_AFTER = timedelta(minutes=10)

type Event = tuple[Happening, dict[str, Any]]


def limit_cause(key: ReasonKey) -> LimitCause | None:
    """Return what limits a car, None if nothing does but its mode and itself."""
    return _CAUSES.get(key)


class ConnectorEvents:
    """Follows a connector. What was so when it began to follow is no event."""

    def __init__(self, now: ConnectorData | None) -> None:
        """Note how it is now."""
        self._seen: ConnectorData | None = None
        self._faulted = False
        self._idle_since: datetime | None = None
        self._full = False  # already said of this car
        self._limited: LimitCause | None = None  # as was said
        self._limit: tuple[LimitCause | None, datetime] | None = None  # since when
        if now is not None:
            self._note(now)
            # Who is full, or limited, since before we looked is so still: not news.
            self._full = takes_nothing(now.connector)
            self._limited = limit_cause(now.decision.reason.key)

    def _note(self, now: ConnectorData) -> None:
        self._seen = now
        status = now.connector.status
        if status is not None:
            self._faulted = status is ConnectorStatus.FAULTED

    @property
    def waits(self) -> bool:
        """Whether something is an event if it lasts, although nothing changes."""
        return self._idle_since is not None or self._limit is not None

    def see(self, now: ConnectorData, at: datetime) -> Iterator[Event]:
        """Yield what happens now: a fault, a limit, a car that is full."""
        if now is self._seen and not self.waits:
            return
        faulted = self._faulted
        known = self._seen is not None and self._seen.connector.status is not None
        self._note(now)
        if known and self._faulted and not faulted:
            yield Happening.FAULT, {"error": now.connector.error_code}
        yield from self._limits(now, at)
        yield from self._fullness(now.connector, at)
        if now.connector.status in GONE:
            self._full, self._limited = False, None

    def _limits(self, now: ConnectorData, at: datetime) -> Iterator[Event]:
        """Yield a limit that lasts, once, until it has gone for a while or is another."""
        key = now.decision.reason.key
        if key in _ON_THE_WAY:
            return
        cause = limit_cause(key)
        if cause is self._limited:
            self._limit = None
            return
        if self._limit is None or self._limit[0] is not cause:
            self._limit = cause, at
        lasts = at - self._limit[1]
        if cause is None:
            if lasts >= FREE_AFTER:
                self._limited, self._limit = None, None
        elif lasts >= LIMITED_AFTER:
            self._limited, self._limit = cause, None
            values = dict(now.decision.reason.values)
            yield (
                Happening.LIMITED,
                {
                    "limited_by": cause.value,
                    "circuit": values.get("circuit"),
                    "offered_current": round(now.decision.offer_a, 1),
                },
            )

    def _fullness(self, connector: ConnectorState, at: datetime) -> Iterator[Event]:
        """Yield that a car takes no more, once until it leaves."""
        if not takes_nothing(connector):
            self._idle_since = None
            return
        if self._full:
            self._idle_since = None
            return
        self._idle_since = self._idle_since or at
        if at - self._idle_since >= FULL_AFTER:
            self._full, self._idle_since = True, None
            yield Happening.FULL, {}


def takes_nothing(connector: ConnectorState) -> bool:
    """Whether a car that has charged does not take what it may."""
    if connector.status not in CHARGES or connector.paused:
        return False
    meter = connector.meter
    full = meter.soc is not None and meter.soc >= _FULL_SOC
    if not full and (connector.session_energy_wh or 0.0) < _BEGUN_WH:
        return False
    if connector.status is ConnectorStatus.SUSPENDED_EV:
        return True
    may = (connector.offer_a or 0.0) >= _LEAST_A
    drawn = [current_a for current_a in meter.current_a if current_a is not None]
    if not drawn and meter.power_w is None:
        return False
    draws = max(drawn, default=0.0) > _NOTHING_A or (meter.power_w or 0.0) > _NOTHING_W
    return may and not draws
