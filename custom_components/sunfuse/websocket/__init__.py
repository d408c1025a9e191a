"""The commands behind the cards: they push what changed, and show each user what they may see."""

from homeassistant.components import websocket_api
from homeassistant.core import HomeAssistant, callback

from .new_chargers import accept_chargers, subscribe_new_chargers
from .plan_commands import preview_plan, subscribe_plan
from .report_commands import report_site
from .session_commands import export_sessions, subscribe_sessions
from .site_commands import list_sites, subscribe_site


@callback
def async_setup_websocket(hass: HomeAssistant) -> None:
    """Register the commands."""
    for command in (
        list_sites,
        subscribe_site,
        subscribe_new_chargers,
        accept_chargers,
        subscribe_plan,
        preview_plan,
        report_site,
        subscribe_sessions,
        export_sessions,
    ):
        websocket_api.async_register_command(hass, command)
