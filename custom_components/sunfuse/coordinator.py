"""The coordinator that updates a site's entities after each control tick."""

import logging

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator

from .const import DOMAIN
from .site.outcome import SiteData

_LOGGER = logging.getLogger(__name__)


class SunfuseCoordinator(DataUpdateCoordinator[SiteData]):
    """Passes the outcome of each tick to the entities. The controller pushes; nothing is polled."""

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
        """Report a failed tick to the entities: the values that it would have shown are unknown."""
        self.last_exception = error
        if self.last_update_success:
            self.last_update_success = False
            self.async_update_listeners()
