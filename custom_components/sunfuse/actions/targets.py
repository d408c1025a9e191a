"""Finds the site, the charger or the tariff that an action names."""

from homeassistant.const import ATTR_CONFIG_ENTRY_ID
from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.service import async_get_config_entry

from ..const import DOMAIN
from ..data import SunfuseConfigEntry, loaded_sites
from ..devices import connector_identifier, station_identifier, subentry_identifier
from ..site.cars.driver_words import Owner, connector_owner, vehicle_owner
from ..site.outcome import ConnectorKey


def named_site(call: ServiceCall) -> SunfuseConfigEntry:
    """Return the site whose entry an action names.

    Raises:
        ServiceValidationError: there is no such site, or it is not set up.

    """
    entry: SunfuseConfigEntry = async_get_config_entry(
        call.hass, DOMAIN, call.data[ATTR_CONFIG_ENTRY_ID]
    )
    return entry


def _identifiers(hass: HomeAssistant, device_id: str) -> set[tuple[str, str]]:
    """Return what identifies a device; nothing if there is no such device."""
    device = dr.async_get(hass).async_get(device_id)
    return device.identifiers if device else set()


def connector_of_device(
    hass: HomeAssistant, device_id: str
) -> tuple[SunfuseConfigEntry, ConnectorKey]:
    """Return the site and the connector of a device; connector 0 stands for the charger as a whole.

    Raises:
        ServiceValidationError: it is not the device of a charger whose site is set up.

    """
    identifiers = _identifiers(hass, device_id)
    for entry in loaded_sites(hass):
        for key in entry.runtime_data.chargers.connector_keys():
            if station_identifier(entry, key.identity) in identifiers:
                return entry, ConnectorKey(identity=key.identity, connector=0)
            if connector_identifier(entry, key) in identifiers:
                return entry, key
    raise ServiceValidationError(
        translation_domain=DOMAIN, translation_key="no_such_charger"
    )


def capacity_tariff_of_device(
    hass: HomeAssistant, device_id: str
) -> tuple[SunfuseConfigEntry, str]:
    """Return the site of a capacity tariff's device, and the tariff's sub-entry id.

    Raises:
        ServiceValidationError: it is not the device of a capacity tariff whose site is set up.

    """
    identifiers = _identifiers(hass, device_id)
    for entry in loaded_sites(hass):
        for rule_id in entry.runtime_data.peaks.rules:
            if subentry_identifier(entry, rule_id) in identifiers:
                return entry, rule_id
    raise ServiceValidationError(
        translation_domain=DOMAIN, translation_key="no_such_capacity_tariff"
    )


def owner_of_device(
    hass: HomeAssistant, device_id: str
) -> tuple[SunfuseConfigEntry, Owner]:
    """Return the site of a vehicle's or charger's device, and the vehicle or connector that it belongs to.

    A charger with several connectors stands for its first one.

    Raises:
        ServiceValidationError: the device is neither, or its site is not set up.

    """
    identifiers = _identifiers(hass, device_id)
    for entry in loaded_sites(hass):
        for vehicle in entry.runtime_data.vehicles:
            if subentry_identifier(entry, vehicle.id) in identifiers:
                return entry, vehicle_owner(vehicle.id)
    try:
        entry, key = connector_of_device(hass, device_id)
    except ServiceValidationError as err:
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="no_such_owner"
        ) from err
    key = ConnectorKey(identity=key.identity, connector=key.connector or 1)
    return entry, connector_owner(entry, key)


def place_of_device(
    hass: HomeAssistant, device_id: str
) -> tuple[SunfuseConfigEntry, ConnectorKey]:
    """Return the site and the connector of a charger's device, or of a vehicle's where that is plugged in.

    Raises:
        ServiceValidationError: the device is neither, or the vehicle is not plugged in.

    """
    entry, owner = owner_of_device(hass, device_id)
    key = owner.key or entry.runtime_data.demands.where(owner.id)
    if key is None:
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="vehicle_not_plugged_in"
        )
    return entry, key
