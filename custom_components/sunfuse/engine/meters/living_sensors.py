"""The sensors of a meter that still report, beside one that no longer does."""

from dataclasses import replace
from datetime import datetime

from ..model import MeterReading


def living_since(reading: MeterReading, at: datetime) -> MeterReading | None:
    """Return the reading without the phases that have not been reported since `at`, as if their sensors were silent.

    None if all or none of them are old, or if nobody knows. A total that is added up would give an old phase what its sensor showed last:
    only one that was reported itself since then counts.
    """
    shown = reading.known_a if reading.silent else reading.current_a
    if shown is None:
        return None
    old = [one is not None and one.at < at for one in reading.reports]
    new_at = [one.at for one in reading.reports if one is not None and one.at >= at]
    if not new_at or not any(old):
        return None
    known = zip(shown, old, strict=True)
    named = zip(reading.reports, old, strict=True)
    return replace(
        reading,
        at=min(new_at),
        current_a=None,
        power_w=reading.power_w
        if reading.total_at and reading.total_at >= at
        else None,
        known_a=tuple(None if is_old else a for a, is_old in known),
        silent=(
            *reading.silent,
            *(one.sensor for one, is_old in named if one and is_old),
        ),
    )


def reported_since(reading: MeterReading, at: datetime) -> MeterReading | None:
    """Return the reading without all that has not been reported since `at`, None if nothing has."""
    if living := living_since(reading, at):
        return living
    if reading.at >= at:
        return reading
    if reading.total_at is None or reading.total_at < at:
        return None
    return replace(reading, at=reading.total_at, current_a=None, known_a=())
