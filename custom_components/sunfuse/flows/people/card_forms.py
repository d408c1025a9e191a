"""What the forms of cards ask for, check and store."""

from collections.abc import Mapping
from itertools import chain, count
from types import MappingProxyType
from typing import Any

import voluptuous as vol

from homeassistant.config_entries import ConfigEntry, ConfigSubentry
from homeassistant.const import UnitOfTime
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.selector import (
    BooleanSelector,
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
)

from ...central_system.security.card_policy import folded
from ...const import (
    AUTHORIZATION_ASK,
    AUTHORIZATION_FREE,
    AUTHORIZATION_LIST,
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
    SUBENTRY_CARD,
    SUBENTRY_PERSON,
)
from ...site.people.cards import is_own
from ...site.subentries import usable
from ..checks import Errors
from ..form_fields import asked, number

# idToken of OCPP 2.0.1 has at most 36 characters; idTag of 1.6 has 20, and cannot transmit a longer one.
LONGEST_NUMBER = 36
ASK_TIMEOUT_S = (1, 25)
PRIORITY = NumberSelector(
    NumberSelectorConfig(min=1, max=10, step=1, mode=NumberSelectorMode.SLIDER)
)

_KIND_AND_BLOCKED = {
    vol.Required(CONF_CARD_KIND, default=CARD_RFID): SelectSelector(
        SelectSelectorConfig(
            options=[CARD_RFID, CARD_CONTRACT, CARD_VEHICLE],
            translation_key="card_kind",
            mode=SelectSelectorMode.DROPDOWN,
        )
    ),
    vol.Required(CONF_BLOCKED, default=False): BooleanSelector(),
}


def _persons_by_name(entry: ConfigEntry) -> dict[str, ConfigSubentry]:
    """Return the persons by what the form shows: where names can be typed, Home Assistant shows values and no labels.

    Home Assistant lets users give two persons one name.
    """
    named: dict[str, ConfigSubentry] = {}
    for person in usable(entry, SUBENTRY_PERSON):
        numbered = (f"{person.title} ({number})" for number in count(2))
        names = chain([person.title], numbered)
        named[next(name for name in names if name not in named)] = person
    return named


def name_of_person(entry: ConfigEntry, person: str) -> str | None:
    """Return what the form shows of a person; None if it was removed."""
    for name, one in _persons_by_name(entry).items():
        if one.subentry_id == person:
            return name
    return None


def card_schema(entry: ConfigEntry, *, with_number: bool = False) -> vol.Schema:
    """Return the form of a card of this site."""
    number_field = {vol.Required(CONF_CARD_NUMBER): TextSelector()}
    return vol.Schema(
        {
            **(number_field if with_number else {}),
            asked(CONF_PERSON): SelectSelector(
                SelectSelectorConfig(
                    options=list(_persons_by_name(entry)),
                    # Whoever is not known yet is typed.
                    custom_value=True,
                    mode=SelectSelectorMode.DROPDOWN,
                )
            ),
            **_KIND_AND_BLOCKED,
        }
    )


AUTHORIZATION = vol.Schema(
    {
        vol.Required(CONF_AUTHORIZATION): SelectSelector(
            SelectSelectorConfig(
                options=[AUTHORIZATION_FREE, AUTHORIZATION_LIST, AUTHORIZATION_ASK],
                translation_key="authorization",
                mode=SelectSelectorMode.LIST,
            )
        ),
        vol.Required(CONF_ASK_DEFAULT): BooleanSelector(),
        vol.Required(CONF_ASK_TIMEOUT): number(UnitOfTime.SECONDS),
    }
)


def authorization_values(entry: ConfigEntry) -> Mapping[str, Any]:
    """Return what the form of who may charge shows."""
    return {
        CONF_AUTHORIZATION: AUTHORIZATION_FREE,
        CONF_ASK_DEFAULT: False,
        CONF_ASK_TIMEOUT: DEFAULT_ASK_TIMEOUT_S,
        **entry.options,
    }


def check_authorization(
    _entry: ConfigEntry, form: Mapping[str, Any], _placeholders: dict[str, str]
) -> Errors:
    """Check that an answer can come in time."""
    if not ASK_TIMEOUT_S[0] <= form[CONF_ASK_TIMEOUT] <= ASK_TIMEOUT_S[1]:
        return {CONF_ASK_TIMEOUT: "ask_timeout"}
    return {}


def card_number(text: str, kind: str) -> str:
    """Return a number as readers and cars send it: people separate the bytes of a chip, or parts of a contract."""
    text = text.strip()
    if kind == CARD_RFID:
        return text.replace(":", "").replace(" ", "")
    return text.replace("-", "").replace(" ", "") if kind == CARD_CONTRACT else text


def check_number(entry: ConfigEntry, card: str) -> Errors:
    """Check the number of a card that is new."""
    if (
        not folded(card)
        or len(card) > LONGEST_NUMBER
        or not card.isprintable()
        or is_own(card)
    ):
        return {CONF_CARD_NUMBER: "card_number"}
    known = [
        folded(subentry.data[CONF_CARD_NUMBER])
        for subentry in usable(entry, SUBENTRY_CARD)
    ]
    return {CONF_CARD_NUMBER: "card_known"} if folded(card) in known else {}


def check_person(form: Mapping[str, Any]) -> Errors:
    """Check that a card belongs to somebody."""
    return {} if form.get(CONF_PERSON, "").strip() else {CONF_PERSON: "person_missing"}


@callback
def person_for(hass: HomeAssistant, entry: ConfigEntry, chosen: str) -> ConfigSubentry:
    """Return the person that was chosen, or typed; one who is not known yet is added."""
    chosen = chosen.strip()
    for name, person in _persons_by_name(entry).items():
        if chosen.casefold() == name.casefold():
            return person
    new = ConfigSubentry(
        data=MappingProxyType({}),
        subentry_type=SUBENTRY_PERSON,
        title=chosen,
        unique_id=None,
    )
    hass.config_entries.async_add_subentry(entry, new)
    return new


def card_data(card: str, form: Mapping[str, Any], person: str) -> dict[str, Any]:
    """Return the data of a card's sub-entry."""
    kept = {key: form[key] for key in (CONF_CARD_KIND, CONF_BLOCKED) if key in form}
    return {CONF_CARD_NUMBER: card, CONF_PERSON: person, **kept}
