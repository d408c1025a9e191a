"""The JSON schemas of OCPP, from the `ocpp` package, and what a violation is called.

The package has no `py.typed`; this module is the typed boundary to it.
"""

from collections.abc import Iterator
from functools import cache
from importlib.resources import files
import json
from typing import Any

from jsonschema import Draft4Validator, ValidationError, validators

from .frames import ErrorCode, Fault, Payload

VERSIONS = ("1.6", "2.0.1", "2.1")

# OCPP-J 1.6 section 4.2.3, OCPP 2.0.1 part 4 section 4.3.
_CODES = {
    "type": ErrorCode.TYPE_CONSTRAINT,
    "maxLength": ErrorCode.TYPE_CONSTRAINT,
    "enum": ErrorCode.PROPERTY_CONSTRAINT,
    "minimum": ErrorCode.PROPERTY_CONSTRAINT,
    "maximum": ErrorCode.PROPERTY_CONSTRAINT,
    "multipleOf": ErrorCode.PROPERTY_CONSTRAINT,
    "minItems": ErrorCode.OCCURRENCE_CONSTRAINT,
    "maxItems": ErrorCode.OCCURRENCE_CONSTRAINT,
}


def _multiple_of(
    _validator: Any, step: float, value: Any, _schema: Any
) -> Iterator[ValidationError]:
    """Check for a multiple as decimals are meant: 21.4 is one of 0.1, although no float is."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return
    if abs(value / step - round(value / step)) > 1e-6:
        yield ValidationError(f"{value} is not a multiple of {step}")


_Validator: Any = validators.extend(  # type: ignore[no-untyped-call]  # jsonschema has it untyped
    Draft4Validator, {"multipleOf": _multiple_of}
)


class Schemas:
    """The compiled schemas of one version of OCPP."""

    def __init__(self, version: str) -> None:
        """Read the schemas from their files: not for the event loop."""
        self.version = version
        self._requests: dict[str, Any] = {}
        self._responses: dict[str, Any] = {}
        folder = files("ocpp") / f"v{version.replace('.', '')}" / "schemas"
        for file in folder.iterdir():
            name = file.name.removesuffix(".json")
            if name == file.name:
                continue
            # Some of the files begin with a byte order mark.
            schema = json.loads(file.read_text(encoding="utf-8-sig"))
            if name.endswith("Response"):
                action, kind = name.removesuffix("Response"), self._responses
            else:
                action, kind = name.removesuffix("Request"), self._requests
            kind[action] = _Validator(schema)

    @property
    def actions(self) -> frozenset[str]:
        """The names of all messages of the version."""
        return frozenset(self._requests)

    def check_request(self, action: str, payload: Payload) -> None:
        """Check a request.

        Raises:
            Fault: the action is not known, or the payload is not what its schema asks for.

        """
        if (validator := self._requests.get(action)) is None:
            raise Fault(ErrorCode.NOT_IMPLEMENTED, f"Unknown action {action[:50]!r}")
        self._check(validator, payload)

    def check_response(self, action: str, payload: Payload) -> None:
        """Check the answer to a request.

        Raises:
            Fault: the payload is not what the schema asks for.

        """
        self._check(self._responses[action], payload)

    def _check(self, validator: Any, payload: Payload) -> None:
        error = next(validator.iter_errors(payload), None)
        if error is None:
            return
        path = "/".join(str(part) for part in error.absolute_path)
        raise Fault(self._code(error.validator), f"{path}: {error.message}"[:255])

    def _code(self, keyword: str) -> ErrorCode:
        if keyword == "required":
            # "Payload for Action is incomplete" is a ProtocolError in 1.6 only.
            if self.version == "1.6":
                return ErrorCode.PROTOCOL
            return ErrorCode.OCCURRENCE_CONSTRAINT
        return _CODES.get(keyword, ErrorCode.FORMAT_VIOLATION)


@cache
def load_all() -> dict[str, Schemas]:
    """Return the schemas of all versions. Reads files the first time: not for the event loop."""
    return {version: Schemas(version) for version in VERSIONS}
