"""Cars that sleep on after a pause, and what wakes them.

Some cars stop listening to the pilot after a long pause. A change of the pilot wakes some of them, a new
transaction (which unlocks, or shows as a new cable) most others.
"""

from datetime import datetime, timedelta
from enum import StrEnum

from ...engine.model import ConnectorStatus


class Wake(StrEnum):
    """What to try next."""

    NUDGE = "nudge"  # a short offer of 6 A
    RESTART = "restart"  # of the transaction


class Waker:
    """Follows the pauses of one connector."""

    def __init__(self, wait: timedelta) -> None:
        """Take a car to be asleep when it draws nothing for so long after it may again."""
        self._wait = wait
        self._was_charging = False  # when it was paused
        self._paused = False
        self._resumed_at: datetime | None = None
        self._next = Wake.NUDGE

    def offered(
        self, current_a: float, at: datetime, status: ConnectorStatus | None
    ) -> None:
        """Note an offer that the station took."""
        if current_a == 0:
            if not self._paused:
                self._paused = True
                self._was_charging = status is ConnectorStatus.CHARGING
            self._resumed_at = None
        elif self._paused:
            self._paused = False
            self._next = Wake.NUDGE
            self._resumed_at = at if self._was_charging else None

    def due(
        self, at: datetime, status: ConnectorStatus | None, draw_a: float
    ) -> Wake | None:
        """Return what to try at present, None where the car is awake or has more time."""
        if self._resumed_at is None:
            return None
        if draw_a > 0 or status is not ConnectorStatus.SUSPENDED_EV:
            return None
        if at - self._resumed_at <= self._wait:
            return None
        if self._next is Wake.RESTART:
            self._resumed_at = None  # once for each pause
            return Wake.RESTART
        self._next = Wake.RESTART
        self._resumed_at = at
        return Wake.NUDGE
