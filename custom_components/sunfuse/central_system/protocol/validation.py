"""JSON schema, as far as OCPP uses it, compiled once into functions.

The results are those of `jsonschema`'s Draft4Validator, with which a test compares them, in a fraction of the time. A
schema that uses anything else is refused when it is compiled.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

type Schema = dict[str, Any]


@dataclass(slots=True)
class Violation:
    """The first violation: which keyword of the schema, and where."""

    keyword: str
    message: str
    path: str = ""

    def below(self, part: str | int) -> Violation:
        """Return it as seen from one level above."""
        self.path = f"{part}/{self.path}" if self.path else str(part)
        return self


type Check = Callable[[Any], Violation | None]

_IGNORED = frozenset(
    (
        "$id",
        "$schema",
        "additionalItems",  # counts only where `items` is a list of schemas
        "comment",
        "default",
        "definitions",
        "description",
        "format",  # not checked by jsonschema either, unless asked to
        "id",
        "javaType",
        "title",
    )
)
_TYPES: dict[str, tuple[type, ...]] = {
    "array": (list,),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
    "object": (dict,),
    "string": (str,),
}


def compile_schema(schema: Schema) -> Check:
    """Return a function that checks a value.

    Raises:
        ValueError: the schema uses a keyword that is not supported.

    """
    return _Compiler(schema).compile(schema)


class _Compiler:
    """Compiles the parts of one schema."""

    def __init__(self, root: Schema) -> None:
        self._definitions: Schema = root.get("definitions", {})
        self._references: dict[str, Check] = {}

    def compile(self, schema: Schema) -> Check:
        if "$ref" in schema:  # other keywords beside it are ignored in draft 4
            return self._reference(schema["$ref"])
        checks: list[Check] = []
        rest = dict(schema)
        # One function for each value: they are called hundreds of times for a message.
        kind = rest.pop("type", None)
        of_objects = {"properties", "required", "additionalProperties"} & rest.keys()
        of_arrays = {"items", "minItems", "maxItems"} & rest.keys()
        of_strings = {"enum", "maxLength"} & rest.keys()
        if kind is not None and not (
            (kind == "object" and of_objects)
            or (kind == "array" and of_arrays)
            or (kind == "string" and of_strings)
        ):
            checks.append(_type(kind))
        if of_objects:
            checks.append(self._object(rest, typed=kind == "object"))
        if of_arrays:
            checks.append(self._array(rest, typed=kind == "array"))
        if of_strings:
            checks.append(_string(rest, typed=kind == "string"))
        if {"minimum", "maximum", "multipleOf"} & rest.keys():
            checks.append(_number(rest))
        if unknown := rest.keys() - _IGNORED:
            raise ValueError(f"Unknown keywords: {sorted(unknown)}")
        return checks[0] if len(checks) == 1 else _all(tuple(checks))

    def _reference(self, reference: str) -> Check:
        name = reference.removeprefix("#/definitions/")
        if name not in self._references:
            # Registered before it is compiled, because a definition may refer to itself.
            def later(value: Any) -> Violation | None:
                return self._references[name](value)

            self._references[name] = later
            self._references[name] = self.compile(self._definitions[name])
        return self._references[name]

    def _object(self, rest: Schema, *, typed: bool) -> Check:
        required = tuple(rest.pop("required", ()))
        closed = rest.pop("additionalProperties", True) is False
        properties = {
            key: self.compile(part) for key, part in rest.pop("properties", {}).items()
        }

        def check(value: Any) -> Violation | None:
            if type(value) is not dict:
                return _not_of_type("object") if typed else None
            for key in required:
                if key not in value:
                    return Violation("required", f"{key} is missing")
            for key, item in value.items():
                if (part := properties.get(key)) is None:
                    if closed:
                        return Violation(
                            "additionalProperties", f"{key[:50]!r} is not expected"
                        )
                elif (violation := part(item)) is not None:
                    return violation.below(key)
            return None

        return check

    def _array(self, rest: Schema, *, typed: bool) -> Check:
        least = rest.pop("minItems", 0)
        most = rest.pop("maxItems", None)
        part = self.compile(rest.pop("items", {}))

        def check(value: Any) -> Violation | None:
            if type(value) is not list:
                return _not_of_type("array") if typed else None
            if len(value) < least:
                return Violation("minItems", f"fewer than {least} items")
            if most is not None and len(value) > most:
                return Violation("maxItems", f"more than {most} items")
            for index, item in enumerate(value):
                if (violation := part(item)) is not None:
                    return violation.below(index)
            return None

        return check


def _all(checks: tuple[Check, ...]) -> Check:
    def check(value: Any) -> Violation | None:
        for part in checks:
            if (violation := part(value)) is not None:
                return violation
        return None

    return check


def _type(kind: str) -> Check:
    types = _TYPES[kind]  # JSON is read into exactly these types; a bool is not an int

    def check(value: Any) -> Violation | None:
        return None if type(value) in types else _not_of_type(kind)

    return check


def _not_of_type(kind: str) -> Violation:
    return Violation("type", f"not of type {kind}")


def _string(rest: Schema, *, typed: bool) -> Check:
    values, longest = rest.pop("enum", None), rest.pop("maxLength", None)
    if values is not None and not all(isinstance(value, str) for value in values):
        raise ValueError("Only strings are enumerated in OCPP")
    known = None if values is None else frozenset(values)

    def check(value: Any) -> Violation | None:
        if type(value) is not str:
            if typed:
                return _not_of_type("string")
            return None if known is None else Violation("enum", "not one of the values")
        if known is not None and value not in known:
            return Violation("enum", f"{value[:50]!r} is not one of the values")
        if longest is not None and len(value) > longest:
            return Violation("maxLength", f"longer than {longest} characters")
        return None

    return check


def _number(rest: Schema) -> Check:
    least, most = rest.pop("minimum", None), rest.pop("maximum", None)
    step = rest.pop("multipleOf", None)

    def check(value: Any) -> Violation | None:
        if type(value) is not int and type(value) is not float:
            return None
        if least is not None and value < least:
            return Violation("minimum", f"less than {least}")
        if most is not None and value > most:
            return Violation("maximum", f"more than {most}")
        # Compared as decimals: 21.4 is a multiple of 0.1, although no float is.
        if step is not None and abs(value / step - round(value / step)) > 1e-6:
            return Violation("multipleOf", f"not a multiple of {step}")
        return None

    return check
