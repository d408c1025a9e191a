"""Corrects values that violate their schema but have only one possible meaning.

A common mistake of stations is a number for a string (`sampledValue.value`), a string for a number, null for a value
that should be left out, or a single value for a list (Huawei, lbbrhzn/ocpp issue 1144). Others send enumerated words in another spelling or with a line break, vendors' own keys, texts that
are too long, or one value among others that the standard does not have (the unit Hz: lbbrhzn/ocpp issues 1576, 1627 and
1969). Valid messages do not come here; our own messages are checked strictly.
"""

from collections.abc import Mapping
from dataclasses import dataclass
import math
import re
from typing import Any, Self

from .frames import is_storable
from .validation import Check, Schema, Violation, compile_schema

_INTEGER = re.compile(r"[+-]?\d{1,18}")
# A card's number has no fraction. One that begins with zeros has lost them as a number: it is then an unknown card.
_CARDS = frozenset(("idTag", "parentIdTag", "idToken"))
# Registers are whole watt-hours in OCPP 1.6; some stations send fractions.
_ROUNDED = frozenset(("meterStart", "meterStop"))
# Texts for people: what is too long is cut.
_DESCRIPTIVE = frozenset(
    (
        "actualValue",
        "chargeBoxSerialNumber",
        "chargePointModel",
        "chargePointSerialNumber",
        "chargePointVendor",
        "firmwareVersion",
        "iccid",
        "imsi",
        "info",
        "meterSerialNumber",
        "meterType",
        "model",
        "serialNumber",
        "techCode",
        "techInfo",
        "value",  # of a configuration key: lists of all measurands (lbbrhzn/ocpp issue 821)
        "vendorErrorCode",
        "vendorId",
        "vendorName",
    )
)
# What an unknown word stands for, where the standard has a word for anything else (lbbrhzn/ocpp issue 1248: errorCode Error).
_ANYTHING_ELSE: Mapping[str, str] = {
    "errorCode": "OtherError",
    "reason": "Other",
    "stoppedReason": "Other",
    "triggerReason": "Trigger",  # not used
}
# What 2.x has one word for, where 1.6 has several: firmware that was ported says the old ones.
_OCCUPIED = frozenset(
    ("preparing", "charging", "suspendedev", "suspendedevse", "finishing")
)
# An unknown word says as much as none.
_UNUSED = frozenset(("context", "location"))
# Each value stands for itself: one that cannot be understood takes no other with it, and none at all is nothing to report.
_VALUES = frozenset(("meterValue", "sampledValue", "transactionData"))


# A card that is too long is a card, and no reason to go on with a session that its station ends (lbbrhzn/ocpp issue 1803).
_LONGEST_CARD = 255

# A session begins and ends without them, too: what it took is measured otherwise.
_DISPENSABLE = frozenset(("meterStart", "meterStop"))


def loosened(schema: Schema) -> Schema:
    """Return a schema by which a corrected message is checked: lists of values may be empty, registers missing, cards long."""
    loose: Schema = {}
    for key, part in schema.items():
        if key == "required":
            loose[key] = _required(schema)
        elif key in ("properties", "definitions"):
            loose[key] = {name: _loosened(name, one) for name, one in part.items()}
        else:
            loose[key] = loosened(part) if key == "items" else part
    return loose


def _loosened(name: str, part: Schema) -> Schema:
    loose = loosened(part)
    if name in _VALUES:
        loose.pop("minItems", None)
    if name in _CARDS and "maxLength" in loose:
        loose["maxLength"] = _LONGEST_CARD
    return loose


def _required(schema: Schema) -> list[str]:
    return [name for name in schema.get("required", ()) if name not in _DISPENSABLE]


@dataclass(frozen=True, slots=True)
class _Object:
    """What a schema says of an object, read once: one message may have thousands."""

    properties: Schema
    required: frozenset[str]
    closed: bool
    spelling: Mapping[str, str]  # of the properties, by their names in lower case

    @classmethod
    def of(cls, schema: Schema) -> Self:
        """Read it from the schema."""
        properties: Schema = schema.get("properties", {})
        return cls(
            properties=properties,
            required=frozenset(_required(schema)),
            closed=schema.get("additionalProperties", True) is False,
            spelling={key.casefold(): key for key in properties},
        )


