"""Which values the battery's entities can have: a number has a unit, bounds and a step."""

from dataclasses import replace
from math import floor

from homeassistant.components.number import ATTR_MAX, ATTR_MIN, ATTR_STEP
from homeassistant.const import (
    ATTR_UNIT_OF_MEASUREMENT,
    PERCENTAGE,
    STATE_UNAVAILABLE,
    UnitOfPower,
)
from homeassistant.core import State
from homeassistant.util.unit_conversion import PowerConverter

from ..engine_options import HoldRule

NUMBERS = frozenset(("number", "input_number"))


def is_reserve(unit: str | None) -> bool:
    """Whether a number without a value can hold the battery: as a reserve in percent."""
    return unit == PERCENTAGE


def may_be_power(unit: str | None) -> bool:
    """Whether a number without a value can get the planned power: without a unit it is one in watts."""
    return unit is None or unit in PowerConverter.VALID_UNITS


def why_unfit(rule: HoldRule, state: State) -> str | None:
    """Return why an entity cannot have such a value, for the log: its unit says that it is something else."""
    if state.domain not in NUMBERS or state.state == STATE_UNAVAILABLE:
        return None
    unit = state.attributes.get(ATTR_UNIT_OF_MEASUREMENT)
    if rule.at_soc and not is_reserve(unit):
        return f"its unit is {unit}, and a reserve is in %"
    if rule.in_w and not may_be_power(unit):
        return f"its unit is {unit}, and a power is in W or kW"
    return None


def fitting(rule: HoldRule, state: State | None) -> HoldRule:
    """Return a rule with a value that its entity can have.

    An entity that gets another value refuses it, or rounds it and is then set again every minute.
    """
    if state is None or state.domain not in NUMBERS:
        return rule
    try:
        number = float(rule.value)
    except ValueError:
        return rule
    unit = state.attributes.get(ATTR_UNIT_OF_MEASUREMENT)
    if rule.in_w and unit in PowerConverter.VALID_UNITS:
        number = PowerConverter.convert(number, UnitOfPower.WATT, unit)
    low, high, step = (
        state.attributes.get(name) for name in (ATTR_MIN, ATTR_MAX, ATTR_STEP)
    )
    if step:
        start = low or 0.0
        steps = (number - start) / step
        # A reserve above the state of charge would charge the battery.
        whole = floor(steps + 1e-6) if rule.at_soc else round(steps)
        number = start + whole * step
    if high is not None:
        number = min(number, high)
    if low is not None:
        number = max(number, low)
    return replace(rule, value=f"{round(number, 6):g}")


def is_at(state: State, value: str) -> bool:
    """Whether an entity has a value; 0 and 0.0 are the same number."""
    if state.domain not in NUMBERS:
        return state.state == value
    try:
        return float(state.state) == float(value)
    except ValueError:
        return False
