"""The forms of a site's tariff: what a kilowatt-hour costs, earns and emits."""

from collections.abc import Mapping
from typing import Any

from homeassistant.config_entries import SOURCE_RECONFIGURE, SubentryFlowResult
from homeassistant.const import CONF_NAME
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from ..const import SUBENTRY_TARIFF
from ..sources.tariffs.components import ExportKind
from ..sources.tariffs.price_reader import (
    SourceKind,
    TariffReader,
    config_from_dict,
    price_actions,
)
from ..sources.tariffs.units import parse_unit
from .checks import Errors
from .form_sequence import FormSequence
from .tables import async_labels, check_holidays, check_rows
from .tariff_forms import FORMS, Form, source_data, tariff_data, values_of
from .tariff_preview import async_check_source, preview

# The form after the choice of a source, and its check.
_ROWS = {
    "table": ("periods",),
    "components": ("grid_fee_periods",),
    "export": ("export_periods",),
    "more": ("carbon_periods",),
}
_NEXT = {"components": "export", "export": "more", "more": "preview"}


class TariffSubentryFlow(FormSequence):
    """Set up a tariff, or change it: source, components, feed-in, carbon, and a preview."""

    forms = FORMS
    last_step = False  # the preview is last

    async def async_step_user(
        self, user_input: Form | None = None
    ) -> SubentryFlowResult:
        """Choose where the prices come from; a site has one tariff."""
        if self._get_entry().get_subentries_of_type(SUBENTRY_TARIFF):
            return self.async_abort(reason="single_tariff")
        return await self._choose_source("user", user_input)

    async def async_step_reconfigure(
        self, user_input: Form | None = None
    ) -> SubentryFlowResult:
        """Change a tariff; unchanged fields stay."""
        if not self._form:
            subentry = self._get_reconfigure_subentry()
            self._form = {CONF_NAME: subentry.title, **values_of(subentry.data)}
        return await self._choose_source("reconfigure", user_input)

    async def _choose_source(
        self, step_id: str, user_input: Form | None
    ) -> SubentryFlowResult:
        self._labels = await async_labels(self.hass)
        errors: Errors = {}
        if user_input is not None:
            kind = user_input["kind"]
            if kind != SourceKind.ACTION or price_actions(self.hass):
                self._form = {**self._form, **user_input}
                return await self._step(kind, None)
            errors["kind"] = "no_actions"
        return self._show(step_id, user_input, errors, {})

    async def async_step_table(
        self, user_input: Form | None = None
    ) -> SubentryFlowResult:
        """Ask for a price, or a table of them."""
        return await self._step("table", user_input)

    async def async_step_entity(
        self, user_input: Form | None = None
    ) -> SubentryFlowResult:
        """Ask for the entities that show the prices."""
        return await self._step("entity", user_input)

    async def async_step_action(
        self, user_input: Form | None = None
    ) -> SubentryFlowResult:
        """Ask for the integration that returns prices."""
        return await self._step("action", user_input)

    async def async_step_components(
        self, user_input: Form | None = None
    ) -> SubentryFlowResult:
        """Ask for surcharges, fees and taxes."""
        return await self._step("components", user_input)

    async def async_step_export(
        self, user_input: Form | None = None
    ) -> SubentryFlowResult:
        """Ask for the feed-in price."""
        return await self._step("export", user_input)

    async def async_step_more(
        self, user_input: Form | None = None
    ) -> SubentryFlowResult:
        """Ask for carbon and holidays."""
        return await self._step("more", user_input)

    async def async_step_preview(
        self, user_input: Form | None = None
    ) -> SubentryFlowResult:
        """Show the resulting prices, and store the tariff."""
        data = tariff_data(self._form)
        if user_input is None:
            config = config_from_dict(data)
            reader = TariffReader(self.hass, config)
            prices = await reader.async_refresh(dt_util.utcnow())
            return self.async_show_form(
                step_id="preview",
                description_placeholders=preview(
                    self.hass, config, prices, self._labels
                ),
                last_step=True,
            )
        if self.source == SOURCE_RECONFIGURE:
            data = {**self._get_reconfigure_subentry().data, **data}
        return self._finish(data)

    async def _step(self, step_id: str, user_input: Form | None) -> SubentryFlowResult:
        """Show a form until it is valid, then the next one."""
        errors: Errors = {}
        placeholders: dict[str, str] = {}
        if user_input is not None:
            for field in _ROWS.get(step_id, ()):
                check_rows(field, user_input.get(field), errors, placeholders)
            if not self._as_before(user_input):
                await _check(self.hass, step_id, user_input, errors, placeholders)
            if not errors:
                self._take(step_id, user_input)
                following = _NEXT.get(step_id, "components")
                if following == "preview":
                    return await self.async_step_preview()
                return await self._step(following, None)
        return self._show(step_id, user_input, errors, placeholders)

    def _as_before(self, user_input: Form) -> bool:
        """Return whether this form is unchanged in a changed tariff: an unavailable source may stay."""
        return self.source == SOURCE_RECONFIGURE and all(
            self._form.get(key) == value for key, value in user_input.items()
        )


async def _check(
    hass: HomeAssistant,
    step_id: str,
    form: Mapping[str, Any],
    errors: Errors,
    placeholders: dict[str, str],
) -> None:
    """Check a form beyond its rows: units, sources that must have prices, dates."""
    if step_id == "entity":
        if form.get("unit") and parse_unit(form["unit"]) is None:
            errors["unit"] = "bad_unit"
        else:
            source = source_data(SourceKind.ENTITY, form)
            await async_check_source(hass, "entities", source, errors, placeholders)
    elif step_id == "action":
        source = source_data(SourceKind.ACTION, form)
        await async_check_source(hass, "action", source, errors, placeholders)
    elif step_id == "export" and form["export"] == ExportKind.SOURCE:
        if not (form.get("export_entities") or form.get("export_action")):
            errors["export_entities"] = "no_source"
    elif step_id == "more":
        check_holidays(form, errors, placeholders)
