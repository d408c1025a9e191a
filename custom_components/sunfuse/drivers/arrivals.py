"""When a car that is away will probably come, until when it will stay, and how much it will take: from past sessions.

It is a guess about somebody who says nothing yet, so only a clear habit counts: a car that usually comes on such a day, at
about the same time. Departure and energy are those of `habits`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from .demand import Guess
from .habits import HALF_LIFE, LEAST_SESSIONS, PastSession, guess

# On such a day it came in at least this share of the weeks.
COMES = 0.6
# The middle half of its arrivals is within this time.
REGULAR = timedelta(hours=2)
# It is waited for until this share of arrivals is over; it may come at any moment then.
WAITED_FOR = 0.9
ANY_MOMENT = timedelta(minutes=15)
_SATURDAY = 5
_WEEKS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedStay:
    """A stay that is expected. `energy_wh` is as the charger meters it."""

    arrives: datetime
    departure: datetime
    energy_wh: float


def expected_stay(
    sessions: Iterable[PastSession], now: datetime
) -> ExpectedStay | None:
    """Return the next stay of a car that is away, today or tomorrow; None without a clear habit. Times are local."""
    past = [one for one in sessions if one.left <= now]
    for ahead in range(2):
        arrives = _arrival(past, now, ahead)
        if arrives is None:
            continue
        found: Guess = guess(past, arrives, arrives)
        if found.departure is None or not found.energy_wh:
            return None
        return ExpectedStay(
            arrives=arrives, departure=found.departure, energy_wh=found.energy_wh
        )
    return None


def _arrival(past: Sequence[PastSession], now: datetime, ahead: int) -> datetime | None:
    """Return when the car comes on a day, None where it does not or no longer does."""
    day = (now + timedelta(days=ahead)).date()
    zone = now.tzinfo
    came = [one.came.astimezone(zone) for one in past]
    alike = [
        at for at in came if (at.weekday() >= _SATURDAY) == _weekend(day.weekday())
    ]
    if not came or len(alike) < LEAST_SESSIONS:
        return None
    if not _comes(came, day.weekday(), now):
        return None
    samples = sorted(
        (at.hour * 60 + at.minute, 0.5 ** ((now - at) / HALF_LIFE)) for at in alike
    )
    low, middle, high, late = (
        _at_share(samples, share) for share in (0.25, 0.5, 0.75, WAITED_FOR)
    )
    if timedelta(minutes=high - low) > REGULAR:
        return None
    at, until = (
        datetime.combine(day, time(minute // 60, minute % 60), zone)
        for minute in (middle, late)
    )
    if until <= now:
        return None
    return max(at, now + ANY_MOMENT)


def _weekend(weekday: int) -> bool:
    return weekday >= _SATURDAY


def _comes(came: Iterable[datetime], weekday: int, now: datetime) -> bool:
    """Return whether the car came on most such days of the last weeks, as far as it has been known."""
    days = {at.date() for at in came}
    first = min(days)
    such = [
        day
        for ago in range(1, 7 * _WEEKS + 1)
        if (day := (now - timedelta(days=ago)).date()) >= first
        and day.weekday() == weekday
    ]
    return bool(such) and sum(day in days for day in such) >= COMES * len(such)


def _at_share(samples: Sequence[tuple[int, float]], share: float) -> int:
    """Return the value below which this share of the weights is."""
    total, reached = sum(weight for _, weight in samples), 0.0
    for value, weight in samples:
        reached += weight
        if reached >= share * total:
            return value
    return samples[-1][0]
