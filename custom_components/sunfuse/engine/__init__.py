"""Decides what each car gets: pure functions over frozen dataclasses. No Home Assistant, no OCPP, no I/O, no clock."""

from .decide import decide
from .memory import Memory

__all__ = ["Memory", "decide"]
