"""Calm on the way up: a dead band, a ramp, and steps that are not too close. Never on the way down."""

from datetime import datetime, timedelta
import math

from .memory import ConnectorMemory

# A rise that is smaller than both is not worth a message to the charger and a step for the car.
DEAD_BAND_A = 1.0
DEAD_BAND = 0.05
RAMP_A_PER_S = 1.0
STEP = timedelta(seconds=5)


def round_down(current_a: float, step_a: float) -> float:
    """Return the current in steps that the charger knows, never more than asked."""
    # Sums of tenths are a hair below what they stand for.
    return round(math.floor(current_a / step_a + 1e-6) * step_a, 3)


def worth_raising(target_a: float, before_a: float) -> bool:
    """Whether a rise is more than the dead band."""
    return target_a - before_a >= max(DEAD_BAND_A, DEAD_BAND * before_a)


def calm_a(
    target_a: float,
    *,
    before_a: float,
    min_a: float,
    past: ConnectorMemory,
    now: datetime,
) -> float:
    """Return what to offer on the way to a target: at once downwards, in steps upwards."""
    if target_a <= before_a:
        return target_a
    if before_a < min_a:
        return min_a
    if not worth_raising(target_a, before_a):
        return before_a
    if past.raised_at is None:
        return min(target_a, before_a + RAMP_A_PER_S * STEP.total_seconds())
    since = now - past.raised_at
    if since < STEP:
        return before_a
    return min(target_a, before_a + RAMP_A_PER_S * since.total_seconds())
