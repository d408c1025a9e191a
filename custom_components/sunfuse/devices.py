"""The devices of a site: the site, its chargers below it, and the connectors of those that have several."""

from collections.abc import Iterable, Mapping

from homeassistant.config_entries import ConfigEntry, ConfigSubentry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.helpers.device_registry import ChildDeviceInfo, DeviceInfo
from homeassistant.helpers.typing import UNDEFINED

from .central_system import Station
from .const import (
    CONF_CIRCUIT,
    DOMAIN,
    MAIN_CIRCUIT,
    REPORT_PANEL,
    SUBENTRY_CAPACITY,
    SUBENTRY_CHARGER,
    SUBENTRY_PERSON,
    SUBENTRY_VEHICLE,
)
from .site.circuits import CircuitTree
from .site.outcome import ConnectorKey, connector_numbers, identity_of
from .site.subentries import usable

MANUFACTURER = "Sunfuse"


def site_identifier(entry: ConfigEntry) -> tuple[str, str]:
    """Return the identifier of the site's device."""
    return (DOMAIN, entry.entry_id)


def station_identifier(entry: ConfigEntry, identity: str) -> tuple[str, str]:
    """Return the identifier of a charger's device."""
    return (DOMAIN, f"{entry.entry_id}_{identity}")


def connector_identifier(entry: ConfigEntry, key: ConnectorKey) -> tuple[str, str]:
    """Return the identifier of the device of one of several connectors."""
    domain, station = station_identifier(entry, key.identity)
    return (domain, f"{station}_{key.connector}")


def subentry_identifier(entry: ConfigEntry, subentry_id: str) -> tuple[str, str]:
    """Return the identifier of the device of a circuit, a capacity tariff, a vehicle, a person or a Modbus device."""
    return (DOMAIN, f"{entry.entry_id}_{subentry_id}")


def site_device(entry: ConfigEntry) -> DeviceInfo:
    """Return the site's device, registered by `register_site`."""
    return DeviceInfo(identifiers={site_identifier(entry)})


def station_device(entry: ConfigEntry, identity: str) -> DeviceInfo:
    """Return a charger's device, registered by `register_stations`."""
    return DeviceInfo(identifiers={station_identifier(entry, identity)})


def subentry_device(entry: ConfigEntry, subentry_id: str) -> DeviceInfo:
    """Return the device of a circuit, a capacity tariff, a vehicle or a person, which was registered."""
    return DeviceInfo(identifiers={subentry_identifier(entry, subentry_id)})


def connector_device(
    hass: HomeAssistant,
    entry: ConfigEntry,
    subentry: ConfigSubentry,
    key: ConnectorKey,
) -> DeviceInfo | ChildDeviceInfo:
    """Return the device of a connector: the charger's own if there is only one."""
    if len(connector_numbers(subentry.data)) == 1:
        return station_device(entry, key.identity)
    return ChildDeviceInfo(
        identifiers={connector_identifier(entry, key)},
        parent_device_id=dr.async_get_device_id_by_identifier(
            hass,
            station_identifier(entry, key.identity),
            config_entry_id=entry.entry_id,
        ),
        translation_key="connector",
        translation_placeholders={"number": str(key.connector)},
    )


