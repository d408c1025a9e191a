"""The commands that list the sites, and show one."""

from typing import Any

import voluptuous as vol

from homeassistant.components import websocket_api
from homeassistant.components.websocket_api import (
    ERR_NOT_FOUND,
    ERR_UNAUTHORIZED,
    ActiveConnection,
)
from homeassistant.components.websocket_api.const import ERR_SERVICE_VALIDATION_ERROR
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.exceptions import ServiceValidationError
from homeassistant.util import dt as dt_util

from ..const import DOMAIN
from ..data import SunfuseConfigEntry, loaded_sites
from ..rights import Viewer
from ..site.chargers.connector_names import connector_names
from ..translated_reasons import DECIMAL_SIGNS, as_they_read, async_load_sentences
from .pushing import Push
from .site_view import site_view


@websocket_api.websocket_command({vol.Required("type"): "sunfuse/sites"})
@callback
def list_sites(
    hass: HomeAssistant, connection: ActiveConnection, msg: dict[str, Any]
) -> None:
    """Return the sites that a user may see, and what each one has, for a dashboard to lay out.

    This includes a site that is not running: its cards say so, and continue when it is back.
    """
    viewer = Viewer(hass, connection.user)
    connection.send_result(
        msg["id"],
        [
            _contents(viewer, entry)
            for entry in hass.config_entries.async_entries(
                DOMAIN, include_ignore=False, include_disabled=False
            )
            if visible(viewer, entry)
        ],
    )


def _contents(viewer: Viewer, entry: SunfuseConfigEntry) -> dict[str, Any]:
    # Of the configuration: the site may not be loaded.
    names = connector_names(viewer.hass, entry)
    seen = [key for key in names if viewer.sees_connector(entry, key.id)]
    return {
        "entry_id": entry.entry_id,
        "title": entry.title,
        "whole": viewer.sees_site(entry),
        "chargers": [key.id for key in seen],
        "names": {key.id: names[key] for key in seen},
    }


def visible(viewer: Viewer, entry: SunfuseConfigEntry) -> bool:
    """Return whether there is anything of a site that a user may see."""
    return viewer.sees_site(entry) or any(
        viewer.sees_connector(entry, key.id)
        for key in connector_names(viewer.hass, entry)
    )


def site_for(
    hass: HomeAssistant, connection: ActiveConnection, msg: dict[str, Any]
) -> SunfuseConfigEntry | None:
    """Return the site that a command names, the first where it names none; None once an error was sent."""
    viewer = Viewer(hass, connection.user)
    wanted = msg.get("entry_id")
    named = [entry for entry in loaded_sites(hass) if wanted in (None, entry.entry_id)]
    for entry in named:
        if visible(viewer, entry):
            return entry
    if named:
        connection.send_error(msg["id"], ERR_UNAUTHORIZED, "Unauthorized")
    else:
        connection.send_error(msg["id"], ERR_NOT_FOUND, "No such site is set up")
    return None


@callback
def send_refusal(
    connection: ActiveConnection, message_id: int, refusal: ServiceValidationError
) -> None:
    """Send what is refused, with what the card translates it from; nothing is written to the log."""
    connection.send_error(
        message_id,
        ERR_SERVICE_VALIDATION_ERROR,
        str(refusal),
        translation_key=refusal.translation_key,
        translation_domain=refusal.translation_domain,
        translation_placeholders=refusal.translation_placeholders,
    )


@websocket_api.websocket_command(
    {
        vol.Required("type"): "sunfuse/site/subscribe",
        vol.Optional("entry_id"): str,
        vol.Optional("language"): vol.All(str, vol.Length(max=20)),
        # How they have numbers and times, by their profile; else as this Home Assistant.
        vol.Optional("time_zone"): vol.All(str, vol.Length(max=60)),
        vol.Optional("half_days", default=False): bool,
        vol.Optional("decimal_sign"): vol.In(DECIMAL_SIGNS),
    }
)
@websocket_api.async_response
async def subscribe_site(
    hass: HomeAssistant, connection: ActiveConnection, msg: dict[str, Any]
) -> None:
    """Push what a user may see of a site, in their language."""
    zone = await dt_util.async_get_time_zone(msg.get("time_zone", "UTC"))
    texts = as_they_read(
        await async_load_sentences(hass, msg.get("language")),
        time_zone=msg.get("time_zone") if zone else None,
        half_days=msg["half_days"],
        decimal_sign=msg.get("decimal_sign"),
    )
    if (entry := site_for(hass, connection, msg)) is None:
        return
    viewer = Viewer(hass, connection.user)

    @callback
    def follow(changed: CALLBACK_TYPE) -> CALLBACK_TYPE:
        stops = (
            entry.runtime_data.coordinator.async_add_listener(changed),
            entry.runtime_data.today.follow(changed),
        )

        @callback
        def stop() -> None:
            for one in stops:
                one()

        return stop

    push = Push(
        hass,
        connection,
        msg["id"],
        entry.entry_id,
        lambda: site_view(entry, viewer, texts),
        follow,
    )
    connection.subscriptions[msg["id"]] = push.stop
    connection.send_result(msg["id"])
    push.start()
