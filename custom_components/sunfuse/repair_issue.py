"""A repair issue, before Home Assistant shows it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairIssue:
    """A repair issue: its translation, what it is about, and what its text names."""

    translation_key: str
    about: str
    placeholders: tuple[tuple[str, str], ...]
    fix: tuple[tuple[str, str], ...] = ()  # what repairs.py needs to fix it
