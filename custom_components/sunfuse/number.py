"""Numbers: the site's limit, and the maximum current of a connector."""

from dataclasses import replace
from typing import override

from homeassistant.components.number import (
    NumberDeviceClass,
    NumberEntity,
    NumberEntityDescription,
    NumberMode,
)
from homeassistant.config_entries import ConfigSubentry
from homeassistant.const import (
    PERCENTAGE,
    EntityCategory,
    Platform,
    UnitOfElectricCurrent,
    UnitOfPower,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .const import CONF_MAX_CURRENT, CONF_MIN_CURRENT, MAIN_CIRCUIT
from .data import SunfuseConfigEntry
from .entity import (
    CircuitEntity,
    ConnectorSettingEntity,
    PeakEntity,
    SiteEntity,
    add_connector_entities,
    forget_others,
)
from .owner_entities.wish_numbers import add_wish_numbers
from .rights import async_require_administrator
from .site.circuits import CircuitTree
from .site.outcome import ConnectorKey

PARALLEL_UPDATES = 1

LIMIT = NumberEntityDescription(
    key="limit",
    translation_key="limit",
    device_class=NumberDeviceClass.CURRENT,
    native_unit_of_measurement=UnitOfElectricCurrent.AMPERE,
    native_min_value=0,
    native_step=1,
    mode=NumberMode.BOX,
)
CARBON_WEIGHT = NumberEntityDescription(
    key="carbon_weight",
    translation_key="carbon_weight",
    native_unit_of_measurement=PERCENTAGE,
    native_min_value=0,
    native_max_value=100,
    native_step=5,
    mode=NumberMode.SLIDER,
    entity_category=EntityCategory.CONFIG,
)
CIRCUIT_LIMIT = replace(LIMIT, translation_key="circuit_limit")
PRIORITY = NumberEntityDescription(
    key="priority",
    translation_key="priority",
    native_min_value=1,
    native_max_value=10,
    native_step=1,
    entity_category=EntityCategory.CONFIG,
    entity_registry_enabled_default=False,
)
MONTH_PEAK = NumberEntityDescription(
    key="correct_month_peak",
    translation_key="correct_month_peak",
    device_class=NumberDeviceClass.POWER,
    native_unit_of_measurement=UnitOfPower.KILO_WATT,
    native_min_value=0,
    native_max_value=10000,
    native_step=0.001,
    mode=NumberMode.BOX,
    entity_category=EntityCategory.CONFIG,
)
MAX_CURRENT = NumberEntityDescription(
    key="max_current",
    translation_key="max_current",
    device_class=NumberDeviceClass.CURRENT,
    native_unit_of_measurement=UnitOfElectricCurrent.AMPERE,
    native_step=1,
    entity_category=EntityCategory.CONFIG,
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: SunfuseConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the numbers of a site."""
    async_add_entities([SiteLimit(entry)])
    prices = entry.runtime_data.prices
    weights = [CarbonWeight(entry)] if prices and prices.has_carbon else []
    unique_id = f"{entry.entry_id}_{CARBON_WEIGHT.key}"
    forget_others(hass, Platform.NUMBER, {unique_id}, weights)
    async_add_entities(weights)
    for circuit in CircuitTree.of(entry).circuits:
        async_add_entities([CircuitLimit(entry, circuit)], config_subentry_id=circuit)
    for rule_id in entry.runtime_data.peaks.rules:
        async_add_entities([MonthPeak(entry, rule_id)], config_subentry_id=rule_id)
    add_wish_numbers(hass, entry, async_add_entities)
    add_connector_entities(
        hass,
        entry,
        async_add_entities,
        lambda subentry, key: [
            MaxCurrent(entry, subentry, key),
            Priority(entry, subentry, key, PRIORITY),
        ],
    )


class SiteLimit(SiteEntity, NumberEntity):
    """The current that the site may take from the grid on each phase: the main fuse, or less."""

    def __init__(self, entry: SunfuseConfigEntry) -> None:
        """Initialize the limit: the electrician's main fuse is its upper bound."""
        super().__init__(entry, LIMIT)
        self._runtime = entry.runtime_data
        self._attr_native_max_value = max(CircuitTree.of(entry).limit_a(MAIN_CIRCUIT))

    @property
    @override
    def native_value(self) -> float:
        """Return the limit in force, that of the strongest phase."""
        return max(self.coordinator.data.snapshot.circuits[0].limit_a)

    @override
    async def async_set_native_value(self, value: float) -> None:
        """Set the limit, and decide at once."""
        await async_require_administrator(self.hass, self._context)
        self._runtime.settings.set_site(limit_a=value)
        self._runtime.controller.tick()


class CarbonWeight(SiteEntity, NumberEntity):
    """Whether plans save money or carbon."""

    def __init__(self, entry: SunfuseConfigEntry) -> None:
        """Initialize the weight."""
        super().__init__(entry, CARBON_WEIGHT)
        self._runtime = entry.runtime_data

    @property
    @override
    def native_value(self) -> float:
        """Return the weight."""
        return 100 * self._runtime.settings.site.carbon_weight

    @override
    async def async_set_native_value(self, value: float) -> None:
        """Set the weight, and plan anew."""
        self._runtime.settings.set_site(carbon_weight=value / 100)
        self._runtime.planning.plan_anew()
        self._handle_coordinator_update()


class MonthPeak(PeakEntity, NumberEntity):
    """The month's peak of a capacity tariff, to be corrected by the user: from the meter or the grid company."""

    def __init__(self, entry: SunfuseConfigEntry, rule_id: str) -> None:
        """Initialize the number."""
        super().__init__(entry, rule_id, MONTH_PEAK)
        self._runtime = entry.runtime_data

    @property
    @override
    def native_value(self) -> float:
        """Return the measure of this month."""
        return round(self.peak.measure_w / 1000, 3)

    @override
    async def async_set_native_value(self, value: float) -> None:
        """Store the user's value, and decide at once."""
        await async_require_administrator(self.hass, self._context)
        self._runtime.peaks.correct(self.rule_id, value * 1000)
        self._runtime.controller.tick()


class CircuitLimit(CircuitEntity, NumberEntity):
    """The current that a circuit may take on each phase: its fuse, or less."""

    def __init__(self, entry: SunfuseConfigEntry, circuit: str) -> None:
        """Initialize the limit: the limit in the circuit's form is its upper bound."""
        super().__init__(entry, circuit, CIRCUIT_LIMIT)
        self._runtime = entry.runtime_data
        self._attr_native_max_value = max(CircuitTree.of(entry).limit_a(circuit))

    @property
    @override
    def native_value(self) -> float:
        """Return the limit in force."""
        most_a = self._attr_native_max_value
        return min(self._runtime.settings.limits_a.get(self.circuit, most_a), most_a)

    @override
    async def async_set_native_value(self, value: float) -> None:
        """Set the limit, and decide at once."""
        await async_require_administrator(self.hass, self._context)
        self._runtime.settings.set_circuit_limit(self.circuit, value)
        self._runtime.controller.tick()


class MaxCurrent(ConnectorSettingEntity, NumberEntity):
    """The maximum current of a connector, within what its installation carries."""

    def __init__(
        self,
        entry: SunfuseConfigEntry,
        subentry: ConfigSubentry,
        key: ConnectorKey,
    ) -> None:
        """Initialize the maximum current."""
        super().__init__(entry, subentry, key, MAX_CURRENT)
        self._attr_native_min_value = subentry.data[CONF_MIN_CURRENT]
        self._attr_native_max_value = subentry.data[CONF_MAX_CURRENT]

    @property
    @override
    def native_value(self) -> float | None:
        """Return the user's maximum, or the charger's own if there is none."""
        if self.connector is None:
            return None
        return min(
            self.connector.settings.max_current_a or self._attr_native_max_value,
            self._attr_native_max_value,
        )

    @override
    async def async_set_native_value(self, value: float) -> None:
        """Set the maximum, and decide at once."""
        self.change(max_current_a=value)


class Priority(ConnectorSettingEntity, NumberEntity):
    """The weight of a connector against the others, in every policy."""

    @property
    @override
    def native_value(self) -> float | None:
        """Return the priority."""
        return self.connector.settings.priority if self.connector else None

    @override
    async def async_set_native_value(self, value: float) -> None:
        """Set the priority, and decide at once."""
        self.change(priority=int(value))
