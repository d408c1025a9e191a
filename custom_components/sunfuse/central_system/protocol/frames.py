"""The frames of OCPP-J: how messages look on the WebSocket, and what can be wrong with them."""

from dataclasses import dataclass
from enum import StrEnum
from itertools import accumulate
import json
import math
import re
from typing import Any, NoReturn, TypeIs

type Payload = dict[str, Any]

MAX_MESSAGE_ID = 36  # OCPP-J 1.6 section 4.1.4, OCPP 2.0.1 part 4 section 4.1.4
_LONGEST_ID = 128  # what is understood all the same
_LONGEST_INT = 20  # digits of 64 bits, and a sign
MAX_DEPTH = (
    64  # OCPP's own messages have 10 levels at most; a vendor's data may have more
)
# The longest message has one for each 8 bytes then: OCPP's own have one for each 15 or more.
_MOST_PARTS = 32_768
_LONGEST_TEXT = 255  # OCPP-J 1.6 section 4.2.3: errorDescription
# Type and id of a message whose payload cannot be read: its sender waits for an answer to this id.
_HEAD = re.compile(rf'\s*\[\s*(\d)\s*,\s*"([^"\\\x00-\x1f]{{1,{_LONGEST_ID}}})"\s*,')
# A string, which may contain brackets.
_STRING = re.compile(r'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
_NO_BRACKETS = re.compile(r"[^\[\]{}]+")
_STEPS = {"[": 1, "{": 1, "]": -1, "}": -1}
# A string, or a colon that no value follows. A string without an end is one match: a search from each of its quotes would take
# quadratic time.
_GAP = re.compile(r'("(?:[^"\\]++|\\.)*+"?)|:(?=\s*[,}])', re.DOTALL)
UNREADABLE_ID = "-1"  # OCPP 2.0.1 part 4 section 4.2.3


# A string by the standard; some stations number their messages.
type MessageId = str | int


class ErrorCode(StrEnum):
    """The codes of a CALLERROR, in the spelling of OCPP 2.x."""

    FORMAT_VIOLATION = "FormatViolation"
    INTERNAL = "InternalError"
    MESSAGE_TYPE_NOT_SUPPORTED = "MessageTypeNotSupported"
    NOT_IMPLEMENTED = "NotImplemented"
    NOT_SUPPORTED = "NotSupported"
    OCCURRENCE_CONSTRAINT = "OccurrenceConstraintViolation"
    PROPERTY_CONSTRAINT = "PropertyConstraintViolation"
    PROTOCOL = "ProtocolError"
    RPC_FRAMEWORK = "RpcFrameworkError"
    SECURITY = "SecurityError"
    TYPE_CONSTRAINT = "TypeConstraintViolation"


# OCPP-J 1.6 section 4.2.3 misspells two of them, and does not have the third.
_SPELT_IN_1_6 = {
    ErrorCode.FORMAT_VIOLATION: "FormationViolation",
    ErrorCode.OCCURRENCE_CONSTRAINT: "OccurenceConstraintViolation",
    ErrorCode.RPC_FRAMEWORK: "FormationViolation",
}


class Fault(Exception):
    """An error in a message of the other side; becomes a CALLERROR."""

    def __init__(
        self,
        code: ErrorCode,
        description: str,
        message_id: MessageId = UNREADABLE_ID,
    ) -> None:
        """Remember the code, a sentence, and the id of the message."""
        super().__init__(f"{code}: {description}")
        self.code = code
        self.description = description
        self.message_id = message_id


class UnknownMessageTypeError(Exception):
    """A message type that the version does not know; OCPP 1.6 says that it is to be ignored."""


@dataclass(frozen=True, slots=True)
class Call:
    """A request."""

    message_id: MessageId
    action: str
    payload: Payload

    @property
    def proper_id(self) -> bool:
        """Whether its id is one by the standard."""
        own = self.message_id
        return isinstance(own, str) and len(own) <= MAX_MESSAGE_ID


@dataclass(frozen=True, slots=True)
class Send(Call):
    """A request without an answer (OCPP 2.1)."""


@dataclass(frozen=True, slots=True)
class Result:
    """The answer to a request."""

    message_id: MessageId
    payload: Payload


@dataclass(frozen=True, slots=True)
class Error:
    """The refusal of a request, or (OCPP 2.1) of an answer."""

    message_id: MessageId
    code: str
    description: str


type Frame = Call | Result | Error


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def is_storable(number: float) -> bool:
    """Whether an integer has 64 bits at most, which some send where 32 are specified: Home Assistant's files hold no larger ones."""
    return -(2**63) <= number < 2**64


def _bounded_int(text: str) -> int:
    if len(text) > _LONGEST_INT or not is_storable(number := int(text)):
        raise ValueError("Too large a number")
    return number


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("Too large a number")
    return number


def _check_structure(text: str) -> None:
    """Refuse a text that has more levels or more parts than any message has, before it costs more than its length.

    Deep ones could take quadratic time; each part costs as much as some hundred characters of a text.

    Raises:
        ValueError: it has.

    """
    if _parts(text) <= MAX_DEPTH:
        return
    structure = _STRING.sub("", text)
    if _parts(structure) > _MOST_PARTS:
        raise ValueError("Too many parts")
    depths = accumulate(map(_STEPS.__getitem__, _NO_BRACKETS.sub("", structure)))
    if max(depths, default=0) > MAX_DEPTH:
        raise ValueError("Nested too deeply")


def _parts(text: str) -> int:
    return text.count("[") + text.count("{") + text.count(",")


# Half of a character, if the other half does not follow.
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")

# Made once: `json.loads` and `json.dumps` would make them for each message.
_DECODER = json.JSONDecoder(
    parse_constant=_no_constant, parse_int=_bounded_int, parse_float=_finite
)
_LENIENT = json.JSONDecoder(
    parse_constant=_no_constant,
    parse_int=_bounded_int,
    parse_float=_finite,
    strict=False,
)
_ENCODER = json.JSONEncoder(separators=(",", ":"), allow_nan=False)


def read_json(text: str) -> Any:
    """Read JSON of the other side.

    Raises:
        ValueError: it is not JSON, has a number that is invalid or too large, or has too many levels or parts.

    """
    _check_structure(text)
    return _decoded(text, _DECODER)


def _decoded(text: str, decoder: json.JSONDecoder) -> Any:
    value = decoder.decode(text)
    return _without_surrogates(value) if _SURROGATE.search(text) else value


def _without_surrogates(value: Any) -> Any:
    """Return a value in whose texts each half of a character is a question mark: Home Assistant's files cannot hold it."""
    match value:
        case str():
            return value.encode(errors="replace").decode()
        case list():
            return [_without_surrogates(item) for item in value]
        case dict():
            return {
                _without_surrogates(key): _without_surrogates(item)
                for key, item in value.items()
            }
    return value


def _read_frame(text: str) -> Any:
    """Read JSON in which a value may be missing (AEFA, lbbrhzn/ocpp issue 2032) or a text have control characters (Ocular, 2030).

    Raises:
        ValueError: it is not JSON nevertheless.

    """
    _check_structure(text)
    try:
        return _decoded(text, _DECODER)
    except ValueError:
        return _decoded(_GAP.sub(lambda found: found[1] or ":null", text), _LENIENT)


def parse(text: str, version: str) -> Frame:
    """Read one frame.

    Raises:
        Fault: it is not a frame of OCPP-J; `message_id` is that of the frame if it could be read. An answer that cannot be
            read is an error, so that nobody waits for it.
        UnknownMessageTypeError: OCPP 1.6, and a message type that it does not know.

    """
    try:
        frame = _read_frame(text)
    except ValueError as err:
        head = _HEAD.match(text)
        if head is None:
            raise Fault(ErrorCode.RPC_FRAMEWORK, "Not JSON") from err
        if head[1] in ("3", "4"):
            return Error(head[2], ErrorCode.FORMAT_VIOLATION, "Not JSON")
        raise Fault(ErrorCode.RPC_FRAMEWORK, "Not JSON", head[2]) from err
    if not isinstance(frame, list) or len(frame) < 2:
        raise Fault(ErrorCode.RPC_FRAMEWORK, "Not an array of type, id and more")
    kind, message_id, *rest = frame
    if not _is_id(message_id):
        raise Fault(ErrorCode.RPC_FRAMEWORK, "The message id is not a short string")
    if isinstance(kind, int) and not isinstance(kind, bool):
        if kind == 2 or (kind == 6 and version == "2.1"):
            return _call(Call if kind == 2 else Send, message_id, rest)
        if kind == 3:
            return _result(message_id, rest)
        if kind == 4 or (kind == 5 and version == "2.1"):
            return _error(message_id, rest)
    if version == "1.6":
        # Only values of bounded size are printed.
        shown = str(kind) if isinstance(kind, int | float) else "that is no number"
        raise UnknownMessageTypeError(shown)
    raise Fault(
        ErrorCode.MESSAGE_TYPE_NOT_SUPPORTED, "Unknown message type", message_id
    )


def _is_id(value: Any) -> TypeIs[MessageId]:
    if isinstance(value, str):
        return len(value) <= _LONGEST_ID
    return isinstance(value, int) and not isinstance(value, bool)


def _call(kind: type[Call], message_id: MessageId, rest: list[Any]) -> Call:
    if len(rest) != 2:
        raise Fault(ErrorCode.RPC_FRAMEWORK, "A CALL has four elements", message_id)
    action, payload = rest
    if not isinstance(action, str) or not isinstance(payload, dict):
        raise Fault(
            ErrorCode.FORMAT_VIOLATION,
            "The action is a string, the payload an object",
            message_id,
        )
    return kind(message_id, action, payload)


def _result(message_id: MessageId, rest: list[Any]) -> Result | Error:
    if len(rest) == 1 and isinstance(rest[0], dict):
        return Result(message_id, rest[0])
    return Error(message_id, ErrorCode.FORMAT_VIOLATION, "Malformed CALLRESULT")


def _error(message_id: MessageId, rest: list[Any]) -> Error:
    # Some stations leave out the description or the details; the code is enough.
    code, description = (*map(_short, rest[:2]), "", "")[:2]
    return Error(message_id, code, description)


def _short(part: Any) -> str:
    """Return a text of the other side that can be printed; an empty one if it is not a text."""
    return part[:_LONGEST_TEXT] if isinstance(part, str) else ""


def call_text(message_id: MessageId, action: str, payload: Payload) -> str:
    """Return a request as it is sent."""
    return _text([2, message_id, action, payload])


def result_text(message_id: MessageId, payload: Payload) -> str:
    """Return an answer as it is sent."""
    return _text([3, message_id, payload])


def error_text(fault: Fault, version: str, message_id: MessageId) -> str:
    """Return a refusal as it is sent, in the spelling of the version."""
    code = str(fault.code)
    if version == "1.6":
        code = _SPELT_IN_1_6.get(fault.code, code)
    return _text([4, message_id, code, fault.description[:_LONGEST_TEXT], {}])


def _text(frame: list[Any]) -> str:
    return _ENCODER.encode(frame)
