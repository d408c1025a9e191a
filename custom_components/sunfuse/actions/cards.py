"""The action with which an automation decides whether a card may charge."""

import voluptuous as vol

from homeassistant.core import HomeAssistant, ServiceCall, callback
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv

from ..const import DOMAIN
from ..data import loaded_sites
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
    if not any(
        entry.runtime_data.cards.answer(request_id, accept=accept)
        for entry in loaded_sites(call.hass)
    ):
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="nobody_waits"
        )


@callback
def async_setup_card_actions(hass: HomeAssistant) -> None:
    """Register the action."""

    hass.services.async_register(DOMAIN, "authorize", _authorize, AUTHORIZE)
