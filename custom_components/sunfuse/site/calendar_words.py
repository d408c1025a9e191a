"""What a calendar's event means: for which vehicle or charger it is, with how much energy, and how it recurs."""

from collections.abc import Iterable
import re

from ..drivers.wishes import Target, TargetKind

_TARGET = re.compile(
    r"(\d+(?:[.,]\d+)?)\s*(%|kwh|km|mi(?:les?)?)\b|(\d+)\s*%", re.IGNORECASE
)
_KM_PER_MILE = 1.609344
_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_WH_PER_KWH = 1000.0


def named(summary: str, names: Iterable[str]) -> str | None:
    """Return the name that a text contains, the longest of several; None if it contains none."""
    text = summary.casefold()
    found = [name for name in names if name.strip() and name.casefold() in text]
    return max(found, key=len, default=None)


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


def weekdays_of(rule: str, weekday: int) -> list[int] | None:
    """Return the weekdays (0 is Monday) on which an event recurs for ever; None for any other rule (RFC 5545, RRULE).

    `weekday` is that of the event itself, which counts where a weekly rule names none.
    """
    parts = dict(part.split("=", 1) for part in rule.upper().split(";") if "=" in part)
    if parts.keys() - {"FREQ", "BYDAY", "INTERVAL", "WKST"}:
        return None
    if parts.get("INTERVAL", "1") != "1":
        return None
    days = parts.get("BYDAY")
    if parts.get("FREQ") == "DAILY" and days is None:
        return list(range(7))
    if parts.get("FREQ") not in ("DAILY", "WEEKLY"):
        return None
    if days is None:
        return [weekday]
    try:
        return sorted({_DAYS.index(day.strip()) for day in days.split(",")})
    except ValueError:
        return None
