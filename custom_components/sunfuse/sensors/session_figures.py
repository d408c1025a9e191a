"""The sensors of what happened: the last session of a connector, this month, and the savings."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
import time
from typing import override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.config_entries import ConfigSubentry
from homeassistant.const import PERCENTAGE, UnitOfEnergy, UnitOfTime
from homeassistant.core import callback
from homeassistant.helpers.device_registry import ChildDeviceInfo, DeviceInfo
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.typing import StateType
from homeassistant.helpers.update_coordinator import CoordinatorEntity

from ..const import SUBENTRY_CHARGER, SUBENTRY_VEHICLE
from ..data import SunfuseConfigEntry
from ..devices import connector_device, site_device, station_device, subentry_device
from ..sessions import GroupBy, SessionRow, SessionSums
from ..site.ledger.ledger_figures import Figures, LedgerFigures
from ..site.outcome import ConnectorKey, identity_of
from ..site.subentries import usable
from ..state_writes import Shown, WriteThrottle, within

# While cars charge, their sums are read each minute: the sum of a month is no gauge of what happens now. A charger, its car and
# its driver have seven of them; the end of a session is written at once.
GROWS = within(2000.0, share=0.05, every_s=890)  # watt-hours
COSTS_GROW = within(1.0, share=0.05, every_s=890)


@dataclass(frozen=True, kw_only=True)
class LastSessionDescription(SensorEntityDescription):
    """Describes a sensor of a connector's last session."""

    value_fn: Callable[[SessionRow], StateType]
    money: bool = False


@dataclass(frozen=True, kw_only=True)
class SumDescription(SensorEntityDescription):
    """Describes a sensor of a sum of sessions; `unit_per` follows the currency."""

    value_fn: Callable[[SessionSums], float | None]
    money: bool = False
    unit_per: str = ""
    sums_fn: Callable[[Figures], SessionSums] = lambda figures: figures.days_30


def _minutes(row: SessionRow) -> float | None:
    return None if row.duration is None else row.duration.total_seconds() / 60


def _percent(share: float | None) -> float | None:
    return None if share is None else 100 * share


LAST_SESSION: tuple[LastSessionDescription, ...] = (
    LastSessionDescription(
        key="last_session_energy",
        translation_key="last_session_energy",
        device_class=SensorDeviceClass.ENERGY,
        native_unit_of_measurement=UnitOfEnergy.WATT_HOUR,
        suggested_unit_of_measurement=UnitOfEnergy.KILO_WATT_HOUR,
        suggested_display_precision=2,
        value_fn=lambda row: row.energy_wh,
    ),
    LastSessionDescription(
        key="last_session_cost",
        translation_key="last_session_cost",
        device_class=SensorDeviceClass.MONETARY,
        suggested_display_precision=2,
        money=True,
        value_fn=lambda row: row.cost,
    ),
    LastSessionDescription(
        key="last_session_duration",
        translation_key="last_session_duration",
        device_class=SensorDeviceClass.DURATION,
        native_unit_of_measurement=UnitOfTime.MINUTES,
        # Shown as "17h 48m"; of minutes it would be "1,068m".
        suggested_unit_of_measurement=UnitOfTime.HOURS,
        value_fn=_minutes,
    ),
    LastSessionDescription(
        key="last_session_sun_share",
        translation_key="last_session_sun_share",
        native_unit_of_measurement=PERCENTAGE,
        suggested_display_precision=0,
        value_fn=lambda row: _percent(row.sun_share),
    ),
)
MONTH_ENERGY = SumDescription(
    key="month_energy",
    translation_key="month_energy",
    device_class=SensorDeviceClass.ENERGY,
    state_class=SensorStateClass.TOTAL,
    native_unit_of_measurement=UnitOfEnergy.WATT_HOUR,
    suggested_unit_of_measurement=UnitOfEnergy.KILO_WATT_HOUR,
    suggested_display_precision=1,
    value_fn=lambda sums: sums.energy_wh,
)
MONTH_COST = SumDescription(
    key="month_cost",
    translation_key="month_cost",
    device_class=SensorDeviceClass.MONETARY,
    state_class=SensorStateClass.TOTAL,
    suggested_display_precision=2,
    money=True,
    value_fn=lambda sums: sums.known_cost,
)


MONTH_BILLED = SumDescription(
    key="month_billed",
    translation_key="month_billed",
    device_class=SensorDeviceClass.MONETARY,
    state_class=SensorStateClass.TOTAL,
    suggested_display_precision=2,
    money=True,
    # Nothing is billed where there is no price list.
    value_fn=lambda sums: sums.billed or 0.0,
)


def _of_days(
    days: int, sums_fn: Callable[[Figures], SessionSums]
) -> tuple[SumDescription, ...]:
    return (
        SumDescription(
            key=f"sun_share_{days}",
            translation_key=f"sun_share_{days}",
            state_class=SensorStateClass.MEASUREMENT,
            native_unit_of_measurement=PERCENTAGE,
            suggested_display_precision=0,
            value_fn=lambda sums: _percent(sums.sun_share),
            sums_fn=sums_fn,
        ),
        SumDescription(
            key=f"mean_price_{days}",
            translation_key=f"mean_price_{days}",
            state_class=SensorStateClass.MEASUREMENT,
            suggested_display_precision=3,
            money=True,
            unit_per="/kWh",
            value_fn=lambda sums: sums.mean_price,
            sums_fn=sums_fn,
        ),
        SumDescription(
            key=f"savings_{days}",
            translation_key=f"savings_{days}",
            device_class=SensorDeviceClass.MONETARY,
            suggested_display_precision=2,
            money=True,
            value_fn=lambda sums: sums.savings,
            sums_fn=sums_fn,
        ),
    )


