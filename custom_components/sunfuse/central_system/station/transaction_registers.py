"""The registers that the start and the end of a transaction report."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from .meter import ENERGY, MOST_WH, Reading, TimedReadings, scaled

# A transaction that took no longer has no value of its start.
_AT_END = timedelta(seconds=10)
_EDGES = frozenset(("Transaction.Begin", "Transaction.End"))


def register_of(readings: Iterable[Reading]) -> float | None:
    """Return the first energy of all phases among readings, in watt-hours."""
    for reading in readings:
        if reading.measurand == ENERGY and reading.phase is None:
            energy_wh = scaled(reading)
            return energy_wh if abs(energy_wh) <= MOST_WH else None
    return None


def first_register(values: TimedReadings) -> tuple[datetime, float] | None:
    """Return when the first energy of all phases was read and what it was, in watt-hours."""
    for at, readings in values:
        if (energy_wh := register_of(readings)) is not None:
            return at, energy_wh
    return None


def register_at_start(
    values: TimedReadings, end: datetime
) -> tuple[datetime, float] | None:
    """Return the first energy that the end of a transaction reports, None if that is the one at its end."""
    first = first_register(values)
    return first if first is not None and end - first[0] > _AT_END else None


def within(values: TimedReadings) -> TimedReadings:
    """Return what the start or the end of a transaction reports beside the registers that it is dated with.

    At some chargers these show another register than all other meter values.
    """
    return [
        (
            at,
            [
                reading
                for reading in readings
                if reading.measurand != ENERGY or reading.context not in _EDGES
            ],
        )
        for at, readings in values
    ]


def register_at_end(values: TimedReadings, end: datetime) -> float | None:
    """Return the energy that the end of a transaction is dated with.

    The last of other values may be of before it, and at some chargers of another register.
    """
    for at, readings in reversed(values):
        at_end = [one for one in readings if one.context == "Transaction.End"]
        if end - at <= _AT_END:
            at_end = at_end or readings
        if (energy_wh := register_of(at_end)) is not None:
            return energy_wh
    return None
