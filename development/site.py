"""The simulated site, added as a user adds it: through the integration's own config flow."""

import socket

from homeassistant.config_entries import SOURCE_USER, ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.data_entry_flow import FlowResultType

# Written out: whoever imports the integration from here keeps Home Assistant from finding others.
DOMAIN = "sunfuse"
KIND, SIMULATED, SPEED, PORT = "kind", "simulated", "speed", "port"
USUAL_PORT = 9000


@callback
def set_speed(hass: HomeAssistant, speed: float) -> None:
    """Let simulated time run this much faster than the wall clock."""
    for entry in hass.config_entries.async_entries(DOMAIN):
        if entry.data[KIND] == SIMULATED:
            hass.config_entries.async_update_entry(
                entry, data={**entry.data, SPEED: speed}
            )


async def ensure(hass: HomeAssistant, *, speed: float) -> ConfigEntry:
    """Return the simulated site, which is added where there is none."""
    for entry in hass.config_entries.async_entries(DOMAIN):
        if entry.data[KIND] == SIMULATED:
            return entry
    port = await hass.async_add_executor_job(free_port)
    flows = hass.config_entries.flow
    result = await flows.async_init(DOMAIN, context={"source": SOURCE_USER})
    result = await flows.async_configure(result["flow_id"], {"next_step_id": SIMULATED})
    if result["type"] is FlowResultType.FORM:
        result = await flows.async_configure(result["flow_id"], {PORT: port})
    if result["type"] is not FlowResultType.CREATE_ENTRY:
        raise RuntimeError(f"the simulated site was refused: {result}")
    set_speed(hass, speed)
    # A changed entry sets itself up anew.
    await hass.async_block_till_done()
    return result["result"]


def free_port() -> int:
    """Return the port that chargers usually connect to, or another where it is taken."""
    for port in (USUAL_PORT, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("", port))
            except OSError:
                continue
            free: int = probe.getsockname()[1]
            return free
    raise RuntimeError("no port is free")
