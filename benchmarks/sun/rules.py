"""evcc's published rules, to control the same plant: https://docs.evcc.io/en/docs/features/solar-charging.

One decision each 30 s on the last reading, with what its documentation gives as the defaults: charging starts when the
surplus has been enough for the minimum for one minute, and stops when it has been too little for three; a charger that
can switch goes down to one phase after three minutes below the minimum on three, and up after one minute above it.
The surplus is handed out in tenths of an ampere; loads are served in the order of their chargers.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from custom_components.sunfuse.engine import Memory
from custom_components.sunfuse.engine.model import (
    Connector,
    ConnectorDecision,
    ConnectorStatus,
    Decision,
    Reason,
    ReasonKey,
    Snapshot,
)

INTERVAL = timedelta(seconds=30)
ENABLE = timedelta(seconds=60)
DISABLE = timedelta(seconds=180)
DOWN = timedelta(seconds=180)
UP = timedelta(seconds=60)
_REASON = Reason(key=ReasonKey.LIMITED_BY_SUN)


@dataclass(kw_only=True)
class _Loadpoint:
    current_a: float = 0.0
    phases: int = 3
    enough_since: datetime | None = None
    short_since: datetime | None = None
    down_since: datetime | None = None
    up_since: datetime | None = None


@dataclass(kw_only=True)
class Rules:
    """Controls a site as evcc would."""

    INTERVAL_S = 30

    battery_first_below_soc: float = 0.0
    decided_at: datetime | None = None
    loadpoints: dict[str, _Loadpoint] = field(default_factory=dict)

    def __call__(self, snapshot: Snapshot, memory: Memory) -> tuple[Decision, Memory]:
        """Decide every 30 s; in between everything stays."""
        due = self.decided_at is None or snapshot.now - self.decided_at >= INTERVAL
        if due and snapshot.meters:
            self.decided_at = snapshot.now
            self._decide(snapshot)
        decision = Decision(
            now=snapshot.now,
            connectors=tuple(
                ConnectorDecision(
                    id=connector.id,
                    offer_a=self._of(connector).current_a,
                    phases=self._of(connector).phases,
                    reason=_REASON,
                )
                for connector in snapshot.connectors
            ),
            circuits=(),
            surplus_w=0.0,
            given_a=(0.0,) * snapshot.site.phases,
        )
        return decision, memory

    def _of(self, connector: Connector) -> _Loadpoint:
        return self.loadpoints.setdefault(
            connector.id, _Loadpoint(phases=len(connector.phases))
        )

    def _decide(self, snapshot: Snapshot) -> None:
        volts = snapshot.site.voltage_v
        reading = snapshot.meters[0][1]
        grid_w = (
            sum(reading.current_a) * volts
            if reading.current_a is not None
            else reading.power_w or 0.0
        )
        left_w = -grid_w
        if (battery := snapshot.battery) is not None:
            # What charges the battery is the cars', unless the battery goes first.
            if (battery.soc or 0.0) >= self.battery_first_below_soc:
                left_w -= battery.power_w
            else:
                left_w -= max(battery.power_w, 0.0)
        for connector in snapshot.connectors:
            left_w += sum(connector.draw_a or ()) * volts
        for connector in snapshot.connectors:
            if connector.status is ConnectorStatus.AVAILABLE:
                continue
            point = self._of(connector)
            self._switch(point, connector, left_w, snapshot)
            self._set(point, connector, left_w, snapshot)
            left_w -= point.current_a * point.phases * volts

    def _switch(
        self, point: _Loadpoint, connector: Connector, left_w: float, snapshot: Snapshot
    ) -> None:
        if not connector.switches_phases:
            return
        now, every = snapshot.now, len(connector.phases)
        least_w = connector.min_a * snapshot.site.voltage_v * every
        if point.phases > 1 and left_w < least_w:
            point.down_since = point.down_since or now
            if now - point.down_since >= DOWN or not point.current_a:
                point.phases, point.down_since = 1, None
                point.enough_since = point.enough_since or now
                point.short_since = None
        else:
            point.down_since = None
        if point.phases == 1 and left_w >= least_w:
            point.up_since = point.up_since or now
            if now - point.up_since >= UP:
                point.phases, point.up_since = every, None
        else:
            point.up_since = None

    def _set(
        self, point: _Loadpoint, connector: Connector, left_w: float, snapshot: Snapshot
    ) -> None:
        now = snapshot.now
        current_a = left_w / snapshot.site.voltage_v / point.phases
        current_a = min(int(max(current_a, 0.0) * 10) / 10, connector.max_a)
        if current_a >= connector.min_a:
            point.short_since = None
            point.enough_since = point.enough_since or now
            if point.current_a or now - point.enough_since >= ENABLE:
                point.current_a = current_a
            return
        point.enough_since = None
        if not point.current_a:
            return
        point.short_since = point.short_since or now
        ended = now - point.short_since >= DISABLE
        # While three phases are about to become one, charging goes on at the minimum.
        if ended and point.down_since is None:
            point.current_a = 0.0
        else:
            point.current_a = connector.min_a
