"""Which entities of other integrations a site is read from, and what to do when one is renamed or replaced."""

from collections.abc import Iterator
from typing import Any

from homeassistant.config_entries import ConfigEntry, ConfigSubentry
from homeassistant.core import HomeAssistant, callback

from ..const import (
    CONF_FORECAST_ENTITIES,
    CONF_PERSON_ENTITY,
    CONF_SOURCES,
    CONF_TEMPERATURE,
    SUBENTRY_CAPACITY,
    SUBENTRY_CIRCUIT,
    SUBENTRY_PERSON,
    SUBENTRY_TARIFF,
    SUBENTRY_VEHICLE,
)
from ..sources.config import CircuitSources, SourcesConfig
from ..sources.vehicles import CarEntities
from .engine_options import CONF_DIMMING_ENTITY, CONF_HOLD_ENTITY
from .people.persons import renamed_person
from .prices import renamed_tariff, tariff_entities
from .subentries import usable

# The options that name an entity.
_OPTIONS = (CONF_TEMPERATURE, CONF_HOLD_ENTITY, CONF_DIMMING_ENTITY)


def entities_of(entry: ConfigEntry) -> set[str]:
    """Return every entity that a site, its circuits and its tariffs are read from."""
    return set(_entities_of(entry))


def _entities_of(entry: ConfigEntry) -> Iterator[str]:
    sources = SourcesConfig.from_dict(entry.data.get(CONF_SOURCES, {}))
    yield from sources.entities
    prices = (sources.price_import, sources.price_export)
    options = (entry.options.get(key) for key in _OPTIONS)
    yield from (entity for entity in (*prices, *options) if entity)
    yield from entry.options.get(CONF_FORECAST_ENTITIES, ())
    for circuit in usable(entry, SUBENTRY_CIRCUIT):
        yield from _circuit_sources(circuit).entities
    for tariff in _tariffs(entry):
        yield from tariff_entities(tariff)
    for vehicle in usable(entry, SUBENTRY_VEHICLE):
        yield from _car(vehicle).entities
    for person in usable(entry, SUBENTRY_PERSON):
        if (entity := person.data.get(CONF_PERSON_ENTITY)) is not None:
            yield entity


@callback
def replace_entity(hass: HomeAssistant, entry: ConfigEntry, old: str, new: str) -> None:
    """Replace an entity by another one wherever a site is read from it."""

    def named(name: str) -> str:
        return new if name == old else name

    update = hass.config_entries
    sources = SourcesConfig.from_dict(entry.data.get(CONF_SOURCES, {}))
    if (changed := sources.renamed(named)) != sources:
        update.async_update_entry(
            entry, data={**entry.data, CONF_SOURCES: changed.to_dict()}
        )
    options: dict[str, Any] = {
        key: named(entry.options[key]) for key in _OPTIONS if key in entry.options
    }
    if CONF_FORECAST_ENTITIES in entry.options:
        options[CONF_FORECAST_ENTITIES] = [
            named(name) for name in entry.options[CONF_FORECAST_ENTITIES]
        ]
    update.async_update_entry(entry, options={**entry.options, **options})
    for circuit in usable(entry, SUBENTRY_CIRCUIT):
        read_from = _circuit_sources(circuit)
        if old in read_from.entities:
            stored = read_from.renamed(named).to_dict()
            update.async_update_subentry(
                entry, circuit, data={**circuit.data, CONF_SOURCES: stored}
            )
    for vehicle in usable(entry, SUBENTRY_VEHICLE):
        car = _car(vehicle)
        if (changed_car := car.renamed(named)) != car:
            stored = changed_car.to_dict()
            update.async_update_subentry(
                entry, vehicle, data={**vehicle.data, CONF_SOURCES: stored}
            )
    for person in usable(entry, SUBENTRY_PERSON):
        if (of_person := renamed_person(person.data, old, new)) is not None:
            update.async_update_subentry(entry, person, data=of_person)
    for tariff in _tariffs(entry):
        if (data := renamed_tariff(tariff.data, old, new)) is not None:
            update.async_update_subentry(entry, tariff, data=data)


def _circuit_sources(circuit: ConfigSubentry) -> CircuitSources:
    return CircuitSources.from_dict(circuit.data.get(CONF_SOURCES, {}))


def _car(vehicle: ConfigSubentry) -> CarEntities:
    return CarEntities.from_dict(vehicle.data.get(CONF_SOURCES, {}))


def _tariffs(entry: ConfigEntry) -> list[ConfigSubentry]:
    return [
        *entry.get_subentries_of_type(SUBENTRY_TARIFF),
        *entry.get_subentries_of_type(SUBENTRY_CAPACITY),
    ]
