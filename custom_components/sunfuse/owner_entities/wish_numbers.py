"""Numbers: targets, limits, and the state of charge that is entered."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, override

from homeassistant.components.number import (
    NumberDeviceClass,
    NumberEntity,
    NumberEntityDescription,
    NumberMode,
)
from homeassistant.const import (
    PERCENTAGE,
    EntityCategory,
    UnitOfEnergy,
    UnitOfLength,
    UnitOfTime,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.util import dt as dt_util

from ..const import WH_PER_KWH
from ..data import SunfuseConfigEntry
from ..drivers.wishes import Target, TargetKind, Wishes
from ..site.cars.driver_words import Owner
from .owner_entity import OwnerEntity, add_owner_entities
from .weekdays import DayEntity, week_departures


@dataclass(frozen=True, kw_only=True)
class WishNumberDescription(NumberEntityDescription):
    """Describes a number. `vehicle` and `charger` say whether it is enabled by default there; None: it does not exist there."""

    value_fn: Callable[[Wishes], float | None]
    change_fn: Callable[[float], Mapping[str, Any]]
    vehicle: bool | None = None
    charger: bool | None = None
    per_kwh: bool = False  # its unit begins with the currency
    native_step: float | None = 1
    mode: NumberMode = NumberMode.BOX


def _target(
    kind: TargetKind, field: str, *, unit: float = 1.0
) -> Callable[[float], Mapping[str, Any]]:
    """Return what setting a target changes. 0: no target of this kind."""

    def change(value: float) -> Mapping[str, Any]:
        if not value:
            return {field: None}
        return {"target_kind": kind, field: value * unit}

    return change


def _kwh(value_wh: float | None) -> float | None:
    return None if value_wh is None else value_wh / WH_PER_KWH


WISH_NUMBERS: tuple[WishNumberDescription, ...] = (
    WishNumberDescription(
        key="target_soc",
        translation_key="target_soc",
        native_unit_of_measurement=PERCENTAGE,
        native_min_value=0,
        native_max_value=100,
        mode=NumberMode.SLIDER,
        value_fn=lambda wishes: wishes.target_soc,
        change_fn=_target(TargetKind.SOC, "target_soc"),
        vehicle=True,
        charger=False,
    ),
    WishNumberDescription(
        key="target_energy",
        translation_key="target_energy",
        device_class=NumberDeviceClass.ENERGY,
        native_unit_of_measurement=UnitOfEnergy.KILO_WATT_HOUR,
        native_min_value=0,
        native_max_value=1000,
        native_step=0.1,
        value_fn=lambda wishes: _kwh(wishes.target_energy_wh),
        change_fn=_target(TargetKind.ENERGY, "target_energy_wh", unit=WH_PER_KWH),
        vehicle=False,
        charger=True,
    ),
    WishNumberDescription(
        key="target_range",
        translation_key="target_range",
        device_class=NumberDeviceClass.DISTANCE,
        native_unit_of_measurement=UnitOfLength.KILOMETERS,
        native_min_value=0,
        native_max_value=2000,
        value_fn=lambda wishes: wishes.target_range_km,
        change_fn=_target(TargetKind.RANGE, "target_range_km"),
        vehicle=False,
    ),
    WishNumberDescription(
        key="minimum_soc",
        translation_key="minimum_soc",
        native_unit_of_measurement=PERCENTAGE,
        native_min_value=0,
        native_max_value=100,
        mode=NumberMode.SLIDER,
        entity_category=EntityCategory.CONFIG,
        value_fn=lambda wishes: wishes.minimum_soc,
        change_fn=lambda value: {"minimum_soc": value},
        vehicle=True,
    ),
    WishNumberDescription(
        key="price_limit",
        translation_key="price_limit",
        native_min_value=-10,
        native_max_value=1000,
        native_step=0.001,
        per_kwh=True,
        entity_category=EntityCategory.CONFIG,
        value_fn=lambda wishes: wishes.price_limit,
        # The lowest: no limit.
        change_fn=lambda value: {"price_limit": None if value <= -10 else value},
        vehicle=False,
        charger=False,
    ),
    WishNumberDescription(
        key="carbon_limit",
        translation_key="carbon_limit",
        native_unit_of_measurement="g/kWh",
        native_min_value=0,
        native_max_value=2000,
        entity_category=EntityCategory.CONFIG,
        value_fn=lambda wishes: wishes.carbon_limit_g,
        # 0: no limit.
        change_fn=lambda value: {"carbon_limit_g": value or None},
        vehicle=False,
        charger=False,
    ),
    WishNumberDescription(
        key="feed_in_first",
        translation_key="feed_in_first",
        native_min_value=-10,
        native_max_value=1000,
        native_step=0.001,
        per_kwh=True,
        entity_category=EntityCategory.CONFIG,
        value_fn=lambda wishes: wishes.feed_in_first_above,
        # The highest: no limit.
        change_fn=lambda value: {
            "feed_in_first_above": None if value >= 1000 else value
        },
        vehicle=False,
        charger=False,
    ),
    WishNumberDescription(
        key="precondition",
        translation_key="precondition",
        device_class=NumberDeviceClass.DURATION,
        native_unit_of_measurement=UnitOfTime.MINUTES,
        native_min_value=0,
        native_max_value=120,
        entity_category=EntityCategory.CONFIG,
        value_fn=lambda wishes: wishes.precondition_min or 0,
        change_fn=lambda value: {"precondition_min": value},
        vehicle=False,
        charger=False,
    ),
    WishNumberDescription(
        key="energy_limit",
        translation_key="energy_limit",
        device_class=NumberDeviceClass.ENERGY,
        native_unit_of_measurement=UnitOfEnergy.KILO_WATT_HOUR,
        native_min_value=0,
        native_max_value=1000,
        native_step=0.1,
        entity_category=EntityCategory.CONFIG,
        value_fn=lambda wishes: _kwh(wishes.limit_energy_wh) or 0,
        # 0: no limit.
        change_fn=lambda value: {"limit_energy_wh": value * WH_PER_KWH or None},
        vehicle=False,
        charger=False,
    ),
    WishNumberDescription(
        key="soc_limit",
        translation_key="soc_limit",
        native_unit_of_measurement=PERCENTAGE,
        native_min_value=0,
        native_max_value=100,
        entity_category=EntityCategory.CONFIG,
        value_fn=lambda wishes: wishes.limit_soc or 0,
        change_fn=lambda value: {"limit_soc": value or None},
        vehicle=False,
        charger=False,
    ),
)
_SOC: Mapping[str, Any] = {
    "native_unit_of_measurement": PERCENTAGE,
    "native_min_value": 0,
    "native_max_value": 100,
    "native_step": 1,
    "mode": NumberMode.BOX,
}
TYPED_SOC = NumberEntityDescription(
    key="typed_soc", translation_key="typed_soc", **_SOC
)


def add_wish_numbers(
    hass: HomeAssistant,
    entry: SunfuseConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the numbers of vehicles and chargers."""
    currency = hass.config.currency

    def create(owner: Owner) -> list[NumberEntity]:
        numbers: list[NumberEntity] = [
            WishNumber(entry, owner, description, enabled=enabled, currency=currency)
            for description in WISH_NUMBERS
            if (enabled := _enabled(description, owner)) is not None
        ]
        if owner.key is None:
            vehicle = entry.runtime_data.vehicles.get(owner.id)
            by_hand = vehicle is None or vehicle.entities.soc is None
            numbers.append(TypedSoc(entry, owner, TYPED_SOC, enabled=by_hand))
            numbers += [
                DayTarget(
                    entry,
                    owner,
                    departure,
                    departure.described(NumberEntityDescription, "target", **_SOC),
                    enabled=False,
                )
                for departure in week_departures(owner)
            ]
        return numbers

    add_owner_entities(hass, entry, async_add_entities, create)


