"""Values by season, weekday, holiday and hour: time-of-use prices, grid fees, windows.

A table is a list of periods in the order of the user's form; the first that applies to an
instant gives the value, otherwise the table's own value applies. All of it is local time:
a period from 23:00 to 07:00 belongs to the day on which it begins.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from typing import Any

from ..series import QUARTER, Series, Slot, quarters
from ..time_rows import parse_number

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class HolidayRule(StrEnum):
    """How a period treats public holidays."""

    AS_WEEKDAY = "as_weekday"  # like any other day
    ALSO = "also"  # the period also applies on holidays, whatever the weekday
    NEVER = "never"  # it does not apply on holidays
    ONLY = "only"  # it applies on holidays and on no other day


class TableError(ValueError):
    """A table that cannot be used: which field of which period, for the form to show."""

    def __init__(self, key: str, period: int | None = None) -> None:
        """Remember what is wrong and where; `period` counts from 0, None is the table."""
        super().__init__(key if period is None else f"{key} in period {period + 1}")
        self.key = key
        self.period = period


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """When a value applies. Empty `weekdays` means every day; equal times the whole day."""

    value: float
    name: str = ""
    start: time = time(0)
    end: time = time(0)
    weekdays: frozenset[int] = frozenset()  # 0 is Monday
    # First and last day of the season as (month, day); it may span New Year.
    season: tuple[tuple[int, int], tuple[int, int]] | None = None
    holidays: HolidayRule = HolidayRule.AS_WEEKDAY

    def holds(self, local: datetime, holidays: frozenset[date]) -> bool:
        """Return whether the period applies at a local time."""
        at = local.time()
        if self.start < self.end:
            return self.start <= at < self.end and self._on(local.date(), holidays)
        if at >= self.start:
            return self._on(local.date(), holidays)
        return at < self.end and self._on(local.date() - timedelta(days=1), holidays)

    def _on(self, day: date, holidays: frozenset[date]) -> bool:
        """Return whether the period applies on days like this."""
        if self.season is not None:
            first, last = self.season
            today = (day.month, day.day)
            inside = first <= today <= last
            if first > last:
                inside = today >= first or today <= last
            if not inside:
                return False
        if day in holidays and self.holidays is not HolidayRule.AS_WEEKDAY:
            return self.holidays is not HolidayRule.NEVER
        if self.holidays is HolidayRule.ONLY:
            return False
        return not self.weekdays or day.weekday() in self.weekdays


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Periods, of which the first that applies counts, and the value otherwise."""

    value: float = 0.0
    periods: tuple[Period, ...] = ()

    def at(self, local: datetime, holidays: frozenset[date] = frozenset()) -> float:
        """Return the value at a local time."""
        return next(
            (period.value for period in self.periods if period.holds(local, holidays)),
            self.value,
        )

    def series(
        self,
        start: datetime,
        end: datetime,
        tz: tzinfo,
        holidays: frozenset[date] = frozenset(),
    ) -> Series:
        """Return the table's values as quarter hours."""
        return tuple(
            Slot(
                start=at,
                end=at + QUARTER,
                value=self.at(at.astimezone(tz), holidays),
            )
            for at in quarters(start, end)
        )


def table_from_dict(data: Mapping[str, Any]) -> Table:
    """Build a table from what the form stores.

    `{"value": 0.25, "periods": [{"value": 0.18, "name": "night", "start": "23:00",
    "end": "07:00", "weekdays": ["mon", ...], "season": ["10-01", "03-31"],
    "holidays": "also"}]}`; all but the values may be left out.

    Raises:
        TableError: a field cannot be used.

    """
    periods = data.get("periods", ())
    if not isinstance(periods, Sequence) or isinstance(periods, str):
        raise TableError("bad_periods")
    return Table(
        value=_number(data.get("value", 0.0), None),
        periods=tuple(_period(period, index) for index, period in enumerate(periods)),
    )


def table_to_dict(table: Table) -> dict[str, Any]:
    """Return what the form stores for a table."""
    return {
        "value": table.value,
        "periods": [_period_to_dict(period) for period in table.periods],
    }


def _period_to_dict(period: Period) -> dict[str, Any]:
    """Return what the form stores for a period."""
    return {
        "value": period.value,
        "name": period.name,
        "start": period.start.isoformat("minutes"),
        "end": period.end.isoformat("minutes"),
        "weekdays": [WEEKDAYS[day] for day in sorted(period.weekdays)],
        "season": None
        if period.season is None
        else [f"{month:02}-{day:02}" for month, day in period.season],
        "holidays": period.holidays.value,
    }


def _period(data: object, index: int) -> Period:
    """Read one period."""
    if not isinstance(data, Mapping):
        raise TableError("bad_periods", index)
    names = data.get("weekdays") or ()
    if any(name not in WEEKDAYS for name in names):
        raise TableError("bad_weekday", index)
    rule = data.get("holidays", HolidayRule.AS_WEEKDAY)
    if rule not in list(HolidayRule):
        raise TableError("bad_holidays", index)
    return Period(
        value=_number(data.get("value"), index),
        name=str(data.get("name", "")),
        start=_time(data.get("start", "00:00"), index),
        end=_time(data.get("end", "00:00"), index),
        weekdays=frozenset(WEEKDAYS.index(name) for name in names),
        season=_season(data.get("season"), index),
        holidays=HolidayRule(rule),
    )


def _number(value: object, index: int | None) -> float:
    """Read a value."""
    if (number := parse_number(value)) is None:
        raise TableError("bad_value", index)
    return number


def _time(value: object, index: int) -> time:
    """Read a time of day, which must be a whole quarter hour, as slots are."""
    try:
        at = (
            time(0)
            if value in {"24:00", "24:00:00"}
            else time.fromisoformat(str(value))
        )
    except ValueError as error:
        raise TableError("bad_time", index) from error
    if at.minute % 15 or at.second or at.tzinfo:
        raise TableError("not_a_quarter", index)
    return at


def _season(
    value: object, index: int
) -> tuple[tuple[int, int], tuple[int, int]] | None:
    """Read the first and last day of a season; 29 February is allowed."""
    if not value:
        return None
    try:
        first, last = (
            date.fromisoformat(f"2024-{day}")
            for day in (value if isinstance(value, list | tuple) else ())
        )
    except ValueError as error:
        raise TableError("bad_season", index) from error
    return (first.month, first.day), (last.month, last.day)
