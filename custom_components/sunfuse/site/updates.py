"""Follows what changes while a site runs: its configuration, and what its chargers report of themselves."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
import logging
from typing import Any, Self

from homeassistant.config_entries import ConfigEntryState, ConfigSubentry
from homeassistant.const import CONF_NAME
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers import entity_registry as er

from ..central_system.station_state import StationInfo, StationState
from ..const import (
    CONF_FORMER_PASSWORD,
    CONF_PARENT,
    CONF_PERSON,
    CONF_REMOVED_CIRCUITS,
    LIVE_CHARGER_KEYS,
    LIVE_OPTIONS,
    SUBENTRY_CARD,
    SUBENTRY_CHARGER,
    SUBENTRY_MODBUS,
    SUBENTRY_PERSON,
    SUBENTRY_PRICE_LIST,
    SUBENTRY_TARIFF,
    SUBENTRY_VEHICLE,
)
from ..data import SunfuseConfigEntry
from ..devices import (
    register_persons,
    register_site,
    register_stations,
    register_vehicles,
)
from ..sources.modbus.site_devices import DeviceConfig, SiteDevice
from .circuits import CircuitTree, hangs_from
from .device_names import name_devices
from .engine_options import READ_EACH_TIME
from .entity_use import entities_of, replace_entity
from .outcome import connector_numbers, identity_of
from .people.cards import title_of_owned
from .prices import tariff_entities, tariff_of
from .subentries import usable

_LOGGER = logging.getLogger(__name__)


# What is taken over while chargers stay connected.
_LIVE = (
    SUBENTRY_CHARGER,
    SUBENTRY_CARD,
    SUBENTRY_PERSON,
    SUBENTRY_PRICE_LIST,
    SUBENTRY_VEHICLE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Charger:
    """What the entities of a charger depend on."""

    data: Mapping[str, Any]
    connectors: frozenset[int]


@callback
def follow_stations(hass: HomeAssistant, entry: SunfuseConfigEntry) -> None:
    """Keep the chargers' devices up to date with their boot notifications, and log who disconnects and reconnects."""
    central_system = entry.runtime_data.central_system
    known: dict[str, StationInfo] = {}
    gone: dict[str, bool] = {}  # by identity, of those that were connected once

    @callback
    def station_changed(state: StationState) -> None:
        if state.accepted and known.get(state.identity) != state.info:
            known[state.identity] = state.info
            register_stations(hass, entry, central_system.stations)
        if not state.accepted or state.connected is not gone.get(state.identity, True):
            return
        if state.connected:
            if state.identity in gone:
                _LOGGER.info("Charger %s is connected again", state.identity)
            gone[state.identity] = False
        elif central_system.port:  # otherwise we are stopping
            _LOGGER.info("Charger %s is no longer connected", state.identity)
            gone[state.identity] = True

    sent = {
        identity_of(subentry)
        for subentry in usable(entry, SUBENTRY_CHARGER)
        if CONF_FORMER_PASSWORD in subentry.data
    }

    @callback
    def password_changed(state: StationState) -> None:
        if not state.accepted:
            return
        if state.new_password is not None:
            sent.add(state.identity)
        elif state.identity in sent:
            sent.discard(state.identity)
            _forget_former_password(hass, entry, state.identity)

    entry.async_on_unload(central_system.subscribe(station_changed))
    entry.async_on_unload(central_system.subscribe(password_changed))


@callback
def _forget_former_password(
    hass: HomeAssistant, entry: SunfuseConfigEntry, identity: str
) -> None:
    """Drop the former credential of a charger: it has used its new password."""
    for subentry in usable(entry, SUBENTRY_CHARGER):
        if identity_of(subentry) == identity and CONF_FORMER_PASSWORD in subentry.data:
            data = {
                key: value
                for key, value in subentry.data.items()
                if key != CONF_FORMER_PASSWORD
            }
            hass.config_entries.async_update_subentry(entry, subentry, data=data)


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """The parts of a config entry that a site is built from; to be taken before anything is built."""

    site: tuple[Any, ...]
    chargers: dict[str, _Charger]
    tariffs: list[Mapping[str, Any]]
    circuits: CircuitTree

    @classmethod
    def of(cls, entry: SunfuseConfigEntry) -> Self:
        """Return the present content of the entry."""
        return cls(
            site=_site(entry),
            chargers=_chargers(entry),
            tariffs=_tariffs(entry),
            circuits=CircuitTree.of(entry),
        )


