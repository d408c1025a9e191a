"""Converts what was found to currency per kWh: units, scale, absurd values, age."""

from collections.abc import Mapping
from datetime import datetime, tzinfo
import math
from statistics import median
from typing import Any

from ..series import Series, Slot, at_time, layered, scaled
from ..time_rows import parse_number
from .price_shapes import FoundSlots, find_series
from .price_slots import IssueKey, PriceIssue, PriceReading
from .units import (
    Unit,
    absurd_above,
    parse_carbon_unit,
    parse_unit,
    unit_of_key,
    usual_range,
    with_energy_of_key,
)

# Grams per kWh: lignite with its mines stays below 1.3 kg; above 3 kg is a wrong unit.
CARBON_ABSURD = 3000.0
_MOST_OF_A_DAY_S = 20 * 3600


def read_prices(
    attributes: Mapping[str, Any],
    *,
    state: object,
    unit: str | None,
    currency: str,
    now: datetime,
    tz: tzinfo,
    typed: str | None = None,
    export: bool = False,
) -> PriceReading:
    """Read an entity's prices: from its attributes by shape, otherwise its state for now.

    Args:
        attributes: the entity's attributes, or the response of an action.
        state: the entity's state, or None.
        unit: its unit of measurement.
        currency: the currency if the unit does not contain it.
        now: timezone-aware.
        tz: the time zone of times without an offset, and of days.
        typed: the user's unit; it takes precedence over the source's, but not
            over a field that names its money.
        export: whether to return feed-in prices, if both are there.

    Returns:
        Currency per kWh. Problems are in the issues; this never raises on data.

    """
    found, issues = find_series(attributes, now=now, tz=tz)
    entity_unit = parse_unit(typed or unit) or _unit_beside(attributes)
    unreadable = (typed or unit) if entity_unit is None else None
    current = _state_price(state, entity_unit)
    judge = parse_number(state)
    found = _of_one_direction(found, judge, now, export=export)
    known = entity_unit.currency if entity_unit else None
    named = _currency_of_keys(found) or known or _named_currency(attributes)
    currency = named or currency
    layers: list[Series] = []
    for one in found:
        units = _units(one, entity_unit, typed=typed is not None)
        if not units and unreadable:
            issues.append(PriceIssue(key=IssueKey.UNIT_UNREADABLE, detail=unreadable))
            continue
        series, more = _in_currency(one, units, current, currency, now)
        issues += more
        layers.append(series)
    series, more = _believable(layered(*layers), absurd_above(currency))
    issues += more
    if not found:
        issues.append(PriceIssue(key=IssueKey.NOTHING_FOUND))
    elif series and not any(slot.end > now for slot in series):
        issues.append(PriceIssue(key=IssueKey.OUTDATED))
    return PriceReading(
        series=series, currency=currency, issues=tuple(dict.fromkeys(issues))
    )


def _of_one_direction(
    found: list[FoundSlots], state: float | None, now: datetime, *, export: bool
) -> list[FoundSlots]:
    """Return the prices of import or those of export, if an entity has both.

    The state shows which of them it is about: GE-Spot's export sensors show the import's prices beside their own.
    """
    groups = {
        direction: [one for one in found if one.export is direction]
        for direction in (True, False)
    }
    if not all(groups.values()):
        return found
    shown = [
        direction
        for direction, group in groups.items()
        if any(
            (slot := at_time(one.series, now)) is not None
            and state is not None
            and math.isclose(slot.value, state, rel_tol=0.01, abs_tol=1e-3)
            for one in group
        )
    ]
    return groups[shown[0] if len(shown) == 1 else export]


def _units(found: FoundSlots, entity_unit: Unit | None, *, typed: bool) -> list[Unit]:
    """Return the possible units of the values, the most trusted first.

    A field that names money and energy is most reliable. One that names the energy alone (`price_per_kwh`) takes the money from
    the unit of the user, the row or the entity.
    """
    row = parse_unit(found.row_unit)
    stated = [entity_unit, row] if typed else [row, entity_unit]
    units = [unit for unit in stated if unit is not None]
    if (own := unit_of_key(found.value_key)) is not None:
        return [own, *units]
    return [*(with_energy_of_key(unit, found.value_key) for unit in units[:1]), *units]


