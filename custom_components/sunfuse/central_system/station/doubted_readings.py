"""Readings of a register that do not follow from what is known of it: a new meter, a restart, or nonsense."""

from datetime import datetime, timedelta

from ...engine.clock_change import moved
from .energy_track import Most

# What a register showed, and when.
type _Shown = tuple[float, datetime]

# A new range of a register is believed after this many readings that increase as energy does.
_CONVINCING = 3


class DoubtedReadings:
    """The last of them, as long as each can have come from the one before."""

    def __init__(self, most_wh: Most) -> None:
        """Start with none; `most_wh` returns how much can flow between two times."""
        self._most_wh = most_wh
        self._readings: list[_Shown] = []

    def add(self, register_wh: float, at: datetime) -> _Shown | None:
        """Note a reading; returns the first of them when there are enough to believe them all."""
        if self._readings:
            last_wh, last_at = self._readings[-1]
            if not 0 <= register_wh - last_wh <= self._most_wh(last_at, at):
                self._readings = []
        self._readings.append((register_wh, at))
        return self._readings[0] if len(self._readings) >= _CONVINCING else None

    def forget(self) -> None:
        """Forget them: the register is known again."""
        self._readings = []

    def clock_was_set(self, by: timedelta) -> None:
        """Shift stored times by the amount by which the wall clock was set forward."""
        self._readings = moved(self._readings, by)
