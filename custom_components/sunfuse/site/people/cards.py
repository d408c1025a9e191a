"""The cards of a site: who may charge by its configuration, and the question to an automation about other cards."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import uuid4

from homeassistant.config_entries import (
    SOURCE_INTEGRATION_DISCOVERY,
    ConfigEntry,
    ConfigSubentry,
)
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr, discovery_flow
from homeassistant.util import dt as dt_util

from ...central_system import CentralSystem, Station
from ...central_system.security.card_policy import OWN_TOKEN, Card, CardPolicy, folded
from ...central_system.station_state import StationState
from ...const import (
    AUTHORIZATION_ASK,
    AUTHORIZATION_FREE,
    CARD_CONTRACT,
    CARD_RFID,
    CARD_VEHICLE,
    CONF_ASK_DEFAULT,
    CONF_ASK_TIMEOUT,
    CONF_AUTHORIZATION,
    CONF_BLOCKED,
    CONF_CARD_KIND,
    CONF_CARD_NUMBER,
    CONF_PERSON,
    DEFAULT_ASK_TIMEOUT_S,
    DOMAIN,
    SUBENTRY_CARD,
)
from ...devices import station_identifier
from ...drivers.person_terms import PersonStanding
from ..subentries import usable
from .persons import Person, Persons

EVENT_AUTHORIZE = f"{DOMAIN}_authorize"

# The types of cards in OCPP 2.0.1 (IdTokenEnumType); 1.6 knows numbers only.
_WORDS = {
    CARD_RFID: "ISO14443",
    CARD_CONTRACT: "eMAID",
    CARD_VEHICLE: "MacAddress",
}
_SHOWN = 4
# A station asks when a card is presented and again when it starts the transaction: that is one question.
_SAME_DRIVER_S = 120.0
# The most unknown cards that wait to be added: a reader in public sees many.
_MOST_STRANGERS = 10


def masked(number: str) -> str:
    """Return the part of a card's number that may be shown: enough to recognise one's own."""
    return f"…{number[-_SHOWN:]}" if len(number) > 2 * _SHOWN else "…"


def card_title(person: str, number: str) -> str:
    """Return what a card is called: whose it is, and which of theirs."""
    return f"{person} ({masked(number)})"


def title_of_owned(card: ConfigSubentry, person: str | None) -> str:
    """Return what a card is called that belongs to a person, or to nobody now: a name that a user typed stays."""
    number, title = card.data[CONF_CARD_NUMBER], card.title
    made = title == masked(number) or title.endswith(card_title("", number))
    if not made:
        return title
    return masked(number) if person is None else card_title(person, number)


def is_own(number: str) -> bool:
    """Return whether it is the token with which Sunfuse itself starts transactions."""
    return number.casefold() == OWN_TOKEN.casefold()


class Cards:
    """The cards of a site, and the open questions about unknown cards."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        stations: Mapping[str, Station],
        persons: Persons,
    ) -> None:
        """Read the cards from the entry's sub-entries; `stations` are the chargers that they are presented to."""
        self._hass = hass
        self._entry = entry
        self._stations = stations
        self._questions: dict[str, asyncio.Future[bool]] = {}
        self._let: dict[tuple[str, str], float] = {}  # approved cards, and until when
        self._persons = persons
        self._owners: dict[str, str] = {}  # persons by the numbers of their cards
        self.load()

    @callback
    def load(self) -> None:
        """Take over the sub-entries as they are now; a card whose person was removed is nobody's, and unknown."""
        self._owners = {
            folded(card.data[CONF_CARD_NUMBER]): card.data[CONF_PERSON]
            for card in usable(self._entry, SUBENTRY_CARD)
        }

    @callback
    def policy(self) -> CardPolicy:
        """Return who may charge now, by the present configuration."""
        self.load()
        mode = self._entry.options.get(CONF_AUTHORIZATION, AUTHORIZATION_FREE)
        return CardPolicy(
            free=mode == AUTHORIZATION_FREE,
            cards=tuple(
                _card(card, person, self._persons.standing(person))
                for card in usable(self._entry, SUBENTRY_CARD)
                if (person := self._persons.get(card.data[CONF_PERSON])) is not None
            ),
            ask=self._ask if mode == AUTHORIZATION_ASK else None,
            default=self._entry.options.get(CONF_ASK_DEFAULT, False),
        )

    def person(self, number: str | None) -> Person | None:
        """Return whose card it is; None if it is not in the list."""
        if not number:
            return None
        return self._persons.get(self._owners.get(folded(number)))

    def is_listed(self, number: str) -> bool:
        """Return whether a card was added, whoever's it is."""
        return folded(number) in self._owners

    @callback
    def answer(self, request_id: str, *, accept: bool) -> bool:
        """Answer a question; returns whether it was still open."""
        question = self._questions.get(request_id)
        if question is None or question.done():
            return False
        question.set_result(accept)
        return True

    async def _ask(self, identity: str, number: str) -> bool | None:
        """Ask automations; None when nobody answers in time.

        The event contains the whole number, because an automation needs it to recognise a card.
        """
        now = self._hass.loop.time()
        if self._let.get((identity, number), 0.0) > now:
            return True
        request_id = uuid4().hex
        question: asyncio.Future[bool] = self._hass.loop.create_future()
        self._questions[request_id] = question
        device = dr.async_get(self._hass).async_get_device_by_identifier(
            station_identifier(self._entry, identity), self._entry.entry_id
        )
        self._hass.bus.async_fire(
            EVENT_AUTHORIZE,
            {
                "request_id": request_id,
                "config_entry_id": self._entry.entry_id,
                "device_id": device.id if device else None,
                "charger": (device.name_by_user or device.name) if device else identity,
                "identity": identity,
                "connector": self._waiting_connector(identity),
                "card": number,
            },
        )
        seconds = self._entry.options.get(CONF_ASK_TIMEOUT, DEFAULT_ASK_TIMEOUT_S)
        try:
            async with asyncio.timeout(seconds):
                accept = await question
        except TimeoutError:
            return None
        finally:
            del self._questions[request_id]
        self._let = {key: until for key, until in self._let.items() if until > now}
        if accept:
            self._let[identity, number] = now + _SAME_DRIVER_S
        return accept

    def _waiting_connector(self, identity: str) -> int | None:
        """Return the connector that a card was presented for: the only one, or the only one where a car waits.

        A station that asks about a card does not name the connector (Authorize has none).
        """
        connectors = self._stations[identity].state.connectors
        if len(connectors) > 1:
            connectors = tuple(c for c in connectors if c.status == "preparing")
        return connectors[0].id if len(connectors) == 1 else None


