"""What is known of a connector, and the engine's connector that is made of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ...central_system.station_state import ConnectorState, MeterSample, StationState
from ...const import (
    CONF_CIRCUIT,
    CONF_FAIL_SAFE_CURRENT,
    CONF_MAX_CURRENT,
    CONF_MIN_CURRENT,
    CONF_PHASE_SWITCHING,
)
from ...drivers.demand import Demand, due_a, is_pressing
from ...engine.model import (
    Boost,
    Connector,
    ConnectorStatus,
    Mode,
    PerPhase,
    PlanSlot,
    Reason,
    ReasonKey,
    Site,
)
from ..entry_data import legs_of, wiring
from ..outcome import ConnectorKey
from ..settings import ConnectorSettings

# With these statuses a car is at the connector, whatever transaction ran there before.
_CAR_THERE = frozenset(
    (
        ConnectorStatus.PREPARING,
        ConnectorStatus.CHARGING,
        ConnectorStatus.FINISHING,
        ConnectorStatus.SUSPENDED_EV,
        ConnectorStatus.SUSPENDED_EVSE,
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownConnector:
    """All that the engine's connector is made of, besides the time."""

    key: ConnectorKey
    site: Site
    station: StationState
    state: ConnectorState
    data: Mapping[str, Any]  # of the charger's sub-entry
    settings: ConnectorSettings  # as they apply to who charges there
    name: str | None = None
    demand: Demand = Demand()  # what its session asks for
    unconfirmed_a: float | None = None  # what was commanded a moment ago
    step_a: float = 0.1  # the charger's steps of current
    by_card: bool = False  # whether only a card starts a session
    # Whose quota a boost counts against that is requested at the charger itself.
    driver: str | None = None
    # The address to configure in a charger that has never connected.
    connect_to: str | None = None

    def for_engine(self, now: datetime) -> Connector:
        """Return the connector for the engine, as it is now."""
        data, state, station, demand = self.data, self.state, self.station, self.demand
        settings = self.settings
        max_a: float = data[CONF_MAX_CURRENT]
        several = len(station.connectors) > 1  # behind one cable
        return Connector(
            id=self.key.id,
            name=self.name,
            circuit=data[CONF_CIRCUIT],
            phases=self._phases,
            min_a=data[CONF_MIN_CURRENT],
            max_a=min(max_a, settings.max_current_a or max_a),
            fail_safe_a=data[CONF_FAIL_SAFE_CURRENT],
            step_a=self.step_a,
            mode=_mode(settings.mode, demand),
            withheld=_withheld(demand),
            allowed=settings.allowed,
            priority=settings.priority,
            boost=settings.boost or self._asked_for,
            status=state.status or _unknown_status(state),
            status_reported=state.status is not None,
            paused=state.paused,
            start_requests=state.start_requests,
            needs_card=self._needs_card,
            refuses_to_stop=state.refuses_to_stop,
            reachable=station.connected,
            used=state.used or state.status in _CAR_THERE,
            connect_to=self.connect_to,
            offer_a=self._offer_a,
            offer_until=state.offer_until,
            offered_at=state.offered_at,
            draw_a=site_draw(state.meter, self._phases, self.site),
            draw_w=state.meter.power_w,
            draw_at=state.meter.at,
            charger=self.key.identity if several else None,
            charger_max_a=max_a if several else None,
            fall_back_a=station.fall_back_a,
            charger_limit_a=state.charger_limit_a,
            unlimited_a=None if station.takes_limits else max_a,
            switches_phases=self._switches_phases,
            connected_at=state.transaction.started_at if state.transaction else None,
            departure=demand.departure,
            energy_needed_wh=demand.metered_wh,
            car_max_a=demand.max_a,
            car_phases=self._car_phases,
            plan=self._promise(now),
        )

    @property
    def _phases(self) -> tuple[int, ...]:
        return wiring(self.data, self.site)

    @property
    def _between_legs(self) -> bool:
        """Whether it is between the two legs of a split-phase site, which are one phase to the car."""
        return legs_of(self._phases, self.site) == 2

    @property
    def _car_phases(self) -> int | None:
        return None if self._between_legs else self.demand.phases

    @property
    def _switches_phases(self) -> bool:
        return (
            self.station.switches_phases
            and self.data.get(CONF_PHASE_SWITCHING, True)
            and len(self._phases) > 1
            and not self._between_legs
        )

    @property
    def _offer_a(self) -> float | None:
        """The offer, which counts from the moment that it is sent."""
        offers = (self.state.offer_a, self.unconfirmed_a)
        return max((offer for offer in offers if offer is not None), default=None)

    @property
    def _needs_card(self) -> bool:
        return self.by_card and (
            _waits_to_start(self.state) or _was_refused(self.station, self.state)
        )

    @property
    def _asked_for(self) -> Boost | None:
        """The boost of a driver who requested it at the charger (OCPP 2.1, priority charging)."""
        if not self.state.priority or self.state.transaction is None:
            return None
        return Boost(started_at=self.state.transaction.started_at, person=self.driver)

    def _promise(self, now: datetime) -> PlanSlot | None:
        """Return what a reservation's promise needs now, whatever the mode; a plan of the site takes its place."""
        if not self.demand.promised:
            return None
        volts = self.site.voltage_v * len(self._phases[: self._car_phases])
        min_a, max_a = self.data[CONF_MIN_CURRENT], self.data[CONF_MAX_CURRENT]
        needed_a = due_a(
            self.demand,
            now,
            volts=volts,
            min_a=min_a,
            max_a=max_a,
            offer_a=self._offer_a,
        )
        if needed_a <= 0:
            return None
        pressing = is_pressing(self.demand, now, needed_a, max_a)
        return PlanSlot(
            at_least_a=needed_a,
            due_a=needed_a,
            pressing_w=needed_a * volts if pressing else 0.0,
        )


