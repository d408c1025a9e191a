"""Selects: which car it is, how its plan is made, and the unit of its target."""

from typing import override

from homeassistant.components.select import SelectEntity, SelectEntityDescription
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from ..data import SunfuseConfigEntry
from ..drivers.recognition import GUEST
from ..drivers.wishes import ChargingStrategy, TargetKind
from ..site.cars.driver_words import Owner, choose_vehicle
from .owner_entity import OwnerEntity, add_owner_entities

AUTOMATIC = "automatic"
STRATEGY = SelectEntityDescription(
    key="strategy",
    translation_key="strategy",
    options=[strategy.value for strategy in ChargingStrategy],
    entity_category=EntityCategory.CONFIG,
)
TARGET_KIND = SelectEntityDescription(
    key="target_kind",
    translation_key="target_kind",
    options=[kind.value for kind in TargetKind],
    entity_category=EntityCategory.CONFIG,
)
VEHICLE = SelectEntityDescription(key="vehicle", translation_key="vehicle")


def add_wish_selects(
    hass: HomeAssistant,
    entry: SunfuseConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the selects of vehicles and chargers."""

    def create(owner: Owner) -> list[SelectEntity]:
        of_vehicle = owner.key is None
        selects: list[SelectEntity] = [
            StrategySelect(entry, owner, STRATEGY, enabled=of_vehicle),
            TargetKindSelect(entry, owner, TARGET_KIND, enabled=False),
        ]
        if not of_vehicle:
            selects.append(VehicleSelect(entry, owner, VEHICLE))
        return selects

    add_owner_entities(hass, entry, async_add_entities, create)


class StrategySelect(OwnerEntity, SelectEntity):
    """Which plan is wanted among those that are ready on time."""

    @property
    @override
    def current_option(self) -> str:
        """Return the strategy."""
        return self.wishes.strategy or ChargingStrategy.CHEAPEST

    @override
    async def async_select_option(self, option: str) -> None:
        """Set the strategy."""
        self.change(strategy=ChargingStrategy(option))


class TargetKindSelect(OwnerEntity, SelectEntity):
    """Which kind of target counts: the one that was set last."""

    @property
    @override
    def current_option(self) -> str | None:
        """Return the kind of the target, None if there is none."""
        return self.wishes.target.kind if self.wishes.target else None

    @override
    async def async_select_option(self, option: str) -> None:
        """Use another target that was set before."""
        self.change(target_kind=TargetKind(option))


class VehicleSelect(OwnerEntity, SelectEntity):
    """Which car is at a connector, chosen by the user. The choice ends when that car leaves."""

    @property
    @override
    def options(self) -> list[str]:
        """Return the vehicles by name, and the choice of a guest."""
        return [AUTOMATIC, GUEST, *self._entry.runtime_data.vehicles.names().values()]

    @property
    @override
    def current_option(self) -> str | None:
        """Return what was chosen."""
        runtime = self._entry.runtime_data
        chosen = runtime.car_sessions.chosen(self.owner.id)
        if chosen in (None, GUEST):
            return chosen or AUTOMATIC
        return runtime.vehicles.names().get(chosen, AUTOMATIC)

    @override
    async def async_select_option(self, option: str) -> None:
        """Set which car it is."""
        assert self.owner.key is not None
        names = self._entry.runtime_data.vehicles.names()
        by_name = {name: vehicle for vehicle, name in names.items()}
        chosen = None if option == AUTOMATIC else by_name.get(option, GUEST)
        choose_vehicle(self._entry, self.owner.key, chosen)
