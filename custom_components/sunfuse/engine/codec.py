"""Converts dataclasses to JSON and back: for the stored memory and for the flight recorder.

Fields that equal their default are left out, which makes a record compact and allows old ones to be read after a field was added.
What an earlier version stored, and nothing uses any more, is passed over: a dataclass names it as `FORMER`.
"""

from dataclasses import MISSING, fields, is_dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

_YEARS = range(1970, 2200)
# Above all that is measured or paid. Sums of larger ones may be infinite, and JSON has no larger whole ones.
LARGEST = 1e15


def to_jsonable(value: Any) -> Any:
    """Return dataclasses as objects, tuples as lists, times as ISO 8601."""
    if is_dataclass(value):
        return {
            field.name: to_jsonable(item)
            for field in fields(value)
            if not is_default(field, item := getattr(value, field.name))
        }
    if isinstance(value, dict):
        return {key: to_jsonable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_jsonable(item) for item in value]
    return value.isoformat() if isinstance(value, datetime) else value


def is_default(field: Any, value: Any) -> bool:
    """Whether a field of a dataclass has its default, and so is left out."""
    return field.default is not MISSING and bool(field.default == value)


def from_jsonable[T](form: type[T], stored: Any) -> T:
    """Return the dataclass that was given to `to_jsonable`.

    Raises:
        KeyError: it has an unknown field.
        TypeError: a value has the wrong type, or a required one is missing.
        ValueError: a time or an enum value cannot be read.

    """
    return _read(form, stored)  # type: ignore[no-any-return]  # _read checks it at run time


def read_field(form: Any, name: str, stored: Any) -> Any:
    """Return the value of one field of a dataclass; raises as `from_jsonable` does."""
    return _read(_hints(form)[name], stored)


def read_time(stored: Any) -> datetime:
    """Return a time with its zone; years that no clock shows are nonsense, of which times near them cannot be calculated.

    Raises:
        TypeError: it is no text.
        ValueError: it is no such time.

    """
    _check(stored, str)
    at = datetime.fromisoformat(stored)
    if at.tzinfo is None or at.year not in _YEARS:
        raise ValueError(f"A time with a zone expected, not {stored}")
    return at


def read_number(stored: Any) -> float:
    """Return a number of a size that is measured.

    Raises:
        TypeError: it is no number.
        ValueError: it is not finite, or larger than anything that is measured.

    """
    _check(stored, int | float)
    if not abs(stored) <= LARGEST:
        raise ValueError(f"A number expected, not {stored}")
    return float(stored)


def _read(form: Any, stored: Any) -> Any:
    if is_dataclass(form):
        return _read_dataclass(form, stored)
    origin = get_origin(form)
    if origin is UnionType:
        return _read_one_of(form, stored)
    if origin is tuple:
        return _read_tuple(form, stored)
    if origin is dict:
        _check(stored, dict)
        return {key: _read(get_args(form)[1], item) for key, item in stored.items()}
    if issubclass(form, datetime):
        return read_time(stored)
    if form is float:
        return read_number(stored)
    if issubclass(form, StrEnum):
        return form(stored)
    _check(stored, form)
    return int(read_number(stored)) if form is int else stored


def _read_dataclass(form: Any, stored: Any) -> Any:
    _check(stored, dict)
    hints, former = _hints(form), getattr(form, "FORMER", ())
    return form(
        **{
            name: _read(hints[name], item)
            for name, item in stored.items()
            if name not in former
        }
    )


def _read_one_of(form: Any, stored: Any) -> Any:
    """Read `X | None` and `str | float`, the two unions in use."""
    forms = [one for one in get_args(form) if one is not type(None)]
    if stored is None and len(forms) < len(get_args(form)):
        return None
    if len(forms) > 1 and isinstance(stored, str):
        return stored
    return _read(forms[-1], stored)


def _read_tuple(form: Any, stored: Any) -> Any:
    _check(stored, list)
    items = get_args(form)
    if items[-1] is Ellipsis:
        return tuple(_read(items[0], item) for item in stored)
    if len(items) != len(stored):
        raise ValueError(f"{len(items)} values expected, not {len(stored)}")
    return tuple(_read(one, item) for one, item in zip(items, stored, strict=True))


@cache
def _hints(form: Any) -> dict[str, Any]:
    """Return the types of a dataclass's fields, with aliases such as `PerPhase` resolved."""
    return {name: _resolved(hint) for name, hint in get_type_hints(form).items()}


def _resolved(hint: Any) -> Any:
    if hasattr(hint, "__value__"):
        return _resolved(hint.__value__)
    if get_origin(hint) is UnionType:
        one, *others = [_resolved(part) for part in get_args(hint)]
        for other in others:
            one |= other
        return one
    if get_origin(hint) is tuple:
        return tuple[tuple(_resolved(part) for part in get_args(hint))]  # type: ignore[misc]  # built, not written
    if get_origin(hint) is dict:
        return dict[tuple(_resolved(part) for part in get_args(hint))]  # type: ignore[misc]  # built, not written
    return hint


def _check(stored: Any, form: Any) -> None:
    # A bool is an int in Python, but not a number here.
    if not isinstance(stored, form) or (form is not bool and isinstance(stored, bool)):
        raise TypeError(f"{form} expected, not {stored!r}")
