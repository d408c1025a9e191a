"""Diagnostics of a site: its input and its decisions, without secrets."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
import re
from typing import Any

from homeassistant.components.diagnostics import REDACTED, async_redact_data
from homeassistant.core import HomeAssistant
from homeassistant.helpers.json import json_bytes
from homeassistant.util.json import json_loads_object

from .const import (
    CONF_CARD_NUMBER,
    CONF_FORMER_PASSWORD,
    CONF_IDENTIFIERS,
    CONF_PASSWORD,
    CONF_PERSON,
    CONF_PERSON_ENTITY,
    SUBENTRY_CARD,
    SUBENTRY_PERSON,
    SUBENTRY_VEHICLE,
)
from .data import SunfuseConfigEntry
from .engine.recording import Segment, to_record
from .site.entry_data import former_of

# A card's number works at other chargers too; a serial number identifies a household to its vendor.
TO_REDACT = {
    "id_token",
    "last_card",
    "serial",
    "serial_number",
    CONF_IDENTIFIERS,
    CONF_PASSWORD,
    CONF_FORMER_PASSWORD,
}
# Sub-entries whose names are those of people.
_PRIVATE = (SUBENTRY_CARD, SUBENTRY_PERSON, SUBENTRY_VEHICLE)
# Shorter texts are redacted by their key alone, as they may occur anywhere in other texts.
_SHORTEST = 4


async def async_get_config_entry_diagnostics(
    hass: HomeAssistant, entry: SunfuseConfigEntry
) -> dict[str, Any]:
    """Return diagnostics for a site."""
    found = _configured(entry) | _happening(entry)
    # Redaction only searches lists and dictionaries.
    redacted: dict[str, Any] = async_redact_data(
        json_loads_object(json_bytes(found)), TO_REDACT
    )
    # Known secrets are also redacted everywhere else: in a vendor's own message, in a text that quotes another one.
    without: dict[str, Any] = _without(redacted, _pattern(entry))
    numbers = _numbers_of_chargers(entry)
    opened = {name: numbers[name] for name in _open_identities(entry)}
    without = _without_identities(without, numbers, opened)
    # The last hour for scripts/replay: megabytes, so not on the event loop.
    record = await hass.async_add_executor_job(
        _anonymous_record,
        entry.runtime_data.controller.recorder.segments(),
        numbers,
        opened,
    )
    return without | {"flight_record": record}


def _configured(entry: SunfuseConfigEntry) -> dict[str, Any]:
    """Return what users entered: of cards, people and vehicles what is useful, and not who they are."""
    return {
        "entry": {"data": dict(entry.data), "options": dict(entry.options)},
        "chargers": [
            {"title": subentry.title, "data": dict(subentry.data)}
            for subentry in entry.subentries.values()
            if subentry.subentry_type not in _PRIVATE
        ],
        # How many there are, and whether they are blocked.
        "cards": _subentries(entry, SUBENTRY_CARD, CONF_CARD_NUMBER, CONF_PERSON),
        # What was agreed with them.
        "persons": _subentries(entry, SUBENTRY_PERSON, CONF_PERSON_ENTITY),
        "vehicles": _subentries(entry, SUBENTRY_VEHICLE),
    }


def _subentries(
    entry: SunfuseConfigEntry, kind: str, *private: str
) -> list[dict[str, Any]]:
    """Return the data of sub-entries, without their titles and what is private."""
    return [
        {key: value for key, value in subentry.data.items() if key not in private}
        for subentry in entry.get_subentries_of_type(kind)
    ]


def _happening(entry: SunfuseConfigEntry) -> dict[str, Any]:
    """Return what is measured, known and decided now."""
    runtime = entry.runtime_data
    data = runtime.coordinator.data
    demands = {key.id: runtime.demands.at(key) for key in data.connectors}
    return {
        "demands": {
            name: asdict(demand) | {"precondition": demand.precondition.total_seconds()}
            for name, demand in demands.items()
        },
        "modbus": [device.diagnostics() for device in runtime.modbus.devices.values()],
        "snapshot": asdict(data.snapshot),
        "decision": asdict(data.decision),
        "prices": asdict(runtime.prices.data) if runtime.prices else None,
        "forecasts": runtime.forecasts.diagnostics(),
        "observed": runtime.observed.diagnostics(),
        "peaks": [asdict(peak) for peak in data.peaks.values()],
        "stations": [
            asdict(station.state) | station.diagnostics()
            for station in runtime.central_system.stations.values()
        ],
        "pending": [asdict(state) for state in runtime.central_system.pending.values()],
    }


def _anonymous_record(
    segments: list[Segment], numbers: Mapping[str, str], opened: Mapping[str, str]
) -> dict[str, Any]:
    """Return a flight record with numbers for connectors and people.

    An identity is often a serial number. The engine uses the order of ids as a last resort, so the order of
    the numbers is the same.
    """
    record = to_record(segments)
    connectors = {
        decided[0]
        for segment in record["segments"]
        for frame in segment["frames"]
        for decided in frame.get("decision", ())
    }
    for segment in record["segments"]:
        connectors |= segment["memory"].get("connectors", {}).keys()
    names = {name: f"connector {n:04}" for n, name in enumerate(sorted(connectors), 1)}
    people = sorted(set(_texts(record, "person")))
    names |= {person: f"person {n:04}" for n, person in enumerate(people, 1)}
    chargers = sorted(set(_names_of_chargers(record)))
    names |= {charger: f"charger name {n:04}" for n, charger in enumerate(chargers, 1)}
    anonymous: dict[str, Any] = _renamed(record, names)
    # An address to connect to contains the identity.
    return _without_identities(anonymous, numbers, opened)


def _names_of_chargers(value: Any) -> Iterator[str]:
    """Return what owners call their chargers: often an identity, or a driver's name."""
    match value:
        case {"connectors": connectors, **others}:
            yield from _texts(connectors, "name")
            yield from _names_of_chargers(list(others.values()))
        case dict():
            yield from _names_of_chargers(list(value.values()))
        case list():
            for item in value:
                yield from _names_of_chargers(item)


