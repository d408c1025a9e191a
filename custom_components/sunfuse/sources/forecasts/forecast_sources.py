"""The possible sources of a solar forecast in this Home Assistant, and what was recognised in an entity."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.loader import IntegrationNotFound, async_get_integration
from homeassistant.util import dt as dt_util

from .forecast_shapes import find_solar
from .power_forecast import energy_wh


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognised:
    """A forecast that was found in an entity's attributes, named by its shape."""

    shape: str
    start: datetime
    end: datetime
    energy_wh: float


async def async_solar_entries(hass: HomeAssistant, own: str) -> dict[str, str]:
    """Return the config entries whose integrations offer a solar forecast, with their titles.

    Forecasts of the integration `own` come from Sunfuse itself and must not be fed back to it.
    """
    offers: dict[str, bool] = {own: False}
    found = {}
    for entry in hass.config_entries.async_entries(
        include_ignore=False, include_disabled=False
    ):
        if entry.domain not in offers:
            offers[entry.domain] = await _async_offers(hass, entry.domain)
        if offers[entry.domain]:
            found[entry.entry_id] = entry.title
    return found


async def _async_offers(hass: HomeAssistant, domain: str) -> bool:
    try:
        integration = await async_get_integration(hass, domain)
        if not integration.platforms_exists(("energy",)):
            return False
        platform = await integration.async_get_platform("energy")
    except IntegrationNotFound, ImportError:
        return False
    return hasattr(platform, "async_get_solar_forecast")


def recognised(hass: HomeAssistant, entity_id: str) -> Recognised | None:
    """Return the forecast in an entity's attributes now."""
    if (state := hass.states.get(entity_id)) is None:
        return None
    unit = state.attributes.get("unit_of_measurement")
    tz = ZoneInfo(hass.config.time_zone)
    shape, forecast = find_solar(
        state.attributes, unit=unit, tz=tz, now=dt_util.utcnow()
    )
    if not forecast.likely:
        return None
    return Recognised(
        shape=shape,
        start=forecast.likely[0].start,
        end=forecast.likely[-1].end,
        energy_wh=energy_wh(forecast.likely),
    )


def roofs_of(
    hass: HomeAssistant, entities: tuple[str, ...]
) -> tuple[tuple[str, ...], ...]:
    """Group entities by roof: those of one config entry follow each other, others add up."""
    registry = er.async_get(hass)
    groups: dict[str, list[str]] = {}
    for entity_id in entities:
        entry = registry.async_get(entity_id)
        owner = entry.config_entry_id if entry else None
        groups.setdefault(owner or entity_id, []).append(entity_id)
    return tuple(tuple(group) for group in groups.values())


def not_twice(
    hass: HomeAssistant,
    entries: tuple[str, ...],
    entities: tuple[str, ...],
    own: str,
) -> tuple[str, ...]:
    """Return the config entries without those whose entities were also chosen.

    The same roof must not count twice, and the entities contain more: their quantiles. Forecasts of the integration `own`
    come from Sunfuse itself.
    """
    registry = er.async_get(hass)
    owners = {
        entry.config_entry_id
        for entity_id in entities
        if (entry := registry.async_get(entity_id)) is not None
    }
    owners |= {entry.entry_id for entry in hass.config_entries.async_entries(own)}
    return tuple(entry_id for entry_id in entries if entry_id not in owners)
