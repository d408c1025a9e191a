"""The last messages of a station, for diagnostics, without secrets and card numbers."""

from collections import deque
from collections.abc import Mapping
from datetime import datetime
import json
import re
from typing import Any

KEPT = 200
_LONGEST = 4000
_HIDDEN = "**REDACTED**"
_SECRET_KEYS = frozenset(
    key.lower()
    for key in (
        "idTag",
        "parentIdTag",
        "groupIdToken",
        "idToken",
        "additionalIdToken",
        "eMAID",
        "authorizationKey",
        "basicAuthPassword",
        "password",
        "certificate",
        "certificateChain",
        "csr",
        "exiRequest",
        "exiResponse",
        "signature",
        "signingCertificate",
        "evccId",
        "vin",
        "pin",
        "apnPassword",
        "simPin",
        "preSharedKey",
        "user",
        "iccid",
        "imsi",
        "serialNumber",
        "chargePointSerialNumber",
        "chargeBoxSerialNumber",
        "meterSerialNumber",
    )
)
# What opens the charger, and by its maker's own names the networks that it is in.
_SECRET_NAMES = re.compile(
    r"(?<!public)(?<!public[_ -])key\d*\b|pass(word|phrase|wd)|pass\d*\b|pwd|psk|secret|token|pin([_ -]?code)?\d*\b",
    re.IGNORECASE,
)
_CREDENTIALS = re.compile(r"(?<=://)[^/@\s]+@")


class MessageLog:
    """Keeps the last messages as they went over the wire."""

    def __init__(self) -> None:
        """Start empty."""
        self._messages: deque[tuple[datetime, str, str]] = deque(maxlen=KEPT)

    def add(self, at: datetime, direction: str, text: str) -> None:
        """Keep a message that was `received` or `sent`."""
        self._messages.append((at, direction, text[:_LONGEST]))

    def redacted(self) -> list[dict[str, Any]]:
        """Return the messages, the oldest first, without secrets and card numbers."""
        return [
            {"at": at.isoformat(), "direction": direction, "message": _redact(text)}
            for at, direction, text in self._messages
        ]


def without_secrets(variables: Mapping[str, str | None]) -> dict[str, str | None]:
    """Return a station's variables without passwords and keys."""
    return {
        name: _HIDDEN if _SECRET_NAMES.search(name) else value
        for name, value in variables.items()
    }


def _redact(text: str) -> Any:
    try:
        message = json.loads(text)
    except ValueError, RecursionError:
        return f"{len(text)} characters that are not JSON, or too many to keep"
    try:
        return _without_secrets(message)
    except RecursionError:
        return f"{len(text)} characters, nested too deeply"


def _without_secrets(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_secrets(item) for item in value]
    if isinstance(value, str):
        if value[:1] in ("{", "["):
            # A vendor-specific message inside the data of a DataTransfer.
            inner = _redact(value)
            return inner if isinstance(inner, str) else json.dumps(inner)
        return _CREDENTIALS.sub(f"{_HIDDEN}@", value)
    if not isinstance(value, dict):
        return value
    names = " ".join(
        str(named.get("name", named)) if isinstance(named, dict) else str(named)
        for named in (value.get("key", ""), value.get("variable", ""))
    )
    secret_value = bool(_SECRET_NAMES.search(names))
    return {
        key: _HIDDEN
        if _is_secret(key, item)
        or (secret_value and key in ("value", "attributeValue"))
        else _without_secrets(item)
        for key, item in value.items()
    }


def _is_secret(key: str, item: Any) -> bool:
    # An `idToken` of 2.x is an object that contains one: hide the text, keep the type.
    return key.lower() in _SECRET_KEYS and not isinstance(item, dict | list)
