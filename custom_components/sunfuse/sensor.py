"""Sensors of the site, of its chargers, and of the simulated house."""

from collections.abc import Callable, Iterator
from functools import partial

from homeassistant.components.sensor import SensorEntity
from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .const import SUBENTRY_MODBUS
from .data import SunfuseConfigEntry
from .entity import ChargerEntity, add_connector_entities
from .sensors.charger import CHARGER_SENSORS, StationSensor
from .sensors.circuit import (
    LIMITED_BY,
    CircuitLimitedBy,
    CircuitSensor,
    circuit_sensors,
)
from .sensors.connector import ConnectorSensor, connector_sensors
from .sensors.forecast import FORECAST_SENSORS, ForecastSensor
from .sensors.modbus import ModbusSensor
from .sensors.observed import OBSERVED_SENSORS, ObservedSensor
from .sensors.ocpp_address import OcppAddressSensor
from .sensors.peaks import add_peak_sensors
from .sensors.person import add_person_sensors
from .sensors.plan import PlannedPowerSensor, car_plan_sensors
from .sensors.prices import add_price_sensors
from .sensors.reason import EXPLANATION, REASON, ExplanationSensor, ReasonSensor
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
from .sensors.site import SiteSensor, site_sensors
from .sensors.vehicle import add_vehicle_sensors
from .site.circuits import CircuitTree
from .site.entry_data import site_of, station_config
from .site.outcome import ConnectorKey
from .site.subentries import usable

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
