"""Rows of time and value as integrations publish them, converted to slots.

Attributes of entities and responses of actions have no common form, only a common shape:
a list of rows, each with a time and a number. Times come with an offset, without one, as
`datetime` or as seconds or milliseconds since 1970; numbers come as numbers or text, and
as null, "inf" or "" if nothing is known.
"""

import ast
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
import json
import re
from typing import Any

from ..engine.codec import LARGEST
from .series import Series, Slot, layered

# Written as `plain_key` returns them: `start_date` and `startDate` are one name.
START_KEYS = (
    *("start", "starttime", "startsat", "starttimestamp", "startdate"),
    *("from", "validfrom", "periodstart", "begin", "datetime"),
    *("timestamp", "time", "hour", "timestart", "intervalstart", "date"),
)
END_KEYS = (
    *("end", "endtime", "endsat", "endtimestamp", "enddate", "till"),
    *("to", "validto", "until", "periodend", "timeend", "intervalend"),
    "dtime",  # PSE's: 00:15 is the quarter hour from midnight
)
# Two days of five minutes, or five weeks of quarters: longer lists are read around now only.
MOST_ROWS = 3500
# The length of such a list as text; parsing longer ones would stall the event loop.
_LONGEST_TEXT = 400_000
# PSE names the hour that autumn repeats 02a and 02b.
_DOUBLED_HOUR = re.compile(r"( \d\d)[ab](?=:)")
_LONGEST_MIN = 24 * 60.0  # of a row that tells how long it lasts
_HOUR = timedelta(hours=1)
# A time of another century is a mistake, or means "for ever" if it is an end.
_FIRST = datetime(2000, 1, 1, tzinfo=UTC)
_EARLIER = _FIRST - timedelta(days=1)
FOR_EVER = datetime(2100, 1, 1, tzinfo=UTC)
# A slot longer than this without an end of its own has a gap behind it.
_LONGEST_STEP = timedelta(hours=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A row as it was read: UTC, the end if given, the value if known."""

    start: datetime
    end: datetime | None
    value: float | None


class RowTimes:
    """Reads the times of one list of rows.

    A time without an offset is local. In the night when clocks go back, a local time
    appears twice; the second one in the same list is the later one.
    """

    def __init__(self, tz: tzinfo) -> None:
        """Start with a list of rows."""
        self._tz = tz
        self._seen: set[datetime] = set()

    def start(self, value: object) -> datetime | None:
        """Read the start of a row, as UTC; None if it is not a time."""
        if (at := parse_time(value)) is None:
            return None
        if at.tzinfo is None:
            fold = int(at in self._seen)
            self._seen.add(at)
            at = at.replace(tzinfo=self._tz, fold=fold)
        start = _snapped(_utc(at))
        return start if _FIRST <= start < FOR_EVER else None

    def end(self, value: object, start: datetime) -> datetime | None:
        """Read the end of a row, which is after its start; None if not given."""
        if (at := parse_time(value)) is None:
            return None
        if at.tzinfo is None:
            at = at.replace(tzinfo=self._tz)
            if _utc(at) <= start:
                at = at.replace(fold=1)
        end = _snapped(_utc(at))
        return end if end > start else None


def parse_time(value: object) -> datetime | None:
    """Read a time in any of the known forms; without time zone if the source has none.

    Numbers are seconds since 1970, or milliseconds (aWATTar).
    """
    if isinstance(value, datetime):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        # Years 2001 to 2286; a smaller number is an hour of the day or a price.
        if 1e12 < value < 1e13:
            value /= 1000
        return datetime.fromtimestamp(value, UTC) if 1e9 < value < 1e10 else None
    # A date alone, or an hour alone, does not start a slot.
    if not isinstance(value, str) or len(text := value.strip()) < 13:
        return None
    for one in (text, _DOUBLED_HOUR.sub(r"\1", text)):
        try:
            return datetime.fromisoformat(one)
        except ValueError:
            continue
    return None


def _utc(at: datetime) -> datetime:
    """Convert a time to UTC; one before or after the supported range becomes its bound."""
    if at.year >= FOR_EVER.year:
        return FOR_EVER
    return at.astimezone(UTC) if at.year >= _FIRST.year else _EARLIER


def _snapped(at: datetime) -> datetime:
    """Correct a start one second late or an end one second early.

    Amber's intervals begin at second 1; others end at second 59.
    """
    if at.second == 1:
        return at.replace(second=0, microsecond=0)
    if at.second == 59:
        return at.replace(second=0, microsecond=0) + timedelta(minutes=1)
    return at


def parse_number(value: object) -> float | None:
    """Read a number; None for null, rubbish, not-a-number and what is above all that is measured or paid.

    In text, a comma is accepted like a point; if both appear the last one is the decimal.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    if isinstance(value, str):
        comma_last = value.rfind(",") > value.rfind(".")
        grouping, decimal = (".", ",") if comma_last else (",", ".")
        value = value.replace(grouping, "").replace(decimal, ".")
    try:
        number = float(value)
    except OverflowError, ValueError:
        return None
    return number if abs(number) <= LARGEST else None


def parsed(value: Any) -> tuple[Any, bool]:
    """Parse a list that a template or an integration turned into text; report if that fails."""
    if not isinstance(value, str) or value.strip()[:1] not in ("[", "{"):
        return value, False
    if len(value) > _LONGEST_TEXT:
        return None, True
    for read in (json.loads, ast.literal_eval):
        try:
            return read(value), False
        except ValueError, SyntaxError, MemoryError, RecursionError:
            continue
    return None, True


def around[T](items: Sequence[T], now: datetime) -> Sequence[T]:
    """Return at most `MOST_ROWS` of a long list of rows in order of time: those from a day before now on.

    Years of rows must not stall the event loop. Of rows in no order, the last are taken.
    """
    if len(items) <= MOST_ROWS:
        return items
    ends = [parse_time(_row_start(items[place])) for place in (0, -1)]
    if None in ends:
        return items[-MOST_ROWS:]

    def is_before(item: T) -> bool:
        at = parse_time(_row_start(item))
        return at is not None and _instant(at, now) < now - timedelta(days=1)

    first, last = (_instant(at, now) for at in ends if at is not None)
    if first > last:
        items = items[::-1]
    begin = bisect_left(items, True, key=lambda item: not is_before(item))
    begin = max(0, min(begin, len(items) - MOST_ROWS))
    return items[begin : begin + MOST_ROWS]


def _row_start(row: object) -> object:
    """Return the time of a row, which may name it or be a pair."""
    if isinstance(row, Mapping):
        key = time_key(row)
        return row[key] if key is not None else None
    if isinstance(row, list | tuple):
        return next((part for part in row if parse_time(part) is not None), None)
    return None


def _instant(at: datetime, now: datetime) -> datetime:
    """Return a time that can be compared; within a day if its zone is not given."""
    return _utc(at if at.tzinfo else at.replace(tzinfo=now.tzinfo))


@lru_cache(maxsize=512)
def plain_key(key: str) -> str:
    """Return the name of a field without what integrations write differently: case, and signs between words."""
    return "".join(filter(str.isalnum, key.lower()))


def first_key(row: Mapping[str, Any], names: Iterable[str]) -> str | None:
    """Return the first of some names, however it is written, that a row has as a key."""
    return next(_keys(row, names), None)


def start_key(row: Mapping[str, Any]) -> str | None:
    """Return the key of a row's start: the first that holds a time."""
    keys = _keys(row, START_KEYS)
    return next((key for key in keys if parse_time(row[key]) is not None), None)


def time_key(row: Mapping[str, Any]) -> str | None:
    """Return the key of a row's start, or of its end if it names no start."""
    keys = _keys(row, (*START_KEYS, *END_KEYS))
    return next((key for key in keys if parse_time(row[key]) is not None), None)


def _keys(row: Mapping[str, Any], names: Iterable[str]) -> Iterator[str]:
    """Yield the keys that a row has of some names, in the order of the names."""
    known = {plain_key(key): key for key in row if isinstance(key, str)}
    return (known[name] for name in names if name in known)


def read_rows(
    rows: Sequence[Mapping[str, Any]],
    value_of: Callable[[Mapping[str, Any]], float | None],
    tz: tzinfo,
) -> list[Row]:
    """Read a list of rows with named times; rows without one are left out."""
    clock = RowTimes(tz)
    read = []
    for row in rows:
        key = start_key(row)
        if key is None or (start := clock.start(row[key])) is None:
            continue
        end_key = first_key(row, END_KEYS)
        end = clock.end(row[end_key], start) if end_key is not None else None
        minutes = parse_number(row.get("duration")) or 0.0
        if end is None and 0 < minutes <= _LONGEST_MIN:
            end = start + timedelta(minutes=minutes)
        read.append(Row(start=start, end=end, value=value_of(row)))
    return read or _read_ends(rows, value_of, tz)


def _read_ends(
    rows: Sequence[Mapping[str, Any]],
    value_of: Callable[[Mapping[str, Any]], float | None],
    tz: tzinfo,
) -> list[Row]:
    """Read rows that name only their ends (PSE, Solcast's own): each begins where the one before ends."""
    clock = RowTimes(tz)
    ends = [
        Row(start=end, end=end, value=value_of(row))
        for row in rows
        if (key := time_key(row)) is not None
        and (end := clock.start(row[key])) is not None
    ]
    step = _usual_step(sorted(ends, key=lambda row: row.start))
    return [replace(row, start=row.start - step) for row in ends]


def read_pairs(pairs: Iterable[tuple[object, object]], tz: tzinfo) -> list[Row]:
    """Read pairs of time and value, as in a mapping from time to value."""
    clock = RowTimes(tz)
    return [
        Row(start=start, end=None, value=parse_number(value))
        for at, value in pairs
        if (start := clock.start(at)) is not None
    ]


def to_series(rows: Iterable[Row], *, open_end: datetime | None = None) -> Series:
    """Turn rows into slots.

    A row lasts until its own end, at most until the next row's start. Without an end it
    lasts until the next start; the last, or one before a gap, as long as most others do.
    `open_end` is the length of the last row if its end is open (a tariff that continues).
    """
    ordered = sorted(rows, key=lambda row: row.start)
    step = _usual_step(ordered)
    slots = []
    for row, following in zip(ordered, _following(ordered), strict=True):
        end = row.end
        if end is None and following is None and open_end is not None:
            end = max(open_end, row.start + step)
        elif end is None:
            gap = following is None or following - row.start > max(_LONGEST_STEP, step)
            end = row.start + step if gap else following
        if following is not None and end is not None:
            end = min(end, following)
        if row.value is not None and end is not None:
            slots.append(Slot(start=row.start, end=end, value=row.value))
    return layered(slots)


def _following(ordered: Sequence[Row]) -> list[datetime | None]:
    """Return the start of the next later row, for each row."""
    found: list[datetime | None] = [None] * len(ordered)
    for index in range(len(ordered) - 2, -1, -1):
        after = ordered[index + 1].start
        found[index] = after if after > ordered[index].start else found[index + 1]
    return found


def _usual_step(ordered: Sequence[Row]) -> timedelta:
    """Return the most common distance of rows; an hour if there is only one."""
    steps = Counter(
        after.start - before.start
        for before, after in zip(ordered, ordered[1:], strict=False)
        if after.start > before.start
    )
    return max(steps, key=lambda step: (steps[step], -step), default=_HOUR)
