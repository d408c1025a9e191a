"""The fix of an entity that is gone, or that cannot be used: another one, wherever it is read."""

from typing import Any

import voluptuous as vol

from homeassistant.components.repairs import RepairsFlow, RepairsFlowResult
from homeassistant.config_entries import ConfigEntry
from homeassistant.core import split_entity_id
from homeassistant.helpers.selector import EntitySelector, EntitySelectorConfig

from ..const import CONF_SOURCES, CONF_TEMPERATURE, SUBENTRY_CIRCUIT
from ..flows.checks import check_entities
from ..flows.form_fields import grid_form, meter_form, sun_form
from ..site.entity_use import entities_of, replace_entity
from ..site.subentries import usable
from ..sources.config import CircuitSources, SourcesConfig

# An issue with this is about an entity.
ENTITY = "entity_id"
REPLACEMENT = "replacement"


class ReplaceSourceFlow(RepairsFlow):
    """The user chooses what a site is to be read from instead of an entity that is gone."""

    def __init__(self, entry: ConfigEntry, entity_id: str) -> None:
        """Remember which entity is gone."""
        super().__init__()
        self._entry = entry
        self._gone = entity_id

    async def async_step_init(
        self, user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Start. The input of the first step is not the user's: it is the id of the issue."""
        return await self.async_step_successor()

    async def async_step_successor(
        self, user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Ask for the successor, and read from it from now on."""
        errors: dict[str, str] = {}
        if user_input is not None:
            new = user_input[REPLACEMENT]
            if problem := self._problem(new):
                errors[REPLACEMENT] = problem
            else:
                replace_entity(self.hass, self._entry, self._gone, new)
                return self.async_create_entry(data={})
        return self.async_show_form(
            step_id="successor",
            data_schema=self.add_suggested_values_to_schema(
                vol.Schema({vol.Required(REPLACEMENT): self._selector()}),
                user_input or {},
            ),
            errors=errors,
            description_placeholders={
                "entity": self._gone,
                "site": self._entry.title,
            },
        )

    def _selector(self) -> EntitySelector:
        domain, _ = split_entity_id(self._gone)
        return EntitySelector(EntitySelectorConfig(filter={"domain": [domain]}))

    def _problem(self, new: str) -> str | None:
        """Return why an entity cannot replace the one that is gone."""
        used = entities_of(self._entry) - {self._gone}
        for field in _fields_of(self._entry, self._gone):
            for problem in check_entities(self.hass, {field: new}, used).values():
                return problem
        return None


def _fields_of(entry: ConfigEntry, entity_id: str) -> set[str]:
    """Return the fields of the forms in which an entity was chosen."""
    forms: list[dict[str, Any]] = [
        {CONF_TEMPERATURE: entry.options.get(CONF_TEMPERATURE)}
    ]
    sources = SourcesConfig.from_dict(entry.data.get(CONF_SOURCES, {}))
    forms += [grid_form(sources), sun_form(sources)]
    for circuit in usable(entry, SUBENTRY_CIRCUIT):
        read_from = CircuitSources.from_dict(circuit.data.get(CONF_SOURCES, {}))
        forms.append({CONF_TEMPERATURE: read_from.temperature})
        if read_from.meter:
            forms.append(meter_form(read_from.meter))
    return {
        field
        for form in forms
        for field, value in form.items()
        if entity_id == value or (isinstance(value, list) and entity_id in value)
    }
