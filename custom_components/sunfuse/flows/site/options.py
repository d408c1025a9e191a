"""The options of a site: what an electrician or its owner tunes, theme by theme."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import voluptuous as vol

from homeassistant.config_entries import ConfigEntry, ConfigFlowResult
from homeassistant.const import CONF_BASE, UnitOfElectricCurrent
from homeassistant.helpers.translation import async_get_translations

from ...const import (
    CONF_FORECAST_ENTITIES,
    CONF_FORECAST_ENTRIES,
    CONF_IMBALANCE,
    CONF_MAIN_FUSE,
    CONF_MARGIN,
    CONF_METER_MAX_AGE,
    CONF_SYSTEM,
    DEFAULT_METER_MAX_AGE_S,
    DOMAIN,
    LIVE_OPTIONS,
)
from ...site.circuits import CircuitTree, per_phase_fields
from ...site.engine_options import READ_EACH_TIME
from ...site.entry_data import site_of
from ...site.fail_safe_check import (
    async_doubt_site,
    chargers_of,
    fail_safe_problem,
    with_site,
)
from ...sources.forecasts.forecast_sources import async_solar_entries
from ...translated_reasons import async_load_sentences
from ..checks import USUAL_FUSE_A, Errors, check_options
from ..circuits.circuit_forms import check_details, details_schema
from ..confirmation import Confirmation
from ..form_fields import OPTIONS, Form, number
from ..people.card_forms import AUTHORIZATION, authorization_values, check_authorization
from ..reader import async_readers_language
from ..still_there import SiteOptionsFlow
from .forecast import (
    check_forecast,
    forecast_schema,
    forecast_values,
    what_was_recognised,
)
from .port_certificate import (
    SECURITY,
    async_check_certificate,
    check_files,
    security_values,
)
from .privacy import PRIVACY
from .tuning import (
    BATTERY,
    BOOSTS,
    CALM,
    DIMMING,
    PHASES,
    SUNSHINE,
    check_dimming,
    check_hold,
    check_nothing,
    tuning_values,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Theme:
    """One form of the options.

    `values` returns what the form shows of an entry; `check` returns its errors, and adds the placeholders of their
    sentences.
    """

    schema: Callable[[ConfigEntry], vol.Schema]
    values: Callable[[ConfigEntry], Form]
    check: Callable[[ConfigEntry, Form, dict[str, str]], Errors]


def _protection_values(entry: ConfigEntry) -> Form:
    return {
        CONF_MARGIN: entry.data[CONF_MARGIN],
        CONF_METER_MAX_AGE: DEFAULT_METER_MAX_AGE_S,
        **entry.options,
    }


def _check_protection(
    entry: ConfigEntry, form: Form, placeholders: dict[str, str]
) -> Errors:
    errors = check_options(form, entry.data[CONF_MAIN_FUSE])
    tree = with_site(CircuitTree.of(entry), form)
    problem = fail_safe_problem(tree, chargers_of(entry), placeholders)
    if not errors and problem:
        errors[CONF_MARGIN] = problem
    return errors


def _tuning(schema: vol.Schema) -> Theme:
    """Return a theme of the engine's tuning."""
    return Theme(
        schema=lambda _entry: schema, values=tuning_values, check=check_nothing
    )


def _main_circuit(phases: int) -> vol.Schema:
    """Return the form of what few main fuses need."""
    imbalance = number(UnitOfElectricCurrent.AMPERE, low=1)
    return details_schema(phases).extend({vol.Optional(CONF_IMBALANCE): imbalance})


def _main_circuit_changes(entry: ConfigEntry, form: Form) -> Form:
    """Return what the form changes; fields that a user clears have their usual values again."""
    empty = dict.fromkeys(per_phase_fields("fixed", 3), 0.0) | dict.fromkeys(
        per_phase_fields("limit", 3), entry.data[CONF_MAIN_FUSE]
    )
    return {**empty, **form}


