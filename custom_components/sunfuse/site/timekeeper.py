"""The one place that compares the wall clock with the monotonic clock.

Wall clocks jump: a machine without a battery starts in the past, or a user sets the time. Stored times of the
wall clock would then be in the future, and never grow old, or be old at once. So whoever stores times shifts them
when the wall clock was set.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
import logging
import time

from homeassistant.util import dt as dt_util

_LOGGER = logging.getLogger(__name__)

# Smaller differences are gradual corrections of the clock, and do no harm.
_TOLERANCE = timedelta(seconds=2)


class Timekeeper:
    """Notices when the wall clock was set."""

    def __init__(
        self,
        wall: Callable[[], datetime] = dt_util.utcnow,
        monotonic_s: Callable[[], float] | None = None,
    ) -> None:
        """Compare these two clocks."""
        self._wall = wall
        self._monotonic_s = monotonic_s or time.monotonic
        self._listeners: list[Callable[[timedelta], None]] = []
        self._last = (wall(), self._monotonic_s())

    def on_jump(self, listener: Callable[[timedelta], None]) -> None:
        """Call `listener` with how far the wall clock was set forward, whenever it was set."""
        self._listeners.append(listener)

    def check(self) -> None:
        """Compare the clocks; to be called before stored times are used."""
        wall, monotonic_s = self._wall(), self._monotonic_s()
        last_wall, last_s = self._last
        self._last = (wall, monotonic_s)
        # A monotonic clock does not go back, except in a test that moves both.
        elapsed = timedelta(seconds=max(monotonic_s - last_s, 0.0))
        by = wall - last_wall - elapsed
        if abs(by) <= _TOLERANCE:
            return
        _LOGGER.info("The clock was set by %+.0f s", by.total_seconds())
        for listener in self._listeners:
            listener(by)
