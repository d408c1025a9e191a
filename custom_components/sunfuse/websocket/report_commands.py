"""The command of the capacity card: how much the connection carries."""

from typing import Any

import voluptuous as vol

from homeassistant.components import websocket_api
from homeassistant.components.websocket_api import ERR_UNAUTHORIZED, ActiveConnection
from homeassistant.core import HomeAssistant

from ..rights import Viewer
from ..site.reporting import async_report, no_history
from .site_commands import send_refusal, site_for


@websocket_api.websocket_command(
    {vol.Required("type"): "sunfuse/site/report", vol.Optional("entry_id"): str}
)
@websocket_api.async_response
async def report_site(
    hass: HomeAssistant, connection: ActiveConnection, msg: dict[str, Any]
) -> None:
    """Return the report of a site, of the usual charger and days."""
    if (entry := site_for(hass, connection, msg)) is None:
        return
    if not Viewer(hass, connection.user).sees_site(entry):
        connection.send_error(msg["id"], ERR_UNAUTHORIZED, "Unauthorized")
        return
    asked = await async_report(hass, entry, {})
    if asked.report is None:
        send_refusal(connection, msg["id"], no_history(entry))
    else:
        connection.send_result(msg["id"], asked.report.to_dict())
