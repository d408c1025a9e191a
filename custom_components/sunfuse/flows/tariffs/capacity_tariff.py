"""The forms of a capacity tariff: a preset, or a custom rule, and whether cars comply with it."""

from collections.abc import Callable, Mapping
from typing import Any

import voluptuous as vol

from homeassistant.config_entries import SOURCE_RECONFIGURE, SubentryFlowResult
from homeassistant.const import CONF_NAME, UnitOfPower
from homeassistant.helpers.selector import (
    BooleanSelector,
    EntitySelector,
    EntitySelectorConfig,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
    TextSelectorConfig,
)

from ...const import SUBENTRY_CAPACITY
from ...sources.tariffs.capacity_rules import CATALOGUE, capacity_from_dict
from ...sources.tariffs.meter_peak import found_meter_peak
from ...sources.tariffs.table import TableError
from ...sources.time_rows import parse_number
from ..checks import Errors, check_name, check_new_name
from ..form_fields import asked, number, unanswered
from .form_sequence import FormSequence
from .tables import (
    amount,
    async_labels,
    check_holidays,
    check_rows,
    rows_selector,
    table_data,
    table_rows,
)
from .tariff_forms import Form, FormContext, holiday_fields

OWN = "own"
# The field that shows errors of a custom rule.
RULE_ERRORS = {
    "bad_weight": "weight_periods",
    "bad_step_limits_w": "step_limits_kw",
    "bad_step_prices": "step_limits_kw",
}


def _rule(context: FormContext) -> vol.Schema:
    currency = context.hass.config.currency
    return vol.Schema(
        {
            vol.Required(
                CONF_NAME, default=context.labels["default_name"]["capacity_tariff"]
            ): TextSelector(),
            asked("rule"): SelectSelector(
                SelectSelectorConfig(
                    options=list(CATALOGUE),
                    translation_key="capacity_rule",
                    mode=SelectSelectorMode.DROPDOWN,
                )
            ),
            vol.Optional("price_per_kw"): amount(f"{currency}/kW", 0),
            vol.Optional("step_prices"): TextSelector(
                TextSelectorConfig(multiple=True)
            ),
            vol.Required("cap", default=False): BooleanSelector(),
            vol.Optional("target_kw"): amount(UnitOfPower.KILO_WATT, 0),
            vol.Optional("meter_peak"): EntitySelector(
                EntitySelectorConfig(
                    filter={"domain": "sensor", "device_class": "power"}
                )
            ),
            **holiday_fields(),
        }
    )


def _own(context: FormContext) -> vol.Schema:
    return vol.Schema(
        {
            vol.Required("interval_min", default="15"): SelectSelector(
                SelectSelectorConfig(
                    options=["15", "30", "60"], translation_key="interval_min"
                )
            ),
            vol.Required("sliding", default=False): BooleanSelector(),
            vol.Required("top", default=1): number("", low=1, high=31),
            vol.Required("different_days", default=True): BooleanSelector(),
            vol.Required("months", default=1): number("", low=1, high=24),
            vol.Optional("floor_kw"): amount(UnitOfPower.KILO_WATT, 0),
            vol.Required("weight", default=1): amount(None, 0, 1),
            vol.Optional("weight_periods"): rows_selector(context.labels),
            vol.Optional("step_limits_kw"): TextSelector(
                TextSelectorConfig(multiple=True)
            ),
        }
    )


# By step id.
CAPACITY_FORMS: dict[str, Callable[[FormContext], vol.Schema]] = {
    "user": _rule,
    "reconfigure": _rule,
    "own": _own,
}


