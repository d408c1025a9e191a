"""Serves the cards, the dashboard and the panels: in every dashboard, without any step of the user."""

from hashlib import sha256
from pathlib import Path

from homeassistant.components.frontend import (
    add_extra_js_url,
    async_panel_exists,
    async_register_built_in_panel,
)
from homeassistant.components.http import StaticPathConfig
from homeassistant.core import HomeAssistant

from .const import DRIVER_PANEL, REPORT_PANEL, SETUP_PANEL

BUILT = Path(__file__).parent / "frontend"
STATIC = "/sunfuse_static"
# The script that the frontend loads beside itself, and the elements, which that loads when the frontend is ready.
LOADER, ELEMENTS = "sunfuse.js", "sunfuse-cards.js"
# What a panel's element is called, and whether it is for administrators only.
_PANELS = {REPORT_PANEL: False, DRIVER_PANEL: False, SETUP_PANEL: True}


async def async_setup_pages(hass: HomeAssistant) -> None:
    """Register the script and the panels, if there is a frontend.

    A script that the frontend loads by itself serves dashboards in storage and in YAML alike; a Lovelace resource would
    be one more thing for the user to keep. Its address changes with its content, so no browser shows an old one.
    """
    if "frontend" not in hass.config.components or async_panel_exists(
        hass, REPORT_PANEL
    ):
        return
    version = await hass.async_add_executor_job(_version)
    await hass.http.async_register_static_paths(
        [StaticPathConfig(STATIC, str(BUILT), cache_headers=True)]
    )
    add_extra_js_url(hass, f"{STATIC}/{LOADER}?v={version}")
    for name, admin in _PANELS.items():
        async_register_built_in_panel(
            hass,
            component_name="custom",
            frontend_url_path=name,
            require_admin=admin,
            config={
                "_panel_custom": {
                    "name": name,
                    "embed_iframe": False,
                    "trust_external": False,
                    "module_url": f"{STATIC}/{ELEMENTS}?v={version}",
                }
            },
        )


def _version() -> str:
    """Return what changes with any of the files."""
    content = sha256()
    for name in (LOADER, ELEMENTS):
        content.update((BUILT / name).read_bytes())
    return content.hexdigest()[:12]
