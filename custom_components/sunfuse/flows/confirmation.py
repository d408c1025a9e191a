"""Unusual values that a form only accepts when they are sent a second time: possible, but more likely a mistake."""

from collections.abc import Mapping
from typing import Any

from homeassistant.const import CONF_BASE

from .checks import Errors


class Confirmation:
    """The doubts that one flow has shown. A user who sends the same value again confirms it."""

    def __init__(self) -> None:
        """Begin with nothing asked."""
        self._asked: set[tuple[str, str, str]] = set()

    def new(self, doubts: Errors, form: Mapping[str, Any]) -> Errors:
        """Return the doubts, as errors by field, that have not been shown for the values of the form."""
        shown = {
            (field, key, _value(field, form)): (field, key)
            for field, key in doubts.items()
        }
        new = shown.keys() - self._asked
        self._asked |= new
        return dict(shown[each] for each in shown if each in new)


def _value(field: str, form: Mapping[str, Any]) -> str:
    """Return what a doubt is about: the value of its field, or the whole form."""
    return repr(dict(form) if field == CONF_BASE else form.get(field))
