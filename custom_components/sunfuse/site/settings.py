"""What users set while a site runs: in Home Assistant's storage, separate from the configuration."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from homeassistant.core import HomeAssistant, callback
from homeassistant.util import dt as dt_util

from ..const import CONF_KIND, CONF_SOURCES, KIND_SIMULATED, MAIN_CIRCUIT
from ..engine.codec import from_jsonable, read_field, to_jsonable
from ..engine.model import Boost, ExternalLimit, Mode
from ..engine.tuning import Policy
from .storage_file import StorageFile

SAVE_DELAY_S = 1
DEFAULT_PRIORITY = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectorSettings:
    """The settings of a connector. `max_current_a` is None if the charger's own maximum applies."""

    mode: Mode
    max_current_a: float | None = None
    allowed: bool = True
    priority: int = DEFAULT_PRIORITY
    boost: Boost | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteSettings:
    """The settings of a site. `limit_a` is None if only the main fuse limits it."""

    limit_a: float | None = None
    policy: Policy = Policy.EQUAL
    # Limits that actions have set, each until it is cleared or over. Name, circuit and scope identify them.
    limits: tuple[ExternalLimit, ...] = ()
    # What plans weigh: from money (0) to carbon (1).
    carbon_weight: float = 0.0


def default_mode(data: Mapping[str, Any]) -> Mode:
    """Return the mode of a charger whose form did not ask: solar with the minimum at once, if there is solar power."""
    sunny = data[CONF_KIND] == KIND_SIMULATED or data[CONF_SOURCES].get("solar")
    return Mode.SOLAR_MIN if sunny else Mode.FAST


class Settings:
    """The settings of one site and its connectors."""

    def __init__(self, hass: HomeAssistant, entry_id: str, default_mode: Mode) -> None:
        """Bind to the site's storage; `async_load` reads it."""
        self._store = StorageFile(hass, entry_id, every_s=SAVE_DELAY_S)
        self._default = ConnectorSettings(mode=default_mode)
        self._connectors: dict[str, ConnectorSettings] = {}
        self._circuits: dict[str, float] = {}
        self._site = SiteSettings()

    async def async_load(self) -> None:
        """Read the settings."""
        stored = await self._store.async_load()
        site = stored.without("limits", "circuits", "connectors")
        self._site = SiteSettings(
            **site.fields_of(
                SiteSettings,
                limit_a=_none_or_above_0,
                carbon_weight=lambda weight: 0 <= weight <= 1,
            ),
            limits=tuple(stored.rows("limits", partial(from_jsonable, ExternalLimit))),
        )
        self._circuits = stored.within("circuits").each(_limit_a)
        connectors = stored.within("connectors")
        self._connectors = {
            name: replace(
                self._default,
                **connectors.within(name).fields_of(
                    ConnectorSettings,
                    max_current_a=_none_or_above_0,
                    priority=lambda priority: priority in _PRIORITIES,
                ),
            )
            for name in connectors.names
        }
        await self._store.async_put_aside()
        self._store.keep(self._as_dict)

    async def async_save(self) -> None:
        """Write recent settings, when the site is unloaded."""
        await self._store.async_save()

    async def async_remove(self) -> None:
        """Remove the file, when the site is removed."""
        await self._store.async_remove()

    @property
    def site(self) -> SiteSettings:
        """Return what is set for the site."""
        return self._site

    @property
    def limits_a(self) -> Mapping[str, float]:
        """Return the limits of circuits, including that of the main fuse."""
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
        """Drop the settings of circuits that are no longer part of the site."""
        if self._circuits.keys() - known:
            self._circuits = {
                circuit: limit_a
                for circuit, limit_a in self._circuits.items()
                if circuit in known
            }
            self._save()

    @callback
    def set_site(self, **changes: Any) -> None:
        """Change some fields of `SiteSettings`; the rest stays."""
        self._site = replace(self._site, **changes)
        self._save()

    @callback
    def set_limit(self, limit: ExternalLimit) -> None:
        """Add a limit; it replaces one of the same name, circuit and scope; expired ones are dropped."""
        now = dt_util.utcnow()
        others = (
            other
            for other in self._site.limits
            if _of_limit(other) != _of_limit(limit)
            and (other.until is None or other.until > now)
        )
        self.set_site(limits=(*others, limit))

    @callback
    def clear_limits(self, name: str | None) -> None:
        """Drop the limits of a name, or all of them."""
        kept = (x for x in self._site.limits if name is not None and x.name != name)
        self.set_site(limits=tuple(kept))

    def connector(self, connector_id: str) -> ConnectorSettings:
        """Return what is set for a connector."""
        return self._connectors.get(connector_id, self._default)

    @callback
    def set_connector(self, connector_id: str, **changes: Any) -> None:
        """Change some fields of `ConnectorSettings`; the rest stays."""
        self._connectors[connector_id] = replace(
            self.connector(connector_id), **changes
        )
        self._save()

    @callback
    def begin(self, connector_id: str, mode: Mode) -> None:
        """Set the mode of a connector of which nothing is set yet: as it was asked for when its charger was accepted."""
        if connector_id not in self._connectors:
            self.set_connector(connector_id, mode=mode)

    @callback
    def forget(self, connector_ids: set[str]) -> None:
        """Drop the settings of connectors that are no longer part of the site."""
        if not connector_ids & self._connectors.keys():
            return
        self._connectors = {
            connector: settings
            for connector, settings in self._connectors.items()
            if connector not in connector_ids
        }
        self._save()

    def _save(self) -> None:
        self._store.save_soon()

    def _as_dict(self) -> dict[str, Any]:
        return {
            "limit_a": self._site.limit_a,
            "policy": self._site.policy.value,
            "carbon_weight": self._site.carbon_weight,
            "limits": to_jsonable(self._site.limits),
            "circuits": dict(self._circuits),
            "connectors": {
                connector: {
                    "mode": settings.mode.value,
                    "max_current_a": settings.max_current_a,
                    "allowed": settings.allowed,
                    "priority": settings.priority,
                    "boost": to_jsonable(settings.boost),
                }
                for connector, settings in self._connectors.items()
            },
        }


def _limit_a(stored: Any) -> float:
    limit_a: float | None = read_field(SiteSettings, "limit_a", stored)
    if limit_a is None or limit_a <= 0:
        raise ValueError(f"A limit expected, not {limit_a}")
    return limit_a


# What its number can be set to.
_PRIORITIES = range(1, 11)


def _none_or_above_0(value: float | None) -> bool:
    return value is None or value > 0


def _of_limit(limit: ExternalLimit) -> tuple[str, str | None, bool]:
    return limit.name, limit.circuit, limit.cars_only
