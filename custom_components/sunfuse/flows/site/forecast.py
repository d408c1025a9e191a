"""The form of the solar forecast: its source, and what was recognised of it."""

from collections.abc import Mapping
from typing import Any

import voluptuous as vol

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN, Platform, UnitOfPower
from homeassistant.core import HomeAssistant
from homeassistant.helpers.selector import (
    EntitySelector,
    EntitySelectorConfig,
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
)
from homeassistant.util import dt as dt_util

from ...const import (
    CONF_FORECAST_ENTITIES,
    CONF_FORECAST_ENTRIES,
    CONF_SOLAR_PEAK,
    CONF_SOURCES,
)
from ...sources.forecasts.forecast_sources import recognised
from ..checks import Errors
from ..form_fields import number
from ..reader import written


def forecast_schema(offered: Mapping[str, str]) -> vol.Schema:
    """Return the form, for these config entries with a forecast by their titles."""
    return vol.Schema(
        {
            vol.Optional(CONF_FORECAST_ENTRIES): SelectSelector(
                SelectSelectorConfig(
                    options=[
                        SelectOptionDict(value=entry_id, label=title)
                        for entry_id, title in offered.items()
                    ],
                    multiple=True,
                )
            ),
            vol.Optional(CONF_FORECAST_ENTITIES): EntitySelector(
                EntitySelectorConfig(filter={"domain": Platform.SENSOR}, multiple=True)
            ),
            vol.Optional(CONF_SOLAR_PEAK): number(
                UnitOfPower.KILO_WATT, step=0.1, high=5000
            ),
        }
    )


def forecast_values(entry: ConfigEntry) -> Mapping[str, Any]:
    """Return what the form shows: the user's choice, otherwise the Energy dashboard's."""
    sources = entry.data.get(CONF_SOURCES, {})
    return {
        CONF_FORECAST_ENTRIES: list(sources.get("solar_forecasts", ())),
        **entry.options,
    }


def check_forecast(
    hass: HomeAssistant, form: Mapping[str, Any], placeholders: dict[str, str]
) -> Errors:
    """Check that each entity that can be read now has a forecast."""
    errors: Errors = {}
    for entity_id in form.get(CONF_FORECAST_ENTITIES, ()):
        state = hass.states.get(entity_id)
        if state is None or state.state in (STATE_UNAVAILABLE, STATE_UNKNOWN):
            # An integration that starts later provides its forecast later.
            continue
        if recognised(hass, entity_id) is None:
            errors.setdefault(CONF_FORECAST_ENTITIES, "no_forecast")
            placeholders["entity"] = entity_id
    if form.get(CONF_SOLAR_PEAK, 1) <= 0:
        errors[CONF_SOLAR_PEAK] = "not_positive"
    return errors


def what_was_recognised(
    hass: HomeAssistant, entities: list[str], sentences: Mapping[str, str]
) -> str:
    """Return a line for each entity: the attribute, the time and the energy of its forecast."""
    lines = []
    for entity_id in entities:
        if (found := recognised(hass, entity_id)) is None:
            lines.append(f"- {entity_id}: ?")
            continue
        start, end = (
            dt_util.as_local(at).strftime("%Y-%m-%d %H:%M")
            for at in (found.start, found.end)
        )
        lines.append(
            f"- {entity_id}: `{found.shape}`, {start} – {end}, "
            f"{written(found.energy_wh / 1000, 1, sentences)} kWh"
        )
    return "\n".join(lines) or "–"
