"""What the forms of a site's set-up know before they are filled in: of a new site, or of the one that they change."""

from collections.abc import Mapping
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant

from ...const import (
    CONF_MARGIN,
    CONF_PORT,
    CONF_SOURCES,
    CONF_SYSTEM,
    CONF_VOLTAGE,
    DEFAULT_MARGIN_A,
    DOMAIN,
)
from ...site.chargers.ocpp_address import OcppAddress, ocpp_address
from ...site.circuits import CircuitTree
from ...site.fail_safe_check import chargers_of
from ...sources.config import SourcesConfig
from ...sources.meters.energy_dashboard import (
    async_disabled_sensors,
    async_suggest_sources,
)
from ..checks import async_port_is_free
from ..reader import async_readers_sentences
from .country import usual_system, usual_voltage_v
from .site_data import async_free_port, ports_of


class KnownSite:
    """What is known of the site: a new one has no entry yet."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry | None) -> None:
        """Start with the entry alone."""
        self._hass = hass
        self._entry = entry
        self._suggested: SourcesConfig | None = None

    @property
    def tree(self) -> CircuitTree:
        """Return its circuits; a new site has none."""
        return CircuitTree.of(self._entry) if self._entry else CircuitTree(site={})

    @property
    def chargers(self) -> list[Mapping[str, Any]]:
        """Return its chargers as configured; a new site has none."""
        return chargers_of(self._entry) if self._entry else []

    def address(self, port: int) -> OcppAddress:
        """Return the address that chargers connect to; a new site has no certificate yet."""
        return ocpp_address(self._hass, self._entry, port)

    def others(self) -> list[ConfigEntry]:
        """Return the other sites."""
        # An ignored charger is an entry too, without data.
        entries = self._hass.config_entries.async_entries(DOMAIN, include_ignore=False)
        return [entry for entry in entries if entry is not self._entry]

    def usual_system(self, phases: int) -> str:
        """Return the most likely grid connection."""
        if self._entry:
            system: str = self._entry.data[CONF_SYSTEM]
            return system
        return usual_system(self._hass.config.country, phases)

    async def async_sources(self) -> SourcesConfig:
        """Return where the site is read from, as configured or as the Energy dashboard suggests."""
        if self._suggested is None:
            if self._entry:
                self._suggested = SourcesConfig.from_dict(
                    self._entry.data[CONF_SOURCES]
                )
            else:
                self._suggested = await async_suggest_sources(self._hass)
        return self._suggested

    async def async_disabled_sensors(self) -> str:
        """Return a sentence that names sensors which the user may want to enable; empty if there are none."""
        suggested = await self.async_sources()
        found = await async_disabled_sensors(self._hass, suggested.meter.entities)
        if not found:
            return ""
        sentences = await async_readers_sentences(self._hass)
        return sentences["disabled_sensors"].format(sensors=", ".join(found))

    async def async_electrical_values(
        self, form: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """Return what the form of the main fuse shows first."""
        if self._entry:
            return {**self._entry.data, **self._entry.options}
        return {
            CONF_VOLTAGE: usual_voltage_v(self._hass.config.country, form[CONF_SYSTEM]),
            CONF_MARGIN: DEFAULT_MARGIN_A,
            CONF_PORT: await self.async_free_port(None),
        }

    async def async_port_is_free(self, host: str | None, port: int) -> bool:
        """Return whether the site can listen on a port."""
        if port in ports_of(self.others()):
            return False
        # The site itself listens on its port now.
        if self._entry and self._entry.data[CONF_PORT] == port:
            return True
        return await async_port_is_free(host, port)

    async def async_free_port(self, host: str | None) -> int:
        """Return the usual port, or the next one that is free."""
        return await async_free_port(host, ports_of(self.others()))
