"""The peak of the month that a meter keeps itself: it counted from the first minute, also while Home Assistant was off."""

from datetime import datetime, timedelta, tzinfo

from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er

from ..states import StateReader

# Who reads a Belgian digital meter, and what its sensor is called there (Home Assistant 2026.10).
_KNOWN = frozenset(
    (
        ("dsmr", "maximum_demand_current_month"),
        ("homewizard", "monthly_power_peak_w"),
    )
)
# What is older may be of the month before: integrations that lose their meter keep its last value for a while.
_FRESH = timedelta(minutes=10)


def found_meter_peak(hass: HomeAssistant) -> str | None:
    """Return the sensor of a known integration; None where there is none, or more than one."""
    found = [
        entity.entity_id
        for entity in er.async_get(hass).entities.values()
        if (entity.platform, entity.translation_key) in _KNOWN
        and entity.disabled_by is None
    ]
    return found[0] if len(found) == 1 else None


def meter_peak_w(
    hass: HomeAssistant, entity_id: str, now: datetime, zone: tzinfo
) -> float | None:
    """Return what a meter says of the running month; None while it says nothing new of it."""
    value = StateReader(hass).power_w(entity_id)
    if value is None or now - value.at > _FRESH:
        return None
    # The first minutes of a month are too early for a peak in it, and early enough for a value of the last one.
    said, first = value.at.astimezone(zone), (value.at - _FRESH).astimezone(zone)
    if said.month != now.astimezone(zone).month or said.month != first.month:
        return None
    return value.number
