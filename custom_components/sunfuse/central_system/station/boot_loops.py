"""Stations that boot over and over when they are asked too early."""

from datetime import datetime, timedelta

# So many boots in a row, each so soon after the station was asked something, are no accident.
_REBOOTS = 3
_WITHIN = timedelta(seconds=60)
_FIRST_S, _LONGEST_S = 15.0, 240.0


class BootLoops:
    """How much longer than usual a station is left alone after it booted."""

    def __init__(self) -> None:
        """Take it to be like all others."""
        self.extra_s = 0.0
        self._asked_at: datetime | None = None
        self._reboots = 0

    def asked(self, now: datetime) -> None:
        """Note that the station is asked and set up from now on."""
        self._asked_at = now

    def booted(self, now: datetime) -> None:
        """Leave a station alone for longer that boots over and over just after it was asked."""
        asked_at, self._asked_at = self._asked_at, None
        if asked_at is None or now - asked_at > _WITHIN:
            self._reboots = 0
            return
        self._reboots += 1
        if self._reboots >= _REBOOTS:
            self.extra_s = min(max(2 * self.extra_s, _FIRST_S), _LONGEST_S)
