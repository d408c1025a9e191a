"""Calm on the way up: a dead band, a ramp, steps that are not too close, a lockout. Never on the way down."""

from datetime import datetime, timedelta
import math

from .memory import ConnectorMemory
from .model import Snapshot
from .tuning import Tuning

# Who was shed and has since run for so long starts anew.
FORGIVEN = timedelta(minutes=30)


def round_down(current_a: float, step_a: float) -> float:
    """Return the current in steps that the charger knows, never more than asked."""
    # Sums of tenths are a hair below what they stand for.
    return round(math.floor(current_a / step_a + 1e-6) * step_a, 3)


def calm_a(
    target_a: float,
    *,
    before_a: float,
    min_a: float,
    most_a: float,
    past: ConnectorMemory,
    snapshot: Snapshot,
) -> float:
    """Return what to offer on the way to a higher target: in steps, and not for every small change."""
    tuning = snapshot.tuning
    if before_a < min_a:
        return min_a
    if target_a < most_a and target_a - before_a < _dead_band_a(
        before_a, past, snapshot
    ):
        return before_a
    if past.raised_at is None:
        return min(target_a, before_a + tuning.ramp_a_per_s * tuning.step_s)
    since_s = (snapshot.now - past.raised_at).total_seconds()
    if since_s < tuning.step_s:
        return before_a
    # A rise that comes long after the last one begins with a step like any other.
    return min(
        target_a, before_a + tuning.ramp_a_per_s * min(since_s, 2 * tuning.step_s)
    )


def little_less(
    target_a: float, before_a: float, past: ConnectorMemory, snapshot: Snapshot
) -> bool:
    """Whether a fall is within the dead band, and the offer changed less than a minute ago."""
    tuning, since = snapshot.tuning, past.settled_at
    band_a = max(tuning.dead_band_a, tuning.dead_band * before_a)
    return (
        since is not None
        and (snapshot.now - since).total_seconds() < tuning.dead_band_s
        and 0 < before_a - target_a < band_a
    )


def _dead_band_a(before_a: float, past: ConnectorMemory, snapshot: Snapshot) -> float:
    """Return how much a rise must be worth: less, once the offer has long been the same."""
    tuning = snapshot.tuning
    since = past.settled_at
    if (
        since is not None
        and (snapshot.now - since).total_seconds() >= tuning.dead_band_s
    ):
        return tuning.late_dead_band_a
    return max(tuning.dead_band_a, tuning.dead_band * before_a)


# Beyond any lockout that can be set; a number of 1,024 doublings is too large for a float.
_MOST_DOUBLINGS = 30


def locked_until(past: ConnectorMemory, tuning: Tuning) -> datetime | None:
    """Return until when a connector that was stopped must wait; None if it was not.

    Who is shed for want of capacity again and again waits twice as long each time.
    """
    if past.on_since is not None or past.stopped_at is None:
        return None
    lockout_s = tuning.min_off_s
    if past.stops:
        repeated_s = tuning.lockout_s * 2.0 ** min(past.stops - 1, _MOST_DOUBLINGS)
        lockout_s = max(lockout_s, min(repeated_s, tuning.lockout_most_s))
    return past.stopped_at + timedelta(seconds=lockout_s)


def locked_out(past: ConnectorMemory, snapshot: Snapshot) -> bool:
    """Whether a connector was stopped too short a time ago to start again."""
    until = locked_until(past, snapshot.tuning)
    return until is not None and snapshot.now < until
