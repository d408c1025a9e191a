"""The action that returns how much a connection can carry."""

from datetime import timedelta

import voluptuous as vol

from homeassistant.components.http.auth import async_sign_path
from homeassistant.const import ATTR_CONFIG_ENTRY_ID
from homeassistant.core import (
    HomeAssistant,
    ServiceCall,
    ServiceResponse,
    SupportsResponse,
    callback,
)
from homeassistant.helpers import config_validation as cv

from ..const import DOMAIN
from ..rights import async_require_site
from ..site.circuits import CircuitTree
from ..site.reporting import ASKED, DAYS, PATH, async_report, no_history, panel_path
from ..site.uncontrolled_chargers import async_circuit_loads
from .targets import named_site
from .values import ActionSchema, within

# Long enough to open a requested link, too short for one that is passed on.
_SIGNED_FOR = timedelta(hours=1)
GET_SITE_REPORT = ActionSchema(
    {
        vol.Required(ATTR_CONFIG_ENTRY_ID): cv.string,
        **{
            vol.Optional(name): within(low, high, kind)
            for name, (low, high, kind) in ASKED.items()
        },
    }
)


async def _get_site_report(call: ServiceCall) -> ServiceResponse:
    entry = named_site(call)
    await async_require_site(call.hass, call.context, entry)
    asked = await async_report(call.hass, entry, call.data)
    if asked.report is None:
        raise no_history(entry)
    response = asked.report.to_dict()
    response["sensors_without_statistics"] = list(asked.meters.without)
    tree = CircuitTree.of(entry)
    circuits = await async_circuit_loads(call.hass, entry, tree)
    response["circuits"] = {
        tree.name_of(circuit): {
            "p95_a": list(load.usual_a),
            "peak_a": list(load.highest_a),
        }
        for circuit, load in circuits.items()
    }
    if "http" in call.hass.config.components:
        path = f"{PATH}{entry.entry_id}?days={call.data.get('days', DAYS)}"
        response["page"] = panel_path(entry)
        response["signed_page"] = async_sign_path(call.hass, path, _SIGNED_FOR)
    return response


@callback
def async_setup_report_action(hass: HomeAssistant) -> None:
    """Register the action."""

    hass.services.async_register(
        DOMAIN,
        "get_site_report",
        _get_site_report,
        GET_SITE_REPORT,
        SupportsResponse.ONLY,
    )
