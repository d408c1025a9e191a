"""Sensors of the site, of its chargers, and of the simulated house."""

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property, partial
from typing import Any, override

from homeassistant.components.sensor import SensorDeviceClass, SensorEntity
from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.typing import StateType

from .const import SUBENTRY_MODBUS
from .data import SunfuseConfigEntry
from .engine.model import Reason, ReasonKey
from .entity import (
    ChargerEntity,
    CircuitEntity,
    ConnectorEntity,
    SiteEntity,
    StationEntity,
    add_connector_entities,
)
from .sensors.charger import CHARGER_SENSORS
from .sensors.circuit import (
    LIMITED_BY,
    CircuitSensorDescription,
    circuit_sensors,
    decision_of,
    limit_attributes,
    limited_by,
)
from .sensors.connector import (
    EXPLANATION,
    REASON,
    ConnectorSensorDescription,
    connector_sensors,
)
from .sensors.forecast import FORECAST_SENSORS, ForecastSensor
from .sensors.modbus import ModbusSensor
from .sensors.observed import OBSERVED_SENSORS, ObservedSensor
from .sensors.ocpp_address import OcppAddressSensor
from .sensors.peaks import add_peak_sensors
from .sensors.person import add_person_sensors
from .sensors.plan import PlannedPowerSensor, car_plan_sensors
from .sensors.prices import add_price_sensors
from .sensors.session_figures import (
    LastSessionSensor,
    add_figures,
    last_session_sensors,
)
from .sensors.simulated import (
    SIMULATED_SENSORS,
    SimulatedForecastSensor,
    SimulatedSensor,
)
from .sensors.site import SiteSensorDescription, site_sensors
from .sensors.vehicle import add_vehicle_sensors
from .site.circuits import CircuitTree
from .site.entry_data import site_of, station_config
from .site.outcome import ConnectorData, ConnectorKey
from .site.planning.plan_slots import shortfall_reason
from .site.subentries import usable
from .state_writes import ENERGY_PACE, REASON_PACE, Pace, Shown, readable, shown_reasons
from .translated_reasons import explain, explain_connector, what_would_change_it

PARALLEL_UPDATES = 0


