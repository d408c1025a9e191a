"""What a form takes only when it is sent a second time: a value that is possible, and more likely a slip."""

from collections.abc import Mapping
from typing import Any

from .checks import Errors


class Confirmation:
    """What one flow has asked again about. Whoever sends the same value once more means it."""

    def __init__(self) -> None:
        """Begin with nothing asked."""
        self._asked: set[tuple[str, str, str]] = set()

    def new(self, doubts: Errors, form: Mapping[str, Any]) -> Errors:
        """Return the doubts, as errors by field, that were not shown yet for the values of the form."""
        found = {
            field: key
            for field, key in doubts.items()
            if (field, key, repr(form.get(field))) not in self._asked
        }
        self._asked |= {
            (field, key, repr(form.get(field))) for field, key in found.items()
        }
        return found
