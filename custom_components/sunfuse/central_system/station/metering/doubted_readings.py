"""Readings of a register that do not follow from what is known of it: a new meter, a restart, or nonsense."""

from datetime import timedelta

from ....engine.clock_change import moved
from .register_readings import Most, RegisterReading


class DoubtedReadings:
    """The last of them, as long as each can have come from the one before."""

    def __init__(self, most_wh: Most) -> None:
        """Start with none; `most_wh` returns how much can flow between two times."""
        self._most_wh = most_wh
        self._readings: list[RegisterReading] = []

    @property
    def last(self) -> RegisterReading | None:
        """The last of them."""
        return self._readings[-1] if self._readings else None

    def lead_to(self, reading: RegisterReading) -> bool:
        """Whether there are some, and a reading can have come from the last of them."""
        last = self.last
        return last is not None and last.reaches(reading, self._most_wh)

    def add(self, reading: RegisterReading, *, enough: int) -> RegisterReading | None:
        """Note a reading; returns the first of them when there are `enough` to believe them all."""
        if not self.lead_to(reading):
            self._readings = []
        self._readings.append(reading)
        return self._readings[0] if len(self._readings) >= enough else None

    def forget(self) -> None:
        """Forget them: the register is known again."""
        self._readings = []

    def clock_was_set(self, by: timedelta) -> None:
        """Shift stored times by the amount by which the wall clock was set forward."""
        self._readings = moved(self._readings, by)
