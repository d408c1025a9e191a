"""Shifts stored times when the wall clock was set: what was a minute ago stays a minute ago."""

from dataclasses import fields, is_dataclass
from datetime import datetime, timedelta
from typing import Any

# These are instants of the wall clock itself, not durations.
_OF_THE_WALL = frozenset(("departure", "boost_at"))


def moved[T](value: T, by: timedelta) -> T:
    """Return a value with all times in it shifted; values without times stay as they are."""
    return _moved(value, by)  # type: ignore[no-any-return]  # the type of the result is that of the argument


def _moved(value: Any, by: timedelta) -> Any:
    if isinstance(value, datetime):
        return value + by
    if is_dataclass(value) and not isinstance(value, type):
        return _moved_dataclass(value, by)
    if type(value) in (tuple, list):
        return type(value)(_moved(item, by) for item in value)
    if isinstance(value, dict):
        return type(value)((key, _moved(item, by)) for key, item in value.items())
    return value


def _moved_dataclass(value: Any, by: timedelta) -> Any:
    changes = {
        field.name: new
        for field in fields(value)
        if field.name not in _OF_THE_WALL
        and (new := _moved(old := getattr(value, field.name), by)) is not old
    }
    if not changes:
        return value
    kept = {
        field.name: getattr(value, field.name)
        for field in fields(value)
        if field.name not in changes
    }
    return type(value)(**kept, **changes)


def move_attributes(thing: object, by: timedelta) -> None:
    """Shift all times in the attributes of an object."""
    for name, value in vars(thing).items():
        setattr(thing, name, _moved(value, by))