def rule_data(form: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is stored of a rule."""
    rule: dict[str, Any] = {
        "key": form["rule"],
        "price_per_kw": form.get("price_per_kw", 0.0),
        "step_prices": list(form.get("step_prices", ())),
    }
    if form["rule"] != OWN:
        return rule
    steps = [parse_number(limit) for limit in form.get("step_limits_kw", ())]
    return rule | {
        "interval_min": int(form["interval_min"]),
        "sliding": form.get("sliding", False),
        "top": int(form["top"]),
        "different_days": form["different_days"],
        "months": int(form["months"]),
        "floor_w": form.get("floor_kw", 0.0) * 1000,
        "weight": table_data(form["weight"], form.get("weight_periods")),
        "step_limits_w": [(limit or 0.0) * 1000 for limit in steps] or None,
    }


def capacity_data(form: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is stored of a capacity tariff."""
    target_kw = form.get("target_kw")
    return {
        "rule": rule_data(form),
        "cap": form["cap"],
        "target_w": target_kw * 1000 if target_kw else None,
        "meter_peak": form.get("meter_peak"),
        "holidays": list(form.get("holidays", ())),
        "holiday_calendar": form.get("holiday_calendar"),
    }


def capacity_values(data: Mapping[str, Any]) -> Form:
    """Return what the forms show of a stored capacity tariff."""
    rule = data["rule"]
    target_w = data.get("target_w")
    values = {
        "rule": rule["key"],
        "price_per_kw": rule.get("price_per_kw"),
        "step_prices": rule.get("step_prices"),
        "cap": data.get("cap", False),
        "target_kw": target_w / 1000 if target_w else None,
        "meter_peak": data.get("meter_peak"),
        "holidays": data.get("holidays"),
        "holiday_calendar": data.get("holiday_calendar"),
    }
    if rule["key"] == OWN:
        values |= {
            "interval_min": str(rule["interval_min"]),
            "sliding": rule.get("sliding", False),
            "top": rule["top"],
            "different_days": rule["different_days"],
            "months": rule["months"],
            "floor_kw": rule["floor_w"] / 1000,
            "weight": rule["weight"]["value"],
            "weight_periods": table_rows(rule["weight"]),
            "step_limits_kw": [f"{w / 1000:g}" for w in rule["step_limits_w"] or ()],
        }
    return {key: value for key, value in values.items() if value not in (None, [])}


class CapacitySubentryFlow(FormSequence):
    """Add a capacity tariff, or change one."""

    forms = CAPACITY_FORMS

    async def async_step_user(
        self, user_input: Form | None = None
    ) -> SubentryFlowResult:
        """Choose a rule; a sensor of the meter is proposed where a known integration has one."""
        if not self._form and (found := found_meter_peak(self.hass)):
            self._form = {"meter_peak": found}
        return await self._choose("user", user_input)

    async def async_step_reconfigure(
        self, user_input: Form | None = None
    ) -> SubentryFlowResult:
        """Change a capacity tariff; what was measured stays where the rule stays."""
        if not self._form:
            subentry = self._get_reconfigure_subentry()
            self._form = {CONF_NAME: subentry.title, **capacity_values(subentry.data)}
        return await self._choose("reconfigure", user_input)

    async def _choose(
        self, step_id: str, user_input: Form | None
    ) -> SubentryFlowResult:
        self._labels = await async_labels(self.hass)
        errors: Errors = {}
        placeholders: dict[str, str] = {}
        if user_input is not None:
            errors |= (
                check_name(user_input)
                | check_new_name(
                    self._get_entry(),
                    SUBENTRY_CAPACITY,
                    user_input[CONF_NAME],
                    self._own,
                )
                | unanswered(user_input, "rule")
            )
            check_holidays(user_input, errors, placeholders)
            if user_input.get("rule", OWN) != OWN:
                try:
                    capacity_from_dict(rule_data(user_input))
                except TableError as error:
                    errors["step_prices"] = error.key
            if not errors:
                self._take(step_id, user_input)
                if user_input["rule"] == OWN:
                    return self._show("own", None, {}, {})
                return self._finish(capacity_data(self._form))
        return self._show(step_id, user_input, errors, placeholders)

    @property
    def _own(self) -> str | None:
        """Return the id of the tariff that is changed; None of a new one."""
        if self.source != SOURCE_RECONFIGURE:
            return None
        return self._get_reconfigure_subentry().subentry_id

    async def async_step_own(
        self, user_input: Form | None = None
    ) -> SubentryFlowResult:
        """Ask for a custom rule."""
        errors: Errors = {}
        placeholders: dict[str, str] = {}
        if user_input is not None:
            check_rows(
                "weight_periods",
                user_input.get("weight_periods"),
                errors,
                placeholders,
            )
            if not errors:
                try:
                    capacity_from_dict(rule_data({**self._form, **user_input}))
                except TableError as error:
                    errors[RULE_ERRORS[error.key]] = error.key
            if not errors:
                self._take("own", user_input)
                return self._finish(capacity_data(self._form))
        return self._show("own", user_input, errors, placeholders)
