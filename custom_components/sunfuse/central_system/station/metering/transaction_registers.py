"""The registers that the start and the end of a transaction report."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from .sampled_values import ENERGY, MOST_WH, Reading, TimedReadings, total_of

# A transaction that took no longer has no value of its start.
_AT_END = timedelta(seconds=10)
_EDGES = frozenset(("Transaction.Begin", "Transaction.End"))


def register_of(readings: Iterable[Reading], phases: int) -> float | None:
    """Return the energy of all phases among readings, in watt-hours: the first of several."""
    energy_wh = total_of(reversed(tuple(readings)), ENERGY, phases)
    return energy_wh if energy_wh is None or abs(energy_wh) <= MOST_WH else None


def first_register(values: TimedReadings, phases: int) -> tuple[datetime, float] | None:
    """Return when the first energy of all phases was read and what it was, in watt-hours."""
    for at, readings in values:
        if (energy_wh := register_of(readings, phases)) is not None:
            return at, energy_wh
    return None


def register_at_start(
    values: TimedReadings, end: datetime, phases: int
) -> tuple[datetime, float] | None:
    """Return the first energy that the end of a transaction reports, None if that is the one at its end."""
    first = first_register(values, phases)
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


def register_at_end(values: TimedReadings, end: datetime, phases: int) -> float | None:
    """Return the energy that the end of a transaction is dated with.

    The last of other values may be of before it, and at some chargers of another register.
    """
    for at, readings in reversed(values):
        at_end = [one for one in readings if one.context == "Transaction.End"]
        if end - at <= _AT_END:
            at_end = at_end or readings
        if (energy_wh := register_of(at_end, phases)) is not None:
            return energy_wh
    return None
