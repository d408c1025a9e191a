"""The JSON schemas of OCPP, from the `ocpp` package, and the error codes for violations."""

from functools import cache
from importlib.resources import files
import json

from .frames import ErrorCode, Fault, Payload
from .leniency import Corrector
from .validation import Check, compile_schema

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


class Schemas:
    """The compiled schemas of one version of OCPP."""

    def __init__(self, version: str) -> None:
        """Read the schemas from their files: not for the event loop."""
        self.version = version
        self._requests: dict[str, Check] = {}
        self._responses: dict[str, Check] = {}
        self._correctors: dict[tuple[bool, str], Corrector] = {}
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
            kind[action] = compile_schema(schema)
            self._correctors[kind is self._responses, action] = Corrector(schema)

    @property
    def actions(self) -> frozenset[str]:
        """The names of all messages of the version."""
        return frozenset(self._requests)

    def check_request(self, action: str, payload: Payload) -> None:
        """Check a request.

        Raises:
            Fault: the action is unknown, or the payload violates its schema.

        """
        if (check := self._requests.get(action)) is None:
            raise Fault(ErrorCode.NOT_IMPLEMENTED, f"Unknown action {action[:50]!r}")
        self._check(check, payload)

    def understood_request(self, action: str, payload: Payload) -> Payload:
        """Check a request of a station; return it corrected if it is wrong and unambiguous.

        Raises:
            Fault: the action is unknown, or the payload cannot be understood.

        """
        try:
            self.check_request(action, payload)
        except Fault:
            if action not in self._requests:
                raise
            payload = self._corrected(self._correctors[False, action], payload)
        return payload

    def understood_response(self, action: str, payload: Payload) -> Payload:
        """Check the answer of a station; return it corrected if it is wrong and unambiguous.

        Raises:
            Fault: the payload cannot be understood.

        """
        try:
            self.check_response(action, payload)
        except Fault:
            payload = self._corrected(self._correctors[True, action], payload)
        return payload

    def _corrected(self, corrector: Corrector, payload: Payload) -> Payload:
        corrected: Payload = corrector.corrected_value(payload)
        self._check(corrector.violation, corrected)
        return corrected

    def check_response(self, action: str, payload: Payload) -> None:
        """Check the answer to a request; one that has no answer by the standard takes any.

        Raises:
            Fault: the payload violates its schema.

        """
        if (check := self._responses.get(action)) is not None:
            self._check(check, payload)

    def _check(self, check: Check, payload: Payload) -> None:
        if (violation := check(payload)) is not None:
            where = f"{violation.path}: " if violation.path else ""
            code = self._code(violation.keyword)
            raise Fault(code, f"{where}{violation.message}"[:255])

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
