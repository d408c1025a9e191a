"""What the Energy dashboard knows of a site, in one form instead of two: most people have nothing to change in it."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import voluptuous as vol

from homeassistant.core import HomeAssistant
from homeassistant.helpers.selector import BooleanSelector

from ...const import CONF_SYSTEM, SITE_PHASES
from ...sources.config import SourcesConfig
from ..checks import check_grid, check_sun
from ..form_fields import SYSTEM, grid_form, meter_of, sun_form
from ..meters.meter_sign import meter_contradicts

CHOOSE = "choose"
FOUND = vol.Schema(
    {
        vol.Required(CONF_SYSTEM): SYSTEM,
        vol.Required(CHOOSE, default=False): BooleanSelector(),
    }
)


def found_form(found: SourcesConfig, system: str) -> dict[str, Any]:
    """Return what the forms of grid and sun would contain if nothing was changed in them."""
    return {**sun_form(found), **grid_form(found), CONF_SYSTEM: system}


def suffices(hass: HomeAssistant, found: SourcesConfig, system: str) -> bool:
    """Return whether these sensors protect every phase, and pass all checks of their forms."""
    form = found_form(found, system)
    meter = meter_of(form)
    phases = SITE_PHASES[system]
    return (
        (len(meter.phases) == phases or phases == 1)
        and not check_grid(hass, form)
        and not check_sun(hass, sun_form(found), meter.entities)
        and not meter_contradicts(hass, meter)
    )


def found_list(
    hass: HomeAssistant, found: SourcesConfig, sentences: Mapping[str, str]
) -> str:
    """Return the sensors that were found, a line for each kind."""
    return "\n".join(_lines(hass, found, sentences))


def _lines(
    hass: HomeAssistant, found: SourcesConfig, sentences: Mapping[str, str]
) -> Iterator[str]:
    battery = [entity for source in found.battery for entity in source.entities]
    kinds: dict[str, Iterable[str | None]] = {
        "found_grid": found.meter.entities,
        "found_solar": found.solar,
        "found_battery": (*battery, found.battery_soc),
        "found_prices": (found.price_import, found.price_export),
    }
    for sentence, entities in kinds.items():
        if names := [_name(hass, entity) for entity in entities if entity]:
            yield f"- {sentences[sentence].format(sensors=', '.join(names))}"


def _name(hass: HomeAssistant, entity_id: str) -> str:
    state = hass.states.get(entity_id)
    return state.name if state else entity_id
