"""What a driver who sets nothing will probably need: when the car leaves and how much it takes, from past sessions.

Guesses are cautious: a departure is guessed so early, and an energy so high, that a given share of the past departures
would have been met. Older weeks count less, because habits change, and those before a change not at all (`habit_change.py`). It is the weighted quantile of conformal prediction
(Tibshirani et al., 2019, arXiv 1904.06019): one more departure, assumed to be the worst, counts as much as today's.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from math import inf, sqrt
from statistics import NormalDist, fmean, stdev

from .demand import Guess
from .habit_change import alike_count

SHARE = 0.9
# A session this old counts half. Where few count, the given share of them is nearly all, and the guess too cautious.
HALF_LIFE = timedelta(weeks=9)
# The weight of a departure on another day of the same kind (working day or weekend).
SAME_KIND = 0.7
# With fewer sessions there is no habit.
LEAST_SESSIONS = 3
# With too few for the given share: at least this much before the earliest, and this much above the highest.
EARLIER = timedelta(minutes=30)
MORE = 1.2
# A day on which the car left in fewer than this share of its weeks is one on which it stays. One more week is assumed, in
# which it left: some weeks without a departure prove little.
LEAVES = 0.1
# A change of habit is at least of so much.
CHANGED_MIN = 15.0
CHANGED_WH = 1000.0
# How far ahead departures are guessed.
DAYS = 7
_SATURDAY = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class PastSession:
    """A finished session, of a vehicle or of the guests at a connector."""

    owner: str
    came: datetime
    left: datetime
    energy_wh: float


def guess(
    sessions: Iterable[PastSession],
    came: datetime,
    now: datetime,
    charged_wh: float = 0.0,
    share: float = SHARE,
) -> Guess:
    """Return when the car that arrived at `came` probably leaves, and what it still takes; times are local.

    The permitted share of failures is split evenly between the two.
    """
    zone = now.tzinfo
    past = [
        (one.came.astimezone(zone), one.left.astimezone(zone), one.energy_wh)
        for one in sessions
        if one.left <= now
    ]
    each = 1 - (1 - share) / 2
    departure = _departure([(c, left) for c, left, _ in past], came, now, each)
    if departure is None:
        return Guess()
    energy_wh = _energy(past, departure, now, each)
    left_wh = None if energy_wh is None else max(energy_wh - charged_wh, 0.0)
    return Guess(departure=departure, energy_wh=left_wh)


def _departure(
    past: list[tuple[datetime, datetime]], came: datetime, now: datetime, share: float
) -> datetime | None:
    """Return the next guessed departure after now, of the first day on which the car may leave; None: nobody knows when."""
    local = came.astimezone(now.tzinfo)
    mornings = _mornings(past)
    for ahead in range(DAYS + 1):
        day = (now + timedelta(days=ahead)).date()
        # On the day that it arrived, it leaves after its arrival.
        after = _minutes(local) if day == local.date() else -1
        firsts = _first_departures(past, after)
        samples = _minutes_left(firsts, day.weekday(), now)
        few = len(samples) < LEAST_SESSIONS
        stayed = day > local.date()  # over night
        leaves = _may_leave(past, firsts, day.weekday(), now, of_kind=few)
        if not leaves and not few and stayed:
            leaves = _leaves_when_there(mornings, firsts, day.weekday(), now)
        if not leaves:
            continue
        if few:
            return None
        minute = _minute(samples, share, far=stayed)
        at = datetime.combine(day, _as_said(minute), now.tzinfo)
        if at > now:
            return at
    return None


def _first_departures(
    past: list[tuple[datetime, datetime]], after: int
) -> dict[date, datetime]:
    """Return the first departure of each day after a minute: a car that leaves, comes back and leaves again has the second one there."""
    firsts: dict[date, datetime] = {}
    for _, left in past:
        if _minutes(left) > after:
            day = left.date()
            firsts[day] = min(firsts.get(day, left), left)
    return firsts


def _minutes_left(
    firsts: dict[date, datetime], weekday: int, now: datetime
) -> list[tuple[float, float]]:
    """Return the minutes of such a day at which the car left, since that changed, with their weights."""
    weighed = [
        (left, float(_minutes(left)), weight)
        for left in firsts.values()
        if (weight := _weight(left, weekday, now)) > 0
    ]
    return _since_change(weighed, CHANGED_MIN)


def _minute(samples: list[tuple[float, float]], share: float, *, far: bool) -> float:
    """Return the minute of a day before which the car does not leave; of few samples that may be long before the earliest."""
    before = [(-value, weight) for value, weight in samples]
    late = _quantile(before, share)
    if late is None:
        highest = max(value for value, _ in before)
        late = highest + EARLIER.total_seconds() / 60
        if far:
            late = max(late, _beyond(before, share))
    return max(-late, 0.0)


def _as_said(minute: float) -> time:
    """Return a time of day as a person says it, in whole five minutes: to guess earlier by less is no less true."""
    said = int(minute) // 5 * 5
    return time(said // 60, said % 60)


def _minutes(at: datetime) -> int:
    return at.hour * 60 + at.minute


def _may_leave(
    past: list[tuple[datetime, datetime]],
    firsts: dict[date, datetime],
    weekday: int,
    now: datetime,
    *,
    of_kind: bool,
) -> bool:
    """Return whether the car leaves on such a day often enough, of all such days, or days of its kind, since it was first seen."""
    first = min((came for came, _ in past), default=now).date()
    known = (
        now.date() - timedelta(days=ago)
        for ago in range(1, (now.date() - first).days + 1)
    )
    such = (
        day
        for day in known
        if day.weekday() == weekday or (of_kind and _same_kind(day, weekday))
    )
    gone, total = _weighed(such, firsts, now)
    return gone + 1.0 >= LEAVES * (total + 1.0)


def _mornings(past: Iterable[tuple[datetime, datetime]]) -> set[date]:
    """Return the days that began while the car was there."""
    return {
        came.date() + timedelta(days=night)
        for came, left in past
        for night in range(1, (left.date() - came.date()).days + 1)
    }


def _leaves_when_there(
    mornings: Iterable[date],
    firsts: Mapping[date, datetime],
    weekday: int,
    now: datetime,
) -> bool:
    """Return whether a car that is there in the morning leaves on such a day; where that was hardly seen, on one of its kind.

    A car that rarely charges here is away on most days: that it did not leave on these says nothing.
    """
    alike = [day for day in mornings if _same_kind(day, weekday) and day < now.date()]
    such = [day for day in alike if day.weekday() == weekday]
    gone, total = _weighed(alike if len(such) < LEAST_SESSIONS else such, firsts, now)
    return total > 0 and gone >= LEAVES * total


def _weighed(
    days: Iterable[date], firsts: Mapping[date, datetime], now: datetime
) -> tuple[float, float]:
    """Return the weight of those of some days on which the car left, and that of all of them."""
    gone = total = 0.0
    for day in days:
        weight = 0.5 ** ((now.date() - day) / HALF_LIFE)
        total += weight
        gone += weight if day in firsts else 0.0
    return gone, total


def _energy(
    past: list[tuple[datetime, datetime, float]],
    departure: datetime,
    now: datetime,
    share: float,
) -> float | None:
    weighed = [
        (left, energy_wh, weight)
        for _, left, energy_wh in past
        if (weight := _weight(left, departure.weekday(), now)) > 0
    ]
    samples = _since_change(weighed, CHANGED_WH)
    if not samples:
        return None
    high = _quantile(samples, share)
    if high is None:
        highest = max(value for value, _ in samples)
        high = max(MORE * highest, _beyond(samples, share))
    return high


def _since_change(
    weighed: list[tuple[datetime, float, float]], least: float
) -> list[tuple[float, float]]:
    """Return values and weights since the habit changed by at least so much, either way."""
    weighed.sort()
    values = [value for _, value, _ in weighed]
    count = min(
        alike_count(values, least), alike_count([-one for one in values], least)
    )
    return [(value, weight) for _, value, weight in weighed[-count:]]


def _same_kind(day: date, weekday: int) -> bool:
    """Return whether both are working days, or both of a weekend."""
    return (day.weekday() >= _SATURDAY) is (weekday >= _SATURDAY)


def _weight(left: datetime, weekday: int, now: datetime) -> float:
    if not _same_kind(left, weekday):
        return 0.0
    alike = 1.0 if left.weekday() == weekday else SAME_KIND
    recent: float = 0.5 ** ((now - left) / HALF_LIFE)
    return alike * recent


def _quantile(samples: list[tuple[float, float]], share: float) -> float | None:
    """Return the value that a new one exceeds with a probability of at most 1 - share; None: there are too few."""
    total = sum(weight for _, weight in samples) + 1.0  # the new one, wherever it is
    reached = 0.0
    for value, weight in sorted(samples):
        reached += weight
        if reached >= share * total:
            return value
    return None


def _beyond(samples: list[tuple[float, float]], share: float) -> float:
    """Return what a new value exceeds with a probability of 1 - share where so few are known that it may well exceed all.

    The fewer they are, and the more they differ, the further that is: the prediction bound of a normal distribution, by the
    first terms of Student's t (Fisher and Cornish, 1960).
    """
    values = [value for value, _ in samples]
    count = len(values)
    if count < 2 or count >= share / (1 - share):
        return -inf
    z, free = NormalDist().inv_cdf(share), count - 1
    first, second = (z**3 + z) / 4, (5 * z**5 + 16 * z**3 + 3 * z) / 96
    t = z + first / free + second / free**2
    return fmean(values) + t * stdev(values) * sqrt(1 + 1 / count)
