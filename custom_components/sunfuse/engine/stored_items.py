"""Reads stored data item by item: an item that cannot be read is noted, and its default is used."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from functools import partial
from typing import Any, Self

from .codec import read_field

# What reading an invalid value can raise.
UNREADABLE = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


class Stored:
    """An object of a stored file. `unread` has the names of all items that could not be read, nested ones included."""

    def __init__(
        self, content: Any, unread: list[str] | None = None, path: str = ""
    ) -> None:
        """Read from the JSON content of a file; None stands for nothing stored."""
        self.unread: list[str] = [] if unread is None else unread
        self._path = path
        self._content: dict[str, Any] = {}
        if isinstance(content, dict):
            self._content = content
        elif content is not None:
            self._note(path or "*")

    @classmethod
    def of(cls, content: Any) -> Self:
        """Return content to be read item by item; it may be that already."""
        return content if isinstance(content, cls) else cls(content)

    def __bool__(self) -> bool:
        """Whether anything is stored."""
        return bool(self._content)

    @property
    def names(self) -> Iterable[str]:
        """The names of what is stored."""
        return self._content.keys()

    def read[T, D](self, name: str, reader: Callable[[Any], T], default: D) -> T | D:
        """Return what a reader makes of an item; the default if it is missing, or cannot be read."""
        if name not in self._content:
            return default
        try:
            return reader(self._content[name])
        except UNREADABLE:
            self.note(name)
            return default

    def within(self, name: str) -> Stored:
        """Return an object inside the object."""
        return Stored(self._content.get(name), self.unread, self._named(name))

    def without(self, *names: str) -> Stored:
        """Return the object without some of its items."""
        left = {k: v for k, v in self._content.items() if k not in names}
        return Stored(left, self.unread, self._path)

    def renamed(self, names: Mapping[str, str]) -> Stored:
        """Return the object with the items that had other names in earlier versions under their present names."""
        content = {names.get(k, k): v for k, v in self._content.items()}
        return Stored(content, self.unread, self._path)

    def each[T](self, reader: Callable[[Any], T]) -> dict[str, T]:
        """Return what a reader makes of each item that can be read."""
        missing = object()
        items = {name: self.read(name, reader, missing) for name in self.names}
        return {name: item for name, item in items.items() if item is not missing}  # type: ignore[misc]  # `missing` is left out

    def rows[T](self, name: str, reader: Callable[[Any], T]) -> list[T]:
        """Return what a reader makes of each row of a list that can be read."""
        rows = self.read(name, _list, [])
        numbered = {str(number): row for number, row in enumerate(rows)}
        return [*Stored(numbered, self.unread, self._named(name)).each(reader).values()]

    def fields_of(
        self, form: type[Any], **plausible: Callable[[Any], bool]
    ) -> dict[str, Any]:
        """Return the fields of a dataclass that are stored, can be read, and are plausible."""
        known = {field.name for field in fields(form)}
        former = getattr(form, "FORMER", ())
        for name in self.names:
            if name not in known and name not in former:
                self.note(name)
        readers = {
            name: partial(_plausible_field, form, name, plausible.get(name))
            for name in self.names
            if name in known
        }
        missing = object()
        found = {
            name: self.read(name, reader, missing) for name, reader in readers.items()
        }
        return {name: value for name, value in found.items() if value is not missing}

    def note(self, name: str) -> None:
        """Note that an item cannot be read."""
        self._note(self._named(name))

    def _note(self, path: str) -> None:
        if path not in self.unread:  # others read it as well
            self.unread.append(path)

    def _named(self, name: str) -> str:
        return f"{self._path}.{name}" if self._path else name


def _plausible_field(
    form: type[Any], name: str, plausible: Callable[[Any], bool] | None, stored: Any
) -> Any:
    value = read_field(form, name, stored)
    if plausible is not None and not plausible(value):
        raise ValueError(f"{name} cannot be {value}")
    return value


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError(f"A list expected, not {type(value)}")
    return value
