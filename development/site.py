"""The simulated site, added as a user adds it: through the integration's own config flow."""

import socket

from homeassistant.config_entries import SOURCE_USER, ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import entity_registry as er

# Written out: whoever imports the integration from here keeps Home Assistant from finding others.
DOMAIN = "sunfuse"
KIND, SIMULATED, SPEED, PORT = "kind", "simulated", "speed", "port"
USUAL_PORT = 9000


@callback
def adjust(hass: HomeAssistant, *, speed: float, ocpp_port: int | None) -> None:
    """Let simulated time run this much faster, and the chargers connect to a port that is free."""
    for entry in hass.config_entries.async_entries(DOMAIN):
        if entry.data[KIND] == SIMULATED:
            port = ocpp_port or free_port(entry.data[PORT])
            hass.config_entries.async_update_entry(
                entry, data={**entry.data, SPEED: speed, PORT: port}
            )


async def ensure(
    hass: HomeAssistant, *, speed: float, ocpp_port: int | None
) -> ConfigEntry:
    """Return the simulated site, which is added where there is none."""
    for entry in hass.config_entries.async_entries(DOMAIN):
        if entry.data[KIND] == SIMULATED:
            return entry
    port = ocpp_port or await hass.async_add_executor_job(free_port, USUAL_PORT)
    flows = hass.config_entries.flow
    result = await flows.async_init(DOMAIN, context={"source": SOURCE_USER})
    result = await flows.async_configure(result["flow_id"], {"next_step_id": SIMULATED})
    if result["type"] is FlowResultType.FORM:
        result = await flows.async_configure(result["flow_id"], {PORT: port})
    if result["type"] is not FlowResultType.CREATE_ENTRY:
        raise RuntimeError(f"the simulated site was refused: {result}")
    adjust(hass, speed=speed, ocpp_port=port)
    # A changed entry sets itself up anew.
    await hass.async_block_till_done()
    return result["result"]


async def plan_cars(hass: HomeAssistant) -> None:
    """Let two cars be ready on time for the least money: where time runs faster, that is what there is to see."""
    for key in ("SIM-GARAGE/1", "SIM-CARPORT/1"):
        for entry in hass.config_entries.async_entries(DOMAIN):
            entity_id = er.async_get(hass).async_get_entity_id(
                "select", DOMAIN, f"{entry.entry_id}_{key}_mode"
            )
            if entity_id is not None:
                await hass.services.async_call(
                    "select",
                    "select_option",
                    {"entity_id": entity_id, "option": "eco"},
                    blocking=True,
                )


def free_port(wanted: int) -> int:
    """Return the port that is wanted, or another where it is taken."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("", port))
            except OSError:
                continue
            free: int = probe.getsockname()[1]
            return free
    raise RuntimeError("no port is free")
