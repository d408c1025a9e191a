"""Diagnostics of a site: what it knew and what it decided, without secrets."""

from dataclasses import asdict
from typing import Any

from homeassistant.components.diagnostics import async_redact_data
from homeassistant.core import HomeAssistant
from homeassistant.helpers.json import json_bytes
from homeassistant.util.json import json_loads_object

from .data import SunfuseConfigEntry

# A card's number opens other chargers too; a serial number names a household to its vendor.
TO_REDACT = {"id_token", "serial"}


async def async_get_config_entry_diagnostics(
    hass: HomeAssistant, entry: SunfuseConfigEntry
) -> dict[str, Any]:
    """Return diagnostics for a site."""
    runtime = entry.runtime_data
    data = runtime.coordinator.data
    stations = runtime.central_system.stations.values()
    found = {
        "entry": {"data": dict(entry.data), "options": dict(entry.options)},
        "chargers": [
            {"title": subentry.title, "data": dict(subentry.data)}
            for subentry in entry.subentries.values()
        ],
        "snapshot": asdict(data.snapshot),
        "decision": asdict(data.decision),
        "stations": [
            asdict(station.state) | station.diagnostics() for station in stations
        ],
        "pending": [asdict(state) for state in runtime.central_system.pending.values()],
    }
    # What is redacted is looked for in lists and dictionaries only.
    redacted: dict[str, Any] = async_redact_data(
        json_loads_object(json_bytes(found)), TO_REDACT
    )
    return redacted
