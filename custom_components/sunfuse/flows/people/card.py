"""The forms of cards: the drivers who may charge, and who decides about other cards."""

import asyncio
from hashlib import sha256
from types import MappingProxyType
from typing import Any, override

from homeassistant.config_entries import (
    ConfigEntry,
    ConfigEntryState,
    ConfigFlow,
    ConfigFlowResult,
    ConfigSubentry,
    SubentryFlowResult,
)
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.typing import DiscoveryInfoType
from homeassistant.util import dt as dt_util

from ...central_system.security.card_policy import folded
from ...central_system.station_state import StationState
from ...const import (
    CONF_CARD_KIND,
    CONF_CARD_NUMBER,
    CONF_IDENTITY,
    CONF_PERSON,
    DOMAIN,
    SUBENTRY_CARD,
)
from ...site.people.cards import card_title, is_own, masked, title_of_owned
from ..checks import Errors
from ..still_there import SiteSubentryFlow
from .card_forms import (
    card_data,
    card_number,
    card_schema,
    check_number,
    check_person,
    name_of_person,
    person_for,
)

# Time enough to walk to the charger, and short enough for whoever waits in the form.
HOLD_S = 60


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


class CardSubentryFlow(SiteSubentryFlow):
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
                    title=title_of_owned(subentry, person.title),
                    data=card_data(card, user_input, person.subentry_id),
                )
        shown = {
            **subentry.data,
            CONF_PERSON: name_of_person(entry, subentry.data[CONF_PERSON]),
        }
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
