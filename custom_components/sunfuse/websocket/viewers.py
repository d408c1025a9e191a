"""Who looks, and what they may see: the permissions that Home Assistant gives a user for entities."""

from dataclasses import dataclass

from homeassistant.auth.models import User
from homeassistant.auth.permissions.const import POLICY_CONTROL, POLICY_READ
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er

from ..const import DOMAIN
from ..data import SunfuseConfigEntry
from ..site.outcome import ConnectorKey


@dataclass(frozen=True, slots=True)
class Viewer:
    """A user who looks at a site."""

    hass: HomeAssistant
    user: User

    def entity(self, entry: SunfuseConfigEntry, domain: str, key: str) -> str | None:
        """Return the id of an entity of a site that is there and that the user may see."""
        registry = er.async_get(self.hass)
        entity_id = registry.async_get_entity_id(
            domain, DOMAIN, f"{entry.entry_id}_{key}"
        )
        if entity_id is None or self.hass.states.get(entity_id) is None:
            return None
        return entity_id if self._may(entity_id, POLICY_READ) else None

    def sees_site(self, entry: SunfuseConfigEntry) -> bool:
        """Return whether they may see the site as a whole."""
        return self._sees(entry, "sensor", "state")

    def sees_connector(self, entry: SunfuseConfigEntry, key: ConnectorKey) -> bool:
        """Return whether they may see a connector."""
        return self._sees(entry, "sensor", f"{key.id}_status")

    def drives(self, entry: SunfuseConfigEntry, key: ConnectorKey) -> bool:
        """Return whether they may change what a connector does."""
        entity_id = self.entity(entry, "select", f"{key.id}_mode")
        return entity_id is not None and self._may(entity_id, POLICY_CONTROL)

    def _sees(self, entry: SunfuseConfigEntry, domain: str, key: str) -> bool:
        if self.user.is_admin:
            return True
        registry = er.async_get(self.hass)
        entity_id = registry.async_get_entity_id(
            domain, DOMAIN, f"{entry.entry_id}_{key}"
        )
        return entity_id is not None and self._may(entity_id, POLICY_READ)

    def _may(self, entity_id: str, policy: str) -> bool:
        return self.user.permissions.check_entity(entity_id, policy)


def loaded(hass: HomeAssistant) -> list[SunfuseConfigEntry]:
    """Return the sites that are set up."""
    entries: list[SunfuseConfigEntry] = hass.config_entries.async_entries(DOMAIN)
    return [entry for entry in entries if entry.state is ConfigEntryState.LOADED]
