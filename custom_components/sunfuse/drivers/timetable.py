"""Departures: of weekdays, single ones, skipped and paused ones, and which of them comes next.

Times of weekdays are wall-clock times: on days with a clock change, the real duration until them is used.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import overload

from .wishes import OnceDeparture, Target, WeeklyDeparture, Wishes

# Plans reach no further than this: a week and a day include every departure of a week.
HORIZON = timedelta(days=8)

# A car that is still there without what it needed goes on charging for a departure that has passed, for so long.
OVERDUE = timedelta(hours=2)


class Said(StrEnum):
    """Who set when a car leaves."""

    ONCE = "once"
    RESERVATION = "reservation"
    WEEKLY = "weekly"
    CAR = "car"
    HABIT = "habit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Upcoming:
    """A departure that comes, in UTC."""

    at: datetime
    said: Said
    target: Target | None = None
    instead: bool = False  # of what was set for that day


def upcoming(of_vehicle: Wishes, of_charger: Wishes, now: datetime) -> Upcoming | None:
    """Return the next departure that somebody set; weekly ones of the charger count if the vehicle has none."""
    weekly = of_vehicle if any(w.active for w in of_vehicle.weekly) else of_charger
    once = [*of_vehicle.once, *of_charger.once]
    found = departures(
        once,
        weekly,
        now,
        now + HORIZON,
        _latest(of_vehicle.skipped_until, of_charger.skipped_until),
    )
    return next(iter(found), None)


def departures(
    once: Iterable[OnceDeparture],
    weekly: Wishes,
    start: datetime,
    end: datetime,
    skipped_until: datetime | None = None,
) -> list[Upcoming]:
    """Return all departures after `start` until `end`, in order; `start` is local time.

    What is said for a session replaces the weekly ones of its day. Skipped ones are left out.
    """
    singles = [
        Upcoming(
            at=one.at.astimezone(UTC),
            said=Said.ONCE,
            target=one.target,
            instead=one.of_session,
        )
        for one in once
        if start < one.at <= end
    ]
    zone = start.tzinfo
    taken = {one.at.astimezone(zone).date() for one in singles if one.instead}
    found = [
        *singles,
        *(
            one
            for one in _weekly(weekly, start, end)
            if one.at.astimezone(zone).date() not in taken
        ),
    ]
    if skipped_until is not None:
        found = [one for one in found if one.at > skipped_until]
    return sorted(found, key=lambda one: one.at)


def _weekly(wishes: Wishes, start: datetime, end: datetime) -> Iterator[Upcoming]:
    if not (wishes.weekly_on and any(one.active for one in wishes.weekly)):
        return
    begins = [wishes.weekly_paused_until, wishes.weekly_since]
    day = start.date()
    while day <= end.astimezone(start.tzinfo).date():
        for one in wishes.weekly:
            if one.active and one.weekday == day.weekday():
                at = moment_of(one, day, start)
                begin = _latest(start, one.since, *begins)
                over = one.until is not None and at >= one.until
                if begin < at <= end and not over and at not in one.left_out:
                    yield Upcoming(at=at, said=Said.WEEKLY, target=one.target)
        day += timedelta(days=1)


def moment_of(one: WeeklyDeparture, day: date, like: datetime) -> datetime:
    """Return when a weekly departure is on a day, in UTC.

    If the hour occurs twice, the first one counts; in an hour that is skipped, the time is read as if the clock had not changed.
    """
    wall = datetime.combine(day, time(one.minute // 60, one.minute % 60), like.tzinfo)
    return wall.astimezone(UTC)


@overload
def _latest(first: datetime, /, *values: datetime | None) -> datetime: ...
@overload
def _latest(*values: datetime | None) -> datetime | None: ...
def _latest(*values: datetime | None) -> datetime | None:
    return max((value for value in values if value is not None), default=None)
