"""The coordinator through which a site's entities hear of each control tick."""

import logging

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator

from .const import DOMAIN
from .site.outcome import SiteData

_LOGGER = logging.getLogger(__name__)


class SunfuseCoordinator(DataUpdateCoordinator[SiteData]):
    """Hands the outcome of each tick to the entities. The controller pushes; nothing is polled."""

    config_entry: ConfigEntry

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry) -> None:
        """Initialize the coordinator."""
        super().__init__(
            hass,
            _LOGGER,
            config_entry=entry,
            name=f"{DOMAIN} {entry.title}",
            # A tick that changes nothing need not wake a hundred entities.
            always_update=False,
        )

    @callback
    def async_fail(self, error: Exception) -> None:
        """Tell the entities that the last tick failed: what it would have shown is not known."""
        self.last_exception = error
        if self.last_update_success:
            self.last_update_success = False
            self.async_update_listeners()
