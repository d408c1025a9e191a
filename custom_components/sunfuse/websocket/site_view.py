"""What the cards show of a site: its flows, circuits, peaks and limits."""

from collections.abc import Iterator, Mapping
from typing import Any

from ..const import MAIN_CIRCUIT
from ..data import SunfuseConfigEntry
from ..engine.limits.limits import limits_in_force, power_of
from ..engine.model import CircuitDecision, Connector, MeterQuality, Snapshot
from ..rights import Viewer
from ..site.chargers.ocpp_address import address_of
from ..site.outcome import ConnectorData, SiteData
from ..site.simulated.site_clock import SiteClock
from ..translated_reasons import explain, in_its_language
from .charger_view import charger_view

type Texts = Mapping[str, str]


def site_view(
    entry: SunfuseConfigEntry, viewer: Viewer, texts: Texts
) -> dict[str, Any]:
    """Return all that a user may see of a site that is loaded."""
    runtime = entry.runtime_data
    data = runtime.coordinator.data
    view: dict[str, Any] = {
        "entry_id": entry.entry_id,
        "title": entry.title,
        "admin": viewer.user.is_admin,
        "available": runtime.coordinator.last_update_success,
        "phases": data.snapshot.site.phases,
        "currency": viewer.hass.config.currency,
        "address": address_of(viewer.hass, entry).url,
        "clock": clock_of(runtime.planning.clock),
        "chargers": {
            key.id: charger_view(entry, viewer, texts, connector)
            for key, connector in data.connectors.items()
            if viewer.sees_connector(entry, key.id)
        },
    }
    if viewer.sees_site(entry):
        view |= {
            "flows": flows(data),
            "surplus_w": watts(data.decision.surplus_w),
            "circuits": list(_circuits(entry, viewer, texts, data)),
            "peaks": list(_peaks(entry, data)),
            "limits": _limits(data.snapshot, texts),
        }
    return view


def clock_of(clock: SiteClock) -> str | None:
    """Return the time at a simulated site that runs faster, by quarter hours; None where the clock on the wall counts."""
    if clock.house is None:
        return None
    now = clock.now()
    return now.replace(
        minute=now.minute // 15 * 15, second=0, microsecond=0
    ).isoformat()


def watts(power_w: float | None) -> int | None:
    """Round a power to 10 W, as a card shows it: noise is not sent."""
    return None if power_w is None else round(power_w / 10) * 10


def amperes(current_a: float) -> float:
    """Round a current to what a card shows."""
    return round(current_a, 1) + 0.0  # no -0.0


def car_w(connector: ConnectorData, voltage_v: float) -> float:
    """Return what a connector's car draws: as its charger reports it, else from the currents."""
    meter = connector.connector.meter
    if meter.power_w is not None:
        return meter.power_w
    return sum(current or 0.0 for current in meter.current_a) * voltage_v


def flows(data: SiteData) -> dict[str, Any]:
    """Return the powers of a site. Grid is positive on import, battery on discharge; the house is what remains."""
    snapshot = data.snapshot
    grid_w = data.grid_power_w
    solar_w = snapshot.solar.power_w if snapshot.solar else None
    battery = snapshot.battery
    battery_w = battery.power_w if battery else None
    cars_w = sum(
        car_w(connector, snapshot.site.voltage_v)
        for connector in data.connectors.values()
    )
    house_w = None
    if grid_w is not None:
        house_w = max(0.0, grid_w + (solar_w or 0.0) + (battery_w or 0.0) - cars_w)
    return {
        "grid_w": watts(grid_w),
        "solar_w": watts(solar_w),
        "battery_w": watts(battery_w),
        "battery_soc": battery.soc if battery else None,
        "house_w": watts(house_w),
        "cars_w": watts(cars_w),
    }


def _circuits(
    entry: SunfuseConfigEntry, viewer: Viewer, texts: Texts, data: SiteData
) -> Iterator[dict[str, Any]]:
    decisions = {circuit.id: circuit for circuit in data.decision.circuits}
    for circuit in data.snapshot.circuits:
        decision = decisions[circuit.id]
        awaited = decision.meter is MeterQuality.AWAITED
        key = "limit" if circuit.id == MAIN_CIRCUIT else f"{circuit.id}_limit"
        yield {
            "id": circuit.id,
            "name": in_its_language(texts, circuit.name),
            "parent": circuit.parent,
            "state": None if awaited else decision.state.value,
            "limit_a": [amperes(x) for x in decision.limit_a],
            "other_a": [amperes(x) for x in decision.uncontrolled_a],
            "cars_a": _cars_a(data.snapshot, circuit.id),
            "headroom_a": [amperes(x) for x in decision.headroom_a],
            "why": _why(texts, decision, circuit.name),
            "limit_entity": viewer.entity(entry, "number", key),
        }


def _why(texts: Texts, decision: CircuitDecision, name: str) -> str | None:
    """Return what keeps a circuit below its limit, as a sentence."""
    reason = decision.meter_lost(name) or decision.lowered_by
    return None if reason is None else explain(texts, reason)


def _cars_a(snapshot: Snapshot, circuit: str) -> list[float]:
    """Return what the cars at and below a circuit draw, per phase."""
    parents = {c.id: c.parent for c in snapshot.circuits}
    total = [0.0] * snapshot.site.phases
    for connector in snapshot.connectors:
        at: str | None = connector.circuit
        while at is not None and at != circuit:
            at = parents.get(at)
        if at is not None:
            for phase, current_a in enumerate(_draw_a(connector, snapshot)):
                total[phase] += current_a
    return [amperes(current_a) for current_a in total]


def _draw_a(connector: Connector, snapshot: Snapshot) -> tuple[float, ...]:
    if connector.draw_a is not None:
        return connector.draw_a
    if not connector.draw_w:
        return ()
    wired = connector.phases or (0,)
    each_a = connector.draw_w / snapshot.site.voltage_v / len(wired)
    return tuple(
        each_a if phase in wired else 0.0 for phase in range(snapshot.site.phases)
    )


def _peaks(entry: SunfuseConfigEntry, data: SiteData) -> Iterator[dict[str, Any]]:
    rules = entry.runtime_data.peaks.rules
    for rule_id, peak in data.peaks.items():
        yield {
            "id": rule_id,
            "name": rules[rule_id].name,
            "interval_end": peak.allowance.interval_end.isoformat(),
            "interval_w": watts(peak.allowance.mean_w),
            "target_w": watts(peak.allowance.target_w),
            "may_draw_w": watts(peak.may_draw_w),
            "month_w": watts(peak.measure_w),
            "billed_w": watts(peak.billed_w),
            "cost": None if peak.cost is None else round(peak.cost, 2),
        }


def _limits(snapshot: Snapshot, texts: Texts) -> list[dict[str, Any]]:
    names = {
        circuit.id: in_its_language(texts, circuit.name)
        for circuit in snapshot.circuits
    }
    return [
        {
            "name": in_its_language(texts, limit.name),
            "kind": limit.kind.value,
            "circuit": names.get(limit.circuit or MAIN_CIRCUIT),
            "current_a": limit.current_a,
            "power_w": watts(power_of(limit, snapshot)),
            "until": limit.until.isoformat() if limit.until else None,
        }
        for limit in limits_in_force(snapshot)
    ]
