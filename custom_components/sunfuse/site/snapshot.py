"""Builds the engine's input from the configuration, the readings and the chargers' states."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from ..central_system.station_state import ConnectorState, MeterSample, StationState
from ..const import (
    CONF_CIRCUIT,
    CONF_FAIL_SAFE_CURRENT,
    CONF_IMBALANCE,
    CONF_MAX_CURRENT,
    CONF_MIN_CURRENT,
    CONF_PHASE_SWITCHING,
    MAIN_CIRCUIT,
)
from ..drivers.demand import Demand, promised_a
from ..engine.model import (
    Boost,
    BoostQuota,
    Circuit,
    Connector,
    ConnectorStatus,
    ExternalLimit,
    Mode,
    PerPhase,
    PlanSlot,
    Reason,
    ReasonKey,
    Site,
    Snapshot,
)
from ..sources.live_readings import SiteReadings
from .circuits import CircuitTree
from .engine_options import battery_rules_of, tuning_of
from .entry_data import legs_of, site_of, wiring
from .outcome import ConnectorKey
from .settings import ConnectorSettings, Settings


def site_draw(
    meter: MeterSample, phases: tuple[int, ...], site: Site
) -> PerPhase | None:
    """Return what a connector draws on each phase of the site, None if that is not known by phase.

    A power alone is enough if there is only one current; otherwise the engine estimates it. One current flows between the two legs of a split-phase site, of which many chargers report only the first.
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


def connector_of(
    *,
    key: ConnectorKey,
    data: Mapping[str, Any],
    site: Site,
    station: StationState,
    state: ConnectorState,
    settings: ConnectorSettings,
    unconfirmed_a: float | None,
    by_card: bool = False,
    step_a: float = 0.1,
    driver: str | None = None,
    connect_to: str | None = None,
    demand: Demand = Demand(),
    now: datetime | None = None,
    name: str | None = None,
) -> Connector:
    """Return a connector for the engine. An offer in transit counts from the moment that it is sent.

    `by_card` says that only a card starts a session. `step_a` are the charger's steps of current. `driver` is whose quota
    a boost counts against that is requested at the charger itself. `connect_to` is the address to configure in a charger
    that has never connected. `demand` is what its session asks for.
    """
    phases = wiring(data, site)
    max_a: float = data[CONF_MAX_CURRENT]
    several = len(station.connectors) > 1  # behind one cable
    car_phases = demand.phases if legs_of(phases, site) == 1 else None
    offers = [offer for offer in (state.offer_a, unconfirmed_a) if offer is not None]
    return Connector(
        id=key.id,
        circuit=data[CONF_CIRCUIT],
        phases=phases,
        min_a=data[CONF_MIN_CURRENT],
        max_a=min(max_a, settings.max_current_a or max_a),
        fail_safe_a=data[CONF_FAIL_SAFE_CURRENT],
        step_a=step_a,
        mode=_mode(settings.mode, demand),
        withheld=_withheld(demand),
        allowed=settings.allowed,
        status=state.status or _unknown_status(state),
        status_reported=state.status is not None,
        paused=state.paused,
        start_requests=state.start_requests,
        needs_card=by_card and (_waits_to_start(state) or _was_refused(station, state)),
        refuses_to_stop=state.refuses_to_stop,
        reachable=station.connected,
        name=name,
        used=state.used or state.status in _CAR_THERE,
        connect_to=connect_to,
        offer_a=max(offers, default=None),
        offer_until=state.offer_until,
        offered_at=state.offered_at,
        draw_a=site_draw(state.meter, phases, site),
        draw_w=state.meter.power_w,
        draw_at=state.meter.at,
        charger=key.identity if several else None,
        charger_max_a=max_a if several else None,
        fall_back_a=station.fall_back_a,
        charger_limit_a=state.charger_limit_a,
        unlimited_a=None if station.takes_limits else max_a,
        switches_phases=(
            station.switches_phases
            and data.get(CONF_PHASE_SWITCHING, True)
            and len(phases) > 1
            and legs_of(phases, site) == 1
        ),
        priority=settings.priority,
        boost=settings.boost or _asked_for(state, driver),
        connected_at=state.transaction.started_at if state.transaction else None,
        departure=demand.departure,
        energy_needed_wh=demand.metered_wh,
        car_max_a=demand.max_a,
        car_phases=car_phases,
        plan=_promise(demand, now, site.voltage_v * len(phases[:car_phases]), data),
    )


