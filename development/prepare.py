"""What must lie in the configuration folder before Home Assistant starts."""

from homeassistant.auth import auth_manager_from_config
from homeassistant.auth.const import GROUP_ID_ADMIN
from homeassistant.auth.providers.homeassistant import HassAuthProvider
from homeassistant.components.http.config import (
    HTTP_STORAGE_SCHEMA,
    STORAGE_KEY as HTTP_KEY,
    STORAGE_MINOR_VERSION as HTTP_MINOR_VERSION,
    STORAGE_VERSION as HTTP_VERSION,
)
from homeassistant.components.lovelace.dashboard import (
    CONFIG_STORAGE_KEY,
    CONFIG_STORAGE_VERSION,
    DASHBOARDS_STORAGE_KEY,
    DASHBOARDS_STORAGE_VERSION,
)
from homeassistant.components.onboarding import (
    STORAGE_KEY as ONBOARDING_KEY,
    STORAGE_VERSION as ONBOARDING_VERSION,
)
from homeassistant.components.onboarding.const import STEPS
from homeassistant.config_entries import ConfigEntries
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.helpers.storage import Store
from homeassistant.util import dt as dt_util

from .site import adjust

USERNAME = "dev"
PASSWORD = "dev"
DASHBOARD = "sunfuse-site"


async def prepare(
    folder: str, *, host: str, port: int, ocpp_port: int | None, speed: float
) -> None:
    """Write the owner, the address, the finished onboarding, and what a run asks of the simulated site."""
    hass = HomeAssistant(folder)
    hass.config_entries = ConfigEntries(hass, {})
    # The registries wait for the config entries, and these for the registries.
    await hass.config_entries.async_initialize()
    dr.async_setup(hass)
    await dr.async_load(hass)
    await er.async_load(hass)
    await _ensure_owner(hass)
    await _store_address(hass, host, port)
    await Store[dict[str, list[str]]](
        hass, ONBOARDING_VERSION, ONBOARDING_KEY, private=True
    ).async_save({"done": STEPS})
    await _ensure_dashboard(hass)
    adjust(hass, speed=speed, ocpp_port=ocpp_port)
    # Stores save with a delay, at the latest when Home Assistant stops.
    await hass.async_stop(force=True)


async def _ensure_owner(hass: HomeAssistant) -> None:
    hass.auth = await auth_manager_from_config(hass, [{"type": "homeassistant"}], [])
    if await hass.auth.async_get_users():
        return
    provider = hass.auth.auth_providers[0]
    assert isinstance(provider, HassAuthProvider)
    await provider.async_initialize()
    await provider.async_add_auth(USERNAME, PASSWORD)
    # The first user of a Home Assistant becomes its owner.
    user = await hass.auth.async_create_user("Developer", group_ids=[GROUP_ID_ADMIN])
    credentials = await provider.async_get_or_create_credentials({"username": USERNAME})
    await hass.auth.async_link_user(user, credentials)


async def _store_address(hass: HomeAssistant, host: str, port: int) -> None:
    """Home Assistant reads its address from configuration.yaml no more than once."""
    config = HTTP_STORAGE_SCHEMA({"server_host": [host], "server_port": port})
    config |= {
        "created_at": dt_util.utcnow().isoformat(),
        "error": None,
        "error_message": None,
    }
    await Store[dict[str, object]](
        hass, HTTP_VERSION, HTTP_KEY, minor_version=HTTP_MINOR_VERSION, private=True
    ).async_save({"stable": config, "pending": None, "yaml_migration_done": True})


async def _ensure_dashboard(hass: HomeAssistant) -> None:
    """Have the dashboard that Sunfuse lays out, and open it first, until the developer chooses another."""
    dashboards = Store[dict[str, list[dict[str, object]]]](
        hass, DASHBOARDS_STORAGE_VERSION, DASHBOARDS_STORAGE_KEY
    )
    stored = await dashboards.async_load() or {"items": []}
    name = DASHBOARD.replace("-", "_")
    if not any(item["id"] == name for item in stored["items"]):
        item: dict[str, object] = {
            "id": name,
            "url_path": DASHBOARD,
            "mode": "storage",
            "title": "Sunfuse",
            "icon": "mdi:ev-station",
            "show_in_sidebar": True,
            "require_admin": False,
        }
        await dashboards.async_save({"items": [*stored["items"], item]})
        await Store[dict[str, object]](
            hass, CONFIG_STORAGE_VERSION, CONFIG_STORAGE_KEY.format(name)
        ).async_save({"config": {"strategy": {"type": "custom:sunfuse"}}})
    store = Store[dict[str, dict[str, object]]](hass, 1, "frontend.system_data")
    data = await store.async_load() or {}
    core = {"default_panel": DASHBOARD} | data.get("core", {})
    await store.async_save(data | {"core": core})
