"""The commands of the plan card: the plan whenever it changes, and a preview of another departure."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import voluptuous as vol

from homeassistant.components import websocket_api
from homeassistant.components.websocket_api import (
    ERR_INVALID_FORMAT,
    ERR_NOT_FOUND,
    ERR_UNAUTHORIZED,
    ActiveConnection,
)
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.exceptions import ServiceValidationError
from homeassistant.util import dt as dt_util

from ..drivers.demand import Demand
from ..rights import Viewer
from ..site.cars.driver_words import FURTHEST
from ..site.planning.site_demands import check_within_reach
from .plan_view import intention_view, plan_view
from .pushing import Push
from .site_commands import send_refusal, site_for


@websocket_api.websocket_command(
    {vol.Required("type"): "sunfuse/plan/subscribe", vol.Optional("entry_id"): str}
)
@callback
def subscribe_plan(
    hass: HomeAssistant, connection: ActiveConnection, msg: dict[str, Any]
) -> None:
    """Push the plan of a site whenever there is another one."""
    if (entry := site_for(hass, connection, msg)) is None:
        return
    viewer = Viewer(hass, connection.user)

    @callback
    def follow(changed: CALLBACK_TYPE) -> CALLBACK_TYPE:
        return entry.runtime_data.planning.async_add_listener(changed)

    push = Push(
        hass,
        connection,
        msg["id"],
        entry.entry_id,
        lambda: plan_view(entry, viewer),
        follow,
    )
    connection.subscriptions[msg["id"]] = push.stop
    connection.send_result(msg["id"])
    push.start()


@websocket_api.websocket_command(
    {
        vol.Required("type"): "sunfuse/plan/preview",
        vol.Optional("entry_id"): str,
        vol.Required("charger"): str,
        # In the time of the site, as the plan shows it.
        vol.Required("departure"): vol.All(str, vol.Length(max=40)),
    }
)
@websocket_api.async_response
async def preview_plan(
    hass: HomeAssistant, connection: ActiveConnection, msg: dict[str, Any]
) -> None:
    """Return the plan that there would be if a car left at another time. It changes nothing."""
    if (entry := site_for(hass, connection, msg)) is None:
        return
    viewer = Viewer(hass, connection.user)
    keys = entry.runtime_data.chargers.connector_keys()
    key = next((key for key in keys if key.id == msg["charger"]), None)
    if key is None:
        connection.send_error(msg["id"], ERR_NOT_FOUND, "No such charger")
        return
    if not viewer.drives(entry, key):
        connection.send_error(msg["id"], ERR_UNAUTHORIZED, "Unauthorized")
        return
    departure: datetime | None = dt_util.parse_datetime(msg["departure"])
    planning = entry.runtime_data.planning
    if (
        departure is None
        or departure.tzinfo is None
        or not timedelta(0) < departure - planning.clock.now() <= FURTHEST
    ):
        connection.send_error(
            msg["id"], ERR_INVALID_FORMAT, "A departure within a year is expected"
        )
        return
    try:
        check_within_reach(departure, planning.clock)
    except ServiceValidationError as error:
        send_refusal(connection, msg["id"], error)
        return

    def leaves_then(demand: Demand) -> Demand:
        return replace(demand, departure=departure, guessed=False)

    intention = await planning.async_preview(key, leaves_then, None)
    connection.send_result(msg["id"], intention_view(entry, viewer, intention))
