"""The versions of a config entry: migrations, and the message to a user after a downgrade.

Minor versions: 1 was the first; 2 keeps the sessions of each charger in a file of their own (site/memory_file.py),
which also reads the former file; 3 makes delays, thresholds, averages, dead bands and the ramp automatic if their
forms were saved with the former defaults; 4 has persons, to whom cards belong: before, a card had the name, priority and
boost quota of its driver.
"""

from types import MappingProxyType
from typing import Any

from homeassistant.config_entries import ConfigEntry, ConfigSubentry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from ..const import (
    CONF_BOOST_QUOTA_KWH,
    CONF_CARD_NUMBER,
    CONF_IDENTIFIERS,
    CONF_JOINED_PERSONS,
    CONF_PERSON,
    CONF_PRIORITY,
    DOMAIN,
    ENTRY_MINOR_VERSION,
    ENTRY_VERSION,
    SUBENTRY_CARD,
    SUBENTRY_PERSON,
    SUBENTRY_VEHICLE,
)
from .people.cards import card_title

_AUTOMATIC_SINCE = 3
_PERSONS_SINCE = 4
# The values that a form stored if it was saved unchanged, before the minor version 3.
_FORMER_DEFAULTS: dict[str, float] = {
    "start_delay_s": 60,
    "stop_delay_s": 180,
    "stop_import_w": 0,
    "average_s": 30,
    "average_down_s": 10,
    "min_on_s": 180,
    "min_off_s": 60,
    "dead_band_percent": 5,
    "dead_band_a": 1,
    "ramp_a_per_s": 1,
    "to_one_phase_s": 120,
    "to_three_phases_s": 300,
}


@callback
def migrate(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Migrate an entry. One of a higher minor version is left as it is: it can be read."""
    if entry.minor_version >= ENTRY_MINOR_VERSION:
        return
    if entry.minor_version < _PERSONS_SINCE:
        _give_cards_to_persons(hass, entry)
    options = dict(entry.options)
    if entry.minor_version < _AUTOMATIC_SINCE:
        options = {
            name: value
            for name, value in options.items()
            if name not in _FORMER_DEFAULTS or value != _FORMER_DEFAULTS[name]
        }
    hass.config_entries.async_update_entry(
        entry, options=options, minor_version=ENTRY_MINOR_VERSION
    )


def _give_cards_to_persons(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Make a person of each card's driver.

    The person gets the id that the card had: sessions, statistics and entities know it as the person's. The card gets
    another one, by which its vehicle refers to it.
    """
    update = hass.config_entries
    moved: dict[str, str] = {}
    # Cards of one name are one driver's: the first of them gives the person.
    drivers: dict[str, str] = {}
    joined: dict[str, str] = {}
    for card in entry.get_subentries_of_type(SUBENTRY_CARD):
        number = card.data.get(CONF_CARD_NUMBER)
        if not isinstance(number, str) or CONF_PERSON in card.data:
            continue
        data = dict(card.data)
        of_person: dict[str, Any] = {
            key: data.pop(key)
            for key in (CONF_PRIORITY, CONF_BOOST_QUOTA_KWH)
            if key in data
        }
        driver = drivers.setdefault(card.title.strip().casefold(), card.subentry_id)
        belongs = ConfigSubentry(
            data=MappingProxyType({**data, CONF_PERSON: driver}),
            subentry_type=SUBENTRY_CARD,
            title=card_title(card.title, number),
            unique_id=card.unique_id,
        )
        moved[card.subentry_id] = belongs.subentry_id
        update.async_remove_subentry(entry, card.subentry_id)
        if driver == card.subentry_id:
            update.async_add_subentry(
                entry,
                ConfigSubentry(
                    data=MappingProxyType(of_person),
                    subentry_id=card.subentry_id,
                    subentry_type=SUBENTRY_PERSON,
                    title=card.title,
                    unique_id=None,
                ),
            )
        else:
            joined[card.subentry_id] = driver
        update.async_add_subentry(entry, belongs)
    if joined:
        data = {**entry.data, CONF_JOINED_PERSONS: joined}
        update.async_update_entry(entry, data=data)
    for vehicle in entry.get_subentries_of_type(SUBENTRY_VEHICLE):
        known = vehicle.data.get(CONF_IDENTIFIERS)
        if isinstance(known, list) and moved.keys() & set(known):
            identifiers = [moved.get(one, one) for one in known]
            update.async_update_subentry(
                entry, vehicle, data={**vehicle.data, CONF_IDENTIFIERS: identifiers}
            )


@callback
def report_downgrades(hass: HomeAssistant) -> None:
    """Report which sites were set up by a newer version; Home Assistant refuses to set these up without an explanation."""
    for entry in hass.config_entries.async_entries(DOMAIN):
        if entry.version <= ENTRY_VERSION:
            forget_downgrade(hass, entry)
            continue
        ir.async_create_issue(
            hass,
            DOMAIN,
            _issue_id(entry),
            is_fixable=False,
            severity=ir.IssueSeverity.ERROR,
            translation_key="entry_from_newer_version",
            translation_placeholders={
                "site": entry.title,
                "stored": f"{entry.version}.{entry.minor_version}",
                "known": f"{ENTRY_VERSION}.{ENTRY_MINOR_VERSION}",
            },
        )


@callback
def forget_downgrade(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Remove the report that an entry is of a newer version."""
    ir.async_delete_issue(hass, DOMAIN, _issue_id(entry))


def _issue_id(entry: ConfigEntry) -> str:
    return f"{entry.entry_id}_entry_from_newer_version"
