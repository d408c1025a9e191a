"""Unusual values that a form only accepts when they are sent a second time: possible, but more likely a mistake."""

from collections.abc import Mapping
from typing import Any

from .checks import Errors


class Confirmation:
    """The doubts that one flow has shown. A user who sends the same value again confirms it."""

    def __init__(self) -> None:
        """Begin with nothing asked."""
        self._asked: set[tuple[str, str, str]] = set()

    def new(self, doubts: Errors, form: Mapping[str, Any]) -> Errors:
        """Return the doubts, as errors by field, that have not been shown for the values of the form."""
        found = {
            field: key
            for field, key in doubts.items()
            if (field, key, repr(form.get(field))) not in self._asked
        }
        self._asked |= {
            (field, key, repr(form.get(field))) for field, key in found.items()
        }
        return found
