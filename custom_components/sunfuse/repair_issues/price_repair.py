"""The fix of prices that cannot be read: read again, other entities or their unit, or another integration."""

from types import MappingProxyType
from typing import Any

from homeassistant.components.repairs import RepairsFlow, RepairsFlowResult
from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import callback

from ..const import CONF_SOURCES, SUBENTRY_TARIFF
from ..data import SunfuseConfigEntry
from ..flows.checks import Errors
from ..flows.tariffs.tables import async_labels
from ..flows.tariffs.tariff import async_check_form
from ..flows.tariffs.tariff_forms import (
    FORMS,
    FormContext,
    source_data,
    tariff_data,
    values_of,
)
from ..sources.config import SourcesConfig
from ..sources.tariffs.components import ExportKind
from ..sources.tariffs.price_reader import SourceKind, price_actions
from ..sources.tariffs.price_slots import IssueKey, PricePart

# An issue with this is about a source of prices.
PRICES = "prices"
PRICE_PROBLEM, PRICE_DETAIL = "problem", "detail"
# Where a tariff has each source.
_FIELDS = {
    PricePart.IMPORT: "source",
    PricePart.EXPORT: "export",
    PricePart.CARBON: "carbon",
}


class PriceFlow(RepairsFlow):
    """The user chooses where prices are read from now on."""

    def __init__(
        self, entry: SunfuseConfigEntry, part: str, key: str, detail: str
    ) -> None:
        """Remember which source it is about, and what is wrong with it."""
        super().__init__()
        self._entry = entry
        self._part = PricePart(part)
        self._key = IssueKey(key)
        self._detail = detail

    async def async_step_init(
        self, user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Offer what helps."""
        options = ["again", "entity"]
        if self._part is PricePart.IMPORT and price_actions(self.hass):
            options.append("action")
        return self.async_show_menu(
            step_id="init",
            menu_options=options,
            description_placeholders=self._about(),
        )

    async def async_step_again(
        self, user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Read them now."""
        prices = self._entry.runtime_data.prices
        if prices is not None:
            await prices.async_read_again()
            if any(issue.key is self._key for issue in prices.data.issues):
                return self.async_abort(
                    reason="still", description_placeholders=self._about()
                )
        return self.async_create_entry(data={})

    async def async_step_entity(
        self, user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Ask for the entities, and their unit."""
        return await self._source(SourceKind.ENTITY, user_input)

    async def async_step_action(
        self, user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Ask for the integration."""
        return await self._source(SourceKind.ACTION, user_input)

    async def _source(
        self, kind: SourceKind, user_input: dict[str, Any] | None
    ) -> RepairsFlowResult:
        errors: Errors = {}
        placeholders = self._about()
        if user_input is not None:
            # What is read for import only: the others are read with the next prices.
            if self._part is PricePart.IMPORT:
                await async_check_form(
                    self.hass, kind, user_input, errors, placeholders
                )
            if not errors:
                self._store(source_data(kind, user_input))
                return self.async_create_entry(data={})
        context = FormContext(hass=self.hass, labels=await async_labels(self.hass))
        return self.async_show_form(
            step_id=kind.value,
            data_schema=self.add_suggested_values_to_schema(
                FORMS[kind](context), user_input or self._now()
            ),
            errors=errors,
            description_placeholders=placeholders,
        )

    def _now(self) -> dict[str, Any]:
        """Return from what they are read now, as the form shows it."""
        for tariff in self._entry.get_subentries_of_type(SUBENTRY_TARIFF):
            source = tariff.data.get(_FIELDS[self._part]) or {}
            return values_of({"source": source})
        return values_of({"source": self._dashboards()})

    def _dashboards(self) -> dict[str, Any]:
        """Return the price entities of the Energy dashboard, which a site without a tariff is read from."""
        sources = SourcesConfig.from_dict(self._entry.data.get(CONF_SOURCES, {}))
        export = self._part is PricePart.EXPORT
        entity = sources.price_export if export else sources.price_import
        return source_data(SourceKind.ENTITY, {"entities": [entity] if entity else []})

    @callback
    def _store(self, source: dict[str, Any]) -> None:
        """Write the source into the tariff; a site that has none gets one."""
        entries, field = self.hass.config_entries, _FIELDS[self._part]
        for tariff in self._entry.get_subentries_of_type(SUBENTRY_TARIFF):
            entries.async_update_subentry(
                self._entry, tariff, data={**tariff.data, field: source}
            )
            return
        sources = SourcesConfig.from_dict(self._entry.data.get(CONF_SOURCES, {}))
        form: dict[str, Any] = {
            "kind": SourceKind.ENTITY,
            "entities": [sources.price_import] if sources.price_import else [],
        }
        if sources.price_export:
            form |= {
                "export": ExportKind.SOURCE.value,
                "export_entities": [sources.price_export],
            }
        entries.async_add_subentry(
            self._entry,
            ConfigSubentry(
                data=MappingProxyType({**tariff_data(form), field: source}),
                subentry_type=SUBENTRY_TARIFF,
                title=self._entry.title,
                unique_id=None,
            ),
        )

    def _about(self) -> dict[str, str]:
        return {"site": self._entry.title, "detail": self._detail}