def _doubt_limits(entry: ConfigEntry, form: Form) -> Errors:
    """Return doubts about limits of single phases that neither such a connection nor this main fuse usually has."""
    usual_a = max(USUAL_FUSE_A[entry.data[CONF_SYSTEM]], entry.data[CONF_MAIN_FUSE])
    fields = per_phase_fields("limit", 3)
    return {field: "fuse_unusual" for field in fields if form.get(field, 0) > usual_a}


def _check_main_circuit(
    entry: ConfigEntry, form: Form, placeholders: dict[str, str]
) -> Errors:
    fuse_a = entry.data[CONF_MAIN_FUSE]
    tree = with_site(CircuitTree.of(entry), _main_circuit_changes(entry, form))
    for field in per_phase_fields("limit", 3):
        if form.get(field, fuse_a) <= 0:
            return {field: "fuse"}
    if problem := fail_safe_problem(tree, chargers_of(entry), placeholders):
        return {CONF_BASE: problem}
    return {}


# By step id, in the order of the menu: themes for homeowners before those for electricians.
THEMES = {
    "protection": Theme(
        schema=lambda _entry: OPTIONS,
        values=_protection_values,
        check=_check_protection,
    ),
    "sunshine": _tuning(SUNSHINE),
    "battery": _tuning(BATTERY),
    "forecast": Theme(
        schema=lambda _entry: forecast_schema({}),
        values=forecast_values,
        check=lambda _entry, _form, _placeholders: {},
    ),
    "cards": Theme(
        schema=lambda _entry: AUTHORIZATION,
        values=authorization_values,
        check=check_authorization,
    ),
    "boosts": _tuning(BOOSTS),
    "privacy": Theme(
        schema=lambda _entry: PRIVACY,
        values=lambda entry: entry.options,
        check=check_nothing,
    ),
    "security": Theme(
        schema=lambda _entry: SECURITY, values=security_values, check=check_files
    ),
    "dimming": _tuning(DIMMING),
    "calm": _tuning(CALM),
    "phase_switching": _tuning(PHASES),
    "main_circuit": Theme(
        schema=lambda entry: _main_circuit(site_of(entry.data).phases),
        values=lambda entry: entry.options,
        check=_check_main_circuit,
    ),
}


