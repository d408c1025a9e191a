"""What users set while a site runs: kept in Home Assistant's storage, apart from the configuration."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.storage import Store

from .const import CONF_KIND, CONF_SOURCES, DOMAIN, KIND_SIMULATED, MAIN_CIRCUIT
from .engine.model import Boost, ExternalLimit, LimitKind, Mode
from .engine.tuning import Policy

STORAGE_VERSION = 1
SAVE_DELAY_S = 1
DEFAULT_PRIORITY = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectorSettings:
    """What a user lets a connector do. `max_current_a` is None where the charger's own maximum holds."""

    mode: Mode
    max_current_a: float | None = None
    allowed: bool = True
    priority: int = DEFAULT_PRIORITY
    boost: Boost | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteSettings:
    """What a user lets a site do. `limit_a` is None where the main fuse alone holds."""

    limit_a: float | None = None
    policy: Policy = Policy.EQUAL
    external_limit: ExternalLimit | None = None


def default_mode(data: Mapping[str, Any]) -> Mode:
    """Return the mode of a new charger: sunshine first, with the minimum at once, where there is any."""
    sunny = data[CONF_KIND] == KIND_SIMULATED or data[CONF_SOURCES].get("solar")
    return Mode.SOLAR_MIN if sunny else Mode.FAST


class Settings:
    """The settings of one site and its connectors."""

    def __init__(self, hass: HomeAssistant, entry_id: str, default_mode: Mode) -> None:
        """Bind to the site's storage; `async_load` reads it."""
        self._store = Store[dict[str, Any]](
            hass, STORAGE_VERSION, f"{DOMAIN}.{entry_id}"
        )
        self._default = ConnectorSettings(mode=default_mode)
        self._connectors: dict[str, ConnectorSettings] = {}
        self._circuits: dict[str, float] = {}
        self._site = SiteSettings()

    async def async_load(self) -> None:
        """Read what was set before."""
        if (stored := await self._store.async_load()) is None:
            return
        self._site = SiteSettings(
            limit_a=stored["limit_a"],
            policy=Policy(stored["policy"]),
            external_limit=_load_limit(stored["external_limit"]),
        )
        self._circuits = dict(stored.get("circuits", {}))
        self._connectors = {
            connector: ConnectorSettings(
                mode=Mode(settings["mode"]),
                max_current_a=settings["max_current_a"],
                allowed=settings["allowed"],
                priority=settings["priority"],
                boost=_load_boost(settings["boost"]),
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
    def site(self) -> SiteSettings:
        """Return what is set for the site."""
        return self._site

    @property
    def limits_a(self) -> Mapping[str, float]:
        """Return the limits that are set for circuits, that of the main fuse among them."""
        if self._site.limit_a is None:
            return self._circuits
        return {**self._circuits, MAIN_CIRCUIT: self._site.limit_a}

    @callback
    def set_circuit_limit(self, circuit: str, limit_a: float) -> None:
        """Set the limit of a circuit below the main fuse."""
        self._circuits[circuit] = limit_a
        self._save()

    @callback
    def forget_circuits(self, known: set[str]) -> None:
        """Drop what was set for circuits that are no longer part of the site."""
        if self._circuits.keys() - known:
            self._circuits = {
                circuit: limit_a
                for circuit, limit_a in self._circuits.items()
                if circuit in known
            }
            self._save()

    @callback
    def set_site(self, **changes: Any) -> None:
        """Change what is named of `SiteSettings`; the rest stays."""
        self._site = replace(self._site, **changes)
        self._save()

    def connector(self, connector_id: str) -> ConnectorSettings:
        """Return what is set for a connector."""
        return self._connectors.get(connector_id, self._default)

    @callback
    def set_connector(self, connector_id: str, **changes: Any) -> None:
        """Change what is named of `ConnectorSettings`; the rest stays."""
        self._connectors[connector_id] = replace(
            self.connector(connector_id), **changes
        )
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
            "limit_a": self._site.limit_a,
            "policy": self._site.policy.value,
            "external_limit": _dump_limit(self._site.external_limit),
            "circuits": dict(self._circuits),
            "connectors": {
                connector: {
                    "mode": settings.mode.value,
                    "max_current_a": settings.max_current_a,
                    "allowed": settings.allowed,
                    "priority": settings.priority,
                    "boost": _dump_boost(settings.boost),
                }
                for connector, settings in self._connectors.items()
            },
        }


def _dump_limit(limit: ExternalLimit | None) -> dict[str, Any] | None:
    if limit is None:
        return None
    return {
        "name": limit.name,
        "current_a": limit.current_a,
        "power_w": limit.power_w,
        "until": limit.until and limit.until.isoformat(),
    }


def _load_limit(stored: dict[str, Any] | None) -> ExternalLimit | None:
    if stored is None:
        return None
    return ExternalLimit(
        name=stored["name"],
        kind=LimitKind.DEMAND_RESPONSE,
        current_a=stored["current_a"],
        power_w=stored["power_w"],
        until=_time(stored["until"]),
    )


def _dump_boost(boost: Boost | None) -> dict[str, Any] | None:
    if boost is None:
        return None
    return {
        "started_at": boost.started_at.isoformat(),
        "until": boost.until and boost.until.isoformat(),
        "energy_wh": boost.energy_wh,
        "person": boost.person,
    }


def _load_boost(stored: dict[str, Any] | None) -> Boost | None:
    if stored is None:
        return None
    return Boost(
        started_at=datetime.fromisoformat(stored["started_at"]),
        until=_time(stored["until"]),
        energy_wh=stored["energy_wh"],
        person=stored["person"],
    )


def _time(stored: str | None) -> datetime | None:
    return None if stored is None else datetime.fromisoformat(stored)
