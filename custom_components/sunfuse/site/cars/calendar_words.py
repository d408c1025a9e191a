"""What a calendar's event means: for which vehicle or charger it is, with how much energy, and how it recurs."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from itertools import product
import re
from unicodedata import normalize

from ...drivers.wishes import Target, TargetKind

_TARGET = re.compile(
    r"(\d+(?:[.,]\d+)?)\s*(%|kwh|km|mi(?:les?)?)\b|(\d+)\s*%", re.IGNORECASE
)
_KM_PER_MILE = 1.609344
_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_WH_PER_KWH = 1000.0
# No car stores more or goes further: as in the actions.
_POSSIBLE = {
    TargetKind.SOC: (1.0, 100.0),
    TargetKind.ENERGY: (0.0, 1_000_000.0),
    TargetKind.RANGE: (1.0, 2000.0),
}


# More of them than in ten years are as good as without an end.
_MOST_TIMES = 3660
# Time zones of one continent are so far apart.
_EARLY, _LATE = time(6), time(18)
# Some calendars write the last day that there is.
_FOR_EVER = "9999"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recurrence:
    """The weekdays (0 is Monday) on which an event recurs, and from when it does no more."""

    weekdays: tuple[int, ...]
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A name in a text, and the target that is said for it: after it, else anywhere."""

    name: str
    target: Target | None = None


def named(summary: str, names: Iterable[str]) -> tuple[Named, ...]:
    """Return the names that a text contains, in its order; of names within each other only the longest.

    A whole word goes before the beginning of one, as of a genitive, and a letter before the same one without its accent.
    The digits of a longer number are no part of a name.
    """
    names = sorted((name for name in names if name.strip()), key=len, reverse=True)
    for after in (r"(?!\w|[.,]\d)", ""):
        spans: dict[tuple[int, int], str] = {}
        for spelt, name in product((_folded, _plain), names):
            for found in re.finditer(_pattern(spelt(name), after), spelt(summary)):
                begin, end = found.span()
                if all(end <= first or last <= begin for first, last in spans):
                    spans[begin, end] = name
        if spans:
            return _with_targets(_folded(summary), dict(sorted(spans.items())))
    return ()


def _with_targets(text: str, spans: dict[tuple[int, int], str]) -> tuple[Named, ...]:
    """Return names with their targets; no digit of a name belongs to one."""
    begins = [begin for begin, _ in spans]
    parts = [
        text[end:begin]
        for end, begin in zip(
            [0, *(end for _, end in spans)], [*begins, len(text)], strict=True
        )
    ]
    targets = [target_in(part) for part in parts]
    anywhere = next((target for target in targets if target), None)
    cars: dict[str, Named] = {}
    for name, target in zip(spans.values(), targets[1:], strict=True):
        cars.setdefault(name, Named(name=name, target=target or anywhere))
    return tuple(cars.values())


def _folded(text: str) -> str:
    """Return a text so that case and the two ways to write an umlaut make no difference."""
    return normalize("NFC", normalize("NFC", text).casefold())


def _plain(text: str) -> str:
    """Return a text without accents too, letter by letter."""
    return "".join(normalize("NFD", letter)[0] for letter in _folded(text))


def _pattern(name: str, after: str) -> str:
    whole_number = r"(?![.,]?\d)" if name[-1].isdigit() else ""
    return rf"(?<!\w){re.escape(name)}{whole_number}{after}"


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
        return Target(kind=TargetKind.SOC, value=value)
    factor = 1.0 if unit == "km" else _KM_PER_MILE
    return Target(kind=TargetKind.RANGE, value=value * factor)


def is_possible(target: Target) -> bool:
    """Return whether there is a car that can reach a target."""
    least, most = _POSSIBLE[target.kind]
    return least <= target.value <= most


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
        weekdays = _in_our_zone(weekdays, start)
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


def _in_our_zone(weekdays: tuple[int, ...], start: datetime) -> tuple[int, ...]:
    """Return the weekdays of a rule that was written in another time zone.

    The event itself is the first of its series (RFC 5545, DTSTART), but the rule has the days of whoever wrote it: around
    midnight the day before or after.
    """
    if start.weekday() in weekdays:
        return weekdays
    shift = 1 if start.time() < _EARLY else -1 if start.time() >= _LATE else 0
    shifted = tuple(sorted((day + shift) % 7 for day in weekdays))
    return shifted if start.weekday() in shifted else weekdays


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
