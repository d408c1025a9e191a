"""Intervals that may begin in any minute: what the last one took, and what that leaves for the next minutes.

Pure functions over the energies of the last interval in small steps, the oldest first.
"""

from datetime import datetime, timedelta

from ..series import floor

MINUTE = timedelta(minutes=1)
_STEP = timedelta(seconds=10)

# The start of each step, and what it imported.
type Minutes = tuple[tuple[datetime, float], ...]


def with_energy(
    minutes: Minutes, start: datetime, end: datetime, energy_wh: float
) -> Minutes:
    """Return the steps with energy that was imported evenly from start to end."""
    taken = dict(minutes)
    at = start
    while at < end:
        step = floor(at, _STEP)
        until = min(end, step + _STEP)
        share = energy_wh * ((until - at) / (end - start))
        taken[step] = taken.get(step, 0.0) + share
        at = until
    return tuple(sorted(taken.items()))


def since(minutes: Minutes, start: datetime) -> Minutes:
    """Return the steps that are not over at a time."""
    return tuple(one for one in minutes if one[0] + _STEP > start)


def energy_wh(minutes: Minutes, start: datetime, end: datetime) -> float:
    """Return what was imported between two times; of the step that runs, all that it has so far."""
    return sum(
        taken * max((at + _STEP - max(at, start)) / _STEP, 0.0)
        for at, taken in minutes
        if at < end
    )


def allowed_w(
    minutes: Minutes, now: datetime, interval: timedelta, target_w: float
) -> float:
    """Return the power that keeps every window below a target that reaches from the past into the next interval.

    A window that begins with a step of the past holds what was taken since, and the power from now until it ends.
    """
    target_wh = target_w * (interval / timedelta(hours=1))
    allowed = [target_w]
    left_wh = energy_wh(minutes, now - interval, now)
    for at, taken in minutes:
        ahead = at + interval - now
        if timedelta(0) < ahead < interval:
            ahead_h = max(ahead, MINUTE) / timedelta(hours=1)
            allowed.append((target_wh - left_wh) / ahead_h)
            left_wh -= taken
    return max(min(allowed), 0.0)
