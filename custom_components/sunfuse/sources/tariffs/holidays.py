"""Public holidays: dates that were entered, and all-day events of a calendar."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Self

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError

from ..time_rows import parse_time
from .table import TableError

# A calendar may be on a remote server.
CALENDAR_AGE = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class HolidayConfig:
    """`dates` are `2026-12-25`, or `12-25` for every year; `calendar` is an entity."""

    dates: tuple[str, ...] = ()
    calendar: str | None = None

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Read what the form stores (`holidays`, `holiday_calendar`).

        Raises:
            TableError: a date cannot be read; `period` is its place in the list.

        """
        named = data.get("holidays") or ()
        for index, day in enumerate(named):
            if not dates_of(str(day), 2024):
                raise TableError("bad_holiday", index)
        return cls(
            dates=tuple(str(day) for day in named),
            calendar=data.get("holiday_calendar"),
        )


class Holidays:
    """The holidays around now. `async_refresh` may be called as often as needed."""

    def __init__(self, hass: HomeAssistant, config: HolidayConfig) -> None:
        """Start with the calendar unread."""
        self._hass = hass
        self._config = config
        self._read_at: datetime | None = None
        self._events: set[date] = set()

    def near(self, now: datetime) -> frozenset[date]:
        """Return the days of this year, the last and the next, and the calendar's."""
        years = (now.year - 1, now.year, now.year + 1)
        return frozenset(_typed(self._config.dates, years) | self._events)

    async def async_refresh(self, now: datetime) -> None:
        """Read the calendar if an hour has passed; if it fails, the previous days remain."""
        if self._config.calendar is None:
            return
        if self._read_at is not None and now - self._read_at < CALENDAR_AGE:
            return
        days = await async_calendar_days(self._hass, self._config.calendar, now)
        if days is not None:
            self._read_at, self._events = now, days


def _typed(dates: Iterable[str], years: Iterable[int]) -> set[date]:
    """Return the entered dates, in these years."""
    return {day for year in years for text in dates for day in dates_of(text, year)}


def dates_of(day: str, year: int) -> list[date]:
    """Return the date of a text in a year; none if it cannot be read."""
    try:
        return [date.fromisoformat(day if len(day) > 5 else f"{year}-{day}")]
    except ValueError:
        return []


async def async_calendar_days(
    hass: HomeAssistant, entity_id: str, now: datetime
) -> set[date] | None:
    """Return the days with an all-day event in a calendar, within three weeks of now.

    None if the calendar cannot be read.
    """
    try:
        answer = await hass.services.async_call(
            "calendar",
            "get_events",
            {
                "entity_id": entity_id,
                "start_date_time": (now - timedelta(days=2)).isoformat(),
                "end_date_time": (now + timedelta(days=21)).isoformat(),
            },
            blocking=True,
            return_response=True,
        )
    except HomeAssistantError:
        return None
    calendar = (answer or {}).get(entity_id)
    events = calendar.get("events", ()) if isinstance(calendar, Mapping) else ()
    days: set[date] = set()
    for event in events if isinstance(events, list) else ():
        if isinstance(event, Mapping):
            days |= _event_days(event)
    return days


def _event_days(event: Mapping[str, Any]) -> set[date]:
    """Return the days of an all-day event; its end is the day after."""
    start, end = str(event.get("start")), str(event.get("end"))
    if parse_time(start) is not None or not (first := dates_of(start, 0)):
        return set()
    last = dates_of(end, 0) or [first[0] + timedelta(days=1)]
    lasts = max(1, (last[0] - first[0]).days)
    return {first[0] + timedelta(days=day) for day in range(lasts)}
