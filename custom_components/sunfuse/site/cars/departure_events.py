"""The departures of a car or charger, and the times in which it is planned to charge, as events of a calendar."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from homeassistant.components.calendar import CalendarEvent
from homeassistant.util import dt as dt_util

from ...drivers.timetable import Said, Upcoming, departures
from ...drivers.wishes import Wishes
from ...planner.intention import CarSlot
from .calendar_words import target_text
from .driver_words import Owner

# A departure is a moment; a calendar shows none that is shorter.
LASTS = timedelta(minutes=15)
ONCE, WEEKLY, FIXED = "once", "weekly", "fixed"

_NOTHING = Wishes()
_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


def single_departures(
    name: str, owner: Owner, wishes: Wishes, start: datetime, end: datetime
) -> Iterator[CalendarEvent]:
    """Return the single departures; one that is skipped is not shown."""
    for one in wishes.once:
        for found in departures((one,), _NOTHING, start, end, wishes.skipped_until):
            yield departure_event(name, found, f"{ONCE}/{owner.id}/{one.id}")


def weekly_departures(
    name: str, owner: Owner, wishes: Wishes, start: datetime, end: datetime
) -> Iterator[CalendarEvent]:
    """Return the departures of the week that count."""
    for one in wishes.weekly:
        days = sorted({other.weekday for other in wishes.series(one)})
        rule = f"FREQ=WEEKLY;BYDAY={','.join(_DAYS[day] for day in days)}"
        if one.until is not None:
            last = dt_util.as_utc(one.until) - timedelta(seconds=1)
            rule += f";UNTIL={last:%Y%m%dT%H%M%SZ}"
        # Each by itself: two of one day may be at the same time.
        alone = replace(wishes, weekly=(one,))
        for found in departures(wishes.once, alone, start, end, wishes.skipped_until):
            if found.said is Said.WEEKLY:
                yield departure_event(
                    name,
                    found,
                    f"{WEEKLY}/{owner.id}/{one.weekday}.{one.number}",
                    recurrence_id=found.at.isoformat(),
                    rrule=rule,
                )


def departure_event(
    name: str,
    departure: Upcoming,
    uid: str,
    *,
    description: str | None = None,
    recurrence_id: str | None = None,
    rrule: str | None = None,
) -> CalendarEvent:
    """Return the event of a departure: a quarter of an hour from then, as a calendar shows no moment."""
    start = dt_util.as_local(departure.at)
    return CalendarEvent(
        start=start,
        end=start + LASTS,
        summary=f"{name}{target_text(departure.target)}",
        uid=uid,
        description=description,
        recurrence_id=recurrence_id,
        rrule=rrule,
    )


def charging(slots: Iterable[CarSlot]) -> Iterator[tuple[datetime, datetime]]:
    """Return from when to when a car is planned to charge."""
    begun: tuple[datetime, datetime] | None = None
    for slot in slots:
        if not slot.charges:
            continue
        if begun is not None and begun[1] == slot.start:
            begun = begun[0], slot.end
            continue
        if begun is not None:
            yield begun
        begun = slot.start, slot.end
    if begun is not None:
        yield begun
