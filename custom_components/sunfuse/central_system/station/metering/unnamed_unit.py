"""In which unit a register counts whose unit is not named: watt-hours by the standard, kilowatt-hours at some chargers."""

from datetime import datetime, timedelta

from ....engine.clock_change import moved
from .register_readings import ROUNDING_WH, SLACK_WH, Most


class UnnamedUnit:
    """Learns from the start of a transaction, which is in watt-hours, and the first reading after it."""

    def __init__(self, most_wh: Most, *, kwh: bool = False) -> None:
        """Begin with watt-hours or what was learned before; `most_wh` returns how much can flow between two times."""
        self._most_wh = most_wh
        self.kwh = kwh
        self._start: tuple[float, datetime] | None = None

    def started(self, register_wh: float | None, at: datetime) -> None:
        """Note where the register stood when a transaction began."""
        self._start = None if register_wh is None else (register_wh, at)

    def clock_was_set(self, by: timedelta) -> None:
        """Shift the stored time by the amount by which our clock was set forward."""
        self._start = moved(self._start, by)

    def in_wh(self, value: float, at: datetime) -> float:
        """Return a reading without a unit in watt-hours."""
        if self._start is not None and at >= self._start[1]:
            (start_wh, started_at), self._start = self._start, None
            most_wh = self._most_wh(started_at, at)
            if -SLACK_WH <= value - start_wh <= most_wh:
                self.kwh = False
            elif -SLACK_WH <= value * 1000 - start_wh <= most_wh:
                # Otherwise it may count from the start of the transaction.
                self.kwh = value > most_wh - SLACK_WH + ROUNDING_WH
        return self.known_wh(value)

    def known_wh(self, value: float) -> float:
        """Return a reading without a unit in watt-hours, by what is known so far."""
        return value * 1000 if self.kwh else value
