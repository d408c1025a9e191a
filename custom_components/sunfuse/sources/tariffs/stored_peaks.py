"""The peaks of the months on their way to the store and back."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from ...engine.stored_items import Stored
from ..time_rows import parse_number, parse_time
from .month_peaks import PeakInterval, PeakState


def state_to_dict(state: PeakState) -> dict[str, Any]:
    """Return the state as plain JSON for storage."""
    return {
        "month": state.month,
        "peaks": [[peak.start.isoformat(), peak.power_w] for peak in state.peaks],
        "past": [list(month) for month in state.past],
        "interval": state.interval.isoformat() if state.interval else None,
        "used_wh": state.used_wh,
        "minutes": [[at.isoformat(), taken] for at, taken in state.minutes],
    }


def state_from_dict(data: Mapping[str, Any] | Stored) -> PeakState:
    """Read the state from storage; what cannot be read is noted and left out."""
    stored = Stored.of(data)
    return PeakState(
        month=stored.read("month", _month, ""),
        peaks=tuple(stored.rows("peaks", _peak_from_row)),
        past=tuple(stored.rows("past", _month_from_row)),
        interval=stored.read("interval", _interval, None),
        used_wh=stored.read("used_wh", _figure, 0.0),
        minutes=tuple(stored.rows("minutes", _minute_from_row)),
    )


def _month(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"A month expected, not {type(value)}")
    return value


def _instant(value: Any) -> datetime:
    at = parse_time(value)
    if at is None:
        raise ValueError("A time expected")
    return at.astimezone(UTC)


def _interval(value: Any) -> datetime | None:
    return None if value is None else _instant(value)


def _figure(value: Any) -> float:
    number = parse_number(value)
    if number is None:
        raise ValueError("A number expected")
    return number


def _peak_from_row(row: list[Any]) -> PeakInterval:
    return PeakInterval(start=_instant(row[0]), power_w=_figure(row[1]))


def _minute_from_row(row: list[Any]) -> tuple[datetime, float]:
    return _instant(row[0]), _figure(row[1])


def _month_from_row(row: list[Any]) -> tuple[str, float]:
    return _month(row[0]), _figure(row[1])
