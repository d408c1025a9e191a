"""Finds the cars that Home Assistant knows, and which of their entities say what is asked.

By device class and unit; what an integration calls an entity decides between several. Read of: tesla_fleet, teslemetry,
tessie, renault, volvo, nissan_leaf (core); kia_uvo, myskoda, polestar_api, mbapi2020 (custom).
"""

from dataclasses import dataclass
import re

from homeassistant.components.binary_sensor import BinarySensorDeviceClass
from homeassistant.components.sensor import SensorDeviceClass
from homeassistant.const import PERCENTAGE, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er

from .vehicles import CarEntities

# What has a battery in percent and is no car, whatever else it has.
_NO_CARS = frozenset(("sunfuse", "mobile_app", "powerwall", "roborock", "hassio"))
# Of a device of these a battery is enough; of others a plug or a limit has to be there as well.
_CARS = frozenset(
    (
        "audiconnect",
        "bmw_cardata",
        "cardata",
        "bmw_connected_drive",
        "fordpass",
        "kia_uvo",
        "lucid",
        "mbapi2020",
        "mg_saic",
        "myskoda",
        "nissan_leaf",
        "polestar_api",
        "psa_car_controller",
        "renault",
        "rivian",
        "saic",
        "skodaconnect",
        "smartcar",
        "stellantis_vehicles",
        "tesla_custom",
        "tesla_fleet",
        "teslemetry",
        "tessie",
        "toyota",
        "volkswagencarnet",
        "volvo",
        "volvo_cars",
        "volvooncall",
    )
)
_LIMIT_WORDS = ("limit", "target", "max_soc", "charge_to")
_NOT_THE_LIMIT = ("min", "dc", "v2l", "v2g", "discharge", "temp", "current", "power")
_PLUG_WORDS = ("plug", "cable", "connection_status", "charger_connect", "connected")
# A small battery of the car, or what of the large one is usable: not what the driver sees.
_BREAKS = re.compile(r"[^a-z0-9]+")
_NOT_THE_BATTERY = ("12v", "12_v", "aux", "starter", "usable", "key", "health", "soh")


@dataclass(frozen=True, slots=True, kw_only=True)
class CarProposal:
    """A car that Home Assistant knows."""

    device_id: str
    name: str
    entities: CarEntities


def find_cars(hass: HomeAssistant) -> list[CarProposal]:
    """Return the cars that Home Assistant knows, by name."""
    by_device: dict[str, list[er.RegistryEntry]] = {}
    for entity in er.async_get(hass).entities.values():
        if entity.device_id and entity.disabled_by is None:
            by_device.setdefault(entity.device_id, []).append(entity)
    devices = dr.async_get(hass)
    found = []
    for device_id, entities in by_device.items():
        car = _car(entities)
        device = devices.async_get(device_id)
        if car is not None and device is not None:
            name = device.name_by_user or device.name or device_id
            found.append(CarProposal(device_id=device_id, name=name, entities=car))
    return sorted(found, key=lambda proposal: proposal.name.casefold())


def _car(entities: list[er.RegistryEntry]) -> CarEntities | None:
    """Return the entities of a device that is a car, None where it is none."""
    platforms = {entity.platform for entity in entities}
    if platforms & _NO_CARS:
        return None
    soc = _best(
        [
            entity
            for entity in entities
            if entity.domain == Platform.SENSOR
            and _class_of(entity) == SensorDeviceClass.BATTERY
            and entity.unit_of_measurement == PERCENTAGE
            and not _named(entity, _NOT_THE_BATTERY + _LIMIT_WORDS)
        ]
    )
    if soc is None:
        return None
    limit = _best(
        [
            entity
            for entity in entities
            if entity.domain in (Platform.NUMBER, Platform.SENSOR)
            and entity.unit_of_measurement == PERCENTAGE
            and _named(entity, _LIMIT_WORDS)
            and not _named(entity, _NOT_THE_LIMIT)
        ]
    )
    plug = _plug(entities)
    if not platforms & _CARS and plug is None and limit is None:
        return None
    return CarEntities(soc=soc, limit=limit, plug=plug)


def _plug(entities: list[er.RegistryEntry]) -> str | None:
    contacts = [e for e in entities if e.domain == Platform.BINARY_SENSOR]
    plugs = [e for e in contacts if _class_of(e) == BinarySensorDeviceClass.PLUG]
    # Tesla's cable is of class connectivity; other cars have a text, such as "connected" and "disconnected".
    cables = [
        e
        for e in contacts
        if _class_of(e) == BinarySensorDeviceClass.CONNECTIVITY
        and _named(e, _PLUG_WORDS[:2])
    ]
    texts = [
        e
        for e in entities
        if e.domain == Platform.SENSOR
        and e.unit_of_measurement is None
        and _named(e, _PLUG_WORDS)
    ]
    return _best(plugs) or _best(cables) or _best(texts)


def _class_of(entity: er.RegistryEntry) -> str | None:
    return entity.device_class or entity.original_device_class


def _named(entity: er.RegistryEntry, words: tuple[str, ...]) -> bool:
    """Return whether its integration, or its name, calls an entity by one of these words."""
    names = f"{entity.unique_id} {entity.translation_key} {entity.entity_id}"
    parts = _BREAKS.sub("_", f" {names.casefold()}")
    return any(f"_{word}" in parts for word in words)


def _best(entities: list[er.RegistryEntry]) -> str | None:
    """Return the one that is not for diagnosis, else the one of the shortest name: the others say more special things."""
    if not entities:
        return None
    best = min(
        entities,
        key=lambda e: (e.entity_category is not None, len(e.entity_id), e.entity_id),
    )
    return best.entity_id
