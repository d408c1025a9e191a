"""Times as stations write them, and how far their clocks are off."""

from collections import deque
from datetime import UTC, datetime, timedelta

from .frames import ErrorCode, Fault


def utcnow() -> datetime:
    """Return the present time, timezone-aware UTC."""
    return datetime.now(UTC)


def parse_time(text: str) -> datetime:
    """Read a time of the station; one without a zone is UTC, as OCPP 1.6 section 3.14 asks for.

    Raises:
        Fault: it is not a time.

    """
    try:
        at = datetime.fromisoformat(text)
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError) as err:
        raise Fault(
            ErrorCode.PROPERTY_CONSTRAINT, f"Not a time: {text[:40]!r}"
        ) from err


def format_time(at: datetime) -> str:
    """Write a time for the station, in UTC with milliseconds (OCPP 1.6 section 3.14)."""
    text = at.astimezone(UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


class Clock:
    """The station's clock, as far as its messages tell.

    A message can arrive late but not early, so of the last few differences the largest is the nearest to the
    truth; only few count, since the clock may be set at any time.
    """

    def __init__(self) -> None:
        """Start without knowing anything: the clock is taken to be right."""
        self._seen: deque[timedelta] = deque(maxlen=3)

    def heard(self, at: datetime, now: datetime) -> None:
        """Learn from the time `at` in a message that arrived at `now`."""
        self._seen.append(at - now)

    @property
    def skew(self) -> timedelta:
        """How far the station's clock is ahead of ours."""
        return max(self._seen, default=timedelta())

    def theirs(self, ours: datetime) -> datetime:
        """Return one of our times as the station's clock shows it."""
        return ours + self.skew

    def ours(self, theirs: datetime) -> datetime:
        """Return one of the station's times as our clock shows it."""
        try:
            return theirs - self.skew
        except OverflowError:
            return theirs
