"""Sub-entries with several forms: entries are kept from one to the next, and cleared fields are removed."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import voluptuous as vol

from homeassistant.config_entries import SOURCE_RECONFIGURE, SubentryFlowResult
from homeassistant.const import CONF_NAME

from ..checks import Errors
from ..still_there import SiteSubentryFlow
from .tables import Labels
from .tariff_forms import Form, FormContext


class FormSequence(SiteSubentryFlow):
    """Add a sub-entry through several forms, or change one."""

    forms: ClassVar[Mapping[str, Callable[[FormContext], vol.Schema]]]
    last_step: ClassVar[bool | None] = None  # whether a form's button finishes

    def __init__(self) -> None:
        """Start with nothing typed."""
        self._form: Form = {}
        self._labels: Labels = {}

    def _schema(self, step_id: str) -> vol.Schema:
        return self.forms[step_id](FormContext(hass=self.hass, labels=self._labels))

    def _take(self, step_id: str, user_input: Form) -> None:
        """Store a form; cleared fields are removed."""
        fields = {str(field) for field in self._schema(step_id).schema}
        kept = {k: v for k, v in self._form.items() if k not in fields}
        self._form = {**kept, **user_input}

    def _show(
        self,
        step_id: str,
        user_input: Form | None,
        errors: Errors,
        placeholders: dict[str, str],
    ) -> SubentryFlowResult:
        """Show a form with the present or former entries."""
        return self.async_show_form(
            step_id=step_id,
            data_schema=self.add_suggested_values_to_schema(
                self._schema(step_id), self._form if user_input is None else user_input
            ),
            errors=errors,
            description_placeholders=placeholders,
            last_step=self.last_step,
        )

    def _finish(self, data: Mapping[str, Any]) -> SubentryFlowResult:
        """Store the entries of all forms."""
        title = self._form[CONF_NAME]
        if self.source == SOURCE_RECONFIGURE:
            return self.async_update_and_abort(
                self._get_entry(),
                self._get_reconfigure_subentry(),
                title=title,
                data=data,
            )
        return self.async_create_entry(title=title, data=data)
