"""Copies of frozen dataclasses."""

from dataclasses import dataclass, replace

import pytest

from custom_components.sunfuse.engine.copies import copy_with


@dataclass(frozen=True, kw_only=True)
class Car:
    """Something with fields."""

    name: str
    doors: int = 4
    seats: int = 5


def test_a_copy_is_what_replace_makes() -> None:
    """The same value, another object, and the original stays as it was."""
    car = Car(name="Zoe")
    assert copy_with(car, doors=3) == replace(car, doors=3) == Car(name="Zoe", doors=3)
    assert car == Car(name="Zoe")


def test_a_field_that_does_not_exist() -> None:
    """A typing error is found at once, as by `replace`."""
    with pytest.raises(TypeError, match="wheels"):
        copy_with(Car(name="Zoe"), wheels=4)
