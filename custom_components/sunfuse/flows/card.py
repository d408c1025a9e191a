"""The forms of cards: the drivers who may charge, and who decides about other cards."""

import asyncio
from collections.abc import Mapping
from hashlib import sha256
from types import MappingProxyType
from typing import Any, override

import voluptuous as vol

from homeassistant.config_entries import (
    ConfigEntry,
    ConfigEntryState,
    ConfigFlow,
    ConfigFlowResult,
    ConfigSubentry,
    ConfigSubentryFlow,
    SubentryFlowResult,
)
from homeassistant.const import UnitOfTime
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.selector import (
    BooleanSelector,
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
)
from homeassistant.helpers.typing import DiscoveryInfoType
from homeassistant.util import dt as dt_util

from ..central_system.security.card_policy import folded
from ..central_system.station_state import StationState
from ..const import (
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
    CONF_IDENTITY,
    CONF_PERSON,
    DEFAULT_ASK_TIMEOUT_S,
    DOMAIN,
    SUBENTRY_CARD,
    SUBENTRY_PERSON,
)
from ..site.cards import card_title, is_own, masked
from ..site.subentries import usable
from .checks import Errors
from .form_fields import number

# idToken of OCPP 2.0.1 has at most 36 characters; idTag of 1.6 has 20, and cannot transmit a longer one.
LONGEST_NUMBER = 36
# Time enough to walk to the charger, and short enough for whoever waits in the form.
HOLD_S = 60
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


