"""The actions about prices and peaks: future energy prices, and past peaks."""

from datetime import timedelta
import re

import voluptuous as vol

from homeassistant.const import ATTR_CONFIG_ENTRY_ID, ATTR_DEVICE_ID
from homeassistant.core import (
    HomeAssistant,
    ServiceCall,
    ServiceResponse,
    SupportsResponse,
    callback,
)
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv
from homeassistant.util import dt as dt_util

from ..const import DOMAIN, W_PER_KW
from ..rights import async_require_administrator
from ..sources.charts import price_attribute
from .targets import capacity_tariff_of_device, named_site
from .values import ActionSchema, within

# No low-voltage connection reaches it; infinity would stay for good.
MOST_KW = 10_000
_MONTH = re.compile(r"20\d\d-(0[1-9]|1[0-2])")


def _month(value: object) -> str:
    """Read a month, as `2026-10`.

    Raises:
        ServiceValidationError: it is written in another way.

    """
    month = cv.string(value)
    if not _MONTH.fullmatch(month):
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="month_format"
        )
    return month


GET_PRICES = ActionSchema(
    {
        vol.Required(ATTR_CONFIG_ENTRY_ID): cv.string,
        vol.Optional("hours"): within(0.25, 48),
    }
)
SET_PEAK = ActionSchema(
    {
        vol.Required(ATTR_DEVICE_ID): cv.string,
        vol.Required("power"): within(0, MOST_KW),
        vol.Optional("month"): _month,
    }
)


async def _get_prices(call: ServiceCall) -> ServiceResponse:
    entry = named_site(call)
    site = entry.runtime_data.prices
    if site is None:
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="no_tariff"
        )
    until = dt_util.utcnow() + timedelta(hours=call.data.get("hours", 48))
    known_until = site.data.known_until
    slots = [slot for slot in site.data.slots if slot.start < until]
    return {
        "currency": site.currency,
        "known_until": known_until.isoformat() if known_until else None,
        "prices": list(price_attribute(slots)),
    }


async def _set_peak(call: ServiceCall) -> None:
    await async_require_administrator(call.hass, call.context)
    entry, rule_id = capacity_tariff_of_device(call.hass, call.data[ATTR_DEVICE_ID])
    power_w = call.data["power"] * W_PER_KW
    entry.runtime_data.peaks.correct(rule_id, power_w, call.data.get("month"))
    entry.runtime_data.controller.tick()


@callback
def async_setup_price_actions(hass: HomeAssistant) -> None:
    """Register the actions."""

    hass.services.async_register(
        DOMAIN, "get_prices", _get_prices, GET_PRICES, SupportsResponse.ONLY
    )
    hass.services.async_register(DOMAIN, "set_peak", _set_peak, SET_PEAK)