OVER_TIME: tuple[SumDescription, ...] = (
    *_of_days(30, lambda figures: figures.days_30),
    *_of_days(365, lambda figures: figures.days_365),
)


class FiguresEntity(CoordinatorEntity[LedgerFigures], SensorEntity):
    """A sensor that is made from the ledger: it is there whether chargers are connected or not."""

    _attr_has_entity_name = True
    _read_anew = 0  # how often: what only grew since waits

    def __init__(
        self,
        entry: SunfuseConfigEntry,
        unique: str,
        description: SumDescription | LastSessionDescription,
    ) -> None:
        """Initialize the sensor."""
        super().__init__(entry.runtime_data.figures)
        self.entity_description = description
        self._entry = entry
        self._calm = WriteThrottle(COSTS_GROW if description.money else GROWS)
        self._attr_unique_id = f"{entry.entry_id}_{unique}{description.key}"
        if description.money:
            prices = entry.runtime_data.prices
            own = self.coordinator.hass.config.currency
            currency = prices.currency if prices else own
            per = (
                description.unit_per if isinstance(description, SumDescription) else ""
            )
            self._attr_native_unit_of_measurement = f"{currency}{per}"

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        """Write what is new, and now and then what only grows."""
        data = self.coordinator.data
        self._read_anew += not data.grows
        shown = Shown(
            available=self.available,
            value=self.native_value,
            moment=(self._read_anew, data.month_start),
        )
        if self._calm.due(shown, time.monotonic()):
            super()._handle_coordinator_update()


class LastSessionSensor(FiguresEntity):
    """A figure of the last session of a connector."""

    entity_description: LastSessionDescription

    def __init__(
        self,
        entry: SunfuseConfigEntry,
        subentry: ConfigSubentry,
        key: ConnectorKey,
        description: LastSessionDescription,
    ) -> None:
        """Initialize the sensor."""
        super().__init__(entry, f"{key.id}_", description)
        self._key = key
        self._subentry_id = subentry.subentry_id

    @property
    @override
    def device_info(self) -> DeviceInfo | ChildDeviceInfo:
        """Return the present device: a second connector may appear before this entity is added."""
        subentry = self._entry.subentries[self._subentry_id]
        return connector_device(self.hass, self._entry, subentry, self._key)

    @property
    @override
    def native_value(self) -> StateType:
        """Return the figure; nothing before the first session ended."""
        row = self.coordinator.data.last.get(self._key)
        return None if row is None else self.entity_description.value_fn(row)


class MonthSensor(FiguresEntity):
    """A sum of this month: of a charger, a vehicle or a person."""

    entity_description: SumDescription

    def __init__(
        self,
        entry: SunfuseConfigEntry,
        by: GroupBy,
        whose: str,
        device: DeviceInfo,
        description: SumDescription,
    ) -> None:
        """Initialize the sensor."""
        super().__init__(entry, f"{whose}_", description)
        self._by = by
        self._whose = whose
        self._attr_device_info = device

    @property
    @override
    def native_value(self) -> float | None:
        """Return the sum."""
        sums = self.coordinator.data.this_month.get((self._by, self._whose))
        return self.entity_description.value_fn(sums or SessionSums())

    @property
    @override
    def last_reset(self) -> datetime | None:
        """Return when the month began."""
        return self.coordinator.data.month_start


class OverTimeSensor(FiguresEntity):
    """A figure of the last 30 or 365 days."""

    entity_description: SumDescription

    def __init__(self, entry: SunfuseConfigEntry, description: SumDescription) -> None:
        """Initialize the sensor."""
        super().__init__(entry, "", description)
        self._attr_device_info = site_device(entry)

    @property
    @override
    def native_value(self) -> float | None:
        """Return the figure."""
        description = self.entity_description
        return description.value_fn(description.sums_fn(self.coordinator.data))


def add_figures(
    entry: SunfuseConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the sensors of the site, its chargers and vehicles; those of connectors are added with these."""
    async_add_entities(OverTimeSensor(entry, one) for one in OVER_TIME)
    for charger in usable(entry, SUBENTRY_CHARGER):
        identity = identity_of(charger)
        device = station_device(entry, identity)
        _add_month(
            entry, async_add_entities, charger, GroupBy.STATION, identity, device
        )
    for vehicle in usable(entry, SUBENTRY_VEHICLE):
        whose = vehicle.subentry_id
        device = subentry_device(entry, whose)
        _add_month(entry, async_add_entities, vehicle, GroupBy.VEHICLE, whose, device)


def _add_month(
    entry: SunfuseConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
    subentry: ConfigSubentry,
    by: GroupBy,
    whose: str,
    device: DeviceInfo,
) -> None:
    async_add_entities(
        (
            MonthSensor(entry, by, whose, device, one)
            for one in (MONTH_ENERGY, MONTH_COST)
        ),
        config_subentry_id=subentry.subentry_id,
    )


def last_session_sensors(
    entry: SunfuseConfigEntry, subentry: ConfigSubentry, key: ConnectorKey
) -> Iterable[LastSessionSensor]:
    """Return the sensors of a connector's last session."""
    return [LastSessionSensor(entry, subentry, key, one) for one in LAST_SESSION]