class SunfuseOptionsFlow(SiteOptionsFlow):
    """The options of a running site."""

    def __init__(self) -> None:
        """Start with nothing asked."""
        self._confirmation = Confirmation()
        self._texts: Mapping[str, str] = {}
        self._sentences: Mapping[str, str] = {}

    async def async_step_init(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Choose a theme."""
        language = await async_readers_language(self.hass)
        self._texts = await async_get_translations(
            self.hass, language, "options", [DOMAIN]
        )
        self._sentences = await async_load_sentences(self.hass, language)
        return self.async_show_menu(step_id="init", menu_options=list(THEMES))

    async def async_step_protection(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for the margin, and the maximum age of a reading."""
        named: dict[str, str] = {}
        doubts: Errors = {}
        if user_input is not None and not self._wrong("protection", user_input):
            found = await self._async_doubt_house(CONF_MARGIN, user_input, named)
            doubts = self._confirmation.new(found, user_input)
        return self._show("protection", user_input, doubts, named=named)

    async def async_step_main_circuit(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for other loads, temperature and imbalance at the main fuse."""
        errors: Errors = {}
        entry = self.config_entry
        named = {"usual": f"{USUAL_FUSE_A[entry.data[CONF_SYSTEM]]:g}"}
        if user_input is not None:
            fuse_a = entry.data[CONF_MAIN_FUSE]
            errors = check_details(self.hass, user_input, fuse_a)
            if not errors and not self._wrong("main_circuit", user_input):
                changes = _main_circuit_changes(entry, user_input)
                found = await self._async_doubt_house(CONF_BASE, changes, named)
                found |= _doubt_limits(entry, user_input)
                errors = self._confirmation.new(found, user_input)
        return self._show("main_circuit", user_input, errors, named=named)

    def _wrong(self, step_id: str, form: Form) -> bool:
        """Return whether a form has errors, so that doubts can wait."""
        return bool(THEMES[step_id].check(self.config_entry, form, {}))

    async def _async_doubt_house(
        self, field: str, changes: Form, named: dict[str, str]
    ) -> Errors:
        """Return a doubt if the house leaves less than the fail-safe currents after these changes."""
        warning = await async_doubt_site(self.hass, self.config_entry, changes)
        if warning is None:
            return {}
        named |= warning
        return {field: "fail_safe_house"}

    async def async_step_cards(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask who may charge."""
        return self._show("cards", user_input)

    async def async_step_forecast(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask which solar forecast to read."""
        if user_input is not None:
            # An empty choice is also an answer, different from no answer.
            user_input = {CONF_FORECAST_ENTRIES: []} | user_input
        form = user_input or forecast_values(self.config_entry)
        entities = form.get(CONF_FORECAST_ENTITIES, [])
        placeholders = {
            "recognised": what_was_recognised(self.hass, entities, self._sentences)
        }
        errors: Errors = {}
        if user_input is not None:
            errors = check_forecast(self.hass, user_input, placeholders)
        schema = forecast_schema(await async_solar_entries(self.hass, DOMAIN))
        return self._show("forecast", user_input, errors, schema, placeholders)

    async def async_step_security(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for the certificate of the port that chargers connect to."""
        errors: Errors = {}
        if user_input is not None:
            errors = await async_check_certificate(self.hass, user_input)
        return self._show("security", user_input, errors)

    async def async_step_sunshine(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask when cars start and stop on solar power."""
        return self._show("sunshine", user_input)

    async def async_step_battery(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask who gets solar power first, and how the home battery is prevented from discharging into cars."""
        wrong = check_hold(self.hass, user_input or {})
        return self._show("battery", user_input, wrong)

    async def async_step_phase_switching(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for delays and limits of switching between one and three phases."""
        return self._show("phase_switching", user_input)

    async def async_step_calm(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for smoothing of increases, and the length of a turn."""
        return self._show("calm", user_input)

    async def async_step_boosts(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask how long, and how much, people may boost."""
        return self._show("boosts", user_input)

    async def async_step_privacy(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask how long sessions are kept."""
        return self._show("privacy", user_input)

    async def async_step_dimming(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for the signal with which the grid operator dims the chargers."""
        wrong = check_dimming(self.hass, user_input or {})
        return self._show("dimming", user_input, wrong)

    def _show(
        self,
        step_id: str,
        user_input: dict[str, Any] | None,
        found: Errors | None = None,
        offered: vol.Schema | None = None,
        named: dict[str, str] | None = None,
    ) -> ConfigFlowResult:
        """Show a theme's form until it is valid; fields that a user clears are removed from the options.

        `found` are errors that depend on Home Assistant's entities, besides those of the theme's check.
        """
        entry, theme = self.config_entry, THEMES[step_id]
        schema = offered or theme.schema(entry)
        errors: Errors = {}
        placeholders: dict[str, str] = {}
        if user_input is not None:
            errors = {**(found or {}), **theme.check(entry, user_input, placeholders)}
            if not errors:
                fields = {str(field) for field in schema.schema}
                kept = {k: v for k, v in entry.options.items() if k not in fields}
                return self.async_create_entry(data=kept | user_input)
        return self.async_show_form(
            step_id=step_id,
            data_schema=self.add_suggested_values_to_schema(
                schema, user_input or theme.values(entry)
            ),
            errors=errors,
            description_placeholders=placeholders
            | (named or {})
            | {"restarts": self._restarts(step_id, schema)},
        )

    def _restarts(self, step_id: str, schema: vol.Schema) -> str:
        """Return a sentence about what a change does to the chargers' connections."""
        fields = [str(field) for field in schema.schema]
        names = [
            self._texts[f"component.{DOMAIN}.options.step.{step_id}.data.{field}"]
            for field in fields
            if field not in LIVE_OPTIONS | READ_EACH_TIME
        ]
        if not names:
            return self._sentences["options_live"]
        if len(names) == len(fields):
            return self._sentences["options_restart"]
        return self._sentences["options_restart_some"].format(
            # In italics: they are parts of sentences themselves.
            fields=", ".join(f"*{name}*" for name in names)
        )
