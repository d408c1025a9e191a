"""What a calendar's event means: for which vehicle or charger it is, with how much energy, and how it recurs."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
import re

from ..drivers.wishes import Target, TargetKind

_TARGET = re.compile(
    r"(\d+(?:[.,]\d+)?)\s*(%|kwh|km|mi(?:les?)?)\b|(\d+)\s*%", re.IGNORECASE
)
_KM_PER_MILE = 1.609344
_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_WH_PER_KWH = 1000.0


# More of them than in ten years are as good as without an end.
_MOST_TIMES = 3660
# Some calendars write the last day that there is.
_FOR_EVER = "9999"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recurrence:
    """The weekdays (0 is Monday) on which an event recurs, and from when it does no more."""

    weekdays: tuple[int, ...]
    until: datetime | None = None


def named(summary: str, names: Iterable[str]) -> str | None:
    """Return the name that a text contains, the longest of several; None if it contains none.

    A whole word goes before the beginning of one, as of a genitive. The digits of a longer number are no part of a name.
    """
    text, names = summary.casefold(), [name for name in names if name.strip()]
    for after in (r"(?!\w|[.,]\d)", ""):
        found = [name for name in names if re.search(_pattern(name, after), text)]
        if found:
            return max(found, key=len)
    return None


def _pattern(name: str, after: str) -> str:
    whole_number = r"(?![.,]?\d)" if name[-1].isdigit() else ""
    return rf"(?<!\w){re.escape(name.casefold())}{whole_number}{after}"


def target_in(text: str) -> Target | None:
    """Return the target that a text contains, such as `80 %`, `20 kWh` or `150 km`; None if it contains none."""
    found = _TARGET.search(text)
    if found is None:
        return None
    value = float((found[1] or found[3]).replace(",", "."))
    unit = (found[2] or "%").casefold()
    if unit == "kwh":
        return Target(kind=TargetKind.ENERGY, value=value * _WH_PER_KWH)
    if unit == "%":
        return Target(kind=TargetKind.SOC, value=min(value, 100.0))
    factor = 1.0 if unit == "km" else _KM_PER_MILE
    return Target(kind=TargetKind.RANGE, value=value * factor)


def target_text(target: Target | None) -> str:
    """Return a target as a calendar shows it, and `target_in` reads it."""
    if target is None:
        return ""
    if target.kind is TargetKind.ENERGY:
        return f" {target.value / _WH_PER_KWH:g} kWh"
    return f" {target.value:g} {'%' if target.kind is TargetKind.SOC else 'km'}"


def recurrence_of(rule: str, start: datetime) -> Recurrence | None:
    """Return when an event recurs that begins at `start`, local time; None where it is not by weekdays (RFC 5545, RRULE).

    The weekday of the event itself counts where a weekly rule names none.
    """
    parts = dict(part.split("=", 1) for part in rule.upper().split(";") if "=" in part)
    if parts.keys() - {"FREQ", "BYDAY", "INTERVAL", "WKST", "COUNT", "UNTIL"}:
        return None
    if parts.get("INTERVAL", "1") != "1":
        return None
    try:
        weekdays = _weekdays(parts, start.weekday())
        if weekdays is None:
            return None
        return Recurrence(weekdays=weekdays, until=_until(parts, start, weekdays))
    except ValueError:
        return None


def _weekdays(parts: dict[str, str], weekday: int) -> tuple[int, ...] | None:
    days = parts.get("BYDAY")
    if parts.get("FREQ") == "DAILY" and days is None:
        return tuple(range(7))
    if parts.get("FREQ") not in ("DAILY", "WEEKLY"):
        return None
    if days is None:
        return (weekday,)
    return tuple(sorted({_DAYS.index(day.strip()) for day in days.split(",")}))


def _until(
    parts: dict[str, str], start: datetime, weekdays: tuple[int, ...]
) -> datetime | None:
    """Return the moment from which on an event recurs no more, None where it recurs for ever."""
    last = parts.get("UNTIL")
    if last is not None and not last.startswith(_FOR_EVER):
        if len(last) == len("20261231"):
            after = datetime.strptime(last, "%Y%m%d").date() + timedelta(days=1)
            return datetime.combine(after, time(), start.tzinfo).astimezone(UTC)
        at = datetime.strptime(last.removesuffix("Z"), "%Y%m%dT%H%M%S")
        at = at.replace(tzinfo=UTC if last.endswith("Z") else start.tzinfo)
        return at.astimezone(UTC) + timedelta(seconds=1)
    times = int(parts.get("COUNT", _MOST_TIMES))
    if times >= _MOST_TIMES:
        return None
    day = start.date()
    while times > 0:
        times -= day.weekday() in weekdays
        day += timedelta(days=1)
    return datetime.combine(day, time(), start.tzinfo).astimezone(UTC)
