"""Who may change what: the fuse and what all cars share is for administrators; a charger for who may control its entities.

What an automation does of its own accord is done in nobody's name, and allowed, as everywhere in Home Assistant.
"""

from collections.abc import Iterable

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
    await _async_require(hass, context, f"{entry.entry_id}_{key.id}_mode")


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
    await _async_require(hass, context, f"{entry.entry_id}_{owner.id}_strategy")


async def async_require_site(
    hass: HomeAssistant, context: Context | None, entry: SunfuseConfigEntry
) -> None:
    """Refuse what somebody asks of a site as a whole who may not see its state.

    Raises:
        Unauthorized: the user may not.
        UnknownUser: there is no such user.

    """
    user = await _async_user(hass, context)
    if user is not None and not _sees(hass, user, f"{entry.entry_id}_state"):
        raise Unauthorized(context=context)


async def async_seen(
    hass: HomeAssistant,
    context: Context | None,
    entry: SunfuseConfigEntry,
    connectors: Iterable[str],
) -> frozenset[str]:
    """Return which of these connectors somebody may see."""
    user = await _async_user(hass, context)
    return frozenset(
        one
        for one in connectors
        if user is None or _sees(hass, user, f"{entry.entry_id}_{one}_status")
    )


def _sees(hass: HomeAssistant, user: User, unique_id: str) -> bool:
    if user.is_admin:
        return True
    entity_id = er.async_get(hass).async_get_entity_id(
        Platform.SENSOR, DOMAIN, unique_id
    )
    return entity_id is not None and user.permissions.check_entity(
        entity_id, POLICY_READ
    )


async def _async_require(
    hass: HomeAssistant, context: Context | None, unique_id: str
) -> None:
    user = await _async_user(hass, context)
    if user is None or user.is_admin:
        return
    entity_id = er.async_get(hass).async_get_entity_id(
        Platform.SELECT, DOMAIN, unique_id
    )
    if entity_id is None or not user.permissions.check_entity(
        entity_id, POLICY_CONTROL
    ):
        raise Unauthorized(context=context, entity_id=entity_id)


async def _async_user(hass: HomeAssistant, context: Context | None) -> User | None:
    if context is None or context.user_id is None:
        return None
    user = await hass.auth.async_get_user(context.user_id)
    if user is None:
        raise UnknownUser(context=context)
    return user
