"""Flows of a site, or of a part of it, that somebody may remove in another window meanwhile: they end in words."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, override

from homeassistant.config_entries import (
    ConfigEntry,
    ConfigFlow,
    ConfigSubentry,
    ConfigSubentryFlow,
    OptionsFlow,
    SubentryFlowResult,
    UnknownEntry,
    UnknownSubEntry,
)
from homeassistant.core import callback
from homeassistant.data_entry_flow import AbortFlow


class _StillThere:
    """A flow that ends when what it is about was removed; Home Assistant alone would answer with a server error."""

    @contextmanager
    def ends_if_removed(self) -> Iterator[None]:
        """End the flow if what is looked for, or changed, in here was removed."""
        try:
            yield
        except (UnknownEntry, UnknownSubEntry) as err:
            raise AbortFlow(reason="removed_meanwhile") from err


class SiteConfigFlow(_StillThere, ConfigFlow):
    """A flow that may change a site, or add to it what was discovered."""

    @callback
    @override
    def _get_reconfigure_entry(self) -> ConfigEntry:
        with self.ends_if_removed():
            return super()._get_reconfigure_entry()


class SiteOptionsFlow(_StillThere, OptionsFlow):
    """A flow of a site's options."""

    @property
    @override
    def config_entry(self) -> ConfigEntry:
        """Return the site."""
        with self.ends_if_removed():
            return super().config_entry


class SiteSubentryFlow(_StillThere, ConfigSubentryFlow):
    """A flow that adds a part to a site, or changes one."""

    @callback
    @override
    def _get_entry(self) -> ConfigEntry:
        with self.ends_if_removed():
            return super()._get_entry()

    @callback
    @override
    def _get_reconfigure_subentry(self) -> ConfigSubentry:
        with self.ends_if_removed():
            return super()._get_reconfigure_subentry()

    @callback
    @override
    def async_create_entry(self, **new: Any) -> SubentryFlowResult:
        """Add the part to its site."""
        self._get_entry()
        return super().async_create_entry(**new)

    @callback
    @override
    def async_update_and_abort(
        self, entry: ConfigEntry, subentry: ConfigSubentry, **changes: Any
    ) -> SubentryFlowResult:
        """Change the part, which may have been removed since it was read."""
        with self.ends_if_removed():
            return super().async_update_and_abort(entry, subentry, **changes)
