"""Offers the dashboard when the first charger is there: a repair with a link that creates it."""

from typing import Any

from homeassistant.components.lovelace.const import (
    EVENT_LOVELACE_UPDATED,
    LOVELACE_DATA,
    ConfigNotFound,
)
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from .const import DOMAIN, SETUP_PANEL
from .data import SunfuseConfigEntry
from .site.outcome import ConnectorKey

_ISSUE = "dashboard_offer"
_OURS = "custom:sunfuse"


async def async_offer_dashboard(hass: HomeAssistant, entry: SunfuseConfigEntry) -> None:
    """Offer the dashboard as soon as a site has a charger, until there is one. A user who ignores the offer is not asked again."""
    if "lovelace" not in hass.config.components:
        return

    async def look() -> None:
        if not entry.runtime_data.chargers.connector_keys():
            return
        if await _async_has_dashboard(hass):
            ir.async_delete_issue(hass, DOMAIN, _ISSUE)
            return
        ir.async_create_issue(
            hass,
            DOMAIN,
            _ISSUE,
            is_fixable=False,
            severity=ir.IssueSeverity.WARNING,
            translation_key="dashboard_offer",
            translation_placeholders={"link": f"/{SETUP_PANEL}"},
        )

    @callback
    def look_soon(_: list[ConnectorKey] | Event[Any] | None = None) -> None:
        entry.async_create_background_task(hass, look(), f"{DOMAIN} dashboard offer")

    entry.async_on_unload(entry.runtime_data.chargers.listen(look_soon))
    entry.async_on_unload(hass.bus.async_listen(EVENT_LOVELACE_UPDATED, look_soon))
    await look()


async def _async_has_dashboard(hass: HomeAssistant) -> bool:
    """Return whether any dashboard shows something of Sunfuse."""
    for dashboard in hass.data[LOVELACE_DATA].dashboards.values():
        try:
            config = await dashboard.async_load(False)
        except ConfigNotFound:
            continue
        if _OURS in str(config):
            return True
    return False
