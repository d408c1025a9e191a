"""The forms of a tariff, and what they are converted to: the data that sources/tariffs reads."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import voluptuous as vol

from homeassistant.const import CONF_NAME, PERCENTAGE, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.selector import (
    BooleanSelector,
    EntitySelector,
    EntitySelectorConfig,
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
    TextSelectorConfig,
)

from ...const import DOMAIN
from ...sources.tariffs.components import ExportKind
from ...sources.tariffs.price_reader import SourceKind, price_actions
from .tables import Labels, amount, rows_selector, table_data, table_rows

type Form = dict[str, Any]

# The actions that return feed-in prices.
EXPORT_ACTIONS = frozenset({"easyenergy_return", "amberelectric_feed_in"})
_CARBON_UNIT = "g/kWh"


@dataclass(frozen=True, slots=True, kw_only=True)
class FormContext:
    """What the forms depend on."""

    hass: HomeAssistant
    labels: Labels

    @property
    def unit(self) -> str:
        """Return the unit of prices."""
        return f"{self.hass.config.currency}/kWh"


def _source(context: FormContext) -> vol.Schema:
    return vol.Schema(
        {
            vol.Required(
                CONF_NAME, default=context.labels["default_name"]["tariff"]
            ): TextSelector(),
            vol.Required("kind", default=SourceKind.ENTITY.value): SelectSelector(
                SelectSelectorConfig(
                    options=list(SourceKind),
                    translation_key="price_source",
                    mode=SelectSelectorMode.LIST,
                )
            ),
        }
    )


def _table(context: FormContext) -> vol.Schema:
    return vol.Schema(
        {
            vol.Required("value"): amount(context.unit),
            vol.Optional("periods"): rows_selector(context.labels, context.unit),
        }
    )


def _entities(context: FormContext) -> EntitySelector:
    """Return a choice of entities that may have prices; ours show them already."""
    own = [
        entity.entity_id
        for entity in er.async_get(context.hass).entities.values()
        if entity.platform == DOMAIN
    ]
    return EntitySelector(
        EntitySelectorConfig(
            # Strømligning has tomorrow's prices at a binary sensor, Octopus at events.
            filter={
                "domain": [
                    Platform.SENSOR,
                    Platform.BINARY_SENSOR,
                    Platform.EVENT,
                    "input_number",
                ]
            },
            exclude_entities=own,
            multiple=True,
        )
    )


def _entity(context: FormContext) -> vol.Schema:
    return vol.Schema(
        {
            vol.Required("entities"): _entities(context),
            vol.Optional("unit"): TextSelector(),
        }
    )


def _actions(context: FormContext, *, export: bool) -> SelectSelector:
    """Return a choice of the available integrations."""
    return SelectSelector(
        SelectSelectorConfig(
            options=[
                SelectOptionDict(
                    value=f"{key}/{entry_id}",
                    label=f"{context.labels['price_action'][key]}: {title}",
                )
                for key, entry_id, title in price_actions(context.hass)
                if (key in EXPORT_ACTIONS) is export
            ],
            mode=SelectSelectorMode.DROPDOWN,
        )
    )


def _action(context: FormContext) -> vol.Schema:
    return vol.Schema(
        {
            vol.Required("action"): _actions(context, export=False),
            vol.Optional("area"): TextSelector(),
        }
    )


def _components(context: FormContext) -> vol.Schema:
    return vol.Schema(
        {
            vol.Optional("surcharge"): amount(context.unit),
            vol.Optional("grid_fee"): amount(context.unit),
            vol.Optional("grid_fee_periods"): rows_selector(
                context.labels, context.unit
            ),
            vol.Optional("taxes"): amount(context.unit),
            vol.Optional("vat_percent"): amount(PERCENTAGE, 0, 100),
            vol.Required("source_has_vat", default=False): BooleanSelector(),
        }
    )


def _export(context: FormContext) -> vol.Schema:
    return vol.Schema(
        {
            vol.Required("export", default=ExportKind.FIXED.value): SelectSelector(
                SelectSelectorConfig(
                    options=list(ExportKind),
                    translation_key="export_kind",
                    mode=SelectSelectorMode.LIST,
                )
            )
        }
    )


def _export_fixed(context: FormContext) -> vol.Schema:
    return vol.Schema(
        {
            vol.Optional("export_value"): amount(context.unit),
            vol.Optional("export_periods"): rows_selector(context.labels, context.unit),
        }
    )


def _export_spot(context: FormContext) -> vol.Schema:
    return vol.Schema(
        {
            vol.Optional("export_factor"): amount(),
            vol.Optional("export_offset"): amount(context.unit),
        }
    )


def _export_source_form(context: FormContext) -> vol.Schema:
    fields: dict[vol.Marker, Any] = {
        vol.Optional("export_entities"): _entities(context)
    }
    # Only where an integration that knows feed-in prices is there.
    if any(key in EXPORT_ACTIONS for key, _, _ in price_actions(context.hass)):
        fields[vol.Optional("export_action")] = _actions(context, export=True)
    return vol.Schema(fields)


def _more(context: FormContext) -> vol.Schema:
    return vol.Schema(
        {
            vol.Optional("carbon_entities"): _entities(context),
            vol.Optional("carbon_value"): amount(_CARBON_UNIT, 0, 3000),
            vol.Optional("carbon_periods"): rows_selector(context.labels, _CARBON_UNIT),
            **holiday_fields(),
        }
    )


def holiday_fields() -> dict[vol.Marker, Any]:
    """Return the fields of public holidays."""
    return {
        vol.Optional("holidays"): TextSelector(TextSelectorConfig(multiple=True)),
        vol.Optional("holiday_calendar"): EntitySelector(
            EntitySelectorConfig(filter={"domain": "calendar"})
        ),
    }


# By step id.
FORMS: dict[str, Callable[[FormContext], vol.Schema]] = {
    "user": _source,
    "source": _source,
    "table": _table,
    "entity": _entity,
    "action": _action,
    "components": _components,
    "export": _export,
    "export_fixed": _export_fixed,
    "export_spot": _export_spot,
    "export_source": _export_source_form,
    "more": _more,
}


def source_data(kind: str, form: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is stored of a source of prices."""
    if kind == SourceKind.ENTITY:
        return {
            "kind": kind,
            "entities": list(form["entities"]),
            "unit": form.get("unit"),
        }
    if kind == SourceKind.ACTION:
        return {"kind": kind, **_action_data(form["action"]), "name": form.get("area")}
    return {
        "kind": SourceKind.TABLE.value,
        "table": table_data(form.get("value"), form.get("periods")),
    }