@callback
def move_to_connectors(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Move the entities of chargers that turned out to have several connectors from the charger to the device of the first connector."""
    devices, entities = dr.async_get(hass), er.async_get(hass)
    for subentry in usable(entry, SUBENTRY_CHARGER):
        key = ConnectorKey(identity=identity_of(subentry), connector=1)
        station_id = dr.async_get_device_id_by_identifier(
            hass,
            station_identifier(entry, key.identity),
            config_entry_id=entry.entry_id,
        )
        if station_id is None or len(connector_numbers(subentry.data)) == 1:
            continue
        connector = devices.async_get_or_create_child(
            config_entry_id=entry.entry_id,
            config_subentry_id=subentry.subentry_id,
            identifiers={connector_identifier(entry, key)},
            parent_device_id=station_id,
            translation_key="connector",
            translation_placeholders={"number": str(key.connector)},
        )
        for entity in er.async_entries_for_device(
            entities, station_id, include_disabled_entities=True
        ):
            if entity.unique_id.startswith(f"{entry.entry_id}_{key.id}_"):
                entities.async_update_entity(entity.entity_id, device_id=connector.id)


def current_identifiers(entry: ConfigEntry) -> set[tuple[str, str]]:
    """Return the identifiers of all devices that the site has now."""
    chargers = usable(entry, SUBENTRY_CHARGER)
    connectors = [
        ConnectorKey(identity=identity_of(charger), connector=number)
        for charger in chargers
        if len(numbers := connector_numbers(charger.data)) > 1
        for number in numbers
    ]
    return {
        site_identifier(entry),
        simulated_house_identifier(entry),
        *(station_identifier(entry, identity_of(charger)) for charger in chargers),
        *(connector_identifier(entry, key) for key in connectors),
        *(subentry_identifier(entry, subentry) for subentry in entry.subentries),
    }


def simulated_house_identifier(entry: ConfigEntry) -> tuple[str, str]:
    """Return the identifier of the device with the meters of a simulated site."""
    return (DOMAIN, f"{entry.entry_id}_simulated_house")


@callback
def register_devices(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Register the devices that a site has whatever its chargers report, the site first."""
    register_site(hass, entry)
    _register_circuits(hass, entry)
    register_vehicles(hass, entry)
    register_persons(hass, entry)
    tariffs = entry.get_subentries_of_type(SUBENTRY_CAPACITY)
    _register_below_site(hass, entry, tariffs, "model_capacity_tariff")


@callback
def register_site(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Register the site, which its chargers' devices refer to."""
    dr.async_get(hass).async_get_or_create(
        config_entry_id=entry.entry_id,
        identifiers={site_identifier(entry)},
        manufacturer=MANUFACTURER,
        model=entry.runtime_data.sentences["model_site"],
        name=entry.title,
        # The site report, for users that are logged in.
        configuration_url=f"homeassistant://{REPORT_PANEL}/{entry.entry_id}",
    )


def _register_circuits(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Register the circuits below the main fuse, each after its parent."""
    registry = dr.async_get(hass)
    tree = CircuitTree.of(entry)
    for circuit in sorted(tree.circuits, key=lambda name: len(tree.path(name))):
        registry.async_get_or_create(
            config_entry_id=entry.entry_id,
            config_subentry_id=circuit,
            identifiers={subentry_identifier(entry, circuit)},
            name=tree.circuits[circuit].name,
            manufacturer=MANUFACTURER,
            model=entry.runtime_data.sentences["model_circuit"],
            via_device_id=_device_id(hass, entry, tree.path(circuit)[1]),
        )


def _device_id(hass: HomeAssistant, entry: ConfigEntry, circuit: str) -> str | None:
    """Return the device of a circuit; that of the main fuse is the site."""
    identifier = (
        site_identifier(entry)
        if circuit == MAIN_CIRCUIT
        else subentry_identifier(entry, circuit)
    )
    return dr.async_get_device_id_by_identifier(
        hass, identifier, config_entry_id=entry.entry_id
    )


@callback
def register_vehicles(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Register the vehicles, by the names that they have now."""
    vehicles = usable(entry, SUBENTRY_VEHICLE)
    _register_below_site(hass, entry, vehicles, "model_vehicle")


@callback
def register_persons(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Register the persons, by the names that they have now: a service each, with what they charged."""
    persons, service = usable(entry, SUBENTRY_PERSON), dr.DeviceEntryType.SERVICE
    _register_below_site(hass, entry, persons, "model_person", service)


def _register_below_site(
    hass: HomeAssistant,
    entry: ConfigEntry,
    subentries: Iterable[ConfigSubentry],
    model: str,
    entry_type: dr.DeviceEntryType | None = None,
) -> None:
    registry, site_id = dr.async_get(hass), _device_id(hass, entry, MAIN_CIRCUIT)
    for subentry in subentries:
        registry.async_get_or_create(
            config_entry_id=entry.entry_id,
            config_subentry_id=subentry.subentry_id,
            identifiers={subentry_identifier(entry, subentry.subentry_id)},
            entry_type=entry_type,
            manufacturer=MANUFACTURER,
            model=entry.runtime_data.sentences[model],
            name=subentry.title,
            via_device_id=site_id,
        )


@callback
def register_stations(
    hass: HomeAssistant, entry: ConfigEntry, stations: Mapping[str, Station]
) -> None:
    """Register the chargers, with what they last reported about themselves."""
    registry = dr.async_get(hass)
    tree = CircuitTree.of(entry)
    for subentry in usable(entry, SUBENTRY_CHARGER):
        identity = identity_of(subentry)
        info = stations[identity].state.info
        registry.async_get_or_create(
            config_entry_id=entry.entry_id,
            config_subentry_id=subentry.subentry_id,
            identifiers={station_identifier(entry, identity)},
            name=subentry.title,
            via_device_id=_device_id(hass, entry, tree.at(subentry.data[CONF_CIRCUIT])),
            # Nothing is known of a charger that has not connected yet: keep what was known before.
            manufacturer=info.vendor or UNDEFINED,
            model=info.model or UNDEFINED,
            serial_number=info.serial or UNDEFINED,
            sw_version=info.firmware or UNDEFINED,
        )
