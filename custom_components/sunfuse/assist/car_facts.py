"""What a language model is told about a car: facts with their units in their names."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from homeassistant.util import dt as dt_util

from ..site.cars.driver_words import next_departure
from ..site.cars.readiness import readiness_at
from ..translated_reasons import explain_connector, what_would_change_it
from .car_places import CarPlace


def car_facts(place: CarPlace, texts: Mapping[str, str]) -> dict[str, Any]:
    """Return what is known of a car or charger."""
    runtime = place.entry.runtime_data
    departure = next_departure(place.entry, place.owner)
    facts: dict[str, Any] = {
        "name": place.name,
        "also_called": sorted(set(place.names) - {place.name}),
        "site": place.entry.title,
        "plugged_in": place.plugged_in,
        "next_departure": _local(departure.at) if departure else None,
    }
    if place.owner.key is None:
        facts["state_of_charge_percent"] = _whole(
            runtime.demands.soc_of(place.owner.id)
        )
    data = place.key and runtime.coordinator.data.connectors.get(place.key)
    if not place.key or not data:
        return facts
    car, demand = (
        runtime.planning.car(place.key),
        runtime.planning.shown_demand(place.key),
    )
    here = runtime.planning.clock.here
    if demand.soc is not None:
        facts["state_of_charge_percent"] = _whole(demand.soc)
    return facts | {
        "charger_connected": data.station.connected,
        "status": data.connector.status,
        "mode": data.settings.mode,
        "power_w": _whole(data.connector.meter.power_w),
        "session_energy_kwh": round((data.connector.session_energy_wh or 0) / 1000, 1),
        "explanation": explain_connector(texts, data, runtime.planning.clock.now()),
        "what_would_change_it": what_would_change_it(texts, data.decision.reason),
        "target_percent": _whole(demand.target_soc),
        "readiness": readiness_at(place.entry, place.key),
        "ready_at": _local(here(car.ready)) if car and car.ready else None,
        "next_charging_start": _local(here(car.next_start))
        if car and car.next_start
        else None,
        "paused_until": _local(demand.paused_until) if demand.paused_until else None,
    }


def _whole(value: float | None) -> int | None:
    return None if value is None else round(value)


def _local(at: datetime) -> str:
    return dt_util.as_local(at).strftime("%Y-%m-%d %H:%M")
