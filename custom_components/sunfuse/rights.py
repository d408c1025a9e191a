"""Who may see and change what: the permissions that Home Assistant gives a user for entities.

The fuse and what all cars share is for administrators to change; a charger is for whoever may control its entities.

What an automation does of its own accord is done in nobody's name, and allowed, as everywhere in Home Assistant.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from homeassistant.auth.models import User
from homeassistant.auth.permissions.const import POLICY_CONTROL, POLICY_READ
from homeassistant.const import Platform
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import Unauthorized, UnknownUser
from homeassistant.helpers import entity_registry as er

from .const import DOMAIN
from .data import SunfuseConfigEntry
from .site.cars.driver_words import Owner
from .site.outcome import ConnectorKey


@dataclass(frozen=True, slots=True)
class Viewer:
    """A user who looks at a site."""

    hass: HomeAssistant
    user: User

    def entity(self, entry: SunfuseConfigEntry, domain: str, key: str) -> str | None:
        """Return the id of an entity of a site that is there and that the user may see."""
        entity_id = _entity_id(self.hass, entry, domain, key)
        if entity_id is None or self.hass.states.get(entity_id) is None:
            return None
        return entity_id if _may(self.user, entity_id, POLICY_READ) else None

    def sees_site(self, entry: SunfuseConfigEntry) -> bool:
        """Return whether they may see the site as a whole."""
        return self._sees(entry, "state")

    def sees_connector(self, entry: SunfuseConfigEntry, connector: str) -> bool:
        """Return whether they may see a connector, by its id in the engine."""
        return self._sees(entry, f"{connector}_status")

    def drives(self, entry: SunfuseConfigEntry, key: ConnectorKey) -> bool:
        """Return whether they may change what a connector does."""
        entity_id = self.entity(entry, Platform.SELECT, f"{key.id}_mode")
        return entity_id is not None and _may(self.user, entity_id, POLICY_CONTROL)

    def _sees(self, entry: SunfuseConfigEntry, key: str) -> bool:
        if self.user.is_admin:
            return True
        entity_id = _entity_id(self.hass, entry, Platform.SENSOR, key)
        return entity_id is not None and _may(self.user, entity_id, POLICY_READ)


async def async_require_administrator(
    hass: HomeAssistant, context: Context | None
) -> None:
    """Refuse what somebody asks for who is not an administrator.

    Raises:
        Unauthorized: the user is none.
        UnknownUser: there is no such user.

    """
    user = await _async_user(hass, context)
    if user is not None and not user.is_admin:
        raise Unauthorized(context=context)


async def async_require_control(
    hass: HomeAssistant,
    context: Context | None,
    entry: SunfuseConfigEntry,
    key: ConnectorKey,
) -> None:
    """Refuse what somebody asks of a connector who may not control its mode.

    Raises:
        Unauthorized: the user may not.
        UnknownUser: there is no such user.

    """
    await _async_require_select(hass, context, entry, f"{key.id}_mode")


async def async_require_control_of(
    hass: HomeAssistant,
    context: Context | None,
    entry: SunfuseConfigEntry,
    owner: Owner,
) -> None:
    """Refuse what somebody asks for a vehicle or connector who may not control its strategy, or its mode.

    Raises:
        Unauthorized: the user may not.
        UnknownUser: there is no such user.

    """
    if owner.key is not None:
        await async_require_control(hass, context, entry, owner.key)
        return
    await _async_require_select(hass, context, entry, f"{owner.id}_strategy")


async def async_require_site(
    hass: HomeAssistant, context: Context | None, entry: SunfuseConfigEntry
) -> None:
    """Refuse what somebody asks of a site as a whole who may not see its state.

    Raises:
        Unauthorized: the user may not.
        UnknownUser: there is no such user.

    """
    user = await _async_user(hass, context)
    if user is not None and not Viewer(hass, user).sees_site(entry):
        raise Unauthorized(context=context)


async def async_seen(
    hass: HomeAssistant,
    context: Context | None,
    entry: SunfuseConfigEntry,
    connectors: Iterable[str],
) -> frozenset[str]:
    """Return which of these connectors somebody may see, by their ids in the engine."""
    user = await _async_user(hass, context)
    if user is None:
        return frozenset(connectors)
    viewer = Viewer(hass, user)
    return frozenset(one for one in connectors if viewer.sees_connector(entry, one))


async def _async_require_select(
    hass: HomeAssistant,
    context: Context | None,
    entry: SunfuseConfigEntry,
    key: str,
) -> None:
    """Refuse what is asked by somebody who may not control a select, whether or not that is enabled."""
    user = await _async_user(hass, context)
    if user is None or user.is_admin:
        return
    entity_id = _entity_id(hass, entry, Platform.SELECT, key)
    if entity_id is None or not _may(user, entity_id, POLICY_CONTROL):
        raise Unauthorized(context=context, entity_id=entity_id)


def _entity_id(
    hass: HomeAssistant, entry: SunfuseConfigEntry, domain: str, key: str
) -> str | None:
    return er.async_get(hass).async_get_entity_id(
        domain, DOMAIN, f"{entry.entry_id}_{key}"
    )


def _may(user: User, entity_id: str, policy: str) -> bool:
    return user.permissions.check_entity(entity_id, policy)


async def _async_user(hass: HomeAssistant, context: Context | None) -> User | None:
    if context is None or context.user_id is None:
        return None
    user = await hass.auth.async_get_user(context.user_id)
    if user is None:
        raise UnknownUser(context=context)
    return user
