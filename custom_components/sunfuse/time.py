"""Times: when cars leave."""

from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .data import SunfuseConfigEntry
from .owner_entities.wish_times import add_wish_times

PARALLEL_UPDATES = 1


async def async_setup_entry(
    hass: HomeAssistant,
    entry: SunfuseConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the times of a site."""
    add_wish_times(hass, entry, async_add_entities)
