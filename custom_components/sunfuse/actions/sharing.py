"""The actions that change how a site shares: boosts, and limits from outside."""

from datetime import timedelta
from typing import Any

import probatio

from homeassistant.const import ATTR_CONFIG_ENTRY_ID, ATTR_DEVICE_ID
from homeassistant.core import HomeAssistant, ServiceCall, callback
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.service import async_get_config_entry
from homeassistant.util import dt as dt_util

from ..const import DOMAIN
from ..data import ConnectorKey, SunfuseConfigEntry
from ..engine.model import Boost, ExternalLimit, LimitKind
from ..targets import connector_of_device

_WH_PER_KWH = 1000

_DEVICE: dict[probatio.Marker, Any] = {probatio.Required(ATTR_DEVICE_ID): cv.string}
_SITE: dict[probatio.Marker, Any] = {probatio.Required(ATTR_CONFIG_ENTRY_ID): cv.string}

BOOST = probatio.Schema(
    {
        **_DEVICE,
        probatio.Optional("duration"): cv.positive_time_period,
        probatio.Optional("energy"): cv.positive_float,
    }
)
SET_LIMIT = probatio.Schema(
    {
        **_SITE,
        probatio.Optional("current"): cv.positive_float,
        probatio.Optional("power"): cv.positive_float,
        probatio.Optional("until"): cv.datetime,
        probatio.Optional("reason", default=""): cv.string,
    }
)


@callback
def async_setup_sharing_actions(hass: HomeAssistant) -> None:
    """Register the actions. Whoever may use the chargers' entities may use these."""

    async def boost(call: ServiceCall) -> None:
        duration: timedelta | None = call.data.get("duration")
        energy_kwh: float | None = call.data.get("energy")
        if not duration and not energy_kwh:
            raise ServiceValidationError(
                translation_domain=DOMAIN, translation_key="boost_without_end"
            )
        now = dt_util.utcnow()
        _set_boost(
            hass,
            call,
            Boost(
                started_at=now,
                until=now + duration if duration else None,
                energy_wh=energy_kwh * _WH_PER_KWH if energy_kwh else None,
                person=call.context.user_id,
            ),
        )

    async def cancel_boost(call: ServiceCall) -> None:
        _set_boost(hass, call, None)

    async def set_limit(call: ServiceCall) -> None:
        current_a: float | None = call.data.get("current")
        power_w: float | None = call.data.get("power")
        if current_a is None and power_w is None:
            raise ServiceValidationError(
                translation_domain=DOMAIN, translation_key="limit_without_value"
            )
        until = call.data.get("until")
        _set_limit(
            hass,
            call,
            ExternalLimit(
                name=call.data["reason"],
                kind=LimitKind.DEMAND_RESPONSE,
                current_a=current_a,
                power_w=power_w,
                until=dt_util.as_utc(until) if until else None,
            ),
        )

    async def clear_limit(call: ServiceCall) -> None:
        _set_limit(hass, call, None)

    hass.services.async_register(DOMAIN, "boost", boost, BOOST)
    hass.services.async_register(
        DOMAIN, "cancel_boost", cancel_boost, probatio.Schema(_DEVICE)
    )
    hass.services.async_register(DOMAIN, "set_limit", set_limit, SET_LIMIT)
    hass.services.async_register(
        DOMAIN, "clear_limit", clear_limit, probatio.Schema(_SITE)
    )


def _set_boost(hass: HomeAssistant, call: ServiceCall, boost: Boost | None) -> None:
    entry, key = connector_of_device(hass, call.data[ATTR_DEVICE_ID])
    connector = ConnectorKey(identity=key.identity, connector=key.connector or 1)
    entry.runtime_data.settings.set_connector(connector.id, boost=boost)
    entry.runtime_data.controller.tick()


def _set_limit(
    hass: HomeAssistant, call: ServiceCall, limit: ExternalLimit | None
) -> None:
    entry: SunfuseConfigEntry = async_get_config_entry(
        hass, DOMAIN, call.data[ATTR_CONFIG_ENTRY_ID]
    )
    entry.runtime_data.settings.set_site(external_limit=limit)
    entry.runtime_data.controller.tick()
