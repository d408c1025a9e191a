"""How long a meter has shown the very same, and when that means that it has failed."""

from dataclasses import replace
from datetime import datetime, timedelta

from ..cars.learning import NOTHING_A
from ..memory import CircuitMemory, StandingPhase
from ..model import MeterReading, PerPhase, Snapshot
from .balanced import ZERO_A, balanced, values_of
from .stuck_phases import LATE, OFTEN, has_missed

# A meter that changed often is frozen when it is unchanged for this many times its longest unchanged period.
STILL_TIMES = 20.0
STILL_LEAST_S = 120.0
# Nor is a slow one before it has reported the same this often: the first quiet minutes of an evening are a few reports. One that
# changed as often as one of each half minute does in a day has had a quiet night: how long it stood still is known.
REPORTED_TIMES = 10
KNOWN_CHANGES = 3000
# For any other meter that may be normal: coarse meters are unchanged all night.
STILL_S = 1800.0
COARSE_TIMES = 4.0
LEARNED_MOST_S = 3600.0
# A meter that reports the same value for this long may have failed: cars that start wait until it shows one of them.
STILL_BRIEF_S = 30.0
# Sums of tenths are a hair apart.
_SAME_A = 0.001


def is_frozen(
    reading: MeterReading,
    past: CircuitMemory,
    standing: tuple[StandingPhase, ...],
    snapshot: Snapshot,
) -> bool:
    """Whether the value has been unchanged for far longer than ever before, or than the cars allow."""
    if past.changed_at is None or not _same(reading, past):
        return False
    if has_missed(standing):
        return True
    if past.finest_a is not None and all(balanced(reading, past, snapshot)):
        return False
    if past.frozen:
        return True
    return (snapshot.now - past.changed_at).total_seconds() > _patience_s(past)


def stands_still(past: CircuitMemory) -> bool:
    """Whether a meter has reported the same value for a while, and no car has charged since to show whether it works."""
    shown = max(past.cars_at_change_a, default=0.0) >= NOTHING_A
    if past.same_since is None or past.read_at is None or shown:
        return False
    return (past.read_at - past.same_since).total_seconds() >= STILL_BRIEF_S


def is_unmoved(past: CircuitMemory, since: datetime | None) -> bool:
    """Whether a meter has reported the same value ever since, and before."""
    same_since = past.same_since
    return since is not None and same_since is not None and same_since <= since


def remember_value(
    reading: MeterReading, cars_a: PerPhase, past: CircuitMemory, snapshot: Snapshot
) -> CircuitMemory:
    """Note a value, and how long the one before stood still if it is another."""
    if past.changed_at is not None and _same(reading, past):
        if _nothing(reading, cars_a) and not past.frozen:
            # This is not a frozen value: the time counts from when a car takes something.
            return replace(
                past,
                read_at=reading.at,
                changed_at=min(reading.at, snapshot.now),
                cars_at_change_a=cars_a,
            )
        still_s = (snapshot.now - past.changed_at).total_seconds()
        compared_a = (
            cars_a if still_s <= LATE.total_seconds() else past.cars_at_change_a
        )
        return replace(past, read_at=reading.at, cars_at_change_a=compared_a)
    still_s = past.longest_still_s
    if past.changed_at is not None and past.read_at is not None:
        # How long it was unchanged while it was believed: until it last reported the same.
        reported: timedelta = past.read_at - past.changed_at
        still_s = max(still_s, min(reported.total_seconds(), LEARNED_MOST_S))
    return replace(
        past,
        read_at=reading.at,
        read_a=reading.current_a,
        read_w=reading.power_w,
        changed_at=min(reading.at, snapshot.now),
        same_since=min(reading.at, snapshot.now),
        longest_still_s=still_s,
        finest_a=_finest_a(reading, past, snapshot),
        changes=past.changes + 1,
        cars_at_change_a=cars_a,
    )


def _patience_s(past: CircuitMemory) -> float:
    """Return for how long the value may be unchanged."""
    often_s = max(STILL_LEAST_S, STILL_TIMES * past.longest_still_s)
    if past.changes < KNOWN_CHANGES:
        often_s = max(often_s, REPORTED_TIMES * (past.interval_s or 0.0))
    if past.changes >= OFTEN and often_s < STILL_S:
        return often_s
    return max(STILL_S, COARSE_TIMES * past.longest_still_s)


def _same(reading: MeterReading, past: CircuitMemory) -> bool:
    return reading.current_a == past.read_a and reading.power_w == past.read_w


def _nothing(reading: MeterReading, cars_a: PerPhase) -> bool:
    """Whether nothing flows, which may last for hours, as far as the cars agree."""
    if max(cars_a) >= NOTHING_A:
        return False
    return all(abs(a) < ZERO_A for a in reading.current_a or ()) and not (
        reading.power_w or 0.0
    )


def _finest_a(
    reading: MeterReading, past: CircuitMemory, snapshot: Snapshot
) -> float | None:
    """Return the smallest change that a meter has shown: its resolution, once it has shown enough."""
    if past.read_a is None and past.read_w is None:
        return past.finest_a
    before = replace(reading, current_a=past.read_a, power_w=past.read_w)
    pairs = zip(values_of(before, snapshot), values_of(reading, snapshot), strict=False)
    changes = [abs(now - then) for then, now in pairs]
    known = [past.finest_a] if past.finest_a is not None else []
    return min((a for a in (*known, *changes) if a > _SAME_A), default=None)