def _currency_of_keys(found: list[FoundSlots]) -> str | None:
    """Return the currency in the name of a field (`SEK_per_kWh`)."""
    units = (unit_of_key(one.value_key) for one in found)
    return next((unit.currency for unit in units if unit and unit.currency), None)


def _named_currency(attributes: Mapping[str, Any]) -> str | None:
    """Return the currency in an attribute's name (Nord Pool's EUR, SEK)."""
    value = attributes.get("currency")
    unit = parse_unit(value) if isinstance(value, str) else None
    return unit.currency if unit else None


def _unit_beside(attributes: Mapping[str, Any]) -> Unit | None:
    """Read a unit from the attributes that carry one."""
    for name in ("unit_of_measurement", "price_unit", "unit"):
        value = attributes.get(name)
        if isinstance(value, str) and (unit := parse_unit(value)) is not None:
            return unit
    return None


def _state_price(state: object, unit: Unit | None) -> float | None:
    """Return the state as currency per kWh, if its unit is known."""
    number = parse_number(state)
    return None if number is None or unit is None else number * unit.factor


def _in_currency(
    found: FoundSlots,
    units: list[Unit],
    current: float | None,
    currency: str,
    now: datetime,
) -> tuple[Series, list[PriceIssue]]:
    """Convert what was found to currency per kWh; nothing if no scale makes sense."""
    low, high = usual_range(currency)
    middle = median(abs(slot.value) for slot in found.series)
    for factor in [unit.factor for unit in units] or [1.0]:
        if low <= middle * factor <= high:
            return scaled(found.series, factor), []
    unit = units[0] if units else None
    series = scaled(found.series, unit.factor if unit else 1.0)
    middle *= unit.factor if unit else 1.0
    power = _power_of_ten(series, current, now)
    if power:
        issue = PriceIssue(key=IssueKey.SCALE_CORRECTED, detail=found.name)
        return scaled(series, 10.0**power), [issue]
    # A market may be extreme for hours; a whole day at such prices is in hundredths of money.
    lasts = sum(slot.seconds for slot in series) >= _MOST_OF_A_DAY_S
    if middle > high and (unit is None or lasts or middle > absurd_above(currency)):
        key = IssueKey.UNIT_UNKNOWN if unit is None else IssueKey.SCALE_UNKNOWN
        return (), [PriceIssue(key=key, detail=found.name)]
    # An unusual week, such as one of free wind power, with a known unit.
    return series, []


def _power_of_ten(series: Series, current: float | None, now: datetime) -> int | None:
    """Return by which power of ten the present slot differs from the state, if it does."""
    slot = at_time(series, now)
    if slot is None or not current or not slot.value or slot.value * current < 0:
        return None
    exponent = math.log10(current / slot.value)
    power = round(exponent)
    # States are rounded: 2 % is near enough, and no two scales are nearer than tenfold.
    return power if abs(exponent - power) < math.log10(1.02) else None


def _believable(series: Series, limit: float) -> tuple[Series, list[PriceIssue]]:
    """Leave out single values that no market can reach."""
    kept: tuple[Slot, ...] = tuple(slot for slot in series if abs(slot.value) <= limit)
    if len(kept) == len(series):
        return series, []
    return kept, [PriceIssue(key=IssueKey.ABSURD_VALUES)]


def read_carbon(
    attributes: Mapping[str, Any],
    *,
    unit: str | None,
    now: datetime,
    tz: tzinfo,
) -> PriceReading:
    """Read carbon intensity from attributes, in grams of CO2 equivalent per kWh."""
    found, issues = find_series(attributes, now=now, tz=tz)
    parsed = parse_carbon_unit(unit)
    if found and unit is not None and parsed is None:
        return PriceReading(
            issues=(*issues, PriceIssue(key=IssueKey.UNIT_UNKNOWN, detail=unit))
        )
    factor = parsed.factor if parsed else 1.0
    series = layered(*(scaled(one.series, factor) for one in found))
    kept = tuple(slot for slot in series if 0 <= slot.value <= CARBON_ABSURD)
    if len(kept) < len(series):
        issues.append(PriceIssue(key=IssueKey.ABSURD_VALUES))
    if not found:
        issues.append(PriceIssue(key=IssueKey.NOTHING_FOUND))
    elif not any(slot.end > now for slot in kept):
        issues.append(PriceIssue(key=IssueKey.OUTDATED))
    return PriceReading(series=kept, issues=tuple(issues))
