"""What the forms of a site's set-up are stored as, and what other sites already use: their meters and ports."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from homeassistant.config_entries import ConfigEntry

from ...const import (
    CONF_ASSUMED_LOAD,
    CONF_KIND,
    CONF_MAIN_FUSE,
    CONF_MARGIN,
    CONF_PORT,
    CONF_SOURCES,
    CONF_SYSTEM,
    CONF_VOLTAGE,
    DEFAULT_PORT,
    KIND_SITE,
)
from ...sources.config import SourcesConfig
from ..checks import async_port_is_free
from ..form_fields import GRID_PHASES, sources_of

_PORTS_TRIED = 100
_STORED = (
    CONF_SYSTEM,
    CONF_VOLTAGE,
    CONF_MAIN_FUSE,
    CONF_MARGIN,
    CONF_PORT,
    CONF_ASSUMED_LOAD,
)


def site_data(
    form: Mapping[str, Any], solar_forecasts: tuple[str, ...]
) -> dict[str, Any]:
    """Return the data of the config entry of a site whose forms are filled in."""
    sources = sources_of(form, solar_forecasts).to_dict()
    stored = {key: form[key] for key in _STORED if key in form}
    return {CONF_KIND: KIND_SITE, CONF_SOURCES: sources} | stored


def meter_is_used(form: Mapping[str, Any], others: Iterable[ConfigEntry]) -> bool:
    """Return whether another site has the same grid meter: each of them would use the whole capacity of the fuse."""
    grid = sources_of({"battery_inverted": False} | dict(form), ()).grid
    used = {*(grid.entities if grid else ()), *form.get(GRID_PHASES, ())}
    return any(used & _grid_entities(entry) for entry in others)


def _grid_entities(entry: ConfigEntry) -> set[str]:
    sources = SourcesConfig.from_dict(entry.data.get(CONF_SOURCES, {}))
    return {*(sources.grid.entities if sources.grid else ()), *sources.grid_phases}


def ports_of(entries: Iterable[ConfigEntry]) -> set[int]:
    """Return the ports of other sites, and 0, on which nobody can listen."""
    return {0, *(entry.data[CONF_PORT] for entry in entries)}


async def async_free_port(host: str | None, taken: Collection[int]) -> int:
    """Return the usual port, or the next one that is free."""
    for port in range(DEFAULT_PORT, DEFAULT_PORT + _PORTS_TRIED):
        if port not in taken and await async_port_is_free(host, port):
            return port
    return DEFAULT_PORT
