"""The peaks of the months on their way to the store and back."""

from collections.abc import Mapping
from datetime import UTC, datetime
import re
from typing import Any

from ...engine.codec import read_number, read_time
from ...engine.stored_items import Stored
from .month_peaks import PeakInterval, PeakState

_MONTH = re.compile(r"(\d{4}-\d{2})?")


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
        used_wh=stored.read("used_wh", read_number, 0.0),
        minutes=tuple(stored.rows("minutes", _minute_from_row)),
    )


def _month(value: Any) -> str:
    if not _MONTH.fullmatch(value):
        raise ValueError(f"A month expected, not {value}")
    return str(value)


def _instant(value: Any) -> datetime:
    return read_time(value).astimezone(UTC)


def _interval(value: Any) -> datetime | None:
    return None if value is None else _instant(value)


def _peak_from_row(row: list[Any]) -> PeakInterval:
    return PeakInterval(start=_instant(row[0]), power_w=read_number(row[1]))


def _minute_from_row(row: list[Any]) -> tuple[datetime, float]:
    return _instant(row[0]), read_number(row[1])


def _month_from_row(row: list[Any]) -> tuple[str, float]:
    return _month(row[0]), read_number(row[1])
