"""The command of the sessions card: what was charged, as far as the user may see it, sent again whenever that changes."""

from datetime import datetime
from typing import Any

import voluptuous as vol

from homeassistant.components import websocket_api
from homeassistant.components.websocket_api import ActiveConnection, event_message
from homeassistant.core import HomeAssistant, callback
from homeassistant.util import dt as dt_util

from ..data import SunfuseConfigEntry
from ..sessions import SessionFilter, SessionRow
from .site_commands import site_for
from .viewers import Viewer

# A year of a fleet; whoever wants more asks for a shorter time.
MOST = 5000


@websocket_api.websocket_command(
    {
        vol.Required("type"): "sunfuse/sessions/subscribe",
        vol.Optional("entry_id"): str,
        vol.Required("start"): vol.All(str, vol.Length(max=40)),
    }
)
@websocket_api.async_response
async def subscribe_sessions(
    hass: HomeAssistant, connection: ActiveConnection, msg: dict[str, Any]
) -> None:
    """Push the sessions since a time, and push them again when one begins, ends or is corrected."""
    if (entry := site_for(hass, connection, msg)) is None:
        return
    start = dt_util.parse_datetime(msg["start"])
    if start is None or start.tzinfo is None:
        connection.send_error(
            msg["id"], websocket_api.ERR_INVALID_FORMAT, "A time is expected"
        )
        return
    viewer = Viewer(hass, connection.user)

    async def send() -> None:
        view = await _async_view(entry, viewer, start)
        connection.send_message(event_message(msg["id"], {"set": view}))

    @callback
    def send_soon() -> None:
        entry.async_create_background_task(hass, send(), "Sunfuse sessions")

    connection.subscriptions[msg["id"]] = entry.runtime_data.ledger.listen(send_soon)
    connection.send_result(msg["id"])
    await send()


async def _async_view(
    entry: SunfuseConfigEntry, viewer: Viewer, start: datetime
) -> dict[str, Any]:
    ledger = entry.runtime_data.ledger
    own = own_persons(entry, viewer)
    filters = (
        [SessionFilter(start=start)]
        if own is None
        else [SessionFilter(start=start, person=person) for person in sorted(own)]
    )
    rows = [
        row for one in filters for row in await ledger.async_sessions(one, limit=MOST)
    ]
    names = {
        kind: await ledger.async_names(kind)
        for kind in ("station", "person", "vehicle")
    }
    return {
        "all": own is None,
        "currency": viewer.hass.config.currency,
        "sessions": [_row(row, names) for row in rows],
    }


def own_persons(entry: SunfuseConfigEntry, viewer: Viewer) -> frozenset[str] | None:
    """Return whose sessions a user may see: all (None) as an administrator, else their own."""
    if viewer.user.is_admin:
        return None
    persons = entry.runtime_data.persons
    return frozenset(
        one.id for one in persons.of_user(viewer.user.id, viewer.user.name)
    )


def _row(row: SessionRow, names: dict[str, dict[str, str]]) -> dict[str, Any]:
    return {
        "number": row.number,
        "station": row.station,
        "charger": names["station"].get(row.station, row.station),
        "person": names["person"].get(row.person) if row.person else None,
        "vehicle": names["vehicle"].get(row.vehicle) if row.vehicle else None,
        "start": row.started_at.isoformat() if row.started_at else None,
        "stop": row.stopped_at.isoformat() if row.stopped_at else None,
        "energy_wh": round(row.energy_wh),
        "sun_wh": round(row.sun_wh),
        "cost": None if row.cost is None else round(row.cost, 4),
        "billed": row.billed,
        "saving": None if row.savings is None else round(row.savings, 4),
        "currency": row.currency,
    }
