"""When a new charger is to charge: asked in words when it is accepted, as nobody should find out at night."""

from collections.abc import Mapping
from typing import Any

from homeassistant.helpers.selector import (
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
)

from ...const import CONF_KIND, CONF_SOURCES, KIND_SIMULATED
from ...engine.model import Mode


def first_modes(data: Mapping[str, Any]) -> list[Mode]:
    """Return the modes that make sense at a site: without solar power nothing waits for the sun."""
    sunny = data[CONF_KIND] == KIND_SIMULATED or data[CONF_SOURCES].get("solar")
    return [
        *((Mode.SOLAR, Mode.SOLAR_MIN) if sunny else ()),
        Mode.ECO,
        Mode.FAST,
    ]


def first_mode_selector(data: Mapping[str, Any]) -> SelectSelector:
    """Return the choice, as sentences."""
    return SelectSelector(
        SelectSelectorConfig(
            options=[mode.value for mode in first_modes(data)],
            translation_key="first_mode",
            mode=SelectSelectorMode.LIST,
        )
    )