def _promise(
    demand: Demand, now: datetime | None, volts: float, data: Mapping[str, Any]
) -> PlanSlot | None:
    """Return what a reservation's promise needs now, whatever the mode; a plan of the site takes its place."""
    if now is None:
        return None
    needed_a = promised_a(
        demand,
        now,
        volts=volts,
        min_a=data[CONF_MIN_CURRENT],
        max_a=data[CONF_MAX_CURRENT],
    )
    return PlanSlot(at_least_a=needed_a) if needed_a > 0 else None


def _mode(mode: Mode, demand: Demand) -> Mode:
    """Return the mode in force: what a car is to have at once is charged at full power, whatever it costs."""
    return Mode.FAST if demand.minimum_wh > 0 and mode is not Mode.OFF else mode


def _withheld(demand: Demand) -> Reason | None:
    """Return why a driver or owner wants no charging now."""
    if demand.paused_until is not None:
        until = (("until", demand.paused_until.isoformat()),)
        return Reason(key=ReasonKey.PAUSED_UNTIL, values=until)
    return Reason(key=ReasonKey.SESSION_LIMIT) if demand.limit_reached else None


def _asked_for(state: ConnectorState, driver: str | None) -> Boost | None:
    """Return the boost of a driver who requested it at the charger (OCPP 2.1, priority charging)."""
    if not state.priority or state.transaction is None:
        return None
    return Boost(started_at=state.transaction.started_at, person=driver)


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


def _hastened(
    circuits: Iterable[Circuit], silences_s: Mapping[str, float]
) -> tuple[Circuit, ...]:
    """Return the circuits with what is known of their meters: unusual silence counts earlier, never later."""
    return tuple(
        replace(
            circuit,
            meter_max_age_s=min(
                circuit.meter_max_age_s,
                silences_s.get(circuit.id, circuit.meter_max_age_s),
            ),
        )
        for circuit in circuits
    )


def _awaited(
    circuits: Iterable[Circuit], readings: SiteReadings, now: datetime
) -> tuple[str, ...]:
    """Return the circuits whose meters have not reported yet, but have not been silent for too long."""
    since = readings.heard_since or now
    waited_s = (now - since).total_seconds()
    heard = readings.heard | ({MAIN_CIRCUIT} if readings.meter_heard else set())
    return tuple(
        circuit.id
        for circuit in circuits
        if circuit.id not in heard and waited_s <= circuit.meter_max_age_s
    )


def _placed(connectors: Iterable[Connector], tree: CircuitTree) -> Iterator[Connector]:
    """Yield connectors in their circuits.

    If the capacity of its circuit is not known, one gets no more than the fail-safe current, which it may have anyway.
    """
    places: dict[str, tuple[str, bool]] = {}
    for connector in connectors:
        named = connector.circuit
        if named not in places:
            places[named] = tree.at(named), tree.below_ignored(named)
        circuit, limited = places[named]
        if limited:
            max_a = min(connector.max_a, connector.fail_safe_a)
            connector = replace(connector, max_a=max_a)
        yield connector if circuit == named else replace(connector, circuit=circuit)


def build_snapshot(
    *,
    now: datetime,
    name: str,
    tree: CircuitTree,
    settings: Settings,
    readings: SiteReadings | None,
    connectors: Iterable[Connector],
    limits: Iterable[ExternalLimit] = (),
    boost_quotas: Iterable[BoostQuota] = (),
    solar_ahead_w: float | None = None,
) -> Snapshot:
    """Return everything that is known at `now`.

    `name` is that of the main circuit; `limits` are external ones, besides those that actions have set.
    """
    readings = readings or SiteReadings()
    main = ((MAIN_CIRCUIT, readings.meter),) if readings.meter else ()
    silence_s = readings.meter_silence_s
    circuits = _hastened(
        tree.engine_circuits(name, settings.limits_a),
        dict(readings.circuit_silences_s)
        | ({MAIN_CIRCUIT: silence_s} if silence_s is not None else {}),
    )
    return Snapshot(
        now=now,
        site=replace(
            site_of(tree.site), imbalance_a=tree.site.get(CONF_IMBALANCE) or None
        ),
        circuits=circuits,
        awaited=_awaited(circuits, readings, now),
        meters=(*main, *readings.circuit_meters),
        temperatures=readings.temperatures,
        solar=readings.solar,
        solar_ahead_w=solar_ahead_w,
        battery=readings.battery,
        connectors=tuple(_placed(connectors, tree)),
        policy=settings.site.policy,
        limits=(*settings.site.limits, *limits),
        tuning=tuning_of(tree.site),
        battery_rules=battery_rules_of(tree.site),
        boost_quotas=tuple(boost_quotas),
    )