class Corrector:
    """Corrects values by one schema."""

    def __init__(self, schema: Schema) -> None:
        """Correct by this schema."""
        self._schema = schema
        self._definitions: Schema = schema.get("definitions", {})
        self._checks: dict[str, Check] = {}  # of the items of `_VALUES`
        self._objects: dict[
            int, _Object
        ] = {}  # by the `id` of their part of the schema
        self._check: Check | None = None

    def violation(self, corrected: Any) -> Violation | None:
        """Return what is wrong with a value even after it was corrected."""
        if self._check is None:
            self._check = compile_schema(loosened(self._schema))
        return self._check(corrected)

    def corrected_value(self, value: Any) -> Any:
        """Return a value as it was meant, where that is unambiguous; the rest stays as it is."""
        return self._mend(self._schema, value, "")

    def _resolved(self, schema: Schema) -> Schema:
        if "$ref" in schema:
            part: Schema = self._definitions[
                schema["$ref"].removeprefix("#/definitions/")
            ]
            return part
        return schema

    def _mend(self, schema: Schema, value: Any, name: str) -> Any:
        schema = self._resolved(schema)
        match schema.get("type"):
            case "object" if type(value) is dict:
                return self._object(schema, value)
            case "array" if type(value) is list:
                return self._array(schema, value, name)
            case "array" if type(value) is dict:
                return self._array(schema, [value], name)
            case "string" if type(value) is int or (
                type(value) is float and name not in _CARDS
            ):
                return repr(value)
            case "string" if type(value) is str:
                return _text(schema, value, name)
            case "integer":
                return _integer(value, name)
            case "number" if type(value) is str:
                return _number(value)
        return value

    def _object(self, schema: Schema, value: dict[str, Any]) -> dict[str, Any]:
        if (known := self._objects.get(id(schema))) is None:
            known = self._objects[id(schema)] = _Object.of(schema)
        mended: dict[str, Any] = {}
        for name, item in value.items():
            key = name
            if name not in known.properties:
                key = known.spelling.get(name.casefold(), name)
                if key == name or key in value:
                    if not known.closed:
                        mended[name] = item
                    continue
            part = self._resolved(known.properties[key])
            meant = self._mend(part, item, key)
            if key in known.required or not _says_nothing(part, meant, key):
                mended[key] = meant
        return mended

    def _array(self, schema: Schema, value: list[Any], name: str) -> list[Any]:
        items = schema.get("items", {})
        mended = [self._mend(items, item, name) for item in value]
        if name not in _VALUES:
            return mended
        if name not in self._checks:
            root = loosened({"items": items, "definitions": self._definitions})
            self._checks[name] = compile_schema(
                root["items"] | {"definitions": root["definitions"]}
            )
        check = self._checks[name]
        return [item for item in mended if check(item) is None]


def _text(schema: Schema, value: str, name: str) -> str:
    """Return an enumerated word in the spelling of the standard, or a descriptive text that is short enough."""
    words = schema.get("enum")
    if words is None:
        longest = schema.get("maxLength")
        return value[:longest] if longest and name in _DESCRIPTIVE else value
    meant = value.strip().casefold()
    if value in words or not meant:
        return value
    for word in words:
        if word.casefold() == meant:
            return str(word)
    other = _ANYTHING_ELSE.get(name)
    if name == "connectorStatus" and meant in _OCCUPIED:
        other = "Occupied"
    return value if other is None or other not in words else other


def _says_nothing(schema: Schema, value: Any, name: str) -> bool:
    """Whether an optional value is as good as left out."""
    if type(value) is not str:
        return value is None
    if schema.get("format") == "date-time":
        return not value.strip()
    words = schema.get("enum")
    return words is not None and (
        not value.strip() or (name in _UNUSED and value not in words)
    )


def _integer(value: Any, name: str) -> Any:
    if type(value) is str:
        return int(value) if _INTEGER.fullmatch(value.strip()) else value
    if type(value) is float and is_storable(value):
        if value.is_integer() or name in _ROUNDED:
            return round(value)
    return value


def _number(value: str) -> Any:
    try:
        number = float(value)
    except ValueError:
        return value
    return number if math.isfinite(number) else value
