"""System health: what is worth knowing of all sites at a glance, before anybody reads a log."""

from typing import Any

from homeassistant.components.system_health import SystemHealthRegistration
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from .const import CONF_PORT, DOMAIN
from .data import loaded_sites
from .planner import SOLVER
from .sensors.site import main_state


@callback
def async_register(hass: HomeAssistant, register: SystemHealthRegistration) -> None:
    """Register what is shown, with a link to where it can be changed."""
    register.async_register_info(
        async_info, f"/config/integrations/integration/{DOMAIN}"
    )


async def async_info(hass: HomeAssistant) -> dict[str, Any]:
    """Return how the sites are: names, numbers and times, and nobody's secrets."""
    entries = hass.config_entries.async_entries(DOMAIN)
    loaded = loaded_sites(hass)
    stations = [
        station.state
        for entry in loaded
        for station in entry.runtime_data.central_system.stations.values()
    ]
    connected = sum(station.connected for station in stations)
    versions = sorted(
        {station.info.protocol for station in stations if station.connected}
    )
    plannings = [entry.runtime_data.planning for entry in loaded]
    plans = [
        age
        for planning in plannings
        if (age := planning.data.age(planning.clock.now())) is not None
    ]
    unknown = sum(len(entry.runtime_data.central_system.pending) for entry in loaded)
    issues = sum(
        issue.active and issue.dismissed_version is None
        for (domain, _), issue in ir.async_get(hass).issues.items()
        if domain == DOMAIN
    )
    return {
        "sites": f"{len(loaded)}/{len(entries)}",
        "ports": ", ".join(str(entry.data[CONF_PORT]) for entry in entries),
        "chargers": f"{connected}/{len(stations)}",
        "unknown_chargers": unknown,
        "protocols": ", ".join(versions),
        "main_fuses": ", ".join(
            main_state(entry.runtime_data.coordinator.data) or "?" for entry in loaded
        ),
        "solver": "highspy" if SOLVER else "-",
        "oldest_plan": f"{max(plans).total_seconds() / 60:.0f} min" if plans else "-",
        "repairs": issues,
    }