def _enabled(description: WishNumberDescription, owner: Owner) -> bool | None:
    return description.vehicle if owner.key is None else description.charger


class WishNumber(OwnerEntity, NumberEntity):
    """Something that is set for a vehicle or a charger."""

    entity_description: WishNumberDescription

    def __init__(
        self,
        entry: SunfuseConfigEntry,
        owner: Owner,
        description: WishNumberDescription,
        *,
        enabled: bool,
        currency: str,
    ) -> None:
        """Initialize the number."""
        super().__init__(entry, owner, description, enabled=enabled)
        if description.per_kwh:
            self._attr_native_unit_of_measurement = f"{currency}/kWh"

    @property
    @override
    def native_value(self) -> float | None:
        """Return what is set, None where nothing is."""
        return self.entity_description.value_fn(self.wishes)

    @override
    async def async_set_native_value(self, value: float) -> None:
        """Set it. If several kinds of targets are set, the last one counts."""
        self.change(**self.entity_description.change_fn(value))


class DayTarget(DayEntity, NumberEntity):
    """The state of charge for one departure of the week; 0: the vehicle's target."""

    @property
    @override
    def native_value(self) -> float:
        """Return the target of that departure."""
        target = self.day.target if self.day else None
        return target.value if target and target.kind is TargetKind.SOC else 0

    @override
    async def async_set_native_value(self, value: float) -> None:
        """Set the target; this alone does not turn the departure on."""
        target = Target(kind=TargetKind.SOC, value=value) if value else None
        self.set_day(target=target, active=self.day.active if self.day else False)


class TypedSoc(OwnerEntity, NumberEntity):
    """The state of charge, for a car without an integration; it is counted while the car charges."""

    @property
    @override
    def native_value(self) -> float | None:
        """Return the state of charge now, None where it is not known."""
        soc = self._entry.runtime_data.demands.soc_of(self.owner.id)
        return None if soc is None else float(round(soc))

    @override
    async def async_set_native_value(self, value: float) -> None:
        """Use the value that the driver reads in the car."""
        runtime = self._entry.runtime_data
        runtime.demands.type_soc(self.owner.id, value, dt_util.utcnow())
        runtime.controller.tick()