@callback
def follow_entry(
    hass: HomeAssistant, entry: SunfuseConfigEntry, built_from: Baseline
) -> None:
    """Apply accepted, renamed and removed chargers as they come; anything else reloads the site.

    A reload disconnects every charger of the site, which is not justified for an additional charger, another name or password or a higher grid fee. What changed since the site began to be built is applied at once.
    """
    chargers, tariffs = built_from.chargers, built_from.tariffs

    @callback
    def take_over() -> None:
        nonlocal chargers, tariffs
        if _remember_removed(hass, entry, built_from.circuits):
            # That is another change, which reloads the site.
            return
        before, chargers = chargers, _chargers(entry)
        kept = before.keys() & chargers.keys()
        if _site(entry) != built_from.site or any(
            _starts_anew(before[identity], chargers[identity]) for identity in kept
        ):
            hass.config_entries.async_schedule_reload(entry.entry_id)
            return
        runtime = entry.runtime_data
        tariffs_before, tariffs = tariffs, _tariffs(entry)
        if tariffs != tariffs_before:
            config = tariff_of(entry)
            if runtime.prices is None or config is None:
                hass.config_entries.async_schedule_reload(entry.entry_id)
                return
            runtime.prices.use(config)
        register_site(hass, entry)
        name_devices(hass, entry)
        _take_over_persons(hass, entry)
        _take_over_vehicles(hass, entry)
        runtime.controller.load_chargers()
        register_stations(hass, entry, runtime.central_system.stations)
        runtime.ledger.configuration.note()
        runtime.planning.request()

    async def updated(_hass: HomeAssistant, _entry: SunfuseConfigEntry) -> None:
        take_over()

    entry.async_on_unload(entry.add_update_listener(updated))
    take_over()


@callback
def _take_over_persons(hass: HomeAssistant, entry: SunfuseConfigEntry) -> None:
    """Take over persons and their cards as they are now; those who are new get their devices and entities."""
    runtime = entry.runtime_data
    _name_cards(hass, entry)
    runtime.persons.load()
    runtime.central_system.set_cards(runtime.cards.policy())
    register_persons(hass, entry)
    runtime.persons.announce()


@callback
def _name_cards(hass: HomeAssistant, entry: SunfuseConfigEntry) -> None:
    """Call cards after their persons as they are called now; those of persons who were removed lose the name."""
    names = {one.subentry_id: one.title for one in usable(entry, SUBENTRY_PERSON)}
    for card in usable(entry, SUBENTRY_CARD):
        title = title_of_owned(card, names.get(card.data[CONF_PERSON]))
        if card.title != title:
            hass.config_entries.async_update_subentry(entry, card, title=title)


@callback
def _take_over_vehicles(hass: HomeAssistant, entry: SunfuseConfigEntry) -> None:
    """Take over vehicles as they are now; those that are new get their devices and entities."""
    runtime = entry.runtime_data
    new = runtime.vehicles.load()
    register_vehicles(hass, entry)
    runtime.car_sessions.forget_vehicles()
    runtime.departures.forget(
        {vehicle.id for vehicle in runtime.vehicles},
        {key.id for key in runtime.chargers.connector_keys()},
    )
    runtime.vehicles.announce(new)