@callback
def follow_unknown_cards(
    hass: HomeAssistant, entry: ConfigEntry, cards: Cards, central_system: CentralSystem
) -> None:
    """Show a card that is not in the list as discovered, once, if only known cards may charge."""
    met: set[str] = set()

    @callback
    def station_changed(state: StationState) -> None:
        number = state.last_card
        if number is None or not state.accepted or number in met or is_own(number):
            return
        mode = entry.options.get(CONF_AUTHORIZATION, AUTHORIZATION_FREE)
        if mode == AUTHORIZATION_FREE or cards.is_listed(number):
            return
        if len(met) >= _MOST_STRANGERS:
            return
        met.add(number)
        discovery_flow.async_create_flow(
            hass,
            DOMAIN,
            context={"source": SOURCE_INTEGRATION_DISCOVERY},
            data={
                "entry_id": entry.entry_id,
                "identity": state.identity,
                CONF_CARD_NUMBER: number,
            },
        )

    entry.async_on_unload(central_system.subscribe(station_changed))


# Standings with which cards are refused, and the answer of OCPP that says so best in all versions.
_BLOCKED = frozenset((PersonStanding.NOT_YET, PersonStanding.USED_UP))


def _card(subentry: ConfigSubentry, person: Person, standing: PersonStanding) -> Card:
    data: Mapping[str, Any] = subentry.data
    until = person.terms.valid_until
    return Card(
        id=data[CONF_CARD_NUMBER],
        name=person.name,
        blocked=data.get(CONF_BLOCKED, False) or standing in _BLOCKED,
        expired=standing is PersonStanding.EXPIRED,
        until=dt_util.start_of_local_day(until + timedelta(days=1)) if until else None,
        kind=_WORDS[data[CONF_CARD_KIND]],
    )
