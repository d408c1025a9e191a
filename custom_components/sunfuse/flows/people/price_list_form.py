"""The form of a price list: what persons, and guests at chargers, are billed."""

from collections.abc import Mapping
from typing import Any

import voluptuous as vol

from homeassistant.config_entries import ConfigEntry, SubentryFlowResult
from homeassistant.const import CONF_NAME, PERCENTAGE
from homeassistant.core import HomeAssistant
from homeassistant.helpers.selector import (
    BooleanSelector,
    ObjectSelector,
    ObjectSelectorConfig,
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
)

from ...const import (
    BASIS_COST,
    BASIS_FIXED,
    CONF_BASIS,
    CONF_GUESTS_AT,
    CONF_PER_HOUR,
    CONF_PER_KWH,
    CONF_PER_SESSION,
    CONF_SHARE_PERCENT,
    CONF_TIMES,
    CONF_VAT_INCLUDED,
    CONF_VAT_PERCENT,
    SUBENTRY_CHARGER,
    SUBENTRY_PRICE_LIST,
)
from ...site.outcome import identity_of
from ...site.people.price_lists import price_time_of
from ...site.subentries import usable
from ..checks import Errors, check_name, check_new_name
from ..still_there import SiteSubentryFlow
from ..tariffs.tables import Labels, amount, async_labels, time_fields

# More than a kWh, an hour or a session costs in any currency; and cost price times a hundred.
_MOST_PRICE = 1_000_000
_MOST_SHARE = 10_000
_MOST_VAT = 100
_PRICES = (CONF_PER_KWH, CONF_PER_HOUR, CONF_PER_SESSION, CONF_SHARE_PERCENT)
_QUARTER_MIN = 15


def price_list_schema(
    hass: HomeAssistant, entry: ConfigEntry, labels: Labels
) -> vol.Schema:
    """Return the form of a price list of this site."""
    currency = _currency(hass, entry)
    return vol.Schema(
        {
            vol.Required(CONF_NAME): TextSelector(),
            vol.Required(CONF_BASIS, default=BASIS_FIXED): SelectSelector(
                SelectSelectorConfig(
                    options=[BASIS_FIXED, BASIS_COST],
                    translation_key="price_basis",
                    mode=SelectSelectorMode.LIST,
                )
            ),
            vol.Optional(CONF_PER_KWH): amount(f"{currency}/kWh", 0, _MOST_PRICE),
            vol.Optional(CONF_SHARE_PERCENT): amount(PERCENTAGE, -100, _MOST_SHARE),
            vol.Optional(CONF_PER_HOUR): amount(f"{currency}/h", 0, _MOST_PRICE),
            vol.Optional(CONF_PER_SESSION): amount(currency, 0, _MOST_PRICE),
            vol.Optional(CONF_TIMES): _times(currency, labels),
            vol.Optional(CONF_VAT_PERCENT): amount(PERCENTAGE, 0, _MOST_VAT),
            vol.Required(CONF_VAT_INCLUDED, default=True): BooleanSelector(),
            vol.Optional(CONF_GUESTS_AT): SelectSelector(
                SelectSelectorConfig(
                    options=[
                        SelectOptionDict(value=identity_of(one), label=one.title)
                        for one in usable(entry, SUBENTRY_CHARGER)
                    ],
                    multiple=True,
                    mode=SelectSelectorMode.DROPDOWN,
                )
            ),
        }
    )


def _times(currency: str, labels: Labels) -> ObjectSelector:
    return ObjectSelector(
        ObjectSelectorConfig(
            multiple=True,
            translation_key="price_times",
            label_field="start",
            description_field=CONF_PER_KWH,
            fields={
                **time_fields(labels),
                CONF_PER_KWH: {"selector": amount(f"{currency}/kWh", 0, _MOST_PRICE)},
                CONF_PER_HOUR: {"selector": amount(f"{currency}/h", 0, _MOST_PRICE)},
            },
        )
    )


def _currency(hass: HomeAssistant, entry: ConfigEntry) -> str:
    """Return the currency of the site's tariff, or else Home Assistant's."""
    runtime = getattr(entry, "runtime_data", None)
    prices = runtime.prices if runtime else None
    currency: str = prices.currency if prices else hass.config.currency
    return currency


