"""In which unit a register counts whose unit is not named: watt-hours by the standard, kilowatt-hours at some chargers."""

from datetime import datetime, timedelta

from ....engine.clock_change import moved
from .register_readings import ROUNDING_WH, SLACK_WH, Most, RegisterReading


class UnnamedUnit:
    """Learns from the start and the end of transactions, which are in watt-hours, and the readings next to them."""

    def __init__(self, most_wh: Most, *, kwh: bool | None = None) -> None:
        """Begin with what was learned before, if anything; `most_wh` returns how much can flow between two times."""
        self._most_wh = most_wh
        self.kwh = kwh
        self._start: RegisterReading | None = None
        self._last: tuple[float, datetime] | None = None

    def started(self, register_wh: float | None, at: datetime) -> None:
        """Note where the register stood when a transaction began. A start of zero may mean nothing."""
        self._start = (
            RegisterReading(register_wh=register_wh, at=at) if register_wh else None
        )

    def ended(
        self, register_wh: float | None, started_at: datetime, at: datetime
    ) -> None:
        """Note where the register stands when a transaction ends, and learn from the last reading in it."""
        last = self._last
        if last is None or not started_at <= last[1] <= at:
            return
        self._start = self._last = None
        if not register_wh:
            return
        most_wh = self._most_wh(last[1], at)
        unit = _follows(last[0], register_wh, -most_wh, ROUNDING_WH)
        self.kwh = self.kwh if unit is None else unit

    def clock_was_set(self, by: timedelta) -> None:
        """Shift stored times by the amount by which our clock was set forward."""
        self._start = moved(self._start, by)
        self._last = moved(self._last, by)

    def in_wh(self, value: float, at: datetime) -> float:
        """Return a reading without a unit in watt-hours."""
        # Many meters show zero until they are awake.
        if value:
            self._last = (value, at)
            if self._start is not None and at >= self._start.at:
                self._compare(value, at, self._start)
        return value * 1000 if self.kwh else value

    def _compare(self, value: float, at: datetime, start: RegisterReading) -> None:
        """Learn from a reading and the start of its transaction."""
        most_wh = self._most_wh(start.at, at)
        unit = _follows(value, start.register_wh, -SLACK_WH, most_wh)
        # It may as well be in watt-hours and count from the start of the transaction.
        of_session = value <= most_wh - SLACK_WH + ROUNDING_WH
        too_high = value * 1000 - start.register_wh > most_wh
        if unit is False or (of_session and too_high):
            self.kwh = False
        elif unit and (not of_session or (self.kwh is None and value % 1)):
            # A fraction shows the digits of the start by chance very rarely; a whole number may, and the end tells.
            self.kwh = True


def _follows(
    value: float, register_wh: float, least_wh: float, most_wh: float
) -> bool | None:
    """Return whether a reading follows a register in kilowatt-hours rather than in watt-hours, None if in neither."""
    rises_wh = {
        kwh: value * (1000 if kwh else 1) - register_wh for kwh in (False, True)
    }
    fitting = [kwh for kwh, wh in rises_wh.items() if least_wh <= wh <= most_wh]
    return min(fitting, key=lambda kwh: abs(rises_wh[kwh]), default=None)
