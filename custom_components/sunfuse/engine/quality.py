"""How far a meter can be believed. A value that is not believed leaves the circuit on its safe budget.

Nothing has to be reset: a meter that makes sense again is used again.
"""

from dataclasses import dataclass, replace
from datetime import timedelta
from math import isfinite

from .memory import CircuitMemory
from .model import Circuit, MeterQuality, MeterReading, PerPhase, Snapshot

# No fuse lets five times its current through for as long as a meter takes to tell; a wrong unit does.
RANGE = 5.0
# A meter that was seen to change often is frozen when it stands still for so many times the longest it ever did.
OFTEN = 30
STILL_TIMES = 20.0
STILL_LEAST_S = 120.0
# Of any other that may be normal: coarse meters stand still all night.
STILL_S = 1800.0
COARSE_TIMES = 4.0
LEARNED_MOST_S = 3600.0
# If the cars changed by so much meanwhile, a meter that still stands has not seen it.
STILL_WITH_CARS_S = 60.0
CARS_CHANGED_A = 3.0
# Chargers tell so much later what a meter saw at once: that is the change it stands still after, not one it missed.
CARS_TELL_S = 30.0
# Nothing flows through a circuit at night, for hours and exactly.
_ZERO_A = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A meter's reading with its quality, and what to remember of it. `reading` is None unless it is good."""

    quality: MeterQuality
    reading: MeterReading | None
    past: CircuitMemory


def judge(
    circuit: Circuit,
    reading: MeterReading | None,
    cars_a: PerPhase,
    past: CircuitMemory,
    snapshot: Snapshot,
) -> Judged:
    """Return whether a reading says something about now. `cars_a` is what the circuit's cars say they draw."""
    if reading is None or (reading.current_a is None and reading.power_w is None):
        return Judged(quality=MeterQuality.MISSING, reading=None, past=past)
    if _out_of_range(circuit, reading, snapshot):
        return Judged(quality=MeterQuality.OUT_OF_RANGE, reading=None, past=past)
    if (snapshot.now - reading.at).total_seconds() > circuit.meter_max_age_s:
        return Judged(quality=MeterQuality.STALE, reading=None, past=past)
    if reading.at != past.read_at and _jumped(circuit, reading, cars_a, past):
        past = replace(past, suspect_a=reading.current_a, read_at=reading.at)
        return Judged(quality=MeterQuality.JUMPED, reading=None, past=past)
    if reading.at == past.read_at and past.suspect_a is not None:
        return Judged(quality=MeterQuality.JUMPED, reading=None, past=past)
    frozen = _frozen(reading, cars_a, past, snapshot)
    past = _remember(reading, cars_a, past, snapshot)
    if frozen:
        return Judged(quality=MeterQuality.FROZEN, reading=None, past=past)
    return Judged(quality=MeterQuality.GOOD, reading=reading, past=past)


def _out_of_range(circuit: Circuit, reading: MeterReading, snapshot: Snapshot) -> bool:
    values = reading.current_a or ()
    rated_a = circuit.rated_a or circuit.limit_a
    if len(values) not in (0, len(rated_a)):
        return True
    if any(
        not isfinite(a) or abs(a) > RANGE * limit
        for a, limit in zip(values, rated_a, strict=False)
    ):
        return True
    if reading.power_w is None:
        return False
    most_w = RANGE * sum(rated_a) * snapshot.site.voltage_v
    return not isfinite(reading.power_w) or abs(reading.power_w) > most_w


def _jumped(
    circuit: Circuit, reading: MeterReading, cars_a: PerPhase, past: CircuitMemory
) -> bool:
    """Whether a phase fell by more than the fuse within one reading, beyond what the cars let go.

    Upwards it is believed at once, which is safe. Downwards the next value has to confirm it.
    """
    if reading.current_a is None or past.read_a is None:
        return False
    known = past.read_a if past.suspect_a is None else past.suspect_a
    cars_then_a = past.cars_at_change_a or cars_a
    return any(
        before - now - max(then - drawn, 0.0) > limit
        for before, now, then, drawn, limit in zip(
            known,
            reading.current_a,
            cars_then_a,
            cars_a,
            circuit.rated_a or circuit.limit_a,
            strict=True,
        )
    )


def _frozen(
    reading: MeterReading, cars_a: PerPhase, past: CircuitMemory, snapshot: Snapshot
) -> bool:
    """Whether the value has stood still for far longer than it ever did, or than the cars allow."""
    if past.changed_at is None or not _same(reading, past) or _nothing(reading):
        return False
    still_s = (snapshot.now - past.changed_at).total_seconds()
    if still_s > _patience_s(past):
        return True
    return still_s > STILL_WITH_CARS_S and any(
        abs(now - then) > CARS_CHANGED_A
        for now, then in zip(cars_a, past.cars_at_change_a, strict=True)
    )


def _patience_s(past: CircuitMemory) -> float:
    """Return for how long the value may stand still."""
    often_s = max(STILL_LEAST_S, STILL_TIMES * past.longest_still_s)
    if past.changes >= OFTEN and often_s < STILL_S:
        return often_s
    return max(STILL_S, COARSE_TIMES * past.longest_still_s)


def _same(reading: MeterReading, past: CircuitMemory) -> bool:
    return reading.current_a == past.read_a and reading.power_w == past.read_w


def _nothing(reading: MeterReading) -> bool:
    return all(abs(a) < _ZERO_A for a in reading.current_a or ()) and not (
        reading.power_w or 0.0
    )


def _remember(
    reading: MeterReading, cars_a: PerPhase, past: CircuitMemory, snapshot: Snapshot
) -> CircuitMemory:
    if past.changed_at is not None and _same(reading, past):
        still_s = (snapshot.now - past.changed_at).total_seconds()
        told_a = cars_a if still_s <= CARS_TELL_S else past.cars_at_change_a
        return replace(
            past, read_at=reading.at, suspect_a=None, cars_at_change_a=told_a
        )
    still_s = past.longest_still_s
    if past.changed_at is not None and past.read_at is not None:
        # How long it stood still while it was believed: until the last time that it told the same.
        told: timedelta = past.read_at - past.changed_at
        still_s = max(still_s, min(told.total_seconds(), LEARNED_MOST_S))
    return replace(
        past,
        read_at=reading.at,
        read_a=reading.current_a,
        read_w=reading.power_w,
        changed_at=min(reading.at, snapshot.now),
        longest_still_s=still_s,
        changes=past.changes + 1,
        cars_at_change_a=cars_a,
        suspect_a=None,
    )
