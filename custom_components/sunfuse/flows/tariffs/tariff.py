"""The forms of a site's tariff: what a kilowatt-hour costs, earns and emits.

Most tariffs are two forms and a look at the prices; what else there can be (fees, feed-in, carbon) is offered beside the
prices, and each leads back to them.
"""

from collections.abc import Mapping
from typing import Any

from homeassistant.config_entries import SOURCE_RECONFIGURE, SubentryFlowResult
from homeassistant.const import CONF_NAME
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from ...const import SUBENTRY_TARIFF
from ...sources.tariffs.components import ExportKind
from ...sources.tariffs.price_reader import (
    SourceKind,
    TariffReader,
    config_from_dict,
    price_actions,
)
from ...sources.tariffs.units import parse_unit
from ..checks import Errors
from ..reader import async_readers_sentences
from .form_sequence import FormSequence
from .tables import async_labels, check_holidays, check_rows
from .tariff_forms import FORMS, Form, source_data, tariff_data, values_of
from .tariff_preview import async_check_source, preview

# The rows of each form, and its fields that depend on a choice made before.
_ROWS = {
    "table": ("periods",),
    "components": ("grid_fee_periods",),
    "export_fixed": ("export_periods",),
    "more": ("carbon_periods",),
}
# How feed-in is paid needs no more than that, or a form of its own.
_EXPORT_FORMS: dict[str, str] = {
    ExportKind.FIXED: "export_fixed",
    ExportKind.SPOT: "export_spot",
    ExportKind.SOURCE: "export_source",
}
# What is offered beside the prices.
_BESIDE = ("save", "components", "export", "more", "source")


class TariffSubentryFlow(FormSequence):
    """Set up a tariff, or change it: a source, then the prices, and what belongs to them."""

    forms = FORMS
    last_step = False  # a look at the prices is last

    async def async_step_user(
        self, user_input: Form | None = None
    ) -> SubentryFlowResult:
        """Choose where the prices come from."""
        return self._one_too_many() or await self._choose_source("user", user_input)

    async def async_step_reconfigure(
        self, user_input: Form | None = None
    ) -> SubentryFlowResult:
        """Show the prices of a tariff, and what of it can be changed."""
        subentry = self._get_reconfigure_subentry()
        self._form = {CONF_NAME: subentry.title, **values_of(subentry.data)}
        self._labels = await async_labels(self.hass)
        return await self.async_step_preview()

    async def async_step_source(
        self, user_input: Form | None = None
    ) -> SubentryFlowResult:
        """Choose another source, or another name."""
        return await self._choose_source("source", user_input)

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
        """Ask how feed-in is paid."""
        return await self._step("export", user_input)

    async def async_step_export_fixed(
        self, user_input: Form | None = None
    ) -> SubentryFlowResult:
        """Ask for a feed-in price, or a table of them."""
        return await self._step("export_fixed", user_input)

    async def async_step_export_spot(
        self, user_input: Form | None = None
    ) -> SubentryFlowResult:
        """Ask for what is paid of the market price."""
        return await self._step("export_spot", user_input)

    async def async_step_export_source(
        self, user_input: Form | None = None
    ) -> SubentryFlowResult:
        """Ask where the feed-in price is read from."""
        return await self._step("export_source", user_input)

    async def async_step_more(
        self, user_input: Form | None = None
    ) -> SubentryFlowResult:
        """Ask for carbon and holidays."""
        return await self._step("more", user_input)

    async def async_step_preview(
        self, user_input: Form | None = None
    ) -> SubentryFlowResult:
        """Show the resulting prices, and what can be added to them."""
        config = config_from_dict(tariff_data(self._form))
        prices = await TariffReader(self.hass, config).async_refresh(dt_util.utcnow())
        sentences = await async_readers_sentences(self.hass)
        return self.async_show_menu(
            step_id="preview",
            menu_options=list(_BESIDE),
            description_placeholders=preview(
                self.hass, config, prices, self._labels, sentences
            ),
        )

    async def async_step_save(
        self, user_input: Form | None = None
    ) -> SubentryFlowResult:
        """Store the tariff."""
        data = tariff_data(self._form)
        if self.source == SOURCE_RECONFIGURE:
            data = {**self._get_reconfigure_subentry().data, **data}
            return self._finish(data)
        return self._one_too_many() or self._finish(data)

    def _one_too_many(self) -> SubentryFlowResult | None:
        """Return the end of a new tariff: a site has one, which may have been added in another window meanwhile."""
        if self._get_entry().get_subentries_of_type(SUBENTRY_TARIFF):
            return self.async_abort(reason="single_tariff")
        return None

    async def _step(self, step_id: str, user_input: Form | None) -> SubentryFlowResult:
        """Show a form until it is valid, then the prices."""
        errors: Errors = {}
        placeholders: dict[str, str] = {}
        if user_input is not None:
            for field in _ROWS.get(step_id, ()):
                check_rows(field, user_input.get(field), errors, placeholders)
            if not self._as_before(user_input):
                await async_check_form(
                    self.hass, step_id, user_input, errors, placeholders
                )
            if not errors:
                self._take(step_id, user_input)
                chosen = user_input.get("export") if step_id == "export" else None
                if chosen in _EXPORT_FORMS:
                    return await self._step(_EXPORT_FORMS[chosen], None)
                return await self.async_step_preview()
        return self._show(step_id, user_input, errors, placeholders)

    def _as_before(self, user_input: Form) -> bool:
        """Return whether this form is unchanged in a changed tariff: an unavailable source may stay."""
        return self.source == SOURCE_RECONFIGURE and all(
            self._form.get(key) == value for key, value in user_input.items()
        )


async def async_check_form(
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
    elif step_id == "export_source":
        if not (form.get("export_entities") or form.get("export_action")):
            errors["export_entities"] = "no_source"
    elif step_id == "more":
        check_holidays(form, errors, placeholders)