@callback
def _remember_removed(
    hass: HomeAssistant, entry: SunfuseConfigEntry, before: CircuitTree
) -> bool:
    """Remember the parents of removed circuits that others still refer to; returns whether there are any."""
    now = CircuitTree.of(entry)
    gone = now.orphaned(hangs_from(entry)) - now.removed.keys()
    known = {
        circuit: {CONF_NAME: found.name, CONF_PARENT: before.parent(circuit)}
        for circuit in gone
        if (found := before.circuits.get(circuit)) is not None
    }
    if known:
        removed = {**now.removed, **known}
        hass.config_entries.async_update_entry(
            entry, data={**entry.data, CONF_REMOVED_CIRCUITS: removed}
        )
    return bool(known)


@callback
def follow_readings(hass: HomeAssistant, entry: SunfuseConfigEntry) -> None:
    """Give a Modbus device sensors of what it did not report when it was added, which reloads the site."""
    for subentry in usable(entry, SUBENTRY_MODBUS):
        device = entry.runtime_data.modbus.devices[subentry.subentry_id]
        entry.async_on_unload(
            device.reader.subscribe(
                partial(_take_over_readings, hass, entry, subentry, device)
            )
        )


@callback
def _take_over_readings(
    hass: HomeAssistant,
    entry: SunfuseConfigEntry,
    subentry: ConfigSubentry,
    device: SiteDevice,
) -> None:
    config = device.config
    new = [one for one in device.reader.measured if one not in config.quantities]
    if not new or subentry.subentry_id not in entry.subentries:
        return
    # Between a change of its address and the reload, the device is read at the former one.
    if DeviceConfig.from_dict(subentry.data) == config:
        more = replace(config, quantities=(*config.quantities, *new))
        hass.config_entries.async_update_subentry(entry, subentry, data=more.to_dict())


@callback
def follow_renames(hass: HomeAssistant, entry: SunfuseConfigEntry) -> None:
    """Keep reading a sensor that the user renames."""

    @callback
    def renamed(event: Event[er.EventEntityRegistryUpdatedData]) -> None:
        old = event.data.get("old_entity_id")
        if event.data["action"] == "update" and isinstance(old, str):
            # Vehicles come while the site runs: what it reads from is looked up now.
            if old in entities_of(entry):
                replace_entity(hass, entry, old, event.data["entity_id"])
            elif (
                entry.state is ConfigEntryState.LOADED
                and old in entry.runtime_data.sources.entities
            ):
                # The sensors of a simulated house are looked up when it starts.
                hass.config_entries.async_schedule_reload(entry.entry_id)

    entry.async_on_unload(
        hass.bus.async_listen(er.EVENT_ENTITY_REGISTRY_UPDATED, renamed)
    )


def _site(entry: SunfuseConfigEntry) -> tuple[Any, ...]:
    return (
        entry.data,
        {
            k: v
            for k, v in entry.options.items()
            if k not in LIVE_OPTIONS | READ_EACH_TIME
        },
        [
            (
                subentry.subentry_id,
                # Other changes of a tariff are applied while the site runs.
                (tariff_entities(subentry), bool(subentry.data.get("carbon")))
                if subentry.subentry_type == SUBENTRY_TARIFF
                else subentry.data,
            )
            for subentry in entry.subentries.values()
            if subentry.subentry_type not in _LIVE
        ],
    )


def _tariffs(entry: SunfuseConfigEntry) -> list[Mapping[str, Any]]:
    return [tariff.data for tariff in entry.get_subentries_of_type(SUBENTRY_TARIFF)]


def _chargers(entry: SunfuseConfigEntry) -> dict[str, _Charger]:
    """Return the parts of the chargers' configuration that must not change while their entities exist."""
    return {
        identity_of(subentry): _Charger(
            data={k: v for k, v in subentry.data.items() if k not in LIVE_CHARGER_KEYS},
            connectors=frozenset(connector_numbers(subentry.data)),
        )
        for subentry in usable(entry, SUBENTRY_CHARGER)
    }


def _starts_anew(before: _Charger, now: _Charger) -> bool:
    """Return whether entities must be made anew. An additional connector is added; one less leaves its entities behind."""
    return replace(now, connectors=before.connectors) != before or (
        not now.connectors >= before.connectors
    )
