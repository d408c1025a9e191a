"""The actions that change how a site shares: boosts, and external limits."""

from datetime import timedelta
from typing import Any

import voluptuous as vol

from homeassistant.const import ATTR_CONFIG_ENTRY_ID, ATTR_DEVICE_ID
from homeassistant.core import HomeAssistant, ServiceCall, callback
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv

from ..const import DOMAIN, WH_PER_KWH
from ..data import SunfuseConfigEntry
from ..engine.model import ExternalLimit, LimitKind
from ..rights import async_require_administrator, async_require_control
from ..site.cars.driver_words import check_not_passed
from ..site.chargers.boosts import cancel_boost, start_boost
from ..site.outcome import ConnectorKey
from .targets import named_site, place_of_device
from .values import (
    CURRENT_A,
    ENERGY_KWH,
    POWER_W,
    YES_OR_NO,
    ActionSchema,
    duration,
    moment,
)

_DEVICE: dict[vol.Marker, Any] = {vol.Required(ATTR_DEVICE_ID): cv.string}
_SITE: dict[vol.Marker, Any] = {vol.Required(ATTR_CONFIG_ENTRY_ID): cv.string}

BOOST = ActionSchema(
    {
        **_DEVICE,
        vol.Optional("duration"): duration,
        vol.Optional("energy"): ENERGY_KWH,
    }
)
SET_LIMIT = ActionSchema(
    {
        **_SITE,
        vol.Optional("current"): CURRENT_A,
        vol.Optional("power"): POWER_W,
        vol.Optional("until"): moment,
        vol.Optional("reason"): cv.string,
        vol.Optional("circuit"): cv.string,
        vol.Optional("cars_only", default=False): YES_OR_NO,
    }
)
CLEAR_LIMIT = ActionSchema({**_SITE, vol.Optional("reason"): cv.string})


async def _boost(call: ServiceCall) -> None:
    lasts: timedelta | None = call.data.get("duration")
    energy_kwh: float | None = call.data.get("energy")
    if not lasts and not energy_kwh:
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="boost_without_end"
        )
    entry, key = await _async_connector(call)
    start_boost(
        entry,
        key,
        call.context,
        duration=lasts,
        energy_wh=energy_kwh * WH_PER_KWH if energy_kwh else None,
    )


async def _end_boost(call: ServiceCall) -> None:
    cancel_boost(*await _async_connector(call))


async def _set_limit(call: ServiceCall) -> None:
    await async_require_administrator(call.hass, call.context)
    current_a: float | None = call.data.get("current")
    power_w: float | None = call.data.get("power")
    if current_a is None and power_w is None:
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="limit_without_value"
        )
    if (until := call.data.get("until")) is not None:
        check_not_passed(until)
    entry = named_site(call)
    entry.runtime_data.settings.set_limit(
        ExternalLimit(
            name=call.data.get("reason")
            or entry.runtime_data.sentences["limit_demand_response"],
            kind=LimitKind.DEMAND_RESPONSE,
            current_a=current_a,
            power_w=power_w,
            circuit=_circuit(entry, call.data.get("circuit")),
            cars_only=call.data["cars_only"],
            until=until,
        )
    )
    entry.runtime_data.controller.tick()


async def _clear_limit(call: ServiceCall) -> None:
    await async_require_administrator(call.hass, call.context)
    entry = named_site(call)
    entry.runtime_data.settings.clear_limits(call.data.get("reason"))
    entry.runtime_data.controller.tick()


@callback
def async_setup_sharing_actions(hass: HomeAssistant) -> None:
    """Register the actions. Users of the chargers' entities may use these as well."""

    hass.services.async_register(DOMAIN, "boost", _boost, BOOST)
    hass.services.async_register(
        DOMAIN, "cancel_boost", _end_boost, ActionSchema(_DEVICE)
    )
    hass.services.async_register(DOMAIN, "set_limit", _set_limit, SET_LIMIT)
    hass.services.async_register(DOMAIN, "clear_limit", _clear_limit, CLEAR_LIMIT)


async def _async_connector(
    call: ServiceCall,
) -> tuple[SunfuseConfigEntry, ConnectorKey]:
    """Return the connector that is meant, of a vehicle the one where it is, if the user may control it."""
    entry, key = place_of_device(call.hass, call.data[ATTR_DEVICE_ID])
    await async_require_control(call.hass, call.context, entry, key)
    return entry, key


def _circuit(entry: SunfuseConfigEntry, wanted: str | None) -> str | None:
    """Return the id of a circuit, given its name or its id.

    Raises:
        ServiceValidationError: the site has no such circuit.

    """
    if wanted is None:
        return None
    circuits = entry.runtime_data.coordinator.data.snapshot.circuits
    for circuit in circuits:
        if wanted.casefold() in (circuit.id.casefold(), circuit.name.casefold()):
            return circuit.id
    raise ServiceValidationError(
        translation_domain=DOMAIN,
        translation_key="no_such_circuit",
        translation_placeholders={
            "circuit": wanted,
            "circuits": ", ".join(circuit.name for circuit in circuits),
        },
    )