def _texts(value: Any, key: str) -> Iterator[str]:
    """Return the texts with a key, wherever they are."""
    match value:
        case dict():
            if isinstance(text := value.get(key), str):
                yield text
            yield from _texts(list(value.values()), key)
        case list():
            for item in value:
                yield from _texts(item, key)


def _renamed(value: Any, names: Mapping[str, str]) -> Any:
    match value:
        case str():
            return names.get(value, value)
        case list():
            return [_renamed(item, names) for item in value]
        case dict():
            return {names.get(k, k): _renamed(item, names) for k, item in value.items()}
        case _:
            return value


def _secrets(entry: SunfuseConfigEntry) -> Iterator[str | None]:
    """Return the texts that must be redacted, wherever they occur."""
    for subentry in entry.subentries.values():
        yield subentry.data.get(CONF_PASSWORD)
        if (former := former_of(subentry.data)) is not None:
            yield from former.passwords
        if subentry.subentry_type == SUBENTRY_CARD:
            yield subentry.data.get(CONF_CARD_NUMBER)
        yield from subentry.data.get(CONF_IDENTIFIERS, ())
    for station in entry.runtime_data.central_system.stations.values():
        yield station.config.password
        if station.config.former is not None:
            yield from station.config.former.passwords
        yield station.variables.get("AuthorizationKey")
        yield station.state.last_card
        yield station.state.info.serial
        for connector in station.state.connectors:
            yield connector.transaction.id_token if connector.transaction else None


def _open_identities(entry: SunfuseConfigEntry) -> list[str]:
    """Return the identities that alone allow connecting: those of chargers without a password or certificate, and of unknown ones."""
    central_system = entry.runtime_data.central_system
    unproved = [
        identity
        for identity, station in central_system.stations.items()
        if station.config.password is None and not station.config.client_certificate
    ]
    return sorted({*unproved, *central_system.pending})


def _numbers_of_chargers(entry: SunfuseConfigEntry) -> dict[str, str]:
    """Return what to call each charger of a site, and each unknown one."""
    central_system = entry.runtime_data.central_system
    identities = sorted({*central_system.stations, *central_system.pending})
    return {name: f"charger {n:04}" for n, name in enumerate(identities, 1)}


def _without_identities(
    found: dict[str, Any], numbers: Mapping[str, str], opened: Mapping[str, str]
) -> dict[str, Any]:
    """Return a value with numbers in place of identities that alone allow connecting, and of all in addresses."""
    without = _pseudonymous(found, opened)
    return _pseudonymous(without, numbers, only_in_addresses=True)


def _pseudonymous(
    found: dict[str, Any],
    numbers: Mapping[str, str],
    *,
    only_in_addresses: bool = False,
) -> dict[str, Any]:
    """Return a value with numbers in place of these identities, so that chargers can be distinguished."""
    if not numbers:
        return found
    folded = {name.casefold(): number for name, number in numbers.items()}
    pattern = re.compile(
        "|".join(
            _occurrence(name, only_in_addresses=only_in_addresses)
            for name in sorted(numbers, key=len, reverse=True)
        ),
        re.IGNORECASE,
    )

    def renamed(value: Any) -> Any:
        match value:
            case str():
                if only_in_addresses and "://" not in value:
                    return value
                return pattern.sub(lambda hit: folded[hit[0].casefold()], value)
            case list():
                return [renamed(item) for item in value]
            case dict():
                return {renamed(key): renamed(item) for key, item in value.items()}
            case _:
                return value

    anonymous: dict[str, Any] = renamed(found)
    return anonymous


def _occurrence(identity: str, *, only_in_addresses: bool) -> str:
    """Return the pattern of an identity in texts, or in addresses to connect to."""
    name = re.escape(identity)
    if only_in_addresses:
        return rf"(?<=[^/]/){name}(?![^\W_])"
    if len(identity) >= _SHORTEST:
        return rf"(?<![^\W_]){name}(?![^\W_])"
    # A short one may occur anywhere in other texts.
    return rf"(?<![^/]){name}(?=/|$)"


def _pattern(entry: SunfuseConfigEntry) -> re.Pattern[str] | None:
    secrets = {s for s in _secrets(entry) if s is not None and len(s) >= _SHORTEST}
    if not secrets:
        return None
    longest_first = sorted(secrets, key=len, reverse=True)
    return re.compile("|".join(map(re.escape, longest_first)), re.IGNORECASE)


def _without(value: Any, secrets: re.Pattern[str] | None) -> Any:
    if secrets is None:
        return value
    match value:
        case str():
            return secrets.sub(REDACTED, value)
        case list():
            return [_without(item, secrets) for item in value]
        case dict():
            return {
                secrets.sub(REDACTED, key): _without(item, secrets)
                for key, item in value.items()
            }
        case _:
            return value
