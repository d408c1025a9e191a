"""Detects stations that boot over and over because they are asked too early after booting."""

from datetime import datetime, timedelta

# This many boots in a row, each this soon after the station was asked something, are no coincidence.
_REBOOTS = 3
_WITHIN = timedelta(seconds=60)
_FIRST_S, _LONGEST_S = 15.0, 240.0


class BootLoops:
    """How much longer than usual a station is left alone after it booted."""

    def __init__(self) -> None:
        """Start with the usual time."""
        self.extra_s = 0.0
        self._asked_at: datetime | None = None
        self._reboots = 0

    def asked(self, now: datetime) -> None:
        """Note that the station is being asked and set up from now on."""
        self._asked_at = now

    def booted(self, now: datetime) -> None:
        """Wait longer after the boot of a station that boots repeatedly just after it was asked."""
        asked_at, self._asked_at = self._asked_at, None
        if asked_at is None or now - asked_at > _WITHIN:
            self._reboots = 0
            return
        self._reboots += 1
        if self._reboots >= _REBOOTS:
            self.extra_s = min(max(2 * self.extra_s, _FIRST_S), _LONGEST_S)
