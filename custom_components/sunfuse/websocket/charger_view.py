"""What the cards show of a connector: who charges there, how much, why not more, and what may be changed."""

from collections.abc import Mapping
from typing import Any

from homeassistant.const import Platform
from homeassistant.helpers import device_registry as dr

from ..data import SunfuseConfigEntry
from ..devices import connector_identifier, station_identifier
from ..engine.cars.boost import quota_of, used_wh
from ..rights import Viewer
from ..site.cars.driver_words import can_clear_departure
from ..site.cars.readiness import missing_wh
from ..site.chargers.boosts import boosting_person
from ..site.ledger.todays_sessions import ChargedToday
from ..site.outcome import ConnectorData, ConnectorKey
from ..translated_reasons import explain_connector, what_would_change_it

# What a card changes, by the name that it uses: the entity's platform and key.
CONTROLS: Mapping[str, tuple[Platform, str]] = {
    "mode": (Platform.SELECT, "mode"),
    "boost": (Platform.SWITCH, "boost"),
    "allowed": (Platform.SWITCH, "charging_allowed"),
    "max_current": (Platform.NUMBER, "max_current"),
    "session_energy": (Platform.SENSOR, "session_energy"),
    "energy": (Platform.SENSOR, "energy"),
    "power": (Platform.SENSOR, "power"),
}


def charger_view(
    entry: SunfuseConfigEntry,
    viewer: Viewer,
    texts: Mapping[str, str],
    data: ConnectorData,
) -> dict[str, Any]:
    """Return what the cards show of a connector."""
    state, decision, settings = data.connector, data.decision, data.settings
    today = entry.runtime_data.today.data.get(data.key)
    until = dict(decision.reason.values).get("until")
    view: dict[str, Any] = {
        "id": data.key.id,
        "identity": data.key.identity,
        "name": entry.runtime_data.chargers.names.get(data.key, data.key.identity),
        "device_id": device_of(entry, viewer, data.key),
        "connected": data.station.connected,
        "status": state.status.value if state.status else None,
        "power_w": _tens(state.meter.power_w),
        "current_a": [
            None if current is None else round(current, 1)
            for current in state.meter.current_a
        ],
        "session_wh": _tens(state.session_energy_wh),
        "today_wh": _today_wh(today, entry),
        "cost": _rounded(today.session.cost) if today else None,
        "sun_share": _rounded(today.session.sun_share) if today else None,
        "soc": _soc(entry, data),
        "vehicle": _vehicle(entry, data.key),
        "offer_a": round(decision.offer_a, 1),
        "driver": data.holder.name if data.holder else None,
        "mine": _is_own(entry, viewer, data),
        "mode": settings.mode.value,
        "allowed": settings.allowed,
        "priority": settings.priority,
        "reason": {
            "key": decision.reason.key.value,
            "text": explain_connector(
                texts, data, entry.runtime_data.planning.clock.now()
            ),
            "change": what_would_change_it(texts, decision.reason),
            "until": until if isinstance(until, str) else None,
        },
        "boost": _boost(entry, viewer, data),
        "demand": _demand(entry, data.key),
        "plan": _plan(entry, data.key),
        "may_drive": viewer.drives(entry, data.key),
        "entities": {
            name: entity_id
            for name, (platform, key) in CONTROLS.items()
            if (entity_id := viewer.entity(entry, platform, f"{data.key.id}_{key}"))
        },
    }
    return view


def _soc(entry: SunfuseConfigEntry, data: ConnectorData) -> float | None:
    """Return the car's state of charge: as its charger reports it, otherwise as Sunfuse knows it."""
    soc = data.connector.meter.soc
    known = entry.runtime_data.demands.at(data.key).soc if soc is None else soc
    return None if known is None else round(known)


def _vehicle(entry: SunfuseConfigEntry, key: ConnectorKey) -> str | None:
    """Return what the car is called, None for a guest."""
    vehicle = entry.runtime_data.demands.at(key).vehicle
    subentry = entry.subentries.get(vehicle) if vehicle else None
    return subentry.title if subentry else None


def _is_own(entry: SunfuseConfigEntry, viewer: Viewer, data: ConnectorData) -> bool:
    """Return whether it is the user themselves who charges there."""
    own = entry.runtime_data.persons.of_user(viewer.user.id, viewer.user.name)
    return data.holder is not None and data.holder.subentry_id in {p.id for p in own}


def _today_wh(today: ChargedToday | None, entry: SunfuseConfigEntry) -> int | None:
    """Return what was charged since midnight; None until the ledger was read."""
    if today is not None:
        return _tens(today.energy_wh)
    return 0 if entry.runtime_data.today.was_read else None


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)


def _tens(value: float | None) -> int | None:
    return None if value is None else round(value / 10) * 10


def device_of(
    entry: SunfuseConfigEntry, viewer: Viewer, key: ConnectorKey
) -> str | None:
    """Return the device of a connector: its own, else its charger's."""
    registry = dr.async_get(viewer.hass)
    for identifier in (
        connector_identifier(entry, key),
        station_identifier(entry, key.identity),
    ):
        device = registry.async_get_device_by_identifier(identifier, entry.entry_id)
        if device is not None:
            return device.id
    return None


def _boost(
    entry: SunfuseConfigEntry, viewer: Viewer, data: ConnectorData
) -> dict[str, Any]:
    """Return whether there is a boost, until when, and what is left of the quota of whoever would start one."""
    boost = data.settings.boost
    runtime = entry.runtime_data
    snapshot = runtime.coordinator.data.snapshot
    person = (
        data.holder.subentry_id
        if data.holder
        else boosting_person(entry, viewer.user.id)
    )
    quota_wh = quota_of(person, snapshot)
    return {
        "on": boost is not None,
        "until": boost.until.isoformat() if boost and boost.until else None,
        "energy_wh": boost.energy_wh if boost else None,
        "quota_wh": quota_wh,
        "used_wh": None
        if quota_wh is None
        else _tens(used_wh(person, snapshot, runtime.controller.memory)),
    }


def _demand(entry: SunfuseConfigEntry, key: ConnectorKey) -> dict[str, Any] | None:
    """Return when a car is to be ready and how full, None if nobody said so."""
    runtime = entry.runtime_data
    demand = runtime.planning.shown_demand(key)
    if demand.departure is None and demand.target_soc is None:
        return None
    return {
        "departure": demand.departure.isoformat() if demand.departure else None,
        "target_soc": demand.target_soc,
        "guessed": demand.departure_guessed,
        "clearable": can_clear_departure(entry, key),
    }


def _plan(entry: SunfuseConfigEntry, key: ConnectorKey) -> dict[str, Any] | None:
    """Return when the plan has a car ready, by the wall clock, and what waiting saves."""
    planning = entry.runtime_data.planning
    car = planning.car(key)
    if car is None:
        return None
    lacks_wh = missing_wh(planning.demand(key), car)
    if not (car.ready or lacks_wh):
        return None
    return {
        "ready": planning.clock.here(car.ready).isoformat(timespec="minutes")
        if car.ready
        else None,
        "missing_wh": _tens(lacks_wh),
        "saving": round(car.saving, 2) + 0.0,
        "sun_share": round(car.sun_share, 2),
    }
