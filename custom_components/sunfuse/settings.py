"""What users set while a site runs: kept in Home Assistant's storage, apart from the configuration."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.storage import Store

from .const import CONF_KIND, CONF_SOURCES, DOMAIN, KIND_SIMULATED
from .engine.model import Mode

STORAGE_VERSION = 1
SAVE_DELAY_S = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectorSettings:
    """What a user lets a connector do. `max_current_a` is None where the charger's own maximum holds."""

    mode: Mode
    max_current_a: float | None = None
    allowed: bool = True


def default_mode(data: Mapping[str, Any]) -> Mode:
    """Return the mode of a new charger: sunshine first, with the minimum at once, where there is any."""
    sunny = data[CONF_KIND] == KIND_SIMULATED or data[CONF_SOURCES].get("solar")
    return Mode.SOLAR_MIN if sunny else Mode.FAST


class Settings:
    """The settings of one site, by connector id, and the limit below its main fuse."""

    def __init__(self, hass: HomeAssistant, entry_id: str, default_mode: Mode) -> None:
        """Bind to the site's storage; `async_load` reads it."""
        self._store = Store[dict[str, Any]](
            hass, STORAGE_VERSION, f"{DOMAIN}.{entry_id}"
        )
        self._default = ConnectorSettings(mode=default_mode)
        self._connectors: dict[str, ConnectorSettings] = {}
        self._limit_a: float | None = None

    async def async_load(self) -> None:
        """Read what was set before."""
        if (stored := await self._store.async_load()) is None:
            return
        self._limit_a = stored["limit_a"]
        self._connectors = {
            connector: ConnectorSettings(
                mode=Mode(settings["mode"]),
                max_current_a=settings["max_current_a"],
                allowed=settings["allowed"],
            )
            for connector, settings in stored["connectors"].items()
        }

    async def async_save(self) -> None:
        """Write what was set just now, when the site is unloaded."""
        await self._store.async_save(self._as_dict())

    async def async_remove(self) -> None:
        """Forget everything, when the site is removed."""
        await self._store.async_remove()

    @property
    def limit_a(self) -> float | None:
        """Return the limit that the user set below the main fuse, in amperes per phase."""
        return self._limit_a

    @callback
    def set_limit(self, limit_a: float) -> None:
        """Set the limit below the main fuse."""
        self._limit_a = limit_a
        self._save()

    def connector(self, connector_id: str) -> ConnectorSettings:
        """Return what is set for a connector."""
        return self._connectors.get(connector_id, self._default)

    @callback
    def set_connector(
        self,
        connector_id: str,
        *,
        mode: Mode | None = None,
        max_current_a: float | None = None,
        allowed: bool | None = None,
    ) -> None:
        """Change what is named; the rest stays."""
        settings = self.connector(connector_id)
        if mode is not None:
            settings = replace(settings, mode=mode)
        if max_current_a is not None:
            settings = replace(settings, max_current_a=max_current_a)
        if allowed is not None:
            settings = replace(settings, allowed=allowed)
        self._connectors[connector_id] = settings
        self._save()

    @callback
    def forget(self, connector_ids: set[str]) -> None:
        """Drop what was set for connectors that are no longer part of the site."""
        if not connector_ids & self._connectors.keys():
            return
        self._connectors = {
            connector: settings
            for connector, settings in self._connectors.items()
            if connector not in connector_ids
        }
        self._save()

    def _save(self) -> None:
        self._store.async_delay_save(self._as_dict, SAVE_DELAY_S)

    def _as_dict(self) -> dict[str, Any]:
        return {
            "limit_a": self._limit_a,
            "connectors": {
                connector: asdict(settings)
                for connector, settings in self._connectors.items()
            },
        }
