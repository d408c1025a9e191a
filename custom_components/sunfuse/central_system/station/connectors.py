"""Takes in what a station reports of its connectors, whatever version of OCPP it speaks."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from ...engine.model import ConnectorStatus
from ..station_state import GONE, IDLE, ChargingNeeds, ConnectorState
from .connector_count import MAX_CONNECTORS
from .limits.fail_safe_watch import FailSafeWatch
from .limits.station_limits import Limits
from .metering.meters import Meters
from .metering.sampled_values import Reading
from .presence import Presence
from .sessions.plug_events import PlugEvents
from .sessions.sessions import Sessions
from .shared_state import SharedState

_DRAWS_A = 1.0
_DRAWS_W = 230.0
# A car that has taken this much charges, whatever the resolution of the meter.
_DRAWN_WH = 100.0


class Connectors:
    """Takes in what a station reports of its connectors."""

    def __init__(
        self,
        shared: SharedState,
        meters: Meters,
        limits: Limits,
        sessions: Sessions,
        fail_safe: FailSafeWatch,
        presence: Presence,
        plug_events: PlugEvents,
    ) -> None:
        """Begin with nothing reported."""
        self._shared = shared
        self._meters = meters
        self._limits = limits
        self._sessions = sessions
        self._fail_safe = fail_safe
        self._presence = presence
        self._plug_events = plug_events
        self.evses: dict[tuple[int, int], int] = {}  # numbers by EVSE and connector
        self.last_statuses: dict[int, ConnectorStatus] = {}  # before our restart
        self._inferred: set[int] = set()  # connectors whose status was not reported
        # What a transaction had counted when its car began to wait.
        self._waited_wh: dict[int, tuple[str, float]] = {}
        # The last session of a connector when its present car was plugged in.
        self._session_before: dict[int, str | None] = {}

    def numbered(self, evse: int, connector: int) -> int:
        """Return the number of a connector of an EVSE; 0 if there are too many.

        The first connector of an EVSE has the number of the EVSE if that is free.
        """
        if evse < 1 or connector < 1:
            return 0
        if (evse, connector) not in self.evses:
            taken = set(self.evses.values())
            free = (n for n in range(1, MAX_CONNECTORS + 1) if n not in taken)
            number = evse if connector == 1 and evse not in taken else next(free, 0)
            if not 1 <= number <= MAX_CONNECTORS:
                return 0
            self.evses[evse, connector] = number
            self._shared.change(number, evse_id=evse)
        return self.evses[evse, connector]

    # Status

    def restored(self) -> None:
        """Note which cars waited for a session before our restart: they still do, until one is reported."""
        for connector, status in self.last_statuses.items():
            waited = status is ConnectorStatus.PREPARING
            if waited and self._sessions.resumable(connector) is None:
                session_id = self._shared.connector(connector).session_id
                self._session_before[connector] = session_id

    def reported_status(
        self,
        connector: int,
        status: ConnectorStatus,
        error_code: str | None,
        at: datetime | None = None,
    ) -> None:
        """Note the status of a connector, `at` by our clock (None: now).

        Number 0 is the charger as a whole: that it is available says nothing of a car.
        """
        if not 1 <= connector <= MAX_CONNECTORS:
            return
        self._inferred.discard(connector)
        state = self._shared.connector(connector)
        if status is ConnectorStatus.PREPARING and state.transaction is not None:
            counted_wh = state.session_energy_wh or 0.0
            self._waited_wh[connector] = state.transaction.id, counted_wh
        if status is ConnectorStatus.PREPARING and state.status in GONE:
            self._session_before[connector] = state.session_id
        elif state.transaction is not None:
            # It has one now; its id may be that of the session before, because some chargers begin anew when they boot.
            self._session_before.pop(connector, None)
        if status is ConnectorStatus.FINISHING and self._waits(state):
            status = ConnectorStatus.PREPARING
        if status in GONE:
            self._session_before.pop(connector, None)
            self._sessions.car_gone(connector)
        self._plug_events.reported_status(connector, status, at or self._shared.now())
        self._change_status(connector, status, error_code)
        self._sessions.status_changed(connector, status)

    def _waits(self, state: ConnectorState) -> bool:
        """Whether a car has not had a session since it was plugged in: a charger that waited too long for a start reports Finishing.

        EN+ does, and it can be started (evcc issue 15752).
        """
        if state.transaction is not None or state.id not in self._session_before:
            return False
        return self._session_before[state.id] == state.session_id

    def _change_status(
        self, connector: int, status: ConnectorStatus, error_code: str | None
    ) -> None:
        changes: dict[str, Any] = {"status": status, "error_code": error_code}
        if status in IDLE:
            changes["meter"] = self._meters.of(connector).stopped(self._shared.now())
            if status in GONE:
                changes |= {"transaction": None, "needs": None, "priority": False}
        self._shared.change(connector, **changes)
        limiter = self._limits.of(connector)
        limiter.status_changed()
        if status in GONE:
            limiter.stopped()

    def unreported(self) -> list[int]:
        """Return the connectors whose status was not reported since we started."""
        return [
            state.id
            for state in self._shared.state.connectors
            if state.status is None or state.id in self._inferred
        ]

    def infer_status(self, connector: int) -> None:
        """Infer the status of a connector that does not report it, from its transaction, its meter or its past."""
        state = self._shared.connector(connector)
        if state.transaction is not None or _draws(state):
            status: ConnectorStatus | None = ConnectorStatus.CHARGING
        else:
            status = self.last_statuses.get(connector)
        if state.status is None and status is not None:
            self.reported_status(connector, status, None)
            self._inferred.add(connector)

    # What the car draws and needs

    def measured(
        self,
        connector: int,
        readings: Iterable[Reading],
        at: datetime,
        *,
        transaction_id: str | None = None,
    ) -> None:
        """Note what a connector measured at `at` by our clock; old values count for the energy only."""
        if not 1 <= connector <= MAX_CONNECTORS:
            return
        shared, meter = self._shared, self._meters.of(connector)
        live = shared.now() - at <= timedelta(seconds=shared.timing.live_s)
        readings = tuple(readings)
        sample = meter.update(readings, at, live=live, session_id=transaction_id)
        shared.counters["impossible_meter_values"] += meter.take_dropped()
        changes: dict[str, Any] = {"meter": sample}
        present = live or shared.connector(connector).transaction is not None
        if present and (session_wh := meter.session_wh) is not None:
            changes["session_energy_wh"] = session_wh
        shared.change(connector, **changes)
        if transaction_id is not None:
            self._sessions.showed(transaction_id)
        if live:
            self._infer_charging(connector)
        self._limits.of(connector).compliance.measured()
        if not live:
            self._fail_safe.judge_away(readings, at)

    def _infer_charging(self, connector: int) -> None:
        """Believe the meter where a charger starts a transaction and never reports that its car charges."""
        state = self._shared.connector(connector)
        if state.status is not ConnectorStatus.PREPARING or state.transaction is None:
            return
        waited, counted_wh = self._waited_wh.get(connector, ("", 0.0))
        before_wh = counted_wh if waited == state.transaction.id else 0.0
        taken_wh = (state.session_energy_wh or 0.0) - before_wh
        if _draws(state) or taken_wh >= _DRAWN_WH:
            self._change_status(connector, ConnectorStatus.CHARGING, state.error_code)

    def reported_needs(self, connector: int, needs: ChargingNeeds) -> bool:
        """Note what a car needs; returns whether it can be answered with a schedule at once."""
        self._shared.change(connector, needs=needs)
        adapter = self._presence.adapter
        return adapter is not None and self._limits.of(connector).renew(adapter)

    def reported_priority(self, connector: int, *, on: bool) -> None:
        """Note whether the driver requested maximum power at the station."""
        self._shared.change(connector, priority=on)


def _draws(state: ConnectorState) -> bool:
    """Whether the meter of a connector shows a car that charges."""
    meter = state.meter
    if any(a is not None and a > _DRAWS_A for a in meter.current_a):
        return True
    return meter.power_w is not None and meter.power_w > _DRAWS_W