def check_price_list(
    entry: ConfigEntry,
    form: Mapping[str, Any],
    placeholders: dict[str, str],
    own: str | None = None,
) -> Errors:
    """Check a price list; `own` is the one that is changed."""
    errors = check_name(form) | check_new_name(
        entry, SUBENTRY_PRICE_LIST, form[CONF_NAME], own
    )
    others = [
        one for one in usable(entry, SUBENTRY_PRICE_LIST) if one.subentry_id != own
    ]
    by_cost = form[CONF_BASIS] == BASIS_COST
    if by_cost and form.get(CONF_SHARE_PERCENT) is None:
        errors[CONF_SHARE_PERCENT] = "share_missing"
    if not by_cost and all(form.get(key) is None for key in _PRICES[:3]):
        errors[CONF_PER_KWH] = "price_missing"
    for number, row in enumerate(form.get(CONF_TIMES) or (), start=1):
        if (error := _wrong_row(row)) is not None:
            errors[CONF_TIMES] = error
            placeholders["row"] = str(number)
            break
    taken = {
        identity for one in others for identity in one.data.get(CONF_GUESTS_AT, ())
    }
    if taken & set(form.get(CONF_GUESTS_AT, ())):
        errors[CONF_GUESTS_AT] = "guests_have_prices"
    return errors


def _wrong_row(row: Mapping[str, Any]) -> str | None:
    """Return what is wrong with a row, in the words of other tables."""
    try:
        found = price_time_of(_row_data(row))
    except ValueError:
        return "bad_time"
    if found.start % _QUARTER_MIN or found.end % _QUARTER_MIN:
        return "not_a_quarter"
    if found.per_kwh is None and found.per_hour is None:
        return "bad_value"
    return None


def _row_data(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is stored of a row; cleared values may be present as empty ones."""
    return {key: value for key, value in row.items() if value not in (None, "", [])}


def price_list_data(form: Mapping[str, Any]) -> dict[str, Any]:
    """Return the data of a price list's sub-entry."""
    by_cost = form[CONF_BASIS] == BASIS_COST
    data = {CONF_BASIS: form[CONF_BASIS]} | {
        key: float(form[key])
        for key in _PRICES
        if form.get(key) is not None and (by_cost or key != CONF_SHARE_PERCENT)
    }
    if times := [_row_data(row) for row in form.get(CONF_TIMES) or ()]:
        data[CONF_TIMES] = times
    if guests := form.get(CONF_GUESTS_AT):
        data[CONF_GUESTS_AT] = list(guests)
    if (percent := form.get(CONF_VAT_PERCENT)) is not None:
        data[CONF_VAT_PERCENT] = float(percent)
        data[CONF_VAT_INCLUDED] = form[CONF_VAT_INCLUDED]
    return data


class PriceListSubentryFlow(SiteSubentryFlow):
    """Add a price list, or change one."""

    async def async_step_user(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Add a price list."""
        entry = self._get_entry()
        errors: Errors = {}
        placeholders = {"row": ""}
        if user_input is not None:
            errors = check_price_list(entry, user_input, placeholders)
            if not errors:
                return self.async_create_entry(
                    title=user_input[CONF_NAME].strip(),
                    data=price_list_data(user_input),
                )
        schema = price_list_schema(self.hass, entry, await async_labels(self.hass))
        return self.async_show_form(
            step_id="user",
            data_schema=self.add_suggested_values_to_schema(schema, user_input),
            errors=errors,
            description_placeholders=placeholders,
        )

    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Change a price list; sessions that began before keep what they were billed."""
        entry, subentry = self._get_entry(), self._get_reconfigure_subentry()
        errors: Errors = {}
        placeholders = {"row": ""}
        if user_input is not None:
            errors = check_price_list(
                entry, user_input, placeholders, subentry.subentry_id
            )
            if not errors:
                return self.async_update_and_abort(
                    entry,
                    subentry,
                    title=user_input[CONF_NAME].strip(),
                    data=price_list_data(user_input),
                )
        known = {identity_of(one) for one in usable(entry, SUBENTRY_CHARGER)}
        values: dict[str, Any] = {**subentry.data, CONF_NAME: subentry.title}
        values[CONF_GUESTS_AT] = [
            one for one in subentry.data.get(CONF_GUESTS_AT, ()) if one in known
        ]
        schema = price_list_schema(self.hass, entry, await async_labels(self.hass))
        return self.async_show_form(
            step_id="reconfigure",
            data_schema=self.add_suggested_values_to_schema(
                schema, user_input or values
            ),
            errors=errors,
            description_placeholders=placeholders,
        )
