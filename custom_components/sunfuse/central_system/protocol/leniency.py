"""Corrects values that violate their schema but have only one possible meaning.

A common mistake of stations is a number for a string (`sampledValue.value`), a string for a number, or null for a value
that should be left out. Valid messages do not come here; our own messages are checked strictly.
"""

import math
import re
from typing import Any

from .validation import Schema

_INTEGER = re.compile(r"[+-]?\d{1,18}")
# A card's number has no fraction. One that begins with zeros has lost them as a number: it is then an unknown card.
_CARDS = frozenset(("idTag", "parentIdTag", "idToken"))
# Registers are whole watt-hours in OCPP 1.6; some stations send fractions.
_ROUNDED = frozenset(("meterStart", "meterStop"))


class Corrector:
    """Corrects values by one schema."""

    def __init__(self, schema: Schema) -> None:
        """Correct by this schema."""
        self._schema = schema
        self._definitions: Schema = schema.get("definitions", {})

    def corrected_value(self, value: Any) -> Any:
        """Return a value as it was meant, where that is unambiguous; the rest stays as it is."""
        return self._mend(self._schema, value, "")

    def _mend(self, schema: Schema, value: Any, name: str) -> Any:
        if "$ref" in schema:
            schema = self._definitions[schema["$ref"].removeprefix("#/definitions/")]
        match schema.get("type"):
            case "object" if type(value) is dict:
                return self._object(schema, value)
            case "array" if type(value) is list:
                items = schema.get("items", {})
                return [self._mend(items, item, name) for item in value]
            case "string" if type(value) is int or (
                type(value) is float and name not in _CARDS
            ):
                return repr(value)
            case "integer":
                return _integer(value, name)
            case "number" if type(value) is str:
                return _number(value)
        return value

    def _object(self, schema: Schema, value: dict[str, Any]) -> dict[str, Any]:
        properties, required = schema.get("properties", {}), schema.get("required", ())
        return {
            key: self._mend(properties[key], item, key) if key in properties else item
            for key, item in value.items()
            if item is not None or key in required or key not in properties
        }


def _integer(value: Any, name: str) -> Any:
    if type(value) is str:
        return int(value) if _INTEGER.fullmatch(value.strip()) else value
    if type(value) is float and math.isfinite(value):
        if value.is_integer() or name in _ROUNDED:
            return round(value)
    return value


def _number(value: str) -> Any:
    try:
        number = float(value)
    except ValueError:
        return value
    return number if math.isfinite(number) else value
