"""evcc's rules, to control the same plant, as its source has them (core/loadpoint.go and core/site.go, b29b49e of 2026-08-08).

One charger after another has a decision, one each 30 s, on the last readings. The current is what the charger was
offered, corrected by what the grid shows, in the charger's steps: what a car takes less than its offer is not lost.
Charging starts at the minimum when the surplus has been enough for one minute (at once for a car that was just plugged
in), and stops when it has been too little for three. A charger that can switch goes down to one phase after three
minutes below the minimum on three, and up after one minute above it; at once while the car does not charge, and not
again within a minute. A battery that goes first keeps what charges it, and 100 W more.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
import math

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
# After a switch, phases are neither measured nor switched for so long.
SWITCHED = timedelta(seconds=60)
# A car may take this much more than it does: some remain below their offer.
ABOVE_DRAW_A = 2.0
# From this current, a phase is in use.
USED_A = 1.0
# While a battery that goes first is not full enough, so much is left for it.
RESIDUAL_W = 100.0
_REASON = Reason(key=ReasonKey.LIMITED_BY_SUN)
# The start of a timer whose time is up in any case.
_UP = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(kw_only=True)
class _Loadpoint:
    current_a: float = 0.0  # 0: disabled
    phases: int
    measured_phases: int = 0  # 0: not known
    switched_at: datetime = _UP
    # A car that was just plugged in need not wait.
    timer: datetime | None = _UP
    phase_timer: datetime | None = None


@dataclass(kw_only=True)
class Rules:
    """Controls a site as evcc would."""

    INTERVAL_S = 30

    battery_first_below_soc: float = 0.0
    decided_at: datetime | None = None
    turns: int = 0
    loadpoints: dict[str, _Loadpoint] = field(default_factory=dict)

    def __call__(self, snapshot: Snapshot, memory: Memory) -> tuple[Decision, Memory]:
        """Decide for one charger every 30 s; in between everything stays."""
        due = self.decided_at is None or snapshot.now - self.decided_at >= INTERVAL
        if due and snapshot.meters:
            self.decided_at = snapshot.now
            connector = snapshot.connectors[self.turns % len(snapshot.connectors)]
            self.turns += 1
            self._update(self._of(connector), connector, snapshot)
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

    def _grid_w(self, snapshot: Snapshot) -> float:
        """Return what the site takes from the grid beside what may go to cars; negative: so much is left for them."""
        reading = snapshot.meters[0][1]
        if reading.current_a is not None:
            grid_w = sum(reading.current_a) * snapshot.site.voltage_v
        else:
            grid_w = reading.power_w or 0.0
        if (battery := snapshot.battery) is None:
            return grid_w
        if (battery.soc or 0.0) >= self.battery_first_below_soc:
            return grid_w + battery.power_w
        return grid_w + max(battery.power_w, 0.0) + RESIDUAL_W

    def _update(
        self, point: _Loadpoint, connector: Connector, snapshot: Snapshot
    ) -> None:
        drawn = connector.draw_a or ()
        charges = connector.status is ConnectorStatus.CHARGING
        if charges and snapshot.now - point.switched_at > SWITCHED:
            in_use = sum(current_a > USED_A for current_a in drawn)
            point.measured_phases = in_use or point.measured_phases
        grid_w = self._grid_w(snapshot)
        current_a = self._current_a(point, connector, grid_w, snapshot)
        current_a = math.floor(current_a / connector.step_a + 1e-9) * connector.step_a
        point.current_a = current_a if current_a >= connector.min_a else 0.0

    def _current_a(
        self,
        point: _Loadpoint,
        connector: Connector,
        grid_w: float,
        snapshot: Snapshot,
    ) -> float:
        """Return what the charger is to be offered; below its minimum it is disabled."""
        now, volts = snapshot.now, snapshot.site.voltage_v
        charges = connector.status is ConnectorStatus.CHARGING
        switched_to = 0
        if connector.switches_phases and now - point.switched_at > SWITCHED:
            switched_to = self._switch(point, connector, grid_w, snapshot)
        phases = _active(point)
        drawn_a = max(connector.draw_a or (0.0,))
        effective_a = min(drawn_a + ABOVE_DRAW_A, point.current_a) if charges else 0.0
        if switched_to > 1:
            effective_a /= switched_to
        target_a = max(effective_a - grid_w / volts / phases, 0.0)
        if point.current_a and target_a < connector.min_a:
            if point.phase_timer is not None:
                grid_w -= volts * connector.min_a * (phases - 1)
            if grid_w < 0:
                point.timer = None
                return connector.min_a
            point.timer = point.timer or now
            if now - point.timer >= DISABLE:
                point.timer = None
                return 0.0
            return connector.min_a
        if not point.current_a:
            if target_a < connector.min_a:
                point.timer = None
                return 0.0
            point.timer = point.timer or now
            if now - point.timer >= ENABLE:
                point.timer = None
                return connector.min_a
            return 0.0
        point.timer = None
        return min(target_a, connector.max_a)

    def _switch(
        self, point: _Loadpoint, connector: Connector, grid_w: float, snapshot: Snapshot
    ) -> int:
        """Switch phases if that is due; returns the number of phases switched to, 0: none."""
        now, volts = snapshot.now, snapshot.site.voltage_v
        charges = connector.status is ConnectorStatus.CHARGING
        available_a = (sum(connector.draw_a or ()) * volts - grid_w) / volts
        phases, every = _active(point), len(connector.phases)
        few = available_a / phases < connector.min_a
        if phases > 1 and (grid_w > 0 or not point.current_a) and few:
            wanted, delay = 1, DISABLE
        elif (
            point.phases < every
            and available_a > connector.max_a
            and available_a / every >= connector.min_a
        ):
            wanted, delay = every, ENABLE
        else:
            point.phase_timer = None
            return 0
        point.phase_timer = (point.phase_timer or now) if charges else _UP
        if now - point.phase_timer < delay:
            return 0
        point.phases, point.measured_phases = wanted, 0
        point.phase_timer, point.switched_at = None, now
        return wanted


def _active(point: _Loadpoint) -> int:
    """Return the number of phases that the car uses, as far as that is known."""
    return min(point.phases, point.measured_phases or point.phases)