def site_draw(
    meter: MeterSample, phases: tuple[int, ...], site: Site
) -> PerPhase | None:
    """Return what a connector draws on each phase of the site, None if that is not known by phase.

    A power alone is enough if there is only one current; otherwise the engine estimates it. One current flows between the
    two legs of a split-phase site, of which many chargers report only the first.
    """
    draw = [0.0] * site.phases
    reported = [current for current in meter.current_a if current is not None]
    if not reported:
        legs = legs_of(phases, site)
        if meter.power_w is None or len(phases) > legs:
            return None
        for phase in phases:
            draw[phase] = meter.power_w / site.voltage_v / legs
    elif legs_of(phases, site) == 2:
        for phase in phases:
            draw[phase] = max(reported)
    else:
        for phase, current in zip(phases, meter.current_a, strict=False):
            draw[phase] = current or 0.0
    return tuple(draw)


def _mode(mode: Mode, demand: Demand) -> Mode:
    """Return the mode in force: what a car is to have at once is charged at full power, whatever it costs."""
    return Mode.FAST if demand.minimum_wh > 0 and mode is not Mode.OFF else mode


def _withheld(demand: Demand) -> Reason | None:
    """Return why a driver or owner wants no charging now."""
    if demand.paused_until is not None:
        until = (("until", demand.paused_until.isoformat()),)
        return Reason(key=ReasonKey.PAUSED_UNTIL, values=until)
    return Reason(key=ReasonKey.SESSION_LIMIT) if demand.limit_reached else None


def _waits_to_start(state: ConnectorState) -> bool:
    """Return whether a car waits at a connector for a session that nobody has begun.

    In OCPP 2.x a transaction may begin with the cable, before anybody may charge.
    """
    authorised = state.transaction is not None and state.transaction.authorised
    waits = state.status is ConnectorStatus.PREPARING
    return waits and not authorised and not state.paused


def _was_refused(station: StationState, state: ConnectorState) -> bool:
    """Return whether the card of a car was refused, and its charger reports an end.

    Behind several connectors it may have been held for another car.
    """
    alone = len(station.connectors) == 1
    refused = alone and station.last_card_taken is False
    return refused and state.status is ConnectorStatus.FINISHING


def _unknown_status(state: ConnectorState) -> ConnectorStatus:
    """Return the status of a connector that reported none: a transaction may be a charging car."""
    return (
        ConnectorStatus.CHARGING if state.transaction else ConnectorStatus.UNAVAILABLE
    )