def _action_data(chosen: str) -> dict[str, str]:
    action, _, entry_id = chosen.partition("/")
    return {"action": action, "entry_id": entry_id}


def tariff_data(form: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is stored of a tariff. Only the source is required."""
    return {
        "source": source_data(form["kind"], form),
        "components": {
            "surcharge": form.get("surcharge", 0.0),
            "taxes": form.get("taxes", 0.0),
            "grid_fee": table_data(form.get("grid_fee"), form.get("grid_fee_periods")),
            "vat_percent": form.get("vat_percent", 0.0),
            "source_has_vat": form.get("source_has_vat", False),
            "export": form.get("export", ExportKind.FIXED.value),
            "export_table": table_data(
                form.get("export_value"), form.get("export_periods")
            ),
            "export_factor": form.get("export_factor", 1.0),
            "export_offset": form.get("export_offset", 0.0),
        },
        "export": _export_source(form),
        "carbon": _carbon_source(form),
        "holidays": list(form.get("holidays", ())),
        "holiday_calendar": form.get("holiday_calendar"),
    }


def _export_source(form: Mapping[str, Any]) -> dict[str, Any] | None:
    if form.get("export") != ExportKind.SOURCE:
        return None
    if entities := form.get("export_entities"):
        return source_data(SourceKind.ENTITY.value, {"entities": entities})
    return source_data(SourceKind.ACTION.value, {"action": form["export_action"]})


def _carbon_source(form: Mapping[str, Any]) -> dict[str, Any] | None:
    if entities := form.get("carbon_entities"):
        return source_data(SourceKind.ENTITY.value, {"entities": entities})
    if form.get("carbon_value") is None and not form.get("carbon_periods"):
        return None
    table = {"value": form.get("carbon_value"), "periods": form.get("carbon_periods")}
    return source_data(SourceKind.TABLE.value, table)


def values_of(data: Mapping[str, Any]) -> Form:
    """Return what the forms show of a stored tariff."""
    source = data["source"]
    components = data.get("components", {})
    export = data.get("export") or {}
    carbon = data.get("carbon") or {}
    values = {
        "kind": source.get("kind", SourceKind.TABLE.value),
        "value": _value(source.get("table")),
        "periods": table_rows(source.get("table")),
        "entities": source.get("entities"),
        "unit": source.get("unit"),
        "action": _chosen(source),
        "area": source.get("name"),
        **{
            key: value
            for key, value in components.items()
            if not isinstance(value, Mapping)
        },
        "grid_fee": _value(components.get("grid_fee")),
        "grid_fee_periods": table_rows(components.get("grid_fee")),
        "export_value": _value(components.get("export_table")),
        "export_periods": table_rows(components.get("export_table")),
        "export_entities": export.get("entities"),
        "export_action": _chosen(export),
        "carbon_entities": carbon.get("entities"),
        "carbon_value": _value(carbon.get("table")),
        "carbon_periods": table_rows(carbon.get("table")),
        "holidays": data.get("holidays"),
        "holiday_calendar": data.get("holiday_calendar"),
    }
    return {key: value for key, value in values.items() if value not in (None, [], "")}


def _value(table: Mapping[str, Any] | None) -> float | None:
    return None if table is None else table.get("value")


def _chosen(source: Mapping[str, Any]) -> str:
    action = source.get("action")
    return f"{action}/{source['entry_id']}" if action else ""
