"""The JSON schemas of OCPP, with which a simulated charger checks the messages that it receives and sends.

They are those of the `ocpp` package, which has no `py.typed`: this module is the typed boundary to it.
"""

from collections.abc import Iterator
from functools import cache
import json
from pathlib import Path
from typing import Any

from jsonschema import Draft4Validator, ValidationError
from jsonschema.validators import extend
import ocpp

type Payload = dict[str, Any]

_REQUEST_SUFFIX = {"1.6": "", "2.0.1": "Request", "2.1": "Request"}


def _multiple_of(
    _validator: Any, step: float, value: Any, _schema: Any
) -> Iterator[ValidationError]:
    """Accept 21.4 as a multiple of 0.1, although no float is."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        steps = value / step
        if abs(steps - round(steps)) > 1e-6:
            yield ValidationError(f"{value} is not a multiple of {step}")


# The stubs leave the parameters of `extend` untyped.
_Validator: Any = extend(  # type: ignore[no-untyped-call]
    Draft4Validator, {"multipleOf": _multiple_of}
)


class MessageSchemas:
    """All messages of one version."""

    def __init__(self, version: str) -> None:
        """Read the schemas from their files: not for the event loop."""
        self.version = version
        folder = Path(ocpp.__file__).parent / f"v{version.replace('.', '')}" / "schemas"
        self._validators = {
            path.stem: _Validator(json.loads(path.read_text(encoding="utf-8-sig")))
            for path in folder.glob("*.json")
        }

    def knows(self, action: str) -> bool:
        """Return whether the version has such a request."""
        return action + _REQUEST_SUFFIX[self.version] in self._validators

    def fault(self, action: str, payload: Payload, *, response: bool) -> str | None:
        """Return what is wrong with a message, as a keyword of JSON schema; None if it is valid."""
        suffix = "Response" if response else _REQUEST_SUFFIX[self.version]
        validator = self._validators[action + suffix]
        error = next(validator.iter_errors(payload), None)
        return None if error is None else str(error.validator)


@cache
def load(version: str) -> MessageSchemas:
    """Return the schemas of a version, read once: the first time not on the event loop."""
    return MessageSchemas(version)
