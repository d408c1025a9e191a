"""The commands of the sessions card: what was charged, as far as the user may see it, as it changes and as a file."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import voluptuous as vol

from homeassistant.components import websocket_api
from homeassistant.components.websocket_api import ActiveConnection, event_message
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.util import dt as dt_util

from ..actions.session_exports import column_heads
from ..data import SunfuseConfigEntry
from ..rights import Viewer
from ..sessions import (
    ExportContext,
    LedgerClosedError,
    SessionFilter,
    SessionRow,
    to_csv,
)
from ..site.ledger.ledger import SiteLedger
from ..translated_reasons import async_load_sentences
from .pushing import LoadedSite
from .site_commands import site_for

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
    if (start := _start(connection, msg)) is None:
        return
    viewer = Viewer(hass, connection.user)

    async def send() -> None:
        try:
            view = await _async_view(entry, viewer, start)
        except LedgerClosedError:  # the site is being unloaded: sent when it is back
            return
        connection.send_message(event_message(msg["id"], {"set": view}))

    @callback
    def send_soon() -> None:
        if site.loaded:
            entry.async_create_background_task(hass, send(), "Sunfuse sessions")

    def follow(changed: CALLBACK_TYPE) -> CALLBACK_TYPE:
        """Listen to the ledger that the site has now; another one after a reload."""
        return entry.runtime_data.ledger.listen(changed)

    site = LoadedSite(hass, entry.entry_id, follow, send_soon)
    connection.subscriptions[msg["id"]] = site.stop
    connection.send_result(msg["id"])
    site.start()
    await send()


@websocket_api.websocket_command(
    {
        vol.Required("type"): "sunfuse/sessions/export",
        vol.Optional("entry_id"): str,
        vol.Required("start"): vol.All(str, vol.Length(max=40)),
        vol.Required("numbers"): vol.All([int], vol.Length(max=MOST)),
        vol.Required("language"): vol.All(str, vol.Length(max=20)),
    }
)
@websocket_api.async_response
async def export_sessions(
    hass: HomeAssistant, connection: ActiveConnection, msg: dict[str, Any]
) -> None:
    """Return some sessions as the action exports them, the oldest first; nobody gets sessions that they may not see."""
    if (entry := site_for(hass, connection, msg)) is None:
        return
    if (start := _start(connection, msg)) is None:
        return
    try:
        asked = frozenset(msg["numbers"]), start, msg["language"]
        export = await _async_export(entry, Viewer(hass, connection.user), *asked)
    except LedgerClosedError:
        connection.send_error(
            msg["id"], websocket_api.ERR_NOT_FOUND, "The site is being unloaded"
        )
        return
    connection.send_result(msg["id"], export)


async def _async_export(
    entry: SunfuseConfigEntry,
    viewer: Viewer,
    numbers: frozenset[int],
    start: datetime,
    language: str,
) -> dict[str, Any]:
    """Return sessions that a user may see as the file of the action, in their language."""
    hass, runtime = viewer.hass, entry.runtime_data
    seen = await _async_rows(runtime.ledger, own_persons(entry, viewer), start)
    now = dt_util.utcnow()
    rows = sorted(
        (row for row in reversed(seen) if row.number in numbers),
        key=lambda row: row.stopped_at or now,
    )
    names = await _async_names(runtime.ledger)
    prices = runtime.prices
    sentences = await async_load_sentences(hass, language)
    context = ExportContext(
        site=entry.title,
        currency=prices.currency if prices else hass.config.currency,
        tz=dt_util.get_default_time_zone(),
        language=language,
        persons=names["person"],
        vehicles=names["vehicle"],
        chargers=names["station"],
        heads=column_heads(sentences),
    )
    content = await hass.async_add_executor_job(to_csv, rows, context)
    return {"content": content, "sessions": len(rows)}


def _start(connection: ActiveConnection, msg: dict[str, Any]) -> datetime | None:
    """Return since when sessions are asked for; None once an error was sent."""
    start = dt_util.parse_datetime(msg["start"])
    if start is not None and start.tzinfo is not None:
        return start
    connection.send_error(
        msg["id"], websocket_api.ERR_INVALID_FORMAT, "A time is expected"
    )
    return None


async def _async_rows(
    ledger: SiteLedger, own: frozenset[str] | None, start: datetime
) -> list[SessionRow]:
    """Return the sessions since a time: of these persons, or all (None)."""
    filters = (
        [SessionFilter(start=start)]
        if own is None
        else [SessionFilter(start=start, person=person) for person in sorted(own)]
    )
    return [
        row for one in filters for row in await ledger.async_sessions(one, limit=MOST)
    ]


async def _async_names(ledger: SiteLedger) -> dict[str, dict[str, str]]:
    return {
        kind: await ledger.async_names(kind)
        for kind in ("station", "person", "vehicle")
    }


async def _async_view(
    entry: SunfuseConfigEntry, viewer: Viewer, start: datetime
) -> dict[str, Any]:
    ledger = entry.runtime_data.ledger
    own = own_persons(entry, viewer)
    rows = await _async_rows(ledger, own, start)
    names = await _async_names(ledger)
    running = running_of(rows)
    return {
        "all": own is None,
        "currency": viewer.hass.config.currency,
        "sessions": [
            _row(row, names) | {"running": row.number in running} for row in rows
        ],
    }


def running_of(rows: Iterable[SessionRow]) -> frozenset[int]:
    """Return which sessions run: of each connector at most the one that began last. A charger may have lost the end of an earlier one.

    The ledger numbers sessions as it hears of them, and a charger that was away reports earlier ones afterwards.
    """
    last: dict[tuple[str, int | None], SessionRow] = {}
    for row in sorted(rows, key=_begun):
        last[row.station, row.connector] = row
    return frozenset(row.number for row in last.values() if row.stopped_at is None)


def _begun(row: SessionRow) -> tuple[datetime, int]:
    begun = row.started_at or row.plugged_at or row.stopped_at
    return begun or datetime.min.replace(tzinfo=UTC), row.number


def own_persons(entry: SunfuseConfigEntry, viewer: Viewer) -> frozenset[str] | None:
    """Return whose sessions a user may see: all (None) as an administrator, else their own."""
    if viewer.user.is_admin:
        return None
    persons = entry.runtime_data.persons
    return frozenset(
        one.id for one in persons.of_user(viewer.user.id, viewer.user.name)
    )


def _row(row: SessionRow, names: dict[str, dict[str, str]]) -> dict[str, Any]:
    # Without energy and without a price, a cost of nothing would make a sum of unknown costs look known.
    cost = None if row.currency is None and not row.energy_wh else row.cost
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
        "cost": None if cost is None else round(cost, 4),
        "billed": row.billed,
        "saving": None
        if cost is None or row.savings is None
        else round(row.savings, 4),
        "currency": row.currency,
    }
