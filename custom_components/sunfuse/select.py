"""Selects: the charging mode of a connector, and the sharing policy of a site."""

from typing import override

from homeassistant.components.select import SelectEntity, SelectEntityDescription
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .data import SunfuseConfigEntry
from .engine.model import Mode
from .engine.tuning import Policy
from .entity import ConnectorSettingEntity, SiteEntity, add_connector_entities
from .owner_entities.wish_selects import add_wish_selects
from .rights import async_require_administrator

PARALLEL_UPDATES = 1

MODE = SelectEntityDescription(
    key="mode", translation_key="mode", options=[mode.value for mode in Mode]
)
POLICY = SelectEntityDescription(
    key="policy",
    translation_key="policy",
    options=[policy.value for policy in Policy],
    entity_category=EntityCategory.CONFIG,
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: SunfuseConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the selects of a site."""
    async_add_entities([SharingPolicy(entry)])
    add_wish_selects(hass, entry, async_add_entities)
    add_connector_entities(
        hass,
        entry,
        async_add_entities,
        lambda subentry, key: [ChargingMode(entry, subentry, key, MODE)],
    )


class SharingPolicy(SiteEntity, SelectEntity):
    """Who gets more of what is left above the minimums."""

    def __init__(self, entry: SunfuseConfigEntry) -> None:
        """Initialize the policy."""
        super().__init__(entry, POLICY)
        self._runtime = entry.runtime_data

    @property
    @override
    def current_option(self) -> str:
        """Return the policy."""
        return self._runtime.settings.site.policy

    @override
    async def async_select_option(self, option: str) -> None:
        """Set the policy, and decide at once."""
        await async_require_administrator(self.hass, self._context)
        self._runtime.settings.set_site(policy=Policy(option))
        self._runtime.controller.tick()


class ChargingMode(ConnectorSettingEntity, SelectEntity):
    """Whether a connector charges on solar power only, with a minimum from the grid, or at full power."""

    @property
    @override
    def current_option(self) -> str | None:
        """Return the mode."""
        return self.connector.settings.mode if self.connector else None

    @override
    async def async_select_option(self, option: str) -> None:
        """Set the mode, and decide at once."""
        self.change(mode=Mode(option))
