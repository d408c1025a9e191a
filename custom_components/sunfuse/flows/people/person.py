"""The form of a person who charges: who they are, what they pay, and how much they may charge."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import voluptuous as vol

from homeassistant.config_entries import ConfigEntry, SubentryFlowResult
from homeassistant.const import CONF_NAME, UnitOfEnergy
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import section
from homeassistant.helpers.selector import (
    DateSelector,
    EntitySelector,
    EntitySelectorConfig,
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
)

from ...const import (
    CONF_BOOST_QUOTA_KWH,
    CONF_PERSON_ENTITY,
    CONF_PRICE_LIST,
    CONF_PRIORITY,
    CONF_QUOTA_KWH,
    CONF_QUOTA_OVER,
    CONF_VALID_FROM,
    CONF_VALID_UNTIL,
    CONF_VEHICLES,
    SUBENTRY_PERSON,
    SUBENTRY_PRICE_LIST,
    SUBENTRY_VEHICLE,
)
from ...drivers.person_terms import QuotaOver
from ...site.people.persons import PERSON_DOMAIN
from ...site.subentries import usable
from ..checks import Errors, check_new_name
from ..form_fields import number
from ..still_there import SiteSubentryFlow
from .card_forms import PRIORITY

LIMITS = "limits"
_OF_LIMITS = (
    CONF_VALID_FROM,
    CONF_VALID_UNTIL,
    CONF_QUOTA_KWH,
    CONF_QUOTA_OVER,
    CONF_BOOST_QUOTA_KWH,
    CONF_PRIORITY,
)
LIMITS_SCHEMA = vol.Schema(
    {
        vol.Optional(CONF_PRIORITY): PRIORITY,
        vol.Optional(CONF_VALID_FROM): DateSelector(),
        vol.Optional(CONF_VALID_UNTIL): DateSelector(),
        vol.Optional(CONF_QUOTA_KWH): number(
            UnitOfEnergy.KILO_WATT_HOUR, step=0.1, low=None
        ),
        vol.Optional(CONF_QUOTA_OVER, default=QuotaOver.SUN.value): SelectSelector(
            SelectSelectorConfig(
                options=[one.value for one in QuotaOver],
                translation_key="quota_over",
                mode=SelectSelectorMode.LIST,
            )
        ),
        vol.Optional(CONF_BOOST_QUOTA_KWH): number(
            UnitOfEnergy.KILO_WATT_HOUR, step=0.1, low=None
        ),
    }
)


def person_schema(entry: ConfigEntry) -> vol.Schema:
    """Return the form of a person of this site."""
    return vol.Schema(
        {
            vol.Optional(CONF_NAME): TextSelector(),
            vol.Optional(CONF_PERSON_ENTITY): EntitySelector(
                EntitySelectorConfig(filter={"domain": PERSON_DOMAIN})
            ),
            vol.Optional(CONF_PRICE_LIST): _choice(entry, SUBENTRY_PRICE_LIST),
            vol.Optional(CONF_VEHICLES): _choice(
                entry, SUBENTRY_VEHICLE, multiple=True
            ),
            vol.Required(LIMITS): section(LIMITS_SCHEMA, {"collapsed": True}),
        }
    )


def _choice(entry: ConfigEntry, kind: str, *, multiple: bool = False) -> SelectSelector:
    return SelectSelector(
        SelectSelectorConfig(
            options=[
                SelectOptionDict(value=one.subentry_id, label=one.title)
                for one in usable(entry, kind)
            ],
            multiple=multiple,
            mode=SelectSelectorMode.DROPDOWN,
        )
    )


def person_name(hass: HomeAssistant, form: Mapping[str, Any]) -> str:
    """Return what a person is called: as typed, or else as Home Assistant's person is; empty where neither is known."""
    if name := form.get(CONF_NAME, "").strip():
        return str(name)
    entity = form.get(CONF_PERSON_ENTITY)
    state = hass.states.get(entity) if entity else None
    return state.name if state else ""


def check_person_form(
    hass: HomeAssistant,
    entry: ConfigEntry,
    form: Mapping[str, Any],
    own: str | None = None,
) -> Errors:
    """Check a person; what is wrong inside the section is shown above it."""
    name = person_name(hass, form)
    if not name:
        return {CONF_NAME: "name_missing"}
    if taken := check_new_name(entry, SUBENTRY_PERSON, name, own):
        return taken
    return _check_limits(form.get(LIMITS, {}))


def _check_limits(limits: Mapping[str, Any]) -> Errors:
    first, last = limits.get(CONF_VALID_FROM), limits.get(CONF_VALID_UNTIL)
    if first and last and date.fromisoformat(last) < date.fromisoformat(first):
        return {LIMITS: "ends_before_it_begins"}
    if min(limits.get(CONF_QUOTA_KWH, 1), limits.get(CONF_BOOST_QUOTA_KWH, 1)) <= 0:
        return {LIMITS: "quota_not_positive"}
    return {}


def person_data(form: Mapping[str, Any]) -> dict[str, Any]:
    """Return the data of a person's sub-entry."""
    limits = form.get(LIMITS, {})
    data = {
        key: form[key]
        for key in (CONF_PERSON_ENTITY, CONF_PRICE_LIST, CONF_VEHICLES)
        if form.get(key)
    } | {key: limits[key] for key in _OF_LIMITS if limits.get(key) is not None}
    if CONF_PRIORITY in data:
        data[CONF_PRIORITY] = int(data[CONF_PRIORITY])
    if CONF_QUOTA_KWH not in data:
        data.pop(CONF_QUOTA_OVER, None)
    return data


def person_values(entry: ConfigEntry, data: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the form shows of a person; a price list and vehicles that are gone are left out."""
    there = entry.subentries.keys()
    shown: dict[str, Any] = {
        key: data[key] for key in (CONF_PERSON_ENTITY,) if key in data
    }
    if data.get(CONF_PRICE_LIST) in there:
        shown[CONF_PRICE_LIST] = data[CONF_PRICE_LIST]
    shown[CONF_VEHICLES] = [one for one in data.get(CONF_VEHICLES, ()) if one in there]
    shown[LIMITS] = {key: data[key] for key in _OF_LIMITS if key in data}
    return shown


class PersonSubentryFlow(SiteSubentryFlow):
    """Add a person, or change one."""

    async def async_step_user(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Add a person."""
        entry = self._get_entry()
        errors: Errors = {}
        if user_input is not None:
            errors = check_person_form(self.hass, entry, user_input)
            if not errors:
                return self.async_create_entry(
                    title=person_name(self.hass, user_input),
                    data=person_data(user_input),
                )
        return self.async_show_form(
            step_id="user",
            data_schema=self.add_suggested_values_to_schema(
                person_schema(entry), user_input
            ),
            errors=errors,
        )

    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Change a person; their cards follow the name."""
        entry, subentry = self._get_entry(), self._get_reconfigure_subentry()
        errors: Errors = {}
        if user_input is not None:
            errors = check_person_form(
                self.hass, entry, user_input, subentry.subentry_id
            )
            if not errors:
                name = person_name(self.hass, user_input)
                return self.async_update_and_abort(
                    entry, subentry, title=name, data=person_data(user_input)
                )
        values = person_values(entry, subentry.data) | {CONF_NAME: subentry.title}
        return self.async_show_form(
            step_id="reconfigure",
            data_schema=self.add_suggested_values_to_schema(
                person_schema(entry), user_input or values
            ),
            errors=errors,
        )