def card_schema(entry: ConfigEntry, *, with_number: bool = False) -> vol.Schema:
    """Return the form of a card of this site."""
    number_field = {vol.Required(CONF_CARD_NUMBER): TextSelector()}
    return vol.Schema(
        {
            **(number_field if with_number else {}),
            vol.Required(CONF_PERSON): SelectSelector(
                SelectSelectorConfig(
                    options=[
                        SelectOptionDict(value=one.subentry_id, label=one.title)
                        for one in usable(entry, SUBENTRY_PERSON)
                    ],
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
    return {} if form[CONF_PERSON].strip() else {CONF_PERSON: "name_missing"}


@callback
def person_for(hass: HomeAssistant, entry: ConfigEntry, chosen: str) -> ConfigSubentry:
    """Return the person that was chosen, or typed; one who is not known yet is added."""
    chosen = chosen.strip()
    for person in usable(entry, SUBENTRY_PERSON):
        if chosen == person.subentry_id or chosen.casefold() == person.title.casefold():
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


@callback
def forget_discovered(hass: HomeAssistant, unique_id: str) -> None:
    """End the offer to add a card: it was added otherwise."""
    for flow in hass.config_entries.flow.async_progress_by_handler(DOMAIN):
        if flow["context"].get("unique_id") == unique_id:
            hass.config_entries.flow.async_abort(flow["flow_id"])


def unique_id_of(entry: ConfigEntry, card: str) -> str:
    """Return a card's unique id: it appears where the number must not."""
    return sha256(f"{entry.entry_id} {folded(card)}".encode()).hexdigest()[:32]


class CardFlowMixin(ConfigFlow):
    """The step for an unknown card that was presented to a charger."""

    _site: ConfigEntry
    _card: DiscoveryInfoType

    async def async_step_card_found(
        self, discovery_info: DiscoveryInfoType
    ) -> ConfigFlowResult:
        """Show a card once, however often it is presented to a charger."""
        site = self.hass.config_entries.async_get_entry(discovery_info["entry_id"])
        if site is None:
            return self.async_abort(reason="site_removed")
        card = discovery_info[CONF_CARD_NUMBER]
        await self.async_set_unique_id(unique_id_of(site, card))
        self._abort_if_unique_id_configured()
        self._site = site
        self._card = discovery_info
        self.context["title_placeholders"] = {"name": masked(card)}
        return await self.async_step_card()

    async def async_step_card(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for the holder of the card, and add it to the site's list."""
        card = self._card[CONF_CARD_NUMBER]
        errors: Errors = {}
        if user_input is not None:
            if self.hass.config_entries.async_get_entry(self._site.entry_id) is None:
                return self.async_abort(reason="site_removed")
            if check_number(self._site, card):
                return self.async_abort(reason="already_configured")
            errors = check_person(user_input)
            if not errors:
                person = person_for(self.hass, self._site, user_input[CONF_PERSON])
                data = card_data(card, user_input, person.subentry_id)
                self.hass.config_entries.async_add_subentry(
                    self._site,
                    ConfigSubentry(
                        data=MappingProxyType(data),
                        subentry_type=SUBENTRY_CARD,
                        title=card_title(person.title, card),
                        unique_id=unique_id_of(self._site, card),
                    ),
                )
                return self.async_abort(
                    reason="card_added",
                    description_placeholders={"name": person.title},
                )
        return self.async_show_form(
            step_id="card",
            data_schema=self.add_suggested_values_to_schema(
                card_schema(self._site), user_input
            ),
            errors=errors,
            description_placeholders={
                "card": masked(card),
                "charger": self._card[CONF_IDENTITY],
                "site": self._site.title,
            },
        )


class CardSubentryFlow(ConfigSubentryFlow):
    """Add a card by holding it to a charger or by hand, or change one."""

    def __init__(self) -> None:
        """Start with no card held to a charger."""
        self._waiting: asyncio.Task[str | None] | None = None
        self._held: str | None = None

    async def async_step_user(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Choose how the number is found; no card can be read while the site is not running."""
        if self._get_entry().state is not ConfigEntryState.LOADED:
            return await self.async_step_details()
        return self.async_show_menu(step_id="user", menu_options=["hold", "details"])

    async def async_step_hold(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Wait until a card is held to one of the site's chargers."""
        if self._waiting is None:
            self._waiting = self.hass.async_create_task(
                self._async_next_card(), "Sunfuse waits for a card"
            )
        if not self._waiting.done():
            return self.async_show_progress(
                step_id="hold",
                progress_action="hold_card",
                description_placeholders={"seconds": str(HOLD_S)},
                progress_task=self._waiting,
            )
        self._held, self._waiting = self._waiting.result(), None
        return self.async_show_progress_done(
            next_step_id="details" if self._held else "nobody"
        )

    async def async_step_nobody(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Say that no card was held to a charger, and what to do."""
        return self.async_show_menu(step_id="nobody", menu_options=["hold", "details"])

    async def _async_next_card(self) -> str | None:
        """Return the next card that is held to a charger, whether it is accepted or refused; None if there is none in time."""
        entry = self._get_entry()
        card: asyncio.Future[str] = self.hass.loop.create_future()
        since = dt_util.utcnow()

        @callback
        def changed(state: StationState) -> None:
            at, number = state.last_card_at, state.last_card
            if (
                state.accepted
                and number is not None
                and at is not None
                and at >= since
                and not is_own(number)
                and not card.done()
            ):
                card.set_result(number)

        stop = entry.runtime_data.central_system.subscribe(changed)
        try:
            async with asyncio.timeout(HOLD_S):
                return await card
        except TimeoutError:
            return None
        finally:
            stop()

    @callback
    @override
    def async_remove(self) -> None:
        """Wait for no card any longer: the form was closed."""
        if self._waiting is not None:
            self._waiting.cancel()

    async def async_step_details(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Add a card; the one that was held to a charger, or the last that was not known, is filled in."""
        entry = self._get_entry()
        proposed = {CONF_CARD_NUMBER: self._held} if self._held else {}
        errors: Errors = check_number(entry, self._held) if self._held else {}
        if user_input is not None:
            card = card_number(user_input[CONF_CARD_NUMBER], user_input[CONF_CARD_KIND])
            errors = check_number(entry, card) | check_person(user_input)
            if not errors:
                person = person_for(self.hass, entry, user_input[CONF_PERSON])
                unique_id = unique_id_of(entry, card)
                forget_discovered(self.hass, unique_id)
                return self.async_create_entry(
                    title=card_title(person.title, card),
                    data=card_data(card, user_input, person.subentry_id),
                    unique_id=unique_id,
                )
        return self.async_show_form(
            step_id="details",
            data_schema=self.add_suggested_values_to_schema(
                card_schema(entry, with_number=True),
                user_input or proposed or _last_stranger(entry),
            ),
            errors=errors,
        )

    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Change a card; its number stays."""
        entry, subentry = self._get_entry(), self._get_reconfigure_subentry()
        card = subentry.data[CONF_CARD_NUMBER]
        errors: Errors = {}
        if user_input is not None:
            errors = check_person(user_input)
            if not errors:
                person = person_for(self.hass, entry, user_input[CONF_PERSON])
                return self.async_update_and_abort(
                    entry,
                    subentry,
                    title=card_title(person.title, card),
                    data=card_data(card, user_input, person.subentry_id),
                )
        persons = {one.subentry_id for one in usable(entry, SUBENTRY_PERSON)}
        shown = dict(subentry.data)
        if shown.get(CONF_PERSON) not in persons:
            del shown[CONF_PERSON]
        return self.async_show_form(
            step_id="reconfigure",
            data_schema=self.add_suggested_values_to_schema(
                card_schema(entry), user_input or shown
            ),
            errors=errors,
            description_placeholders={"card": masked(card)},
        )


def _last_stranger(entry: ConfigEntry) -> dict[str, Any]:
    """Return the card that was last presented to a charger, unless it is known."""
    if entry.state is not ConfigEntryState.LOADED:
        return {}
    held = [
        (station.state.last_card_at, station.state.last_card)
        for station in entry.runtime_data.central_system.stations.values()
        if station.state.last_card_at and station.state.last_card
    ]
    for _, card in sorted(held, reverse=True):
        if not check_number(entry, card):
            return {CONF_CARD_NUMBER: card}
    return {}
