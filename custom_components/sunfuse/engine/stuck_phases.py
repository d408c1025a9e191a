"""Recognises a sensor of one phase that repeats its value while the others live: the cars on that phase changed, and it did not.

A quiet phase rightly shows the same for hours; it cannot while a car on it starts, stops or changes by several amperes.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from .memory import CircuitMemory, StandingPhase
from .model import MeterReading, PerPhase

# Most chargers report each minute at the latest: a change within this time is the one before the value stood still.
CARS_REPORT = timedelta(seconds=90)
# A value that is this much newer than a change of the cars shows it.
SHOWN = timedelta(seconds=30)
CARS_CHANGED_A = 3.0


def watch_phases(
    reading: MeterReading,
    cars_a: PerPhase,
    reported_at: datetime | None,
    past: CircuitMemory,
    now: datetime,
) -> tuple[StandingPhase, ...]:
    """Return for how long each phase has shown the same, and whether its sensor is stuck.

    `reported_at` is the oldest of the last reports of cars that take something, None if there are none.
    """
    if reading.current_a is None:
        return ()
    before_a, at = past.read_a, min(reading.at, now)
    known = past.standing
    if before_a is None or len(known) != len(reading.current_a):
        return tuple(StandingPhase(since=at, cars_a=a) for a in cars_a)
    return tuple(
        _watched(one, drawn, reported_at, at)
        if now_a == then_a
        else StandingPhase(since=at, cars_a=drawn)
        for one, drawn, now_a, then_a in zip(
            known, cars_a, reading.current_a, before_a, strict=True
        )
    )


def _watched(
    one: StandingPhase, cars_a: float, reported_at: datetime | None, at: datetime
) -> StandingPhase:
    if one.stuck:
        return one
    if not one.compared:
        # A late report may be of a change from before the value stood still.
        reported = reported_at is None or reported_at > one.since
        compared = reported and at - one.since > CARS_REPORT
        return replace(one, cars_a=cars_a, compared=compared)
    if abs(cars_a - one.cars_a) <= CARS_CHANGED_A:
        return replace(one, missed_since=None) if one.missed_since else one
    since = one.missed_since or at
    return replace(one, missed_since=since, stuck=at - since >= SHOWN)


def without_stuck(
    reading: MeterReading, standing: tuple[StandingPhase, ...]
) -> MeterReading | None:
    """Return a reading as if sensors that are stuck were silent, None if none is."""
    if reading.current_a is None or not any(one.stuck for one in standing):
        return None
    phases = list(zip(reading.current_a, standing, strict=True))
    return replace(
        reading,
        current_a=None,
        known_a=tuple(None if one.stuck else a for a, one in phases),
        silent=tuple(f"L{p + 1}" for p, (_, one) in enumerate(phases) if one.stuck),
    )
