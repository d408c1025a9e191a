"""The action with which an automation decides whether a card may charge."""

import voluptuous as vol

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant, ServiceCall, callback
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv

from ..const import DOMAIN
from ..data import SunfuseConfigEntry
from ..rights import async_require_administrator
from .values import YES_OR_NO, ActionSchema

AUTHORIZE = ActionSchema(
    {
        vol.Required("request_id"): cv.string,
        vol.Required("accept"): YES_OR_NO,
    }
)


async def _authorize(call: ServiceCall) -> None:
    await async_require_administrator(call.hass, call.context)
    request_id: str = call.data["request_id"]
    accept: bool = call.data["accept"]
    entries: list[SunfuseConfigEntry] = call.hass.config_entries.async_entries(DOMAIN)
    if not any(
        entry.state is ConfigEntryState.LOADED
        and entry.runtime_data.cards.answer(request_id, accept=accept)
        for entry in entries
    ):
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="nobody_waits"
        )


@callback
def async_setup_card_actions(hass: HomeAssistant) -> None:
    """Register the action."""

    hass.services.async_register(DOMAIN, "authorize", _authorize, AUTHORIZE)
