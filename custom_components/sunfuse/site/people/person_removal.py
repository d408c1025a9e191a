"""Deletes all that is known of a person, and makes one person of two."""

import asyncio
from collections.abc import Iterable

from homeassistant.components.recorder import get_instance
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er

from ...central_system.security.card_policy import folded
from ...const import (
    CONF_CARD_NUMBER,
    CONF_JOINED_PERSONS,
    CONF_PERSON,
    CONF_VEHICLES,
    DOMAIN,
    SUBENTRY_CARD,
    SUBENTRY_PERSON,
)
from ...data import SunfuseConfigEntry
from ...sessions import GroupBy
from ..subentries import usable
from .cards import title_of_owned

# The entities of chargers whose recorded states or attributes name persons: events, the sensor of who charges, and
# that of the explanation, which says whose quota is used up. The explanation among the reason's attributes is not recorded.
_NAMING = frozenset(("session", "card", "driver", "explanation"))


async def async_delete_person(
    hass: HomeAssistant, entry: SunfuseConfigEntry, person: str, *, remove: bool
) -> int:
    """Delete all that is known of a person; returns how many sessions that were.

    With `remove`, the person and their cards are no longer part of the site either, and what Home Assistant recorded of
    their entities is deleted.
    """
    site = entry.runtime_data
    cards = _cards_of(entry, person)
    entities = _entities_of(hass, entry, person)
    if remove:
        for card in usable(entry, SUBENTRY_CARD):
            if card.data[CONF_PERSON] == person:
                hass.config_entries.async_remove_subentry(entry, card.subentry_id)
        _remove_person(hass, entry, person)
    ledger = site.ledger.ledger
    deleted = await asyncio.wrap_future(ledger.delete_person(person, cards))
    await asyncio.wrap_future(ledger.checkpoint())
    forgotten = frozenset(map(folded, cards))
    site.central_system.forget_cards(forgotten)
    site.car_sessions.forget_cards(forgotten)
    site.departures.forget_cards(forgotten)
    await site.statistics.async_forget(GroupBy.PERSON, person)
    if remove:
        await _async_forget_entities(hass, entities)
    site.ledger.tell()
    return deleted


async def async_join_persons(
    hass: HomeAssistant, entry: SunfuseConfigEntry, person: str, into: str
) -> None:
    """Make one person of two: sessions, sums, cards and vehicles become the other's."""
    for card in usable(entry, SUBENTRY_CARD):
        if card.data[CONF_PERSON] == person:
            hass.config_entries.async_update_subentry(
                entry,
                card,
                data={**card.data, CONF_PERSON: into},
                title=title_of_owned(card, entry.subentries[into].title),
            )
    joined = entry.subentries[into]
    if (former := entry.subentries.get(person)) is not None:
        vehicles = {
            **dict.fromkeys(joined.data.get(CONF_VEHICLES, ())),
            **dict.fromkeys(former.data.get(CONF_VEHICLES, ())),
        }
        if vehicles:
            hass.config_entries.async_update_subentry(
                entry, joined, data={**joined.data, CONF_VEHICLES: list(vehicles)}
            )
        _remove_person(hass, entry, person)
    await _async_join_history(hass, entry, person, into)


async def async_join_migrated(hass: HomeAssistant, entry: SunfuseConfigEntry) -> None:
    """Join the histories of drivers who had a person for each card in an earlier version. Repeating it changes nothing."""
    for person, into in entry.data.get(CONF_JOINED_PERSONS, {}).items():
        await _async_join_history(hass, entry, person, into)


async def _async_join_history(
    hass: HomeAssistant, entry: SunfuseConfigEntry, person: str, into: str
) -> None:
    site = entry.runtime_data
    since = await asyncio.wrap_future(site.ledger.ledger.join_persons(person, into))
    if since is None:
        return
    site.ledger.changed(since)
    # The recorder does nothing before Home Assistant has started.
    entry.async_create_background_task(
        hass,
        site.statistics.async_forget(GroupBy.PERSON, person),
        f"{DOMAIN} statistics of a joined person",
    )


@callback
def _remove_person(hass: HomeAssistant, entry: SunfuseConfigEntry, person: str) -> None:
    """Remove the sub-entry; nobody notes the name again from now on."""
    if person in {one.subentry_id for one in usable(entry, SUBENTRY_PERSON)}:
        hass.config_entries.async_remove_subentry(entry, person)
    entry.runtime_data.persons.load()
    # What entities show of the last decision has the name, and a plan may have them write it after what was recorded is deleted.
    entry.runtime_data.controller.tick()


def _cards_of(entry: SunfuseConfigEntry, person: str) -> tuple[str, ...]:
    return tuple(
        card.data[CONF_CARD_NUMBER]
        for card in usable(entry, SUBENTRY_CARD)
        if card.data[CONF_PERSON] == person
    )


def _entities_of(
    hass: HomeAssistant, entry: SunfuseConfigEntry, person: str
) -> list[str]:
    """Return a person's entities, whose ids contain the name, and those of chargers that say who charges.

    Those of a person who was removed before are gone; Home Assistant remembers what they were for some time.
    """
    registry = er.async_get(hass)
    present = [
        one.entity_id
        for one in er.async_entries_for_config_entry(registry, entry.entry_id)
        if one.config_subentry_id == person or one.translation_key in _NAMING
    ]
    gone = [
        one.entity_id
        for one in registry.deleted_entities.values()
        if one.platform == DOMAIN
        and one.unique_id.startswith(f"{entry.entry_id}_{person}_")
        # Another one may have the id by now.
        and registry.async_get(one.entity_id) is None
        and hass.states.get(one.entity_id) is None
    ]
    return [*present, *gone]


async def _async_forget_entities(hass: HomeAssistant, entities: Iterable[str]) -> None:
    """Delete what was recorded of entities: states and statistics."""
    found = list(entities)
    if "recorder" not in hass.config.components or not found:
        return
    get_instance(hass).async_clear_statistics(found)
    await hass.services.async_call("recorder", "purge_entities", {"entity_id": found})
