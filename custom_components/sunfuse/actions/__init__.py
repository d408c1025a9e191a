"""The actions for automations."""

from homeassistant.core import HomeAssistant, callback

from .cards import async_setup_card_actions
from .chargers import async_setup_charger_actions
from .departures import async_setup_departure_actions
from .plans import async_setup_plan_actions
from .prices import async_setup_price_actions
from .report import async_setup_report_action
from .reservations import async_setup_reservation_actions
from .security import async_setup_security_actions
from .session_exports import async_setup_session_exports
from .sessions import async_setup_session_actions
from .sharing import async_setup_sharing_actions
from .what_if import async_setup_what_if_action


@callback
def async_setup_actions(hass: HomeAssistant) -> None:
    """Register all actions, which exist whether a site is loaded or not."""
    async_setup_card_actions(hass)
    async_setup_charger_actions(hass)
    async_setup_departure_actions(hass)
    async_setup_reservation_actions(hass)
    async_setup_security_actions(hass)
    async_setup_session_actions(hass)
    async_setup_session_exports(hass)
    async_setup_sharing_actions(hass)
    async_setup_report_action(hass)
    async_setup_price_actions(hass)
    async_setup_plan_actions(hass)
    async_setup_what_if_action(hass)
