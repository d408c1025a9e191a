"""The commands of the sessions card: what was charged, as far as the user may see it, as it changes and as a file."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import voluptuous as vol

from homeassistant.components import websocket_api
from homeassistant.components.websocket_api import ActiveConnection, event_message
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.util import dt as dt_util

from ..data import SunfuseConfigEntry
from ..rights import Viewer
from ..sessions import GroupBy, LedgerClosedError, SessionFilter, SessionRow, to_csv
from ..site.ledger.export_context import export_context
from ..site.ledger.ledger import SiteLedger
from ..translated_reasons import DECIMAL_SIGNS, async_load_sentences
from .pushing import LoadedSite
from .site_commands import site_for

# A year of a fleet; whoever wants more asks for a shorter time.
MOST = 5000


def _instant(text: str) -> datetime:
    """Return a time with its offset."""
    time = dt_util.parse_datetime(text)
    if time is None or time.tzinfo is None:
        raise vol.Invalid("A time is expected")
    return time


_START = vol.All(str, vol.Length(max=40), _instant)


@websocket_api.websocket_command(
    {
        vol.Required("type"): "sunfuse/sessions/subscribe",
        vol.Optional("entry_id"): str,
        vol.Required("start"): _START,
    }
)
@websocket_api.async_response
async def subscribe_sessions(
    hass: HomeAssistant, connection: ActiveConnection, msg: dict[str, Any]
) -> None:
    """Push the sessions since a time, and push them again when one begins, ends or is corrected."""
    if (entry := site_for(hass, connection, msg)) is None:
        return
    viewer = Viewer(hass, connection.user)

    async def send() -> None:
        try:
            view = await _async_view(entry, viewer, msg["start"])
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
        vol.Required("start"): _START,
        vol.Required("numbers"): vol.All([int], vol.Length(max=MOST)),
        vol.Required("language"): vol.All(str, vol.Length(max=20)),
        vol.Optional("decimal_sign"): vol.In(DECIMAL_SIGNS),
    }
)
@websocket_api.async_response
async def export_sessions(
    hass: HomeAssistant, connection: ActiveConnection, msg: dict[str, Any]
) -> None:
    """Return some sessions as the action exports them, the oldest first; nobody gets sessions that they may not see."""
    if (entry := site_for(hass, connection, msg)) is None:
        return
    try:
        export = await _async_export(entry, Viewer(hass, connection.user), msg)
    except LedgerClosedError:
        connection.send_error(
            msg["id"], websocket_api.ERR_NOT_FOUND, "The site is being unloaded"
        )
        return
    connection.send_result(msg["id"], export)


async def _async_export(
    entry: SunfuseConfigEntry, viewer: Viewer, asked: Mapping[str, Any]
) -> dict[str, Any]:
    """Return sessions that a user may see as the file of the action, as they read it."""
    hass, ledger = viewer.hass, entry.runtime_data.ledger
    seen = await _async_rows(ledger, own_persons(entry, viewer), asked["start"])
    now, numbers = dt_util.utcnow(), frozenset(asked["numbers"])
    rows = sorted(
        (row for row in reversed(seen) if row.number in numbers),
        key=lambda row: row.stopped_at or now,
    )
    language: str = asked["language"]
    context = replace(
        export_context(
            site=entry.title,
            currency=entry.runtime_data.planning.currency,
            names=await ledger.async_all_names(),
            sentences=await async_load_sentences(hass, language),
            language=language,
        ),
        decimal_sign=asked.get("decimal_sign"),
    )
    content = await hass.async_add_executor_job(to_csv, rows, context)
    return {"content": content, "sessions": len(rows)}


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


async def _async_view(
    entry: SunfuseConfigEntry, viewer: Viewer, start: datetime
) -> dict[str, Any]:
    ledger = entry.runtime_data.ledger
    own = own_persons(entry, viewer)
    rows = await _async_rows(ledger, own, start)
    names = await ledger.async_all_names()
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


def _row(row: SessionRow, names: Mapping[GroupBy, Mapping[str, str]]) -> dict[str, Any]:
    # Without energy and without a price, a cost of nothing would make a sum of unknown costs look known.
    cost = None if row.currency is None and not row.energy_wh else row.cost
    return {
        "number": row.number,
        "station": row.station,
        "charger": names[GroupBy.STATION].get(row.station, row.station),
        "person": names[GroupBy.PERSON].get(row.person) if row.person else None,
        "vehicle": names[GroupBy.VEHICLE].get(row.vehicle) if row.vehicle else None,
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
