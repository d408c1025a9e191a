"""The sensors of a charger's connectors."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import (
    PERCENTAGE,
    EntityCategory,
    UnitOfElectricCurrent,
    UnitOfElectricPotential,
    UnitOfEnergy,
    UnitOfPower,
)
from homeassistant.helpers.typing import StateType

from ..central_system.station_state import FailSafe, OfferCheck
from ..engine.model import ConnectorStatus
from ..entity import ChargerEntity, ConnectorEntity
from ..site.outcome import ConnectorData
from ..state_writes import ENERGY_PACE, OFFER_PACE, Pace, Shown, readable


@dataclass(frozen=True, kw_only=True)
class ConnectorSensorDescription(SensorEntityDescription):
    """Describes a sensor of a connector."""

    value_fn: Callable[[ConnectorData], StateType]
    pace: Pace | None = None  # None: by its unit


def connector_sensors(phases: int) -> list[ConnectorSensorDescription]:
    """Return the sensors of a connector with this many phases."""
    return [
        *_CONNECTOR,
        *(sensor for phase in range(phases) for sensor in _of_phase(phase)),
    ]


_CONNECTOR: tuple[ConnectorSensorDescription, ...] = (
    ConnectorSensorDescription(
        key="status",
        translation_key="status",
        device_class=SensorDeviceClass.ENUM,
        options=[status.value for status in ConnectorStatus],
        value_fn=lambda data: data.connector.status,
    ),
    ConnectorSensorDescription(
        key="power",
        device_class=SensorDeviceClass.POWER,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=UnitOfPower.WATT,
        suggested_unit_of_measurement=UnitOfPower.KILO_WATT,
        suggested_display_precision=2,
        value_fn=lambda data: data.connector.meter.power_w,
    ),
    ConnectorSensorDescription(
        key="energy",
        device_class=SensorDeviceClass.ENERGY,
        state_class=SensorStateClass.TOTAL_INCREASING,
        native_unit_of_measurement=UnitOfEnergy.WATT_HOUR,
        suggested_unit_of_measurement=UnitOfEnergy.KILO_WATT_HOUR,
        suggested_display_precision=2,
        value_fn=lambda data: data.connector.lasting_energy_wh,
    ),
    ConnectorSensorDescription(
        key="session_energy",
        translation_key="session_energy",
        device_class=SensorDeviceClass.ENERGY,
        state_class=SensorStateClass.TOTAL_INCREASING,
        native_unit_of_measurement=UnitOfEnergy.WATT_HOUR,
        suggested_unit_of_measurement=UnitOfEnergy.KILO_WATT_HOUR,
        suggested_display_precision=2,
        value_fn=lambda data: data.connector.lasting_session_wh,
    ),
    ConnectorSensorDescription(
        key="offered_current",
        translation_key="offered_current",
        device_class=SensorDeviceClass.CURRENT,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=UnitOfElectricCurrent.AMPERE,
        suggested_display_precision=1,
        value_fn=lambda data: data.decision.offer_a,
        pace=OFFER_PACE,
    ),
    ConnectorSensorDescription(
        key="confirmed_current",
        translation_key="confirmed_current",
        device_class=SensorDeviceClass.CURRENT,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=UnitOfElectricCurrent.AMPERE,
        suggested_display_precision=1,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value_fn=lambda data: data.connector.offer_a,
        pace=OFFER_PACE,
    ),
    ConnectorSensorDescription(
        key="offer_check",
        translation_key="offer_check",
        device_class=SensorDeviceClass.ENUM,
        options=[check.value for check in OfferCheck],
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value_fn=lambda data: data.connector.offer_check,
    ),
    ConnectorSensorDescription(
        key="fail_safe",
        translation_key="fail_safe",
        device_class=SensorDeviceClass.ENUM,
        options=[state.value for state in FailSafe],
        entity_category=EntityCategory.DIAGNOSTIC,
        value_fn=lambda data: data.station.fail_safe,
    ),
    ConnectorSensorDescription(
        key="driver",
        translation_key="driver",
        value_fn=lambda data: data.holder.name if data.holder else None,
    ),
    ConnectorSensorDescription(
        key="state_of_charge",
        translation_key="state_of_charge",
        device_class=SensorDeviceClass.BATTERY,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=PERCENTAGE,
        entity_registry_enabled_default=False,
        value_fn=lambda data: data.connector.meter.soc,
    ),
)


def _of_phase(phase: int) -> tuple[ConnectorSensorDescription, ...]:
    suffix = f"l{phase + 1}"
    return (
        ConnectorSensorDescription(
            key=f"current_{suffix}",
            translation_key=f"current_{suffix}",
            device_class=SensorDeviceClass.CURRENT,
            state_class=SensorStateClass.MEASUREMENT,
            native_unit_of_measurement=UnitOfElectricCurrent.AMPERE,
            suggested_display_precision=1,
            value_fn=lambda data: data.connector.meter.current_a[phase],
        ),
        ConnectorSensorDescription(
            key=f"voltage_{suffix}",
            translation_key=f"voltage_{suffix}",
            device_class=SensorDeviceClass.VOLTAGE,
            state_class=SensorStateClass.MEASUREMENT,
            native_unit_of_measurement=UnitOfElectricPotential.VOLT,
            suggested_display_precision=0,
            entity_category=EntityCategory.DIAGNOSTIC,
            entity_registry_enabled_default=False,
            value_fn=lambda data: data.connector.meter.voltage_v[phase],
        ),
    )


class ChargerSensor(ChargerEntity, SensorEntity):
    """A sensor of a charger."""

    entity_description: ConnectorSensorDescription

    @override
    def _part(self, connector: ConnectorData) -> object:
        return self.entity_description.value_fn(connector)

    @property
    @override
    def native_value(self) -> StateType:
        """Return the value of the last tick."""
        if self.connector is None:
            return None
        value = self.entity_description.value_fn(self.connector)
        return readable(value, self.native_unit_of_measurement)


class ConnectorSensor(ChargerSensor, ConnectorEntity):
    """A sensor of a connector."""

    @cached_property
    def _is_energy(self) -> bool:
        return self.entity_description.device_class is SensorDeviceClass.ENERGY

    @property
    @override
    def pace(self) -> Pace | None:
        """Return its pace. Energies change once a minute already, when they are saved."""
        usual = ENERGY_PACE if self._is_energy else super().pace
        return self.entity_description.pace or usual

    @override
    def _part(self, connector: ConnectorData) -> object:
        return self.entity_description.value_fn(connector), self._moment(connector)

    def _moment(self, connector: ConnectorData) -> object:
        """Return the session, of an energy as it is saved, too: it is written when one starts or ends, whatever its pace."""
        transaction, stored = (
            connector.connector.transaction,
            connector.connector.stored,
        )
        if not self._is_energy:
            return transaction and transaction.id
        saved = stored and (stored.session_id, stored.session_runs)
        return (transaction and transaction.id, saved)

    @override
    def _shown(self) -> Shown:
        connector = self.connector
        if connector is None:
            return Shown(available=False)
        moment = self._moment(connector)
        if not self.available:
            return Shown(available=False, moment=moment)
        return Shown(available=True, value=self.native_value, moment=moment)
