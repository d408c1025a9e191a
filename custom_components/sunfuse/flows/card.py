"""The forms of cards: the drivers who may charge, and who decides about other cards."""

from collections.abc import Mapping
from hashlib import sha256
from types import MappingProxyType
from typing import Any

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
from homeassistant.const import CONF_NAME, UnitOfEnergy, UnitOfTime
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
from homeassistant.helpers.typing import DiscoveryInfoType

from ..central_system.security.card_policy import folded
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
    CONF_BOOST_QUOTA_KWH,
    CONF_CARD_KIND,
    CONF_CARD_NUMBER,
    CONF_IDENTITY,
    CONF_PRIORITY,
    DEFAULT_ASK_TIMEOUT_S,
    SUBENTRY_CARD,
)
from ..site.cards import is_own, masked
from ..site.subentries import usable
from .checks import Errors, check_name
from .form_fields import number

# idToken of OCPP 2.0.1 has at most 36 characters; idTag of 1.6 has 20, and cannot transmit a longer one.
LONGEST_NUMBER = 36
ASK_TIMEOUT_S = (1, 25)
PRIORITY = NumberSelector(
    NumberSelectorConfig(min=1, max=10, step=1, mode=NumberSelectorMode.SLIDER)
)

HOLDER = vol.Schema(
    {
        vol.Required(CONF_NAME): TextSelector(),
        vol.Required(CONF_CARD_KIND, default=CARD_RFID): SelectSelector(
            SelectSelectorConfig(
                options=[CARD_RFID, CARD_CONTRACT, CARD_VEHICLE],
                translation_key="card_kind",
                mode=SelectSelectorMode.DROPDOWN,
            )
        ),
        vol.Required(CONF_BLOCKED, default=False): BooleanSelector(),
        vol.Optional(CONF_PRIORITY): PRIORITY,
        vol.Optional(CONF_BOOST_QUOTA_KWH): number(
            UnitOfEnergy.KILO_WATT_HOUR, step=0.1
        ),
    }
)
NEW_CARD = vol.Schema({vol.Required(CONF_CARD_NUMBER): TextSelector(), **HOLDER.schema})
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


def check_holder(form: Mapping[str, Any]) -> Errors:
    """Check the rest of a card."""
    errors = check_name(form)
    if form.get(CONF_BOOST_QUOTA_KWH, 1) <= 0:
        errors[CONF_BOOST_QUOTA_KWH] = "not_positive"
    return errors


def card_data(card: str, form: Mapping[str, Any]) -> dict[str, Any]:
    """Return the data of a card's sub-entry."""
    data = {CONF_CARD_NUMBER: card} | {
        key: form[key]
        for key in (CONF_CARD_KIND, CONF_BLOCKED, CONF_BOOST_QUOTA_KWH)
        if key in form
    }
    if CONF_PRIORITY in form:
        data[CONF_PRIORITY] = int(form[CONF_PRIORITY])
    return data


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
            errors = check_holder(user_input)
            if not errors:
                name = user_input[CONF_NAME].strip()
                self.hass.config_entries.async_add_subentry(
                    self._site,
                    ConfigSubentry(
                        data=MappingProxyType(card_data(card, user_input)),
                        subentry_type=SUBENTRY_CARD,
                        title=name,
                        unique_id=unique_id_of(self._site, card),
                    ),
                )
                return self.async_abort(
                    reason="card_added", description_placeholders={"name": name}
                )
        return self.async_show_form(
            step_id="card",
            data_schema=self.add_suggested_values_to_schema(HOLDER, user_input),
            errors=errors,
            description_placeholders={
                "card": masked(card),
                "charger": self._card[CONF_IDENTITY],
                "site": self._site.title,
            },
        )


class CardSubentryFlow(ConfigSubentryFlow):
    """Add a card by hand, or change one."""

    async def async_step_user(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Add a card; the unknown card that was last presented to a charger is filled in."""
        entry = self._get_entry()
        errors: Errors = {}
        if user_input is not None:
            card = card_number(user_input[CONF_CARD_NUMBER], user_input[CONF_CARD_KIND])
            errors = check_number(entry, card) | check_holder(user_input)
            if not errors:
                return self.async_create_entry(
                    title=user_input[CONF_NAME].strip(),
                    data=card_data(card, user_input),
                    unique_id=unique_id_of(entry, card),
                )
        return self.async_show_form(
            step_id="user",
            data_schema=self.add_suggested_values_to_schema(
                NEW_CARD, user_input or _last_stranger(entry)
            ),
            errors=errors,
        )

    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Change a card; its number stays."""
        subentry = self._get_reconfigure_subentry()
        card = subentry.data[CONF_CARD_NUMBER]
        errors: Errors = {}
        if user_input is not None:
            errors = check_holder(user_input)
            if not errors:
                return self.async_update_and_abort(
                    self._get_entry(),
                    subentry,
                    title=user_input[CONF_NAME].strip(),
                    data=card_data(card, user_input),
                )
        return self.async_show_form(
            step_id="reconfigure",
            data_schema=self.add_suggested_values_to_schema(
                HOLDER, user_input or {**subentry.data, CONF_NAME: subentry.title}
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
