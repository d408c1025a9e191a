"""Tables that users edit row by row: prices, fees and weights by season, weekday, holiday and hour."""

from collections.abc import Iterable, Mapping
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.helpers.selector import (
    NumberSelector,
    ObjectSelector,
    ObjectSelectorConfig,
    ObjectSelectorField,
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
    TimeSelector,
)
from homeassistant.helpers.translation import async_get_translations

from ...const import DOMAIN
from ...sources.tariffs.actions import ACTIONS
from ...sources.tariffs.holidays import HolidayConfig
from ...sources.tariffs.price_slots import IssueKey
from ...sources.tariffs.table import (
    WEEKDAYS,
    HolidayRule,
    TableError,
    table_from_dict,
    table_to_dict,
)
from ..checks import Errors
from ..form_fields import number
from ..reader import async_readers_language

# Labels inside rows, and composed texts, are translated here: Home Assistant's frontend does not translate them.
LABELLED: dict[str, list[str]] = {
    "weekdays": list(WEEKDAYS),
    "holiday_rule": list(HolidayRule),
    "price_action": list(ACTIONS),
    "price_issue": list(IssueKey),
    "price_added": ["nothing", "some"],
    "price_export": ["nothing"],
    "default_name": ["tariff", "capacity_tariff"],
}
# Errors of a row, as the tariffs' own readers report them; {row} in the texts is its number.
ROW_ERRORS = frozenset(
    {
        "bad_periods",
        "bad_value",
        "bad_time",
        "not_a_quarter",
        "bad_weekday",
        "bad_season",
        "bad_holidays",
        "bad_holiday",
    }
)

type Labels = Mapping[str, Mapping[str, str]]
type Rows = list[dict[str, Any]]


async def async_labels(hass: HomeAssistant) -> Labels:
    """Return the names of what is in `LABELLED`, in the language of who looks at them."""
    texts = await async_get_translations(
        hass, await async_readers_language(hass), "selector", [DOMAIN]
    )
    return {
        name: {
            option: texts.get(
                f"component.{DOMAIN}.selector.{name}.options.{option}", option
            )
            for option in options
        }
        for name, options in LABELLED.items()
    }


def choice(
    labels: Mapping[str, str],
    options: Iterable[str] | None = None,
    *,
    multiple: bool = False,
) -> SelectSelector:
    """Return a list to choose from, with these names."""
    return SelectSelector(
        SelectSelectorConfig(
            options=[
                SelectOptionDict(value=option, label=labels[option])
                for option in (labels if options is None else options)
            ],
            mode=SelectSelectorMode.DROPDOWN,
            multiple=multiple,
        )
    )


def amount(
    unit: str | None = None, low: float | None = None, high: float | None = None
) -> NumberSelector:
    """Return a box for a price or an amount, of any number of digits."""
    return number(unit, step="any", low=low, high=high)


def time_fields(labels: Labels) -> dict[str, ObjectSelectorField]:
    """Return the fields of a row that say when it applies: from when until when, and on which weekdays."""
    return {
        **{
            name: {
                "required": True,
                "selector": TimeSelector(),
                "default": "00:00:00",
            }
            for name in ("start", "end")
        },
        "weekdays": {"selector": choice(labels["weekdays"], multiple=True)},
    }


def rows_selector(labels: Labels, unit: str | None = None) -> ObjectSelector:
    """Return the editor of a table's rows."""
    return ObjectSelector(
        ObjectSelectorConfig(
            multiple=True,
            translation_key="periods",
            label_field="start",
            description_field="value",
            fields={
                "value": {"required": True, "selector": amount(unit)},
                **time_fields(labels),
                "season_start": {"selector": TextSelector()},
                "season_end": {"selector": TextSelector()},
                "holidays": {"selector": choice(labels["holiday_rule"])},
                "name": {"selector": TextSelector()},
            },
        )
    )


def table_data(value: object, rows: object) -> dict[str, Any]:
    """Return what is stored of a table's value and rows."""
    stored = [
        {
            # Cleared values may be present as empty ones.
            **{
                key: item
                for key, item in row.items()
                if key not in _SEASON and item not in (None, "")
            },
            "season": _season(row),
        }
        for row in (rows if isinstance(rows, list) else [])
    ]
    return {"value": 0.0 if value is None else value, "periods": stored}


def _season(row: Mapping[str, Any]) -> list[str] | None:
    first, last = (str(row.get(key) or "").strip() for key in _SEASON)
    return [first, last] if first or last else None


_SEASON = ("season_start", "season_end")


def table_rows(data: Mapping[str, Any] | None) -> Rows:
    """Return the rows that the editor shows of a stored table."""
    table = table_to_dict(table_from_dict(data or {}))
    return [_row(period) for period in table["periods"]]


def _row(period: Mapping[str, Any]) -> dict[str, Any]:
    row = {
        **period,
        "start": f"{period['start']}:00",
        "end": f"{period['end']}:00",
        **dict(zip(_SEASON, period["season"] or ("", ""), strict=True)),
    }
    del row["season"]
    return row


def check_rows(
    field: str, rows: object, errors: Errors, placeholders: dict[str, str]
) -> None:
    """Show at the field which row of a table is wrong, and why."""
    try:
        table_from_dict(table_data(0.0, rows))
    except TableError as error:
        errors[field] = error.key
        placeholders["row"] = str((error.period or 0) + 1)


def check_holidays(
    form: Mapping[str, Any], errors: Errors, placeholders: dict[str, str]
) -> None:
    """Show which date cannot be read."""
    try:
        HolidayConfig.from_dict(form)
    except TableError as error:
        errors["holidays"] = error.key
        placeholders["row"] = str((error.period or 0) + 1)