async def async_setup_entry(
    hass: HomeAssistant,
    entry: SunfuseConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the sensors of a site."""
    async_add_entities(_of_site(entry))
    tree = CircuitTree.of(entry)
    for circuit in tree.circuits:
        async_add_entities(
            [
                CircuitLimitedBy(entry, circuit, LIMITED_BY),
                *(
                    CircuitSensor(entry, circuit, description)
                    for description in circuit_sensors(tree, circuit)
                ),
            ],
            config_subentry_id=circuit,
        )
    add_price_sensors(hass, entry, async_add_entities)
    add_peak_sensors(hass, entry, async_add_entities)
    add_vehicle_sensors(hass, entry, async_add_entities)
    add_figures(entry, async_add_entities)
    add_person_sensors(entry, async_add_entities)
    for subentry in usable(entry, SUBENTRY_MODBUS):
        device = entry.runtime_data.modbus.devices[subentry.subentry_id]
        async_add_entities(
            (
                ModbusSensor(hass, entry, subentry, device, quantity)
                for quantity in device.config.quantities
            ),
            config_subentry_id=subentry.subentry_id,
        )
    add_connector_entities(hass, entry, async_add_entities, _of_connectors(entry))
    add_connector_entities(
        hass, entry, async_add_entities, partial(car_plan_sensors, entry)
    )


def _of_site(entry: SunfuseConfigEntry) -> Iterator[SensorEntity]:
    """Yield the sensors of the site as a whole."""
    site = site_of(entry.data)
    for of_site in site_sensors(site.phases):
        yield SiteSensor(entry, of_site)
    yield OcppAddressSensor(entry)
    yield PlannedPowerSensor(entry)
    observed = entry.runtime_data.observed
    for seen in OBSERVED_SENSORS:
        if observed.has_sun or not seen.of_sun:
            yield ObservedSensor(entry, observed, seen)
    forecasts = entry.runtime_data.forecasts
    for expected in FORECAST_SENSORS:
        if forecasts.has_solar or not expected.of_sun:
            yield ForecastSensor(entry, forecasts, expected)
    if house := entry.runtime_data.simulated_house:
        for simulated in SIMULATED_SENSORS:
            yield SimulatedSensor(entry, house, simulated)
        yield SimulatedForecastSensor(entry, house)


def _of_connectors(
    entry: SunfuseConfigEntry,
) -> Callable[[ConfigSubentry, ConnectorKey], list[ChargerEntity | LastSessionSensor]]:
    """Return what makes the sensors of a connector, and with its first one those of the charger."""
    site = site_of(entry.data)

    def create(
        subentry: ConfigSubentry, key: ConnectorKey
    ) -> list[ChargerEntity | LastSessionSensor]:
        phases = station_config(subentry.data, site).phases
        of_charger = CHARGER_SENSORS if key.connector == 1 else ()
        return [
            *(StationSensor(entry, key, description) for description in of_charger),
            ReasonSensor(entry, subentry, key, REASON),
            ExplanationSensor(entry, subentry, key, EXPLANATION),
            *(
                ConnectorSensor(entry, subentry, key, description)
                for description in connector_sensors(phases)
            ),
            *last_session_sensors(entry, subentry, key),
        ]

    return create


class SiteSensor(SiteEntity, SensorEntity):
    """A sensor of the site."""

    entity_description: SiteSensorDescription

    @property
    @override
    def pace(self) -> Pace | None:
        """Return its own pace, otherwise that of its unit."""
        return self.entity_description.pace or super().pace

    @property
    @override
    def native_value(self) -> StateType:
        """Return the value of the last tick."""
        description = self.entity_description
        value = description.value_fn(self.coordinator.data)
        if value is None and description.without is not None:
            sentences = self._entry.runtime_data.sentences
            return sentences[description.without]
        return readable(value, self.native_unit_of_measurement)

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any] | None:
        """Return additional information."""
        return self.entity_description.attributes_fn(self.coordinator.data)


class CircuitLimitedBy(CircuitEntity, SensorEntity):
    """What determines the limit of a circuit."""

    @property
    @override
    def native_value(self) -> StateType:
        """Return what determines the limit."""
        tree = CircuitTree.of(self._entry)
        return limited_by(self.coordinator.data, tree, self.circuit)

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any]:
        """Return the limit, and who set it until when."""
        return limit_attributes(self.coordinator.data, self.circuit)


class CircuitSensor(CircuitEntity, SensorEntity):
    """A sensor of a circuit."""

    entity_description: CircuitSensorDescription

    @property
    @override
    def pace(self) -> Pace | None:
        """Return its own pace, otherwise that of its unit."""
        return self.entity_description.pace or super().pace

    @property
    @override
    def native_value(self) -> StateType:
        """Return the value of the last tick."""
        data = self.coordinator.data
        if (decision := decision_of(data, self.circuit)) is None:
            return None
        meter = dict(data.snapshot.meters).get(self.circuit)
        value = self.entity_description.value_fn(decision, meter)
        return readable(value, self.native_unit_of_measurement)


class ConnectorSensor(ConnectorEntity, SensorEntity):
    """A sensor of a connector."""

    entity_description: ConnectorSensorDescription

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

    @property
    @override
    def native_value(self) -> StateType:
        """Return the value of the last tick."""
        if self.connector is None:
            return None
        value = self.entity_description.value_fn(self.connector)
        return readable(value, self.native_unit_of_measurement)


class StationSensor(StationEntity, SensorEntity):
    """A sensor of a charger as a whole."""

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


class ReasonedSensor(ConnectorEntity, SensorEntity):
    """A sensor of why a connector gets what it gets."""

    @property
    @override
    def pace(self) -> Pace:
        """A reason's numbers change with every reading, and reasons come and go within seconds."""
        return REASON_PACE

    @override
    def _part(self, connector: ConnectorData) -> object:
        status = connector.connector.status  # whether a car is there
        return connector.decision.reason, connector.holder, status

    @override
    def _shown(self) -> Shown:
        if self.connector is None or not self.available:
            return Shown(available=False)
        holder, missed = self.connector.holder, self._missed
        decision = self.connector.decision
        return shown_reasons(
            (decision.reason, *([missed] if missed else [])),
            charges=decision.offer_a > 0,
            moment=holder and (holder.standing, holder.name),
        )

    @override
    async def async_added_to_hass(self) -> None:
        """Follow the plan, too: it may miss a departure."""
        await super().async_added_to_hass()
        self.follow_plan()

    @property
    def _missed(self) -> Reason | None:
        """Return that the plan misses the departure, where the reason is something else that limits the car just now."""
        planning = self._entry.runtime_data.planning
        missed = planning.data.missed.get(self.key.id)
        if missed is None or not planning.is_there(self.key) or self.connector is None:
            return None
        if self.connector.decision.reason.key is ReasonKey.MISSES_DEPARTURE:
            return None
        return shortfall_reason(missed.shortfall)

    @property
    def _explanation(self) -> str | None:
        """Return the sentence, and what the car will lack when it leaves."""
        if self.connector is None:
            return None
        runtime, missed = self._entry.runtime_data, self._missed
        now, sentences = runtime.planning.clock.now(), runtime.sentences
        said = explain_connector(sentences, self.connector, now)
        return f"{said} {explain(sentences, missed, now)}" if missed else said

    @property
    @override
    def available(self) -> bool:
        """A disconnected charger also has a reason, but there is none while nothing can be decided."""
        return self.coordinator.last_update_success and self.connector is not None


class ReasonSensor(ReasonedSensor):
    """The reason as a key, for automations, and as a sentence among its attributes.

    What changes among attributes is not in the logbook.
    """

    _unrecorded_attributes = frozenset(("explanation", "what_would_change_it"))

    @property
    @override
    def native_value(self) -> StateType:
        """Return the key of the reason."""
        return self.connector.decision.reason.key if self.connector else None

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any] | None:
        """Return the values of the reason. Those that automations use are always present."""
        if self.connector is None:
            return None
        reason = self.connector.decision.reason
        sentences = self._entry.runtime_data.sentences
        return {
            **dict.fromkeys(("circuit", "phase", "until")),
            **{name: _rounded(name, value) for name, value in reason.values},
            "explanation": self._explanation,
            "what_would_change_it": what_would_change_it(sentences, reason),
        }


class ExplanationSensor(ReasonedSensor):
    """The same reason as a sentence in the user's language."""

    @property
    @override
    def native_value(self) -> StateType:
        """Return the sentence."""
        return self._explanation

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any] | None:
        """Return what would change it, as a sentence too."""
        if self.connector is None:
            return None
        sentences = self._entry.runtime_data.sentences
        change = what_would_change_it(sentences, self.connector.decision.reason)
        return {"what_would_change_it": change}


def _rounded(name: str, value: str | float) -> str | float:
    """Return a value of a reason with the precision that a person needs."""
    if isinstance(value, str):
        return value
    if "price" in name:
        return round(value, 4)
    return round(value, 0 if name.endswith("_w") else 1)
