"""Reads the fields of a file that a person wrote, one by one, with errors that name the field and what would be right."""

from collections.abc import Callable, Iterable, Mapping
import difflib
from enum import StrEnum
from typing import Any


class DeviceFileError(Exception):
    """An error in a device file: where it is, what is wrong, and what would be right."""

    def __init__(self, file: str, field: str, problem: str) -> None:
        """Remember what is wrong."""
        super().__init__(
            f"{file}: {field}: {problem}" if field else f"{file}: {problem}"
        )


class Fields:
    """A mapping of a file. `done` refuses unknown fields."""

    def __init__(self, file: str, path: str, content: Any) -> None:
        """Take a mapping, or refuse anything else."""
        self._file = file
        self._path = path
        if not isinstance(content, Mapping):
            raise DeviceFileError(
                file, path, f"must be a mapping of fields, not {_shown(content)}"
            )
        self._content = content
        self._asked: set[str] = set()

    def __contains__(self, name: str) -> bool:
        """Whether the field is present."""
        return name in self._content

    @property
    def names(self) -> list[str]:
        """Return the names of all fields."""
        return [str(name) for name in self._content]

    def error(self, name: str, problem: str) -> DeviceFileError:
        """Return an error about a field, or about the whole mapping if the name is empty."""
        return DeviceFileError(self._file, self._at(name), problem)

    def _at(self, name: str) -> str:
        return ".".join(part for part in (self._path, name) if part)

    def take(self, name: str) -> Any:
        """Return a field as it is, None if it is missing."""
        self._asked.add(name)
        return self._content.get(name)

    def required(self, name: str) -> Any:
        """Return a required field."""
        value = self.take(name)
        if value is None:
            raise self.error(name, "is missing")
        return value

    def text(self, name: str) -> str:
        """Return a required text."""
        value = self.required(name)
        if not isinstance(value, str) or not value.strip():
            raise self.error(name, f"must be a text, not {_shown(value)}")
        return value.strip()

    def one_of[E: StrEnum](self, name: str, choices: type[E], default: E | None) -> E:
        """Return one of a few words; required without a default."""
        value = self.take(name) if default is not None else self.required(name)
        if value is None and default is not None:
            return default
        words = [choice.value for choice in choices]
        if value not in words:
            raise self.error(
                name, f"must be one of {', '.join(words)}, not {_shown(value)}"
            )
        return choices(value)

    def integer(self, name: str, low: int, high: int, default: int | None) -> int:
        """Return a whole number between two; required without a default."""
        value = self.take(name) if default is not None else self.required(name)
        if value is None and default is not None:
            return default
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.error(name, f"must be a whole number, not {_shown(value)}")
        if not low <= value <= high:
            raise self.error(name, f"must be {low} to {high}, not {value}")
        return value

    def number(self, name: str, default: float | None) -> float | None:
        """Return a number."""
        value = self.take(name)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.error(name, f"must be a number, not {_shown(value)}")
        return value

    def flag(self, name: str) -> bool:
        """Return a flag; false if it is missing."""
        value = self.take(name)
        if value is None:
            return False
        if not isinstance(value, bool):
            raise self.error(name, f"must be true or false, not {_shown(value)}")
        return value

    def pair(self, name: str) -> tuple[float, float] | None:
        """Return a lowest and a highest number."""
        value = self.take(name)
        if value is None:
            return None
        if not _numbers(value) or len(value) != 2 or value[0] > value[1]:
            raise self.error(
                name, f"must be [lowest, highest], two numbers, not {_shown(value)}"
            )
        return value[0], value[1]

    def items[T](self, name: str, make: Callable[[Fields], T]) -> tuple[T, ...]:
        """Return the result for each mapping of a list."""
        value = self.take(name)
        if value is None:
            return ()
        if not isinstance(value, list):
            raise self.error(name, f"must be a list, not {_shown(value)}")
        made = []
        for index, content in enumerate(value, start=1):
            fields = Fields(self._file, f"{self._at(name)}[{index}]", content)
            made.append(make(fields))
            fields.done()
        return tuple(made)

    def inner(self, name: str) -> Fields | None:
        """Return the fields of an inner mapping, None if there is none."""
        value = self.take(name)
        return None if value is None else Fields(self._file, self._at(name), value)

    def done(self) -> None:
        """Refuse fields that have no meaning here: a typing error must not pass unnoticed."""
        for name in self.names:
            if name not in self._asked:
                raise self.error(name, f"is not known here{hint(name, self._asked)}")


def hint(name: str, known: Iterable[str]) -> str:
    """Return a guess at what was meant, or the valid choices."""
    known = sorted(known)
    if close := difflib.get_close_matches(name, known, n=1):
        return f"; do you mean {close[0]}?"
    return f"; known are {', '.join(known)}"


def _numbers(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(item, int | float) and not isinstance(item, bool) for item in value
    )


def _shown(value: Any) -> str:
    shown = repr(value)
    return shown if len(shown) <= 40 else f"{shown[:39]}…"
